"""Assignment "weight_decay", third part: where L2 and SGDW come to rest."""

import numpy as np

from nnreg.grading.properties._kit import changed, misshapen, mixed, results
from nnreg.grading.questions import differs, question

resting = question("resting_places")

EVERYWHERE = "the strength is added to all of H, and belongs on its diagonal"


def _bowl(rng):
    """Draw H, best, the strength of L2, wd and the momentum."""
    d = int(rng.integers(2, 5))
    A = rng.normal(size=(d, d))
    H = A @ A.T / d + 0.5 * np.eye(d)
    lam, wd, momentum = rng.uniform([0.3, 0.3, 0.6], 0.9).tolist()
    return H, mixed(rng, d), lam, wd, momentum


def _rest(H, best, pull):
    return np.linalg.solve(H + pull * np.eye(len(best)), H @ best)


def _rest_everywhere(H, best, pull):
    return np.linalg.solve(H + pull, H @ best)


@resting.property(
    "returns two places, each in the shape of best", expected=True
)
def _has_two_places(answer, rng):
    given = _bowl(rng)
    of_l2, of_sgdw = results(answer(*given), 2)
    shape = given[1].shape
    return misshapen(of_l2, shape) or misshapen(of_sgdw, shape)


@resting.property("finds where gradient descent with L2 stays")
def _finds_l2(answer, rng):
    H, best, lam, wd, momentum = given = _bowl(rng)
    pulls = {
        "the penalty is missing": 0,
        "a square has a slope with a factor that is missing": lam,
        "momentum does not matter to L2": 2 * lam / (1 - momentum),
        "momentum does not matter to L2, and divides nothing": (
            2 * lam * (1 - momentum)
        ),
        "L2 and SGDW have changed places": (1 - momentum) * wd,
    }
    symptoms = {what: _rest(H, best, each) for what, each in pulls.items()}
    ridge = np.linalg.solve(H + 2 * lam * np.eye(len(best)), best)
    symptoms["the curvature is missing in what the data want"] = ridge
    symptoms[EVERYWHERE] = _rest_everywhere(H, best, 2 * lam)
    place, _ = results(answer(*given), 2)
    return differs(place, _rest(H, best, 2 * lam), symptoms=symptoms)


@resting.property("finds where SGDW stays")
def _finds_sgdw(answer, rng):
    H, best, lam, wd, momentum = given = _bowl(rng)
    pulls = {
        "the decay is missing": 0,
        "the velocity lets each gradient act more than once": wd,
        "the velocity strengthens the data, not the decay": wd
        / (1 - momentum),
        "it is the share that the velocity keeps, not what it loses": momentum
        * wd,
        "a decay has no factor of its own": 2 * (1 - momentum) * wd,
        "L2 and SGDW have changed places": 2 * lam,
    }
    symptoms = {what: _rest(H, best, each) for what, each in pulls.items()}
    pull = (1 - momentum) * wd
    symptoms[EVERYWHERE] = _rest_everywhere(H, best, pull)
    _, place = results(answer(*given), 2)
    return differs(place, _rest(H, best, pull), symptoms=symptoms)


@resting.property(
    "finds one place for both where the strengths agree", expected=True
)
def _finds_agreement(answer, rng):
    H, best, lam, _, momentum = _bowl(rng)
    wd = 2 * lam / (1 - momentum)
    of_l2, of_sgdw = results(answer(H, best, lam, wd, momentum), 2)
    apart = "the two places are apart"
    return apart if differs(of_sgdw, of_l2) else ""


@resting.property("stays at the minimum where nothing shrinks")
def _stays_at_the_minimum(answer, rng):
    H, best, _, _, momentum = _bowl(rng)
    return differs(answer(H, best, 0.0, 0.0, momentum), (best, best))


@resting.property("leaves H and best as they were", expected=True)
def _resting_leaves_inputs(answer, rng):
    return changed(answer, *_bowl(rng))
