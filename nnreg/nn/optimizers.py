"""Two optimisers: gradient descent with momentum, and Adam.

Each moves all parameters at once; with `weight_decay` they are SGDW and AdamW.
"""

import numpy as np

from nnreg._checks import check_below_one, check_positive, check_real
from nnreg.nn.optimizer import NO_DECAY, Optimizer


class SGD(Optimizer):
    r"""Gradient descent with momentum; with `weight_decay`, SGDW.

    :math:`v \leftarrow \mu v - \eta_t g`, then
    :math:`\theta \leftarrow \theta + v`.

    Parameters
    ----------
    lr : float
        Learning rate :math:`\eta > 0`.
    momentum : float
        :math:`\mu` in [0, 1].
    proximal : bool
        Leave the penalties out of the gradient, and take their proximal step
        after the update instead, ``w = penalty.prox(w, lr)``: with `L1` and
        `GroupLasso`, weights become exactly 0. Each penalty of the model needs
        a `prox`.
    lr_decay, weight_decay, no_decay
        As in `Optimizer`.

    Raises
    ------
    ValueError
        If an argument is out of its range, or `step` meets a second model.
    TypeError
        If an argument is not a number.
    NotImplementedError
        By `step`, if it is proximal and a penalty has no proximal step.

    References
    ----------
    Kinsley and Kukieła (2020), *Neural Networks from Scratch in Python*, ch.
    10; Parikh and Boyd (2014), "Proximal algorithms", section 4.2; Loshchilov
    and Hutter (2019), "Decoupled weight decay regularization", algorithm 1,
    with the learning rate in the decay, as PyTorch has it.

    Examples
    --------
    >>> from nnreg.nn import Dense, Sequential
    >>> model = Sequential([Dense(1, 1, rng=0)])
    >>> model.theta[:], model.dtheta[:] = 1.0, 0.5
    >>> SGD(lr=0.1).step(model)
    >>> model.theta
    array([0.95, 0.95])
    """

    remembers = ("velocity",)

    def __init__(
        self,
        lr: float,
        momentum: float = 0.0,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        no_decay: tuple[str, ...] = NO_DECAY,
        proximal: bool = False,
    ):
        super().__init__(lr, lr_decay, weight_decay, no_decay)
        self.proximal = bool(proximal)
        self.momentum = check_real(momentum, "momentum", 0.0, 1.0)

    def update(self, theta, g, lr):
        """Let the velocity lose a share, gain the slope, and move `theta`."""
        velocity = self.memory("velocity", theta)
        velocity *= self.momentum
        velocity -= lr * g
        theta += velocity

    def take_proximal_step(self, model, lr):
        """Let the velocity be the way that was really gone.

        It would otherwise go on pushing against the penalty, and the weights
        would come to rest at `momentum` times less of it.
        """
        velocity = self.memory("velocity", model.theta)
        velocity -= model.theta
        super().take_proximal_step(model, lr)
        velocity += model.theta


class Adam(Optimizer):
    r"""Adam: steps scaled by running means of the gradient and its square.

    :math:`m \leftarrow \beta_1 m + (1 - \beta_1) g`,
    :math:`v \leftarrow \beta_2 v + (1 - \beta_2) g^2`,
    :math:`\theta \leftarrow \theta - \eta_t \hat m / (\sqrt{\hat v} +
    \epsilon)`, with :math:`\hat m = m / (1 - \beta_1^{t+1})` and
    :math:`\hat v = v / (1 - \beta_2^{t+1})`. With `weight_decay`, AdamW.

    Parameters
    ----------
    lr : float
        Learning rate :math:`\eta > 0`.
    beta1, beta2 : float
        Memory of the two means, in [0, 1).
    eps : float
        Added to the root, > 0. The NNFS book and Keras take 1e-7, the paper
        and PyTorch 1e-8.
    lr_decay, weight_decay, no_decay
        As in `Optimizer`.

    Raises
    ------
    ValueError
        If an argument is out of its range, or `step` meets a second model.
    TypeError
        If an argument is not a number.

    References
    ----------
    Kingma and Ba (2015), "Adam: a method for stochastic optimization",
    algorithm 1; Kinsley and Kukieła (2020), ch. 10; Loshchilov and Hutter
    (2019), "Decoupled weight decay regularization", algorithm 2, with the
    learning rate in the decay, as PyTorch has it.

    Examples
    --------
    >>> from nnreg.nn import Dense, Sequential
    >>> model = Sequential([Dense(1, 1, rng=0)])
    >>> model.theta[:], model.dtheta[:] = 1.0, 0.5
    >>> Adam(lr=0.1).step(model)
    >>> model.theta.round(6)
    array([0.9, 0.9])
    """

    remembers = ("m", "v")

    def __init__(
        self,
        lr: float,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-7,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        no_decay: tuple[str, ...] = NO_DECAY,
    ):
        super().__init__(lr, lr_decay, weight_decay, no_decay)
        self.beta1 = check_below_one(beta1, "beta1")
        self.beta2 = check_below_one(beta2, "beta2")
        self.eps = check_positive(eps, "eps")

    def update(self, theta, g, lr):
        """Move `theta` by the scaled mean of the gradients so far."""
        m, v = self.memory("m", theta), self.memory("v", theta)
        m *= self.beta1
        m += (1 - self.beta1) * g
        v *= self.beta2
        v += (1 - self.beta2) * np.square(g)
        t = self.steps + 1
        update = np.sqrt(v / (1 - self.beta2**t))
        update += self.eps
        np.divide(m, update, out=update)
        update *= lr / (1 - self.beta1**t)
        theta -= update
