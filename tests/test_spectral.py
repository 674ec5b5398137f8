"""Spectral normalisation against the singular value decomposition, forward and backward."""

import copy

import numpy as np
import pytest

from nnreg import (
    L2,
    check_gradient,
    spectral_norm,
    spectral_normalize,
    spectral_normalize_backward,
)
from nnreg.nn import SGD, Dense, MeanSquaredError, ReLU, Sequential, SpectralDense, fit

SHAPES = [(4, 4), (3, 7), (7, 3), (1, 5), (5, 1), (6, 2, 3, 3), (2, 3, 4), (5,), (1,), ()]
every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def sigmas(w) -> np.ndarray:
    w = np.asarray(w, dtype=np.float64)
    return np.linalg.svd(w.reshape(len(w) if w.ndim else 1, -1), compute_uv=False)


def with_singular_values(values, rng) -> np.ndarray:
    """Return a matrix with these singular values, tall by one row."""
    k = len(values)
    left, _ = np.linalg.qr(rng.standard_normal((k + 1, k)))
    right, _ = np.linalg.qr(rng.standard_normal((k, k)))
    return left * values @ right.T


@every_shape
@pytest.mark.parametrize("seed", range(5))
def test_converged_it_is_the_largest_singular_value_with_its_vectors(shape, seed):
    w = np.random.default_rng(seed).standard_normal(shape)
    sigma, u, v = spectral_norm(w, n_iter=3000, rng=seed)
    W = w.reshape(len(w) if w.ndim else 1, -1)
    assert sigma == pytest.approx(sigmas(w)[0], rel=1e-10)
    assert np.linalg.norm(u) == pytest.approx(1)
    assert np.linalg.norm(v) == pytest.approx(1)
    np.testing.assert_allclose(W @ v, sigma * u, atol=1e-6)
    assert u @ W @ v == pytest.approx(sigma)


@pytest.mark.parametrize("n_iter", range(6))
def test_every_estimate_is_what_its_vectors_say_and_never_too_large(n_iter):
    w = np.random.default_rng(1).standard_normal((6, 4))
    sigma, u, v = spectral_norm(w, n_iter=n_iter, rng=2)
    assert sigma == pytest.approx(u @ w @ v)
    assert sigma <= sigmas(w)[0] * (1 + 1e-12)


def test_no_iteration_takes_u_as_it_is_but_at_length_one():
    w, u = np.random.default_rng(1).standard_normal((6, 4)), np.arange(1.0, 7.0)
    sigma, kept, _ = spectral_norm(w, 100 * u, n_iter=0)
    np.testing.assert_allclose(kept, u / np.linalg.norm(u))
    assert sigma == pytest.approx(np.linalg.norm(w.T @ u) / np.linalg.norm(u))


@pytest.mark.parametrize(("ratio", "n"), [(0.3, 4), (0.7, 12), (0.9, 30)])
def test_the_error_shrinks_by_the_fourth_power_of_the_ratio_an_iteration(ratio, n):
    w = with_singular_values([1.0, ratio], np.random.default_rng(0))
    errors = [1 - spectral_norm(w, n_iter=n, rng=3)[0] for n in (n, n + 1)]
    assert errors[1] / errors[0] == pytest.approx(ratio**4, rel=0.03)


def test_calls_with_a_kept_u_go_on_where_the_last_one_stopped():
    w, u = np.random.default_rng(0).standard_normal((5, 4)), np.ones(5)
    for _ in range(4):
        sigma, u, _ = spectral_norm(w, u)
    at_once, u_at_once, _ = spectral_norm(w, np.ones(5), n_iter=4)
    assert sigma == pytest.approx(at_once, rel=1e-13)
    np.testing.assert_allclose(u, u_at_once)


def test_a_start_that_is_orthogonal_to_all_of_w_still_finds_it():
    w = np.diag([0.0, 5.0])
    sigma, u, _ = spectral_norm(w, [1.0, 0.0])
    assert sigma == 5
    np.testing.assert_array_equal(np.abs(u), [0, 1])


@every_shape
def test_zeros_stay_zeros_and_u_can_be_used_again(shape):
    w = np.zeros(shape)
    w_sn, u, cache = spectral_normalize(w, rng=0, n_iter=3)
    np.testing.assert_array_equal(w_sn, w)
    assert np.linalg.norm(u) == pytest.approx(1)
    np.testing.assert_array_equal(spectral_normalize_backward(w + 2, cache), w + 2)
    assert spectral_norm(w + 1, u, n_iter=50)[0] == pytest.approx(np.sqrt(w.size))


@every_shape
@pytest.mark.parametrize("size", [0.01, 100.0])
def test_normalised_sigma_is_one_and_capped_it_is_at_most_one(shape, size):
    w = size * np.random.default_rng(3).standard_normal(shape)
    always, _, _ = spectral_normalize(w, n_iter=2000, rng=0)
    capped, _, _ = spectral_normalize(w, n_iter=2000, rng=0, cap=True)
    assert always.shape == capped.shape == w.shape
    assert sigmas(always)[0] == pytest.approx(1)
    if sigmas(w)[0] <= 1:
        np.testing.assert_array_equal(capped, w)
    else:
        np.testing.assert_array_equal(capped, always)


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (3, 2, 2, 2), (4,)], ids=str)
@pytest.mark.parametrize(("scale", "cap"), [(3.0, False), (0.1, False), (3.0, True), (0.1, True)])
def test_the_gradient_is_that_of_the_division_by_the_true_sigma(shape, scale, cap):
    rng = np.random.default_rng(5)
    w, dy = scale * rng.standard_normal(shape), rng.standard_normal(shape)

    def by_svd(w):
        sigma = sigmas(w)[0]
        return w / (max(sigma, 1) if cap else sigma)

    w_sn, _, cache = spectral_normalize(w, n_iter=3000, rng=0, cap=cap)
    np.testing.assert_allclose(w_sn, by_svd(w))
    check_gradient(by_svd, spectral_normalize_backward(dy, cache), w, dy=dy)


def test_before_convergence_the_gradient_takes_the_vectors_for_constants():
    rng = np.random.default_rng(6)
    w, dy = rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
    _, u, v = spectral_norm(w, n_iter=1, rng=0)
    _, _, cache = spectral_normalize(w, n_iter=1, rng=0)
    dw = spectral_normalize_backward(dy, cache)
    check_gradient(lambda w: w / (u @ w @ v), dw, w, dy=dy)
    by_svd = check_gradient(lambda w: w / sigmas(w)[0], dw, w, dy=dy, raise_on_fail=False)
    assert not by_svd.ok


def test_the_gradient_is_orthogonal_to_the_weights():
    # Scaling w does not change w / sigma, so that nothing may point along w.
    rng = np.random.default_rng(7)
    w = rng.standard_normal((5, 4))
    _, _, cache = spectral_normalize(w, n_iter=1, rng=0)
    dw = spectral_normalize_backward(rng.standard_normal((5, 4)), cache)
    assert abs(np.vdot(dw, w)) < 1e-12


def sizes(dtype) -> list[float]:
    """From a few times the smallest number that the dtype holds to the largest."""
    info = np.finfo(dtype)
    low, high = float(info.smallest_subnormal), float(info.max)
    return [1e4 * low, float(info.tiny), low**0.5, 1e-3, 1.0, 1e4, high**0.5, high / 8, high / 2]


@pytest.mark.parametrize(
    ("dtype", "size"),
    [(dtype, size) for dtype in (np.float16, np.float32, np.float64) for size in sizes(dtype)],
    ids=str,
)
def test_nothing_over_or_underflows_and_the_dtype_stays(dtype, size):
    rng, info = np.random.default_rng(0), np.finfo(dtype)
    unit = rng.uniform(-0.3, 0.3, (6, 4))
    unit[2, 1] = 1.0
    w = (unit * size).astype(dtype)
    size = np.longdouble(w[2, 1])
    unit = (w.astype(np.longdouble) / size).astype(np.float64)  # as it was rounded
    left, values, right = np.linalg.svd(unit)
    exact_w_sn, ulps = unit / values[0], 20 * float(info.eps)

    sigma, u, v = spectral_norm(w, n_iter=100, rng=0)
    assert type(sigma) is float
    assert abs(sigma - values[0] * size) <= ulps * sigma + 1e-323

    w_sn, _, cache = spectral_normalize(w, n_iter=100, rng=0)
    np.testing.assert_allclose(w_sn, exact_w_sn, rtol=0, atol=ulps)

    dy = (rng.uniform(-1, 1, w.shape) * min(size, 1)).astype(dtype)
    dw = spectral_normalize_backward(dy, cache)
    dy = dy.astype(np.longdouble)
    along = (dy * exact_w_sn).sum() * np.outer(left[:, 0], right[0]).astype(dy.dtype)
    error, scale = abs(dw - (dy - along) / values[0] / size), abs(dy).max() / size
    assert error.max() <= ulps * scale + 2 * float(info.smallest_subnormal)
    assert w_sn.dtype == u.dtype == v.dtype == dw.dtype == dtype


def test_a_norm_larger_than_any_float_is_infinite_and_divides_all_the_same():
    w = np.full((3, 2), 1.5e308)
    assert spectral_norm(w, rng=0)[0] == np.inf
    np.testing.assert_allclose(spectral_normalize(w, rng=0)[0], np.full((3, 2), 6**-0.5))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", sizes(np.float64))
def test_only_the_direction_of_u_counts(dtype, size):
    w, u = np.random.default_rng(1).standard_normal((3, 5)).astype(dtype), np.array([1.0, 0.5, 0])
    expected = spectral_norm(w, u)
    for found, value in zip(spectral_norm(w, size * u), expected, strict=True):
        np.testing.assert_allclose(found, value, rtol=8 * np.finfo(dtype).eps, atol=1e-300)


def test_the_cap_is_told_from_the_true_size():
    for size, divided in ((1e-310, False), (0.9, False), (1.1, True), (1.7e308, True)):
        w = np.full((2, 2), size)  # the largest singular value is twice as large
        w[:, 1] = 0
        w_sn, _, _ = spectral_normalize(w / 2**0.5, rng=0, cap=True)
        expected = w / size if divided else w
        np.testing.assert_allclose(w_sn, expected / 2**0.5, rtol=1e-14)


def test_what_comes_out_is_no_alias_and_what_goes_in_is_left_alone():
    w, u = np.diag([2.0, 1.0]), np.ones(2)
    w.flags.writeable = u.flags.writeable = False
    w_sn, _, cache = spectral_normalize(w, u, n_iter=20)
    before = spectral_normalize_backward(np.ones((2, 2)), cache)
    w_sn[...] = 7.0
    np.testing.assert_array_equal(spectral_normalize_backward(np.ones((2, 2)), cache), before)
    w, dw = np.eye(2) / 4, np.ones((2, 2))
    small, _, cache = spectral_normalize(w, u, cap=True)
    assert not np.shares_memory(small, w)
    assert not np.shares_memory(spectral_normalize_backward(dw, cache), dw)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", "g"])
@pytest.mark.parametrize("cap", [False, True])
def test_the_gradient_has_the_dtype_of_the_weights(dtype, cap):
    w = np.diag([0.5, 0.25]).astype(dtype)
    _, u, cache = spectral_normalize(w, rng=0, cap=cap)
    for upstream in (np.float16, np.float32, np.float64):
        assert spectral_normalize_backward(np.ones((2, 2), upstream), cache).dtype == dtype
    assert u.dtype == dtype


def test_integers_lists_and_strided_arrays_work():
    assert spectral_norm([[3, 0], [0, 1]], n_iter=40, rng=0)[0] == pytest.approx(3)
    w = np.random.default_rng(0).standard_normal((8, 6))[::2, ::-1]
    assert spectral_norm(w, n_iter=500, rng=0)[0] == pytest.approx(sigmas(w)[0])
    np.testing.assert_array_equal(
        spectral_normalize(w.T, rng=0)[0], spectral_normalize(np.ascontiguousarray(w.T), rng=0)[0]
    )


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ValueError, "u or rng must be given"),
        ({"rng": 0, "n_iter": -1}, ValueError, "n_iter must be >= 0, got -1"),
        ({"rng": 0, "n_iter": 1.5}, TypeError, "n_iter must be a whole number, got 1.5"),
        ({"rng": "0"}, TypeError, "rng must be"),
        ({"u": np.ones(3)}, ValueError, r"u must be a vector of 2 entries.*\(3,\)"),
        ({"u": np.ones((1, 2))}, ValueError, r"u must be a vector of 2 entries.*\(1, 2\)"),
        ({"u": np.zeros(2)}, ValueError, "not all 0"),
        ({"u": ["a", "b"]}, TypeError, "u must hold real numbers"),
        ({"w": np.empty((0, 3)), "rng": 0}, ValueError, r"at least one weight.*\(0, 3\)"),
        ({"w": np.empty((3, 0)), "rng": 0}, ValueError, r"at least one weight.*\(3, 0\)"),
        ({"w": [["a"]], "rng": 0}, TypeError, "w must hold real numbers"),
    ],
)
def test_bad_input_is_named(arguments, error, message):
    arguments = {"w": np.eye(2), **arguments}
    for function in (spectral_norm, spectral_normalize):
        with pytest.raises(error, match=message):
            function(**arguments)


def test_an_upstream_gradient_of_another_shape_is_refused():
    for cap in (False, True):
        _, _, cache = spectral_normalize(np.eye(2) / 2, rng=0, cap=cap)
        with pytest.raises(ValueError, match=r"\(2, 2\), got \(4,\)"):
            spectral_normalize_backward(np.ones(4), cache)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_what_is_not_finite_goes_through_without_a_warning(bad, dtype):
    w = np.eye(2, dtype=dtype)
    w[0, 1] = bad
    assert not np.isfinite(spectral_norm(w, rng=0)[0])
    w_sn, _, cache = spectral_normalize(w, rng=0)
    assert np.isnan(w_sn).any()
    assert np.isnan(spectral_normalize_backward(np.ones((2, 2)), cache)).any()
    _, _, cache = spectral_normalize(np.eye(2, dtype=dtype), rng=0)
    assert np.isnan(spectral_normalize_backward(w, cache)).any()


# The layer ------------------------------------------------------------------------------------


@pytest.mark.parametrize("cap", [False, True])
def test_the_layer_multiplies_by_normalised_weights(cap):
    layer = SpectralDense(6, 4, rng=0, cap=cap)
    layer.params["W"] *= 0.1 if cap else 5.0
    for _ in range(200):
        y = layer.forward(np.eye(6), training=True)
    expected = layer.params["W"] if cap else layer.params["W"] / sigmas(layer.params["W"])[0]
    np.testing.assert_allclose(y, expected)


def test_the_layers_gradients_are_those_of_the_normalised_map():
    rng = np.random.default_rng(1)
    layer = SpectralDense(5, 3, rng=0, weight_penalty=L2(0.1), bias_penalty=L2(0.2))
    x, dy = rng.standard_normal((4, 5)), rng.standard_normal((4, 3))
    for _ in range(500):
        layer.forward(x, training=True)
    dx = layer.backward(dy)
    W, b = layer.params["W"].copy(), layer.params["b"].copy()
    check_gradient(lambda x: x @ (W / sigmas(W)[0]) + b, dx, x, dy=dy)

    def cost(W):
        return np.vdot(dy, x @ (W / sigmas(W)[0])) + 0.1 * np.vdot(W, W)

    check_gradient(cost, layer.grads["W"], W)
    np.testing.assert_allclose(layer.grads["b"], dy.sum(axis=0) + 0.4 * b)


def test_a_fresh_layer_knows_its_singular_value_already():
    for seed in range(5):
        layer = SpectralDense(30, 20, rng=seed)
        assert 1 - 1e-12 < sigmas(layer.forward(np.eye(30)))[0] < 1.1


def test_only_training_moves_the_kept_vector():
    layer = SpectralDense(6, 4, rng=0)
    x = np.random.default_rng(1).standard_normal((3, 6))
    np.testing.assert_array_equal(layer.forward(x), layer.forward(x))
    layer.params["W"] += np.random.default_rng(2).standard_normal((6, 4))
    before = layer.forward(x)
    layer.forward(x, training=True)
    assert not np.array_equal(layer.forward(x), before)


def test_more_iterations_a_pass_follow_closer():
    errors = []
    for n_iter in (1, 5):
        layer = SpectralDense(8, 8, rng=0, n_iter=n_iter)
        layer.params["W"][...] = np.random.default_rng(1).standard_normal((8, 8))
        errors.append(sigmas(layer.forward(np.eye(8), training=True))[0] - 1)
    assert errors[0] > 2 * errors[1] > 0
    with pytest.raises(ValueError, match="n_iter must be >= 1, got 0"):
        SpectralDense(2, 2, rng=0, n_iter=0)


def test_a_trained_network_of_such_layers_keeps_its_lipschitz_bound():
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (60, 2))
    y = 50 * X[:, :1]  # steeper than the network may be
    first, second = SpectralDense(2, 16, rng=1), SpectralDense(16, 1, rng=2)
    model = Sequential([first, ReLU(), second])
    fit(model, MeanSquaredError(), SGD(0.05), X, y, epochs=300, progress=False)
    maps = [layer.forward(np.eye(n)) - layer.params["b"] for layer, n in ((first, 2), (second, 16))]
    bound = sigmas(maps[0])[0] * sigmas(maps[1])[0]
    assert bound == pytest.approx(1, abs=1e-3)
    a, b = rng.uniform(-2, 2, (2, 5000, 2))
    jumps = np.abs(model.forward(a) - model.forward(b))[:, 0] / np.linalg.norm(a - b, axis=1)
    assert 0.5 < jumps.max() <= bound * (1 + 1e-9)


def test_a_copied_layer_goes_its_own_way():
    model = Sequential([SpectralDense(3, 3, rng=0)])
    x = np.random.default_rng(1).standard_normal((2, 3))
    other = copy.deepcopy(model)
    before = model.forward(x)
    other.theta += 1.0
    other.forward(x, training=True)
    np.testing.assert_array_equal(model.forward(x), before)
    assert isinstance(model.layers[0], Dense)


def test_the_backward_pass_of_a_matrix_of_several_pieces_is_the_formula():
    rng = np.random.default_rng(4)
    w, dw_sn = rng.standard_normal((2, 300, 500))
    w_sn, _, cache = spectral_normalize(w, n_iter=20, rng=1)
    dw = spectral_normalize_backward(dw_sn, cache)
    sigma, u, v = spectral_norm(w, n_iter=20, rng=1)
    expected = (dw_sn - (dw_sn * w_sn).sum() * np.outer(u, v)) / sigma
    np.testing.assert_allclose(dw, expected, rtol=1e-9, atol=1e-12)
