"""A layer that changes nothing, and charges for what passes through it."""

import numpy as np

from nnreg._checks import as_upstream
from nnreg.activity import activity_penalty
from nnreg.nn.layer import Layer
from nnreg.penalties import Penalty


class ActivityPenalty(Layer):
    """Penalise the output of the layer before; see `nnreg.activity_penalty`.

    The penalty is that of the last forward pass.

    Parameters
    ----------
    penalty : Penalty
        Of what the layer before says of one row; the layer takes the mean
        over the batch.

    Raises
    ------
    TypeError
        If `penalty` is no penalty.

    Examples
    --------
    >>> from nnreg import L1
    >>> layer = ActivityPenalty(L1(0.5))
    >>> layer.forward([[1.0, -2.0], [0.0, 3.0]])
    array([[ 1., -2.],
           [ 0.,  3.]])
    >>> layer.penalty()
    1.5
    >>> layer.backward(np.zeros((2, 2)))
    array([[ 0.25, -0.25],
           [ 0.  ,  0.25]])
    """

    def __init__(self, penalty: Penalty):
        super().__init__()
        if not isinstance(penalty, Penalty):
            raise TypeError(f"penalty must be a Penalty, got {penalty!r}")
        self._activity, self._value = penalty, 0.0

    def forward(self, x, training: bool = False) -> np.ndarray:
        """Return a copy of `x`, and note what it costs."""
        self._value, self._cache = activity_penalty(x, self._activity)
        return np.array(x, self._cache.dtype)

    def backward(self, dy) -> np.ndarray:
        """Return `dy` plus the gradient of the penalty."""
        dh = self._last_pass()
        return as_upstream(dy, dh.shape, dh.dtype) + dh

    def penalty(self) -> float:
        """Return the mean penalty of the rows of the last forward pass."""
        return self._value

    def _described(self) -> dict:
        return {"penalty": self._activity}
