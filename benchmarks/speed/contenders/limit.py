"""What the machine itself can do: move the same bytes, or multiply the same matrices."""

import numpy as np

from benchmarks.speed import cases
from benchmarks.speed.cases import Case
from benchmarks.speed.contenders._calls import repeated

# An op must read and write at least so many arrays of the input's size, two at a time.
PASSES = {"dropout": 2, "layernorm": 2, "spectral norm": 2}
_BLOCK = 16  # rows: 64 kB in float32, so that what is written is still in the cache


def to_numpy(result):
    return ()


def prepare_copy(case: Case):
    """Copy as many arrays as the op must read, into arrays that are there already."""
    if case.is_training:
        return None
    x, out = cases.problem(case).x, np.zeros((case.rows, case.columns), case.dtype)

    def copy():
        for _ in range(PASSES.get(case.kind, 1)):
            np.copyto(out, x)

    return repeated(copy)


def prepare_triad(case: Case):
    """Read two arrays, write ``x + 3 * dy`` into a third; block by block, as NumPy needs."""
    if case.is_training:
        return None
    given = cases.problem(case)
    out, factor = np.zeros_like(given.x), given.x.dtype.type(3)
    blocks = [slice(row, row + _BLOCK) for row in range(0, case.rows, _BLOCK)]

    def triad():
        for _ in range(PASSES.get(case.kind, 1)):
            for block in blocks:
                np.multiply(given.dy[block], factor, out=out[block])
                out[block] += given.x[block]

    return repeated(triad)


def prepare_products(case: Case):
    """Return the matrix products of an epoch, and nothing else of it."""
    if not case.is_training:
        return None
    begin = cases.start(case)
    X, first, second = begin.X, begin.first, begin.second
    hidden, scores = X @ first, X @ first @ second
    back, dfirst, dsecond = np.zeros_like(hidden), np.zeros_like(first), np.zeros_like(second)

    def products():
        np.matmul(X, first, out=hidden)
        np.matmul(hidden, second, out=scores)
        np.matmul(hidden.T, scores, out=dsecond)
        np.matmul(scores, second.T, out=back)
        np.matmul(X.T, back, out=dfirst)

    return repeated(products)
