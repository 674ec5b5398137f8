"""Conventions: each setting finds the same minimum in the library itself, and leads back."""

import re
import warnings
from fractions import Fraction

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import ElasticNet as SklearnElasticNet
from sklearn.linear_model import (
    Lasso,
    LogisticRegression,
    MultiTaskElasticNet,
    MultiTaskLasso,
    Ridge,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor

from nnreg import L1, L2, ElasticNet, GroupLasso, Penalty, activity_penalty
from nnreg.conventions import LIBRARIES, from_library, to_library
from nnreg.nn import SGD, Dense, MeanSquaredError, Sequential, SoftmaxCrossEntropy, fit

N, LAM = 50, 0.03
OURS = {"l1": L1(LAM), "l2": L2(LAM), "l1 + l2": ElasticNet(LAM, l1_ratio=0.3)}


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(11)
    X = rng.normal(size=(N, 4))
    return X, X @ [1.0, -2.0, 0.0, 0.5] + 0.3 * rng.normal(size=N)


# Round trips --------------------------------------------------------------------------------


@pytest.mark.parametrize("library", LIBRARIES)
def test_there_and_back(library):
    penalty = OURS[LIBRARIES[library].kinds]
    back = from_library(library, N, **to_library(penalty, library, N))
    for w in (np.array([1.0, -2.0, 0.5]), np.array([[0.0, 3.0]])):
        assert back.value(w) == pytest.approx(penalty.value(w), rel=1e-12)


@pytest.mark.parametrize(
    "library", [name for name, convention in LIBRARIES.items() if convention.kinds == "l1 + l2"]
)
def test_a_sum_is_translated_as_its_terms(library):
    total = to_library(L1(0.01) + L2(0.02) + ElasticNet(0.1, 0.5), library, N)
    assert total == pytest.approx(to_library(L1(0.06) + L2(0.07), library, N))


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_penalty_that_the_library_lacks_is_refused(library):
    for kind, penalty in (("l1", L1(0.1)), ("l2", L2(0.1))):
        if kind not in LIBRARIES[library].kinds:
            with pytest.raises(ValueError, match=re.escape(f"for {library}, got {penalty!r}")):
                to_library(penalty, library, N)


def test_no_penalty_leads_back_to_none():
    for library in set(LIBRARIES) - {"sklearn.LogisticRegression"}:
        none = to_library({"l1": L1(0)}.get(LIBRARIES[library].kinds, L2(0)), library, N)
        assert from_library(library, N, **none).value([3.0]) == 0.0
    with pytest.raises(ValueError, match=r"lam must be finite and > 0, got 0\.0"):
        to_library(L2(0), "sklearn.LogisticRegression", N)


# scikit-learn: its solution is a stationary point of our objective ---------------------------


@pytest.mark.parametrize(
    ("library", "model", "penalty", "settings"),
    [
        ("sklearn.Ridge", Ridge, L2(LAM), {}),
        ("sklearn.Lasso", Lasso, L1(LAM), {"tol": 1e-14, "max_iter": 100_000}),
        (
            "sklearn.ElasticNet",
            SklearnElasticNet,
            ElasticNet(LAM, l1_ratio=0.3),
            {"tol": 1e-14, "max_iter": 100_000},
        ),
    ],
)
def test_scikit_learns_linear_models_minimise_our_objective(
    library, model, penalty, settings, rows
):
    X, y = rows
    fitted = model(**to_library(penalty, library, N), **settings).fit(X, y)
    error = X @ fitted.coef_ + fitted.intercept_ - y
    assert abs(error.mean()) < 1e-12
    slope = 2 * X.T @ error / N + penalty.grad(fitted.coef_)
    np.testing.assert_allclose(slope[fitted.coef_ != 0], 0, atol=1e-8)
    # A strength that is off by the usual factors is no stationary point.
    for wrong in (0.5, 2.0, 1 / N, N):
        off = 2 * X.T @ error / N + wrong * penalty.grad(fitted.coef_)
        assert np.abs(off).max() > 1e-3


@pytest.mark.parametrize(
    "penalty",
    [
        L1(0.02),
        L2(0.02),
        ElasticNet(0.05, l1_ratio=0.3),
        ElasticNet(0.02, 0.9) + L2(0.01),
        ElasticNet(0.03, l1_ratio=0.0),
    ],
    ids=repr,
)
def test_scikit_learns_logistic_regression_minimises_our_objective(penalty, rows):
    X, y = rows[0], rows[1] > 0
    settings = to_library(penalty, "sklearn.LogisticRegression", N)
    model = LogisticRegression(**settings, solver="saga", tol=1e-12, max_iter=100_000)
    w = model.fit(X, y).coef_[0]
    error = model.predict_proba(X)[:, 1] - y
    assert abs(error.mean()) < 1e-9
    pull = X.T @ error / N
    np.testing.assert_allclose((pull + penalty.grad(w))[w != 0], 0, atol=1e-9)
    # A zero stays where the data pull less than the L1 part holds.
    assert np.all(abs(pull[w == 0]) <= penalty.strengths[0])
    assert np.any(w == 0) or penalty.strengths[0] < 0.018
    for wrong in (0.5, 2.0, 1 / N, N):
        assert abs(pull + wrong * penalty.grad(w))[w != 0].max() > 1e-4


@pytest.mark.parametrize("lam", [0.003, 0.05])
def test_training_reaches_scikit_learns_logistic_regression(lam):
    X, y = load_iris(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    model = Sequential([Dense(4, 3, weight_penalty=L2(lam), rng=0)])
    fit(model, SoftmaxCrossEntropy(), SGD(lr=0.4, momentum=0.9), X, y, epochs=1500, every=1500)
    settings = to_library(L2(lam), "sklearn.LogisticRegression", len(X))
    theirs = LogisticRegression(**settings, solver="newton-cg", tol=1e-12).fit(X, y)
    np.testing.assert_allclose(model.params["0.W"].T, theirs.coef_, rtol=1e-8)
    bias = model.params["0.b"] - model.params["0.b"].mean()
    np.testing.assert_allclose(bias, theirs.intercept_ - theirs.intercept_.mean(), rtol=1e-8)


@pytest.fixture(scope="module")
def tasks(rows):
    """Return inputs and three outputs, one of the inputs being of no use for any."""
    X, rng = rows[0], np.random.default_rng(7)
    W = np.array([[1.0, -2.0, 0.5], [0.8, 0.1, 1.0], [0.0, 0.0, 0.0], [-0.5, 1.0, 0.2]])
    return X, X @ W + 0.3 * rng.normal(size=(N, 3))


@pytest.mark.parametrize(
    ("model", "l2", "settings"),
    [(MultiTaskLasso, 0.0, {}), (MultiTaskElasticNet, 0.1, {"l1_ratio": 0.6})],
)
def test_scikit_learns_multi_task_models_minimise_our_objective(model, l2, settings, tasks):
    X, Y = tasks
    lam = 0.3
    # As the pair of Lasso and ElasticNet: alpha = lam / 2, and alpha = lam / 2 + l2.
    fitted = model(alpha=lam / 2 + l2, **settings, tol=1e-14, max_iter=100_000).fit(X, Y)
    W, penalty = fitted.coef_.T, GroupLasso(lam, axis=1) + L2(l2)
    pull = 2 * X.T @ (X @ W + fitted.intercept_ - Y) / N  # of the sum over the three outputs
    there = np.any(W != 0, axis=1)
    assert 0 < there.sum() < 4
    np.testing.assert_allclose((pull + penalty.grad(W))[there], 0, atol=1e-8)
    # A group stays zero where the data pull less than lam.
    assert np.all(np.linalg.norm(pull[~there], axis=1) <= lam)
    for wrong in (GroupLasso(lam / 2, axis=1), GroupLasso(lam * 3**0.5, axis=1)):
        assert abs(pull + (wrong + L2(l2)).grad(W))[there].max() > 1e-2


def test_our_mean_over_outputs_makes_the_same_lambda_weigh_more(tasks):
    X, Y = tasks
    lam = 0.1
    model = Sequential([Dense(4, 3, GroupLasso(lam, axis=1), rng=0)])
    optimizer = SGD(lr=0.2, momentum=0.9, proximal=True)
    fit(model, MeanSquaredError(), optimizer, X, Y, epochs=500, every=500)
    theirs = MultiTaskLasso(alpha=3 * lam / 2, tol=1e-14, max_iter=100_000).fit(X, Y)
    np.testing.assert_allclose(model.params["0.W"].T, theirs.coef_, atol=1e-9)
    assert np.any(theirs.coef_ == 0)


@pytest.mark.parametrize("network", [MLPClassifier, MLPRegressor])
def test_one_step_of_scikit_learns_network_has_our_gradient(network, rows):
    X, y = rows
    if network is MLPClassifier:
        y = (y > 0).astype(int)

    def weights_after_one_step(lam, lr=1e-3):
        settings = to_library(L2(lam), f"sklearn.{network.__name__}", N)
        model = network(
            hidden_layer_sizes=(3,),
            solver="sgd",
            batch_size=N,
            momentum=0.0,
            learning_rate_init=lr,
            max_iter=1,
            random_state=0,
            **settings,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one step does not converge, and says so
            return model.fit(X, y).coefs_

    start = weights_after_one_step(0.0, lr=1e-300)
    plain, penalised = weights_after_one_step(0.0), weights_after_one_step(LAM)
    # The regressor halves its data loss, and so the step is half of ours.
    step = 1e-3 / 2 if network is MLPRegressor else 1e-3
    for w, without, with_penalty in zip(start, plain, penalised, strict=True):
        np.testing.assert_allclose(without - with_penalty, step * L2(LAM).grad(w), rtol=1e-7)


def test_the_regressor_of_scikit_learn_halves_its_data_loss(rows):
    X, y = rows
    settings = {"solver": "sgd", "batch_size": N, "max_iter": 1, "random_state": 0, "alpha": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MLPRegressor(hidden_layer_sizes=(3,), learning_rate_init=1e-300, **settings)
        model.fit(X, y)
    assert model.loss_ == pytest.approx(np.mean((model.predict(X) - y) ** 2) / 2, rel=1e-9)


def test_liblinear_alone_penalises_the_intercept(rows):
    X, y = rows[0] + 1, rows[1] > 0
    pull = {}
    for solver in ("liblinear", "lbfgs"):
        model = LogisticRegression(C=0.5, solver=solver, tol=1e-10, max_iter=10_000).fit(X, y)
        pull[solver] = 0.5 * np.sum(model.predict_proba(X)[:, 1] - y), model.intercept_[0]
    assert pull["lbfgs"][0] == pytest.approx(0, abs=1e-5)
    assert pull["liblinear"][0] == pytest.approx(-pull["liblinear"][1], rel=1e-4)
    assert abs(pull["liblinear"][1]) > 0.01


# The others: through their published formulas; tests/peers runs them ---------------------------


def test_keras_and_nnfs_have_our_convention():
    penalty = L1(0.01) + L2(0.02)
    assert to_library(penalty, "keras", N) == {"l1": 0.01, "l2": 0.02}
    assert to_library(penalty, "nnfs", N) == {
        "weight_regularizer_l1": 0.01,
        "weight_regularizer_l2": 0.02,
    }


def test_one_step_of_weight_decay_by_pytorchs_formula():
    # torch.optim.SGD: g <- g + weight_decay * w; w <- w - lr * g
    w, g, lr = np.array([1.0, -2.0]), np.array([0.3, 0.4]), 0.1
    decay = to_library(L2(LAM), "torch.optim.SGD", N)["weight_decay"]
    np.testing.assert_allclose(w - lr * (g + decay * w), w - lr * (g + L2(LAM).grad(w)), rtol=1e-15)


@pytest.mark.parametrize(
    ("library", "data_half", "penalty_half"),
    [
        ("d2l", 1, 1 / 2),  # nn.MSELoss, and weight_decay * w in the gradient
        ("d2l.tensorflow", 1, 1),  # losses.MeanSquaredError and regularizers.l2
        ("d2l.mxnet", 1 / 2, 1 / 2),  # gluon.loss.L2Loss, and wd * w in the gradient
        ("d2l.jax", 1 / 2, 1 / 2),  # optax.l2_loss, and wd * w in the gradient
        ("d2l.scratch", 1 / 2, 1 / 2),  # (y_hat - y) ** 2 / 2, and lambd * (w ** 2).sum() / 2
        ("playground.L2", 1 / 2, 1 / 2),  # 0.5 * (output - target) ** 2, and 0.5 * w * w
    ],
)
def test_each_published_objective_has_our_minimum(library, data_half, penalty_half, rows):
    X, y = rows
    (strength,) = to_library(L2(LAM), library, N).values()
    square, identity = X.T @ X / N, np.eye(4)
    # Both gradients are linear in w, so the minima can be written down.
    theirs = np.linalg.solve(
        data_half * square + penalty_half * strength * identity, data_half * X.T @ y / N
    )
    ours = np.linalg.solve(square + LAM * identity, X.T @ y / N)
    np.testing.assert_allclose(theirs, ours, rtol=1e-12)


def playground_l1(X, y, rate, start=0.2, lr=0.1, steps=3000):
    """Train one unit without a bias by the update of tensorflow/playground's nn.ts."""
    w, dead = np.full(X.shape[1], start), np.zeros(X.shape[1], bool)
    for _ in range(steps):
        after_data = w - lr * X.T @ (X @ w - y) / len(X)
        after_both = after_data - lr * rate * np.sign(w)
        dead |= after_data * after_both < 0
        w = np.where(dead, 0, after_both)
    return w, dead


def test_the_playgrounds_l1_ends_at_our_minimum(rows):
    X, y = rows[0], rows[1]
    (rate,) = to_library(L1(0.2), "playground.L1", N).values()
    w, dead = playground_l1(X, y, rate)
    pull = 2 * X.T @ (X @ w - y) / N
    assert dead.any()
    np.testing.assert_allclose((pull + L1(0.2).grad(w))[~dead], 0, atol=1e-9)


def test_a_weight_that_the_playgrounds_l1_takes_across_zero_stays_there():
    # Of two weights on the way to -0.7, the data take one across 0, and the penalty the other.
    assert playground_l1(np.eye(1), np.array([-1.0]), 0.3, start=0.2)[0] == pytest.approx([-0.7])
    assert playground_l1(np.eye(1), np.array([-1.0]), 0.3, start=0.12) == ([0.0], [True])


def test_theanets_takes_means_where_we_take_sums():
    rng, weight = np.random.default_rng(3), 0.3
    matrices = [rng.normal(size=(4, 5)), rng.normal(size=(5, 2))]
    for kind, of_entry in ((L1, np.abs), (L2, np.square)):  # its WeightL1 and WeightL2
        theirs = weight * sum(of_entry(w).mean() for w in matrices) / len(matrices)
        ours = [kind(weight / w.size / len(matrices)).value(w) for w in matrices]
        assert theirs == pytest.approx(sum(ours))
    h = rng.normal(size=(7, 5))  # of one hidden layer, for its HiddenL1
    assert 5 * LAM * np.abs(h).mean() == pytest.approx(activity_penalty(h, L1(LAM))[0])


def test_pytorch_itself_takes_the_same_step(torch):
    w = torch.tensor([1.0, -2.0], dtype=torch.float64, requires_grad=True)
    settings = to_library(L2(LAM), "torch.optim.SGD", N)
    optimizer = torch.optim.SGD([w], lr=0.1, **settings)
    (w * torch.tensor([0.3, 0.4])).sum().backward()
    optimizer.step()
    start, g = np.array([1.0, -2.0]), np.float32([0.3, 0.4])
    np.testing.assert_allclose(w.detach().numpy(), start - 0.1 * (g + L2(LAM).grad(start)))


# Bad input ----------------------------------------------------------------------------------


class Own(Penalty):
    def value(self, w):
        return 0.0

    def grad(self, w):
        return 0 * w


class Halved(Own):
    """A ridge of one's own, with the half that others put before it."""

    @property
    def strengths(self):
        return np.float16(0.0), np.float16(0.25)


def test_a_penalty_of_ones_own_is_translated_by_its_strengths():
    # In half precision, 4 * 60000 would overflow.
    assert to_library(Halved(), "sklearn.Ridge", 60_000 * 16) == {"alpha": 240_000.0}
    assert to_library(Halved() + L2(0.75), "d2l", N) == {"wd": 2.0}


@pytest.mark.parametrize(
    "kind", [Fraction, np.float16, np.float32, np.float64, np.longdouble, lambda v: int(4 * v) / 4]
)
def test_settings_of_every_kind_of_number_give_plain_floats(kind):
    for library, settings in {
        "sklearn.ElasticNet": {"alpha": 0.5, "l1_ratio": 0.25},
        "sklearn.LogisticRegression": {"C": 0.5, "l1_ratio": 0.25},
        "sklearn.Ridge": {"alpha": 1.5},
        "keras": {"l1": 0.5, "l2": 0.25},
    }.items():
        # As many rows as float16 cannot count.
        given = {name: kind(value) for name, value in settings.items()}
        back = from_library(library, 100_000, **given)
        assert back == from_library(library, 100_000, **settings)
        assert all(type(strength) is float for strength in back.strengths)


def test_whole_numbers_count_as_settings_and_rows():
    assert from_library("keras", np.int8(50), l2=np.uint8(3)) == L2(3)
    assert from_library("keras", N, l2=10**30) == L2(1e30)
    assert to_library(L2(1), "sklearn.Ridge", 10**30) == {"alpha": 1e30}


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: to_library(L2(1), "tensorflow", N), ValueError, "got 'tensorflow'"),
        (lambda: from_library("tensorflow", N), ValueError, "library must be one of nnfs, keras"),
        (lambda: to_library(0.1, "keras", N), ValueError, "penalty must be made of L1, L2 and"),
        (lambda: to_library(Own(), "keras", N), ValueError, "penalty must be made of L1, L2 and"),
        (lambda: to_library(L1(1) + Own(), "keras", N), ValueError, "penalty must be made of"),
        (lambda: to_library(Own(), "keras", N), ValueError, "or have strengths (l1, l2)"),
        (lambda: to_library(L2(1), "keras", 10**400), ValueError, "n must be finite"),
        (lambda: from_library("keras", N, l1=10**400), ValueError, "l1 must be finite and >= 0"),
        (lambda: from_library("keras", N, l1=True), TypeError, "l1 must be a real number"),
        (lambda: to_library(L2(1), "keras", 0), ValueError, "n must be >= 1, got 0"),
        (lambda: to_library(L2(1), "keras", 2.5), TypeError, "n must be a whole number, got 2.5"),
        (lambda: from_library("keras", N, l1=-1.0), ValueError, "l1 must be finite and >= 0"),
        (lambda: from_library("keras", N, l1="1"), TypeError, "l1 must be a real number, got '1'"),
        (
            lambda: from_library("sklearn.ElasticNet", N, alpha=1.0, l1_ratio=2.0),
            ValueError,
            "l1_ratio must be in [0, 1], got 2.0",
        ),
        (
            lambda: from_library("sklearn.LogisticRegression", N, C=0.0),
            ValueError,
            "C must be finite and > 0, got 0.0",
        ),
        (
            lambda: from_library("sklearn.Ridge", N),
            TypeError,
            "settings of sklearn.Ridge: missing a required argument: 'alpha'",
        ),
        (
            lambda: from_library("sklearn.Ridge", N, alpha=1.0, l1_ratio=0.5),
            TypeError,
            "settings of sklearn.Ridge: got an unexpected keyword argument 'l1_ratio'",
        ),
    ],
)
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
