"""The two sets of data that the chapters read, as scikit-learn gives them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np

HERE = Path(__file__).parent


def _read(name: str) -> SimpleNamespace:
    names = json.loads((HERE / f"{name}.json").read_text(encoding="utf8"))
    table = np.load(HERE / f"{name}.npy").astype(float)
    return SimpleNamespace(
        data=np.ascontiguousarray(table[:, :-1]), target=table[:, -1].copy(), feature_names=names
    )


def load_diabetes() -> SimpleNamespace:
    """Return the diabetes data of Efron et al. (2004)."""
    return _read("diabetes")


def load_digits() -> SimpleNamespace:
    """Return the digits of Alpaydin and Kaynak (1998)."""
    return _read("digits")
