"""Assignment "dropout", third part: what comes out on average."""

import itertools

import numpy as np

from nnreg.grading.properties._kit import (
    changed,
    distinct,
    misshapen,
    mixed,
    results,
)
from nnreg.grading.properties.dropout import probability
from nnreg.grading.questions import differs, question

moments = question("sum_moments")
averaged = question("averaged_loss")


def _all_masks(d, p):
    keep = np.array(list(itertools.product([0, 1], repeat=d)))
    return keep / (1 - p), np.prod(np.where(keep == 1, 1 - p, p), axis=1)


def _rows(rng):
    n, d = distinct(rng, 2)
    return mixed(rng, n, d), mixed(rng, d), probability(rng)


@moments.property(
    "returns two results, with a number for each row", expected=True
)
def _has_two_a_row(answer, rng):
    x, w, p = _rows(rng)
    mean, variance = results(answer(x, w, p), 2)
    return misshapen(mean, x.shape[:1]) or misshapen(variance, x.shape[:1])


@moments.property("has the mean over all masks")
def _has_the_mean(answer, rng):
    x, w, p = _rows(rng)
    masks, chances = _all_masks(len(w), p)
    right = np.array([chances @ ((masks * row) @ w) for row in x])
    symptoms = {
        "it is the mean for masks without a scale": (1 - p) * x @ w,
        "the scale is there, and the dropped are not": x @ w / (1 - p),
        "it is a mean over the inputs, and z is their sum": x @ w / len(w),
    }
    given, _ = results(answer(x, w, p), 2)
    return differs(given, right, symptoms=symptoms)


def _compared_variance(answer, x, w, p):
    """Compare a variance with that over all masks."""
    masks, chances = _all_masks(len(w), p)
    sums = (masks * x[:, None, :]) @ w
    right = (sums - x @ w[:, None]) ** 2 @ chances
    squares, odds = x**2 @ w**2, p / (1 - p)
    symptoms = {
        "it is the variance for masks without a scale": p * (1 - p) * squares,
        "it is a standard deviation": np.sqrt(right),
        "the sum is squared, and not its terms": odds * (x @ w) ** 2,
        "the weights are not squared": odds * x**2 @ w,
        "the inputs are not squared": odds * x @ w**2,
        "p is missing": squares,
        "the square of the mean is not taken off": squares / (1 - p),
        "what stays and what goes have changed places": squares / odds,
    }
    _, given = results(answer(x, w, p), 2)
    return differs(given, right, symptoms=symptoms)


@moments.property("has the variance over all masks")
def _has_the_variance(answer, rng):
    return _compared_variance(answer, *_rows(rng))


@moments.property("sees that large weights which cancel still vary")
def _sees_cancelling(answer, rng):
    a, b = distinct(rng, 2)
    x = mixed(rng, 4, 1) * np.array([a, b])
    return _compared_variance(answer, x, np.array([b, -a]), probability(rng))


@moments.property("is certain at p = 0")
def _is_certain(answer, rng):
    x, w, _ = _rows(rng)
    return differs(answer(x, w, 0.0), (x @ w, np.zeros(len(x))))


@moments.property("leaves x and w as they were", expected=True)
def _moments_leave_inputs(answer, rng):
    return changed(answer, *_rows(rng))


def _batch(rng):
    n, d = distinct(rng, 2)
    return mixed(rng, n, d), mixed(rng, n), mixed(rng, d), probability(rng)


def _by_masks(H, t, v, p):
    """Average loss and gradients over all masks, one after the other."""
    loss, dv, dH = 0.0, 0.0, 0.0
    for mask, chance in zip(*_all_masks(len(v), p), strict=True):
        error = (mask * H) @ v - t
        loss = loss + chance * np.mean(error**2)
        dz = 2 * chance / len(t) * error
        dv = dv + (mask * H).T @ dz
        dH = dH + dz[:, None] * mask * v
    return loss, dv, dH


def _by_formula(H, t, v, strength):
    """Return loss and gradients for an odd strength of the penalty."""
    n, error, squares = len(t), H @ v - t, np.mean(H**2, axis=0)
    loss = np.mean(error**2) + strength * squares @ v**2
    dv = 2 / n * H.T @ error + 2 * strength * squares * v
    return loss, dv, 2 / n * (np.outer(error, v) + strength * H * v**2)


def _compared(answer, rng, which):
    """Compare one of the three results with the average over all masks."""
    H, t, v, p = _batch(rng)
    strengths = {
        "the variance of the masks is left out": 0,
        "it is the average for masks without a scale": p * (1 - p),
        "the square of the mean is not taken off": 1 / (1 - p),
        "what stays and what goes have changed places": (1 - p) / p,
        "the penalty is added up over the rows": len(t) * p / (1 - p),
    }
    symptoms = {
        what: _by_formula(H, t, v, strength)[which]
        for what, strength in strengths.items()
    }
    right = _by_masks(H, t, v, p)[which]
    symptoms["the rows are added up, and should be averaged"] = len(t) * right
    given = results(answer(H, t, v, p), 3)[which]
    return differs(given, right, symptoms=symptoms)


@averaged.property(
    "returns a number, and a gradient in the shape of v and H", expected=True
)
def _has_three_results(answer, rng):
    H, t, v, p = _batch(rng)
    loss, dv, dH = results(answer(H, t, v, p), 3)
    of_v, of_H = misshapen(dv, v.shape), misshapen(dH, H.shape)
    of_both = (of_v and f"of v: {of_v}") or (of_H and f"of H: {of_H}")
    return misshapen(loss, ()) or of_both


@averaged.property("has the loss that all masks have on average")
def _has_the_loss(answer, rng):
    return _compared(answer, rng, 0)


@averaged.property("has the gradient by v that all masks have on average")
def _has_the_gradient_by_v(answer, rng):
    return _compared(answer, rng, 1)


@averaged.property("has the gradient by H that all masks have on average")
def _has_the_gradient_by_H(answer, rng):
    return _compared(answer, rng, 2)


@averaged.property("is the squared error alone at p = 0")
def _is_the_error_at_zero(answer, rng):
    H, t, v, _ = _batch(rng)
    return differs(answer(H, t, v, 0.0), _by_formula(H, t, v, 0))


@averaged.property("leaves H, t and v as they were", expected=True)
def _averaged_leaves_inputs(answer, rng):
    return changed(answer, *_batch(rng))
