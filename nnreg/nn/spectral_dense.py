"""A dense layer whose weights are divided by their largest singular value."""

import numpy as np

from nnreg._checks import as_generator, check_count
from nnreg.nn.dense import Dense
from nnreg.spectral import (
    spectral_norm,
    spectral_normalize,
    spectral_normalize_backward,
)

_WARM_UP = 15


class SpectralDense(Dense):
    """A dense layer with ``W / sigma(W)``; see `nnreg.spectral_normalize`.

    The parameter is `W` itself, so that penalties and optimisers see it as in
    `Dense`. A training pass goes on from the vector of the last one. While
    steps move the weights the estimate lags behind, and the true norm may lie
    above 1, by some per cent even late in training.

    Parameters
    ----------
    n_in, n_out, rng
        As in `Dense`.
    cap : bool
        True divides only where sigma is above 1.
    n_iter : int
        Power iterations in each training pass.
    **kwargs
        The other arguments of `Dense`.

    Attributes
    ----------
    params, grads : dict
        ``"W"``, shape (n_in, n_out), before the division, and ``"b"``, shape
        (n_out,).
    buffers : dict
        ``"u"``, shape (n_in,): the vector of the last training pass.

    Raises
    ------
    ValueError
        As in `Dense`.

    References
    ----------
    Miyato et al. (2018), "Spectral normalization for generative adversarial
    networks". Derived in chapter 16.

    Examples
    --------
    >>> layer = SpectralDense(2, 2, rng=0)
    >>> layer.params["W"][...] = np.diag([4.0, 2.0])
    >>> for _ in range(30):
    ...     y = layer.forward([[1.0, 1.0]], training=True)
    >>> y.round(6)
    array([[1. , 0.5]])
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        *,
        rng,
        cap: bool = False,
        n_iter: int = 1,
        **kwargs,
    ):
        rng = as_generator(rng)
        super().__init__(n_in, n_out, rng=rng, **kwargs)
        self.cap, self.n_iter = cap, check_count(n_iter, "n_iter")
        _, self.buffers["u"], _ = spectral_norm(
            self.params["W"], n_iter=_WARM_UP, rng=rng
        )

    def _weights(self, training: bool) -> np.ndarray:
        n_iter = self.n_iter if training else 0
        w_sn, u, self._spectral_cache = spectral_normalize(
            self.params["W"], self.buffers["u"], n_iter=n_iter, cap=self.cap
        )
        if training:
            self.buffers["u"] = u
        return w_sn

    def _weights_backward(self) -> None:
        self.grads["W"][...] = spectral_normalize_backward(
            self.grads["W"], self._spectral_cache
        )
