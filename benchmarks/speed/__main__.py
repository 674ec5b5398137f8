"""Time nnreg and the others; print the ratios, and keep them for the book.

    python -m benchmarks.speed                       # everything that is installed
    python -m benchmarks.speed --only layernorm PyTorch --rounds 5

A word after `--only` picks the cases and the contenders in whose name it occurs; words for cases
alone leave all contenders in, and the other way round. nnreg always takes part. Only a run with
everything is kept, in benchmarks/results/speed.json.
"""

import argparse
import json
import os
from pathlib import Path

from benchmarks.speed import machine, terminal
from benchmarks.speed.cases import all_cases
from benchmarks.speed.contenders import CONTENDERS
from benchmarks.speed.measure import OURS, measure, summary
from benchmarks.speed.page import RESULTS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--quick", action="store_true", help="small cases, in three rounds")
    parser.add_argument("--only", nargs="+", default=[], metavar="WORD")
    parser.add_argument("--to", type=Path, help="keep the results in this file")
    asked = parser.parse_args()
    rounds = 3 if asked.quick else asked.rounds
    cases = _picked(all_cases(), asked.only)
    if asked.quick:
        cases = [case for case in cases if case.rows <= 300]
    contenders = _picked(list(CONTENDERS.values()), asked.only)
    if CONTENDERS[OURS] not in contenders:
        contenders.insert(0, CONTENDERS[OURS])
    left_out = {c.name: c.missing() for c in contenders if c.missing()}
    for name, why in left_out.items():
        print(f"left out: {name}, because {why}")
    here = [c for c in contenders if c.name not in left_out]
    loads = [os.getloadavg()[0]]
    rows = summary(measure(cases, here, rounds))
    loads.append(os.getloadavg()[0])
    results = {
        "rounds": rounds,
        "machine": machine.describe(),
        "versions": machine.versions(),
        "load": loads,
        "left_out": left_out,
        "cases": rows,
    }
    terminal.show(results)
    whole = not asked.only and not asked.quick
    if file := asked.to or (RESULTS if whole else None):
        file.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf8")


def _picked(things: list, words: list[str]) -> list:
    """Return those that a word names; all of them if none does."""
    return [t for t in things if any(word in _name(t) for word in words)] or things


def _name(thing) -> str:
    return getattr(thing, "name", None) or str(thing)


if __name__ == "__main__":
    main()
