"""Write `book/growth.md` and its figure from the results: `python -m benchmarks.growth_page`."""

from __future__ import annotations

import json

from benchmarks.growth import RESULTS, draw
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
the sizes, because a call on a small array costs what any call costs, whatever is in it. In
brackets stands the interval of 95 % for time.

Against rows, features and width everything should have the slope 1, because each formula touches
each number a fixed number of times. Memory has it, or a little less where a part does not grow.
Time has steps: where arrays outgrow the processor's cache, and where a call's new arrays outgrow
what Python keeps for the next call, so that their pages are fetched anew
({{ref}}`ch-faster`). A line through a few points with a step in them is steeper than 1, and its
interval is wide.

{ops}

An epoch costs the more the smaller its batches are, because every step pays for its calls and
for the optimiser, however few rows it sees. Beyond about a thousand rows a step this no longer
shows, so a larger batch saves no more time; whether it trains as well is another question.

{batches}

Cells of a sweep know nothing of one another, so their time adds up, and two workers save a good
part of it, though not half, because they have to be started and fed. Submissions know nothing of
one another either, because each runs in a sandbox of its own.

{outside}
"""


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def written(slope: list[float]) -> str:
    """Return a slope with its interval.

    >>> written([1.0, 0.95, 1.05])
    '1.00 (0.95 to 1.05)'
    """
    return "{:.2f} ({:.2f} to {:.2f})".format(*slope).replace("-", "−")


def duration(seconds: float) -> str:
    """Return a time with two significant digits.

    >>> duration(0.01234), duration(0.8), duration(75.2)
    ('12 ms', '800 ms', '75 s')
    """
    if seconds < 1:
        return f"{float(f'{1000 * seconds:.2g}'):g} ms"
    return f"{float(f'{seconds:.2g}'):g} s"


def section(results: dict) -> str:
    """Return the section that these results make."""
    cases = {(case["name"], case["against"]): case for case in results["cases"]}
    ops = [
        [
            f"{name}, {against}",
            written(case["slopes"]["seconds"]),
            f"{case['slopes']['bytes'][0]:.2f}",
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
        [f"{name}, {size} {against if size > 1 else against.rstrip('s')}", duration(seconds)]
        for (name, against), case in cases.items()
        if name in ("sweep", "grading")
        for size, seconds in zip(case["sizes"], case["seconds"], strict=True)
    ]
    return TEXT.format(
        ops=table(["against", "slope of time", "of memory"], ops),
        batches=table(["rows a batch", "an epoch of 4,096"], batches),
        outside=table(["of what", "takes"], outside),
    )


if __name__ == "__main__":
    kept = json.loads(RESULTS.read_text(encoding="utf8"))
    PAGE.write_text(section(kept), encoding="utf8")
    draw(kept["cases"], FIGURE)
