"""Assignment "proximal": right answers pass, each mistake gets its name."""

import numpy as np
import pytest

from nnreg import L1, ElasticNet, GroupLasso

from .sheets import answers

RIGHT = answers("proximal")


def _soft_by_cases(a, threshold):
    beyond = np.abs(a) > threshold
    return np.where(beyond, np.sign(a) * (np.abs(a) - threshold), 0).astype(a.dtype)


def _group_by_column(a, lam, step):
    columns = []
    for column in a.T:
        length = np.linalg.norm(column)
        columns.append(column * (1 - step * lam / length) if length > step * lam else 0 * column)
    return np.transpose(columns).tolist()


def _slope(X, y, w):
    return 2 * np.mean((X @ w - y)[:, None] * X, axis=0)


def _gaps_by_cases(X, y, w, lam):
    gaps = []
    for slope, weight in zip(_slope(X, y, w), w, strict=True):
        low, high = (-lam, lam) if weight == 0 else 2 * (lam * np.sign(weight),)
        gaps.append(max(slope + low, -slope - high, 0.0))
    return gaps


ANOTHER = {
    "soft_threshold": _soft_by_cases,
    "elastic_net_prox": lambda a, lam, ratio, step: ElasticNet(lam, ratio).prox(a, step),
    "group_prox": _group_by_column,
    "proximal_step": lambda X, y, w, lam, step: L1(lam).prox(w - step * _slope(X, y, w), step),
    "rest_gaps": _gaps_by_cases,
}


def soft(a, threshold):
    return a - np.clip(a, -threshold, threshold)


def _soft_in_place(a, threshold):
    a -= np.clip(a, -threshold, threshold)
    return a


def _soft_by_factor(a, threshold):
    with np.errstate(all="ignore"):
        return np.maximum(1 - threshold / np.abs(a), 0).astype(a.dtype) * a


def _soft_by_loop(a, threshold):
    w = np.zeros(a.shape)
    for index in np.ndindex(a.shape):
        w[index] = soft(a[index], threshold)
    return w


WRONG_SOFTS = [
    (lambda a, t: soft(a, t).ravel()[1:], "its shape is"),
    (lambda a, t: None, "nothing comes back"),
    (lambda a, t: np.where(np.abs(a) > t, a, 0), "this is the hard threshold"),
    (lambda a, t: np.maximum(a - t, 0), "every negative entry has become 0"),
    (lambda a, t: np.where(np.abs(a) > t, a - t, 0), "negative entries move away from 0"),
    (lambda a, t: np.where(np.abs(a) > t, a + t * np.sign(a), 0), "everything moves away from 0"),
    (lambda a, t: np.maximum(np.abs(a) - t, 0), "the signs are lost"),
    (lambda a, t: a - t * np.sign(a), "steps over 0 to the other side"),
    (lambda a, t: np.where(np.abs(a) > t, soft(a, t), a), "what is within stays as it was"),
    (
        lambda a, t: np.where(np.abs(a) > t, soft(a, t), a / 2),
        "wrong only where an entry is within the threshold",
    ),
    (_soft_by_factor, "0 is divided by 0"),
    (lambda a, t: soft(a, max(t, 0.01)), "off"),
    (
        lambda a, t: np.where(np.abs(a) > t, a, 0),
        "wrong only where an entry is beyond the threshold",
    ),
    (lambda a, t: np.zeros_like(a), "it does, and the numbers are wrong"),
    (_soft_by_loop, "float32 has become float64"),
    (_soft_in_place, "it changes an array that it was given"),
]


def _net(threshold, divisor):
    return lambda *given: soft(given[0], threshold(*given[1:])) / (1 + divisor(*given[1:]))


def _l1(lam, r, step):
    return step * lam * r


def _l2(lam, r, step):
    return 2 * step * lam * (1 - r)


def _net_in_place(a, lam, r, step):
    a -= np.clip(a, -_l1(lam, r, step), _l1(lam, r, step))
    return a / (1 + _l2(lam, r, step))


WRONG_NETS = [
    (lambda a, *_: a.sum(axis=0), "its shape is"),
    (lambda a, *_: a.T, "its shape is"),
    (_net(lambda lam, r, step: lam * r, _l2), "the threshold lacks the step"),
    (_net(lambda lam, r, step: step * r, _l2), "the threshold lacks the strength"),
    (
        lambda a, lam, r, step: RIGHT["elastic_net_prox"](a, lam, 1 - r, step),
        "the ratio is the share of L1, not that of L2",
    ),
    (
        lambda a, lam, r, step: a - step * ElasticNet(lam, r).grad(a),
        "it is a gradient step, which never lands",
    ),
    (
        lambda a, lam, r, step: a - step * ElasticNet(lam, r).grad(a),
        "the slope is taken where the step starts",
    ),
    (_net(_l1, lambda lam, r, step: step * lam * (1 - r)), "the divisor lacks a factor"),
    (_net(_l1, lambda lam, r, step: 2 * lam * (1 - r)), "the divisor lacks the step"),
    (_net(_l1, lambda lam, r, step: 2 * step * (1 - r)), "the divisor lacks the strength"),
    (_net(_l1, lambda lam, r, step: 0), "nothing is divided"),
    (
        lambda a, lam, r, step: soft(a / (1 + _l2(lam, r, step)), _l1(lam, r, step)),
        "the two operations stand in the other order",
    ),
    (_net(lambda lam, r, step: step * lam, _l2), "the threshold lacks the ratio"),
    (_net(_l1, lambda lam, r, step: 2 * step * lam), "the divisor lacks its share"),
    (_net(lambda lam, r, _: lam * r, lambda lam, r, _: 2 * lam * (1 - r)), "step has no effect"),
    (
        lambda a, lam, r, step: r * soft(a, step * lam) + (1 - r) * a / (1 + 2 * step * lam),
        "two steps are mixed, and not the two prices",
    ),
    (
        lambda a, lam, r, step: np.maximum(RIGHT["elastic_net_prox"](a, lam, r, step), 0),
        "every negative entry has become 0",
    ),
    (lambda a, lam, r, s: soft(a, s * lam) / (1 + 2 * s * lam), "the ratio has no effect"),
    (_net_in_place, "it changes an array that it was given"),
]


def _shorten(a, by, axis=0):
    length = np.sqrt((a**2).sum(axis=axis, keepdims=True))
    return np.maximum(1 - by / np.where(length, length, 1), 0) * a


def _group_by_squares(a, lam, step):
    squares = (a**2).sum(axis=0)
    return (1 - step * lam / np.where(squares, squares, 1)) * a


def _group_turned(a, lam, step):
    length = np.linalg.norm(a, axis=0)
    return (1 - step * lam / np.where(length, length, 1)) * a


def _group_unguarded(a, lam, step):
    length = np.linalg.norm(a, axis=0)
    with np.errstate(all="ignore"):
        return np.maximum(1 - step * lam / length, 0) * a


def _group_off_at_zero(a, lam, step):
    length = np.linalg.norm(a, axis=0)
    return np.where(length == 0, 1.0, _shorten(a, step * lam))


def _group_in_place(a, lam, step):
    right = _shorten(a, step * lam)
    a **= 2
    return right


WRONG_GROUPS = [
    (lambda a, lam, step: np.linalg.norm(_shorten(a, step * lam), axis=0), "its shape is"),
    (lambda a, lam, step: _shorten(a, step * lam).T, "its shape is"),
    (lambda a, lam, step: _shorten(a, step * lam, axis=1), "the rows are taken as groups"),
    (lambda a, lam, step: _shorten(a, step * lam, None), "the whole matrix is taken as one group"),
    (lambda a, lam, step: soft(a, step * lam), "each entry goes by itself"),
    (lambda a, lam, step: _shorten(a, lam), "the shortening lacks the step"),
    (lambda a, lam, step: _shorten(a, step), "the shortening lacks the strength"),
    (_group_by_squares, "it divides by the square of the length"),
    (lambda a, lam, step: _shorten(a, step * lam * len(a) ** 0.5), "the root of its size"),
    (
        lambda a, lam, step: np.where(np.linalg.norm(a, axis=0) > step * lam, a, 0),
        "the columns are not moved",
    ),
    (_group_turned, "a short column is turned round"),
    (
        lambda a, lam, step: np.where(_shorten(a, step * lam).any(0), _shorten(a, step * lam), a),
        "wrong only where a column is short",
    ),
    (_group_unguarded, "0 is divided by 0"),
    (_group_off_at_zero, "wrong only where a column is 0"),
    (_group_in_place, "it changes an array that it was given"),
]


def _stepping(slope_of=_slope):
    def step_by(X, y, w, lam, step):
        return soft(w - step * slope_of(X, y, w), step * lam)

    return step_by


def _subgradient(X, y, w, lam, step):
    return w - step * (_slope(X, y, w) + lam * np.sign(w))


def _threshold_then_step(X, y, w, lam, step):
    first = soft(w, step * lam)
    return first - step * _slope(X, y, first)


def _step_in_place(X, y, w, lam, step):
    w -= step * _slope(X, y, w)
    return soft(w, step * lam)


WRONG_STEPS = [
    (lambda *given: RIGHT["proximal_step"](*given)[:, None], "its shape is"),
    (lambda *given: RIGHT["proximal_step"](*given).sum(), "its shape is ()"),
    (_stepping(lambda X, y, w: len(X) * _slope(X, y, w)), "the data loss is a sum here"),
    (_stepping(lambda X, y, w: _slope(X, y, w) / 2), "the data's slope lacks a factor"),
    (_stepping(lambda X, y, w: -_slope(X, y, w)), "it goes uphill"),
    (lambda X, y, w, lam, s: soft(w - _slope(X, y, w), s * lam), "the step's length is missing"),
    (_stepping(lambda X, y, w: _slope(X, y, 0 * w)), "the slope is taken at 0, not at w"),
    (lambda X, y, w, lam, step: _slope(X, y, w), "the slope alone comes back"),
    (_subgradient, "it is a step of the subgradient"),
    (_subgradient, "weights miss 0"),
    (
        lambda X, y, w, lam, step: soft(_subgradient(X, y, w, lam, step), step * lam),
        "L1 is counted twice",
    ),
    (
        lambda X, y, w, lam, step: soft(w, step * lam) - step * _slope(X, y, w),
        "the threshold comes before the step of the data",
    ),
    (_threshold_then_step, "the threshold comes first, and the slope is taken after it"),
    (lambda X, y, w, lam, s: soft(w - s * _slope(X, y, w), lam), "the threshold lacks the step"),
    (lambda X, y, w, lam, s: soft(w - s * _slope(X, y, w), s), "the threshold lacks the strength"),
    (lambda X, y, w, lam, s: w - s * _slope(X, y, w), "the strength has no effect"),
    (_step_in_place, "it changes an array that it was given"),
]


def _gaps(beside=None, at_zero=None):
    """Return gaps of which one kind is measured in another way."""

    def gaps(X, y, w, lam):
        slope, right = _slope(X, y, w), RIGHT["rest_gaps"](X, y, w, lam)
        kind = beside or at_zero
        return np.where((w != 0) == bool(beside), kind(slope, lam * np.sign(w), lam), right)

    return gaps


def _gaps_centring(X, y, w, lam):
    right = RIGHT["rest_gaps"](X, y, w, lam)
    y -= y.mean()
    return right


WRONG_GAPS = [
    (lambda *given: RIGHT["rest_gaps"](*given).max(), "its shape is ()"),
    (lambda *given: RIGHT["rest_gaps"](*given)[1:], "its shape is"),
    (_gaps(lambda slope, pull, lam: slope + pull), "a distance is not negative"),
    (_gaps(lambda slope, pull, lam: np.abs(slope - pull)), "pull the same way at rest"),
    (_gaps(lambda slope, pull, lam: np.abs(slope)), "the price is left out"),
    (_gaps(lambda slope, pull, lam: np.abs(pull)), "the data are left out"),
    (
        _gaps(lambda slope, pull, lam: np.maximum(np.abs(slope) - lam, 0)),
        "a weight beside 0 is treated as one at 0",
    ),
    (_gaps(lambda slope, pull, lam: np.abs(12 * slope + pull)), "the data loss is a sum here"),
    (_gaps(lambda slope, pull, lam: np.abs(slope / 2 + pull)), "the data's slope lacks a factor"),
    (_gaps(lambda slope, pull, lam: (slope + pull) ** 2), "it is the square of the distance"),
    (_gaps(None, lambda slope, pull, lam: np.abs(slope)), "the slope of the data is asked to be 0"),
    (_gaps(None, lambda slope, pull, lam: np.abs(slope) - lam), "at 0 the distance is negative"),
    (
        _gaps(None, lambda slope, pull, lam: np.abs(np.abs(slope) - lam)),
        "at 0 a slope below λ is a distance, too",
    ),
    (_gaps(None, lambda slope, pull, lam: 0 * slope), "at 0 no slope is too steep"),
    (
        _gaps(None, lambda slope, pull, lam: np.abs(slope + lam)),
        "wrong only where w is 0",
    ),
    (_gaps(lambda slope, pull, lam: np.abs(slope - pull)), "weights at rest have a gap"),
    (_gaps_centring, "it changes an array that it was given"),
]

WRONG = {
    "soft_threshold": WRONG_SOFTS,
    "elastic_net_prox": WRONG_NETS,
    "group_prox": WRONG_GROUPS,
    "proximal_step": WRONG_STEPS,
    "rest_gaps": WRONG_GAPS,
}


@pytest.mark.parametrize("price", [L1(0.8), ElasticNet(1.2, 0.4), GroupLasso(0.9)])
def test_what_the_sheet_asks_for_is_the_cheapest_compromise(price):
    rng = np.random.default_rng(3)
    a, step = rng.normal(size=(3, 2)), 0.5
    found = {
        "L1": lambda: RIGHT["soft_threshold"](a, 0.8 * step),
        "ElasticNet": lambda: RIGHT["elastic_net_prox"](a, 1.2, 0.4, step),
        "GroupLasso": lambda: RIGHT["group_prox"](a, 0.9, step),
    }[type(price).__name__]()

    def cost(w):
        return step * price.value(w) + np.sum((w - a) ** 2) / 2

    nudges = rng.normal(size=(2000, *a.shape)) * rng.choice([1e-3, 0.1, 1], (2000, 1, 1))
    assert all(cost(found) <= cost(found + nudge) + 1e-12 for nudge in nudges)


def test_the_examples_of_the_sheet_are_right():
    given = np.array([1.75, 0.4, -3.25])
    assert np.allclose(RIGHT["elastic_net_prox"](given, 1, 0.5, 0.5), [1, 0.1, -2])
    given = np.array([[3, 0.3, 0], [4, 0.4, 0]])
    assert np.allclose(RIGHT["group_prox"](given, 2, 0.5), [[2.4, 0, 0], [3.2, 0, 0]])
    y, w = np.array([3.0, 1.0]), np.array([1.0, 0.0])
    assert np.allclose(RIGHT["proximal_step"](np.eye(2), y, w, 1.2, 0.5), [1.4, 0])
    w, slope, X = np.array([2.0, 1, 0, 0]), np.array([-0.8, 0.5, -0.4, -1.5]), 2 * np.eye(4)
    y = np.array([4.8, 1.5, 0.4, 1.5])
    assert np.allclose(_slope(X, y, w), slope)
    assert np.allclose(RIGHT["rest_gaps"](X, y, w, 1.0), [0.2, 1.5, 0, 0.5])


def test_the_path_of_the_sheet_ends_where_its_marks_say():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 6))
    y = 2 * X[:, 0] - X[:, 1] + rng.standard_normal(len(X)) / 2
    X, y = X - X.mean(axis=0), y - y.mean()
    silent = np.abs(2 / len(X) * X.T @ y).max()
    assert round(silent, 1) == 4.1
    w = np.zeros(6)
    for lam, left in ((1.001 * silent, []), (0.99 * silent, [0]), (1.2, [0, 1])):
        for _ in range(300):
            w = RIGHT["proximal_step"](X, y, w, lam, 0.1)
        assert np.flatnonzero(w).tolist() == left
        assert RIGHT["rest_gaps"](X, y, w, lam).max() < 1e-9
    w, seen = np.zeros(6), {}
    for lam in np.geomspace(8, 0.02, 40):
        for _ in range(300):
            w = RIGHT["proximal_step"](X, y, w, lam, 0.1)
        seen |= {i + 1: round(lam, 2) for i in np.flatnonzero(w) if i + 1 not in seen}
    assert seen == {1: 3.71, 2: 1.48, 3: 0.17, 6: 0.08, 5: 0.04, 4: 0.03}
    assert list(seen) == [1, 2, 3, 6, 5, 4]
