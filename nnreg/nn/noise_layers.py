"""Layers that are random in training, and the identity otherwise.

Each holds a generator of its own, so that every training pass draws afresh,
and wraps a pair of functions of `nnreg.dropout` or `nnreg.noise`.
"""

import numpy as np

from nnreg._checks import as_generator, check_below_one, check_real
from nnreg.dropout import dropout_backward, dropout_forward
from nnreg.nn.layer import Layer
from nnreg.noise import (
    gaussian_dropout_backward,
    gaussian_dropout_forward,
    gaussian_noise_backward,
    gaussian_noise_forward,
)


class _Noise(Layer):
    """A layer with dice of its own, which an inference pass does not need."""

    def __init__(self, rng: np.random.Generator | int | None):
        super().__init__()
        self.rng = None if rng is None else as_generator(rng)


class Dropout(_Noise):
    """Drop each unit with probability `p`; see `nnreg.dropout_forward`.

    As in all layers, and unlike in the function, `training` is False by
    default.

    Parameters
    ----------
    p : float
        Probability to drop, in [0, 1].
    rng : numpy.random.Generator or int, optional
        Kept by the layer: each training pass draws another mask. Needed where
        something random happens.
    noise_shape : tuple of int or None, optional
        Shape of the mask, if entries are to be dropped together; None in it
        fits any batch.

    Raises
    ------
    ValueError
        If `p` is outside [0, 1].

    Examples
    --------
    >>> layer = Dropout(0.5, rng=8)
    >>> layer.forward(np.ones((2, 4)), training=True)
    array([[0., 2., 0., 2.],
           [2., 0., 0., 0.]])
    >>> layer.forward(np.ones((1, 4)))
    array([[1., 1., 1., 1.]])
    """

    def __init__(
        self,
        p: float,
        rng: np.random.Generator | int | None = None,
        noise_shape: tuple[int | None, ...] | None = None,
    ):
        super().__init__(rng)
        self.p = check_real(p, "p", 0.0, 1.0)
        self.noise_shape = noise_shape

    def forward(self, x, training: bool = False) -> np.ndarray:
        """Return `x`, with some entries dropped if `training`."""
        y, self._cache = dropout_forward(
            x, self.p, self.rng, training, self.noise_shape
        )
        return y

    def backward(self, dy) -> np.ndarray:
        """Send `dy` through the mask of the last forward pass."""
        return dropout_backward(dy, self._last_pass())


class GaussianNoise(_Noise):
    """Add normal noise; see `nnreg.gaussian_noise_forward`.

    As in all layers, and unlike in the function, `training` is False by
    default.

    Parameters
    ----------
    sigma : float
        Standard deviation, >= 0.
    rng : numpy.random.Generator or int, optional
        Kept by the layer; needed where something random happens.

    Raises
    ------
    ValueError
        If `sigma` is negative or not finite.

    Examples
    --------
    >>> layer = GaussianNoise(0.5, rng=0)
    >>> layer.forward(np.zeros((1, 3)), training=True).round(3)
    array([[ 0.063, -0.066,  0.32 ]])
    """

    def __init__(
        self, sigma: float, rng: np.random.Generator | int | None = None
    ):
        super().__init__(rng)
        self.sigma = check_real(sigma, "sigma")

    def forward(self, x, training: bool = False) -> np.ndarray:
        """Return `x` plus noise, if `training`."""
        y, self._cache = gaussian_noise_forward(
            x, self.sigma, self.rng, training
        )
        return y

    def backward(self, dy) -> np.ndarray:
        """Return a copy of `dy`."""
        return gaussian_noise_backward(dy, self._last_pass())


class GaussianDropout(_Noise):
    """Multiply by normal noise; see `nnreg.gaussian_dropout_forward`.

    As in all layers, and unlike in the function, `training` is False by
    default.

    Parameters
    ----------
    p : float
        The drop probability whose variance is matched, in [0, 1).
    rng : numpy.random.Generator or int, optional
        Kept by the layer; needed where something random happens.

    Raises
    ------
    ValueError
        If `p` is outside [0, 1).

    Examples
    --------
    >>> layer = GaussianDropout(0.2, rng=0)
    >>> layer.forward(np.ones((1, 3)), training=True).round(3)
    array([[1.063, 0.934, 1.32 ]])
    """

    def __init__(self, p: float, rng: np.random.Generator | int | None = None):
        super().__init__(rng)
        self.p = check_below_one(p, "p")

    def forward(self, x, training: bool = False) -> np.ndarray:
        """Return `x` times the noise, if `training`."""
        y, self._cache = gaussian_dropout_forward(
            x, self.p, self.rng, training
        )
        return y

    def backward(self, dy) -> np.ndarray:
        """Send `dy` through the noise of the last forward pass."""
        return gaussian_dropout_backward(dy, self._last_pass())
