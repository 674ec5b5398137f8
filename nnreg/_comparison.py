"""Say how an answer differs from the right one, and never what is right."""

from typing import Any

import numpy as np

OPEN = "There is no answer yet: put yours in the place of `...`."
_KINDS = {"b": "True or False", "U": "text", "S": "bytes"}


def difference(given: Any, expected: Any, rtol: float) -> str:
    """Return what is wrong, or an empty string."""
    if _brings_a_cache(given) and not isinstance(expected, tuple):
        return "Your answer should be one result, and is 2."
    if is_open(given):
        return OPEN
    if _has_parts(expected):
        return _of_parts(given, expected, rtol)
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
        transposed = answer.T.shape == right.shape
        return (
            f"Your answer has shape {answer.shape}, the right one has shape "
            f"{right.shape}{': transpose it' if transposed else ''}."
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
    wrong = ~(equal | (distance <= rtol))
    return _pattern(answer, right, wrong, rtol) or _report(wrong, distance)


def _brings_a_cache(given: Any) -> bool:
    """Tell whether a forward pass has left its cache beside its result."""
    if not (isinstance(given, tuple) and len(given) == 2):
        return False
    result, cache = given
    kept = cache is None or isinstance(cache, dict) or _is_ragged(cache)
    return isinstance(result, np.ndarray) and kept


def _is_ragged(cache: Any) -> bool:
    """Tell whether a tuple holds anything but numbers of one shape."""
    try:
        return isinstance(cache, tuple) and _as_array(cache).dtype == object
    except ValueError:
        return True


def _has_parts(expected: Any) -> bool:
    """Tell whether the right answer is several results of several shapes."""
    if isinstance(expected, tuple):
        return any(np.ndim(part) for part in expected)
    if not isinstance(expected, list):
        return False
    try:
        np.asarray(expected)
    except ValueError:
        return True
    return False


def _of_parts(given: Any, expected: Any, rtol: float) -> str:
    n = len(expected)
    if not isinstance(given, list | tuple) or len(given) != n:
        return f"Your answer should be {n} results, in this order."
    for i in range(n):
        if problem := difference(given[i], expected[i], rtol):
            return f"Result {i + 1} of {n}: {problem}"
    return ""


def _pattern(answer, right, wrong, rtol: float) -> str:
    """Name what all entries have in common, if they are wrong alike."""
    if not wrong.any() or not np.all(np.isfinite(answer) & (right != 0)):
        return ""

    def near(a, b):
        return np.all(np.abs(a - b) <= max(rtol, 1e-6) * np.abs(b))

    one = right.ndim == 0
    if near(-answer, right):
        return f"{'It' if one else 'Every entry'} has the wrong sign."
    if one or right.size == 1:
        return ""
    if near(np.sort(answer, axis=None), np.sort(right, axis=None)):
        return "The right numbers stand in the wrong places."
    factor = answer / right
    if near(factor, np.full_like(factor, factor.flat[0])) and factor.flat[0]:
        times = f"{float(factor.flat[0]):.3g} times"
        return f"Every entry is {times} what it should be."
    return ""


def is_open(given: Any) -> bool:
    """Tell whether an answer, or a part of it, is not filled in."""
    if isinstance(given, np.ndarray) and given.dtype == object:
        given = given.tolist()
    if isinstance(given, list | tuple):
        return any(map(is_open, given))
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
