"""What properties of several assignments share: draws, and plain questions."""

from collections.abc import Callable

import numpy as np

from nnreg.grading.questions import AnswerProblem


def mixed(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Draw numbers of both signs, none of them near 0."""
    sizes = rng.uniform(0.5, 2, shape)
    signs = np.resize([1.0, -1.0], sizes.size)
    return sizes * rng.permutation(signs).reshape(shape)


def distinct(rng: np.random.Generator, count: int) -> list[int]:
    """Draw sizes of which no two are equal, so that no transpose fits."""
    return rng.permutation(np.arange(2, 8))[:count].tolist()


def misshapen(given, shape: tuple[int, ...]) -> str:
    """Say so if a result has another shape than it should have."""
    if given is None or given is ...:
        return "nothing comes back: is there a return?"
    got = np.shape(given)
    return "" if got == shape else f"its shape is {got} and should be {shape}"


def results(given, count: int) -> tuple | list:
    """Return several results that came back together."""
    if not isinstance(given, tuple | list) or len(given) != count:
        raise AnswerProblem(f"should return {count} results, in this order")
    return given


def changed(answer: Callable, *given) -> str:
    """Call an answer; say so if it has changed what it was given."""
    answer(*given)
    same = map(np.array_equal, answer.arguments, given)
    return "" if all(same) else "it changes an array that it was given"
