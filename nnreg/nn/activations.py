"""Activations: functions of each entry by itself, and their derivatives."""

import numpy as np

from nnreg._arithmetic import work_dtype
from nnreg._checks import as_float_array, as_upstream
from nnreg.nn.layer import Layer


class _Activation(Layer):
    """An elementwise function; the derivative is worked out from its input.

    From its output would be shorter, and wrong far out: where tanh rounds to
    1, its slope would come out as 0.
    """

    def forward(self, x, training: bool = False) -> np.ndarray:
        """Return the function of each entry of `x`."""
        x = as_float_array(x, "x")
        wide = x.astype(work_dtype(x.dtype), copy=False)
        self._cache = wide, x.dtype, training
        y = self._out("y", x.shape, wide.dtype, training)
        self._function(wide, y)
        return y.astype(x.dtype, copy=False)

    def backward(self, dy) -> np.ndarray:
        """Return `dy` times the derivative (the chain rule, by entry)."""
        x, dtype, training = self._last_pass()
        dy = as_upstream(dy, x.shape, x.dtype)
        dx = self._out("dx", x.shape, x.dtype, training)
        self._derivative(x, dx)
        dx *= dy
        return dx.astype(dtype, copy=False)


class ReLU(_Activation):
    r"""The rectifier :math:`\max(x, 0)`.

    Its derivative is 1 above 0 and, by choice, 0 at 0.

    Examples
    --------
    >>> relu = ReLU()
    >>> relu.forward([[-1.0, 0.0, 2.0]])
    array([[0., 0., 2.]])
    >>> relu.backward([[5.0, 5.0, 5.0]])
    array([[0., 0., 5.]])
    """

    def _function(self, x, out):
        np.maximum(x, 0, out=out)

    def _derivative(self, x, out):
        np.greater(x, 0, out=out)  # as 0.0 and 1.0


class Tanh(_Activation):
    r"""The hyperbolic tangent; its derivative is :math:`1 - \tanh^2 x`.

    The derivative is computed as :math:`4 t / (1 + t)^2` with
    :math:`t = e^{-2 |x|}`, which keeps its digits where :math:`\tanh x` is
    almost 1.

    Examples
    --------
    >>> Tanh().forward([0.0])
    array([0.])
    """

    def _function(self, x, out):
        np.tanh(x, out=out)

    def _derivative(self, x, out):
        t = np.exp(-np.abs(x)) ** 2
        np.divide(4 * t, (1 + t) ** 2, out=out)


class Sigmoid(_Activation):
    r"""The logistic function :math:`\sigma(x) = 1 / (1 + e^{-x})`.

    Its derivative is :math:`\sigma(x)\,\sigma(-x)`. Both are computed from
    :math:`t = e^{-|x|}`, which cannot overflow and loses no digits.

    Examples
    --------
    >>> Sigmoid().forward([0.0, -1000.0])
    array([0.5, 0. ])
    """

    def _function(self, x, out):
        sigmoid(x, out)

    def _derivative(self, x, out):
        t = np.exp(-np.abs(x))
        np.divide(t, (1 + t) ** 2, out=out)


def sigmoid(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Return ``1 / (1 + exp(-x))``, with all its digits on both sides."""
    t = np.exp(-np.abs(x))
    return np.divide(np.where(x < 0, t, 1), 1 + t, out=out)
