"""Far out: sigmoid, tanh and both cross-entropies keep their digits, values and gradients.

Everything is compared with the same formula in long double, over all logits whose exact result
the dtype can hold, masked classes included.
"""

import numpy as np
import pytest

from nnreg.nn import BinaryCrossEntropy, Sigmoid, SoftmaxCrossEntropy, Tanh

LONG = np.longdouble
FEW = 8  # eps
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])

pytestmark = pytest.mark.skipif(
    np.finfo(LONG).nmant < 60, reason="long double is no wider than float64 here"
)


def logits(dtype):
    """Numbers of every size, both signs, out to where exp underflows."""
    far = 88 if dtype == np.float32 else 708
    sizes = np.concatenate([np.logspace(-30, 0, 200), np.linspace(0, far, 2000)])
    return np.concatenate([-sizes, sizes]).astype(dtype)


def assert_close(found, exact, dtype, eps=FEW):
    """A few units of relative error, wherever the exact result is a normal number."""
    found, exact, info = LONG(found), LONG(exact), np.finfo(dtype)
    normal = np.abs(exact) > 4 * LONG(info.tiny)
    assert normal.mean() > 0.9
    error = np.abs(found - exact)[normal] / np.abs(exact[normal])
    assert float(error.max()) < eps * float(info.eps)
    assert (np.abs(found[~normal]) <= 8 * LONG(info.tiny)).all()


def tail(z):
    """The sigmoid's smaller side."""
    return 1 / (1 + np.exp(np.abs(LONG(z))))


@each_dtype
def test_the_sigmoid_and_its_slope(dtype):
    x, layer = logits(dtype), Sigmoid()
    exact = np.where(x < 0, tail(x), 1 / (1 + np.exp(-np.abs(LONG(x)))))
    assert_close(layer.forward(x), exact, dtype)
    t = np.exp(-np.abs(LONG(x)))
    assert_close(layer.backward(np.ones_like(x)), t / (1 + t) ** 2, dtype)


@each_dtype
def test_tanh_and_its_slope(dtype):
    x, layer = logits(dtype), Tanh()
    x = x[np.abs(x) < 350]
    assert_close(layer.forward(x), np.tanh(LONG(x)), dtype)
    near = x[np.abs(x) < (43 if dtype == np.float32 else 350)]
    layer.forward(near)
    exact = 1 / np.cosh(LONG(near)) ** 2
    assert_close(layer.backward(np.ones_like(near)), exact, dtype)


@each_dtype
@pytest.mark.parametrize("y", [0.0, 1.0, 0.5])
def test_binary_cross_entropy_and_its_gradient(dtype, y):
    loss, z = BinaryCrossEntropy(), logits(dtype)
    far = np.where(z > 0, (1 - LONG(y)) * LONG(z), -LONG(y) * LONG(z))
    exact = far + np.log1p(np.exp(-np.abs(LONG(z))))
    found = [loss.forward([[logit]], [[dtype(y)]]) for logit in z]
    assert_close(found, exact, dtype)
    found = []
    for logit in z:
        loss.forward(logit[None], np.array([y], dtype))
        found.append(loss.backward()[0])
    if y == 0.5:
        exact = np.tanh(LONG(z) / 2) / 2
    else:
        exact = np.where((z > 0) == (y == 1), tail(z), 1 - tail(z)) * (1 - 2 * y)
    assert_close(found, exact, dtype)


def softmax_exactly(z, y):
    """Loss and gradient of one row, in long double, without a cancellation."""
    z = LONG(z)
    e = np.exp(z - z.max())
    own, e[y] = e[y], 0
    others, shifted = e.sum(), z[y] - z.max()
    loss = np.log1p(others) if shifted == 0 else np.log(own + others) - shifted
    gradient = e / (own + others)
    gradient[y] = -others / (own + others)
    return loss, gradient


@each_dtype
@pytest.mark.parametrize("masked", [False, True])
def test_softmax_cross_entropy_and_its_gradient(dtype, masked):
    rng, loss = np.random.default_rng(0), SoftmaxCrossEntropy()
    found, exact = [], []
    for _ in range(3000):
        k = rng.integers(2, 7)
        z = (rng.normal(size=k) * 10.0 ** rng.uniform(-6, 1.4)).astype(dtype)
        y = rng.integers(k)
        if masked:
            z[(y + 1) % k] = -np.inf
            z[y] += dtype(k == 2)
        value, gradient = softmax_exactly(z, y)
        if masked and k == 2:  # nothing else is left: sure, and at no cost
            assert loss.forward(z[None], [y]) == 0
            assert not loss.backward().any()
            continue
        found += [loss.forward(z[None], [y]), *loss.backward()[0]]
        exact += [value, *gradient]
    zero = np.array(exact) == 0
    assert not np.array(found)[zero].any()
    assert zero.any() == masked
    assert_close(np.array(found)[~zero], np.array(exact)[~zero], dtype)


def test_a_mask_on_the_label_costs_everything_and_is_counted_wrong():
    loss = SoftmaxCrossEntropy()
    assert loss.forward([[-np.inf, 0.0]], [0]) == np.inf
    assert loss.accuracy() == 0.0
    np.testing.assert_array_equal(loss.backward(), [[-1.0, 1.0]])
    assert loss.forward([[-np.inf, 0.0]], [1]) == 0.0
    assert loss.accuracy() == 1.0


def test_sure_and_right_costs_nothing_sure_and_wrong_everything():
    loss, z = BinaryCrossEntropy(), [[np.inf, -np.inf]]
    assert loss.forward(z, [[1, 0]]) == 0.0
    np.testing.assert_array_equal(loss.backward(), [[0.0, 0.0]])
    assert loss.forward(z, [[0, 1]]) == np.inf
    np.testing.assert_array_equal(loss.backward(), [[0.5, -0.5]])


@pytest.mark.parametrize("bad", [[np.nan, 0.0], [np.nan, np.nan], [0.0, np.nan], [-np.inf] * 2])
@pytest.mark.parametrize("label", [0, 1])
def test_a_row_that_is_no_number_is_no_right_answer(bad, label):
    loss = SoftmaxCrossEntropy()
    good = [[3.0, 0.0], bad]
    assert np.isnan(loss.forward(good, [0, label]))
    assert loss.accuracy() == 0.5
    assert np.isnan(loss.backward()[1]).all()


@pytest.mark.parametrize("y", [0, 1])
def test_an_entry_that_is_no_number_is_no_right_answer(y):
    loss = BinaryCrossEntropy()
    assert np.isnan(loss.forward([[np.nan], [4.0]], [[y], [1]]))
    assert loss.accuracy() == 0.5


def test_of_several_largest_logits_the_first_one_counts():
    loss = SoftmaxCrossEntropy()
    for z, right in (([0, 0, 0], [1, 0, 0]), ([0, 2, 2], [0, 1, 0]), ([2, 2, 5], [0, 0, 1])):
        loss_of = [loss.forward([z], [label]) and loss.accuracy() for label in range(3)]
        assert loss_of == right
    nearly = [[1.0, 1.0 + 1e-16 * 3]]
    loss.forward(nearly, [0])
    assert loss.accuracy() == 0.0
