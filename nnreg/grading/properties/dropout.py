"""Assignment "dropout", first part: one layer, forward and backward."""

import numpy as np

from nnreg.grading.properties._kit import changed, misshapen, mixed, results
from nnreg.grading.questions import differs, question

forward = question("dropout_forward")
backward = question("dropout_backward")

NOT_REUSED = "the mask of the forward pass is not reused"
NOT_SCALED = "the survivors are not scaled"
BY_MASK = "it is divided by the mask, which is 0 where something is dropped"


def probability(rng: np.random.Generator) -> float:
    """Draw p so that p, 1 - p and 1 are well apart, and none is rare."""
    return float(rng.choice([rng.uniform(0.3, 0.4), rng.uniform(0.6, 0.7)]))


def draw_mask(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Draw a mask of dropout, in which something stays and something goes."""
    p = probability(rng)
    return rng.permuted(np.resize([0, 1], shape)) / (1 - p)


def _case(rng, axes=2):
    x = mixed(rng, *rng.integers(7, 10, axes))
    return x, probability(rng), int(rng.integers(2**32))


def _trained(answer, x, p, seed):
    return results(answer(x, p, np.random.default_rng(seed), True), 2)


def _kept(seed, shape, p):
    return np.random.default_rng(seed).random(shape) >= p


@forward.property(
    "returns y and the mask, both in the shape of x", expected=True
)
def _has_two_shapes(answer, rng):
    x, p, seed = _case(rng, axes=3)
    y, mask = _trained(answer, x, p, seed)
    of_mask = misshapen(mask, x.shape)
    return misshapen(y, x.shape) or (of_mask and f"of the mask: {of_mask}")


@forward.property("drops the entries whose numbers from rng are below p")
def _drops_by_rng(answer, rng):
    x, p, seed = _case(rng)
    mask, again, other = (
        np.asarray(_trained(answer, x, p, each)[1]) != 0
        for each in (seed, seed, seed + 1)
    )
    if mask.all():
        return "nothing is dropped"
    if not np.array_equal(mask, again):
        return "not all of its numbers come from rng: two calls differ"
    if np.array_equal(mask, other):
        return "every generator gives the same mask"
    if (np.atleast_2d(mask) == np.atleast_2d(mask)[0]).all():
        return "all rows share one mask"
    right = _kept(seed, x.shape, p)
    swapped = "what should go stays, and what should stay goes"
    return differs(mask, right, symptoms={swapped: ~right})


@forward.property("makes up for what is missing, so that the mean stays")
def _keeps_the_mean(answer, rng):
    x, p, seed = _case(rng)
    mask = np.asarray(_trained(answer, x, p, seed)[1], float)
    survivors = mask[mask != 0]
    if not survivors.size:
        return "nothing survives"
    scales = {
        NOT_SCALED: 1,
        "the survivors become smaller": 1 - p,
        "the scale takes p for the probability to keep": 1 / p,
        "the survivors are scaled twice": (1 - p) ** -2,
    }
    symptoms = {what: 0 * survivors + each for what, each in scales.items()}
    right = np.full(survivors.shape, 1 / (1 - p))
    return differs(survivors, right, symptoms=symptoms)


@forward.property("hands on x times the mask that it returns", expected=True)
def _uses_its_mask(answer, rng):
    x, p, seed = _case(rng)
    y, mask = _trained(answer, x, p, seed)
    right = np.multiply(mask, x)
    symptoms = {
        "y has a scale that the mask for the way back lacks": right / (1 - p),
        "the mask for the way back has a scale that y lacks": right * (1 - p),
        "y and the mask are in the wrong order": mask / x,
        "y is x, without the mask": x,
    }
    return differs(y, right, symptoms=symptoms)


@forward.property("hands on the survivors, of whole numbers as well")
def _takes_integers(answer, rng):
    x, p, seed = _case(rng)
    x = rng.integers(1, 9, x.shape)
    kept = _kept(seed, x.shape, p)
    right = x * kept / (1 - p)
    symptoms = {
        "y is rounded to whole numbers": right.astype(int),
        NOT_SCALED: x * kept,
    }
    y, _ = _trained(answer, x, p, seed)
    return differs(y, right, symptoms=symptoms)


@forward.property("changes nothing in evaluation, on the way back neither")
def _is_silent(answer, rng):
    x, p, seed = _case(rng)
    given = answer(x, p, np.random.default_rng(seed), False)
    y, mask = results(given, 2)
    if mask is None:
        return "there is no mask in evaluation, and the way back needs one"
    if np.shape(y) == x.shape and not np.all(y):
        return "entries are dropped in evaluation, too"
    scaled = {
        "y is scaled down in evaluation": x * (1 - p),
        "y is scaled up in evaluation": x / (1 - p),
    }
    problem = differs(np.multiply(mask, np.ones(x.shape)), np.ones(x.shape))
    of_mask = problem and f"of the mask in evaluation: {problem}"
    return differs(y, x, symptoms=scaled) or of_mask


@forward.property("draws no numbers in evaluation", expected=True)
def _lets_rng_rest(answer, rng):
    x, p, seed = _case(rng)
    answer(x, p, np.random.default_rng(seed), False)
    before = np.random.default_rng(seed).bit_generator.state
    same = answer.arguments[2].bit_generator.state == before
    return "" if same else "rng has moved on, and nothing was random"


@forward.property("leaves x as it was", expected=True)
def _forward_leaves_x(answer, rng):
    x, p, seed = _case(rng)
    _trained(answer, x, p, seed)
    same = np.array_equal(answer.arguments[0], x)
    return "" if same else "it changes x"


def _both(rng):
    shape = tuple(rng.integers(7, 10, 2))
    return mixed(rng, *shape), draw_mask(rng, *shape)


def _blame(dx, mask):
    """Name what reaches the entries that were dropped, if anything does."""
    reaches = np.where(mask == 0, dx, 0)
    if not np.isfinite(reaches).all():
        return BY_MASK
    return NOT_REUSED if reaches.any() else ""


def _compared(dx, dy, mask):
    """Compare with the only right gradient; see through a mask of its own."""
    right = dy * mask
    if np.shape(dx) == dy.shape and _blame(dx, mask):
        return _blame(dx, mask)
    if np.shape(dx) == dy.shape and np.any(
        (np.asarray(dx) == 0) != (mask == 0)
    ):
        return NOT_REUSED
    symptoms = {
        NOT_SCALED: dy * (mask > 0),
        "the survivors are scaled twice": right * mask,
        "it is divided by the scale": dy * (mask > 0) / (mask.max() or 1),
        "it is rounded to whole numbers": right.astype(int),
    }
    return differs(dx, right, symptoms=symptoms)


@backward.property("has the shape of dy", expected=True)
def _keeps_the_shape(answer, rng):
    shape = tuple(int(size) for size in rng.integers(2, 6, 3))
    return misshapen(answer(mixed(rng, *shape), draw_mask(rng, *shape)), shape)


@backward.property("sends nothing to an entry that was dropped", expected=True)
def _spares_the_dropped(answer, rng):
    dy, mask = _both(rng)
    dx = answer(dy, mask)
    return misshapen(dx, dy.shape) or _blame(dx, mask)


@backward.property("scales what arrives as the forward pass has scaled x")
def _reuses_the_scale(answer, rng):
    dy, mask = _both(rng)
    return _compared(answer(dy, mask), dy, mask)


@backward.property("says the same when it is asked twice", expected=True)
def _repeats_itself(answer, rng):
    dy, mask = _both(rng)
    once, again = answer(dy, mask), answer(dy, mask)
    return NOT_REUSED if differs(again, once) else ""


@backward.property(
    "lets all through a mask of ones, and nothing through zeros"
)
def _goes_to_both_ends(answer, rng):
    dy, _ = _both(rng)
    ones, zeros = np.ones(dy.shape), np.zeros(dy.shape)
    problem = _compared(answer(dy, ones), dy, ones)
    return problem or _compared(answer(dy, zeros), dy, zeros)


@backward.property("takes whole numbers")
def _backward_takes_integers(answer, rng):
    dy, mask = _both(rng)
    dy = rng.integers(1, 9, dy.shape)
    return _compared(answer(dy, mask), dy, mask)


@backward.property("leaves dy and the mask as they were", expected=True)
def _backward_leaves_inputs(answer, rng):
    return changed(answer, *_both(rng))
