"""The fully connected layer."""

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
from nnreg.nn.layer import Layer
from nnreg.penalties import Penalty


class Dense(Layer):
    r"""A fully connected layer: :math:`y = xW + b`.

    Parameters
    ----------
    n_in, n_out : int
        Features in and units out.
    weight_penalty, bias_penalty : Penalty, optional
        Penalties on `W` and on `b`. Biases are not penalised unless asked:
        they shift a unit, and do not make it steeper.
    rng : numpy.random.Generator or int
        Where the first weights come from.
    scale : float, optional
        Standard deviation of the first weights; by default
        :math:`\sqrt{2 / n_\text{in}}` (He et al., 2015). Biases start at 0.
    dtype : dtype
        Of the parameters, and of all that the layer computes: float32 or
        wider.
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
    TypeError
        If a penalty or a constraint is none, or `dtype` is too narrow.

    References
    ----------
    Kinsley and Kukieła (2020), *Neural Networks from Scratch in Python*, ch. 9
    and 14. Used from chapter 1 on; the penalties' part of `backward` is
    derived in chapter 3.

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

    learns_only = False

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
        self.n_in = check_count(n_in, "n_in")
        self.n_out = check_count(n_out, "n_out")
        for name, extra, kind in (
            ("weight_penalty", weight_penalty, Penalty),
            ("bias_penalty", bias_penalty, Penalty),
            ("weight_constraint", weight_constraint, Constraint),
            ("bias_constraint", bias_constraint, Constraint),
        ):
            if extra is not None and not isinstance(extra, kind):
                raise TypeError(
                    f"{name} must be a {kind.__name__} or None, got {extra!r}"
                )
        self.dtype = check_parameter_dtype(dtype)
        self.scale = scale
        std = (
            np.sqrt(2 / n_in) if scale is None else check_real(scale, "scale")
        )
        weights = std * as_generator(rng).standard_normal((n_in, n_out))
        W, b = weights.astype(self.dtype), np.zeros(n_out, self.dtype)
        self.add_parameter("W", W, weight_penalty, weight_constraint)
        self.add_parameter("b", b, bias_penalty, bias_constraint)

    def forward(self, x, training: bool = False) -> np.ndarray:
        """Return ``x @ W + b``; `x` has shape (..., n_in)."""
        W, b = self._weights(training), self.params["b"]
        x = as_float_array(x, "x").astype(W.dtype, copy=False)
        if x.ndim == 0 or x.shape[-1] != len(W):
            raise ValueError(
                f"x must have shape (..., {len(W)}) to meet W {W.shape}, got "
                f"{x.shape}"
            )
        self._cache = x, W, training
        shape = (*x.shape[:-1], W.shape[1])
        y = np.matmul(x, W, out=self._out("y", shape, W.dtype, training))
        y += b
        return y

    def backward(self, dy) -> np.ndarray | None:
        """Store the gradients of `W` and `b`; return that of `x`."""
        x, W, training = self._last_pass()
        dy = as_upstream(dy, (*x.shape[:-1], W.shape[1]), W.dtype)
        x_rows = x.reshape(-1, x.shape[-1])
        dy_rows = dy.reshape(-1, dy.shape[-1])
        np.matmul(x_rows.T, dy_rows, out=self.grads["W"])
        # Nothing here: for layers that divide W first (chapter 16).
        self._weights_backward()
        # A sum over the batch, written as a product because BLAS is several
        # times faster.
        np.matmul(np.ones(len(dy_rows), W.dtype), dy_rows, out=self.grads["b"])
        self.add_penalty_gradients()
        if self.learns_only:  # as the first layer of a model, in `fit`
            return None
        return np.matmul(
            dy, W.T, out=self._out("dx", x.shape, W.dtype, training)
        )

    def _weights(self, training: bool) -> np.ndarray:
        """Return the weights that multiply the input: here, the parameter."""
        return self.params["W"]

    def _weights_backward(self) -> None:
        """Turn ``grads["W"]``, in place, into the parameter's gradient."""
