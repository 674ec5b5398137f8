"""Messages cross the border whole, or not at all."""

import io
import json
import tracemalloc

import numpy as np
import pytest

from nnreg.grading import messages


def through(value, keep=None, found=None):
    return messages.receive(io.BytesIO(messages.pack(value, keep)).read, found)


def framed(head, arrays: bytes = b"") -> bytes:
    head = head if isinstance(head, bytes) else json.dumps(head).encode()
    return b"%08d" % len(head) + head + arrays


def npy(shape: str, dtype: str = "<f8", data: bytes = b"") -> bytes:
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + data


def array_message(data: bytes) -> bytes:
    return framed({"value": {"array": 0}, "arrays": [len(data)]}, data)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        -0.1,
        float("inf"),
        "text ½",
        [1, [2.5, None]],
        (1, ("a",)),
        {"a": 1, 2: (3,)},
        10**30,
    ],
)
def test_plain_values_come_back_with_their_types(value):
    back = through(value)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "u8", "?", "c16"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 0, 4), (2, 3)])
def test_arrays_come_back_to_the_bit(dtype, shape):
    array = np.random.default_rng(0).normal(size=shape).astype(dtype)
    for each in (array, np.asfortranarray(array), array.T):
        back = through(each)
        assert back.dtype == each.dtype
        assert back.shape == each.shape
        assert back.tobytes() == each.tobytes()
        assert back.flags.writeable


def test_a_generator_comes_back_at_its_place():
    rng = np.random.default_rng(3)
    rng.normal(size=5)
    assert np.array_equal(through(rng).normal(size=4), rng.normal(size=4))


def test_a_subclass_leaves_its_tricks_behind():
    class Liar(np.ndarray):
        def __eq__(self, other):
            return True

    back = through(np.zeros(3).view(Liar))
    assert type(back) is np.ndarray
    assert not (back == 1).any()


def test_what_is_no_data_goes_by_number():
    kept = []

    def keep(value):
        kept.append(value)
        return len(kept) - 1

    thing = object()
    assert through([1, thing], keep, kept.__getitem__) == [1, thing]
    with pytest.raises(TypeError, match="object cannot be sent"):
        through(thing)
    with pytest.raises(TypeError, match="ndarray cannot be sent"):
        through(np.array([object()]))


HOSTILE = {
    "no length": b"x" * 200,
    "a length of 100 MB": b"99999999" + b" " * 10,
    "no json": framed(b"{"),
    "a list": framed([]),
    "no arrays": framed({"value": 1}),
    "an array that is not there": framed({"value": {"array": 0}, "arrays": []}),
    "an array with a negative number": framed({"value": {"array": -1}, "arrays": []}),
    "a negative length": framed({"value": 1, "arrays": [-1]}),
    "a huge length": framed({"value": 1, "arrays": [10**12]}),
    "many lengths": framed({"value": 1, "arrays": [2**26, 2**26]}),
    "a kind that is not known": framed({"value": {"pickle": "x"}, "arrays": []}),
    "two kinds": framed({"value": {"list": [], "tuple": []}, "arrays": []}),
    "an object, and nobody who knows it": framed({"value": {"object": 0}, "arrays": []}),
    "a bare list": framed({"value": [1], "arrays": []}),
    "a key that cannot be one": framed({"value": {"dict": [[{"list": []}, 1]]}, "arrays": []}),
    "deep": framed(b'{"arrays": [], "value": ' + b'{"list": [' * 99 + b"]}" * 99 + b"}"),
    "deeper": framed(b"[" * 100_000),
    "wide": framed({"value": {"list": [0] * 20_000}, "arrays": []}),
    "long text": framed({"value": "x" * 100_000, "arrays": []}),
    "no npy": array_message(b"x" * 99),
    "a pickle": array_message(npy("(1,)", "|O", b"cos\nsystem\n(S'true'\ntR.")),
    "a shape of a terabyte": array_message(npy("(1000000, 1000000)")),
    "a negative shape": array_message(npy("(-1, -1)", data=bytes(8))),
    "more than the header says": array_message(npy("(1,)", data=bytes(16))),
    "a record": array_message(npy("(1,)", "<f8,<f8", bytes(16))),
    "text": array_message(npy("(1,)", "<U1", bytes(4))),
    "dates": array_message(npy("(1,)", "<M8[s]", bytes(8))),
    "nothing": array_message(npy("(10,)", "|V0")),
    "a header that is code": array_message(npy("__import__('os')")),
    "a header that is deep": array_message(npy("(" * 9000)),
    "a generator that is none": framed({"value": {"generator": {}}, "arrays": []}),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_message_is_an_error_and_takes_no_memory(data):
    def read(n: int) -> bytes:
        part = stream.read(n)
        if len(part) < n:
            raise EOFError
        return part

    stream = io.BytesIO(data)
    tracemalloc.start()
    with pytest.raises(Exception):  # noqa: B017, PT011 (whichever: all count as damage)
        messages.receive(read)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * 2**20


def test_flipped_bits_are_an_error_or_another_value_and_never_more():
    rng = np.random.default_rng(0)
    good = bytearray(messages.pack({"result": (np.ones((3, 2)), [1, "a"]), "arguments": [2.5]}))
    for _ in range(3000):
        bad = bytearray(good)
        for place in rng.integers(0, len(bad), rng.integers(1, 4)):
            bad[place] ^= 1 << rng.integers(8)
        stream = io.BytesIO(bad)
        try:
            value = messages.receive(stream.read)
        except Exception:
            continue
        assert len(messages.pack(value)) < 1000


def test_what_is_too_large_is_not_sent():
    with pytest.raises(ValueError, match="too large"):
        messages.pack(np.zeros(2**23 + 1))
    with pytest.raises(ValueError, match="too large"):
        messages.pack(list(range(10**6)))
