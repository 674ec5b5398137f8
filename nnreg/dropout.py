r"""Dropout: zero each unit with probability p in training, scale up the rest.

.. math:: y = m \odot x, \qquad m = \begin{cases}
          0 & \text{with probability } p \\
          1 / (1 - p) & \text{otherwise} \end{cases}

The mask has expectation 1, so that nothing has to be done at inference. The
backward pass sends the gradient through the *same* mask:
:math:`dx = m \odot dy`.
"""

from __future__ import annotations

import numpy as np

from nnreg._arithmetic import pieces, work_dtype
from nnreg._checks import (
    as_float_array,
    as_generator,
    as_upstream,
    check_real,
)


def dropout_forward(
    x,
    p: float,
    rng: np.random.Generator | int | None = None,
    training: bool = True,
    noise_shape: tuple[int | None, ...] | None = None,
):
    r"""Drop entries of `x` and scale the others by :math:`1 / (1 - p)`.

    Parameters
    ----------
    x : array_like
        Any shape; integers become float64.
    p : float
        Probability to **drop** an entry, in [0, 1].
    rng : numpy.random.Generator or int, optional
        Where the mask comes from; needed where something random happens. A
        seed gives the same mask at each call; pass a generator where masks
        should differ from call to call.
    training : bool
        True by default, unlike in the layer `nnreg.nn.Dropout`. False returns
        a copy of `x`, and a cache whose backward pass is the identity.
    noise_shape : tuple of int or None, optional
        Shape of the mask, by default that of `x`; None in it means "as long
        as `x` is here". Where it is 1, entries along that axis are dropped
        together: ``(None, 1, 1, None)`` drops whole channels of images.

    Returns
    -------
    y : ndarray
        In the shape and dtype of `x`.
    cache : tuple
        For `dropout_backward`.

    Raises
    ------
    ValueError
        If `p` is outside [0, 1], or `noise_shape` does not broadcast to the
        shape of `x`.
    TypeError
        If `x` does not hold real numbers, or `rng` is neither a generator nor
        a seed where one is needed.

    References
    ----------
    Srivastava et al. (2014), "Dropout: a simple way to prevent neural networks
    from overfitting", in the inverted form of its section 10. Derived in
    chapter 10.

    Examples
    --------
    >>> y, cache = dropout_forward(np.ones((2, 4)), p=0.5, rng=8)
    >>> y
    array([[0., 2., 0., 2.],
           [2., 0., 0., 0.]])
    >>> dropout_backward(np.full((2, 4), 3.0), cache)
    array([[0., 6., 0., 6.],
           [6., 0., 0., 0.]])
    """
    x, p = as_float_array(x, "x"), check_real(p, "p", 0.0, 1.0)
    shape = _mask_shape(noise_shape, x.shape)
    if not training or p == 0:
        return x.copy(), (None, x.shape, x.dtype)
    mask = np.zeros(shape, work_dtype(x.dtype))
    if p < 1:
        _draw(mask, p, as_generator(rng))
    y = np.asarray(x * mask).astype(x.dtype, copy=False)
    return y, (mask, x.shape, x.dtype)


def dropout_backward(dy, cache) -> np.ndarray:
    """Send the gradient through the mask of the forward pass.

    Parameters
    ----------
    dy : array_like
        Upstream gradient, in the shape of `y`.
    cache : tuple
        From `dropout_forward`.

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
    Srivastava et al. (2014), section 5.1. Derived in chapter 10.

    Examples
    --------
    >>> _, cache = dropout_forward(np.ones(4), p=1.0)
    >>> dropout_backward(np.ones(4), cache)
    array([0., 0., 0., 0.])
    """
    mask, shape, dtype = cache
    dy = as_upstream(dy, shape)
    dx = dy.copy() if mask is None else np.asarray(dy * mask)
    return dx.astype(dtype, copy=False)


def _draw(mask: np.ndarray, p: float, rng: np.random.Generator) -> None:
    """Fill the mask with 0 and 1 / (1 - p): one die an entry, in its order."""
    for (part,) in pieces(mask):
        np.greater_equal(rng.random(part.size), p, out=part)
        part *= 1 / (1 - p)


def _mask_shape(noise_shape, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of the mask, with as many axes as `x` has."""
    asked = shape if noise_shape is None else tuple(noise_shape)
    padded = (1,) * (len(shape) - len(asked)) + asked
    filled = tuple(
        length if want is None else want
        for want, length in zip(padded, shape, strict=False)
    )
    fits = len(padded) == len(shape) and all(
        have in (1, length) for have, length in zip(filled, shape, strict=True)
    )
    if not fits:
        raise ValueError(
            f"noise_shape must broadcast to the shape of x, {shape}, got "
            f"{asked}; None in it fits any length"
        )
    return filled
