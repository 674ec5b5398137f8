"""Assignment "own_penalty", first part: what any penalty owes, and a free one.

Nobody knows beforehand which penalty will come. So its gradient is held to its
own value, by central differences.
"""

from collections.abc import Callable
from contextlib import suppress

import numpy as np

from nnreg.grading.properties._kit import changed, misshapen, mixed
from nnreg.grading.questions import (
    AnswerProblem,
    Question,
    differs,
    question,
)

STEP = 6e-6
METHODS = ("value", "grad")
FLAT = "its value does not change with w"

free = question("MyPenalty")


def tall(rng: np.random.Generator) -> np.ndarray:
    """Draw weights with more rows than columns."""
    k = int(rng.integers(3, 5))
    return mixed(rng, k + int(rng.integers(1, 3)), k)


def begins(asked: Question, draw: Callable) -> None:
    """Register what any penalty owes first; `draw` gives its numbers and w."""

    @asked.property("has a value that is one number", expected=True)
    def _is_a_number(answer, rng):
        numbers, w = draw(rng)
        return misshapen(answer(*numbers).value(w), ())

    @asked.property("has a gradient in the shape of w", expected=True)
    def _has_the_shape(answer, rng):
        numbers, w = draw(rng)
        return misshapen(answer(*numbers).grad(w), w.shape)


def ends(asked: Question, draw: Callable) -> None:
    """Register what any penalty owes last."""

    @asked.property("has a gradient that is the slope of its own value")
    def _agrees(answer, rng):
        numbers, w = draw(rng)
        penalty = answer(*numbers)
        if problem := disagreement(penalty, w):
            return problem
        return "" if np.any(penalty.grad(w)) else FLAT

    @asked.property("answers for the w that it is given", expected=True)
    def _remembers_nothing(answer, rng):
        numbers, w = draw(rng)

        def changes(name):
            used, fresh = answer(*numbers), answer(*numbers)
            for asked_before in METHODS:
                with suppress(AnswerProblem):
                    getattr(used, asked_before)(3 * w)
            if differs(getattr(used, name)(w), getattr(fresh, name)(w)):
                return "what it is asked changes what it answers next"
            return ""

        return _of_each_method(changes)

    @asked.property("leaves w as it was", expected=True)
    def _leaves_inputs(answer, rng):
        numbers, w = draw(rng)
        penalty = answer(*numbers)
        return _of_each_method(lambda name: changed(getattr(penalty, name), w))


def _of_each_method(problem_of: Callable[[str], str]) -> str:
    """Return the first problem; a method that stops is no problem here.

    It fails the properties of its own results, and should not take the other
    method's points as well. If both stop, there is nothing to judge.
    """
    stopped = []
    for name in METHODS:
        try:
            if problem := problem_of(name):
                return problem
        except AnswerProblem as error:
            stopped.append(error)
    if len(stopped) == len(METHODS):
        raise stopped[0]
    return ""


def disagreement(penalty, w: np.ndarray) -> str:
    """Say how a penalty's gradient differs from the slopes of its value."""
    given = penalty.grad(w)
    if problem := misshapen(given, w.shape):
        return problem
    slopes, slack = _slopes(penalty.value, w)
    tolerance = slack + 1e-5 * np.abs(slopes).max()
    agrees = np.abs(np.asarray(given) - slopes) <= tolerance
    if agrees.all():
        return ""
    # What rounding has left of a slope of 0 is not a measure for a percentage.
    slopes[np.abs(slopes) <= 1e-5 * np.abs(slopes).max()] = 0
    given = np.where(agrees, slopes, given)
    row, column = np.indices(w.shape)
    last_row, last_column = (size - 1 for size in w.shape)
    where = {
        "w is negative": w < 0,
        "w is positive": w > 0,
        "a row is the first or the last": (row == 0) | (row == last_row),
        "a column is the first or the last": (column == 0)
        | (column == last_column),
    }
    where = {place: mask for place, mask in where.items() if not mask.all()}
    problem = differs(given, slopes, where=where, rtol=1e-3)
    return f"beside the slopes of its value, {problem or 'it is a bit off'}"


def _slopes(value: Callable, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return central differences, and how far a subgradient may be off.

    At a kink, the slopes on both sides are the ends of what is allowed.
    """
    here = number(value(w))
    slopes, slack = np.zeros(w.shape), np.zeros(w.shape)
    for index in np.ndindex(w.shape):
        nudge = np.zeros(w.shape)
        nudge[index] = s = STEP * max(1, abs(w[index]))
        above, below = number(value(w + nudge)), number(value(w - nudge))
        slopes[index] = (above - below) / (2 * s)
        slack[index] = abs(above - 2 * here + below) / (2 * s)
        slack[index] += 1e-14 * abs(here) / s  # what rounding may do
    return slopes, slack


def number(given) -> float:
    """Return a value as a float, if it is one number."""
    if problem := misshapen(given, ()):
        raise AnswerProblem(f"as a value, {problem}")
    if np.asarray(given).dtype.kind not in "iuf":
        raise AnswerProblem("its value is no number")
    if not np.isfinite(given):
        raise AnswerProblem("its value is not finite")
    return float(given)


def _free(rng):
    return (rng.uniform(0.2, 0.9),), tall(rng)


begins(free, _free)


@free.property("costs something, in proportion to its strength")
def _is_proportional(answer, rng):
    (lam,), w = _free(rng)
    once, twice = (number(answer(s).value(w)) for s in (lam, 2 * lam))
    if once < 0:
        return "its value is negative"
    if once == 0:
        return "it costs nothing for weights from ½ to 2 in size"
    symptoms = {
        "the strength has no effect": once,
        "it grows faster than the strength": 4 * once,
    }
    return differs(twice, 2 * once, symptoms=symptoms)


@free.property("is no mixture of L1 and L2")
def _is_another(answer, rng):
    (lam,), w = _free(rng)
    penalty = answer(lam)
    tried = [
        rng.permutation(w.ravel()).reshape(w.shape)
        * rng.uniform(0.5, 2, w.shape)
        for _ in range(6)
    ]
    if np.ptp([number(penalty.value(w)) for w in tried]) == 0:
        return FLAT
    known = np.array([[np.abs(w).sum(), np.sum(w**2)] for w in tried])
    values = np.array([number(penalty.value(w)) for w in tried])
    fitted = known @ np.linalg.lstsq(known, values, rcond=None)[0]
    if np.abs(fitted - values).max() > 1e-6 * np.abs(values).max():
        return ""
    return "it is one: the sums of |w| and of w² tell its value"


ends(free, _free)


@free.property("keeps its gradient right for small and for large weights")
def _agrees_at_any_size(answer, rng):
    (lam,), w = _free(rng)
    penalty = answer(lam)
    sizes = 0.1 * w, 5 * w
    if not any(np.any(penalty.grad(w)) for w in sizes):
        return FLAT
    small, large = (disagreement(penalty, w) for w in sizes)
    return small or large
