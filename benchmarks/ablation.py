"""The ablation of chapter 20: which method helps, on which data, by how much?

Usage: python -m benchmarks.ablation [processes]      (make ablation: all cores)

For each condition every arm gets the same number of random settings on the tuning seeds, where
validation rows choose one; then the chosen one is trained on the judging seeds, and only those
runs see the test rows. Each result is kept in _build/ablation as it comes: stop the program when
you like, the same call goes on. The end is nnreg/book/ablation.json, with its checksum.
"""

import json
import platform
import sys
from pathlib import Path

import numpy as np

import nnreg
from nnreg.book import ablation_arms as arms
from nnreg.book.ablation import (
    COLUMNS,
    CONDITIONS,
    FILE,
    JUDGING_SEEDS,
    LONGER,
    TUNING_SEEDS,
    checksum,
    recipe,
)

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "_build" / "ablation"


def swept(train, condition: tuple, points: list[tuple[str, int]], seeds, n_jobs: int):
    """Return `train` at each (arm, trial), a structured array of shape (points, seeds)."""
    dataset, n, noise = condition[:3]
    fixed = {"dataset": dataset, "n": n, "noise": noise}
    grid = [{**fixed, "arm": arm, "trial": trial} for arm, trial in points]
    KEPT.mkdir(parents=True, exist_ok=True)
    store = KEPT / f"{train.__name__}-{dataset}-{n}-{noise}.jsonl"
    table = nnreg.sweep(train, grid, seeds, n_jobs, store=store, monitor="val_best", mode="max")
    return table.to_array().reshape(len(points), len(seeds))


def rounded(array) -> list:
    return np.round(array, 2).tolist()


def of_test_rows(run: np.ndarray, column: str) -> np.ndarray:
    """Return the scores of the blocks of test rows, shape (seeds, blocks)."""
    return np.stack([run[f"{column}{block}"] for block in range(arms.BLOCKS)], axis=-1)


def examine(condition: tuple, n_jobs: int) -> dict:
    """Tune, choose and judge the arms of one condition."""
    dataset, n, noise, names = condition
    labels = dataset == "digits"  # which can be smoothed
    names = [name for name in names if labels or "smoothing" not in arms.ARMS[name]]
    trials = [(arm, trial) for arm in names for trial in range(arms.TRIALS)]
    tuning = swept(arms.tune, condition, trials, TUNING_SEEDS, n_jobs)
    tuning = tuning.reshape(len(names), arms.TRIALS, len(TUNING_SEEDS))
    chosen = {
        column: tuning[f"val_{column}"].mean(axis=2).argmax(axis=1).tolist() for column in COLUMNS
    }
    points = sorted({(arm, t) for c in COLUMNS for arm, t in zip(names, chosen[c], strict=True)})
    judged = swept(arms.judge, condition, points, JUDGING_SEEDS, n_jobs)
    found = {"data": dataset, "rows": n, "wrong labels": noise, "arms": {}}
    for number, arm in enumerate(names):
        of_arm = found["arms"][arm] = {}
        for column, other in zip(COLUMNS, COLUMNS[::-1], strict=True):
            trial = chosen[column][number]
            run = judged[points.index((arm, trial))]
            blocks = of_test_rows(run, column)
            passed_over = judged[points.index((arm, chosen[other][number]))]
            of_arm[column] = {
                "trial": trial,
                "tuning": rounded(tuning[f"val_{column}"][number]),
                "test": rounded(blocks.mean(axis=1)),
                # What the setting that was chosen for the other column scores in this one.
                "other": rounded(of_test_rows(passed_over, column).mean()),
                "epoch": rounded(run["epoch"].mean()),
                "train": rounded(run["train"].mean()),
                "trend": rounded(run["trend"].mean()),
            }
            if condition in CONDITIONS[:2]:
                of_arm[column]["blocks"] = rounded(blocks)
    return found


def train_longer(first: dict, n_jobs: int) -> dict:
    """Return the test scores of a few arms after five times the training."""
    points = sorted({(arm, first["arms"][arm][c]["trial"]) for arm in LONGER for c in COLUMNS})
    runs = swept(arms.longer, CONDITIONS[0], points, JUDGING_SEEDS[:10], n_jobs)
    return {
        arm: {
            column: rounded(
                of_test_rows(
                    runs[points.index((arm, first["arms"][arm][column]["trial"]))], column
                ).mean(axis=1)
            )
            for column in COLUMNS
        }
        for arm in LONGER
    }


def main(n_jobs: int = -1) -> None:
    results = []
    for condition in CONDITIONS:
        results.append(examine(condition, n_jobs))
        print(*condition[:3], "done", flush=True)
    content = {
        "recipe": recipe(),
        "versions": {
            "python": platform.python_version(),
            "numpy": np.__version__,
            "nnreg": nnreg.__version__,
        },
        "results": results,
        "longer": train_longer(results[0], n_jobs),
    }
    content["sha256"] = checksum(content)
    FILE.write_text(json.dumps(content, ensure_ascii=False) + "\n", encoding="utf8")
    print(FILE.relative_to(ROOT), content["sha256"])


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
