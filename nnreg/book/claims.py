"""Hold a sentence of the text to what comes out below it."""

from typing import Any

import numpy as np

from nnreg._checks import check_real
from nnreg.book._numbers import written
from nnreg.book._verdict import verdict


def claim(
    what: str, value: Any, stated: Any = True, *, within: float = 0.0
) -> None:
    """Say so if a number that the text states does not come out any more.

    Nothing is printed while it does. Change a seed or a strength, and the
    line below the cell starts a conversation; nothing stops. When notebooks
    are verified, the same line is an error.

    Parameters
    ----------
    what : str
        What is counted or measured, as the text calls it. For a statement
        (`stated` left out), the statement itself.
    value : bool, number or array_like of them
        What came out.
    stated : bool, number or array_like of them
        What the text says; by default that `value` is true.
    within : float
        How far `value` may be from `stated`, in the same unit.

    Raises
    ------
    AssertionError
        If it does not hold and the environment variable ``NNREG_VERIFY`` is 1.

    Examples
    --------
    >>> claim("seeds in which the penalty helps", 10, 10)
    >>> claim("accuracy on new rows", 0.79, 0.83, within=0.03)
    With your change: accuracy on new rows is 0.79 (the text says 0.83).
    >>> claim("the penalty helps in every seed", 7 == 10)
    With your change this does not hold: the penalty helps in every seed.
    """
    within = check_real(within, "within")
    now, said = np.asarray(value), np.asarray(stated)
    if stated is True:
        if now.dtype != bool or now.ndim:
            raise TypeError(
                f"a claim without a number must be True or False, got "
                f"{value!r}"
            )
        if not now:
            verdict(f"With your change this does not hold: {what}.")
        return
    if now.shape == said.shape and np.all(_near(now, said, within)):
        return
    digits = next(
        (n for n in range(3, 9) if _written(now, n) != _written(said, n)), 9
    )
    verdict(
        f"With your change: {what} is {_written(now, digits)} "
        f"(the text says {_written(said, digits)})."
    )


def _near(now: np.ndarray, said: np.ndarray, within: float) -> np.ndarray:
    if now.dtype.kind not in "iuf" or said.dtype.kind not in "iuf":
        return now == said
    with np.errstate(invalid="ignore"):
        distance = np.abs(now - said)
    # 0.86 is within 0.03 of 0.83, whatever their binary digits say.
    bound = within + 1e-12 * np.abs(said)
    return (now == said) | (np.isfinite(distance) & (distance <= bound))


def _written(values: np.ndarray, digits: int) -> str:
    return ", ".join(written(value, digits) for value in values.ravel())
