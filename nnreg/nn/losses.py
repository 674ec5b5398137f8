"""Data losses: means over the batch, and their gradients with respect to the model's output.

``forward(z, y)`` returns the loss as a number; ``backward()`` returns the
gradient for the same `z` and `y`; ``accuracy()`` the share of rows that the
same `z` gets right.
"""

import numpy as np

from nnreg._checks import as_float_array, as_labels


class SoftmaxCrossEntropy:
    r"""Softmax and cross-entropy in one: :math:`-\frac1n \sum_i \log q_{i,y_i}`.

    Here :math:`q_i` is the softmax of the row :math:`z_i` of logits. The
    gradient is :math:`(q - \text{onehot}(y)) / n`.

    Raises
    ------
    ValueError
        If `z` is not (n, k) with n at least 1, `y` is not (n,), or a label is
        not below k.
    TypeError
        If `y` does not hold integers.

    References ---------- Kinsley and Kukieła (2020), *Neural Networks from
    Scratch in Python*, ch. 9.

    Examples
    --------
    >>> loss = SoftmaxCrossEntropy()
    >>> round(loss.forward([[0.0, 0.0], [2.0, 0.0]], [1, 0]), 4)
    0.41
    >>> loss.backward().round(2)
    array([[ 0.25, -0.25],
           [-0.06,  0.06]])
    >>> loss.accuracy()
    0.5
    """

    # With few classes and many rows, NumPy is several times faster along the
    # long axis: hence everything here is class-major, shape (k, n), and turned
    # back at the end.

    def forward(self, z, y) -> float:
        """Return the mean loss of the logits `z`, shape (n, k), for the labels `y`, shape (n,)."""
        z = as_float_array(z, "z")
        if z.ndim != 2 or 0 in z.shape:
            raise ValueError(
                f"z must have shape (n, k) with n, k >= 1, got {z.shape}"
            )
        n, k = z.shape
        self._y = y = as_labels(y, n, k)
        self._logits = logits = np.array(z.T, order="C")
        self._onehot = (y == np.arange(k)[:, None]).astype(z.dtype)
        logits -= logits.max(axis=0)
        self._exp = np.exp(logits)
        self._total = self._exp.sum(axis=0)
        return (
            float(np.log(self._total).sum() - np.vdot(self._onehot, logits))
            / n
        )

    def backward(self) -> np.ndarray:
        """Return the gradient with respect to `z`, shape (n, k)."""
        dz = self._exp / self._total
        dz -= self._onehot
        dz /= dz.shape[1]
        return dz.T

    def accuracy(self) -> float:
        """Return the share of rows whose largest logit is the label's."""
        return float(np.mean(self._logits.argmax(axis=0) == self._y))


class BinaryCrossEntropy:
    r"""Sigmoid and binary cross-entropy in one, from logits.

    The loss is the mean of :math:`\log(1 + e^{z}) - y z`, over the batch and
    the outputs; its gradient is :math:`(\sigma(z) - y)` over the number of
    entries.

    Raises
    ------
    ValueError
        If `z` is empty, `y` has another shape, or a target is outside [0, 1].

    References ---------- Kinsley and Kukieła (2020), *Neural Networks from
    Scratch in Python*, ch. 16.

    Examples
    --------
    >>> loss = BinaryCrossEntropy()
    >>> round(loss.forward([[0.0], [2.0]], [[1], [0]]), 4)
    1.41
    >>> loss.backward().round(2)
    array([[-0.25],
           [ 0.44]])
    """

    def forward(self, z, y) -> float:
        """Return the mean loss of the logits `z` for the targets `y`, in the same shape."""
        self._z, self._y = z, y = _pair(z, y)
        if y.min() < 0 or y.max() > 1:
            raise ValueError(
                f"y must be in [0, 1], got {y.min()} to {y.max()}"
            )
        return float(
            np.mean(np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z))))
        )

    def backward(self) -> np.ndarray:
        """Return the gradient with respect to `z`."""
        sigmoid = (1 + np.tanh(self._z / 2)) / 2
        return (sigmoid - self._y) / self._z.size

    def accuracy(self) -> float:
        """Return the share of entries on the right side of one half."""
        return float(np.mean((self._z > 0) == (self._y > 0.5)))


class MeanSquaredError:
    r"""The mean of :math:`(z - y)^2` over the batch and the outputs, without a factor ½.

    Raises
    ------
    ValueError
        If `z` is empty or `y` has another shape.

    Examples
    --------
    >>> loss = MeanSquaredError()
    >>> loss.forward([[1.0], [2.0]], [[0.0], [4.0]])
    2.5
    >>> loss.backward()
    array([[ 1.],
           [-2.]])
    """

    def forward(self, z, y) -> float:
        """Return the mean squared difference of `z` and `y`, in the same shape."""
        z, y = _pair(z, y)
        self._difference = z - y
        return float(np.mean(self._difference**2))

    def backward(self) -> np.ndarray:
        """Return the gradient with respect to `z`."""
        return self._difference * (2 / self._difference.size)

    def accuracy(self) -> None:
        """Return None: a regression has no accuracy."""
        return None


def _pair(z, y) -> tuple[np.ndarray, np.ndarray]:
    z = as_float_array(z, "z")
    y = as_float_array(y, "y").astype(z.dtype, copy=False)
    if z.shape != y.shape or z.size == 0:
        raise ValueError(
            f"z and y must share one shape that is not empty, got {z.shape}, {y.shape}"
        )
    return z, y
