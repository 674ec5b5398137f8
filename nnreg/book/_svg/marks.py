"""What stands in a panel: lines, with or without markers, and points."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

import numpy as np

from nnreg.book._svg.drawing import POINT, dash_array, path, tag
from nnreg.book._svg.markers import markers


@dataclass
class Mark:
    """Anything that is drawn; which of its places are data is in `frame`."""

    label: str | None = None
    zorder: float = 1
    alpha: float | None = None
    frame: tuple[bool, bool] = (True, True)

    def draw(self, panel: Any) -> str:
        raise NotImplementedError

    def spots(self, panel: Any) -> np.ndarray:
        """Return pixels (n, 2) that a legend had better not cover."""
        return np.empty((0, 2))

    def sample(self, x: float, y: float, width: float, height: float) -> str:
        """Return the sign in the legend; (x, y) is its left and its middle."""
        return ""


@dataclass
class Line(Mark):
    """Lines through points, with a marker on each if one is asked for."""

    ways: Sequence[np.ndarray] = ()
    color: str = "#000000"
    linewidth: float = 2.2
    linestyle: Any = "-"
    marker: str | None = None
    markersize: float = 6.0
    markerfacecolor: str | None = None
    markeredgecolor: str | None = None
    markeredgewidth: float = 1.0
    markevery: Any = None
    cap: str | None = "square"
    errors: str = ""  # the axes along which it has error bars

    def get_color(self) -> str:
        return self.color

    def _stroke(self, ways: Sequence[np.ndarray]) -> str:
        if self.linestyle in ("None", "none", "", " ") or not self.linewidth:
            return ""
        width = self.linewidth * POINT
        dashes = dash_array(self.linestyle, width)
        d = "".join(path(way) for way in ways)
        return d and tag(
            "path",
            d=d,
            fill="none",
            stroke=self.color,
            stroke_width=width,
            stroke_dasharray=dashes,
            stroke_linejoin="round",
            stroke_linecap=None if dashes else self.cap,
            stroke_opacity=self.alpha,
        )

    def _dots(self, points: np.ndarray) -> str:
        if self.marker in (None, "None", "none", "", " "):
            return ""
        points = points[np.isfinite(points).all(axis=1)]
        if self.alpha is None:  # one of many at the same spot is enough
            spots = np.round(4 * points)
            points = points[np.unique(spots, axis=0, return_index=True)[1]]
        sizes = np.full(len(points), self.markersize * POINT)
        shapes = "".join(markers(self.marker, points, sizes))
        return shapes and tag(
            "g",
            shapes,
            fill=self.markerfacecolor or self.color,
            stroke=self.markeredgecolor or self.color,
            stroke_width=self.markeredgewidth * POINT,
            fill_opacity=self.alpha,
            stroke_opacity=self.alpha,
        )

    def _marked(self, way: np.ndarray) -> np.ndarray:
        every = self.markevery
        return (
            way[::every]
            if isinstance(every, int)
            else (way if every is None else way[every])
        )

    def draw(self, panel: Any) -> str:
        ways = [panel.pixels(*way.T, self.frame) for way in self.ways]
        marked = [self._marked(way) for way in ways]
        return self._stroke(ways) + "".join(map(self._dots, marked))

    def spots(self, panel: Any) -> np.ndarray:
        ways = [panel.pixels(*way.T, self.frame) for way in self.ways]
        if self.linestyle in ("None", "none", "", " "):
            return np.concatenate([*ways, np.empty((0, 2))])
        # A straight line has few points and covers many.
        steps = np.linspace(0, 1, 12)[:, None]
        between = [
            (way[:-1, None] + steps * np.diff(way, axis=0)[:, None]).reshape(
                -1, 2
            )
            for way in ways
            if len(way)
        ]
        return np.concatenate([*between, np.empty((0, 2))])

    def sample(self, x: float, y: float, width: float, height: float) -> str:
        way = np.array([[x, y], [x + width, y]])
        middle = way.mean(axis=0)
        solid = replace(self, linestyle="-", cap=None)
        bars = [
            middle + np.outer([-height, height], (name == "x", name == "y"))
            for name in self.errors
        ]
        return (
            self._stroke([way])
            + solid._stroke(bars)
            + self._dots(middle[None])
        )


@dataclass
class Dots(Mark):
    """Points of a scatter, each with its own size and colour."""

    points: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))
    areas: np.ndarray = field(default_factory=lambda: np.empty(0))
    faces: Sequence[str] = ()
    edges: Sequence[str] = ()
    linewidth: float = 1.0
    marker: str = "o"

    def _some(self, at: np.ndarray, which: np.ndarray) -> str:
        """Draw some of the points; neighbours of one colour share it."""
        sizes = np.sqrt(self.areas[which]) * POINT
        shapes = markers(self.marker, at, sizes)
        looks = [(self.faces[i], self.edges[i]) for i in which]
        drawn = ""
        for (face, edge), group in groupby(
            zip(looks, shapes, strict=True), key=lambda pair: pair[0]
        ):
            inside = "".join(shape for _, shape in group)
            drawn += tag("g", inside, fill=face, stroke=edge)
        return drawn and tag(
            "g",
            drawn,
            stroke_width=self.linewidth * POINT,
            fill_opacity=self.alpha,
            stroke_opacity=self.alpha,
        )

    def draw(self, panel: Any) -> str:
        at = self.spots(panel)
        there = np.flatnonzero(np.isfinite(at).all(axis=1))
        return self._some(at[there], there)

    def spots(self, panel: Any) -> np.ndarray:
        return panel.pixels(*self.points.T, self.frame)

    def sample(self, x: float, y: float, width: float, height: float) -> str:
        middle = np.array([[x + width / 2, y]])
        return self._some(
            middle[: len(self.areas)], np.arange(1)[: len(self.areas)]
        )
