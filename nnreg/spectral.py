r"""Spectral normalisation: a matrix over its largest singular value.

.. math:: W_\text{SN} = \frac{W}{\sigma}, \qquad
          \sigma = \max_{\lVert v \rVert = 1} \lVert W v \rVert = u^\top W v

The singular vectors `u` and `v` come from power iteration. `u` is kept from
one training step to the next, so that one iteration a step is enough. A weight
with more than two axes is taken as the matrix ``w.reshape(len(w), -1)``, a
vector as a matrix of one column.
"""

import math

import numpy as np

from nnreg._arithmetic import dot, largest, row_pieces, work_dtype
from nnreg._checks import (
    as_float_array,
    as_generator,
    as_upstream,
    check_count,
)

# Sums of squares where no square has left the range of float32.
_USUAL = (1e-24, 1e24)


def spectral_norm(w, u=None, n_iter: int = 1, rng=None):
    r"""Estimate the largest singular value of `w` by power iteration.

    Each iteration takes :math:`v = W^\top u / \lVert W^\top u \rVert` and then
    :math:`u = W v / \lVert W v \rVert`. The estimate never exceeds the true
    value, and its relative error shrinks by :math:`(\sigma_2 / \sigma_1)^4` an
    iteration, once it is small.

    Parameters
    ----------
    w : array_like
        Weights of any shape; the first axis makes the rows of the matrix.
    u : array_like, optional
        Where to start, shape (len(w),): the `u` of the last call, or any
        vector but zero. Its length does not matter.
    n_iter : int
        Iterations, >= 0. With 0, `u` is taken as it is.
    rng : numpy.random.Generator or int, optional
        For a random start; needed if `u` is not given.

    Returns
    -------
    sigma : float
        Infinity if it is larger than any float.
    u, v : ndarray
        Unit vectors with ``sigma = u @ W @ v``; `v` is all zeros where `w` is.

    Raises
    ------
    ValueError
        If `n_iter` is negative, `w` is empty, `u` has the wrong length or is
        zero, or both `u` and `rng` are missing.
    TypeError
        If an array does not hold real numbers, or `n_iter` is not a whole
        number.

    References
    ----------
    Miyato et al. (2018), "Spectral normalization for generative adversarial
    networks", algorithm 1. Derived in chapter 16.

    Examples
    --------
    >>> sigma, u, v = spectral_norm(np.diag([3.0, 1.0]), n_iter=20, rng=0)
    >>> round(sigma, 6)
    3.0
    """
    w = as_float_array(w, "w")
    W, exponent = _at_size_one(w)
    sigma, u, v = _power_iteration(W, u, n_iter, rng)
    with np.errstate(over="ignore"):
        sigma = float(np.ldexp(sigma, exponent))
    return sigma, u.astype(w.dtype), v.astype(w.dtype)


def spectral_normalize(
    w, u=None, n_iter: int = 1, rng=None, *, cap: bool = False
):
    r"""Divide `w` by its estimated largest singular value.

    Parameters
    ----------
    w, u, n_iter, rng
        As in `spectral_norm`.
    cap : bool
        False normalises always (Miyato et al.), so that small weights grow
        until :math:`\sigma = 1`. True leaves a weight alone whose
        :math:`\sigma` is at most 1 (after Gouk et al., who divide the stored
        weights after each step; here the gradient goes through).

    Returns
    -------
    w_sn : ndarray
        In the shape and dtype of `w`. All zeros stay all zeros.
    u : ndarray
        To be kept for the next call.
    cache : tuple
        For `spectral_normalize_backward`.

    Raises
    ------
    ValueError, TypeError
        As in `spectral_norm`.

    References
    ----------
    Miyato et al. (2018), eq. 8; for `cap`, Gouk et al. (2021), "Regularisation
    of neural networks by enforcing Lipschitz continuity", algorithm 1. Derived
    in chapter 16.

    Examples
    --------
    >>> w = np.diag([3.0, 1.5])
    >>> w_sn, u, cache = spectral_normalize(w, n_iter=50, rng=0)
    >>> w_sn.round(6)
    array([[1. , 0. ],
           [0. , 0.5]])
    """
    w = as_float_array(w, "w")
    W, exponent = _at_size_one(w)
    sigma, u, v = _power_iteration(W, u, n_iter, rng)
    with np.errstate(over="ignore", invalid="ignore"):
        capped = cap and np.ldexp(sigma, exponent) <= 1
        w_sn = None if sigma == 0 or capped else np.asarray(W / sigma)
    cache = w_sn, u, v, sigma, exponent, w.shape, w.dtype
    result = w if w_sn is None else w_sn.reshape(w.shape)
    return result.astype(w.dtype), u.astype(w.dtype), cache


def spectral_normalize_backward(dw_sn, cache) -> np.ndarray:
    r"""Send the gradient through the division by sigma.

    .. math:: dW = \frac{1}{\sigma} \left( dW_\text{SN} -
              \langle dW_\text{SN}, W_\text{SN} \rangle \, u v^\top \right)

    Exact where `u` and `v` are the singular vectors. Before they have
    converged, it takes them for constants, as published implementations do.

    Parameters
    ----------
    dw_sn : array_like
        Upstream gradient, in the shape of `w_sn`.
    cache : tuple
        From `spectral_normalize`.

    Returns
    -------
    dw : ndarray
        In the shape and dtype of `w`. Where `w` was not divided, `dw_sn`.

    Raises
    ------
    ValueError
        If `dw_sn` does not have the shape of the forward pass.

    References
    ----------
    Miyato et al. (2018), eq. 12. Derived in chapter 16.

    Examples
    --------
    >>> w = np.diag([2.0, 1.0])
    >>> w_sn, u, cache = spectral_normalize(w, n_iter=50, rng=0)
    >>> spectral_normalize_backward(np.eye(2), cache).round(6) + 0.0
    array([[-0.25,  0.  ],
           [ 0.  ,  0.5 ]])
    """
    w_sn, u, v, sigma, exponent, shape, dtype = cache
    dw_sn = as_upstream(dw_sn, shape)
    if w_sn is None:
        return dw_sn.astype(dtype)
    dw_sn, gain = _at_size_one(dw_sn)
    dw = np.empty_like(w_sn)
    with np.errstate(invalid="ignore"):
        along = (dot(dw_sn, w_sn) * u)[:, None]
        for part in row_pieces(dw):
            np.subtract(dw_sn[part], along[part] * v, out=dw[part])
            dw[part] /= sigma
    if gain != exponent:
        dw = np.ldexp(dw, gain - exponent)
    return dw.reshape(shape).astype(dtype, copy=False)


def _at_size_one(w: np.ndarray) -> tuple[np.ndarray, int]:
    """Return `w` as a matrix over a power of two, and its exponent.

    For usual sizes that is 0, and nothing is divided.
    """
    if not w.size:
        raise ValueError(
            f"w must hold at least one weight, got shape {w.shape}"
        )
    W = w.reshape(len(w) if w.ndim else 1, -1)
    W = W.astype(work_dtype(w.dtype), copy=False)
    if _USUAL[0] < dot(W, W) < _USUAL[1]:
        return W, 0
    exponent = int(np.frexp(largest(W))[1])
    return np.ldexp(W, -exponent), exponent


@np.errstate(invalid="ignore")
def _power_iteration(W: np.ndarray, u, n_iter: int, rng):
    """Return sigma, u and v, all in the dtype and at the size of `W`."""
    n_iter = check_count(n_iter, "n_iter", low=0)
    u = _start(u, len(W), rng).astype(W.dtype, copy=False)
    v, sigma = _unit(_back(W, u))
    for iteration in range(n_iter):
        if iteration:
            v, _ = _unit(_back(W, u))
        next_u, sigma = _unit(W @ v)
        u = next_u if sigma else u
    return sigma, u, v


def _start(u, n: int, rng) -> np.ndarray:
    """Return the vector of length 1 from which the power iteration starts."""
    if u is None:
        if rng is None:
            raise ValueError(
                "u or rng must be given, to start the power iteration, got "
                "neither"
            )
        u = as_generator(rng).standard_normal(n)
    u = as_float_array(u, "u")
    if u.shape != (n,) or not u.any():
        raise ValueError(
            f"u must be a vector of {n} entries, not all 0, got shape "
            f"{u.shape}"
        )
    u, _ = _at_size_one(u)
    return _unit(u.ravel())[0]


def _back(W: np.ndarray, u: np.ndarray) -> np.ndarray:
    v = u @ W
    # A start that is orthogonal to all of W would never find it: take its
    # largest row instead.
    return v if v.any() else W[np.abs(W).max(axis=1).argmax()]


def _unit(vector: np.ndarray) -> tuple[np.ndarray, float]:
    length = math.sqrt(dot(vector, vector))
    return (vector / length if length else vector), length
