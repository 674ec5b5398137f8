"""The picture of a sweep: every seed, the means, and the spread."""

import math

import numpy as np

from nnreg._sweep.cells import mean_and_std

_MOST_LINES = 8


def draw(table, x: str, y: str, ax=None):
    if x not in table.parameters or y not in table.results:
        raise ValueError(
            f"x must be in {table.parameters} and y in {table.results}, got "
            f"{x!r} and {y!r}"
        )
    if ax is None:
        try:
            from matplotlib.figure import Figure
        except ModuleNotFoundError as error:
            raise ImportError("plot needs matplotlib: install it") from error
        ax = Figure(figsize=(4.7, 3.2), layout="constrained").subplots()
    place, names = _places([row[x] for row in table.rows])
    lines = {}
    for row in table.rows:
        others = [n for n in table.parameters if n != x]
        label = ", ".join(f"{name} = {row[name]}" for name in others)
        seeds = lines.setdefault(label, {}).setdefault(place(row[x]), [])
        seeds.append(row[y])
    if len(lines) > _MOST_LINES:  # a random search: each point has its own
        _draw_seeds(ax, [p for line in lines.values() for p in line.items()])
    else:
        for label, line in lines.items():
            _draw_line(ax, sorted(line.items()), label)
        if len(lines) > 1:
            ax.legend(fontsize="small")
    if names:
        ax.set_xticks(range(len(names)), names)
    else:
        _set_scale(ax, [row[x] for row in table.rows])
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    return ax.figure


def _places(values: list):
    """Return where a value stands on the axis, and its names, if any."""
    if all(type(v) in (int, float) and math.isfinite(v) for v in values):
        return lambda value: value, []
    names = list(dict.fromkeys(map(str, values)))
    return lambda value: names.index(str(value)), names


def _draw_line(ax, line: list[tuple], label: str) -> None:
    at = [place for place, _ in line]
    means, stds = np.array([mean_and_std(values) for _, values in line]).T
    (drawn,) = ax.plot(at, means, marker="_", label=label)
    colour = drawn.get_color()
    ax.fill_between(at, means - stds, means + stds, color=colour, alpha=0.2)
    _draw_seeds(ax, line, color=colour)


def _draw_seeds(ax, line: list[tuple], **colour) -> None:
    pairs = [(place, value) for place, values in line for value in values]
    at, values = np.array(pairs).T
    finite = np.isfinite(values)
    ax.plot(at[finite], values[finite], ".", markersize=3, **colour)
    if not finite.all():
        at = np.unique(at[~finite])
        top = {"transform": ax.get_xaxis_transform(), "clip_on": False}
        ax.plot(at, np.ones(len(at)), "x", **colour, **top)


def _set_scale(ax, values: list) -> None:
    positive = [value for value in values if value > 0]
    if min(values) < 0 or max(values) < 30 * min(positive, default=1):
        return
    if len(positive) == len(values):
        ax.set_xscale("log")
    else:
        ax.set_xscale("symlog", linthresh=min(positive), linscale=0.5)
