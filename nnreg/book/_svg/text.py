"""Text as SVG text: its width, its lines, and formulas between dollars."""

import re
from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from nnreg.book._svg.drawing import number, tag

FAMILY = "DejaVu Sans, Verdana, sans-serif"  # of the same widths
INK = "#262626"
ASCENT, DESCENT, LINE = 0.76, 0.24, 1.15  # in em

# Widths in hundredths of an em; every other character counts as 62.
_WIDTHS = {
    28: "'ijlIJ",
    32: " ,.·",
    35: "/:;\\|f-",
    40: "()[]t!²³¹₁₂r",
    50: '*_`–°sz∂"',
    55: "?⁻εcLkFχ",
    60: "vxyγκλPτTYaoδθe",
    68: "KαφψAVΔBRXZ",
    76: "CUHNΩDG&OQ",
    83: "wŵ∞#+<=>^~ω×−≤≥≈±M",
    98: "%m½¼W@—…",
}
_WIDTH = {c: width for width, chars in _WIDTHS.items() for c in chars}
_WIDTH |= {"\N{COMBINING CIRCUMFLEX ACCENT}": 0, "\N{COMBINING MACRON}": 0}

_ACCENTS = {
    r"\hat": "\N{COMBINING CIRCUMFLEX ACCENT}",
    r"\bar": "\N{COMBINING MACRON}",
    r"\tilde": "\N{COMBINING TILDE}",
}
_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε",
    "eta": "η", "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "chi": "χ", "psi": "ψ",
    "omega": "ω", "Delta": "Δ", "Sigma": "Σ", "Omega": "Ω",
}  # fmt: skip
_SIGNS = {
    "cdot": "·", "times": "×", "pm": "±", "leq": "≤", "geq": "≥",
    "approx": "≈", "infty": "∞", "partial": "∂", "sqrt": "√", "sum": "∑",
    "|": "‖", "nabla": "∇", "ell": "ℓ", "to": "→", "ldots": "…",
}  # fmt: skip
_RELATIONS = {"+": "+", "-": "−", "=": "=", "<": "<", ">": ">"}
_TOKENS = re.compile(r"\\[a-zA-Z]+|\\.|.", re.DOTALL)
_SHRINK, _SHIFT = 0.7, 0.34
_NOT_XML = re.compile(
    r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]"
)


class Run(NamedTuple):
    """Characters of one look; `level` is 1 above the line and -1 below."""

    text: str
    italic: bool = False
    level: int = 0


def runs(line: str) -> list[Run]:
    """Split a line into runs; what stands between two dollars is a formula.

    >>> [run.text for run in runs(r"$10^{-3}$ of $\\hat{x}_i$")]
    ['10', '−3', ' of ', 'x̂', 'i']
    """
    parts = line.split("$")
    if len(parts) % 2 == 0:  # a lonely dollar is a dollar
        return [Run(line)]
    found: list[Run] = []
    for place, part in enumerate(parts):
        if place % 2:
            found += _formula(iter(_TOKENS.findall(part)), 0)
        elif part:
            found.append(Run(part))
    merged: list[Run] = []
    for run in found:
        if merged and merged[-1][1:] == run[1:]:
            run = run._replace(text=merged.pop().text + run.text)
        merged.append(run)
    return merged


def _formula(tokens: Iterator[str], level: int) -> list[Run]:
    found: list[Run] = []
    for token in tokens:
        if token == "}":
            break
        if token in "^_":
            found += _argument(tokens, 1 if token == "^" else -1)
        elif token == "{":
            found += _formula(tokens, level)
        elif token in _ACCENTS:
            *before, last = _argument(tokens, level) or [Run("")]
            found += [*before, last._replace(text=last.text + _ACCENTS[token])]
        elif token in _RELATIONS:
            thin = "" if level or not found else "\N{THIN SPACE}"
            found.append(Run(thin + _RELATIONS[token] + thin, level=level))
        elif not token.isspace():
            name = token.lstrip("\\")
            sign = (_GREEK | _SIGNS).get(name, name)
            italic = (len(token) == 1 and sign.isalpha()) or name in _GREEK
            found.append(Run(sign, italic, level))
    return found


def _argument(tokens: Iterator[str], level: int) -> list[Run]:
    first = next(tokens, "")
    inside = tokens if first == "{" else iter([first])
    return _formula(inside, level)


def width(text: str, size: float) -> float:
    """Return about how wide the widest line is, in the unit of `size`."""
    return max(
        sum(
            size
            * (_SHRINK if run.level else 1)
            * sum(_WIDTH.get(c, 62) for c in run.text)
            / 100
            for run in runs(line)
        )
        for line in text.split("\n")
    )


def height(text: str, size: float) -> float:
    """Return how high the lines are together."""
    return size * (1 + LINE * text.count("\n"))


def _spans(line: str, size: float) -> str:
    written, level = "", 0
    for run in runs(_NOT_XML.sub("", line)):
        # SVG shows spaces in a row as one.
        words = escape(run.text).replace("  ", "\N{NO-BREAK SPACE}" * 2)
        rise = (level - run.level) * _SHIFT * size
        level = run.level
        plain = not (rise or level or run.italic)
        written += (
            words
            if plain
            else tag(
                "tspan",
                words,
                dy=rise or None,
                font_size=_SHRINK * size if level else None,
                font_style="italic" if run.italic else None,
            )
        )
    return written


def write(
    x: float,
    y: float,
    text: str,
    size: float,
    *,
    ha: str = "left",
    va: str = "baseline",
    colour: str = INK,
    weight: str | None = None,
    upright: bool = False,
    alpha: float | None = None,
) -> str:
    """Return the text as an element; `upright` turns it a quarter left."""
    lines = text.split("\n")
    whole = height(text, size)
    first = {
        "top": ASCENT * size,
        "bottom": ASCENT * size - whole,
        "center": ASCENT * size - whole / 2,
        "baseline": 0.0 - (whole - size),
    }[{"center_baseline": "center"}.get(va, va)]
    at = [y + first + LINE * size * i for i in range(len(lines))]
    if len(lines) == 1:
        inside = _spans(text, size)
    else:
        inside = "".join(
            tag("tspan", _spans(line, size), x=x, y=baseline)
            for line, baseline in zip(lines, at, strict=True)
        )
    anchor = {"left": None, "center": "middle", "right": "end"}[ha]
    return tag(
        "text",
        inside,
        x=x,
        y=at[0],
        font_size=size,
        fill=colour,
        fill_opacity=alpha,
        text_anchor=anchor,
        font_weight=weight if weight != "normal" else None,
        transform=f"rotate(-90 {number(x)} {number(y)})" if upright else None,
    )
