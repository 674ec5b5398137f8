"""Layers: what goes forward, and the gradient that comes back.

A layer has ``forward(x, training=False)`` and ``backward(dy)``; `params` and
`grads` are dicts of arrays under the same names. After a forward pass,
`backward` takes the gradient of the loss with respect to the layer's output,
stores the gradients of its parameters (the penalties' included) and returns
the gradient with respect to its input.

With ``training=True`` a layer writes into arrays that it keeps, because memory
that is handed back after each pass must be fetched anew for the next: what it
returns is valid until its next training pass. What a whole model returns is
yours.
"""

from abc import ABC, abstractmethod

import numpy as np

from nnreg._checks import as_float_array, check_parameter_dtype, check_state
from nnreg.constraints import Constraint
from nnreg.nn._described import Described
from nnreg.penalties import Penalty


class Layer(Described, ABC):
    """What all layers share. To write your own, give `forward` and `backward`.

    A layer with parameters names each of them with `add_parameter`, which may
    give it a penalty or a constraint too. Its `backward` then *writes into*
    ``self.grads[name]`` and ends with `add_penalty_gradients`.

    Attributes
    ----------
    params, grads : dict of ndarray
        The parameters, and their gradients after a backward pass, under the
        same names. In a model they are views of its flat vectors: write into
        them, as in ``layer.params["W"][...] = 0``.
    penalties : dict of Penalty
        What is added to the loss, by the name of the parameter.
    constraints : dict of Constraint
        The sets that parameters stay in, by name.
    buffers : dict of ndarray
        What the layer remembers from pass to pass and no gradient changes.

    Raises
    ------
    TypeError
        If a parameter is narrower than float32, or what is on it is neither a
        penalty nor a constraint.
    ValueError
        If a penalty or a constraint is on a parameter that is not there, or
        returns another shape than the parameter's.
    RuntimeError
        If `backward` is called before `forward`.

    Examples
    --------
    >>> from nnreg import L1
    >>> from nnreg.nn import Sequential
    >>> class Scale(Layer):
    ...     def __init__(self, n):
    ...         super().__init__()
    ...         self.add_parameter("s", np.ones(n), penalty=L1(0.1))
    ...
    ...     def forward(self, x, training=False):
    ...         self.x = x
    ...         return x * self.params["s"]
    ...
    ...     def backward(self, dy):
    ...         self.grads["s"][...] = np.sum(dy * self.x, axis=0)
    ...         self.add_penalty_gradients()
    ...         return dy * self.params["s"]
    >>> model = Sequential([Scale(2)])
    >>> model.forward(np.array([[3.0, 4.0]]))
    array([[3., 4.]])
    >>> model.backward(np.ones((1, 2)))
    array([[1., 1.]])
    >>> model.dtheta
    array([3.1, 4.1])
    """

    def __init__(self):
        self.params: dict[str, np.ndarray] = {}
        self.grads: dict[str, np.ndarray] = {}
        self.penalties: dict[str, Penalty] = {}
        self.constraints: dict[str, Constraint] = {}
        self.buffers: dict[str, np.ndarray] = {}
        self._cache = None
        self._kept: dict[str, np.ndarray] = {}
        self._added: dict[str, np.ndarray] = {}

    @abstractmethod
    def forward(self, x, training: bool = False) -> np.ndarray:
        """Return the layer's output for the rows of `x`.

        With `training`, the next such pass may overwrite it: copy what you
        want to collect.
        """

    @abstractmethod
    def backward(self, dy) -> np.ndarray:
        """Return the gradient of the last input from that of its output."""

    def add_parameter(
        self,
        name: str,
        start: np.ndarray,
        penalty: Penalty | None = None,
        constraint: Constraint | None = None,
    ) -> None:
        """Name a parameter, and give it its first value and its place."""
        start = np.array(as_float_array(start, name))
        check_parameter_dtype(start.dtype)
        self.params[name], self.grads[name] = start, np.zeros_like(start)
        if penalty is not None:
            self.penalties[name] = penalty
        if constraint is not None:
            self.constraints[name] = constraint
            self.project()

    def penalty(self) -> float:
        """Return the sum of the penalties on the layer's parameters."""
        total = 0.0
        for name, penalty in self.penalties.items():
            w = self._parameter(name, penalty, Penalty)
            total += float(penalty.value(w))
        return total

    def add_penalty_gradients(self) -> None:
        """Add the penalties' gradients to `grads`; `backward` ends with it."""
        self._added = {}
        for name, penalty in self.penalties.items():
            w = self._parameter(name, penalty, Penalty)
            grad = _like(w, penalty.grad(w), f"{penalty!r}.grad")
            self.grads[name] += grad
            self._added[name] = grad
        self._penalised = True

    def remove_penalty_gradients(self) -> None:
        """Take out of `grads` what the last backward pass added, once."""
        for name, grad in self._added.items():
            self.grads[name] -= grad
        self._added = {}

    def prox(self, step: float) -> None:
        """Take the proximal step of each penalty, in place."""
        for name, penalty in self.penalties.items():
            w = self._parameter(name, penalty, Penalty)
            w[...] = _like(w, penalty.prox(w, step), f"{penalty!r}.prox")

    def project(self) -> None:
        """Move the parameters, in place, to where constraints allow them."""
        for name, constraint in self.constraints.items():
            w = self._parameter(name, constraint, Constraint)
            allowed = constraint.project(w)
            w[...] = _like(w, allowed, f"{constraint!r}.project")

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return copies of all parameters and buffers, by name."""
        state = {**self.params, **self.buffers}
        return {name: array.copy() for name, array in state.items()}

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Write a `state_dict` back, in place.

        Raises
        ------
        ValueError
            If the names or a shape differ from the layer's own.
        """
        own = {**self.params, **self.buffers}
        check_state(state, own)
        for name, array in own.items():
            array[...] = state[name]

    def bind(self, theta: np.ndarray, dtheta: np.ndarray) -> None:
        """Move parameters and gradients into flat vectors, as views."""
        start = 0
        for name, param in self.params.items():
            stop = start + param.size
            for flat, views in ((theta, self.params), (dtheta, self.grads)):
                view = flat[start:stop].reshape(param.shape)
                view[...] = views.get(name, 0.0)
                views[name] = view
            start = stop

    def n_parameters(self) -> int:
        """Return how many numbers the parameters hold."""
        return sum(param.size for param in self.params.values())

    def __getstate__(self) -> dict:
        # Kept arrays are scratch paper, and may be large.
        return {**self.__dict__, "_kept": {}, "_added": {}, "_cache": None}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        for arrays in (self.params, self.grads, self.buffers):
            for name, array in arrays.items():
                # Memory maps come back read-only.
                arrays[name] = np.require(array, requirements=["W", "E"])

    def _described(self) -> dict:
        extras = {"penalties": self.penalties, "constraints": self.constraints}
        held = {name: extra for name, extra in extras.items() if extra}
        return {**super()._described(), **held}

    def _parameter(self, name: str, extra, kind: type) -> np.ndarray:
        """Return the parameter that a penalty or constraint is on."""
        if not isinstance(extra, kind):
            raise TypeError(f"{extra!r} on {name!r} must be a {kind.__name__}")
        if name not in self.params:
            raise ValueError(
                f"{type(self).__name__} has no parameter {name!r} for "
                f"{extra!r}, only {', '.join(self.params) or 'none'}"
            )
        return self.params[name]

    def _last_pass(self):
        """Return what the last forward pass kept."""
        if self._cache is None:
            raise RuntimeError(
                f"{type(self).__name__}.backward needs a forward pass before "
                "it: call forward first"
            )
        return self._cache

    def _out(
        self, name: str, shape: tuple[int, ...], dtype, training: bool
    ) -> np.ndarray:
        """Return where to write: a new array, or in training a kept one."""
        if not training or len(shape) < 2:
            return np.empty(shape, dtype)
        array = self._kept.get(name)
        fits = array is not None and array.dtype == dtype
        if not fits or array.shape[1:] != shape[1:] or len(array) < shape[0]:
            array = self._kept[name] = np.empty(shape, dtype)
        return array[: shape[0]]


def _like(array: np.ndarray, other, what: str):
    """Return `other`, if it has the shape of `array`: never broadcast."""
    if other is None or np.shape(other) != array.shape:
        got = "None" if other is None else f"shape {np.shape(other)}"
        raise ValueError(
            f"{what} must return an array of shape {array.shape}, got {got}"
        )
    return other
