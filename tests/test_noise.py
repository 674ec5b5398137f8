"""Dropout and Gaussian noise: what they promise on average, and what they never do.

Every statistical bound is six standard errors wide. The seeds are fixed, so a test here cannot
flicker; for a fresh seed a right implementation would pass each bound but 2 times in a billion.
"""

from fractions import Fraction

import numpy as np
import pytest

from nnreg import check_gradient
from nnreg.dropout import dropout_backward, dropout_forward
from nnreg.nn import Dense, ReLU, Sequential
from nnreg.nn.noise_layers import Dropout, GaussianDropout, GaussianNoise
from nnreg.nn.regularize import regularize
from nnreg.noise import (
    gaussian_dropout_backward,
    gaussian_dropout_forward,
    gaussian_noise_backward,
    gaussian_noise_forward,
)

SIGMAS = 6
N = 1_000_000
PAIRS = {
    "dropout": (dropout_forward, dropout_backward, 0.3),
    "gaussian_dropout": (gaussian_dropout_forward, gaussian_dropout_backward, 0.3),
    "gaussian_noise": (gaussian_noise_forward, gaussian_noise_backward, 0.5),
}
every_pair = pytest.mark.parametrize(("forward", "backward", "strength"), PAIRS.values(), ids=PAIRS)


def assert_mean(values: np.ndarray, expected: float, variance: float):
    error = abs(values.mean() - expected)
    assert error <= SIGMAS * np.sqrt(variance / values.size)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9, 0.99])
def test_dropout_keeps_the_mean_and_has_the_variance_of_its_mask(p):
    y, _ = dropout_forward(np.ones(N), p, rng=0)
    variance = p / (1 - p)
    assert_mean(y, 1.0, variance)
    # Var[(m - 1)²] from the two values that m takes.
    fourth = p + (1 - p) * (1 / (1 - p) - 1) ** 4
    assert_mean((y - 1) ** 2, variance, fourth - variance**2)
    assert_mean((y == 0).astype(float), p, p * (1 - p))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_gaussian_dropout_matches_the_mean_and_variance_of_dropout(p):
    y, _ = gaussian_dropout_forward(np.ones(N), p, rng=0)
    variance = p / (1 - p)
    assert_mean(y, 1.0, variance)
    assert_mean((y - 1) ** 2, variance, 2 * variance**2)


@pytest.mark.parametrize("sigma", [0.01, 1.0, 100.0])
def test_gaussian_noise_has_the_mean_and_variance_asked_for(sigma):
    y, _ = gaussian_noise_forward(np.full(N, 3.0), sigma, rng=0)
    assert_mean(y, 3.0, sigma**2)
    assert_mean((y - 3) ** 2, sigma**2, 2 * sigma**4)


@every_pair
def test_masks_are_independent_across_calls_rows_and_columns(forward, backward, strength):
    rng = np.random.default_rng(0)
    first, second = (forward(np.ones((1000, 1000)), strength, rng)[0] - 1 for _ in range(2))
    variance = first.var()
    for a, b in ((first, second), (first[1:], first[:-1]), (first[:, 1:], first[:, :-1])):
        assert_mean(a * b, 0.0, variance**2)


@every_pair
def test_the_same_seed_gives_the_same_noise_and_a_generator_moves_on(forward, backward, strength):
    x = np.ones(100)
    assert np.array_equal(forward(x, strength, 7)[0], forward(x, strength, 7)[0])
    rng = np.random.default_rng(7)
    assert not np.array_equal(forward(x, strength, rng)[0], forward(x, strength, rng)[0])


@every_pair
def test_no_global_random_state_is_touched(forward, backward, strength):
    before = np.random.get_state()  # noqa: NPY002
    backward(np.ones(5), forward(np.ones(5), strength, 0)[1])
    after = np.random.get_state()  # noqa: NPY002
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


@every_pair
def test_backward_is_the_derivative_for_the_same_noise(forward, backward, strength):
    rng = np.random.default_rng(1)
    x, dy = rng.standard_normal((3, 4, 5)), rng.standard_normal((3, 4, 5))
    dx = backward(dy, forward(x, strength, 7)[1])
    check_gradient(lambda x: forward(x, strength, 7)[0], dx, x, dy=dy)


@every_pair
def test_backward_is_linear_in_dy(forward, backward, strength):
    rng = np.random.default_rng(2)
    a, b = rng.standard_normal((2, 6, 3))
    _, cache = forward(np.ones((6, 3)), strength, 0)
    combined = backward(2 * a - 3 * b, cache)
    assert np.allclose(combined, 2 * backward(a, cache) - 3 * backward(b, cache), rtol=1e-14)


@every_pair
def test_inference_is_the_identity_forward_and_backward(forward, backward, strength):
    x = np.arange(6.0).reshape(2, 3)
    y, cache = forward(x, strength, 0, training=False)
    assert np.array_equal(y, x)
    assert not np.shares_memory(y, x)
    assert np.array_equal(backward(x, cache), x)


@every_pair
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, int])
def test_dtype_is_kept_and_the_input_is_not_changed(forward, backward, strength, dtype):
    x = np.arange(12).reshape(3, 4).astype(dtype)
    x.flags.writeable = False
    expected = np.float64 if dtype is int else dtype
    y, cache = forward(x[:, ::2], strength, 0)
    assert y.dtype == expected
    assert backward(np.ones((3, 2), expected), cache).dtype == expected
    assert np.array_equal(x, np.arange(12).reshape(3, 4))


@every_pair
@pytest.mark.parametrize("shape", [(), (1,), (0, 3), (2, 3, 4, 5)])
def test_every_shape_works(forward, backward, strength, shape):
    y, cache = forward(np.ones(shape), strength, 0)
    assert y.shape == shape
    assert np.shape(backward(np.ones(shape), cache)) == shape


def test_p_zero_and_p_one_are_exact():
    x = np.linspace(-1, np.pi, N)  # so many that a die of each face is thrown
    y, cache = dropout_forward(x, 0, rng=0)
    assert np.array_equal(y, x)
    assert np.array_equal(dropout_backward(x, cache), x)
    y, cache = dropout_forward(x, 1, rng=0)
    assert not y.any()
    assert not dropout_backward(x, cache).any()


@pytest.mark.parametrize("p", [1e-9, 0.99999, 1 - 2**-30])
def test_dropout_takes_p_as_it_is(p):
    y, _ = dropout_forward(np.ones((300, 300)), p, rng=0)
    assert set(np.unique(y)) <= {0.0, 1 / (1 - p)}
    assert_mean((y == 0).astype(float), p, p * (1 - p))


def test_half_precision_is_dropped_without_a_nan():
    with np.errstate(over="ignore"):
        y, cache = dropout_forward(np.ones(200_000, np.float16), 0.99999, rng=0)
    assert not np.isnan(y).any()  # 1e5 is more than float16 holds
    assert set(np.unique(y)) == {0.0, np.inf}
    y, _ = dropout_forward(np.full(200_000, 1e-3, np.float16), 0.99999, rng=0)
    assert set(np.unique(y.astype(float).round())) == {0.0, 100.0}
    assert dropout_backward(np.zeros(200_000, np.float16), cache).dtype == np.float16


@every_pair
def test_where_nothing_random_happens_no_generator_is_needed(forward, backward, strength):
    x = np.arange(6.0).reshape(2, 3)
    for y, cache in (forward(x, strength, training=False), forward(x, 0.0)):
        assert np.array_equal(y, x)
        assert np.array_equal(backward(x, cache), x)
    with pytest.raises(TypeError, match="rng must be a numpy"):
        forward(x, strength)


@pytest.mark.parametrize("layer", [Dropout(0.5), GaussianNoise(0.5), GaussianDropout(0.5)])
def test_a_noise_layer_without_dice_infers_and_does_not_train(layer):
    assert np.array_equal(layer.forward(np.ones((2, 3))), np.ones((2, 3)))
    with pytest.raises(TypeError, match="rng must be"):
        layer.forward(np.ones((2, 3)), training=True)


@every_pair
@pytest.mark.parametrize("dtypes", [("f4", "f8"), ("f8", "f4"), ("f2", "f8"), (">f4", "f8")])
def test_the_gradient_has_the_dtype_of_the_input(forward, backward, strength, dtypes):
    of_x, of_dy = map(np.dtype, dtypes)
    y, cache = forward(np.ones((3, 4), of_x), strength, rng=0)
    assert y.dtype == backward(np.ones((3, 4), of_dy), cache).dtype == of_x


def test_a_probability_is_checked_once_and_then_used():
    x = np.ones(50)
    for p in (Fraction(1, 5), np.float32(0.2), np.float16(0.2)):
        for forward in (dropout_forward, gaussian_dropout_forward):
            y = forward(x, p, rng=0)[0]
            assert y.dtype == np.float64
            assert np.array_equal(y, forward(x, float(p), rng=0)[0])


@pytest.mark.parametrize(
    ("noise_shape", "shape"),
    [((None, 1, 1, None), (8, 1, 1, 4)), ((None,) * 4, (8, 5, 5, 4)), ((None,), (1, 1, 1, 4))],
)
def test_none_in_the_noise_shape_is_as_long_as_the_input(noise_shape, shape):
    x = np.ones((8, 5, 5, 4))
    y = dropout_forward(x, 0.5, rng=0, noise_shape=noise_shape)[0]
    assert np.array_equal(y, dropout_forward(x, 0.5, rng=0, noise_shape=shape)[0])


def test_a_smaller_last_batch_is_dropped_too():
    layer = Dropout(0.5, rng=0, noise_shape=(None, 1))
    for n in (32, 7):
        y = layer.forward(np.ones((n, 3)), training=True)
        assert np.array_equal(y, np.broadcast_to(y[:, :1], y.shape))
        layer.backward(y)
    with pytest.raises(ValueError, match=r"\(7, 3\), got \(32, 1\); None in it fits any length"):
        Dropout(0.5, rng=0, noise_shape=(32, 1)).forward(np.ones((7, 3)), training=True)


def test_noise_shape_drops_whole_channels():
    y, cache = dropout_forward(np.ones((8, 5, 5, 4)), 0.5, rng=0, noise_shape=(8, 1, 1, 4))
    assert np.array_equal(y, np.broadcast_to(y[:, :1, :1], y.shape))
    assert set(np.unique(y)) == {0.0, 2.0}
    assert np.array_equal(dropout_backward(np.ones(y.shape), cache), y)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dropout_forward([1.0], 1.2, 0), r"p must be in \[0, 1\], got 1.2"),
        (lambda: dropout_forward([1.0], -0.1, 0), r"p must be in \[0, 1\], got -0.1"),
        (lambda: dropout_forward([1.0], np.nan, 0), r"p must be in \[0, 1\], got nan"),
        (lambda: gaussian_dropout_forward([1.0], 1.0, 0), r"p must be in \[0, 1\), got 1.0"),
        (lambda: gaussian_noise_forward([1.0], -1, 0), "sigma must be .* got -1"),
        (
            lambda: dropout_forward(np.ones((2, 3)), 0.5, 0, noise_shape=(3, 1)),
            r"\(2, 3\).*\(3, 1\)",
        ),
        (lambda: dropout_forward(np.ones(3), 0.5, 0, noise_shape=(2, 3)), r"\(3,\).*\(2, 3\)"),
        (lambda: dropout_backward(np.ones(2), dropout_forward(np.ones(3), 0.5, 0)[1]), "dy must"),
        (lambda: Dropout(2, rng=0), "p must"),
        (lambda: GaussianNoise(-1, rng=0), "sigma must"),
        (lambda: GaussianDropout(1.0, rng=0), "p must"),
    ],
)
def test_bad_values_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("rng", [None, -1, 1.5, "0", np.random])
def test_the_generator_is_always_explicit(rng):
    with pytest.raises((TypeError, ValueError), match="rng must"):
        dropout_forward([1.0], 0.5, rng)


@pytest.mark.parametrize("x", ["abc", [None], [1j], {}])
def test_what_is_no_number_is_refused(x):
    with pytest.raises(TypeError, match="x must hold real numbers"):
        dropout_forward(x, 0.5, 0)


def small_model() -> Sequential:
    layers = [Dense(4, 6, rng=0), ReLU(), Dense(6, 5, rng=1), ReLU(), Dense(5, 2, rng=2)]
    return Sequential(layers)


@pytest.mark.parametrize(
    ("keywords", "explicit"),
    [
        ({"input_noise": 0.3}, lambda rng: {0: [GaussianNoise(0.3, rng)]}),
        ({"input_dropout": 0.3}, lambda rng: {0: [Dropout(0.3, rng)]}),
        (
            {"hidden_noise": 0.3},
            lambda rng: {2: [GaussianNoise(0.3, rng)], 4: [GaussianNoise(0.3, rng)]},
        ),
        ({"hidden_dropout": 0.3}, lambda rng: {2: [Dropout(0.3, rng)], 4: [Dropout(0.3, rng)]}),
        ({"hidden_dropout": 0.3, "pattern": "hidden2"}, lambda rng: {4: [Dropout(0.3, rng)]}),
        (
            {"input_noise": 0.1, "input_dropout": 0.2, "hidden_noise": 0.3, "hidden_dropout": 0.4},
            lambda rng: {
                0: [GaussianNoise(0.1, rng), Dropout(0.2, rng)],
                2: [GaussianNoise(0.3, rng), Dropout(0.4, rng)],
                4: [GaussianNoise(0.3, rng), Dropout(0.4, rng)],
            },
        ),
    ],
)
def test_each_keyword_equals_the_explicit_construction(keywords, explicit):
    before, rng = explicit(np.random.default_rng(9)), np.random.default_rng(3)
    by_hand = Sequential(
        [new for i, layer in enumerate(small_model().layers) for new in (*before.get(i, []), layer)]
    )
    by_keyword = regularize(small_model(), **keywords, rng=np.random.default_rng(9))
    x, dy = rng.standard_normal((7, 4)), rng.standard_normal((7, 2))
    for model in (by_hand, by_keyword):
        model.y = model.forward(x, training=True).copy()
        model.dx = model.backward(dy).copy()
    assert np.array_equal(by_hand.y, by_keyword.y)
    assert np.array_equal(by_hand.dx, by_keyword.dx)
    assert np.array_equal(by_hand.dtheta, by_keyword.dtheta)
    assert np.array_equal(by_keyword.forward(x), small_model().forward(x))


def test_regularize_shares_parameters_with_the_model_it_got():
    model = small_model()
    noisy = regularize(model, hidden_noise=0.1, rng=0)
    noisy.theta += 1
    x = np.ones((1, 4))
    assert noisy.theta is model.theta
    assert np.array_equal(model.params["2.W"], noisy.params["3.W"])
    assert np.array_equal(model.forward(x), noisy.forward(x))
    assert len(model.layers) == 5


def test_regularize_without_keywords_adds_nothing():
    assert len(regularize(small_model()).layers) == 5


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"input_noise": 0.1}, "rng must be given"),
        ({"hidden_dropout": 0.1, "pattern": "hidden9", "rng": 0}, r"hidden1, hidden2.*'hidden9'"),
        ({"hidden_dropout": 1.1, "rng": 0}, "hidden_dropout must"),
        ({"input_noise": -1, "rng": 0}, "input_noise must"),
    ],
)
def test_regularize_refuses_what_it_cannot_do(keywords, message):
    with pytest.raises(ValueError, match=message):
        regularize(small_model(), **keywords)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dropout_rolls_one_die_an_entry_in_their_order(dtype):
    x = np.ones((70, 1000), dtype)  # more than one piece
    y, _ = dropout_forward(x, 0.3, rng=5)
    kept = np.random.default_rng(5).random(x.shape) >= 0.3
    np.testing.assert_array_equal(y > 0, kept)
