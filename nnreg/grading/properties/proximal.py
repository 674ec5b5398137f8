"""Assignment "proximal", first part: three proximal steps."""

import numpy as np

from nnreg.grading.properties._kit import changed, distinct, misshapen, mixed
from nnreg.grading.questions import differs, question

soft_threshold = question("soft_threshold")
elastic_net_prox = question("elastic_net_prox")
group_prox = question("group_prox")


def soft(a: np.ndarray, threshold: float) -> np.ndarray:
    """Return the soft threshold of each entry."""
    return a - np.clip(a, -threshold, threshold)


@soft_threshold.property("has the shape of a", expected=True)
def _keeps_the_shape(answer, rng):
    shape = tuple(distinct(rng, int(rng.integers(1, 4))))
    return misshapen(answer(mixed(rng, *shape), 0.6), shape)


@soft_threshold.property("moves what is beyond the threshold towards 0 by it")
def _moves_what_is_beyond(answer, rng):
    a, threshold = mixed(rng, *distinct(rng, 2)), rng.uniform(0.1, 0.4)
    symptoms = {
        "what survives is not moved: this is the hard threshold": a,
        "every negative entry has become 0": np.maximum(a - threshold, 0),
        "negative entries move away from 0": a - threshold,
        "everything moves away from 0": a + threshold * np.sign(a),
        "the signs are lost": np.abs(a) - threshold,
    }
    given = answer(a, threshold)
    return differs(given, soft(a, threshold), symptoms=symptoms)


@soft_threshold.property("sends what is within the threshold to 0")
def _makes_zeros(answer, rng):
    a, threshold = mixed(rng, *distinct(rng, 2)), rng.uniform(0.7, 0.9)
    a.flat[: a.size // 2] *= 0.3
    a.flat[a.size // 2 :] *= 2
    a.flat[0] = threshold
    within = np.abs(a) <= threshold
    across = a - threshold * np.sign(a)
    symptoms = {
        "what is within steps over 0 to the other side": across,
        "what is within stays as it was": np.where(within, a, across),
    }
    where = {
        "an entry is within the threshold": within,
        "an entry is beyond the threshold": ~within,
    }
    given = answer(a, threshold)
    return differs(given, soft(a, threshold), symptoms=symptoms, where=where)


@soft_threshold.property(
    "changes nothing where the threshold is 0", expected=True
)
def _can_do_nothing(answer, rng):
    a = mixed(rng, *distinct(rng, 2))
    a.flat[0] = 0
    nan = {"0 is divided by 0": np.where(a == 0, np.nan, a)}
    return differs(answer(a, 0.0), a, symptoms=nan)


@soft_threshold.property("keeps float32 as float32")
def _keeps_the_type(answer, rng):
    a = mixed(rng, *distinct(rng, 2)).astype(np.float32)
    given = answer(a, 0.7)
    if problem := misshapen(given, a.shape):
        return problem
    if (kind := np.asarray(given).dtype) != a.dtype:
        return f"float32 has become {kind}"
    if differs(given, soft(a, np.float32(0.7)), rtol=1e-4):
        return "it does, and the numbers are wrong"
    return ""


@soft_threshold.property("leaves a as it was", expected=True)
def _soft_leaves_inputs(answer, rng):
    return changed(answer, mixed(rng, *distinct(rng, 2)), 0.7)


def _compromise(a, l1, l2):
    return soft(a, l1) / (1 + 2 * l2)


def _net(rng):
    """Draw a, lam, ratio and step; the first entry lies in the threshold."""
    a = 2 * mixed(rng, *distinct(rng, 2))
    lam, ratio = rng.uniform(1.1, 2), rng.uniform(0.55, 0.8)
    step = rng.uniform(0.2, 0.45)
    a.flat[0] = 0.6 * step * lam * ratio
    return a, lam, ratio, step


@elastic_net_prox.property("has the shape of a", expected=True)
def _net_keeps_the_shape(answer, rng):
    a, *numbers = _net(rng)
    return misshapen(answer(a, *numbers), a.shape)


@elastic_net_prox.property("is the soft threshold where the ratio is 1")
def _is_soft_at_one_end(answer, rng):
    a, lam, _, step = _net(rng)
    symptoms = {
        "the threshold lacks the step": soft(a, lam),
        "the threshold lacks the strength": soft(a, step),
        "the ratio is the share of L1, not that of L2": a
        / (1 + 2 * step * lam),
        "it is a gradient step, which never lands": a
        - step * lam * np.sign(a),
        "every negative entry has become 0": np.maximum(a - step * lam, 0),
        "the ratio has no effect": _compromise(a, step * lam, step * lam),
    }
    right = soft(a, step * lam)
    return differs(answer(a, lam, 1.0, step), right, symptoms=symptoms)


@elastic_net_prox.property("divides, and makes no zero, where the ratio is 0")
def _divides_at_the_other_end(answer, rng):
    a, lam, _, step = _net(rng)
    symptoms = {
        "the ratio is the share of L1, not that of L2": soft(a, step * lam),
        "every negative entry has become 0": np.maximum(
            a / (1 + 2 * step * lam), 0
        ),
        "the ratio has no effect": _compromise(a, step * lam, step * lam),
        "the divisor lacks a factor": a / (1 + step * lam),
        "the divisor lacks the step": a / (1 + 2 * lam),
        "the divisor lacks the strength": a / (1 + 2 * step),
        "nothing is divided": a,
        "it is a gradient step: the slope is taken where the step starts": a
        * (1 - 2 * step * lam),
    }
    right = a / (1 + 2 * step * lam)
    return differs(answer(a, lam, 0.0, step), right, symptoms=symptoms)


@elastic_net_prox.property("is the cheapest compromise for a ratio between")
def _is_right_between(answer, rng):
    a, lam, ratio, step = _net(rng)
    l1, l2 = step * lam * ratio, step * lam * (1 - ratio)
    right = _compromise(a, l1, l2)
    symptoms = {
        "the two operations stand in the other order": soft(
            a / (1 + 2 * l2), l1
        ),
        "the threshold lacks the ratio": _compromise(a, step * lam, l2),
        "the divisor lacks its share": _compromise(a, l1, step * lam),
        "the ratio is the share of L1, not that of L2": _compromise(a, l2, l1),
        "the divisor lacks a factor": _compromise(a, l1, l2 / 2),
        "the threshold lacks the step": _compromise(a, lam * ratio, l2),
        "the step has no effect": _compromise(a, l1 / step, l2 / step),
        "the ratio has no effect": _compromise(a, step * lam, step * lam),
        "every negative entry has become 0": np.maximum(right, 0),
        "two steps are mixed, and not the two prices": ratio
        * soft(a, step * lam)
        + (1 - ratio) * a / (1 + 2 * step * lam),
    }
    return differs(answer(a, lam, ratio, step), right, symptoms=symptoms)


@elastic_net_prox.property("leaves a as it was", expected=True)
def _net_leaves_inputs(answer, rng):
    return changed(answer, *_net(rng))


def _shorten(a, by, axis=0):
    length = np.sqrt((a**2).sum(axis=axis, keepdims=True))
    return np.maximum(1 - by / length, 0) * a


def _groups(rng):
    return mixed(rng, *distinct(rng, 2)), *rng.uniform(0.3, 0.6, 2).tolist()


@group_prox.property("has the shape of a", expected=True)
def _group_keeps_the_shape(answer, rng):
    a, lam, step = _groups(rng)
    return misshapen(answer(a, lam, step), a.shape)


@group_prox.property("shortens each column, and keeps its direction")
def _shortens_columns(answer, rng):
    a, lam, step = _groups(rng)
    by, squares = step * lam, (a**2).sum(axis=0)
    symptoms = {
        "the rows are taken as groups": _shorten(a, by, axis=1),
        "the whole matrix is taken as one group": _shorten(a, by, None),
        "each entry goes by itself, as under L1": soft(a, by),
        "the shortening lacks the step": _shorten(a, lam),
        "the shortening lacks the strength": _shorten(a, step),
        "it divides by the square of the length": (1 - by / squares) * a,
        "each length is multiplied by the root of its size": _shorten(
            a, by * np.sqrt(len(a))
        ),
        "the columns are not moved": a,
    }
    return differs(answer(a, lam, step), _shorten(a, by), symptoms=symptoms)


@group_prox.property("sends a column that is short enough to 0 as a whole")
def _cuts_columns(answer, rng):
    a, lam, step = _groups(rng)
    by = step * lam
    a[:, 0] *= 0.7 * by / np.linalg.norm(a[:, 0])
    short = np.zeros(a.shape, dtype=bool)
    short[:, 0] = True
    turned = a[:, :1] * (1 - 1 / 0.7)
    symptoms = {
        "a short column is turned round": np.where(
            short, turned, _shorten(a, by)
        )
    }
    where = {"a column is short": short, "a column is long": ~short}
    return differs(
        answer(a, lam, step), _shorten(a, by), symptoms=symptoms, where=where
    )


@group_prox.property("leaves a column of zeros at 0, at strength 0 as well")
def _keeps_zero_columns(answer, rng):
    a, lam, step = _groups(rng)
    a[:, -1] = 0
    none = a == 0
    for strength in (lam, 0.0):
        right = a.copy()
        right[:, :-1] = _shorten(a[:, :-1], step * strength)
        symptoms = {"0 is divided by 0": np.where(none, np.nan, right)}
        given = answer(a, strength, step)
        where = {"a column is 0": none, "a column is not 0": ~none}
        if problem := differs(given, right, symptoms=symptoms, where=where):
            return problem
    return ""


@group_prox.property("leaves a as it was", expected=True)
def _group_leaves_inputs(answer, rng):
    return changed(answer, *_groups(rng))
