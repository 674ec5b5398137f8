"""Checks in the student's own notebook."""

import copy
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from nnreg.grading.messages import is_open
from nnreg.grading.questions import OPEN, QUESTIONS, AnswerProblem, examine

VERIFYING = "NNREG_VERIFY"
_DATA = (np.ndarray, np.generic, int, float, str, tuple, list, dict)


class LocalAnswer:
    """A student's function, called with copies of what it is given."""

    def __init__(self, function: Callable):
        self._function = function
        self.arguments: tuple = ()

    def __call__(self, *arguments: Any) -> Any:
        """Call it; `arguments` then holds what it has made of them."""
        self.arguments = copy.deepcopy(arguments)
        try:
            result = self._function(*self.arguments)
        except NotImplementedError as error:
            raise AnswerProblem(OPEN) from error
        except Exception as error:
            if "ellipsis" in str(error):  # an open `...` was computed with
                raise AnswerProblem(OPEN) from error
            kind = type(error).__name__
            raise AnswerProblem(f"stops with {kind}: {error}") from error
        if is_open(result):
            raise AnswerProblem(OPEN)
        if result is None or isinstance(result, _DATA):
            return result
        return _LocalObject(result)


class _LocalObject:
    """An object that an answer returned: its methods are answers too."""

    def __init__(self, instance: Any):
        self._instance = instance

    def __getattr__(self, name: str) -> LocalAnswer:
        if name.startswith("_"):
            raise AttributeError(name)
        method = getattr(self._instance, name, None)
        if not callable(method):
            raise AnswerProblem(f"has no method {name}")
        return LocalAnswer(method)


def check(name: str, answer: Callable) -> None:
    """Tell a student which properties of an answer hold and which fail.

    Parameters
    ----------
    name : str
        The question, which is the name that its task gives to the function.
    answer : callable
        The function, or the class.

    Raises
    ------
    AssertionError
        If the answer is not right, and notebooks are being verified
        (``NNREG_VERIFY=1``) or nbgrader executes this one: it gives the
        points to whoever raises nothing.
    ValueError
        If there is no such question.
    TypeError
        If `answer` cannot be called.

    Examples
    --------
    >>> from nnreg.grading import check
    >>> def l1_gradient(w, lam):
    ...     return lam * np.where(w < 0, -1.0, 1.0)
    >>> check("l1_gradient", l1_gradient)
    l1_gradient: 3 of 4 properties hold. What fails:
    - is 0 where a weight is 0: wrong only where w is 0
    """
    if name not in QUESTIONS:
        raise ValueError(f"there is no question {name!r}")
    if not callable(answer):
        kind = type(answer).__name__
        raise TypeError(f"{name} must be a function or a class, got {kind}")
    verdicts = examine(name, LocalAnswer(answer))
    wrong = [each for each in verdicts if each.problem]
    if not wrong:
        print(f"{name}: right. All {len(verdicts)} properties hold.")
        return
    problems = {each.problem for each in wrong}
    holding = len(verdicts) - len(wrong)
    said = f"{name}: {holding} of {len(verdicts)} properties hold."
    if len(problems) == 1 and not holding:
        said = f"{name}, whatever is tried: {problems.pop()}."
    else:
        said += " What fails:"
        said += "".join(f"\n- {each.name}: {each.problem}" for each in wrong)
    if all(each.problem == OPEN for each in verdicts):
        said = f"{name} {OPEN}."
    if VERIFYING in os.environ or "NBGRADER_EXECUTION" in os.environ:
        raise AssertionError(said)
    print(said)
