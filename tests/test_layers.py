"""Layers: gradients with random upstreams, one flat vector behind all, buffers that do no harm."""

import copy
import pickle
import re

import numpy as np
import pytest

from nnreg import L1, L2, ElasticNet, check_gradient
from nnreg.nn import (
    SGD,
    Adam,
    BinaryCrossEntropy,
    Dense,
    MeanSquaredError,
    ReLU,
    Sequential,
    Sigmoid,
    SoftmaxCrossEntropy,
    Tanh,
    fit,
)

SHAPES = [(5, 3), (1, 3), (3,), (2, 4, 3), (2, 1, 2, 3), (0, 3)]
each_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)
each_mode = pytest.mark.parametrize("training", [False, True], ids=["inference", "training"])


@pytest.fixture
def rng():
    return np.random.default_rng(17)


def dense(**settings):
    return Dense(3, 2, rng=1, **settings)


def network(dtype=np.float64):
    """Three layers with parameters, two of them inside a model of their own; penalties on all."""
    first = Dense(3, 5, weight_penalty=L2(0.03), bias_penalty=L1(0.02), rng=1, dtype=dtype)
    second = Dense(5, 4, weight_penalty=ElasticNet(0.05, 0.3), rng=2, dtype=dtype)
    third = Dense(4, 2, bias_penalty=L1(0.01) + L2(0.1), rng=3, dtype=dtype)
    model = Sequential([first, Tanh(), Sequential([second, Sigmoid(), third])])
    model.theta += 0.01 * np.arange(1, len(model.theta) + 1)  # no bias at the kink of L1
    return model


# Gradients ----------------------------------------------------------------------------------


@each_mode
@each_shape
@pytest.mark.parametrize("make", [dense, ReLU, Tanh, Sigmoid])
def test_gradient_of_the_input(make, shape, training, rng):
    layer, x = make(), rng.normal(size=shape)
    dy = rng.normal(size=layer.forward(x).shape)
    layer.forward(x, training)
    dx = layer.backward(dy).copy()
    assert dx.shape == x.shape
    check_gradient(layer.forward, dx, x, dy=dy)


@each_mode
@each_shape
@pytest.mark.parametrize("name", ["W", "b"])
def test_gradient_of_the_parameters_without_and_with_penalties(name, shape, training, rng):
    for penalties in ({}, {"weight_penalty": ElasticNet(0.3), "bias_penalty": L2(0.2)}):
        layer, x = dense(**penalties), rng.normal(size=shape)
        layer.params["b"][...] = [0.5, -0.25]
        dy = rng.normal(size=layer.forward(x).shape)
        layer.forward(x, training)
        layer.backward(dy)
        param, start = layer.params[name], layer.params[name].copy()

        def objective(value, layer=layer, x=x, dy=dy, param=param):
            param[...] = value
            return np.sum(dy * layer.forward(x)) + layer.penalty()

        check_gradient(objective, layer.grads[name].copy(), start)


@pytest.mark.parametrize("rows", [1, 7])
@pytest.mark.parametrize(
    ("loss", "targets"),
    [
        (SoftmaxCrossEntropy(), lambda rng, n: rng.integers(0, 2, n)),
        (BinaryCrossEntropy(), lambda rng, n: rng.integers(0, 2, (n, 2))),
        (MeanSquaredError(), lambda rng, n: rng.normal(size=(n, 2))),
    ],
    ids=lambda value: type(value).__name__,
)
def test_gradient_of_a_whole_model_over_its_flat_vector(loss, targets, rows, rng):
    model, x = network(), rng.normal(size=(rows, 3))
    y, start = targets(rng, rows), model.theta.copy()

    def objective(theta):
        model.theta[:] = theta
        return loss.forward(model.forward(x), y) + model.penalty()

    objective(start)
    model.forward(x, training=True)
    dx = model.backward(loss.backward()).copy()
    report = check_gradient(objective, model.dtheta.copy(), start)
    assert report.n_entries == 3 * 5 + 5 + 5 * 4 + 4 + 4 * 2 + 2
    model.theta[:] = start
    check_gradient(lambda x: loss.forward(model.forward(x), y), dx, x)


def test_relu_of_zero_is_flat():
    relu = ReLU()
    relu.forward([0.0, -0.0, 1e-300])
    np.testing.assert_array_equal(relu.backward([1.0, 1.0, 1.0]), [0.0, 0.0, 1.0])


def test_sigmoid_against_its_formula_and_far_out():
    x = np.linspace(-30, 30, 61)
    np.testing.assert_allclose(Sigmoid().forward(x), 1 / (1 + np.exp(-x)), atol=1e-16, rtol=1e-15)
    np.testing.assert_array_equal(Sigmoid().forward([-1e308, 1e308, -np.inf, np.inf]), [0, 1] * 2)


def test_a_linear_layer_is_plain_algebra(rng):
    layer, x = dense(), rng.normal(size=(2, 4, 3))
    layer.params["b"][...] = [1.0, -1.0]
    expected = np.einsum("...i,ij->...j", x, layer.params["W"]) + layer.params["b"]
    np.testing.assert_allclose(layer.forward(x), expected, rtol=1e-14)
    dy = rng.normal(size=(2, 4, 2))
    layer.backward(dy)
    np.testing.assert_allclose(layer.grads["W"], np.einsum("abi,abj->ij", x, dy), rtol=1e-13)
    np.testing.assert_allclose(layer.grads["b"], dy.sum(axis=(0, 1)), rtol=1e-13)


# The first weights --------------------------------------------------------------------------


def test_first_weights():
    layer = Dense(400, 300, rng=0)
    assert layer.params["W"].std() == pytest.approx(np.sqrt(2 / 400), rel=0.01)
    assert not layer.params["b"].any()
    np.testing.assert_array_equal(layer.params["W"], Dense(400, 300, rng=0).params["W"])
    standard = np.random.default_rng(0).standard_normal((400, 300))
    scaled = Dense(400, 300, rng=np.random.default_rng(0), scale=0.01).params["W"]
    np.testing.assert_allclose(scaled, 0.01 * standard, rtol=1e-15)
    assert not Dense(2, 2, rng=0, scale=0).params["W"].any()


def test_biases_are_not_penalised_unless_asked():
    layer = Dense(2, 2, weight_penalty=L2(1.0), rng=0)
    layer.params["W"][...], layer.params["b"][...] = 0.0, 5.0
    assert layer.penalty() == 0.0
    layer.forward(np.zeros((1, 2)))
    layer.backward(np.zeros((1, 2)))
    assert not layer.grads["b"].any()
    assert Dense(2, 2, bias_penalty=L2(1.0), rng=0).penalties.keys() == {"b"}


def test_penalties_of_a_model_add_up():
    model = network()
    first, (second, _, third) = model.layers[0], model.layers[2].layers
    expected = (
        L2(0.03).value(first.params["W"])
        + L1(0.02).value(first.params["b"])
        + ElasticNet(0.05, 0.3).value(second.params["W"])
        + (L1(0.01) + L2(0.1)).value(third.params["b"])
    )
    assert model.penalty() == pytest.approx(expected, rel=1e-14)
    assert Sequential([ReLU()]).penalty() == 0.0


# One flat vector ----------------------------------------------------------------------------


def leaves(model):
    for layer in model.layers:
        yield from leaves(layer) if isinstance(layer, Sequential) else [layer]


def assert_whole(model):
    """Writing through theta shows in every layer, and theta holds every parameter once."""
    kept = model.theta.copy()
    for flat, kind in ((model.theta, "params"), (model.dtheta, "grads")):
        flat[:] = np.arange(len(flat))
        parts = [view.ravel() for leaf in leaves(model) for view in getattr(leaf, kind).values()]
        np.testing.assert_array_equal(np.concatenate(parts), np.arange(len(flat)))
        named = np.concatenate([view.ravel() for view in getattr(model, kind).values()])
        np.testing.assert_array_equal(named, np.arange(len(flat)))
        assert all(np.shares_memory(part, flat) for part in parts)
    model.theta[:] = kept


def test_parameters_are_views_before_and_after_training(rng):
    model = network()
    assert_whole(model)
    assert list(model.params) == ["0.W", "0.b", "2.0.W", "2.0.b", "2.2.W", "2.2.b"]
    X, y = rng.normal(size=(12, 3)), rng.integers(0, 2, 12)
    fit(model, SoftmaxCrossEntropy(), Adam(0.01), X, y, epochs=3, batch_size=5, rng=0)
    assert_whole(model)


def test_building_a_model_keeps_the_layers_values():
    layer = dense()
    before = layer.params["W"].copy()
    model = Sequential([layer])
    np.testing.assert_array_equal(layer.params["W"], before)
    inner = model
    outer = Sequential([inner, Tanh()])
    np.testing.assert_array_equal(layer.params["W"], before)
    assert np.shares_memory(inner.theta, outer.theta)
    assert_whole(outer)
    assert_whole(inner)


@pytest.mark.parametrize(
    "duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))]
)
def test_a_copy_is_whole_and_independent(duplicate, rng):
    model = network()
    X, y = rng.normal(size=(12, 3)), rng.integers(0, 2, 12)
    before = model.theta.copy()
    twin = duplicate(model)
    np.testing.assert_array_equal(twin.forward(X), model.forward(X))
    fit(twin, SoftmaxCrossEntropy(), SGD(0.1), X, y, epochs=3)
    np.testing.assert_array_equal(model.theta, before)
    assert not np.array_equal(twin.forward(X), model.forward(X))
    assert_whole(twin)
    assert_whole(model)


def test_a_model_copied_with_its_optimizer_goes_on_alike(rng):
    model, optimizer = network(), Adam(0.01)
    X, y = rng.normal(size=(12, 3)), rng.integers(0, 2, 12)
    fit(model, SoftmaxCrossEntropy(), optimizer, X, y, epochs=3)
    twin, its_optimizer = copy.deepcopy((model, optimizer))
    for one, its in ((model, optimizer), (twin, its_optimizer)):
        fit(one, SoftmaxCrossEntropy(), its, X, y, epochs=3)
    np.testing.assert_array_equal(model.theta, twin.theta)


@pytest.mark.parametrize(
    "detach",
    [
        lambda model: model.layers[0].params.update(W=np.zeros((3, 5))),
        lambda model: model.params.update({"0.W": np.zeros((3, 5))}),
        lambda model: Sequential(model.layers[:1]),
        lambda model: setattr(model, "theta", model.theta.copy()),
        lambda model: model.layers[2].layers[0].params.update(b=np.zeros(4)),
    ],
    ids=["layer.params", "model.params", "second model", "theta", "nested"],
)
def test_a_step_that_would_change_nothing_is_refused(detach):
    model = network()
    SGD(0.1).step(model)
    detach(model)
    with pytest.raises(ValueError, match="must stay"):
        SGD(0.1).step(model)


def test_a_model_without_parameters():
    model = Sequential([Tanh(), ReLU()])
    assert model.theta.shape == (0,)
    np.testing.assert_array_equal(model.forward([[-1.0, 0.0]]), [[0.0, 0.0]])
    np.testing.assert_array_equal(Sequential([]).forward(np.ones((2, 2))), np.ones((2, 2)))


# dtype --------------------------------------------------------------------------------------


@each_mode
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_model_computes_in_its_own_dtype(dtype, training, rng):
    model, x = network(dtype), rng.normal(size=(6, 3))
    z = model.forward(x.astype(dtype), training)
    loss = SoftmaxCrossEntropy()
    assert type(loss.forward(z, [0, 1] * 3)) is float
    dz = loss.backward()
    dx = model.backward(dz)
    Adam(0.01, lr_decay=0.1).step(model)
    SGD(0.01, momentum=0.5).step(model)
    assert {a.dtype for a in (z, dz, dx, model.theta, model.dtheta)} == {np.dtype(dtype)}
    assert {v.dtype for v in model.params.values()} == {np.dtype(dtype)}
    assert type(model.penalty()) is float


def test_float32_and_float64_agree_to_single_precision(rng):
    x, dy = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    single, double = network(np.float32), network()
    for model in (single, double):
        model.forward(x, training=True)
        model.backward(dy)
    np.testing.assert_allclose(single.dtheta, double.dtheta, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layer", [ReLU(), Tanh(), Sigmoid()])
def test_activations_keep_the_inputs_dtype(layer):
    for dtype in (np.float16, np.float32, np.float64):
        x = np.ones((2, 3), dtype)
        assert layer.forward(x).dtype == layer.backward(x).dtype == dtype
    assert layer.forward(np.ones((2, 3), int)).dtype == np.float64


# Buffers ------------------------------------------------------------------------------------


def parts():
    return [dense(), ReLU(), Tanh(), Sigmoid(), network()]


@pytest.mark.parametrize("layer", parts()[:-1], ids=lambda layer: type(layer).__name__)
def test_training_passes_reuse_their_output_and_inference_does_not(layer, rng):
    x = rng.normal(size=(5, 3))
    first, again = layer.forward(x, training=True), layer.forward(-x, training=True)
    assert np.shares_memory(first, again)
    dy = np.ones(first.shape)
    assert np.shares_memory(layer.backward(dy), layer.backward(dy))
    kept = layer.forward(x)
    values = kept.copy()
    for training in (False, True):
        assert not np.shares_memory(kept, layer.forward(-x, training))
    np.testing.assert_array_equal(kept, values)
    layer.forward(x)
    assert not np.shares_memory(layer.backward(dy), layer.backward(dy))


@pytest.mark.parametrize("layer", parts(), ids=lambda layer: type(layer).__name__)
def test_inputs_and_upstreams_are_left_alone(layer, rng):
    x = rng.normal(size=(5, 6))[:, ::2]
    dy = np.asfortranarray(rng.normal(size=layer.forward(x).shape))
    before = x.copy(), dy.copy()
    for array in (x, dy):
        array.flags.writeable = False
    for training in (False, True):
        layer.forward(x, training)
        layer.backward(dy)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(dy, before[1])


def test_backward_belongs_to_the_last_forward_pass_whatever_its_kind(rng):
    x, other = rng.normal(size=(5, 3)), rng.normal(size=(9, 3))
    dy = rng.normal(size=(5, 2))
    fresh = network()
    fresh.forward(x, training=True)
    dx, dtheta = fresh.backward(dy).copy(), fresh.dtheta.copy()
    model = network()
    for passes in (
        [(other, False), (x, True)],
        [(other, True), (x, False)],
        [(other, True), (other, False), (x, True)],
        [(x, True), (other, True), (x, True)],
    ):
        for rows, training in passes:
            model.forward(rows, training)
        np.testing.assert_allclose(model.backward(dy), dx, rtol=1e-13)
        np.testing.assert_allclose(model.dtheta, dtheta, rtol=1e-13)


def test_any_batch_size_after_any_other(rng):
    model = network()
    for rows in (8, 3, 1, 12, 5, 8):
        x, dy = rng.normal(size=(rows, 3)), rng.normal(size=(rows, 2))
        fresh = network()
        np.testing.assert_allclose(model.forward(x, True), fresh.forward(x), rtol=1e-13)
        np.testing.assert_allclose(model.backward(dy), fresh.backward(dy), rtol=1e-13)
        np.testing.assert_allclose(model.dtheta, fresh.dtheta, rtol=1e-12, atol=1e-14)


def test_two_backward_passes_give_the_same(rng):
    model, x, dy = network(), rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    model.forward(x, training=True)
    first = model.backward(dy).copy(), model.dtheta.copy()
    np.testing.assert_array_equal(model.backward(dy), first[0])
    np.testing.assert_array_equal(model.dtheta, first[1])


# Bad input ----------------------------------------------------------------------------------

shared = Dense(3, 3, rng=0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Dense(0, 2, rng=0), ValueError, "n_in must be >= 1, got 0"),
        (lambda: Dense(2, 2.0, rng=0), TypeError, "n_out must be a whole number, got 2.0"),
        (lambda: Dense("2", 2, rng=0), TypeError, "n_in must be a whole number, got '2'"),
        (lambda: Dense(2, 2, rng=None), TypeError, "rng must be a numpy.random.Generator"),
        (lambda: Dense(2, 2, rng="0"), TypeError, "rng must be a numpy.random.Generator"),
        (lambda: Dense(2, 2, 0.1, rng=0), TypeError, "weight_penalty must be a Penalty or None"),
        (lambda: Dense(2, 2, None, L2, rng=0), TypeError, "bias_penalty must be a Penalty or None"),
        (lambda: Dense(2, 2, rng=0, scale=-1), ValueError, "scale must be finite and >= 0"),
        (lambda: Dense(2, 2, rng=0, dtype=int), TypeError, "dtype must be a floating-point type"),
        (
            lambda: dense().forward(np.ones((4, 2))),
            ValueError,
            "(..., 3) to meet W (3, 2), got (4, 2)",
        ),
        (lambda: dense().forward(1.0), ValueError, "x must have shape (..., 3)"),
        (lambda: dense().forward("abc"), TypeError, "x must hold real numbers"),
        (lambda: dense().forward([[1j] * 3]), TypeError, "x must hold real numbers"),
        (lambda: dense().forward([[1], [2, 3]]), ValueError, "x must be a rectangular array"),
        (lambda: Tanh().forward([None]), TypeError, "x must hold real numbers"),
        (lambda: Sequential([Tanh(), "relu"]), TypeError, "layers must hold layers, got 'relu'"),
        (lambda: Sequential([Dense]), TypeError, "layers must hold layers, got <class"),
        (lambda: Sequential([shared, shared]), ValueError, "the same layer twice"),
        (lambda: Sequential([shared, Sequential([shared])]), ValueError, "the same layer twice"),
        (
            lambda: Sequential([Dense(1, 1, rng=0), Dense(1, 1, rng=0, dtype=np.float32)]),
            TypeError,
            "layers must share one dtype, got ['float32', 'float64']",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()


@pytest.mark.parametrize("layer", parts(), ids=lambda layer: type(layer).__name__)
def test_an_upstream_of_another_shape_is_refused(layer):
    shape = layer.forward(np.ones((4, 3))).shape
    for wrong in ((4, 1), (1, shape[1]), (3, shape[1]), (4,), ()):
        with pytest.raises(
            ValueError, match=re.escape(f"shape of the output, {shape}, got {wrong}")
        ):
            layer.backward(np.ones(wrong))
    with pytest.raises(TypeError, match="dy must hold real numbers"):
        layer.backward("dy")
