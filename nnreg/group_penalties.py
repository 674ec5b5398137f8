r"""Penalties on whole vectors: their lengths, and the angles between them.

L1 and L2 ask each weight for itself. These ask a group at once: `L2Norm` and
`GroupLasso` for its length, which is not squared and so has a corner at the
zero vector; `Orthogonal` for the angles between columns.
"""

from dataclasses import dataclass, field

import numpy as np

from nnreg._arithmetic import dot, in_parts
from nnreg._checks import as_float_array, check_axis, check_real
from nnreg.penalties import Penalty


@dataclass(frozen=True)
class GroupLasso(Penalty):
    r"""The group lasso: the sum of the groups' lengths.

    .. math:: \lambda \sum_g \lVert w_g \rVert_2

    No factor for the size of a group is hidden in it. The proximal step makes
    whole groups exactly zero.

    Parameters
    ----------
    lam : float
        Strength :math:`\lambda \ge 0`, in units of loss per unit of weight.
    axis : int, tuple of int or None
        The axes that make one group. For a dense layer's W, shape (n_in,
        n_out), 0 takes what goes into each unit, 1 what leaves each input;
        None takes the whole array as one group.

    Raises
    ------
    ValueError
        If `lam` is negative or not finite, or an array has no such axis.
    TypeError
        If `lam` is not a number, `axis` is none of the above, or `w` does not
        hold real numbers.

    References
    ----------
    Yuan and Lin (2006), "Model selection and estimation in regression with
    grouped variables", who multiply by the root of the group's size. Derived
    in chapter 6.

    Examples
    --------
    >>> GroupLasso(0.5).value([[3.0, 0.0], [4.0, 2.0]])
    3.5
    >>> GroupLasso(0.5).grad([[3.0, 0.0], [4.0, 2.0]])
    array([[0.3, 0. ],
           [0.4, 0.5]])
    >>> GroupLasso(1.0).prox([[3.0, 0.3], [4.0, 0.4]], step=1.0)
    array([[2.4, 0. ],
           [3.2, 0. ]])
    """

    lam: float
    axis: int | tuple[int, ...] | None = 0

    def __post_init__(self):
        object.__setattr__(self, "lam", check_real(self.lam, "lam"))
        check_axis(self.axis)

    def value(self, w) -> float:
        """Return the sum of the groups' lengths, times `lam`."""
        return self.value_and_grad(w)[0]

    def grad(self, w) -> np.ndarray:
        r"""Return :math:`\lambda w_g / \lVert w_g \rVert`, in w's shape.

        The subgradient at the zero vector is 0, so that a group which is zero
        is left alone.
        """
        return self.value_and_grad(w)[1]

    @np.errstate(over="ignore", invalid="ignore")
    def value_and_grad(self, w) -> tuple[float, np.ndarray]:
        """Return both; the lengths serve twice."""
        w = as_float_array(w, "w")
        unit, norm, size = in_parts(w, self.axis)
        zeros = np.zeros_like(unit)
        direction = np.divide(unit, norm, out=zeros, where=norm != 0)
        value = self.lam * float(np.sum(norm * size))
        grad = np.asarray(self.lam * direction)
        return value, grad.astype(w.dtype, copy=False)

    def on_rows(self, rows) -> tuple[float, np.ndarray]:
        """Return both for rows that are groups by themselves, in one pass."""
        shape = np.shape(rows)[1:]
        axes = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        if self.axis is None:
            axes = tuple(range(len(shape)))
        if not all(-len(shape) <= a < len(shape) for a in axes):
            raise ValueError(
                f"axis must be one of a row of shape {shape}, got {self.axis}"
            )
        moved = tuple(a + 1 if a >= 0 else a for a in axes)
        return GroupLasso(self.lam, moved).value_and_grad(rows)

    @np.errstate(over="ignore", invalid="ignore")
    def prox(self, w, step: float) -> np.ndarray:
        """Return `w` with each group shorter by ``step * lam``, or zero."""
        w, step = as_float_array(w, "w"), check_real(step, "step")
        unit, norm, size = in_parts(w, self.axis)
        left = np.maximum(norm - step * self.lam / size, 0)
        share = np.divide(left, norm, out=np.zeros_like(norm), where=left > 0)
        return np.asarray(unit * share * size).astype(w.dtype, copy=False)


@dataclass(frozen=True)
class L2Norm(GroupLasso):
    r"""The length of the whole array, not squared: :math:`\lambda \|w\|_2`.

    Its gradient has the length :math:`\lambda` wherever `w` is, however small,
    and is 0 at the zero vector alone.

    Parameters
    ----------
    lam : float
        Strength :math:`\lambda \ge 0`, in units of loss per unit of weight.

    Raises
    ------
    ValueError
        If `lam` is negative or not finite.
    TypeError
        If `lam` is not a number, or `w` does not hold real numbers.

    References
    ----------
    Derived in chapter 8.

    Examples
    --------
    >>> L2Norm(0.1).value([3.0, 4.0])
    0.5
    >>> L2Norm(0.1).grad([3.0, 4.0]).round(3)
    array([0.06, 0.08])
    """

    axis: None = field(default=None, init=False, repr=False)


@dataclass(frozen=True)
class Orthogonal(Penalty):
    r"""Columns, or rows, that stand at right angles and have length 1.

    .. math:: \lambda \lVert W^\top W - I \rVert_F^2
              \quad\text{or}\quad
              \lambda \lVert W W^\top - I \rVert_F^2

    Of the two, the one whose product is smaller: a wide matrix cannot have
    orthonormal columns, and costs nothing if its rows are orthonormal.

    Parameters
    ----------
    lam : float
        Strength :math:`\lambda \ge 0`.

    Raises
    ------
    ValueError
        If `lam` is negative or not finite, or `w` is no matrix.
    TypeError
        If `lam` is not a number, or `w` does not hold real numbers.

    References
    ----------
    Brock et al. (2017), "Neural photo editing with introspective adversarial
    networks", with the square for their absolute value. Derived in chapter 6.

    Examples
    --------
    >>> Orthogonal(0.5).value([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    0.0
    >>> Orthogonal(0.5).value([[2.0]])
    4.5
    >>> Orthogonal(0.5).grad([[2.0]])
    array([[12.]])
    """

    lam: float

    def __post_init__(self):
        object.__setattr__(self, "lam", check_real(self.lam, "lam"))

    def value(self, w) -> float:
        """Return the squared distance of the product from I, times `lam`."""
        return self.value_and_grad(w)[0]

    def grad(self, w) -> np.ndarray:
        r"""Return :math:`4 \lambda W (W^\top W - I)`, or the wide form."""
        return self.value_and_grad(w)[1]

    @np.errstate(over="ignore", invalid="ignore")
    def value_and_grad(self, w) -> tuple[float, np.ndarray]:
        """Return both; the distance from I serves twice."""
        w = as_float_array(w, "w")
        if w.ndim != 2:
            raise ValueError(f"w must be a matrix, got shape {w.shape}")
        # A narrow type cannot hold the fourth powers.
        wide = w.astype(np.promote_types(w.dtype, np.float64), copy=False)
        tall = wide if len(w) >= w.shape[1] else wide.T
        gap = tall.T @ tall - np.eye(tall.shape[1])
        grad = 4 * self.lam * tall @ gap
        grad = grad if tall is wide else grad.T
        return self.lam * dot(gap, gap), grad.astype(w.dtype, copy=False)
