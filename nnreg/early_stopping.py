"""Early stopping: training ends when the validation loss says so.

A stopper is shown one recorded epoch after the other. It remembers the best
value so far and its epoch, and says whether to stop. It holds no model:
``nnreg.nn.fit(…, stop=stopper)`` asks it, keeps the parameters of each new
best, and puts the last of them back at the end.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from nnreg._checks import check_count, check_real


@dataclass
class Stopper(ABC):
    """Watches one value of each recorded epoch; your own needs `stops` alone.

    Attributes
    ----------
    monitor : str
        What is watched: a name of `History`, such as ``"val_loss"``.
    mode : {"min", "max"}
        Which is better, smaller or larger.
    min_delta : float
        A value that is better by no more than this is no improvement; an equal
        one never is, nor is NaN, which counts as the worst there can be.
    restore_best : bool
        Whether `fit` ends with the parameters of the best check.
    best : float
        The best value; before there is one, an infinity.
    best_epoch : int or None
        Its epoch.
    improved : bool
        Whether the last check brought a new best.
    waited : int
        Checks since then.
    values : list of float
        What was seen at each check; `checks` says how many.

    Raises
    ------
    ValueError
        If `mode` goes against `monitor`, or a row does not hold what is
        watched, or holds None there.

    Examples
    --------
    >>> class Target(Stopper):
    ...     def stops(self, value, row):
    ...         return value < 0.1
    >>> stopper = Target()
    >>> [stopper({"val_loss": loss}) for loss in (0.3, 0.2, 0.05)]
    [False, False, True]
    >>> stopper.best, stopper.best_epoch
    (0.05, 2)
    """

    monitor, mode, min_delta, restore_best = "val_loss", "min", 0.0, True

    best: float = field(init=False, repr=False)
    best_epoch: int | None = field(init=False, repr=False)
    improved: bool = field(init=False, repr=False)
    waited: int = field(init=False, repr=False)
    values: list[float] = field(init=False, repr=False)

    def __post_init__(self):
        if self.mode not in ("min", "max"):
            raise ValueError(f"mode must be 'min' or 'max', got {self.mode!r}")
        check_real(self.min_delta, "min_delta")
        for ending, mode in (("loss", "min"), ("accuracy", "max")):
            if self.monitor.endswith(ending) and self.mode != mode:
                raise ValueError(
                    f"monitor={self.monitor!r} goes with mode={mode!r}, but "
                    f"{type(self).__name__} has mode={self.mode!r}"
                )
        self.reset()

    def reset(self) -> None:
        """Forget what was seen: `fit` begins with it."""
        self.best, self.best_epoch = self._worst(), None
        self.improved, self.waited, self.values = False, 0, []

    def __call__(self, row: dict) -> bool:
        """Look at a recorded epoch, and return whether to stop after it.

        Without an ``"epoch"`` in it, the number of the check counts.
        """
        value, sign = self.value_in(row), 1 if self.mode == "min" else -1
        self.improved = sign * value + self.min_delta < sign * self.best
        self.waited += 1
        if self.improved:
            self.best, self.waited = value, 0
            self.best_epoch = row.get("epoch", self.checks)
        self.values.append(value)
        return self.stops(value, row)

    @abstractmethod
    def stops(self, value: float, row: dict) -> bool:
        """Return whether to stop; the attributes know of `value` already."""

    @property
    def checks(self) -> int:
        """How many rows were seen."""
        return len(self.values)

    def _worst(self) -> float:
        return math.inf if self.mode == "min" else -math.inf

    def value_in(self, row: dict, name: str | None = None) -> float:
        """Return a value of the row, and the worst instead of NaN."""
        name = name or self.monitor
        if row.get(name) is None:
            raise ValueError(_missing(row, name))
        return self._worst() if math.isnan(row[name]) else float(row[name])


@dataclass
class EarlyStopping(Stopper):
    r"""Stop when `patience` checks in a row have brought nothing better.

    Better than the best so far is :math:`E_t < E_\text{opt} -
    \text{min\_delta}`, or with "max" :math:`E_t > E_\text{opt} +
    \text{min\_delta}`.

    Parameters
    ----------
    patience : int
        Checks without an improvement, >= 1, which stops at the first. A check
        is a recorded epoch: with ``fit(…, every=k)`` each is k epochs long.
    min_delta : float
        In units of what is watched, >= 0.
    mode, restore_best, monitor
        As in `Stopper`.

    Raises
    ------
    ValueError
        If an argument is out of its range; else as in `Stopper`.
    TypeError
        If `patience` or `min_delta` is not a number.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), *Deep Learning*, algorithm 7.1.
    Derived in chapter 18.

    Examples
    --------
    >>> stopper = EarlyStopping(patience=2)
    >>> losses = (0.9, 0.5, 0.6, 0.4, 0.4, 0.7)
    >>> [stopper({"val_loss": loss}) for loss in losses]
    [False, False, False, False, False, True]
    >>> stopper.best, stopper.best_epoch
    (0.4, 3)
    """

    patience: int
    min_delta: float = 0.0
    mode: str = "min"
    restore_best: bool = True
    monitor: str = "val_loss"

    def __post_init__(self):
        check_count(self.patience, "patience")
        super().__post_init__()

    def stops(self, value: float, row: dict) -> bool:
        """Return whether the patience is at its end."""
        return self.waited >= self.patience


def _missing(row: dict, name: str) -> str:
    if name in row:
        return (
            f"{name!r} must be a number, got None: a regression has no "
            "accuracy, so let the stopper watch a loss"
        )
    names = ", ".join(
        sorted(other for other, value in row.items() if value is not None)
    )
    validation = (
        ": fit records it with validation=(X_val, y_val)"
        if name.startswith("val_")
        else ""
    )
    return f"row must hold {name!r}, got {names}{validation}"
