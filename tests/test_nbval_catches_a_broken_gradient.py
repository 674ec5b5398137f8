"""Re-running a chapter fails where the package is wrong, and passes where it is not.

Slow (it runs chapters), and the proof that the stored outputs guard the package at all. The cell
that shows the source is left out: a cell that computes must catch the fault.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.book

FAULTS = {  # chapter: (module, what is right, what is wrong)
    "03_l1_l2_backward": ("penalties", "multiply(w, 2 * self.lam", "multiply(w, self.lam"),
    "13_layernorm_forward": ("layernorm", "rows - rows[:, :1]", "rows.copy()"),
    "14_layernorm_backward": ("layernorm", "    dx -= _row_mean(dy, gamma)\n", ""),
    "15_residual": ("residual", "(dy + dx, *of_parameters)", "(dx, *of_parameters)"),
    "16_spectral_normalisation": ("spectral", "dw = dw_sn - (", "dw = dw_sn + ("),
    "17_clipping_and_constraints": ("clipping", "max_norm / norm)", "max_norm / (norm + 1e-3))"),
}


def run_chapter(chapter: str, root: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Re-run a chapter in `folder` as the tests do, up to a failure, but for the shown source."""
    notebook = nbformat.read(root / "notebooks" / f"{chapter}.ipynb", as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "show_source(" not in cell.source]
    nbformat.write(notebook, folder / "chapter.ipynb")
    command = [sys.executable, "-m", "pytest", "-x", "--nbval", "--nbval-cell-timeout=300"]
    command += ["--nbval-sanitize-with", str(root / "tests" / "nbval_sanitize.cfg")]
    command += ["-p", "no:cacheprovider", "--rootdir", str(folder), "chapter.ipynb"]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def package(root: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "nnreg"
    shutil.copytree(root / "nnreg", copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def test_unchanged_package_passes(root, tmp_path, package):
    done = run_chapter("03_l1_l2_backward", root, tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout


@pytest.mark.parametrize("chapter", FAULTS)
def test_a_fault_in_the_package_is_caught_by_its_chapter(chapter, root, tmp_path, package):
    module, right, wrong = FAULTS[chapter]
    source = package / f"{module}.py"
    text = source.read_text(encoding="utf8")
    assert text.count(right) == 1
    source.write_text(text.replace(right, wrong), encoding="utf8")
    done = run_chapter(chapter, root, tmp_path)
    assert done.returncode == 1, done.stdout[-3000:]
    assert " failed" in done.stdout
