"""Compare contenders fairly: a process each, in turn, in random order; print paired ratios.

    python -m benchmarks [rounds]

In every round each contender runs once, so that whatever else the machine does meets all of them
alike. What counts is the median over the rounds of the ratio *within* a round.
"""

import importlib.util
import json
import os
import random
import statistics
import subprocess
import sys

from tools.tree import FIXED_ENVIRONMENT

TARGETS = {("reference", "float32"): 3.0, ("reference", "float64"): 2.0}
TARGETS |= {("torch", "float32"): 1.5, ("torch", "float64"): 1.5}


def run(contender: str, dtype: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.headline", contender, dtype]
    environment = os.environ | FIXED_ENVIRONMENT
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout)


def main(rounds: int = 9) -> None:
    peers = ["reference"]
    if importlib.util.find_spec("torch"):
        peers.append("torch")
    else:
        print("PyTorch is not installed, so it is left out: pip install torch==2.13.0")
    order = random.Random(0)
    print(f"2-64-3 on 3000 points, L2 on layer 1, {rounds} rounds; milliseconds per 100 epochs")
    print(
        f"{'dtype':9}{'contender':12}{'median ms':>10}{'times nnreg':>13}{'spread':>15}{'aim':>6}"
    )
    for dtype in ("float32", "float64"):
        results: dict[str, list] = {name: [] for name in ("nnreg", *peers)}
        for _ in range(rounds):
            for contender in order.sample(list(results), len(results)):
                results[contender].append(run(contender, dtype))
        tolerance = 1e-4 if dtype == "float32" else 1e-9
        ours = results["nnreg"]
        for contender, theirs in results.items():
            difference = abs(theirs[0]["loss"] - ours[0]["loss"])
            assert difference < tolerance, f"{contender} computes another loss, by {difference:g}"
            times = [run["ms_per_100_epochs"] for run in theirs]
            ratios = [t / run["ms_per_100_epochs"] for t, run in zip(times, ours, strict=True)]
            aim = TARGETS.get((contender, dtype))
            print(
                f"{dtype:9}{contender:12}{statistics.median(times):13.1f}"
                f"{statistics.median(ratios):13.2f}{min(ratios):8.2f}-{max(ratios):.2f}"
                f"{aim or '':>13}"
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
