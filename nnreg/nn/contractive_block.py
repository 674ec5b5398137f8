"""A layer and its activation, which charge for how far they can move."""

import numpy as np

from nnreg._checks import as_float_array, check_real
from nnreg.contractive import contractive_penalty
from nnreg.nn.activations import ReLU, Sigmoid, Tanh
from nnreg.nn.dense import Dense
from nnreg.nn.layer import Layer
from nnreg.nn.sequential import Sequential

ACTIVATIONS = {Sigmoid: "sigmoid", Tanh: "tanh", ReLU: "relu"}


class Contractive(Sequential):
    """A dense layer and its activation; see `nnreg.contractive_penalty`.

    The penalty is that of the rows of the last forward pass. Its gradient
    reaches the layer's weights and biases, and not what lies before it: the
    block is meant to stand first in a model.

    Parameters
    ----------
    layers : list of Layer
        A `Dense`, and a `Sigmoid`, `Tanh` or `ReLU`.
    lam : float
        Strength, >= 0.

    Raises
    ------
    TypeError
        If `layers` holds others.
    ValueError
        If `lam` is negative or not finite.

    Examples
    --------
    >>> encoder = Contractive([Dense(2, 1, rng=0), Sigmoid()], lam=1.0)
    >>> encoder.params["0.W"][...] = [[2.0], [1.0]]
    >>> encoder.forward([[0.0, 0.0]])
    array([[0.5]])
    >>> encoder.penalty()
    0.3125
    """

    def __init__(self, layers: list[Layer], lam: float):
        kinds = [type(layer) for layer in layers]
        if len(kinds) != 2 or kinds[0] is not Dense:
            kinds = [None, None]
        if kinds[1] not in ACTIVATIONS:
            raise TypeError(
                "layers must hold a Dense and then a Sigmoid, Tanh or ReLU, "
                f"got {layers!r}"
            )
        super().__init__(layers)
        self.lam, self._value = check_real(lam, "lam"), 0.0

    def forward(self, x, training: bool = False) -> np.ndarray:
        """Return the code of the rows of `x`, and note what it costs."""
        dense, activation = self.layers
        W, b = dense.params["W"], dense.params["b"]
        y = super().forward(x, training)
        rows = as_float_array(x, "x").reshape(-1, len(W))
        self._value, *self._cache = contractive_penalty(
            W, b, rows, self.lam, ACTIVATIONS[type(activation)]
        )
        return y

    def backward(self, dy) -> np.ndarray:
        """Go back through both, and add the penalty's gradient."""
        dW, db = self._last_pass()
        dx = super().backward(dy)
        self.grads["0.W"] += dW
        self.grads["0.b"] += db
        return dx

    def penalty(self) -> float:
        """Return the layers' penalties and that of the last forward pass."""
        return super().penalty() + self._value
