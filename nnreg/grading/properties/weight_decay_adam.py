"""Assignment "weight_decay", second part: Adam with L2, and AdamW."""

import numpy as np

from nnreg.grading.properties._kit import (
    changed,
    distinct,
    misshapen,
    mixed,
    results,
)
from nnreg.grading.properties.weight_decay import (
    AFTERWARDS,
    GROWS,
    NO_RATE,
    UNPRICED,
    strengths,
)
from nnreg.grading.questions import differs, question

coupled = question("adam_l2_step")
decoupled = question("adamw_step")

IN_GRADIENT = "the decay goes into the gradient, as L2 does"


def _case(rng):
    """Draw w, g, m, v, t, lr, a strength, beta1, beta2 and eps."""
    shape = distinct(rng, 2)
    w, g, m = (mixed(rng, *shape) for _ in range(3))
    v = rng.uniform(0.5, 2, shape)
    t, (lr, strength) = int(rng.integers(3, 7)), strengths(rng)
    beta1, beta2 = rng.uniform([0.6, 0.9], [0.8, 0.95]).tolist()
    return w, g, m, v, t, lr, strength, beta1, beta2, 0.1


def _means(g, m, v, beta1, beta2):
    return beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2


def _direction(m, v, t, beta1, beta2, eps):
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return m_hat / (np.sqrt(v_hat) + eps)


def _wrong_directions(g, m, v, case):
    """Say what goes wrong with Adam's direction, and what it is then."""
    *_, m_old, v_old, t, _, _, beta1, beta2, eps = case
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    root = np.sqrt(v_hat) + eps

    def after(t, m=m, v=v):
        return _direction(m, v, t, beta1, beta2, eps)

    return {
        "the means are not corrected for their start at 0": after(np.inf),
        "the correction counts one step too few": after(t - 1),
        "the correction counts one step too many": after(t + 1),
        "the correction stays that of the first step": after(1),
        "the mean of the gradients is not corrected": m / root,
        "the mean of the squares is not corrected": m_hat / (np.sqrt(v) + eps),
        "eps stands inside the root": m_hat / np.sqrt(v_hat + eps),
        "eps is missing": m_hat / np.sqrt(v_hat),
        "the root is missing": m_hat / (v_hat + eps),
        "the latest gradient stands where its mean should": g / root,
        "the means from before the step are used": after(t, m_old, v_old),
    }


def _shapes(answer, case):
    found = [misshapen(r, case[0].shape) for r in results(answer(*case), 3)]
    problems = zip("wmv", found, strict=True)
    return next((f"of {name}: {what}" for name, what in problems if what), "")


def _wrong_means(case, g, which):
    """Return wrong values of m (0) or of v (1), for the gradient `g`."""
    _, _, m, v, t, _, _, beta1, beta2, _ = case
    means = _means(g, m, v, beta1, beta2)
    sums = beta1 * m + g, beta2 * v + g**2
    swapped = _means(g, m, v, beta2, beta1)
    turned = _means(g, m, v, 1 - beta1, 1 - beta2)
    return {
        "it is a sum, and should be a mean": sums[which],
        "beta1 and beta2 have changed places": swapped[which],
        "old and new have each other's share": turned[which],
        "it is the old one": (m, v)[which],
        "m and v have changed places": means[1 - which],
        "it comes back corrected": means[which] / (1 - case[7 + which] ** t),
        "the gradient is not squared": beta2 * v + (1 - beta2) * g,
    }


@coupled.property("returns w, m and v, all in the shape of w", expected=True)
def _has_three_shapes(answer, rng):
    return _shapes(answer, _case(rng))


def _compare_mean(answer, case, which, slope, wrong_slopes):
    """Compare m (0) or v (1) with what `slope` makes of the old one."""
    _, _, m, v, _, _, _, beta1, beta2, _ = case
    symptoms = {
        what: _means(each, m, v, beta1, beta2)[which]
        for what, each in wrong_slopes.items()
    }
    symptoms |= _wrong_means(case, slope, which)
    right = _means(slope, m, v, beta1, beta2)[which]
    given = results(answer(*case), 3)[1 + which]
    return differs(given, right, symptoms=symptoms)


def _compare_priced(answer, rng, which):
    w, g, _, _, _, _, lam, *_ = case = _case(rng)
    wrong = {
        "the penalty's slope is missing": g,
        "a square has a slope with a factor that is missing": g + lam * w,
        "the penalty is taken off the gradient": g - 2 * lam * w,
    }
    return _compare_mean(answer, case, which, g + 2 * lam * w, wrong)


@coupled.property("lets the penalty into the mean of the gradients")
def _lets_penalty_into_m(answer, rng):
    return _compare_priced(answer, rng, 0)


@coupled.property("lets the penalty into the mean of the squares")
def _lets_penalty_into_v(answer, rng):
    return _compare_priced(answer, rng, 1)


@coupled.property("moves by the corrected mean over the root of the other")
def _moves_by_the_direction(answer, rng):
    w, g, m, v, t, lr, lam, beta1, beta2, eps = case = _case(rng)
    slope = g + 2 * lam * w
    m, v = _means(slope, m, v, beta1, beta2)
    right = _direction(m, v, t, beta1, beta2, eps)
    ways = {
        **_wrong_directions(slope, m, v, case),
        "it goes uphill": -right,
        "the rate is missing": right / lr,
    }
    symptoms = {what: w - lr * way for what, way in ways.items()}
    plain = _means(g, case[2], case[3], beta1, beta2)
    less = (1 - 2 * lr * lam) * w
    move = lr * _direction(*plain, t, beta1, beta2, eps)
    symptoms["the penalty stands beside Adam, as a decay does"] = less - move
    given, _, _ = results(answer(*case), 3)
    return differs(given, w - lr * right, symptoms=symptoms)


def _first_step(rng):
    """Draw a first step, in which no penalty changes a gradient's sign."""
    w, g, *_, lr, strength, beta1, beta2, _ = _case(rng)
    g, none = np.abs(g) * np.sign(w), np.zeros(w.shape)
    return w, g, none, none, 1, lr, strength, beta1, beta2


@coupled.property("moves every weight by the rate in the first step")
def _first_moves_by_the_rate(answer, rng):
    w, *others = _first_step(rng)
    lr, lam = others[4:6]
    right = w - lr * np.sign(w)
    shows = "the penalty shows in the first step, and Adam divides it away"
    given, _, _ = results(answer(w, *others, 1e-12), 3)
    return differs(given, right, symptoms={shows: right - 2 * lr * lam * w})


@coupled.property("leaves w, g, m and v as they were", expected=True)
def _coupled_leaves_inputs(answer, rng):
    return changed(answer, *_case(rng))


@decoupled.property("returns w, m and v, all in the shape of w", expected=True)
def _decoupled_has_three_shapes(answer, rng):
    return _shapes(answer, _case(rng))


def _compare_clean(answer, rng, which):
    w, g, _, _, _, _, wd, *_ = case = _case(rng)
    wrong = {
        IN_GRADIENT: g + wd * w,
        f"{IN_GRADIENT}, and doubled": g + 2 * wd * w,
    }
    return _compare_mean(answer, case, which, g, wrong)


@decoupled.property("keeps the decay out of the mean of the gradients")
def _keeps_m_clean(answer, rng):
    return _compare_clean(answer, rng, 0)


@decoupled.property("keeps the decay out of the mean of the squares")
def _keeps_v_clean(answer, rng):
    return _compare_clean(answer, rng, 1)


@decoupled.property("shrinks the weights, and then takes Adam's step")
def _shrinks_and_steps(answer, rng):
    w, g, m, v, t, lr, wd, beta1, beta2, eps = case = _case(rng)
    m, v = _means(g, m, v, beta1, beta2)
    move = lr * _direction(m, v, t, beta1, beta2, eps)
    less, root = (1 - lr * wd) * w, np.sqrt(v / (1 - beta2**t)) + eps
    wrong = _wrong_directions(g, m, v, case)
    symptoms = {
        **{what: less - lr * each for what, each in wrong.items()},
        UNPRICED: w - move,
        NO_RATE: (1 - wd) * w - move,
        AFTERWARDS: (1 - lr * wd) * (w - move),
        GROWS: (1 + lr * wd) * w - move,
        "a decay has no factor of its own": less - lr * wd * w - move,
        "the decay is divided as a gradient is": w - move - lr * wd * w / root,
        "the rate is missing in Adam's step": less - move / lr,
        "it goes uphill": less + move,
    }
    given, _, _ = results(answer(*case), 3)
    return differs(given, less - move, symptoms=symptoms)


@decoupled.property("shrinks all weights alike, whatever their gradients")
def _shrinks_alike(answer, rng):
    case = _case(rng)
    w, lr, wd = case[0], case[5], case[6]
    with_decay, without = (
        results(answer(*case[:6], each, *case[7:]), 3)[0] for each in (wd, 0.0)
    )
    lost = np.subtract(without, with_decay) / w
    if differs(lost, np.full(w.shape, lost.flat[0])):
        return "some weights lose a larger share of themselves than others"
    return differs(lost, np.full(w.shape, lr * wd), symptoms={UNPRICED: 0 * w})


@decoupled.property("decays already in the first step")
def _decays_at_once(answer, rng):
    w, *others = _first_step(rng)
    lr, wd = others[4:6]
    sign = np.sign(w)
    symptoms = {
        "the decay does nothing in the first step": w - lr * sign,
        NO_RATE: (1 - wd) * w - lr * sign,
        AFTERWARDS: (1 - lr * wd) * (w - lr * sign),
    }
    given, _, _ = results(answer(w, *others, 1e-12), 3)
    right = (1 - lr * wd) * w - lr * sign
    return differs(given, right, symptoms=symptoms)


@decoupled.property("leaves w, g, m and v as they were", expected=True)
def _decoupled_leaves_inputs(answer, rng):
    return changed(answer, *_case(rng))
