"""Layers that normalise each row: LayerNorm and RMSNorm.

Each holds the learnt scale and shift, and wraps a pair of functions of
`nnreg.layernorm`. Training and inference are the same.
"""

import numpy as np

from nnreg._checks import check_count, check_parameter_dtype, check_positive
from nnreg.layernorm import (
    layernorm_backward,
    layernorm_forward,
    rmsnorm_backward,
    rmsnorm_forward,
)
from nnreg.nn.layer import Layer


class _Norm(Layer):
    """Normalises over the last axes, in the shape of the parameters."""

    def _keep_settings(self, n, eps: float, dtype) -> tuple[int, ...]:
        sizes = n if n and isinstance(n, tuple) else (n,)
        shape = tuple(check_count(size, "n") for size in sizes)
        self.n, self.eps = n, check_positive(eps, "eps")
        self.dtype = check_parameter_dtype(dtype)
        self._axis = tuple(range(-len(shape), 0))
        return shape


class LayerNorm(_Norm):
    """Normalise, scale and shift each row; see `nnreg.layernorm_forward`.

    Parameters
    ----------
    n : int or tuple of int
        Shape of a row: the last axis of the input, or the last few.
    eps : float
        Added to the variance, > 0.
    dtype : dtype
        Of the parameters.

    Attributes
    ----------
    params, grads : dict
        ``"gamma"``, ones at first, and ``"beta"``, zeros, each in the shape of
        a row.

    Raises
    ------
    ValueError
        If a size is below 1, `eps` is not above 0, or an input ends in another
        shape.

    References
    ----------
    Ba, Kiros and Hinton (2016), "Layer normalization". Derived in chapters 13
    and 14.

    Examples
    --------
    >>> layer = LayerNorm(3)
    >>> layer.forward([[1.0, 2.0, 3.0]]).round(4)
    array([[-1.2247,  0.    ,  1.2247]])
    >>> layer.backward([[1.0, 0.0, 0.0]]).round(4)
    array([[ 0.2041, -0.4082,  0.2041]])
    >>> layer.grads["gamma"].round(4)
    array([-1.2247,  0.    ,  0.    ])
    """

    def __init__(
        self, n: int | tuple[int, ...], eps: float = 1e-5, dtype=np.float64
    ):
        super().__init__()
        shape = self._keep_settings(n, eps, dtype)
        self.add_parameter("gamma", np.ones(shape, self.dtype))
        self.add_parameter("beta", np.zeros(shape, self.dtype))

    def forward(self, x, training: bool = False) -> np.ndarray:
        """Return the rows of `x` normalised, scaled and shifted."""
        y, self._cache = layernorm_forward(
            x, **self.params, eps=self.eps, axis=self._axis
        )
        return y

    def backward(self, dy) -> np.ndarray:
        """Store the gradients of `gamma` and `beta`; return that of `x`."""
        dx, self.grads["gamma"][...], self.grads["beta"][...] = (
            layernorm_backward(dy, self._last_pass())
        )
        self.add_penalty_gradients()
        return dx


class RMSNorm(_Norm):
    """Divide each row by its root mean square; see `nnreg.rmsnorm_forward`.

    Parameters
    ----------
    n, eps, dtype
        As in `LayerNorm`.

    Attributes
    ----------
    params, grads : dict
        ``"gamma"``, ones at first, in the shape of a row.

    Raises
    ------
    ValueError
        As in `LayerNorm`.

    References
    ----------
    Zhang and Sennrich (2019), "Root mean square layer normalization". Derived
    in chapters 13 and 14.

    Examples
    --------
    >>> RMSNorm(2).forward([[3.0, 4.0]]).round(4)
    array([[0.8485, 1.1314]])
    """

    def __init__(
        self, n: int | tuple[int, ...], eps: float = 1e-5, dtype=np.float64
    ):
        super().__init__()
        shape = self._keep_settings(n, eps, dtype)
        self.add_parameter("gamma", np.ones(shape, self.dtype))

    def forward(self, x, training: bool = False) -> np.ndarray:
        """Return the rows of `x` normalised and scaled."""
        y, self._cache = rmsnorm_forward(
            x, **self.params, eps=self.eps, axis=self._axis
        )
        return y

    def backward(self, dy) -> np.ndarray:
        """Store the gradient of `gamma`; return that of `x`."""
        dx, self.grads["gamma"][...] = rmsnorm_backward(dy, self._last_pass())
        self.add_penalty_gradients()
        return dx
