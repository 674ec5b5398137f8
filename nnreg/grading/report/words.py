"""Texts that others wrote, made fit to be shown.

Names, messages and answers come from students: they may hold what ends a
line, turns the direction of writing, or cannot be encoded at all.
"""

import re
import unicodedata
from typing import Any

from nnreg.grading.assignment import Task

_LONGEST_MESSAGE = 200
_LONGEST_TEXT = 20_000
_ALLOWED = "\n\u200c\u200d"  # the joiners of Persian and of emoji
_NUMBER = re.compile(r"\d*\.\d+(?:[eE][+-]?\d+)?|\d+\.?[eE][+-]?\d+")
_RAISED = "stops with "


def paragraphs(text: str) -> str:
    """Return a text of several lines, with every odd character spelt out."""
    plain = text[:_LONGEST_TEXT].replace("\r\n", "\n").expandtabs(4)
    cut = "…" * (len(text) > _LONGEST_TEXT)
    return "".join(map(_shown, plain)) + cut


def one_line(text: str, most: int = _LONGEST_MESSAGE) -> str:
    """Return a text in one line, and no more of it than anyone reads."""
    cut = "…" * (len(text) > most)
    return paragraphs(text[:most]).replace("\n", "\\n") + cut


def problem(text: str) -> str:
    """Return what is wrong with an answer, as its author may read it.

    The message of an exception may be an array that the answer was examined
    with, so numbers are left out of it.
    """
    if text.startswith(_RAISED):
        text = _NUMBER.sub("…", text)
    return one_line(text)


def is_written(text: str, task: Task) -> bool:
    """Tell whether an answer is more than what the sheet came with."""
    return bool(text.strip()) and text.split() != task.given.split()


def points(number: float) -> str:
    """Return points without needless zeros."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def by_student(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the results in the order of their students' names."""
    return sorted(results, key=lambda each: (each["student"], each["slug"]))


def _shown(character: str) -> str:
    if character in _ALLOWED:
        return character
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character.encode("unicode_escape").decode()
    return character
