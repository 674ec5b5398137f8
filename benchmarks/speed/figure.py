"""The picture of the page: the ratio of each contender, with its interval, as plain SVG.

It takes the page's own colour for text and lines, so that it can be read in light and in dark.
"""

import math
from html import escape

from benchmarks.speed.cases import OPS, Case

WIDTH, LEFT, RIGHT, ROW, HEAD, FOOT = 358, 122, 14, 18, 25, 44
TICKS = (0.1, 0.3, 1, 3, 10, 30)
# A colour and a shape for each family: nothing is told by colour alone.
STYLE = {
    "nnreg": ("#CC79A7", "circle"),
    "naive": ("#D55E00", "square"),
    "libraries": ("#0072B2", "diamond"),
    "limit": ("#767676", "bar"),
}
# They would stand next to others of their kind; the tables have them.
LEFT_TO_TABLES = ("nnreg", "the triad", "PyTorch, 2 threads")
SHOWN = [Case("training", 3000, 64, "float32")] + [Case(op, 8192, 1024, "float32") for op in OPS]


def draw(rows: dict[Case, dict], family: dict[str, str]) -> str:
    """Return the SVG; `rows` holds the results of each case, `family` who belongs where."""
    groups = [(case, _entries(rows[case])) for case in SHOWN if case in rows]
    height = FOOT + sum(HEAD + ROW * len(entries) for _, entries in groups)
    parts, top = [], 0
    for case, entries in groups:
        title = case.kind if not case.is_training else "training, 3000 points"
        parts.append(_text(0, top + 17, title, weight=650))
        top += HEAD
        for name, ratio in entries:
            middle = top + ROW / 2
            parts.append(_text(LEFT - 8, middle + 4, name, anchor="end"))
            parts.append(_mark(middle, ratio, *STYLE[family[name]]))
            top += ROW
    parts = [*_grid(top), *parts]
    alt = "Times as long as nnreg, on a logarithmic axis; the tables below hold the numbers"
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" style="display: block; max-width: 460px; '
        f'margin: 0 auto" role="img" aria-label="{alt}" '
        f'fill="currentColor" font-size="12.5">\n' + "\n".join(parts) + "\n</svg>"
    )


def _entries(contenders: dict) -> list[tuple[str, list[float]]]:
    found = [(name, c["ratio"]) for name, c in contenders.items() if name not in LEFT_TO_TABLES]
    return sorted(found, key=lambda entry: -entry[1][0])


def _x(ratio: float) -> float:
    low, high = math.log(TICKS[0]), math.log(TICKS[-1])
    share = (math.log(ratio) - low) / (high - low)
    return round(LEFT + min(max(share, 0), 1) * (WIDTH - LEFT - RIGHT), 1)


def _text(x: float, y: float, words: str, anchor: str = "start", weight: int = 400) -> str:
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-weight="{weight}">'
        f"{escape(words)}</text>"
    )


def _grid(bottom: float) -> list[str]:
    parts = []
    for tick in TICKS:
        x, width, opacity = _x(tick), (1.5 if tick == 1 else 1), (0.8 if tick == 1 else 0.2)
        parts.append(
            f'<line x1="{x}" x2="{x}" y1="{HEAD}" y2="{bottom + 4}" stroke="currentColor" '
            f'stroke-width="{width}" opacity="{opacity}"/>'
        )
        parts.append(_text(x, bottom + 18, f"{tick:g}", anchor="middle"))
    parts.append(_text((LEFT + WIDTH) / 2, bottom + 36, "times as long as nnreg", "middle"))
    return parts


def _mark(y: float, ratio: list[float], colour: str, shape: str) -> str:
    x, low, high = map(_x, ratio)
    marks = {
        "circle": f'<circle cx="{x}" cy="{y}" r="4.5"',
        "square": f'<rect x="{x - 4}" y="{y - 4}" width="8" height="8"',
        "diamond": f'<path d="M{x} {y - 5.5}l5.5 5.5l-5.5 5.5l-5.5 -5.5z"',
        "bar": f'<rect x="{x - 1.5}" y="{y - 6}" width="3" height="12"',
    }
    return (
        f'<line x1="{low}" x2="{high}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"/>'
        f'{marks[shape]} fill="{colour}" stroke="currentColor" stroke-width="0.7"/>'
    )
