"""The model: layers in a row, all their parameters in one flat vector."""

import numpy as np

from nnreg._checks import check_parameter_dtype, check_state
from nnreg.nn.dense import Dense
from nnreg.nn.layer import Layer


class Sequential(Layer):
    """Layers one after the other; all parameters lie in one flat vector.

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
        If an entry of `layers` is not a `Layer`, the layers' dtypes differ, or
        parameters are narrower than float32.
    ValueError
        If a layer stands in the list twice, at any depth: it keeps one input,
        and would mix the two up.

    Examples
    --------
    >>> from nnreg.nn import Dense, ReLU
    >>> model = Sequential([Dense(2, 4, rng=0), ReLU(), Dense(4, 3, rng=1)])
    >>> model
    Sequential([
        Dense(n_in=2, n_out=4),
        ReLU(),
        Dense(n_in=4, n_out=3),
    ])
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
            if not hasattr(layer, "params"):
                raise TypeError(
                    f"{type(layer).__name__}.__init__ must begin with "
                    "super().__init__()"
                )
        leaves = [id(leaf) for leaf in self._leaves()]
        if len(set(leaves)) < len(leaves):
            raise ValueError("layers must not hold the same layer twice")
        dtypes = {
            check_parameter_dtype(param.dtype)
            for layer in self.layers
            for param in layer.params.values()
        }
        if len(dtypes) > 1:
            names = sorted(map(str, dtypes))
            raise TypeError(f"layers must share one dtype, got {names}")
        dtype = dtypes.pop() if dtypes else np.float64
        theta = np.empty(self.n_parameters(), dtype)
        self.bind(theta, np.empty_like(theta))

    def forward(self, x, training: bool = False) -> np.ndarray:
        """Return the last layer's output, as an array of your own."""
        return np.array(self._through(x, training))

    def backward(self, dy) -> np.ndarray:
        """Go through the layers from last to first; return the gradient."""
        return np.array(self._back_through(dy))

    def learn(self, dy) -> None:
        """Go backward for the parameters alone, as `fit` does.

        Nobody asks for the gradient of the rows, and it would cost the first
        layer as much as that of its weights. Only a `Dense` can leave it out;
        a subclass with a `backward` of its own may need it.
        """
        first = self.layers[0] if self.layers else self
        if (type(self).backward, type(first).backward) != (
            Sequential.backward,
            Dense.backward,
        ):
            self.backward(dy)
            return
        first.learns_only = True
        try:
            self._back_through(dy)
        finally:
            first.learns_only = False

    def penalty(self) -> float:
        """Return the sum of the layers' penalties."""
        return sum(layer.penalty() for layer in self.layers)

    def remove_penalty_gradients(self) -> None:
        """Take the penalties' gradients out of `dtheta` again, once."""
        for layer in self.layers:
            layer.remove_penalty_gradients()

    def prox(self, step: float) -> None:
        """Take the proximal step of each penalty, in place."""
        for layer in self.layers:
            layer.prox(step)

    def project(self) -> None:
        """Move the parameters, in place, to where constraints allow them."""
        for layer in self.layers:
            layer.project()

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return copies of all parameters and buffers, as in ``"0.W"``."""
        return {
            f"{number}.{name}": array
            for number, layer in enumerate(self.layers)
            for name, array in layer.state_dict().items()
        }

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Write a `state_dict` back, in place.

        Raises
        ------
        ValueError
            If the names or a shape differ from the model's own.
        """
        check_state(state, self.state_dict())
        for number, layer in enumerate(self.layers):
            start = f"{number}."
            layer.load_state_dict(
                {
                    name.removeprefix(start): array
                    for name, array in state.items()
                    if name.startswith(start)
                }
            )

    def bind(self, theta: np.ndarray, dtheta: np.ndarray) -> None:
        """Move parameters and gradients into flat vectors, as views.

        Two models that are bound to the same vectors share their parameters:
        whichever is trained, both are.
        """
        self.theta, self.dtheta = theta, dtheta
        start = 0
        for number, layer in enumerate(self.layers):
            stop = start + layer.n_parameters()
            layer.bind(theta[start:stop], dtheta[start:stop])
            start = stop
            for own, views in (
                (self.params, layer.params),
                (self.grads, layer.grads),
            ):
                own.update(
                    {f"{number}.{n}": view for n, view in views.items()}
                )

    def n_parameters(self) -> int:
        """Return how many numbers the parameters hold."""
        return sum(layer.n_parameters() for layer in self.layers)

    def check_views(self) -> None:
        """Raise if a parameter or a gradient has left its flat vector.

        A step of the optimiser would then change nothing, without a word.

        Raises
        ------
        ValueError
            If one has; the message names it.
        """
        for number, layer in enumerate(self.layers):
            for vector, own, views in (
                ("theta", self.params, layer.params),
                ("dtheta", self.grads, layer.grads),
            ):
                flat = getattr(self, vector)
                for name in layer.params:
                    full = f"{number}.{name}"
                    for view in (own.get(full), views.get(name)):
                        if view is None or not _lies_in(view, flat):
                            raise ValueError(_astray(full, vector))
            if isinstance(layer, Sequential):
                layer.check_views()

    def _through(self, x, training: bool) -> np.ndarray:
        for layer in self.layers:
            x = layer.forward(x, training)
        return x

    def _back_through(self, dy) -> np.ndarray:
        for layer in reversed(self.layers):
            layer._penalised = not layer.penalties
            dy = layer.backward(dy)
            if not layer._penalised:
                raise RuntimeError(
                    f"{type(layer).__name__}.backward must end with "
                    "self.add_penalty_gradients(): its penalties are in the "
                    "loss, and not yet in the gradient"
                )
        return dy

    def _leaves(self):
        for layer in self.layers:
            nested = isinstance(layer, Sequential)
            yield from layer._leaves() if nested else [layer]

    def __repr__(self) -> str:
        inside = "".join(f"\n{layer!r}," for layer in self.layers)
        end = "\n" if inside else ""
        return (
            f"{type(self).__name__}(["
            + inside.replace("\n", "\n    ")
            + end
            + "])"
        )

    def __setstate__(self, state: dict) -> None:
        # Copies and unpickled models hold each array on its own, and memory
        # maps are read-only: make views again, of vectors to write into.
        super().__setstate__(state)
        flat = (self.theta, self.dtheta)
        self.bind(*(np.require(a, requirements=["W", "E"]) for a in flat))


def _lies_in(view: np.ndarray, flat: np.ndarray) -> bool:
    here = view.base is flat or view.size == 0
    return here or np.may_share_memory(view, flat)


def _astray(name: str, vector: str) -> str:
    kind, place = (
        ("parameter", "params") if vector == "theta" else ("gradient", "grads")
    )
    return (
        f"{kind} {name} must stay a view of {vector}: write into it, as in "
        f'{place}["{name.rpartition(".")[2]}"][...] = 0 or {vector}[:] = 0, '
        "and build one model alone from a layer"
    )
