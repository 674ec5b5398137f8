r"""When to stop? Prechelt's three criteria for early stopping.

:math:`E_t` is the watched loss at check t, and :math:`E_\text{opt} =
\min_{s \le t} E_s` its minimum so far. Each criterion looks at the rise above
it in another way: how high, how high for the progress of the training, how
often in a row.
"""

import math
from dataclasses import dataclass, field
from itertools import pairwise

from nnreg._checks import check_count, check_real
from nnreg.early_stopping import Stopper


@dataclass
class GeneralizationLoss(Stopper):
    r"""Stop when the loss is `alpha` percent above its minimum so far.

    .. math:: \text{GL}_t = 100 \, (E_t / E_\text{opt} - 1) > \alpha

    Above a minimum of 0, any loss is infinitely many percent too high.

    Parameters
    ----------
    alpha : float
        Percent, >= 0; Prechelt tries 1 to 5.
    restore_best, monitor
        As in `Stopper`.

    Raises
    ------
    ValueError
        If `alpha` is out of its range or a loss is negative; else as in
        `Stopper`.
    TypeError
        If `alpha` is not a number.

    References
    ----------
    Prechelt (1998), "Early stopping, but when?", section 2.1. Derived in
    chapter 18.

    Examples
    --------
    >>> stopper = GeneralizationLoss(alpha=5)
    >>> [stopper({"val_loss": loss}) for loss in (1.0, 0.5, 0.52, 0.53)]
    [False, False, False, True]
    """

    alpha: float
    restore_best: bool = True
    monitor: str = "val_loss"

    def __post_init__(self):
        check_real(self.alpha, "alpha")
        super().__post_init__()

    def stops(self, value: float, row: dict) -> bool:
        """Return whether the loss is too far above its minimum."""
        return 100 * _excess(value, self.best) > self.alpha


@dataclass
class ProgressQuotient(Stopper):
    r"""Stop when the loss rises, and training makes little progress.

    .. math:: \frac{\text{GL}_t}{P_t} > \alpha, \qquad P_t = 1000 \left(
        \frac{\text{mean}(D_{t-k+1}, \dots, D_t)}
        {\min(D_{t-k+1}, \dots, D_t)} - 1 \right)

    asked at the end of each strip of k checks, where :math:`D` is the data
    loss of the training and GL that of `GeneralizationLoss`: while the
    training makes large steps, the validation loss may come down again.

    Without any progress, each loss above the minimum stops; down to a training
    loss of 0, progress is infinite, and none does.

    Parameters
    ----------
    alpha : float
        Percent of loss for a thousandth of progress, >= 0; Prechelt tries 0.5
        to 3.
    strip : int
        Checks in a strip, k >= 1; with 1 there is never any progress.
    restore_best, monitor
        As in `Stopper`.

    Raises
    ------
    ValueError
        If an argument is out of its range, a loss is negative, or a row does
        not hold ``"data_loss"``; else as in `Stopper`.
    TypeError
        If `alpha` or `strip` is not a number.

    References
    ----------
    Prechelt (1998), "Early stopping, but when?", section 2.1, without its rule
    that ends all training at a progress below 0.1. Derived in chapter 18.

    Examples
    --------
    >>> stopper = ProgressQuotient(alpha=0.5, strip=2)
    >>> rows = [(9.0, 1.0), (8.0, 0.8), (7.0, 0.8), (6.9, 0.9)]
    >>> [stopper({"data_loss": d, "val_loss": e}) for d, e in rows]
    [False, False, False, True]
    """

    alpha: float
    strip: int = 5
    restore_best: bool = True
    monitor: str = "val_loss"
    data_losses: list[float] = field(init=False, repr=False)

    def __post_init__(self):
        check_real(self.alpha, "alpha")
        check_count(self.strip, "strip")
        super().__post_init__()

    def reset(self) -> None:
        """Forget what was seen, the training's losses too."""
        super().reset()
        self.data_losses = []

    def stops(self, value: float, row: dict) -> bool:
        """Return whether a strip ends, and the loss outruns the progress."""
        loss = 100 * _excess(value, self.best)
        self.data_losses.append(self.value_in(row, "data_loss"))
        if self.checks % self.strip:
            return False
        last = self.data_losses[-self.strip :]
        progress = 1000 * _excess(sum(last) / self.strip, min(last))
        return progress < math.inf and loss > self.alpha * progress


@dataclass
class UpStrips(Stopper):
    r"""Stop when the loss has risen over each of the last `n_strips` strips.

    .. math:: E_t > E_{t-k} > E_{t-2k} > \dots > E_{t-sk}

    asked at the end of each strip of k checks, with s = `n_strips`: how far it
    rose does not matter.

    Parameters
    ----------
    n_strips : int
        Rises in a row, s >= 1; Prechelt tries 2 to 8.
    strip : int
        Checks in a strip, k >= 1.
    restore_best, monitor
        As in `Stopper`.

    Raises
    ------
    ValueError
        If an argument is out of its range; else as in `Stopper`.
    TypeError
        If `n_strips` or `strip` is not a number.

    References
    ----------
    Prechelt (1998), "Early stopping, but when?", section 2.1. Derived in
    chapter 18.

    Examples
    --------
    >>> stopper = UpStrips(n_strips=2, strip=1)
    >>> losses = (0.9, 0.5, 0.6, 0.6, 0.7, 0.8)
    >>> [stopper({"val_loss": loss}) for loss in losses]
    [False, False, False, False, False, True]
    """

    n_strips: int
    strip: int = 5
    restore_best: bool = True
    monitor: str = "val_loss"

    def __post_init__(self):
        check_count(self.n_strips, "n_strips")
        check_count(self.strip, "strip")
        super().__post_init__()

    def stops(self, value: float, row: dict) -> bool:
        """Return whether a strip ends, and was one rise too many."""
        if self.checks % self.strip:
            return False
        ends = self.values[:: -self.strip][: self.n_strips + 1]
        rises = [now > before for now, before in pairwise(ends)]
        return len(rises) == self.n_strips and all(rises)


def _excess(loss: float, least: float) -> float:
    """Return by which share `loss` is above `least`."""
    if least < 0:
        raise ValueError(f"a share of a loss needs losses >= 0, got {least}")
    if loss <= least:
        return 0.0
    return loss / least - 1 if least else math.inf
