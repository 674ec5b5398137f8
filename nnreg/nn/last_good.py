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
        self._model, self._optimizer = model, optimizer
        self._rows, self._best = {"X": X, "y": y}, best
        self._epoch, self._losses = None, None
        self._copies: dict = {}
        self._copy()

    def keep(self, epoch: int, data_loss: float, penalty: float) -> None:
        """Keep the state that has this loss; go back if it is not finite."""
        self._epoch, self._losses = epoch, (data_loss, penalty)
        if not math.isfinite(data_loss + penalty):
            self._go_back()
        self._copy()

    def check_parameters(self) -> None:
        """Go back if the last step has made a parameter infinite."""
        if not np.isfinite(self._model.theta).all():
            self._go_back()

    def _state(self) -> dict:
        """Return what a step changes, by places that `_go_back` knows.

        All parameters are one array here: a `state_dict` costs a copy and a
        name for each, and every step would pay for them.
        """
        state = {("theta",): self._model.theta}
        for number, layer in enumerate(self._model._leaves()):
            for name, array in layer.buffers.items():
                state[number, name] = array
        return state | self._optimizer._memory

    def _copy(self) -> None:
        """Copy the state, into the arrays of the last copy where they fit."""
        for place, array in self._state().items():
            copy = self._copies.get(place)
            if copy is None or copy.shape != array.shape:
                copy = self._copies[place] = np.empty_like(array)
            copy[...] = array
        self._steps = self._optimizer.steps

    def _go_back(self) -> None:
        memory = self._optimizer._memory
        for place, array in self._state().items():
            if place in self._copies:
                array[...] = self._copies[place]
            else:  # remembered for the first time in the step that went wrong
                del memory[place]
        self._optimizer.steps = self._steps
        raise FloatingPointError(
            f"training diverged {self._where()}{self._cause()}; the model "
            f"keeps its {self._best} parameters"
        )

    def _where(self) -> str:
        if self._losses is None:
            return "before the first epoch"
        data_loss, penalty = self._losses
        return (
            f"in epoch {self._epoch}, at loss {data_loss + penalty} (data "
            f"loss {data_loss}, penalty {penalty})"
        )

    def _cause(self) -> str:
        arrays = self._rows | self._model.params
        for name, array in arrays.items():
            array = np.atleast_1d(array)
            array = array.reshape(len(array), -1)
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                row = int(np.argmin(np.isfinite(array).all(axis=1)))
                return f": {name} is not finite, first in row {row}"
        return ""
