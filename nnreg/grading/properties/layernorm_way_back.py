"""Assignment "layernorm", second part: the way back to x."""

import numpy as np

from nnreg.grading.properties._kit import changed, misshapen, mixed, results
from nnreg.grading.properties.layernorm import (
    ALONG_ROWS,
    AVERAGED,
    FIRST_ONLY,
    NOT_SUMMED,
    draw,
    normalised,
)
from nnreg.grading.questions import differs, question

backward = question("layernorm_backward")
rmsnorm = question("rmsnorm_backward")

OUTSIDE = "gamma comes after the means, and is not the same along a row"


def _mean(rows):
    return rows.mean(axis=-1, keepdims=True)


def home(d_hat, x_hat, c, centre=1.0, stretch=1.0) -> np.ndarray:
    """Carry a gradient home; 0 closes the road through mean or variance."""
    shared = centre * _mean(d_hat) + stretch * _mean(d_hat * x_hat) * x_hat
    return c * (d_hat - shared)


def wrong_ways(dy, x_hat, c, gamma, centre=1.0) -> dict[str, np.ndarray]:
    """Say what goes wrong on the way back, and what comes out then."""
    d_hat, d = gamma * dy, x_hat.shape[-1]
    width = "variance" if centre else "mean square"
    of_mean = {
        "the road through the mean is missing": home(d_hat, x_hat, c, 0),
        "what comes back is added up along the row, and should be averaged": (
            home(d_hat, x_hat, c, d, d)
        ),
    }
    return {
        **(of_mean if centre else {}),
        f"the road through the {width} is missing": home(
            d_hat, x_hat, c, centre, 0
        ),
        f"the road through the {width} has the wrong sign": home(
            d_hat, x_hat, c, centre, -1
        ),
        "the factor of the row multiplies a part alone": home(
            d_hat, x_hat, c, centre, 1 / c
        ),
        "the factor of each row is missing": home(d_hat, x_hat, 1, centre),
        "gamma is missing": home(dy, x_hat, c, centre),
        OUTSIDE: gamma * home(dy, x_hat, c, centre),
        f"what comes back to the {width} is not added up along the row": c
        * (d_hat - centre * _mean(d_hat) - d_hat * x_hat * x_hat / d),
        f"the {width}'s share is added up, and should be averaged": home(
            d_hat, x_hat, c, centre, d
        ),
        "the row is treated as if its mean and width did not move": c * d_hat,
        "it is divided by the factor of the row": home(
            d_hat, x_hat, 1 / c, centre
        ),
    }


def _arrived(rng, axes):
    """Draw dy and what the forward pass leaves: x_hat, c and gamma."""
    x, gamma, _, eps = draw(rng, axes)
    return rng.normal(size=x.shape), *normalised(x, eps), gamma


def _compare(answer, dy, x_hat, c, gamma, right=None, where=None):
    """Compare with the right gradient, and with those of mistakes."""
    d_hat = gamma * dy
    over_batch = d_hat.mean(axis=0) + (d_hat * x_hat).mean(axis=0) * x_hat
    symptoms = {
        **wrong_ways(dy, x_hat, c, gamma),
        "the means run over the batch, not along the row": c
        * (d_hat - over_batch),
    }
    right = home(d_hat, x_hat, c) if right is None else right
    given = answer(dy, x_hat, c, gamma)
    return differs(given, right, symptoms=symptoms, where=where)


@backward.property("has the shape of dy", expected=True)
def _keeps_the_shape(answer, rng):
    dy, *others = _arrived(rng, int(rng.integers(1, 4)))
    return misshapen(answer(dy, *others), dy.shape)


@backward.property(
    "loses what arrives evenly at all entries of a row", expected=True
)
def _loses_the_mean(answer, rng):
    dy, x_hat, c, gamma = _arrived(rng, 2)
    arrives = mixed(rng, len(dy), 1) / gamma
    return _compare(answer, arrives, x_hat, c, gamma, right=0 * arrives)


@backward.property(
    "loses what arrives along x_hat, if eps is 0", expected=True
)
def _loses_the_direction(answer, rng):
    x, gamma, _, _ = draw(rng, 2)
    x_hat, c = normalised(x, 0.0)
    arrives = mixed(rng, len(x), 1) * x_hat / gamma
    return _compare(answer, arrives, x_hat, c, gamma, right=0 * arrives)


@backward.property("goes home on three roads while gamma is 1")
def _has_three_roads(answer, rng):
    dy, x_hat, c, gamma = _arrived(rng, 2)
    return _compare(answer, dy, x_hat, c, np.ones(gamma.shape))


@backward.property("lets gamma in where it belongs, for any leading axes")
def _lets_gamma_in(answer, rng):
    return _compare(answer, *_arrived(rng, 3))


@backward.property("gets through a constant row")
def _gets_through_a_constant_row(answer, rng):
    dy, x_hat, c, gamma = _arrived(rng, 2)
    x_hat[-1], c[-1] = 0, 1e-5**-0.5
    where = np.zeros(dy.shape, bool)
    where[-1] = True
    where = {"a row is constant": where}
    return _compare(answer, dy, x_hat, c, gamma, where=where)


@backward.property("leaves its four arrays as they were", expected=True)
def _backward_leaves_inputs(answer, rng):
    return changed(answer, *_arrived(rng, 2))


def _rms_case(rng, axes):
    x, gamma, _, eps = draw(rng, axes)
    return rng.normal(size=x.shape), x, gamma, eps


def _rms(x, eps):
    c = (_mean(x**2) + eps) ** -0.5
    return c * x, c


@rmsnorm.property(
    "returns dx like x, and dgamma with a number a feature", expected=True
)
def _has_two_shapes(answer, rng):
    dy, x, gamma, eps = _rms_case(rng, int(rng.integers(1, 4)))
    dx, dgamma = results(answer(dy, x, gamma, eps), 2)
    of_gamma = misshapen(dgamma, gamma.shape)
    return misshapen(dx, x.shape) or (of_gamma and f"of gamma: {of_gamma}")


@rmsnorm.property("sums the gradient of gamma over all leading axes")
def _sums_for_gamma(answer, rng):
    dy, x, gamma, eps = _rms_case(rng, 3)
    each = dy * _rms(x, eps)[0]
    symptoms = {
        NOT_SUMMED: each,
        FIRST_ONLY: each.sum(axis=0),
        ALONG_ROWS: each.sum(axis=-1),
        AVERAGED: each.mean(axis=(0, 1)),
        "x_hat is missing": dy.sum(axis=(0, 1)),
        "x stands in the place of x_hat": (dy * x).sum(axis=(0, 1)),
        "the mean is taken off x, which RMSNorm leaves alone": (
            dy * normalised(x, eps)[0]
        ).sum(axis=(0, 1)),
    }
    _, given = results(answer(dy, x, gamma, eps), 2)
    return differs(given, each.sum(axis=(0, 1)), symptoms=symptoms)


@rmsnorm.property("goes home on two roads")
def _has_two_roads(answer, rng):
    dy, x, gamma, eps = _rms_case(rng, 3)
    x_hat, c = _rms(x, eps)
    symptoms = {
        "the mean is taken off x, which RMSNorm leaves alone": home(
            gamma * dy, *normalised(x, eps)
        ),
        "there is a road through the mean, which RMSNorm lacks": home(
            gamma * dy, x_hat, c
        ),
        "x stands in the place of x_hat": home(gamma * dy, x, c, centre=0),
        **wrong_ways(dy, x_hat, c, gamma, centre=0),
    }
    dx, _ = results(answer(dy, x, gamma, eps), 2)
    right = home(gamma * dy, x_hat, c, centre=0)
    return differs(dx, right, symptoms=symptoms)


@rmsnorm.property("gets through a row of zeros")
def _gets_through_zeros(answer, rng):
    dy, x, gamma, _ = _rms_case(rng, 2)
    x[-1] = 0
    x_hat, c = _rms(x, 1e-5)
    dx, _ = results(answer(dy, x, gamma, 1e-5), 2)
    if np.isnan(np.asarray(dx, float)).any():
        return "0 is divided by 0 in that row"
    return differs(dx, home(gamma * dy, x_hat, c, centre=0))


@rmsnorm.property("leaves dy, x and gamma as they were", expected=True)
def _rmsnorm_leaves_inputs(answer, rng):
    return changed(answer, *_rms_case(rng, 2))
