r"""Penalties on parameters: L1, L2, the elastic net, and sums of them.

A penalty is a number that is added to the data loss, so that training prefers
small weights. Every penalty here has the same four methods:

``value(w)``           the number that is added to the loss ``grad(w)``
its derivative with respect to each entry of `w` ``value_and_grad(w)``  both at
once ``prox(w, step)``      the proximal step, ``argmin_z step * value(z) +
sum((z - w)**2) / 2``
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from nnreg._arithmetic import dot
from nnreg._checks import as_float_array, check_real


class Penalty(ABC):
    """What all penalties share. To write your own, give `value` and `grad`.

    Penalties add: ``L1(1e-4) + L2(1e-3)`` is a penalty again.

    Examples
    --------
    >>> (L1(0.1) + L2(0.5)).value([1.0, -2.0])
    2.8
    """

    @abstractmethod
    def value(self, w) -> float:
        """Return the penalty of `w`, a number."""

    @abstractmethod
    def grad(self, w) -> np.ndarray:
        """Return the derivative of the penalty, in the shape of `w`."""

    def value_and_grad(self, w) -> tuple[float, np.ndarray]:
        """Return ``(value(w), grad(w))``."""
        return self.value(w), self.grad(w)

    def prox(self, w, step: float) -> np.ndarray:
        """Return ``argmin_z step * value(z) + sum((z - w)**2) / 2``, where it has a closed form."""
        raise NotImplementedError(f"{self!r} has no closed-form proximal step")

    def __add__(self, other: "Penalty") -> "Penalty":
        if not isinstance(other, Penalty):
            return NotImplemented
        return Sum(_terms(self) + _terms(other))


@dataclass(frozen=True)
class L1(Penalty):
    r"""The L1 penalty (lasso): :math:`\lambda \sum_i |w_i|`.

    Its derivative is :math:`\lambda\,\mathrm{sign}(w_i)`. At :math:`w_i = 0`
    the slope jumps from :math:`-\lambda` to :math:`+\lambda`; we take the
    subgradient 0, so that a weight which is zero is left alone.

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

    References ---------- Tibshirani (1996), "Regression shrinkage and
    selection via the lasso"; Kinsley and Kukieła (2020), *Neural Networks from
    Scratch in Python*, ch. 14. Derived in chapters 2 and 3; the proximal step
    in chapter 6.

    Examples
    --------
    >>> L1(0.5).value([1.0, -2.0, 0.0])
    1.5
    >>> L1(0.5).grad([1.0, -2.0, 0.0])
    array([ 0.5, -0.5,  0. ])
    >>> L1(0.5).prox([1.0, -2.0, 0.25], step=1.0)
    array([ 0.5, -1.5,  0. ])
    """

    lam: float

    def __post_init__(self):
        object.__setattr__(self, "lam", check_real(self.lam, "lam"))

    def value(self, w) -> float:
        """Return :math:`\\lambda \\sum_i |w_i|` over all entries of `w`, of any shape."""
        return self.value_and_grad(w)[0]

    def grad(self, w) -> np.ndarray:
        """Return :math:`\\lambda\\,\\mathrm{sign}(w)`, in the shape and dtype of `w`."""
        w = as_float_array(w, "w")
        return np.multiply(np.sign(w), self.lam, out=np.empty_like(w))

    def value_and_grad(self, w) -> tuple[float, np.ndarray]:
        """Return both; the signs serve twice, because ``|w| = sign(w) * w``."""
        w = as_float_array(w, "w")
        grad = np.sign(w, out=np.empty_like(w))
        value = self.lam * dot(grad, w)
        grad *= self.lam
        return value, grad

    def prox(self, w, step: float) -> np.ndarray:
        """Soft threshold: move each entry towards 0 by ``step * lam``, and stop there."""
        return _shrink(w, step, self.lam, 0.0)


@dataclass(frozen=True)
class L2(Penalty):
    r"""The L2 penalty (ridge): :math:`\lambda \sum_i w_i^2`, without a factor ½.

    Its derivative is :math:`2 \lambda w_i`. Other libraries differ by ½ or by
    the number of rows: see `nnreg.conventions`.

    Parameters
    ----------
    lam : float
        Strength :math:`\lambda \ge 0`, in units of loss per squared unit of
        weight.

    Raises
    ------
    ValueError
        If `lam` is negative or not finite.
    TypeError
        If `lam` is not a number, or `w` does not hold real numbers.

    References ---------- Hoerl and Kennard (1970), "Ridge regression"; Kinsley
    and Kukieła (2020), *Neural Networks from Scratch in Python*, ch. 14.
    Derived in chapters 2 and 3.

    Examples
    --------
    >>> L2(0.1).value([1.0, -2.0, 0.0])
    0.5
    >>> L2(0.1).grad([1.0, -2.0, 0.0])
    array([ 0.2, -0.4,  0. ])
    >>> L2(0.5).prox([1.0, -2.0, 0.0], step=1.0)
    array([ 0.5, -1. ,  0. ])
    """

    lam: float

    def __post_init__(self):
        object.__setattr__(self, "lam", check_real(self.lam, "lam"))

    def value(self, w) -> float:
        """Return :math:`\\lambda \\sum_i w_i^2` over all entries of `w`, of any shape."""
        w = as_float_array(w, "w")
        return self.lam * dot(w, w)

    def grad(self, w) -> np.ndarray:
        """Return :math:`2 \\lambda w`, in the shape and dtype of `w`."""
        w = as_float_array(w, "w")
        return np.multiply(w, 2 * self.lam, out=np.empty_like(w))

    def prox(self, w, step: float) -> np.ndarray:
        """Divide each entry by ``1 + 2 * step * lam``."""
        return _shrink(w, step, 0.0, self.lam)


@dataclass(frozen=True)
class ElasticNet(Penalty):
    r"""The elastic net: :math:`\lambda \sum_i \left( \rho |w_i| + (1 - \rho)\, w_i^2 \right)`.

    One strength and one ratio: ``l1_ratio=1`` is `L1`, ``l1_ratio=0`` is `L2`.

    Parameters
    ----------
    lam : float
        Strength :math:`\lambda \ge 0`.
    l1_ratio : float
        The share :math:`\rho` of L1, in [0, 1].

    Raises
    ------
    ValueError
        If `lam` is negative or not finite, or `l1_ratio` is outside [0, 1].
    TypeError
        If either is not a number, or `w` does not hold real numbers.

    References ---------- Zou and Hastie (2005), "Regularization and variable
    selection via the elastic net". Derived in chapter 6.

    Examples
    --------
    >>> ElasticNet(0.2, l1_ratio=0.5).value([1.0, -2.0])
    0.8
    >>> ElasticNet(0.2, l1_ratio=0.5).grad([1.0, -2.0])
    array([ 0.3, -0.5])
    """

    lam: float
    l1_ratio: float = 0.5

    def __post_init__(self):
        object.__setattr__(self, "lam", check_real(self.lam, "lam"))
        object.__setattr__(
            self, "l1_ratio", check_real(self.l1_ratio, "l1_ratio", 0.0, 1.0)
        )

    def value(self, w) -> float:
        """Return the penalty of all entries of `w`, of any shape."""
        return self.value_and_grad(w)[0]

    def grad(self, w) -> np.ndarray:
        """Return :math:`\\lambda (\\rho\\,\\mathrm{sign}(w) + 2 (1 - \\rho) w)`, in `w`'s shape."""
        return self.value_and_grad(w)[1]

    def value_and_grad(self, w) -> tuple[float, np.ndarray]:
        """Return both; the signs serve twice, as in `L1`."""
        w = as_float_array(w, "w")
        l1, l2 = _strengths(self)
        grad = np.sign(w, out=np.empty_like(w))
        value = l1 * dot(grad, w) + l2 * dot(w, w)
        grad *= l1
        grad += 2 * l2 * w
        return value, grad

    def prox(self, w, step: float) -> np.ndarray:
        """Soft threshold first (the L1 part), then divide (the L2 part)."""
        return _shrink(w, step, *_strengths(self))


@dataclass(frozen=True)
class Sum(Penalty):
    """The sum of several penalties; made by ``+``."""

    terms: tuple[Penalty, ...]

    def __repr__(self) -> str:
        return " + ".join(map(repr, self.terms))

    def value(self, w) -> float:
        """Return the sum of the terms' values."""
        return sum(term.value(w) for term in self.terms)

    def grad(self, w) -> np.ndarray:
        """Return the sum of the terms' gradients (the sum rule)."""
        return self.value_and_grad(w)[1]

    def value_and_grad(self, w) -> tuple[float, np.ndarray]:
        """Return the sums of the terms' values and gradients."""
        w = as_float_array(w, "w")
        total, grad = 0.0, np.zeros_like(w)
        for term in self.terms:
            value, term_grad = term.value_and_grad(w)
            total += value
            grad += term_grad
        return total, grad

    def prox(self, w, step: float) -> np.ndarray:
        """Return the proximal step, if every term is of the L1 and L2 family."""
        if not all(
            isinstance(term, (L1, L2, ElasticNet)) for term in self.terms
        ):
            return super().prox(w, step)
        l1, l2 = map(sum, zip(*map(_strengths, self.terms), strict=True))
        return _shrink(w, step, l1, l2)


def _terms(penalty: Penalty) -> tuple[Penalty, ...]:
    return penalty.terms if isinstance(penalty, Sum) else (penalty,)


def _strengths(penalty: L1 | L2 | ElasticNet) -> tuple[float, float]:
    """Return how much L1 and how much L2 a penalty holds."""
    if isinstance(penalty, ElasticNet):
        return penalty.lam * penalty.l1_ratio, penalty.lam * (
            1 - penalty.l1_ratio
        )
    return (
        (penalty.lam, 0.0) if isinstance(penalty, L1) else (0.0, penalty.lam)
    )


def _shrink(w, step: float, l1: float, l2: float) -> np.ndarray:
    w, step = as_float_array(w, "w"), check_real(step, "step")
    # w - clip(w) leaves +0.0 inside the threshold, where sign(w) * max(…)
    # leaves -0.0.
    shrunk = w - np.clip(w, -step * l1, step * l1)
    return np.divide(shrunk, 1 + 2 * step * l2, out=np.empty_like(w))
