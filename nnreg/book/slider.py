"""What every slider over pictures knows: its values, and their words."""

import math
import re
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any, NamedTuple

from nnreg.book._numbers import written


class Words(NamedTuple):
    """What is read out at one position: the value, a caption, and an alt."""

    value: str
    caption: str
    alt: str


class Slider:
    """The values of a slider, where it starts, and what is said of each."""

    def __init__(
        self,
        values: Sequence[Any],
        *,
        name: str,
        caption: Callable[[Any], str],
        alt: Callable[[Any], str],
        symbol: str,
        start: Any,
        mark: tuple[Any, str] | None,
        fmt: Callable[[Any], str] | None,
    ):
        self.name = checked_name(name)
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
        self._caption, self._alt = caption, alt
        self.written = written if fmt is None else fmt
        first = self.values[0]
        start = first if start is None else start
        self.start = _position(start, self.values, "start")
        place, self.mark = (first, "") if mark is None else mark
        self.marked = _position(place, self.values, "mark")

    def words(self, value: Any) -> Words:
        """Return what is read out at a value."""
        return Words(
            value=f"{self.symbol} = {self.written(value)}",
            caption=sentence(self._caption(value), "caption must return"),
            alt=sentence(self._alt(value), "alt must return"),
        )

    def mark_text(self) -> str:
        """Return what stands below the mark on the track."""
        if not self.mark:
            return ""
        return f"▲ {self.written(self.values[self.marked])}: {self.mark}"

    def summary(self, caption: str) -> str:
        """Return the slider in one line of text."""
        low, high, start = (
            self.written(self.values[i]) for i in (0, -1, self.start)
        )
        return (
            f"explore: {self.symbol} from {low} to {high}, "
            f"{len(self.values)} values, start {start} — {caption}"
        )


def checked_name(name: str) -> str:
    """Return a name that can begin the ids of a page."""
    if not re.fullmatch(r"[a-z][a-z0-9-]*", name):
        raise ValueError(
            "name must be lower-case letters, digits and hyphens, "
            f"got {name!r}"
        )
    return name


def sentence(text: Any, rule: str) -> str:
    """Return `text` if it says something; `rule` begins the complaint."""
    if not isinstance(text, str) or not text.strip():
        raise TypeError(f"{rule} a sentence, got {text!r}")
    return text


def _position(of: Any, values: list[Any], name: str) -> int:
    for i, value in enumerate(values):
        numbers = isinstance(of, Real) and isinstance(value, Real)
        # A grid may be off in its last digit; float32 has seven of them.
        near = numbers and math.isclose(value, of, rel_tol=1e-6)
        if near or value == of:
            return i
    raise ValueError(f"{name} must be one of values, got {of!r}")
