"""L1 beside L2: the data's minimum and λ are moved, the penalised one goes."""

import json
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from nnreg._checks import as_float_array, check_real
from nnreg.book import page
from nnreg.book.figures import CSS_PIXELS_PER_INCH, BookFigure, use_style
from nnreg.book.slider import sentence
from nnreg.penalties import L1

LIMIT = 2.0
STRONGEST = 4.0
_BLUE, _RED, _ORANGE = "#0072B2", "#D55E00", "#E69F00"
_BLACK, _GREY = "#20262E", "#A9B3BD"
_DOTTED = {"color": "#AA4F83", "ls": ":", "lw": 2, "marker": ""}


def diamond_picture(
    centre: Any, bend: Any, lam: float, *, name: str, caption: str, alt: str
) -> "Diamond":
    r"""Let the reader drag the minimum of a data loss, and move λ.

    The data loss of two weights is
    :math:`(w - \hat w)^\top H (w - \hat w)`. One panel adds
    :math:`\lambda \lVert w \rVert_1` to it, the other one
    :math:`\lambda \lVert w \rVert^2`, and each shows where the sum is lowest.

    The page computes and draws by itself: it needs neither a kernel nor a
    network.

    Parameters
    ----------
    centre : array_like, shape (2,)
        The minimum :math:`\hat w` to start with, both numbers in [-2, 2].
    bend : array_like, shape (2, 2)
        The matrix :math:`H`, symmetric, with eigenvalues in [0.2, 5].
    lam : float
        The strength to start with, in [0, 4].
    name : str
        Lower-case letters, digits and hyphens, unique in the chapter, such as
        ``"fig-zero-corner"``. The id in the page is ``<name>-root``.
    caption, alt : str
        The sentence below the picture, and the text for those who do not see
        it.

    Returns
    -------
    Diamond
        As the last expression of a cell it shows itself.

    Raises
    ------
    ValueError
        If `centre`, `bend` or `lam` is out of its range, or `name` has other
        characters.
    TypeError
        If `caption` or `alt` is no sentence, or `lam` no number.

    Examples
    --------
    >>> words = {"caption": "Drag the cross.", "alt": "Ellipses."}
    >>> H = [[1, 0.35], [0.35, 1]]
    >>> diamond_picture([1.6, 0.4], H, 2, name="fig-demo", **words)
    diamond: ŵ (1.60, 0.40), λ 2.00, w (0.74, 0) with L1, (0.55, 0.26) with L2
    """
    return Diamond(centre, bend, lam, name, caption, alt)


class Diamond(page.Shown):
    """What `diamond_picture` returns: a picture with things to move."""

    def __init__(self, centre, bend, lam, name, caption, alt):
        super().__init__(name)
        self.caption = sentence(caption, "caption must be")
        self.alt = sentence(alt, "alt must be")
        self.centre, self.bend = _two_numbers(centre), _bowl(bend)
        self.lam = check_real(lam, "lam", 0.0, STRONGEST)
        self.l1 = _lasso(self.centre, self.bend, self.lam)
        self.l2 = _ridge(self.centre, self.bend, self.lam)
        self._take(self._draw())

    def __repr__(self) -> str:
        return (
            f"diamond: ŵ {_text(self.centre)}, λ {self.lam:.2f}, "
            f"w {_text(self.l1)} with L1, {_text(self.l2)} with L2"
        )

    def html(self) -> str:
        """Return a picture of the start, and the script that replaces it."""
        start = self._figure.frame(CSS_PIXELS_PER_INCH)
        return page.fill(
            page.assemble("diamond"),
            name=self.name,
            caption=self.caption,
            alt=self.alt,
            centre=json.dumps(self.centre.tolist()),
            bend=json.dumps(self.bend.tolist()),
            lam=json.dumps(self.lam),
            src=page.webp(start, 32, effort=6),
            **self._figure.size_on_screen(),
        )

    def _draw(self) -> BookFigure:
        """Draw the start, as the page draws it."""
        use_style()
        figure = BookFigure(figsize=(7.4, 3.6), layout="none")
        figure.subplots_adjust(0, 0, 1, 1, wspace=0)
        side = np.linspace(-2.4, 2.4, 121)
        plane = np.stack(np.meshgrid(side, side), axis=-1)
        turn = np.linspace(0, 2 * np.pi, 121)
        left, right = figure.subplots(1, 2)
        self._shade(left)
        for ax, title, minimum, order, corners in (
            (left, "L1: a diamond", _lasso, 1, turn[::30]),
            (right, "L2: a circle", _ridge, 2, turn),
        ):
            w = minimum(self.centre, self.bend, self.lam)
            size = np.linalg.norm(w, order)
            ax.set(xlim=(-2.3, 2.3), ylim=(-2.2, 2.2), aspect="equal")
            ax.text(-2.2, 2.0, title, weight="bold")
            ax.set_axis_off()
            rim = size * np.cos(corners), size * np.sin(corners)
            ax.fill(
                *rim, facecolor=_BLUE + "26", edgecolor=_BLUE, lw=1.8, ls="-"
            )
            for line in (ax.axhline, ax.axvline):
                line(0, color=_BLACK, lw=0.8, ls="-")
            levels = [(0.4 * ring) ** 2 for ring in range(1, 6)]
            self._rings(ax, plane, levels, colors=_GREY, linewidths=0.8)
            if (loss := self._loss(w)) > 0:
                self._rings(ax, plane, [loss], colors=_BLACK, linewidths=1.5)
            way = [
                minimum(self.centre, self.bend, share / (1 - share))
                for share in np.arange(60) / 60
            ]
            ax.plot(*np.transpose([*way, [0, 0]]), **_DOTTED)
            ax.plot(*self.centre, "x", color=_BLACK, ms=9, mew=2.4)
            ax.plot(*w, "o", color=_RED, ms=10, mec="white")
            _label(ax, "ŵ", self.centre, self.centre - w)
            _label(ax, "w", w, w - self.centre)
        return figure

    def _shade(self, ax: Axes) -> None:
        """Shade where ŵ has to stand for one weight or both to be 0."""
        signs = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]])
        corners = self.lam / 2 * signs @ np.linalg.inv(self.bend)
        ax.fill(*corners.T, facecolor=_ORANGE + "5C", lw=0)
        for one, other in zip(range(4), (1, 2, 3, 0), strict=True):
            near, far = corners[[one, other]], 5 * (signs[one] + signs[other])
            strip = np.concatenate([near, near[::-1] + far])
            ax.fill(*strip.T, facecolor=_ORANGE + "29", lw=0)

    def _rings(self, ax: Axes, plane: np.ndarray, levels: list, **look):
        ax.contour(
            *np.moveaxis(plane, -1, 0), self._loss(plane), levels, **look
        )

    def _loss(self, w: np.ndarray) -> np.ndarray:
        way = w - self.centre
        return np.einsum("...i,ij,...j", way, self.bend, way)


def _lasso(centre: np.ndarray, bend: np.ndarray, lam: float) -> np.ndarray:
    """Return the minimum with L1, by proximal steps until they rest."""
    penalty, w = L1(lam), centre
    step = 0.5 / np.linalg.norm(bend, 2)
    for _ in range(10_000):
        before = w
        w = penalty.prox(w - step * 2 * bend @ (w - centre), step)
        if np.array_equal(w, before):
            break
    return w


def _ridge(centre: np.ndarray, bend: np.ndarray, lam: float) -> np.ndarray:
    return np.linalg.solve(bend + lam * np.eye(2), bend @ centre)


def _label(ax: Axes, text: str, spot: np.ndarray, away: np.ndarray) -> None:
    length = np.hypot(*away)
    offset = 15 * away / length if length else np.array([11, 11])
    ax.annotate(
        text,
        spot,
        offset,
        textcoords="offset points",
        ha="center",
        va="center",
        weight="bold",
    )


def _two_numbers(values: Any) -> np.ndarray:
    array = _floats(values, "centre")
    if array.shape != (2,) or not (abs(array) <= LIMIT).all():
        raise ValueError(
            f"centre must hold two numbers in [-2, 2], got {values!r}"
        )
    return array


def _bowl(values: Any) -> np.ndarray:
    array = _floats(values, "bend")
    right = array.shape == (2, 2) and np.isfinite(array).all()
    if right and np.array_equal(array, array.T):
        low, high = np.linalg.eigvalsh(array)
        if low >= 0.2 and high <= 5:
            return array
    raise ValueError(
        "bend must be a symmetric 2 × 2 matrix with eigenvalues in "
        f"[0.2, 5], got {values!r}"
    )


def _floats(values: Any, name: str) -> np.ndarray:
    """Return an array of float64; what is none fits no shape."""
    try:
        return as_float_array(values, name).astype(np.float64)
    except (TypeError, ValueError):
        return np.empty(0)


def _text(w: np.ndarray) -> str:
    numbers = ("0" if value == 0 else f"{value:z.2f}" for value in w)
    return "(" + ", ".join(numbers) + ")"
