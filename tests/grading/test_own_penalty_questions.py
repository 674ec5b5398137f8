"""Assignment "own_penalty": right classes pass, each mistake gets its name."""

import numpy as np
import pytest

from nnreg import L1, GroupLasso, Orthogonal, check_gradient
from nnreg.grading.local import LocalAnswer
from nnreg.grading.properties import own_penalty
from nnreg.grading.questions import OPEN, examine, share

from .sheets import answers, problems

RIGHT = answers("own_penalty")
NAMES = ["SmoothL1", "HeavyTail", "RightAngles", "MyPenalty"]


def penalty(value, grad=None):
    """Return a class of a penalty from functions of w and its numbers."""

    class Penalty:
        def __init__(self, *numbers):
            self.numbers = numbers

        def value(self, w):
            return value(w, *self.numbers)

        def grad(self, w):
            return grad(w, *self.numbers)

    return Penalty


def like(name, value=None, grad=None):
    """Return the right class, of which one method is another."""

    def method(given, of):
        return given or (lambda w, *numbers: getattr(RIGHT[name](*numbers), of)(w))

    return penalty(method(value, "value"), method(grad, "grad"))


def _range_of_rows(w, lam):
    """Charge for the width of each row: it has kinks, and no mean."""
    return lam * np.sum(w.max(axis=1) - w.min(axis=1))


def _slope_of_range(w, lam):
    top = w == w.max(axis=1, keepdims=True)
    return lam * (1.0 * top - 1.0 * (w == w.min(axis=1, keepdims=True)))


ANOTHER = {
    "SmoothL1": penalty(
        lambda w, lam, eps: float(lam * (np.hypot(w, eps) - eps).sum()),
        lambda w, lam, eps: (lam * w / np.hypot(w, eps)).tolist(),
    ),
    "HeavyTail": penalty(
        lambda w, lam, scale: np.array(lam * np.log1p(w * w / scale / scale).sum()),
        lambda w, lam, scale: 2 * lam / scale * (w / scale) / (1 + (w / scale) ** 2),
    ),
    "RightAngles": penalty(
        lambda w, lam: Orthogonal(lam).value(w), lambda w, lam: Orthogonal(lam).grad(w)
    ),
    "MyPenalty": penalty(_range_of_rows, _slope_of_range),
}

FREE = {
    "group lasso": penalty(
        lambda w, lam: GroupLasso(lam).value(w), lambda w, lam: GroupLasso(lam).grad(w)
    ),
    "L1 of differences": penalty(
        lambda w, lam: lam * np.abs(np.diff(w, axis=0)).sum(),
        lambda w, lam: -lam * np.diff(np.sign(np.diff(w, axis=0)), axis=0, prepend=0, append=0),
    ),
    "near ±1": penalty(
        lambda w, lam: lam * np.sum((w**2 - 1) ** 2), lambda w, lam: 4 * lam * w * (w**2 - 1)
    ),
    "steep": penalty(
        lambda w, lam: lam * np.sum(np.exp(w) + np.exp(-w) - 2),
        lambda w, lam: lam * (np.exp(w) - np.exp(-w)),
    ),
    "L1 above a half": penalty(
        lambda w, lam: lam * np.maximum(np.abs(w) - 0.5, 0).sum(),
        lambda w, lam: lam * np.sign(w) * (np.abs(w) > 0.5),
    ),
    "orthogonal": RIGHT["RightAngles"],
    "one number": penalty(
        lambda w, lam: lam * w[0, 0] ** 4,
        lambda w, lam: 4 * lam * w**3 * (np.indices(w.shape).sum(0) == 0),
    ),
}


class _Remembers(RIGHT["SmoothL1"]):
    def value(self, w):
        self.roots = np.sqrt(w**2 + self.eps**2)
        return self.lam * np.sum(self.roots - self.eps)

    def grad(self, w):
        return self.lam * w / self.roots


class _RemembersFirst(RIGHT["SmoothL1"]):
    def grad(self, w):
        if not hasattr(self, "kept"):
            self.kept = super().grad(w)
        return self.kept


def _goes_by_the_other(first, then):
    """Return a SmoothL1 of which one method goes by what the other has kept."""

    class Kept(RIGHT["SmoothL1"]):
        kept = None

    def keeps(self, w):
        self.kept = w
        return getattr(RIGHT["SmoothL1"], first)(self, w)

    def goes_by(self, w):
        kept = w if self.kept is None else self.kept
        return getattr(RIGHT["SmoothL1"], then)(self, kept)

    setattr(Kept, first, keeps)
    setattr(Kept, then, goes_by)
    return Kept


class _InPlace(RIGHT["SmoothL1"]):
    def value(self, w):
        w **= 2
        return self.lam * np.sum(np.sqrt(w + self.eps**2) - self.eps)


class _OnlyValue:
    def __init__(self, *numbers):
        self.value = RIGHT["SmoothL1"](*numbers).value


def _roots(w, eps):
    return np.sqrt(w**2 + eps**2)


WRONG_SMOOTH = [
    (like("SmoothL1", lambda w, lam, eps: lam * (_roots(w, eps) - eps)), "its shape is"),
    (like("SmoothL1", lambda w, lam, eps: None), "nothing comes back"),
    (like("SmoothL1", None, lambda w, lam, eps: lam * w.sum()), "its shape is ()"),
    (_OnlyValue, "has no method grad"),
    (like("SmoothL1", lambda w, lam, eps: lam * _roots(w, eps).sum()), "a weight of 0 costs"),
    (like("SmoothL1", lambda w, lam, eps: lam * (_roots(w, eps).sum() - eps)), "ε comes off once"),
    (
        like("SmoothL1", lambda w, lam, eps: lam * np.sum(np.sqrt(w**2 + eps) - eps)),
        "ε is not squared",
    ),
    (
        like("SmoothL1", lambda w, lam, eps: lam * (np.sqrt(np.sum(w**2) + eps**2) - eps)),
        "the root is taken of the sum",
    ),
    (like("SmoothL1", lambda w, lam, eps: lam * np.abs(w).sum()), "whose corner is not rounded"),
    (like("SmoothL1", lambda w, lam, eps: (_roots(w, eps) - eps).sum()), "strength is missing"),
    (like("SmoothL1", lambda w, lam, eps: lam * (_roots(w, eps) - eps).mean()), "the mean is"),
    (like("SmoothL1", None, lambda w, lam, eps: lam * np.sign(w)), "it is the gradient of L1"),
    (
        like("SmoothL1", None, lambda w, lam, eps: lam / (2 * _roots(w, eps))),
        "the chain rule's inner factor is missing",
    ),
    (like("SmoothL1", None, lambda w, lam, eps: lam * w / 2 / _roots(w, eps)), "a ½ of the root"),
    (like("SmoothL1", None, lambda w, lam, eps: 2 * lam * w / _roots(w, eps)), "the ½ of the root"),
    (like("SmoothL1", None, lambda w, lam, eps: lam * w / (w**2 + eps**2)), "the root is missing"),
    (
        like("SmoothL1", None, lambda w, lam, eps: lam * w / np.sqrt(w**2 + eps)),
        "ε is not squared",
    ),
    (like("SmoothL1", None, lambda w, lam, eps: w / _roots(w, eps)), "the strength is missing"),
    (like("SmoothL1", None, lambda w, lam, eps: -lam * w / _roots(w, eps)), "it points downhill"),
    (
        like("SmoothL1", None, lambda w, lam, eps: 2 * lam * w / _roots(w, eps)),
        "beside the slopes of its value, every entry is 2 times",
    ),
    (_Remembers, "has no attribute 'roots'"),
    (_goes_by_the_other("value", "grad"), "what it is asked changes"),
    (_goes_by_the_other("grad", "value"), "what it is asked changes"),
    (_RemembersFirst, "what it is asked changes what it answers next"),
    (_InPlace, "it changes an array that it was given"),
]


def _tail_in_place(w, lam, scale):
    w /= scale
    return lam * np.log1p(w**2).sum()


def _tail_value(value):
    return like("HeavyTail", lambda w, lam, s: value(w, lam, s))


def _tail_grad(grad):
    return like("HeavyTail", None, lambda w, lam, s: grad(w, lam, s))


WRONG_TAILS = [
    (_tail_value(lambda w, lam, s: lam * np.log1p((w / s) ** 2)), "its shape is"),
    (_tail_grad(lambda w, lam, s: (lam * 2 * w / (s**2 + w**2)).sum()), "its shape is ()"),
    (_tail_value(lambda w, lam, s: lam * np.log((w / s) ** 2).sum()), "the 1 is missing"),
    (_tail_value(lambda w, lam, s: lam * np.log1p(w**2 / s).sum()), "the scale is not squared"),
    (_tail_value(lambda w, lam, s: lam * np.log1p(w**2).sum()), "the scale is not used"),
    (_tail_value(lambda w, lam, s: lam * np.log1p(abs(w) / s).sum()), "the ratio is not squared"),
    (_tail_value(lambda w, lam, s: np.log1p(lam * (w / s) ** 2).sum()), "inside the logarithm"),
    (_tail_value(lambda w, lam, s: lam * np.log1p(((w / s) ** 2).sum())), "taken of the sum"),
    (_tail_value(lambda w, lam, s: np.log1p((w / s) ** 2).sum()), "the strength is missing"),
    (_tail_value(lambda w, lam, s: lam * np.log1p((w / s) ** 2).mean()), "the mean is taken"),
    (_tail_value(lambda w, lam, s: lam * np.log10(1 + (w / s) ** 2).sum()), "another logarithm"),
    (_tail_value(lambda w, lam, s: lam * np.log(1 + (w / s) ** 2).sum()), "the rest is lost"),
    (_tail_grad(lambda w, lam, s: lam / (1 + (w / s) ** 2)), "inner factor is missing"),
    (_tail_grad(lambda w, lam, s: 2 * lam * w / (1 + (w / s) ** 2)), "inner factor lacks the"),
    (_tail_grad(lambda w, lam, s: lam * w / (s**2 + w**2)), "the slope of the square lacks"),
    (_tail_grad(lambda w, lam, s: 2 * lam * w / s**2), "it is that of L2"),
    (_tail_grad(lambda w, lam, s: 2 * lam * w / (1 + w**2)), "the scale is not used"),
    (_tail_grad(lambda w, lam, s: 2 * w / (s**2 + w**2)), "the strength is missing"),
    (_tail_grad(lambda w, lam, s: -2 * lam * w / (s**2 + w**2)), "it points downhill"),
    (_tail_grad(lambda w, lam, s: 2 * lam * w / (1 + w**2)), "beside the slopes of its value"),
    (_tail_value(_tail_in_place), "it changes an array that it was given"),
    (_tail_value(lambda w, lam, s, seen=[1]: seen.append(1) or len(seen)), "changes what it"),
]


def _gap(w):
    return w.T @ w - np.eye(w.shape[1])


def _angles(value=None, grad=None):
    return like("RightAngles", value, grad)


def _angles_in_place(w, lam):
    right = lam * np.sum(_gap(w) ** 2)
    w -= w.mean()
    return right


WRONG_ANGLES = [
    (_angles(lambda w, lam: lam * _gap(w) ** 2), "its shape is"),
    (_angles(None, lambda w, lam: 4 * lam * w.T @ w), "its shape is"),
    (_angles(lambda w, lam: lam * np.sum((w @ w.T - np.eye(len(w))) ** 2)), "the rows are asked"),
    (
        _angles(lambda w, lam: lam * np.sum((_gap(w) * (1 - np.eye(w.shape[1]))) ** 2)),
        "only the angles count, not the lengths",
    ),
    (_angles(lambda w, lam: lam * np.sum((w.T @ w) ** 2)), "the identity is missing"),
    (_angles(lambda w, lam: lam * np.sum((w**2 - 1) ** 2)), "such columns cost something"),
    (_angles(lambda w, lam: lam * np.sum((w.T @ w - 1) ** 2)), "a 1 is taken off everywhere"),
    (_angles(lambda w, lam: lam * np.linalg.norm(_gap(w))), "the distance is not squared"),
    (_angles(lambda w, lam: lam * _gap(w).sum()), "the entries are added up, and not their"),
    (_angles(lambda w, lam: lam * np.sum(_gap(w) @ _gap(w))), "the matrix is multiplied by"),
    (_angles(lambda w, lam: lam * np.mean(_gap(w) ** 2)), "the mean is taken, not the sum"),
    (_angles(lambda w, lam: lam / 2 * np.sum(_gap(w) ** 2)), "there is a ½ before the sum"),
    (_angles(lambda w, lam: np.sum(_gap(w) ** 2)), "the strength is missing"),
    (_angles(None, lambda w, lam: 2 * lam * w @ _gap(w)), "as if W stood there once"),
    (_angles(None, lambda w, lam: lam * w @ _gap(w)), "two factors are missing"),
    (_angles(None, lambda w, lam: 4 * lam * w @ w.T @ w), "the identity is missing"),
    (_angles(None, lambda w, lam: 4 * w @ _gap(w)), "the strength is missing"),
    (_angles(None, lambda w, lam: -4 * lam * w @ _gap(w)), "it points downhill"),
    (_angles(None, lambda w, lam: 2 * lam * w @ _gap(w)), "beside the slopes of its value"),
    (_angles(_angles_in_place), "it changes an array that it was given"),
    (_angles(lambda w, lam, seen=[1]: seen.append(1) or len(seen)), "changes what it answers"),
]


def _free_grad(change):
    right = RIGHT["MyPenalty"]
    return like("MyPenalty", None, lambda w, lam: change(w, right(lam).grad(w)))


def _differences_without_ends(w, lam):
    steps = np.diff(w, axis=0)
    return 2 * lam * np.pad(steps[:-1] - steps[1:], [(1, 1), (0, 0)])


def _free_in_place(w, lam):
    right = RIGHT["MyPenalty"](lam).value(w)
    w *= 0
    return right


WRONG_FREE = [
    (like("MyPenalty", lambda w, lam: lam * w.sum(axis=0) ** 2), "its shape is"),
    (like("MyPenalty", None, lambda w, lam: 2 * lam * w.sum(axis=0)), "its shape is"),
    (like("MyPenalty", lambda w, lam: [lam]), "its shape is (1,)"),
    (like("MyPenalty", lambda w, lam: np.sum(w.sum(axis=0) ** 2)), "the strength has no effect"),
    (like("MyPenalty", lambda w, lam: lam**2 * np.sum(w.sum(axis=0) ** 2)), "it grows faster"),
    (like("MyPenalty", lambda w, lam: -lam * np.sum(w**2)), "its value is negative"),
    (penalty(lambda w, lam: 0.0, lambda w, lam: 0 * w), "it costs nothing"),
    (penalty(lambda w, lam: 0.0, lambda w, lam: 0 * w), "its value does not change with w"),
    (penalty(lambda w, lam: lam * np.nan, lambda w, lam: 0 * w), "its value is not finite"),
    (
        penalty(lambda w, lam: L1(lam).value(w) + lam * np.sum(w**2), lambda w, lam: lam * w),
        "it is one: the sums of |w| and of w² tell its value",
    ),
    (penalty(lambda w, lam: lam * np.sum(w**2), lambda w, lam: 2 * lam * w), "it is one"),
    (_free_grad(lambda w, right: -right), "every entry has the wrong sign"),
    (_free_grad(lambda w, right: right / 2), "every entry is 0.5 times"),
    (_free_grad(lambda w, right: np.where(w < 0, 0, right)), "wrong only where w is negative"),
    (_free_grad(lambda w, right: np.where(w > 0, 0, right)), "wrong only where w is positive"),
    (_free_grad(lambda w, right: right + 0.0005 * np.abs(right).max()), "beside the slopes"),
    (
        penalty(lambda w, lam: lam * np.sum(np.diff(w, axis=0) ** 2), _differences_without_ends),
        "wrong only where a row is the first or the last",
    ),
    (
        penalty(
            lambda w, lam: lam * np.sum(np.diff(w.T, axis=0) ** 2),
            lambda w, lam: _differences_without_ends(w.T, lam).T,
        ),
        "a column is the first or the last",
    ),
    (_free_grad(lambda w, right: np.where(abs(w).max() > 4, 0, right)), "beside the slopes of"),
    (_free_grad(lambda w, right: np.where(abs(w).max() < 0.4, 0, right)), "beside the slopes of"),
    (
        like("MyPenalty", lambda w, lam, seen=[1]: lam * (seen.append(1) or len(seen))),
        "changes what it answers next",
    ),
    (like("MyPenalty", _free_in_place), "it changes an array that it was given"),
]

WRONG = dict(zip(NAMES, [WRONG_SMOOTH, WRONG_TAILS, WRONG_ANGLES, WRONG_FREE], strict=True))


@pytest.mark.parametrize("idea", FREE)
def test_any_idea_passes_whose_gradient_is_right(idea):
    for seed in range(5):
        assert not any(problems("MyPenalty", FREE[idea], seed).values())


@pytest.mark.parametrize(("kept", "lost"), [("value", "grad"), ("grad", "value")])
@pytest.mark.parametrize("name", NAMES[:3])
def test_a_method_that_is_not_written_keeps_the_points_of_the_other(name, kept, lost):
    half = type("Half", (RIGHT[name],), {lost: answers("own_penalty", stubs=True)[name].value})
    verdicts = examine(name, LocalAnswer(half))
    unfinished = [each for each in verdicts if each.problem]
    assert {each.problem for each in unfinished} == {OPEN}
    assert sum(each.expected for each in unfinished) == 1
    assert share(verdicts) > 0


def test_right_prices_of_tiny_weights_are_not_called_lost():
    right = like("HeavyTail", lambda w, lam, s: np.log1p((w / s) ** 2).sum())
    said = problems("HeavyTail", right)["does not lose the price of a tiny weight"]
    assert said == "the strength is missing"


def test_a_slope_of_zero_is_no_measure_for_a_percentage():
    def first_weight(w, lam):  # and a slope of 0, but for rounding, elsewhere
        return lam * (w[0, 0] ** 2 + np.sum(w + 0.1) - np.sum(w))

    wrong = penalty(first_weight, lambda w, lam: 0 * w + lam)
    said = problems("MyPenalty", wrong)["has a gradient that is the slope of its own value"]
    assert float(said.split(" by ")[1].removesuffix(" %")) < 1e4


def test_a_kink_beside_the_weights_takes_no_points():
    class NearAKink:
        def value(self, w):
            return np.abs(w - 1).sum()

        def grad(self, w):
            return np.sign(w - 1)

    near = np.array([[1 + 1e-6, 1.0], [0.5, 1 - 1e-6]])
    assert own_penalty.disagreement(NearAKink(), near) == ""
    NearAKink.grad = lambda self, w: 1.5 * np.sign(w - 1)
    assert own_penalty.disagreement(NearAKink(), near)


def test_the_examples_of_the_sheet_are_right():
    smooth, w = RIGHT["SmoothL1"](2, 3), np.array([4.0, 0.0])
    assert np.isclose(smooth.value(w), 4)
    assert np.allclose(smooth.grad(w), [1.6, 0])
    tail, w = RIGHT["HeavyTail"](1, 2), np.array([2.0, 20.0])
    assert np.isclose(tail.value(w), 0.693 + 4.615, atol=1e-3)
    assert np.allclose(tail.grad(w), [0.5, 0.099], atol=1e-4)
    angles, w = RIGHT["RightAngles"](1), np.array([[1.0, 1], [0, 1], [0, 0]])
    assert np.isclose(angles.value(w), 3)
    assert np.allclose(angles.grad(w)[0], [4, 8])
    for name, numbers in (("SmoothL1", (2, 3)), ("HeavyTail", (1, 2)), ("MyPenalty", (0.3,))):
        made = RIGHT[name](*numbers)
        check_gradient(made.value, made.grad(w + 0.1), w + 0.1)
