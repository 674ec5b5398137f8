"""Penalties on vectors: by hand, by differences, by a minimiser, at the ends of the range."""

import numpy as np
import pytest
from scipy.optimize import minimize

from nnreg import L1, check_gradient
from nnreg.group_penalties import GroupLasso, L2Norm, Orthogonal

W = np.array([[3.0, -1.0, 0.5], [4.0, 2.0, 0.0]])
AXES = [0, 1, -1, (0, 1), None]
ALL = [L2Norm(0.3), *(GroupLasso(0.7, axis) for axis in AXES), Orthogonal(0.2)]
each = pytest.mark.parametrize("penalty", ALL, ids=repr)


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def test_the_group_lasso_by_hand():
    lengths = 5 + np.sqrt(5) + 0.5
    assert GroupLasso(0.7).value(W) == pytest.approx(0.7 * lengths, rel=1e-15)
    assert GroupLasso(2.0, axis=1).value([[3.0, 4.0], [0.0, 0.0]]) == 10.0
    np.testing.assert_allclose(GroupLasso(2.0, axis=1).grad([[3.0, 4.0], [0, 0]])[0], [1.2, 1.6])


def test_no_factor_of_the_size_of_a_group_is_hidden():
    assert GroupLasso(1.0).value(np.ones((4, 1))) == 2.0
    assert GroupLasso(1.0).value(np.ones((9, 1))) == 3.0


def test_groups_of_one_are_l1_and_one_group_is_the_norm(rng):
    w = rng.standard_normal((3, 4))
    single = GroupLasso(0.7, axis=())
    assert single.value(w) == pytest.approx(L1(0.7).value(w))
    np.testing.assert_allclose(single.grad(w), L1(0.7).grad(w))
    np.testing.assert_allclose(single.prox(w, 0.5), L1(0.7).prox(w, 0.5))
    assert L2Norm(0.7).value(w) == GroupLasso(0.7, None).value(w)


@each
def test_gradients_agree_with_central_differences(penalty, rng):
    for shape in ((4, 3), (3, 4), (3, 3)):
        w = rng.standard_normal(shape)
        check_gradient(penalty.value, penalty.grad(w), w)
        value, grad = penalty.value_and_grad(w)
        assert value == penalty.value(w)
        np.testing.assert_array_equal(grad, penalty.grad(w))


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("step", [0.1, 1.0, 4.0])
def test_the_proximal_step_is_the_minimum_that_defines_it(axis, step, rng):
    penalty, w = GroupLasso(0.7, axis), rng.standard_normal((3, 2))

    def objective(z):
        z = z.reshape(w.shape)
        return step * penalty.value(z) + np.sum((z - w) ** 2) / 2

    found = penalty.prox(w, step)
    best = minimize(objective, w.ravel() * 0.5, method="Powell", options={"ftol": 1e-14})
    assert objective(found.ravel()) <= best.fun + 1e-9
    for nudge in rng.standard_normal((20, w.size)) * 1e-4:
        assert objective(found.ravel() + nudge) >= objective(found.ravel())


def test_the_proximal_step_makes_whole_groups_zero_and_keeps_directions():
    moved = GroupLasso(1.0).prox([[3.0, 0.3], [4.0, 0.4]], step=1.0)
    np.testing.assert_array_equal(moved[:, 1], 0.0)
    np.testing.assert_allclose(moved[:, 0], [2.4, 3.2], rtol=1e-15)
    np.testing.assert_array_equal(GroupLasso(1.0).prox(moved, 0.0), moved)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("exponent", [-1.0, -0.9, -0.5, 0.5, 0.9, 0.99])
def test_lengths_are_right_over_the_whole_range_of_floats(dtype, exponent):
    info = np.finfo(dtype)
    base = float(info.tiny if exponent < 0 else info.max)
    size = dtype(base ** abs(exponent) / 8)
    w = np.array([3, 4], dtype) * size
    penalty = L2Norm(0.5)
    # The subnormal range has fewer digits.
    rtol = 1e-6 if dtype is np.float32 else 1e-14
    assert penalty.value(w) == pytest.approx(2.5 * float(size), rel=rtol)
    np.testing.assert_allclose(penalty.grad(w), np.array([0.3, 0.4], dtype), rtol=rtol)
    assert penalty.grad(w).dtype == dtype


def test_the_gradient_is_zero_at_the_zero_vector_alone():
    # SciRS2's guard, which compares the sum of squares with the machine's epsilon, sends none here.
    tiny = np.array([1e-30, 0], np.float32)
    np.testing.assert_allclose(L2Norm(1.0).grad(tiny), [1, 0])
    np.testing.assert_array_equal(L2Norm(1.0).grad(np.zeros(3)), 0.0)
    np.testing.assert_array_equal(GroupLasso(1.0).grad(np.zeros((2, 3))), 0.0)


def test_orthonormal_columns_or_rows_cost_nothing(rng):
    q, _ = np.linalg.qr(rng.standard_normal((5, 3)))
    for w in (q, q.T, np.eye(3)):
        assert Orthogonal(1.0).value(w) == pytest.approx(0, abs=1e-28)
        np.testing.assert_allclose(Orthogonal(1.0).grad(w), 0, atol=1e-14)
    assert Orthogonal(1.0).value(2 * np.eye(3)) == 27.0


def test_orthogonal_takes_the_smaller_side(rng):
    w = rng.standard_normal((2, 5))
    by_hand = np.sum((w @ w.T - np.eye(2)) ** 2)
    assert Orthogonal(1.0).value(w) == pytest.approx(by_hand)
    assert Orthogonal(1.0).value(w.T) == pytest.approx(by_hand)
    np.testing.assert_allclose(Orthogonal(1.0).grad(w), Orthogonal(1.0).grad(w.T).T)


def test_orthogonal_has_no_proximal_step_and_says_so():
    with pytest.raises(NotImplementedError, match="Orthogonal"):
        Orthogonal(1.0).prox(np.eye(2), 0.1)


@pytest.mark.parametrize("shape", [(), (3,), (2, 2, 2)])
def test_orthogonal_wants_a_matrix(shape):
    with pytest.raises(ValueError, match="w must be a matrix"):
        Orthogonal(1.0).value(np.ones(shape))


@pytest.mark.parametrize("kind", [L2Norm, GroupLasso, Orthogonal])
@pytest.mark.parametrize("lam", [-1.0, np.nan, np.inf, "1", True])
def test_a_bad_strength_is_refused(kind, lam):
    with pytest.raises((ValueError, TypeError), match="lam must be"):
        kind(lam)


@pytest.mark.parametrize("axis", [0.5, "0", [0]])
def test_a_bad_axis_is_refused(axis):
    with pytest.raises(TypeError, match="axis must be"):
        GroupLasso(1.0, axis)


@each
def test_strength_zero_costs_nothing_and_dtypes_stay(penalty, rng):
    free = type(penalty)(0.0)
    w = rng.standard_normal((3, 3)).astype(np.float32)
    assert free.value(w) == 0
    assert not free.grad(w).any()
    kept = w.copy()
    assert penalty.grad(w).dtype == np.float32
    np.testing.assert_array_equal(w, kept)


@each
def test_they_add_and_print(penalty, rng):
    w = rng.standard_normal((3, 3))
    both = penalty + L1(0.1)
    assert both.value(w) == pytest.approx(penalty.value(w) + L1(0.1).value(w))
    check_gradient(both.value, both.grad(w), w)
    assert repr(penalty).startswith(type(penalty).__name__)


def test_they_compare_by_value():
    assert GroupLasso(0.1, 1) == GroupLasso(0.1, axis=1) != GroupLasso(0.1, 0)
    assert L2Norm(0.1) == L2Norm(0.1) != L2Norm(0.2)
    assert Orthogonal(0.1) == Orthogonal(0.1)
    assert repr(L2Norm(0.1)) == "L2Norm(lam=0.1)"
