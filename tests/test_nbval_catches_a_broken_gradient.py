"""Re-running a chapter fails where the package is wrong, and passes where it is not.

Slow (it runs chapters), and the proof that the stored outputs guard the package at all. The cell
that shows the source is left out: a cell that computes must catch the fault.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest

from benchmarks.mutants import MUTANTS
from tools.chapter_table import lookup
from tools.tree import FIXED_ENVIRONMENT

FAULTS = [mutant for mutant in MUTANTS if mutant.chapter]


def run_chapter(chapter: str, root: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Re-run a chapter in `folder` as the tests do, up to a failure, but for the shown source."""
    notebook = nbformat.read(root / "notebooks" / f"{chapter}.ipynb", as_version=4)
    notebook.cells = [cell for cell in notebook.cells if "show_source(" not in cell.source]
    nbformat.write(notebook, folder / "chapter.ipynb")
    command = [sys.executable, "-m", "pytest", "-x", "--nbval", "--nbval-cell-timeout=300"]
    command += ["--nbval-sanitize-with", str(root / "tests" / "nbval_sanitize.cfg")]
    shutil.copy(root / "tests" / "kernels_without_ports.py", folder)
    command += ["-p", "kernels_without_ports"]
    command += ["-p", "no:cacheprovider", "--rootdir", str(folder), "chapter.ipynb"]
    environment = {**os.environ, **FIXED_ENVIRONMENT, "PYTHONPATH": str(folder)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def package(root: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "nnreg"
    shutil.copytree(root / "nnreg", copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.mark.changes
def test_unchanged_package_passes(root, tmp_path, package):
    done = run_chapter("03_l1_l2_backward", root, tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout


@pytest.mark.changes
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.module} in {fault.chapter}")
def test_a_fault_in_the_package_is_caught_by_its_chapter(fault, root, tmp_path, package):
    with fault.put_into(package):
        done = run_chapter(fault.chapter, root, tmp_path)
    assert done.returncode == 1, done.stdout[-3000:]
    assert " failed" in done.stdout


def test_every_module_that_a_chapter_derives_has_a_fault_for_it(root):
    """Every mutant is a fault of today's code, too."""
    covered = tomllib.loads((root / "book" / "covered.toml").read_text(encoding="utf8"))
    derived = {
        lookup(name).__module__.removeprefix("nnreg.").replace(".", "/")
        for name, chapters in covered["derived"].items()
        if any((root / "notebooks" / f"{chapter}.ipynb").is_file() for chapter in chapters)
    }
    assert derived - {fault.module for fault in FAULTS} == set()
    for mutant in MUTANTS:
        source = (root / "nnreg" / f"{mutant.module}.py").read_text(encoding="utf8")
        assert source.count(mutant.right) == 1, mutant
