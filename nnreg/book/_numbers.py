"""Write numbers as a person does: few digits, no exponent."""

from typing import Any

import numpy as np


def written(value: Any, digits: int = 3) -> str:
    """Return a number in so many significant digits; integers keep all.

    >>> written(1e-07), written(0.30000000000000004), written(12345)
    ('0.0000001', '0.3', '12345')
    """
    if not isinstance(value, float | np.floating):
        return str(value)
    if not np.isfinite(value):
        return str(float(value))
    rounded = float(f"{float(value):.{digits}g}")
    return np.format_float_positional(rounded, trim="-")
