"""How time and memory grow with rows, features, batch, cells, workers and submissions.

    python -m benchmarks.growth [--quick]

Each size runs once a round, in random order; a size's time is the least of the rounds, because
other programs only ever add to it. A slope is fitted to the larger half of the sizes, where the
cost of a call no longer counts: a slope of 1 is "twice the size, twice the time". Results go to
benchmarks/results/growth.json.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np
from scipy.stats import t as student

import nnreg
from benchmarks.speed.machine import begin_again_with_one_thread, describe
from nnreg import L1, L2, ElasticNet, nn
from nnreg.data import spiral

RESULTS = Path(__file__).parent / "results" / "growth.json"
SIZES = tuple(2**k for k in range(5, 14))
OTHER = 256  # how long the side is that does not grow
BATCHES = tuple(2**k for k in range(4, 13))
POINTS = 4096
ENOUGH = 0.02  # seconds of repetitions that a clock can measure
CELLS, WORKERS, SWEPT = (4, 8, 16, 32), (1, 2), 16
CLASSES = (5, 10, 20)


def slope(sizes: Iterable[float], values: Iterable[float]) -> list[float]:
    """Return the slope of log(value) against log(size), and its interval of 95 %.

    >>> slope([1, 2, 4, 8], [3, 12, 48, 192])[0].round(6)
    np.float64(2.0)
    """
    x, y = np.log(list(sizes)), np.log(list(values))
    (rise, _), covariance = np.polyfit(x, y, 1, cov=True)
    reach = student.ppf(0.975, len(x) - 2) * np.sqrt(covariance[0, 0])
    return [rise, rise - reach, rise + reach]


def seconds_of(call: Callable) -> float:
    """Return the processor seconds of one call, out of enough of them."""
    calls, taken = 1, 0.0
    while True:
        start = time.process_time()
        for _ in range(calls):
            call()
        taken = time.process_time() - start
        if taken >= ENOUGH:
            return taken / calls
        calls *= 2


def peak_of(make: Callable[[], Callable]) -> int:
    """Return the largest number of bytes that are held at once, data and first call included."""
    tracemalloc.start()
    call = make()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def layernorm(rows: int, features: int) -> Callable:
    x, dy = np.random.default_rng(0).normal(size=(2, rows, features))
    layer = nn.LayerNorm(features)
    return lambda: (layer.forward(x, training=True), layer.backward(dy))


def dropout(rows: int, features: int) -> Callable:
    x, dy = np.random.default_rng(0).normal(size=(2, rows, features))
    layer = nn.Dropout(0.5, rng=0)
    return lambda: (layer.forward(x, training=True), layer.backward(dy))


def penalty(kind, rows: int, features: int) -> Callable:
    w = np.random.default_rng(0).normal(size=(rows, features))
    return lambda: kind.value_and_grad(w)


def epoch(points: int, width: int, batch: int | None = None) -> Callable:
    """Return one epoch of 2-width-3 with L2 on its first layer."""
    X, y = spiral(-(-points // 3), 3, 0)
    X, y = X[:points], y[:points]
    hidden = nn.Dense(2, width, weight_penalty=L2(5e-4), rng=0)
    model = nn.Sequential([hidden, nn.ReLU(), nn.Dense(width, 3, rng=0)])
    loss, adam = nn.SoftmaxCrossEntropy(), nn.Adam(0.02)
    return lambda: nn.fit(
        model, loss, adam, X, y, epochs=1, batch_size=batch, rng=0, progress=False
    )


OPS = {
    "LayerNorm": layernorm,
    "dropout": dropout,
    "L1": partial(penalty, L1(1e-3)),
    "L2": partial(penalty, L2(1e-3)),
    "elastic net": partial(penalty, ElasticNet(1e-3, 0.5)),
}


def cases() -> list[tuple[str, str, tuple, Callable]]:
    """Return what is measured: its name, what grows, the sizes, and what makes a call of a size."""
    found = []
    for name, make in OPS.items():
        found.append((name, "rows", SIZES, partial(make, features=OTHER)))
        found.append((name, "features", SIZES, partial(make, OTHER)))
    found.append(("epoch", "rows", SIZES, partial(epoch, width=64)))
    found.append(("epoch", "width", SIZES[:-2], partial(epoch, 1024)))
    found.append(("epoch", "batch", BATCHES, partial(epoch, POINTS, 64)))
    return found


def grown(make: Callable, sizes: tuple, rounds: int) -> dict:
    """Return the seconds and the bytes of each size, and their slopes."""
    calls = {size: make(size) for size in sizes}
    taken = {size: [] for size in sizes}
    for _ in range(rounds):
        for size in random.sample(sizes, len(sizes)):
            taken[size].append(seconds_of(calls[size]))
    seconds = [min(taken[size]) for size in sizes]
    del calls
    held = [peak_of(partial(make, size)) for size in sizes]
    larger = slice(len(sizes) // 2, None)
    slopes = {
        "seconds": slope(sizes[larger], seconds[larger]),
        "bytes": slope(sizes[larger], held[larger]),
    }
    return {"sizes": sizes, "seconds": seconds, "bytes": held, "slopes": slopes}


def sweeps(rounds: int) -> list[dict]:
    """Return the clock's seconds of a sweep against its cells and its workers."""
    from benchmarks.sweep import seconds

    found = []
    for against, sizes, run in (
        ("cells", CELLS, lambda n: seconds(1, "loky", n)[0]),
        ("workers", WORKERS, lambda n: seconds(n, "loky", SWEPT)[0]),
    ):
        taken = [min(run(n) for _ in range(rounds)) for n in sizes]
        found.append({"name": "sweep", "against": against, "sizes": sizes, "seconds": taken})
    found[0]["slopes"] = {"seconds": slope(CELLS, found[0]["seconds"])}
    return found


def grading() -> dict:
    """Return the clock's seconds of grading honest classes with two workers."""
    from benchmarks.grading import Watch, class_of
    from nnreg.grading.run import grade_class

    taken, held = [], []
    for n in (CLASSES[0], *CLASSES):  # the first one pays for the start, and does not count
        with tempfile.TemporaryDirectory() as place:
            class_of(n, Path(place, "class"), attackers=False)
            start = time.perf_counter()
            with Watch() as watch:
                grade_class("penalties", Path(place, "class"), Path(place, "out"), 2, seed=1)
            taken.append(time.perf_counter() - start)
            held.append(watch.peak)
    taken, held = taken[1:], held[1:]
    slopes = {"seconds": slope(CLASSES, taken), "bytes": slope(CLASSES, held)}
    return {
        "name": "grading",
        "against": "submissions",
        "sizes": CLASSES,
        "seconds": taken,
        "bytes": held,
        "slopes": slopes,
    }


def draw(found: list[dict], path: Path) -> None:
    """Draw the ops and the epoch against rows, features and batch."""
    from matplotlib import rcParams

    from nnreg.book.figures import figure

    fig, axes = figure(4.6, 8, nrows=3)
    names = dict.fromkeys(case["name"] for case in found)
    looks = dict(zip(names, rcParams["axes.prop_cycle"], strict=False))  # more than are needed
    for ax, growing in zip(axes, (("rows",), ("features", "width"), ("batch",)), strict=True):
        for case in found:
            if case["against"] in growing:
                milliseconds = 1000 * np.array(case["seconds"])
                ax.loglog(case["sizes"], milliseconds, label=case["name"], **looks[case["name"]])
        ax.set(xlabel=" or ".join(growing), ylabel="milliseconds")
    axes[2].set(ylim=(1, 100))
    axes[2].legend(*axes[0].get_legend_handles_labels(), loc="upper right")
    path.write_bytes(fig.png())


def show(found: list[dict]) -> None:
    """Print each case: its smallest, its largest, and its slopes."""
    print(f"{'':12}{'against':12}{'first ms':>10}{'last ms':>10}  slope of time, of memory")
    for case in found:
        slopes = "   ".join(
            f"{s:.2f} ({low:.2f} to {high:.2f})" for s, low, high in case.get("slopes", {}).values()
        )
        first, last = 1000 * case["seconds"][0], 1000 * case["seconds"][-1]
        print(f"{case['name']:12}{case['against']:12}{first:10.2f}{last:10.2f}  {slopes}")


def main() -> None:
    """Measure, store, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="no sweeps, no grading, one round")
    options = parser.parse_args()
    rounds = 1 if options.quick else 5
    load = round(os.getloadavg()[0], 1)
    found = [
        {"name": name, "against": against, **grown(make, sizes, rounds)}
        for name, against, sizes, make in cases()
    ]
    if not options.quick:
        found += [*sweeps(3), grading()]
    show(found)
    whole = {"machine": describe(), "nnreg": nnreg.__version__, "load": load, "cases": found}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf8")


if __name__ == "__main__":
    begin_again_with_one_thread("benchmarks.growth")
    main()
