"""Argument checks that every module shares: one rule for each kind of input.

Arrays may be read-only, strided, memory-mapped, big-endian or without axes.
Masked arrays are refused: no formula here would know what to do with a hole.
"""

from __future__ import annotations

import math
import numbers

import numpy as np


def as_float_array(values, name: str) -> np.ndarray:
    """Return `values` as an array of floats, without a needless copy."""
    if type(values) is np.ndarray and values.dtype.kind == "f":
        return values
    refuse_holes(values, name)
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(
            f"{name} must be a rectangular array of numbers: {error}"
        ) from None
    if array.dtype.kind == "f":
        return array
    if array.dtype.kind in "biu":
        return array.astype(np.float64)
    raise TypeError(f"{name} must hold real numbers, got dtype {array.dtype}")


def refuse_holes(values, name: str) -> None:
    """Raise if `values` are masked: a mask would be dropped in silence."""
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(
            f"{name} must not be a masked array: fill its holes first, as in "
            f"{name}.filled(0)"
        )


def as_generator(rng) -> np.random.Generator:
    """Return the generator itself, or a new one from an integer seed."""
    if isinstance(rng, np.random.Generator):
        return rng
    whole = isinstance(rng, numbers.Integral) and not isinstance(rng, bool)
    if whole and rng >= 0:
        return np.random.default_rng(int(rng))
    raise TypeError(
        f"rng must be a numpy.random.Generator or a seed >= 0, got {rng!r}"
    )


def as_labels(y, n: int | None = None, n_classes: int | None = None):
    """Return `y` as integer labels: `n` of them, all below `n_classes`."""
    refuse_holes(y, "y")
    y = np.asarray(y)
    if y.ndim != 1 or len(y) != (len(y) if n is None else n):
        expected = "(n,)" if n is None else f"({n},)"
        raise ValueError(
            f"y must have shape {expected}, one label a row, got {y.shape}"
        )
    if y.dtype.kind not in "iu":
        raise TypeError(f"y must hold integer labels, got dtype {y.dtype}")
    if not y.size:
        raise ValueError("y must hold at least one label, got none")
    largest = math.inf if n_classes is None else n_classes - 1
    if y.min() < 0 or y.max() > largest:
        allowed = f"from 0 to {largest}" if n_classes else ">= 0"
        raise ValueError(
            f"y must hold labels {allowed}, got {y.min()} to {y.max()}"
        )
    return y.astype(np.intp, copy=False)  # what indexes: 32 bits in a browser


def as_upstream(dy, shape: tuple[int, ...], dtype=None) -> np.ndarray:
    """Return the upstream gradient, if its shape is that of the output.

    With `dtype` it is converted: a gradient comes back in the dtype of what
    went forward, whatever arrives.
    """
    dy = as_float_array(dy, "dy")
    if dy.shape != shape:
        raise ValueError(
            f"dy must have the shape of the output, {shape}, got {dy.shape}"
        )
    return dy if dtype is None else dy.astype(dtype, copy=False)


def check_real(
    value, name: str, low: float = 0.0, high: float = math.inf
) -> float:
    """Return `value` as a float if it is finite and within [low, high]."""
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not real:
        raise TypeError(f"{name} must be a real number, got {value!r}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf if value > 0 else -math.inf
    if not math.isfinite(number) or not low <= number <= high:
        bounded = high < math.inf
        allowed = (
            f"in [{low:g}, {high:g}]"
            if bounded
            else (f"finite and >= {low:g}")
        )
        raise ValueError(f"{name} must be {allowed}, got {number!r}")
    return number


def check_positive(value, name: str) -> float:
    """Return `value` as a float if it is finite and above zero."""
    number = check_real(value, name)
    if number == 0:
        raise ValueError(f"{name} must be finite and > 0, got {number!r}")
    return number


def check_below_one(value, name: str) -> float:
    """Return `value` as a float if it is in [0, 1), without its end."""
    number = check_real(value, name)
    if number >= 1:
        raise ValueError(f"{name} must be in [0, 1), got {number!r}")
    return number


def check_count(value, name: str, low: int = 1) -> int:
    """Return `value` as an int if it is a whole number of at least `low`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < low:
        raise ValueError(f"{name} must be >= {low}, got {value}")
    return int(value)


def check_parameter_dtype(dtype) -> np.dtype:
    """Return `dtype` if parameters can be trained in it."""
    checked = np.dtype(dtype)
    if checked.kind != "f":
        raise TypeError(f"dtype must be a floating-point type, got {dtype!r}")
    if checked.itemsize < 4:
        raise TypeError(
            f"dtype must be float32 or wider, got {checked}: half precision "
            "is for storage, and small steps would be lost in it"
        )
    return checked.newbyteorder("=")


def check_axis(axis) -> None:
    """Raise unless `axis` is a whole number, a tuple of them, or None."""
    axes = axis if isinstance(axis, tuple) else (axis,)
    whole = all(isinstance(a, numbers.Integral) for a in axes)
    if axis is not None and not whole:
        raise TypeError(
            f"axis must be an int, a tuple of int or None, got {axis!r}"
        )


def check_state(state: dict, own: dict) -> None:
    """Raise unless `state` has the names and shapes of our own arrays."""
    if own.keys() != state.keys():
        raise ValueError(f"state must hold {sorted(own)}, got {sorted(state)}")
    for name, array in own.items():
        if np.shape(state[name]) != array.shape:
            raise ValueError(
                f"state[{name!r}] must have shape {array.shape}, got "
                f"{np.shape(state[name])}"
            )
