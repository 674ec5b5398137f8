"""The keywords of `regularize`: each equals the explicit construction; names and blocks."""

import numpy as np
import pytest

from nnreg import L1, L2, Penalty, check_gradient
from nnreg.group_penalties import GroupLasso, L2Norm
from nnreg.nn import (
    SGD,
    Dense,
    Dropout,
    MeanSquaredError,
    ReLU,
    Residual,
    Sequential,
    SpectralDense,
    Tanh,
    fit,
)
from nnreg.nn.activity_layer import ActivityPenalty
from nnreg.nn.contractive_block import Contractive
from nnreg.nn.regularize import regularize


def dense(n_in, n_out, penalty=None, *, seed):
    return Dense(n_in, n_out, penalty, rng=seed)


def network(first=None, second=None, last=None, after=()):
    return Sequential(
        [
            *[dense(4, 6, first, seed=0), Tanh(), *after],
            *[dense(6, 5, second, seed=1), Tanh(), *after],
            dense(5, 2, last, seed=2),
        ]
    )


def with_block(penalty=None, before=()):
    branch = [*before, dense(6, 3, penalty, seed=1), ReLU(), *before, dense(3, 6, penalty, seed=2)]
    layers = [dense(4, 6, penalty, seed=0), Residual(branch), *before]
    return Sequential([*layers, dense(6, 2, penalty, seed=3)])


def passes(model):
    """Return output, penalty and all gradients of one training pass."""
    rng = np.random.default_rng(5)
    x, dy = rng.standard_normal((7, 4)), rng.standard_normal((7, 2))
    y = model.forward(x, training=True)
    return y, model.penalty(), model.backward(dy), model.dtheta.copy()


def same(one, other):
    for a, b in zip(passes(one), passes(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-15)


NORM = L2Norm(0.3)


@pytest.mark.parametrize(
    ("keywords", "explicit"),
    [
        ({"weight_l1": 0.1}, network(*[L1(0.1)] * 3)),
        ({"weight_l2": 0.1}, network(*[L2(0.1)] * 3)),
        ({"weight_l1": 0.1, "weight_l2": 0.2}, network(*[L1(0.1) + L2(0.2)] * 3)),
        ({"weight_l2": 0.1, "pattern": "hidden*"}, network(L2(0.1), L2(0.1))),
        ({"weight_l2": 0.1, "pattern": "hidden2"}, network(None, L2(0.1))),
        ({"weight_l2": 0.1, "pattern": "output"}, network(None, None, L2(0.1))),
        ({"custom": NORM}, network(*[NORM] * 3)),
        ({"custom": NORM, "weight_l1": 0.1, "pattern": "hidden1"}, network(L1(0.1) + NORM)),
        ({"contractive": 0.0}, network()),
    ],
    ids=str,
)
def test_each_keyword_on_weights_equals_the_explicit_construction(keywords, explicit):
    same(regularize(network(), **keywords), explicit)


@pytest.mark.parametrize(
    ("keywords", "penalty"),
    [
        ({"hidden_l1": 0.1}, L1(0.1)),
        ({"hidden_l2": 0.1}, L2(0.1)),
        ({"hidden_l1": 0.1, "hidden_l2": 0.2}, L1(0.1) + L2(0.2)),
    ],
    ids=str,
)
def test_each_keyword_on_hidden_layers_equals_the_explicit_construction(keywords, penalty):
    explicit = Sequential(
        [
            *[dense(4, 6, seed=0), Tanh(), ActivityPenalty(penalty)],
            *[dense(6, 5, seed=1), Tanh(), ActivityPenalty(penalty)],
            dense(5, 2, seed=2),
        ]
    )
    same(regularize(network(), **keywords), explicit)


def test_contractive_equals_the_explicit_construction():
    encoder = Contractive([dense(4, 6, seed=0), Tanh()], 0.3)
    explicit = Sequential([encoder, dense(6, 5, seed=1), Tanh(), dense(5, 2, seed=2)])
    same(regularize(network(), contractive=0.3), explicit)


def test_penalties_that_are_there_already_stay():
    given = network(L1(0.1))
    same(regularize(given, weight_l2=0.2, pattern="hidden1"), network(L1(0.1) + L2(0.2)))


def test_the_model_that_was_given_stays_as_it_was():
    model = network()
    before = passes(model)
    regularize(model, weight_l2=0.1, hidden_l1=0.2, contractive=0.3, hidden_dropout=0.5, rng=0)
    for a, b in zip(before, passes(model), strict=True):
        np.testing.assert_array_equal(a, b)
    assert model.penalty() == 0


def test_training_one_trains_the_other():
    model, rng = network(), np.random.default_rng(0)
    X, y = rng.standard_normal((20, 4)), rng.standard_normal((20, 2))
    twin = regularize(model, weight_l2=0.1, hidden_l1=0.1, contractive=0.1)
    fit(twin, MeanSquaredError(), SGD(0.1), X, y, epochs=3, progress=False)
    np.testing.assert_array_equal(model.forward(X), twin.forward(X))
    fit(model, MeanSquaredError(), SGD(0.1), X, y, epochs=3, progress=False)
    np.testing.assert_array_equal(model.forward(X), twin.forward(X))


def test_layers_inside_a_block_are_named_and_penalised():
    same(regularize(with_block(), weight_l1=0.1), with_block(L1(0.1)))
    second = with_block().layers[1].layers[0].params["W"]
    alone = regularize(with_block(), weight_l1=0.1, pattern="hidden2")
    assert alone.penalty() == pytest.approx(L1(0.1).value(second))


def test_noise_and_activity_enter_the_branch_of_a_block_and_not_its_road():
    model = regularize(with_block(), hidden_l1=0.1, hidden_dropout=0.5, rng=0)
    inside = [type(layer) for layer in model.layers[1].layers]
    assert inside == [ActivityPenalty, Dropout, Dense, ReLU, ActivityPenalty, Dropout, Dense]
    assert type(model.layers[1]) is Residual
    same(regularize(with_block(), hidden_l1=0.1), with_block_charged())


def with_block_charged():
    def charge():
        return ActivityPenalty(L1(0.1))

    branch = [charge(), dense(6, 3, seed=1), ReLU(), charge(), dense(3, 6, seed=2)]
    layers = [dense(4, 6, seed=0), Residual(branch), charge()]
    return Sequential([*layers, dense(6, 2, seed=3)])


def test_spectral_layers_count_as_dense_ones():
    model = Sequential([SpectralDense(3, 4, rng=0), ReLU(), dense(4, 2, seed=1)])
    twin = regularize(model, custom=GroupLasso(0.1), pattern="hidden1")
    assert twin.penalty() == pytest.approx(GroupLasso(0.1).value(model.params["0.W"]))
    assert twin.layers[0].buffers["u"] is model.layers[0].buffers["u"]


def test_the_whole_regularised_loss_has_the_gradient_that_comes_back():
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((6, 4)), rng.standard_normal((6, 2))
    keywords = {"weight_l1": 0.1, "weight_l2": 0.1, "hidden_l1": 0.2, "hidden_l2": 0.1}
    model = regularize(network(), **keywords, contractive=0.3, custom=NORM)
    loss, start = MeanSquaredError(), model.theta.copy()

    def total(theta):
        model.theta[:] = theta
        return loss.forward(model.forward(x, training=True), y) + model.penalty()

    total(start)
    model.backward(loss.backward())
    check_gradient(total, model.dtheta.copy(), start)


class Own(Penalty):
    def value(self, w):
        return float(np.sum(1 / np.square(w).sum(axis=0)))

    def grad(self, w):
        return -2 * w / np.square(w).sum(axis=0) ** 2


def test_a_penalty_of_ones_own_is_taken():
    same(regularize(network(), custom=Own()), network(*[Own()] * 3))


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"weight_l1": -1}, ValueError, "weight_l1 must be"),
        ({"hidden_l2": np.nan}, ValueError, "hidden_l2 must be"),
        ({"contractive": "1"}, TypeError, "contractive must be"),
        ({"custom": 0.1}, TypeError, "custom must be a Penalty, got"),
        ({"weight_l2": 1, "pattern": "h"}, ValueError, "one of hidden1, hidden2, output, got 'h'"),
        ({"hidden_l1": 1, "pattern": "output"}, ValueError, "one of hidden1, hidden2, got"),
        ({"contractive": 1, "pattern": "hidden2"}, ValueError, "one of hidden1, got 'hidden2'"),
        ({"hidden_dropout": 0.5, "pattern": "x", "rng": 0}, ValueError, "hidden1, hidden2"),
    ],
    ids=str,
)
def test_what_it_cannot_do_is_refused_by_name(keywords, error, message):
    with pytest.raises(error, match=message):
        regularize(network(), **keywords)


def test_a_model_without_dense_layers_has_nothing_to_penalise():
    with pytest.raises(ValueError, match="no dense layer"):
        regularize(Sequential([ReLU()]), weight_l2=0.1)
    assert len(regularize(Sequential([ReLU()]), input_noise=0.1, rng=0).layers) == 2


@pytest.mark.parametrize("layers", [[], [Tanh()], [dense(2, 2, seed=0), dense(2, 2, seed=1)]])
def test_a_contractive_block_is_a_dense_layer_and_an_activation(layers):
    with pytest.raises(TypeError, match="layers must hold a Dense and then"):
        Contractive(layers, 0.1)


class Block(Sequential):
    """A block of a reader's own."""


def test_layers_in_any_block_are_reached():
    own = Block([dense(4, 6, seed=0), Tanh()])
    contractive = Contractive([dense(6, 5, seed=1), Tanh()], 0.1)
    model = Sequential([own, contractive, dense(5, 2, seed=2)])
    found = regularize(model, weight_l2=0.5, hidden_l1=0.1)
    assert [leaf.penalties for leaf in found._leaves() if leaf.params] == 3 * [{"W": L2(0.5)}]
    # What stands before a layer stands before the block that must stay whole.
    kinds = [type(layer) for layer in found.layers]
    assert kinds == [Block, ActivityPenalty, Contractive, ActivityPenalty, Dense]
    assert found.layers[2].lam == 0.1
    x, y = np.ones((3, 4)), np.zeros((3, 2))
    fit(found, MeanSquaredError(), SGD(0.1), x, y, epochs=2, progress=False)
    np.testing.assert_array_equal(model.theta, found.theta)
    assert not any(leaf.penalties for leaf in model._leaves())


def test_keywords_can_be_given_one_after_the_other():
    at_once = regularize(network(), contractive=0.1, weight_l2=0.5)
    in_turn = regularize(regularize(network(), contractive=0.1), weight_l2=0.5)
    assert repr(in_turn) == repr(at_once)


@pytest.mark.parametrize("block", [Sequential, Residual, Block])
def test_the_contractive_penalty_of_a_layer_in_a_block_is_refused(block):
    model = Sequential([block([dense(4, 4, seed=0), Tanh()]), dense(4, 3, seed=1), Tanh()])
    with pytest.raises(TypeError, match="contractive needs the first dense layer outside of any"):
        regularize(model, contractive=0.1)


def test_a_block_that_is_given_keeps_the_names_of_its_parameters():
    block = Residual([dense(4, 4, seed=0), Tanh(), dense(4, 4, seed=1)])
    found = regularize(Sequential([block, dense(4, 2, seed=2)]), hidden_l1=0.1)
    assert list(block.params) == ["0.W", "0.b", "2.W", "2.b"]
    assert list(found.layers[0].params) == ["0.W", "0.b", "3.W", "3.b"]
