r"""Activity penalties: a price on what a layer says, not on what it weighs.

.. math:: \frac1n \sum_{i=1}^{n} \Omega(h_i)

with any penalty :math:`\Omega` of the package, and :math:`h_i` what the layer
says of row i. A mean over the batch, as the data loss is one: twice as many
rows do not make it twice as dear.
"""

import numpy as np

from nnreg._arithmetic import work_dtype
from nnreg._checks import as_float_array
from nnreg.penalties import Penalty


def activity_penalty(h, penalty: Penalty) -> tuple[float, np.ndarray]:
    """Return the mean penalty of the rows of `h`, and its gradient.

    Parameters
    ----------
    h : array_like, shape (n, ...)
        What a layer says of n rows.
    penalty : Penalty
        Of one row: ``L1(lam)`` for the sum of the absolute values,
        ``L2(lam)`` for that of the squares, ``L2Norm(lam)`` for its root.

    Returns
    -------
    value : float
    dh : ndarray
        In the shape and dtype of `h`.

    Raises
    ------
    ValueError
        If there is no row.
    TypeError
        If `h` does not hold real numbers, or `penalty` is no penalty.

    References
    ----------
    Olshausen and Field (1996), "Emergence of simple-cell receptive field
    properties by learning a sparse code for natural images". Derived in
    chapter 8.

    Examples
    --------
    >>> from nnreg import L1
    >>> value, dh = activity_penalty([[1.0, -2.0], [0.0, 3.0]], L1(0.5))
    >>> value
    1.5
    >>> dh
    array([[ 0.25, -0.25],
           [ 0.  ,  0.25]])
    """
    h = as_float_array(h, "h")
    if not isinstance(penalty, Penalty):
        raise TypeError(f"penalty must be a Penalty, got {penalty!r}")
    if h.ndim == 0 or not len(h):
        raise ValueError(f"h must hold at least one row, got shape {h.shape}")
    value, dh = penalty.on_rows(h.astype(work_dtype(h.dtype), copy=False))
    return value / len(h), np.asarray(dh / len(h)).astype(h.dtype, copy=False)
