r"""Optimisers: one step downhill for the whole model, in place.

Two things shrink, and they are not the same. *Weight decay* takes from each
step a share of the weights, :math:`w \leftarrow (1 - \eta_t \cdot
\text{weight\_decay})\, w`, apart from the gradient (chapter 7). *Learning rate
decay* takes shorter and shorter steps, :math:`\eta_t = \eta / (1 +
\text{lr\_decay} \cdot t)`, where :math:`t` counts the steps that were taken,
as in the NNFS book.
"""

from abc import abstractmethod
from fnmatch import fnmatchcase

import numpy as np

from nnreg._checks import check_below_one, check_positive, check_real
from nnreg.nn._described import Described
from nnreg.nn.sequential import Sequential

# Biases, and the scales and shifts of norms.
NO_DECAY = ("*.b", "*.gamma", "*.beta")


class Optimizer(Described):
    r"""What all optimisers share: the order of a step, and the memory.

    A step decays the weights, follows the gradient, and projects. To write
    your own, give `update(theta, g, lr)`, which changes `theta` in place;
    what it remembers it gets from ``self.memory(name, theta)``.

    Parameters
    ----------
    lr : float
        Learning rate :math:`\eta > 0`; may be set between steps.
    lr_decay : float
        Of the learning rate, per step.
    weight_decay : float
        Of the weights, in units of 1 / `lr`: decoupled from the gradient.
    no_decay : tuple of str
        Which parameters do not decay, as shell patterns over the model's names
        (``"0.b"``, ``"2.gamma"``): by default biases and what belongs to a
        norm. ``()`` lets all of them decay, as PyTorch does.

    Raises
    ------
    ValueError
        If an argument is out of its range, or `step` meets a second model.
    TypeError
        If an argument is not a number.

    Examples
    --------
    >>> from nnreg.nn import Dense
    >>> class SignDescent(Optimizer):
    ...     def update(self, theta, g, lr):
    ...         theta -= lr * np.sign(g)
    >>> model = Sequential([Dense(1, 1, rng=0)])
    >>> model.theta[:], model.dtheta[:] = 1.0, 0.5
    >>> SignDescent(lr=0.1, weight_decay=1.0).step(model)
    >>> model.params["0.W"], model.params["0.b"]
    (array([[0.8]]), array([0.9]))
    """

    def __init__(
        self,
        lr: float,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        no_decay: tuple[str, ...] = NO_DECAY,
    ):
        self._first_lr = check_positive(lr, "lr")
        self.lr_decay = check_real(lr_decay, "lr_decay")
        self.weight_decay = check_real(weight_decay, "weight_decay")
        self.no_decay = tuple(no_decay)
        self.steps = 0
        self._theta: np.ndarray | None = None
        self._memory: dict[str, np.ndarray] = {}

    @property
    def lr(self) -> float:
        """The learning rate of the next step."""
        return self._first_lr / (1 + self.lr_decay * self.steps)

    @lr.setter
    def lr(self, lr: float) -> None:
        shrunk = 1 + self.lr_decay * self.steps
        self._first_lr = check_positive(lr, "lr") * shrunk

    def step(self, model: Sequential) -> None:
        """Decay, update from ``model.dtheta`` and project, all in place.

        Raises
        ------
        ValueError
            If a parameter or gradient has left the model's flat vectors, or
            the optimiser has the memory of another model.
        TypeError
            If `model` is no `Sequential`.
        """
        self._serve(model)
        model.check_views()
        lr = self.lr
        if self.weight_decay:
            for name, w in model.params.items():
                if not any(fnmatchcase(name, p) for p in self.no_decay):
                    w *= 1 - lr * self.weight_decay
        self.update(model.theta, model.dtheta, lr)
        model.project()
        self.steps += 1

    @abstractmethod
    def update(self, theta: np.ndarray, g: np.ndarray, lr: float) -> None:
        """Move `theta` in place, given its gradient."""

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return copies of what is remembered, and the number of steps."""
        memory = {name: a.copy() for name, a in self._memory.items()}
        return {"steps": np.array(self.steps), **memory}

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Take the memory and the step count from a `state_dict`."""
        memory = {name: np.array(array) for name, array in state.items()}
        self.steps = int(memory.pop("steps"))
        self._memory = memory

    def memory(self, name: str, theta: np.ndarray) -> np.ndarray:
        """Return an array like `theta` that is kept, zeros at first."""
        if name not in self._memory:
            self._memory[name] = np.zeros_like(theta)
        return self._memory[name]

    def _serve(self, model: Sequential) -> None:
        """Hold on to one model: another one has nothing to do with `m`."""
        if not isinstance(model, Sequential):
            raise TypeError(
                f"model must be a Sequential, got {model!r}: put a single "
                "layer into one, as in Sequential([layer])"
            )
        theta, known = model.theta, self._theta
        another = known is not None and not np.may_share_memory(known, theta)
        fits = all(a.shape == theta.shape for a in self._memory.values())
        if (another and theta.size) or not fits:
            raise ValueError(
                "an optimizer keeps the state of one model: make a new one"
            )
        self._theta = theta

    def __getstate__(self) -> dict:
        # A copy goes on with whichever model it meets first, and with memory
        # that it may write into.
        return {**self.__dict__, "_theta": None}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._memory = {
            name: np.require(array, requirements=["W", "E"])
            for name, array in self._memory.items()
        }


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
    Kinsley and Kukieła (2020), *Neural Networks from Scratch in Python*, ch.
    10; Loshchilov and Hutter (2019), "Decoupled weight decay regularization",
    algorithm 1, with the learning rate in the decay, as PyTorch has it.

    Examples
    --------
    >>> from nnreg.nn import Dense, Sequential
    >>> model = Sequential([Dense(1, 1, rng=0)])
    >>> model.theta[:], model.dtheta[:] = 1.0, 0.5
    >>> SGD(lr=0.1).step(model)
    >>> model.theta
    array([0.95, 0.95])
    """

    def __init__(
        self,
        lr: float,
        momentum: float = 0.0,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        no_decay: tuple[str, ...] = NO_DECAY,
    ):
        super().__init__(lr, lr_decay, weight_decay, no_decay)
        self.momentum = check_real(momentum, "momentum", 0.0, 1.0)

    def update(self, theta, g, lr):
        """Let the velocity lose a share, gain the slope, and move `theta`."""
        velocity = self.memory("velocity", theta)
        velocity *= self.momentum
        velocity -= lr * g
        theta += velocity


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
