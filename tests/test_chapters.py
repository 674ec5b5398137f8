"""Every chapter keeps every rule; tests/test_chapter_rules.py proves that each rule can say no."""

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
