"""Questions, and the properties that a right answer to each of them has.

An answer is a function or a class of a student's. Here it is tried property by
property, so that what fails has a name. The same properties are examined in
the student's notebook and, with fresh arrays, when it is graded; there the
answer lives in a sandbox, and what stands here sees only what comes back.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nnreg._comparison import difference

OPEN = "is not written yet"


class AnswerProblem(Exception):
    """What an answer does instead of answering, as a student reads it."""


@dataclass(frozen=True)
class Property:
    """One thing that a right answer does.

    Attributes
    ----------
    name : str
        What a right answer does: "uses the mask of the forward pass".
    fails : callable
        ``fails(answer, rng)`` tries it on arrays drawn from `rng`, and returns
        what is wrong, or an empty string.
    expected : bool
        Whether nobody earns points with it (a shape, an input that stays as
        it was); who breaks it loses some.
    """

    name: str
    fails: Callable[[Callable, np.random.Generator], str]
    expected: bool = False


@dataclass(frozen=True)
class Verdict:
    """What came out for one property; without a problem, it holds."""

    name: str
    problem: str = ""
    expected: bool = False


@dataclass
class Question:
    """What is asked for, and what a right answer does, simple things first."""

    name: str
    properties: list[Property] = field(default_factory=list)

    def property(
        self, name: str, expected: bool = False
    ) -> Callable[[Callable], Callable]:
        """Register the function below as a property of a right answer."""

        def register(fails: Callable) -> Callable:
            self.properties.append(Property(name, fails, expected))
            return fails

        return register


QUESTIONS: dict[str, Question] = {}


def question(name: str) -> Question:
    """Return a new question, to be answered by a function of this name."""
    if name in QUESTIONS:
        raise ValueError(f"there is a question {name!r} already")
    QUESTIONS[name] = Question(name)
    return QUESTIONS[name]


def differs(
    given: Any,
    right: Any,
    *,
    symptoms: dict[str, Any] | None = None,
    where: dict[str, np.ndarray] | None = None,
    rtol: float = 1e-6,
) -> str:
    """Say what is wrong with a result, in the words of the mistake behind it.

    Parameters
    ----------
    given : array, number, or tuple of them
        What the answer returned.
    right : as `given`
        What it should have returned. It is never told.
    symptoms : dict, optional
        Descriptions of mistakes that people make, each with the result that
        it leads to. The first one that `given` equals is the problem.
    where : dict, optional
        Descriptions of places, "w is 0", each with a mask of `right`'s shape.
        If all that is wrong lies inside of one, it is said.
    rtol : float
        Allowed difference relative to an entry, as in `check_answer`.

    Returns
    -------
    str
        The problem, or an empty string.

    Examples
    --------
    >>> w = np.array([2.0, 0.0, -1.0])
    >>> differs(np.where(w < 0, -1, 1), np.sign(w), where={"w is 0": w == 0})
    'wrong only where w is 0'
    >>> differs(w, w / 3, symptoms={"the mean over the batch is missing": w})
    'the mean over the batch is missing'
    """
    if given is None:
        return "nothing comes back: is there a return?"
    problem = difference(given, right, rtol)
    if not problem:
        return ""
    for mistake, wrong in (symptoms or {}).items():
        if not difference(given, wrong, rtol):
            return mistake
    for place, mask in (where or {}).items():
        if _shape(given) != np.shape(right):
            break
        inside = np.where(mask, 0, given), np.where(mask, 0, right)
        if not difference(*inside, rtol):
            return f"wrong only where {place}"
    # It stands inside of a sentence, behind a colon perhaps.
    lower = re.sub(r"(^|: )([A-Z])", lambda m: m[0].lower(), problem)
    return lower.removesuffix(".")


def _shape(given: Any) -> tuple[int, ...] | None:
    try:
        return np.shape(given)
    except ValueError:  # rows of different lengths
        return None


def examine(name: str, answer: Callable, seed: int | list[int] = 0) -> list:
    """Try every property of a question's answer.

    Parameters
    ----------
    name : str
        The question.
    answer : callable
        A `nnreg.grading.local.LocalAnswer`, or whatever else can be called
        like one, raises `AnswerProblem` and keeps `arguments`.
    seed : int or list of int
        Each property draws its arrays from a stream of its own, which begins
        here.

    Returns
    -------
    list of Verdict
        One for each property, in their order. An answer that is not written
        has none that holds.
    """
    verdicts = []
    seeds = [seed] if isinstance(seed, int) else seed
    for i, each in enumerate(QUESTIONS[name].properties):
        rng = np.random.default_rng([i, *seeds])
        try:
            problem = each.fails(answer, rng)
        except AnswerProblem as error:
            problem = str(error)
        except Exception as error:  # whatever came back does not fit
            problem = f"returns what cannot be compared: {error}"
        verdicts.append(Verdict(each.name, problem, each.expected))
    return verdicts


def share(verdicts: list[Verdict]) -> float:
    """Return the share of a question's points that an answer earns.

    What is expected of every answer earns nothing, so that an array of zeros
    in the right shape is worth nothing; where it fails, it costs as much as
    any other property.

    Examples
    --------
    >>> shape = Verdict("has the shape of w", expected=True)
    >>> share([shape, Verdict("is right")])
    1.0
    >>> share([shape, Verdict("is right", "wrong sign")])
    0.0
    """
    earning = [each for each in verdicts if not each.expected]
    earned = sum(not each.problem for each in earning) / len(earning)
    broken = sum(bool(each.problem) for each in verdicts if each.expected)
    return max(0.0, earned - broken / len(verdicts))
