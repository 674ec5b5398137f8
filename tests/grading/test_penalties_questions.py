"""Assignment "penalties": right answers pass, each mistake gets its name."""

import numpy as np

from nnreg import L1, L2, ElasticNet

from .sheets import answers

NAMES = ["layer_penalty", "l1_gradient", "elastic_net", "layer_backward", "ridge_weights"]
RIGHT = answers("penalties")


def _penalty_by_loops(W, b, wl1, wl2, bl1, bl2):
    total = 0.0
    for array, l1, l2 in ((W, wl1, wl2), (b, bl1, bl2)):
        for entry in array.flat:
            total += l1 * max(entry, -entry) + l2 * entry * entry
    return np.array(total)


def _l1_gradient_by_comparison(w, lam):
    return lam * (1.0 * (w > 0) - 1.0 * (w < 0))


def _net_by_package(w, lam, ratio):
    return list((L1(lam * ratio) + L2(lam * (1 - ratio))).value_and_grad(w))


def _backward_by_einsum(X, W, b, dz, wl1, wl2, bl1, bl2):
    dW = np.einsum("nd,nk->dk", X, dz) + (L1(wl1) + L2(wl2)).grad(W)
    return [dW, np.ones(len(dz)) @ dz + (L1(bl1) + L2(bl2)).grad(b), (W @ dz.T).T]


def _ridge_by_more_rows(X, y, lam):
    n, d = X.shape
    more = np.vstack([X, np.sqrt(n * lam) * np.eye(d)])
    return np.linalg.lstsq(more, np.append(y, np.zeros(d)), rcond=None)[0]


ANOTHER = dict(
    zip(
        NAMES,
        [
            _penalty_by_loops,
            _l1_gradient_by_comparison,
            _net_by_package,
            _backward_by_einsum,
            _ridge_by_more_rows,
        ],
        strict=True,
    )
)


def _layer(of_weights, of_biases=None):
    """Return a penalty of a layer from one of an array and two strengths."""

    def penalty(W, b, wl1, wl2, bl1, bl2):
        return of_weights(W, wl1, wl2) + (of_biases or of_weights)(b, bl1, bl2)

    return penalty


def _sums(w, l1, l2):
    return l1 * np.abs(w).sum() + l2 * (w**2).sum()


def _squares_in_place(W, b, wl1, wl2, bl1, bl2):
    of_weights = wl1 * np.abs(W).sum()
    W *= W
    return of_weights + wl2 * W.sum() + _sums(b, bl1, bl2)


WRONG_PENALTIES = [
    (lambda *a: np.array([0.0]) + _layer(_sums)(*a), "its shape is (1,) and should be ()"),
    (lambda *a: None, "nothing comes back"),
    (_layer(lambda w, l1, l2: l1 * w.sum() + l2 * (w**2).sum()), "with their signs"),
    (_layer(lambda w, l1, l2: l1 * abs(w.sum()) + l2 * (w**2).sum()), "come off after the sum"),
    (_layer(lambda w, l1, l2: _sums(w, l1, l2) / w.size), "the mean is taken, not the sum"),
    (_layer(lambda w, l1, l2: _sums(w, l1, l2) / len(w)), "is divided by the number of rows"),
    (
        _layer(lambda w, l1, l2: l1 * np.linalg.norm(w, 1) + l2 * np.linalg.norm(w) ** 2),
        "it is the largest sum of a column alone",
    ),
    (_layer(lambda w, l1, l2: np.abs(w).sum() + (w**2).sum()), "off"),
    (_layer(lambda w, l1, l2: bool(l1) * _sums(w, 1, 0) + _sums(w, 0, l2)), "strength is missing"),
    (_layer(lambda w, l1, l2: bool(l2) * _sums(w, 0, 1) + _sums(w, l1, 0)), "strength is missing"),
    (_layer(lambda w, l1, l2: _sums(w, l2, l1)), "the squares are added up"),
    (_layer(lambda w, l1, l2: _sums(w, l2, l1)), "the absolute values are added up"),
    (_layer(lambda w, l1, l2: _sums(w, l2, l1)), "L1 and L2 have each other's strengths"),
    (_layer(lambda w, l1, l2: _sums(w, l1, l2 / 2)), "there is a ½ before the sum"),
    (_layer(lambda w, l1, l2: _sums(w, l1, 0) + l2 * w.sum() ** 2), "the sum is squared"),
    (_layer(lambda w, l1, l2: _sums(w, l1, 0) + l2 * np.linalg.norm(w)), "the root of the sum"),
    (_layer(lambda w, l1, l2: _sums(w, l1, l2**2)), "the strength is squared, too"),
    (_layer(_sums, lambda b, l1, l2: 0.0), "the biases go free"),
    (lambda W, b, *s: _layer(_sums)(W, b, *s[:2], *s[:2]), "biases have the weights' strengths"),
    (lambda W, b, *s: _layer(_sums)(W, b, *s[2:], *s[:2]), "weights and biases have each other's"),
    (_layer(_sums, lambda b, l1, l2: _sums(b, l2, l1)), "for the biases, L1 and L2 have"),
    (
        lambda W, b, wl1, wl2, bl1, bl2: _layer(_sums)(W, b, wl1, bl1, wl2, bl2),
        "the strengths arrive in another order: b is charged",
    ),
    (
        lambda W, b, wl1, wl2, bl1, bl2: _layer(_sums)(W, b, wl1, bl1, wl2, bl2),
        "the strengths arrive in another order",
    ),
    (_layer(lambda w, l1, l2: _sums(w, l1, l2 / 2)), "there is a ½ before the squares"),
    (_squares_in_place, "it changes an array that it was given"),
]


def _made_absolute(w, lam):
    sign = np.sign(w)
    np.abs(w, out=w)
    return lam * sign


def _divided(w, lam):
    with np.errstate(invalid="ignore"):
        return lam * w / np.abs(w)


WRONG_L1_GRADIENTS = [
    (lambda w, lam: lam * np.sign(w).sum(), "its shape is () and should be"),
    (lambda w, lam: lam * np.sign(w).ravel()[:-1], "its shape is"),
    (lambda w, lam: -lam * np.sign(w), "it points downhill"),
    (lambda w, lam: lam * (w != 0), "negative weights are pushed as positive ones are"),
    (lambda w, lam: lam * np.abs(w), "it is the price of each weight, not its slope"),
    (lambda w, lam: 2 * lam * w, "it grows with the weight"),
    (lambda w, lam: lam * w, "it grows with the weight"),
    (lambda w, lam: lam * w, "wrong only where w is not 0"),
    (lambda w, lam: np.sign(w), "the strength is missing"),
    (lambda w, lam: lam * np.sign(w) / w.size, "it is divided by the number of weights"),
    (lambda w, lam: lam * np.where(w < 0, -1.0, 1.0), "wrong only where w is 0"),
    (lambda w, lam: lam * np.where(w > 0, 1.0, -1.0), "wrong only where w is 0"),
    (_divided, "0 is divided by 0"),
    (_made_absolute, "it changes an array that it was given"),
]


def _net(l1_of, l2_of, l1_slope=None, l2_slope=None):
    """Return an elastic net whose shares are functions of lam and ratio."""

    def net(w, lam, r):
        slopes = (l1_slope or l1_of)(lam, r), (l2_slope or l2_of)(lam, r)
        gradient = slopes[0] * np.sign(w) + 2 * slopes[1] * w
        return _sums(w, l1_of(lam, r), l2_of(lam, r)), gradient

    return net


def _l1(lam, r):
    return lam * r


def _l2(lam, r):
    return lam * (1 - r)


def _zero(lam, r):
    return 0.0


def _net_in_place(w, lam, r):
    value = _sums(w, _l1(lam, r), _l2(lam, r))
    w *= 2 * _l2(lam, r)
    return value, _l1(lam, r) * np.sign(w) + w


WRONG_NETS = [
    (lambda *a: RIGHT["elastic_net"](*a)[1], "should return 2 results"),
    (lambda *a: RIGHT["elastic_net"](*a)[::-1], "its shape is"),
    (lambda w, lam, r: (np.abs(w) * lam * r, np.sign(w)), "its shape is"),
    (_net(_l2, _l1), "it is L2 at 1"),
    (_net(_l2, _l1), "the ratio is the share of L1, not that of L2"),
    (_net(_l1, lambda lam, r: _l2(lam, r) / 2), "there is a ½ before the squares"),
    (_net(_l1, lambda lam, r: lam), "the squares are charged in full"),
    (_net(lambda lam, r: lam, _l2), "the absolute values are charged in full"),
    (_net(_l1, lambda lam, r: 1 - r), "the strength reaches the absolute values alone"),
    (_net(lambda lam, r: r, _l2), "the strength reaches the squares alone"),
    (
        _net(lambda lam, r: lam * r**2, lambda lam, r: lam * (1 - r) ** 2),
        "the ratio is applied twice",
    ),
    (
        _net(_l1, _l2, lambda lam, r: lam * r**2, lambda lam, r: lam * (1 - r) ** 2),
        "the ratio is applied twice",
    ),
    (
        lambda w, lam, r: (ElasticNet(lam, r).value(w) / w.size, ElasticNet(lam, r).grad(w)),
        "the mean is taken, not the sum",
    ),
    (
        _net(_l1, _l2, _l1, lambda lam, r: _l2(lam, r) / 2),
        "the slope of a square has a factor that is missing",
    ),
    (_net(_l1, _l2, lambda lam, r: lam, lambda lam, r: lam), "the ratio is not applied"),
    (_net(_l1, _l2, _l1, _zero), "the slope of the squares is missing"),
    (_net(_l1, _l2, _zero, _l2), "the slope of the absolute values is missing"),
    (
        lambda w, lam, r: (
            ElasticNet(lam, r).value(w),
            lam * r * np.where(w < 0, -1.0, 1.0) + 2 * lam * (1 - r) * w,
        ),
        "wrong only where w is 0",
    ),
    (_net_in_place, "it changes an array that it was given"),
]


def _slope(w, l1, l2):
    return l1 * np.sign(w) + 2 * l2 * w


def _sums_of_each(w, l1, l2):
    return l1 * np.abs(w) + l2 * w**2


def _backward(meet=lambda data, price, n: data + price, slope=_slope):
    """Return a backward pass that lets data and price meet in some way."""

    def backward(X, W, b, dz, *s):
        dW = meet(X.T @ dz, slope(W, *s[:2]), len(X))
        return dW, meet(dz.sum(axis=0), slope(b, *s[2:]), len(X)), dz @ W.T

    return backward


def _with(dW=None, db=None, dX=None):
    """Return a backward pass of which one result is made in another way."""

    def backward(X, W, b, dz, *s):
        right = RIGHT["layer_backward"](X, W, b, dz, *s)
        made = [f and f(X, W, b, dz, *s) for f in (dW, db, dX)]
        return tuple(r if m is None else m for m, r in zip(made, right, strict=True))

    return backward


def _mean_in_place(X, W, b, dz, *s):
    right = RIGHT["layer_backward"](X, W, b, dz, *s)
    dz /= len(X)
    return right


def _price_let_through(X, W, b, dz, *s):
    return dz @ (W + _slope(W, *s[:2])).T


WRONG_BACKWARDS = [
    (lambda *a: RIGHT["layer_backward"](*a)[:2], "should return 3 results"),
    (_with(db=lambda X, W, b, dz, *s: dz.sum(axis=0, keepdims=True)), "db: its shape is (1,"),
    (_with(dX=lambda X, W, b, dz, *s: W @ dz.T), "dX: its shape is"),
    (_with(dW=lambda X, W, b, dz, *s: dz.T @ X), "dW: its shape is"),
    (_with(dW=lambda X, W, b, dz, *s: X.T @ dz / len(X)), "it is divided by the number of rows"),
    (_with(dW=lambda X, W, b, dz, *s: -(X.T @ dz)), "it points downhill"),
    (_with(dW=lambda X, W, b, dz, *s: np.outer(X[0], dz[0])), "only the first row is counted"),
    (_with(db=lambda X, W, b, dz, *s: dz.mean(axis=0)), "the mean over the rows is taken"),
    (_with(db=lambda X, W, b, dz, *s: dz[0]), "only the first row is counted"),
    (_with(db=lambda X, W, b, dz, *s: 0 * b + dz.sum()), "it is the sum over everything"),
    (_with(dX=lambda X, W, b, dz, *s: dz @ W.T / len(X)), "it is divided by the number of rows"),
    (_with(dX=_price_let_through), "the price of W has come in"),
    (_with(dX=lambda X, W, b, dz, *s: dz @ W.T + W.sum(axis=1)), "off"),
    (_with(dW=lambda X, W, b, dz, *s: X.T @ dz), "the price is left out"),
    (_with(db=lambda X, W, b, dz, *s: dz.sum(axis=0)), "the price is left out"),
    (_backward(lambda data, price, n: price), "nothing comes from the data"),
    (_backward(slope=lambda w, l1, l2: _sums_of_each(w, l1, l2)), "it is the price itself, not"),
    (_backward(lambda data, price, n: data - price), "the price is taken away, not added"),
    (_backward(lambda data, price, n: data + n * price), "the price is charged once a row"),
    (_backward(lambda data, price, n: data + price / n), "divided by the number of rows"),
    (_backward(slope=lambda w, l1, l2: _slope(w, l1, l2 / 2)), "the slope of a square lacks"),
    (_backward(slope=lambda w, l1, l2: _slope(w, l2, l1)), "L1 and L2 have each other's"),
    (lambda *a: RIGHT["layer_backward"](*a[:4], *a[6:], *a[4:6]), "W and b have each other's"),
    (
        _backward(slope=lambda w, l1, l2: l1 * np.where(w < 0, -1, 1) + 2 * l2 * w),
        "wrong only where W is 0",
    ),
    (
        _with(db=lambda X, W, b, dz, *s: dz.sum(0) + _slope(np.where(b, b, 1e-9), *s[2:])),
        "wrong only where b is 0",
    ),
    (_mean_in_place, "it changes an array that it was given"),
]


def _solved(data=1.0, price=1.0, pull=1.0):
    """Return ridge with factors where they may or may not belong."""

    def ridge(X, y, lam):
        n, d = X.shape
        f = {"n": n, "1/n": 1 / n}
        left = f.get(data, data) * X.T @ X / n + f.get(price, price) * lam * np.eye(d)
        return np.linalg.solve(left, f.get(pull, pull) * X.T @ y / n)

    return ridge


def _ridge_centred(X, y, lam):
    return RIGHT["ridge_weights"](X - X.mean(axis=0), y - y.mean(), lam)


def _ridge_centring(X, y, lam):
    right = RIGHT["ridge_weights"](X, y, lam)
    X -= X.mean(axis=0)
    return right


WRONG_RIDGES = [
    (lambda X, y, lam: RIGHT["ridge_weights"](X, y, lam)[:, None], "its shape is"),
    (lambda X, y, lam: X @ RIGHT["ridge_weights"](X, y, lam), "its shape is (12,)"),
    (_ridge_centred, "the mean of the data has been taken off"),
    (lambda X, y, lam: RIGHT["ridge_weights"](X, y, lam + 0.1), "off"),
    (lambda X, y, lam: np.linalg.lstsq(X, y, rcond=None)[0], "the strength has no effect"),
    (_solved("n", 1.0, "n"), "the data loss is a sum here, not a mean"),
    (_solved(0.5, 1.0, 0.5), "the data's slope lacks a factor"),
    (_solved(1.0, 0.5, 1.0), "the price's slope lacks a factor"),
    (_solved(1.0, 1.0, "n"), "only one of the two products is a mean"),
    (_solved("n", 1.0, 1.0), "the strength is divided by n, too"),
    (
        lambda X, y, lam: _solved()(X, y, lam * X.shape[1] / len(X)),
        "is divided by the number of inputs, not of rows",
    ),
    (
        lambda X, y, lam: np.linalg.pinv(X.T @ X / len(X) + lam) @ (X.T @ y / len(X)),
        "the strength is added to every entry of the matrix",
    ),
    (_solved(1.0, -1.0, 1.0), "the pulls have the same direction"),
    (
        lambda X, y, lam: np.linalg.lstsq(X, y, rcond=None)[0] / (1 + lam),
        "every weight is shrunk by one factor",
    ),
    (lambda X, y, lam: np.linalg.solve(X.T @ X, X.T @ y), "the strength has no effect"),
    (lambda X, y, lam: np.linalg.pinv(X) @ y, "off"),
    (_ridge_centring, "it changes an array that it was given"),
]

WRONG = dict(
    zip(
        NAMES,
        [WRONG_PENALTIES, WRONG_L1_GRADIENTS, WRONG_NETS, WRONG_BACKWARDS, WRONG_RIDGES],
        strict=True,
    )
)


def test_the_examples_of_the_sheet_are_right():
    W, b = np.array([[1.0, -2.0], [3.0, 0.0]]), np.array([-1.0, 2.0])
    assert np.isclose(RIGHT["layer_penalty"](W, b, 0.5, 0.1, 0.2, 0.4), 7)
    value, gradient = RIGHT["elastic_net"](np.array([3.0, -1.0]), 2, 0.25)
    assert np.isclose(value, 17)
    assert np.allclose(gradient, [9.5, -3.5])
    X, dz = np.array([[1.0, 0], [2, 1], [0, 1]]), np.array([[1.0], [2], [-1]])
    arrays = X, np.array([[1.0], [-2]]), np.array([3.0]), dz
    dW, db, dX = RIGHT["layer_backward"](*arrays, 0.5, 0.25, 0, 0.5)
    assert np.allclose(dW, [[6], [-0.5]])
    assert np.allclose(db, [5])
    assert np.allclose(dX[0], [1, -2])
    X, y = 2 * np.eye(2), np.array([2.0, -4.0])
    assert np.allclose(RIGHT["ridge_weights"](X, y, 2), [0.5, -1])
