r"""Check a gradient against central differences.

Nudge one entry of `x` up and down by a small step and watch the loss:
:math:`\partial f / \partial x_i \approx (f(x + s e_i) - f(x - s e_i)) / 2s`,
with an error of order :math:`s^2`. What a failed check means, in the order of
likelihood: the gradient is wrong; `f` is not the function that was
differentiated (another random mask, a changed input); `x` sits within a step
of a kink, such as that of ReLU or \|w\|; `f` runs in float32.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nnreg._checks import as_float_array, check_positive, check_real


@dataclass(frozen=True)
class GradientReport:
    """What `check_gradient` found; prints as one line.

    Attributes
    ----------
    ok : bool
        Whether every entry agrees.
    n_entries, n_wrong : int
        How many entries were compared, and how many disagree.
    max_abs_error, max_rel_error : float
        The largest differences. The relative one is divided by the larger of
        the two values, where that is not zero.
    worst_index : tuple of int
        Where the absolute difference is largest, among the entries that
        disagree if any do.
    given, numeric : float
        The two values there.
    rtol, atol : float
        The tolerances that were used.

    Examples
    --------
    >>> report = check_gradient(lambda x: x**3, 12.1, 2.0, raise_on_fail=False)
    >>> report.ok, round(report.max_abs_error, 6)
    (False, 0.1)
    """

    ok: bool
    n_entries: int
    n_wrong: int
    max_abs_error: float
    max_rel_error: float
    worst_index: tuple[int, ...]
    given: float
    numeric: float
    rtol: float
    atol: float

    def __repr__(self) -> str:
        if self.ok:
            return (
                f"gradient agrees with central differences in {self.n_entries} of "
                f"{self.n_entries} entries (rtol {self.rtol:g})"
            )
        where = ", ".join(map(str, self.worst_index))
        return (
            f"gradient differs from central differences in {self.n_wrong} of {self.n_entries} "
            f"entries; worst at [{where}]: given {self.given:.4g}, numeric {self.numeric:.4g}"
        )


def check_gradient(
    f: Callable[[np.ndarray], float | np.ndarray],
    grad,
    x,
    *,
    dy=None,
    step: float = 6e-6,
    rtol: float = 1e-6,
    atol: float = 1e-8,
    raise_on_fail: bool = True,
) -> GradientReport:
    r"""Compare `grad` with central differences of `f` at `x`, entry by entry, in float64.

    Parameters
    ----------
    f : callable
        The function that was differentiated. It gets a float64 copy of `x` and
        returns a number, or an array if `dy` is given.
    grad : array_like
        The gradient to check, in the shape of `x`.
    x : array_like
        The point, of any shape.
    dy : array_like, optional
        The upstream gradient, in the shape of ``f(x)``: what is checked is
        then the gradient of ``sum(dy * f(x))``. Send a random one in: a check
        is only as strong as its upstream.
    step : float
        The nudge :math:`s`, relative to ``max(1, |x_i|)``; the default is the
        cube root of float64's precision, where truncation and rounding errors
        balance.
    rtol, atol : float
        An entry agrees if the difference is at most `atol`, plus `rtol` times
        the larger of the two values, plus the rounding error of a difference,
        :math:`10\,\varepsilon |f(x)| / s`. A gradient smaller than `atol` is
        out of sight: scale `f` up, or `atol` down.
    raise_on_fail : bool
        Raise if an entry disagrees, or only say so in the report.

    Returns
    -------
    GradientReport

    Raises
    ------
    AssertionError
        If an entry disagrees: the message says where and by how much.
    ValueError
        If the shapes of `grad` and `x`, or of `dy` and ``f(x)``, differ.
    TypeError
        If `grad`, `x`, `dy` or ``f(x)`` does not hold real numbers.

    References ---------- Nocedal and Wright (2006), *Numerical Optimization*,
    section 8.1. Derived in chapter 3.

    Examples
    --------
    >>> w = np.array([1.0, -2.0, 0.5])
    >>> check_gradient(lambda w: np.sum(w**2), 2 * w, w)
    gradient agrees with central differences in 3 of 3 entries (rtol 1e-06)
    >>> check_gradient(lambda w: np.sum(w**2), w, w, raise_on_fail=False)
    gradient differs from central differences in 3 of 3 entries; worst at [1]: given -2, numeric -4
    """
    x = np.array(as_float_array(x, "x"), dtype=np.float64)
    grad = np.asarray(as_float_array(grad, "grad"), dtype=np.float64)
    step, rtol = check_positive(step, "step"), check_positive(rtol, "rtol")
    atol = check_real(atol, "atol")
    dy = None if dy is None else as_float_array(dy, "dy")
    if grad.shape != x.shape:
        raise ValueError(
            f"grad must have the shape of x, {x.shape}, got {grad.shape}"
        )

    def scalar(point: np.ndarray) -> float:
        y = as_float_array(f(point.copy()), "f(x)")
        if dy is None:
            if y.size != 1:
                raise ValueError(
                    f"f must return a number unless dy is given, got shape {y.shape}"
                )
            return float(y.reshape(()))
        if dy.shape != y.shape:
            raise ValueError(
                f"dy must have the shape of f(x), {y.shape}, got {dy.shape}"
            )
        return float(np.sum(dy * y))

    numeric = np.empty_like(x)
    for index in np.ndindex(x.shape):
        centre, nudge = x[index], step * max(1.0, abs(x[index]))
        x[index] = centre + nudge
        above = scalar(x)
        x[index] = centre - nudge
        numeric[index] = (above - scalar(x)) / (2 * nudge)
        x[index] = centre

    size = np.maximum(np.abs(grad), np.abs(numeric))
    with np.errstate(invalid="ignore"):
        error = np.abs(grad - numeric)
    rounding = 10 * np.finfo(np.float64).eps * abs(scalar(x)) / step
    allowed = atol + rounding + rtol * size
    # What is infinite agrees with nothing: inf <= inf would let it pass.
    agree = (error <= allowed) & np.isfinite(allowed)
    ok = bool(agree.all())
    # A NaN is the worst that can be found; argmax would pass it over where
    # agree is all False.
    rank = np.where(np.isnan(error), np.inf, error)
    worst = (
        np.unravel_index(np.argmax(rank * (agree == ok)), x.shape)
        if x.size
        else ()
    )
    divisible = (size > 0) & np.isfinite(size)
    report = GradientReport(
        ok=ok,
        n_entries=x.size,
        n_wrong=int(x.size - agree.sum()),
        max_abs_error=float(rank.max(initial=0.0)),
        max_rel_error=float(
            (rank / np.where(divisible, size, 1.0)).max(initial=0.0)
        ),
        worst_index=tuple(map(int, worst)),
        given=float(grad[worst]) if x.size else 0.0,
        numeric=float(numeric[worst]) if x.size else 0.0,
        rtol=rtol,
        atol=atol,
    )
    if raise_on_fail and not report.ok:
        raise AssertionError(repr(report))
    return report
