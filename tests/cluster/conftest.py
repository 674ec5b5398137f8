"""What the tests on a cluster share: their mark."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known where pyproject.toml does not."""
    config.addinivalue_line("markers", "cluster: starts Dask workers and kills them (a minute)")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Look into this folder if `-m cluster` asks for it."""
    return None if config.option.markexpr == "cluster" else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test in this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("cluster")
