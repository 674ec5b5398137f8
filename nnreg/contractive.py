r"""The contractive penalty: a price on how far a layer's output can move.

.. math:: \frac{\lambda}{n} \sum_{i=1}^{n}
          \left\lVert \frac{\partial h}{\partial x}(x_i) \right\rVert_F^2,
          \qquad h = s(x W + b)

Each unit has a slope :math:`s'(z_j)` for all inputs, so that the squared norm
of the Jacobian is :math:`\sum_j s'(z_j)^2 \sum_k W_{kj}^2`.
"""

import numpy as np

from nnreg._checks import as_float_array, check_real


def contractive_penalty(
    W, b, x, lam: float, activation: str = "sigmoid"
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the penalty of a layer on a batch, and its gradients.

    Parameters
    ----------
    W : array_like, shape (d, k)
    b : array_like, shape (k,)
    x : array_like, shape (n, d)
        Rows, at which the slopes are taken.
    lam : float
        Strength, >= 0.
    activation : {"sigmoid", "tanh", "relu"}

    Returns
    -------
    value : float
    dW, db : ndarray
        In the shapes and dtypes of `W` and `b`.

    Raises
    ------
    ValueError
        If shapes do not match, there is no row, `lam` is negative or not
        finite, or `activation` is another one.
    TypeError
        If an array does not hold real numbers, or `lam` is not a number.

    References
    ----------
    Rifai et al. (2011), "Contractive auto-encoders: explicit invariance during
    feature extraction". Derived in chapter 9.

    Examples
    --------
    >>> W, b, x = [[2.0], [1.0]], [0.0], [[0.0, 0.0]]
    >>> value, dW, db = contractive_penalty(W, b, x, lam=1.0)
    >>> value
    0.3125
    >>> dW
    array([[0.25 ],
           [0.125]])
    """
    W, b, x = (as_float_array(*a) for a in ((W, "W"), (b, "b"), (x, "x")))
    lam = check_real(lam, "lam")
    if W.ndim != 2 or b.shape != W.shape[1:] or x.shape[1:] != W.shape[:1]:
        raise ValueError(
            "x must have shape (n, d), W (d, k) and b (k,), got "
            f"{x.shape}, {W.shape} and {b.shape}"
        )
    if not len(x):
        raise ValueError(f"x must hold at least one row, got shape {x.shape}")
    if activation not in list(_SLOPES):
        raise ValueError(
            f"activation must be one of {', '.join(_SLOPES)}, got "
            f"{activation!r}"
        )
    # Squares of a small slope leave the range of a narrow type.
    wide_W, wide_b, wide_x = (a.astype(np.float64) for a in (W, b, x))
    slope, bend = _SLOPES[activation](wide_x @ wide_W + wide_b)
    lengths = np.square(wide_W).sum(axis=0)
    value = lam * float(np.mean(np.square(slope) @ lengths))
    dz = 2 * lam / len(x) * slope * bend * lengths
    dW = wide_x.T @ dz
    dW += 2 * lam * wide_W * np.mean(np.square(slope), axis=0)
    return value, dW.astype(W.dtype), dz.sum(axis=0).astype(b.dtype)


def _sigmoid_slopes(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    t = np.exp(-np.abs(z))  # never overflows, and keeps its digits far out
    slope = t / (1 + t) ** 2
    return slope, -slope * np.tanh(z / 2)


def _tanh_slopes(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    slope, _ = _sigmoid_slopes(2 * z)
    slope *= 4
    return slope, -2 * slope * np.tanh(z)


def _relu_slopes(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.where(z > 0, 1.0, 0.0), np.zeros_like(z)


# Slope and bend (first and second derivative), by the activation's name.
_SLOPES = {
    "sigmoid": _sigmoid_slopes,
    "tanh": _tanh_slopes,
    "relu": _relu_slopes,
}
