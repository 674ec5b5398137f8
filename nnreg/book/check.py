"""Tell a reader whether an answer is right, and if not where to look, without giving it away."""

from typing import Any

import numpy as np


def check_answer(
    given: Any, expected: Any, *, rtol: float = 1e-6, hint: str = ""
) -> None:
    """Compare an answer with the right one; say "Right." or say what is wrong.

    The message of a wrong answer tells shape, place and relative size of the
    difference, and never the expected value.

    Parameters
    ----------
    given : number, string, bool or array_like
        The reader's answer. The placeholder ``...`` is reported as not filled
        in.
    expected : number, string, bool or array_like
        The right answer.
    rtol : float
        Allowed difference relative to an entry of `expected`; beside an entry
        of 0 the allowed difference is `rtol` times the largest entry, or
        `rtol` if all are 0.
    hint : str
        A sentence that is added to the message of a wrong answer.

    Raises
    ------
    AssertionError
        If the answer is wrong.

    Examples
    --------
    >>> check_answer(0.1 + 0.2, 0.3)
    Right.
    >>> check_answer([1.0, 2.5], [1.0, 2.0], hint="Is a factor of 2 missing?")
    Traceback (most recent call last):
        ...
    AssertionError: 1 of 2 entries is off, most at index (1,) by 25 %. \
Is a factor of 2 missing?
    """
    problem = _problem(given, expected, rtol)
    if problem:
        raise AssertionError(f"{problem} {hint}".rstrip())
    print("Right.")


def _problem(given: Any, expected: Any, rtol: float) -> str:
    """Return what is wrong, or an empty string."""
    if given is ... or given is None:
        return "There is no answer yet: put yours in the place of `...`."
    try:
        answer = np.asarray(given)
    except ValueError:
        return "The rows of your answer have different lengths."
    right = np.asarray(expected)
    if answer.shape != right.shape:
        return f"Your answer has shape {answer.shape}, the right one has shape {right.shape}."
    if not np.issubdtype(right.dtype, np.number):
        if answer.dtype.kind != right.dtype.kind:
            return f"Your answer is of type {type(given).__name__}; another type is asked for."
        return _report(np.asarray(answer != right))
    if not np.issubdtype(answer.dtype, np.number):
        return f"Your answer should be numeric, and is of type {answer.dtype}."
    largest = np.abs(right[np.isfinite(right)]).max(initial=0.0)
    scale = np.where(right == 0, largest or 1.0, np.abs(right))
    with np.errstate(invalid="ignore"):
        distance = np.abs(answer - right) / scale
    equal = (answer == right) | (np.isnan(answer) & np.isnan(right))
    # Not "distance > rtol": that is False for NaN, and would let it pass.
    return _report(~(equal | (distance <= rtol)), distance)


def _report(wrong: np.ndarray, distance: np.ndarray | None = None) -> str:
    """Say which entries are wrong; with relative distances, also by how much the worst one is."""
    count = np.count_nonzero(wrong)
    if count == 0:
        return ""
    distance = np.where(wrong, np.inf if distance is None else distance, -1.0)
    worst = np.argmax(np.where(np.isnan(distance), np.inf, distance))
    # Relative, because the absolute distance of an answer of 0 is the expected
    # value itself.
    by = (
        f" by {100 * distance.flat[worst]:.3g} %"
        if np.isfinite(distance.flat[worst])
        else ""
    )
    if wrong.ndim == 0:
        return f"Your answer is off{by}."
    index = tuple(int(i) for i in np.unravel_index(worst, wrong.shape))
    verb = "is" if count == 1 else "are"
    return f"{count} of {wrong.size} entries {verb} off, most at index {index}{by}."
