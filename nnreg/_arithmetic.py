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


def scaled(array: np.ndarray, factor: float, out=None) -> np.ndarray:
    """Return ``factor * array`` in the dtype of `array`.

    In float64 where the dtype cannot hold the factor: it would become 0 or
    infinity before it meets a number that brings it back.
    """
    work = work_dtype(array.dtype)
    info = np.finfo(work)
    if factor and not float(info.tiny) <= abs(factor) <= float(info.max):
        work = np.promote_types(work, np.float64)
    out = np.empty_like(array) if out is None else out
    return np.multiply(array, factor, out=out, dtype=work, casting="same_kind")


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
            shape = -1, _BLOCK
            blocks = _dots(a[:whole].reshape(shape), b[:whole].reshape(shape))
            total += float(blocks.sum(dtype=np.float64))
        if a.dtype.itemsize > 4 or _SAFE[0] < abs(total) < _SAFE[1]:
            return total
    return dot(a.astype(np.float64), b.astype(np.float64))


def row_dots(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Sum of ``a * b`` along each row, in blocks too; in float64 or wider."""
    n, d = a.shape
    whole = d - d % _BLOCK
    wide = np.promote_types(a.dtype, np.float64)
    totals = _dots(a[:, whole:], b[:, whole:]).astype(wide)
    if whole:
        shape = n, whole // _BLOCK, _BLOCK
        blocks = a[:, :whole].reshape(shape), b[:, :whole].reshape(shape)
        totals += _dots(*blocks).sum(axis=1, dtype=wide)
    return totals


def _dots(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """One product for each row, in one call: a loop takes twice as long."""
    with np.errstate(over="ignore", invalid="ignore"):
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
