"""Assignment "weight_decay", first part: gradient descent, with a velocity."""

import numpy as np

from nnreg.grading.properties._kit import (
    changed,
    distinct,
    misshapen,
    mixed,
    results,
)
from nnreg.grading.questions import differs, question

coupled = question("sgd_l2_step")
decoupled = question("sgdw_step")

UNPRICED = "the decay is missing"
NO_RATE = "the decay is not multiplied by the rate"
AFTERWARDS = "the weights decay after the step, and should before it"
GROWS = "the weights grow, and should shrink"
SWAPPED = "the two results are in the wrong order"


def strengths(rng: np.random.Generator) -> tuple[float, float]:
    """Draw a rate, and a strength for the price or the decay."""
    return float(rng.uniform(0.05, 0.2)), float(rng.uniform(0.6, 0.9))


def _pair(rng):
    shape = distinct(rng, 2)
    return mixed(rng, *shape), mixed(rng, *shape)


@coupled.property("returns new weights in the shape of w", expected=True)
def _keeps_the_shape(answer, rng):
    shape = tuple(distinct(rng, int(rng.integers(1, 4))))
    w, g = mixed(rng, *shape), mixed(rng, *shape)
    return misshapen(answer(w, g, *strengths(rng)), shape)


@coupled.property("goes downhill by the rate while the strength is 0")
def _goes_downhill(answer, rng):
    (w, g), (lr, _) = _pair(rng), strengths(rng)
    symptoms = {
        "it goes uphill": w + lr * g,
        "the rate is missing": w - g,
        "it is the change of the weights alone": -lr * g,
    }
    return differs(answer(w, g, lr, 0.0), w - lr * g, symptoms=symptoms)


@coupled.property("follows data loss and penalty together")
def _follows_both(answer, rng):
    (w, g), (lr, lam) = _pair(rng), strengths(rng)
    slopes = {
        "the slope of the penalty is missing": 0 * w,
        "a square has a slope with a factor that is missing": lam * w,
        "it is the price of a weight, and not its slope": lam * w**2,
        "it is the slope of L1": lam * np.sign(w),
        GROWS: -2 * lam * w,
        "the penalty is not multiplied by the rate": 2 * lam * w / lr,
    }
    symptoms = {what: w - lr * (g + each) for what, each in slopes.items()}
    symptoms["the penalty acts on weights that have moved already"] = (
        1 - 2 * lr * lam
    ) * (w - lr * g)
    right = w - lr * (g + 2 * lam * w)
    return differs(answer(w, g, lr, lam), right, symptoms=symptoms)


@coupled.property("shrinks all weights alike where the data want nothing")
def _shrinks_alike(answer, rng):
    (w, _), (lr, lam) = _pair(rng), strengths(rng)
    shares = {
        GROWS: -2 * lr * lam,
        "a square has a slope with a factor that is missing": lr * lam,
        "the penalty is not multiplied by the rate": 2 * lam,
    }
    symptoms = {what: (1 - share) * w for what, share in shares.items()}
    given = answer(w, np.zeros(w.shape), lr, lam)
    return differs(given, (1 - 2 * lr * lam) * w, symptoms=symptoms)


@coupled.property("leaves w and g as they were", expected=True)
def _coupled_leaves_inputs(answer, rng):
    return changed(answer, *_pair(rng), *strengths(rng))


def _moving(rng):
    """Draw w, g, a velocity, the rate, the momentum and the decay."""
    shape, (lr, wd) = distinct(rng, 2), strengths(rng)
    arrays = [mixed(rng, *shape) for _ in range(3)]
    return *arrays, lr, float(rng.uniform(0.6, 0.9)), wd


@decoupled.property(
    "returns new weights and a new velocity, both like w", expected=True
)
def _has_two_shapes(answer, rng):
    given = _moving(rng)
    w, velocity = results(answer(*given), 2)
    shape = given[0].shape
    of_velocity = misshapen(velocity, shape)
    return misshapen(w, shape) or (
        of_velocity and f"of the velocity: {of_velocity}"
    )


@decoupled.property("keeps the decay out of the velocity")
def _keeps_the_velocity_clean(answer, rng):
    w, g, u, lr, momentum, wd = given = _moving(rng)
    symptoms = {
        "the decay goes into the velocity, as L2 does": momentum * u
        - lr * (g + wd * w),
        "the velocity goes uphill": momentum * u + lr * g,
        "the rate is missing in the velocity": momentum * u - g,
        "the velocity holds gradients, and should hold steps": momentum * u
        + g,
        "the old velocity is kept in full": u - lr * g,
        "the old velocity is forgotten": -lr * g,
        "the gradient is multiplied by one less the momentum": momentum * u
        - (1 - momentum) * lr * g,
        "the velocity that comes back is the old one": u,
    }
    right = momentum * u - lr * g
    symptoms[SWAPPED] = (1 - lr * wd) * w + right
    _, velocity = results(answer(*given), 2)
    return differs(velocity, right, symptoms=symptoms)


@decoupled.property("shrinks the weights, and then moves them")
def _shrinks_and_moves(answer, rng):
    w, g, u, lr, momentum, wd = given = _moving(rng)
    new = momentum * u - lr * g
    symptoms = {
        UNPRICED: w + new,
        NO_RATE: (1 - wd) * w + new,
        AFTERWARDS: (1 - lr * wd) * (w + new),
        GROWS: (1 + lr * wd) * w + new,
        "a decay has no factor of its own, unlike a square's slope": (
            1 - 2 * lr * wd
        )
        * w
        + new,
        SWAPPED: new,
        "the weights move by the old velocity": (1 - lr * wd) * w + u,
        "the velocity is taken off": (1 - lr * wd) * w - new,
        "the velocity is multiplied by the rate once more": (1 - lr * wd) * w
        + lr * new,
    }
    given_w, _ = results(answer(*given), 2)
    return differs(given_w, (1 - lr * wd) * w + new, symptoms=symptoms)


@decoupled.property("takes the step of L2 while there is no velocity")
def _begins_like_l2(answer, rng):
    w, g, u, lr, momentum, wd = _moving(rng)
    given = answer(w, g, np.zeros(u.shape), lr, momentum, wd)
    return differs(results(given, 2)[0], w - lr * (g + wd * w))


@decoupled.property("leaves w, g and the velocity as they were", expected=True)
def _decoupled_leaves_inputs(answer, rng):
    return changed(answer, *_moving(rng))
