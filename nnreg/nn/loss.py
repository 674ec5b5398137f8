"""What a data loss is: a mean over the batch, and its gradient.

``forward(z, y)`` returns the loss as a number; ``backward()`` returns the
gradient with respect to the model's output `z`, for the same `z` and `y`;
``accuracy()`` the share of rows that the same `z` gets right.
"""

from abc import ABC, abstractmethod

import numpy as np

from nnreg.nn._described import Described


class Loss(Described, ABC):
    """What all data losses share. To write your own, give these three.

    Examples
    --------
    >>> class MeanAbsoluteError(Loss):
    ...     def forward(self, z, y):
    ...         self.difference = z - y
    ...         return float(np.mean(np.abs(self.difference)))
    ...
    ...     def backward(self):
    ...         return np.sign(self.difference) / self.difference.size
    >>> MeanAbsoluteError().forward(np.array([[1.0]]), np.array([[3.0]]))
    2.0
    """

    _cache = None

    @abstractmethod
    def forward(self, z, y) -> float:
        """Return the mean loss of the outputs `z` for the targets `y`."""

    @abstractmethod
    def backward(self) -> np.ndarray:
        """Return the gradient with respect to `z`, in its shape."""

    def accuracy(self) -> float | None:
        """Return the share of right answers; None for a regression."""
        return None

    def _last_pass(self):
        if self._cache is None:
            raise RuntimeError(
                f"{type(self).__name__} needs a forward pass first: call "
                "forward(z, y) before backward or accuracy"
            )
        return self._cache
