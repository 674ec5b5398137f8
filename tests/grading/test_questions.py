"""Verdicts: what a student reads, and what it is worth."""

import numpy as np
import pytest

from nnreg.grading import check
from nnreg.grading.local import LocalAnswer
from nnreg.grading.questions import (
    OPEN,
    QUESTIONS,
    AnswerProblem,
    Verdict,
    differs,
    examine,
    question,
    share,
)


@pytest.fixture
def doubles():
    asked = question("doubles")

    @asked.property("has the shape of x", expected=True)
    def shape(answer, rng):
        return "" if np.shape(answer(np.ones(3))) == (3,) else "another shape"

    @asked.property("is twice x")
    def twice(answer, rng):
        x = rng.normal(size=5)
        return differs(answer(x), 2 * x, symptoms={"it is x itself": x})

    @asked.property("leaves x as it was", expected=True)
    def untouched(answer, rng):
        answer(np.ones(2))
        return differs(answer.arguments[0], np.ones(2))

    yield asked
    del QUESTIONS["doubles"]


def said(answer, capsys) -> str:
    check("doubles", answer)
    return capsys.readouterr().out


def test_a_right_answer_is_told_so(doubles, capsys):
    assert said(lambda x: 2 * x, capsys) == "doubles: right. All 3 properties hold.\n"


def test_a_wrong_answer_hears_what_fails(doubles, capsys):
    assert said(lambda x: x, capsys) == (
        "doubles: 2 of 3 properties hold. What fails:\n- is twice x: it is x itself\n"
    )


def test_an_answer_that_changes_its_input_is_named(doubles, capsys):
    def f(x):
        x *= 2
        return x

    assert "leaves x as it was" in said(f, capsys)


def _raises(x):
    raise NotImplementedError


STUBS = [lambda x: ..., lambda x: (..., ...), lambda x: 2 * ..., _raises]


@pytest.mark.parametrize("stub", STUBS)
def test_a_stub_is_not_written_yet(doubles, capsys, stub):
    assert said(stub, capsys) == "doubles is not written yet.\n"


@pytest.mark.parametrize("who", ["NBGRADER_EXECUTION", "NNREG_VERIFY"])
def test_whoever_grades_by_what_is_raised_hears_of_it(doubles, monkeypatch, capsys, who):
    monkeypatch.setenv(who, "autograde")
    check("doubles", lambda x: 2 * x)
    with pytest.raises(AssertionError, match="it is x itself"):
        check("doubles", lambda x: x)
    with pytest.raises(AssertionError, match="not written yet"):
        check("doubles", _raises)


def test_an_error_is_the_students_own(doubles, capsys):
    told = said(lambda x: 1 / 0, capsys)
    assert told == "doubles, whatever is tried: stops with ZeroDivisionError: division by zero.\n"


@pytest.mark.parametrize("odd", [None, "text", object(), [[1], [1, 2]], np.ones((2, 2)), {}, print])
def test_odd_results_are_wrong_and_stop_nothing(doubles, odd):
    verdicts = examine("doubles", LocalAnswer(lambda x: odd))
    assert share(verdicts) == 0


def test_a_name_that_is_no_question_is_refused(doubles):
    with pytest.raises(ValueError, match="no question 'dubles'"):
        check("dubles", len)
    with pytest.raises(TypeError, match="must be a function or a class, got int"):
        check("doubles", 3)
    with pytest.raises(ValueError, match="already"):
        question("doubles")


def test_each_seed_draws_other_arrays_and_a_seed_the_same(doubles):
    seen = []
    for seed in (0, 0, 1, [1, 2]):
        examine("doubles", LocalAnswer(lambda x: seen.append(x) or 2 * x), seed)
    drawn = [tuple(x) for x in seen if len(x) == 5]
    assert drawn[0] == drawn[1]
    assert len(set(drawn)) == 3


def test_objects_answer_through_their_methods():
    class Penalty:
        def __init__(self, lam):
            self.lam = lam

        def value(self, w):
            return self.lam * np.sum(w)

        def grad(self, w):
            raise NotImplementedError

    made = LocalAnswer(Penalty)(2.0)
    assert made.value(np.ones(3)) == 6
    with pytest.raises(AnswerProblem, match=OPEN):
        made.grad(np.ones(3))
    with pytest.raises(AnswerProblem, match="has no method prox"):
        made.prox(1)


def verdicts(*marks: str) -> list[Verdict]:
    """Make verdicts: e for expected, p for one that earns; capitals fail."""
    return [Verdict(mark, "wrong" if mark.isupper() else "", mark.lower() == "e") for mark in marks]


@pytest.mark.parametrize(
    ("marks", "worth"),
    [("pp", 1), ("epp", 1), ("eP", 0), ("epP", 0.5), ("Epp", 2 / 3), ("EP", 0), ("Eepp", 0.75)],
)
def test_zeros_in_the_right_shape_are_worth_nothing(marks, worth):
    assert share(verdicts(*marks)) == pytest.approx(worth)


def test_differs_names_the_mistake_then_the_place_then_the_pattern():
    w = np.array([1.0, 0.0, -2.0])
    right = np.sign(w)
    assert differs(right, right) == ""
    assert differs(w, right, symptoms={"the weight itself": w}) == "the weight itself"
    at_zero = np.where(w == 0, 1.0, right)
    assert differs(at_zero, right, where={"w is 0": w == 0}) == "wrong only where w is 0"
    assert differs(-w[::2], w[::2]) == "every entry has the wrong sign"
    for odd in ("text", None, np.ones(5), [[1], [2, 3]]):
        assert differs(odd, right, where={"w is 0": w == 0})
