"""Tell a reader whether an answer is right, without giving it away."""

import base64
import copy
import json
from typing import Any

import numpy as np

from nnreg._checks import check_real
from nnreg._comparison import OPEN, difference, is_open
from nnreg.book._verdict import verdict

_SEAL = "sealed:"


def check_answer(
    answer: Any,
    *inputs: Any,
    expected: Any,
    rtol: float = 1e-6,
    hint: str = "",
    question: str = "",
) -> None:
    """Compare an answer with the right one; say "Right." or what is wrong.

    The line about a wrong answer tells shape, place, sign or relative size of
    the difference, and never the expected value.

    Parameters
    ----------
    answer : number, string, bool, array_like, tuple of them, or callable
        The reader's answer. A placeholder ``...`` that is still there is
        reported as such. A function is called with copies of `inputs`; what
        it returns is the answer, and it must leave its inputs as they were.
    *inputs
        What to call the function with.
    expected : as `answer`
        The right answer: a value, a value that was sealed with `seal`, or a
        function that is called with `inputs` too.
    rtol : float
        Allowed difference relative to an entry of `expected`; beside an entry
        of 0 the allowed difference is `rtol` times the largest entry, or
        `rtol` if all are 0.
    hint : str
        A sentence that is added to the line about a wrong answer.
    question : str
        A question of the assignments that a function answers. It must then
        have every property that is asked for there, on arrays of its own, and
        the line names the one that fails.

    Raises
    ------
    AssertionError
        If the answer is wrong and the environment variable ``NNREG_VERIFY``
        is 1, as it is when notebooks are verified. An answer that is not
        filled in raises nowhere.

    Examples
    --------
    >>> check_answer(0.1 + 0.2, expected=0.3)
    Right.
    >>> check_answer(..., expected="sealed:WzEuMCwgMi4wXQ==")
    There is no answer yet: put yours in the place of `...`.
    >>> check_answer([1.0, 2.5], expected=[1.0, 2.0], hint="Divide by n.")
    1 of 2 entries is off, most at index (1,) by 25 %. Divide by n.
    >>> check_answer(
    ...     lambda w, lam: lam * np.where(w < 0, -1.0, 1.0),
    ...     [2.0, -1.0],
    ...     0.5,
    ...     expected=[0.5, -0.5],
    ...     question="l1_gradient",
    ... )
    A right answer is 0 where a weight is 0. Yours: wrong only where w is 0.
    >>> check_answer(np.square, [1.0, -2.0], expected=lambda x: -(x**2))
    Every entry has the wrong sign.
    """
    rtol = check_real(rtol, "rtol")
    if inputs and not callable(answer) and not is_open(answer):
        problem = "Your answer should be a function."
    else:
        function, problem = None, ""
        if callable(answer):
            function = answer
            answer, problem = _outcome(function, inputs)
        if callable(expected):
            expected = expected(*map(_copy, inputs))
        problem = problem or difference(answer, unseal(expected), rtol)
        if question and function and problem != OPEN:
            problem = _missing_property(question, function) or problem
    if not problem:
        print("Right.")
    elif problem == OPEN:
        print(problem)
    else:
        verdict(f"{problem} {hint}".rstrip())


def seal(value: Any) -> str:
    """Write an answer so that nobody reads it by accident.

    Parameters
    ----------
    value : number, string, bool, or nested lists, tuples or arrays of them
        The right answer.

    Returns
    -------
    str
        To be given to `check_answer` as `expected`.

    Examples
    --------
    >>> seal([1.0, 2.0])
    'sealed:WzEuMCwgMi4wXQ=='
    """
    text = json.dumps(value, default=lambda array: np.asarray(array).tolist())
    return _SEAL + base64.b64encode(text.encode()).decode()


def unseal(value: Any) -> Any:
    """Return what was sealed; anything else as it is."""
    if isinstance(value, str) and value.startswith(_SEAL):
        return json.loads(base64.b64decode(value.removeprefix(_SEAL)))
    return value


def _missing_property(question: str, function: Any) -> str:
    """Return the first property of a right answer that is not there."""
    from nnreg.grading.local import LocalAnswer
    from nnreg.grading.questions import examine

    for each in examine(question, LocalAnswer(function)):
        if each.problem:
            return f"A right answer {each.name}. Yours: {each.problem}."
    return ""


def _outcome(function: Any, inputs: tuple) -> tuple[Any, str]:
    """Return what a reader's function returns, and what is wrong already."""
    given = tuple(map(_copy, inputs))
    try:
        outcome = function(*given)
    except Exception as error:
        if "ellipsis" in str(error) or isinstance(error, NotImplementedError):
            return ..., ""
        return None, (
            f"Your function stops with {type(error).__name__}: {error}."
        )
    for now, before in zip(given, inputs, strict=True):
        if (
            isinstance(now, np.ndarray)
            and now.tobytes() != np.array(before).tobytes()
        ):
            return outcome, "Your function changes its inputs."
    return outcome, ""


def _copy(value: Any) -> Any:
    """Return a copy; lists of numbers become arrays."""
    return np.array(value) if isinstance(value, list) else copy.deepcopy(value)
