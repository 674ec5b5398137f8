"""Where panels stand: as large as what is written around them allows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from nnreg.book._svg import frame

_PAD = 3 / 72 * 100  # pixels around each panel with its frame
_SPACE = 0.02  # of a column or a row, between two of them


class Cell(NamedTuple):
    """Rows and columns of a grid, each from first to last."""

    grid: "Grid"
    rows: tuple[int, int]
    columns: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Grid:
    """How wide the columns are and how high the rows, in shares."""

    widths: tuple[float, ...]
    heights: tuple[float, ...]

    def __getitem__(self, key: tuple) -> Cell:
        spans = []
        for part, lengths in zip(
            key, (self.heights, self.widths), strict=True
        ):
            chosen = range(len(lengths))[part]
            first = chosen if isinstance(chosen, int) else chosen[0]
            last = chosen if isinstance(chosen, int) else chosen[-1]
            spans.append((first, last))
        return Cell(self, *spans)


def place(panels: list, cells: list[Cell], size: tuple, key: Any) -> None:
    """Give every panel its box: left, top, width and height in pixels."""
    width, height = size
    top = 0.0
    if key is not None and key.place.startswith("outside upper"):
        top = key.extent()[1] + 2 * _PAD
    for panel, cell in zip(panels, cells, strict=True):
        panel.box = (
            0.0,
            0.0,
            width / len(cell.grid.widths),
            (height - top) / len(cell.grid.heights),
        )
    # The names of the ticks depend on the boxes, and the boxes on them.
    boxes = [panel.box for panel in panels]
    for _ in range(3):
        rooms = [
            _needed(frame.room(panel), panel.box, box)
            for panel, box in zip(panels, boxes, strict=True)
        ]
        boxes = []
        for cell in cells:
            alike = [
                (other, room)
                for other, room in zip(cells, rooms, strict=True)
                if other.grid is cell.grid
            ]
            left, wide = _span(
                cell.columns,
                cell.grid.widths,
                width,
                [(c.columns, r.left, r.right) for c, r in alike],
            )
            high_at, high = _span(
                cell.rows,
                cell.grid.heights,
                height - top,
                [(c.rows, r.top, r.bottom) for c, r in alike],
            )
            boxes.append((left, top + high_at, wide, high))
        for panel, box in zip(panels, boxes, strict=True):
            panel.box = _with_aspect(panel, box)


def _needed(room: frame.Room, box: tuple, given: tuple) -> frame.Room:
    """Return the room that is not free already beside an equal aspect."""
    left, top, width, height = box
    free = (
        left - given[0],
        top - given[1],
        given[0] + given[2] - left - width,
        given[1] + given[3] - top - height,
    )
    return frame.Room(
        *(max(r - f, 0.0) for r, f in zip(room, free, strict=True))
    )


def _span(
    span: tuple[int, int],
    shares: Sequence[float],
    length: float,
    needs: list[tuple[tuple[int, int], float, float]],
) -> tuple[float, float]:
    """Return where a span of rows or columns begins, and its length."""
    count = len(shares)
    before, after = np.full((2, count), _PAD)
    for (first, last), low, high in needs:
        before[first] = max(before[first], low + _PAD)
        after[last] = max(after[last], high + _PAD)
    gap = _SPACE * length / count if count > 1 else 0.0
    free = length - before.sum() - after.sum() - gap * (count - 1)
    inner = max(free, 1.0) * np.array(shares) / np.sum(shares)
    outer = before + inner + after + gap
    starts = np.r_[0, np.cumsum(outer)[:-1]] + before
    first, last = span
    return starts[first], starts[last] + inner[last] - starts[first]


def _with_aspect(panel: Any, box: tuple) -> tuple:
    if panel.aspect == "auto":
        return box
    left, top, width, height = box
    (x0, x1), (y0, y1) = panel.x.view(), panel.y.view()
    ratio = 1.0 if panel.aspect == "equal" else float(panel.aspect)
    wanted = ratio * abs(y1 - y0) / abs(x1 - x0)  # height over width
    wide, high = min(width, height / wanted), min(height, width * wanted)
    return left + (width - wide) / 2, top + (height - high) / 2, wide, high
