"""Assignment "own_penalty", second part: three penalties with a formula."""

import numpy as np

from nnreg.grading.properties._kit import mixed
from nnreg.grading.properties.own_penalty import begins, ends, number, tall
from nnreg.grading.questions import differs, question

smooth_l1 = question("SmoothL1")
heavy_tail = question("HeavyTail")
right_angles = question("RightAngles")


def _with_two_numbers(rng):
    """Draw lam, a width between 0.3 and 0.6, and w."""
    numbers = rng.uniform(0.5, 0.9), rng.uniform(0.3, 0.6)
    return numbers, mixed(rng, *rng.integers(2, 5, 2))


begins(smooth_l1, _with_two_numbers)


@smooth_l1.property("costs λ times the rounded size of each weight")
def _costs_rounded_sizes(answer, rng):
    (lam, eps), w = _with_two_numbers(rng)
    roots = np.sqrt(w**2 + eps**2)
    each = lam * (roots - eps)
    symptoms = {
        "a weight of 0 costs something": lam * roots.sum(),
        "ε comes off once, and not once a weight": lam * (roots.sum() - eps),
        "ε is not squared": lam * np.sum(np.sqrt(w**2 + eps) - eps),
        "the root is taken of the sum": lam
        * (np.sqrt(np.sum(w**2) + eps**2) - eps),
        "it is L1, whose corner is not rounded": lam * np.abs(w).sum(),
        "the strength is missing": each.sum() / lam,
        "the mean is taken, not the sum": each.mean(),
    }
    return differs(answer(lam, eps).value(w), each.sum(), symptoms=symptoms)


@smooth_l1.property("pulls by λ far from 0, and less and less near it")
def _pulls_less_near_zero(answer, rng):
    (lam, eps), w = _with_two_numbers(rng)
    w.flat[:2] = 0, eps / 2
    squares = w**2 + eps**2
    right = lam * w / np.sqrt(squares)
    symptoms = {
        "it is the gradient of L1": lam * np.sign(w),
        "the chain rule's inner factor is missing": lam
        / (2 * np.sqrt(squares)),
        "a ½ of the root is left over": right / 2,
        "the ½ of the root is missing": 2 * right,
        "the root is missing": lam * w / squares,
        "ε is not squared": lam * w / np.sqrt(w**2 + eps),
        "the strength is missing": right / lam,
        "it points downhill, and a gradient points uphill": -right,
    }
    return differs(answer(lam, eps).grad(w), right, symptoms=symptoms)


ends(smooth_l1, _with_two_numbers)

begins(heavy_tail, _with_two_numbers)


@heavy_tail.property("costs λ times the logarithm for each weight")
def _costs_logarithms(answer, rng):
    (lam, scale), w = _with_two_numbers(rng)
    ratio = (w / scale) ** 2
    each = lam * np.log1p(ratio)
    symptoms = {
        "the 1 is missing": lam * np.log(ratio).sum(),
        "the scale is not squared": lam * np.log1p(w**2 / scale).sum(),
        "the scale is not used": lam * np.log1p(w**2).sum(),
        "the ratio is not squared": lam * np.log1p(np.abs(w) / scale).sum(),
        "the strength is inside the logarithm": np.log1p(lam * ratio).sum(),
        "the logarithm is taken of the sum": lam * np.log1p(ratio.sum()),
        "the strength is missing": each.sum() / lam,
        "the mean is taken, not the sum": each.mean(),
        "it is another logarithm": each.sum() / np.log(10),
    }
    return differs(answer(lam, scale).value(w), each.sum(), symptoms=symptoms)


@heavy_tail.property("does not lose the price of a tiny weight")
def _keeps_tiny_prices(answer, rng):
    (lam, scale), w = _with_two_numbers(rng)
    w *= 1e-9
    right = lam * np.sum((w / scale) ** 2)  # to the last digits
    kept = number(answer(lam, scale).value(w)) / right
    symptoms = {
        "1 + a tiny number is 1, and the rest is lost": 0.0,
        "the strength is missing": 1 / lam,
    }
    return differs(kept, 1.0, symptoms=symptoms)


@heavy_tail.property("pulls most near its scale, and large weights less")
def _pulls_large_weights_less(answer, rng):
    (lam, scale), w = _with_two_numbers(rng)
    w.flat[0] = 40 * scale
    right = lam * 2 * w / (scale**2 + w**2)
    symptoms = {
        "the chain rule's inner factor is missing": right * scale**2 / (2 * w),
        "the inner factor lacks the scale": right * scale**2,
        "the slope of the square lacks a factor": right / 2,
        "it is that of L2, which pulls large weights most": 2
        * lam
        * w
        / scale**2,
        "the scale is not used": lam * 2 * w / (1 + w**2),
        "the strength is missing": right / lam,
        "it points downhill, and a gradient points uphill": -right,
    }
    return differs(answer(lam, scale).grad(w), right, symptoms=symptoms)


ends(heavy_tail, _with_two_numbers)


def _with_one_number(rng):
    return (rng.uniform(0.3, 0.7),), tall(rng)


def _gap(W):
    return W.T @ W - np.eye(W.shape[1])


begins(right_angles, _with_one_number)


@right_angles.property("costs nothing for columns of length 1 at right angles")
def _spares_right_angles(answer, rng):
    (lam,), W = _with_one_number(rng)
    Q = np.linalg.qr(W)[0]
    d, k = Q.shape
    at_length_1, at_length_2 = (
        number(answer(lam).value(length * Q)) for length in (1, 2)
    )
    symptoms = {
        "the rows are asked, and not the columns": lam * (d - k),
        "the identity is missing": lam * k,
        "such columns cost something": at_length_1,
    }
    problem = differs(at_length_1, 0.0, symptoms=symptoms)
    if not problem and not differs(at_length_2, 0.0):
        return "only the angles count, not the lengths"
    return problem


@right_angles.property("costs λ times the squared distance from the identity")
def _costs_the_distance(answer, rng):
    (lam,), W = _with_one_number(rng)
    G, rows = _gap(W), W @ W.T - np.eye(len(W))
    right = lam * np.sum(G**2)
    symptoms = {
        "the rows are asked, and not the columns": lam * np.sum(rows**2),
        "the identity is missing": lam * np.sum((W.T @ W) ** 2),
        "a 1 is taken off everywhere": lam * np.sum((W.T @ W - 1) ** 2),
        "the distance is not squared": lam * np.sqrt(np.sum(G**2)),
        "the entries are added up, and not their squares": lam * G.sum(),
        "the matrix is multiplied by itself, and no entry is squared": lam
        * np.sum(G @ G),
        "the mean is taken, not the sum": right / G.size,
        "there is a ½ before the sum": right / 2,
        "the strength is missing": right / lam,
    }
    return differs(answer(lam).value(W), right, symptoms=symptoms)


@right_angles.property("has the slope by W, in which W stands twice")
def _has_the_slope(answer, rng):
    (lam,), W = _with_one_number(rng)
    WG = W @ _gap(W)
    symptoms = {
        "a factor is missing, as if W stood there once": 2 * lam * WG,
        "two factors are missing": lam * WG,
        "the identity is missing": 4 * lam * W @ W.T @ W,
        "the strength is missing": 4 * WG,
        "it points downhill, and a gradient points uphill": -4 * lam * WG,
    }
    return differs(answer(lam).grad(W), 4 * lam * WG, symptoms=symptoms)


ends(right_angles, _with_one_number)
