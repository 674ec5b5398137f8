"""A slider over pictures: in a page without a kernel, live, and on paper."""

import html
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from PIL import Image

from nnreg.book import page
from nnreg.book.figures import BookFigure, use_style
from nnreg.book.slider import Slider

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
        is a widget and the kernel sends the frame that is asked for; in a page
        it is HTML with the frames inside. Who changes what `draw` reads runs
        the cell again.

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
    return Explorer(
        draw,
        (width, height),
        values,
        name=name,
        caption=caption,
        alt=alt,
        symbol=symbol,
        start=start,
        mark=mark,
        fmt=fmt,
    )


class Explorer(Slider, page.Shown):
    """What `explore` returns: a picture with a slider, and a live form."""

    def __init__(
        self,
        draw: Callable[[BookFigure, Any], None],
        size: tuple[float, float],
        values: Sequence[Any],
        **told: Any,
    ):
        super().__init__(values, **told)
        self._draw = draw
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
        return Frame(*self.words(value), self._figure.frame(_FRAME_DPI))

    def __repr__(self) -> str:
        return self.summary(self.frames[self.start].caption)

    def html(self) -> str:
        """Return the kernel-free form: a range input, frames, a script."""
        first = self.frames[self.start]
        return page.fill(
            page.read("explorer.html"),
            data=[self._stored(frame, first) for frame in self.frames],
            name=self.name,
            symbol=self.symbol,
            value=self.written(self.values[self.start]),
            low=self.written(self.values[0]),
            high=self.written(self.values[-1]),
            caption=first.caption,
            alt=first.alt,
            src=_webp(first.image),
            mark=self.mark_text(),
            marked=self.marked,
            start=self.start,
            last=len(self.frames) - 1,
            **self._figure.size_on_screen(),
        )

    def _stored(self, frame: Frame, first: Frame) -> dict[str, str]:
        """Return a frame as it is stored: it lies over the first one shown."""
        stored = frame._asdict() | {"image": ""}
        if frame is not first:
            stored["image"] = _webp(
                frame.image, page.changes(frame.image, first.image)
            )
        return stored

    def widget(self) -> Any:
        """Return the live form: each move of the slider shows a frame."""
        import ipywidgets

        picture, words = ipywidgets.HTML(), ipywidgets.HTML()
        slider = ipywidgets.SelectionSlider(
            options=[
                (self.written(value), i) for i, value in enumerate(self.values)
            ],
            value=self.start,
            description=self.symbol,
            layout=ipywidgets.Layout(width="100%"),
        )

        def show(change: Any = None) -> None:
            frame = self.frames[slider.value]
            picture.value = (
                f'<img src="{page.png(frame.image)}" '
                f'alt="{html.escape(frame.alt)}" '
                'style="width: 100%; background: #fff; border-radius: 10px">'
            )
            words.value = html.escape(frame.caption)

        show()
        slider.observe(show, names="value")
        mark = ipywidgets.HTML(html.escape(self.mark_text()))
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
