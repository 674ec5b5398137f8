"""Constraints: the nearest point of the set, and not a bit changed of what is in it."""

import math
from fractions import Fraction

import numpy as np
import pytest

from nnreg import Constraint, MaxNorm, NonNegative, UnitNorm
from nnreg.nn import SGD, Adam, Dense, MeanSquaredError, ReLU, Residual, Sequential, fit

CONSTRAINTS = {
    "max": MaxNorm(1.5),
    "max of rows": MaxNorm(0.1, axis=1),
    "max of all": MaxNorm(3.0, axis=None),
    "max 0": MaxNorm(0.0),
    "unit": UnitNorm(),
    "unit rows": UnitNorm(axis=-1),
    "unit of all": UnitNorm(axis=None),
    "non-negative": NonNegative(),
}
every_constraint = pytest.mark.parametrize("constraint", CONSTRAINTS.values(), ids=CONSTRAINTS)
every_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def ends(dtype) -> list[float]:
    """Sizes from a few times the smallest number that the dtype holds to the largest."""
    info = np.finfo(dtype)
    low, high = float(info.smallest_subnormal), float(info.max)
    return [3 * low, 1e4 * low, float(info.tiny), low**0.5, 1e-3, 1.0, high**0.5, high / 8, high]


def length(v) -> np.longdouble:
    """Return the length in long double, whose squares hold every float64."""
    return np.sqrt((v.astype(np.longdouble) ** 2).sum())


@every_constraint
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4", "g"])
def test_projecting_twice_is_projecting_once_to_the_last_bit(constraint, dtype):
    rng = np.random.default_rng(0)
    near_one = [0.01, 0.1, 0.3, 1.0, 3.0, 10.0]
    for size in 20 * near_one + 5 * ends(np.float64 if dtype == "g" else dtype):
        w = (size * rng.uniform(-1, 1, rng.integers(1, 60, 2))).astype(dtype)
        once = constraint.project(w)
        assert (once.shape, once.dtype) == (w.shape, np.dtype(dtype))
        assert constraint.project(once).tobytes() == once.tobytes()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("n", [1, 2, 7, 300])
def test_max_norm_and_unit_norm_from_the_smallest_to_the_largest_number(dtype, n):
    rng, low = np.random.default_rng(n), float(np.finfo(dtype).smallest_subnormal)
    precision = float(np.finfo(dtype).eps)
    # The length itself is taken in float64, and no better known than that.
    known_to = 1 + (4 * precision if dtype == np.float64 else 0)
    for size in ends(dtype):
        w = (size * rng.uniform(0.1, 1, (n, 1))).astype(dtype)
        before, wide = length(w), w.astype(np.longdouble)
        unit = UnitNorm().project(w)
        np.testing.assert_allclose(unit, wide / before, rtol=0, atol=2 * precision)
        for ratio in (2.0, 1 - 1e-9, 0.9, 0.5, 1e-5, 1e-200, 0.0):
            limit = float(min(ratio * before, 1.7e308))
            projected = MaxNorm(limit).project(w)
            if before < limit:
                assert projected.tobytes() == w.tobytes()
                continue
            assert length(projected) <= limit * np.longdouble(known_to)
            exact = wide * (limit / before)
            # Where the dtype has no digits left, a few of its smallest numbers.
            lost = 4 * precision * abs(exact).max() + 4 * low
            if limit > 1e3 * n * low:
                assert abs(projected - exact).max() <= lost


def test_a_limit_that_the_dtype_cannot_hold():
    for dtype, limit in ((np.float16, 1e-9), (np.float32, 1e-50), (np.float64, 5e-324)):
        assert not MaxNorm(limit).project(np.ones((3, 2), dtype)).any()
    w = np.full((4, 1), 6e4, np.float16)  # of length 1.2e5, more than float16 holds
    np.testing.assert_array_equal(MaxNorm(1.3e5).project(w), w)
    np.testing.assert_allclose(MaxNorm(1e5).project(w), np.full((4, 1), 5e4), rtol=1e-3)


@pytest.mark.parametrize("limit", [0.1, Fraction(1, 10), np.float16(0.1), np.longdouble("0.1")])
def test_a_limit_of_any_type_is_one_number_and_narrows_nothing(limit):
    w = np.random.default_rng(0).standard_normal((5, 3))
    projected = MaxNorm(limit).project(w)
    assert projected.dtype == np.float64
    np.testing.assert_allclose(np.linalg.norm(projected, axis=0), float(limit), rtol=1e-15)


@every_constraint
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_what_is_not_finite_stays_in_its_vector_without_a_warning(constraint, bad, dtype):
    w = np.full((3, 3), 4.0, dtype)
    clean = constraint.project(w)
    w[1, 1] = bad
    projected = constraint.project(w)
    if constraint == NonNegative():
        np.testing.assert_array_equal(projected[1, 1], max(bad, 0.0) if bad == bad else bad)
    else:
        assert not np.isfinite(projected[1, 1])
    if constraint.__dict__.get("axis", 0) is not None:
        np.testing.assert_array_equal(projected[[0, 2]][:, [0, 2]], clean[[0, 2]][:, [0, 2]])


def test_they_print_as_they_are_made_and_compare_by_value():
    assert repr(MaxNorm(limit=1.0)) == "MaxNorm(limit=1.0, axis=0)"
    assert repr(UnitNorm((0, 1))) == "UnitNorm(axis=(0, 1))"
    assert repr(NonNegative()) == "NonNegative()"
    assert MaxNorm(1) == MaxNorm(limit=1.0, axis=0) != MaxNorm(1, axis=1)
    assert UnitNorm() == UnitNorm(0) != UnitNorm(None) != NonNegative() == NonNegative()
    for constraint in CONSTRAINTS.values():
        assert eval(repr(constraint)) == constraint
        assert hash(eval(repr(constraint))) == hash(constraint)
    with pytest.raises(AttributeError):
        MaxNorm(1.0).limit = 2.0


@every_dtype
@pytest.mark.parametrize("exponent", [-30, 0, 30])
def test_max_norm_scales_what_is_too_long_and_leaves_the_rest(dtype, exponent):
    limit = 10.0**exponent
    w = (np.array([[3.0, 0.3, 0.0], [4.0, 0.4, 0.0]]) * limit).astype(dtype)
    projected = MaxNorm(limit).project(w)
    np.testing.assert_allclose(projected[:, 0], [0.6 * limit, 0.8 * limit], rtol=1e-6)
    assert projected[:, 1:].tobytes() == w[:, 1:].tobytes()


@every_dtype
def test_max_norm_never_exceeds_its_limit_by_a_digit(dtype):
    rng = np.random.default_rng(1)
    for limit in (0.1, 1.0, 3.0, 1e-20):
        w = (limit * 10 * rng.standard_normal((7, 200))).astype(dtype)
        lengths = np.sqrt((MaxNorm(limit).project(w).astype(np.float64) ** 2).sum(axis=0))
        assert lengths.max() <= limit * (1 + 1e-15)
        assert lengths.min() > limit * (1 - 4 * np.finfo(dtype).eps)


def nearest_by_search(w, allowed, rng, n=200_000):
    candidates = w + 3 * rng.standard_normal((n, len(w))) * rng.uniform(0, 1, (n, 1))
    candidates = allowed(candidates)
    return candidates[np.linalg.norm(candidates - w, axis=1).argmin()]


@pytest.mark.parametrize(
    ("constraint", "allowed"),
    [
        (MaxNorm(1.0), lambda v: v[np.linalg.norm(v, axis=1) <= 1]),
        (UnitNorm(), lambda v: v / np.linalg.norm(v, axis=1, keepdims=True)),
        (NonNegative(), lambda v: v[(v >= 0).all(axis=1)]),
    ],
    ids=["max", "unit", "non-negative"],
)
@pytest.mark.parametrize("w", [[2.0, -1.5], [-0.3, 0.4], [-2.0, -0.1]], ids=str)
def test_no_allowed_point_is_nearer(constraint, allowed, w):
    w, rng = np.array(w), np.random.default_rng(2)
    projected = constraint.project(w)
    found = nearest_by_search(w, allowed, rng)
    assert np.linalg.norm(projected - w) <= np.linalg.norm(found - w) + 1e-12
    assert np.linalg.norm(projected - found) < 0.1


def test_unit_norm_makes_every_length_one_and_leaves_zeros():
    w = -np.random.default_rng(0).uniform(1, 2, (5, 4)) * np.array([1e-200, 1.0, 1e200, 0.0])
    unit = UnitNorm().project(w)
    for projected in (unit, UnitNorm().project((1 + 1e-9) * unit)):
        lengths = np.linalg.norm(projected, axis=0)
        np.testing.assert_allclose(lengths, [1, 1, 1, 0], rtol=1e-14)


def test_axes_may_be_several():
    w = np.random.default_rng(0).standard_normal((3, 4, 5))
    for axis in ((0, 1), (1, 2), -1):
        lengths = np.sqrt((UnitNorm(axis).project(w) ** 2).sum(axis))
        np.testing.assert_allclose(lengths, 1)
    assert np.linalg.norm(MaxNorm(2.0, axis=None).project(w)) == pytest.approx(2)


def test_non_negative_is_zero_below_and_the_same_above():
    w = np.array([-1.0, -0.0, 0.0, 1e-300, 5.0])
    assert NonNegative().project(w).tolist() == [0, 0, 0, 1e-300, 5]
    assert NonNegative().project(w[1:]).tobytes() == w[1:].tobytes()  # the zero's sign, too
    assert NonNegative().project([-2, 3]).tolist() == [0.0, 3.0]


@every_constraint
def test_what_comes_out_is_new_and_what_goes_in_is_left_alone(constraint):
    w = np.full((2, 3), 0.01)
    w[0, 0] = -4.0
    w.flags.writeable = False
    before = w.copy()
    inside = constraint.project(w)
    assert not np.shares_memory(constraint.project(inside), inside)
    inside[...] = 7.0
    np.testing.assert_array_equal(w, before)


@every_constraint
def test_empty_weights_and_nan_go_through(constraint):
    assert constraint.project(np.empty((0, 3))).shape == (0, 3)
    assert np.isnan(constraint.project([[np.nan, 1.0], [2.0, 3.0]])[0, 0])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: MaxNorm(-1), ValueError, "limit must be finite and >= 0, got -1"),
        (lambda: MaxNorm(math.inf), ValueError, "limit must be finite"),
        (lambda: MaxNorm("3"), TypeError, "limit must be a real number"),
        (lambda: MaxNorm(1.0, axis=2).project(np.eye(2)), ValueError, "axis 2 is out of bounds"),
        (
            lambda: MaxNorm(1.0, axis=[0, 1]),
            TypeError,
            r"axis must be an int, a tuple of int or None, got \[0, 1\]",
        ),
        (lambda: UnitNorm([0]), TypeError, r"axis must be an int, .* got \[0\]"),
        (lambda: UnitNorm((0, 1.0)), TypeError, r"axis must be an int, .* got \(0, 1.0\)"),
        (lambda: MaxNorm(1.0, "0"), TypeError, "axis must be an int, .* got '0'"),
        (Constraint, TypeError, "abstract method '?project"),
        (lambda: UnitNorm().project(["a"]), TypeError, "w must hold real numbers"),
        (lambda: Dense(2, 2, rng=0, weight_constraint=3), TypeError, "weight_constraint must be a"),
        (lambda: Dense(2, 2, rng=0, bias_constraint=MaxNorm), TypeError, "bias_constraint must"),
    ],
)
def test_bad_input_is_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


# In training ----------------------------------------------------------------------------------


def constrained(**how):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((30, 3))
    model = Sequential([Dense(3, 8, rng=1, **how), ReLU(), Dense(8, 1, rng=2)])
    return model, X, 30 * X[:, :1] - 40


@pytest.mark.parametrize("optimizer", [SGD(0.01, momentum=0.9), Adam(0.1)], ids=["SGD", "Adam"])
def test_after_every_step_of_fit_the_weights_are_in_the_set(optimizer):
    model, X, y = constrained(weight_constraint=MaxNorm(0.5), bias_constraint=NonNegative())
    reached = 0.0
    for _ in range(20):
        fit(model, MeanSquaredError(), optimizer, X, y, epochs=1, progress=False)
        lengths = np.linalg.norm(model.params["0.W"], axis=0)
        assert lengths.max() <= 0.5 * (1 + 1e-15)
        assert model.params["0.b"].min() >= 0
        reached = max(reached, lengths.max())
    assert reached > 0.499
    assert np.linalg.norm(model.params["2.W"]) > 1  # the layer without a constraint is free


def test_the_first_weights_are_in_the_set_already():
    layer = Dense(4, 3, rng=0, weight_constraint=NonNegative())
    assert layer.params["W"].min() == 0


def test_a_step_is_the_plain_step_and_then_the_projection():
    free, X, y = constrained()
    held, *_ = constrained(weight_constraint=MaxNorm(0.7))
    free.theta[:] = held.theta
    for model in (free, held):
        fit(model, MeanSquaredError(), SGD(0.01), X, y, epochs=1, progress=False)
    np.testing.assert_array_equal(held.params["0.W"], MaxNorm(0.7).project(free.params["0.W"]))
    np.testing.assert_array_equal(held.params["2.W"], free.params["2.W"])


def test_a_constraint_inside_a_block_is_obeyed_too():
    inner = Dense(3, 3, rng=0, weight_constraint=UnitNorm())
    model = Sequential([Residual([inner, ReLU()]), Dense(3, 1, rng=1)])
    X = np.random.default_rng(0).standard_normal((10, 3))
    fit(model, MeanSquaredError(), SGD(0.1), X, X[:, :1], epochs=5, progress=False)
    np.testing.assert_allclose(np.linalg.norm(inner.params["W"], axis=0), 1)


def test_a_constraint_of_ones_own_is_obeyed():
    class Symmetric(Constraint):
        def project(self, w):
            return (w + w.T) / 2

    model = Sequential([Dense(3, 3, rng=0, weight_constraint=Symmetric())])
    X = np.random.default_rng(0).standard_normal((10, 3))
    fit(model, MeanSquaredError(), SGD(0.1), X, 2 * X[:, ::-1], epochs=5, progress=False)
    W = model.params["0.W"]
    np.testing.assert_array_equal(W, W.T)
