"""What the chapters take from `matplotlib.patches`."""

from typing import Any

import numpy as np

from nnreg.book._svg.areas import Area
from nnreg.book._svg.words import area_words


def Rectangle(xy: Any, width: float, height: float, **words: Any) -> Area:
    """Return a rectangle for `add_patch`."""
    left, low = xy
    right, high = left + width, low + height
    corners = [[left, low], [right, low], [right, high], [left, high]]
    words = area_words(words, lambda: "#0072B2")
    return Area(shapes=[np.array(corners, dtype=float)], **words)
