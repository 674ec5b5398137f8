"""Layers, penalties and constraints of a reader's own: they work, or they say what is missing."""

import re

import numpy as np
import pytest

from nnreg import L1, L2, Constraint, MaxNorm, NonNegative, Penalty, check_gradient
from nnreg.nn import (
    SGD,
    Adam,
    Dense,
    Layer,
    LayerNorm,
    MeanSquaredError,
    ReLU,
    Residual,
    RMSNorm,
    Sequential,
    fit,
)

X = np.random.default_rng(0).normal(size=(20, 3))


class Scale(Layer):
    """Multiply each feature by a number that is learnt."""

    def __init__(self, n, **extras):
        super().__init__()
        self.n = n
        self.add_parameter("s", np.ones(n), **extras)

    def forward(self, x, training=False):
        self.x = x
        return x * self.params["s"]

    def backward(self, dy):
        self.grads["s"][...] = np.sum(dy * self.x, axis=0)
        self.add_penalty_gradients()
        return dy * self.params["s"]


def learn(*layers, lr=0.5, epochs=300):
    model = Sequential(layers)
    fit(model, MeanSquaredError(), SGD(lr), X, X * [2.0, -1.0, 0.0], epochs=epochs)
    return model


# Layers ---------------------------------------------------------------------------------------


def test_a_layer_of_ones_own_learns():
    np.testing.assert_allclose(learn(Scale(3)).theta, [2.0, -1.0, 0.0], atol=1e-6)


def test_its_penalty_is_in_the_loss_and_in_the_gradient():
    model = Sequential([Scale(3, penalty=L2(0.3) + L1(0.1))])
    model.theta[:] = start = np.array([0.5, -2.0, 3.0])
    dy = np.random.default_rng(1).normal(size=X.shape)

    def objective(theta):
        model.theta[:] = theta
        return np.sum(dy * model.forward(X)) + model.penalty()

    objective(start)
    model.backward(dy)
    check_gradient(objective, model.dtheta.copy(), start)


def test_its_constraint_holds_from_the_start_and_after_each_step():
    start = Scale(3, constraint=MaxNorm(0.5)).params["s"]
    assert np.linalg.norm(start) <= 0.5
    assert np.isclose(np.linalg.norm(learn(Scale(3, constraint=MaxNorm(0.5))).theta), 0.5)
    assert learn(Scale(3, constraint=NonNegative())).theta.min() == 0.0


@pytest.mark.parametrize("make", [LayerNorm, RMSNorm])
def test_any_layer_takes_penalties_and_constraints(make):
    layer = make(3)
    layer.penalties["gamma"] = L2(0.5)
    layer.constraints["gamma"] = NonNegative()
    model = Sequential([Residual([layer])])
    assert model.penalty() == 1.5
    model.forward(X)
    model.backward(np.zeros(X.shape))
    np.testing.assert_array_equal(layer.grads["gamma"], [1.0, 1.0, 1.0])
    layer.params["gamma"][...] = -1.0
    model.project()
    assert not layer.params["gamma"].any()


class Rebinding(Scale):
    def backward(self, dy):
        self.grads["s"] = np.sum(dy * self.x, axis=0)
        return dy * self.params["s"]


class RebindingParams(Scale):
    def forward(self, x, training=False):
        self.params["s"] = self.params["s"] * 1.0
        return super().forward(x, training)


class Forgetful(Scale):
    def backward(self, dy):
        self.grads["s"][...] = np.sum(dy * self.x, axis=0)
        return dy * self.params["s"]


class Rootless(Scale):
    def __init__(self):
        self.n = 3


class Half(Scale):
    def __init__(self):
        Layer.__init__(self)
        self.params["s"] = np.ones(3, np.float16)


class Whole(Scale):
    def __init__(self):
        Layer.__init__(self)
        self.params["s"] = np.ones(3, int)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Rebinding(3), ValueError, "gradient 0.s must stay a view of dtheta: write into"),
        (lambda: RebindingParams(3), ValueError, "parameter 0.s must stay a view of theta"),
        (lambda: Forgetful(3, penalty=L1(1.0)), RuntimeError, "self.add_penalty_gradients()"),
        (Rootless, TypeError, "must begin with super().__init__()"),
        (Half, TypeError, "dtype must be float32 or wider, got float16"),
        (Whole, TypeError, "dtype must be a floating-point type"),
        (lambda: Scale(3, penalty=0.1), TypeError, "0.1 on 's' must be a Penalty"),
        (lambda: Scale(3, constraint=np.clip), TypeError, "on 's' must be a Constraint"),
    ],
)
def test_what_would_go_wrong_without_a_word_is_said(make, error, message):
    with pytest.raises(error, match=re.escape(message)):
        learn(make(), epochs=2)


def test_a_layer_that_forgets_its_penalty_may_do_so_without_one():
    learn(Forgetful(3), epochs=2)


def test_a_penalty_on_a_parameter_that_is_not_there_is_named():
    layer = Dense(3, 3, rng=0)
    layer.penalties["w"] = L2(0.1)
    with pytest.raises(ValueError, match=r"Dense has no parameter 'w' for L2.*only W, b"):
        learn(layer, epochs=1)


def test_a_layer_needs_both_directions():
    class Forward(Layer):
        def forward(self, x, training=False):
            return x

    with pytest.raises(TypeError, match=r"abstract method '?backward"):
        Forward()


# Penalties ------------------------------------------------------------------------------------


class Own(Penalty):
    def __init__(self, grad):
        self._grad = grad

    def value(self, w):
        return 0.0

    def grad(self, w):
        return self._grad(w)


@pytest.mark.parametrize(
    "grad",
    [lambda w: w.sum(), lambda w: w[:1], lambda w: None, lambda w: 0.0, lambda w: w.ravel()],
)
def test_a_gradient_of_another_shape_is_never_broadcast(grad):
    layer = Dense(3, 3, weight_penalty=Own(grad), rng=0)
    with pytest.raises(ValueError, match=r"must return an array of shape \(3, 3\), got"):
        learn(layer, epochs=1)


def test_a_penalty_adds_and_says_that_it_has_no_closed_form():
    own = Own(lambda w: 0 * w)
    assert own.strengths is None
    assert (own + L1(1.0)).strengths is None
    with pytest.raises(NotImplementedError, match="no closed-form proximal step"):
        own.prox(np.ones(2), 0.1)


# Constraints ----------------------------------------------------------------------------------


class InPlace(Constraint):
    def project(self, w):
        np.clip(w, -0.1, 0.1, out=w)


class OneRow(Constraint):
    def project(self, w):
        return w[:1]


class Number(Constraint):
    def project(self, w):
        return 0.0


@pytest.mark.parametrize("constraint", [InPlace(), OneRow(), Number()])
def test_a_projection_must_come_back_whole(constraint):
    with pytest.raises(ValueError, match=r"project must return an array of shape \(3, 3\), got"):
        Dense(3, 3, rng=0, weight_constraint=constraint)


# Out of order ---------------------------------------------------------------------------------


def test_backward_before_forward_says_what_to_do():
    from nnreg import nn

    parts = [
        Dense(3, 3, rng=0),
        ReLU(),
        nn.Tanh(),
        nn.Sigmoid(),
        nn.Dropout(0.5, rng=0),
        nn.GaussianNoise(0.1, rng=0),
        nn.GaussianDropout(0.1, rng=0),
        LayerNorm(3),
        RMSNorm(3),
        Residual([Dense(3, 3, rng=0)]),
        nn.SpectralDense(3, 3, rng=0),
        Sequential([Dense(3, 3, rng=0)]),
    ]
    for part in parts:
        with pytest.raises(RuntimeError, match="call forward first"):
            part.backward(np.ones((2, 3)))
    for loss in (nn.SoftmaxCrossEntropy(), nn.BinaryCrossEntropy(), MeanSquaredError()):
        with pytest.raises(RuntimeError, match="needs a forward pass first"):
            loss.backward()


# Printing and equality ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (
            lambda: Dense(2, 3, L2(0.1), rng=0),
            "Dense(n_in=2, n_out=3, penalties={'W': L2(lam=0.1)})",
        ),
        (lambda: Scale(2), "Scale(n=2)"),
        (ReLU, "ReLU()"),
        (lambda: LayerNorm((2, 3), eps=1e-3), "LayerNorm(n=(2, 3), eps=0.001)"),
        (lambda: SGD(0.1, momentum=0.9), "SGD(lr=0.1, momentum=0.9)"),
        (lambda: Adam(0.1, weight_decay=0.01), "Adam(lr=0.1, weight_decay=0.01)"),
        (MeanSquaredError, "MeanSquaredError()"),
        (lambda: Sequential([]), "Sequential([])"),
        (
            lambda: Sequential([ReLU(), Residual([Scale(2)])]),
            "Sequential([\n    ReLU(),\n    Residual([\n        Scale(n=2),\n    ]),\n])",
        ),
    ],
)
def test_parts_print_as_the_call_that_makes_them(make, text):
    assert repr(make()) == text
    assert make() == make()
    assert make() != "something else"


def test_equal_means_equal_settings_and_equal_numbers():
    assert Dense(2, 3, rng=0) == Dense(2, 3, rng=0)
    assert Dense(2, 3, rng=0) != Dense(2, 3, rng=1)
    assert Dense(2, 3, rng=0) != Dense(2, 3, L1(0.1), rng=0)
    assert SGD(0.1) != SGD(0.2)
    assert SGD(0.1) != Adam(0.1)
    used = SGD(0.1, momentum=0.5)
    used.step(Sequential([Scale(2)]))
    assert used != SGD(0.1, momentum=0.5)
    assert sum([L1(0.1), L2(0.2)]) == L1(0.1) + L2(0.2)
