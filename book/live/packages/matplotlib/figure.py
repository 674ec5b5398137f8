"""The figure that `History.plot` makes by itself: drawn as the book's are."""

from typing import Any

from nnreg.book._svg.figure import SvgFigure


class Figure(SvgFigure):
    """A figure by its size in inches."""

    def __init__(self, figsize: tuple[float, float] = (6.0, 3.6), **_: Any):
        super().__init__(*figsize)
