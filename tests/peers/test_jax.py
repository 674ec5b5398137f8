"""Optax and Flax: what the page *Conventions* says of them."""

from __future__ import annotations

import inspect
from importlib.metadata import version

import numpy as np
import pytest

from nnreg import L2
from nnreg.conventions import LIBRARIES, to_library

from .decay import DECAY, EPS, FACTORS, FLOAT32, LR, by_the_other_lines, by_the_page

LAM = 0.03
jnp = pytest.importorskip("jax.numpy")
jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")
linen = pytest.importorskip("flax.linen")


def stepped(weights, *parts):
    w, g = (jnp.asarray(array, jnp.float32) for array in weights)
    optimizer = optax.chain(*parts)
    updates, _ = optimizer.update(g, optimizer.init(w), w)
    return np.asarray(optax.apply_updates(w, updates))


def test_the_page_speaks_of_this_version(root):
    assert version("optax") == LIBRARIES["optax.add_decayed_weights"].version
    text = (root / "book" / "conventions.md").read_text(encoding="utf8")
    assert f"Flax {version('flax')}" in text
    assert f"Optax {version('optax')}" in text


def test_add_decayed_weights_before_the_optimiser_is_our_penalty(weights):
    settings = to_library(L2(LAM), "optax.add_decayed_weights", 7)
    got = stepped(weights, optax.add_decayed_weights(**settings), optax.sgd(0.1))
    w, g = weights
    np.testing.assert_allclose(got, w - 0.1 * (g + L2(LAM).grad(w)), rtol=1e-5)


def test_behind_the_optimiser_weights_grow_whatever_the_rate(weights):
    w, g = weights
    for lr in (0.1, 0.2):
        got = stepped(weights, optax.sgd(lr), optax.add_decayed_weights(2 * LAM))
        np.testing.assert_allclose(got, w - lr * g + 2 * LAM * w, rtol=1e-5)


def test_adamw_decays_as_the_page_says(weights):
    w, g = weights
    given = {"W": w, "b": w[:, 0]}, {"W": g, "b": g[:, 1]}
    params, gradients = (jax.tree.map(lambda a: jnp.asarray(a, jnp.float32), a) for a in given)
    optimizer = optax.adamw(LR, eps=EPS, weight_decay=DECAY)
    state = optimizer.init(params)
    for factor in FACTORS:
        scaled = jax.tree.map(lambda g, by=factor: by * g, gradients)
        updates, state = optimizer.update(scaled, state, params)
        params = optax.apply_updates(params, updates)
    right = by_the_page("Optax adamw", w, g)
    np.testing.assert_allclose(params["W"], right, **FLOAT32)
    bias = by_the_page("Optax adamw", w[:, 0], g[:, 1], bias=True)
    np.testing.assert_allclose(params["b"], bias, **FLOAT32)
    for other in by_the_other_lines("Optax adamw", w, g):
        assert abs(other - right).max() > 1e-3


def test_l2_loss_has_the_half_inside():
    assert float(optax.l2_loss(jnp.array([3.0]))[0]) == 4.5


def test_adamw_decays_without_being_asked():
    assert inspect.signature(optax.adamw).parameters["weight_decay"].default == 1e-4


def clipped(gradient, limit):
    clip = optax.clip_by_global_norm(limit)
    got, _ = clip.update([jnp.array(g) for g in gradient], clip.init(None))
    return np.concatenate([np.atleast_1d(g) for g in got])


def test_clipping_goes_by_the_norm_of_all_arrays():
    np.testing.assert_allclose(clipped([[3.0], [4.0]], 1.0), [0.6, 0.8], rtol=1e-6)


def test_a_norm_at_the_limit_stays_but_for_rounding_and_an_infinity_makes_nan():
    gradient, norm = np.float32([12.0, 35.0]), np.float32(37.0)  # its norm has no rounding
    got = clipped([gradient], norm)
    assert not np.array_equal(got, gradient)
    np.testing.assert_allclose(got, gradient, rtol=3e-7)
    np.testing.assert_equal(clipped([[1.0, np.inf, 2.0]], 1.0), [0.0, np.nan, 0.0])


def test_an_l2_ball_is_one_for_the_whole_tree():
    ball = optax.projections.projection_l2_ball
    np.testing.assert_allclose(ball([jnp.array([3.0]), jnp.array([4.0])], 1.0), [[0.6], [0.8]])
    inside = jnp.array([0.003, 0.004])
    assert jnp.array_equal(ball(inside, 1.0), inside)


def test_epsilons_of_the_norms():
    assert linen.LayerNorm().epsilon == linen.RMSNorm().epsilon == 1e-6


def test_the_fast_variance_of_layernorm_loses_digits():
    x = jnp.float32([[4000.0, 4001.0, 4002.0, 4003.0]])
    fast, slow = (
        linen.LayerNorm(use_fast_variance=fast).apply(
            {"params": {"scale": jnp.ones(4), "bias": jnp.zeros(4)}}, x
        )
        for fast in (True, False)
    )
    assert linen.LayerNorm().use_fast_variance
    right = (np.arange(4) - 1.5) / 1.25**0.5
    np.testing.assert_allclose(slow[0], right, rtol=1e-3)
    assert abs(fast[0] - right).max() > 0.05


def test_spectral_normalisation_lifts_small_weights():
    layer = linen.SpectralNorm(linen.Dense(2, use_bias=False), n_steps=50)
    state = layer.init(jax.random.key(0), jnp.eye(3), update_stats=False)
    state = jax.tree.map(lambda w: w / 1000 if w.ndim == 2 else w, state)
    out, _ = layer.apply(state, jnp.eye(3), update_stats=True, mutable=["batch_stats"])
    assert float(jnp.linalg.norm(out, 2)) == pytest.approx(1.0, rel=1e-3)
