"""Tell a reader whether an answer is right, without giving it away."""

from typing import Any

import numpy as np

from nnreg._checks import check_real

_KINDS = {"b": "True or False", "U": "text", "S": "bytes"}


def check_answer(
    given: Any, expected: Any, *, rtol: float = 1e-6, hint: str = ""
) -> None:
    """Compare an answer with the right one; say "Right." or what is wrong.

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
    problem = _problem(given, expected, check_real(rtol, "rtol"))
    if problem:
        raise AssertionError(f"{problem} {hint}".rstrip())
    print("Right.")


def _problem(given: Any, expected: Any, rtol: float) -> str:
    """Return what is wrong, or an empty string."""
    if _is_open(given):
        return "There is no answer yet: put yours in the place of `...`."
    if np.ma.is_masked(given):
        return "Your answer has masked entries."
    try:
        answer = _as_array(given)
    except ValueError:
        return "The rows of your answer have different lengths."
    right = _as_array(expected)
    is_, should = _kind(answer), _kind(right)
    if is_ != should and answer.size and right.size:
        return f"Your answer should hold {should}, and holds {is_}."
    if answer.shape != right.shape:
        return (
            f"Your answer has shape {answer.shape}, the right one has shape "
            f"{right.shape}."
        )
    if should != "numbers" or not right.size:
        return _report(np.asarray(answer != right))
    # The widest type: unsigned integers know no negative difference, and
    # float64 cannot hold every integer.
    wide = np.result_type(answer, right, np.longdouble)
    answer, right = answer.astype(wide), right.astype(wide)
    largest = np.abs(right[np.isfinite(right)]).max(initial=0.0)
    scale = np.where(right == 0, largest or 1.0, np.abs(right))
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.abs(answer - right) / scale
    equal = (answer == right) | (np.isnan(answer) & np.isnan(right))
    # Not "distance > rtol": that is False for NaN, and would let it pass.
    return _report(~(equal | (distance <= rtol)), distance)


def _is_open(given: Any) -> bool:
    """Tell whether an answer, or a part of it, is not filled in."""
    if isinstance(given, np.ndarray) and given.dtype == object:
        given = given.tolist()
    if isinstance(given, list | tuple):
        return any(map(_is_open, given))
    return given is ... or given is None


def _as_array(values: Any) -> np.ndarray:
    """Return an array; fractions and huge integers become floats."""
    array = np.asarray(values)
    if array.dtype == object and not any(
        isinstance(value, str | bytes | bool) for value in array.flat
    ):
        try:
            return array.astype(np.longdouble)
        except (TypeError, ValueError, OverflowError):
            pass
    return array


def _kind(array: np.ndarray) -> str:
    if array.dtype.kind in "iufc":
        return "numbers"
    if array.dtype == object and array.size:
        return f"objects of type {type(array.flat[0]).__name__}"
    return _KINDS.get(array.dtype.kind, str(array.dtype))


def _report(wrong: np.ndarray, distance: np.ndarray | None = None) -> str:
    """Say which entries are wrong, and how far off the worst one is."""
    count = np.count_nonzero(wrong)
    if count == 0:
        return ""
    distance = np.where(wrong, np.inf if distance is None else distance, -1.0)
    worst = np.argmax(np.where(np.isnan(distance), np.inf, distance))
    # Relative, because the absolute distance of an answer of 0 is the expected
    # value itself.
    percent = 100 * float(distance.flat[worst])
    by = f" by {percent:.3g} %" if np.isfinite(percent) else ""
    if wrong.ndim == 0:
        return f"Your answer is off{by}."
    index = tuple(int(i) for i in np.unravel_index(worst, wrong.shape))
    verb = "is" if count == 1 else "are"
    return (
        f"{count} of {wrong.size} entries {verb} off, most at index "
        f"{index}{by}."
    )
