"""Every sheet: right answers have every property, and each mistake gets its name.

`RIGHT` (the sheet's solutions), `ANOTHER` (right answers that are written differently) and `WRONG`
(answers, and words of what is said of them) stand in the file of the sheet.
"""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

import nnreg.grading.properties
from nnreg.grading.questions import OPEN, QUESTIONS
from tools.make_assignments import names

from .sheets import answers, mistakes_named, problems, questions_of

SHEETS = {name: import_module(f"tests.grading.test_{name}_questions") for name in names()}
ASKED = [(sheet, name) for sheet, module in SHEETS.items() for name in module.WRONG]
MISTAKES = [
    (name, answer, words)
    for module in SHEETS.values()
    for name, rows in module.WRONG.items()
    for answer, words in rows
]


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


@pytest.mark.parametrize("sheet", SHEETS)
def test_there_are_mistakes_for_every_question_of_a_sheet(sheet):
    assert questions_of(sheet) == list(SHEETS[sheet].WRONG)


@pytest.mark.parametrize(("sheet", "name"), ASKED)
def test_right_answers_have_every_property_for_any_arrays(sheet, name):
    for right in (SHEETS[sheet].RIGHT, SHEETS[sheet].ANOTHER):
        for seed in range(10):
            assert not any(problems(name, right[name], seed).values())


@pytest.mark.parametrize(("name", "answer", "words"), MISTAKES)
def test_a_mistake_is_named_whatever_the_arrays(name, answer, words):
    for seed in range(2):
        assert any(words in problem for problem in problems(name, answer, seed).values())


@pytest.mark.parametrize(("sheet", "name"), ASKED)
def test_each_property_is_failed_by_some_wrong_answer(sheet, name):
    failed = set()
    for answer, _ in SHEETS[sheet].WRONG[name]:
        failed |= {each for each, problem in problems(name, answer).items() if problem}
    assert failed == {each.name for each in QUESTIONS[name].properties}


@pytest.mark.classroom  # a minute
@pytest.mark.parametrize("sheet", SHEETS)
def test_each_description_of_a_mistake_is_reached(monkeypatch, sheet):
    rows = [(name, answer) for name, rows in SHEETS[sheet].WRONG.items() for answer, _ in rows]
    said = [problem for row in rows for problem in problems(*row).values()]
    everything = vars(nnreg.grading.properties).items()
    modules = [module for name, module in everything if name.startswith(sheet)]
    named = mistakes_named(monkeypatch, modules, SHEETS[sheet].RIGHT)
    assert named
    assert not [mistake for mistake in named if not any(mistake in each for each in said)]


@pytest.mark.parametrize(("sheet", "name"), ASKED)
def test_what_a_student_finds_is_not_written_yet(sheet, name):
    stub = answers(sheet, stubs=True)[name]
    assert set(problems(name, stub).values()) == {OPEN}
