"""An axis: data, limits, and where its ticks stand; panels may share it."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nnreg.book._svg.drawing import NeedsNotebook
from nnreg.book._svg.scale import Linear, Log, SymLog
from nnreg.book._svg.text import height, width

_MARGIN = 0.05


class Axis:
    """One axis, which panels may share: its data, limits, scale and ticks."""

    def __init__(self, across: bool):
        self.across = across
        self.scale: Linear = Linear()
        self.low, self.high, self.least = math.inf, -math.inf, math.inf
        self.limits: list[float | None] = [None, None]
        self.sticky: set[float] = set()
        self.fixed: list[float] | None = None
        self.names: list[str] | None = None
        self.has_minor = True
        self.categories: dict[str, int] = {}

    def numbers(self, values: Any) -> np.ndarray:
        """Return values as floats; words become places 0, 1, 2 and so on."""
        values = np.atleast_1d(np.asarray(values))
        if values.dtype.kind not in "US":
            return values.astype(np.float64)
        for word in values.tolist():
            self.categories.setdefault(word, len(self.categories))
        self.fixed = list(map(float, self.categories.values()))
        self.names = list(self.categories)
        return np.float64([self.categories[word] for word in values.tolist()])

    def see(self, values: Any, sticky: Sequence[float] = ()) -> None:
        """Take note of data; no margin is left beyond a sticky value."""
        values = np.asarray(values, dtype=np.float64)
        values = values[np.isfinite(values)]
        self.sticky |= set(sticky)
        if values.size:
            self.low = min(self.low, float(values.min()))
            self.high = max(self.high, float(values.max()))
            above = values[values > 0]
            self.least = float(above.min(initial=self.least))

    def set_scale(self, name: str, base: float = 10, linthresh: float = 2.0):
        scales = {
            "linear": Linear,
            "log": lambda: Log(base),
            "symlog": lambda: SymLog(linthresh),
        }
        if name not in scales:
            raise NeedsNotebook(f"{name!r} scale")
        self.scale = scales[name]()

    def set_limits(self, low: Any = None, high: Any = None) -> None:
        if np.ndim(low):
            low, high = low
        given = (low, high)
        self.limits = [
            old if new is None else float(new)
            for old, new in zip(self.limits, given, strict=True)
        ]

    def set_ticks(self, ticks: Any, names: Any = None) -> None:
        self.fixed = [float(tick) for tick in ticks]
        self.names = None if names is None else [str(name) for name in names]
        for side, best in ((0, min), (1, max)):
            limit = self.limits[side]
            if limit is not None and self.fixed and not self._turned():
                self.limits[side] = best(limit, best(self.fixed))

    def _turned(self) -> bool:
        low, high = self.limits
        return low is not None and high is not None and low > high

    def view(self) -> tuple[float, float]:
        """Return what is seen: limits as given, else the data and a margin."""
        low, high = self._automatic() if None in self.limits else (0.0, 0.0)
        first, last = self.limits
        first, last = (
            low if first is None else first,
            high if last is None else last,
        )
        return self.scale.single(first) if first == last else (first, last)

    def _automatic(self) -> tuple[float, float]:
        log = type(self.scale) is Log
        low, high = (self.least if log else self.low), self.high
        if low <= high:
            low, high = self._with_margin(low, high)
        else:
            low, high = self.scale.empty
        fixed = self.fixed or []
        return min([low, *fixed]), max([high, *fixed])

    def _with_margin(self, low: float, high: float) -> tuple[float, float]:
        if low == high:
            low, high = self.scale.single(low)
        first, last = self.scale.forward([low, high])
        spread = _MARGIN * (last - first)
        wide = self.scale.inverse(np.array([first - spread, last + spread]))
        floor = max((s for s in self.sticky if s <= low), default=-math.inf)
        roof = min((s for s in self.sticky if s >= high), default=math.inf)
        return max(float(wide[0]), floor), min(float(wide[1]), roof)

    def share(self, values: Any) -> np.ndarray:
        """Return how far along the axis values lie: 0 to 1 is seen."""
        ends = self.scale.forward(self.view())
        return (self.scale.forward(values) - ends[0]) / (ends[1] - ends[0])

    def _room(self, length: float, size: float) -> int:
        return int(np.clip(length / (size * (3 if self.across else 2)), 1, 9))

    def ticks(self, length: float, size: float) -> list[tuple[float, str]]:
        """Return the ticks that are seen, with their names."""
        low, high = sorted(self.view())
        found = self.fixed
        if found is None:
            found = self.scale.ticks(low, high, self._room(length, size))
        names = self.names
        if names is None:
            names = self.scale.labels(found)
        shares = self.share(found)
        return [
            (tick, name)
            for tick, name, share in zip(found, names, shares, strict=False)
            if -1e-9 <= share <= 1 + 1e-9
        ]

    def minor(self, length: float, size: float) -> list[float]:
        low, high = sorted(self.view())
        room = self._room(length, size)
        return self.scale.minor(low, high, room) if self.has_minor else []

    def depth(self, length: float, size: float) -> float:
        """Return how much room the names of the ticks take beside the axis."""
        measure = height if self.across else width
        names = [name for _, name in self.ticks(length, size) if name]
        return max((measure(name, size) for name in names), default=0.0)
