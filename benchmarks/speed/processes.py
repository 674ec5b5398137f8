"""The other end of the pipe: a contender's process, started, asked and ended."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict

from benchmarks.speed.cases import Case
from benchmarks.speed.contenders import Contender
from tools.tree import FIXED_ENVIRONMENT

_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class ContenderProcess:
    """Alive as long as the `with` block; `ask` waits for the answer."""

    def __init__(self, contender: Contender):
        self.name = contender.name
        threads = dict.fromkeys(_THREADS, str(contender.threads))
        self._complaints = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.speed.worker", contender.name],
            env=os.environ | FIXED_ENVIRONMENT | threads | contender.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
        )

    def __enter__(self):
        self._answer()
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()
        self._complaints.close()

    def ask(self, do: str, case: Case, **more) -> dict:
        request = {"do": do, "case": asdict(case), **more}
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict:
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            self._complaints.seek(0)
            raise RuntimeError(f"{self.name} ended:\n{self._complaints.read()[-3000:]}")
        return json.loads(line)
