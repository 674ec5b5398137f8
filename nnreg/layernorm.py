r"""Layer normalisation: each row moved to mean 0 and stretched to variance 1.

.. math:: y = \gamma \odot \hat x + \beta, \qquad
          \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}}

Here :math:`\mu` and :math:`\sigma^2` are the mean and the variance of one row.
RMSNorm leaves the mean alone: :math:`y = \gamma \odot x /
\sqrt{\operatorname{mean}(x^2) + \varepsilon}`.
"""

import math
import numbers

import numpy as np

from nnreg._arithmetic import magnitude, row_dots, row_pieces, work_dtype
from nnreg._checks import as_float_array, as_upstream, check_positive


def layernorm_forward(x, gamma=None, beta=None, eps: float = 1e-5, axis=-1):
    r"""Normalise each row of `x`, scale it by `gamma`, shift it by `beta`.

    The mean is taken off in two steps, so that a constant row comes out as
    exact zeros and a huge mean costs no digits of a tiny variance. An outlier
    costs the other entries no digits either, wherever it stands.

    Parameters
    ----------
    x : array_like
        Any shape; integers become float64.
    gamma, beta : array_like, optional
        Scale and shift, in the shape of a row, which is ``x.shape`` over
        `axis`. Without them, 1 and 0.
    eps : float
        Added to the variance, > 0.
    axis : int or tuple of int
        The last axis, or the last few: what lies along them is one row, with
        one mean and one variance. For images as (batch, channels, height,
        width), ``axis=(1, 2, 3)``.

    Returns
    -------
    y : ndarray
        In the shape and dtype of `x`.
    cache : tuple
        For `layernorm_backward`.

    Raises
    ------
    ValueError
        If `eps` is not above 0, `axis` does not name the last axes of `x`, a
        row is empty, or `gamma` or `beta` has another shape than a row.
    TypeError
        If an array does not hold real numbers.

    References
    ----------
    Ba, Kiros and Hinton (2016), "Layer normalization". The second step is that
    of Chan, Golub and LeVeque (1983), "Algorithms for computing the sample
    variance". Derived in chapter 13.

    Examples
    --------
    >>> y, cache = layernorm_forward([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]])
    >>> y.round(4)
    array([[-1.2247,  0.    ,  1.2247],
           [ 0.    ,  0.    ,  0.    ]])
    >>> dy = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    >>> dx, dgamma, dbeta = layernorm_backward(dy, cache)
    >>> dx[0].round(4)
    array([ 0.2041, -0.4082,  0.2041])
    """
    x = as_float_array(x, "x")
    rows, row_shape = _rows(x, axis)
    gamma = _parameter(gamma, "gamma", row_shape)
    beta = _parameter(beta, "beta", row_shape)
    eps = check_positive(eps, "eps")
    y, x_hat, inverse = _forward(rows, gamma, beta, eps, centre=True)
    cache = x_hat, inverse, gamma, beta, x.shape, x.dtype
    return y.reshape(x.shape).astype(x.dtype, copy=False), cache


def layernorm_backward(dy, cache):
    r"""Send the gradient back through the root, the variance and the mean.

    With :math:`d\hat x = \gamma \odot dy`,

    .. math:: dx = \frac{1}{\sqrt{\sigma^2 + \varepsilon}} \left(
              d\hat x - \operatorname{mean}(d\hat x) -
              \hat x \odot \operatorname{mean}(d\hat x \odot \hat x) \right)

    Parameters
    ----------
    dy : array_like
        Upstream gradient, in the shape of `y`.
    cache : tuple
        From `layernorm_forward`.

    Returns
    -------
    dx : ndarray
        In the shape and dtype of the forward pass.
    dgamma, dbeta : ndarray or None
        Summed over the rows, in the shape of `gamma` and `beta`; None for one
        that was not given.

    Raises
    ------
    ValueError
        If `dy` does not have the shape of the forward pass.

    References
    ----------
    Ba, Kiros and Hinton (2016), section 3. Derived in chapter 14.

    Examples
    --------
    >>> x, gamma, beta = [[1.0, 2.0, 4.0]], [1.0, 1.0, 2.0], np.zeros(3)
    >>> _, cache = layernorm_forward(x, gamma, beta)
    >>> dx, dgamma, dbeta = layernorm_backward([[0.5, 0.0, 1.0]], cache)
    >>> dbeta
    array([0.5, 0. , 1. ])
    >>> bool(abs(dx.sum()) < 1e-12)
    True
    """
    x_hat, inverse, gamma, beta, shape, dtype = cache
    dy = as_upstream(dy, shape, x_hat.dtype).reshape(x_hat.shape)
    dx, dgamma, dbeta = _backward(dy, x_hat, inverse, gamma, centre=True)
    dx = dx.reshape(shape).astype(dtype, copy=False)
    return dx, _shaped(dgamma, gamma), _shaped(dbeta, beta)


def rmsnorm_forward(x, gamma=None, eps: float = 1e-5, axis=-1):
    r"""Divide each row of `x` by its root mean square, scale it by `gamma`.

    Parameters
    ----------
    x, gamma, eps, axis
        As in `layernorm_forward`.

    Returns
    -------
    y : ndarray
        In the shape and dtype of `x`.
    cache : tuple
        For `rmsnorm_backward`.

    Raises
    ------
    ValueError, TypeError
        As in `layernorm_forward`.

    References
    ----------
    Zhang and Sennrich (2019), "Root mean square layer normalization". Derived
    in chapter 13.

    Examples
    --------
    >>> y, cache = rmsnorm_forward([[3.0, 4.0]])
    >>> y.round(4)
    array([[0.8485, 1.1314]])
    """
    x = as_float_array(x, "x")
    rows, row_shape = _rows(x, axis)
    gamma = _parameter(gamma, "gamma", row_shape)
    eps = check_positive(eps, "eps")
    y, x_hat, inverse = _forward(rows, gamma, None, eps, centre=False)
    cache = x_hat, inverse, gamma, x.shape, x.dtype
    return y.reshape(x.shape).astype(x.dtype, copy=False), cache


def rmsnorm_backward(dy, cache):
    r"""Send the gradient back through the root mean square of each row.

    Parameters
    ----------
    dy : array_like
        Upstream gradient, in the shape of `y`.
    cache : tuple
        From `rmsnorm_forward`.

    Returns
    -------
    dx : ndarray
        In the shape and dtype of the forward pass.
    dgamma : ndarray or None
        Summed over the rows; None if there was no `gamma`.

    Raises
    ------
    ValueError
        If `dy` does not have the shape of the forward pass.

    References
    ----------
    Zhang and Sennrich (2019), section 3. Derived in chapter 14.

    Examples
    --------
    >>> _, cache = rmsnorm_forward([[3.0, 4.0]])
    >>> dx, _ = rmsnorm_backward([[3.0, 4.0]], cache)
    >>> bool(abs(dx).max() < 1e-5)
    True
    """
    x_hat, inverse, gamma, shape, dtype = cache
    dy = as_upstream(dy, shape, x_hat.dtype).reshape(x_hat.shape)
    dx, dgamma, _ = _backward(dy, x_hat, inverse, gamma, centre=False)
    dx = dx.reshape(shape).astype(dtype, copy=False)
    return dx, _shaped(dgamma, gamma)


def _forward(rows: np.ndarray, gamma, beta, eps: float, centre: bool):
    """Return y, the rows divided by the root, and 1 / root as a column."""
    n, d = rows.shape
    y, x_hat = np.empty((n, d), rows.dtype), np.empty((n, d), rows.dtype)
    inverse = np.empty((n, 1), rows.dtype)
    gamma = _as_row(gamma, d, rows.dtype)
    for part in row_pieces(rows):
        inverse[part] = _normalise(rows[part], eps, centre, out=x_hat[part])
        out = np.multiply(x_hat[part], gamma, out=y[part])
        if beta is not None:
            out += beta.ravel()
    return y, x_hat, inverse


@np.errstate(invalid="ignore")
def _backward(dy, x_hat, inverse, gamma, centre: bool):
    """Return dx, dgamma and dbeta, the last two as rows."""
    n, d = dy.shape
    dx, (dgamma, dbeta) = (
        np.empty((n, d), dy.dtype),
        np.zeros((2, d), dy.dtype),
    )
    gamma = _as_row(gamma, d, dy.dtype)
    for part in row_pieces(dy):
        upstream, hat, out = dy[part], x_hat[part], dx[part]
        product = upstream * hat
        ones = np.ones(len(hat), dy.dtype)
        dgamma += ones @ product
        dbeta += ones @ upstream
        np.multiply(upstream, gamma, out=out)
        if centre:
            out -= (upstream @ (gamma / d))[:, None]
        mean = (product @ (gamma / d))[:, None]
        out -= np.multiply(hat, mean, out=product)
        out *= inverse[part]
    return dx, dgamma, dbeta


@np.errstate(over="ignore", invalid="ignore")
def _normalise(rows, eps: float, centre: bool, out: np.ndarray):
    """Write the rows divided by the root; return 1 / root as a column."""
    centred = _centre(rows, out) if centre else rows
    mean_square = row_dots(centred, centred) / rows.shape[1]
    inverse = (1 / np.sqrt(mean_square + eps)).astype(rows.dtype)[:, None]
    np.multiply(centred, inverse, out=out)
    info = np.finfo(rows.dtype)
    low = float(info.tiny) / float(info.eps)  # below it, squares lose digits
    if not (low < mean_square.min() and mean_square.max() < math.inf):
        extreme = ~((low < mean_square) & (mean_square < math.inf))
        redone = _normalised_at_size_one(rows[extreme], eps, centre)
        out[extreme], inverse[extreme] = redone
    return inverse


def _normalised_at_size_one(rows: np.ndarray, eps: float, centre: bool):
    """Do the same for rows whose squares would leave the range of floats."""
    size = magnitude(rows, axis=1)
    unit = rows / size
    if centre:
        unit = _centre(unit, out=np.empty_like(unit))
    rms = np.sqrt(row_dots(unit, unit) / rows.shape[1])[:, None]
    root = np.hypot(rms * size, math.sqrt(eps))
    # A constant row is 0 times this, and 0 times infinity would be NaN.
    factor = np.minimum(size / root, np.finfo(root.dtype).max)
    return unit * factor, 1 / root


def _centre(rows: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Take off the mean of each row, and then what its rounding left over.

    A float32 mean would do harm: beside an outlier, its own rounding is as
    large as the other entries.
    """
    wide = np.promote_types(rows.dtype, np.float64)
    mean = rows.sum(axis=1, dtype=wide, keepdims=True) / rows.shape[1]
    rounded = mean.astype(rows.dtype, copy=False)
    np.subtract(rows, rounded, out=out)
    if rows.dtype == wide:
        out -= out.mean(axis=1, keepdims=True)
    else:
        out -= (mean - rounded).astype(rows.dtype)
    return out


def _as_row(gamma, d: int, dtype) -> np.ndarray:
    """Return the scale of each entry of a row, 1 if there is none."""
    return np.ones(d, dtype) if gamma is None else gamma.ravel().astype(dtype)


def _shaped(total: np.ndarray, parameter) -> np.ndarray | None:
    """Return a gradient like its parameter, None if that was not given."""
    if parameter is None:
        return None
    return total.reshape(parameter.shape).astype(parameter.dtype, copy=False)


def _rows(x: np.ndarray, axis) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return `x` as a matrix of its rows, and the shape of a row in `x`."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    whole = all(isinstance(a, numbers.Integral) for a in axes)
    named = {a - x.ndim if a >= 0 else a for a in axes} if whole else None
    if not 0 < len(axes) <= x.ndim or named != set(range(-len(axes), 0)):
        raise ValueError(
            "axis must name the last axes of x, such as -1 or (-2, -1), got "
            f"{axis!r} for shape {x.shape}"
        )
    row_shape = x.shape[-len(axes) :]
    if 0 in row_shape:
        raise ValueError(
            f"x must hold at least one entry a row, got shape {x.shape}"
        )
    rows = x.reshape(-1, math.prod(row_shape))
    return rows.astype(work_dtype(x.dtype), copy=False), row_shape


def _parameter(values, name: str, row_shape: tuple[int, ...]):
    if values is None:
        return None
    values = as_float_array(values, name)
    if values.shape != row_shape:
        raise ValueError(
            f"{name} must have the shape of a row, {row_shape}, got "
            f"{values.shape}"
        )
    return values
