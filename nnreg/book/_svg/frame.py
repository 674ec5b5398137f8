"""The frame of a panel: its sides, grid, ticks and their names, its titles."""

from collections.abc import Callable
from typing import Any, NamedTuple

from nnreg.book._svg import text
from nnreg.book._svg.axis import Axis
from nnreg.book._svg.drawing import POINT, number, tag

TICK_SIZE = 11 * POINT
_PAD, _LABEL_PAD, _TITLE_PAD = 3.5 * POINT, 4 * POINT, 6 * POINT
_EDGE, _GRID = "#4d4d4d", "#e3e3e3"
_MINOR = 2 / 3.5  # of the length of a tick


class Room(NamedTuple):
    """What the frame takes on each side of a panel, in pixels."""

    left: float
    top: float
    right: float
    bottom: float


def window(box: tuple, inside: str) -> str:
    """Return elements cut off at the box; an inner picture needs no id."""
    left, top, width, height = box
    return tag(
        "svg",
        inside,
        x=left,
        y=top,
        width=width,
        height=height,
        viewBox=" ".join(map(number, box)),
    )


def _depth(panel: Any, name: str) -> float:
    """Return how far ticks and their names reach out of the panel."""
    if not panel.framed:
        return 0.0
    axis = getattr(panel, name)
    length = panel.box[2 if name == "x" else 3]
    ticks = axis.ticks(length, TICK_SIZE)
    depth = panel.tick_length * POINT if ticks else 0.0
    if panel.names_shown[name] and (names := axis.depth(length, TICK_SIZE)):
        depth += _PAD + names
    return depth


def room(panel: Any) -> Room:
    """Return the room that the frame needs around the panel."""
    left = top = right = bottom = 0.0
    if panel.title:
        size = panel.title_size * POINT
        top = _TITLE_PAD + text.height(panel.title, size)
    if panel.shown:
        left, bottom = _depth(panel, "y"), _depth(panel, "x")
        bottom += _label_depth(panel, "x")
        left += _label_depth(panel, "y")
        if panel.framed and panel.names_shown["x"]:
            right = _over(panel.x, panel.box[2], text.width)
        if panel.framed and panel.names_shown["y"]:
            top = max(top, _over(panel.y, panel.box[3], text.height))
    if panel.key and panel.key.anchor:
        sides = panel.key.overhang(panel.box)
        return Room(*map(max, (left, top, right, bottom), sides))
    return Room(left, top, right, bottom)


def _label_depth(panel: Any, name: str) -> float:
    if not panel.labels[name]:
        return 0.0
    size = panel.label_sizes[name] * POINT
    return _LABEL_PAD + text.height(panel.labels[name], size)


def _over(axis: Axis, length: float, measure: Callable) -> float:
    """Return how far the name of the last tick reaches over the corner."""
    over = 0.0
    for tick, name in axis.ticks(length, TICK_SIZE):
        after = (1 - float(axis.share(tick))) * length
        over = max(over, measure(name, TICK_SIZE) / 2 - after)
    return over


def lines(panel: Any) -> tuple[str, str]:
    """Return what lies behind the marks, and what lies before them."""
    left, top, width, height = panel.box
    bottom, right = top + height, left + width
    out = panel.tick_length * POINT
    grid, ticks, names = "", "", ""
    for name, axis in (("x", panel.x), ("y", panel.y)):
        length = width if name == "x" else height
        for value, words in axis.ticks(length, TICK_SIZE):
            share = float(axis.share(value))
            if name == "x":
                at = left + share * width
                across, tick = (
                    f"M{number(at)} {number(bottom)}V",
                    f"v{out:.2f}",
                )
                end, spot = number(top), (at, bottom + out + _PAD)
            else:
                at = bottom - share * height
                across, tick = f"M{number(left)} {number(at)}H", f"h{-out:.2f}"
                end, spot = number(right), (left - out - _PAD, at)
            if panel.grid_shown[name]:
                grid += across + end
            ticks += across[:-1] + tick
            if panel.names_shown[name] and words:
                names += text.write(
                    *spot,
                    words,
                    TICK_SIZE,
                    ha="center" if name == "x" else "right",
                    va="top" if name == "x" else "center",
                )
        for value in axis.minor(length, TICK_SIZE):
            share = float(axis.share(value))
            if name == "x":
                at = left + share * width
                ticks += f"M{number(at)} {number(bottom)}v{_MINOR * out:.2f}"
            else:
                at = bottom - share * height
                ticks += f"M{number(left)} {number(at)}h{-_MINOR * out:.2f}"
    sides = ""
    for side, d in (
        ("left", f"M{number(left)} {number(bottom)}V{number(top)}"),
        ("bottom", f"M{number(left)} {number(bottom)}H{number(right)}"),
        ("right", f"M{number(right)} {number(bottom)}V{number(top)}"),
        ("top", f"M{number(left)} {number(top)}H{number(right)}"),
    ):
        sides += d if panel.spines.shows(side) else ""
    look = {"fill": "none", "stroke": _EDGE}
    behind = grid and tag(
        "path", d=grid, fill="none", stroke=_GRID, stroke_width=0.8 * POINT
    )
    before = ""
    if panel.framed:
        if ticks and out:
            before += tag("path", d=ticks, stroke_width=0.8 * POINT, **look)
        if sides:
            before += tag(
                "path",
                d=sides,
                stroke_width=0.9 * POINT,
                stroke_linecap="square",
                **look,
            )
        before += names
    return behind, before + _labels(panel)


def _labels(panel: Any) -> str:
    left, top, width, height = panel.box
    drawn = ""
    if panel.labels["x"]:
        below = top + height + _depth(panel, "x") + _LABEL_PAD
        drawn += text.write(
            left + width / 2,
            below,
            panel.labels["x"],
            panel.label_sizes["x"] * POINT,
            ha="center",
            va="top",
        )
    if panel.labels["y"]:
        drawn += text.write(
            left - _depth(panel, "y") - _LABEL_PAD,
            top + height / 2,
            panel.labels["y"],
            panel.label_sizes["y"] * POINT,
            ha="center",
            va="bottom",
            upright=True,
        )
    return drawn


def title(panel: Any) -> str:
    """Return the title above the panel."""
    if not panel.title:
        return ""
    left, top, width, _ = panel.box
    share = {"left": 0, "center": 0.5, "right": 1}[panel.title_at]
    return text.write(
        left + share * width,
        top - _TITLE_PAD,
        panel.title,
        panel.title_size * POINT,
        ha=panel.title_at,
        va="bottom",
    )
