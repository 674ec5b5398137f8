"""Elements of an SVG picture: numbers, attributes, paths without ballast."""

from html import escape
from typing import Any

import numpy as np

POINT = 100 / 72  # pixels; an inch is 100 of them on screen
_DASHES = {
    "--": (3.7, 1.6),
    ":": (1.0, 1.65),
    "-.": (6.4, 1.6, 1.0, 1.6),
}
_NAMES = {"solid": "-", "dashed": "--", "dotted": ":", "dashdot": "-."}
_FAR = 1e6  # pixels; what lies farther out is not seen


class NeedsNotebook(AttributeError):
    """Raised for what the page cannot draw and a notebook can."""

    def __init__(self, what: str):
        super().__init__(
            f"This picture needs a notebook: the page draws no {what}."
        )


def number(value: float) -> str:
    """Write a coordinate in pixels: two decimals are finer than a screen.

    >>> number(12.0), number(3.14159), number(-0.001)
    ('12', '3.14', '0')
    """
    return f"{round(float(value), 2) + 0.0:.9g}"


def numbers(values: np.ndarray) -> str:
    """Write many coordinates, with a space between two."""
    rounded = np.round(values, 2) + 0.0  # so that no -0 is left
    return " ".join([f"{value:.9g}" for value in rounded.ravel().tolist()])


def tag(name: str, inside: str | None = None, **attributes: Any) -> str:
    """Write an element; an attribute that is None is left out.

    >>> tag("circle", r=2.5, stroke_width=1, fill=None)
    '<circle r="2.5" stroke-width="1"/>'
    """
    parts = [name]
    for key, value in attributes.items():
        if value is not None:
            text = value if isinstance(value, str) else number(value)
            key = key.rstrip("_").replace("_", "-")
            parts.append(f'{key}="{escape(text)}"')
    start = " ".join(parts)
    return f"<{start}/>" if inside is None else f"<{start}>{inside}</{name}>"


def path(points: np.ndarray, closed: bool = False) -> str:
    """Write the `d` of a path through points (n, 2), broken where one is NaN.

    >>> path(np.array([[0, 0], [1, 2], [np.nan, 0], [5, 5], [6, 5.5]]))
    'M0 0 1 2M5 5 6 5.5'
    """
    points = np.asarray(points, dtype=np.float64)
    there = np.isfinite(points).all(axis=1)
    edges = np.flatnonzero(np.diff(np.r_[False, there, False]))
    text = ""
    for start, stop in edges.reshape(-1, 2):
        piece = thinned(np.clip(points[start:stop], -_FAR, _FAR))
        text += "M" + numbers(piece)
        text += "Z" if closed else ""
    return text


def thinned(points: np.ndarray, within: float = 0.05) -> np.ndarray:
    """Leave out points that no eye misses (Ramer, Douglas and Peucker).

    A point goes if the line without it is nowhere farther than `within`
    pixels away.
    """
    z = points[:, 0] + 1j * points[:, 1]
    kept = np.zeros(len(z), dtype=bool)
    kept[[0, -1]] = True
    spans = [(0, len(z) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        way, off = z[last] - z[first], z[first + 1 : last] - z[first]
        share = (off * way.conjugate()).real / max(abs(way) ** 2, 1e-12)
        share = np.minimum(np.maximum(share, 0), 1)
        gaps = np.abs(off - share * way)
        worst = int(gaps.argmax())
        if gaps[worst] > within:
            worst += first + 1
            kept[worst] = True
            spans += [(first, worst), (worst, last)]
    return points[kept]


def dash_array(style: Any, width: float) -> str | None:
    """Return a line style as SVG's dashes, for a width in pixels."""
    style = _NAMES.get(style, style) if isinstance(style, str) else style
    if style == "-":
        return None
    if isinstance(style, str) and style not in _DASHES:
        raise NeedsNotebook(f"line style {style!r}")
    lengths = _DASHES[style] if isinstance(style, str) else style[1]
    return " ".join(f"{part * width:.4g}" for part in lengths or ()) or None
