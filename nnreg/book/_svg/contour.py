"""Lines of equal height through a grid, by marching squares."""

from typing import Any

import numpy as np

from nnreg.book._svg.scale import even_ticks

# Corners of a cell: 0 below left, 1 below right, 2 above right, 3 above left.
# Sides: 0 below, 1 right, 2 above, 3 left. For each set of corners that lie
# above the level, the pairs of sides that a line joins.
_JOINED = {
    1: [(3, 0)],
    2: [(0, 1)],
    3: [(3, 1)],
    4: [(1, 2)],
    6: [(0, 2)],
    7: [(3, 2)],
    8: [(2, 3)],
    9: [(2, 0)],
    11: [(2, 1)],
    12: [(1, 3)],
    13: [(1, 0)],
    14: [(0, 3)],
    # A saddle, by whether its middle lies above.
    (5, False): [(3, 0), (1, 2)],
    (5, True): [(3, 2), (1, 0)],
    (10, False): [(0, 1), (2, 3)],
    (10, True): [(0, 3), (2, 1)],
}

_STEPS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)


def grid_of(*arguments: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x, y and height, each of shape (rows, columns)."""
    *places, z = (np.asarray(a, dtype=np.float64) for a in arguments)
    if not places:
        places = [
            np.arange(z.shape[1], dtype=float),
            np.arange(z.shape[0], dtype=float),
        ]
    x, y = places
    if x.ndim == 1:
        x, y = np.meshgrid(x, y)
    return x, y, z


def levels_of(z: np.ndarray, levels: Any, filled: bool) -> list[float]:
    """Return the heights asked for; a count asks for about so many."""
    if levels is not None and np.ndim(levels):
        return [float(level) for level in levels]
    low, high = float(np.nanmin(z)), float(np.nanmax(z))
    room = (7 if levels is None else levels) + 1
    inside = even_ticks(low, high, room, _STEPS)
    if filled and len(inside) > 1:
        step = inside[1] - inside[0]
        return [inside[0] - step, *inside, inside[-1] + step]
    return inside


def lines(
    x: np.ndarray, y: np.ndarray, z: np.ndarray, level: float
) -> list[np.ndarray]:
    """Return where z crosses the level: polylines of shape (points, 2).

    >>> x, y = np.meshgrid([0.0, 1, 2], [0.0, 1])
    >>> lines(x, y, x, 0.5)[0].tolist()
    [[0.5, 0.0], [0.5, 1.0]]
    """
    above = z > level
    corners = above[:-1, :-1], above[:-1, 1:], above[1:, 1:], above[1:, :-1]
    case = sum(part.astype(int) << k for k, part in enumerate(corners))
    holes = np.isnan(z)
    whole = ~(
        holes[:-1, :-1] | holes[:-1, 1:] | holes[1:, 1:] | holes[1:, :-1]
    )
    links: dict[tuple, list[tuple]] = {}
    for i, j in np.argwhere((case > 0) & (case < 15) & whole):
        kind = int(case[i, j])
        if kind in (5, 10):
            kind = kind, bool(z[i : i + 2, j : j + 2].mean() > level)
        sides = ((i, j, 0), (i, j + 1, 1), (i + 1, j, 0), (i, j, 1))
        for one, other in _JOINED[kind]:
            links.setdefault(sides[one], []).append(sides[other])
            links.setdefault(sides[other], []).append(sides[one])
    return [_points(x, y, z, level, chain) for chain in _chains(links)]


def _chains(links: dict[tuple, list[tuple]]) -> list[list[tuple]]:
    """Join links to chains; one that closes ends where it begins."""
    chains = []
    ends = [side for side, near in links.items() if len(near) == 1]
    for start in [*ends, *links]:
        chain = [start]
        while links[chain[-1]]:
            following = links[chain[-1]].pop()
            links[following].remove(chain[-1])
            chain.append(following)
        if len(chain) > 1:
            chains.append(chain)
    return chains


def _points(x, y, z, level, chain) -> np.ndarray:
    i, j, upright = np.array(chain).T
    near, far = (i, j), (i + upright, j + 1 - upright)
    share = (level - z[near]) / (z[far] - z[near])
    return np.column_stack(
        [part[near] + share * (part[far] - part[near]) for part in (x, y)]
    )


def rims(
    x: np.ndarray, y: np.ndarray, z: np.ndarray, level: float
) -> list[np.ndarray]:
    """Return closed lines around where z lies above the level."""
    if level == np.inf:
        return []
    if level == -np.inf:
        level = float(np.nanmin(z)) - 1
    # A border of the same places, and far below, closes what the edge cuts.
    x, y = (np.pad(part, 1, mode="edge") for part in (x, y))
    deep = min(level, float(np.nanmin(z))) - 1e9 * (1 + abs(level))
    z = np.where(np.isnan(z), deep, z)
    return lines(x, y, np.pad(z, 1, constant_values=deep), level)
