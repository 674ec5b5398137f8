"""Saving and loading: bit for bit, refused whole, written whole."""

import io
import os
import pickle
import re
import signal
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from nnreg import L1, MaxNorm
from nnreg.nn import (
    SGD,
    Adam,
    Dense,
    Layer,
    LayerNorm,
    Optimizer,
    ReLU,
    Residual,
    Sequential,
    SoftmaxCrossEntropy,
    SpectralDense,
    Tanh,
    fit,
    load,
    save,
)

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(40, 6)), RNG.integers(0, 3, 40)


def network(seed=0, dtype=np.float64):
    block = [LayerNorm(8, dtype=dtype), Dense(8, 8, rng=seed, dtype=dtype), ReLU()]
    return Sequential(
        [
            Dense(6, 8, L1(1e-3), rng=seed, dtype=dtype, weight_constraint=MaxNorm(2.0)),
            Tanh(),
            Residual(block),
            SpectralDense(8, 3, rng=seed, dtype=dtype),
        ]
    )


def train(model, optimizer, epochs=3):
    rows = X.astype(model.theta.dtype)
    return fit(model, SoftmaxCrossEntropy(), optimizer, rows, Y, epochs=epochs, progress=False)


class Odd(Layer):
    """Parameters and buffers of all shapes."""

    def __init__(self):
        super().__init__()
        self.add_parameter("scalar", np.array(2.0))
        self.add_parameter("empty", np.empty((0, 3)))
        self.add_parameter("cube", np.arange(24.0).reshape(2, 3, 4))
        self.add_parameter("ä/../steps", np.ones(2))
        self.buffers["count"] = np.array(7)
        self.buffers["turned"] = np.arange(6.0).reshape(2, 3).T
        self.buffers["seen"] = np.array([True, False])

    def forward(self, x, training=False):
        return x * self.params["scalar"]

    def backward(self, dy):
        self.grads["cube"][...] = 1.0
        return dy * self.params["scalar"]


def bits(part):
    return {name: (a.dtype, a.shape, a.tobytes()) for name, a in part.state_dict().items()}


# There and back -------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize(
    "make",
    [
        lambda: SGD(0.1),
        lambda: SGD(0.1, momentum=0.9, lr_decay=0.1),
        lambda: SGD(0.1, momentum=0.9, proximal=True),
        lambda: Adam(0.01, lr_decay=0.1, weight_decay=0.1),
    ],
    ids=["plain", "momentum", "proximal", "adam"],
)
def test_training_goes_on_as_if_nothing_had_happened(make, dtype, tmp_path):
    model, optimizer = network(dtype=dtype), make()
    train(model, optimizer)
    save(tmp_path / "state", model, optimizer)
    fresh, fresh_optimizer = network(seed=5, dtype=dtype), make()
    load(tmp_path / "state", fresh, fresh_optimizer)
    assert bits(fresh) == bits(model)
    assert bits(fresh_optimizer) == bits(optimizer)
    assert fresh_optimizer.lr == optimizer.lr
    assert train(fresh, fresh_optimizer) == train(model, optimizer)
    assert bits(fresh) == bits(model)
    assert bits(fresh_optimizer) == bits(optimizer)
    fresh.check_views()


def test_loading_goes_into_what_has_been_trained_too(tmp_path):
    model, optimizer = network(), Adam(0.01)
    train(model, optimizer)
    save(tmp_path / "state", model, optimizer)
    expected = bits(model), bits(optimizer)
    train(model, optimizer, epochs=9)
    load(tmp_path / "state", model, optimizer)
    assert (bits(model), bits(optimizer)) == expected
    train(model, optimizer)


def test_an_optimizer_before_its_first_step(tmp_path):
    model, optimizer = network(), Adam(0.01)
    save(tmp_path / "state", model, optimizer)
    train(model, optimizer)
    load(tmp_path / "state", model, optimizer)
    assert bits(model) == bits(network())
    assert bits(optimizer) == bits(Adam(0.01))
    train(model, optimizer)


def test_every_bit_comes_back(tmp_path):
    model = Sequential([Odd(), Odd()])
    patterns = [0x7FF8000000000001, 0xFFF0000000000ABC, 0x8000000000000000, 1, 0x7FF0000000000000]
    model.theta[:5] = np.array(patterns, np.uint64).view(np.float64)
    save(tmp_path / "state", model)
    fresh = Sequential([Odd(), Odd()])
    fresh.theta[:] = 5
    fresh.layers[0].buffers["count"][...] = 0
    fresh.layers[0].buffers["turned"][...] = 0
    load(tmp_path / "state", fresh)
    assert bits(fresh) == bits(model)
    assert fresh.theta[:5].view(np.uint64).tolist() == patterns


@pytest.mark.parametrize("layers", [[], [ReLU()]])
def test_a_model_without_parameters(layers, tmp_path):
    save(tmp_path / "state", Sequential(layers))
    load(tmp_path / "state", Sequential(layers))
    with pytest.raises(ValueError, match="it holds no"):
        load(tmp_path / "state", network())


def test_an_optimizer_of_your_own(tmp_path):
    class Heavy(Optimizer):
        def update(self, theta, g, lr):
            speed = self.memory("speed", theta)
            speed += g
            theta -= lr * speed

    model, optimizer, fresh = network(), Heavy(0.01), Heavy(0.01)
    train(model, optimizer)
    save(tmp_path / "state", model, optimizer)
    load(tmp_path / "state", model, fresh)
    assert bits(fresh) == bits(optimizer)


def test_the_name_is_exactly_the_one_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in ("model", "model.npz", "a.b", Path("model.old"), tmp_path / "x"):
        save(path, network())
        load(path, network(seed=1))
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"model", "model.npz", "a.b", "model.old", "x"}


def test_numpy_opens_the_file_without_pickle(tmp_path):
    model, optimizer = network(), Adam(0.01)
    train(model, optimizer)
    save(tmp_path / "state.npz", model, optimizer)
    with np.load(tmp_path / "state.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["model.0.W"], model.params["0.W"])
        np.testing.assert_array_equal(arrays["Adam.steps"], 3)
        assert set(arrays) == {
            *(f"model.{name}" for name in model.state_dict()),
            *(f"Adam.{name}" for name in ("steps", "m", "v")),
        }


def test_the_same_state_makes_the_same_bytes(tmp_path, monkeypatch):
    save(tmp_path / "a", network(), Adam(0.1))
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(2e9))
    save(tmp_path / "b", network(), Adam(0.1))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    save(tmp_path / "b", network(seed=1), Adam(0.1))
    assert (tmp_path / "a").read_bytes() != (tmp_path / "b").read_bytes()


def test_a_foreign_byte_order_is_converted(tmp_path):
    model, adam = network(), Adam(0.01)
    train(model, adam)
    with zipfile.ZipFile(tmp_path / "state", "w") as archive:
        for label, part in (("model", model), ("Adam", adam)):
            for name, array in part.state_dict().items():
                array = array.astype(array.dtype.newbyteorder("S"))
                write(archive, f"{label}.{name}.npy", array)
    fresh, fresh_adam = network(seed=1), Adam(0.01)
    load(tmp_path / "state", fresh, fresh_adam)
    assert bits(fresh) == bits(model)
    assert bits(fresh_adam) == bits(adam)


# What is refused ------------------------------------------------------------------------------


def write(archive, name, array):
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asanyarray(array))
    archive.writestr(zipfile.ZipInfo(name), buffer.getvalue())


def small(seed=0):
    return Sequential([Dense(2, 1, rng=seed)])


def trained():
    model, optimizer = small(), Adam(0.01)
    fit(
        model,
        SoftmaxCrossEntropy(),
        optimizer,
        np.ones((3, 2)),
        [0, 0, 0],
        epochs=2,
        progress=False,
    )
    return model, optimizer


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "state.npz"
    save(path, *trained())
    return path


def refuses(path, message, model=None, optimizer=None):
    """See that loading fails, says where and why, and leaves everything as it was."""
    model = model or small(seed=7)
    before = bits(model), optimizer and bits(optimizer)
    with pytest.raises(ValueError, match=message) as error:
        load(path, model, optimizer)
    assert str(error.value).startswith(f"{path} cannot be loaded: ")
    assert (bits(model), optimizer and bits(optimizer)) == before


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing"):
        load(tmp_path / "nothing", small())
    with pytest.raises(OSError, match=re.escape(str(tmp_path))):
        load(tmp_path, small())


@pytest.mark.parametrize(
    "content", [b"", b"no zip", b"PK\x05\x06", pickle.dumps({"model": 1}), bytes(5000)]
)
def test_a_file_that_is_no_zip(content, tmp_path):
    (tmp_path / "state").write_bytes(content)
    refuses(tmp_path / "state", "not a zip file")


def test_an_array_alone_is_no_zip(tmp_path):
    np.save(tmp_path / "state.npy", np.ones(3))
    refuses(tmp_path / "state.npy", "not a zip file")


def test_each_cut_is_noticed(tmp_path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    save(whole, small())
    content = whole.read_bytes()
    assert 400 < len(content) < 1000
    for length in range(len(content)):
        cut.write_bytes(content[:length])
        refuses(cut, "cannot be loaded")


@pytest.mark.filterwarnings("ignore")  # a header that looks like one of Python 2
@pytest.mark.parametrize("first", [0, 1])
def test_a_damaged_byte_is_noticed_or_changes_nothing(first, saved, tmp_path):
    whole, damaged = saved.read_bytes(), tmp_path / "damaged"
    expected = tuple(map(bits, trained()))
    noticed = 0
    places = range(first, len(whole), 2)
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= (0x01, 0x10, 0x80, 0xFF)[place // 2 % 4]
        damaged.write_bytes(changed)
        model, optimizer = small(seed=7), Adam(0.01)
        before = bits(model), bits(optimizer)
        try:
            load(damaged, model, optimizer)
        except ValueError:
            noticed += 1
            assert (bits(model), bits(optimizer)) == before
        else:  # such as a date
            assert (bits(model), bits(optimizer)) == expected
    assert noticed > len(places) / 2


def test_a_part_overwritten_with_zeros_is_noticed(tmp_path):
    model = Sequential([Dense(100, 100, rng=0)])
    save(tmp_path / "state", model)
    content = bytearray((tmp_path / "state").read_bytes())
    content[40000:40512] = bytes(512)
    (tmp_path / "state").write_bytes(content)
    refuses(tmp_path / "state", "Bad CRC-32", Sequential([Dense(100, 100, rng=1)]))


class Bomb:
    def __reduce__(self):
        return os.mkdir, ("exploded",)


STATE = {"model.0.W.npy": np.ones((2, 1)), "model.0.b.npy": np.ones(1)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model.0.W.npy": None}, r"it holds no \['0.W'\] of the model"),
        ({"model.0.V.npy": np.ones(1)}, "'model.0.V.npy' has no place in model"),
        ({"extra": np.ones(1)}, "'extra' has no place in model"),
        ({"../../model.0.W.npy": np.ones((2, 1))}, "has no place in model"),
        ({"/etc/model.0.W.npy": np.ones((2, 1))}, "has no place in model"),
        ({"model/0.W.npy": np.ones((2, 1))}, "has no place in model"),
        ({"model.0.W": np.ones((2, 1))}, "'model.0.W' has no place in model"),
        ({"model.0.W.npy": np.ones((1, 2))}, r"must be float64 of shape \(2, 1\), got float64 of"),
        ({"model.0.W.npy": np.ones(2)}, r"of shape \(2, 1\), got float64 of shape \(2,\)"),
        ({"model.0.W.npy": np.ones((2, 1), np.float32)}, "must be float64 .* got float32 of"),
        ({"model.0.W.npy": np.ones((2, 1), int)}, "must be float64 .* got int64 of"),
        ({"model.0.W.npy": np.ones((2, 1), complex)}, "must be float64 .* got complex128 of"),
        ({"model.0.b.npy": np.array([Bomb()])}, "must be float64 .* got object of"),
        ({"Adam.steps.npy": np.array(3)}, "'Adam.steps.npy' has no place in model"),
    ],
)
def test_arrays_that_do_not_fit(change, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile("state", "w") as archive:
        for name, array in {**STATE, **change}.items():
            if array is not None:
                write(archive, name, array)
    refuses("state", message)
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_twice(tmp_path):
    with zipfile.ZipFile(tmp_path / "state", "w") as archive:
        for name in (*STATE, "model.0.b.npy"):
            write(archive, name, STATE[name])
    refuses(tmp_path / "state", "'model.0.b.npy' has no place in model")


def test_a_file_of_somebody_else(tmp_path):
    np.savez(tmp_path / "other.npz", np.ones(3), weights=np.ones(2))
    refuses(tmp_path / "other.npz", "has no place in model")


def with_member(path, content, name="model.0.b.npy", **kwargs):
    with zipfile.ZipFile(path, "w") as archive:
        write(archive, "model.0.W.npy", STATE["model.0.W.npy"])
        archive.writestr(zipfile.ZipInfo(name), content, **kwargs)


@contextmanager
def little_memory():
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()


def header(text, version=b"\x01\x00"):
    size = struct.pack("<H" if version == b"\x01\x00" else "<I", len(text))
    return b"\x93NUMPY" + version + size + text.encode("latin1")


FLOATS = "{'descr': '<f8', 'fortran_order': False, 'shape': %s}\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "EOF"),
        (b"\x93NUMPY", "EOF"),
        (b"no magic here", "magic string is not correct"),
        (header(FLOATS % "(1,)"), "EOF|read array data"),
        (header(FLOATS % "(1,)") + bytes(9), "must end with its numbers"),
        (header(FLOATS % "(1,)", b"\x02\x00") + bytes(8), r"must be .npy 1.0, got \(2, 0\)"),
        (header(FLOATS % "(1,)", b"\x09\x00") + bytes(8), "version|1.0"),
        (header(FLOATS % "(10**9,)"), "malformed node"),
        (header(FLOATS % "(1000000000000,)"), r"of shape \(1,\), got float64 of"),
        (header(FLOATS % "(-1,)") + bytes(8), r"of shape \(1,\), got float64 of"),
        (header(FLOATS % ("(" * 3000)), "EOF|[Hh]eader"),
        (header("{}"), "[Hh]eader"),
        (header("__import__('os').mkdir('exploded')"), "malformed node"),
        (header(FLOATS.replace("<f8", "|O") % "(1,)") + pickle.dumps(Bomb()), "got object"),
    ],
)
def test_an_array_whose_header_lies(content, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with_member("state", content)
    with little_memory():
        refuses("state", message)
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_a_header_longer_than_numpy_reads(tmp_path):
    with_member(tmp_path / "state", header((FLOATS % "(1,)").rstrip() + " " * 20000) + bytes(8))
    refuses(tmp_path / "state", "large and may not be safe")


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_bomb_is_not_unpacked(how, tmp_path):
    content = header(FLOATS % "(1,)") + bytes(10**7)
    with_member(tmp_path / "state", content, compress_type=how)
    with little_memory():
        refuses(tmp_path / "state", "'model.0.b.npy' must not be compressed")


def test_a_secret_is_not_asked_for(tmp_path):
    with_member(tmp_path / "state", header(FLOATS % "(1,)") + bytes(8))
    content = bytearray((tmp_path / "state").read_bytes())
    for start in (b"PK\x03\x04", b"PK\x01\x02"):
        content[content.rindex(start) + (6 if start[2] == 3 else 8)] |= 1
    (tmp_path / "state").write_bytes(content)
    refuses(tmp_path / "state", "password required")


# The optimiser's part -------------------------------------------------------------------------


def test_an_optimizer_is_saved_and_loaded_or_neither(saved, tmp_path):
    refuses(saved, r"'Adam\.\w+\.npy' has no place in model$")
    save(tmp_path / "alone", small())
    refuses(
        tmp_path / "alone",
        r"state\['steps'\] must be a whole number >= 0, got None",
        optimizer=Adam(0.01),
    )


@pytest.mark.parametrize("steps", [0, 2])
def test_an_optimizer_of_another_kind(steps, saved, tmp_path):
    if not steps:
        save(saved, small(), Adam(0.01))
    refuses(saved, r"'Adam\.\w+\.npy' has no place in model and SGD", optimizer=SGD(0.1))
    model, sgd = small(), SGD(0.1)
    if steps:
        sgd.step(model)
    save(saved, model, sgd)
    adam = trained()[1]
    refuses(saved, r"'SGD\.\w+\.npy' has no place in model and Adam", optimizer=adam)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": np.array(-1)}, "must be a whole number >= 0, got array(-1)"),
        ({"steps": np.array(np.nan)}, "must be int64 of shape (), got float64 of shape ()"),
        ({"steps": np.array(2.0)}, "must be int64 of shape (), got float64 of shape ()"),
        ({"steps": np.array([2])}, "must be int64 of shape (), got int64 of shape (1,)"),
        ({"steps": None}, "must be a whole number >= 0, got None"),
        ({"v": None}, "state must hold ['m', 'steps', 'v'], got ['m', 'steps']"),
        ({"m": None, "v": None}, "state must hold ['m', 'steps', 'v'], got ['steps']"),
        ({"velocity": np.ones(3)}, "state must hold ['m', 'steps', 'v'], got ['m', 'steps', 'v', "),
        ({"v": np.ones(4)}, "must be float64 of shape (3,), got float64 of shape (4,)"),
        ({"v": np.ones(3, np.float32)}, "must be float64 of shape (3,), got float32"),
    ],
)
@pytest.mark.parametrize("fresh", [True, False])
def test_a_memory_that_does_not_fit(fresh, change, message, tmp_path):
    model, optimizer = trained()
    state = {**optimizer.state_dict(), **change}
    with zipfile.ZipFile(tmp_path / "state", "w") as archive:
        for name, array in model.state_dict().items():
            write(archive, f"model.{name}.npy", array)
        for name, array in state.items():
            if array is not None:
                write(archive, f"Adam.{name}.npy", array)
    refuses(tmp_path / "state", re.escape(message), optimizer=Adam(0.01) if fresh else optimizer)


def test_a_model_that_does_not_fit_leaves_the_optimizer_too(saved):
    refuses(
        saved,
        r"it holds no \[\'2.W\', \'2.b\'\] of the model",
        Sequential([*small().layers, ReLU(), Dense(1, 1, rng=0)]),
        Adam(0.1),
    )
    refuses(saved, "must be float64", Sequential([Dense(3, 1, rng=0)]), Adam(0.1))
    narrow = Sequential([Dense(2, 1, rng=0, dtype=np.float32)])
    refuses(saved, r"must be float32 of shape \(2, 1\), got float64", narrow, Adam(0.1))


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({}, r"state\['steps'\] must be a whole number >= 0, got None"),
        ({"steps": np.array(-1)}, r"state\['steps'\] must be a whole number >= 0"),
        ({"steps": 1.5}, r"state\['steps'\] must be a whole number >= 0, got 1.5"),
        ({"steps": [1, 2]}, r"state\['steps'\] must be a whole number >= 0"),
        ({"steps": 1}, r"state must hold \['m', 'steps', 'v'\], got \['steps'\]"),
        ({"steps": 1, "velocity": np.ones(3)}, r"state must hold \['m', 'steps', 'v'\]"),
        ({"steps": 1, "m": np.ones(3), "v": np.ones(4)}, "state must hold arrays of one shape"),
    ],
)
def test_an_optimizer_refuses_the_state_of_another(state, message):
    optimizer = trained()[1]
    before = bits(optimizer)
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict(state)
    assert bits(optimizer) == before


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((Dense(2, 1, rng=0),), r"model must be a Sequential, got Dense\("),
        ((Adam(0.1), small()), r"model must be a Sequential, got Adam\("),
        ((small(), small()), r"optimizer must be an Optimizer, got Sequential\("),
        ((small(), Adam), "optimizer must be an Optimizer, got <class"),
    ],
)
def test_the_wrong_kind_of_thing_is_named(args, message, tmp_path):
    for function in (save, load):
        with pytest.raises(TypeError, match=message):
            function(tmp_path / "state", *args)
    assert not list(tmp_path.iterdir())


# Written whole --------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
@pytest.mark.parametrize("where", ["os.fsync", "os.replace", "numpy.lib.format.write_array"])
def test_a_save_that_fails_leaves_the_old_file_and_nothing_else(
    where, error, saved, tmp_path, monkeypatch
):
    before = saved.read_bytes()
    calls = []

    def fail(*args, **kwargs):
        calls.append(args)
        raise error("disk full")

    monkeypatch.setattr(where, fail)
    with pytest.raises(error, match="disk full"):
        save(saved, small(seed=1))
    assert calls
    assert saved.read_bytes() == before
    assert list(tmp_path.iterdir()) == [saved]
    with pytest.raises(error):
        save(tmp_path / "new", small(seed=1))
    assert list(tmp_path.iterdir()) == [saved]


def test_it_is_on_the_disk_before_it_takes_the_place(saved, monkeypatch):
    done = []
    for name in ("fsync", "replace"):
        original = getattr(os, name)

        def spy(*args, name=name, original=original):
            done.append(name)
            return original(*args)

        monkeypatch.setattr(os, name, spy)
    save(saved, small())
    assert done == ["fsync", "replace"]


def test_a_buffer_of_objects_is_not_saved(saved, tmp_path):
    before = saved.read_bytes()
    model = small()
    model.layers[0].buffers["thing"] = np.array([{}])
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        save(saved, model)
    assert saved.read_bytes() == before
    assert list(tmp_path.iterdir()) == [saved]


KILLED = """
import os, sys
import numpy.lib.format as npy
from nnreg.nn import Dense, Sequential, save

written, original = [], npy.write_array

def slowly(*args, **kwargs):
    original(*args, **kwargs)
    written.append(1)
    if len(written) == 2:
        args[0].flush()
        print("half way", flush=True)
        sys.stdin.read()

npy.write_array = slowly
save(sys.argv[1], Sequential([Dense(2, 1, rng=1), Dense(1, 1, rng=2)]))
"""


@pytest.mark.skipif(os.name != "posix", reason="kills by signal")
def test_a_killed_save_leaves_the_old_file(saved, root):
    before = saved.read_bytes()
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(saved)],
        env={**os.environ, "PYTHONPATH": str(root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout.readline() == "half way\n"
        child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    assert saved.read_bytes() == before
    model, optimizer = small(seed=1), Adam(0.01)
    load(saved, model, optimizer)
    assert bits(model) == bits(trained()[0])


@pytest.mark.skipif(os.name != "posix", reason="permissions and links of posix")
def test_rights_and_links_are_those_of_any_file(tmp_path):
    (tmp_path / "plain").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "state")
    save(tmp_path / "link", small())
    assert (tmp_path / "link").is_symlink()
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["state"]
    mode = (tmp_path / "plain").stat().st_mode
    assert (tmp_path / "folder" / "state").stat().st_mode == mode


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        save(tmp_path / "no" / "state", small())
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        save(tmp_path / "folder", small())
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
