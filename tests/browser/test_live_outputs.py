"""What the page's Python prints is what the book shows: every chapter, cell by cell, no network.

Of each chapter the cheapest cells run, for so many seconds (of an idle machine) as LIVE_SECONDS
says; `make test-live-all` runs them all, for an hour or two. What did not run is printed.
"""

from __future__ import annotations

import json
import os

import pytest

from tools.tree import ROOT

from .checks import Reader
from .live import Live, difference, texts

pytestmark = [pytest.mark.browser, pytest.mark.live]

BUDGET = float(os.environ.get("LIVE_SECONDS", "15"))
QUICK = 0.1  # seconds of a cell that was too quick to be measured
RTOL = 1e-6
CHAPTERS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))

ORDER = "float32 sums: NumPy adds a matrix product's terms in another order than BLAS"
CHAOS = ("chaos-claims", "growth-check", "growth-claims", "early-claims")
# A chapter's cells that may differ, and why.
EXCUSED = {
    ("13_layernorm_forward", "numerics-claims"): ORDER,
    ("13_layernorm_forward", "exact-claims"): ORDER,
    **dict.fromkeys(
        (("A2_replaying_a_published_run", name) for name in CHAOS),
        "how soon two runs part, and how fast, hangs on the order of all their sums",
    ),
}


def affordable(cells: list[dict], budget: float) -> list[int]:
    """Choose cells that cost least, with all that they need, within the budget of a chapter."""

    def cost(indices: set[int]) -> float:
        return sum(cells[j]["seconds"] or QUICK for j in indices)

    chains = [{*cell["needs"], cell["index"]} for cell in cells if cell["live"] is True]
    kept: set[int] = set()
    for chain in sorted(chains, key=cost):
        if cost(kept | chain) <= budget:
            kept |= chain
    return sorted(kept)


def complaints(live: Live, chapter: str, cells: list[dict]) -> tuple[list[str], int]:
    """Run cells in order; return what is not as stored, and how many outputs were compared."""
    found, compared = [], 0
    for cell in cells:
        answer = live.run(cell["code"], name=cell["id"])
        wrong = ""
        if answer["error"] and answer["error"]["name"] == "NeedsNotebook":
            print(f"  {cell['id']}: {answer['error']['message']}")
        elif answer["error"]:
            wrong = f"{answer['error']['name']}: {answer['error']['message']}"
        elif cell["compare"]:
            stored = texts(cell["outputs"])
            wrong = difference(stored, texts(answer["outputs"]), RTOL)
            compared += bool(stored)
        if wrong and (chapter, cell["id"]) not in EXCUSED:
            found.append(f"{cell['id']}: {wrong}")
    return found, compared


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_live_outputs_are_the_stored_ones(chapter, site, address, browser):
    folder = site / "_static" / "live"
    cells = json.loads((folder / "cells" / f"{chapter}.json").read_text("utf8"))
    runtime = json.loads((folder / "live.json").read_text("utf8"))["runtime"]
    chosen = [cells[j] for j in affordable(cells, BUDGET)]
    reader = Reader(browser, "light").open(f"{address}search.html")
    live = Live(reader.page, f"{address}_static/live/{runtime}")
    live.start()
    found, compared = complaints(live, chapter, chosen)
    print(f"\n{chapter}: {len(chosen)} of {len(cells)} cells ran, {compared} outputs compared.")
    if left := [cell["id"] for cell in cells if cell not in chosen]:
        print("  not run:", *left)
    reader.page.context.close()
    assert not found, "\n".join(found)
    assert compared
    assert not reader.problems  # no request to another host, no error on the console


def test_a_cell_that_prints_something_else_is_found(site, address, browser):
    """The comparison can fail: by a number, a word, a missing line, an error, a value."""
    runtime = json.loads((site / "_static" / "live" / "live.json").read_text("utf8"))["runtime"]
    reader = Reader(browser, "light").open(f"{address}search.html")
    live = Live(reader.page, f"{address}_static/live/{runtime}")
    live.start()
    shown = [{"stdout": "loss 0.5\n"}, {"value": {"text/plain": "3"}}]
    for code, is_wrong in (
        ("print('loss', 0.5)\n3", False),
        ("print('loss', 0.50000001)\n3", False),
        ("print('loss', 0.50001)\n3", True),
        ("print('cost', 0.5)\n3", True),
        ("3", True),
        ("print('loss', 0.5)", True),
        ("print('loss', 0.5)\n3\n1 / 0", True),
        ("print('loss', 0.5)\n4", True),
    ):
        cell = {"id": "a-cell", "code": code, "compare": True, "outputs": shown}
        assert bool(complaints(live, "a chapter", [cell])[0]) == is_wrong, code
    reader.page.context.close()


def test_the_cheapest_cells_run_with_their_needs():
    cells = [
        {"index": 0, "needs": [], "live": True, "seconds": 1.0},
        {"index": 1, "needs": [], "live": True, "seconds": 30.0},
        {"index": 2, "needs": [0], "live": True, "seconds": None},
        {"index": 3, "needs": [1], "live": True, "seconds": None},
        {"index": 4, "needs": [], "live": "This cell needs SciPy: …", "seconds": None},
    ]
    assert affordable(cells, budget=10) == [0, 2]
    assert affordable(cells, budget=100) == [0, 1, 2, 3]
