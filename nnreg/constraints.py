r"""Constraints: after each step the weights go back to a set of allowed ones.

The nearest of them is taken:

.. math:: w \leftarrow \arg\min_{v \in C} \lVert v - w \rVert

A penalty makes large weights dear; a constraint makes them impossible. What is
inside the set already is not changed by a bit, and projecting twice is
projecting once.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from nnreg._arithmetic import in_parts
from nnreg._checks import as_float_array, check_axis, check_real


class Constraint(ABC):
    """A set of allowed weights; one of your own needs `project` alone.

    Examples
    --------
    >>> class Box(Constraint):
    ...     def project(self, w):
    ...         return np.clip(w, -1, 1)
    >>> Box().project(np.array([3.0, 0.5]))
    array([1. , 0.5])
    """

    @abstractmethod
    def project(self, w) -> np.ndarray:
        """Return the nearest allowed point to `w`, as a new array.

        It has the shape and the dtype of `w`.
        """


@dataclass(frozen=True)
class MaxNorm(Constraint):
    r"""Vectors along `axis` of a length :math:`\lVert w \rVert_2 \le r`.

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
        If `limit` is not a number, `axis` is none of the above, or an array
        does not hold real numbers.

    References
    ----------
    Srebro and Shraibman (2005), "Rank, trace-norm and max-norm"; with dropout,
    Srivastava et al. (2014), section 5.1. Derived in chapter 17.

    Examples
    --------
    >>> MaxNorm(1.0).project([[3.0, 0.3], [4.0, 0.4]])
    array([[0.6, 0.3],
           [0.8, 0.4]])
    """

    limit: float
    axis: int | tuple[int, ...] | None = 0

    def __post_init__(self):
        check_real(self.limit, "limit")
        check_axis(self.axis)

    @np.errstate(all="ignore")  # on zero vectors and on what is not finite
    def project(self, w) -> np.ndarray:
        """Return `w` with each longer vector scaled down to the limit."""
        w, limit = as_float_array(w, "w"), float(self.limit)
        projected = w.copy()
        unit, norm, size = in_parts(w, self.axis)
        too_long = norm > limit / size
        # Rounding may lift a length by a digit: aim a digit lower, and if that
        # is not enough twice as low each time, in the end at 0.
        digits = np.finfo(w.dtype).nmant
        for step in range(digits + 1):
            if not too_long.any():
                break
            aim = limit * (1 - 2.0 ** (step - digits))
            np.copyto(projected, unit * (aim / norm), where=too_long)
            _, norm_now, size_now = in_parts(projected, self.axis)
            too_long = norm_now > limit / size_now
        return projected


@dataclass(frozen=True)
class UnitNorm(Constraint):
    r"""Vectors along `axis` of length 1.

    A zero vector, which has no direction, stays.

    Parameters
    ----------
    axis : int, tuple of int or None
        As in `MaxNorm`.

    Raises
    ------
    ValueError
        If an array has no such axis.
    TypeError
        If `axis` is none of the above, or an array does not hold real numbers.

    References
    ----------
    Salimans and Kingma (2016), "Weight normalization", fix the length by a
    parameter of its own; this projects onto it. Derived in chapter 17.

    Examples
    --------
    >>> UnitNorm().project([[3.0, 0.0], [4.0, 0.0]])
    array([[0.6, 0. ],
           [0.8, 0. ]])
    """

    axis: int | tuple[int, ...] | None = 0

    def __post_init__(self):
        check_axis(self.axis)

    @np.errstate(all="ignore")  # on zero vectors and on what is not finite
    def project(self, w) -> np.ndarray:
        """Return `w` with each vector divided by its length."""
        w = as_float_array(w, "w")
        projected = w.copy()
        unit, norm, size = in_parts(w, self.axis)
        # A length is known up to the rounding of its entries and of their sum.
        entries = w.size // max(norm.size, 1)
        known_to = 2 * _eps(w.dtype) + entries * _eps(unit.dtype)
        other = (norm > 0) & (abs(norm * size - 1) > known_to)
        np.copyto(projected, unit / norm, where=other)
        return projected


@dataclass(frozen=True)
class NonNegative(Constraint):
    r"""Weights that are never below zero: :math:`w \ge 0`.

    Raises
    ------
    TypeError
        If an array does not hold real numbers.

    References
    ----------
    Lee and Seung (1999), "Learning the parts of objects by non-negative matrix
    factorization". Derived in chapter 17.

    Examples
    --------
    >>> NonNegative().project([-1.0, 2.0])
    array([0., 2.])
    """

    def project(self, w) -> np.ndarray:
        """Return `w` with 0 in the place of negative entries."""
        projected = as_float_array(w, "w").copy()
        projected[projected < 0] = 0
        return projected


def _eps(dtype: np.dtype) -> float:
    return float(np.finfo(dtype).eps)
