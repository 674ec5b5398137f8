"""Sums and products that lose neither digits nor range, for every module."""

import math

import numpy as np

_BLOCK = 1024
# So many numbers stay in a core's cache, with what is computed from them.
_CACHED = 2**16
_SHORT = 2**13
# A float32 sum outside this range may have lost terms to under- or overflow.
_SAFE = (1e-24, math.inf)
# Factors that every dtype here can hold.
_LEAST, _MOST = 2.0**-126, 2.0**127


def work_dtype(dtype: np.dtype) -> np.dtype:
    """Return the dtype to compute in.

    Half precision and a foreign byte order are made for storage.
    """
    return np.promote_types(dtype, np.float32)


def scaled(array: np.ndarray, factor: float, out=None) -> np.ndarray:
    """Return ``factor * array`` in the dtype of `array`.

    In float64 where the dtype cannot hold the factor: it would become 0 or
    infinity before it meets a number that brings it back.
    """
    work = work_dtype(array.dtype)
    if factor and not _LEAST <= abs(factor) <= _MOST:
        work = np.promote_types(work, np.float64)
    out = np.empty_like(array) if out is None else out
    return np.multiply(array, factor, out=out, dtype=work, casting="same_kind")


def pieces(*arrays: np.ndarray):
    """Yield flat pieces of arrays of one size, short enough for the cache.

    What is done to a piece, step after step, then meets it there: memory is
    read once and written once, however many steps there are.
    """
    flat = [array.reshape(-1) for array in arrays]
    for start in range(0, flat[0].size, _CACHED):
        yield [array[start : start + _CACHED] for array in flat]


def row_pieces(rows: np.ndarray):
    """Yield slices of as many rows as stay in the cache together."""
    step = max(1, _CACHED // rows.shape[1])
    for start in range(0, len(rows), step):
        yield slice(start, start + step)


def dot(a: np.ndarray, b: np.ndarray) -> float:
    """Sum of ``a * b`` over all entries.

    Summed in blocks, because one float32 product over millions of entries
    loses three digits; and again in float64 if the narrower type over- or
    underflowed. A short sum is quicker in float64 at once.
    """
    if a.size <= _SHORT:
        wide = np.promote_types(a.dtype, np.float64)
        wide_a = a.astype(wide, copy=False)
        wide_b = wide_a if b is a else b.astype(wide, copy=False)
        return float(np.vdot(wide_a, wide_b))
    a, b = a.ravel(), b.ravel()
    if a.dtype.itemsize > 2:
        whole = a.size - a.size % _BLOCK
        total = float(np.vdot(a[whole:], b[whole:]))
        if whole:
            shape = -1, _BLOCK
            blocks = a[:whole].reshape(shape), b[:whole].reshape(shape)
            with np.errstate(over="ignore", invalid="ignore"):
                total += float(_dots(*blocks).sum(dtype=np.float64))
        if a.dtype.itemsize > 4 or _SAFE[0] < abs(total) < _SAFE[1]:
            return total
    return dot(a.astype(np.float64), b.astype(np.float64))


def row_dots(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Sum of ``a * b`` along each row, in blocks too; in float64 or wider."""
    n, d = a.shape
    wide = np.promote_types(a.dtype, np.float64)
    whole = d - d % _BLOCK if d > _BLOCK else 0
    totals = _dots(a[:, whole:], b[:, whole:]).astype(wide, copy=False)
    if whole:
        shape = n, whole // _BLOCK, _BLOCK
        blocks = a[:, :whole].reshape(shape), b[:, :whole].reshape(shape)
        totals += _dots(*blocks).sum(axis=1, dtype=wide)
    return totals


def _dots(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """One product for each row, in one call: a loop takes twice as long."""
    return np.matmul(a[..., None, :], b[..., :, None])[..., 0, 0]


def largest(array: np.ndarray, axis=None) -> np.ndarray:
    """Largest absolute entry along `axis`, which is kept; 0 if there is none.

    In float64 or wider, so that what is computed from it stays wide too.
    """
    keep = {"axis": axis, "keepdims": axis is not None, "initial": 0.0}
    found = np.maximum(array.max(**keep), -array.min(**keep))
    return found.astype(np.promote_types(array.dtype, np.float64))


def magnitude(array: np.ndarray, axis=None) -> np.ndarray:
    """Power of two at or below the largest absolute entry along `axis`.

    Dividing by it changes no digit, and the quotient is of size one: no
    square of it over- or underflows. Some power of two for zeros, too.
    """
    found = largest(array, axis)
    exponent = np.frexp(found)[1]
    return np.ldexp(np.ones_like(found), exponent - 1)


def in_parts(w: np.ndarray, axis):
    """Return `w` at size one, the lengths of that along `axis`, and the size.

    A length is ``norm * size``, where no square over- or underflows.
    """
    size = magnitude(w, axis)
    unit = np.divide(w, size, dtype=size.dtype)
    return unit, np.sqrt(np.square(unit).sum(axis, keepdims=True)), size
