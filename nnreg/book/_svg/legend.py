"""A legend: signs and words in columns, where they cover the least."""

from typing import Any

import numpy as np

from nnreg.book._svg import text
from nnreg.book._svg.drawing import POINT, NeedsNotebook, tag
from nnreg.book._svg.marks import Mark
from nnreg.book._svg.words import refuse

# Share of the free room that lies left of the box, and above it; the order is
# the one in which places are tried.
_PLACES = {
    "upper right": (1, 0),
    "upper left": (0, 0),
    "lower left": (0, 1),
    "lower right": (1, 1),
    "center left": (0, 0.5),
    "center right": (1, 0.5),
    "lower center": (0.5, 1),
    "upper center": (0.5, 0),
    "center": (0.5, 0.5),
}
_PAD, _GAP = 0.4, 0.5  # inside the box, and between it and the frame


class Legend:
    """Signs and words; lengths in `words` are in sizes of the text."""

    def __init__(self, marks: list[Mark], labels: list[str], **words: Any):
        self.size = words.pop("fontsize", 11) * POINT
        self.place = words.pop("loc", "best")
        self.anchor = words.pop("bbox_to_anchor", None)
        self.title = words.pop("title", None)
        self.columns = words.pop("ncols", words.pop("ncol", 1))
        self.gap = words.pop("columnspacing", 2.0) * self.size
        self.handle = words.pop("handlelength", 2.6) * self.size
        self.pad = words.pop("handletextpad", 0.8) * self.size
        self.spacing = words.pop("labelspacing", 0.5) * self.size
        self.framed = words.pop("frameon", True)
        refuse(words, "legend with")
        known = {"best", "right", *_PLACES}
        if self.place.removeprefix("outside ") not in known:
            raise NeedsNotebook(f"legend at {self.place!r}")
        pairs = list(zip(marks, map(str, labels), strict=False))
        count = max(1, min(self.columns, len(pairs)))
        split = np.array_split(np.arange(len(pairs)), count)
        self.table = [[pairs[i] for i in column] for column in split]

    def _widths(self) -> list[float]:
        return [
            self.handle
            + self.pad
            + max((text.width(t, self.size) for _, t in column), default=0)
            for column in self.table
        ]

    def _heights(self, column: list) -> list[float]:
        return [text.height(label, self.size) for _, label in column]

    def extent(self) -> tuple[float, float]:
        """Return width and height of the box in pixels."""
        wide = sum(self._widths()) + self.gap * (len(self.table) - 1)
        high = max(
            sum(self._heights(column)) + self.spacing * (len(column) - 1)
            for column in self.table
        )
        if self.title:
            high += self.size + self.spacing
            wide = max(wide, text.width(self.title, self.size))
        edge = 2 * _PAD * self.size
        return wide + edge, high + edge

    def corner(self, box: tuple, spots: np.ndarray) -> tuple[float, float]:
        """Return left and top, inside a box or at its anchor."""
        wide, high = self.extent()
        gap = _GAP * self.size
        name = "center right" if self.place == "right" else self.place
        left, top, width, height = box
        if self.anchor is not None:
            left += self.anchor[0] * width
            top += (1 - self.anchor[1]) * height
            width = height = 0.0
        room = width - wide - 2 * gap, height - high - 2 * gap

        def at(place: tuple) -> tuple[float, float]:
            return (
                left + gap + place[0] * room[0],
                top + gap + place[1] * room[1],
            )

        if name != "best":
            return at(_PLACES[name.removeprefix("outside ")])

        def covered(place: tuple) -> int:
            x, y = at(place)
            inside = (spots >= (x, y)) & (spots <= (x + wide, y + high))
            return int(inside.all(axis=1).sum())

        return at(min(_PLACES.values(), key=covered))

    def overhang(self, box: tuple) -> tuple[float, float, float, float]:
        """Return how far it reaches out: left, top, right and bottom."""
        x, y = self.corner(box, np.empty((0, 2)))
        wide, high = self.extent()
        left, top, width, height = box
        return (
            left - x,
            top - y,
            x + wide - left - width,
            y + high - top - height,
        )

    def draw(self, box: tuple, spots: np.ndarray) -> str:
        """Return the legend as elements."""
        if not self.table[0]:
            return ""
        x, y = self.corner(box, spots)
        wide, high = self.extent()
        drawn = ""
        if self.framed:
            drawn = tag(
                "rect",
                x=x,
                y=y,
                width=wide,
                height=high,
                rx=0.2 * self.size,
                fill="#ffffff",
                fill_opacity=0.9,
            )
        top = y + _PAD * self.size
        if self.title:
            middle = x + wide / 2
            drawn += text.write(
                middle, top, self.title, self.size, ha="center", va="top"
            )
            top += self.size + self.spacing
        x += _PAD * self.size
        for column, width in zip(self.table, self._widths(), strict=True):
            y = top
            for (mark, label), deep in zip(
                column, self._heights(column), strict=True
            ):
                middle = y + deep / 2
                drawn += mark.sample(x, middle, self.handle, 0.7 * self.size)
                drawn += text.write(
                    x + self.handle + self.pad,
                    middle,
                    label,
                    self.size,
                    va="center",
                )
                y += deep + self.spacing
            x += width + self.gap
        return tag("g", drawn, class_="legend")
