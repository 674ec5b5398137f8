"""The ways to draw lines, named as in matplotlib."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnreg.book._svg.axis import Axis
from nnreg.book._svg.colours import CYCLE
from nnreg.book._svg.marks import Line, Mark
from nnreg.book._svg.words import line_words, parse

BESIDE, ABOVE = (True, False), (False, True)  # which places are data


class Lines:
    """Lines and markers: each method leaves marks behind."""

    x: Axis
    y: Axis
    marks: list[Mark]
    _next_line = 0

    def _add(
        self,
        mark: Mark,
        x: Any = (),
        y: Any = (),
        sticky: tuple[Sequence, Sequence] = ((), ()),
    ) -> Any:
        self.x.see(x, sticky[0])
        self.y.see(y, sticky[1])
        self.marks.append(mark)
        return mark

    def _cycled(self, words: dict) -> dict:
        """Fill in a colour and a dash from the cycle, if one is missing."""
        if {"color", "linestyle"} <= set(words):
            return words
        ink, dash = CYCLE[self._next_line % len(CYCLE)]
        self._next_line += 1
        return {"color": ink, "linestyle": dash} | words

    def plot(self, *arguments: Any, **words: Any) -> list[Line]:
        """Draw lines or markers: ``plot(y)``, ``plot(x, y, "o-")``."""
        *values, last = arguments
        style = parse(last) if isinstance(last, str) else {}
        values = values if isinstance(last, str) else [*values, last]
        words = style | line_words(words)
        y = np.asarray(values[-1])
        x = values[0] if len(values) > 1 else np.arange(len(np.atleast_1d(y)))
        x, y = self.x.numbers(x), self.y.numbers(y)
        columns = np.atleast_2d(y.T)
        rows = np.broadcast_to(np.atleast_2d(x.T), columns.shape)
        if len(columns) == 1 and words.get("label") is not None:
            words["label"] = str(words["label"])
        return [
            self._add(
                Line(
                    ways=[np.column_stack(way)],
                    **{"zorder": 2} | self._cycled(dict(words)),
                ),
                *way,
            )
            for way in zip(rows, columns, strict=True)
        ]

    def loglog(self, *arguments: Any, **words: Any) -> list[Line]:
        self.x.set_scale("log")
        self.y.set_scale("log")
        return self.plot(*arguments, **words)

    def semilogx(self, *arguments: Any, **words: Any) -> list[Line]:
        self.x.set_scale("log")
        return self.plot(*arguments, **words)

    def semilogy(self, *arguments: Any, **words: Any) -> list[Line]:
        self.y.set_scale("log")
        return self.plot(*arguments, **words)

    def axhline(self, y: float = 0, **words: Any) -> Line:
        words = {"color": CYCLE[0][0], "zorder": 2} | line_words(words)
        way = np.array([[0, y], [1, y]], dtype=float)
        return self._add(Line(ways=[way], frame=ABOVE, **words), y=[y])

    def axvline(self, x: float = 0, **words: Any) -> Line:
        words = {"color": CYCLE[0][0], "zorder": 2} | line_words(words)
        way = np.array([[x, 0], [x, 1]], dtype=float)
        return self._add(Line(ways=[way], frame=BESIDE, **words), x=[x])

    def vlines(self, x: Any, ymin: Any, ymax: Any, **words: Any) -> Line:
        parts = np.broadcast_arrays(self.x.numbers(x), ymin, ymax)
        ways = [
            np.array([[at, low], [at, high]])
            for at, low, high in zip(*map(np.ravel, parts), strict=True)
        ]
        return self._strokes(ways, words)

    def hlines(self, y: Any, xmin: Any, xmax: Any, **words: Any) -> Line:
        parts = np.broadcast_arrays(self.y.numbers(y), xmin, xmax)
        ways = [
            np.array([[low, at], [high, at]])
            for at, low, high in zip(*map(np.ravel, parts), strict=True)
        ]
        return self._strokes(ways, words)

    def _strokes(self, ways: Sequence[np.ndarray], words: dict) -> Line:
        words = {"color": CYCLE[0][0], "zorder": 2} | line_words(words)
        x, y = np.concatenate([*ways, np.empty((0, 2))]).T
        return self._add(Line(ways=ways, cap=None, **words), x, y)

    def errorbar(
        self,
        x: Any,
        y: Any,
        yerr: Any = None,
        xerr: Any = None,
        fmt: str = "",
        capsize: float = 0,
        **words: Any,
    ) -> Line:
        (line,) = self.plot(x, y, fmt, **words)
        points = line.ways[0]
        bars = {
            "color": line.color,
            "linewidth": line.linewidth,
            "zorder": 2,
            "alpha": line.alpha,
        }
        for axis, error in ((0, xerr), (1, yerr)):
            if error is None:
                continue
            line.errors += "xy"[axis]
            error = np.broadcast_to(np.asarray(error, float), (2, len(points)))
            low, high = points.copy(), points.copy()
            low[:, axis] -= error[0]
            high[:, axis] += error[1]
            self._strokes(np.stack([low, high], axis=1), bars)
            if capsize:
                self.plot(
                    *np.r_[low, high].T,
                    "|_"[axis],
                    color=line.color,
                    markersize=2 * capsize,
                )
        return line
