"""What was aimed at: how many times as long another contender should take at least."""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.speed.cases import OPS, SHAPES, Case

NAIVE = ("NNFS notes", "zero_to_gpt", "Nabla", "SciRS2")


@dataclass(frozen=True)
class Target:
    """`contender` takes at least `least` times as long as `runner` for `case`."""

    case: Case
    contender: str
    least: float
    runner: str = "nnreg"


def _training(points: int, dtype: str) -> Case:
    return Case("training", points, 64, dtype)


def _large(op: str, dtype: str = "float32") -> Case:
    return Case(op, 8192, 1024, dtype)


def _middle(op: str) -> Case:
    return Case(op, 256, 1024, "float32")


def _small(op: str) -> Case:
    return Case(op, 64, 64, "float32")


HEADLINE = [
    Target(_training(3000, "float32"), "NNFS classes", 3.0),
    Target(_training(3000, "float64"), "NNFS classes", 2.2),
    Target(_training(3000, "float32"), "PyTorch", 2.2),
    Target(_training(3000, "float64"), "PyTorch", 1.8),
    Target(_training(3000, "float32"), "JAX", 1.0),
    Target(_training(3000, "float64"), "JAX", 1.0),
    Target(_training(300, "float32"), "PyTorch", 3.5),
    Target(_training(300, "float64"), "PyTorch", 3.5),
]

_AT_LARGE = {
    "dropout": 4.0,
    "layernorm": 0.5,
    "L1": 3.0,
    "L2": 3.0,
    "elastic net": 4.0,
    "clipping": 1.0,
    "spectral norm": 2.5,
}
_AT_MIDDLE = {"dropout": 5.0, "layernorm": 0.45, "L1": 1.8}

AGAINST_PYTORCH = [
    *(Target(_large(op), "PyTorch", least) for op, least in _AT_LARGE.items()),
    *(Target(_middle(op), "PyTorch", least) for op, least in _AT_MIDDLE.items()),
    *(Target(_small(op), "PyTorch", 1.0 if op == "layernorm" else 1.6) for op in OPS),
]

# Each naive form that there is; `judged` leaves out those that a seed does not have.
AGAINST_NAIVE = [
    Target(case, form, least)
    for form in NAIVE
    for op in OPS
    for case, least in ((_large(op), 1.9 if op == "layernorm" else 2.2), (_small(op), 1.0))
]

COMPILED = [
    Target(Case("layernorm", *shape, "float32"), "PyTorch", least, "nnreg, compiled")
    for shape, least in zip(SHAPES, (1.2, 0.8, 2.0), strict=True)
]

# Aimed at with a compiled path, which they have not.
NOT_COMPILED = [
    Target(Case(op, *shape, "float32"), "PyTorch", 1.5)
    for op in ("L1", "elastic net", "dropout")
    for shape in SHAPES
]

TARGETS = {
    "Training": HEADLINE,
    "Against PyTorch": AGAINST_PYTORCH,
    "Against the naive forms": AGAINST_NAIVE,
    "The compiled path": COMPILED,
    "What was to be compiled, and stayed in NumPy": NOT_COMPILED,
}


@dataclass(frozen=True)
class Verdict:
    target: Target
    reached: float

    @property
    def met(self) -> bool:
        return self.reached >= self.target.least


def judged(results: dict, targets: list[Target]) -> Iterator[Verdict]:
    """Yield what came of each target that the results have both contenders for."""
    rows = {
        Case(row["kind"], row["rows"], row["columns"], row["dtype"]): row["contenders"]
        for row in results["cases"]
    }
    for target in targets:
        found = rows.get(target.case, {})
        if target.contender in found and target.runner in found:
            ratio = found[target.contender]["ratio"][0] / found[target.runner]["ratio"][0]
            yield Verdict(target, ratio)


def faults_met(results: dict) -> bool:
    """Return whether no steady epoch of the headline meets a page fault."""
    return all(
        row["contenders"]["nnreg"]["page_faults"] < 1
        for row in results["cases"]
        if (row["kind"], row["rows"]) == ("training", 3000)
    )
