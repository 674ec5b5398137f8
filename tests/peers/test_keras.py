"""Keras on its three backends: what the page *Conventions* says of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from nnreg import L1, L2, Orthogonal, spectral_normalize, spectral_normalize_backward
from nnreg import activity_penalty as our_activity_penalty
from nnreg.conventions import LIBRARIES, to_library

from .decay import FLOAT32, by_the_other_lines, by_the_page

FACTS = Path(__file__).with_name("keras_facts.py")
KERNEL = np.float32([[3.0, 1.0], [-2.0, 0.5], [0.25, 4.0]])
X = np.float32([[1.0, 2.0, -1.0], [0.5, -0.5, 2.0]])


@pytest.fixture(scope="module", params=["jax", "tensorflow", "torch"])
def facts(request) -> dict:
    for name in ("keras", request.param):  # importing keras itself would choose a backend
        if not find_spec(name):
            pytest.skip(f"no {name}")
    environment = os.environ | {"KERAS_BACKEND": request.param}
    done = subprocess.run(
        [sys.executable, str(FACTS)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["backend"] == request.param
    return found


def test_the_page_speaks_of_this_version(facts):
    assert facts["version"] == version("keras") == LIBRARIES["keras"].version


def test_l1l2_is_our_penalty(facts):
    ours = L1(0.1) + L2(0.01)
    assert to_library(ours, "keras", 7) == {"l1": 0.1, "l2": 0.01}
    assert facts["penalty"] == pytest.approx(ours.value(KERNEL), rel=1e-6)


def test_training_and_validation_loss_both_contain_the_penalty(facts):
    ours = np.mean((X @ KERNEL) ** 2) + (L1(0.1) + L2(0.01)).value(KERNEL)
    assert facts["losses"]["loss"] == pytest.approx([ours], rel=1e-5)
    assert facts["losses"]["val_loss"] == pytest.approx([ours], rel=1e-5)


def test_weight_decay_is_times_the_rate_and_reaches_biases(facts):
    assert facts["decayed"] == pytest.approx([1 - 0.1 * 0.5] * 2)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_each_optimiser_decays_as_the_page_says(name, facts):
    kernel, bias = facts["decays"][name]
    w, g = KERNEL.astype(np.float64), np.sign(KERNEL)
    right = by_the_page(f"Keras {name}", w, g)
    np.testing.assert_allclose(kernel, right, **FLOAT32)
    ones = np.ones(2)
    np.testing.assert_allclose(bias, by_the_page(f"Keras {name}", ones, ones, bias=True), **FLOAT32)
    for other in by_the_other_lines(f"Keras {name}", w, g):
        assert abs(other - right).max() > 1e-3


def test_an_activity_regulariser_is_a_mean_over_the_batch_as_ours(facts):
    ours, _ = our_activity_penalty(X @ KERNEL, L1(0.1) + L2(0.01))
    assert facts["activity"] == pytest.approx([ours, ours], rel=1e-5)


def test_the_orthogonal_regulariser_is_another_one(facts):
    # Lengths do not count, and of two rows at 45 degrees the cosine does.
    assert facts["orthogonal"] == pytest.approx([0, 0.1 / np.sqrt(2)])
    assert Orthogonal(0.1).value(2 * np.eye(2)) == pytest.approx(1.8)


def test_adamw_decays_without_being_asked(facts):
    assert facts["adamw decay"] == 0.004
    assert facts["adam decay"] is None


def test_epsilons_of_the_norms(facts):
    assert facts["layernorm eps"] == 1e-3
    assert facts["rmsnorm eps"] == 1e-6


def test_clipnorm_is_for_each_array_and_global_clipnorm_for_all(facts):
    assert facts["clipnorm"] == pytest.approx(1.0)
    assert facts["global_clipnorm"] == pytest.approx(0.5**0.5)  # one of two equal arrays


def test_clipping_leaves_a_norm_at_the_limit_and_spreads_nan(facts):
    assert [float(g) for g in facts["at the limit"]] == pytest.approx([3.0, 4.0])
    assert facts["infinite"] == ["nan"] * 3


def test_max_norm_shrinks_small_weights_that_are_inside(facts):
    norm = np.linalg.norm(KERNEL / 1000, axis=0)[1]
    assert 1 - facts["max-norm inside"] == pytest.approx(1e-7 / norm, rel=0.05)


def test_spectral_normalisation_lifts_small_weights(facts):
    assert facts["small weights"] == pytest.approx(1.0, rel=1e-5)


def test_the_gradient_of_spectral_normalisation_depends_on_the_backend(facts):
    normalized, _, cache = spectral_normalize(np.float64(KERNEL), n_iter=200, rng=0)
    upstream = X.T @ (2 * X @ normalized / 4)  # of the mean over four outputs
    right = spectral_normalize_backward(upstream, cache)
    kernel, gradient = (np.array(facts["spectral"][name]) for name in ("kernel", "gradient"))
    kept = (KERNEL, right) if facts["backend"] == "jax" else (normalized, upstream)
    np.testing.assert_allclose(kernel, kept[0], rtol=1e-4)
    np.testing.assert_allclose(gradient, kept[1], atol=1e-4)
    assert abs(right - upstream).max() > 1
