"""Whether a contender computed what nnreg computed: a time for something else says nothing."""

import numpy as np

from benchmarks.speed import cases
from benchmarks.speed.cases import Case

# Relative to the largest entry. PyTorch adds 1e-6 to a norm, which float64 sees.
TOLERANCE = {"float32": 1e-4, "float64": 1e-7}
# PyTorch's norm of eight million numbers in float32 is off by 2e-4.
NORM_TOLERANCE = 1e-3
# In its first ten epochs a training with dropout depends on the masks by less than this.
DROPOUT_TOLERANCE = 0.02


def check(case: Case, theirs: list, ours: list) -> None:
    """Raise an AssertionError that says what is different, and by how much."""
    if not theirs:  # a limit computes nothing
        return
    if case.kind == "dropout":
        for result in (ours, theirs):
            check_dropout(case, *result)
        return
    tolerance = DROPOUT_TOLERANCE if case.drops else TOLERANCE[case.dtype]
    if (case.kind, case.dtype) == ("clipping", "float32"):
        tolerance = NORM_TOLERANCE
    assert len(theirs) == len(ours), f"{case}: {len(theirs)} results, not {len(ours)}"
    for number, (a, b) in enumerate(zip(theirs, ours, strict=True)):
        difference = np.max(np.abs(a - b)) / np.max(np.abs(b))
        assert difference <= tolerance, f"{case}: result {number} differs by {difference:.2g}"


def check_dropout(case: Case, y: np.ndarray, dx: np.ndarray) -> None:
    """Every mask is another: see how many it keeps, and that both passes kept the same."""
    given, keep = cases.problem(case), 1 - cases.DROP
    kept = y != 0
    sigma = np.sqrt(cases.DROP * keep / kept.size)
    share = kept.mean()
    assert abs(share - keep) < 5 * sigma, f"{case}: keeps {share:.4f}, not {keep}"
    for name, found, before in (("y", y, given.x), ("dx", dx, given.dy)):
        expected = np.where(kept, before / keep, 0)
        assert np.allclose(found, expected, rtol=1e-6), f"{case}: {name} is not x / (1 - p)"
