"""Layers: what goes forward, and the gradient that comes back.

A layer has ``forward(x, training=False)`` and ``backward(dy)``; `params` and
`grads` are dicts of arrays under the same names. After a forward pass,
`backward` takes the gradient of the loss with respect to the layer's output,
stores the gradients of its parameters (the penalties' included) and returns
the gradient with respect to its input.

With ``training=True`` a layer writes into arrays that it keeps, because
allocating them afresh costs more than the arithmetic: what it returns is valid
until its next training pass.
"""

import numpy as np

from nnreg._checks import (
    as_float_array,
    as_generator,
    as_upstream,
    check_count,
    check_parameter_dtype,
    check_real,
)
from nnreg.constraints import Constraint
from nnreg.penalties import Penalty


class Layer:
    """What all layers share; a layer without parameters adds `forward` and `backward` alone.

    Attributes
    ----------
    params, grads : dict of ndarray
        The parameters, and their gradients after a backward pass, under the
        same names.

    Examples
    --------
    >>> from nnreg.nn import Sequential
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
        """Return the layer's output for the rows of `x`.

        With `training`, the next such pass may overwrite it: copy what you
        want to collect.
        """
        raise NotImplementedError

    def backward(self, dy) -> np.ndarray:
        """Return the gradient with respect to the last input, given that of the last output."""
        raise NotImplementedError

    def penalty(self) -> float:
        """Return the sum of the penalties on the layer's parameters."""
        return 0.0

    def project(self) -> None:
        """Move the parameters, in place, to where the layer's constraints allow them."""

    def _keep(self, name: str, shape: tuple[int, ...], dtype) -> np.ndarray:
        """Return an array of this shape that is kept from one training pass to the next."""
        array = self._kept.get(name)
        fits = (
            array is not None
            and array.shape[1:] == shape[1:]
            and array.dtype == dtype
        )
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
        Penalties on `W` and on `b`. Biases are not penalised unless asked:
        they shift a unit, and do not make the function steeper.
    rng : numpy.random.Generator or int
        Where the first weights come from.
    scale : float, optional
        Standard deviation of the first weights; by default :math:`\sqrt{2 /
        n_\text{in}}` (He et al., 2015). Biases start at 0.
    dtype : dtype
        Of the parameters, and of all that the layer computes.
    weight_constraint, bias_constraint : Constraint, optional
        Sets that `W` and `b` stay in: they start there, and each optimiser's
        step ends there.

    Attributes
    ----------
    params, grads : dict
        ``"W"``, shape (n_in, n_out), and ``"b"``, shape (n_out,).

    Raises
    ------
    ValueError
        If a size is below 1, or the last axis of an input is not `n_in` long.

    References ---------- Kinsley and Kukieła (2020), *Neural Networks from
    Scratch in Python*, ch. 9 and 14. Used from chapter 1 on; the penalties'
    part of `backward` is derived in chapter 3.

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
        weight_constraint: Constraint | None = None,
        bias_constraint: Constraint | None = None,
    ):
        super().__init__()
        n_in, n_out = check_count(n_in, "n_in"), check_count(n_out, "n_out")
        self.penalties = _on_parameters(
            "penalty", Penalty, weight_penalty, bias_penalty
        )
        self.constraints = _on_parameters(
            "constraint", Constraint, weight_constraint, bias_constraint
        )
        dtype = check_parameter_dtype(dtype)
        scale = (
            np.sqrt(2 / n_in) if scale is None else check_real(scale, "scale")
        )
        weights = scale * as_generator(rng).standard_normal((n_in, n_out))
        self.params = {"W": weights.astype(dtype), "b": np.zeros(n_out, dtype)}
        self.grads = {
            name: np.zeros_like(param) for name, param in self.params.items()
        }
        self.project()

    def forward(self, x, training: bool = False) -> np.ndarray:
        """Return ``x @ W + b``; `x` has shape (..., n_in)."""
        W, b = self._weights(training), self.params["b"]
        self._x = x = as_float_array(x, "x").astype(W.dtype, copy=False)
        if x.ndim == 0 or x.shape[-1] != len(W):
            raise ValueError(
                f"x must have shape (..., {len(W)}) to meet W {W.shape}, got {x.shape}"
            )
        self._W, self._training = W, training
        shape = (*x.shape[:-1], W.shape[1])
        y = np.matmul(
            x,
            W,
            out=self._keep("y", shape, W.dtype)
            if training and x.ndim > 1
            else None,
        )
        y += b
        return y

    def backward(self, dy) -> np.ndarray:
        """Store the gradients of `W` and `b`, the penalties' included; return that of `x`."""
        W, x = self._W, self._x
        dy = as_upstream(dy, (*x.shape[:-1], W.shape[1])).astype(
            W.dtype, copy=False
        )
        rows, dy_rows = (
            x.reshape(-1, x.shape[-1]),
            dy.reshape(-1, dy.shape[-1]),
        )
        np.matmul(rows.T, dy_rows, out=self.grads["W"])
        self._weights_backward()  # nothing here: for layers that divide W first (chapter 16)
        # A sum over the batch, written as a product because BLAS is several
        # times faster.
        np.matmul(np.ones(len(dy_rows), W.dtype), dy_rows, out=self.grads["b"])
        for name, penalty in self.penalties.items():
            self.grads[name] += penalty.grad(self.params[name])
        keep = self._training and x.ndim > 1
        return np.matmul(
            dy, W.T, out=self._keep("dx", x.shape, W.dtype) if keep else None
        )

    def penalty(self) -> float:
        """Return the penalty of `W` plus that of `b`."""
        return sum(
            p.value(self.params[name]) for name, p in self.penalties.items()
        )

    def project(self) -> None:
        """Move `W` and `b`, in place, to where their constraints allow them."""
        for name, constraint in self.constraints.items():
            self.params[name][...] = constraint.project(self.params[name])

    def _weights(self, training: bool) -> np.ndarray:
        """Return the weights that multiply the input: here, the parameter itself."""
        return self.params["W"]

    def _weights_backward(self) -> None:
        """Turn the gradient in ``grads["W"]``, in place, into that of the parameter."""


def _on_parameters(what: str, kind: type, on_weights, on_biases) -> dict:
    for name, one in (
        (f"weight_{what}", on_weights),
        (f"bias_{what}", on_biases),
    ):
        if one is not None and not isinstance(one, kind):
            raise TypeError(
                f"{name} must be a {kind.__name__} or None, got {one!r}"
            )
    return {
        name: one
        for name, one in (("W", on_weights), ("b", on_biases))
        if one is not None
    }
