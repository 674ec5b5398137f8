"""Assignment "clipping": right answers pass, each mistake gets its name."""

import numpy as np
import pytest

import nnreg

from .sheets import answers

NAMES = ["clip_by_value", "global_norm", "clip_by_global_norm", "clip_columns", "clip_backward"]
RIGHT = answers("clipping")


def _norm(grads):
    return np.sqrt(sum(np.sum(g.astype(float) ** 2) for g in grads))


def _global_norm_by_parts(grads):
    lengths = []
    for g in grads:
        top = float(np.max(np.abs(g)))
        lengths.append(top * np.linalg.norm(g.astype(float) / (top or 1.0)))
    top = max(lengths)
    return np.array(top and top * np.linalg.norm(np.array(lengths) / top))


def _clipped_by_package(grads, max_norm):
    return nnreg.clip_by_global_norm(grads, max_norm, nonfinite="zero")


def _columns_by_loop(W, limit):
    W = W.copy()
    for j in range(W.shape[1]):
        size = sum(w * w for w in W[:, j]) ** 0.5
        if size > limit:
            W[:, j] *= limit / size
    return W


def _backward_by_matrix(dy, g, r):
    flat, norm = g.ravel(), np.linalg.norm(g)
    if norm <= r:
        return dy
    jacobian = r / norm * (np.eye(g.size) - np.outer(flat, flat) / norm**2)
    return (jacobian @ dy.ravel()).reshape(g.shape)


ANOTHER = dict(
    zip(
        NAMES,
        [
            lambda grads, limit: tuple(
                np.where(g > limit, limit, np.where(g < -limit, -limit, g)) for g in grads
            ),
            _global_norm_by_parts,
            _clipped_by_package,
            _columns_by_loop,
            _backward_by_matrix,
        ],
        strict=True,
    )
)


def _spoils(name):
    """Return a right answer that then writes into its first argument."""

    def answer(first, *others):
        result = RIGHT[name](first, *others)
        (first[0] if isinstance(first, list) else first)[...] = 0
        return result

    return answer


def _each(change):
    return lambda grads, limit: [change(g, limit) for g in grads]


def _shrink_all(grads, limit):
    factor = min(1, limit / max(np.abs(g).max() for g in grads))
    return [g * factor for g in grads]


def _clip_in_place(grads, limit):
    for g in grads:
        np.clip(g, -limit, limit, out=g)
    return grads


WRONG_BY_VALUE = [
    (_each(lambda g, c: c * np.sign(g)), "they move to the limit"),
    (_each(lambda g, c: c * np.sign(g)), "what is within moves to the limit"),
    (
        lambda grads, c: [g * (c / max(abs(h).max() for h in grads)) for g in grads],
        "they are stretched",
    ),
    (
        lambda grads, c: [g * (c / max(abs(h).max() for h in grads)) for g in grads],
        "all entries shrink by one factor",
    ),
    (_each(lambda g, c: np.minimum(g, c)), "only the upper end is cut"),
    (_each(lambda g, c: np.where(abs(g) > c, 0, g)), "what is beyond becomes 0"),
    (_each(lambda g, c: np.minimum(abs(g), c)), "the signs are lost"),
    (_each(lambda g, c: g * min(1, c / np.linalg.norm(g))), "each array is clipped by its norm"),
    (_each(lambda g, c: np.where(np.isinf(g), g, np.clip(g, -c, c))), "an infinity stays"),
    (_each(lambda g, c: np.clip(np.where(np.isinf(g), 0, g), -c, c)), "it becomes 0"),
    (_each(lambda g, c: np.clip(np.where(np.isinf(g), np.nan, g), -c, c)), "it becomes NaN"),
    (_shrink_all, "it makes the others 0"),
    (lambda grads, c: np.clip(grads[0], -c, c), "should be 3 results"),
    (_clip_in_place, "it changes an array that it was given"),
    (_spoils("clip_by_value"), "it changes an array that it was given"),
]


def _norm_in_own_type(grads):
    return np.sqrt(sum(np.sum(g * g) for g in grads))


def _norm_over(size):
    return lambda grads: size * _norm([g / size for g in grads])


def _norm_if_large(grads):
    large = max(np.abs(g).max() for g in grads) > 1e100
    return RIGHT["global_norm"](grads) if large else _norm(grads)


def _norm_without_guard(grads):
    top = max(np.abs(g).max() for g in grads)
    return float(top) * _norm([g.astype(float) / top for g in grads])


def _norm_over_maximum(grads):
    top = max(g.max() for g in grads)
    return top * _norm([g / top for g in grads]) if top else 0.0


WRONG_NORMS = [
    (lambda grads: np.array([np.linalg.norm(g) for g in grads]), "there is a norm for each array"),
    (lambda grads: sum(np.linalg.norm(g) for g in grads), "the norms of the arrays are added up"),
    (lambda grads: sum(np.linalg.norm(g) for g in grads), "they have another norm than in two"),
    (lambda grads: max(np.linalg.norm(g) for g in grads), "it is the largest of the arrays' norms"),
    (lambda grads: max(np.linalg.norm(g) for g in grads), "they have another norm than in two"),
    (lambda grads: _norm(grads) ** 2, "the root is missing"),
    (lambda grads: sum(np.abs(g).sum() for g in grads), "it adds absolute values"),
    (lambda grads: _norm(grads) / sum(g.size for g in grads) ** 0.5, "the squares are averaged"),
    (_norm_in_own_type, "the squares of float32 entries near 1e+30 make it inf"),
    (_norm, "the squares of float64 entries near 1e+200 make it inf"),
    (_norm_over(np.float32(1e20)), "the squares of float32 entries near 1e-30 make it 0"),
    (_norm_if_large, "the squares of float64 entries near 1e-200 make it 0"),
    (_norm_without_guard, "0 is divided by 0"),
    (_norm_over_maximum, "it has the wrong sign"),
    (lambda grads: RIGHT["global_norm"](grads) or 1.0, "is off"),
]


def _scaled(factor):
    """Return an answer that multiplies all arrays by one factor of norm and radius."""

    def answer(grads, r):
        norm = _norm(grads)
        return [g * factor(norm, r) for g in grads], norm

    return answer


def _usual(eps):
    def answer(grads, r):
        norm = np.sqrt(sum(np.sum(g * g) for g in grads))
        c = np.minimum(r / (norm + norm.dtype.type(eps)), 1)
        return [g * c for g in grads], norm

    return answer


def _if_longer(factor):
    return _scaled(lambda norm, r: factor(norm, r) if norm > r else 1.0)


def _without_scaling(grads, r):
    squares = sum(np.sum(g * g) for g in grads)
    norm = np.sqrt(squares)
    if norm <= r:
        return grads, norm
    return [(g * np.float32(r) / norm).astype(g.dtype) for g in grads], norm


def _notices_infinity(grads, r):
    if any(np.isinf(g).any() for g in grads):
        return [np.zeros_like(g) for g in grads], np.inf
    return _without_scaling(grads, r)


def _as_float64(grads, r):
    arrays, norm = RIGHT["clip_by_global_norm"](grads, r)
    return [g.astype(float) for g in arrays], norm


def _finite_norm(grads, r):
    arrays, norm = RIGHT["clip_by_global_norm"](grads, r)
    return arrays, norm if np.isfinite(norm) else 0.0


def _hands_on(grads, r):
    arrays, norm = RIGHT["clip_by_global_norm"](grads, r)
    return (arrays if np.isfinite(norm) else [g.copy() for g in grads]), norm


def _in_place(grads, r):
    arrays, norm = RIGHT["clip_by_global_norm"](grads, r)
    for g, new in zip(grads, arrays, strict=True):
        g[...] = new
    return grads, norm


def _nan_when_infinite(grads, r):
    with np.errstate(all="ignore"):
        norm = _norm_in_own_type(grads)
        return [g * (0 * norm) for g in grads], norm


def _norm_after(grads, r):
    arrays, norm = RIGHT["clip_by_global_norm"](grads, r)
    return arrays, min(norm, r)


def _with_norm_over_maximum(grads, r):
    norm = _norm_over_maximum(grads)
    return [g * (r / norm) if norm > r else g for g in grads], norm


WRONG_CLIPPING = [
    (_norm_after, "it is the norm after clipping"),
    (lambda grads, r: (grads, r / _norm(grads)), "it is a factor"),
    (lambda grads, r: RIGHT["clip_by_global_norm"](grads, r)[0], "should return 2 results"),
    (lambda grads, r: (grads, _norm(grads)), "nothing is clipped"),
    (
        lambda grads, r: ([g * min(1, r / _norm([g])) for g in grads], _norm(grads)),
        "each array has a norm of its own",
    ),
    (lambda grads, r: ([np.clip(g, -r, r) for g in grads], _norm(grads)), "each entry is clipped"),
    (_if_longer(lambda norm, r: 1 / norm), "the length becomes 1, whatever the radius"),
    (_if_longer(lambda norm, r: r / norm**2), "it is divided by the norm's square"),
    (_scaled(lambda norm, r: r / norm), "what is allowed gets longer"),
    (_usual(1e-6), "what is allowed gets shorter"),
    (
        _scaled(lambda norm, r: min(1 + 2**-50, r / norm)),
        "what is allowed changes in its last digits",
    ),
    (_scaled(lambda norm, r: np.float64(r) / norm), "what is allowed becomes NaN or infinite"),
    (_usual(0.0), "their squares are infinite, and they become 0"),
    (_nan_when_infinite, "their squares are infinite, and they become NaN"),
    (_as_float64, "float32 becomes float64"),
    (_finite_norm, "the norm is finite"),
    (_hands_on, "the gradients come back as they were"),
    (_without_scaling, "with inf in one array, it becomes NaN and the others 0"),
    (_notices_infinity, "with nan in one array, all entries become NaN"),
    (_with_norm_over_maximum, "nothing is clipped"),
    (_in_place, "it changes an array that it was given"),
    (_spoils("clip_by_global_norm"), "it changes an array that it was given"),
]


def _cut(axis=0, longest=False, target=None):
    def answer(W, limit):
        lengths = np.linalg.norm(W, axis=axis, keepdims=True)
        lengths = lengths.max() if longest else lengths
        return W / np.maximum(1, lengths / limit)

    return answer


def _columns_in_place(W, limit):
    W *= np.minimum(1, limit / np.linalg.norm(W, axis=0))
    return W


def _unit_columns(W, limit):
    lengths = np.linalg.norm(W, axis=0)
    return np.where(lengths > limit, W / lengths, W)


def _keras(W, limit):
    lengths = np.linalg.norm(W, axis=0)
    return W * np.clip(lengths, 0, limit) / (1e-7 + lengths)


def _columns_over_length(W, limit):
    with np.errstate(invalid="ignore"):
        return W / np.linalg.norm(W, axis=0) * np.minimum(np.linalg.norm(W, axis=0), limit)


WRONG_COLUMNS = [
    (lambda W, limit: W, "nothing is cut"),
    (_cut(axis=1), "the rows are cut"),
    (_cut(axis=None), "the matrix is cut as one vector"),
    (lambda W, limit: np.clip(W, -limit, limit), "each entry is cut"),
    (_unit_columns, "the length becomes 1, whatever the limit"),
    (_cut(longest=True), "all columns get one factor"),
    (_cut(longest=True), "what is allowed gets shorter"),
    (lambda W, limit: W * limit / np.linalg.norm(W, axis=0), "what is allowed gets longer"),
    (_keras, "what is allowed gets shorter"),
    (_columns_over_length, "0 is divided by 0"),
    (
        lambda W, limit: np.where(W.any(axis=0), _columns_by_loop(W, limit), 1.0),
        "wrong only where a column is 0",
    ),
    (lambda W, limit: _columns_by_loop(W, limit).T, "transpose it"),
    (_columns_in_place, "it changes an array that it was given"),
    (_spoils("clip_columns"), "it changes an array that it was given"),
]


def _outside(way_back):
    """Return an answer that is right inside the ball, and has its own way outside."""

    def answer(dy, g, r):
        norm = np.linalg.norm(g)
        return dy if norm <= r else way_back(dy, g, r / norm, norm)

    return answer


def _always_outside(dy, g, r):
    with np.errstate(all="ignore"):
        hat = g / np.linalg.norm(g)
        return r / np.linalg.norm(g) * (dy - hat * np.sum(hat * dy))


def _backward_in_place(dy, g, r):
    right = RIGHT["clip_backward"](dy, g, r)
    dy[...] = right
    return dy


def _cut_without_zero(dy, g, r):
    with np.errstate(all="ignore"):
        hat, norm = g / np.linalg.norm(g), np.linalg.norm(g)
    return dy + 0 * hat if norm <= r else r / norm * (dy - hat * np.sum(hat * dy))


def _backward_by(axis):
    """Return an answer that clips each row or column of a matrix by itself."""

    def answer(dy, g, r):
        if g.ndim == 1:
            return RIGHT["clip_backward"](dy, g, r)
        parts = [
            RIGHT["clip_backward"](a, b, r)
            for a, b in zip(np.moveaxis(dy, axis, -1), np.moveaxis(g, axis, -1), strict=True)
        ]
        return np.moveaxis(np.array(parts), -1, axis)

    return answer


WRONG_BACKWARD = [
    (_always_outside, "it is treated as if it lay outside"),
    (_always_outside, "0 is divided by 0"),
    (_cut_without_zero, "0 is divided by 0"),
    (lambda dy, g, r: dy * r / np.linalg.norm(g), "it is stretched"),
    (lambda dy, g, r: dy * (np.linalg.norm(g) > r), "nothing passes"),
    (_outside(lambda dy, g, c, norm: c * dy), "the norm is taken for a constant"),
    (_outside(lambda dy, g, c, norm: dy), "everything passes"),
    (_outside(lambda dy, g, c, norm: dy - g * np.sum(g * dy) / norm**2), "nothing shrinks"),
    (
        _outside(lambda dy, g, c, norm: c * (dy - g * np.sum(g * dy))),
        "g is taken for its direction",
    ),
    (
        _outside(lambda dy, g, c, norm: c * (dy - g * np.sum(g * dy) / norm)),
        "only one of two is a direction",
    ),
    (
        _outside(lambda dy, g, c, norm: c * (dy + g * np.sum(g * dy) / norm**2)),
        "what lies along g is added",
    ),
    (_outside(lambda dy, g, c, norm: c * (dy - g * g * dy / norm**2)), "nothing is added up"),
    (
        _outside(lambda dy, g, c, norm: c * dy - g * np.sum(g * dy) / norm**3),
        "the radius is missing in what is taken off",
    ),
    (_backward_by(axis=1), "each row is clipped by itself"),
    (_backward_by(axis=0), "each column is clipped by itself"),
    (_backward_in_place, "it changes an array that it was given"),
    (_spoils("clip_backward"), "it changes an array that it was given"),
]

WRONG = dict(
    zip(
        NAMES,
        [WRONG_BY_VALUE, WRONG_NORMS, WRONG_CLIPPING, WRONG_COLUMNS, WRONG_BACKWARD],
        strict=True,
    )
)


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


def test_the_examples_of_the_sheet_are_right():
    first, second = RIGHT["clip_by_value"]([np.array([2.0, -5.0]), np.array([0.5])], 1.0)
    assert [*first, *second] == [1.0, -1.0, 0.5]
    grads = [np.array([6.0, 0.0]), np.array([[8.0]])]
    assert RIGHT["global_norm"](grads) == 10
    assert np.isclose(RIGHT["global_norm"]([1e200 * g for g in grads]), 1e201)
    (one, two), norm = RIGHT["clip_by_global_norm"](grads, 5.0)
    assert [*one, *two[0], norm] == [3, 0, 4, 10]
    W = np.array([[6.0, 0.0], [8.0, 1.0]])
    assert np.allclose(RIGHT["clip_columns"](W, 5.0), [[3, 0], [4, 1]])
    g, dy = np.array([3.0, 4.0]), np.array([1.0, 0.0])
    assert np.allclose(RIGHT["clip_backward"](dy, g, 2.5), [0.32, -0.24])
    assert np.allclose(RIGHT["clip_backward"](dy, g, 6.0), dy)


def test_the_numbers_of_the_mark_scheme_are_right():
    (by_norm,), _ = RIGHT["clip_by_global_norm"]([np.array([1.0, 10.0])], 2.0)
    assert np.allclose(by_norm, [0.199, 1.99], atol=5e-4)
    turned = np.degrees(np.arctan2(10, 1) - np.arctan2(2, 1))
    assert round(turned) == 21
