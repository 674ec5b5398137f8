"""Write numbers as a person does: few digits, and no `e+24`."""

from typing import Any

import numpy as np


def written(value: Any, digits: int = 3) -> str:
    """Return a number in so many significant digits; integers keep all.

    >>> written(1e-07), written(0.30000000000000004), written(12345)
    ('0.0000001', '0.3', '12345')
    >>> written(1.42e24), written(-5e-11)
    ('1.42 × 10^24', '-5 × 10^-11')
    """
    if not isinstance(value, float | np.floating):
        return str(value)
    value = float(value)
    if not np.isfinite(value):
        return str(value)
    if value and not 1e-8 < abs(value) < 1e9:
        mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
        return f"{float(mantissa):g} × 10^{int(power)}"
    rounded = float(f"{value:.{digits}g}")
    return np.format_float_positional(rounded, trim="-")
