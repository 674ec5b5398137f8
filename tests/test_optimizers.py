"""Optimisers: closed forms, a loop written by hand, scikit-learn's and PyTorch's own."""

import re

import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from nnreg import MaxNorm
from nnreg.nn import SGD, Adam, Dense, LayerNorm, Optimizer, Residual, RMSNorm, Sequential

START = np.array([1.0, -2.0, 0.5])


def model_at(theta, dtype=np.float64):
    model = Sequential([Dense(2, 1, rng=0, dtype=dtype)])
    model.theta[:] = theta
    return model


def path(optimizer, gradient, steps, dtype=np.float64):
    """Return theta after each step from START, where gradient(theta, t) gives the slope."""
    model, thetas = model_at(START, dtype), []
    for t in range(steps):
        model.dtheta[:] = gradient(model.theta, t)
        optimizer.step(model)
        thetas.append(model.theta.copy())
    return np.array(thetas)


def noisy(theta, t):
    """Gradients that change from step to step, the same in every run."""
    return np.random.default_rng(t).normal(size=3) * [1.0, 10.0, 0.1] + 0.1 * theta


# Closed forms -------------------------------------------------------------------------------


def test_gradient_descent_on_a_parabola():
    t = np.arange(1, 31)[:, None]
    found = path(SGD(0.1), lambda theta, t: 3 * theta, 30)
    np.testing.assert_allclose(found, START * 0.7**t, rtol=1e-12)


def test_momentum_under_a_constant_slope():
    g, t = np.array([1.0, -3.0, 0.25]), np.arange(1, 21)[:, None]
    found = path(SGD(0.1, momentum=0.9), lambda theta, _: g, 20)
    travelled = t / 0.1 - 0.9 * (1 - 0.9**t) / 0.1**2  # the double sum of 0.9**i
    np.testing.assert_allclose(found, START - 0.1 * g * travelled, rtol=1e-12)


def test_momentum_of_one_never_slows_down():
    found = path(SGD(0.1, momentum=1.0), lambda theta, t: float(t == 0), 5)
    np.testing.assert_allclose(found[-1], START - 0.5, atol=1e-15)


def test_adam_under_a_constant_slope_walks_at_its_learning_rate():
    g, t = np.array([1.0, -3.0, 1e-7]), np.arange(1, 21)[:, None]
    found = path(Adam(0.1, eps=1e-7), lambda theta, _: g, 20)
    np.testing.assert_allclose(found, START - t * 0.1 * g / (np.abs(g) + 1e-7), atol=1e-14)


def test_adam_without_memory_follows_the_sign():
    found = path(Adam(0.1, beta1=0.0, beta2=0.0, eps=1e-12), noisy, 1)
    np.testing.assert_allclose(found[0], START - 0.1 * np.sign(noisy(START, 0)), rtol=1e-9)


@pytest.mark.parametrize("optimizer", [SGD(0.1, momentum=0.9), Adam(0.1)])
def test_where_it_is_flat_nothing_moves(optimizer):
    np.testing.assert_array_equal(path(optimizer, lambda theta, t: 0.0, 3)[-1], START)


# The learning rate --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lr", "decay", "published"),
    [
        (0.02, 5e-7, 0.019900507413187767),  # NNFS, chapter 14
        (0.05, 5e-5, 0.03333444448148271),  # NNFS, chapter 15
    ],
)
@pytest.mark.parametrize("make", [SGD, Adam])
def test_learning_rate_of_step_10000_as_published(make, lr, decay, published):
    optimizer = make(lr, lr_decay=decay)
    assert optimizer.lr == lr
    optimizer.steps = 9999
    assert optimizer.lr == published


def test_the_learning_rate_shrinks_with_each_step():
    found = path(SGD(0.5, lr_decay=1.0), lambda theta, t: 1.0, 4)
    np.testing.assert_allclose(START - found[-1], 0.5 * (1 + 1 / 2 + 1 / 3 + 1 / 4), rtol=1e-14)
    g = np.ones(3)
    found = path(Adam(0.5, lr_decay=1.0, eps=1e-300), lambda theta, t: g, 4)
    np.testing.assert_allclose(START - found[-1], 0.5 * (1 + 1 / 2 + 1 / 3 + 1 / 4), rtol=1e-12)


# The same by others ---------------------------------------------------------------------------


def test_against_loops_written_by_hand():
    theta, v = START.copy(), np.zeros(3)
    for t in range(50):
        v = 0.8 * v - 0.05 / (1 + 0.01 * t) * noisy(theta, t)
        theta = theta + v
    np.testing.assert_allclose(path(SGD(0.05, 0.8, 0.01), noisy, 50)[-1], theta, rtol=1e-12)

    theta, m, v = START.copy(), np.zeros(3), np.zeros(3)
    for t in range(50):
        g = noisy(theta, t)
        m = 0.8 * m + 0.2 * g
        v = 0.95 * v + 0.05 * g**2
        m_hat, v_hat = m / (1 - 0.8 ** (t + 1)), v / (1 - 0.95 ** (t + 1))
        theta = theta - 0.05 / (1 + 0.01 * t) * m_hat / (np.sqrt(v_hat) + 1e-3)
    found = path(Adam(0.05, 0.8, 0.95, eps=1e-3, lr_decay=0.01), noisy, 50)[-1]
    np.testing.assert_allclose(found, theta, rtol=1e-12)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            SGD(0.05, momentum=0.9),
            lambda w: SGDOptimizer([w], 0.05, momentum=0.9, nesterov=False),
        ),
        # Theirs adds eps before the bias correction, so it must be too small to matter.
        (Adam(0.05, eps=1e-14), lambda w: AdamOptimizer([w], 0.05, epsilon=1e-14)),
    ],
    ids=["SGD", "Adam"],
)
def test_against_scikit_learns(ours, theirs):
    w = START.copy()
    other, params = theirs(w), [w]
    for t in range(100):
        other.update_params(params, [noisy(w, t)])
    np.testing.assert_allclose(path(ours, noisy, 100)[-1], w, rtol=1e-9)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (SGD(0.05), lambda torch, w: torch.optim.SGD([w], lr=0.05)),
        (Adam(0.05, eps=1e-7), lambda torch, w: torch.optim.Adam([w], lr=0.05, eps=1e-7)),
    ],
    ids=["SGD", "Adam"],
)
def test_against_pytorchs(ours, theirs, torch):
    w = torch.tensor(START.copy(), requires_grad=True)
    other = theirs(torch, w)
    for t in range(100):
        w.grad = torch.tensor(noisy(w.detach().numpy(), t))
        other.step()
    np.testing.assert_allclose(path(ours, noisy, 100)[-1], w.detach().numpy(), rtol=1e-9)


# Weight decay -------------------------------------------------------------------------------


def steps_of_torch(make, theta, torch):
    """Two arrays that decay and two that do not, 100 steps with the gradients of `noisy`."""
    w, b = (torch.tensor(part, requires_grad=True) for part in (theta[:2].copy(), theta[2:].copy()))
    other = make(torch, w, b)
    for t in range(100):
        g = noisy(np.r_[w.detach().numpy(), b.detach().numpy()], t)
        w.grad, b.grad = torch.tensor(g[:2]), torch.tensor(g[2:])
        other.step()
    return np.r_[w.detach().numpy(), b.detach().numpy()]


@pytest.mark.parametrize("everywhere", [False, True], ids=["weights alone", "biases too"])
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            lambda **no: Adam(0.05, eps=1e-8, weight_decay=0.3, **no),
            lambda torch, groups: torch.optim.AdamW(groups, lr=0.05, eps=1e-8, weight_decay=0.3),
        ),
        (
            lambda **no: SGD(0.05, weight_decay=0.3, **no),
            lambda torch, groups: torch.optim.SGD(groups, lr=0.05, weight_decay=0.3),
        ),
        (
            lambda **no: SGD(0.05, momentum=0.9, **no),
            lambda torch, groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9),
        ),
    ],
    ids=["AdamW", "SGD with decay", "SGD with momentum"],
)
def test_decay_equals_pytorchs_over_a_hundred_steps(ours, theirs, everywhere, torch):
    def make(torch, w, b):
        spared = {} if everywhere else {"weight_decay": 0.0}
        return theirs(torch, [{"params": [w]}, {"params": [b], **spared}])

    expected = steps_of_torch(make, START, torch)
    found = path(ours(**({"no_decay": ()} if everywhere else {})), noisy, 100)[-1]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_sgdw_is_not_the_penalty_once_there_is_momentum():
    def run(optimizer, lam):
        return path(optimizer, lambda theta, t: 1 + 2 * lam * theta * [1, 1, 0], 30)[-1]

    plain = run(SGD(0.1), 0.15), run(SGD(0.1, weight_decay=0.3), 0.0)
    np.testing.assert_allclose(*plain, rtol=1e-12)
    heavy = run(SGD(0.1, momentum=0.9), 0.15), run(SGD(0.1, 0.9, weight_decay=0.3), 0.0)
    assert np.abs(heavy[0] - heavy[1])[:2].min() > 0.1


def test_biases_and_what_belongs_to_a_norm_are_spared_unless_asked():
    layers = [Dense(2, 2, rng=0), LayerNorm(2), Residual([Dense(2, 2, rng=1), RMSNorm(2)])]

    def decayed(**settings):
        model = Sequential(layers)
        model.theta[:], model.dtheta[:] = 1.0, 0.0
        SGD(0.5, weight_decay=0.1, **settings).step(model)
        return {name for name, w in model.params.items() if np.allclose(w, 0.95)}

    everything = {"0.W", "0.b", "1.gamma", "1.beta", "2.0.W", "2.0.b", "2.1.gamma"}
    assert decayed() == {"0.W", "2.0.W"}
    assert decayed(no_decay=()) == everything
    assert decayed(no_decay=("0.*", "*.beta")) == everything - {"0.W", "0.b", "1.beta"}


def test_the_order_of_a_step_is_decay_update_project():
    model = Sequential([Dense(1, 1, rng=0, weight_constraint=MaxNorm(1.0))])
    seen = []

    class Watching(Optimizer):
        def update(self, theta, g, lr):
            seen.append((theta.copy(), lr))
            theta += 5.0

    model.theta[:] = 1.0
    Watching(0.5, weight_decay=1.0).step(model)
    np.testing.assert_array_equal(seen[0][0], [0.5, 1.0])
    assert seen[0][1] == 0.5
    np.testing.assert_allclose(model.theta, [1.0, 6.0], rtol=1e-14)


def test_decay_follows_the_learning_rate_of_the_step():
    found = path(SGD(0.5, lr_decay=1.0, weight_decay=0.2), lambda theta, t: 0.0, 3)
    shrunk = np.cumprod([1 - 0.1, 1 - 0.05, 1 - 0.1 / 3])
    np.testing.assert_allclose(found[:, 0], shrunk, rtol=1e-14)
    np.testing.assert_array_equal(found[:, 2], START[2])


@pytest.mark.parametrize("make", [SGD, Adam])
def test_the_learning_rate_can_be_set(make):
    optimizer = make(0.5, lr_decay=0.1)
    optimizer.steps = 10
    optimizer.lr = 0.3
    assert optimizer.lr == 0.3
    optimizer.steps = 20
    assert optimizer.lr == pytest.approx(0.3 * 2 / 3, rel=1e-15)
    with pytest.raises(ValueError, match="lr must be finite and > 0"):
        optimizer.lr = 0.0
    model = model_at(START)
    model.dtheta[:] = 1.0
    fresh = SGD(7.0)
    fresh.lr = 0.25
    fresh.step(model)
    np.testing.assert_array_equal(model.theta, START - 0.25)


def test_state_is_kept_and_loaded():
    model, optimizer = model_at(START), Adam(0.1, lr_decay=0.1)
    for _ in range(3):
        model.dtheta[:] = 1.0
        optimizer.step(model)
    state = optimizer.state_dict()
    assert set(state) == {"steps", "m", "v"}
    other = Adam(0.1, lr_decay=0.1)
    other.load_state_dict(state)
    assert other == optimizer
    optimizer.step(model)
    assert other != optimizer


# How a step is taken --------------------------------------------------------------------------


@pytest.mark.parametrize("make", [lambda: SGD(0.1, momentum=0.5), lambda: Adam(0.1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_step_is_in_place_and_spares_the_gradient(make, dtype):
    optimizer, model = make(), model_at(START, dtype)
    theta, W = model.theta, model.layers[0].params["W"]
    model.dtheta[:] = slope = np.array([0.5, -1.0, 2.0], dtype)
    for _ in range(3):
        optimizer.step(model)
    assert optimizer.steps == 3
    assert model.theta is theta
    assert theta.dtype == dtype
    np.testing.assert_array_equal(W.ravel(), theta[:2])
    np.testing.assert_array_equal(model.dtheta, slope)
    assert not np.array_equal(theta, START)


def test_two_optimizers_do_not_share_their_memory():
    one, other = (path(Adam(0.1), noisy, 5) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_an_optimizer_serves_one_model():
    optimizer = SGD(0.1)
    optimizer.step(model_at(START))
    with pytest.raises(ValueError, match="one model"):
        optimizer.step(model_at(START))
    with pytest.raises(TypeError, match=r"as in Sequential\(\[layer\]\)"):
        SGD(0.1).step(Dense(2, 1, rng=0))


# Bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [SGD, Adam])
@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"lr": 0.0}, ValueError, "lr must be finite and > 0, got 0.0"),
        ({"lr": -0.1}, ValueError, "lr must be finite and >= 0, got -0.1"),
        ({"lr": np.nan}, ValueError, "lr must be finite and >= 0, got nan"),
        ({"lr": "fast"}, TypeError, "lr must be a real number, got 'fast'"),
        ({"lr": None}, TypeError, "lr must be a real number, got None"),
        ({"lr_decay": -1e-3}, ValueError, "decay must be finite and >= 0, got -0.001"),
        ({"weight_decay": -1e-3}, ValueError, "weight_decay must be finite and >= 0, got -0.001"),
        ({"lr_decay": True}, TypeError, "decay must be a real number, got True"),
    ],
)
def test_bad_input_is_named(make, settings, error, message):
    with pytest.raises(error, match=re.escape(message)):
        make(**{"lr": 0.1} | settings)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: SGD(0.1, momentum=1.5), ValueError, "momentum must be in [0, 1], got 1.5"),
        (lambda: SGD(0.1, momentum="0"), TypeError, "momentum must be a real number, got '0'"),
        (lambda: Adam(0.1, beta1=1.0), ValueError, "beta1 must be in [0, 1), got 1.0"),
        (lambda: Adam(0.1, beta2=1), ValueError, "beta2 must be in [0, 1), got 1"),
        (lambda: Adam(0.1, beta2=-0.1), ValueError, "beta2 must be finite and >= 0, got -0.1"),
        (lambda: Adam(0.1, beta1=None), TypeError, "beta1 must be a real number, got None"),
        (lambda: Adam(0.1, eps=0), ValueError, "eps must be finite and > 0, got 0"),
    ],
)
def test_bad_settings_of_one_optimizer_are_named(call, error, message):
    with pytest.raises(error, match=re.escape(message)):
        call()
