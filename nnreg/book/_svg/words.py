"""Keywords as the chapters write them, short or long, under one name."""

from collections.abc import Callable
from typing import Any

from nnreg.book._svg.colours import colour
from nnreg.book._svg.drawing import NeedsNotebook
from nnreg.book._svg.markers import MARKERS

_LONG = {
    "c": "color",
    "colors": "color",
    "ec": "edgecolor",
    "edgecolors": "edgecolor",
    "fc": "facecolor",
    "facecolors": "facecolor",
    "linestyles": "linestyle",
    "linewidths": "linewidth",
    "ls": "linestyle",
    "lw": "linewidth",
    "mec": "markeredgecolor",
    "mew": "markeredgewidth",
    "mfc": "markerfacecolor",
    "ms": "markersize",
    "size": "fontsize",
    "horizontalalignment": "ha",
    "verticalalignment": "va",
    "fontweight": "weight",
}
_COLOURS = (
    "color",
    "edgecolor",
    "facecolor",
    "markeredgecolor",
    "markerfacecolor",
)
_LINE = {
    "alpha",
    "color",
    "label",
    "linestyle",
    "linewidth",
    "marker",
    "markeredgecolor",
    "markeredgewidth",
    "markerfacecolor",
    "markersize",
    "markevery",
    "zorder",
}
_AREA = {
    "alpha",
    "color",
    "edgecolor",
    "facecolor",
    "fill",
    "label",
    "linestyle",
    "linewidth",
    "zorder",
}


def refuse(words: dict, what: str) -> None:
    """Raise if a keyword is left that nobody here knows."""
    if words:
        raise NeedsNotebook(f"{what} {', '.join(words)}")


def plain(words: dict) -> dict:
    """Return keywords under their long names."""
    return {_LONG.get(name, name): value for name, value in words.items()}


def _checked(words: dict, known: set, what: str) -> dict:
    words = plain(words)
    refuse({name: 0 for name in words if name not in known}, what)
    return words


def line_words(words: dict) -> dict:
    """Return the keywords of a line, its colours as SVG writes them."""
    words = _checked(words, _LINE, "line with")
    for name in _COLOURS:
        if words.get(name) is not None:
            words[name] = colour(words[name])
    if words.get("marker", "o") not in {*MARKERS, None, "", "None", "none"}:
        raise NeedsNotebook(f"marker {words['marker']!r}")
    return words


def area_words(words: dict, next_colour: Callable[[], str]) -> dict:
    """Return the keywords of an area: face, edge and so on."""
    words = _checked(words, _AREA, "area with")
    ink = words.pop("color", None)
    face = words.pop("facecolor", ink)
    edge = colour(words.pop("edgecolor", ink))
    if not words.pop("fill", True):
        face = "none"
    elif face is None:
        face = next_colour()
    return (
        {"linewidth": 0.0 if edge == "none" else 1.0}
        | words
        | {"face": colour(face), "edge": edge}
    )


def parse(style: str) -> dict[str, Any]:
    """Read a format such as ``"ko--"``: colour, marker and line style.

    >>> parse("ko-")
    {'linestyle': '-', 'color': '#000000', 'marker': 'o'}
    >>> parse("s")
    {'marker': 's', 'linestyle': 'None'}
    """
    found, rest = {}, style
    for dash in ("--", "-.", "-", ":"):
        if dash in rest:
            found["linestyle"], rest = dash, rest.replace(dash, "", 1)
            break
    for sign in rest:
        if sign in MARKERS and "marker" not in found:
            found["marker"] = sign
        elif sign in "bgrcmykw" and "color" not in found:
            found["color"] = colour(sign)
        else:
            raise ValueError(f"{style!r} is no format of a line")
    if style and "linestyle" not in found and "marker" in found:
        found["linestyle"] = "None"
    return found
