"""Where NumPy 1.25 on 32 bits differs from the NumPy that made the stored outputs."""

from __future__ import annotations

from typing import Any

import numpy as np


def written(value: Any) -> str:
    """Return the text of a value; NumPy's numbers as NumPy 2 writes them."""
    text = repr(value)
    if isinstance(value, np.bool_ | np.number):
        return f"np.{type(value).__name__.rstrip('_')}({text})"
    return text


def install() -> None:
    """Let types meet as in NumPy 2, and labels of 64 bits be counted, as an index has 64 there."""
    np._set_promotion_state("weak")  # a float32 times a Python number stays a float32
    count = np.bincount

    def bincount(x, weights=None, minlength=0):
        x = np.asarray(x)
        if x.dtype.kind in "iu":
            x = x.astype(np.intp)
        return count(x, weights, minlength)

    np.bincount = bincount
