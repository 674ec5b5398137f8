r"""Constraints: after each step the weights go back to the nearest point of a set.

.. math:: w \leftarrow \arg\min_{v \in C} \lVert v - w \rVert

A penalty makes large weights dear; a constraint makes them impossible. What is
inside the set already is not changed by a bit, and projecting twice is
projecting once.
"""

import numpy as np

from nnreg._checks import as_float_array, check_real


class Constraint:
    """A set of allowed weights; one of your own needs `project` alone.

    Examples
    --------
    >>> class Box(Constraint):
    ...     def project(self, w):
    ...         return np.clip(w, -1, 1)
    >>> Box().project(np.array([3.0, 0.5]))
    array([1. , 0.5])
    """

    def project(self, w) -> np.ndarray:
        """Return the nearest allowed point to `w`, in its shape and dtype, as a new array."""
        raise NotImplementedError


class MaxNorm(Constraint):
    r"""Vectors along `axis` of length at most `limit`: :math:`\lVert w \rVert_2 \le r`.

    Parameters
    ----------
    limit : float
        Largest length :math:`r \ge 0`.
    axis : int, tuple of int or None
        The axes that make one vector. For a dense layer's W, shape (n_in,
        n_out), 0 limits what goes into each unit; None takes the whole array
        as one vector.

    Raises
    ------
    ValueError
        If `limit` is negative or not finite, or an array has no such axis.
    TypeError
        If an array does not hold real numbers.

    References ---------- Srebro and Shraibman (2005), "Rank, trace-norm and
    max-norm"; with dropout, Srivastava et al. (2014), section 5.1. Derived in
    chapter 17.

    Examples
    --------
    >>> MaxNorm(1.0).project([[3.0, 0.3], [4.0, 0.4]])
    array([[0.6, 0.3],
           [0.8, 0.4]])
    """

    def __init__(self, limit: float, axis: int | tuple[int, ...] | None = 0):
        self.limit, self.axis = check_real(limit, "limit"), axis

    def project(self, w) -> np.ndarray:
        """Return `w` with each longer vector scaled down to the limit."""
        projected = as_float_array(w, "w").copy()
        target, eps = self.limit, np.finfo(projected.dtype).eps
        # Rounding may leave a length one digit above the limit: aim a little
        # lower until none is.
        while (
            over := (norms := _norms(projected, self.axis)) > self.limit
        ).any():
            projected = _where_divided(
                over, projected, norms / target if target else np.inf
            )
            target *= 1 - eps
        return projected


class UnitNorm(Constraint):
    r"""Vectors along `axis` of length 1; a zero vector, which has no direction, stays.

    Parameters
    ----------
    axis : int, tuple of int or None
        As in `MaxNorm`.

    Raises
    ------
    ValueError
        If an array has no such axis.
    TypeError
        If an array does not hold real numbers.

    References ---------- Salimans and Kingma (2016), "Weight normalization",
    fix the length by a parameter of its own; this projects onto it. Derived in
    chapter 17.

    Examples
    --------
    >>> UnitNorm().project([[3.0, 0.0], [4.0, 0.0]])
    array([[0.6, 0. ],
           [0.8, 0. ]])
    """

    def __init__(self, axis: int | tuple[int, ...] | None = 0):
        self.axis = axis

    def project(self, w) -> np.ndarray:
        """Return `w` with each vector divided by its length."""
        w = as_float_array(w, "w")
        norms = _norms(w, self.axis)
        # A length is known no better than the rounding of its entries and of
        # their sum.
        n = w.size / max(norms.size, 1)
        known_to = (
            2 * np.finfo(w.dtype).eps + (n + 8) * np.finfo(np.float64).eps
        )
        return _where_divided(
            (np.abs(norms - 1) > known_to) & (norms > 0), w, norms
        )


class NonNegative(Constraint):
    r"""Weights that are never below zero: :math:`w \ge 0`.

    Raises
    ------
    TypeError
        If an array does not hold real numbers.

    References ---------- Lee and Seung (1999), "Learning the parts of objects
    by non-negative matrix factorization". Derived in chapter 17.

    Examples
    --------
    >>> NonNegative().project([-1.0, 2.0])
    array([0., 2.])
    """

    def project(self, w) -> np.ndarray:
        """Return `w` with 0 in the place of negative entries."""
        w = as_float_array(w, "w")
        return np.where(w < 0, w.dtype.type(0), w)


def _norms(w: np.ndarray, axis) -> np.ndarray:
    """Lengths along `axis`, which is kept; relative to the largest entry no square overflows."""
    w = w.astype(np.float64)
    largest = np.abs(w).max(axis, keepdims=True, initial=0.0)
    scale = np.where(largest > 0, largest, 1.0)
    w /= scale
    return scale * np.sqrt(np.square(w, out=w).sum(axis, keepdims=True))


def _where_divided(where: np.ndarray, w: np.ndarray, divisor) -> np.ndarray:
    return np.where(where, w / np.where(where, divisor, 1.0), w).astype(
        w.dtype, copy=False
    )
