"""LayerNorm in space: a row and its gradient are dragged, and projected."""

import json
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from nnreg._checks import as_float_array
from nnreg.book import page
from nnreg.book.figures import CSS_PIXELS_PER_INCH, BookFigure, use_style
from nnreg.book.slider import sentence
from nnreg.layernorm import layernorm_backward, layernorm_forward

LIMIT = 2.0
_BLUE, _GREEN, _RED, _PURPLE = "#0072B2", "#009E73", "#D55E00", "#AA4F83"
_BLACK, _GREY = "#20262E", "#59636E"
_DASHED = {"color": _GREEN, "lw": 1.8, "ls": "--"}
_DOTTED = {"color": _GREY, "lw": 1.6, "ls": ":"}
# Rows: right, away and up. Seen along them the vector of ones points up, and
# the other two span the plane of rows with mean 0. The page turns space in the
# same way.
_BASIS = np.array([[0, -1, 1], [2, -1, -1], [1, 1, 1]]) / np.sqrt(
    [[2], [6], [3]]
)
_TILT = 0.4
_CAMERAS = {
    "From the side": np.array([[1, 0, 0], [0, np.sin(_TILT), np.cos(_TILT)]])
    @ _BASIS,
    "From above": _BASIS[:2],
}


def projection_picture(
    x: Any, dx_hat: Any, *, name: str, caption: str, alt: str
) -> "Projection":
    """Let the reader drag a row of three numbers and its gradient.

    LayerNorm projects the row, and backward projects the gradient.

    The page computes and draws by itself: it needs neither a kernel nor a
    network.

    Parameters
    ----------
    x : array_like, shape (3,)
        The row to start with, each number in [-2, 2].
    dx_hat : array_like, shape (3,)
        The gradient that arrives at the normalised row, each number in [-2,
        2]. There is room for 2 units across the vector of ones: the tip of a
        longer one may stand outside the picture.
    name : str
        Lower-case letters, digits and hyphens, unique in the chapter, such as
        ``"fig-lnb-projection"``. The id in the page is ``<name>-root``.
    caption, alt : str
        The sentence below the picture, and the text for those who do not see
        it.

    Returns
    -------
    Projection
        As the last expression of a cell it shows itself.

    Raises
    ------
    ValueError
        If `x` or `dx_hat` does not hold three numbers in [-2, 2], or `name`
        has other characters.
    TypeError
        If `caption` or `alt` is no sentence.

    Examples
    --------
    >>> words = {"caption": "Drag x.", "alt": "A row."}
    >>> projection_picture([1, 0, -1], [1, 1, 0], name="fig-demo", **words)
    projection: x (1.00, 0.00, -1.00), mean 0.00, σ 0.82,
    x̂ (1.22, 0.00, -1.22), dx (-0.20, 0.41, -0.20)
    """
    return Projection(x, dx_hat, name, caption, alt)


class Projection(page.Shown):
    """What `projection_picture` returns: a picture with things to drag."""

    def __init__(self, x, dx_hat, name, caption, alt):
        super().__init__(name)
        self.caption = sentence(caption, "caption must be")
        self.alt = sentence(alt, "alt must be")
        self.x = _three_numbers(x, "x")
        self.dx_hat = _three_numbers(dx_hat, "dx_hat")
        self.x_hat, cache = layernorm_forward(self.x)
        self.dx = layernorm_backward(self.dx_hat, cache)[0]
        self._take(self._draw())

    def __repr__(self) -> str:
        return (
            f"projection: x {_text(self.x)}, mean {self.x.mean():z.2f}, "
            f"σ {self.x.std():.2f}, x̂ {_text(self.x_hat)}, "
            f"dx {_text(self.dx)}"
        )

    def html(self) -> str:
        """Return a picture of the start, and the script that replaces it."""
        start = self._figure.frame(CSS_PIXELS_PER_INCH)
        return page.fill(
            page.assemble("projection"),
            name=self.name,
            caption=self.caption,
            alt=self.alt,
            x=json.dumps(self.x.tolist()),
            dx_hat=json.dumps(self.dx_hat.tolist()),
            src=page.webp(start, 16, effort=6),
            **self._figure.size_on_screen(),
        )

    def _draw(self) -> BookFigure:
        """Draw the scene that the page draws, once for each camera."""
        use_style()
        figure = BookFigure(figsize=(7.4, 3.6), layout="none")
        figure.subplots_adjust(0, 0, 1, 1, wspace=0)
        x, x_hat, g = self.x, self.x_hat, self.dx_hat
        centred, flat, ones = x - x.mean(), g - g.mean(), np.ones(3)
        kept = flat - np.mean(flat * x_hat) * x_hat
        dx = (
            self.dx * 2.5 / max(2.5, np.linalg.norm(self.dx))
        )  # a long arrow is cut
        turn = np.linspace(0, 2 * np.pi, 121)
        circle = (
            np.sqrt(3)
            * np.column_stack([np.cos(turn), np.sin(turn)])
            @ _BASIS[:2]
        )
        for ax, (title, camera) in zip(
            figure.subplots(1, 2), _CAMERAS.items(), strict=True
        ):
            ax.set(xlim=(-3.7, 3.7), ylim=(-3.4, 3.6), aspect="equal")
            ax.text(-3.5, 3.2, title, weight="bold")
            ax.set_axis_off()
            side = title == "From the side"
            lines = [
                (circle, {"color": _BLACK, "ls": "-", "lw": 1.6}),
                ([0 * x, max(centred, x_hat, key=np.linalg.norm)], _DASHED),
                ([x, centred], _DASHED),
                (
                    [x_hat + g, x_hat + flat]
                    if side
                    else [x_hat + flat, x_hat + kept],
                    _DOTTED,
                ),
            ]
            arrows = [
                (x_hat, g, _BLACK, 1.5, "dx̂"),
                (x, dx, _PURPLE, 3.4, "dx"),
            ]
            marks = [(x_hat, _RED, "D", "x̂", x_hat - kept)]
            if side:
                arrows.append((-1.9 * ones, 3.8 * ones, _GREY, 1.2, "1"))
                arrows.append((0 * x, x, _BLUE, 2.2, ""))
                marks += [
                    (centred, _GREEN, "s", "", -dx),
                    (x, _BLUE, "o", "x", -dx),
                ]
            else:
                arrows.append((x_hat, kept, _PURPLE, 1.5, ""))
                marks.append((centred, _GREEN, "s", "x − μ", -dx))
            for points, style in lines:
                ax.plot(*(camera @ np.transpose(points)), **style)
            for start, step, color, width, text in arrows:
                foot, tip = camera @ start, camera @ (start + step)
                look = {
                    "arrowstyle": "->",
                    "color": color,
                    "lw": width,
                    "shrinkA": 0,
                    "shrinkB": 0,
                }
                ax.annotate("", tip, foot, arrowprops=look)
                _label(ax, text, tip, tip - foot)
            for point, color, marker, text, away in marks:
                ax.plot(
                    *(camera @ point),
                    marker,
                    color=color,
                    ms=9,
                    mec="white",
                    zorder=3,
                )
                _label(ax, text, camera @ point, camera @ away)
        return figure


def _label(ax: Axes, text: str, spot: np.ndarray, away: np.ndarray) -> None:
    offset = (12 + 3 * len(text)) * away / max(np.hypot(*away), 1e-9)
    ax.annotate(
        text,
        spot,
        offset,
        textcoords="offset points",
        ha="center",
        va="center",
    )


def _three_numbers(values: Any, name: str) -> np.ndarray:
    try:
        array = as_float_array(values, name).astype(np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.shape != (3,) or not (abs(array) <= LIMIT).all():
        raise ValueError(
            f"{name} must hold three numbers in [-2, 2], got {values!r}"
        )
    return array


def _text(row: np.ndarray) -> str:
    return "(" + ", ".join(f"{value:z.2f}" for value in row) + ")"
