"""The ablation of chapter 20: its conditions, its seeds, and its results.

`benchmarks/ablation.py` in the repository makes the results; the chapter reads
them, and trains a few of them anew.
"""

import hashlib
import json
from pathlib import Path

from nnreg.book import ablation_arms as arms

FILE = Path(__file__).with_name("ablation.json")
TUNING_SEEDS, JUDGING_SEEDS = (100, 101), tuple(range(20))
COLUMNS = ("last", "best")
FEWER = (
    "none",
    "L2",
    "dropout",
    "noise",
    "max-norm",
    "smoothing",
    "L2 + smoothing",
)
# Data, rows to train on, share of wrong labels, and the arms: all of them in
# each data set's first setting.
CONDITIONS = (
    ("digits", 200, 0.2, tuple(arms.ARMS)),
    ("diabetes", 200, 0.0, tuple(arms.ARMS)),
    ("digits", 200, 0.4, FEWER),
    ("digits", 500, 0.2, FEWER),
    ("digits", 200, 0.0, FEWER),
    ("digits", 80, 0.2, FEWER),
    ("diabetes", 50, 0.0, FEWER),
)
# These train five times as long as well, as a check.
LONGER = (
    "none",
    "L2",
    "decay",
    "dropout",
    "noise",
    "max-norm",
    "L2 + smoothing",
)
_OF_THE_RECIPE = (
    "RANGES",
    "ARMS",
    "TEST_ROWS",
    "VALIDATION_ROWS",
    "WIDTH",
    "EPOCHS",
    "BATCHES",
    "EVERY",
    "BLOCKS",
    "TRIALS",
)


def stored() -> dict:
    """Return the results, with their recipe, versions and checksum."""
    return json.loads(FILE.read_text(encoding="utf8"))


def recipe() -> dict:
    """Return all that decides the results, as JSON writes it."""
    found = {name.lower(): getattr(arms, name) for name in _OF_THE_RECIPE}
    found["settings"] = {
        arm: [arms.point(arm, trial) for trial in range(arms.TRIALS)]
        for arm in arms.ARMS
    }
    found |= {"tuning_seeds": TUNING_SEEDS, "judging_seeds": JUDGING_SEEDS}
    found |= {"conditions": CONDITIONS, "longer": LONGER}
    return json.loads(json.dumps(found))


def checksum(content: dict) -> str:
    """Return the SHA-256 of all but the checksum itself."""
    rest = {key: value for key, value in content.items() if key != "sha256"}
    text = json.dumps(rest, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
