"""JAX: every op and every step of a training as one compiled function."""

from functools import cache, partial

import jax
import jax.numpy as jnp

from benchmarks.speed import cases
from benchmarks.speed.cases import Case

jax.config.update("jax_enable_x64", True)

BETA1, BETA2 = 0.9, 0.999


def to_numpy(result):
    return result


def prepare(case: Case):
    return training(case) if case.is_training else op(case)


def dropout(key, x, rate):
    kept = jax.random.bernoulli(key, 1 - rate, x.shape)
    return jnp.where(kept, x / (1 - rate), jnp.zeros_like(x))


def layernorm(x, gamma, beta):
    mean, variance = x.mean(1, keepdims=True), x.var(1, keepdims=True)
    return gamma * (x - mean) / jnp.sqrt(variance + cases.EPS) + beta


def l1(x):
    return cases.STRENGTH * jnp.abs(x).sum()


def l2(x):
    return cases.STRENGTH * jnp.square(x).sum()


def spectral_norm(w, u):
    v = jax.lax.stop_gradient(u @ w)
    v = v / jnp.linalg.norm(v)
    u = jax.lax.stop_gradient(w @ v)
    u = u / jnp.linalg.norm(u)
    return w / (u @ w @ v)


def clipping(dy):
    norm = jnp.linalg.norm(dy)
    return dy * jnp.minimum(1, cases.MAX_NORM / norm), norm


@cache
def _on_device(rows: int, columns: int, dtype: str) -> list[jax.Array]:
    given = cases.problem(Case("", rows, columns, dtype))
    return [jnp.asarray(array) for array in vars(given).values()]


def op(case: Case):
    x, dy, gamma, beta, u = _on_device(case.rows, case.columns, case.dtype)

    def both(forward, *inputs):
        """Compile the forward pass and what goes back from `dy` into one function."""

        def function(dy, *inputs):
            y, back = jax.vjp(forward, *inputs)
            return y, *back(dy)

        return partial(jax.jit(function), dy, *inputs)

    def penalty(value):
        return partial(jax.jit(jax.value_and_grad(value)), x)

    makers = {
        "layernorm": lambda: both(layernorm, x, gamma, beta),
        "L1": lambda: penalty(l1),
        "L2": lambda: penalty(l2),
        "elastic net": lambda: penalty(lambda x: l1(x) + l2(x)),
        "clipping": lambda: partial(jax.jit(clipping), dy),
        "spectral norm": lambda: both(lambda w: spectral_norm(w, u), x),
        "dropout": lambda: _with_new_keys(jax.jit(lambda key, x, dy: _dropped(key, x, dy)), x, dy),
    }
    call = makers[case.kind]()

    def run(calls: int):
        # Each result is waited for, and let go before the next.
        for _ in range(calls - 1):
            jax.block_until_ready(call())
        return jax.block_until_ready(call())

    return run


def _dropped(key, x, dy):
    key, now = jax.random.split(key)
    y, back = jax.vjp(lambda x: dropout(now, x, cases.DROP), x)
    return key, y, *back(dy)


def _with_new_keys(function, x, dy):
    key = jax.random.key(0)

    def call():
        nonlocal key
        key, y, dx = function(key, x, dy)
        return y, dx

    return call


def training(case: Case):
    begin = cases.start(case)
    X, y = jnp.asarray(begin.X), jnp.asarray(begin.y)
    theta = {
        "W1": jnp.asarray(begin.first),
        "b1": jnp.zeros(case.columns, case.dtype),
        "W2": jnp.asarray(begin.second),
        "b2": jnp.zeros(3, case.dtype),
    }

    def loss_and_accuracy(theta, key):
        hidden = jax.nn.relu(X @ theta["W1"] + theta["b1"])
        if case.drops:
            hidden = dropout(key, hidden, cases.TRAINING_DROP)
        z = hidden @ theta["W2"] + theta["b2"]
        chosen = jnp.take_along_axis(jax.nn.log_softmax(z), y[:, None], axis=1)
        penalty = jnp.square(theta["W1"]).sum() + jnp.square(theta["b1"]).sum()
        return cases.LAM * penalty - chosen.mean(), (z.argmax(1) == y).mean()

    @jax.jit
    def step(state):
        theta, m, v, t, key = state
        key, now = jax.random.split(key)
        (loss, accuracy), g = jax.value_and_grad(loss_and_accuracy, has_aux=True)(theta, now)
        m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, g)
        v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, g)
        lr = cases.LR / (1 + cases.LR_DECAY * t)
        by1, by2 = 1 - BETA1 ** (t + 1), 1 - BETA2 ** (t + 1)

        def moved(w, m, v):
            return (w - lr * (m / by1) / (jnp.sqrt(v / by2) + cases.ADAM_EPS)).astype(w.dtype)

        return (jax.tree.map(moved, theta, m, v), m, v, t + 1, key), loss, accuracy

    zeros = jax.tree.map(jnp.zeros_like, theta)
    state = theta, zeros, zeros, jnp.zeros((), case.dtype), jax.random.key(0)

    def run(epochs: int):
        nonlocal state
        history = []
        for _ in range(epochs):
            state, loss, accuracy = step(state)
            history.append((loss, accuracy))
        jax.block_until_ready((state[0], history))
        return (history[-1][0],)

    return run
