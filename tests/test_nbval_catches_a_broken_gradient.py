"""Re-running a chapter fails where a gradient in the package is wrong, and passes where it is not.

Slow (it runs a chapter twice), and the proof that the stored outputs guard the package at all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.book

CHAPTER = "03_l1_l2_backward.ipynb"
RIGHT = "np.multiply(w, 2 * self.lam"
WRONG = "np.multiply(w, self.lam"


def run_chapter(root: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Copy the package and one chapter into `folder`, and re-run the chapter as the tests do."""
    notebook = shutil.copy(root / "notebooks" / CHAPTER, folder)
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-cell-timeout=120"]
    command += ["--nbval-sanitize-with", str(root / "tests" / "nbval_sanitize.cfg")]
    command += ["-p", "no:cacheprovider", "--rootdir", str(folder), str(notebook)]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def package(root: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "nnreg"
    shutil.copytree(root / "nnreg", copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def test_unchanged_package_passes(root, tmp_path, package):
    done = run_chapter(root, tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout


def test_l2_gradient_without_its_factor_2_is_caught(root, tmp_path, package):
    source = package / "penalties.py"
    text = source.read_text(encoding="utf8")
    assert text.count(RIGHT) == 1
    source.write_text(text.replace(RIGHT, WRONG), encoding="utf8")
    done = run_chapter(root, tmp_path)
    assert done.returncode == 1, done.stdout[-3000:]
    assert " failed" in done.stdout
    assert "check_gradient" in done.stdout or "AssertionError" in done.stdout
