"""Figures that look alike in every chapter, drawn without pyplot."""

import base64
import io
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from nnreg.book.palette import (
    CLASS_COLOURS,
    CLASS_MARKERS,
    CLASS_TINTS,
    CSS_PIXELS_PER_INCH,
    plot_decision,
    role,
)

__all__ = [
    "CLASS_COLOURS",
    "CLASS_MARKERS",
    "CLASS_TINTS",
    "CSS_PIXELS_PER_INCH",
    "BookFigure",
    "figure",
    "plot_decision",
    "role",
    "use_style",
]


@cache
def use_style() -> None:
    """Give matplotlib the book's style, once per process."""
    matplotlib.style.use(Path(__file__).with_name("style.mplstyle"))


class BookFigure(Figure):
    """A figure that shows itself as a sharp PNG, the same bytes every time."""

    def __repr__(self) -> str:
        return "<Figure>"

    def frame(self, dpi: float) -> Image.Image:
        """Draw the figure and return it as an RGB image."""
        self.set_dpi(dpi)
        canvas = FigureCanvasAgg(self)
        canvas.draw()
        pixels = Image.fromarray(np.asarray(canvas.buffer_rgba()))
        return pixels.convert("RGB")

    def png(self) -> bytes:
        """Return a PNG at twice the size on screen, without any metadata."""
        buffer = io.BytesIO()
        # A palette of 256 colours cuts the file to a third and is not seen on
        # line art.
        image = self.frame(2 * CSS_PIXELS_PER_INCH).quantize(
            256, dither=Image.Dither.NONE
        )
        image.save(buffer, "png", optimize=True)
        return buffer.getvalue()

    def size_on_screen(self) -> dict[str, int]:
        """Return width and height in CSS pixels."""
        width, height = self.get_size_inches() * CSS_PIXELS_PER_INCH
        return {"width": round(width), "height": round(height)}

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict, dict]:
        data = {
            "image/png": base64.b64encode(self.png()).decode(),
            "text/plain": repr(self),
        }
        return data, {"image/png": self.size_on_screen()}


def figure(
    width: float = 6.0,
    height: float = 3.6,
    ncols: int = 1,
    nrows: int = 1,
    **subplots: Any,
) -> tuple[BookFigure, Any]:
    """Make a figure in the book's style.

    Parameters
    ----------
    width, height : float
        Size in inches; an inch is 100 pixels on screen, so the default fills a
        text column.
    ncols, nrows : int
        Number of panels beside and above each other.
    **subplots
        Passed on to ``Figure.subplots``, for instance ``sharey=True``.

    Returns
    -------
    fig : BookFigure
        As the last expression of a cell it shows itself; it is no pyplot
        figure.
    ax : Axes or array of Axes
        One axes object, or an array of them if there are several panels.

    Examples
    --------
    >>> fig, ax = figure()
    >>> line, = ax.plot([0, 1], [0, 1], **role("training"))
    >>> fig
    <Figure>
    """
    use_style()
    fig = BookFigure(figsize=(width, height))
    return fig, fig.subplots(nrows=nrows, ncols=ncols, **subplots)
