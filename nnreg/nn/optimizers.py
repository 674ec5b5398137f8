r"""Optimisers: one step downhill for the whole model, in place.

Both shrink their learning rate as :math:`\eta_t = \eta / (1 + \text{decay}
\cdot t)`, where :math:`t` counts the steps that were taken, as in the NNFS
book. This decay of the *learning rate* is not the decay of the *weights*.
"""

import numpy as np

from nnreg._checks import check_positive, check_real
from nnreg.nn.sequential import Sequential


class _Optimizer:
    def __init__(self, lr: float, decay: float):
        self._first_lr = check_positive(lr, "lr")
        self.decay = check_real(decay, "decay")
        self.steps = 0
        self._state: dict[str, np.ndarray] = {}

    @property
    def lr(self) -> float:
        """The learning rate of the next step."""
        return self._first_lr / (1 + self.decay * self.steps)

    def step(self, model: Sequential) -> None:
        """Update ``model.theta`` in place from ``model.dtheta``, then obey the constraints."""
        known = self._state.get("model", model.theta)
        if known is not model.theta:
            raise ValueError(
                "an optimizer keeps the state of one model: make a new one"
            )
        model._check_views()
        self._state["model"] = model.theta
        self._update(model.theta, model.dtheta)
        model.project()
        self.steps += 1

    def _kept(self, name: str, theta: np.ndarray) -> np.ndarray:
        """Return an array like `theta` that is kept from step to step, zeros at first."""
        if name not in self._state:
            self._state[name] = np.zeros_like(theta)
        return self._state[name]


class SGD(_Optimizer):
    r"""Gradient descent with momentum.

    :math:`v \leftarrow \mu v - \eta_t g`, then :math:`\theta \leftarrow \theta
    + v`.

    Parameters
    ----------
    lr : float
        Learning rate :math:`\eta > 0`.
    momentum : float
        :math:`\mu` in [0, 1].
    decay : float
        Of the learning rate, per step.

    Raises
    ------
    ValueError
        If an argument is out of its range, or `step` meets a second model.
    TypeError
        If an argument is not a number.

    References ---------- Kinsley and Kukieła (2020), *Neural Networks from
    Scratch in Python*, ch. 10.

    Examples
    --------
    >>> from nnreg.nn import Dense, Sequential
    >>> model = Sequential([Dense(1, 1, rng=0)])
    >>> model.theta[:], model.dtheta[:] = 1.0, 0.5
    >>> SGD(lr=0.1).step(model)
    >>> model.theta
    array([0.95, 0.95])
    """

    def __init__(self, lr: float, momentum: float = 0.0, decay: float = 0.0):
        super().__init__(lr, decay)
        self.momentum = check_real(momentum, "momentum", 0.0, 1.0)

    def _update(self, theta, g):
        velocity = self._kept("velocity", theta)
        velocity *= self.momentum
        velocity -= self.lr * g
        theta += velocity


class Adam(_Optimizer):
    r"""Adam: steps scaled by running means of the gradient and of its square.

    :math:`m \leftarrow \beta_1 m + (1 - \beta_1) g`, :math:`v \leftarrow
    \beta_2 v + (1 - \beta_2) g^2`, :math:`\theta \leftarrow \theta - \eta_t
    \hat m / (\sqrt{\hat v} + \epsilon)`, with :math:`\hat m = m / (1 -
    \beta_1^{t+1})` and :math:`\hat v = v / (1 - \beta_2^{t+1})`.

    Parameters
    ----------
    lr : float
        Learning rate :math:`\eta > 0`.
    beta1, beta2 : float
        Memory of the two means, in [0, 1).
    eps : float
        Added to the root, > 0. The NNFS book and Keras take 1e-7, the paper
        and PyTorch 1e-8.
    decay : float
        Of the learning rate, per step.

    Raises
    ------
    ValueError
        If an argument is out of its range, or `step` meets a second model.
    TypeError
        If an argument is not a number.

    References ---------- Kingma and Ba (2015), "Adam: a method for stochastic
    optimization", algorithm 1; Kinsley and Kukieła (2020), ch. 10.

    Examples
    --------
    >>> from nnreg.nn import Dense, Sequential
    >>> model = Sequential([Dense(1, 1, rng=0)])
    >>> model.theta[:], model.dtheta[:] = 1.0, 0.5
    >>> Adam(lr=0.1).step(model)
    >>> model.theta.round(6)
    array([0.9, 0.9])
    """

    def __init__(
        self,
        lr: float,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-7,
        decay: float = 0.0,
    ):
        super().__init__(lr, decay)
        for name, beta in (("beta1", beta1), ("beta2", beta2)):
            if check_real(beta, name) >= 1:
                raise ValueError(f"{name} must be in [0, 1), got {beta!r}")
        self.beta1, self.beta2 = float(beta1), float(beta2)
        self.eps = check_positive(eps, "eps")

    def _update(self, theta, g):
        m, v = self._kept("m", theta), self._kept("v", theta)
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * np.square(g)
        t = self.steps + 1
        update = np.sqrt(v / (1 - self.beta2**t))
        update += self.eps
        np.divide(m, update, out=update)
        update *= self.lr / (1 - self.beta1**t)
        theta -= update
