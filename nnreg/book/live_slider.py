"""A slider in a page that runs Python: each frame is drawn when asked for."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from nnreg.book._svg.figure import SvgFigure
from nnreg.book.slider import Slider, Words

SLIDER = "application/vnd.nnreg.slider+json"

_shown: dict[str, "LiveSlider"] = {}


class LiveFrame(NamedTuple):
    """One frame as the page takes it: a picture and its words."""

    picture: str
    words: Words

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> dict[str, str]:
        return {
            "image/svg+xml": self.picture,
            "text/plain": self.words.value,
            "caption": self.words.caption,
            "alt": self.words.alt,
        }


class LiveSlider(Slider):
    """Stands in for `explore` where there is no matplotlib.

    It takes what `nnreg.book.explorer.explore` does, and draws nothing until
    the page asks for a frame with `live_frame`.
    """

    def __init__(
        self,
        draw: Callable[[SvgFigure, Any], None],
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
    ):
        super().__init__(
            values,
            name=name,
            caption=caption,
            alt=alt,
            symbol=symbol,
            start=start,
            mark=mark,
            fmt=fmt,
        )
        self._draw, self._size = draw, (width, height)
        _shown[name] = self

    def __repr__(self) -> str:
        return self.summary(self.words(self.values[self.start]).caption)

    def frame(self, position: int) -> LiveFrame:
        """Draw the frame at a position of the slider."""
        value = self.values[position]
        figure = SvgFigure(*self._size)
        self._draw(figure, value)
        words = self.words(value)
        return LiveFrame(figure.svg(title=words.alt), words)

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> dict[str, Any]:
        mark = {"at": self.marked, "text": self.mark_text()}
        slider = {
            "name": self.name,
            "label": self.symbol,
            "values": [
                f"{self.symbol} = {self.written(value)}"
                for value in self.values
            ],
            "start": self.start,
            "mark": mark if self.mark else None,
            "handle": self.name,
        }
        return {SLIDER: slider, "text/plain": repr(self)}


def live_frame(handle: str, position: int) -> LiveFrame:
    """Return a frame of the slider that was shown last under this handle."""
    if handle not in _shown:
        raise KeyError(f"no slider {handle!r}: run its cell first")
    return _shown[handle].frame(position)


explore = LiveSlider
