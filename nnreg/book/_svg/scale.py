"""Scales: linear and logarithmic, their ticks, and how these are written."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

_STEPS = (1, 2, 2.5, 5, 10)


class Linear:
    """Equal steps are equally long."""

    empty = 0.0, 1.0

    def forward(self, values: Any) -> np.ndarray:
        return np.asarray(values, dtype=np.float64)

    def inverse(self, values: Any) -> Any:
        return values

    def single(self, value: float) -> tuple[float, float]:
        """Return limits around the only value that there is."""
        spread = 0.05 * abs(value) or 0.05
        return value - spread, value + spread

    def ticks(self, low: float, high: float, room: int) -> list[float]:
        return even_ticks(low, high, room)

    def minor(self, low: float, high: float, room: int) -> list[float]:
        return []

    def labels(self, ticks: Sequence[float]) -> list[str]:
        return decimal_labels(ticks)


class Log(Linear):
    """Equal factors are equally long; what is not positive is far below."""

    empty = 0.1, 1.0

    def __init__(self, base: float = 10):
        self.base = base

    def forward(self, values: Any) -> np.ndarray:
        values = np.maximum(np.asarray(values, dtype=np.float64), 1e-300)
        return np.log(values) / np.log(self.base)

    def inverse(self, values: Any) -> Any:
        return self.base ** np.asarray(values, dtype=np.float64)

    def single(self, value: float) -> tuple[float, float]:
        return value / self.base, value * self.base

    def _powers(self, low: float, high: float, room: int) -> range:
        """Return the powers at ticks, in the steps that fill the room best.

        Multiples of the step are preferred, as matplotlib prefers them.
        """
        ends = self.forward([low, high]).round(9)
        first, last = math.ceil(ends[0]), math.floor(ends[1])
        many, room = last - first + 1, max(room, 2)
        if many < 2:
            return range(first, last + 1)
        step = many // (room + 1) + 1
        count = min(math.ceil(many / step), room)
        step = (many - 1) // (count - 1)
        if step < many / count:
            step = many // count
        least = max(many - step * count, 0)
        most = min(many - step * (count - 1), step)
        offset = -first % step
        if not least <= offset < most:
            offset = least
        return range(first + offset, last + 1, step)

    def ticks(self, low: float, high: float, room: int) -> list[float]:
        powers = self._powers(low, high, room)
        if len(powers) > 1:
            return [float(self.base) ** power for power in powers]
        return self._between(low, high, (1, 2, 5))

    def minor(self, low: float, high: float, room: int) -> list[float]:
        powers = self._powers(low, high, room)
        dense = self.base > 2 and len(powers) < 10 and powers.step == 1
        return self._between(low, high, range(2, 10)) if dense else []

    def _between(self, low: float, high: float, times: Any) -> list[float]:
        first, last = self.forward([low, high])
        powers = np.arange(math.floor(first), math.floor(last) + 1.0)
        every = np.multiply.outer(self.base**powers, list(times)).ravel()
        return every[(every >= low) & (every <= high)].tolist()

    def labels(self, ticks: Sequence[float]) -> list[str]:
        return [self._label(tick) for tick in ticks]

    def _label(self, tick: float) -> str:
        power = math.floor(round(float(self.forward(tick)), 9))
        times = tick / float(self.base) ** power
        front = "" if math.isclose(times, 1) else f"{times:g} × "
        return f"{front}${self.base:g}^{{{power}}}$"


class SymLog(Log):
    """Logarithmic on both sides of 0, and straight through it."""

    empty = 0.0, 1.0

    def __init__(self, linthresh: float = 2.0):
        super().__init__()
        self.linthresh = linthresh

    def forward(self, values: Any) -> np.ndarray:
        values = np.asarray(values, dtype=np.float64)
        size = np.abs(values) / self.linthresh
        far = np.log10(np.maximum(size, 1)) + 10 / 9
        return np.where(size <= 1, size * 10 / 9, far) * np.sign(values)

    def inverse(self, values: Any) -> Any:
        values = np.asarray(values, dtype=np.float64)
        far = 10 ** (np.abs(values) - 10 / 9)
        size = np.where(far <= 1, np.abs(values) * 9 / 10, far)
        return size * self.linthresh * np.sign(values)

    single = Linear.single

    def ticks(self, low: float, high: float, room: int) -> list[float]:
        top = math.ceil(math.log10(max(-low, high, self.linthresh)))
        first = math.ceil(math.log10(self.linthresh))
        sizes = [10.0**power for power in range(first, top + 1)]
        return [
            t
            for t in (*(-s for s in sizes[::-1]), 0.0, *sizes)
            if low <= t <= high
        ]

    def minor(self, low: float, high: float, room: int) -> list[float]:
        return []

    def _label(self, tick: float) -> str:
        if tick == 0:
            return "0"
        return ("−" if tick < 0 else "") + super()._label(abs(tick))


def even_ticks(
    low: float, high: float, room: int, steps: Sequence[float] = _STEPS
) -> list[float]:
    """Return round numbers in equal steps, at most `room` + 1 of them.

    >>> even_ticks(-0.05, 1.05, 6)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    raw = (high - low) / max(room, 1)
    if not 0 < raw < math.inf:
        return []
    unit = 10.0 ** math.floor(math.log10(raw))
    sizes = [step * unit for step in steps]
    fit = next(i for i, s in enumerate(sizes) if s >= raw * (1 - 1e-9))
    for size in sizes[fit::-1]:
        first = math.ceil(low / size - 1e-9)
        last = math.floor(high / size + 1e-9)
        if last > first:
            break
    digits = max(0, 1 - math.floor(math.log10(size)))
    return [round(k * size, digits) + 0.0 for k in range(first, last + 1)]


def decimal_labels(ticks: Sequence[float]) -> list[str]:
    """Write numbers with the same decimals, and a sign for minus.

    >>> decimal_labels([-0.5, 0, 0.5])
    ['−0.5', '0.0', '0.5']
    """
    top = max(map(abs, ticks), default=0)
    power = math.floor(math.log10(top)) if top else 0
    power = 0 if -5 < power < 6 else power
    ticks = [tick / 10.0**power for tick in ticks]
    step = min(np.diff(ticks), default=1) or 1
    decimals = next(
        (
            d
            for d in range(12)
            if all(abs(t - round(t, d)) < 1e-3 * abs(step) for t in ticks)
        ),
        12,
    )
    tail = f" × $10^{{{power}}}$" if power else ""
    written = [f"{t + 0.0:.{decimals}f}".replace("-", "−") for t in ticks]
    return [
        text + tail if tick else "0" if tail else text
        for text, tick in zip(written, ticks, strict=True)
    ]
