"""Assignment "layernorm", third part: the weights of the layer below."""

import numpy as np

from nnreg.grading.properties._kit import changed, misshapen, mixed
from nnreg.grading.properties.layernorm import (
    AVERAGED,
    NOT_SUMMED,
    normalised,
)
from nnreg.grading.properties.layernorm_way_back import home, wrong_ways
from nnreg.grading.questions import differs, question

below = question("weight_gradient_below")


def _case(rng, eps=None):
    n, d, k = rng.permutation([4, 5, 6]).tolist()
    arrays = rng.normal(size=(n, k)), rng.normal(size=(n, d))
    eps = rng.uniform(0.2, 0.8) if eps is None else eps
    return *arrays, rng.normal(size=(d, k)), mixed(rng, k), float(eps)


@below.property("has the shape of W", expected=True)
def _keeps_the_shape(answer, rng):
    dy, X, W, gamma, eps = _case(rng)
    return misshapen(answer(dy, X, W, gamma, eps), W.shape)


def _compare(answer, dy, X, W, gamma, eps):
    """Compare with the right gradient, and with those of mistakes."""
    x_hat, c = normalised(X @ W, eps)
    d_hat = gamma * dy
    ways = {
        "the way back does not pass the norm": d_hat,
        **wrong_ways(dy, x_hat, c, gamma),
    }
    symptoms = {what: X.T @ dz for what, dz in ways.items()}
    dz = home(d_hat, x_hat, c)
    symptoms[AVERAGED] = X.T @ dz / len(X)
    symptoms[NOT_SUMMED] = X[:, :, None] * dz[:, None, :]
    given = answer(dy, X, W, gamma, eps)
    return differs(given, X.T @ dz, symptoms=symptoms)


@below.property("goes through the norm and the dense layer, if gamma is 1")
def _passes_the_norm(answer, rng):
    dy, X, W, gamma, eps = _case(rng)
    return _compare(answer, dy, X, W, np.ones(gamma.shape), eps)


@below.property("lets gamma in where it belongs")
def _lets_gamma_in(answer, rng):
    return _compare(answer, *_case(rng))


@below.property("shrinks as W grows")
def _shrinks_as_W_grows(answer, rng):
    dy, X, W, gamma, eps = _case(rng, eps=1e-12)
    return _compare(answer, dy, X, 10 * W, gamma, eps)


@below.property(
    "adds up to 0 along each row of W, as the norm takes the mean",
    expected=True,
)
def _has_no_part_along_ones(answer, rng):
    dy, X, W, gamma, eps = _case(rng)
    dW = answer(dy, X, W, gamma, eps)
    total = np.sum(np.asarray(dW) * np.ones(W.shape), axis=1)
    uneven = differs(total, np.zeros(len(W)))
    return "the road through the mean is missing" if uneven else ""


@below.property(
    "is at right angles to W, if eps is next to nothing", expected=True
)
def _is_at_right_angles(answer, rng):
    given = _case(rng, eps=1e-12)
    turned = float(np.sum(answer(*given) * given[2]))
    along = "a step would make W longer or shorter, which y cannot notice"
    return along if differs(turned, 0.0) else ""


@below.property("leaves dy, X, W and gamma as they were", expected=True)
def _leaves_inputs(answer, rng):
    return changed(answer, *_case(rng))
