"""Measure how long each code cell of a chapter computes, for what the page says before it starts.

Usage: python tools/live_seconds.py [NOTEBOOK ...]      (default: notebooks/*.ipynb)

Processor seconds of the kernel and its processes go to book/live/seconds.json, so that a busy
machine measures the same. A cell that is missing there is taken for a quick one.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this tree before an installed one

from tools.live_cells import SECONDS
from tools.tree import FIXED_ENVIRONMENT, ROOT

SHORT = 0.05  # and shorter is not worth a line
# What a page does not load, or has loaded when a cell starts, is loaded before the first cell.
WARM_UP = """import joblib, matplotlib.pyplot, nnreg.book.figures, scipy.stats
import sklearn.datasets, sklearn.linear_model"""


def seconds_of(path: Path) -> dict[str, float]:
    """Run a chapter and return the seconds of its longer cells."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(WARM_UP))
    taken: dict[str, float] = {}
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=None,
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_execute=lambda cell, cell_index: taken.update({cell.id: -used(client)}),
        on_cell_executed=lambda cell, cell_index, execute_reply: taken.update(
            {cell.id: round(taken[cell.id] + used(client), 2)}
        ),
    )
    client.execute()
    del taken[notebook.cells[0].id]
    return {name: seconds for name, seconds in taken.items() if seconds >= SHORT}


def used(client: NotebookClient) -> float:
    """Return the processor seconds of a kernel and of the processes that it started."""
    kernel = psutil.Process(client.km.provisioner.pid)
    times = [process.cpu_times() for process in (kernel, *kernel.children(recursive=True))]
    return sum(time.user + time.system for time in times)


def main() -> None:
    """Measure the chapters named on the command line."""
    os.environ.update(FIXED_ENVIRONMENT)  # before a kernel starts
    paths = [Path(name) for name in sys.argv[1:]] or sorted((ROOT / "notebooks").glob("*.ipynb"))
    for path in paths:
        measured = json.loads(SECONDS.read_text(encoding="utf8")) if SECONDS.exists() else {}
        measured[path.stem] = seconds_of(path.resolve())
        text = json.dumps(dict(sorted(measured.items())), indent=1)
        SECONDS.write_text(text + "\n", encoding="utf8")
        print(f"{path.stem}: {sum(measured[path.stem].values()):.0f} s", flush=True)


if __name__ == "__main__":
    main()
