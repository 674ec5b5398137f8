"""Data losses: by hand, by SciPy and scikit-learn, by finite differences, and far out."""

import re

import numpy as np
import pytest
from scipy.special import expit, log_softmax
from sklearn.metrics import log_loss, mean_squared_error

from nnreg import check_gradient
from nnreg.nn import BinaryCrossEntropy, MeanSquaredError, SoftmaxCrossEntropy

LOSSES = [SoftmaxCrossEntropy, BinaryCrossEntropy, MeanSquaredError]
each_loss = pytest.mark.parametrize("make", LOSSES)


def sample(make, n=7, k=3, dtype=np.float64, scale=2.0):
    """Return an output and targets that fit the loss."""
    rng = np.random.default_rng(23)
    z = (scale * rng.normal(size=(n, k))).astype(dtype)
    if make is SoftmaxCrossEntropy:
        return z, rng.integers(0, k, n)
    if make is BinaryCrossEntropy:
        return z, rng.integers(0, 2, (n, k))
    return z, rng.normal(size=(n, k))


# Values -------------------------------------------------------------------------------------


def test_by_hand():
    # Softmax of (0, ln 3) is (1/4, 3/4).
    loss = SoftmaxCrossEntropy()
    value = loss.forward([[0.0, np.log(3)], [0.0, np.log(3)]], [0, 1])
    assert value == pytest.approx((np.log(4) + np.log(4 / 3)) / 2, rel=1e-15)
    np.testing.assert_allclose(loss.backward(), [[-3 / 8, 3 / 8], [1 / 8, -1 / 8]], rtol=1e-15)
    assert loss.accuracy() == 0.5
    loss = BinaryCrossEntropy()
    assert loss.forward([[np.log(3)]], [[0]]) == pytest.approx(np.log(4), rel=1e-15)
    np.testing.assert_allclose(loss.backward(), [[0.75]], rtol=1e-15)
    loss = MeanSquaredError()
    assert loss.forward([[1.0, 2.0], [3.0, 4.0]], np.zeros((2, 2))) == 7.5
    np.testing.assert_array_equal(loss.backward(), [[0.5, 1.0], [1.5, 2.0]])
    assert loss.accuracy() is None


def test_against_scipy_and_scikit_learn():
    z, y = sample(SoftmaxCrossEntropy)
    expected = -log_softmax(z, axis=1)[np.arange(len(y)), y].mean()
    assert SoftmaxCrossEntropy().forward(z, y) == pytest.approx(expected, rel=1e-14)
    p = np.exp(log_softmax(z, axis=1))
    assert SoftmaxCrossEntropy().forward(z, y) == pytest.approx(log_loss(y, p), rel=1e-12)
    z, y = sample(BinaryCrossEntropy, k=1)
    expected = log_loss(y[:, 0], expit(z[:, 0]))
    assert BinaryCrossEntropy().forward(z, y) == pytest.approx(expected, rel=1e-12)
    z, y = sample(MeanSquaredError)
    assert MeanSquaredError().forward(z, y) == pytest.approx(mean_squared_error(y, z), rel=1e-14)


def test_two_classes_are_a_binary_question():
    z, y = sample(SoftmaxCrossEntropy, k=2)
    logit = (z[:, 1] - z[:, 0])[:, None]
    binary = BinaryCrossEntropy().forward(logit, y[:, None])
    assert SoftmaxCrossEntropy().forward(z, y) == pytest.approx(binary, rel=1e-14)


@each_loss
def test_a_loss_is_a_mean_over_the_batch(make):
    z, y = sample(make)
    loss = make()
    rows = [loss.forward(z[i : i + 1], y[i : i + 1]) for i in range(len(z))]
    assert loss.forward(z, y) == pytest.approx(np.mean(rows), rel=1e-14)
    twice = loss.forward(np.concatenate([z, z]), np.concatenate([y, y]))
    assert twice == pytest.approx(np.mean(rows), rel=1e-14)


def test_accuracy_counts_rows_or_entries():
    loss = SoftmaxCrossEntropy()
    loss.forward(np.eye(4), [0, 1, 2, 0])
    assert loss.accuracy() == 0.75
    loss = BinaryCrossEntropy()
    loss.forward([[1.0, -1.0], [1.0, 1.0]], [[1, 0], [0, 1]])
    assert loss.accuracy() == 0.75


# Gradients ----------------------------------------------------------------------------------


@each_loss
@pytest.mark.parametrize("n", [1, 7])
@pytest.mark.parametrize("k", [1, 2, 5])
def test_gradient(make, n, k):
    z, y = sample(make, n, k)
    loss = make()
    loss.forward(z, y)
    dz = loss.backward().copy()
    assert dz.shape == z.shape
    check_gradient(lambda z: make().forward(z, y), dz, z)


def test_losses_that_average_entries_take_any_shape():
    rng = np.random.default_rng(0)
    for make in (BinaryCrossEntropy, MeanSquaredError):
        for shape in ((), (4,), (2, 3, 4)):
            z, y = rng.normal(size=shape), rng.integers(0, 2, shape)
            loss = make()
            loss.forward(z, y)
            check_gradient(lambda z, y=y, make=make: make().forward(z, y), loss.backward(), z)


def test_soft_targets_between_zero_and_one():
    z, y = np.array([[0.3, -2.0]]), np.array([[0.9, 0.2]])
    loss = BinaryCrossEntropy()
    p = expit(z)
    expected = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    assert loss.forward(z, y) == pytest.approx(expected, rel=1e-14)
    check_gradient(lambda z: BinaryCrossEntropy().forward(z, y), loss.backward(), z)


# Far out, other kinds of arrays ---------------------------------------------------------------


def test_huge_logits_neither_overflow_nor_lose_the_loss():
    for dtype, huge in ((np.float32, 1e30), (np.float64, 1e300)):
        z = np.array([[huge, 0.0], [-huge, 0.0], [huge, huge]], dtype)
        loss = SoftmaxCrossEntropy()
        assert loss.forward(z[:1], [0]) == 0.0
        assert loss.forward(z[:1], [1]) == pytest.approx(huge, rel=1e-6)
        loss.forward(z, [0, 1, 1])
        np.testing.assert_allclose(loss.backward() * 3, [[0, 0], [0, 0], [0.5, -0.5]], atol=1e-7)
        loss = BinaryCrossEntropy()
        assert loss.forward(z[:2, :1], [[1], [0]]) == 0.0
        assert loss.forward(z[:1, :1], [[0]]) == pytest.approx(huge, rel=1e-6)
        np.testing.assert_array_equal(loss.backward(), [[1.0]])


def test_small_losses_keep_their_digits():
    value = SoftmaxCrossEntropy().forward([[40.0, 0.0]], [1])
    assert value == pytest.approx(40.0, rel=1e-15)
    assert BinaryCrossEntropy().forward([[40.0]], [[1]]) == pytest.approx(
        np.exp(-40), rel=1e-14, abs=0
    )


@each_loss
def test_non_finite_outputs_propagate(make):
    z, y = sample(make)
    z[0, 0] = np.nan
    assert np.isnan(make().forward(z, y))


@each_loss
def test_dtype_layout_and_inputs(make):
    z, y = sample(make)
    double = make().forward(z, y)
    for dtype, rtol in ((np.float16, 1e-2), (np.float32, 1e-6), (np.float64, 1e-14)):
        loss = make()
        assert loss.forward(z.astype(dtype), y) == pytest.approx(double, rel=rtol)
        assert loss.backward().dtype == dtype
    before = z.copy(), y.copy()
    z.flags.writeable = y.flags.writeable = False
    for view in (np.asfortranarray(z), np.repeat(z, 2, axis=1)[:, ::2], z.tolist()):
        loss = make()
        assert loss.forward(view, y.tolist()) == pytest.approx(double, rel=1e-14)
        loss.backward()[...] = 0  # its own array
    np.testing.assert_array_equal(z, before[0])
    np.testing.assert_array_equal(y, before[1])


@each_loss
def test_backward_can_be_asked_twice(make):
    loss = make()
    loss.forward(*sample(make))
    np.testing.assert_array_equal(loss.backward().copy(), loss.backward())


# Bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "z", "y", "error", "message"),
    [
        (SoftmaxCrossEntropy, [0.0, 1.0], [0], ValueError, "z must have shape (n, k)"),
        (SoftmaxCrossEntropy, np.ones((0, 3)), [], ValueError, "n, k >= 1, got (0, 3)"),
        (SoftmaxCrossEntropy, np.ones((3, 0)), [0] * 3, ValueError, "n, k >= 1, got (3, 0)"),
        (SoftmaxCrossEntropy, "abc", [0], TypeError, "z must hold real numbers"),
        (SoftmaxCrossEntropy, np.eye(2), [0], ValueError, "y must have shape (2,), one label"),
        (SoftmaxCrossEntropy, np.eye(2), np.eye(2, dtype=int), ValueError, "got (2, 2)"),
        (
            SoftmaxCrossEntropy,
            np.eye(2),
            [0.0, 1.0],
            TypeError,
            "integer labels, got dtype float64",
        ),
        (
            SoftmaxCrossEntropy,
            np.eye(2),
            [True, False],
            TypeError,
            "integer labels, got dtype bool",
        ),
        (SoftmaxCrossEntropy, np.eye(2), ["0", "1"], TypeError, "integer labels, got dtype <U1"),
        (SoftmaxCrossEntropy, np.eye(2), [0, 2], ValueError, "labels from 0 to 1, got 0 to 2"),
        (SoftmaxCrossEntropy, np.eye(2), [-1, 0], ValueError, "labels from 0 to 1, got -1 to 0"),
        (BinaryCrossEntropy, np.eye(2), [0, 1], ValueError, "got (2, 2), (2,)"),
        (BinaryCrossEntropy, [[0.5]], [[2]], ValueError, "y must be in [0, 1], got 2.0 to 2.0"),
        (BinaryCrossEntropy, [[0.5]], [[-0.1]], ValueError, "y must be in [0, 1], got -0.1"),
        (BinaryCrossEntropy, [], [], ValueError, "one shape that is not empty, got (0,), (0,)"),
        (BinaryCrossEntropy, [[0.5]], [["1"]], TypeError, "y must hold real numbers"),
        (MeanSquaredError, np.ones((3, 1)), np.ones(3), ValueError, "got (3, 1), (3,)"),
        (MeanSquaredError, np.ones((3, 1)), np.ones((1, 3)), ValueError, "got (3, 1), (1, 3)"),
        (MeanSquaredError, [], [], ValueError, "not empty"),
        (MeanSquaredError, [1j], [0.0], TypeError, "z must hold real numbers"),
        (MeanSquaredError, [1.0], [None], TypeError, "y must hold real numbers"),
    ],
)
def test_bad_input_is_named(make, z, y, error, message):
    with pytest.raises(error, match=re.escape(message)):
        make().forward(z, y)


# Label smoothing ----------------------------------------------------------------------------


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5, 1.0])
def test_smoothing_is_cross_entropy_against_a_softer_target(smoothing):
    rng = np.random.default_rng(8)
    z, y = rng.standard_normal((6, 4)), rng.integers(0, 4, 6)
    target = (1 - smoothing) * np.eye(4)[y] + smoothing / 4
    log_q = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    loss = SoftmaxCrossEntropy(smoothing)
    assert loss.forward(z, y) == pytest.approx(-np.mean(np.sum(target * log_q, axis=1)))
    np.testing.assert_allclose(loss.backward(), (np.exp(log_q) - target) / 6, atol=1e-15)
    check_gradient(lambda z: loss.forward(z, y), loss.backward(), z)


def test_smoothing_changes_no_accuracy_and_is_printed():
    z, y = np.random.default_rng(8).standard_normal((9, 4)), np.arange(9) % 4
    plain, smooth = SoftmaxCrossEntropy(), SoftmaxCrossEntropy(label_smoothing=0.1)
    plain.forward(z, y)
    smooth.forward(z, y)
    assert plain.accuracy() == smooth.accuracy()
    assert repr(smooth) == "SoftmaxCrossEntropy(label_smoothing=0.1)"
    assert repr(plain) == "SoftmaxCrossEntropy()"
    assert plain != smooth


@pytest.mark.parametrize("scale", [1.0, 30.0, 1e3, 1e30])
def test_a_smoothed_loss_stays_right_for_large_logits(scale):
    z = scale * np.array([[1.0, -1.0, 0.5]])
    loss = SoftmaxCrossEntropy(0.3)
    log_q = z - z.max()
    log_q -= np.log(np.exp(log_q).sum())
    expected = -(0.7 * log_q[0, 1] + 0.1 * log_q.sum())
    assert loss.forward(z, [1]) == pytest.approx(expected, rel=1e-12)
    assert np.isfinite(loss.backward()).all()


@pytest.mark.parametrize("smoothing", [-0.1, 1.1, np.nan, "0.1"])
def test_bad_smoothing_is_refused(smoothing):
    with pytest.raises((ValueError, TypeError), match="label_smoothing must be"):
        SoftmaxCrossEntropy(smoothing)


@pytest.mark.parametrize("smoothing", [0.1, 0.7])
def test_smoothing_agrees_with_pytorch(smoothing):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(4)
    z, y = rng.standard_normal((8, 5)), rng.integers(0, 5, 8)
    theirs = torch.tensor(z, requires_grad=True)
    loss = torch.nn.CrossEntropyLoss(label_smoothing=smoothing)(theirs, torch.tensor(y))
    loss.backward()
    ours = SoftmaxCrossEntropy(smoothing)
    assert ours.forward(z, y) == pytest.approx(loss.item(), rel=1e-14)
    np.testing.assert_allclose(ours.backward(), theirs.grad.numpy(), atol=1e-15)


@pytest.mark.parametrize("label", [0, 1])
def test_smoothing_with_a_masked_class_costs_infinitely_much_and_keeps_its_gradient(label):
    loss = SoftmaxCrossEntropy(label_smoothing=0.1)
    assert loss.forward([[0.0, -np.inf, 1.0]], [label]) == np.inf
    q = np.array([1, 0, np.e]) / (1 + np.e)
    target = 0.9 * np.eye(3)[label] + 0.1 / 3
    np.testing.assert_allclose(loss.backward(), [q - target], rtol=1e-12)
