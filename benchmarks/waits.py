"""Where readers wait: seconds of processor and of the clock, part by part.

    python -m benchmarks.waits [PART ...]      (default: all but `notebooks` and `tests`)

Each part is measured by itself and kept in benchmarks/results/waits.json; what is not asked for
stays there as it was, with the load of its own hour. `--site SITE` names a built site for
`browser`; without it the one in _build/html is taken.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from tools.tree import FIXED_ENVIRONMENT, ROOT

RESULTS = Path(__file__).parent / "results" / "waits.json"
CHAPTER = "03_l1_l2_backward"
IMPORTS = {
    "numpy": "import numpy",
    "nnreg": "import nnreg",
    "nnreg, all of it": "import nnreg; nnreg.nn, nnreg.sweep, nnreg.conventions, nnreg.data",
}
ROUNDS = 25
TESTS = ("lint", "test-unit", "test-notebooks", "test-book")
# From the value to the frame in which its picture stands, in a page that needs no kernel.
STEP = """async (position) => {
    const slider = document.querySelector("article .nnreg-explore input");
    const start = performance.now();
    slider.value = position;
    slider.dispatchEvent(new Event("input", {bubbles: true}));
    const images = [...slider.closest(".nnreg-explore").querySelectorAll("img")];
    await Promise.all(images.map((image) => image.decode().catch(() => null)));
    await new Promise(requestAnimationFrame);
    return performance.now() - start;
}"""


@contextmanager
def timed() -> Iterator[SimpleNamespace]:
    """Measure the clock, and the processor seconds of the processes that end inside."""
    found, start = SimpleNamespace(), time.perf_counter()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    yield found
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found.wall = time.perf_counter() - start
    found.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def command(*words: str) -> dict[str, float]:
    """Run a command in the tree; return its seconds."""
    with timed() as found:
        subprocess.run(words, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return {"wall": found.wall, "cpu": found.cpu}


def book(options) -> dict:
    """Build the book anew, then once more with nothing changed."""
    with tempfile.TemporaryDirectory() as place:
        build = (sys.executable, "tools/build_book.py", f"{place}/html")
        return {"cold": command(*build), "unchanged": command(*build)}


def notebooks(options) -> dict:
    """Execute each notebook in a kernel of its own, one after another."""
    import nbformat
    from nbclient import NotebookClient

    from tools.live_seconds import used

    found = {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        if options.only and options.only not in path.stem:
            continue
        client = NotebookClient(
            nbformat.read(path, as_version=4),
            kernel_name="python3",
            timeout=None,
            resources={"metadata": {"path": str(path.parent)}},
        )
        start = time.perf_counter()
        with client.setup_kernel():
            for index, cell in enumerate(client.nb.cells):
                client.execute_cell(cell, index)
            found[path.stem] = {"wall": time.perf_counter() - start, "cpu": used(client)}
        print(f"  {path.stem}", flush=True)
    return found


def tests(options) -> dict:
    """Run what `make test` consists of, a part at a time."""
    return {part: command("make", part) for part in TESTS}


def browser(options) -> dict:
    """Open a chapter with an empty cache, and move its slider."""
    from playwright.sync_api import sync_playwright

    from benchmarks.page_weight import WATCH, served
    from tools.browser_tools import chromium

    first, steps = [], []
    with sync_playwright() as playwright, served(Path(options.site)) as origin:
        program = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for _ in range(5):
            page = program.new_page()
            page.add_init_script(WATCH)
            page.goto(f"{origin}notebooks/{CHAPTER}.html", wait_until="load")
            page.wait_for_function("seen.slider && seen.text")
            first.append(page.evaluate("seen.text") / 1000)
            steps += [page.evaluate(STEP, position) / 1000 for position in range(8)]
            page.close()
        program.close()
    return {
        "first readable page": {"wall": statistics.median(first)},
        "slider step": {"wall": statistics.median(steps)},
    }


def jupyterlab(options) -> dict:
    """Move the live slider of a chapter in JupyterLab."""
    from playwright.sync_api import sync_playwright

    from benchmarks.lab import live_moves
    from tools.browser_tools import chromium

    with sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        moves = live_moves(program, CHAPTER)
        program.close()
    return {"live slider step": {"wall": statistics.median(moves), "worst": max(moves)}}


def imports(options) -> dict:
    """Import in fresh processes, in turn and in random order; ratios are within a round."""
    taken = {name: [] for name in IMPORTS}
    for number in range(ROUNDS + 1):
        for name in random.sample(list(IMPORTS), len(IMPORTS)):
            seconds = command(sys.executable, "-c", IMPORTS[name])["cpu"]
            if number:  # the first round compiles
                taken[name].append(seconds)
    base = taken["numpy"]
    return {
        name: {
            "cpu": statistics.median(seconds),
            "ratio": statistics.median(a / b for a, b in zip(seconds, base, strict=True)),
        }
        for name, seconds in taken.items()
    }


def ablation(options) -> dict:
    """Train one cell of each arm of chapter 20, the first setting of its data sets."""
    from nnreg.book import ablation_arms as arms
    from nnreg.book.ablation import CONDITIONS

    found = {}
    for dataset, n, noise, names in CONDITIONS[:2]:
        seconds = []
        for arm in names:
            if dataset != "digits" and "smoothing" in arms.ARMS[arm]:
                continue
            start = time.process_time()
            arms.tune(dataset, n, noise, arm, 0, 100)
            seconds.append(time.process_time() - start)
        found[f"{dataset}, a cell"] = {"cpu": statistics.median(seconds), "worst": max(seconds)}
    return found


PARTS: dict[str, Callable] = {
    part.__name__: part for part in (book, notebooks, tests, browser, jupyterlab, imports, ablation)
}
LONG = ("notebooks", "tests")


def show(results: dict) -> None:
    """Print what is known, a line each."""
    columns = ("wall", "cpu", "ratio", "worst")
    print(f"{'':34}" + "".join(f"{name:>9}" for name in columns))
    for part, measured in results.items():
        print(f"{part} (load {measured['load']})")
        for name, row in measured["seconds"].items():
            cells = (f"{row[key]:9.3f}" if key in row else f"{'':9}" for key in columns)
            print(f"  {name:32}" + "".join(cells))


def main() -> None:
    """Measure the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--site", default=str(ROOT / "_build" / "html"))
    parser.add_argument("--only", default="", help="notebooks whose name has this in it")
    options = parser.parse_args()
    os.environ.update(FIXED_ENVIRONMENT)  # before a kernel or a process starts
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what a reader imports is compiled
    results = json.loads(RESULTS.read_text(encoding="utf8")) if RESULTS.exists() else {}
    for name in options.parts or [name for name in PARTS if name not in LONG]:
        print(f"{name} …", flush=True)
        load = round(os.getloadavg()[0], 1)
        results[name] = {"load": load, "seconds": PARTS[name](options)}
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf8")
    show(results)


if __name__ == "__main__":
    main()
