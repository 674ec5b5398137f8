"""The residual connection: two roads, one flat vector, and penalties that are still found."""

import copy
import pickle
import re

import numpy as np
import pytest

from nnreg import L1, L2, MaxNorm, NonNegative, check_gradient
from nnreg.layernorm import layernorm_backward, layernorm_forward
from nnreg.nn import (
    SGD,
    Adam,
    Dense,
    Dropout,
    LayerNorm,
    MeanSquaredError,
    ReLU,
    Residual,
    Sequential,
    SoftmaxCrossEntropy,
    Tanh,
    fit,
    regularize,
)
from nnreg.residual import residual_backward, residual_forward


@pytest.fixture
def rng():
    return np.random.default_rng(15)


# The pair of functions ----------------------------------------------------------------------


def cube_forward(x):
    return x**3, x


def cube_backward(dy, x):
    return 3 * x**2 * dy


@pytest.mark.parametrize("shape", [(3, 4), (5,), (), (0, 2), (2, 1, 3)], ids=str)
def test_forward_adds_and_backward_takes_both_roads(shape, rng):
    x, dy = rng.normal(size=(2, *shape))
    y, cache = residual_forward(x, cube_forward)
    np.testing.assert_array_equal(y, x + x**3)
    dx = residual_backward(dy, cache, cube_backward)
    np.testing.assert_allclose(dx, dy + 3 * x**2 * dy, rtol=1e-15)
    if x.size:
        check_gradient(lambda x: residual_forward(x, cube_forward)[0], dx, x, dy=dy)


def test_a_branch_with_parameters_returns_their_gradients_too(rng):
    x, dy = rng.normal(size=(2, 4, 6))
    gamma, beta = rng.normal(size=(2, 6))

    def forward(x, gamma=gamma, beta=beta):
        return residual_forward(x, lambda x: layernorm_forward(x, gamma, beta))

    _, cache = forward(x)
    dx, dgamma, dbeta = residual_backward(dy, cache, layernorm_backward)
    check_gradient(lambda x: forward(x)[0], dx, x, dy=dy)
    check_gradient(lambda gamma: forward(x, gamma=gamma)[0], dgamma, gamma, dy=dy)
    check_gradient(lambda beta: forward(x, beta=beta)[0], dbeta, beta, dy=dy)


def test_a_branch_may_return_a_tuple_of_dx_alone_or_a_list():
    _, cache = residual_forward([1.0, 2.0], lambda x: (3 * x, None))
    (dx,) = residual_backward([1.0, 10.0], cache, lambda dy, _: (3 * dy,))
    np.testing.assert_array_equal(dx, [4.0, 40.0])
    np.testing.assert_array_equal(
        residual_backward([1.0, 10.0], cache, lambda dy, _: list(3 * dy)), [4.0, 40.0]
    )


def test_a_branch_inside_a_branch(rng):
    x, dy = rng.normal(size=(2, 3, 4))
    y, cache = residual_forward(x, lambda x: residual_forward(x, cube_forward))
    np.testing.assert_allclose(y, 2 * x + x**3, rtol=1e-15)
    dx = residual_backward(dy, cache, lambda dy, inner: residual_backward(dy, inner, cube_backward))
    np.testing.assert_allclose(dx, dy * (2 + 3 * x**2), rtol=1e-14)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, int])
def test_dtype_is_kept_and_inputs_are_left_alone(dtype):
    x = np.arange(6).reshape(2, 3).astype(dtype)
    dy = np.ones((2, 3), np.float64 if dtype is int else dtype)
    x.flags.writeable = dy.flags.writeable = False
    y, cache = residual_forward(x[:, ::2], lambda x: (x, None))
    dx = residual_backward(dy[:, ::2], cache, lambda dy, _: dy)
    assert y.dtype == dx.dtype == dy.dtype
    np.testing.assert_array_equal(y, 2 * x[:, ::2])
    np.testing.assert_array_equal(dx, 2 * dy[:, ::2])
    assert not np.shares_memory(y, x)
    assert not np.shares_memory(dx, dy)


def identity(shape):
    return residual_forward(np.ones(shape), lambda x: (x, None))[1]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: residual_forward(np.ones((2, 3)), lambda x: (x[:, :1], None)),
            ValueError,
            "keep the shape of x, (2, 3), got (2, 1)",
        ),
        (
            lambda: residual_forward(np.ones((2, 3)), lambda x: (x.sum(), None)),
            ValueError,
            "keep the shape of x, (2, 3), got ()",
        ),
        (
            lambda: residual_backward(np.ones(3), identity((2, 3)), lambda dy, _: dy),
            ValueError,
            "dy must have the shape of the output, (2, 3), got (3,)",
        ),
        (lambda: residual_forward("x", lambda x: (x, None)), TypeError, "x must hold real numbers"),
        (
            lambda: residual_backward("dy", identity((2,)), lambda dy, _: dy),
            TypeError,
            "dy must hold real numbers",
        ),
        (
            lambda: residual_backward(np.ones((2, 3)), identity((2, 3)), lambda dy, _: dy[:1]),
            ValueError,
            "dx must have the shape of x, (2, 3), got (1, 3)",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_a_branch_may_return_a_list():
    y, cache = residual_forward([1.0, 2.0], lambda x: ([3.0, 4.0], None))
    np.testing.assert_array_equal(y, [4.0, 6.0])
    np.testing.assert_array_equal(residual_backward([1, 1], cache, lambda dy, _: [2, 2]), [3, 3])


@pytest.mark.parametrize("branch", [lambda x: 3 * x, lambda x: [x], lambda x: (x, None, None)])
def test_a_branch_without_a_cache_is_named(branch):
    with pytest.raises(TypeError, match="branch_forward must return its output and a cache, got"):
        residual_forward(np.ones(2), branch)


def test_a_branch_that_works_in_place_changes_nothing():
    x = np.ones(2)
    with pytest.raises(ValueError, match="read-only"):
        residual_forward(x, lambda t: (np.multiply(t, 3, out=t), None))
    dy, cache = np.ones(2), identity((2,))
    with pytest.raises(ValueError, match="read-only"):
        residual_backward(dy, cache, lambda dy, _: np.multiply(dy, 3, out=dy))
    assert (x == 1).all()
    assert (dy == 1).all()


@pytest.mark.parametrize("dtypes", [("f4", "f8"), ("f8", "f4"), ("f2", "f8"), (">f4", "f4")])
def test_the_dtype_is_that_of_the_input_on_both_ways(dtypes):
    of_x, of_dy = map(np.dtype, dtypes)
    y, cache = residual_forward(np.ones(3, of_x), lambda x: (x.astype("f8"), None))
    dx = residual_backward(np.ones(3, of_dy), cache, lambda dy, _: dy.astype("f8"))
    assert y.dtype == dx.dtype == of_x


# The block ----------------------------------------------------------------------------------


def block(n=4, seed=0, **settings):
    """Return a pre-norm block with penalties, ready to be put into a model."""
    layers = [LayerNorm(n), Dense(n, 6, rng=seed, **settings), Tanh(), Dense(6, n, rng=seed + 1)]
    return Residual(layers)


def network():
    """Two blocks, one of them with a block inside, between layers that change the width."""
    outer = Residual([ReLU(), block(seed=3), Dense(4, 4, weight_penalty=L2(0.02), rng=5)])
    first = Dense(3, 4, bias_penalty=L2(0.05), rng=1)
    return Sequential([first, block(weight_penalty=L1(0.03)), outer, Dense(4, 2, rng=6)])


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("shape", [(5, 4), (1, 4), (4,), (2, 3, 4)], ids=str)
def test_gradient_of_the_input(shape, training, rng):
    layer, (x, dy) = block(), rng.normal(size=(2, *shape))
    layer.forward(x, training)
    dx = layer.backward(dy).copy()
    assert dx.shape == shape
    check_gradient(layer.forward, dx, x, dy=dy)


def test_gradient_of_all_parameters_through_nested_blocks(rng):
    model, loss = network(), SoftmaxCrossEntropy()
    X, y = rng.normal(size=(6, 3)), rng.integers(0, 2, 6)
    model.theta[:] = start = model.theta + rng.normal(0, 0.1, model.theta.shape)

    def objective(theta):
        model.theta[:] = theta
        return loss.forward(model.forward(X), y) + model.penalty()

    objective(start)
    model.forward(X, training=True)
    dx = model.backward(loss.backward()).copy()
    check_gradient(objective, model.dtheta.copy(), start)
    model.theta[:] = start
    check_gradient(lambda X: loss.forward(model.forward(X), y), dx, X)


def test_a_block_adds_its_input_to_what_its_layers_make_of_it(rng):
    x, residual = rng.normal(size=(5, 4)), block()
    plain = Sequential(copy.deepcopy(residual.layers))
    np.testing.assert_array_equal(residual.forward(x), x + plain.forward(x))
    dy = rng.normal(size=(5, 4))
    np.testing.assert_array_equal(residual.backward(dy), dy + plain.backward(dy))
    np.testing.assert_array_equal(residual.dtheta, plain.dtheta)


def test_a_branch_that_starts_at_zero_makes_the_block_the_identity_to_the_bit(rng):
    x, dy = rng.normal(size=(2, 5, 4))
    deep = Sequential(
        [Residual([Dense(4, 4, rng=0), Tanh(), Dense(4, 4, rng=1, scale=0)]) for _ in range(30)]
    )
    for training in (False, True):
        np.testing.assert_array_equal(deep.forward(x, training), x)
        np.testing.assert_array_equal(deep.backward(dy), dy)
    # It is not stuck there: the last layer of each branch has a gradient.
    assert all(abs(layer.grads["2.W"]).max() > 0.01 for layer in deep.layers)


def test_the_layers_inside_are_told_whether_it_is_training():
    model = Residual([Dropout(1.0, rng=0)])
    np.testing.assert_array_equal(model.forward([[1.0, 2.0]], training=True), [[1.0, 2.0]])
    np.testing.assert_array_equal(model.backward([[1.0, 1.0]]), [[1.0, 1.0]])
    np.testing.assert_array_equal(model.forward([[1.0, 2.0]]), [[2.0, 4.0]])
    np.testing.assert_array_equal(model.backward([[1.0, 1.0]]), [[2.0, 2.0]])


def test_a_block_without_layers_doubles():
    np.testing.assert_array_equal(Residual([]).forward([[1.0, 2.0]]), [[2.0, 4.0]])


def test_blocks_share_the_models_flat_vector():
    model = network()
    inner = model.layers[2].layers[1]
    for part in (model.layers[1], model.layers[2], inner):
        assert np.shares_memory(part.theta, model.theta)
        assert np.shares_memory(part.dtheta, model.dtheta)
    model.theta[:] = np.arange(len(model.theta))
    assert {"1.1.W", "2.1.0.gamma", "2.1.3.b", "2.2.W"} <= model.params.keys()
    named = np.concatenate([view.ravel() for view in model.params.values()])
    np.testing.assert_array_equal(named, model.theta)
    assert model.params["2.1.3.b"] is inner.layers[3].params["b"]
    inner.layers[3].params["b"][...] = -1.0
    assert (model.params["2.1.3.b"] == -1).all()


def test_penalties_inside_blocks_count():
    model = network()
    expected = (
        L2(0.05).value(model.params["0.b"])
        + L1(0.03).value(model.params["1.1.W"])
        + L2(0.02).value(model.params["2.2.W"])
    )
    assert expected > 0.1
    assert model.penalty() == pytest.approx(expected, rel=1e-14)


def test_fit_reports_and_follows_a_penalty_inside_a_block(rng):
    X, y = rng.normal(size=(20, 4)), rng.normal(size=(20, 4))
    strong, free = block(weight_penalty=L2(1.0)), block()
    for model in (strong, free):
        history = fit(model, MeanSquaredError(), SGD(0.05), X, y, epochs=50)
        model.length = np.linalg.norm(model.params["1.W"])
        model.reported = history.penalty
    assert free.reported == [0.0] * 50
    assert strong.reported[0] == pytest.approx(L2(1.0).value(block().params["1.W"]))
    assert strong.reported[-1] < 0.1 * strong.reported[0]
    assert strong.length < 0.2 * free.length


def test_constraints_inside_a_block_hold_after_each_step(rng):
    constrained = [
        Dense(4, 4, rng=0, weight_constraint=MaxNorm(0.3)),
        ReLU(),
        Residual([Dense(4, 4, rng=1, weight_constraint=NonNegative())]),
    ]
    model = Sequential([Residual(constrained), Dense(4, 2, rng=2)])
    X, y = rng.normal(size=(20, 4)), rng.integers(0, 2, 20)
    for _ in range(5):
        fit(model, SoftmaxCrossEntropy(), Adam(0.1), X, y, epochs=1)
        assert (np.linalg.norm(model.params["0.0.W"], axis=0) <= 0.3 * (1 + 1e-15)).all()
        assert (model.params["0.2.0.W"] >= 0).all()
    assert np.linalg.norm(model.params["0.0.W"], axis=0).max() == pytest.approx(0.3)
    assert (model.params["0.2.0.W"] == 0).any()


def test_training_reaches_every_block(rng):
    model, X = network(), rng.normal(size=(60, 3))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    before = {name: view.copy() for name, view in model.params.items()}
    history = fit(model, SoftmaxCrossEntropy(), Adam(0.01), X, y, epochs=60, batch_size=16, rng=0)
    assert history.data_loss[-1] < 0.7 * history.data_loss[0]
    for name, view in model.params.items():
        assert not np.array_equal(view, before[name]), name
        assert np.shares_memory(view, model.theta)


def test_kept_buffers_do_not_corrupt_a_block(rng):
    x, other = rng.normal(size=(5, 4)), rng.normal(size=(9, 4))
    dy = rng.normal(size=(5, 4))
    # Dense first and last: its kept arrays are both the block's input and its branch's output.
    layers = [Dense(4, 4, rng=0), Residual([Dense(4, 4, rng=1)]), Residual([Dense(4, 4, rng=2)])]
    model = Sequential(layers)
    y, dx = model.forward(x).copy(), model.backward(dy).copy()
    dtheta = model.dtheta.copy()
    for passes in ([(x, True)], [(x, True), (x, True)], [(other, True), (x, True)]):
        for rows, training in passes:
            out = model.forward(rows, training)
        np.testing.assert_allclose(out, y, rtol=1e-13)
        for _ in range(2):
            np.testing.assert_allclose(model.backward(dy), dx, rtol=1e-13)
            np.testing.assert_allclose(model.dtheta, dtheta, rtol=1e-12)
    kept = model.forward(x)
    model.forward(other, training=True)
    np.testing.assert_array_equal(kept, y)


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]
)
def test_a_copy_is_whole_and_independent(duplicate, rng):
    model, X, y = network(), rng.normal(size=(12, 3)), rng.integers(0, 2, 12)
    model.forward(X, training=True)
    before, twin = model.theta.copy(), duplicate(model)
    np.testing.assert_array_equal(twin.forward(X), model.forward(X))
    fit(twin, SoftmaxCrossEntropy(), SGD(0.1), X, y, epochs=3)
    np.testing.assert_array_equal(model.theta, before)
    assert np.shares_memory(twin.layers[2].layers[1].theta, twin.theta)
    assert not np.array_equal(twin.forward(X), model.forward(X))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_block_computes_in_the_models_dtype(dtype, rng):
    model = Residual([LayerNorm(3, dtype=dtype), Dense(3, 3, rng=0, dtype=dtype)])
    x = rng.normal(size=(4, 3)).astype(dtype)
    for training in (False, True):
        assert model.forward(x, training).dtype == model.backward(x).dtype == dtype


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: Residual([Dense(3, 2, rng=0)]).forward(np.ones((4, 3))),
            ValueError,
            "keep the shape of x, (4, 3), got (4, 2)",
        ),
        (
            lambda: Residual([Dense(3, 1, rng=0)]).forward(np.ones((4, 3))),
            ValueError,
            "keep the shape of x, (4, 3), got (4, 1)",
        ),
        (lambda: Residual(["relu"]), TypeError, "layers must hold layers, got 'relu'"),
        (lambda: Residual([same := ReLU(), same]), ValueError, "the same layer twice"),
        (lambda: Sequential([same := ReLU(), Residual([same])]), ValueError, "same layer twice"),
    ],
)
def test_bad_blocks_are_refused_by_name(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_an_upstream_of_another_shape_is_refused():
    layer = block()
    layer.forward(np.ones((5, 4)))
    with pytest.raises(ValueError, match=r"shape of the output, \(5, 4\), got \(1, 4\)"):
        layer.backward(np.ones((1, 4)))


def test_regularize_keeps_the_road_round_a_block(rng):
    model, x = network(), rng.normal(size=(5, 3))
    noisy = regularize(model, input_noise=0.1, hidden_dropout=0.5, rng=0)
    assert [type(layer).__name__ for layer in noisy.layers] == [
        "GaussianNoise",
        "Dense",
        "Residual",
        "Residual",
        "Dropout",
        "Dense",
    ]
    np.testing.assert_array_equal(noisy.forward(x), model.forward(x))
    alone = block()
    x = rng.normal(size=(5, 4))
    np.testing.assert_array_equal(regularize(alone).forward(x), alone.forward(x))
