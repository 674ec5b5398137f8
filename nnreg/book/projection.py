"""LayerNorm in space: a picture in which a row of three numbers is dragged, and projected."""

import base64
import html
import io
import json
import re
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from nnreg.book.figures import CSS_PIXELS_PER_INCH, BookFigure, use_style
from nnreg.layernorm import layernorm_backward, layernorm_forward

LIMIT = 2.0
_CENTRED = {"color": "#009E73", "lw": 1.8, "ls": "--"}
_REMOVED = {"color": "#59636E", "lw": 1.4, "ls": ":"}

# Rows: right, away and up. Seen along them the vector of ones points up, and the other two span
# the plane of rows with mean 0. The page turns space in the same way.
_BASIS = np.array([[0, -1, 1], [2, -1, -1], [1, 1, 1]]) / np.sqrt([[2], [6], [3]])
_TILT = 0.4
_VIEWS = {
    "From the side": np.array([[1, 0, 0], [0, np.sin(_TILT), np.cos(_TILT)]]) @ _BASIS,
    "From above": _BASIS[:2],
}


def projection_picture(x: Any, dx_hat: Any, *, name: str, caption: str, alt: str) -> "Projection":
    """Let the reader drag a row of three numbers, and see LayerNorm project it and its gradient.

    The page computes and draws by itself: it needs neither a kernel nor a network.

    Parameters
    ----------
    x : array_like, shape (3,)
        The row to start with, each number in [-2, 2].
    dx_hat : array_like, shape (3,)
        The gradient that arrives at the normalised row, each number in [-2, 2].
    name : str
        Lower-case letters, digits and hyphens, unique in the chapter, such as
        ``"fig-lnb-projection"``. The id in the page is ``<name>-root``.
    caption, alt : str
        The sentence below the picture, and the text for those who do not see it.

    Returns
    -------
    Projection
        As the last expression of a cell it shows itself.

    Raises
    ------
    ValueError
        If `x` or `dx_hat` does not hold three numbers in [-2, 2], or `name` has other characters.

    Examples
    --------
    >>> projection_picture([1, 0, -1], [1, 1, 0], name="fig-demo", caption="Drag it.", alt="A row.")
    projection: x (1.00, 0.00, -1.00), mean 0.00, σ 0.82, x̂ (1.22, 0.00, -1.22), dx (0.20, 0.41, -0.61)
    """
    return Projection(x, dx_hat, name, caption, alt)


class Projection:
    """What `projection_picture` returns: one object that shows itself in three forms."""

    def __init__(self, x, dx_hat, name, caption, alt):
        if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
            raise ValueError(f"name must be lower-case letters, digits and hyphens, got {name!r}")
        self.x, self.dx_hat = _three_numbers(x, "x"), _three_numbers(dx_hat, "dx_hat")
        self.name, self.caption, self.alt = name, caption, alt
        self.x_hat, cache = layernorm_forward(self.x)
        self.dx = layernorm_backward(self.dx_hat, cache)[0]
        # Drawn now and not when shown: IPython swallows an error that is raised while showing.
        self._figure = self._draw()
        self._png = self._figure.png()

    def __repr__(self) -> str:
        return (
            f"projection: x {_text(self.x)}, mean {self.x.mean():.2f}, σ {self.x.std():.2f}, "
            f"x̂ {_text(self.x_hat)}, dx {_text(self.dx)}"
        )

    def html(self) -> str:
        """Return the interactive form: a picture of the start, and the script that replaces it."""
        template = Template(Path(__file__).with_name("projection.html").read_text(encoding="utf-8"))
        return template.substitute(
            name=self.name,
            caption=html.escape(self.caption),
            alt=html.escape(self.alt),
            x=json.dumps(self.x.tolist()),
            dx_hat=json.dumps(self.dx_hat.tolist()),
            src=_webp(self._figure.frame(CSS_PIXELS_PER_INCH)),
            **self._figure.size_on_screen(),
        )

    def _draw(self) -> BookFigure:
        """Draw one scene in space, as two cameras see it."""
        use_style()
        figure = BookFigure(figsize=(7.4, 3.7))
        origin, ones, centred = np.zeros(3), np.ones(3), self.x - self.x.mean()
        flat = self.dx_hat - self.dx_hat.mean()
        radial = (flat @ self.x_hat) / 3 * self.x_hat
        turn = np.linspace(0, 2 * np.pi, 121)
        circle = np.sqrt(3) * np.column_stack([np.cos(turn), np.sin(turn)]) @ _BASIS[:2]
        for ax, (title, view) in zip(figure.subplots(1, 2), _VIEWS.items(), strict=True):
            ax.set(title=title, xlim=(-3.7, 3.7), ylim=(-3.6, 3.6), aspect="equal")
            ax.set_axis_off()
            scene = _Scene(ax, view)
            scene.ax.fill(*(view @ (1.95 * circle).T), color="#eef3f7")
            scene.line(-1.9 * ones, 1.9 * ones, color="#59636e", lw=1.2)
            scene.line(*circle, color="#20262e", lw=1.6)
            scene.line(origin, max(centred, self.x_hat, key=np.linalg.norm), **_CENTRED)
            scene.line(self.x, centred, **_CENTRED)
            scene.arrow(origin, self.x, "#0072B2", 2.4)
            scene.arrow(self.x_hat, self.dx_hat, "#20262e", 1.5, "dx̂")
            scene.line(self.x_hat + self.dx_hat, self.x_hat + flat, **_REMOVED)
            scene.line(self.x_hat, self.x_hat + radial, **_REMOVED)
            scene.arrow(self.x_hat, flat - radial, "#AA4F83", 1.5)
            scene.arrow(self.x, self.dx * min(1, 3 / np.linalg.norm(self.dx)), "#AA4F83", 3.4, "dx")
            scene.mark(self.x, "#0072B2", "o", "x")
            scene.mark(centred, "#009E73", "s", "x − μ")
            scene.mark(self.x_hat, "#D55E00", "D", "x̂")
        return figure

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict, dict]:
        data = {
            "text/html": self.html(),
            "image/png": base64.b64encode(self._png).decode(),
            "text/plain": repr(self),
        }
        return data, {"image/png": self._figure.size_on_screen()}


class _Scene:
    """Draws points of space on the axes that one camera looks at."""

    def __init__(self, ax: Axes, view: np.ndarray):
        self.ax, self.view = ax, view

    def line(self, *points, **style):
        self.ax.plot(*(self.view @ np.transpose(points)), **style)

    def arrow(self, start, step, colour, width, text=""):
        foot, tip = self.view @ start, self.view @ (start + step)
        look = {"arrowstyle": "->", "color": colour, "lw": width, "shrinkA": 0, "shrinkB": 0}
        self.ax.annotate("", tip, foot, arrowprops=look)
        self.label(text, tip, tip - foot)

    def mark(self, point, colour, marker, text):
        spot = self.view @ point
        self.ax.plot(*spot, marker, color=colour, markersize=8, markeredgecolor="white")
        self.label(text, spot, spot)

    def label(self, text, spot, away):
        offset = 13 * away / max(np.hypot(*away), 1e-9)
        self.ax.annotate(text, spot, offset, textcoords="offset points", ha="center", va="center")


def _three_numbers(values: Any, name: str) -> np.ndarray:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.empty(0)
    if array.shape != (3,) or not (abs(array) <= LIMIT).all():
        raise ValueError(f"{name} must hold three numbers in [-2, 2], got {values!r}")
    return array


def _text(row: np.ndarray) -> str:
    return "(" + ", ".join(f"{value:.2f}" for value in row.round(2) + 0.0) + ")"


def _webp(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image = image.quantize(16, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    image.convert("RGB").save(buffer, "webp", lossless=True, method=6)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
