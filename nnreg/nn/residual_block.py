"""A block with a road round it."""

import numpy as np

from nnreg.nn.sequential import Sequential
from nnreg.residual import residual_backward, residual_forward


class Residual(Sequential):
    """Layers one after the other, and their input added to their output.

    Parameters
    ----------
    layers : list of Layer
        Together they must keep the shape of their input. Put a `LayerNorm`
        first for a pre-norm block; after the block, for a post-norm one.

    Raises
    ------
    TypeError
        If an entry of `layers` is not a `Layer`, or the layers' dtypes differ.
    ValueError
        If a layer stands in the list twice, or the layers change the shape of
        an input.

    References
    ----------
    He et al. (2016), "Deep residual learning for image recognition". Derived
    in chapter 15.

    Examples
    --------
    >>> from nnreg.nn import Dense
    >>> block = Residual([Dense(2, 2, rng=0, scale=0.0)])
    >>> block.forward([[1.0, 2.0]])
    array([[1., 2.]])
    >>> block.backward([[3.0, 4.0]])
    array([[3., 4.]])
    """

    def forward(self, x, training: bool = False) -> np.ndarray:
        """Return `x` plus what the layers make of it."""
        y, self._cache = residual_forward(
            x, lambda x: (self._through(x, training), None)
        )
        return y

    def backward(self, dy) -> np.ndarray:
        """Return the sum of the gradients on both roads."""
        return residual_backward(
            dy, self._last_pass(), lambda dy, _: self._back_through(dy)
        )
