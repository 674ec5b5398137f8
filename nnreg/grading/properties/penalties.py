"""Assignment "penalties", first part: values and gradients of a price."""

import numpy as np

from nnreg.grading.properties._kit import (
    changed,
    distinct,
    misshapen,
    mixed,
    results,
)
from nnreg.grading.questions import differs, question

layer_penalty = question("layer_penalty")
l1_gradient = question("l1_gradient")
elastic_net = question("elastic_net")


def _layer(rng):
    d, k = distinct(rng, 2)
    return mixed(rng, d, k), mixed(rng, k), rng.uniform(0.1, 0.9, 4)


@layer_penalty.property("is one number", expected=True)
def _is_a_number(answer, rng):
    W, b, strengths = _layer(rng)
    return misshapen(answer(W, b, *strengths), ())


@layer_penalty.property("adds up the absolute values of the weights for L1")
def _adds_absolute_values(answer, rng):
    W, b, (lam, *_) = _layer(rng)
    W *= -np.sign(W.sum())  # the absolute value of a positive sum is the sum
    total = lam * np.abs(W).sum()
    columns = np.abs(W).sum(axis=0)
    symptoms = {
        "the weights are added up with their signs": lam * W.sum(),
        "the signs come off after the sum, not before it": lam * abs(W.sum()),
        "the mean is taken, not the sum": total / W.size,
        "the sum is divided by the number of rows": total / len(W),
        "it is the largest sum of a column alone": lam * columns.max(),
        "the strength is missing": total / lam,
        "the squares are added up": lam * np.sum(W**2),
    }
    return differs(answer(W, b, lam, 0.0, 0.0, 0.0), total, symptoms=symptoms)


@layer_penalty.property("adds up the squares of the weights for L2")
def _adds_squares(answer, rng):
    W, b, (_, lam, *_) = _layer(rng)
    total = lam * np.sum(W**2)
    symptoms = {
        "there is a ½ before the sum": total / 2,
        "the mean is taken, not the sum": total / W.size,
        "the sum is divided by the number of rows": total / len(W),
        "the sum is squared, and not each weight": lam * W.sum() ** 2,
        "the root of the sum is charged": lam * np.linalg.norm(W),
        "the strength is squared, too": lam * total,
        "the strength is missing": total / lam,
        "the absolute values are added up": lam * np.abs(W).sum(),
        "the strengths arrive in another order: b is charged": lam
        * np.abs(b).sum(),
    }
    return differs(answer(W, b, 0.0, lam, 0.0, 0.0), total, symptoms=symptoms)


@layer_penalty.property("charges the biases with strengths of their own")
def _charges_biases(answer, rng):
    W, b, (w1, w2, b1, b2) = _layer(rng)
    sums = [size for a in (W, b) for size in (np.abs(a).sum(), np.sum(a**2))]
    swapped = "L1 and L2 have each other's strengths"
    symptoms = {
        "the biases go free": (w1, w2, 0, 0),
        "the biases have the weights' strengths": (w1, w2, w1, w2),
        "weights and biases have each other's strengths": (b1, b2, w1, w2),
        swapped: (w2, w1, b2, b1),
        f"for the biases, {swapped}": (w1, w2, b2, b1),
        "the strengths arrive in another order": (w1, b1, w2, b2),
        "there is a ½ before the squares": (w1, w2 / 2, b1, b2 / 2),
        "the mean is taken, not the sum": np.divide(
            [w1, w2, b1, b2], [W.size, W.size, b.size, b.size]
        ),
    }
    symptoms = {what: np.dot(each, sums) for what, each in symptoms.items()}
    given = answer(W, b, w1, w2, b1, b2)
    return differs(given, np.dot([w1, w2, b1, b2], sums), symptoms=symptoms)


@layer_penalty.property(
    "leaves weights and biases as they were", expected=True
)
def _penalty_leaves_inputs(answer, rng):
    W, b, strengths = _layer(rng)
    return changed(answer, W, b, *strengths)


@l1_gradient.property("has the shape of the weights", expected=True)
def _keeps_the_shape(answer, rng):
    shape = tuple(distinct(rng, int(rng.integers(1, 4))))
    return misshapen(answer(mixed(rng, *shape), 0.5), shape)


@l1_gradient.property("is as steep for a small weight as for a large one")
def _is_as_steep_everywhere(answer, rng):
    w, lam = mixed(rng, *distinct(rng, 2)), rng.uniform(0.1, 0.9)
    right = lam * np.sign(w)
    symptoms = {
        "it points downhill, and a gradient points uphill": -right,
        "negative weights are pushed as positive ones are": np.abs(right),
        "it is the price of each weight, not its slope": lam * np.abs(w),
        "it grows with the weight, as that of L2 does": 2 * lam * w,
        "it grows with the weight": lam * w,
        "the strength is missing": np.sign(w),
        "it is divided by the number of weights": right / w.size,
    }
    return differs(answer(w, lam), right, symptoms=symptoms)


@l1_gradient.property("is 0 where a weight is 0")
def _leaves_zeros(answer, rng):
    w, lam = mixed(rng, *distinct(rng, 2)), rng.uniform(0.1, 0.9)
    w.flat[rng.choice(w.size, 2, replace=False)] = 0
    right, zero = lam * np.sign(w), w == 0
    symptoms = {"0 is divided by 0": np.where(zero, np.nan, right)}
    where = {"w is 0": zero, "w is not 0": ~zero}
    return differs(answer(w, lam), right, symptoms=symptoms, where=where)


@l1_gradient.property("leaves the weights as they were", expected=True)
def _gradient_leaves_inputs(answer, rng):
    return changed(answer, mixed(rng, *distinct(rng, 2)), 0.5)


def _priced(w, l1: float, l2: float) -> tuple[float, np.ndarray]:
    """Return value and gradient of L1 and L2 with a strength for each."""
    value = l1 * np.abs(w).sum() + l2 * np.sum(w**2)
    return value, l1 * np.sign(w) + 2 * l2 * w


def _net(rng):
    w = mixed(rng, *distinct(rng, 2))
    return w, rng.uniform(1.1, 2), rng.uniform(0.15, 0.4)


@elastic_net.property(
    "returns a number, and a gradient in the shape of w", expected=True
)
def _returns_both(answer, rng):
    w, lam, ratio = _net(rng)
    value, gradient = results(answer(w, lam, ratio), 2)
    return misshapen(value, ()) or misshapen(gradient, w.shape)


@elastic_net.property("is L1 where the ratio is 1, and L2 where it is 0")
def _has_both_ends(answer, rng):
    w, lam, _ = _net(rng)
    l1, l2, half = _priced(w, lam, 0), _priced(w, 0, lam), lam / 2
    found = differs(answer(w, lam, 1.0), l1, symptoms={"it is L2 at 1": l2})
    value, slope = l2
    halved = {
        "there is a ½ before the squares": _priced(w, 0, half),
        "the slope of a square has a factor that is missing": (
            value,
            slope / 2,
        ),
    }
    return found or differs(answer(w, lam, 0.0), l2, symptoms=halved)


@elastic_net.property("charges each of the two with its share of the strength")
def _charges_shares(answer, rng):
    w, lam, ratio = _net(rng)
    l1, l2 = lam * ratio, lam * (1 - ratio)
    shares = {
        "there is a ½ before the squares": (l1, l2 / 2),
        "the ratio is the share of L1, not that of L2": (l2, l1),
        "the squares are charged in full": (l1, lam),
        "the absolute values are charged in full": (lam, l2),
        "the strength reaches the absolute values alone": (l1, 1 - ratio),
        "the strength reaches the squares alone": (ratio, l2),
        "the ratio is applied twice": (l1 * ratio, l2 * (1 - ratio)),
        "the mean is taken, not the sum": (l1 / w.size, l2 / w.size),
    }
    symptoms = {what: _priced(w, *each)[0] for what, each in shares.items()}
    value, _ = results(answer(w, lam, ratio), 2)
    return differs(value, _priced(w, l1, l2)[0], symptoms=symptoms)


@elastic_net.property("has the gradient of both shares, which is 0 at 0")
def _has_the_gradient(answer, rng):
    w, lam, ratio = _net(rng)
    w.flat[rng.integers(w.size)] = 0
    l1, l2 = lam * ratio, lam * (1 - ratio)
    shares = {
        "the slope of a square has a factor that is missing": (l1, l2 / 2),
        "the ratio is the share of L1, not that of L2": (l2, l1),
        "the ratio is applied twice": (l1 * ratio, l2 * (1 - ratio)),
        "the ratio is not applied": (lam, lam),
        "the slope of the squares is missing": (l1, 0),
        "the slope of the absolute values is missing": (0, l2),
    }
    symptoms = {what: _priced(w, *each)[1] for what, each in shares.items()}
    _, given = results(answer(w, lam, ratio), 2)
    right, where = _priced(w, l1, l2)[1], {"w is 0": w == 0}
    return differs(given, right, symptoms=symptoms, where=where)


@elastic_net.property("leaves the weights as they were", expected=True)
def _net_leaves_inputs(answer, rng):
    return changed(answer, *_net(rng))
