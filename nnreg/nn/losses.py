"""Data losses: cross-entropy of logits, and squared errors.

Values and gradients keep their digits however large the logits are.
"""

import numpy as np

from nnreg._arithmetic import work_dtype
from nnreg._checks import as_float_array, as_labels, check_real
from nnreg.nn.activations import sigmoid
from nnreg.nn.loss import Loss


class SoftmaxCrossEntropy(Loss):
    r"""Softmax and cross-entropy: :math:`-\frac1n \sum_i \log q_{i,y_i}`.

    Here :math:`q_i` is the softmax of the row :math:`z_i` of logits. The
    gradient is :math:`(q - \text{onehot}(y)) / n`. A logit of
    :math:`-\infty` masks its class.

    With label smoothing s the target is no longer all on the label: a share s
    of it is spread evenly over the k classes,
    :math:`t = (1 - s)\,\text{onehot}(y) + s / k`.

    Parameters
    ----------
    label_smoothing : float
        The share s, in [0, 1].

    Raises
    ------
    ValueError
        If `z` is not (n, k) with n at least 1, `y` is not (n,), a label is not
        below k, or `label_smoothing` is outside [0, 1].
    TypeError
        If `y` does not hold integers.
    RuntimeError
        If `backward` or `accuracy` is called before `forward`.

    References
    ----------
    Kinsley and Kukieła (2020), *Neural Networks from Scratch in Python*, ch.
    9; Szegedy et al. (2016), "Rethinking the Inception architecture for
    computer vision", section 7. Derived in chapter 1; smoothing in chapter 8.

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

    def __init__(self, label_smoothing: float = 0.0):
        smoothing = check_real(label_smoothing, "label_smoothing", 0.0, 1.0)
        self.label_smoothing = smoothing

    # With few classes and many rows, NumPy is several times faster along the
    # long axis: hence everything here is class-major, shape (k, n), and turned
    # back at the end.

    def forward(self, z, y) -> float:
        """Return the mean loss: `z` has shape (n, k), the labels `y` (n,)."""
        z = as_float_array(z, "z")
        if z.ndim != 2 or 0 in z.shape:
            raise ValueError(
                f"z must have shape (n, k) with n, k >= 1, got {z.shape}"
            )
        n, k = z.shape
        y = as_labels(y, n, k)
        logits = np.array(z.T, dtype=work_dtype(z.dtype), order="C")
        logits, exp = _shifted(logits)
        at_label = y * n + np.arange(n)  # in the flattened (k, n) arrays
        flat = exp.ravel()  # a view
        own = flat[at_label]
        flat[at_label] = 0
        others = exp.sum(axis=0)
        total = own + others
        self._cache = logits, exp, own, others, at_label, y, z.dtype
        # What the rounding of the sum has cut off counts where the label is
        # almost certain: the loss is then smaller than the last digit of 1.
        cut_off = (own - total) + others
        losses = np.log(total) + cut_off / total - logits.take(at_label)
        if self.label_smoothing:
            even = np.log(total) - logits.mean(axis=0)  # the mean of -log q
            losses *= 1 - self.label_smoothing
            losses += self.label_smoothing * even
        return float(losses.sum(dtype=np.float64)) / n

    def backward(self) -> np.ndarray:
        """Return the gradient with respect to `z`, shape (n, k)."""
        _, exp, own, others, at_label, _, dtype = self._last_pass()
        total = own + others
        dz = exp / total
        # The label's q - 1 is minus the sum of the other q: nothing cancels.
        flat = dz.ravel()
        flat[at_label] = -others / total
        if self.label_smoothing:
            dz -= self.label_smoothing / len(dz)
            flat[at_label] += self.label_smoothing
        dz /= dz.shape[1]
        return dz.T.astype(dtype, copy=False)

    def accuracy(self) -> float:
        """Return the share of rows whose largest logit is the label's."""
        logits, exp, own, _, _, y, _ = self._last_pass()
        right = own == 1
        # Of several largest logits the first one counts.
        tied = right & (exp.max(axis=0) == 1)
        if tied.any():
            right[tied] = logits[:, tied].argmax(axis=0) == y[tied]
        return float(np.count_nonzero(right) / len(y))


class BinaryCrossEntropy(Loss):
    r"""Sigmoid and binary cross-entropy in one, from logits.

    The loss is the mean of :math:`\log(1 + e^{z}) - y z`, over the batch and
    the outputs; its gradient is :math:`(\sigma(z) - y)` over the number of
    entries.

    Raises
    ------
    ValueError
        If `z` is empty, `y` has another shape, or a target is outside [0, 1].
    RuntimeError
        If `backward` or `accuracy` is called before `forward`.

    References
    ----------
    Kinsley and Kukieła (2020), *Neural Networks from Scratch in Python*, ch.
    16.

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
        """Return the mean loss of the logits `z` for the targets `y`."""
        z, y, dtype = _pair(z, y)
        if not (y.min() >= 0 and y.max() <= 1):
            raise ValueError(
                f"y must be in [0, 1], got {y.min()} to {y.max()}"
            )
        self._cache = z, y, dtype
        # On its own side a logit costs little, on the other its whole size:
        # written so that nothing cancels, and a sure answer may be infinite.
        size, wrong = np.abs(z), np.where(z > 0, 1 - y, y)
        far = np.multiply(size, wrong, where=wrong > 0, out=np.zeros_like(z))
        return float((far + np.log1p(np.exp(-size))).mean(dtype=np.float64))

    def backward(self) -> np.ndarray:
        """Return the gradient with respect to `z`."""
        z, y, dtype = self._last_pass()
        # sigmoid(z) - y, without the cancellation where both are almost 1, or
        # both almost one half.
        tail = sigmoid(-np.abs(z))
        far = np.where(z > 0, (1 - y) - tail, tail - y)
        near = np.tanh(z / 2) / 2 + (0.5 - y)
        dz = np.where(np.abs(z) < 1, near, far) / z.size
        return np.asarray(dz).astype(dtype, copy=False)

    def accuracy(self) -> float:
        """Return the share of entries on the right side of one half."""
        z, y, _ = self._last_pass()
        return float((((z > 0) == (y > 0.5)) & ~np.isnan(z)).mean())


class MeanSquaredError(Loss):
    r"""The mean of :math:`(z - y)^2`, without a factor ½.

    Over the batch and the outputs.

    Raises
    ------
    ValueError
        If `z` is empty or `y` has another shape.
    RuntimeError
        If `backward` is called before `forward`.

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
        """Return the mean squared difference of `z` and `y`."""
        z, y, dtype = _pair(z, y)
        difference = np.asarray(z - y)
        self._cache = difference, dtype
        return float(np.square(difference, dtype=np.float64).mean())

    def backward(self) -> np.ndarray:
        """Return the gradient with respect to `z`."""
        difference, dtype = self._last_pass()
        dz = difference * (2 / difference.size)
        return np.asarray(dz).astype(dtype, copy=False)


def _shifted(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return ``logits - max`` for each column, and its exponential.

    A logit far below the largest loses digits in the difference, which the
    exponential turns into a relative error many times as large: what was lost
    is worked out, and put back as a factor.
    """
    top = logits.max(axis=0)
    with np.errstate(invalid="ignore"):  # -inf - -inf: a masked class
        shifted = logits - top
        minus_top = shifted - logits  # as the rounding saw it
        lost = shifted - minus_top
        np.subtract(logits, lost, out=lost)
        minus_top += top
        lost -= minus_top
    np.fmax(lost, -1, out=lost)  # a masked class stays at 0, and not NaN
    exp = np.exp(shifted, out=minus_top)
    lost *= exp
    exp += lost
    return shifted, exp


def _pair(z, y) -> tuple[np.ndarray, np.ndarray, np.dtype]:
    """Return both to be worked with, and the dtype that `z` came in."""
    z = as_float_array(z, "z")
    work = work_dtype(z.dtype)
    y = as_float_array(y, "y")
    if z.shape != y.shape or z.size == 0:
        raise ValueError(
            "z and y must share one shape that is not empty, got "
            f"{z.shape}, {y.shape}"
        )
    return z.astype(work, copy=False), y.astype(work, copy=False), z.dtype
