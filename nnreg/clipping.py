r"""Gradient clipping: by the norm of all gradients together, or each entry by itself.

.. math:: g \leftarrow g \cdot \min\left(1, \frac{r}{\lVert g \rVert}\right)

with one norm over all arrays and one radius r, so that the step keeps its
direction.
"""

import math

import numpy as np

from nnreg._arithmetic import dot
from nnreg._checks import as_float_array, check_real

_POLICIES = ("raise", "zero", "pass")
# A sum of squares outside this range may have lost terms to under- or
# overflow.
_SAFE = (1e-280, math.inf)


def clip_by_global_norm(
    grads, max_norm: float, ord: float = 2, nonfinite: str = "raise"
):
    r"""Scale all gradients by one factor, so that their common norm is at most `max_norm`.

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
        `ord` >= 1; ``math.inf`` is the largest size of an entry.
    nonfinite : {"raise", "zero", "pass"}
        What to do if the gradients hold an infinity or a NaN: raise an error,
        return zeros (so that the step is skipped), or return them unchanged.

    Returns
    -------
    clipped : list of ndarray
        New arrays in the shapes and dtypes of `grads`.
    norm : float
        The common norm before clipping; infinity or NaN where the gradients
        are.

    Raises
    ------
    FloatingPointError
        If a gradient is not finite and `nonfinite` is "raise"; the message
        says which.
    ValueError
        If `max_norm` is negative or NaN, `ord` is below 1, or `nonfinite` is
        unknown.
    TypeError
        If `grads` is one array or a dict, or an entry does not hold real
        numbers.

    References ---------- Pascanu, Mikolov and Bengio (2013), "On the
    difficulty of training recurrent neural networks", algorithm 1. Derived in
    chapter 17.

    Examples
    --------
    >>> clipped, norm = clip_by_global_norm([np.array([3.0]), np.array([0.0, 4.0])], max_norm=1.0)
    >>> clipped, norm
    ([array([0.6]), array([0. , 0.8])], 5.0)
    """
    grads = _as_list(grads)
    max_norm, ord = (
        _real_or_inf(max_norm, "max_norm", 0.0),
        _real_or_inf(ord, "ord", 1.0),
    )
    if nonfinite not in _POLICIES:
        raise ValueError(
            f"nonfinite must be one of {_POLICIES}, got {nonfinite!r}"
        )
    norm = _global_norm(grads, ord)
    if not math.isfinite(norm):
        bad = [
            number
            for number, g in enumerate(grads)
            if not np.isfinite(g).all()
        ]
        if nonfinite == "raise":
            raise FloatingPointError(
                f"grads must be finite, but those at {bad} are not"
            )
        return [
            np.zeros_like(g) if nonfinite == "zero" else g.copy()
            for g in grads
        ], norm
    if norm <= max_norm:
        return [g.copy() for g in grads], norm
    return [_scaled(g, max_norm / norm) for g in grads], norm


def clip_by_value(grads, limit: float) -> list[np.ndarray]:
    """Clip each entry of each gradient to [-limit, limit].

    Other than clipping by norm, this turns the direction of the step.

    Parameters
    ----------
    grads : list of array_like
        Gradients of any shapes.
    limit : float
        Largest size of an entry, >= 0.

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

    References ---------- Goodfellow, Bengio and Courville (2016), *Deep
    Learning*, section 10.11.1. Derived in chapter 17.

    Examples
    --------
    >>> clip_by_value([np.array([-3.0, 0.5])], limit=1.0)
    [array([-1. ,  0.5])]
    """
    grads, limit = _as_list(grads), check_real(limit, "limit")
    return [
        np.asarray(np.clip(g, -limit, limit, dtype=g.dtype)) for g in grads
    ]


def _as_list(grads) -> list[np.ndarray]:
    if isinstance(grads, (np.ndarray, dict, str)):
        raise TypeError(
            f"grads must be a list of arrays, got {type(grads).__name__}"
        )
    return [as_float_array(g, "grads") for g in grads]


def _real_or_inf(value, name: str, low: float) -> float:
    return math.inf if value == math.inf else check_real(value, name, low)


def _global_norm(grads: list[np.ndarray], ord: float) -> float:
    if ord == 2:
        squares = sum(dot(g, g) for g in grads)
        if _SAFE[0] < squares < _SAFE[1]:
            return math.sqrt(squares)
    largest = float(
        np.max([np.abs(g).max(initial=0.0) for g in grads], initial=0.0)
    )
    if ord == math.inf or largest == 0 or not math.isfinite(largest):
        return largest
    # Relative to the largest entry no power overflows, and what underflows
    # does not matter.
    total = sum(
        float(((np.abs(g, dtype=np.float64) / largest) ** ord).sum())
        for g in grads
    )
    return largest * total ** (1 / ord)


def _scaled(g: np.ndarray, factor: float) -> np.ndarray:
    work = g.dtype if factor > np.finfo(g.dtype).tiny else np.float64
    return np.asarray(np.multiply(g, factor, dtype=work)).astype(
        g.dtype, copy=False
    )
