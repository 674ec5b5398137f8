r"""Check a gradient against central differences.

Nudge one entry of `x` up and down by a small step and watch the loss:
:math:`\partial f / \partial x_i \approx (f(x + s e_i) - f(x - s e_i)) / 2s`,
with an error of order :math:`s^2`. What a failed check means, in the order of
likelihood: the gradient is wrong; `f` is not what was differentiated (another
random mask, a changed input); `x` is within a step of a kink, such as that of
ReLU or \|w\|; `f` runs in float32.

A check that could not have failed proves nothing. Where rounding would have
hidden a slope wrong by a factor of two, the report says "cannot tell".
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
        Where the difference is largest: of the entries that disagree, else of
        the undecided ones, else of all.
    given, numeric : float
        The two values there.
    rtol, atol : float
        The tolerances that were used.
    n_undecided : int
        How many entries would also have passed if wrong by a factor of two.
    tolerance : float
        The difference that was allowed at `worst_index`.
    dtype : str
        What `f` returns: float32 is rounded too coarsely for so small a step.

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
    n_undecided: int = 0
    tolerance: float = 0.0
    dtype: str = "float64"

    def __repr__(self) -> str:
        if self.ok:
            return (
                "gradient agrees with central differences in "
                f"{self.n_entries} of {self.n_entries} entries "
                f"(rtol {self.rtol:g})"
            )
        values = f"given {self.given:.4g}, numeric {self.numeric:.4g}"
        worst = f"[{', '.join(map(str, self.worst_index))}]: {values}"
        if self.n_wrong:
            return (
                "gradient differs from central differences in "
                f"{self.n_wrong} of {self.n_entries} entries; worst at {worst}"
            )
        return (
            f"cannot tell in {self.n_undecided} of {self.n_entries} entries "
            f"whether the gradient is right; worst at {worst}, where central "
            f"differences of this {self.dtype} function may be off by "
            f"{self.tolerance:.2g}"
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
    r"""Compare `grad` with central differences of `f` at `x`, in float64.

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
        An entry disagrees if the difference is more than `atol`, plus `rtol`
        times its size (the larger of the two values), plus the rounding error
        :math:`10\,\varepsilon |f(x)| / s` of a difference, with ``sum(|dy *
        f(x)|)`` for :math:`|f(x)|`. It is undecided if a slope wrong by a
        factor of two could hide there: if its size is less than four times the
        difference, or four times the last two terms. Excused is what is small
        beside the largest entry, its rounding error included: below `rtol` of
        it, or a thousandth where 0 is given. A gradient that is 0 all over
        agrees if `f` stays still.
    raise_on_fail : bool
        Raise if an entry disagrees or is undecided, or only report it.

    Returns
    -------
    GradientReport

    Raises
    ------
    AssertionError
        If an entry disagrees or is undecided: the message says where.
    ValueError, TypeError
        If the shapes of `grad` and `x`, or of `dy` and ``f(x)``, differ, or
        one of them does not hold real numbers.

    References
    ----------
    Nocedal and Wright (2006), *Numerical Optimization*, section 8.1. Derived
    in appendix A1.

    Examples
    --------
    >>> w = np.array([1.0, -2.0, 0.5])
    >>> check_gradient(lambda w: np.sum(w**2), 2 * w, w)
    gradient agrees with central differences in 3 of 3 entries (rtol 1e-06)
    >>> check_gradient(lambda w: np.sum(w**2), w, w, raise_on_fail=False)
    gradient differs from central differences in 3 of 3 entries; worst at [1]:
    given -2, numeric -4
    """
    x = np.array(as_float_array(x, "x"), dtype=np.float64)
    grad = np.asarray(as_float_array(grad, "grad"), dtype=np.float64)
    step, rtol = check_positive(step, "step"), check_positive(rtol, "rtol")
    atol = check_real(atol, "atol")
    if grad.shape != x.shape:
        raise ValueError(
            f"grad must have the shape of x, {x.shape}, got {grad.shape}"
        )
    numeric, nudge, f_size, dtype = _central_differences(f, x, dy, step)
    eps = max(float(np.finfo(kind).eps) for kind in (dtype, np.float64))
    rounding = 10 * eps * f_size / nudge

    size = np.maximum(np.abs(grad), np.abs(numeric))
    with np.errstate(invalid="ignore", over="ignore"):
        error = np.abs(grad - numeric)
        limit = rounding + rtol * size
        tolerance = limit + atol
        # What is infinite agrees with nothing: inf <= inf would let it pass.
        wrong = ~((error <= tolerance) & np.isfinite(tolerance))
        # Were it wrong by a factor of two, half its size would be error.
        seen = size > 4 * np.maximum(error, limit)
        # The double of 0 is 0: a zero needs rules of its own. It is one if
        # even a step of max(1, |x|) would not change the digits of f.
        is_zero = np.abs(grad) <= rounding * step
        if is_zero.all():
            # At a root of f, truncation can make up all of the difference.
            still = (error <= rounding) | (f_size <= size * nudge)
            excused = still & (rounding <= rtol)
        else:
            share = np.where(is_zero, 1e-3, rtol)
            excused = np.maximum(size, rounding) <= share * size.max()
        undecided = ~(wrong | seen | excused)

    bad = wrong if wrong.any() else undecided
    # A NaN is the worst that can be found, and argmax would pass it over.
    rank = np.where(np.isnan(error), np.inf, error)
    suspects = np.where(bad, rank, -1.0) if bad.any() else rank
    worst = np.unravel_index(np.argmax(suspects), x.shape) if x.size else ()
    divisible = (size > 0) & np.isfinite(size)
    relative = rank / np.where(divisible, size, 1.0)
    report = GradientReport(
        ok=not bad.any(),
        n_entries=x.size,
        n_wrong=int(wrong.sum()),
        max_abs_error=float(rank.max(initial=0.0)),
        max_rel_error=float(relative.max(initial=0.0)),
        worst_index=tuple(map(int, worst)),
        given=float(grad[worst]) if x.size else 0.0,
        numeric=float(numeric[worst]) if x.size else 0.0,
        rtol=rtol,
        atol=atol,
        n_undecided=int(undecided.sum()),
        tolerance=float(tolerance[worst]) if x.size else 0.0,
        dtype=dtype.name,
    )
    if raise_on_fail and not report.ok:
        raise AssertionError(repr(report))
    return report


def _central_differences(
    f: Callable, x: np.ndarray, dy, step: float
) -> tuple[np.ndarray, np.ndarray, float, np.dtype]:
    """Return the slopes, the nudges, and the size and the dtype of f(x)."""
    dy = None if dy is None else as_float_array(dy, "dy").astype(np.float64)

    def evaluate(point: np.ndarray) -> tuple[float, float, np.dtype]:
        y = as_float_array(f(point.copy()), "f(x)")
        if dy is None and y.size != 1:
            raise ValueError(
                "f must return a number unless dy is given, "
                f"got shape {y.shape}"
            )
        if dy is not None and dy.shape != y.shape:
            raise ValueError(
                f"dy must have the shape of f(x), {y.shape}, got {dy.shape}"
            )
        with np.errstate(invalid="ignore", over="ignore"):
            terms = y if dy is None else dy * y
            # What cancels in the sum was rounded all the same.
            return float(terms.sum()), float(np.abs(terms).sum()), y.dtype

    slopes, nudge = np.empty_like(x), step * np.maximum(1.0, np.abs(x))
    for index in np.ndindex(x.shape):
        centre = x[index]
        x[index] = centre + nudge[index]
        above = evaluate(x)[0]
        x[index] = centre - nudge[index]
        slopes[index] = (above - evaluate(x)[0]) / (2 * nudge[index])
        x[index] = centre
    _, size, dtype = evaluate(x)
    return slopes, nudge, size, dtype
