"""The ways to draw areas, points, images and contours, as in matplotlib."""

from typing import Any

import numpy as np

from nnreg.book._svg import contour
from nnreg.book._svg.areas import Area, Bands, Image
from nnreg.book._svg.colours import CYCLE, colour, colours, mapped
from nnreg.book._svg.lines import ABOVE, BESIDE, Lines
from nnreg.book._svg.markers import STROKES
from nnreg.book._svg.marks import Dots, Line, Mark
from nnreg.book._svg.words import area_words, line_words, plain, refuse


class Plots(Lines):
    """Areas, points, images and contours: all that a panel draws."""

    _next_area = 0

    def _area_colour(self) -> str:
        self._next_area += 1
        return CYCLE[(self._next_area - 1) % len(CYCLE)][0]

    def axhspan(self, low: float, high: float, **words: Any) -> Area:
        box = _box(0, 1, low, high)
        return self._shape([box], words, ABOVE)

    def axvspan(self, low: float, high: float, **words: Any) -> Area:
        box = _box(low, high, 0, 1)
        return self._shape([box], words, BESIDE)

    def _shape(self, shapes: Any, words: dict, frame=(True, True), floor=()):
        words = area_words(words, self._area_colour)
        shapes = [np.asarray(shape, dtype=float) for shape in shapes]
        x, y = np.concatenate(shapes).T if shapes else ((), ())
        return self._add(
            Area(shapes=shapes, frame=frame, **words),
            x if frame[0] else (),
            y if frame[1] else (),
            ((), floor),
        )

    def fill(self, x: Any, y: Any, **words: Any) -> list[Area]:
        return [
            self._shape(
                [np.column_stack([x, y])], {"linewidth": 1.0} | plain(words)
            )
        ]

    def fill_between(self, x: Any, y1: Any, y2: Any = 0, **words: Any) -> Area:
        x = self.x.numbers(x)
        low, high = (
            np.broadcast_to(np.asarray(y, float), x.shape) for y in (y1, y2)
        )
        there = np.isfinite(x) & np.isfinite(low) & np.isfinite(high)
        cuts = np.flatnonzero(np.diff(np.r_[False, there, False]))
        shapes = []
        for start, stop in cuts.reshape(-1, 2):
            piece = slice(start, stop)
            back = slice(stop - 1, start - 1 if start else None, -1)
            shapes.append(
                np.column_stack(
                    [np.r_[x[piece], x[back]], np.r_[low[piece], high[back]]]
                )
            )
        return self._shape(shapes, {"linewidth": 1.0} | plain(words))

    def bar(
        self,
        x: Any,
        height: Any,
        width: float = 0.8,
        bottom: Any = 0,
        **words: Any,
    ) -> list[Area]:
        x, height = self.x.numbers(x), np.asarray(height, float)
        words = plain(words)
        inks = words.pop("color", None)
        inks = self._area_colour() if inks is None else inks
        parts = np.broadcast_arrays(x, height, float(width), bottom)
        parts = [part.ravel() for part in parts]
        inks = colours(inks, len(parts[0]))
        label = words.pop("label", None)
        bars = []
        for at, up, wide, low in zip(*parts, strict=True):
            box = _box(at - wide / 2, at + wide / 2, low, low + up)
            words |= {"facecolor": inks[len(bars)], "label": label}
            bars.append(self._shape([box], words, floor=[float(low)]))
            label = None
        return bars

    def hist(
        self, values: Any, bins: Any = 10, density: bool = False, **words: Any
    ) -> tuple[np.ndarray, np.ndarray, Area]:
        counts, edges = np.histogram(
            values, bins, words.pop("range", None), density=density
        )
        boxes = [
            _box(left, right, 0, up)
            for left, right, up in zip(edges, edges[1:], counts, strict=False)
        ]
        words = plain(words)
        if "color" in words:  # of the faces alone
            words["facecolor"] = words.pop("color")
        return counts, edges, self._shape(boxes, words, floor=[0.0])

    def stairs(self, values: Any, edges: Any, **words: Any) -> Mark:
        steps = np.column_stack(
            [np.repeat(edges, 2), np.r_[0, np.repeat(values, 2), 0]]
        )
        if words.pop("fill", False):
            words = {"linewidth": 0.0} | plain(words)
            return self._shape([steps], words, floor=[0.0])
        return self.plot(*steps.T, **words)[0]

    def scatter(
        self, x: Any, y: Any, s: Any = 36.0, c: Any = None, **words: Any
    ) -> Dots:
        x, y = self.x.numbers(x), self.y.numbers(y)
        words = plain(words)
        told = words.get("color")
        ink = words.pop("color", c)
        cmap = [words.pop(name, None) for name in ("cmap", "vmin", "vmax")]
        kind = words.pop("marker", "o")
        if ink is None:
            ink = CYCLE[self._next_line % len(CYCLE)][0]
            self._next_line += 1
        elif (
            np.ndim(ink) == 1
            and np.asarray(ink).dtype.kind in "if"
            and (len(ink) == len(x) and len(ink) not in (3, 4))
        ):
            ink = [tuple(row) for row in mapped(ink, *cmap) / 255]
        faces = colours(words.pop("facecolor", ink), len(x))
        edges = words.pop("edgecolor", "face" if told else "white")
        stroke = kind in STROKES
        edges = faces if stroke or edges == "face" else edges
        if "linewidth" not in words:
            words["linewidth"] = 2.2 if stroke else 1.0
        dots = Dots(
            points=np.column_stack([x, y]),
            areas=np.broadcast_to(np.asarray(s, float), x.shape),
            faces=faces,
            edges=colours(edges, len(x)),
            marker=kind,
            **_kept(words, "label", "zorder", "alpha", "linewidth"),
        )
        return self._add(dots, x, y)

    def imshow(self, values: Any, cmap: Any = None, **words: Any) -> Image:
        values = np.asarray(values)
        rows, columns = values.shape[:2]
        low, high = words.pop("vmin", None), words.pop("vmax", None)
        extent = words.pop("extent", None) or (
            -0.5,
            columns - 0.5,
            rows - 0.5,
            -0.5,
        )
        self.aspect = words.pop("aspect", "equal")
        words.pop("interpolation", None)
        refuse(words, "image with")
        if values.ndim == 3:
            rgba = np.full((rows, columns, 4), 255, np.uint8)
            scale = 255 if values.dtype.kind == "f" else 1
            rgba[..., : values.shape[2]] = np.round(values * scale)
        else:
            rgba = mapped(values, cmap, low, high)
        extent = tuple(map(float, extent))
        if self.x.limits == [None, None]:
            self.x.limits = list(extent[:2])
        if self.y.limits == [None, None]:
            self.y.limits = list(extent[2:])
        return self._add(
            Image(rgba=rgba, extent=extent, zorder=0), extent[:2], extent[2:]
        )

    def contour(self, *grid: Any, levels: Any = None, **words: Any) -> None:
        *grid, levels = (*grid, levels) if len(grid) in (1, 3) else grid
        x, y, z = contour.grid_of(*grid)
        heights = contour.levels_of(z, levels, filled=False)
        inks = colours(words.pop("colors", "#0072B2"), len(heights))
        words = line_words(words)
        for height, ink in zip(heights, inks, strict=True):
            self._add(
                Line(
                    ways=contour.lines(x, y, z, height),
                    cap=None,
                    **{"color": ink, "zorder": 2} | words,
                ),
                *_ends(x, y),
                sticky=_ends(x, y),
            )

    def contourf(self, *grid: Any, levels: Any = None, **words: Any) -> Bands:
        *grid, levels = (*grid, levels) if len(grid) in (1, 3) else grid
        x, y, z = contour.grid_of(*grid)
        heights = contour.levels_of(z, levels, filled=True)
        lows, top = heights[:-1], contour.rims(x, y, z, heights[-1])
        if "colors" in words:
            inks = colours(words.pop("colors"), len(lows))
        else:
            middles = np.add(heights[1:], heights[:-1]) / 2
            rgb = mapped(
                middles, words.pop("cmap", None), heights[0], heights[-1]
            )[:, :3]
            inks = [colour(row / 255) for row in rgb]
        alpha, zorder = words.pop("alpha", None), words.pop("zorder", 1)
        refuse(words, "contours with")
        areas = [
            Area(
                shapes=[*contour.rims(x, y, z, low), *top],
                face=ink,
                has_holes=True,
            )
            for low, ink in zip(lows, inks, strict=True)
        ]
        bands = Bands(areas=areas, alpha=alpha, zorder=zorder)
        return self._add(bands, *_ends(x, y), sticky=_ends(x, y))


def _ends(x: np.ndarray, y: np.ndarray):
    return [np.nanmin(x), np.nanmax(x)], [np.nanmin(y), np.nanmax(y)]


def _box(left: float, right: float, low: float, high: float) -> np.ndarray:
    return np.array(
        [[left, low], [right, low], [right, high], [left, high]], dtype=float
    )


def _kept(words: dict, *names: str) -> dict:
    found = {name: words.pop(name) for name in names if name in words}
    refuse(words, "marks with")
    return found
