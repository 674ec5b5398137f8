"""Activations: functions that act on each entry by itself, and their derivatives."""

import numpy as np

from nnreg._checks import as_float_array, as_upstream
from nnreg.nn.layers import Layer


class _Activation(Layer):
    """An elementwise function whose derivative is a function of its output."""

    def forward(self, x, training: bool = False) -> np.ndarray:
        """Return the function of each entry of `x`."""
        x = as_float_array(x, "x")
        self._training = training
        self._y = self._function(x, self._output("y", x))
        return self._y

    def backward(self, dy) -> np.ndarray:
        """Return `dy` times the function's derivative (the chain rule, entry by entry)."""
        dy = as_upstream(dy, self._y.shape).astype(self._y.dtype, copy=False)
        return np.multiply(
            dy, self._derivative(self._y), out=self._output("dx", dy)
        )

    def _output(self, name: str, like: np.ndarray) -> np.ndarray:
        keep = self._training and like.ndim > 0
        return (
            self._keep(name, like.shape, like.dtype)
            if keep
            else np.empty_like(like)
        )


class ReLU(_Activation):
    r"""The rectifier :math:`\max(x, 0)`; its derivative is 1 above 0 and, by choice, 0 at 0.

    Examples
    --------
    >>> relu = ReLU()
    >>> relu.forward([[-1.0, 0.0, 2.0]])
    array([[0., 0., 2.]])
    >>> relu.backward([[5.0, 5.0, 5.0]])
    array([[0., 0., 5.]])
    """

    def _function(self, x, out):
        return np.maximum(x, 0, out=out)

    def _derivative(self, y):
        return y > 0


class Tanh(_Activation):
    r"""The hyperbolic tangent; its derivative is :math:`1 - y^2`.

    Examples
    --------
    >>> Tanh().forward([0.0])
    array([0.])
    """

    def _function(self, x, out):
        return np.tanh(x, out=out)

    def _derivative(self, y):
        return 1 - y * y


class Sigmoid(_Activation):
    r"""The logistic function :math:`1 / (1 + e^{-x})`; its derivative is :math:`y (1 - y)`.

    Computed as :math:`(1 + \tanh(x / 2)) / 2`, which cannot overflow.

    Examples
    --------
    >>> Sigmoid().forward([0.0, -1000.0])
    array([0.5, 0. ])
    """

    def _function(self, x, out):
        np.multiply(x, 0.5, out=out)
        np.tanh(out, out=out)
        out += 1
        out *= 0.5
        return out

    def _derivative(self, y):
        return y * (1 - y)
