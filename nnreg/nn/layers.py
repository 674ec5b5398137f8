"""Layers: what goes forward, and the gradient that comes back.

A layer has ``forward(x, training=False)`` and ``backward(dy)``; `params` and `grads` are dicts of
arrays under the same names. After a forward pass, `backward` takes the gradient of the loss with
respect to the layer's output, stores the gradients of its parameters (the penalties' included)
and returns the gradient with respect to its input.

With ``training=True`` a layer writes into arrays that it keeps, because allocating them afresh
costs more than the arithmetic: what it returns is valid until its next training pass.
"""

import numpy as np

from nnreg._arrays import (
    as_float_array,
    as_generator,
    as_upstream,
    check_count,
    check_float_dtype,
    check_real,
)
from nnreg.penalties import Penalty


class Layer:
    """What all layers share; a layer without parameters adds `forward` and `backward` alone.

    Attributes
    ----------
    params, grads : dict of ndarray
        The parameters, and their gradients after a backward pass, under the same names.

    Examples
    --------
    >>> class Double(Layer):
    ...     def forward(self, x, training=False):
    ...         return 2 * x
    ...
    ...     def backward(self, dy):
    ...         return 2 * dy
    >>> Sequential([Double(), Double()]).forward(np.ones((1, 2)))
    array([[4., 4.]])
    """

    def __init__(self):
        self.params: dict[str, np.ndarray] = {}
        self.grads: dict[str, np.ndarray] = {}
        self._kept: dict[str, np.ndarray] = {}

    def forward(self, x, training: bool = False) -> np.ndarray:
        """Return the layer's output for the rows of `x`."""
        raise NotImplementedError

    def backward(self, dy) -> np.ndarray:
        """Return the gradient with respect to the last input, given that of the last output."""
        raise NotImplementedError

    def penalty(self) -> float:
        """Return the sum of the penalties on the layer's parameters."""
        return 0.0

    def _keep(self, name: str, shape: tuple[int, ...], dtype) -> np.ndarray:
        """Return an array of this shape that is kept from one training pass to the next."""
        array = self._kept.get(name)
        fits = array is not None and array.shape[1:] == shape[1:] and array.dtype == dtype
        if not fits or len(array) < shape[0]:
            array = self._kept[name] = np.empty(shape, dtype)
        return array[: shape[0]]

    def _bind(self, theta: np.ndarray, dtheta: np.ndarray) -> None:
        """Move the parameters into `theta` and the gradients into `dtheta`, as views."""
        start = 0
        for name, param in self.params.items():
            stop = start + param.size
            for flat, views in ((theta, self.params), (dtheta, self.grads)):
                view = flat[start:stop].reshape(param.shape)
                view[...] = views[name]
                views[name] = view
            start = stop

    def _size(self) -> int:
        return sum(param.size for param in self.params.values())


class Dense(Layer):
    r"""A fully connected layer: :math:`y = xW + b`.

    Parameters
    ----------
    n_in, n_out : int
        Features in and units out.
    weight_penalty, bias_penalty : Penalty, optional
        Penalties on `W` and on `b`. Biases are not penalised unless asked: they shift a unit, and
        do not make the function steeper.
    rng : numpy.random.Generator or int
        Where the first weights come from.
    scale : float, optional
        Standard deviation of the first weights; by default :math:`\sqrt{2 / n_\text{in}}`
        (He et al., 2015). Biases start at 0.
    dtype : dtype
        Of the parameters, and of all that the layer computes.

    Attributes
    ----------
    params, grads : dict
        ``"W"``, shape (n_in, n_out), and ``"b"``, shape (n_out,).

    Raises
    ------
    ValueError
        If a size is below 1, or the last axis of an input is not `n_in` long.

    References
    ----------
    Kinsley and Kukieła (2020), *Neural Networks from Scratch in Python*, ch. 9 and 14. Used from
    chapter 1 on; the penalties' part of `backward` is derived in chapter 3.

    Examples
    --------
    >>> from nnreg import L2
    >>> layer = Dense(2, 3, weight_penalty=L2(0.5), rng=0)
    >>> layer.params["W"][...] = 1.0
    >>> layer.forward([[1.0, 2.0]])
    array([[3., 3., 3.]])
    >>> layer.backward(np.ones((1, 3)))
    array([[3., 3.]])
    >>> layer.grads["W"]
    array([[2., 2., 2.],
           [3., 3., 3.]])
    >>> layer.penalty()
    3.0
    """

    def __init__(
        self,
        n_in: int,
        n_out: int,
        weight_penalty: Penalty | None = None,
        bias_penalty: Penalty | None = None,
        *,
        rng: np.random.Generator | int,
        scale: float | None = None,
        dtype=np.float64,
    ):
        super().__init__()
        n_in, n_out = check_count(n_in, "n_in"), check_count(n_out, "n_out")
        for name, penalty in (("weight_penalty", weight_penalty), ("bias_penalty", bias_penalty)):
            if penalty is not None and not isinstance(penalty, Penalty):
                raise TypeError(f"{name} must be a Penalty or None, got {penalty!r}")
        dtype = check_float_dtype(dtype)
        scale = np.sqrt(2 / n_in) if scale is None else check_real(scale, "scale")
        weights = scale * as_generator(rng).standard_normal((n_in, n_out))
        self.params = {"W": weights.astype(dtype), "b": np.zeros(n_out, dtype)}
        self.grads = {name: np.zeros_like(param) for name, param in self.params.items()}
        self.penalties = {
            name: penalty
            for name, penalty in (("W", weight_penalty), ("b", bias_penalty))
            if penalty is not None
        }

    def forward(self, x, training: bool = False) -> np.ndarray:
        """Return ``x @ W + b``; `x` has shape (..., n_in)."""
        W, b = self.params["W"], self.params["b"]
        self._x = x = as_float_array(x, "x").astype(W.dtype, copy=False)
        if x.ndim == 0 or x.shape[-1] != len(W):
            raise ValueError(
                f"x must have shape (..., {len(W)}) to meet W {W.shape}, got {x.shape}"
            )
        self._training = training
        shape = (*x.shape[:-1], W.shape[1])
        y = np.matmul(
            x, W, out=self._keep("y", shape, W.dtype) if training and x.ndim > 1 else None
        )
        y += b
        return y

    def backward(self, dy) -> np.ndarray:
        """Store the gradients of `W` and `b`, the penalties' included; return that of `x`."""
        W, x = self.params["W"], self._x
        dy = as_upstream(dy, (*x.shape[:-1], W.shape[1])).astype(W.dtype, copy=False)
        rows, dy_rows = x.reshape(-1, x.shape[-1]), dy.reshape(-1, dy.shape[-1])
        np.matmul(rows.T, dy_rows, out=self.grads["W"])
        # A sum over the batch, written as a product because BLAS is several times faster.
        np.matmul(np.ones(len(dy_rows), W.dtype), dy_rows, out=self.grads["b"])
        for name, penalty in self.penalties.items():
            self.grads[name] += penalty.grad(self.params[name])
        keep = self._training and x.ndim > 1
        return np.matmul(dy, W.T, out=self._keep("dx", x.shape, W.dtype) if keep else None)

    def penalty(self) -> float:
        """Return the penalty of `W` plus that of `b`."""
        return sum(p.value(self.params[name]) for name, p in self.penalties.items())


class _Activation(Layer):
    """An elementwise function whose derivative is a function of its output."""

    def forward(self, x, training: bool = False) -> np.ndarray:
        """Return the function of each entry of `x`."""
        x = as_float_array(x, "x")
        self._training = training
        self._y = self._function(x, self._output("y", x))
        return self._y

    def backward(self, dy) -> np.ndarray:
        """Return `dy` times the function's derivative (the chain rule, entry by entry)."""
        dy = as_upstream(dy, self._y.shape).astype(self._y.dtype, copy=False)
        return np.multiply(dy, self._derivative(self._y), out=self._output("dx", dy))

    def _output(self, name: str, like: np.ndarray) -> np.ndarray:
        keep = self._training and like.ndim > 0
        return self._keep(name, like.shape, like.dtype) if keep else np.empty_like(like)


class ReLU(_Activation):
    r"""The rectifier :math:`\max(x, 0)`; its derivative is 1 above 0 and, by choice, 0 at 0.

    Examples
    --------
    >>> relu = ReLU()
    >>> relu.forward([[-1.0, 0.0, 2.0]])
    array([[0., 0., 2.]])
    >>> relu.backward([[5.0, 5.0, 5.0]])
    array([[0., 0., 5.]])
    """

    def _function(self, x, out):
        return np.maximum(x, 0, out=out)

    def _derivative(self, y):
        return y > 0


class Tanh(_Activation):
    r"""The hyperbolic tangent; its derivative is :math:`1 - y^2`.

    Examples
    --------
    >>> Tanh().forward([0.0])
    array([0.])
    """

    def _function(self, x, out):
        return np.tanh(x, out=out)

    def _derivative(self, y):
        return 1 - y * y


class Sigmoid(_Activation):
    r"""The logistic function :math:`1 / (1 + e^{-x})`; its derivative is :math:`y (1 - y)`.

    Computed as :math:`(1 + \tanh(x / 2)) / 2`, which cannot overflow.

    Examples
    --------
    >>> Sigmoid().forward([0.0, -1000.0])
    array([0.5, 0. ])
    """

    def _function(self, x, out):
        np.multiply(x, 0.5, out=out)
        np.tanh(out, out=out)
        out += 1
        out *= 0.5
        return out

    def _derivative(self, y):
        return y * (1 - y)


class Sequential(Layer):
    """Layers one after the other; the parameters of all of them lie in one flat vector.

    Attributes
    ----------
    layers : list of Layer
    theta, dtheta : ndarray
        All parameters and all their gradients, flat. Each layer's `params` and `grads` are views
        of them, so that an optimiser needs one line for the whole model.
    params, grads : dict
        The same views under names such as ``"0.W"``.

    Raises
    ------
    TypeError
        If an entry of `layers` is not a `Layer`, or the layers' dtypes differ.
    ValueError
        If a layer stands in the list twice, at any depth: it keeps one input, and would mix the
        two up.

    Examples
    --------
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
        dtypes = {param.dtype for layer in self.layers for param in layer.params.values()}
        if len(dtypes) > 1:
            raise TypeError(f"layers must share one dtype, got {sorted(map(str, dtypes))}")
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

    def __setstate__(self, state: dict) -> None:
        # Copies and unpickled models hold each array on its own: make them views again.
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
            raise ValueError("theta must stay one array: write into it, as in theta[:] = start")
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
            for own, views in ((self.params, layer.params), (self.grads, layer.grads)):
                own.update({f"{number}.{name}": view for name, view in views.items()})

    def _size(self) -> int:
        return sum(layer._size() for layer in self.layers)
