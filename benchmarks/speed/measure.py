"""The measurement: rounds of bursts, each case by all contenders in turn, in random order."""

import contextlib
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.speed import agreement
from benchmarks.speed.cases import FIRST_EPOCHS, Case
from benchmarks.speed.contenders import CONTENDERS, Contender
from benchmarks.speed.contenders.ours import training as nnreg_training
from benchmarks.speed.processes import ContenderProcess
from benchmarks.speed.ratios import paired

OURS = "nnreg"
# After a burst the threads of a library may still be spinning for the next piece of work.
_SETTLE = 0.005


@dataclass
class Runs:
    """What one contender took for one case: an entry for each round."""

    megabytes: float | None
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    faults: list[float] = field(default_factory=list)

    def add(self, wall: float, cpu: float, faults: float) -> None:
        self.wall.append(wall)
        self.cpu.append(cpu)
        self.faults.append(faults)


Table = dict[Case, dict[str, Runs]]


def measure(
    cases: Sequence[Case],
    contenders: Sequence[Contender],
    rounds: int,
    say: Callable[[str], None] = print,
) -> Table:
    """Return what each contender took for each case that it knows, in each round."""
    order, table = random.Random(0), {}
    for together in _groups(cases):
        table |= _rounds(together, contenders, rounds, order, say)
    return table


def _groups(cases: Sequence[Case]) -> list[list[Case]]:
    """Return what the same processes may run: the ops, and each training by itself.

    A process that has trained a large network has a heap that the next training finds ready. A
    reader trains one network, and his pages are new.
    """
    ops = [case for case in cases if not case.is_training]
    return [[case] for case in cases if case.is_training] + ([ops] if ops else [])


def _rounds(
    cases: Sequence[Case],
    contenders: Sequence[Contender],
    rounds: int,
    order: random.Random,
    say: Callable[[str], None],
) -> Table:
    with contextlib.ExitStack() as stack:
        processes = {c.name: stack.enter_context(ContenderProcess(c)) for c in contenders}
        table = {}
        for case in cases:
            table[case] = _first(case, processes)
            say(f"{case}: the results agree")
        for number in range(rounds):
            begin = time.perf_counter()
            for case in order.sample(list(cases), len(cases)):
                entries = table[case]
                for name in order.sample(list(entries), len(entries)):
                    entries[name].add(**processes[name].ask("burst", case))
                    time.sleep(_SETTLE)
            say(f"round {number + 1}: {time.perf_counter() - begin:.0f} s")
    return table


def _first(case: Case, processes: dict[str, ContenderProcess]) -> dict[str, Runs]:
    """Let all who know the case run it once, and see that they agree."""
    entries, ours = {}, None
    with tempfile.TemporaryDirectory() as folder:
        for name, process in processes.items():
            if not process.ask("prepare", case)["has"]:
                continue
            file = Path(folder) / "result.npz"
            entries[name] = Runs(**process.ask("first", case, file=str(file)))
            with np.load(file) as saved:
                results = list(saved.values())
            ours = results if name == OURS else ours
            contender, expected = CONTENDERS[name], ours
            if case.is_training and contender.penalises != "layer 1":
                expected = nnreg_training(case, contender.penalises)(FIRST_EPOCHS)
            try:
                agreement.check(case, results, expected)
            except AssertionError as error:
                error.add_note(f"({name})")
                raise
    return entries


def summary(table: Table) -> list[dict]:
    """Return the medians, ready for JSON: a case each, with its contenders."""
    rows = []
    for case, entries in table.items():
        found = {}
        for name, runs in entries.items():
            clock = CONTENDERS[name].clock
            ratio = paired(getattr(runs, clock), getattr(entries[OURS], clock))
            found[name] = {
                "ratio": [round(number, 4) for number in ratio],
                "milliseconds": round(1000 * statistics.median(getattr(runs, clock)), 5),
                "page_faults": round(statistics.median(runs.faults), 2),
                "megabytes": None if runs.megabytes is None else round(runs.megabytes, 1),
            }
        rows.append({**asdict(case), "contenders": found})
    return rows
