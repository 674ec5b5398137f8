"""Copies, pickles and memory maps of models and optimisers, and state kept and loaded whole."""

import copy
import pickle

import joblib
import numpy as np
import pytest

from nnreg import L2, MaxNorm
from nnreg.nn import (
    SGD,
    Adam,
    Dense,
    Dropout,
    LayerNorm,
    ReLU,
    Residual,
    Sequential,
    SoftmaxCrossEntropy,
    SpectralDense,
    Tanh,
    fit,
    regularize,
)

RNG = np.random.default_rng(3)
X, Y = RNG.normal(size=(40, 6)), RNG.integers(0, 3, 40)


def network(width=8, dtype=np.float64):
    block = [LayerNorm(width, dtype=dtype), Dense(width, width, rng=1, dtype=dtype), ReLU()]
    return Sequential(
        [
            Dense(6, width, L2(1e-3), rng=0, dtype=dtype, weight_constraint=MaxNorm(2.0)),
            Tanh(),
            Residual(block),
            SpectralDense(width, 3, rng=2, dtype=dtype),
        ]
    )


def train(model, optimizer, epochs=3):
    return fit(model, SoftmaxCrossEntropy(), optimizer, X, Y, epochs=epochs)


def by_pickle(thing):
    return pickle.loads(pickle.dumps(thing))


each_copy = pytest.mark.parametrize("copied", [copy.deepcopy, by_pickle])
each_optimizer = pytest.mark.parametrize(
    "make", [lambda: SGD(0.1, momentum=0.9), lambda: Adam(0.01)]
)


@each_copy
@each_optimizer
def test_model_and_optimizer_copied_apart_go_on_as_if_nothing_had_happened(copied, make):
    model, optimizer = network(), make()
    train(model, optimizer)
    twin, twins_optimizer = copied(model), copied(optimizer)
    assert twin == model
    assert twins_optimizer == optimizer
    train(model, optimizer)
    train(twin, twins_optimizer)
    np.testing.assert_array_equal(twin.theta, model.theta)
    assert twin == model
    assert not np.shares_memory(twin.theta, model.theta)


def test_an_optimizers_pickle_does_not_carry_the_model():
    model, optimizer = network(width=200), SGD(0.1)
    train(model, optimizer, epochs=1)
    assert len(pickle.dumps(optimizer)) < model.theta.nbytes + 2000  # the velocity alone
    assert len(pickle.dumps(model)) < 6 * model.theta.nbytes


@each_copy
def test_a_copied_optimizer_serves_one_model_again(copied):
    model, optimizer = network(), Adam(0.01)
    train(model, optimizer)
    twin = copied(optimizer)
    train(network(), twin)
    with pytest.raises(ValueError, match="one model"):
        train(network(), twin)
    with pytest.raises(ValueError, match="one model"):
        train(network(width=9), copied(optimizer))


def test_a_memory_mapped_model_predicts_and_trains(tmp_path):
    model = network(width=300)
    optimizer = Adam(0.01)
    train(model, optimizer)
    joblib.dump((model, optimizer), tmp_path / "both")
    mapped, its_optimizer = joblib.load(tmp_path / "both", mmap_mode="r")
    np.testing.assert_array_equal(mapped.forward(X), model.forward(X))
    train(mapped, its_optimizer)
    train(model, optimizer)
    np.testing.assert_array_equal(mapped.theta, model.theta)


def test_a_memory_mapped_layer_works_alone(tmp_path):
    layer = Dense(6, 300, rng=0)
    layer.forward(X, training=True)
    layer.backward(np.ones((40, 300)))
    joblib.dump(layer, tmp_path / "layer")
    mapped = joblib.load(tmp_path / "layer", mmap_mode="r")
    mapped.forward(X, training=True)
    mapped.backward(np.ones((40, 300)))
    np.testing.assert_array_equal(mapped.grads["W"], layer.grads["W"])


def predict(model):
    return model.forward(X)


def test_large_models_go_to_other_processes():
    model = network(width=400)  # more than joblib sends without a memory map
    assert model.theta.nbytes > 2**20
    found = joblib.Parallel(2, max_nbytes="1M")(joblib.delayed(predict)(model) for _ in range(2))
    for outputs in found:
        np.testing.assert_array_equal(outputs, model.forward(X))


# State ----------------------------------------------------------------------------------------


def test_state_is_loaded_whole_into_a_fresh_model():
    model = network()
    train(model, Adam(0.05), epochs=20)
    fresh = network()
    assert not np.array_equal(fresh.forward(X), model.forward(X))
    fresh.load_state_dict(model.state_dict())
    np.testing.assert_array_equal(fresh.forward(X), model.forward(X))
    assert fresh == model
    assert "3.u" in model.state_dict()
    train(fresh, SGD(0.1))  # and its parameters are still views


def test_state_is_a_copy():
    model = network()
    state = model.state_dict()
    train(model, SGD(0.1))
    model.load_state_dict(state)
    assert model == network()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("3.u"), "state must hold"),
        (lambda s: s.update(extra=np.ones(1)), "state must hold"),
        (lambda s: s.update({"3.b": np.ones(4)}), r"state\['3.b'\] must have shape \(3,\), got"),
    ],
)
def test_a_state_that_does_not_fit_changes_nothing(change, message):
    model = network()
    state = {name: array + 1 for name, array in model.state_dict().items()}
    change(state)
    with pytest.raises(ValueError, match=message):
        model.load_state_dict(state)
    assert model == network()


def test_after_divergence_all_state_is_the_last_good_one():
    model, optimizer = network(dtype=np.float32), SGD(0.01, momentum=0.9)
    train(model, optimizer)
    optimizer.lr = 3e38
    with pytest.raises(FloatingPointError, match="diverged"):
        train(model, optimizer)
    for part in (model, optimizer):
        for name, array in part.state_dict().items():
            assert np.isfinite(array).all(), name
    assert np.isfinite(model.forward(X)).all()
    optimizer.lr = 0.01
    train(model, optimizer)


# Shared parameters ----------------------------------------------------------------------------


def test_whichever_of_two_models_is_trained_both_are():
    model = network()
    noisy = regularize(model, hidden_noise=0.1, rng=0)
    for trained, other in ((model, noisy), (noisy, model)):
        before = other.forward(X)
        train(trained, SGD(0.1))
        assert not np.array_equal(other.forward(X), before)
        np.testing.assert_array_equal(other.forward(X), trained.forward(X))


def test_two_regularised_arms_of_one_model_both_train_also_with_one_optimizer():
    model, optimizer = network(), Adam(0.01)
    arms = [regularize(model, hidden_dropout=p, rng=0) for p in (0.1, 0.5)]
    for arm in (*arms, model, *arms):
        before = model.theta.copy()
        train(arm, optimizer)
        assert not np.array_equal(model.theta, before)
    assert optimizer.steps == 15


def test_a_copied_pair_still_shares():
    pair = network(), None
    pair = pair[0], regularize(pair[0], input_noise=0.1, rng=0)
    model, noisy = copy.deepcopy(pair)
    train(noisy, SGD(0.1))
    np.testing.assert_array_equal(model.forward(X), noisy.forward(X))
    assert pair[0] == network()


# What leaves a model --------------------------------------------------------------------------


def test_a_list_of_training_outputs_holds_different_arrays():
    model = Sequential([Dense(6, 8, rng=0), ReLU(), Dropout(0.5, rng=1), Dense(8, 2, rng=2)])
    outputs = [model.forward(X, training=True) for _ in range(50)]
    assert np.std(outputs, axis=0).min() > 0
    gradients = [model.backward(np.ones((40, 2))) for _ in range(2)]
    assert not np.shares_memory(*gradients)


@pytest.mark.parametrize("training", [False, True])
def test_what_comes_out_of_a_model_is_never_what_went_in(training):
    for model in (Sequential([]), Sequential([Dropout(0.0)]), Sequential([Residual([])])):
        x = np.ones((2, 6))
        y = model.forward(x, training)
        dx = model.backward(x)
        y[...], dx[...] = 5.0, 7.0
        assert (x == 1).all()
