"""LayerNorm and RMSNorm: against the textbook, at the edges, and where float32 has no digits left.

Most tests run for both norms. `textbook` takes the formula literally, in the dtype of its input:
what it gives for the same numbers in long double is what the accuracy is measured against.
"""

import copy
import itertools
import pickle
import re

import numpy as np
import pytest

from nnreg import L2, check_gradient
from nnreg.layernorm import (
    layernorm_backward,
    layernorm_forward,
    rmsnorm_backward,
    rmsnorm_forward,
)
from nnreg.nn import (
    Adam,
    Dense,
    LayerNorm,
    ReLU,
    RMSNorm,
    Sequential,
    SoftmaxCrossEntropy,
    fit,
)

pytestmark = pytest.mark.usefixtures("both_paths")

EPS = 1e-5
PAIRS = {
    "layernorm": (layernorm_forward, layernorm_backward),
    "rmsnorm": (rmsnorm_forward, rmsnorm_backward),
}
each_norm = pytest.mark.parametrize(("forward", "backward"), PAIRS.values(), ids=PAIRS)
each_layer = pytest.mark.parametrize("layer_type", [LayerNorm, RMSNorm])


@pytest.fixture
def rng():
    return np.random.default_rng(13)


# Formulas to compare with, which the accuracy table of the benchmarks uses too ----------------


def textbook(x, gamma=None, beta=None, eps=EPS, axis=-1, centre=True):
    """The two-pass formula, as it stands in the paper."""
    x = x - x.mean(axis, keepdims=True) if centre else x
    x_hat = x / np.sqrt((x * x).mean(axis, keepdims=True) + x.dtype.type(eps))
    return x_hat * (1 if gamma is None else gamma) + (0 if beta is None else beta)


def textbook_backward(dy, x, eps=EPS, centre=True):
    """The paper's formula for dx without gamma, along the last axis."""
    x_hat = textbook(x, eps=eps, centre=centre)
    projected = dy - x_hat * (dy * x_hat).mean(-1, keepdims=True)
    if centre:
        projected -= dy.mean(-1, keepdims=True)
        x = x - x.mean(-1, keepdims=True)
    return projected / np.sqrt((x * x).mean(-1, keepdims=True) + x.dtype.type(eps))


def one_pass(x, eps=EPS):
    """Variance as the mean of the squares less the square of the mean: what not to do."""
    mean = x.mean(-1, keepdims=True)
    variance = (x * x).mean(-1, keepdims=True) - mean * mean
    with np.errstate(invalid="ignore"):
        return (x - mean) / np.sqrt(variance + x.dtype.type(eps))


def badly_conditioned(mean, std, rng, shape=(64, 512)):
    """Return float32 rows whose variance is tiny beside their mean."""
    return (mean + std * rng.standard_normal(shape)).astype(np.float32)


CONDITIONS = [(1e3, 1.0), (1e3, 1e-2), (1e4, 1e-1), (1e5, 1e-1), (1e6, 1.0), (1e7, 1.0), (1e8, 1e2)]


# Forward ------------------------------------------------------------------------------------


def test_rows_have_mean_zero_and_the_variance_that_eps_leaves(rng):
    x = rng.normal(3, 2, (20, 50))
    y, _ = layernorm_forward(x, eps=0.1)
    np.testing.assert_allclose(y.mean(axis=1), 0, atol=1e-15)
    variance = x.var(axis=1)
    np.testing.assert_allclose(y.var(axis=1), variance / (variance + 0.1), rtol=1e-13)


def test_rms_rows_have_the_mean_square_that_eps_leaves(rng):
    x = rng.normal(3, 2, (20, 50))
    y, _ = rmsnorm_forward(x, eps=0.1)
    square = (x**2).mean(axis=1)
    np.testing.assert_allclose((y**2).mean(axis=1), square / (square + 0.1), rtol=1e-13)


def test_two_features_in_closed_form():
    half = np.array([-3.0, -0.1, 1e-3, 2.0])
    y, _ = layernorm_forward(np.stack([5 - half, 5 + half], axis=1), eps=0.01)
    expected = half / np.sqrt(half**2 + 0.01)
    np.testing.assert_allclose(y, np.stack([-expected, expected], axis=1), rtol=1e-12)


@each_norm
def test_default_eps(forward, backward):
    np.testing.assert_array_equal(forward([1.0, 2.0])[0], forward([1.0, 2.0], eps=1e-5)[0])


SHAPES = [((4, 1, 3)[:n], (5, 2, 3)[-m:]) for n in range(4) for m in range(1, 4)]


def parameters(forward, shape, rng, given=(True, True)):
    """Random gamma and beta, or gamma alone for RMSNorm; None for one that is not given."""
    names = ("gamma", "beta")[: 2 if forward is layernorm_forward else 1]
    return {n: rng.normal(1, 1, shape) if g else None for n, g in zip(names, given, strict=False)}


@each_norm
@pytest.mark.parametrize(("leading", "row"), SHAPES, ids=str)
def test_any_leading_and_trailing_axes_against_the_textbook(forward, backward, leading, row, rng):
    x, dy = rng.normal(2, 3, (2, *leading, *row))
    axis = tuple(range(-len(row), 0))
    given = parameters(forward, row, rng)
    centre = forward is layernorm_forward
    expected = textbook(x, **given, axis=axis, centre=centre)
    from_the_front = tuple(a + x.ndim for a in axis)
    for named in (axis, from_the_front, axis[::-1], *([-1, x.ndim - 1] if len(row) == 1 else [])):
        y, cache = forward(x, **given, axis=named)
        np.testing.assert_allclose(y, expected, rtol=1e-13, atol=1e-14)
    dx, *of_parameters = backward(dy, cache)
    assert dx.shape == x.shape
    by_hand = [dy * textbook(x, axis=axis, centre=centre), dy]
    over = tuple(range(len(leading)))
    for gradient, terms in zip(of_parameters, by_hand, strict=False):
        np.testing.assert_allclose(gradient, terms.sum(over), rtol=1e-12, atol=1e-13)


# Backward -----------------------------------------------------------------------------------


@each_norm
@pytest.mark.parametrize("given", [*itertools.product([True, False], repeat=2)], ids=str)
@pytest.mark.parametrize("shape", [(4, 5), (3, 2), (1, 7), (6,), (2, 3, 4)], ids=str)
def test_gradients_with_and_without_parameters(forward, backward, given, shape, rng):
    x, dy = rng.normal(1, 2, (2, *shape))
    keywords = parameters(forward, shape[-1:], rng, given)
    dx, *of_parameters = backward(dy, forward(x, **keywords)[1])
    check_gradient(lambda x: forward(x, **keywords)[0], dx, x, dy=dy)
    assert len(of_parameters) == len(keywords)
    for (name, value), gradient in zip(keywords.items(), of_parameters, strict=True):
        if value is None:
            assert gradient is None
            continue
        assert gradient.shape == value.shape
        f = lambda v, name=name: forward(x, **keywords | {name: v})[0]  # noqa: E731
        check_gradient(f, gradient, value, dy=dy)


@each_norm
def test_gradients_over_several_trailing_axes_and_where_eps_matters(forward, backward, rng):
    x, dy = rng.normal(0, 0.1, (2, 3, 2, 4))
    keywords = parameters(forward, (2, 4), rng) | {"eps": 0.05, "axis": (-2, -1)}
    dx, dgamma, *_ = backward(dy, forward(x, **keywords)[1])
    check_gradient(lambda x: forward(x, **keywords)[0], dx, x, dy=dy)
    f = lambda gamma: forward(x, **keywords | {"gamma": gamma})[0]  # noqa: E731
    check_gradient(f, dgamma, keywords["gamma"], dy=dy)


@each_norm
def test_backward_is_linear_in_dy(forward, backward, rng):
    x, a, b = rng.normal(size=(3, 6, 5))
    _, cache = forward(x, **parameters(forward, (5,), rng))
    combined = backward(2 * a - 3 * b, cache)
    for whole, of_a, of_b in zip(combined, backward(a, cache), backward(b, cache), strict=True):
        np.testing.assert_allclose(whole, 2 * of_a - 3 * of_b, rtol=1e-12, atol=1e-13)


def test_dx_has_no_part_along_the_ones_and_none_along_x_hat(rng):
    x, dy = rng.normal(2, 3, (2, 10, 8))
    y, cache = layernorm_forward(x, eps=1e-30)
    dx, _, _ = layernorm_backward(dy, cache)
    np.testing.assert_allclose(dx.sum(axis=1), 0, atol=1e-14)
    np.testing.assert_allclose((dx * y).sum(axis=1), 0, atol=1e-14)
    y, cache = rmsnorm_forward(x, eps=1e-30)
    dx, _ = rmsnorm_backward(dy, cache)
    np.testing.assert_allclose((dx * y).sum(axis=1), 0, atol=1e-14)
    assert abs(dx.sum(axis=1)).max() > 0.01  # RMSNorm leaves the mean alone


# Invariances --------------------------------------------------------------------------------


def test_shift_and_scale_of_a_row_change_nothing(rng):
    x, dy = rng.normal(size=(2, 6, 9))
    shift, scale = rng.normal(0, 5, (6, 1)), rng.uniform(0.5, 4, (6, 1))
    settings = parameters(layernorm_forward, (9,), rng) | {"eps": 1e-30}
    y, cache = layernorm_forward(x, **settings)
    moved, moved_cache = layernorm_forward(scale * x + shift, **settings)
    np.testing.assert_allclose(moved, y, rtol=1e-12, atol=1e-12)
    dx, moved_dx = (layernorm_backward(dy, c)[0] for c in (cache, moved_cache))
    np.testing.assert_allclose(moved_dx, dx / scale, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(
        layernorm_forward(-x, eps=1e-30)[0], -layernorm_forward(x, eps=1e-30)[0], rtol=1e-13
    )


def test_rmsnorm_is_invariant_to_scale_and_not_to_shift(rng):
    x = rng.normal(size=(6, 9))
    y, _ = rmsnorm_forward(x, eps=1e-30)
    np.testing.assert_allclose(rmsnorm_forward(7 * x, eps=1e-30)[0], y, rtol=1e-13)
    assert abs(rmsnorm_forward(x + 1, eps=1e-30)[0] - y).max() > 0.1


def test_rmsnorm_of_centred_rows_is_layernorm(rng):
    x = rng.normal(size=(6, 9))
    x -= x.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(rmsnorm_forward(x)[0], layernorm_forward(x)[0], atol=1e-14)


@each_norm
def test_rows_do_not_see_each_other(forward, backward, rng):
    x, dy = rng.normal(size=(2, 7, 5))
    order = rng.permutation(7)
    y, cache = forward(x)
    shuffled, shuffled_cache = forward(x[order])
    np.testing.assert_allclose(shuffled, y[order], rtol=1e-13)
    dx, *_ = backward(dy, cache)
    np.testing.assert_allclose(backward(dy[order], shuffled_cache)[0], dx[order], rtol=1e-12)


# Edges --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("d", [1, 2, 3, 1000])
def test_constant_rows_are_beta_to_the_bit(dtype, d, rng):
    info = np.finfo(dtype)
    values = np.array([0.0, 0.1, -3.3, 1e4 + 0.1, -1e-4, 1e8 + 0.1, 1e30, -1e-30])
    values = [*values[abs(values) < info.max], info.max, -info.tiny, 3 * info.smallest_subnormal]
    x = np.repeat(np.array(values, dtype)[:, None], d, axis=1)
    gamma, beta = rng.normal(size=(2, d)).astype(dtype)
    for eps in (5e-324, 1.0, EPS):
        y, cache = layernorm_forward(x, gamma, beta, eps)
        np.testing.assert_array_equal(y, np.broadcast_to(beta, x.shape))
    dy = rng.normal(size=x.shape).astype(dtype)
    dx, dgamma, dbeta = layernorm_backward(dy, cache)
    np.testing.assert_array_equal(dgamma, np.zeros(d))
    assert np.isfinite(dx).all()
    assert np.isfinite(dbeta).all()


def test_one_feature_is_beta_and_has_no_gradient():
    y, cache = layernorm_forward([[3.0], [-1e30]], gamma=[2.0], beta=[0.5])
    np.testing.assert_array_equal(y, [[0.5], [0.5]])
    dx, dgamma, dbeta = layernorm_backward([[1.0], [2.0]], cache)
    np.testing.assert_array_equal(dx, np.zeros((2, 1)))
    assert (dgamma.tolist(), dbeta.tolist()) == ([0.0], [3.0])


def test_one_feature_of_rmsnorm_is_a_soft_sign():
    x = np.array([[3.0], [-0.01], [0.0]])
    np.testing.assert_allclose(rmsnorm_forward(x, eps=1e-4)[0], x / np.sqrt(x**2 + 1e-4))


def test_a_row_of_zeros_has_a_finite_rmsnorm():
    y, cache = rmsnorm_forward(np.zeros((1, 3)), eps=1e-4)
    assert not y.any()
    np.testing.assert_allclose(rmsnorm_backward([[1.0, 2.0, 3.0]], cache)[0], [[100, 200, 300]])


@each_norm
@pytest.mark.parametrize("shape", [(0, 3), (2, 0, 3), (0, 2, 3)])
def test_no_rows(forward, backward, shape):
    given = {"gamma": np.ones(3)} | ({"beta": np.ones(3)} if forward is layernorm_forward else {})
    y, cache = forward(np.ones(shape), **given)
    dx, *of_parameters = backward(np.ones(shape), cache)
    assert y.shape == dx.shape == shape
    for gradient in of_parameters:
        np.testing.assert_array_equal(gradient, np.zeros(3))


@each_norm
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("column", [0, 2])
def test_what_is_not_finite_stays_in_its_row(forward, backward, value, dtype, column, rng):
    x, dy = rng.normal(size=(2, 5, 8)).astype(dtype)
    clean_y, clean_cache = forward(x)
    clean_dx, *_ = backward(dy, clean_cache)
    x[3, column] = value
    y, cache = forward(x)  # without a warning: here each of them is an error
    dx, *_ = backward(dy, cache)
    assert np.isnan(y[3]).any()
    assert np.isnan(dx[3]).any()
    others = [0, 1, 2, 4]
    rtol = 4 * np.finfo(dtype).eps
    np.testing.assert_allclose(y[others], clean_y[others], rtol=rtol)
    np.testing.assert_allclose(dx[others], clean_dx[others], rtol=8 * rtol, atol=rtol)
    dy[3, column] = value
    dx, *_ = backward(dy, clean_cache)
    assert np.isnan(dx[3]).any()
    np.testing.assert_allclose(dx[others], clean_dx[others], rtol=8 * rtol, atol=rtol)


@each_norm
@pytest.mark.parametrize(
    ("dtype", "size"), [(np.float32, 1e30), (np.float32, 1e-30), (np.float64, 1e200)]
)
def test_rows_whose_squares_leave_the_dtypes_range(forward, backward, dtype, size, rng):
    x, dy = rng.normal(size=(2, 4, 6))
    x[0] *= size > 1
    sizes = np.array([[1.0], [size], [size], [size]])  # the first row: ordinary, or zeros
    eps = 1e-5 if size > 1 else 1e-66
    y, cache = forward((sizes * x).astype(dtype), eps=eps)
    assert y.dtype == dtype
    # Dividing a row by its size, and eps by the square of it, changes nothing.
    eps = eps / sizes / sizes
    expected = textbook(x, eps=eps, centre=forward is layernorm_forward)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-6)
    if forward is layernorm_forward:
        dx = backward(dy.astype(dtype), cache)[0][1:] * sizes[1:]
        expected = textbook_backward(dy, x, eps)[1:]
        np.testing.assert_allclose(dx, expected, rtol=1e-4, atol=1e-5)


def test_an_eps_too_small_for_float32_still_guards_a_constant_row():
    y, _ = layernorm_forward(np.ones((2, 3), np.float32), eps=1e-60)
    np.testing.assert_array_equal(y, np.zeros((2, 3)))


# Accuracy -----------------------------------------------------------------------------------

# In units of the dtype's precision times the largest entry; 10 and 9 are the most over 20 seeds.
FORWARD_ULPS, BACKWARD_ULPS = 40, 36


def assert_accurate(values, expected, ulps):
    precision = np.finfo(values.dtype).eps
    assert abs(values - expected).max() <= ulps * precision * abs(expected).max()


@pytest.mark.parametrize(("mean", "std"), CONDITIONS, ids=str)
def test_tiny_variance_beside_a_huge_mean_costs_float32_no_digits(mean, std, rng):
    x = badly_conditioned(mean, std, rng)
    wide = x.astype(np.longdouble)
    expected = textbook(wide)
    y, cache = layernorm_forward(x)
    assert_accurate(y, expected, FORWARD_ULPS)
    naive = np.nan_to_num(abs(one_pass(x) - expected), nan=np.inf).max()
    assert 100 * abs(y - expected).max() <= naive

    dy = rng.standard_normal(x.shape).astype(np.float32)
    expected = textbook_backward(dy.astype(np.longdouble), wide)
    dx, _, _ = layernorm_backward(dy, cache)
    assert_accurate(dx, expected, BACKWARD_ULPS)


def test_float64_keeps_its_digits_at_a_huge_mean(rng):
    x = 1e12 + rng.standard_normal((64, 512))
    assert_accurate(layernorm_forward(x)[0], textbook(x - 1e12), FORWARD_ULPS)


# Of the other entries, in units of precision times the largest of them: 6.5 is the most that 300
# rows gave. A float64 mean knows two opposite outliers no better than their own last digit.
OUTLIER_ULPS = 16


@pytest.mark.parametrize("d", [16, 768, 16384])
@pytest.mark.parametrize(
    ("dtype", "outliers"),
    [
        (np.float32, [3e3]),
        (np.float32, [1e8]),
        (np.float32, [1e8, -1e8]),
        (np.float32, [1e6, 2e4, -3e6, 1e4, 5e5]),
        (np.float64, [3e3]),
        (np.float64, [1e8]),
        (np.float64, [1e8, 1e7, 2e6]),
    ],
    ids=str,
)
def test_outliers_cost_the_others_no_digits_wherever_they_stand(dtype, outliers, d, rng):
    dy = rng.standard_normal(d).astype(dtype)
    ordinary = rng.standard_normal(d - len(outliers))
    for place in (0, 1, d // 2, d - len(outliers)):
        x = np.insert(ordinary, place, outliers).astype(dtype)
        others = np.delete(np.arange(d), slice(place, place + len(outliers)))
        wide = x.astype(np.longdouble)
        y, cache = layernorm_forward(x)
        assert_accurate(y[others], textbook(wide)[others], OUTLIER_ULPS)
        dx, _, _ = layernorm_backward(dy, cache)
        assert_accurate(dx, textbook_backward(dy.astype(wide.dtype), wide), OUTLIER_ULPS)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("d", [3, 1000, 16384])
@pytest.mark.parametrize("value", [0.1, -1e8, 1e30])
def test_a_row_that_differs_by_one_last_digit_in_one_place(dtype, d, value, rng):
    x = np.full(d, value, dtype)
    digit = np.spacing(abs(x[0]))
    x[rng.integers(d)] += digit
    eps = float(digit) ** 2 / d
    expected = textbook((x - dtype(value)).astype(np.longdouble), eps=eps)
    assert_accurate(layernorm_forward(x, eps=eps)[0], expected, 8)


def ends_of_the_range():
    """Return sizes from the smallest to the largest number, and an eps felt beside them."""
    cases = []
    for dtype in (np.float32, np.float64):
        info = np.finfo(dtype)
        low, high = float(info.tiny), float(info.max)
        for size in (high, high / 3, high**0.5, high**-0.5, 100 * low, low, low * 1e-4):
            beside = size**2 if 1e-150 < size < 1 else 1e-30
            for eps in (EPS, beside):
                # Only where the results are numbers that the dtype can hold.
                root = np.hypot(size, eps**0.5)
                if size / root > 10 * low and 1 / root < high / 100:
                    cases.append((dtype, size, eps))
    return cases


@each_norm
@pytest.mark.parametrize(("dtype", "size", "eps"), ends_of_the_range(), ids=str)
def test_rows_at_the_ends_of_the_range_lose_no_digits(forward, backward, dtype, size, eps, rng):
    centre = forward is layernorm_forward
    for d in (2, 3, 1000):
        x = (size * rng.uniform(-1, 1, (5, d))).astype(dtype)
        x[0, :2] = size, -size
        wide, dy = x.astype(np.longdouble), rng.standard_normal(x.shape).astype(dtype)
        y, cache = forward(x, eps=eps)
        expected = textbook(wide, eps=eps, centre=centre)
        precision = np.finfo(dtype).eps
        assert (abs(y - expected) <= 4 * precision * abs(expected).max(1, keepdims=True)).all()
        dx, *_ = backward(dy, cache)
        expected = textbook_backward(dy.astype(wide.dtype), wide, eps, centre)
        deviation = wide - wide.mean(1, keepdims=True) if centre else wide
        scale = abs(dy).max(1) / np.sqrt((deviation**2).mean(1) + wide.dtype.type(eps))
        assert (abs(dx - expected).max(1) <= 8 * precision * scale).all()


# dtype and memory ---------------------------------------------------------------------------


@each_norm
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, int, bool])
def test_dtype_is_kept(forward, backward, dtype):
    x = np.arange(12).reshape(3, 4).astype(dtype)
    expected = np.float64 if dtype in (int, bool) else dtype
    given = parameters(forward, (4,), np.random.default_rng(0))
    given = {name: value.astype(expected) for name, value in given.items()}
    for keywords in ({}, given):
        y, cache = forward(x, **keywords)
        dx, *of_parameters = backward(np.ones((3, 4)), cache)
        assert y.dtype == dx.dtype == expected
        assert {g.dtype for g in of_parameters if g is not None} <= {np.dtype(expected)}


@each_norm
def test_half_precision_is_worked_in_single(forward, backward, rng):
    x = rng.normal(size=(4, 2000)).astype(np.float16)
    expected = forward(x.astype(np.float64))[0]
    np.testing.assert_allclose(forward(x)[0], expected, rtol=1.01 * 2.0**-11, atol=1e-7)


@each_norm
def test_long_double_is_worked_in_long_double(forward, backward, rng):
    x = rng.normal(size=(4, 20)).astype(np.longdouble) / 3
    expected = textbook(x, centre=forward is layernorm_forward)
    np.testing.assert_allclose(forward(x)[0], expected, atol=32 * np.finfo(x.dtype).eps, rtol=0)


def test_parameters_of_another_precision_do_not_change_the_outputs_dtype():
    x = np.ones((2, 3), np.float32)
    y, cache = layernorm_forward(x, np.ones(3), np.ones(3, np.float16))
    dx, dgamma, dbeta = layernorm_backward(np.ones((2, 3)), cache)
    assert [a.dtype for a in (y, dx, dgamma, dbeta)] == [
        np.float32,
        np.float32,
        np.float64,
        np.float16,
    ]


@each_norm
def test_a_narrow_gamma_does_not_narrow_the_gradient(forward, backward, rng):
    x, dy = rng.normal(size=(2, 5, 6))
    gamma = rng.normal(size=6).astype(np.float16)
    narrow, wide = (backward(dy, forward(x, g)[1])[0] for g in (gamma, gamma.astype(float)))
    np.testing.assert_allclose(narrow, wide, rtol=1e-13)


@each_norm
@pytest.mark.parametrize("with_parameters", [False, True])
def test_views_and_read_only_inputs_are_left_alone(forward, backward, with_parameters, rng):
    x, dy = rng.normal(size=(2, 5, 12))
    row = rng.normal(size=12)
    keywords = parameters(forward, (6,), rng) if with_parameters else {}
    for name in keywords:
        keywords[name] = row[::2]
    arrays = x, dy, row
    before = [array.copy() for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    for strided, upstream in ((x[:, ::2], dy[:, ::2]), (x.T[:6].T, np.asfortranarray(dy[:, :6]))):
        y, cache = forward(strided, **keywords)
        dx, *_ = backward(upstream, cache)
        plain, plain_cache = forward(strided.copy(), **keywords)
        np.testing.assert_allclose(y, plain, rtol=1e-14)
        np.testing.assert_allclose(dx, backward(upstream.copy(), plain_cache)[0], rtol=1e-13)
    for array, kept in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(array, kept)


@each_norm
@pytest.mark.parametrize("with_parameters", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_returned_is_nobody_elses(forward, backward, with_parameters, dtype, rng):
    x, dy = rng.normal(size=(2, 5, 6)).astype(dtype)
    given = parameters(forward, (6,), rng) if with_parameters else {}
    y, cache = forward(x, **given)
    assert not np.shares_memory(y, x)
    first = [None if g is None else g.copy() for g in backward(dy, cache)]
    y[...] = np.nan
    x[...] = np.nan
    again = backward(dy, cache)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    for gradient in again:
        assert gradient is None or not np.shares_memory(gradient, dy)
        if gradient is not None:
            gradient[...] = np.nan
    for one, other in zip(first, backward(dy, cache), strict=True):
        np.testing.assert_array_equal(one, other)


# Bad input ----------------------------------------------------------------------------------


@each_norm
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda f, _: f(np.ones((2, 0))), ValueError, "entry a row, got shape (2, 0)"),
        (lambda f, _: f([]), ValueError, "entry a row, got shape (0,)"),
        (lambda f, _: f(np.ones((2, 3)), gamma=np.ones(2)), ValueError, "a row, (3,), got (2,)"),
        (lambda f, _: f(np.ones((2, 3)), gamma=1.0), ValueError, "gamma must have the shape"),
        (
            lambda f, _: f(np.ones((2, 3)), gamma=np.ones((1, 3))),
            ValueError,
            "gamma must have the shape of a row, (3,), got (1, 3)",
        ),
        (
            lambda f, _: f(np.ones((2, 3, 4)), gamma=np.ones(12), axis=(1, 2)),
            ValueError,
            "gamma must have the shape of a row, (3, 4), got (12,)",
        ),
        (lambda f, _: f(np.ones((2, 3)), axis=0), ValueError, "axis must name the last axes of x"),
        (lambda f, _: f(np.ones((2, 3)), axis=-2), ValueError, "got -2 for shape (2, 3)"),
        (lambda f, _: f(np.ones((2, 3)), axis=-3), ValueError, "axis must name the last axes"),
        (lambda f, _: f(np.ones((2, 3)), axis=2), ValueError, "axis must name the last axes"),
        (lambda f, _: f(np.ones((2, 3, 4)), axis=(0, 2)), ValueError, "got (0, 2) for shape"),
        (lambda f, _: f(np.ones((2, 3)), axis=(-1, 1)), ValueError, "axis must name"),
        (lambda f, _: f(np.ones((2, 3)), axis=()), ValueError, "axis must name"),
        (lambda f, _: f(np.ones(3), axis=(-2, -1)), ValueError, "got (-2, -1) for shape (3,)"),
        (lambda f, _: f(1.0), ValueError, "got -1 for shape ()"),
        (lambda f, _: f(np.ones((2, 3)), axis="-1"), (TypeError, ValueError), "axis must"),
        (lambda f, _: f(np.ones((2, 3)), axis=1.0), (TypeError, ValueError), "axis must"),
        (lambda f, _: f(np.ones((2, 3)), axis=None), (TypeError, ValueError), "axis must"),
        (lambda f, _: f([1.0], eps=0), ValueError, "eps must be finite and > 0, got 0.0"),
        (lambda f, _: f([1.0], eps=-1e-5), ValueError, "eps must be finite and >= 0, got -1e-05"),
        (lambda f, _: f([1.0], eps=np.nan), ValueError, "eps must be"),
        (lambda f, _: f([1.0], eps=np.inf), ValueError, "eps must be"),
        (lambda f, _: f([1.0], eps="0.1"), TypeError, "eps must be a real number, got '0.1'"),
        (lambda f, _: f("abc"), TypeError, "x must hold real numbers"),
        (lambda f, _: f([1j]), TypeError, "x must hold real numbers"),
        (lambda f, _: f([None]), TypeError, "x must hold real numbers"),
        (lambda f, _: f([[1.0], [1.0, 2.0]]), ValueError, "x must be a rectangular array"),
        (lambda f, _: f([1.0], gamma=["a"]), TypeError, "gamma must hold real numbers"),
        (lambda f, b: b(np.ones((3, 2)), f(np.ones((2, 3)))[1]), ValueError, "(2, 3), got (3, 2)"),
        (lambda f, b: b(np.ones(3), f(np.ones((2, 3)))[1]), ValueError, "(2, 3), got (3,)"),
        (lambda f, b: b("dy", f(np.ones((2, 3)))[1]), TypeError, "dy must hold real numbers"),
    ],
)
def test_bad_input_is_named(forward, backward, call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call(forward, backward)


def test_bad_beta_is_named():
    with pytest.raises(ValueError, match=r"beta must have the shape of a row, \(3,\), got \(2,\)"):
        layernorm_forward(np.ones((2, 3)), beta=np.ones(2))


# Layers -------------------------------------------------------------------------------------


def functions_of(layer):
    return PAIRS["layernorm" if isinstance(layer, LayerNorm) else "rmsnorm"]


@each_layer
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("n", [4, (3, 4)])
def test_a_layer_is_its_pair_of_functions(layer_type, training, n, rng):
    layer = layer_type(n, eps=0.01)
    forward, backward = functions_of(layer)
    row = n if isinstance(n, tuple) else (n,)
    for param in layer.params.values():
        assert param.shape == row
        param += rng.normal(size=row)
    x, dy = rng.normal(size=(2, 5, 2, *row))
    y, cache = forward(x, **layer.params, eps=0.01, axis=tuple(range(-len(row), 0)))
    np.testing.assert_array_equal(layer.forward(x, training), y)
    dx, *of_parameters = backward(dy, cache)
    np.testing.assert_array_equal(layer.backward(dy), dx)
    for gradient, expected in zip(layer.grads.values(), of_parameters, strict=True):
        np.testing.assert_array_equal(gradient, expected)


@each_layer
def test_a_fresh_layer_scales_by_one_and_shifts_by_nothing(layer_type, rng):
    x = rng.normal(size=(3, 4))
    layer = layer_type(4)
    np.testing.assert_array_equal(layer.forward(x), functions_of(layer)[0](x)[0])
    assert layer.penalty() == 0.0
    assert list(layer.params) == list(layer.grads)


def network(layer_type, dtype=np.float64):
    first = Dense(3, 4, weight_penalty=L2(0.01), rng=1, dtype=dtype)
    return Sequential([first, layer_type(4, dtype=dtype), ReLU(), Dense(4, 2, rng=2, dtype=dtype)])


@each_layer
def test_parameters_lie_in_theta_and_the_whole_gradient_is_right(layer_type, rng):
    model, loss = network(layer_type), SoftmaxCrossEntropy()
    assert np.shares_memory(model.layers[1].params["gamma"], model.theta)
    assert np.shares_memory(model.layers[1].grads["gamma"], model.dtheta)
    model.theta[:] = start = model.theta + rng.normal(0, 0.1, model.theta.shape)
    X, y = rng.normal(size=(6, 3)), rng.integers(0, 2, 6)

    def objective(theta):
        model.theta[:] = theta
        return loss.forward(model.forward(X), y) + model.penalty()

    objective(start)
    model.forward(X, training=True)
    model.backward(loss.backward())
    check_gradient(objective, model.dtheta.copy(), start)


@each_layer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_training_moves_gamma_and_lowers_the_loss(layer_type, dtype, rng):
    model, X = network(layer_type, dtype), rng.normal(size=(40, 3)).astype(dtype)
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    history = fit(model, SoftmaxCrossEntropy(), Adam(0.02), X, y, epochs=100, batch_size=16, rng=0)
    assert history.data_loss[-1] < 0.8 * history.data_loss[0]
    for param in model.layers[1].params.values():
        assert np.shares_memory(param, model.theta)
        assert param.dtype == dtype
    assert abs(model.layers[1].params["gamma"] - 1).min() > 1e-3


@each_layer
@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]
)
def test_a_copy_is_whole_and_independent(layer_type, duplicate, rng):
    model = network(layer_type)
    twin, X, y = duplicate(model), rng.normal(size=(12, 3)), rng.integers(0, 2, 12)
    np.testing.assert_array_equal(twin.forward(X), model.forward(X))
    before = model.theta.copy()
    fit(twin, SoftmaxCrossEntropy(), Adam(0.1), X, y, epochs=3)
    np.testing.assert_array_equal(model.theta, before)
    assert (twin.layers[1].params["gamma"] != 1).all()
    assert np.shares_memory(twin.layers[1].params["gamma"], twin.theta)


@each_layer
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda layer: layer(0), ValueError, "n must be >= 1, got 0"),
        (lambda layer: layer((3, -1)), ValueError, "n must be >= 1, got -1"),
        (lambda layer: layer(2.0), TypeError, "n must be a whole number, got 2.0"),
        (lambda layer: layer("3"), TypeError, "n must be a whole number, got '3'"),
        (lambda layer: layer(()), TypeError, "n must be a whole number, got ()"),
        (lambda layer: layer(3, eps=0), ValueError, "eps must be finite and > 0"),
        (lambda layer: layer(3, dtype=int), TypeError, "dtype must be a floating-point type"),
        (lambda layer: layer(3).forward(np.ones((2, 4))), ValueError, "(4,), got (3,)"),
        (lambda layer: layer((2, 3)).forward(np.ones(3)), ValueError, "must"),
    ],
)
def test_bad_layers_are_refused_by_name(layer_type, call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call(layer_type)


@each_norm
def test_pieces_of_many_rows_give_what_each_row_gives_alone(forward, backward, rng):
    n, d = 300, 500  # more than one piece
    x, dy = rng.normal(size=(2, n, d))
    gamma = rng.normal(size=d)
    y, cache = forward(x, gamma)
    dx, dgamma, *_ = backward(dy, cache)
    alone = []
    for row, up in zip(x, dy, strict=True):
        y_row, cache = forward(row, gamma)
        alone.append((y_row, *backward(up, cache)[:2]))
    y_rows, dx_rows, dgamma_rows = (np.array(each) for each in zip(*alone, strict=True))
    np.testing.assert_allclose(y, y_rows, rtol=1e-12)
    np.testing.assert_allclose(dx, dx_rows, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(dgamma, dgamma_rows.sum(axis=0), rtol=1e-10, atol=1e-10)
