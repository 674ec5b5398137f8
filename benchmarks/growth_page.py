"""Write `book/growth.md` and its figure from the results: `python -m benchmarks.growth_page`."""

from __future__ import annotations

import json

from benchmarks.growth import RESULTS, SWEPT, draw
from tools.tree import ROOT

PAGE = ROOT / "book" / "growth.md"
FIGURE = ROOT / "book" / "_static" / "growth.png"
TEXT = """\
<!-- Written by python -m benchmarks.growth_page from benchmarks/results/growth.json. -->

(growth)=
# How cost grows

{{ref}}`speed` says what a call costs at three sizes. Here you see what happens in between and
beyond, because the question before a long run is another one: twice the rows, twice the features,
twice the students, and how long then?

```{{figure}} _static/growth.png
:name: fig-growth
:alt: Milliseconds against rows, features and batch; the first two rise, the last falls
Time against rows, features and rows a batch; both axes are logarithmic.
```

What is measured: a call of a layer forward and backward, or a penalty's value and gradient, in
float64 on one core, where the other side of the array is 256 long; and an epoch of 2-64-3 with L2
on its first layer and Adam (against the width: 1,024 rows). It is processor time, the least of
five rounds. Memory is the most that NumPy held at once, the data included.

A slope in a picture with two logarithmic axes says how cost grows: 1 means that twice the size
costs twice as much, 0 that it costs the same. The slopes below are fitted to the larger half of
the sizes, because a call on a small array costs what any call costs, whatever is in it.

Against rows, features and width everything should have the slope 1, because each formula touches
each number a fixed number of times. Memory has it, or a little less where a part does not grow.
Time may have a step on its way: where arrays outgrow the processor's cache, or where the new
arrays of a call outgrow what the C library keeps for the next call, so that their pages are
fetched anew ({{ref}}`ch-faster`). A step at the end makes the line steeper, one at its beginning
flatter. And the rows of an epoch have a slope below 1, because a part of the epoch does not grow.
The last column says by which factor the time grows most when a size in that larger half is
doubled, and which size it then reaches; without a step it is about 2.

{ops}

All of this ran on one thread, and on a machine that is not yours alone you should do the same.
NumPy's matrix products may use all cores, and from some thousand rows on they do. Where another
program wants a core as well, their threads wait for each other, and an epoch over many rows may
take several times as long as on one thread. Set `OPENBLAS_NUM_THREADS=1` before Python starts.

An epoch costs the more the smaller its batches are, because every step pays for its calls and
for the optimiser, however few rows it sees. From about a thousand rows a step on, little is left
to save; whether a larger batch trains as well is another question.

{batches}

The cells of a sweep ([chapter 19](../notebooks/19_choosing_lambda.ipynb)) know nothing of one
another, so their time adds up, and two workers save a good part of it, though not half, because
they have to be started and fed. The submissions that a teacher has graded ({{ref}}`teaching`) know
nothing of one another either, because each runs in a sandbox of its own; but a part of the time is
for the start, whatever the class's size. These times are those of the clock, because workers save
waiting and not work: the least of three runs for a sweep, one run for a class.

{outside}
"""


NAMES = {
    ("sweep", "cells"): "sweep, one worker",
    ("sweep", "workers"): f"sweep of {SWEPT} cells",
    ("grading", "submissions"): "grading, two workers",
}


def step(case: dict) -> str:
    """Return by which factor the time rises most, and at which size, in the half that is fitted.

    >>> step({"sizes": [1, 2, 4, 8], "seconds": [1.0, 2.0, 4.1, 13.0]})
    '3.2 at 8'
    """
    sizes, seconds = case["sizes"], case["seconds"]
    start = len(sizes) // 2
    rises = [seconds[k + 1] / seconds[k] for k in range(start, len(sizes) - 1)]
    most = max(range(len(rises)), key=rises.__getitem__)
    return f"{rises[most]:.1f} at {sizes[start + most + 1]:,}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def written(slope: float) -> str:
    """Return a slope.

    >>> written(-0.9)
    '−0.90'
    """
    return f"{slope:.2f}".replace("-", "−")


def duration(seconds: float) -> str:
    """Return a time with two significant digits.

    >>> duration(0.01234), duration(0.8), duration(1.044), duration(75.2)
    ('12 ms', '800 ms', '1.0 s', '75 s')
    """
    number, unit = (1000 * seconds, "ms") if seconds < 0.995 else (seconds, "s")
    return f"{number:.1f} {unit}" if number < 9.95 else f"{float(f'{number:.2g}'):g} {unit}"


def section(results: dict) -> str:
    """Return the section that these results make."""
    cases = {(case["name"], case["against"]): case for case in results["cases"]}
    ops = [
        [
            f"{name}, {against}",
            written(case["slopes"]["seconds"][0]),
            f"{case['slopes']['bytes'][0]:.2f}",
            step(case),
        ]
        for (name, against), case in cases.items()
        if against in ("rows", "features", "width")
    ]
    batch = cases["epoch", "batch"]
    batches = [
        [f"{size}", duration(seconds)]
        for size, seconds in zip(batch["sizes"][::2], batch["seconds"][::2], strict=True)
    ]
    outside = [
        [f"{NAMES[name, against]}, {size} {against}", duration(seconds)]
        for (name, against), case in cases.items()
        if (name, against) in NAMES
        for size, seconds in zip(case["sizes"], case["seconds"], strict=True)
        if (against, size) != ("workers", 1)  # as in the line of as many cells
    ]
    return TEXT.format(
        ops=table(["against", "slope of time", "of memory", "largest step"], ops),
        batches=table(["rows a batch", "an epoch of 4,096"], batches),
        outside=table(["of what", "takes"], outside),
    )


if __name__ == "__main__":
    kept = json.loads(RESULTS.read_text(encoding="utf8"))
    PAGE.write_text(section(kept), encoding="utf8")
    draw(kept["cases"], FIGURE)
