"""Messages between the grader and a student's process: JSON and plain arrays.

A message is JSON that says how long each array behind it is, and then the
arrays in NumPy's own format, never pickled. Whoever reads one trusts
nothing in it: sizes are bounded before memory is taken, and what does not fit
raises ValueError. The student's side has this file too, and NumPy alone.
"""

import io
import json
import math
from typing import Any

import numpy as np

MOST_BYTES = 16 * 2**20  # of all arrays of a message
MOST_HEAD = 2 * 2**20  # bytes of JSON, each of which may become many
MOST_PARTS = 10_000  # numbers, strings and containers of a message
MOST_TEXT = 50_000  # characters of one string: a cell's, too
_DEEPEST = 20
_DIGITS = 8  # of the length of the JSON, which comes first
_KINDS = "biufc"


def pack(value: Any, keep=None) -> bytes:
    """Write a value: numbers, text, arrays, containers of them, a generator.

    Anything else goes through ``keep(value)``, which returns a number for it;
    without `keep` it is a TypeError.
    """
    arrays: list[bytes] = []

    def tree(part: Any) -> Any:
        if part is None or isinstance(part, bool | str):
            return part
        if type(part) in (int, float):
            return part
        if isinstance(part, np.random.Generator):
            kind = type(part.bit_generator).__name__
            if kind != "PCG64":
                raise TypeError(f"a generator of kind {kind}")
            return {"generator": part.bit_generator.state}
        if isinstance(part, list):
            return {"list": [tree(each) for each in part]}
        if isinstance(part, tuple):
            return {"tuple": [tree(each) for each in part]}
        if isinstance(part, dict):
            return {"dict": [[tree(k), tree(part[k])] for k in part]}
        if isinstance(part, np.ndarray | np.generic):
            array = np.array(part, subok=False)
            if array.dtype.kind in _KINDS:
                file = io.BytesIO()
                np.lib.format.write_array(file, array, allow_pickle=False)
                arrays.append(file.getvalue())
                return {"array": len(arrays) - 1}
        if keep is None:
            raise TypeError(f"a {type(part).__name__} cannot be sent")
        return {"object": keep(part)}

    said = {"value": tree(value), "arrays": None}
    said["arrays"] = [len(array) for array in arrays]
    head = json.dumps(said).encode()
    if len(head) > MOST_HEAD or sum(map(len, arrays)) > MOST_BYTES:
        raise ValueError("too large to be sent")
    return b"%0*d" % (_DIGITS, len(head)) + head + b"".join(arrays)


def is_open(result: Any) -> bool:
    """Tell whether a result, or a part of it, is the `...` of a stub."""
    parts = result if isinstance(result, list | tuple) else [result]
    return any(part is ... for part in parts)


def receive(read, found=None) -> Any:
    """Read one value with ``read(n)``, which returns exactly n bytes.

    ``found(number)`` gives the object that stands behind a number.
    """
    digits = read(_DIGITS)
    if not digits.isdigit() or int(digits) > MOST_HEAD:
        raise ValueError("not a message")
    said = json.loads(read(int(digits)))
    lengths = said["arrays"]
    if not all(type(n) is int and n > 0 for n in lengths):
        raise ValueError("not a message")
    if sum(lengths) > MOST_BYTES:
        raise ValueError("the message is too large")
    arrays = {i: _array(read(n)) for i, n in enumerate(lengths)}
    left = [MOST_PARTS]

    def value(part: Any, depth: int = 0) -> Any:
        left[0] -= 1
        if depth > _DEEPEST or left[0] < 0:
            raise ValueError("too deep or too long")
        if isinstance(part, str) and len(part) > MOST_TEXT:
            raise ValueError("a string that is too long")
        if not isinstance(part, dict):
            if not (
                part is None or isinstance(part, bool | int | float | str)
            ):
                raise ValueError("not a message")
            return part
        ((kind, inner),) = part.items()
        match kind:
            case "array":
                # Each once: a list of one array a thousand times would take
                # a thousand times its memory from who makes an array of it.
                return arrays.pop(_index(inner, len(lengths)))
            case "list":
                return [value(each, depth + 1) for each in inner]
            case "tuple":
                return tuple(value(each, depth + 1) for each in inner)
            case "dict":
                pairs = [
                    (value(k, depth + 1), value(v, depth + 1))
                    for k, v in inner
                ]
                return dict(pairs)
            case "object" if found is not None:
                return found(_index(inner, MOST_PARTS))
            case "generator":
                bits = np.random.PCG64()
                bits.state = inner
                return np.random.Generator(bits)
        raise ValueError("not a message")

    return value(said["value"])


def _index(number: Any, below: int) -> int:
    if type(number) is not int or not 0 <= number < below:
        raise ValueError("not a message")
    return number


def _array(data: bytes) -> np.ndarray:
    """Read an array whose header promises what is there, and no more."""
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    if version != (1, 0):
        raise ValueError("an array of another format")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.kind not in _KINDS or dtype.hasobject:
        raise ValueError(f"an array of {dtype}")
    count = math.prod(shape)
    expected = count * dtype.itemsize
    if min(shape, default=0) < 0 or expected != len(data) - file.tell():
        raise ValueError("an array whose size is not what it says")
    flat = np.frombuffer(data, dtype, count, file.tell()).copy()
    return flat.reshape(shape, order="F" if fortran else "C")
