"""The contractive penalty: by the definition, by differences, and far out."""

import numpy as np
import pytest

from nnreg import check_gradient, nn
from nnreg.contractive import contractive_penalty

LAYERS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}
each = pytest.mark.parametrize("activation", LAYERS)


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def draw(rng, n=5, d=3, k=4):
    return rng.standard_normal((d, k)), rng.standard_normal(k), rng.standard_normal((n, d))


@each
def test_the_value_is_the_mean_squared_jacobian_by_its_definition(activation, rng):
    W, b, x = draw(rng)
    layer, total = LAYERS[activation](), 0.0
    for row in x:
        for j in range(len(W)):  # column j of the Jacobian, by central differences
            step = 1e-6 * np.eye(len(W))[j]
            up, down = (layer.forward(r @ W + b) for r in (row + step, row - step))
            total += np.sum(((up - down) / 2e-6) ** 2)
    value = contractive_penalty(W, b, x, 0.7, activation)[0]
    assert value == pytest.approx(0.7 * total / len(x), rel=1e-8)


@each
@pytest.mark.parametrize("shape", [(5, 3, 4), (1, 1, 1), (2, 6, 3)])
def test_gradients_agree_with_central_differences(activation, shape, rng):
    W, b, x = draw(rng, *shape)
    _, dW, db = contractive_penalty(W, b, x, 0.7, activation)
    check_gradient(lambda W: contractive_penalty(W, b, x, 0.7, activation)[0], dW, W)
    check_gradient(lambda b: contractive_penalty(W, b, x, 0.7, activation)[0], db, b)


def test_the_closed_form_of_sigmoid_units(rng):
    W, b, x = draw(rng)
    h = nn.Sigmoid().forward(x @ W + b)
    closed = np.mean((h * (1 - h)) ** 2 @ (W**2).sum(axis=0))  # Rifai et al. (2011), equation 8
    assert contractive_penalty(W, b, x, 1.0)[0] == pytest.approx(closed)


def test_of_a_linear_region_it_is_the_weights_squared(rng):
    W, b, x = draw(rng)
    value, dW, db = contractive_penalty(W, b + 100, x, 0.5, "relu")
    assert value == pytest.approx(0.5 * np.sum(W**2))
    np.testing.assert_allclose(dW, W)
    np.testing.assert_array_equal(db, 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each
def test_far_out_nothing_overflows_and_digits_stay(activation, dtype):
    W, b = np.full((1, 1), 1, dtype), np.zeros(1, dtype)
    for z in (-1e30, -800.0, -40.0, 40.0, 800.0, 1e30):
        parts = contractive_penalty(W, b, np.full((1, 1), z, dtype), 1.0, activation)
        assert all(np.all(np.isfinite(part)) for part in parts)
    slope = {"sigmoid": np.exp(-40.0), "tanh": 4 * np.exp(-80.0), "relu": 1}[activation]
    value = contractive_penalty(W, b, np.full((1, 1), 40, dtype), 1.0, activation)[0]
    assert value == pytest.approx(slope**2, rel=1e-6)


def test_dtypes_stay_and_inputs_are_not_changed(rng):
    given = [a.astype(np.float32) for a in draw(rng)]
    kept = [a.copy() for a in given]
    _, dW, db = contractive_penalty(*given, 0.1)
    assert dW.dtype == db.dtype == np.float32
    for array, copy in zip(given, kept, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"W": np.ones(3)}, r"W \(d, k\)"),
        ({"b": np.ones(3)}, r"got \(5, 3\), \(3, 4\) and \(3,\)"),
        ({"x": np.ones((5, 4))}, r"x must have shape"),
        ({"x": np.ones(3)}, r"x must have shape"),
        ({"x": np.ones((0, 3))}, "at least one row"),
        ({"lam": -0.1}, "lam must be"),
        ({"activation": "gelu"}, "activation must be one of sigmoid, tanh, relu, got 'gelu'"),
        (
            {"activation": ["relu"]},
            r"activation must be one of sigmoid, tanh, relu, got \['relu'\]",
        ),
    ],
)
def test_bad_input_is_refused_by_name(change, message, rng):
    W, b, x = draw(rng)
    with pytest.raises(ValueError, match=message):
        contractive_penalty(**{"W": W, "b": b, "x": x, "lam": 0.1, **change})
