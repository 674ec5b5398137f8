"""Assignment "layernorm": right answers pass, each mistake gets its name."""

import numpy as np

import nnreg

from .sheets import answers

NAMES = [
    "layernorm_forward",
    "gamma_beta_gradients",
    "layernorm_backward",
    "rmsnorm_backward",
    "weight_gradient_below",
]
RIGHT = answers("layernorm")
NOT_SUMMED = "the gradient is not summed over the batch"
IN_PLACE = "it changes an array that it was given"


def _forward_by_rows(x, gamma, beta, eps):
    rows = x.reshape(-1, x.shape[-1])
    means = np.array([sum(row) / len(row) for row in rows])
    c = np.array([(np.var(row) + eps) ** -0.5 for row in rows])
    x_hat = ((rows.T - means) * c).T
    y = x_hat @ np.diag(gamma) + beta
    return [y.reshape(x.shape), x_hat.reshape(x.shape), c.reshape(*x.shape[:-1], 1)]


def _parameters_by_einsum(dy, x_hat):
    dy, x_hat = (rows.reshape(-1, rows.shape[-1]) for rows in (dy, x_hat))
    return [np.einsum("ri,ri->i", dy, x_hat), np.ones(len(dy)) @ dy]


def _backward_by_jacobians(dy, x_hat, c, gamma):
    d, dx = dy.shape[-1], np.zeros(dy.shape)
    for at in np.ndindex(dy.shape[:-1]):
        outer = np.outer(x_hat[at], x_hat[at])
        dx[at] = c[at] * (np.eye(d) - 1 / d - outer / d) @ (gamma * dy[at])
    return dx


def _rms_by_package(dy, x, gamma, eps):
    return list(nnreg.rmsnorm_backward(dy, nnreg.rmsnorm_forward(x, gamma, eps)[1]))


def _below_by_package(dy, X, W, gamma, eps):
    cache = nnreg.layernorm_forward(X @ W, gamma, None, eps)[1]
    return np.einsum("nd,nk->dk", X, nnreg.layernorm_backward(dy, cache)[0])


ANOTHER = dict(
    zip(
        NAMES,
        [
            _forward_by_rows,
            _parameters_by_einsum,
            _backward_by_jacobians,
            _rms_by_package,
            _below_by_package,
        ],
        strict=True,
    )
)


def _variance(x, mean):
    return np.mean((x - mean) ** 2, axis=-1, keepdims=True)


def _forward(
    axis=-1,
    c=lambda variance, eps, x: (variance + eps) ** -0.5,
    variance=_variance,
    y=lambda x_hat, gamma, beta: gamma * x_hat + beta,
    returned=lambda y, x_hat, c, v: (y, x_hat, c),
):
    """Return a forward pass in which one thing may be wrong."""

    def forward(x, gamma, beta, eps):
        with np.errstate(all="ignore"):
            if axis != -1:
                mean, v = (f(axis=axis, keepdims=True) for f in (x.mean, x.var))
            else:
                mean = x.mean(axis=-1, keepdims=True)
                v = variance(x, mean)
            factor = c(v, eps, x)
            x_hat = factor * (x - mean)
            return returned(y(x_hat, gamma, beta), x_hat, factor, v)

    return forward


def _uncentred(x, gamma, beta, eps):
    c = 1 / np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    return gamma * c * x + beta, c * x, c


def _centring_in_place(x, gamma, beta, eps):
    x -= x.mean(axis=-1, keepdims=True)
    return RIGHT["layernorm_forward"](x, gamma, beta, eps)


def _no_constant_rows(x, gamma, beta, eps):
    y, x_hat, c = RIGHT["layernorm_forward"](x, gamma, beta, eps)
    return np.where(x_hat == 0, 0, y), x_hat, c


WRONG_FORWARDS = [
    (lambda *a: RIGHT["layernorm_forward"](*a)[0], "should return 3 results"),
    (_forward(returned=lambda y, h, c, v: (y, h, c[..., 0])), "of c: its shape is"),
    (_forward(returned=lambda y, h, c, v: (y[0], h, c)), "its shape is"),
    (_uncentred, "the mean is not taken off"),
    (_forward(axis=0), "the mean is taken over the batch, not over the features"),
    (_forward(axis=(0, 1)), "and over both of its axes"),
    (_forward(axis=1), "the mean is taken along axis 1, which is not the last one"),
    (
        lambda x, *a: _forward(axis=tuple(range(1, x.ndim)))(x, *a),
        "a whole example has one mean",
    ),
    (
        lambda x, *a: _forward(axis=tuple(range(x.ndim)))(x, *a),
        "the whole array has one mean",
    ),
    (_forward(c=lambda v, eps, x: 1 / (np.sqrt(v) + eps)), "eps stands outside of the root"),
    (_forward(c=lambda v, eps, x: 1 / np.sqrt(v)), "eps is missing"),
    (_forward(c=lambda v, eps, x: 1 / np.sqrt(v)), "0 is divided by 0 in that row"),
    (_forward(c=lambda v, eps, x: (v + eps**2) ** -0.5), "eps is squared"),
    (_forward(c=lambda v, eps, x: 1 / (v + eps)), "the root is missing"),
    (
        _forward(variance=lambda x, mean: x.var(axis=-1, ddof=1, keepdims=True)),
        "the variance is divided by one less",
    ),
    (
        _forward(variance=lambda x, mean: x.shape[-1] * _variance(x, mean)),
        "the variance is a sum, not a mean",
    ),
    (
        _forward(variance=lambda x, mean: _variance(x, 0)),
        "x is not centred for the variance",
    ),
    (
        _forward(variance=lambda x, mean: abs(_variance(x, 0) - mean**2)),
        "digits are lost: how is the variance made?",
    ),
    (_forward(returned=lambda y, h, c, v: (y, y, c)), "gamma and beta are in x_hat already"),
    (_forward(returned=lambda y, h, c, v: (y, h, 1 / c)), "what a row is divided by"),
    (_forward(returned=lambda y, h, c, v: (y, h, v)), "it is the variance"),
    (_forward(y=lambda h, gamma, beta: h), "gamma and beta are missing"),
    (_forward(y=lambda h, gamma, beta: h + beta), "gamma is missing"),
    (_forward(y=lambda h, gamma, beta: gamma * h), "beta is missing"),
    (_forward(y=lambda h, gamma, beta: gamma * h - beta), "beta is taken off"),
    (_forward(y=lambda h, gamma, beta: beta * h + gamma), "gamma and beta have changed places"),
    (_forward(y=lambda h, gamma, beta: gamma * (h + beta)), "the shift comes before the scale"),
    (_no_constant_rows, "that row is 0"),
    (_centring_in_place, IN_PLACE),
]


def _parameters(total, dgamma=lambda dy, x_hat: dy * x_hat, dbeta=lambda dy, x_hat: dy):
    return lambda dy, x_hat: (total(dgamma(dy, x_hat)), total(dbeta(dy, x_hat)))


def _over_rows(each):
    return each.sum(axis=tuple(range(each.ndim - 1)))


def _parameters_in_place(dy, x_hat):
    right = RIGHT["gamma_beta_gradients"](dy, x_hat)
    dy *= x_hat
    return right


WRONG_PARAMETERS = [
    (lambda *a: RIGHT["gamma_beta_gradients"](*a)[0], "should return 2 results"),
    (_parameters(lambda each: each), "of gamma: its shape is"),
    (_parameters(lambda each: each), NOT_SUMMED),
    (
        _parameters(lambda each: each.mean(axis=tuple(range(each.ndim - 1)))),
        "the gradient is averaged over the batch, and should be summed",
    ),
    (
        _parameters(lambda each: each.sum(axis=0)),
        "the gradient is summed over the first axis alone",
    ),
    (
        _parameters(lambda each: each.sum(axis=-1)),
        "the gradient is summed along the rows, not over them",
    ),
    (_parameters(_over_rows, dgamma=lambda dy, x_hat: dy), "x_hat is missing"),
    (_parameters(_over_rows, dgamma=lambda dy, x_hat: x_hat), "off"),
    (_parameters(_over_rows, dbeta=lambda dy, x_hat: dy * x_hat), "beta does not multiply x_hat"),
    (_parameters(_over_rows, dbeta=lambda dy, x_hat: 0 * dy), "off"),
    (lambda *a: RIGHT["gamma_beta_gradients"](*a)[::-1], "the two results are in the wrong order"),
    (_parameters_in_place, IN_PLACE),
]


def _mean(rows, axis=-1):
    return rows.mean(axis=axis, keepdims=True)


def _wrong_ways(through, width="variance"):
    """Return what goes wrong on a way back, each in an answer that goes `through` it."""

    def way(of_means=lambda dy, h: None, factor=lambda c: c, before=1, after=0):
        def home(dy, h, c, gamma, centre):
            scales = {0: 1, 1: gamma}
            d_hat = scales[before] * dy
            return scales[after] * factor(c) * (d_hat - of_means(d_hat, h, centre))

        return through(home)

    def both(d_hat, h, centre):
        return centre * _mean(d_hat) + _mean(d_hat * h) * h

    def not_added_up(d_hat, h, centre):
        return centre * _mean(d_hat) + d_hat * h * h / h.shape[-1]

    def added_up(d_hat, h, centre):
        return centre * _mean(d_hat) + (d_hat * h).sum(axis=-1, keepdims=True) * h

    def turned(d_hat, h, centre):
        return centre * _mean(d_hat) - _mean(d_hat * h) * h

    def part_of_the_factor(dy, h, c, gamma, centre):
        d_hat = gamma * dy
        return c * (d_hat - centre * _mean(d_hat)) - _mean(d_hat * h) * h

    return [
        (way(lambda g, h, centre: centre * _mean(g)), f"road through the {width} is missing"),
        (way(turned), f"the road through the {width} has the wrong sign"),
        (through(part_of_the_factor), "the factor of the row multiplies a part alone"),
        (way(both, factor=lambda c: 1), "the factor of each row is missing"),
        (way(both, before=0), "gamma is missing"),
        (way(both, before=0, after=1), "gamma comes after the means"),
        (way(not_added_up), f"what comes back to the {width} is not added up along the row"),
        (way(added_up), f"the {width}'s share is added up, and should be averaged"),
        (way(lambda g, h, centre: 0), "as if its mean and width did not move"),
        (way(both, factor=lambda c: 1 / c), "it is divided by the factor of the row"),
    ]


def _through_layernorm(home):
    return lambda dy, x_hat, c, gamma: home(dy, x_hat, c, gamma, 1)


def _no_mean_road(dy, x_hat, c, gamma):
    d_hat = gamma * dy
    return c * (d_hat - _mean(d_hat * x_hat) * x_hat)


def _all_added_up(dy, x_hat, c, gamma):
    d_hat = gamma * dy
    d = d_hat.shape[-1]
    return c * (d_hat - d * _mean(d_hat) - d * _mean(d_hat * x_hat) * x_hat)


def _over_the_batch(dy, x_hat, c, gamma):
    d_hat = gamma * dy
    return c * (d_hat - _mean(d_hat, 0) - _mean(d_hat * x_hat, 0) * x_hat)


def _factor_from_x_hat(dy, x_hat, c, gamma):
    right = RIGHT["layernorm_backward"](dy, x_hat, c, gamma)
    return np.where(np.any(x_hat, axis=-1, keepdims=True), right, 0)


def _backward_in_place(dy, x_hat, c, gamma):
    right = RIGHT["layernorm_backward"](dy, x_hat, c, gamma)
    dy *= gamma
    return right


WRONG_BACKWARDS = [
    (lambda *a: RIGHT["layernorm_backward"](*a).sum(axis=-1), "its shape is"),
    (lambda *a: None, "nothing comes back"),
    *_wrong_ways(_through_layernorm),
    (_no_mean_road, "the road through the mean is missing"),
    (_all_added_up, "what comes back is added up along the row, and should be averaged"),
    (_over_the_batch, "the means run over the batch, not along the row"),
    (_factor_from_x_hat, "wrong only where a row is constant"),
    (_backward_in_place, IN_PLACE),
]


def _rms_forward(x, eps):
    c = (_mean(x**2) + eps) ** -0.5
    return c * x, c


def _through_rmsnorm(home):
    def backward(dy, x, gamma, eps):
        x_hat, c = _rms_forward(x, eps)
        return home(dy, x_hat, c, gamma, 0), _over_rows(dy * x_hat)

    return backward


def _rms_dgamma(dgamma):
    def backward(dy, x, gamma, eps):
        dx, _ = RIGHT["rmsnorm_backward"](dy, x, gamma, eps)
        return dx, dgamma(dy, x, _rms_forward(x, eps)[0])

    return backward


def _as_layernorm(dy, x, gamma, eps):
    _, x_hat, c = RIGHT["layernorm_forward"](x, gamma, 0, eps)
    return RIGHT["layernorm_backward"](dy, x_hat, c, gamma), _over_rows(dy * x_hat)


def _with_a_mean_road(dy, x, gamma, eps):
    x_hat, c = _rms_forward(x, eps)
    return RIGHT["layernorm_backward"](dy, x_hat, c, gamma), _over_rows(dy * x_hat)


def _with_raw_x(dy, x, gamma, eps):
    x_hat, c = _rms_forward(x, eps)
    d_hat = gamma * dy
    return c * (d_hat - _mean(d_hat * x) * x), _over_rows(dy * x_hat)


def _rms_of_its_own(dy, x, gamma, eps):
    with np.errstate(all="ignore"):
        return RIGHT["rmsnorm_backward"](dy, x, gamma, 0.0)


def _rms_in_place(dy, x, gamma, eps):
    right = RIGHT["rmsnorm_backward"](dy, x, gamma, eps)
    x *= 2
    return right


WRONG_RMS = [
    (lambda *a: RIGHT["rmsnorm_backward"](*a)[0], "should return 2 results"),
    (lambda *a: [0.0, RIGHT["rmsnorm_backward"](*a)[1]], "its shape is ()"),
    (_rms_dgamma(lambda dy, x, x_hat: dy * x_hat), NOT_SUMMED),
    (_rms_dgamma(lambda dy, x, x_hat: (dy * x_hat).sum(axis=0)), "over the first axis alone"),
    (_rms_dgamma(lambda dy, x, x_hat: (dy * x_hat).sum(axis=-1)), "along the rows, not over"),
    (
        _rms_dgamma(lambda dy, x, x_hat: (dy * x_hat).mean(axis=tuple(range(dy.ndim - 1)))),
        "the gradient is averaged over the batch",
    ),
    (_rms_dgamma(lambda dy, x, x_hat: _over_rows(dy)), "x_hat is missing"),
    (_rms_dgamma(lambda dy, x, x_hat: _over_rows(dy * x)), "x stands in the place of x_hat"),
    *[
        row
        for row in _wrong_ways(_through_rmsnorm, "mean square")
        if "mean and width" not in row[1]
    ],
    (_as_layernorm, "the mean is taken off x, which RMSNorm leaves alone"),
    (_with_raw_x, "x stands in the place of x_hat"),
    (_with_a_mean_road, "there is a road through the mean, which RMSNorm lacks"),
    (_rms_of_its_own, "0 is divided by 0 in that row"),
    (_rms_in_place, IN_PLACE),
]


def _through_weights(home, batch=lambda a, b: a.T @ b):
    def gradient(dy, X, W, gamma, eps):
        _, x_hat, c = RIGHT["layernorm_forward"](X @ W, gamma, 0, eps)
        return batch(X, home(dy, x_hat, c, gamma, 1))

    return gradient


def _home(dy, x_hat, c, gamma, centre):
    return RIGHT["layernorm_backward"](dy, x_hat, c, gamma)


def _below_in_place(dy, X, W, gamma, eps):
    right = RIGHT["weight_gradient_below"](dy, X, W, gamma, eps)
    W -= right
    return right


WRONG_BELOW = [
    (lambda *a: RIGHT["weight_gradient_below"](*a).T, "its shape is"),
    (lambda *a: None, "nothing comes back"),
    (_through_weights(lambda dy, h, c, gamma, centre: gamma * dy), "does not pass the norm"),
    (
        _through_weights(lambda dy, h, c, gamma, centre: _no_mean_road(dy, h, c, gamma)),
        "the road through the mean is missing",
    ),
    *_wrong_ways(_through_weights),
    (
        _through_weights(_home, lambda a, b: a.T @ b / len(a)),
        "the gradient is averaged over the batch, and should be summed",
    ),
    (_through_weights(_home, lambda a, b: a[:, :, None] * b[:, None]), NOT_SUMMED),
    (lambda *a: RIGHT["weight_gradient_below"](*a) + a[2], "a step would make W longer"),
    (_below_in_place, IN_PLACE),
]

WRONG = dict(
    zip(
        NAMES,
        [WRONG_FORWARDS, WRONG_PARAMETERS, WRONG_BACKWARDS, WRONG_RMS, WRONG_BELOW],
        strict=True,
    )
)


def test_the_package_agrees_with_the_sheet():
    rng = np.random.default_rng(1)
    x, dy = rng.normal(size=(2, 2, 3, 5))
    gamma, beta = rng.normal(size=(2, 5))
    y, x_hat, c = RIGHT["layernorm_forward"](x, gamma, beta, 0.1)
    by_package, cache = nnreg.layernorm_forward(x, gamma, beta, 0.1)
    assert np.allclose(y, by_package)
    dx, dgamma, dbeta = nnreg.layernorm_backward(dy, cache)
    assert np.allclose(RIGHT["layernorm_backward"](dy, x_hat, c, gamma), dx)
    assert np.allclose(RIGHT["gamma_beta_gradients"](dy, x_hat), [dgamma, dbeta])


def test_the_gradient_below_the_norm_agrees_with_central_differences():
    rng = np.random.default_rng(2)
    X, W, dy = (rng.normal(size=shape) for shape in ((5, 3), (3, 4), (5, 4)))
    gamma = rng.normal(size=4)
    dW = RIGHT["weight_gradient_below"](dy, X, W, gamma, 0.1)

    def y(W):
        return RIGHT["layernorm_forward"](X @ W, gamma, 0, 0.1)[0]

    nnreg.check_gradient(y, dW, W, dy=dy)


def test_the_examples_of_the_sheet_are_right():
    row, gamma, beta = np.array([2.0, 6, 10, 6]), np.array([3.0, 1, 3, 2]), [1, 5, 0, -1]
    y, x_hat, c = RIGHT["layernorm_forward"](row, gamma, np.array(beta), 1)
    assert np.allclose(y, [-3, 5, 4, -1])
    assert np.allclose(3 * x_hat, [-4, 0, 4, 0])
    assert np.allclose(3 * c, [1])
    dy, x_hat = np.array([[1.0, 2], [3, -1]]), np.array([[1.0, -1], [-1, 1]])
    assert np.allclose(RIGHT["gamma_beta_gradients"](dy, x_hat), [[-2, -3], [4, 1]])
    dy, gamma = np.array([4.0, 0, 2, 2]), np.array([1.0, 1, 2, 3])
    x_hat = np.array([-1.0, 1, -1, 1])
    dx = RIGHT["layernorm_backward"](dy, x_hat, np.array([0.5]), gamma)
    assert np.allclose(dx, [0, -1.5, 0, 1.5])
    arrays = np.array([5.0, 10]), np.array([1.0, 7]), np.array([2.0, 1])
    dx, dgamma = RIGHT["rmsnorm_backward"](*arrays, 0)
    assert np.allclose(dx, [1.68, -0.24])
    assert np.allclose(dgamma, [1, 14])
    X, W = np.array([[1.0, 2]]), np.array([[0.0, 0, 2, 4], [0, 2, -1, 0]])
    dW = RIGHT["weight_gradient_below"](dy[None], X, W, gamma, 0)
    assert np.allclose(dW, [[0, -1.5, 0, 1.5], [0, -3, 0, 3]])
