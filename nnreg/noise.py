r"""Gaussian noise in training: added, or multiplied in the place of dropout's mask.

Added: :math:`y = x + \sigma \xi`. Multiplied: :math:`y = x \odot (1 + \sqrt{p
/ (1 - p)}\, \xi)`. In both, :math:`\xi` is standard normal, drawn anew for
each entry, and inference leaves `x` alone.
"""

import numpy as np

from nnreg._checks import as_float_array, as_generator, as_upstream, check_real


def gaussian_noise_forward(
    x, sigma: float, rng: np.random.Generator | int, training: bool = True
):
    r"""Add normal noise of standard deviation :math:`\sigma` to each entry of `x`.

    Parameters
    ----------
    x : array_like
        Any shape; integers become float64.
    sigma : float
        Standard deviation :math:`\sigma \ge 0`, in the units of `x`.
    rng : numpy.random.Generator or int
    training : bool
        False returns a copy of `x`.

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

    References ---------- Bishop (1995), "Training with noise is equivalent to
    Tikhonov regularization". Derived in chapter 12.

    Examples
    --------
    >>> y, cache = gaussian_noise_forward(np.zeros(3), sigma=0.5, rng=0)
    >>> y.round(3)
    array([ 0.063, -0.066,  0.32 ])
    >>> gaussian_noise_backward([1.0, 2.0, 3.0], cache)
    array([1., 2., 3.])
    """
    x, sigma, rng = (
        as_float_array(x, "x"),
        check_real(sigma, "sigma"),
        as_generator(rng),
    )
    if not training:
        return x.copy(), (x.shape,)
    return x + _normal(rng, x, sigma), (x.shape,)


def gaussian_noise_backward(dy, cache) -> np.ndarray:
    """Return a copy of `dy`: the derivative of ``x + noise`` with respect to `x` is 1.

    Parameters
    ----------
    dy : array_like
        Upstream gradient, in the shape of `y`.
    cache : tuple
        From `gaussian_noise_forward`.

    Returns
    -------
    dx : ndarray
        In the shape and dtype of `dy`.

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
    (shape,) = cache
    return as_upstream(dy, shape).copy()


def gaussian_dropout_forward(
    x, p: float, rng: np.random.Generator | int, training: bool = True
):
    r"""Multiply each entry by normal noise with the mean and variance of dropout's mask.

    Parameters
    ----------
    x : array_like
        Any shape; integers become float64.
    p : float
        The drop probability to match, in [0, 1): the noise has mean 1 and
        variance :math:`p / (1 - p)`, which has no limit at 1.
    rng : numpy.random.Generator or int
    training : bool
        False returns a copy of `x`.

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
    x, rng = as_float_array(x, "x"), as_generator(rng)
    if check_real(p, "p", 0.0, 1.0) == 1.0:
        raise ValueError(
            "p must be in [0, 1), got 1.0: its noise would have infinite variance"
        )
    if not training:
        return x.copy(), (None, x.shape)
    mask = _normal(rng, x, np.sqrt(p / (1 - p)))
    mask += 1
    return x * mask, (mask, x.shape)


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
        In the shape and dtype of `dy`.

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
    mask, shape = cache
    dy = as_upstream(dy, shape)
    return dy.copy() if mask is None else np.multiply(dy, mask, dtype=dy.dtype)


def _normal(
    rng: np.random.Generator, x: np.ndarray, sigma: float
) -> np.ndarray:
    # The generator draws float32 and float64; narrower and wider types are
    # converted.
    kind = np.float32 if x.dtype.itemsize <= 4 else np.float64
    return np.multiply(
        rng.standard_normal(x.shape, dtype=kind), sigma, dtype=kind
    ).astype(x.dtype)
