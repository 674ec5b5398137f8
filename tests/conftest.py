"""What all tests share: one BLAS thread, no progress bars, and one build of the book."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

FIXED_ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "NNREG_PROGRESS": "0",
}
os.environ.update(FIXED_ENVIRONMENT)  # before any test imports NumPy

import pytest  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the book, built afresh once a session with warnings as errors.

    `NNREG_SITE=_build/html` takes a site that is built already: `make test` builds it first, so
    that several processes can share it.
    """
    if built := os.environ.get("NNREG_SITE"):
        return (ROOT / built).resolve()
    folder = tmp_path_factory.mktemp("book") / "html"
    command = [sys.executable, str(ROOT / "tools" / "build_book.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, f"the book does not build:\n{done.stdout}\n{done.stderr}"
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of Chromium, from `CHROMIUM` or the usual names; skip without, fail on CI."""
    candidates = [os.environ.get("CHROMIUM"), *map(shutil.which, CHROMIUM_NAMES)]
    found = next(filter(None, candidates), None)
    if found:
        return found
    message = "no Chromium: install it (Debian: apt-get install chromium) or set CHROMIUM"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def torch():
    """Return PyTorch, the peer of some tests; skip without, fail on CI."""
    try:
        import torch
    except ImportError:
        message = "PyTorch is not installed: pip install torch==2.13.0 (extra: bench)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return torch


@pytest.fixture(scope="session")
def axe() -> str:
    """Return axe-core's source, the accessibility rules; skip without, fail on CI."""
    source = ROOT / "tests" / "browser" / "node_modules" / "axe-core" / "axe.min.js"
    if source.is_file():
        return source.read_text(encoding="utf8")
    message = "no axe-core: install npm, then run `make browser-tools`"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
