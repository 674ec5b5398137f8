"""Data: nnfs' own spiral bit for bit, no global state, label noise that is what it says."""

# ruff: noqa: NPY002  (NumPy's global state is what some of these tests watch)

import re
import subprocess
import sys

import numpy as np
import pytest

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
    for n_per_class, n_classes in ((100, 3), (7, 2), (1, 1)):
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
        ("nnfs", "spiral", "(5, 2, 0)", "nnfs"),
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


def test_flip_labels_leaves_its_input_alone():
    for dtype in (np.int8, np.uint64, np.int64):
        y = (np.arange(30) % 3).astype(dtype)
        y.flags.writeable = False
        noisy, _ = data.flip_labels(y, 0.5, rng=0)
        np.testing.assert_array_equal(y, np.arange(30) % 3)
        assert not np.shares_memory(noisy, y)


def test_flip_labels_can_reach_classes_that_do_not_occur():
    noisy, _ = data.flip_labels(np.zeros(200, int), 1.0, rng=0, n_classes=4)
    np.testing.assert_array_equal(np.unique(noisy), [1, 2, 3])


# The split ----------------------------------------------------------------------------------


@pytest.mark.parametrize("stratify", [False, True])
@pytest.mark.parametrize("validation", [0.2, 0.5, 0.75])
def test_a_split_is_a_partition_that_keeps_rows_together(stratify, validation):
    X, y = np.arange(200.0).reshape(100, 2), np.arange(100) % 4
    X_train, y_train, X_val, y_val = data.split(X, y, validation, rng=3, stratify=stratify)
    rounding = 2 if stratify else 0  # half a row in each of four groups
    assert abs(len(X_val) - 100 * validation) <= rounding
    assert len(X_val) == len(y_val)
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
        (lambda: data.flip_labels([0.0, 1.0], 0.5, 0), ValueError, "y must hold labels >= 0"),
        (lambda: data.flip_labels([], 0.5, 0), ValueError, "y must hold labels >= 0"),
        (lambda: data.flip_labels([[0], [1]], 0.5, 0), ValueError, "in one dimension"),
        (lambda: data.flip_labels([0, 5], 0.5, 0, 3), ValueError, "below n_classes = 3, got 5"),
        (lambda: data.flip_labels([0, 0], 0.5, 0), ValueError, "n_classes must be >= 2, got 1"),
        (lambda: data.split(np.eye(4), [1, 2], rng=0), ValueError, "got (4, 4), (2,)"),
        (lambda: data.split(np.eye(1), [1], rng=0), ValueError, "at least 2, got (1, 1), (1,)"),
        (lambda: data.split(3.0, 4.0, rng=0), ValueError, "X and y must hold the same rows"),
        (lambda: data.split("ab", [1, 2], rng=0), TypeError, "X must hold real numbers"),
        (lambda: data.split(np.eye(4), range(4), 0.0, rng=0), ValueError, "at least one row"),
        (lambda: data.split(np.eye(4), range(4), 1.0, rng=0), ValueError, "at least one row"),
        (lambda: data.split(np.eye(4), range(4), 1.5, rng=0), ValueError, "in [0, 1], got 1.5"),
        (lambda: data.split(np.eye(4), range(4), rng=None), TypeError, "rng must be"),
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
