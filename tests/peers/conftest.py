"""What the tests of the peers share: their mark, and their numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known where pyproject.toml does not."""
    config.addinivalue_line("markers", "peers: needs the libraries in tests/peers/requirements.txt")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Look into this folder if `-m peers` asks for it; elsewhere its imports would fail."""
    asked_for = config.option.markexpr == "peers"
    return None if asked_for and collection_path.name != "keras_facts.py" else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test in this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("peers")


@pytest.fixture
def weights() -> tuple[np.ndarray, np.ndarray]:
    """Return a weight matrix and the gradient of a data loss that arrives at it."""
    rng = np.random.default_rng(5)
    return rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
