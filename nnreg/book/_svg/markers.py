"""Shapes of markers: seven filled ones, four of strokes, and circles."""

import numpy as np

from nnreg.book._svg.drawing import numbers

_SQUARE = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2
_TILTED = _SQUARE @ [[1, 1], [-1, 1]] / np.sqrt(2)
_TRIANGLE = np.array([[0, 1], [-1, -1], [1, -1]]) / 2
_PLUS = (
    np.array(
        [
            [-1, -3],
            [1, -3],
            [1, -1],
            [3, -1],
            [3, 1],
            [1, 1],
            [1, 3],
            [-1, 3],
            [-1, 1],
            [-3, 1],
            [-3, -1],
            [-1, -1],
        ]
    )
    / 6
)
_CROSS = (
    np.array(
        [
            [-1, -2],
            [0, -1],
            [1, -2],
            [2, -1],
            [1, 0],
            [2, 1],
            [1, 2],
            [0, 1],
            [-1, 2],
            [-2, 1],
            [-1, 0],
            [-2, -1],
        ]
    )
    / 4
)
_TURN = np.pi / 2 + np.arange(10) * np.pi / 5
_STAR = (
    np.column_stack([np.cos(_TURN), np.sin(_TURN)])
    * np.tile([0.5, 0.190983], 5)[:, None]
)
# Shapes of height 1, seen with the second number growing upwards.
_FILLED = {
    "s": _SQUARE,
    "D": _TILTED,
    "d": _TILTED * [0.6, 1],
    "^": _TRIANGLE,
    "v": -_TRIANGLE,
    "<": _TRIANGLE @ [[0, 1], [-1, 0]],
    ">": _TRIANGLE @ [[0, -1], [1, 0]],
    "P": _PLUS,
    "X": _CROSS,
    "*": _STAR,
}
STROKES = {
    "x": [[[-1, -1], [1, 1]], [[-1, 1], [1, -1]]],
    "+": [[[-1, 0], [1, 0]], [[0, -1], [0, 1]]],
    "|": [[[0, -1], [0, 1]]],
    "_": [[[-1, 0], [1, 0]]],
}
MARKERS = {"o", ".", *_FILLED, *STROKES}


def markers(kind: str, at: np.ndarray, sizes: np.ndarray) -> list[str]:
    """Return a marker around each point (n, 2), `sizes` (n,) pixels high."""
    if kind in "o.":
        radii = sizes / (2 if kind == "o" else 4)
        parts = np.round(np.column_stack([at, radii]), 2).tolist()
        return [
            f'<circle cx="{x:.9g}" cy="{y:.9g}" r="{r:.9g}"/>'
            for x, y, r in parts
        ]
    end = "Z" if kind in _FILLED else ""
    strokes = np.array([_FILLED[kind]] if end else STROKES[kind])
    around = strokes * [1, -1] / (1 if end else 2)
    corners = at[:, None, None] + sizes[:, None, None, None] * around
    return [
        '<path d="' + "".join(f"M{numbers(p)}{end}" for p in each) + '"/>'
        for each in corners
    ]
