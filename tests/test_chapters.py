"""Every chapter keeps every rule; tests/test_chapter_rules.py proves that each rule can say no."""

import importlib
from pathlib import Path

import pytest

from .chapter_rules import RULES, Book

ROOT = Path(__file__).resolve().parents[1]
BOOK = Book(ROOT)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("chapter", BOOK.chapters, ids=lambda chapter: chapter.name)
def test_chapter_keeps(chapter, rule):
    broken = list(rule(chapter, BOOK))
    assert not broken, "\n" + "\n".join(broken)


def test_there_are_chapters():
    assert BOOK.chapters, f"no notebooks in {ROOT / 'notebooks'}"


def public_names() -> set[str]:
    """All public names of nnreg and nnreg.nn; the other public modules stand for themselves."""
    names = set()
    for module in ("nnreg", "nnreg.nn"):
        names |= {f"{module}.{name}" for name in importlib.import_module(module).__all__}
    return names


def test_every_public_name_is_covered_and_no_other():
    derived, used, returned = (set(BOOK.covered[how]) for how in ("derived", "used", "returned"))
    assert len(derived | used | returned) == len(derived) + len(used) + len(returned)
    missing = public_names() - derived - used - returned
    assert not missing, f"say in book/covered.toml which chapter covers {sorted(missing)}"
    assert not (derived | used | returned) - public_names()
    assert set(BOOK.covered["returned"].values()) <= derived | used


def test_names_wait_for_planned_chapters_only():
    written = {chapter.name for chapter in BOOK.chapters}
    planned = set(BOOK.covered["planned"]["chapters"])
    assert not written & planned, "a chapter that is written is no longer planned"
    for name, chapters in {**BOOK.covered["derived"], **BOOK.covered["used"]}.items():
        assert set(chapters) <= written | planned, f"{name}: no chapter {chapters}"
