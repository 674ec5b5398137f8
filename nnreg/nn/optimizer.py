r"""What an optimiser is: one step downhill for the whole model, in place.

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

from nnreg._checks import check_positive, check_real
from nnreg.nn._described import Described
from nnreg.nn.sequential import Sequential

# Biases, and the scales and shifts of norms.
NO_DECAY = ("*.b", "*.gamma", "*.beta")


class Optimizer(Described):
    r"""What all optimisers share: the order of a step, and the memory.

    A step decays the weights, follows the gradient, and projects. To write
    your own, give `update(theta, g, lr)`, which changes `theta` in place;
    what it remembers it gets from ``self.memory(name, theta)``, and says the
    names in `remembers`, so that `load_state_dict` knows them.

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

    proximal = False
    remembers: tuple[str, ...] | None = None

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
        if self.proximal:
            model.remove_penalty_gradients()
        if self.weight_decay:
            for name, w in model.params.items():
                if not any(fnmatchcase(name, p) for p in self.no_decay):
                    w *= 1 - lr * self.weight_decay
        self.update(model.theta, model.dtheta, lr)
        if self.proximal:
            self.take_proximal_step(model, lr)
        model.project()
        self.steps += 1

    @abstractmethod
    def update(self, theta: np.ndarray, g: np.ndarray, lr: float) -> None:
        """Move `theta` in place, given its gradient."""

    def take_proximal_step(self, model: Sequential, lr: float) -> None:
        """Move the parameters to where the penalties draw them, in place."""
        model.prox(lr)

    def state_dict(self) -> dict[str, np.ndarray]:
        """Return copies of what is remembered, and the number of steps."""
        memory = {name: a.copy() for name, a in self._memory.items()}
        return {"steps": np.array(self.steps, np.int64), **memory}

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        """Take the memory and the step count from a `state_dict`.

        Raises
        ------
        ValueError
            If the names, the shapes or the number of steps cannot be those of
            such an optimiser.
        """
        memory = {name: np.array(array) for name, array in state.items()}
        steps = memory.pop("steps", np.array(None))
        if steps.shape or steps.dtype.kind not in "iu" or steps < 0:
            raise ValueError(
                "state['steps'] must be a whole number >= 0, got "
                f"{state.get('steps')!r}"
            )
        known = self.remembers if memory or steps else ()
        if known is not None and set(memory) != set(known):
            raise ValueError(
                f"state must hold {sorted({'steps', *known})}, got "
                f"{sorted(state)}"
            )
        if len({array.shape for array in memory.values()}) > 1:
            raise ValueError("state must hold arrays of one shape")
        self.steps, self._memory = int(steps), memory

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
