"""The README's table from chapter to function to test says what the tree says."""

from __future__ import annotations

import re

import pytest

from tools import chapter_table


@pytest.fixture(scope="module")
def rows() -> str:
    try:
        return chapter_table.table()
    except FileNotFoundError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="module")
def readme(root) -> str:
    return (root / "README.md").read_text(encoding="utf8")


def test_table_is_fresh(readme, rows):
    if chapter_table.filled(readme, rows) != readme:
        pytest.fail("README.md: run `python tools/chapter_table.py`", pytrace=False)


def test_a_stale_table_is_noticed(readme, rows):
    stale = readme.replace(re.search(r"\| 1\. \[.*\n", readme)[0], "")
    assert chapter_table.filled(stale, rows) != stale


def test_every_chapter_has_a_row_with_a_function_and_a_test(root, rows):
    found = rows.splitlines()[2:]
    notebooks = sorted((root / "notebooks").glob("*.ipynb"))
    assert len(found) == len(notebooks) >= 12
    for row, notebook in zip(found, notebooks, strict=True):
        assert notebook.name in row
        assert "`nnreg." in row, f"book/covered.toml gives {notebook.stem} no public name"
        assert "](tests/test_" in row


def test_a_missing_test_file_is_an_error(root, tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "notebooks").symlink_to(root / "notebooks")
    (tmp_path / "book" / "covered.toml").symlink_to(root / "book" / "covered.toml")
    with pytest.raises(FileNotFoundError, match=r"test_\w+\.py is missing"):
        chapter_table.table(tmp_path)


def test_links_lead_somewhere(root, readme):
    targets = re.findall(r"\]\((?!https?:|#)([^)\s]+)\)", readme)
    assert targets
    missing = [target for target in targets if not (root / target.partition("#")[0]).exists()]
    assert not missing


def test_markers_are_needed():
    with pytest.raises(ValueError, match="once each"):
        chapter_table.filled("no markers", "")
