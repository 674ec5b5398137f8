"""A slider over pictures: in a page without a kernel, live, and on paper."""

import html
import math
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any, NamedTuple

from PIL import Image

from nnreg.book import page
from nnreg.book._numbers import written
from nnreg.book.figures import BookFigure, use_style

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

# 1.5 pixels per CSS pixel are sharp on a phone, where the picture is shrunk;
# 32 colours are enough for line art. With only the changes stored, a frame
# takes about 5 kB.
_FRAME_DPI = 150
_FRAME_COLOURS = 32


class Frame(NamedTuple):
    """One position of the slider: what is read out, told, and seen."""

    value: str
    caption: str
    alt: str
    image: Image.Image


def explore(
    draw: Callable[[BookFigure, Any], None],
    values: Sequence[Any],
    *,
    name: str,
    caption: Callable[[Any], str],
    alt: Callable[[Any], str],
    symbol: str = "λ",
    start: Any = None,
    mark: tuple[Any, str] | None = None,
    fmt: Callable[[Any], str] | None = None,
    width: float = 6.0,
    height: float = 3.6,
) -> "Explorer":
    """Let the reader move one number and see a picture follow.

    Every frame is drawn when the cell runs, so anything slow (training, say)
    belongs in a cell before it: compute once per value, then let `draw` look
    the results up.

    Parameters
    ----------
    draw : callable ``draw(fig, value)``
        Draws on an empty figure in the book's style, for instance on ``ax =
        fig.subplots()``. Set the limits of every axis to fixed numbers: a
        picture whose axes jump cannot be compared.
    values : sequence
        What the slider runs over, numbers from small to large; 15 to 33 values
        are a good number.
    name : str
        Lower-case letters, digits and hyphens, unique in the chapter, such as
        ``"fig-l2-explore"``. The ids in the page are ``<name>-root`` and
        ``<name>-slider``.
    caption, alt : callable
        Give, for a value, the sentence below the picture and the text for
        those who do not see it. Their numbers are part of the page: round
        them.
    symbol : str
        What is moved, as it is written in the text.
    start : optional
        The value to begin with, one of `values`; the first by default.
    mark : tuple (value, str), optional
        A place on the track that the text recommends, one of `values`, and
        what stands below it, such as ``(0.01, "best on validation rows")``.
    fmt : callable, optional
        Writes a value; by default three significant digits without an
        exponent.
    width, height : float
        Size of the picture in inches, 100 pixels on screen each.

    Returns
    -------
    Explorer
        As the last expression of a cell it shows itself. In a live notebook it
        is a widget and the kernel redraws the picture; in a page it is HTML
        with the frames inside.

    Examples
    --------
    >>> def draw(fig, lam):
    ...     ax = fig.subplots()
    ...     ax.bar(["data", "penalty"], [1.0, lam])
    ...     ax.set(ylim=(0, 2))
    >>> explore(
    ...     draw, [0, 0.5, 1], name="fig-demo", start=0.5,
    ...     caption=lambda lam: f"The penalty is {lam}.",
    ...     alt=lambda lam: f"Two bars, of heights 1 and {lam}.",
    ... )
    explore: λ from 0 to 1, 3 values, start 0.5 — The penalty is 0.5.
    """
    size = width, height
    return Explorer(
        draw, values, name, caption, alt, symbol, start, mark, fmt, size
    )


class Explorer(page.Shown):
    """What `explore` returns: a picture with a slider, and a live form."""

    def __init__(
        self, draw, values, name, caption, alt, symbol, start, mark, fmt, size
    ):
        super().__init__(name)
        self.values = list(values)
        if len(self.values) < 2:
            raise ValueError(
                f"values must hold at least two values, got {self.values}"
            )
        numbers = [value for value in self.values if isinstance(value, Real)]
        if sorted(numbers) != numbers:
            raise ValueError(
                f"values must run from small to large, got {self.values}"
            )
        self.symbol = symbol
        self._draw, self._caption, self._alt = draw, caption, alt
        self._fmt = written if fmt is None else fmt
        first = self.values[0]
        start = first if start is None else start
        self.start = _position(start, self.values, "start")
        place, self.mark = (first, "") if mark is None else mark
        self.marked = _position(place, self.values, "mark")
        use_style()
        self._figure = BookFigure(figsize=size)
        self.frames = [self._frame(value) for value in self.values]
        self._draw_value(self.values[self.start])
        self._take(self._figure)

    def _draw_value(self, value: Any) -> None:
        self._figure.clear()
        self._draw(self._figure, value)

    def _frame(self, value: Any) -> Frame:
        self._draw_value(value)
        return Frame(
            value=f"{self.symbol} = {self._fmt(value)}",
            caption=page.sentence(self._caption(value), "caption must return"),
            alt=page.sentence(self._alt(value), "alt must return"),
            image=self._figure.frame(_FRAME_DPI),
        )

    def __repr__(self) -> str:
        low, high, start = (
            self._fmt(self.values[i]) for i in (0, -1, self.start)
        )
        return (
            f"explore: {self.symbol} from {low} to {high}, "
            f"{len(self.values)} values, start {start} — "
            f"{self.frames[self.start].caption}"
        )

    def html(self) -> str:
        """Return the kernel-free form: a range input, frames, a script."""
        first = self.frames[self.start]
        return page.fill(
            page.read("explorer.html"),
            data=[self._stored(frame, first) for frame in self.frames],
            name=self.name,
            symbol=self.symbol,
            value=self._fmt(self.values[self.start]),
            low=self._fmt(self.values[0]),
            high=self._fmt(self.values[-1]),
            caption=first.caption,
            alt=first.alt,
            src=_webp(first.image),
            mark=self._mark_text(),
            marked=self.marked,
            start=self.start,
            last=len(self.frames) - 1,
            **self._figure.size_on_screen(),
        )

    def _mark_text(self) -> str:
        if not self.mark:
            return ""
        return f"▲ {self._fmt(self.values[self.marked])}: {self.mark}"

    def _stored(self, frame: Frame, first: Frame) -> dict[str, str]:
        """Return a frame as it is stored: it lies over the first one shown."""
        stored = frame._asdict() | {"image": ""}
        if frame is not first:
            stored["image"] = _webp(
                frame.image, page.changes(frame.image, first.image)
            )
        return stored

    def widget(self) -> Any:
        """Return the live form: each move of the slider draws anew."""
        import ipywidgets

        picture, words = ipywidgets.HTML(), ipywidgets.HTML()
        slider = ipywidgets.SelectionSlider(
            options=[
                (self._fmt(value), i) for i, value in enumerate(self.values)
            ],
            value=self.start,
            description=self.symbol,
            layout=ipywidgets.Layout(width="100%"),
        )

        def redraw(change: Any = None) -> None:
            frame = self._frame(self.values[slider.value])
            picture.value = (
                f'<img src="{_webp(frame.image)}" '
                f'alt="{html.escape(frame.alt)}" '
                'style="width: 100%; background: #fff; border-radius: 10px">'
            )
            words.value = html.escape(frame.caption)

        redraw()
        slider.observe(redraw, names="value")
        mark = ipywidgets.HTML(html.escape(self._mark_text()))
        width = f"{self._figure.size_on_screen()['width']}px"
        layout = ipywidgets.Layout(max_width=width)
        parts = [picture, slider, *([mark] if self.mark else []), words]
        return ipywidgets.VBox(parts, layout=layout)

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict, dict]:
        data, metadata = super()._repr_mimebundle_()
        if _is_live():
            data[WIDGET_VIEW] = self.widget()._repr_mimebundle_()[WIDGET_VIEW]
        return data, metadata


def _is_live() -> bool:
    """Tell whether somebody is there to move a widget."""
    try:
        import ipywidgets  # noqa: F401
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None


def _webp(image: Image.Image, mask: Image.Image | None = None) -> str:
    return page.webp(image, _FRAME_COLOURS, effort=4, mask=mask)


def _position(of: Any, values: list[Any], name: str) -> int:
    for i, value in enumerate(values):
        numbers = isinstance(of, Real) and isinstance(value, Real)
        # A grid may be off in its last digit; float32 has seven of them.
        near = numbers and math.isclose(value, of, rel_tol=1e-6)
        if near or value == of:
            return i
    raise ValueError(f"{name} must be one of values, got {of!r}")
