"""Assignment "dropout": right answers pass, each mistake gets its name."""

import itertools

import numpy as np

import nnreg
from nnreg.grading.properties import dropout
from nnreg.grading.questions import QUESTIONS

from .sheets import answers

NAMES = [
    "dropout_forward",
    "dropout_backward",
    "thinned_network_backward",
    "sum_moments",
    "averaged_loss",
]
RIGHT = answers("dropout")
NOT_REUSED = "the mask of the forward pass is not reused"


def _forward_by_where(x, p, rng, training):
    if not training:
        return [x.copy(), np.ones(x.shape, np.float32)]
    dropped = rng.uniform(size=x.shape) < p
    mask = np.where(dropped, 0, np.float32(1 / (1 - p)))
    return [np.where(dropped, 0, x * mask), mask]


def _backward_by_indices(dy, mask):
    dx = np.zeros(dy.shape)
    dx[mask > 0] = (mask * dy)[mask > 0]
    return dx.astype(np.float32)


def _network_by_einsum(x, W, V, mask, dz):
    y = mask * (x @ W) * (x @ W > 0)
    dW = np.einsum("nd,nc,kc,nk->dk", x, dz, V, mask * (y != 0))
    return [dW, np.einsum("nk,nc->kc", y, dz)]


def _moments_by_masks(x, w, p):
    means, squares = np.zeros((2, len(x)))
    for keep in itertools.product([0, 1], repeat=len(w)):
        mask = np.array(keep) / (1 - p)
        chance = np.prod(np.where(keep, 1 - p, p))
        means += chance * (mask * x) @ w
        squares += chance * ((mask * x) @ w) ** 2
    return [means, squares - means**2]


def _averaged_by_rows(H, t, v, p):
    loss, dv, dH = 0.0, np.zeros(v.shape), np.zeros(H.shape)
    for i, (row, target) in enumerate(zip(H, t, strict=True)):
        error, spread = row @ v - target, p / (1 - p) * (row * v) ** 2
        loss += (error**2 + spread.sum()) / len(t)
        dv += 2 * (error * row + spread / v) / len(t)
        dH[i] = 2 * (error * v + spread / row) / len(t)
    return np.float64(loss), dv, dH


ANOTHER = dict(
    zip(
        NAMES,
        [
            _forward_by_where,
            _backward_by_indices,
            _network_by_einsum,
            _moments_by_masks,
            _averaged_by_rows,
        ],
        strict=True,
    )
)


def _training(mask_of, y_of=lambda x, mask, p: mask * x):
    """Return a layer that goes wrong in training alone."""

    def forward(x, p, rng, training):
        if not training:
            return RIGHT["dropout_forward"](x, p, rng, training)
        mask = mask_of(rng.random(x.shape) >= p, p)
        return y_of(x, mask, p), mask

    return forward


def _evaluation(y_of, mask_of=lambda x, p: np.ones(x.shape)):
    """Return a layer that goes wrong in evaluation alone."""

    def forward(x, p, rng, training):
        if training:
            return RIGHT["dropout_forward"](x, p, rng, training)
        return y_of(x, p), mask_of(x, p)

    return forward


def _drawing_from(generator_of):
    """Return a layer with a generator of its own."""

    def forward(x, p, rng, training):
        return RIGHT["dropout_forward"](x, p, generator_of(), training)

    return forward


def _one_mask_for_all_rows(x, p, rng, training):
    mask = (rng.random(x.shape[1:]) >= p) / (1 - p)
    return (mask * x, mask + 0 * x) if training else (x, np.ones(x.shape))


def _drawing_in_vain(x, p, rng, training):
    y, mask = RIGHT["dropout_forward"](x, p, rng, True)
    return (y, mask) if training else (x, np.ones(x.shape))


def _erasing(x, p, rng, training):
    y, mask = RIGHT["dropout_forward"](x, p, rng, training)
    x[mask == 0] = 0
    return y, mask


def _like_x(x, mask, p):
    y = np.zeros_like(x)
    y[...] = mask * x
    return y


def _scaled(kept, p):
    return kept / (1 - p)


WRONG_FORWARDS = [
    (lambda *a: RIGHT["dropout_forward"](*a)[0], "should return 2 results"),
    (lambda *a: tuple(r[0] for r in RIGHT["dropout_forward"](*a)), "its shape is"),
    (_training(lambda kept, p: np.ones(kept.shape)), "nothing is dropped"),
    (_drawing_from(np.random.default_rng), "two calls differ"),
    (_drawing_from(lambda: np.random.default_rng(0)), "every generator gives the same mask"),
    (_one_mask_for_all_rows, "all rows share one mask"),
    (_training(lambda kept, p: _scaled(~kept, p)), "what should go stays"),
    (_training(lambda kept, p: 0.0 * kept), "nothing survives"),
    (_training(lambda kept, p: kept), "the survivors are not scaled"),
    (_training(lambda kept, p: kept * (1 - p)), "the survivors become smaller"),
    (_training(lambda kept, p: kept / p), "takes p for the probability to keep"),
    (_training(lambda kept, p: kept / (1 - p) ** 2), "the survivors are scaled twice"),
    (
        _training(lambda kept, p: 1 * kept, lambda x, mask, p: mask * x / (1 - p)),
        "y has a scale that the mask for the way back lacks",
    ),
    (
        _training(_scaled, lambda x, mask, p: mask * x * (1 - p)),
        "the mask for the way back has a scale that y lacks",
    ),
    (lambda *a: RIGHT["dropout_forward"](*a)[::-1], "in the wrong order"),
    (_training(_scaled, lambda x, mask, p: x), "y is x, without the mask"),
    (
        _training(_scaled, lambda x, mask, p: mask**2 * x),
        "y has a scale that the mask for the way back lacks",
    ),
    (_training(_scaled, _like_x), "y is rounded to whole numbers"),
    (lambda x, p, rng, training: RIGHT["dropout_forward"](x, p, rng, True), "in evaluation, too"),
    (_evaluation(lambda x, p: (1 - p) * x), "y is scaled down in evaluation"),
    (_evaluation(lambda x, p: x / (1 - p)), "y is scaled up in evaluation"),
    (_evaluation(lambda x, p: x, lambda x, p: 0 * x + 2), "of the mask in evaluation"),
    (_drawing_in_vain, "rng has moved on"),
    (_erasing, "it changes x"),
]


def _own_mask(dy, mask):
    return dy * dropout.draw_mask(np.random.default_rng(), *dy.shape)


def _divided(dy, mask):
    with np.errstate(all="ignore"):
        return dy / mask


def _rounding(dy, mask):
    dx = np.zeros_like(dy)
    dx[...] = dy * mask
    return dx


def _in_place(dy, mask):
    mask *= dy
    return mask


def _by_mean(dy, mask):
    with np.errstate(invalid="ignore"):
        return dy * mask / np.mean(mask > 0) / mask.max()


WRONG_BACKWARDS = [
    (lambda dy, mask: (dy * mask).sum(axis=0), "its shape is"),
    (lambda dy, mask: None, "nothing comes back"),
    (_own_mask, NOT_REUSED),
    (lambda dy, mask: dy, NOT_REUSED),
    (_divided, "it is divided by the mask, which is 0"),
    (lambda dy, mask: dy * mask.max(), NOT_REUSED),
    (lambda dy, mask: dy * (mask > 0), "the survivors are not scaled"),
    (lambda dy, mask: dy * mask**2, "the survivors are scaled twice"),
    (lambda dy, mask: dy * (mask > 0) / max(mask.max(), 1), "it is divided by the scale"),
    (lambda dy, mask: dy * mask.max() if mask.all() else dy * mask + 1, NOT_REUSED),
    (lambda dy, mask: np.where(mask == 1, 2 * dy, dy * mask), "every entry is 2 times"),
    (_by_mean, "off"),
    (_rounding, "it is rounded to whole numbers"),
    (_in_place, "it changes an array that it was given"),
]


def _network(
    heard=lambda mask, h, z: mask * h,
    back=lambda mask, on: mask * on,
    batch=lambda a, b: a.T @ b,
):
    """Return a way back in which one thing may be wrong."""

    def backward(x, W, V, mask, dz):
        z = x @ W
        dV = batch(heard(mask, np.maximum(z, 0), z), dz)
        return batch(x, dz @ V.T * back(mask, z > 0)), dV

    return backward


def _of_another_shape(*given):
    dW, dV = RIGHT["thinned_network_backward"](*given)
    return dW.T, dV


def _passing_at_zero(x, W, V, mask, dz):
    z = x @ W
    return x.T @ (dz @ V.T * mask * (z >= 0)), (mask * np.maximum(z, 0)).T @ dz


def _network_in_place(x, W, V, mask, dz):
    right = RIGHT["thinned_network_backward"](x, W, V, mask, dz)
    dz /= len(x)
    return right


WRONG_NETWORKS = [
    (lambda *a: RIGHT["thinned_network_backward"](*a)[0], "should return 2 results"),
    (
        lambda *a: RIGHT["thinned_network_backward"](*a)[::-1],
        "the two results are in the wrong order",
    ),
    (_of_another_shape, "of W: its shape is"),
    (_passing_at_zero, "a ReLU's slope at 0 should be 0"),
    (_network(heard=lambda mask, h, z: h), "V has heard the hidden units through the mask"),
    (_network(heard=lambda mask, h, z: (mask > 0) * h), "the survivors are not scaled"),
    (_network(heard=lambda mask, h, z: mask * z), "V has heard the hidden units through their"),
    (_network(back=lambda mask, on: on), NOT_REUSED),
    (_network(back=lambda mask, on: on * _own_mask(mask * 0 + 1, mask)), NOT_REUSED),
    (_network(back=lambda mask, on: on * (mask > 0)), "the survivors are not scaled"),
    (_network(back=lambda mask, on: on * mask**2), "the way back goes through the mask twice"),
    (_network(back=lambda mask, on: mask), "the gradient passes where a ReLU is off"),
    (_network(back=lambda mask, on: 1), "where a ReLU is off, and unmasked"),
    (_network(batch=lambda a, b: a.T @ b / len(a)), "the gradient is averaged over the batch"),
    (
        _network(batch=lambda a, b: a[:, :, None] * b[:, None]),
        "the gradient is not summed over the batch",
    ),
    (_network_in_place, "it changes an array that it was given"),
]


def _moments(mean=lambda x, w, p: x @ w, variance=lambda x, w, p: p / (1 - p) * x**2 @ w**2):
    return lambda x, w, p: (mean(x, w, p), variance(x, w, p))


def _moments_in_place(x, w, p):
    right = RIGHT["sum_moments"](x, w, p)
    x *= w
    return right


def _odds(p):
    return p / (1 - p)


WRONG_MOMENTS = [
    (lambda x, w, p: x @ w, "should return 2 results"),
    (_moments(lambda x, w, p: (x @ w).mean()), "its shape is ()"),
    (_moments(lambda x, w, p: (1 - p) * x @ w), "the mean for masks without a scale"),
    (_moments(lambda x, w, p: x @ w / (1 - p)), "the scale is there, and the dropped are not"),
    (_moments(lambda x, w, p: x @ w / len(w)), "it is a mean over the inputs"),
    (_moments(lambda x, w, p: x @ np.abs(w)), "off"),
    (
        _moments(variance=lambda x, w, p: p * (1 - p) * x**2 @ w**2),
        "the variance for masks without a scale",
    ),
    (_moments(variance=lambda x, w, p: (_odds(p) * x**2 @ w**2) ** 0.5), "a standard deviation"),
    (_moments(variance=lambda x, w, p: _odds(p) * (x @ w) ** 2), "the sum is squared"),
    (_moments(variance=lambda x, w, p: _odds(p) * x**2 @ w), "the weights are not squared"),
    (_moments(variance=lambda x, w, p: _odds(p) * x @ w**2), "the inputs are not squared"),
    (_moments(variance=lambda x, w, p: x**2 @ w**2), "p is missing"),
    (_moments(variance=lambda x, w, p: x**2 @ w**2 / (1 - p)), "the square of the mean is not"),
    (
        _moments(variance=lambda x, w, p: (1 - p) / max(p, 0.1) * x**2 @ w**2),
        "what stays and what goes have changed places",
    ),
    (_moments_in_place, "it changes an array that it was given"),
]


def _averaged(strength=lambda p, n: p / (1 - p), total=1.0):
    """Return an average with another penalty, or in another unit."""

    def averaged(H, t, v, p):
        n, error, s = len(t), H @ v - t, strength(p, len(t))
        factor = n if total == "n" else total
        charged = s * np.mean(H**2, axis=0)
        loss = np.mean(error**2) + charged @ v**2
        dv = 2 / n * H.T @ error + 2 * charged * v
        dH = 2 / n * (np.outer(error, v) + s * H * v**2)
        return factor * loss, factor * dv, factor * dH

    return averaged


def _averaged_in_place(H, t, v, p):
    right = RIGHT["averaged_loss"](H, t, v, p)
    H *= v
    return right


WRONG_AVERAGES = [
    (lambda *a: RIGHT["averaged_loss"](*a)[:2], "should return 3 results"),
    (lambda *a: [*RIGHT["averaged_loss"](*a)[:2], a[0].sum()], "of H: its shape is ()"),
    (_averaged(lambda p, n: 0), "the variance of the masks is left out"),
    (_averaged(lambda p, n: p * (1 - p)), "the average for masks without a scale"),
    (_averaged(lambda p, n: 1 / (1 - p)), "the square of the mean is not taken off"),
    (_averaged(lambda p, n: (1 - p) / max(p, 0.1)), "what stays and what goes have changed"),
    (_averaged(lambda p, n: n * p / (1 - p)), "the penalty is added up over the rows"),
    (_averaged(total="n"), "the rows are added up, and should be averaged"),
    (_averaged(total=0.5), "every entry is 0.5 times"),
    (_averaged_in_place, "it changes an array that it was given"),
]

WRONG = dict(
    zip(
        NAMES,
        [WRONG_FORWARDS, WRONG_BACKWARDS, WRONG_NETWORKS, WRONG_MOMENTS, WRONG_AVERAGES],
        strict=True,
    )
)


def test_a_mask_that_is_missing_in_evaluation_is_named_when_it_is_graded():
    without_mask = _evaluation(lambda x, p: x, lambda x, p: None)
    (silent,) = (p for p in QUESTIONS["dropout_forward"].properties if "nothing in ev" in p.name)
    problem = silent.fails(without_mask, np.random.default_rng(0))
    assert problem.startswith("there is no mask in evaluation")


def test_the_package_drops_the_same_entries_and_sends_the_same_back():
    x, dy = np.random.default_rng(1).normal(size=(2, 5, 4))
    y, mask = RIGHT["dropout_forward"](x, 0.3, np.random.default_rng(2), True)
    by_package, cache = nnreg.dropout_forward(x, 0.3, np.random.default_rng(2))
    assert np.array_equal(y, by_package)
    dx = RIGHT["dropout_backward"](dy, mask)
    assert np.array_equal(dx, nnreg.dropout_backward(dy, cache))


def test_the_gradients_of_the_sheet_agree_with_central_differences():
    rng = np.random.default_rng(3)
    x, W, V, dz = (rng.normal(size=shape) for shape in ((5, 3), (3, 4), (4, 2), (5, 2)))
    mask = dropout.draw_mask(rng, 5, 4)
    dW, dV = RIGHT["thinned_network_backward"](x, W, V, mask, dz)

    def z(W, V):
        return mask * np.maximum(x @ W, 0) @ V

    nnreg.check_gradient(lambda W: z(W, V), dW, W, dy=dz)
    nnreg.check_gradient(lambda V: z(W, V), dV, V, dy=dz)
    H, t, v = x, rng.normal(size=5), rng.normal(size=3)
    averaged = RIGHT["averaged_loss"]
    _, dv, dH = averaged(H, t, v, 0.3)
    nnreg.check_gradient(lambda v: averaged(H, t, v, 0.3)[0], dv, v)
    nnreg.check_gradient(lambda H: averaged(H, t, v, 0.3)[0], dH, H)


def test_the_examples_of_the_sheet_are_right():
    rng, x = np.random.default_rng(12), np.array([4.0, 8, 12, 16])
    assert np.allclose(np.random.default_rng(12).random(4), [0.251, 0.947, 0.189, 0.179], atol=5e-4)
    y, mask = RIGHT["dropout_forward"](x, 0.2, rng, True)
    assert np.allclose([y, mask], [[5, 10, 0, 0], [1.25, 1.25, 0, 0]])
    dx = RIGHT["dropout_backward"](np.array([4.0, -8, 3, 5]), mask)
    assert np.allclose(dx, [5, -10, 0, 0])
    x, W = np.array([[1.0, 2]]), np.array([[1.0, -1, 2], [1, 0, 1]])
    arrays = x, W, np.array([[1.0], [2], [3]]), np.array([[2.0, 2, 0]]), np.array([[0.5]])
    dW, dV = RIGHT["thinned_network_backward"](*arrays)
    assert np.allclose(dW, [[1, 0, 0], [2, 0, 0]])
    assert np.allclose(dV[:, 0], [3, 0, 0])
    moments = RIGHT["sum_moments"](x, np.array([3.0, -1]), 0.5)
    assert np.allclose(moments, [[1], [13]])
    H, t, v = np.array([[1.0, 1], [2, 0]]), np.array([3.0, 0]), np.array([1.0, 2])
    loss, dv, dH = RIGHT["averaged_loss"](H, t, v, 0.5)
    assert np.isclose(loss, 6.5)
    assert np.allclose(dv, [9, 2])
    assert np.allclose(dH, [[1, 4], [4, 4]])
