"""The measurement: rounds of new processes, each case by all contenders in turn, in random order.

Two processes that run the same code differ, by a third and more and as long as they live, probably
because their arrays lie at other places of the memory; and who is started first was the slower one
more often than not. So every round starts all processes anew, in random order.
"""

import contextlib
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from benchmarks.speed import agreement
from benchmarks.speed.cases import FIRST_EPOCHS, Case
from benchmarks.speed.contenders import CONTENDERS, Contender
from benchmarks.speed.contenders.ours import training as nnreg_training
from benchmarks.speed.processes import ContenderProcess
from benchmarks.speed.ratios import paired

OURS = "nnreg"
TURNS = 3  # of each case, in a round: the first may be a cold one
# After a burst the threads of a library may still be spinning for the next piece of work.
_SETTLE = 0.005


@dataclass
class Runs:
    """What one contender took for one case: an entry for each round."""

    megabytes: list[float | None] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    faults: list[float] = field(default_factory=list)

    def add(self, turns: list[dict[str, float]]) -> None:
        """Note the median of the turns of a round."""
        for name in ("wall", "cpu", "faults"):
            getattr(self, name).append(statistics.median(turn[name] for turn in turns))


Table = dict[Case, dict[str, Runs]]


def measure(
    cases: Sequence[Case],
    contenders: Sequence[Contender],
    rounds: int,
    say: Callable[[str], None] = print,
) -> Table:
    """Return what each contender took for each case that it knows, in each round."""
    order, table = random.Random(0), {case: {} for case in cases}
    for number in range(rounds):
        begin = time.perf_counter()
        for together in _groups(cases):
            _round(table, together, contenders, order, check=number == 0)
        say(f"round {number + 1}: {time.perf_counter() - begin:.0f} s")
    return table


def _groups(cases: Sequence[Case]) -> list[list[Case]]:
    """Return what the same processes may run: the ops, and each training by itself.

    A process that has trained a large network has a heap that the next training finds ready. A
    reader trains one network, and his pages are new.
    """
    ops = [case for case in cases if not case.is_training]
    return [[case] for case in cases if case.is_training] + ([ops] if ops else [])


def _round(
    table: Table,
    cases: Sequence[Case],
    contenders: Sequence[Contender],
    order: random.Random,
    check: bool,
) -> None:
    """Start all contenders, and let them take turns at the cases."""
    with contextlib.ExitStack() as stack:
        processes = {
            contender.name: stack.enter_context(ContenderProcess(contender))
            for contender in _shuffled(contenders, order)
        }
        turns = {}
        for case in cases:
            for name in _first(table[case], case, processes, order, check):
                turns[case, name] = []
        for _ in range(TURNS):
            for case, name in _shuffled(turns, order):
                turns[case, name].append(processes[name].ask("burst", case))
                time.sleep(_SETTLE)
    for (case, name), taken in turns.items():
        table[case][name].add(taken)


def _shuffled(things: Iterable, order: random.Random) -> list:
    things = list(things)
    return order.sample(things, len(things))


def _first(
    entries: dict[str, Runs],
    case: Case,
    processes: dict[str, ContenderProcess],
    order: random.Random,
    check: bool,
) -> list[str]:
    """Let all who know the case run it once; if asked, see that they agree."""
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for number, name in enumerate(_shuffled(processes, order)):
            if processes[name].ask("prepare", case)["has"]:
                files[name] = f"{folder}/{number}.npz" if check else None
                found = processes[name].ask("first", case, file=files[name])
                entries.setdefault(name, Runs()).megabytes.append(found["megabytes"])
        if check:
            _agree(case, files)
    return list(files)


def _agree(case: Case, files: dict[str, str]) -> None:
    """Raise if a result differs from that of nnreg."""

    def results(name: str) -> list[np.ndarray]:
        with np.load(files[name]) as saved:
            return list(saved.values())

    ours = results(OURS)
    for name in files:
        contender, expected = CONTENDERS[name], ours
        if case.is_training and contender.penalises != "layer 1":
            expected = nnreg_training(case, contender.penalises)(FIRST_EPOCHS)
        try:
            agreement.check(case, results(name), expected)
        except AssertionError as error:
            error.add_note(f"({name})")
            raise


def summary(table: Table) -> list[dict]:
    """Return the medians, ready for JSON: a case each, with its contenders."""
    rows = []
    for case, entries in table.items():
        found = {}
        for name in filter(entries.get, CONTENDERS):
            runs = entries[name]
            clock = CONTENDERS[name].clock
            ratio = paired(getattr(runs, clock), getattr(entries[OURS], clock))
            found[name] = {
                "ratio": [round(number, 4) for number in ratio],
                "milliseconds": round(1000 * statistics.median(getattr(runs, clock)), 5),
                "page_faults": round(statistics.median(runs.faults), 2),
                "megabytes": _median_if_known(runs.megabytes),
            }
        rows.append({**asdict(case), "contenders": found})
    return rows


def _median_if_known(megabytes: list[float | None]) -> float | None:
    return None if None in megabytes else round(statistics.median(megabytes), 1)
