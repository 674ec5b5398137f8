"""Colours by name, colours along a map, and a picture of them as a PNG."""

import base64
import struct
import zlib
from typing import Any

import numpy as np

from nnreg.book._svg.drawing import NeedsNotebook

# The order in which the book's lines take colours and dashes (as in
# style.mplstyle); dashes are given in widths of the line.
CYCLE = (
    ("#0072B2", "-"),
    ("#D55E00", "--"),
    ("#009E73", ":"),
    ("#CC79A7", "-."),
    ("#E69F00", (0, (7, 2))),
    ("#56B4E9", (0, (3, 1, 1, 1))),
    ("#000000", (0, (1, 3))),
)
_LETTERS = dict(
    k="#000000",
    w="#ffffff",
    b="#0000ff",
    g="#008000",
    r="#ff0000",
    c="#00bfbf",
    m="#bf00bf",
    y="#bfbf00",
)

# ColorBrewer's maps (Apache 2.0), and matplotlib's viridis (CC0), at equal
# steps from 0 to 1.
_MAPS = {
    "Greys": "ffffff f0f0f0 d9d9d9 bdbdbd 959595 727272 515151 242424 000000",
    "Blues": "f7fbff deebf7 c6dbef 9dcae1 6aaed6 4191c6 2070b4 08509b 08306b",
    "RdBu": "67001f b1182b d6604d f3a481 fddbc7 f6f7f7 d1e5f0 90c4dd 4393c3 "
    "2065ab 053061",
    "PuOr": "7f3b08 b25706 e08214 fcb761 fee0b6 f6f6f7 d8daeb b1aad1 8073ac "
    "532687 2d004b",
    "gray": "000000 ffffff",
    "viridis": "440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26828e "
    "21918c 1fa088 28ae80 3fbc73 5ec962 84d44b addc30 d8e219 fde725",
}


def colour(name: Any, none: str = "none") -> str:
    """Return a colour as SVG writes it.

    >>> colour("k"), colour("C1"), colour("none"), colour((1, 0, 0))
    ('#000000', '#D55E00', 'none', '#ff0000')
    """
    if name is None:
        return none
    if isinstance(name, str):
        if name[:1] == "C" and name[1:].isdigit():
            return CYCLE[int(name[1:]) % len(CYCLE)][0]
        return _LETTERS.get(name, name)
    parts = np.clip(np.round(255 * np.asarray(name, dtype=float)), 0, 255)
    return "#" + "".join(f"{int(part):02x}" for part in parts)


def colours(names: Any, count: int) -> list[str]:
    """Return one colour for each of `count` things."""
    if isinstance(names, str) or names is None:
        return [colour(names)] * count
    names = list(names)
    if (
        len(names) in (3, 4)
        and all(np.isscalar(n) for n in names)
        and not (isinstance(names[0], str))
    ):
        return [colour(names)] * count
    return [colour(names[i % len(names)]) for i in range(count)]


def mapped(
    values: Any, name: str | None, low: Any = None, high: Any = None
) -> np.ndarray:
    """Return RGBA bytes for numbers; what is no number is transparent."""
    values = np.asarray(values, dtype=np.float64)
    seen = values[np.isfinite(values)]
    low = seen.min(initial=np.inf) if low is None else low
    high = seen.max(initial=-np.inf) if high is None else high
    share = np.clip((values - low) / ((high - low) or 1), 0, 1)
    name = "viridis" if name is None else name
    plain = name.removesuffix("_r")
    if plain not in _MAPS:
        raise NeedsNotebook(f"colour map {name!r}")
    anchors = np.array([list(bytes.fromhex(c)) for c in _MAPS[plain].split()])
    if name != plain:
        anchors = anchors[::-1]
    places = np.linspace(0, 1, len(anchors))
    hole = ~np.isfinite(values)
    share = np.where(hole, 0, share)
    # A map has 256 colours.
    share = np.minimum(np.floor(share * 256), 255) / 255
    parts = [np.interp(share, places, column) for column in anchors.T]
    rgba = np.stack([*parts, np.where(hole, 0, 255)], axis=-1)
    return np.round(rgba).astype(np.uint8)


def png(rgba: np.ndarray) -> str:
    """Return pixels of shape (rows, columns, 4) as a data address."""
    rows, columns = rgba.shape[:2]
    lines = np.insert(rgba.reshape(rows, -1), 0, 0, axis=1)  # no filter
    chunks = (
        (b"IHDR", struct.pack(">2I5B", columns, rows, 8, 6, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines.astype(np.uint8).tobytes(), 9)),
        (b"IEND", b""),
    )
    data = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body))
        + kind
        + body
        + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
    return "data:image/png;base64," + base64.b64encode(data).decode()
