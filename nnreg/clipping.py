r"""Gradient clipping: by the norm of all together, or entry by entry.

.. math:: g \leftarrow g \cdot \min\left(1, \frac{r}{\lVert g \rVert}\right)

with one norm over all arrays and one radius r, so that the step keeps its
direction.
"""

import math

import numpy as np

from nnreg._arithmetic import dot, largest, scaled
from nnreg._checks import as_float_array, check_real

_POLICIES = ("raise", "zero", "pass")
# A sum of squares outside this range may have lost terms to under- or
# overflow.
_SAFE = (1e-280, math.inf)
_TINY = float(np.finfo(np.float64).tiny)


def clip_by_global_norm(
    grads,
    max_norm: float,
    ord: float = 2,
    nonfinite: str = "raise",
    out=None,
):
    r"""Scale all gradients by one factor, to a norm of at most `max_norm`.

    Neither the norm nor the factor over- or underflows on the way, and inside
    the ball the factor is exactly 1: not a bit changes.

    Parameters
    ----------
    grads : list of array_like
        Gradients of any shapes; wrap a single array as ``[g]``.
    max_norm : float
        Largest norm allowed, >= 0; ``math.inf`` measures, and clips nothing.
    ord : float
        Which norm: :math:`\lVert g \rVert_p = (\sum_i |g_i|^p)^{1/p}` with p =
        `ord` >= 1; ``math.inf`` is the largest absolute value of an entry.
    nonfinite : {"raise", "zero", "pass"}
        What to do if the gradients hold an infinity or a NaN: raise an error,
        return zeros (so that the step is skipped), or return them unchanged.
    out : list of ndarray, optional
        Where to write the clipped gradients, in the shapes and dtypes of
        `grads`. ``out=grads`` clips in place, as training loops do.

    Returns
    -------
    clipped : list of ndarray
        `out`, or new arrays in the shapes and dtypes of `grads`.
    norm : float
        The common norm before clipping; infinity or NaN where the gradients
        are, and infinity where it is larger than any float.

    Raises
    ------
    FloatingPointError
        If a gradient is not finite and `nonfinite` is "raise"; the message
        says which.
    ValueError
        If `max_norm` is negative or NaN, `ord` is below 1, `nonfinite` is
        unknown, or `out` has other shapes or dtypes than `grads`.
    TypeError
        If `grads` is one array or a dict, or an entry does not hold real
        numbers.

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), "On the difficulty of training
    recurrent neural networks", algorithm 1. Derived in chapter 17.

    Examples
    --------
    >>> grads = [np.array([3.0]), np.array([0.0, 4.0])]
    >>> clip_by_global_norm(grads, max_norm=1.0)
    ([array([0.6]), array([0. , 0.8])], 5.0)
    """
    grads = _as_list(grads)
    max_norm = _real_or_inf(max_norm, "max_norm", 0.0)
    ord = _real_or_inf(ord, "ord", 1.0)
    if nonfinite not in _POLICIES:
        raise ValueError(
            f"nonfinite must be one of {_POLICIES}, got {nonfinite!r}"
        )
    out = _places(out, grads)
    size, relative = _global_norm(grads, ord)
    norm = float(size) * relative
    if not math.isfinite(relative):
        finite = [bool(np.isfinite(g).all()) for g in grads]
        bad = [number for number, fine in enumerate(finite) if not fine]
        if nonfinite == "raise":
            raise FloatingPointError(
                f"grads must be finite, but those at {bad} are not"
            )
    for g, place in zip(grads, out, strict=True):
        if not math.isfinite(relative) and nonfinite == "zero":
            place[...] = 0
        elif norm > max_norm and math.isfinite(relative):
            _shrink(g, max_norm, size, relative, place)
        else:
            np.copyto(place, g)
    return out, norm


def clip_by_value(grads, limit: float) -> list[np.ndarray]:
    """Clip each entry of each gradient to [-limit, limit].

    Unlike clipping by norm, this turns the direction of the step.

    Parameters
    ----------
    grads : list of array_like
        Gradients of any shapes.
    limit : float
        Largest absolute value of an entry, >= 0.

    Returns
    -------
    list of ndarray
        New arrays in the shapes and dtypes of `grads`. An infinity becomes the
        limit; NaN stays.

    Raises
    ------
    ValueError
        If `limit` is negative or not finite.
    TypeError
        If `grads` is one array or a dict, or an entry does not hold real
        numbers.

    References
    ----------
    Goodfellow, Bengio and Courville (2016), *Deep Learning*, section 10.11.1.
    Derived in chapter 17.

    Examples
    --------
    >>> clip_by_value([np.array([-3.0, 0.5])], limit=1.0)
    [array([-1. ,  0.5])]
    """
    grads, limit = _as_list(grads), check_real(limit, "limit")
    return [_within(g, limit) for g in grads]


def _as_list(grads) -> list[np.ndarray]:
    if isinstance(grads, (np.ndarray, dict, str)):
        raise TypeError(
            f"grads must be a list of arrays, got {type(grads).__name__}"
        )
    return [as_float_array(g, "grads") for g in grads]


def _real_or_inf(value, name: str, low: float) -> float:
    return math.inf if value == math.inf else check_real(value, name, low)


def _global_norm(grads: list[np.ndarray], ord: float) -> tuple[float, float]:
    """Return a size, and the norm relative to it: two factors of the norm.

    Their product may be larger than any float.
    """
    if ord == 2:
        squares = sum(dot(g, g) for g in grads)
        if _SAFE[0] < squares < _SAFE[1]:
            return 1.0, math.sqrt(squares)
    size = np.max([largest(g) for g in grads], initial=0.0)
    if size == 0 or not np.isfinite(size):
        return 1.0, float(size)
    if ord == math.inf:
        return size, 1.0
    # Relative to the largest entry no power overflows, and what underflows
    # does not matter.
    total = sum((np.abs(_relative(g, size)) ** ord).sum() for g in grads)
    return size, float(total) ** (1 / ord)


def _places(out, grads: list[np.ndarray]) -> list[np.ndarray]:
    """Return the arrays to write to: `out`, or new ones."""
    if out is None:
        return [np.empty(g.shape, g.dtype) for g in grads]
    out = list(out)
    alike = len(out) == len(grads) and all(
        isinstance(place, np.ndarray)
        and (place.shape, place.dtype) == (g.shape, g.dtype)
        for place, g in zip(out, grads, strict=True)
    )
    if not alike:
        wanted = ", ".join(f"{g.shape} {g.dtype}" for g in grads)
        raise ValueError(f"out must hold arrays like those of grads: {wanted}")
    return out


def _shrink(g, max_norm: float, size, relative: float, out) -> None:
    """Write ``g * max_norm / (size * relative)``."""
    factor = max_norm / relative / float(size)
    if factor >= _TINY:
        scaled(g, factor, out=out)
    else:  # too small for a float, and applied in two steps
        unit = _relative(g, size) / relative
        out[...] = scaled(unit, max_norm).astype(g.dtype)


@np.errstate(over="ignore")  # NumPy 1 divides past an array's end, and warns
def _relative(g: np.ndarray, size) -> np.ndarray:
    return np.divide(g, size, dtype=np.promote_types(g.dtype, np.float64))


def _within(g: np.ndarray, limit: float) -> np.ndarray:
    bound = min(limit, float(np.finfo(g.dtype).max))
    return np.clip(g, -bound, bound, out=np.empty_like(g))
