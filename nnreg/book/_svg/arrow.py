"""Arrows between places, bent or straight, that end at the edge of a box."""

from typing import Any

import numpy as np

from nnreg.book._svg.colours import colour
from nnreg.book._svg.drawing import POINT, NeedsNotebook, dash_array, path, tag

_HEADS = {"-|>": "end", "->": "end", "<|-|>": "both", "<->": "both", "-": ""}
_LENGTH, _HALF = 0.4, 0.2  # of a head, in sizes of the text


def arrow(panel: Any, start: Any, end: Any, size: float, look: dict) -> str:
    """Return an arrow between two places in pixels.

    `look` holds what matplotlib's `arrowprops` does; `size` is that of the
    text, in pixels.
    """
    look = dict(look)
    style = look.pop("arrowstyle", "-|>")
    if style not in _HEADS:
        raise NeedsNotebook(f"arrow style {style!r}")
    ink = colour(look.pop("color", "#000000"))
    width = look.pop("lw", look.pop("linewidth", 1.0)) * POINT
    dashes = dash_array(look.pop("linestyle", "-"), width)
    way = _bent(np.array(start), np.array(end), _bend(look))
    boxes = [look.pop(name, None) for name in ("patchA", "patchB")]
    way = _outside(way, [box.rectangle(panel) for box in boxes if box])
    way = _shrunk(
        way, *(look.pop(name, 2) * POINT for name in ("shrinkA", "shrinkB"))
    )
    if look:
        raise NeedsNotebook(f"arrow with {', '.join(look)}")
    if len(way) < 2:
        return ""
    heads, filled = "", "|" in style
    line = way
    for wanted, turned in (("end", way), ("both", way[::-1])):
        if _HEADS[style] not in (wanted, "both"):
            continue
        tip, back = turned[-1], _point_before(turned, _LENGTH * size)
        along = (tip - back) / max(np.hypot(*(tip - back)), 1e-9)
        side = _HALF * size * np.array([-along[1], along[0]])
        base = tip - _LENGTH * size * along
        heads += tag(
            "path",
            d=path(np.array([base + side, tip, base - side]), closed=filled),
            fill=ink if filled else "none",
            stroke=ink,
            stroke_width=width,
        )
        if filled:  # the line ends inside its head, not in front of it
            gaps = np.hypot(*(line - tip).T)
            line = line[gaps >= _LENGTH * size / 2]
    return (
        tag(
            "path",
            d=path(line) if len(line) > 1 else "",
            fill="none",
            stroke=ink,
            stroke_width=width,
            stroke_dasharray=dashes,
        )
        + heads
    )


def _bend(look: dict) -> float:
    style = look.pop("connectionstyle", "arc3")
    name, _, rest = style.partition(",")
    if name != "arc3":
        raise NeedsNotebook(f"arrow's connection {style!r}")
    return float(rest.partition("=")[2] or 0)


def _bent(start: np.ndarray, end: np.ndarray, bend: float) -> np.ndarray:
    across, down = end - start
    middle = (start + end) / 2 + bend * np.array([-down, across])
    t = np.linspace(0, 1, 129)[:, None]
    return (1 - t) ** 2 * start + 2 * t * (1 - t) * middle + t**2 * end


def _outside(way: np.ndarray, boxes: list[tuple]) -> np.ndarray:
    for left, top, right, bottom in boxes:
        x, y = way.T
        way = way[(x < left) | (x > right) | (y < top) | (y > bottom)]
    return way


def _shrunk(way: np.ndarray, first: float, last: float) -> np.ndarray:
    if len(way) < 2:
        return way
    from_start = np.hypot(*(way - way[0]).T)
    from_end = np.hypot(*(way - way[-1]).T)
    return way[(from_start >= first) & (from_end >= last)]


def _point_before(way: np.ndarray, length: float) -> np.ndarray:
    before = way[np.hypot(*(way - way[-1]).T) >= length]
    return before[-1] if len(before) else way[0]
