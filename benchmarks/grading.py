"""Grade classes of growing size: how long, how much memory, and who took longest.

A class of `n` is honest: right, partly right, wrong and unwritten notebooks by turns. The last one
has in it everybody who attacks (`benchmarks.attacks`), once. `make bench-grading` runs it.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil

from benchmarks.attacks import ALL, ATTACKS, QUESTIONS, Attack, damaged, write
from nnreg.grading import report
from nnreg.grading.run import grade_class

SIZES = (75, 150, 300)
MISTAKES = {
    "layer_penalty": "def layer_penalty(W, b, l1, l2, m1, m2):\n    return l1 * abs(W).sum()",
    "l1_gradient": "def l1_gradient(w, lam):\n    return lam * np.where(w < 0, -1.0, 1.0)",
    "elastic_net": "def elastic_net(w, lam, r):\n    return lam * abs(w).sum(), lam * np.sign(w)",
    "layer_backward": "def layer_backward(X, W, b, dz, *given):\n"
    "    return X.T @ dz, dz.sum(axis=0), dz @ W.T",
    "ridge_weights": "def ridge_weights(X, y, lam):\n"
    "    return np.linalg.solve(X.T @ X + lam * np.eye(X.shape[1]), X.T @ y)",
}


def honest(i: int) -> Attack:
    """Return an honest student: every fourth one right, the others with up to five mistakes."""
    rng = np.random.default_rng(i)
    wrong = rng.permutation(QUESTIONS)[: i % 4 + (rng.random() < 0.3)]
    mistakes = {name: MISTAKES[name] + f"  # {i}" for name in wrong}
    return Attack(f"student_{i:03}", ALL, instead=mistakes, knows=i % 15 != 14)


def class_of(n: int, folder: Path, attackers: bool) -> None:
    """Write the notebooks of a class of `n`."""
    odd = damaged() if attackers else {}
    others = ATTACKS if attackers else []
    for attack in [*others, *map(honest, range(n - len(others) - len(odd)))]:
        write(folder, attack)
    for name, (data, _) in odd.items():
        (folder / name).mkdir()
        (folder / name / "penalties.ipynb").write_bytes(data)


class Watch:
    """Looks at the memory of this process and everything below it."""

    def __enter__(self) -> Watch:
        self.peak, self._over = 0, threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *exception) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        me = psutil.Process()
        while not self._over.wait(0.25):
            used = 0
            for process in [me, *me.children(recursive=True)]:
                try:
                    used += process.memory_full_info().pss
                except psutil.Error:
                    continue
            self.peak = max(self.peak, used)


def measure(n: int, attackers: bool) -> None:
    """Grade a class, and print what it took."""
    with tempfile.TemporaryDirectory() as place:
        folder, out = Path(place, "class"), Path(place, "out")
        class_of(n, folder, attackers)
        start = time.perf_counter()
        with Watch() as watch:
            asked, results = grade_class("penalties", folder, out, 2, seed=1)
        graded = time.perf_counter() - start
        report.write(results, asked, out)
        written = time.perf_counter() - start - graded
        size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    slowest = max(results, key=lambda each: each["cost"]["seconds"])
    largest = max(results, key=lambda each: each["cost"]["bytes"])
    each = statistics.median(result["cost"]["seconds"] for result in results)
    print(
        f"{n:4}{'  with attackers' if attackers else '                '}"
        f"{graded:8.0f} s, reports {written:.1f} s; median {each:.2f} s; "
        f"slowest {slowest['student']} {slowest['cost']['seconds']:.1f} s; "
        f"largest {largest['student']} {largest['cost']['bytes'] / 2**20:.0f} MiB; "
        f"grader and all {watch.peak / 2**20:.0f} MiB; output {size / 2**20:.1f} MiB",
        flush=True,
    )


def main() -> None:
    """Grade honest classes of growing size, then one with everybody who attacks."""
    os.chdir(Path(__file__).parents[1])
    print(json.dumps({"load": os.getloadavg()[0], "cores": os.cpu_count()}))
    sizes = [int(n) for n in sys.argv[1:]] or SIZES
    for n in sizes:
        measure(n, attackers=False)
    measure(max(sizes), attackers=True)


if __name__ == "__main__":
    main()
