"""Proximal steps in the optimiser: scikit-learn's lasso, one step by hand, and exact zeros."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso

from nnreg import L1, L2
from nnreg.data import diabetes
from nnreg.group_penalties import GroupLasso, Orthogonal
from nnreg.nn import SGD, Dense, MeanSquaredError, Residual, Sequential, Tanh, fit


def lasso_model(penalty, d=10):
    return Sequential([Dense(d, 1, penalty, rng=0)])


def train_proximally(penalty, steps=2000, lr=0.05, **options):
    X, y = diabetes_rows()
    model, loss, sgd = lasso_model(penalty), MeanSquaredError(), SGD(lr, proximal=True, **options)
    for _ in range(steps):
        loss.forward(model.forward(X, training=True), y)
        model.backward(loss.backward())
        sgd.step(model)
    return model.layers[0].params["W"][:, 0], model.layers[0].params["b"]


def diabetes_rows():
    X, y, _ = diabetes()
    X = X / X.std(axis=0)
    return X, ((y - y.mean()) / y.std())[:, None]


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_proximal_steps_solve_the_lasso_with_its_exact_zeros(momentum):
    X, y = diabetes_rows()
    w, b = train_proximally(L1(0.1), momentum=momentum)
    lasso = Lasso(alpha=0.05, tol=1e-12, max_iter=100_000).fit(X, y[:, 0])
    np.testing.assert_allclose(w, lasso.coef_, atol=1e-6)
    np.testing.assert_array_equal(w == 0, lasso.coef_ == 0)
    assert 3 <= np.sum(w == 0) <= 7
    assert b == pytest.approx(lasso.intercept_, abs=1e-6)


def test_one_proximal_step_is_gradient_then_prox():
    X, y = diabetes_rows()
    model, loss, sgd = lasso_model(L1(0.3) + L2(0.2)), MeanSquaredError(), SGD(0.1, proximal=True)
    w = model.layers[0].params["W"].copy()
    b = model.layers[0].params["b"].copy()
    loss.forward(model.forward(X), y)
    model.backward(loss.backward())
    sgd.step(model)
    g = 2 / len(X) * X.T @ (X @ w + b - y)
    stepped = (L1(0.3) + L2(0.2)).prox(w - 0.1 * g, 0.1)
    np.testing.assert_allclose(model.layers[0].params["W"], stepped, rtol=1e-12, atol=1e-15)


def test_clipping_would_move_the_minimum_and_is_refused():
    X, y = diabetes_rows()
    model, sgd = lasso_model(L1(0.1)), SGD(0.05, proximal=True)
    with pytest.raises(ValueError, match="clip_norm must be None with a proximal optimizer, got 1"):
        fit(model, MeanSquaredError(), sgd, X, y, epochs=1, clip_norm=1.0, progress=False)


def test_a_second_proximal_step_on_the_same_gradient_removes_no_penalty_again():
    model, sgd = Sequential([Dense(2, 1, L1(1.0), rng=0)]), SGD(0.25, proximal=True)
    model.theta[:] = [1, -1, 0]
    model.forward(np.zeros((1, 2)))
    model.backward(np.zeros((1, 1)))
    for left in (0.75, 0.5):
        sgd.step(model)
        np.testing.assert_allclose(model.theta, [left, -left, 0])


def test_weights_that_moved_after_the_backward_pass_change_nothing_in_the_gradient():
    model, sgd = Sequential([Dense(2, 1, L2(1.0), rng=0)]), SGD(0.25, proximal=True)
    model.forward(np.zeros((1, 2)))
    model.backward(np.zeros((1, 1)))
    model.theta[:] = [3, -3, 0]
    sgd.step(model)
    np.testing.assert_allclose(model.theta, [2, -2, 0])


def test_without_proximal_steps_no_weight_is_ever_zero():
    X, y = diabetes_rows()
    model, loss, sgd = lasso_model(L1(0.1)), MeanSquaredError(), SGD(0.05)
    for _ in range(2000):
        loss.forward(model.forward(X, training=True), y)
        model.backward(loss.backward())
        sgd.step(model)
    assert np.all(model.layers[0].params["W"] != 0)


def test_proximal_steps_of_the_group_lasso_remove_whole_units():
    rng = np.random.default_rng(2)
    X, y = rng.standard_normal((60, 5)), rng.standard_normal((60, 1))
    first = Dense(5, 12, GroupLasso(0.3), rng=0)
    model, loss = Sequential([first, Tanh(), Dense(12, 1, L2(0.05), rng=1)]), MeanSquaredError()
    sgd = SGD(0.05, proximal=True)
    for _ in range(500):
        loss.forward(model.forward(X, training=True), y)
        model.backward(loss.backward())
        sgd.step(model)
    gone = np.all(first.params["W"] == 0, axis=0)
    some = np.any(first.params["W"] == 0, axis=0)
    assert gone.any()
    np.testing.assert_array_equal(gone, some)


def test_a_penalty_without_a_proximal_step_is_named():
    model, sgd = Sequential([Dense(3, 3, Orthogonal(0.1), rng=0)]), SGD(0.1, proximal=True)
    model.forward(np.ones((1, 3)))
    model.backward(np.ones((1, 3)))
    with pytest.raises(NotImplementedError, match="Orthogonal"):
        sgd.step(model)


def test_layers_in_a_block_take_proximal_steps_too():
    block = Residual([Dense(3, 3, L1(50.0), rng=0)])
    model = Sequential([block])
    model.forward(np.ones((1, 3)), training=True)
    model.backward(np.zeros((1, 3)))
    SGD(0.1, proximal=True).step(model)
    assert not block.layers[0].params["W"].any()
