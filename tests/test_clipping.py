"""Clipping by the global norm and by value: the factor, the extremes, and what is not finite."""

import math
from fractions import Fraction

import numpy as np
import pytest

from nnreg import clip_by_global_norm, clip_by_value
from nnreg.nn import SGD, Adam, Dense, MeanSquaredError, ReLU, Sequential, fit

ORDERS = [1, 1.5, 2, 3, 10, math.inf]
every_order = pytest.mark.parametrize("ord", ORDERS)
every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def gradients(scale=1.0, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    return [
        (scale * rng.standard_normal(shape)).astype(dtype) for shape in ((3, 4), (5,), (), (0,))
    ]


def norm(grads, ord) -> float:
    """The norm in exact proportion: every entry divided by the largest first."""
    flat = np.concatenate([np.ravel(g).astype(np.longdouble) for g in grads])
    largest = np.abs(flat).max()
    return float(np.linalg.norm((flat / largest).astype(np.float64), ord) * largest)


def sizes(dtype) -> list[float]:
    """From a few times the smallest number that the dtype holds to the largest."""
    info = np.finfo(dtype)
    low, high = float(info.smallest_subnormal), float(info.max)
    return [3 * low, 1e4 * low, float(info.tiny), low**0.5, 1e-3, 1.0, high**0.5, high / 8, high]


@every_order
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_norm_is_right_and_becomes_the_limit_at_every_size(ord, dtype):
    info = np.finfo(dtype)
    precision, low = float(info.eps), float(info.smallest_subnormal)
    for size in sizes(dtype):
        rng = np.random.default_rng(0)
        flat = (size * rng.uniform(-1, 1, 40)).astype(dtype)
        flat[7] = size
        grads = [flat[:12].reshape(3, 4), flat[12:39], flat[39], flat[:0]]
        wide = flat.astype(np.longdouble)
        expected = abs(wide).max() * np.linalg.norm((wide / abs(wide).max()).astype(float), ord)
        for ratio in (0.5, 1e-5, 1e-200, 0.0):
            limit = float(min(ratio * expected, 1.7e308))
            clipped, before = clip_by_global_norm(grads, limit, ord)
            assert abs(before - expected) <= 4 * precision * expected + 1e-323 or before == math.inf
            assert before < math.inf or expected > np.finfo(float).max
            for old, new in zip(grads, clipped, strict=True):
                assert (type(new), new.dtype, new.shape) == (np.ndarray, dtype, old.shape)
                exact = old.astype(np.longdouble) * (limit / expected)
                np.testing.assert_array_less(abs(new - exact), 4 * precision * limit + 2 * low)


def test_a_norm_larger_than_any_float_is_infinite_and_still_clipped():
    grads = [np.full(2, 1.5e308), np.full((2, 1), -1.5e308)]
    for nonfinite in ("raise", "zero", "pass"):  # these are finite, after all
        clipped, before = clip_by_global_norm(grads, 1.0, nonfinite=nonfinite)
        assert before == math.inf
        np.testing.assert_allclose(clipped[0], [0.5, 0.5], rtol=1e-15)
        np.testing.assert_allclose(clipped[1], [[-0.5], [-0.5]], rtol=1e-15)
    assert clip_by_global_norm(grads, math.inf)[0][0].tolist() == [1.5e308, 1.5e308]


@pytest.mark.parametrize(("size", "limit"), [(1e30, 1e-10), (1e-30, 1e-37), (3e38, 1.0)])
def test_a_factor_below_float32_is_applied_all_the_same(size, limit):
    clipped, _ = clip_by_global_norm([np.array([0.6, 0.8], np.float32) * np.float32(size)], limit)
    assert clipped[0].dtype == np.float32
    np.testing.assert_allclose(clipped[0], np.array([0.6, 0.8]) * limit, rtol=1e-6)


@every_order
@every_dtype
@pytest.mark.parametrize("exponent", [-30, 0, 30])
def test_inside_the_ball_and_on_it_not_a_bit_changes(ord, dtype, exponent):
    grads = gradients(10.0**exponent, dtype)
    _, length = clip_by_global_norm(grads, math.inf, ord)
    for limit in (length, 2 * length, math.inf):
        clipped, _ = clip_by_global_norm(grads, limit, ord)
        assert [g.tobytes() for g in clipped] == [g.tobytes() for g in grads]


def test_a_factor_below_float64_is_applied_all_the_same():
    for size, limit in ((1e150, 1e-200), (1e308, 1e-10), (1e-10, 1e-320)):
        clipped, _ = clip_by_global_norm([size * np.array([0.6, 0.8])], limit)
        np.testing.assert_allclose(clipped[0], np.array([0.6, 0.8]) * limit, rtol=1e-3)
        if limit > 1e-300:
            np.testing.assert_allclose(clipped[0], np.array([0.6, 0.8]) * limit, rtol=1e-15)


def test_extremes_of_float64():
    for size in (1e-300, 1e300):
        clipped, length = clip_by_global_norm([size * np.array([3.0, 4.0])], 1.0)
        assert length == pytest.approx(5 * size, rel=1e-15, abs=0)
        expected = [0.6, 0.8] if size > 1 else [3 * size, 4 * size]
        np.testing.assert_allclose(clipped[0], expected, rtol=1e-15)


def test_a_long_float32_gradient_loses_no_digits():
    g = np.full(3_000_000, 0.1, np.float32)
    exact = math.sqrt(len(g) * Fraction(float(g[0])) ** 2)
    assert clip_by_global_norm([g], 1.0)[1] == pytest.approx(exact, rel=1e-6)
    # Other norms are summed in float64.
    rng = np.random.default_rng(0)
    g = rng.standard_normal(100_000).astype(np.float32)
    for ord in (1, 3):
        assert clip_by_global_norm([g], 1.0, ord)[1] == pytest.approx(norm([g], ord), rel=1e-13)


@every_order
def test_the_direction_stays(ord):
    grads = gradients()
    clipped, _ = clip_by_global_norm(grads, 0.1, ord)
    flat, after = (np.concatenate([g.ravel() for g in some]) for some in (grads, clipped))
    assert flat @ after == pytest.approx(np.linalg.norm(flat) * np.linalg.norm(after), rel=1e-14)


def test_one_norm_over_all_arrays_and_not_one_for_each():
    clipped, length = clip_by_global_norm([[3.0], [4.0]], 1.0)
    assert length == 5
    np.testing.assert_allclose(clipped, [[0.6], [0.8]])


def test_a_limit_of_zero_gives_zeros_and_no_gradient_gives_none():
    clipped, _ = clip_by_global_norm(gradients(), 0)
    assert not any(g.any() for g in clipped)
    assert clip_by_global_norm([], 1.0) == ([], 0.0)
    (zeros,), length = clip_by_global_norm([np.zeros(3)], 0.0)
    assert length == 0
    assert not zeros.any()


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
@every_order
def test_what_is_not_finite_is_raised_zeroed_or_passed(bad, ord):
    grads = [np.ones(2), np.array([1.0, bad]), np.array([[bad, bad]])]
    with pytest.raises(FloatingPointError, match=r"grads must be finite, but those at \[1, 2\]"):
        clip_by_global_norm(grads, 1.0, ord)
    zeros, length = clip_by_global_norm(grads, 1.0, ord, nonfinite="zero")
    assert [g.tolist() for g in zeros] == [[0, 0], [0, 0], [[0, 0]]]
    assert not math.isfinite(length)
    passed, _ = clip_by_global_norm(grads, 1.0, ord, nonfinite="pass")
    for old, new in zip(grads, passed, strict=True):
        np.testing.assert_array_equal(new, old)
        assert not np.shares_memory(new, old)


def test_what_comes_out_is_new_and_what_goes_in_is_left_alone():
    for limit in (0.1, 100.0):
        g = np.array([3.0, 4.0])
        g.flags.writeable = False
        for (new,) in (clip_by_global_norm([g], limit)[0], clip_by_value([g], limit)):
            new[...] = 0.0
        assert g.tolist() == [3.0, 4.0]


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e300])
@pytest.mark.parametrize("limit", [0.0, 1e-310, 0.5, 1e9])
def test_clipping_in_place_gives_the_same_bits_in_the_arrays_given(size, limit):
    grads = [np.array(g) for g in gradients(size)]
    expected, norm_before = clip_by_global_norm(grads, limit)
    clipped, norm_in_place = clip_by_global_norm(grads, limit, out=grads)
    assert norm_in_place == norm_before
    for mine, given, right in zip(clipped, grads, expected, strict=True):
        assert mine is given
        np.testing.assert_array_equal(mine, right)


@pytest.mark.parametrize(("nonfinite", "left"), [("zero", 0.0), ("pass", math.inf)])
def test_in_place_what_is_not_finite_is_zeroed_or_passed(nonfinite, left):
    grads = [np.array([1.0, math.inf]), np.ones(3)]
    expected, _ = clip_by_global_norm(grads, 1.0, nonfinite=nonfinite)
    clip_by_global_norm(grads, 1.0, nonfinite=nonfinite, out=grads)
    assert grads[0][1] == left
    for mine, right in zip(grads, expected, strict=True):
        np.testing.assert_array_equal(mine, right)


@pytest.mark.parametrize("other", [[np.ones(2)], [np.ones(3, np.float32)], [[1.0, 1, 1]], []])
def test_places_of_another_shape_or_dtype_are_refused(other):
    with pytest.raises(ValueError, match="out must hold"):
        clip_by_global_norm([np.ones(3)], 1.0, out=other)


def test_by_value_each_entry_has_its_own_limit():
    grads = [np.array([[-3.0, 0.5], [2.0, -1.0]]), np.float32([7.0]), np.array(-9)]
    first, second, third = clip_by_value(grads, 1.0)
    np.testing.assert_array_equal(first, [[-1, 0.5], [1, -1]])
    assert (second.dtype, third.dtype, third.shape) == (np.float32, np.float64, ())
    assert (second.tolist(), third.tolist()) == ([1.0], -1.0)
    np.testing.assert_array_equal(
        clip_by_value([np.array([np.inf, -np.inf, np.nan])], 2.0)[0], [2, -2, np.nan]
    )


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_by_value_a_limit_that_the_dtype_cannot_hold(dtype):
    g = np.array([np.inf, -np.inf, np.nan, 2.0, -0.5], dtype)
    high = np.finfo(dtype).max
    wide, narrow = (clip_by_value([g], limit)[0] for limit in (1.7e308, 5e-324))
    if dtype != np.float64:
        np.testing.assert_array_equal(wide, np.array([high, -high, np.nan, 2, -0.5], dtype))
    assert np.nanmax(abs(narrow)) <= 5e-324
    assert wide.dtype == narrow.dtype == dtype


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "g", ">f2", ">f4", ">f8"])
def test_every_gradient_keeps_its_dtype(dtype):
    g = np.array([3.0, -4.0]).astype(dtype)
    grads = [g, np.float32([12.0])]
    for clipped in (
        *(clip_by_global_norm(grads, limit, ord)[0] for limit in (6.5, 99) for ord in (2, 3)),
        clip_by_global_norm([g, [np.inf]], 1, nonfinite="zero")[0],
        clip_by_global_norm([g, [np.inf]], 1, nonfinite="pass")[0],
        clip_by_value(grads, 1.0),
    ):
        assert clipped[0].dtype == g.dtype
    np.testing.assert_array_equal(clip_by_global_norm([g], 2.5)[0][0], [1.5, -2.0])


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"max_norm": -1}, ValueError, "max_norm must be finite and >= 0, got -1"),
        ({"max_norm": math.nan}, ValueError, "max_norm must be .* got nan"),
        ({"max_norm": "1"}, TypeError, "max_norm must be a real number"),
        ({"ord": 0.5}, ValueError, "ord must be finite and >= 1, got 0.5"),
        ({"ord": -math.inf}, ValueError, "ord must be"),
        ({"ord": "l2"}, TypeError, "ord must be a real number"),
        ({"nonfinite": "ignore"}, ValueError, "nonfinite must be one of .*got 'ignore'"),
        ({"grads": np.ones(3)}, TypeError, "grads must be a list of arrays, got ndarray"),
        ({"grads": {"W": np.ones(3)}}, TypeError, "grads must be a list of arrays, got dict"),
        ({"grads": ["a"]}, TypeError, "grads must hold real numbers"),
    ],
)
def test_bad_input_is_named(changed, error, message):
    with pytest.raises(error, match=message):
        clip_by_global_norm(**{"grads": [np.ones(3)], "max_norm": 1.0, **changed})


@pytest.mark.parametrize(
    ("grads", "limit", "error", "named"),
    [
        ([np.ones(2)], -1, ValueError, "limit must be"),
        ([np.ones(2)], math.inf, ValueError, "limit must be"),
        (np.ones(2), 1, TypeError, "grads must be"),
    ],
)
def test_bad_input_by_value_is_named(grads, limit, error, named):
    with pytest.raises(error, match=named):
        clip_by_value(grads, limit)


# In training ----------------------------------------------------------------------------------


def regression():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((20, 3))
    model = Sequential([Dense(3, 8, rng=1), ReLU(), Dense(8, 1, rng=2)])
    return model, X, X[:, :1] * 30 + 5


def test_fit_takes_the_clipped_step_and_records_the_norm_before():
    model, X, y = regression()
    start = model.theta.copy()
    history = fit(
        model, MeanSquaredError(), SGD(0.5), X, y, epochs=1, clip_norm=0.25, progress=False
    )
    assert np.linalg.norm(model.theta - start) == pytest.approx(0.5 * 0.25)
    model.theta[:] = start
    loss = MeanSquaredError()
    loss.forward(model.forward(X, training=True), y)
    model.backward(loss.backward())
    assert history.grad_norm == [pytest.approx(np.linalg.norm(model.dtheta))]


def test_a_radius_that_is_never_reached_changes_not_a_bit_of_the_training():
    thetas = []
    for clip_norm in (None, 1e9):
        model, X, y = regression()
        history = fit(
            model,
            MeanSquaredError(),
            Adam(0.05),
            X,
            y,
            epochs=30,
            batch_size=7,
            rng=3,
            clip_norm=clip_norm,
            progress=False,
        )
        thetas.append(model.theta.tobytes())
        assert len(history.grad_norm) == (0 if clip_norm is None else 30)
    assert thetas[0] == thetas[1]


def test_of_an_epochs_batches_the_largest_norm_is_recorded(monkeypatch):
    norms = []

    def spy(grads, *args, **kwargs):
        clipped, norm = clip_by_global_norm(grads, *args, **kwargs)
        norms.append(norm)
        return clipped, norm

    monkeypatch.setattr("nnreg.nn.training.clip_by_global_norm", spy)
    model, X, y = regression()
    history = fit(
        model,
        MeanSquaredError(),
        SGD(0.01),
        X,
        y,
        epochs=4,
        batch_size=6,
        rng=0,
        clip_norm=1.0,
        every=2,
        progress=False,
    )
    by_epoch = np.reshape(norms, (4, 4)).max(axis=1)
    assert history.epoch == [0, 2, 3]
    assert history.grad_norm == by_epoch[[0, 2, 3]].tolist()


def test_where_the_plain_run_diverges_the_clipped_one_goes_on():
    model, X, y = regression()
    with pytest.raises(FloatingPointError, match="training diverged"):
        fit(model, MeanSquaredError(), SGD(0.5), X, y, epochs=200, progress=False)
    model, X, y = regression()
    history = fit(
        model, MeanSquaredError(), SGD(0.5), X, y, epochs=200, clip_norm=0.5, progress=False
    )
    assert history.data_loss[-1] < 0.2 * history.data_loss[0]


def test_an_infinite_gradient_ends_the_run_with_the_last_good_parameters():
    model, X, y = regression()
    with pytest.raises(FloatingPointError, match="training diverged in epoch 0"):
        fit(
            model,
            MeanSquaredError(),
            SGD(0.5),
            X,
            y * 1e200,
            epochs=3,
            clip_norm=1.0,
            progress=False,
        )
    assert np.isfinite(model.theta).all()


def test_a_negative_radius_is_refused():
    model, X, y = regression()
    with pytest.raises(ValueError, match="clip_norm must be finite and >= 0, got -1"):
        fit(model, MeanSquaredError(), SGD(0.5), X, y, epochs=1, clip_norm=-1.0)
