"""Assignment "penalties", second part: where data and price meet."""

import numpy as np

from nnreg.grading.properties._kit import (
    changed,
    distinct,
    misshapen,
    mixed,
    results,
)
from nnreg.grading.questions import AnswerProblem, differs, question

layer_backward = question("layer_backward")
ridge_weights = question("ridge_weights")

FREE = np.zeros(4)


def _arrays(rng):
    n, d, k = distinct(rng, 3)
    shapes = (n, d), (d, k), (k,), (n, k)
    return tuple(mixed(rng, *shape) for shape in shapes)


def _gradients(answer, arrays, strengths):
    return results(answer(*arrays, *map(float, strengths)), 3)


def _price(w, l1, l2):
    return l1 * np.sign(w) + 2 * l2 * w


@layer_backward.property(
    "returns dW, db and dX, each in its array's shape", expected=True
)
def _has_three_shapes(answer, rng):
    X, W, b, _ = arrays = _arrays(rng)
    dW, db, dX = _gradients(answer, arrays, FREE)
    for name, given, like in (("dW", dW, W), ("db", db, b), ("dX", dX, X)):
        if problem := misshapen(given, like.shape):
            return f"{name}: {problem}"
    return ""


@layer_backward.property("adds up over the rows what the data send to W")
def _sends_to_weights(answer, rng):
    X, _, _, dz = arrays = _arrays(rng)
    right = X.T @ dz
    symptoms = {
        "it is divided by the number of rows": right / len(X),
        "it points downhill, and a gradient points uphill": -right,
        "only the first row is counted": np.outer(X[0], dz[0]),
        "nothing comes from the data": 0 * right,
    }
    dW, _, _ = _gradients(answer, arrays, FREE)
    return differs(dW, right, symptoms=symptoms)


@layer_backward.property("adds up over the rows what the data send to b")
def _sends_to_biases(answer, rng):
    *_, dz = arrays = _arrays(rng)
    right = dz.sum(axis=0)
    symptoms = {
        "the mean over the rows is taken": right / len(dz),
        "only the first row is counted": dz[0],
        "it is the sum over everything": np.full(right.shape, dz.sum()),
    }
    _, db, _ = _gradients(answer, arrays, FREE)
    return differs(db, right, symptoms=symptoms)


@layer_backward.property("sends to X what W lets through, free of any price")
def _sends_to_inputs(answer, rng):
    X, W, _, dz = arrays = _arrays(rng)
    strengths = rng.uniform(0.1, 0.9, 4)
    symptoms = {
        "it is divided by the number of rows": dz @ W.T / len(X),
        "the price of W has come in": dz @ (W + _price(W, *strengths[:2])).T,
    }
    *_, dX = _gradients(answer, arrays, strengths)
    return differs(dX, dz @ W.T, symptoms=symptoms)


def _added(answer, arrays, strengths):
    """Return what the strengths have added to dW and to db.

    So a mistake in what the data send is not counted here again.
    """
    priced = _gradients(answer, arrays, strengths)[:2]
    free = _gradients(answer, arrays, FREE)[:2]
    for given, w in zip(priced, arrays[1:3], strict=True):
        if problem := misshapen(given, w.shape):
            raise AnswerProblem(problem)
    return [np.subtract(p, f) for p, f in zip(priced, free, strict=True)]


def _mispriced(given, w, own, other, n):
    """Say what is wrong with the slope of a price, if anything is."""
    (l1, l2), price = own, _price(w, *own)
    symptoms = {
        "the price is left out": 0 * price,
        "the price is taken away, not added": -price,
        "the price is charged once a row": n * price,
        "the price is divided by the number of rows": price / n,
        "the slope of a square lacks a factor": _price(w, l1, l2 / 2),
        "L1 and L2 have each other's strengths": _price(w, l2, l1),
        "W and b have each other's strengths": _price(w, *other),
        "it is the price itself, not its slope": l1 * np.abs(w) + l2 * w**2,
    }
    return differs(given, price, symptoms=symptoms)


@layer_backward.property("adds the slope of the weights' price to dW")
def _charges_weights(answer, rng):
    arrays, strengths = _arrays(rng), rng.uniform(0.1, 0.9, 4)
    in_W, _ = _added(answer, arrays, strengths)
    own, other = np.split(strengths, 2)
    return _mispriced(in_W, arrays[1], own, other, len(arrays[0]))


@layer_backward.property("adds the slope of the biases' price to db")
def _charges_biases(answer, rng):
    arrays, strengths = _arrays(rng), rng.uniform(0.1, 0.9, 4)
    _, in_b = _added(answer, arrays, strengths)
    other, own = np.split(strengths, 2)
    return _mispriced(in_b, arrays[2], own, other, len(arrays[0]))


@layer_backward.property("leaves weights and biases at 0 to the data")
def _leaves_zeros(answer, rng):
    X, W, b, dz = _arrays(rng)
    W[0], b[-1] = 0, 0
    own, other = strengths = rng.uniform(0.1, 0.9, (2, 2))
    in_W, in_b = _added(answer, (X, W, b, dz), strengths.ravel())
    where = {"W is 0": W == 0, "W is not 0": W != 0}
    found = differs(in_W, _price(W, *own), where=where)
    where = {"b is 0": b == 0, "b is not 0": b != 0}
    return found or differs(in_b, _price(b, *other), where=where)


@layer_backward.property("leaves its arrays as they were", expected=True)
def _backward_leaves_inputs(answer, rng):
    return changed(answer, *_arrays(rng), *rng.uniform(0.1, 0.9, 4).tolist())


def _rows(rng, n, d):
    return rng.normal(0.5, 1, (n, d)), rng.normal(1, 1, n)


def _solved(gram, pull, lam):
    return np.linalg.solve(gram + lam * np.eye(len(gram)), pull)


def _rested(X, y, lam):
    """Return ridge's weights, and those that usual mistakes lead to."""
    (n, d), centred = X.shape, X - X.mean(axis=0)
    gram, pull = X.T @ X / n, X.T @ y / n
    mistakes = {
        "the mean of the data has been taken off": _solved(
            centred.T @ centred / n, centred.T @ (y - y.mean()) / n, lam
        ),
        "the data loss is a sum here, not a mean": _solved(
            gram, pull, lam / n
        ),
        "the data loss is divided by the number of inputs, not of rows": (
            _solved(gram, pull, lam * d / n)
        ),
        "the data's slope lacks a factor": _solved(gram, pull, 2 * lam),
        "the price's slope lacks a factor": _solved(gram, pull, lam / 2),
        "only one of the two products is a mean": _solved(gram, n * pull, lam),
        "the strength is divided by n, too": _solved(n * gram, pull, lam),
        "the strength is added to every entry of the matrix": np.linalg.pinv(
            gram + lam
        )
        @ pull,
    }
    return _solved(gram, pull, lam), mistakes


@ridge_weights.property("has one weight for each input", expected=True)
def _has_a_weight_each(answer, rng):
    d = int(rng.integers(2, 6))
    return misshapen(answer(*_rows(rng, 12, d), 0.3), (d,))


@ridge_weights.property("is plain least squares where the strength is 0")
def _is_least_squares(answer, rng):
    X, y = _rows(rng, 15, int(rng.integers(2, 6)))
    right = np.linalg.lstsq(X, y, rcond=None)[0]
    centred = np.linalg.lstsq(X - X.mean(axis=0), y - y.mean(), rcond=None)[0]
    symptoms = {"the mean of the data has been taken off": centred}
    return differs(answer(X, y, 0.0), right, symptoms=symptoms)


@ridge_weights.property("rests where the pulls of data and price are even")
def _has_even_pulls(answer, rng):
    X, y = _rows(rng, int(rng.integers(12, 20)), int(rng.integers(2, 6)))
    n, lam = len(X), rng.uniform(0.2, 0.8)
    gram, pull = X.T @ X / n, X.T @ y / n
    right, symptoms = _rested(X, y, lam)
    symptoms |= {
        "the strength has no effect": _solved(gram, pull, 0),
        "the pulls have the same direction": _solved(gram, pull, -lam),
        "every weight is shrunk by one factor, whatever the inputs have in "
        "common": _solved(gram, pull, 0) / (1 + lam),
    }
    return differs(answer(X, y, lam), right, symptoms=symptoms)


@ridge_weights.property("has an answer for more inputs than rows")
def _works_for_few_rows(answer, rng):
    X, y = _rows(rng, 3, int(rng.integers(5, 8)))
    right, symptoms = _rested(X, y, 0.4)
    return differs(answer(X, y, 0.4), right, symptoms=symptoms)


@ridge_weights.property("leaves the data as they were", expected=True)
def _ridge_leaves_inputs(answer, rng):
    return changed(answer, *_rows(rng, 12, 3), 0.3)
