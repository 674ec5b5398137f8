"""What each step of appendix A3 buys: ``python -m benchmarks.steps [--rounds N]``.

The forms are those of the notebook, taken from its cells, so that the page cannot show one thing
and this measure another. Each round calls every form once, in random order; a ratio is taken
within a round (`speed/ratios.py`). Results go to benchmarks/results/steps.json.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np

import nnreg
from benchmarks.speed import machine
from benchmarks.speed.ratios import paired
from tools.tree import ROOT

NOTEBOOK = ROOT / "notebooks" / "A3_the_same_formula_faster.ipynb"
RESULTS = Path(__file__).parent / "results" / "steps.json"
SHAPES = ((64, 64), (256, 1024), (8192, 1024))
CALLS = {64: 200, 256: 10, 8192: 1}  # in a burst
TEXTBOOK = "as in the textbook"
LAM, P = 0.1, 0.3


def forms_of_the_page(numpy=np) -> SimpleNamespace:
    """Return the functions that the notebook's cells `form-…` define."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf8"))["cells"]
    found = {"np": numpy}
    for cell in cells:
        if cell["id"].startswith("form-"):
            source = "".join(cell["source"]).replace("import numpy as np\n", "")
            exec(source, found)
    return SimpleNamespace(**found)


def numpy_with_one_array(kept: np.ndarray) -> SimpleNamespace:
    """Return NumPy, but for `empty_like`, which hands out the same array each time."""
    return SimpleNamespace(**vars(np) | {"empty_like": lambda _: kept})


def contenders(rows: int, columns: int) -> dict[str, dict[str, Callable]]:
    """Return the forms of each formula, the textbook's first and the package's last."""
    page, rng = forms_of_the_page(), np.random.default_rng(0)
    x, dy = rng.standard_normal((2, rows, columns), dtype=np.float32)
    mask, y = np.empty((2, rows, columns), np.float32)
    keeps = forms_of_the_page(numpy_with_one_array(mask))
    gamma = rng.standard_normal(columns, dtype=np.float32)
    flat = x.reshape(-1)
    cache = nnreg.layernorm_forward(x, gamma, np.zeros_like(gamma))[1]
    back = dy, *cache[:2], gamma
    l1, l2 = nnreg.L1(LAM), nnreg.L2(LAM)
    return {
        "L1": {
            TEXTBOOK: lambda: page.l1_textbook(flat, LAM),
            "the signs serve twice": lambda: page.l1_once(flat, LAM),
            "in pieces": lambda: page.l1_pieces(flat, LAM),
            "nnreg": lambda: l1.value_and_grad(x),
        },
        "L2": {
            TEXTBOOK: lambda: page.l2_textbook(flat, LAM),
            "vdot": lambda: page.l2_once(flat, LAM),
            "nnreg": lambda: l2.value_and_grad(x),
        },
        "LayerNorm backward": {
            TEXTBOOK: lambda: page.ln_textbook(*back),
            "sums as products": lambda: page.ln_products(*back),
            "in pieces": lambda: page.ln_pieces(*back),
            "left out: a kept array": lambda: keeps.ln_pieces(*back),
            "nnreg": lambda: nnreg.layernorm_backward(dy, cache),
        },
        "Dropout forward": {
            TEXTBOOK: lambda: page.dropout_textbook(x, P, rng),
            "in pieces": lambda: page.dropout_pieces(x, P, rng),
            "left out: kept arrays": lambda: dropout_into(mask, y, x, P, rng),
            "left out: float32 dice": lambda: page.dropout_pieces(x, P, rng, np.float32),
            "left out: 16-bit dice": lambda: dropout_16_bits(x, P, rng),
            "nnreg": lambda: nnreg.dropout_forward(x, P, rng),
        },
    }


def dropout_into(mask, y, x: np.ndarray, p: float, rng: np.random.Generator, length=2**16):
    """Write into arrays that are there already, as a layer could keep them."""
    flat = mask.reshape(-1)
    for start in range(0, x.size, length):
        part = flat[start : start + length]
        np.greater_equal(rng.random(part.size), p, out=part)
        part *= 1 / (1 - p)
    return np.multiply(mask, x, out=y), mask


def dropout_16_bits(x: np.ndarray, p: float, rng: np.random.Generator, length=2**16):
    """Draw dice of 16 bits, four from each 64 of the generator."""
    mask, limit = np.empty_like(x), round(p * 2**16)
    flat = mask.reshape(-1)
    for start in range(0, x.size, length):
        part = flat[start : start + length]
        dice = rng.bit_generator.random_raw(-(-part.size // 4)).view(np.uint16)
        np.greater_equal(dice[: part.size], limit, out=part)
        part *= 1 / (1 - p)
    return mask * x, mask


def measure(rows: int, columns: int, rounds: int) -> list[dict]:
    """Return, for each form, how many times as fast as the textbook's it is, with an interval."""
    calls, found = CALLS[rows], []
    for formula, forms in contenders(rows, columns).items():
        taken = {name: [] for name in forms}
        for number in range(rounds + 1):  # the first one warms up
            for name in random.sample(list(forms), len(forms)):
                form, start = forms[name], time.process_time()
                for _ in range(calls):
                    form()
                if number:
                    taken[name].append((time.process_time() - start) / calls)
        for name, seconds in taken.items():
            found.append(
                {
                    "formula": formula,
                    "rows": rows,
                    "columns": columns,
                    "form": name,
                    "times_as_fast": [round(r, 3) for r in paired(taken[TEXTBOOK], seconds)],
                    "milliseconds": round(1000 * statistics.median(seconds), 4),
                }
            )
    return found


def steps_table(results: dict) -> str:
    """Return a table for the book: how many times as fast as the textbook's form each form is."""
    lines = ["| form | small | middle | large |", "|---|---:|---:|---:|"]
    by_form: dict[tuple[str, str], list[str]] = {}
    for case in results["cases"]:
        ratios = by_form.setdefault((case["formula"], case["form"]), [])
        ratios.append(f"{case['times_as_fast'][0]:.1f}")
    for (formula, form), ratios in by_form.items():
        if form == TEXTBOOK:
            lines.append(f"| **{formula}** |  |  |  |")
        else:
            lines.append(f"| {form} | {' | '.join(ratios)} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25)
    rounds = parser.parse_args().rounds
    results = {
        "machine": machine.describe(),
        "versions": machine.versions(),
        "load": round(os.getloadavg()[0], 1),
        "rounds": rounds,
        "cases": [case for shape in SHAPES for case in measure(*shape, rounds)],
    }
    print(steps_table(results))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf8")


if __name__ == "__main__":
    machine.begin_again_with_one_thread("benchmarks.steps")
    main()
