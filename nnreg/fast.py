"""LayerNorm and RMSNorm as plain loops, which numba compiles.

The formulas of `nnreg.layernorm` for one number after the other, as they stand
in the C of llm.c: ``pip install "nnreg[fast]"``. The first call spends 2 to 3
seconds on compiling, and in later processes under one on reading what was
kept. L1 and the elastic net are not here, because NumPy's are faster than
PyTorch's as they are; nor is dropout, which waits for its random numbers.
A result too large for a float is infinite here too, but without a warning.

>>> import nnreg, nnreg.fast
>>> nnreg.fast.enable()
>>> nnreg.layernorm_forward([[1.0, 2.0, 3.0]])[0].round(4)
array([[-1.2247,  0.    ,  1.2247]])
>>> nnreg.fast.disable()
"""

import functools
import math

import numpy as np

from nnreg import layernorm

try:
    import numba
except ImportError as error:
    raise ImportError(
        f'nnreg.fast needs numba ({error}): pip install "nnreg[fast]"'
    ) from error

_numpy_forward, _numpy_backward = layernorm._forward, layernorm._backward


def enable() -> None:
    """Let both norms, as functions and as layers, run the compiled loops."""
    layernorm._forward, layernorm._backward = _forward, _backward


def disable() -> None:
    """Let them run NumPy again, as they do without `enable`."""
    layernorm._forward, layernorm._backward = _numpy_forward, _numpy_backward


def _compiled(loops, **options):
    try:
        return numba.njit(loops, cache=True, **options)
    except RuntimeError:  # no folder can be written to
        return numba.njit(loops, **options)


# The terms of a sum may be added in any order, and so several at once.
_in_any_order = functools.partial(_compiled, fastmath={"reassoc", "contract"})


@_in_any_order
def _mean(row):
    total = 0.0
    for j in range(len(row)):
        total += row[j]
    return total / len(row)


@_in_any_order
def _mean_product(a, b):
    total = 0.0
    for j in range(len(a)):
        total += np.float64(a[j]) * b[j]
    return total / len(a)


@_compiled
def _forward_loops(x, gamma, beta, eps, centre, y, x_hat, inverse, squares):
    n, d = x.shape
    wide = np.empty(d)  # of float64, as all sums are
    for i in range(n):
        mean = _mean(x[i]) if centre else 0.0
        for j in range(d):
            wide[j] = x[i, j] - mean
        rest = _mean(wide) if centre else 0.0
        for j in range(d):
            x_hat[i, j] = wide[j] - rest
        squares[i] = _mean_product(x_hat[i], x_hat[i])
        inverse[i, 0] = 1 / math.sqrt(squares[i] + eps)
        scale = inverse[i, 0]
        for j in range(d):
            x_hat[i, j] *= scale
            y[i, j] = gamma[j] * x_hat[i, j] + beta[j]


@_compiled
def _backward_loops(dy, x_hat, inverse, gamma, centre, dx, dgamma, dbeta):
    n, d = dy.shape
    number = dy.dtype.type  # rounds to it
    for i in range(n):
        for j in range(d):
            dgamma[j] += dy[i, j] * x_hat[i, j]
            dbeta[j] += dy[i, j]
            dx[i, j] = gamma[j] * dy[i, j]
        mean = number(_mean(dx[i]) if centre else 0.0)
        along = number(_mean_product(dx[i], x_hat[i]))
        scale = inverse[i, 0]
        for j in range(d):
            dx[i, j] = scale * (dx[i, j] - mean - x_hat[i, j] * along)


def _plain(rows):
    return rows if rows.flags.carray else rows.copy()


def _forward(rows, gamma, beta, eps, centre):
    (n, d), dtype = rows.shape, rows.dtype
    if dtype.char not in "fd":  # numba knows no long double
        return _numpy_forward(rows, gamma, beta, eps, centre)
    y, x_hat = np.empty((n, d), dtype), np.empty((n, d), dtype)
    inverse, squares = np.empty((n, 1), dtype), np.empty(n)
    scale = layernorm._as_row(gamma, d, dtype)
    shift = (np.zeros(d) if beta is None else beta.ravel()).astype(dtype)
    given = _plain(rows), scale, shift, eps, centre
    _forward_loops(*given, y, x_hat, inverse, squares)
    low = np.finfo(dtype).tiny / np.finfo(dtype).eps
    edge = ~((low < squares) & (squares < math.inf))
    if edge.any():  # what squares cannot hold, NumPy's form does otherwise
        redone = _numpy_forward(rows[edge], gamma, beta, eps, centre)
        y[edge], x_hat[edge], inverse[edge] = redone
    return y, x_hat, inverse


def _backward(dy, x_hat, inverse, gamma, centre):
    (n, d), dtype = dy.shape, dy.dtype
    if dtype.char not in "fd":
        return _numpy_backward(dy, x_hat, inverse, gamma, centre)
    dx, sums = np.empty((n, d), dtype), np.zeros((2, d))
    scale = layernorm._as_row(gamma, d, dtype)
    _backward_loops(_plain(dy), x_hat, inverse, scale, centre, dx, *sums)
    return dx, *sums.astype(dtype)
