"""Penalties: by hand, by finite differences, by SciPy, and by scikit-learn's own solutions."""

import re

import numpy as np
import pytest
from scipy.optimize import approx_fprime, check_grad, minimize_scalar
from sklearn.linear_model import ElasticNet as SklearnElasticNet
from sklearn.linear_model import Lasso, Ridge

from nnreg import L1, L2, ElasticNet, Penalty, check_gradient
from nnreg.conventions import to_library
from nnreg.data import diabetes

ALL = [L1(0.3), L2(0.7), ElasticNet(0.4, l1_ratio=0.25), L1(0.2) + L2(0.1)]
each_penalty = pytest.mark.parametrize("penalty", ALL, ids=repr)
W = np.array([1.5, -2.0, 0.25, -0.125])

FORMULAS = {
    ALL[0]: lambda w: 0.3 * np.sum(np.sqrt(w * w)),
    ALL[1]: lambda w: 0.7 * np.sum(w * w),
    ALL[2]: lambda w: 0.4 * np.sum(0.25 * np.sqrt(w * w) + 0.75 * w * w),
    ALL[3]: lambda w: np.sum(0.2 * np.sqrt(w * w) + 0.1 * w * w),
}


@pytest.fixture
def rng():
    return np.random.default_rng(7)


class Quartic(Penalty):
    """The sum of fourth powers: a penalty of one's own, with value and grad alone."""

    def value(self, w):
        return float(np.sum(np.asarray(w) ** 4))

    def grad(self, w):
        return 4 * np.asarray(w) ** 3


# By hand ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("penalty", "value", "grad", "prox"),
    [
        (L1(0.5), 1.9375, [0.5, -0.5, 0.5, -0.5], [1.25, -1.75, 0.0, 0.0]),
        (L2(0.5), 3.1640625, [1.5, -2.0, 0.25, -0.125], [1.0, -4 / 3, 1 / 6, -1 / 12]),
        (
            ElasticNet(2.0, l1_ratio=0.25),
            0.5 * 3.875 + 1.5 * 6.328125,
            [5.0, -6.5, 1.25, -0.875],
            [0.5, -0.7, 0.0, 0.0],
        ),
    ],
    ids=repr,
)
def test_value_grad_and_prox_by_hand(penalty, value, grad, prox):
    assert penalty.value(W) == pytest.approx(value, rel=1e-15)
    np.testing.assert_allclose(penalty.grad(W), grad, rtol=1e-15)
    np.testing.assert_allclose(penalty.prox(W, step=0.5), prox, rtol=1e-15)


def test_the_subgradient_at_zero_is_zero_and_zero_stays_zero():
    zeros = np.array([0.0, -0.0])
    for penalty in ALL:
        np.testing.assert_array_equal(penalty.grad(zeros), 0.0)
        np.testing.assert_array_equal(penalty.value_and_grad(zeros)[1], 0.0)
        np.testing.assert_array_equal(penalty.prox(zeros, 0.5), 0.0)


def test_soft_threshold_makes_exact_zeros_without_a_sign():
    shrunk = L1(1.0).prox([-0.5, 0.5, 1.0, -1.0], step=1.0)
    np.testing.assert_array_equal(shrunk, 0.0)
    assert not np.signbit(shrunk).any()


@each_penalty
def test_value_and_grad_is_value_and_grad(penalty, rng):
    w = rng.normal(size=(4, 3))
    value, grad = penalty.value_and_grad(w)
    assert value == pytest.approx(penalty.value(w), rel=1e-15)
    np.testing.assert_allclose(grad, penalty.grad(w), rtol=1e-15)


@each_penalty
def test_a_penalty_without_strength_is_nothing(penalty):
    nothing = {L1: L1(0), L2: L2(0), ElasticNet: ElasticNet(0)}.get(type(penalty), L1(0) + L2(0))
    assert nothing.value(W) == 0.0
    np.testing.assert_array_equal(nothing.grad(W), 0.0)
    np.testing.assert_array_equal(nothing.prox(W, 3.0), W)


# Derivatives --------------------------------------------------------------------------------


@each_penalty
def test_grad_against_a_complex_step_of_the_formula(penalty, rng):
    w = rng.normal(size=20)
    h = 1e-200
    steps = w + 1j * h * np.eye(w.size)
    exact = [FORMULAS[penalty](row).imag / h for row in steps]
    np.testing.assert_allclose(penalty.grad(w), exact, rtol=1e-14)
    assert penalty.value(w) == pytest.approx(FORMULAS[penalty](w), rel=1e-14)


@each_penalty
def test_grad_against_scipys_differences(penalty, rng):
    w = rng.normal(size=20)
    assert check_grad(penalty.value, penalty.grad, w) < 1e-6
    np.testing.assert_allclose(penalty.grad(w), approx_fprime(w, penalty.value), atol=1e-6)


@each_penalty
@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 4), (2, 3, 2)], ids=str)
def test_grad_against_our_own_check_in_any_shape(penalty, shape, rng):
    w = rng.normal(size=shape)
    report = check_gradient(penalty.value, penalty.grad(w), w)
    assert report.n_entries == w.size
    assert penalty.value_and_grad(w)[1].shape == shape


# The proximal step --------------------------------------------------------------------------


@each_penalty
@pytest.mark.parametrize("step", [0.01, 0.5, 3.0])
def test_prox_is_the_minimum_that_scipy_finds(penalty, step):
    for w in (-2.0, -0.05, 0.0, 0.3, 1.7):
        found = minimize_scalar(
            lambda z, w=w: step * penalty.value([z]) + (z - w) ** 2 / 2,
            bounds=(-3, 3),
            method="bounded",
            options={"xatol": 1e-12},
        )
        assert penalty.prox([w], step)[0] == pytest.approx(found.x, abs=1e-6)


def test_prox_of_step_zero_is_a_copy():
    for penalty in ALL:
        moved = penalty.prox(W, 0)
        np.testing.assert_array_equal(moved, W)
        assert not np.shares_memory(moved, W)


def test_prox_without_closed_form_says_so():
    with pytest.raises(NotImplementedError, match="closed-form"):
        Quartic().prox(W, 0.1)
    with pytest.raises(NotImplementedError, match="closed-form"):
        (L1(0.1) + Quartic()).prox(W, 0.1)


# Sums and the elastic net -------------------------------------------------------------------


def test_sum_of_penalties():
    total = L1(0.2) + L2(0.1) + ElasticNet(0.3, 0.5)
    assert len(total.terms) == 3
    assert repr(L1(0.2) + L2(0.1)) == "L1(lam=0.2) + L2(lam=0.1)"
    same = ElasticNet(0.6, l1_ratio=0.35 / 0.6)
    assert total.value(W) == pytest.approx(same.value(W), rel=1e-14)
    np.testing.assert_allclose(total.grad(W), same.grad(W), rtol=1e-14)
    np.testing.assert_allclose(total.prox(W, 0.7), same.prox(W, 0.7), rtol=1e-14)


def test_a_penalty_of_ones_own_adds_to_ours():
    total = L2(0.5) + Quartic()
    check_gradient(total.value, total.grad(W), W)
    value, grad = total.value_and_grad(W)
    assert value == pytest.approx(0.5 * np.sum(W**2) + np.sum(W**4), rel=1e-14)
    np.testing.assert_allclose(grad, W + 4 * W**3, rtol=1e-14)


def test_only_penalties_can_be_added():
    with pytest.raises(TypeError):
        L1(0.1) + 0.5


def test_limits_of_the_elastic_net(rng):
    w = rng.normal(size=(5, 2))
    for limit, same in ((ElasticNet(0.3, 1.0), L1(0.3)), (ElasticNet(0.3, 0.0), L2(0.3))):
        assert limit.value(w) == same.value(w)
        np.testing.assert_array_equal(limit.grad(w), same.grad(w))
        np.testing.assert_array_equal(limit.prox(w, 0.4), same.prox(w, 0.4))


def test_penalties_are_values():
    assert L1(0.1) == L1(0.1) != L1(0.2)
    assert L1(0.1) != L2(0.1)
    assert len({L2(1), L2(1.0), L2(2)}) == 2
    with pytest.raises(AttributeError):
        L1(0.1).lam = 0.2


# References nobody here wrote ---------------------------------------------------------------


@pytest.fixture(scope="module")
def regression():
    """Diabetes, standardised: X, y, and the gradient of mean((Xw - y)**2)."""
    X, y, _ = diabetes()
    X, y = X * np.sqrt(len(X)), y - y.mean()
    gram, moment = X.T @ X / len(X), X.T @ y / len(X)
    return X, y, lambda w: 2 * (gram @ w - moment)


def test_gradient_descent_reaches_scikit_learns_ridge(regression):
    X, y, data_grad = regression
    for lam in (0.01, 0.1, 1.0):
        penalty, w = L2(lam), np.zeros(X.shape[1])
        for _ in range(8000):
            w -= 0.1 * (data_grad(w) + penalty.grad(w))
        ridge = Ridge(**to_library(penalty, "sklearn.Ridge", len(X)), fit_intercept=False)
        np.testing.assert_allclose(w, ridge.fit(X, y).coef_, rtol=1e-9)


@pytest.mark.parametrize(
    ("library", "model", "penalty"),
    [
        ("sklearn.Lasso", Lasso, L1(5.0)),
        ("sklearn.Lasso", Lasso, L1(30.0)),
        ("sklearn.ElasticNet", SklearnElasticNet, ElasticNet(3.0, l1_ratio=0.9)),
        ("sklearn.ElasticNet", SklearnElasticNet, L1(20.0) + L2(0.2)),
    ],
    ids=str,
)
def test_proximal_gradient_reaches_scikit_learns_solution(regression, library, model, penalty):
    X, y, data_grad = regression
    w = np.zeros(X.shape[1])
    for _ in range(6000):
        w = penalty.prox(w - 0.1 * data_grad(w), step=0.1)
    theirs = model(
        **to_library(penalty, library, len(X)), fit_intercept=False, tol=1e-14, max_iter=1_000_000
    ).fit(X, y)
    np.testing.assert_allclose(w, theirs.coef_, rtol=1e-8, atol=1e-9)
    np.testing.assert_array_equal(w == 0, theirs.coef_ == 0)
    # The stationarity condition, with our gradient on the weights that are not zero.
    residual = data_grad(w) + penalty.grad(w)
    np.testing.assert_allclose(residual[w != 0], 0, atol=1e-9)


# Arrays of every kind -----------------------------------------------------------------------


@each_penalty
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", ">f4", ">f8", "i1", "i8", "u8", "?"])
def test_floats_keep_their_dtype_and_integers_become_float64(penalty, dtype):
    w = np.array([[1, 0, 1], [0, 1, 1]], dtype)
    expected = np.dtype(dtype) if np.dtype(dtype).kind == "f" else np.dtype("f8")
    assert penalty.grad(w).dtype == expected
    assert penalty.value_and_grad(w)[1].dtype == expected
    assert penalty.prox(w, 0.5).dtype == expected
    assert type(penalty.value(w)) is float
    assert penalty.value(w) == pytest.approx(penalty.value(w.astype("f8")), rel=1e-15)
    np.testing.assert_allclose(penalty.grad(w), penalty.grad(w.astype("f8")), rtol=2e-3)


@each_penalty
def test_a_number_gets_an_array_without_axes(penalty):
    for w in (-2.0, np.float32(-2.0), np.array(-2.0)):
        dtype = np.asarray(w).dtype
        for result in (penalty.grad(w), penalty.value_and_grad(w)[1], penalty.prox(w, 0.1)):
            assert isinstance(result, np.ndarray)
            assert (result.shape, result.dtype) == ((), dtype)


@each_penalty
def test_empty_arrays(penalty):
    for shape in ((0,), (3, 0)):
        empty = np.zeros(shape, np.float32)
        value, grad = penalty.value_and_grad(empty)
        assert (value, penalty.value(empty)) == (0.0, 0.0)
        assert (grad.shape, penalty.grad(empty).shape) == (shape, shape)
        assert penalty.prox(empty, 1.0).shape == shape


@each_penalty
def test_layout_does_not_matter_and_the_input_is_left_alone(penalty, rng):
    base = rng.normal(size=(6, 8))
    plain = base[::2, ::-2].copy()
    fortran, strided = np.asfortranarray(plain), base[::2, ::-2]
    read_only = plain.copy()
    read_only.flags.writeable = False
    before = base.copy()
    for w in (fortran, strided, read_only, plain.tolist()):
        assert penalty.value(w) == pytest.approx(penalty.value(plain), rel=1e-14)
        for method in (
            penalty.grad,
            lambda w: penalty.value_and_grad(w)[1],
            lambda w: penalty.prox(w, 0.3),
        ):
            result = method(w)
            np.testing.assert_array_equal(result, method(plain))
            assert result.flags.writeable
            assert not np.shares_memory(result, w)
    np.testing.assert_array_equal(base, before)


# Large, small, long and not finite ----------------------------------------------------------


@pytest.mark.parametrize("size", [1e30, 1e-30])
@pytest.mark.parametrize("count", [3, 200_000])
def test_float32_squares_neither_overflow_nor_vanish(size, count):
    w = np.full(count, size, np.float32)
    exact = float(w[0])
    assert L2(0.5).value(w) == pytest.approx(0.5 * count * exact**2, rel=1e-6, abs=0)
    assert L1(0.5).value(w) == pytest.approx(0.5 * count * exact, rel=1e-6, abs=0)
    np.testing.assert_allclose(L2(0.5).grad(w), w, rtol=1e-6)
    net = ElasticNet(1.0, 0.5)
    assert net.value(w) == pytest.approx(0.5 * count * (exact + exact**2), rel=1e-6, abs=0)


def test_float16_values_are_summed_in_a_wider_type():
    w = np.full(100_000, 3.0, np.float16)
    assert L1(1.0).value(w) == 300_000.0
    assert L2(1.0).value(w) == 900_000.0


def test_large_and_small_float32_side_by_side():
    w = np.array([1e30, 1e-30, 1.0], np.float32)
    assert L2(1.0).value(w) == pytest.approx(float(w[0]) ** 2, rel=1e-6)


@pytest.mark.parametrize("weights", ["random", "equal"])
def test_eight_million_float32_entries_to_six_digits(weights, rng):
    # Equal weights are the harder case: their rounding errors all point the same way.
    w = np.full(8_000_000, 0.1, np.float32)
    if weights == "random":
        w = rng.standard_normal(w.size, dtype=np.float32)
    exact_l2 = np.sum(np.square(w, dtype=np.float64))
    exact_l1 = np.sum(np.abs(w), dtype=np.float64)
    assert L2(1.0).value(w) == pytest.approx(exact_l2, rel=1e-6)
    assert L1(1.0).value(w) == pytest.approx(exact_l1, rel=1e-6)


@each_penalty
def test_non_finite_weights_propagate(penalty):
    w = np.array([np.nan, 1.0, np.inf, -np.inf])
    assert np.isnan(penalty.value(w))
    assert penalty.value(w[1:]) == np.inf
    assert np.isnan(penalty.grad(w)[0])
    assert np.isfinite(penalty.grad(w)[1])
    assert np.isnan(penalty.prox(w, 0.5)[0])
    np.testing.assert_array_equal(penalty.prox(w, 0.5)[2:], [np.inf, -np.inf])
    np.testing.assert_array_equal(np.sign(penalty.grad(w)[2:]), [1, -1])


# Bad input ----------------------------------------------------------------------------------

NOT_NUMBERS = ["0.1", b"1", True, None, 1j, [0.1], np.array([0.1, 0.2]), object()]


@pytest.mark.parametrize("make", [L1, L2, ElasticNet])
def test_a_strength_must_be_finite_and_not_negative(make):
    for lam in (-1.0, -1e-300, np.nan, np.inf, np.float32(-2)):
        with pytest.raises(ValueError, match=re.escape(f"lam must be finite and >= 0, got {lam}")):
            make(lam)
    for lam in NOT_NUMBERS:
        with pytest.raises(TypeError, match="lam must be a real number, got "):
            make(lam)
    for lam in (1, np.float32(0.5), np.int64(2)):
        assert type(make(lam).lam) is float


def test_a_ratio_must_lie_between_zero_and_one():
    for ratio in (-0.1, 1.2, np.nan):
        with pytest.raises(ValueError, match=rf"l1_ratio must be in \[0, 1\], got {ratio}"):
            ElasticNet(0.1, l1_ratio=ratio)
    for ratio in NOT_NUMBERS:
        with pytest.raises(TypeError, match="l1_ratio must be a real number, got "):
            ElasticNet(0.1, l1_ratio=ratio)


@each_penalty
def test_a_step_must_be_finite_and_not_negative(penalty):
    for step in (-0.5, np.nan, np.inf):
        with pytest.raises(ValueError, match=f"step must be finite and >= 0, got {step}"):
            penalty.prox(W, step)
    for step in NOT_NUMBERS:
        with pytest.raises(TypeError, match="step must be a real number, got "):
            penalty.prox(W, step)


@each_penalty
@pytest.mark.parametrize(
    ("w", "error", "message"),
    [
        ("abc", TypeError, "w must hold real numbers, got dtype <U3"),
        (["1", "2"], TypeError, "w must hold real numbers, got dtype <U1"),
        (None, TypeError, "w must hold real numbers, got dtype object"),
        ([1.0, None], TypeError, "w must hold real numbers, got dtype object"),
        (np.array([1, 2], object), TypeError, "w must hold real numbers, got dtype object"),
        ([1j], TypeError, "w must hold real numbers, got dtype complex128"),
        (np.array(["2020-01-01"], "M8[D]"), TypeError, "w must hold real numbers, got dtype"),
        ([[1.0, 2.0], [3.0]], ValueError, "w must be a rectangular array of numbers"),
    ],
    ids=str,
)
def test_weights_must_be_real_numbers(penalty, w, error, message):
    for method in (
        penalty.value,
        penalty.grad,
        penalty.value_and_grad,
        lambda w: penalty.prox(w, 1.0),
    ):
        with pytest.raises(error, match=re.escape(message)):
            method(w)


# Strengths that the weights' type cannot hold -------------------------------------------------


def test_a_tiny_strength_meets_large_weights_in_half_precision():
    w = np.array([1000.0, -3.0], np.float16)
    np.testing.assert_array_equal(L2(1e-8).grad(w), np.array([2e-5, -6e-8]).astype(np.float16))
    np.testing.assert_array_equal(L1(1e-6).grad(w), np.array([1e-6, -1e-6]).astype(np.float16))


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_strengths_out_of_range_neither_vanish_nor_overflow(dtype):
    w = np.array([1.0, -2.0, 0.0], dtype)
    np.testing.assert_array_equal(L1(1e300).prox(w, 1.0), 0.0)
    np.testing.assert_array_equal(L2(1e300).prox(w, 1.0), 0.0)
    np.testing.assert_array_equal(L1(1e300).prox(w, 0.0), w)
    large = np.array([1e4], dtype)
    exact = 2 * 1e-42 * np.float64(1e4)
    np.testing.assert_array_equal(L2(1e-42).grad(large), np.array([exact]).astype(dtype))


def test_prox_in_half_precision_is_rounded_once():
    w = np.linspace(-3, 3, 1001).astype(np.float16)
    for penalty in (L1(0.3), L2(0.7), ElasticNet(0.4, 0.25), L1(1e-3) + L2(0.01)):
        exact = penalty.prox(w.astype(np.float64), 0.9)
        np.testing.assert_array_equal(penalty.prox(w, 0.9), exact.astype(np.float16))


# Strengths and sums ---------------------------------------------------------------------------


def test_strengths_say_how_much_of_each_penalty_there_is():
    assert L1(0.3).strengths == (0.3, 0.0)
    assert L2(0.3).strengths == (0.0, 0.3)
    assert ElasticNet(0.4, 0.25).strengths == pytest.approx((0.1, 0.3))
    assert (L1(0.3) + ElasticNet(0.4, 0.25) + L2(1.0)).strengths == pytest.approx((0.4, 1.3))
    assert (L1(0.3) + Quartic()).strengths is None


def test_the_built_in_sum_adds_penalties_and_nothing_else():
    assert sum([L1(0.1), L2(0.2), L1(0.3)]) == L1(0.1) + L2(0.2) + L1(0.3)
    assert sum([L2(0.5)]) == L2(0.5)
    for other in (1, 0.5, None):
        with pytest.raises(TypeError, match="unsupported operand"):
            other + L1(0.1)
        with pytest.raises(TypeError, match="unsupported operand"):
            L1(0.1) + other
