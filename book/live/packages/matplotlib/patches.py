"""Rectangles, which the stand-in draws."""

from nnreg.book._svg.patches import Rectangle  # noqa: F401
