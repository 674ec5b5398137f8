"""Where training goes back to: the last good state, or the best one."""

import math

import numpy as np

from nnreg.early_stopping import Stopper
from nnreg.nn.optimizer import Optimizer
from nnreg.nn.sequential import Sequential


class Best:
    """The parameters of the best check of a stopper, to end with."""

    def __init__(self, model: Sequential, stop):
        self._model, self._stop, self._state = model, stop, None
        self._keeps = isinstance(stop, Stopper) and stop.restore_best
        if isinstance(stop, Stopper):
            stop.reset()

    def check(self, row: dict) -> bool:
        """Ask whether to stop, and keep the parameters if they are better."""
        stops = self._stop is not None and self._stop(row)
        # The last step of an epoch may have broken what its loss praises.
        if (
            self._keeps
            and self._stop.improved
            and np.isfinite(self._model.theta).all()
        ):
            self._state = self._model.state_dict()
        return stops

    def restore(self) -> None:
        """Put the best parameters back, if any were kept."""
        if self._state is not None:
            self._model.load_state_dict(self._state)

    def __str__(self) -> str:
        return "last good" if self._state is None else "best"


class LastGood:
    """The last state with a finite loss, to go back to."""

    def __init__(
        self, model: Sequential, optimizer: Optimizer, X, y, best: Best
    ):
        self._parts, self._rows = (model, optimizer), {"X": X, "y": y}
        self._best = best
        self._where = "before the first epoch"
        self._states = [part.state_dict() for part in self._parts]

    def keep(self, epoch: int, data_loss: float, penalty: float) -> None:
        """Keep the state that has this loss; go back if it is not finite."""
        self._where = (
            f"in epoch {epoch}, at loss {data_loss + penalty} (data loss "
            f"{data_loss}, penalty {penalty})"
        )
        if not math.isfinite(data_loss + penalty):
            self._go_back()
        self._states = [part.state_dict() for part in self._parts]

    def check_parameters(self) -> None:
        """Go back if the last step has made a parameter infinite."""
        if not np.isfinite(self._parts[0].theta).all():
            self._go_back()

    def _go_back(self) -> None:
        for part, state in zip(self._parts, self._states, strict=True):
            part.load_state_dict(state)
        raise FloatingPointError(
            f"training diverged {self._where}{self._cause()}; the model keeps "
            f"its {self._best} parameters"
        )

    def _cause(self) -> str:
        arrays = self._rows | self._parts[0].params
        for name, array in arrays.items():
            array = np.atleast_1d(array)
            array = array.reshape(len(array), -1)
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                row = int(np.argmin(np.isfinite(array).all(axis=1)))
                return f": {name} is not finite, first in row {row}"
        return ""
