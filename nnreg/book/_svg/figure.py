"""A figure in the book's style that shows itself as SVG, by NumPy alone."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from nnreg.book._svg import text
from nnreg.book._svg.axes import Axes
from nnreg.book._svg.axis import Axis
from nnreg.book._svg.drawing import NeedsNotebook, tag
from nnreg.book._svg.layout import Cell, Grid, place
from nnreg.book._svg.legend import Legend
from nnreg.book.palette import CSS_PIXELS_PER_INCH


class SvgFigure:
    """Stands in for `BookFigure` where there is no matplotlib."""

    def __init__(self, width: float, height: float):
        self.size = width * CSS_PIXELS_PER_INCH, height * CSS_PIXELS_PER_INCH
        self.clear()

    def __repr__(self) -> str:
        return "<Figure>"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NeedsNotebook(name)

    def clear(self) -> None:
        """Forget every panel."""
        self.axes: list[Axes] = []
        self.cells: list[Cell] = []
        self.key: Legend | None = None

    def _panel(self, cell: Cell, x: Any, y: Any, settings: Any) -> Axes:
        settings = settings or {}
        if "projection" in settings:
            raise NeedsNotebook("3-D surfaces")
        panel = Axes(self, x, y)
        panel.set(**settings)
        self.axes.append(panel)
        self.cells.append(cell)
        return panel

    def subplots(
        self,
        nrows: int = 1,
        ncols: int = 1,
        *,
        sharex: bool = False,
        sharey: bool = False,
        squeeze: bool = True,
        subplot_kw: dict | None = None,
        **ratios: Any,
    ) -> Any:
        """Return one panel, or an array of them; they may share an axis."""
        grid = self.add_gridspec(nrows, ncols, **ratios)
        x = Axis(across=True) if sharex else None
        y = Axis(across=False) if sharey else None
        panels = np.empty((nrows, ncols), dtype=object)
        for row, column in np.ndindex(nrows, ncols):
            panel = self._panel(grid[row, column], x, y, subplot_kw)
            panel.names_shown["x"] = not sharex or row == nrows - 1
            panel.names_shown["y"] = not sharey or column == 0
            panels[row, column] = panel
        if not squeeze:
            return panels
        return panels.item() if panels.size == 1 else panels.squeeze()

    def subplot_mosaic(
        self, mosaic: Sequence[Sequence[str]], **ratios: Any
    ) -> dict[str, Axes]:
        """Return panels by name, each over the cells that bear its name."""
        names = np.array([list(row) for row in mosaic])
        grid = self.add_gridspec(*names.shape, **ratios)
        panels = {}
        for name in dict.fromkeys(names.ravel().tolist()):
            rows, columns = np.nonzero(names == name)
            cell = grid[
                rows.min() : rows.max() + 1, columns.min() : columns.max() + 1
            ]
            panels[name] = self._panel(cell, None, None, None)
        return panels

    def add_gridspec(
        self,
        nrows: int = 1,
        ncols: int = 1,
        width_ratios: Sequence[float] | None = None,
        height_ratios: Sequence[float] | None = None,
    ) -> Grid:
        """Return a grid whose cells `add_subplot` takes."""
        widths = width_ratios or [1] * ncols
        heights = height_ratios or [1] * nrows
        return Grid(tuple(widths), tuple(heights))

    def add_subplot(self, cell: Cell | None = None, **words: Any) -> Axes:
        """Return a panel over some cells of a grid."""
        if cell is None:
            cell = self.add_gridspec()[0, 0]
        if not isinstance(cell, Cell):
            raise NeedsNotebook("panel by its number")
        return self._panel(cell, None, None, words)

    def legend(self, *marks_and_labels: Any, **words: Any) -> None:
        """Show a legend of the whole figure."""
        if not marks_and_labels:
            marks = [
                mark
                for panel in self.axes
                for mark in panel.get_legend_handles_labels()[0]
            ]
            marks_and_labels = marks, [str(mark.label) for mark in marks]
        self.key = Legend(*marks_and_labels, **words)

    def describe(self) -> str:
        """Return what the picture shows, for those who do not see it."""
        told = []
        for panel in self.axes:
            x, y = panel.labels["x"], panel.labels["y"]
            axes = f"{y} against {x}" if x and y else x or y
            names = ", ".join(panel.get_legend_handles_labels()[1])
            parts = [part for part in (panel.title, axes, names) if part]
            told += [": ".join(parts)] if parts else []
        words = "; ".join(told).replace("\n", " ")
        plain = "".join(run.text for run in text.runs(words))
        return f"Picture: {plain}" if plain else "Picture"

    def svg(self, title: str | None = None) -> str:
        """Return the picture; `title` is what a screen reader says."""
        width, height = self.size
        place(self.axes, self.cells, self.size, self.key)
        drawn = "".join(panel.draw() for panel in self.axes)
        if self.key:
            drawn += self.key.draw((0, 0, width, height), np.empty((0, 2)))
        told = self.describe() if title is None else title
        paper = tag("rect", width=width, height=height, fill="#ffffff")
        return tag(
            "svg",
            tag("title", escape(told)) + paper + drawn,
            xmlns="http://www.w3.org/2000/svg",
            class_="nnreg-figure",
            role="img",
            width=width,
            height=height,
            viewBox=f"0 0 {width:g} {height:g}",
            font_family=text.FAMILY,
        )

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": repr(self)}


def figure(
    width: float = 6.0,
    height: float = 3.6,
    ncols: int = 1,
    nrows: int = 1,
    **subplots: Any,
) -> tuple[SvgFigure, Any]:
    """Make a figure in the book's style, as `nnreg.book.figures.figure` does.

    Examples
    --------
    >>> fig, ax = figure()
    >>> line, = ax.plot([0, 1], [0, 1])
    >>> fig
    <Figure>
    """
    fig = SvgFigure(width, height)
    return fig, fig.subplots(nrows=nrows, ncols=ncols, **subplots)
