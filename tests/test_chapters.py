"""Every chapter keeps every rule; tests/test_chapter_rules.py proves that each rule can say no."""

import copy
import importlib
from pathlib import Path

import nbformat
import pytest

from tools.run_notebooks import normalise

from .chapter_rules import RULES, Book

ROOT = Path(__file__).resolve().parents[1]
BOOK = Book(ROOT)
each_chapter = pytest.mark.parametrize("chapter", BOOK.chapters, ids=lambda chapter: chapter.name)


def refuse(messages) -> None:
    """Fail with these messages and nothing else; without one, pass."""
    if found := "\n".join(messages):
        pytest.fail(found, pytrace=False)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@each_chapter
def test_chapter_keeps(chapter, rule):
    refuse(rule(chapter, BOOK))


@each_chapter
def test_chapter_is_stored_as_make_notebooks_stores_it(chapter):
    """No stored widget, no picture metadata, no time, the one kernel: the writer sees to it."""
    written = copy.deepcopy(chapter.notebook)
    try:
        normalise(written)
    except ValueError as error:
        refuse([f"{chapter.name}.ipynb, {error}."])
    nbformat.validate(written)
    cells = zip(chapter.notebook.cells, written.cells, strict=True)
    changed = [f"cell {cell.get('id')}" for cell, mended in cells if cell != mended]
    if chapter.notebook.metadata != written.metadata:
        changed.append("metadata")
    refuse(f"{chapter.name}.ipynb, {what}: run `make notebooks`." for what in changed)


def test_there_are_chapters():
    assert len(BOOK.chapters) >= 12, f"too few notebooks in {ROOT / 'notebooks'}"


def public_names() -> set[str]:
    """All public names of nnreg and nnreg.nn; the other public modules stand for themselves."""
    names = set()
    for module in ("nnreg", "nnreg.nn"):
        names |= {f"{module}.{name}" for name in importlib.import_module(module).__all__}
    return names


def test_every_public_name_is_covered_once_and_no_other():
    covered = [name for how in ("derived", "used", "returned") for name in BOOK.covered[how]]
    missing, invented = public_names() - set(covered), set(covered) - public_names()
    twice = {name for name in covered if covered.count(name) > 1}
    refuse(f"book/covered.toml: which chapter covers {name}?" for name in sorted(missing))
    refuse(f"book/covered.toml: {name} is no public name." for name in sorted(invented))
    refuse(f"book/covered.toml: {name} stands there twice." for name in sorted(twice))
    assert set(BOOK.covered["returned"].values()) <= set(covered)


def test_names_are_given_to_chapters_that_are_there():
    written = {chapter.name for chapter in BOOK.chapters}
    for name, chapters in {**BOOK.covered["derived"], **BOOK.covered["used"]}.items():
        gone = set(chapters) - written
        refuse(
            f"book/covered.toml: {name} is given to {chapter}, which is nowhere."
            for chapter in gone
        )
