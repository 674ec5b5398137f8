"""Assignment "spectral": right answers pass, each mistake gets its name."""

import numpy as np
import pytest

import nnreg

from .sheets import answers

NAMES = ["power_step", "longest_stretch", "spectral_weights", "spectral_backward", "safe_radius"]
RIGHT = answers("spectral")


def _weights_by_package(W, sigma, cap):
    return nnreg.spectral_normalize(W, n_iter=60, rng=0, cap=cap)[0]


def _backward_by_package(G, W, u, v, sigma, cap):
    cache = nnreg.spectral_normalize(W, u, 3, cap=cap)[2]
    return nnreg.spectral_normalize_backward(G, cache)


def _radius_by_partition(z, weights):
    z = np.partition(z, -2, axis=1)
    radius = [(row[-1] - row[-2]) / 2**0.5 for row in z]
    for W in weights:
        radius = [each / np.linalg.svd(W)[1][0] for each in radius]
    return radius


ANOTHER = dict(
    zip(
        NAMES,
        [
            lambda W, u: list(nnreg.spectral_norm(W, u)),
            lambda W, u, n: np.array(nnreg.spectral_norm(W, u, n)[0]),
            _weights_by_package,
            _backward_by_package,
            _radius_by_partition,
        ],
        strict=True,
    )
)


def _spoils(name):
    """Return a right answer that then writes into its first argument."""

    def answer(first, *others):
        result = RIGHT[name](first, *others)
        first[...] = 0
        return result

    return answer


def _in_place(name, place):
    """Return a right answer that leaves what it returns in an argument, too."""

    def answer(*arguments):
        result = RIGHT[name](*arguments)
        same = result if isinstance(result, np.ndarray) else result[1]
        arguments[place][...] = same
        return result

    return answer


def _unit(vector):
    return vector / np.linalg.norm(vector)


def _other(**parts):
    """Return a step of which some parts are made by other functions of W, u, v, new."""

    def answer(W, u):
        sigma, new, v = RIGHT["power_step"](W, u)
        right = {"sigma": sigma, "u": new, "v": v}
        return tuple(parts[n](W, u, v, new) if n in parts else right[n] for n in right)

    return answer


def _never_divided(W, u):
    v = W.T @ u
    return np.linalg.norm(W @ v), W @ v, v


WRONG_STEPS = [
    (_other(v=lambda W, u, v, new: W.T @ u), "its length is not 1"),
    (
        _other(v=lambda W, u, v, new: v / np.linalg.norm(W.T @ u)),
        "it is divided by its length twice",
    ),
    (
        _other(v=lambda W, u, v, new: W.T @ u / np.sum(W.T @ u)),
        "its entries are divided by their sum",
    ),
    (
        _other(v=lambda W, u, v, new: W.T @ u / abs(W.T @ u).max()),
        "it is divided by its largest entry",
    ),
    (_other(v=lambda W, u, v, new: new, u=lambda W, u, v, new: v), "u stands in its place"),
    (_other(v=lambda W, u, v, new: new, u=lambda W, u, v, new: v), "v stands in its place"),
    (_other(v=lambda W, u, v, new: _unit(W.T @ new)), "it is made of the new u"),
    (_other(u=lambda W, u, v, new: W @ v), "its length is not 1"),
    (_never_divided, "its length is not 1, and neither was that of v"),
    (_other(v=lambda W, u, v, new: W.T @ u), "v grows with it"),
    (_other(u=lambda W, u, v, new: u), "it is the given u"),
    (_other(u=lambda W, u, v, new: u), "u grows with it"),
    (_other(u=lambda W, u, v, new: _unit(u)), "it is the given u, at length 1"),
    (
        _other(sigma=lambda W, u, v, new: np.linalg.norm(W.T @ _unit(u))),
        "it belongs to the given u",
    ),
    (_other(sigma=lambda W, u, v, new: np.linalg.norm(W.T @ u)), "whose length is not 1"),
    (_other(sigma=lambda W, u, v, new: np.linalg.norm(W.T @ u)), "sigma grows with it"),
    (
        _other(sigma=lambda W, u, v, new: np.linalg.norm(W @ v) ** 2),
        "it is the square of the estimate",
    ),
    (_other(sigma=lambda W, u, v, new: np.linalg.norm(W.T @ (W @ v))), "it goes there and back"),
    (
        _other(sigma=lambda W, u, v, new: np.linalg.norm(W @ (W.T @ u))),
        "v is sent on before its length is 1",
    ),
    (
        _other(sigma=lambda W, u, v, new: np.linalg.norm(W @ _unit(W.T @ new))),
        "it is one iteration ahead",
    ),
    (_other(sigma=lambda W, u, v, new: np.linalg.norm(W, 2)), "it is exact, and no estimate"),
    (lambda W, u: RIGHT["power_step"](W, u)[0], "should return 3 results"),
    (_spoils("power_step"), "it changes an array that it was given"),
    (_in_place("power_step", 1), "it changes an array that it was given"),
]


def _estimate(W, u, n):
    """Return the estimate after n iterations, of any matrix but zeros."""
    if not W.any():
        return 0.0
    if n == 0:
        return np.linalg.norm(W.T @ _unit(u))
    for _ in range(n):
        v = _unit(W.T @ u)
        u = _unit(W @ v)
    return float(u @ W @ v)


def _loop_without_guard(W, u, n):
    for _ in range(n):
        v = _unit(W.T @ u)
        u = _unit(W @ v)
    return u @ W @ v


def _loop_without_division(W, u, n):
    for _ in range(n):
        v = W.T @ u
        u = W @ v
    return np.linalg.norm(u) / np.linalg.norm(v) if W.any() else 0.0


def _back_once_more(W, u, n):
    for _ in range(n):
        u = _unit(W @ (W.T @ u))
    return np.linalg.norm(W.T @ u)


WRONG_NORMS = [
    (lambda W, u, n: _estimate(W, u, n - 1), "it takes one too few"),
    (lambda W, u, n: _estimate(W, u, n + 1), "it takes one too many"),
    (_back_once_more, "it is half an iteration ahead"),
    (lambda W, u, n: _estimate(W, u, 1), "it takes one, whatever it is told"),
    (lambda W, u, n: np.linalg.norm(W, 2), "it is exact, and no estimate"),
    (lambda W, u, n: _estimate(W, u, n) ** 2, "it is the square of it"),
    (lambda W, u, n: np.linalg.norm(W), "it is the root of the sum of all squares"),
    (lambda W, u, n: np.linalg.norm(W, axis=0).max(), "it is the longest column"),
    (lambda W, u, n: np.linalg.norm(W, axis=1).max(), "it is the longest row"),
    (lambda W, u, n: np.abs(W).max(), "it is the largest entry"),
    (_loop_without_division, "after 100 iterations it is nan"),
    (lambda W, u, n: _estimate(W, u, n) if n < 90 else np.inf, "after 100 iterations it is inf"),
    (_loop_without_guard, "0 is divided by 0"),
    (lambda W, u, n: _estimate(W, u, n) or 1.0, "your answer is off"),
    (_spoils("longest_stretch"), "it changes an array that it was given"),
    (lambda W, u, n: [RIGHT["longest_stretch"](W, u, n), u.fill(0)][0], "it changes an array"),
]


def _weights(divided):
    """Return an answer with its own way to divide, where it divides."""

    def answer(W, sigma, with_cap):
        if sigma == 0 or (with_cap and sigma <= 1):
            return W
        return divided(W, sigma)

    return answer


def _values_cut(W, sigma, cap):
    if not cap:
        return RIGHT["spectral_weights"](W, sigma, cap)
    u, s, vt = np.linalg.svd(W, full_matrices=False)
    return u * np.minimum(s, 1) @ vt


def _entries_cut(W, sigma, cap):
    return np.clip(W, -1, 1) if cap else RIGHT["spectral_weights"](W, sigma, cap)


WRONG_WEIGHTS = [
    (lambda W, sigma, cap: W, "nothing is divided"),
    (lambda W, sigma, cap: W * sigma, "it is multiplied"),
    (lambda W, sigma, cap: W * sigma, "they shrink"),
    (_weights(lambda W, sigma: W / sigma**2), "it is divided by the square"),
    (
        _weights(lambda W, sigma: W / np.linalg.norm(W)),
        "it is divided by the root of the sum of squares",
    ),
    (
        _weights(lambda W, sigma: W / np.linalg.norm(W, axis=0)),
        "each column is divided by its length",
    ),
    (lambda W, sigma, cap: W / max(sigma, 1), "they stay, as with the cap"),
    (lambda W, sigma, cap: W / sigma, "they grow, as without the cap"),
    (lambda W, sigma, cap: W / sigma, "0 is divided by 0"),
    (_entries_cut, "each entry is cut"),
    (_values_cut, "each singular value is cut by itself"),
    (_spoils("spectral_weights"), "it changes an array that it was given"),
    (_in_place("spectral_weights", 0), "it changes an array that it was given"),
]


def _back(way):
    """Return an answer with its own way through the division, where there was one."""

    def answer(G, W, u, v, sigma, cap):
        if cap and sigma <= 1:
            return G
        return way(G, W, np.outer(u, v), sigma)

    return answer


def _always(*arguments):
    return RIGHT["spectral_backward"](*arguments[:-1], False)


WRONG_BACKWARD = [
    (lambda G, W, u, v, sigma, cap: G, "nothing happens to it"),
    (lambda G, W, u, v, sigma, cap: G, "it is passed on as it is"),
    (lambda G, W, u, v, sigma, cap: G / sigma, "sigma is taken for a constant"),
    (lambda G, W, u, v, sigma, cap: G / sigma, "it is divided by sigma"),
    (
        _back(lambda G, W, uv, s: G - np.sum(G * W) / s * uv),
        "the last division by sigma is missing",
    ),
    (
        _back(lambda G, W, uv, s: (G - np.sum(G * W) * uv) / s),
        "G meets W itself, and not the divided W",
    ),
    (
        _back(lambda G, W, uv, s: (G - np.sum(G * W) * uv) / s),
        "the gradient still has a part along W",
    ),
    (_back(lambda G, W, uv, s: (G + np.sum(G * W) / s * uv) / s), "what belongs off is added"),
    (
        _back(lambda G, W, uv, s: (G - np.sum(G * W) * W / s**2) / s),
        "the part along W is taken off",
    ),
    (_back(lambda G, W, uv, s: (G - uv) / s), "G does not meet W at all"),
    (_back(lambda G, W, uv, s: (G - G * W / s * uv) / s), "nothing is added up"),
    (_back(lambda G, W, uv, s: (G - np.sum(G * uv) * uv) / s), "G meets u and v"),
    (_always, "it goes through a division that did not happen"),
    (lambda *a: RIGHT["spectral_backward"](*a[:-1], True), "they are passed over, as with the cap"),
    (lambda *a: a[0] if a[-1] else RIGHT["spectral_backward"](*a), "it is passed on as it is"),
    (lambda G, W, u, v, s, cap: _always(G, W, u, v, s, cap).T, "transpose it"),
    (_spoils("spectral_backward"), "it changes an array that it was given"),
    (_in_place("spectral_backward", 1), "it changes an array that it was given"),
]


def _lead(z):
    z = np.sort(z, axis=1)
    return z[:, -1] - z[:, -2]


def _stretch(weights):
    return np.prod([np.linalg.norm(W, 2) for W in weights])


def _over(together):
    """Return an answer that divides by its own number for all layers."""
    return lambda z, weights: _lead(z) / 2**0.5 / together([np.linalg.norm(W, 2) for W in weights])


def _numerator(lead):
    return lambda z, weights: lead(z) / _stretch(weights)


def _next_lower(z, weights):
    lead = [row.max() - row[row < row.max()].max() for row in z]
    return np.array(lead) / 2**0.5 / _stretch(weights)


def _sorts_in_place(z, weights):
    z.sort(axis=1)
    return RIGHT["safe_radius"](z, weights)


WRONG_RADII = [
    (_numerator(_lead), "the root of 2 is missing"),
    (_numerator(lambda z: _lead(z) / 2), "the lead is divided by 2"),
    (_numerator(lambda z: _lead(z) * 2**0.5), "the lead is multiplied by the root of 2"),
    (_numerator(lambda z: z.max(axis=1) / 2**0.5), "the winner's logit stands for its lead"),
    (_numerator(lambda z: np.ptp(z, axis=1) / 2**0.5), "the lead over the last class counts"),
    (_numerator(lambda z: abs(z[:, 0] - z[:, 1]) / 2**0.5), "the first two columns are compared"),
    (_numerator(lambda z: _lead(z).min() / 2**0.5), "the rows share one radius"),
    (lambda z, weights: _lead(z) / 2**0.5, "nothing shrinks it"),
    (lambda z, weights: _lead(z) / 2**0.5 * _stretch(weights), "it grows instead"),
    (_over(sum), "the stretches are added up"),
    (_over(max), "the largest stretch alone counts"),
    (_over(lambda s: s[-1]), "the last stretch alone counts"),
    (_over(lambda s: s[0]), "the first stretch alone counts"),
    (_over(lambda s: np.maximum(s, 1).prod()), "stretches below 1 do not count"),
    (
        lambda z, weights: _lead(z) / 2**0.5 / np.prod([np.linalg.norm(W) for W in weights]),
        "the root of the sum of squares stands for a stretch",
    ),
    (
        lambda z, weights: (
            _lead(z) / 2**0.5 / np.prod([np.linalg.norm(W, axis=0).max() for W in weights])
        ),
        "the longest column stands for a stretch",
    ),
    (_next_lower, "the second winner is passed over"),
    (_spoils("safe_radius"), "it changes an array that it was given"),
    (_sorts_in_place, "it changes an array that it was given"),
]

WRONG = dict(
    zip(
        NAMES,
        [WRONG_STEPS, WRONG_NORMS, WRONG_WEIGHTS, WRONG_BACKWARD, WRONG_RADII],
        strict=True,
    )
)


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


def test_the_examples_of_the_sheet_are_right():
    W, u = np.array([[4.0, 0], [3, 5]]), np.array([1.0, 0])
    sigma, new, v = RIGHT["power_step"](W, u)
    assert np.allclose([sigma, *new, *v], [5, 0.8, 0.6, 1, 0])
    estimates = [RIGHT["longest_stretch"](W, u, n) for n in (1, 2, 60)]
    assert np.allclose(estimates, [5, np.sqrt(1300 / 34), np.sqrt(40)])
    assert np.allclose(estimates[1:], [6.18, 6.32], atol=0.006)
    W = np.diag([4.0, 1])
    for cap in (False, True):
        assert np.allclose(RIGHT["spectral_weights"](W, 4.0, cap), np.diag([1, 0.25]))
    assert np.allclose(RIGHT["spectral_weights"](W / 10, 0.4, False), np.diag([1, 0.25]))
    assert np.allclose(RIGHT["spectral_weights"](W / 10, 0.4, True), W / 10)
    W, G, u = np.diag([2.0, 1]), np.array([[1.0, 2], [3, 4]]), np.array([1.0, 0])
    dW = RIGHT["spectral_backward"](G, W, u, u, 2.0, True)
    assert np.allclose(dW, [[-1, 1], [1.5, 2]])
    assert np.allclose(RIGHT["spectral_backward"](G, W / 10, u, u, 0.2, True), G)
    layers = [np.diag([3.0, 1.0]), np.diag([1.0, 0.5])]
    radius = RIGHT["safe_radius"](np.array([[7.0, 1, -2]]), layers)
    assert np.allclose(radius, 1.41, atol=0.005)
