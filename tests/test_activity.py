"""Activity penalties: by hand, by differences, in a network, and with the values of others."""

import numpy as np
import pytest

from nnreg import L1, L2, ElasticNet, Penalty, check_gradient, nn
from nnreg.activity import activity_penalty
from nnreg.group_penalties import GroupLasso, L2Norm, Orthogonal
from nnreg.nn.activity_layer import ActivityPenalty

ALL = [L1(0.3), L2(0.7), L2Norm(0.5), ElasticNet(0.4, 0.25), L1(0.2) + L2Norm(0.1)]
each = pytest.mark.parametrize("penalty", ALL, ids=repr)


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@each
def test_it_is_the_mean_of_the_rows_penalties(penalty, rng):
    h = rng.standard_normal((6, 4))
    value, dh = activity_penalty(h, penalty)
    assert value == pytest.approx(np.mean([penalty.value(row) for row in h]))
    for got, row in zip(dh, h, strict=True):
        np.testing.assert_allclose(got, penalty.grad(row) / len(h))
    check_gradient(lambda h: activity_penalty(h, penalty)[0], dh, h)


@each
def test_twice_the_rows_are_not_twice_as_dear(penalty, rng):
    h = rng.standard_normal((6, 4))
    twice = np.concatenate([h, h])
    assert activity_penalty(twice, penalty)[0] == pytest.approx(activity_penalty(h, penalty)[0])


@pytest.mark.parametrize(
    ("penalty", "activations", "value", "gradient"),
    [  # the test cases of SciRS2's activity.rs, one row of activations each
        (L1(0.1), [1.0, -2.0, 3.0], 0.6, [0.1, -0.1, 0.1]),
        (L2Norm(0.1), [3.0, 4.0], 0.5, [0.06, 0.08]),
        (L2(0.1), [1.0, 2.0, 3.0], 1.4, [0.2, 0.4, 0.6]),
        (L1(0.1), [1.0, -2.0, 0.0], 0.3, [0.1, -0.1, 0.0]),
        (L2Norm(0.1), [0.0, 0.0], 0.0, [0.0, 0.0]),
        (L2(0.1), [2.0, 3.0], 1.3, [0.4, 0.6]),
        (L1(0.1), [[1.0, 2.0], [-3.0, 4.0]], 1.0, [[0.1, 0.1], [-0.1, 0.1]]),
    ],
)
def test_the_published_test_values_come_out(penalty, activations, value, gradient):
    got, dh = activity_penalty([activations], penalty)
    assert got == pytest.approx(value, abs=1e-15)
    np.testing.assert_allclose(dh, [gradient], atol=1e-15)


@pytest.mark.parametrize("shape", [(5,), (5, 3), (2, 4, 3), (2, 2, 3, 2)])
@each
def test_rows_of_any_shape(penalty, shape, rng):
    h = rng.standard_normal(shape)
    value, dh = activity_penalty(h, penalty)
    assert value == pytest.approx(np.mean([penalty.value(row) for row in h]))
    assert dh.shape == shape


@pytest.mark.parametrize("axis", [0, -1, (0, 1), None])
def test_groups_within_a_row_are_those_of_the_row(axis, rng):
    h, penalty = rng.standard_normal((4, 3, 2)), GroupLasso(0.3, axis)
    value, dh = activity_penalty(h, penalty)
    assert value == pytest.approx(np.mean([penalty.value(row) for row in h]))
    np.testing.assert_allclose(dh, [penalty.grad(row) / 4 for row in h])


def test_a_penalty_of_ones_own_is_taken_row_by_row(rng):
    class Quartic(Penalty):
        def value(self, w):
            return float(np.sum(np.asarray(w) ** 4))

        def grad(self, w):
            return 4 * np.asarray(w) ** 3

    h = rng.standard_normal((5, 3))
    value, dh = activity_penalty(h, Quartic())
    assert value == pytest.approx(np.sum(h**4) / 5)
    check_gradient(lambda h: activity_penalty(h, Quartic())[0], dh, h)


def test_a_row_may_be_a_matrix_for_a_penalty_of_matrices(rng):
    h, penalty = rng.standard_normal((4, 3, 2)), Orthogonal(0.3)
    value, dh = activity_penalty(h, penalty)
    assert value == pytest.approx(np.mean([penalty.value(row) for row in h]))
    check_gradient(lambda h: activity_penalty(h, penalty)[0], dh, h)


def test_dtypes_stay_and_inputs_are_not_changed(rng):
    h = rng.standard_normal((4, 3)).astype(np.float32)
    kept = h.copy()
    for penalty in ALL:
        assert activity_penalty(h, penalty)[1].dtype == np.float32
        assert activity_penalty(h.astype(np.float16), penalty)[1].dtype == np.float16
    np.testing.assert_array_equal(h, kept)


@pytest.mark.parametrize("h", [[], np.ones((0, 3)), 3.0])
def test_a_batch_without_rows_is_refused(h):
    with pytest.raises(ValueError, match="at least one row"):
        activity_penalty(h, L1(0.1))


@pytest.mark.parametrize("make", [ActivityPenalty, lambda p: activity_penalty([[1.0]], p)])
def test_what_is_no_penalty_is_refused(make):
    with pytest.raises(TypeError, match="penalty must be a Penalty, got"):
        make(0.1)


# In a network -------------------------------------------------------------------------------


@each
def test_a_network_with_it_descends_the_whole_loss(penalty, rng):
    x, y = rng.standard_normal((7, 3)), rng.standard_normal((7, 2))
    charge = ActivityPenalty(penalty)
    model = nn.Sequential(
        [nn.Dense(3, 4, L2Norm(0.1), rng=0), nn.Tanh(), charge, nn.Dense(4, 2, rng=1)]
    )
    loss, start = nn.MeanSquaredError(), rng.standard_normal(model.theta.size)

    def total(theta):
        model.theta[:] = theta
        return loss.forward(model.forward(x, training=True), y) + model.penalty()

    total(start)
    model.backward(loss.backward())
    check_gradient(total, model.dtheta.copy(), start)


def test_the_layer_hands_on_what_it_gets_and_keeps_the_callers_array(rng):
    x = rng.standard_normal((3, 2))
    kept, layer = x.copy(), ActivityPenalty(L1(0.1))
    y = layer.forward(x, training=True)
    np.testing.assert_array_equal(y, x)
    y[:] = 0
    np.testing.assert_array_equal(x, kept)


def test_history_shows_the_activity_penalty_apart(rng):
    x, y = rng.standard_normal((6, 3)), rng.standard_normal((6, 1))
    model = nn.Sequential([nn.Dense(3, 4, rng=0), ActivityPenalty(L1(0.5)), nn.Dense(4, 1, rng=1)])
    expected = activity_penalty(model.layers[0].forward(x), L1(0.5))[0]
    history = nn.fit(
        model, nn.MeanSquaredError(), nn.SGD(0.01), x, y, epochs=2, progress=False,
        validation=(x, y),
    )  # fmt: skip
    assert history.penalty[0] == pytest.approx(expected)
    assert history.loss[0] == pytest.approx(history.data_loss[0] + expected)


def test_backward_before_forward_is_an_error():
    with pytest.raises(RuntimeError, match="call forward first"):
        ActivityPenalty(L1(0.1)).backward([[1.0]])


def test_it_prints_and_compares():
    assert repr(ActivityPenalty(L1(0.5))) == "ActivityPenalty(penalty=L1(lam=0.5))"
    assert ActivityPenalty(L1(0.5)) == ActivityPenalty(L1(0.5))
    assert ActivityPenalty(L1(0.5)) != ActivityPenalty(L1(0.4))


@pytest.mark.parametrize("axis", [1, -2, (0, 1)])
def test_a_group_lies_within_a_row_and_never_across_rows(axis, rng):
    with pytest.raises(ValueError, match=r"axis must be one of a row of shape \(3,\)"):
        activity_penalty(rng.standard_normal((2, 3)), GroupLasso(1.0, axis))


def test_half_precision_is_for_storage_and_the_mean_is_taken_in_float32():
    h = np.full((4, 1), 4e4, np.float16)
    value, dh = activity_penalty(h, L2(1.0))
    assert value == pytest.approx(float(h[0, 0]) ** 2, rel=1e-6)
    np.testing.assert_array_equal(dh, np.full((4, 1), 2e4, np.float16))
