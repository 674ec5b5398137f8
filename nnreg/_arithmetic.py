"""Sums and products that lose neither digits nor range, for every module."""

import math

import numpy as np

_BLOCK = 1024
# A float32 sum outside this range may have lost terms to under- or overflow.
_SAFE = (1e-24, math.inf)


def work_dtype(dtype: np.dtype) -> np.dtype:
    """Return the dtype to compute in.

    Half precision and a foreign byte order are made for storage.
    """
    return np.promote_types(dtype, np.float32)


def scaled(array: np.ndarray, factor: float) -> np.ndarray:
    """Return ``factor * array`` in the dtype of `array`.

    In float64 where the dtype cannot hold the factor: it would become 0 or
    infinity before it meets a number that brings it back.
    """
    info = np.finfo(array.dtype)
    holds = factor == 0 or float(info.tiny) <= abs(factor) <= float(info.max)
    work = array.dtype if holds else np.promote_types(array.dtype, np.float64)
    product = np.multiply(array, factor, dtype=work)
    return np.asarray(product.astype(array.dtype, copy=False))


def dot(a: np.ndarray, b: np.ndarray) -> float:
    """Sum of ``a * b`` over all entries.

    Summed in blocks, because one float32 product over millions of entries
    loses three digits; and again in float64 if the narrower type over- or
    underflowed.
    """
    a, b = a.ravel(), b.ravel()
    if a.dtype.itemsize > 2:
        whole = a.size - a.size % _BLOCK
        total = float(np.vdot(a[whole:], b[whole:]))
        if whole:
            # One product per block, all in one call: a loop of vdot costs
            # twice the time.
            rows = a[:whole].reshape(-1, 1, _BLOCK)
            columns = b[:whole].reshape(-1, _BLOCK, 1)
            with np.errstate(over="ignore", invalid="ignore"):
                blocks = np.matmul(rows, columns)
                total += float(blocks.sum(dtype=np.float64))
        if a.dtype.itemsize > 4 or _SAFE[0] < abs(total) < _SAFE[1]:
            return total
    return dot(a.astype(np.float64), b.astype(np.float64))
