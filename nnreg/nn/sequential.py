"""The model: layers one after the other, with all their parameters in one flat vector."""

import numpy as np

from nnreg.nn.layers import Layer


class Sequential(Layer):
    """Layers one after the other; the parameters of all of them lie in one flat vector.

    Attributes
    ----------
    layers : list of Layer
    theta, dtheta : ndarray
        All parameters and all their gradients, flat. Each layer's `params` and
        `grads` are views of them, so that an optimiser needs one line for the
        whole model.
    params, grads : dict
        The same views under names such as ``"0.W"``.

    Raises
    ------
    TypeError
        If an entry of `layers` is not a `Layer`, or the layers' dtypes differ.
    ValueError
        If a layer stands in the list twice, at any depth: it keeps one input,
        and would mix the two up.

    Examples
    --------
    >>> from nnreg.nn import Dense, ReLU
    >>> model = Sequential([Dense(2, 4, rng=0), ReLU(), Dense(4, 3, rng=1)])
    >>> model.theta.shape
    (27,)
    >>> model.forward(np.ones((5, 2))).shape
    (5, 3)
    """

    def __init__(self, layers: list[Layer]):
        super().__init__()
        self.layers = list(layers)
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise TypeError(f"layers must hold layers, got {layer!r}")
        leaves = [id(leaf) for leaf in self._leaves()]
        if len(set(leaves)) < len(leaves):
            raise ValueError("layers must not hold the same layer twice")
        dtypes = {
            param.dtype
            for layer in self.layers
            for param in layer.params.values()
        }
        if len(dtypes) > 1:
            raise TypeError(
                f"layers must share one dtype, got {sorted(map(str, dtypes))}"
            )
        theta = np.empty(self._size(), dtypes.pop() if dtypes else np.float64)
        self._bind(theta, np.empty_like(theta))

    def forward(self, x, training: bool = False) -> np.ndarray:
        """Return the last layer's output."""
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def backward(self, dy) -> np.ndarray:
        """Go through the layers from last to first; return the gradient of the input."""
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def penalty(self) -> float:
        """Return the sum of the layers' penalties."""
        return sum(layer.penalty() for layer in self.layers)

    def project(self) -> None:
        """Move the parameters, in place, to where the layers' constraints allow them."""
        for layer in self.layers:
            layer.project()

    def __setstate__(self, state: dict) -> None:
        # Copies and unpickled models hold each array on its own: make them
        # views again.
        self.__dict__.update(state)
        self._bind(self.theta, self.dtheta)

    def _leaves(self):
        for layer in self.layers:
            if isinstance(layer, Sequential):
                yield from layer._leaves()
            else:
                yield layer

    def _check_views(self) -> None:
        """Raise if a parameter has left `theta`: a step would then change nothing."""
        if self.theta is not self._bound:
            raise ValueError(
                "theta must stay one array: write into it, as in theta[:] = start"
            )
        for number, layer in enumerate(self.layers):
            if isinstance(layer, Sequential):
                layer._check_views()
            for name, view in layer.params.items():
                if view is not self.params.get(f"{number}.{name}"):
                    raise ValueError(
                        f"parameter {number}.{name} must stay a view of theta: write into it, as "
                        'in params["W"][...] = 0, and build one model alone from a layer'
                    )

    def _bind(self, theta: np.ndarray, dtheta: np.ndarray) -> None:
        self.theta, self.dtheta, self._bound = theta, dtheta, theta
        start = 0
        for number, layer in enumerate(self.layers):
            stop = start + layer._size()
            layer._bind(theta[start:stop], dtheta[start:stop])
            start = stop
            for own, views in (
                (self.params, layer.params),
                (self.grads, layer.grads),
            ):
                own.update(
                    {f"{number}.{name}": view for name, view in views.items()}
                )

    def _size(self) -> int:
        return sum(layer._size() for layer in self.layers)
