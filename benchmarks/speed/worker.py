"""One contender's process: read a request a line, do it, answer with a line of JSON.

Requests are ``{"do": "prepare" | "first" | "burst", "case": {…}}``. Of all that is prepared only
the inputs and the compiled functions are kept, as in a program that uses an op now and then.
"""

import importlib
import json
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.speed.cases import FIRST_EPOCHS, Case
from benchmarks.speed.contenders import CONTENDERS


class Worker:
    def __init__(self, name: str):
        contender = CONTENDERS[name]
        if contender.threads == 1 and hasattr(os, "sched_setaffinity"):
            # Some libraries have threads that no setting forbids: here they share one processor.
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        self.module = importlib.import_module(f"benchmarks.speed.contenders.{contender.module}")
        self.prepare_contender = contender.prepare
        if contender.setup:
            getattr(self.module, contender.setup)()
        self.runs = {}

    def prepare(self, case: Case) -> dict:
        run = getattr(self.module, self.prepare_contender)(case)
        if run is not None:
            self.runs[case] = run
        return {"has": run is not None}

    def first(self, case: Case, file: str | None) -> dict:
        """Run once, keep what comes out in a file if asked to, and say how much memory it took."""
        before = _fresh_peak()
        result = self.runs[case](FIRST_EPOCHS if case.is_training else 1)
        after = _peak()
        if file is not None:
            np.savez(file, *(np.asarray(array) for array in self.module.to_numpy(result)))
        return {"megabytes": None if before is None else (after - before) / 1024}

    def burst(self, case: Case) -> dict:
        run, calls = self.runs[case], case.calls
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        wall, cpu = time.perf_counter(), time.process_time()
        run(calls)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults
        return {"wall": wall / calls, "cpu": cpu / calls, "faults": faults / calls}


def _fresh_peak() -> int | None:
    """Let the kernel forget the peak so far; return the memory in use, in kB (Linux alone)."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return None
    return _peak()


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])


def main(name: str) -> None:
    # What a library prints must not stand between our lines.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker(name)
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        case = Case(**request.pop("case"))
        answer = getattr(worker, request.pop("do"))(case, **request)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
