"""Data: nnfs' spiral bit for bit, no global state, label noise and splits that keep their word."""

# ruff: noqa: NPY002  (NumPy's global state is what some of these tests watch)

import re
import subprocess
import sys

import numpy as np
import pytest
from nnfs.datasets import spiral_data

from nnreg import data

LOADERS = {
    "spiral": lambda: data.spiral(20, 3, rng=5),
    "diabetes": data.diabetes,
    "digits": data.digits,
    "flip_labels": lambda: data.flip_labels(np.arange(60) % 3, 0.3, rng=5),
    "split": lambda: data.split(np.eye(12), np.arange(12) % 3, 0.25, rng=5, stratify=True),
}
each_loader = pytest.mark.parametrize("load", LOADERS.values(), ids=LOADERS)


# The spiral ---------------------------------------------------------------------------------

REPLAY = """
import numpy as np, nnfs, nnfs.datasets
from nnreg.data import spiral
for dtype in (np.float64, np.float32):
    if dtype is np.float32:
        nnfs.init(random_seed=0)  # in a process of its own: it patches NumPy
    for n_per_class, n_classes in ((100, 3), (7, 2), (1, 1), (50, 30)):
        np.random.seed(0)
        legacy = np.random.RandomState(0)
        for _ in range(2):  # the second spiral goes on in the stream
            X, y = nnfs.datasets.spiral_data(n_per_class, n_classes)
            ours, labels = spiral(n_per_class, n_classes, legacy, dtype)
            assert X.dtype == ours.dtype == dtype, (X.dtype, ours.dtype)
            assert np.array_equal(X, ours) and np.array_equal(y, labels)
print("equal")
"""


def test_the_published_stream_is_replayed_bit_for_bit(root):
    done = subprocess.run(
        [sys.executable, "-c", REPLAY], capture_output=True, text=True, cwd=root, check=False
    )
    assert done.stdout.strip() == "equal", done.stderr


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(100, 3), (7, 2), (1, 1), (50, 30)])
def test_the_same_dice_give_nnfs_the_same_spiral(shape, dtype, monkeypatch):
    # nnfs draws from np.random.randn, and nnfs.init() would round that to float32 and have
    # np.zeros make float32.
    rng = np.random.default_rng(8)
    monkeypatch.setattr(np.random, "randn", lambda n: rng.standard_normal(n).astype(dtype))
    X, y = spiral_data(*shape)
    ours, labels = data.spiral(*shape, rng=8, dtype=dtype)
    assert ours.dtype == dtype
    np.testing.assert_array_equal(ours, X.astype(dtype))
    np.testing.assert_array_equal(labels, y)


def test_the_spiral_needs_no_other_package(root):
    code = "import sys; sys.modules['nnfs'] = sys.modules['sklearn'] = None\n"
    code += "from nnreg.data import spiral; print(spiral(2, 2, 0)[1])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=False
    )
    assert done.stdout.strip() == "[0 0 1 1]", done.stderr


def test_spiral_has_its_shape():
    X, y = data.spiral(50, 4, rng=0)
    assert (X.shape, X.dtype, y.dtype) == ((200, 2), np.float64, np.int64)
    np.testing.assert_array_equal(np.bincount(y), [50] * 4)
    radius = np.hypot(*X.T).reshape(4, 50)
    np.testing.assert_allclose(radius, np.broadcast_to(np.linspace(0, 1, 50), (4, 50)), atol=1e-12)
    # Along an arm the angle grows by 4 * 2.5 radians in all; the noise has deviation 0.2 * 2.5.
    angle = np.arctan2(X[:, 0], X[:, 1])
    ideal = 2.5 * np.linspace(np.arange(4) * 4, np.arange(1, 5) * 4, 50).T.ravel()
    off = np.angle(np.exp(1j * (angle - ideal)))[radius.ravel() > 0]
    assert 0.4 < off.std() < 0.6


def test_spiral_dtypes_and_many_classes():
    assert data.spiral(5, 2, rng=0, dtype=np.float32)[0].dtype == np.float32
    _, y = data.spiral(2, 300, rng=0)
    np.testing.assert_array_equal(y, np.repeat(np.arange(300), 2))


def test_a_generator_goes_on_where_an_int_starts_anew():
    rng = np.random.default_rng(5)
    first, second = data.spiral(20, 3, rng)[0], data.spiral(20, 3, rng)[0]
    np.testing.assert_array_equal(first, data.spiral(20, 3, 5)[0])
    assert not np.array_equal(first, second)


# Global state, reproducibility, copies ------------------------------------------------------


@each_loader
def test_numpys_global_state_is_neither_read_nor_moved(load):
    saved = np.random.get_state()
    try:
        results = []
        for seed in (1, 2):
            np.random.seed(seed)
            before = np.random.get_state()
            results.append(load())
            after = np.random.get_state()
            np.testing.assert_array_equal(before[1], after[1])
            assert before[2:] == after[2:]
    finally:
        np.random.set_state(saved)
    for one, other in zip(*results, strict=True):
        np.testing.assert_array_equal(one, other)


@each_loader
def test_results_can_be_written_without_spoiling_the_next(load):
    first = load()
    for array in first:
        if isinstance(array, np.ndarray):
            array[...] = 1
    assert any(not np.array_equal(one, other) for one, other in zip(first, load(), strict=True))


# The real sets ------------------------------------------------------------------------------


def test_diabetes_is_what_the_docstring_says():
    X, y, names = data.diabetes()
    assert (X.shape, y.shape, len(names)) == ((442, 10), (442,), 10)
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.sum(X**2, axis=0), 1, rtol=1e-5)
    assert (y.min(), y.max()) == (25, 346)


def test_digits_are_what_the_docstring_says():
    X, y = data.digits()
    assert (X.shape, X.dtype, y.dtype) == ((1797, 64), np.float64, np.int64)
    assert (X.min(), X.max()) == (0, 1)
    np.testing.assert_array_equal(np.unique(y), np.arange(10))


MISSING = """
import sys
sys.modules[sys.argv[1]] = None
from nnreg import data
try:
    getattr(data, sys.argv[2])(*eval(sys.argv[3]))
except ImportError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("module", "name", "arguments", "package"),
    [
        ("sklearn", "diabetes", "()", "scikit-learn"),
        ("sklearn", "digits", "()", "scikit-learn"),
    ],
)
def test_a_missing_package_is_named_as_one_installs_it(module, name, arguments, package, root):
    done = subprocess.run(
        [sys.executable, "-c", MISSING, module, name, arguments],
        capture_output=True,
        text=True,
        cwd=root,
        check=True,
    )
    assert f"install {package}" in done.stdout


# Label noise --------------------------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [2, 3, 10])
@pytest.mark.parametrize("fraction", [0.0, 0.1, 0.25, 1.0])
def test_flipped_rows_are_counted_exactly_and_never_keep_their_label(n_classes, fraction):
    y = np.arange(120) % n_classes
    noisy, flipped = data.flip_labels(y, fraction, rng=1)
    assert flipped.sum() == round(fraction * 120)
    np.testing.assert_array_equal(noisy != y, flipped)
    assert (noisy.dtype, flipped.dtype) == (np.int64, np.bool_)
    assert noisy.min() >= 0
    assert noisy.max() < n_classes


def test_every_wrong_label_is_as_likely_as_the_others():
    y = np.repeat(np.arange(4), 15_000)
    noisy, _ = data.flip_labels(y, 1.0, rng=1)
    table = np.histogram2d(y, noisy, bins=[np.arange(5) - 0.5] * 2)[0]
    expected = 5000 * (1 - np.eye(4))
    assert np.max(np.abs(table - expected)) < 5 * np.sqrt(5000)


@pytest.mark.parametrize("dtype", ["i1", "u1", "<i2", ">i2", "<u4", ">u4", "<i8", ">i8", "u8"])
def test_labels_of_every_integer_kind_are_flipped_alike_and_left_alone(dtype):
    plain, rows = data.flip_labels(np.arange(300) % 120, 0.5, rng=0)
    y = (np.arange(300) % 120).astype(dtype)
    y.flags.writeable = False
    noisy, flipped = data.flip_labels(y, 0.5, rng=0)
    np.testing.assert_array_equal(noisy, plain)
    np.testing.assert_array_equal(flipped, rows)
    assert noisy.dtype == np.dtype(np.int64)
    np.testing.assert_array_equal(y, np.arange(300) % 120)
    assert not np.shares_memory(noisy, y)


def test_a_narrow_label_dtype_holds_back_no_class():
    # 200 + 90 does not fit into the 8 bits of the labels.
    noisy, _ = data.flip_labels(np.full(500, 200, np.uint8), 1.0, rng=0, n_classes=300)
    assert noisy.max() > 255
    assert noisy.min() < 45


def test_flip_labels_can_reach_classes_that_do_not_occur():
    noisy, _ = data.flip_labels(np.zeros(200, int), 1.0, rng=0, n_classes=4)
    np.testing.assert_array_equal(np.unique(noisy), [1, 2, 3])


# The split ----------------------------------------------------------------------------------


@pytest.mark.parametrize("stratify", [False, True])
@pytest.mark.parametrize("validation", [0.2, 0.5, 0.75])
def test_a_split_is_a_partition_that_keeps_rows_together(stratify, validation):
    X, y = np.arange(200.0).reshape(100, 2), np.arange(100) % 4
    X_train, y_train, X_val, y_val = data.split(X, y, validation, rng=3, stratify=stratify)
    assert len(X_val) == len(y_val) == 100 * validation
    rows = np.concatenate([X_train, X_val])[:, 0] / 2
    np.testing.assert_array_equal(np.sort(rows), np.arange(100))
    assert not np.array_equal(rows, np.arange(100))  # shuffled
    np.testing.assert_array_equal(np.concatenate([y_train, y_val]), rows.astype(int) % 4)


def test_a_stratified_split_keeps_each_labels_share():
    y = np.repeat(["rare", "common"], [20, 180])
    for seed in range(5):
        _, y_train, _, y_val = data.split(np.zeros((200, 1)), y, 0.25, rng=seed, stratify=True)
        assert (np.sum(y_train == "rare"), np.sum(y_val == "rare")) == (15, 5)
    shares = {
        np.sum(data.split(np.zeros((200, 1)), y, 0.25, rng=seed)[3] == "rare") for seed in range(9)
    }
    assert len(shares) > 1  # without it, the share is luck


@pytest.mark.parametrize(
    ("counts", "validation", "size"),
    [
        ([3] * 100, 0.4, 120),  # 1.2 rows of each
        ([2] * 20, 0.2, 8),  # 0.4
        ([1] * 7, 0.5, 4),
        ([5] * 6, 0.5, 15),  # every class in two minds
        ([1, 2, 3, 500], 0.1, 51),
        ([997, 1, 1, 1], 0.999, 999),
        ([2, 2], 0.25, 1),
    ],
)
def test_a_stratified_split_has_the_size_and_every_class_its_share(counts, validation, size):
    y = np.repeat(np.arange(len(counts)), counts)
    for seed in range(20):
        _, y_train, rows, y_val = data.split(
            np.arange(len(y)), y, validation, rng=seed, stratify=True
        )
        assert (len(y_val), len(y_train)) == (size, len(y) - size)
        got = np.bincount(y_val, minlength=len(counts))
        assert np.abs(got - validation * np.array(counts)).max() < 1
        np.testing.assert_array_equal(y[rows.astype(int)], y_val)


def test_classes_with_the_same_remainder_take_turns():
    y = np.repeat(np.arange(10), 3)
    held = [data.split(np.eye(30), y, 0.4, rng=seed, stratify=True)[3] for seed in range(400)]
    seconds = np.sum([np.bincount(labels) == 2 for labels in held], axis=0)
    assert seconds.sum() == 400 * 2  # ten times 1.2 rows are 12
    # Each of the ten classes has 400 / 5 turns, with a deviation of 8.
    assert np.abs(seconds - 80).max() < 4 * 8


def test_the_labels_of_a_stratified_split_may_be_of_any_kind():
    def held_out(y):
        return data.split(np.arange(60), y, 0.25, rng=1, stratify=True)[2:]

    plain = np.arange(60) % 3
    words = np.array(["a", "b", "c"])[plain]
    for y in (plain.astype(np.uint8), plain.astype(">i4"), plain / 2, plain == 2, words):
        rows, labels = held_out(y)
        np.testing.assert_array_equal(labels, y[rows.astype(int)])
        assert labels.dtype == y.dtype
        if y.dtype != bool:
            np.testing.assert_array_equal(rows, held_out(plain)[0])


def test_a_split_does_not_move_once_it_is_published():
    # The chapters print numbers that depend on these rows.
    rows = np.arange(12)
    np.testing.assert_array_equal(data.split(rows, rows, 0.25, rng=7)[3], [4, 10, 6])
    kinds = rows % 3
    held_out = data.split(rows, kinds, 0.5, rng=7, stratify=True)[2]
    np.testing.assert_array_equal(held_out, [11, 2, 10, 6, 0, 4])


def test_a_split_hands_out_copies():
    X, y = np.eye(8), np.arange(8)
    for part in data.split(X, y, rng=0):
        assert not np.shares_memory(part, X)
        assert not np.shares_memory(part, y)
    assert data.split(X.astype(np.float32), y, rng=0)[0].dtype == np.float32


# Bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: data.spiral(0, 3, 0), ValueError, "n_per_class must be >= 1, got 0"),
        (lambda: data.spiral(5, -1, 0), ValueError, "n_classes must be >= 1, got -1"),
        (lambda: data.spiral(5.0, 3, 0), TypeError, "n_per_class must be a whole number, got 5.0"),
        (lambda: data.spiral(True, 3, 0), TypeError, "n_per_class must be a whole number"),
        (lambda: data.spiral(5, "3", 0), TypeError, "n_classes must be a whole number, got '3'"),
        (lambda: data.spiral(5, 3, None), TypeError, "rng must be a numpy.random.Generator"),
        (lambda: data.spiral(5, 3, -1), TypeError, "a seed >= 0, got -1"),
        (lambda: data.spiral(5, 3, True), TypeError, "rng must be a numpy.random.Generator"),
        (lambda: data.spiral(5, 3, np.random), TypeError, "rng must be a numpy.random.Generator"),
        (lambda: data.spiral(5, 3, 0, int), TypeError, "dtype must be a floating-point type"),
        (lambda: data.spiral(5, 3, 0, complex), TypeError, "dtype must be a floating-point type"),
        (
            lambda: data.flip_labels([0, 1], 1.2, 0),
            ValueError,
            "fraction must be in [0, 1], got 1.2",
        ),
        (lambda: data.flip_labels([0, 1], -0.1, 0), ValueError, "fraction must be in [0, 1]"),
        (lambda: data.flip_labels([0, 1], "1", 0), TypeError, "fraction must be a real number"),
        (lambda: data.flip_labels([0, 1], 0.5, None), TypeError, "rng must be"),
        (lambda: data.flip_labels([0, -1], 0.5, 0), ValueError, "y must hold labels >= 0"),
        (lambda: data.flip_labels([0.0, 1.0], 0.5, 0), TypeError, "y must hold integer labels"),
        (lambda: data.flip_labels([True, False], 0.5, 0), TypeError, "y must hold integer labels"),
        (lambda: data.flip_labels(np.array([], int), 0.5, 0), ValueError, "at least one label"),
        (lambda: data.flip_labels([[0], [1]], 0.5, 0), ValueError, "one label a row, got (2, 1)"),
        (lambda: data.flip_labels([0, 5], 0.5, 0, 3), ValueError, "from 0 to 2, got 0 to 5"),
        (lambda: data.flip_labels([0, 1], 0.5, 0, 2.0), TypeError, "n_classes must be a whole"),
        (lambda: data.flip_labels([0, 0], 0.5, 0), ValueError, "n_classes must be >= 2, got 1"),
        (lambda: data.split(np.eye(4), [1, 2], rng=0), ValueError, "got (4, 4), (2,)"),
        (lambda: data.split(np.eye(1), [1], rng=0), ValueError, "at least 2, got (1, 1), (1,)"),
        (lambda: data.split(3.0, 4.0, rng=0), ValueError, "X and y must hold the same rows"),
        (lambda: data.split("ab", [1, 2], rng=0), TypeError, "X must hold real numbers"),
        (lambda: data.split(np.eye(4), range(4), 0.0, rng=0), ValueError, "at least one row"),
        (lambda: data.split(np.eye(4), range(4), 1.0, rng=0), ValueError, "at least one row"),
        (lambda: data.split(np.eye(4), range(4), 1.5, rng=0), ValueError, "in [0, 1], got 1.5"),
        (lambda: data.split(np.eye(4), range(4), 0.1, rng=0), ValueError, "got 0.1 of 4 rows"),
        (lambda: data.split(np.eye(4), range(4), rng=None), TypeError, "rng must be"),
        (
            lambda: data.split(np.eye(2), np.ma.masked_array([0, 1], [0, 1]), rng=0),
            TypeError,
            "y must not be a masked array",
        ),
        (
            lambda: data.split(np.ma.masked_array([0, 1], [0, 1]), [0, 1], rng=0),
            TypeError,
            "X must not be a masked array",
        ),
        (
            lambda: data.split(np.eye(4), np.eye(4), rng=0, stratify=True),
            ValueError,
            "one label a row to be stratified, got shape (4, 4)",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
