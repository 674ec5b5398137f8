"""What is timed: regularisers forward and backward, and whole trainings."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from nnreg.data import spiral

OPS = ("dropout", "layernorm", "L1", "L2", "elastic net", "clipping", "spectral norm")
TRAININGS = ("training", "training with dropout")
SHAPES = ((64, 64), (256, 1024), (8192, 1024))
NETWORKS = (("training", 300, 64), ("training", 3000, 64), ("training with dropout", 3000, 512))
DTYPES = ("float32", "float64")

# How often each is called in a burst: the same number for all contenders.
CALLS = {64: 200, 256: 10, 8192: 1}
EPOCHS = {(300, 64): 100, (3000, 64): 30, (3000, 512): 3}
# The loss after so many is compared.
FIRST_EPOCHS = 10

DROP, STRENGTH, MAX_NORM, EPS = 0.3, 0.1, 1.0, 1e-5
LR, LR_DECAY, LAM, TRAINING_DROP = 0.05, 5e-7, 5e-4, 0.1
# So small that all train alike: Keras and scikit-learn add it before they correct the mean of the
# squares, the others after that.
ADAM_EPS = 1e-13


@dataclass(frozen=True)
class Case:
    """One thing to time. In a training, `columns` is the width of the hidden layer."""

    kind: str
    rows: int
    columns: int
    dtype: str

    def __str__(self) -> str:
        return f"{self.kind}, {self.size}, {self.dtype}"

    @property
    def is_training(self) -> bool:
        return self.kind in TRAININGS

    @property
    def size(self) -> str:
        if self.is_training:
            return f"2-{self.columns}-3 on {self.rows} points"
        return f"{self.rows}×{self.columns}"

    @property
    def calls(self) -> int:
        """Calls in a burst; in a training, epochs."""
        if self.is_training:
            return EPOCHS[self.rows, self.columns]
        return CALLS[self.rows]

    @property
    def drops(self) -> bool:
        return "dropout" in self.kind


def all_cases() -> list[Case]:
    ops = [Case(op, *shape, dtype) for dtype in DTYPES for shape in SHAPES for op in OPS]
    return [Case(*network, dtype) for dtype in DTYPES for network in NETWORKS] + ops


@dataclass(frozen=True)
class Problem:
    """The arrays of an op: its input, the upstream gradient, and what else it needs."""

    x: np.ndarray
    dy: np.ndarray
    gamma: np.ndarray
    beta: np.ndarray
    u: np.ndarray


def problem(case: Case) -> Problem:
    return _drawn(case.rows, case.columns, case.dtype)


@cache
def _drawn(rows: int, columns: int, dtype: str) -> Problem:
    """Return the arrays that all ops of one size share: nobody writes into them."""
    rng = np.random.default_rng(0)

    def draw(*shape):
        return rng.standard_normal(shape, dtype=np.dtype(dtype))

    x, dy = draw(rows, columns), draw(rows, columns)
    return Problem(x, dy, 1 + draw(columns), draw(columns), draw(rows))


@dataclass(frozen=True)
class Start:
    """Where every training starts: rows, labels, and the weights of both layers."""

    X: np.ndarray
    y: np.ndarray
    first: np.ndarray
    second: np.ndarray


def start(case: Case) -> Start:
    rng = np.random.default_rng(0)
    X, y = spiral(case.rows // 3, 3, rng, dtype=np.dtype(case.dtype))
    first = 0.01 * rng.standard_normal((2, case.columns))
    second = 0.01 * rng.standard_normal((case.columns, 3))
    return Start(X, y, first.astype(case.dtype), second.astype(case.dtype))
