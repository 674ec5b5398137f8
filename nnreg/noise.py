r"""Gaussian noise in training: added, or multiplied as dropout's mask is.

Added: :math:`y = x + \sigma \xi`. Multiplied: :math:`y = x \odot (1 + \sqrt{p
/ (1 - p)}\, \xi)`. In both, :math:`\xi` is standard normal, drawn anew for
each entry, and inference leaves `x` alone.
"""

from __future__ import annotations

import math

import numpy as np

from nnreg._checks import (
    as_float_array,
    as_generator,
    as_upstream,
    check_below_one,
    check_real,
)


def gaussian_noise_forward(
    x,
    sigma: float,
    rng: np.random.Generator | int | None = None,
    training: bool = True,
):
    r"""Add normal noise of standard deviation :math:`\sigma` to each entry.

    Parameters
    ----------
    x : array_like
        Any shape; integers become float64.
    sigma : float
        Standard deviation :math:`\sigma \ge 0`, in the units of `x`.
    rng : numpy.random.Generator or int, optional
        Needed where something random happens.
    training : bool
        True by default, unlike in the layers of `nnreg.nn`. False returns a
        copy of `x`.

    Returns
    -------
    y : ndarray
        In the shape and dtype of `x`.
    cache : tuple
        For `gaussian_noise_backward`.

    Raises
    ------
    ValueError
        If `sigma` is negative or not finite.

    References
    ----------
    Bishop (1995), "Training with noise is equivalent to Tikhonov
    regularization". Derived in chapter 12.

    Examples
    --------
    >>> y, cache = gaussian_noise_forward(np.zeros(3), sigma=0.5, rng=0)
    >>> y.round(3)
    array([ 0.063, -0.066,  0.32 ])
    >>> gaussian_noise_backward([1.0, 2.0, 3.0], cache)
    array([1., 2., 3.])
    """
    x, sigma = as_float_array(x, "x"), check_real(sigma, "sigma")
    cache = x.shape, x.dtype
    if not training or sigma == 0:
        return x.copy(), cache
    y = np.asarray(x + sigma * _normal(as_generator(rng), x))
    return y.astype(x.dtype, copy=False), cache


def gaussian_noise_backward(dy, cache) -> np.ndarray:
    """Return a copy of `dy`, because ``x + noise`` has the derivative 1.

    Parameters
    ----------
    dy : array_like
        Upstream gradient, in the shape of `y`.
    cache : tuple
        From `gaussian_noise_forward`.

    Returns
    -------
    dx : ndarray
        In the shape and dtype of `x`.

    Raises
    ------
    ValueError
        If `dy` does not have the shape of the forward pass.

    References
    ----------
    Derived in chapter 12.

    Examples
    --------
    >>> _, cache = gaussian_noise_forward(np.zeros(2), sigma=1.0, rng=0)
    >>> gaussian_noise_backward([1.0, 2.0], cache)
    array([1., 2.])
    """
    shape, dtype = cache
    return as_upstream(dy, shape).astype(dtype)


def gaussian_dropout_forward(
    x,
    p: float,
    rng: np.random.Generator | int | None = None,
    training: bool = True,
):
    r"""Multiply each entry by noise with the mean and variance of dropout's.

    Parameters
    ----------
    x : array_like
        Any shape; integers become float64.
    p : float
        The drop probability to match, in [0, 1): the noise has mean 1 and
        variance :math:`p / (1 - p)`, which has no limit at 1.
    rng : numpy.random.Generator or int, optional
        Needed where something random happens.
    training : bool
        True by default, unlike in the layers of `nnreg.nn`. False returns a
        copy of `x`.

    Returns
    -------
    y : ndarray
        In the shape and dtype of `x`.
    cache : tuple
        For `gaussian_dropout_backward`.

    Raises
    ------
    ValueError
        If `p` is outside [0, 1).

    References
    ----------
    Srivastava et al. (2014), section 10. Derived in chapter 12.

    Examples
    --------
    >>> y, cache = gaussian_dropout_forward(np.ones(3), p=0.2, rng=0)
    >>> y.round(3)
    array([1.063, 0.934, 1.32 ])
    >>> bool(np.all(gaussian_dropout_backward(np.ones(3), cache) == y))
    True
    """
    x, p = as_float_array(x, "x"), check_below_one(p, "p")
    if not training or p == 0:
        return x.copy(), (None, x.shape, x.dtype)
    mask = 1 + math.sqrt(p / (1 - p)) * _normal(as_generator(rng), x)
    y = np.asarray(x * mask).astype(x.dtype, copy=False)
    return y, (mask, x.shape, x.dtype)


def gaussian_dropout_backward(dy, cache) -> np.ndarray:
    """Send the gradient through the noise of the forward pass.

    Parameters
    ----------
    dy : array_like
        Upstream gradient, in the shape of `y`.
    cache : tuple
        From `gaussian_dropout_forward`.

    Returns
    -------
    dx : ndarray
        In the shape and dtype of `x`.

    Raises
    ------
    ValueError
        If `dy` does not have the shape of the forward pass.

    References
    ----------
    Derived in chapter 12.

    Examples
    --------
    >>> _, cache = gaussian_dropout_forward(np.ones(2), p=0.0, rng=0)
    >>> gaussian_dropout_backward([1.0, 2.0], cache)
    array([1., 2.])
    """
    mask, shape, dtype = cache
    dy = as_upstream(dy, shape)
    dx = dy.copy() if mask is None else np.asarray(dy * mask)
    return dx.astype(dtype, copy=False)


def _normal(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Draw standard normal numbers in the shape of `x`."""
    # The generator draws float32 and float64 alone.
    narrow = x.dtype.itemsize <= 4
    return rng.standard_normal(x.shape, np.float32 if narrow else np.float64)
