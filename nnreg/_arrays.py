"""Argument checks that every module shares, and one sum that does not lose digits."""

import math
import numbers

import numpy as np

_BLOCK = 1024
# A float32 sum of products outside this range may have lost terms to under- or overflow.
_SAFE = (1e-24, math.inf)


def as_float_array(values, name: str) -> np.ndarray:
    """Return `values` as a floating-point array, without a copy where none is needed."""
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be a rectangular array of numbers: {error}") from None
    if array.dtype.kind == "f":
        return array
    if array.dtype.kind in "biu":
        return array.astype(np.float64)
    raise TypeError(f"{name} must hold real numbers, got dtype {array.dtype}")


def as_generator(rng) -> np.random.Generator:
    """Return the generator itself, or a new one from an integer seed."""
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, numbers.Integral) and not isinstance(rng, bool) and rng >= 0:
        return np.random.default_rng(int(rng))
    raise TypeError(f"rng must be a numpy.random.Generator or a seed >= 0, got {rng!r}")


def as_labels(y, n: int, n_classes: int) -> np.ndarray:
    """Return `y` as n integer labels below `n_classes`."""
    y = np.asarray(y)
    if y.shape != (n,):
        raise ValueError(f"y must have shape ({n},), one label a row, got {y.shape}")
    if y.dtype.kind not in "iu":
        raise TypeError(f"y must hold integer labels, got dtype {y.dtype}")
    if y.min() < 0 or y.max() >= n_classes:
        raise ValueError(
            f"y must hold labels from 0 to {n_classes - 1}, got {y.min()} to {y.max()}"
        )
    return y


def as_upstream(dy, shape: tuple[int, ...]) -> np.ndarray:
    """Return the upstream gradient, if it has the shape of what went forward."""
    dy = as_float_array(dy, "dy")
    if dy.shape != shape:
        raise ValueError(f"dy must have the shape of the output, {shape}, got {dy.shape}")
    return dy


def check_real(value, name: str, low: float = 0.0, high: float = math.inf) -> float:
    """Return `value` as a float if it is finite and within [low, high]."""
    if isinstance(value, (str, bytes, bool)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a real number, got {value!r}")
    value = float(value)
    if not math.isfinite(value) or not low <= value <= high:
        allowed = f"in [{low:g}, {high:g}]" if high < math.inf else f"finite and >= {low:g}"
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
    return value


def check_positive(value, name: str) -> float:
    """Return `value` as a float if it is finite and above zero."""
    value = check_real(value, name)
    if value == 0:
        raise ValueError(f"{name} must be finite and > 0, got {value!r}")
    return value


def check_float_dtype(dtype) -> np.dtype:
    """Return `dtype` as NumPy's if it is a floating-point type."""
    checked = np.dtype(dtype)
    if checked.kind != "f":
        raise TypeError(f"dtype must be a floating-point type, got {dtype!r}")
    return checked


def check_count(value, name: str, low: int = 1) -> int:
    """Return `value` as an int if it is a whole number of at least `low`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < low:
        raise ValueError(f"{name} must be >= {low}, got {value!r}")
    return int(value)


def dot(a: np.ndarray, b: np.ndarray) -> float:
    """Sum of ``a * b`` over all entries.

    Summed in blocks, because one float32 product over millions of entries loses three digits;
    and again in float64 if the narrower type over- or underflowed.
    """
    a, b = a.ravel(), b.ravel()
    if a.dtype.itemsize > 2:
        whole = a.size - a.size % _BLOCK
        total = float(np.vdot(a[whole:], b[whole:]))
        if whole:
            # One product per block, in a single call: a loop of vdot costs twice the time.
            with np.errstate(over="ignore", invalid="ignore"):
                rows, columns = a[:whole].reshape(-1, 1, _BLOCK), b[:whole].reshape(-1, _BLOCK, 1)
                total += float(np.matmul(rows, columns).sum(dtype=np.float64))
        if a.dtype.itemsize > 4 or _SAFE[0] < abs(total) < _SAFE[1]:
            return total
    return dot(a.astype(np.float64), b.astype(np.float64))
