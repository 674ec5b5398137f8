r"""Dropout: set each unit to zero with probability p in training, and scale the rest up.

.. math:: y = m \odot x, \qquad m = \begin{cases} 0 & \text{with probability } p \\
          1 / (1 - p) & \text{otherwise} \end{cases}

The mask has expectation 1, so that nothing has to be done at inference. The
backward pass sends the gradient through the *same* mask: :math:`dx = m \odot
dy`.
"""

import numpy as np

from nnreg._checks import as_float_array, as_generator, as_upstream, check_real

_FACES = 2**16


def dropout_forward(
    x,
    p: float,
    rng: np.random.Generator | int,
    training: bool = True,
    noise_shape: tuple[int, ...] | None = None,
):
    r"""Drop entries of `x` and scale the others by :math:`1 / (1 - p)`.

    Parameters
    ----------
    x : array_like
        Any shape; integers become float64.
    p : float
        Probability to **drop** an entry, in [0, 1], taken to the nearest
        multiple of :math:`2^{-16}`: the dice have 16 bits, because drawing
        them is most of the work.
    rng : numpy.random.Generator or int
        Where the mask comes from. A seed gives the same mask at each call;
        pass a generator where masks should differ from call to call.
    training : bool
        False returns a copy of `x`, and a cache whose backward pass is the
        identity.
    noise_shape : tuple of int, optional
        Shape of the mask, by default that of `x`. Where it is 1, entries along
        that axis are dropped together: ``(n, 1, 1, channels)`` drops whole
        channels of images.

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
        a seed.

    References ---------- Srivastava et al. (2014), "Dropout: a simple way to
    prevent neural networks from overfitting", in the inverted form of its
    section 10. Derived in chapter 10.

    Examples
    --------
    >>> y, cache = dropout_forward(np.ones((2, 4)), p=0.5, rng=3)
    >>> y
    array([[2., 2., 0., 0.],
           [2., 0., 2., 0.]])
    >>> dropout_backward(np.full((2, 4), 3.0), cache)
    array([[6., 6., 0., 0.],
           [6., 0., 6., 0.]])
    """
    x, p, rng = (
        as_float_array(x, "x"),
        check_real(p, "p", 0.0, 1.0),
        as_generator(rng),
    )
    if not training:
        return x.copy(), (None, x.shape)
    shape = x.shape if noise_shape is None else tuple(noise_shape)
    try:
        fits = np.broadcast_shapes(shape, x.shape) == x.shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(
            f"noise_shape must broadcast to the shape of x, {x.shape}, got {shape}"
        )
    dropped_faces = round(p * _FACES)
    dice = np.frombuffer(rng.bytes(2 * int(np.prod(shape))), "<u2").reshape(
        shape
    )
    scale = (
        _FACES / (_FACES - dropped_faces) if dropped_faces < _FACES else 0.0
    )
    mask = np.multiply(dice >= dropped_faces, scale, dtype=x.dtype)
    return x * mask, (mask, x.shape)


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
        In the shape and dtype of `dy`.

    Raises
    ------
    ValueError
        If `dy` does not have the shape of the forward pass.

    References
    ----------
    Srivastava et al. (2014), section 5.1. Derived in chapter 10.

    Examples
    --------
    >>> _, cache = dropout_forward(np.ones(4), p=1.0, rng=0)
    >>> dropout_backward(np.ones(4), cache)
    array([0., 0., 0., 0.])
    """
    mask, shape = cache
    dy = as_upstream(dy, shape)
    return dy.copy() if mask is None else np.multiply(dy, mask, dtype=dy.dtype)
