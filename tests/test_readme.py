"""The README's table from chapter to function to test says what the tree says."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys

import pytest


@pytest.fixture(scope="module")
def tool(root):
    path = root / "tools" / "chapter_table.py"
    spec = importlib.util.spec_from_file_location("chapter_table", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def readme(root) -> str:
    return (root / "README.md").read_text(encoding="utf8")


def test_table_is_fresh(tool, readme):
    assert tool.filled(readme, tool.table()) == readme, "run `python tools/chapter_table.py`"


def test_a_stale_table_is_noticed(tool, readme):
    first = re.search(r"\| 1\. \[.*\n", readme)[0]
    assert tool.filled(readme.replace(first, ""), tool.table()) != readme.replace(first, "")


def test_every_chapter_has_a_row_with_a_function_and_a_test(root, tool):
    rows = tool.table().splitlines()[2:]
    notebooks = sorted((root / "notebooks").glob("*.ipynb"))
    assert len(rows) == len(notebooks)
    for row, notebook in zip(rows, notebooks, strict=True):
        assert notebook.name in row
        assert "`nnreg." in row, f"book/covered.toml gives {notebook.stem} no public name"
        assert "](tests/test_" in row


def test_a_missing_test_file_is_an_error(root, tool, tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "notebooks").symlink_to(root / "notebooks")
    (tmp_path / "book" / "covered.toml").symlink_to(root / "book" / "covered.toml")
    with pytest.raises(FileNotFoundError, match=r"test_\w+\.py is missing"):
        tool.table(tmp_path)


def test_links_lead_somewhere(root, readme):
    targets = re.findall(r"\]\((?!https?:|#)([^)\s]+)\)", readme)
    assert targets
    missing = [target for target in targets if not (root / target.partition("#")[0]).exists()]
    assert not missing


def test_markers_are_needed(tool):
    with pytest.raises(ValueError, match="once each"):
        tool.filled("no markers", "")


def test_command_line_agrees(root):
    command = [sys.executable, str(root / "tools" / "chapter_table.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root)
    assert done.returncode == 0, done.stderr
