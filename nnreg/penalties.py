r"""Penalties on parameters: L1, L2, the elastic net, and sums of them.

A penalty is a number that is added to the data loss, so that training prefers
small weights. Every penalty here has the same four methods:

- ``value(w)``: the number that is added to the loss;
- ``grad(w)``: its derivative with respect to each entry of `w`;
- ``value_and_grad(w)``: both at once;
- ``prox(w, step)``: the proximal step,
  ``argmin_z step * value(z) + sum((z - w)**2) / 2``.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from nnreg._arithmetic import dot, pieces, scaled
from nnreg._checks import as_float_array, check_real


class Penalty(ABC):
    """What all penalties share. To write your own, give `value` and `grad`.

    Penalties add: ``L1(1e-4) + L2(1e-3)`` is a penalty again, and so is
    ``sum([L1(1e-4), L2(1e-3)])``.

    Raises
    ------
    NotImplementedError
        By `prox`, if there is no closed form.

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

    @property
    def strengths(self) -> tuple[float, float] | None:
        """The pair (l1, l2) of ``l1 * sum(|w|) + l2 * sum(w**2)``.

        None for a penalty that has another form.
        """
        return None

    def prox(self, w, step: float) -> np.ndarray:
        """Return ``argmin_z step * value(z) + sum((z - w)**2) / 2``.

        For a penalty with `strengths`: move each entry towards 0 by
        ``step * l1``, stop there, and divide by ``1 + 2 * step * l2``.
        """
        if self.strengths is None:
            raise NotImplementedError(
                f"{self!r} has no closed-form proximal step"
            )
        w, step = as_float_array(w, "w"), check_real(step, "step")
        l1, l2 = self.strengths
        # In float64, because a narrow type may not hold the threshold; and
        # w - clip(w) leaves +0.0 inside it, sign(w) * max(…) leaves -0.0.
        z = w.astype(np.promote_types(w.dtype, np.float64), copy=False)
        z = (z - np.clip(z, -step * l1, step * l1)) / (1 + 2 * step * l2)
        return np.asarray(z).astype(w.dtype, copy=False)

    def on_rows(self, rows) -> tuple[float, np.ndarray]:
        """Return the sum of the rows' own penalties, and its gradient.

        Where each entry is priced by itself, rows make no difference.
        """
        if self.strengths is not None:
            return self.value_and_grad(rows)
        pairs = [self.value_and_grad(row) for row in rows]
        return sum(value for value, _ in pairs), np.array(
            [grad for _, grad in pairs]
        )

    def __add__(self, other: "Penalty") -> "Penalty":
        if not isinstance(other, Penalty):
            return NotImplemented
        return Sum(_terms(self) + _terms(other))

    def __radd__(self, other) -> "Penalty":
        # sum([L1(…), L2(…)]) begins with 0 + L1(…).
        return self if other == 0 else NotImplemented


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

    References
    ----------
    Tibshirani (1996), "Regression shrinkage and selection via the lasso";
    Kinsley and Kukieła (2020), *Neural Networks from Scratch in Python*, ch.
    14. Derived in chapters 2 and 3; the proximal step in chapter 6.

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
        _keep_checked(self, lam=check_real(self.lam, "lam"))

    @property
    def strengths(self) -> tuple[float, float]:
        """``(lam, 0)``."""
        return self.lam, 0.0

    def value(self, w) -> float:
        r"""Return :math:`\lambda \sum_i |w_i|` over all entries of `w`."""
        return self.value_and_grad(w)[0]

    def grad(self, w) -> np.ndarray:
        r"""Return :math:`\lambda\,\mathrm{sign}(w)`, in the shape of `w`."""
        return self.value_and_grad(w)[1]

    def value_and_grad(self, w) -> tuple[float, np.ndarray]:
        """Return both; the signs serve twice, as ``|w| = sign(w) * w``."""
        w = as_float_array(w, "w")
        grad, total = np.empty(w.shape, w.dtype), 0.0
        for part, sign in pieces(w, grad):
            np.sign(part, out=sign)
            total += dot(sign, part)
            scaled(sign, self.lam, out=sign)
        return self.lam * total, grad


@dataclass(frozen=True)
class L2(Penalty):
    r"""The L2 penalty (ridge): :math:`\lambda \sum_i w_i^2`, without a ½.

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

    References
    ----------
    Hoerl and Kennard (1970), "Ridge regression"; Kinsley and Kukieła (2020),
    *Neural Networks from Scratch in Python*, ch. 14. Derived in chapters 2 and
    3.

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
        _keep_checked(self, lam=check_real(self.lam, "lam"))

    @property
    def strengths(self) -> tuple[float, float]:
        """``(0, lam)``."""
        return 0.0, self.lam

    def value(self, w) -> float:
        r"""Return :math:`\lambda \sum_i w_i^2` over all entries of `w`."""
        w = as_float_array(w, "w")
        return self.lam * dot(w, w)

    def grad(self, w) -> np.ndarray:
        r"""Return :math:`2 \lambda w`, in the shape and dtype of `w`."""
        return scaled(as_float_array(w, "w"), 2 * self.lam)

    def value_and_grad(self, w) -> tuple[float, np.ndarray]:
        """Return both."""
        w = as_float_array(w, "w")
        return self.lam * dot(w, w), scaled(w, 2 * self.lam)


@dataclass(frozen=True)
class ElasticNet(Penalty):
    r"""The elastic net: a share of L1, and the rest of L2.

    .. math:: \lambda \sum_i
              \left( \rho |w_i| + (1 - \rho)\, w_i^2 \right)

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

    References
    ----------
    Zou and Hastie (2005), "Regularization and variable selection via the
    elastic net". Derived in chapter 6.

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
        _keep_checked(
            self,
            lam=check_real(self.lam, "lam"),
            l1_ratio=check_real(self.l1_ratio, "l1_ratio", 0.0, 1.0),
        )

    @property
    def strengths(self) -> tuple[float, float]:
        """``(lam * l1_ratio, lam * (1 - l1_ratio))``."""
        return self.lam * self.l1_ratio, self.lam * (1 - self.l1_ratio)

    def value(self, w) -> float:
        """Return the penalty of all entries of `w`, of any shape."""
        return self.value_and_grad(w)[0]

    def grad(self, w) -> np.ndarray:
        """Return the sum of both gradients, in the shape of `w`."""
        return self.value_and_grad(w)[1]

    def value_and_grad(self, w) -> tuple[float, np.ndarray]:
        """Return both; the signs serve twice, as in `L1`."""
        w = as_float_array(w, "w")
        l1, l2 = self.strengths
        grad, total, squares = np.empty(w.shape, w.dtype), 0.0, 0.0
        for part, sign in pieces(w, grad):
            np.sign(part, out=sign)
            total += dot(sign, part)
            squares += dot(part, part)
            scaled(sign, l1, out=sign)
            sign += scaled(part, 2 * l2)
        return l1 * total + l2 * squares, grad


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

    def on_rows(self, rows) -> tuple[float, np.ndarray]:
        """Return the sums of the terms' values and gradients."""
        pairs = [term.on_rows(rows) for term in self.terms]
        return sum(v for v, _ in pairs), sum(grad for _, grad in pairs)

    @property
    def strengths(self) -> tuple[float, float] | None:
        """The sums of the terms', if each of them has some."""
        pairs = [term.strengths for term in self.terms]
        if None in pairs:
            return None
        return sum(l1 for l1, _ in pairs), sum(l2 for _, l2 in pairs)


def _terms(penalty: Penalty) -> tuple[Penalty, ...]:
    return penalty.terms if isinstance(penalty, Sum) else (penalty,)


def _keep_checked(penalty: Penalty, **numbers: float) -> None:
    """Keep the numbers as floats: a frozen dataclass has no other door."""
    for name, number in numbers.items():
        object.__setattr__(penalty, name, number)
