"""Assignment "proximal", second part: a step with data, and where it rests."""

import numpy as np

from nnreg.grading.properties._kit import changed, misshapen, mixed
from nnreg.grading.properties.proximal import soft
from nnreg.grading.questions import differs, question

proximal_step = question("proximal_step")
rest_gaps = question("rest_gaps")


def _slope(X, y, w):
    """Return the slope of the mean squared error by each weight."""
    return 2 / len(X) * X.T @ (X @ w - y)


def _rows(rng):
    """Draw X, y, and weights of which the first is 0."""
    n, d = int(rng.integers(9, 14)), int(rng.integers(3, 7))
    w = mixed(rng, d)
    w[0] = 0
    return rng.normal(0.2, 1, (n, d)), rng.normal(0.5, 1, n), w


@proximal_step.property("has one weight for each input", expected=True)
def _has_a_weight_each(answer, rng):
    X, y, w = _rows(rng)
    return misshapen(answer(X, y, w, 0.3, 0.1), w.shape)


@proximal_step.property("is the step of the data where the strength is 0")
def _follows_the_data(answer, rng):
    X, y, w = _rows(rng)
    step, slope = rng.uniform(0.05, 0.2), _slope(X, y, w)
    symptoms = {
        "the data loss is a sum here, not a mean": w - step * len(X) * slope,
        "the data's slope lacks a factor": w - step * slope / 2,
        "it goes uphill": w + step * slope,
        "the step's length is missing": w - slope,
        "the slope is taken at 0, not at w": w - step * _slope(X, y, 0 * w),
        "the slope alone comes back, not the new weights": slope,
    }
    return differs(
        answer(X, y, w, 0.0, step), w - step * slope, symptoms=symptoms
    )


@proximal_step.property("thresholds where the step of the data has led")
def _thresholds_afterwards(answer, rng):
    X, _, w = _rows(rng)
    threshold, step = rng.uniform(0.1, 0.25), rng.uniform(0.05, 0.2)
    w[1] = 0.4 * threshold  # for which the order of both halves counts
    lam, y = threshold / step, X @ w + rng.normal(0, 0.5, len(X))
    slope, pull = _slope(X, y, w), threshold * np.sign(w)
    a, first = w - step * slope, soft(w, threshold)
    symptoms = {
        "it is a step of the subgradient, which never lands": a - pull,
        "L1 is counted twice, in the slope and in the threshold": soft(
            a - pull, threshold
        ),
        "the threshold comes before the step of the data": first
        - step * slope,
        "the threshold comes first, and the slope is taken after it": first
        - step * _slope(X, y, first),
        "the threshold lacks the step": soft(a, lam),
        "the threshold lacks the strength": soft(a, step),
        "the strength has no effect": a,
    }
    right = soft(a, threshold)
    return differs(answer(X, y, w, lam, step), right, symptoms=symptoms)


@proximal_step.property("lands on 0 where the threshold is high enough")
def _lands(answer, rng):
    X, y, w = _rows(rng)
    step = rng.uniform(0.05, 0.2)
    a = w - step * _slope(X, y, w)
    threshold = float(np.sort(np.abs(a))[-2:].mean())
    given, right = answer(X, y, w, threshold / step, step), soft(a, threshold)
    if np.shape(given) == w.shape:
        missed = np.count_nonzero(np.where(right == 0, given, 0))
        if missed:
            return f"{missed} of {len(w)} weights miss 0"
    return differs(given, right)


@proximal_step.property("leaves its arrays as they were", expected=True)
def _step_leaves_inputs(answer, rng):
    return changed(answer, *_rows(rng), 0.3, 0.1)


@rest_gaps.property("has one number for each weight", expected=True)
def _has_a_number_each(answer, rng):
    X, y, w = _rows(rng)
    return misshapen(answer(X, y, w, 0.3), w.shape)


def _pulled(rng, w, slope):
    """Draw X and y for which the data's slope at w is the given one."""
    X, misses = rng.normal(0.2, 1, (12, len(w))), rng.normal(size=12)
    misses -= X @ np.linalg.lstsq(X, misses, rcond=None)[0]
    gram = X.T @ X / len(X)
    return X, X @ (w - np.linalg.solve(gram, slope) / 2) + misses


@rest_gaps.property("says how far a weight beside 0 is from rest")
def _measures_beside_zero(answer, rng):
    w, lam = mixed(rng, 6), rng.uniform(0.5, 1.5)
    pull = lam * np.sign(w)
    # With and against the price, weaker and stronger than it.
    slope = pull * rng.uniform(1.3, 2, 6) * [0.4, 1, 1, -0.4, -0.4, -1]
    X, y = _pulled(rng, w, slope)
    n, right = len(X), np.abs(slope + pull)
    symptoms = {
        "a distance is not negative": slope + pull,
        "data and price pull the same way at rest": np.abs(slope - pull),
        "the price is left out": np.abs(slope),
        "the data are left out": np.abs(pull),
        "a weight beside 0 is treated as one at 0": np.maximum(
            np.abs(slope) - lam, 0
        ),
        "the data loss is a sum here, not a mean": np.abs(n * slope + pull),
        "the data's slope lacks a factor": np.abs(slope / 2 + pull),
        "it is the square of the distance": right**2,
    }
    return differs(answer(X, y, w, lam), right, symptoms=symptoms)


@rest_gaps.property("lets a slope be anything up to λ where a weight is 0")
def _measures_at_zero(answer, rng):
    lam, w = rng.uniform(0.5, 1.5), np.zeros(6)
    w[4:] = mixed(rng, 2)
    share = np.concatenate([rng.uniform(0.2, 0.7, 2), rng.uniform(1.3, 2, 4)])
    slope = lam * share * rng.permutation([-1, 1] * 3)
    X, y = _pulled(rng, w, slope)
    zero, beyond = w == 0, np.abs(slope) - lam
    beside = np.abs(slope + lam * np.sign(w))
    at_zero = {
        "at 0 the slope of the data is asked to be 0": np.abs(slope),
        "at 0 the distance is negative": beyond,
        "at 0 a slope below λ is a distance, too": np.abs(beyond),
        "at 0 no slope is too steep": 0 * beyond,
    }
    symptoms = {
        what: np.where(zero, gap, beside) for what, gap in at_zero.items()
    }
    right = np.where(zero, np.maximum(beyond, 0), beside)
    where = {"w is 0": zero, "w is not 0": ~zero}
    return differs(answer(X, y, w, lam), right, symptoms=symptoms, where=where)


@rest_gaps.property("is 0 at the lasso's minimum, and that of its λ alone")
def _rests_at_the_minimum(answer, rng):
    lam, w = rng.uniform(0.5, 1.5), mixed(rng, 6)
    slope = -lam * np.sign(w)
    w[:3] = 0
    slope[:3] *= rng.uniform(0.1, 0.9, 3)
    X, y = _pulled(rng, w, slope)
    elsewhere = np.where(w == 0, 0, lam)
    asked = np.where(w == 0, np.abs(slope), 0)
    given = answer(X, y, w, lam)
    if problem := misshapen(given, w.shape):
        return problem
    symptoms = {
        "at 0 the slope of the data is asked to be 0": asked,
        "weights at rest have a gap": given,
    }
    found = differs(given, np.zeros(6), symptoms=symptoms)
    return found or differs(answer(X, y, w, 2 * lam), elsewhere)


@rest_gaps.property("leaves its arrays as they were", expected=True)
def _gaps_leave_inputs(answer, rng):
    return changed(answer, *_rows(rng), 0.3)
