"""Assignment "clipping": the projection of weights, and the way back."""

import numpy as np

from nnreg import MaxNorm
from nnreg.grading.properties._kit import changed
from nnreg.grading.properties.clipping import draw, moved
from nnreg.grading.questions import differs, question

clip_columns = question("clip_columns")
clip_backward = question("clip_backward")


def draw_columns(rng, shortest: float, longest: float) -> np.ndarray:
    """Draw a matrix whose columns get longer from left to right."""
    d, k = rng.permutation([4, 5, 6])[:2]
    W = draw(rng, d, k)
    return W / np.linalg.norm(W, axis=0) * np.linspace(shortest, longest, k)


@clip_columns.property("cuts every long column back to the limit")
def _(answer, rng):
    r = rng.uniform(0.5, 2)
    W = r * draw_columns(rng, 2, 4)
    columns, rows = (np.linalg.norm(W, axis=i, keepdims=True) for i in (0, 1))
    mistakes = {
        "nothing is cut": W,
        "the rows are cut": W * np.minimum(1, r / rows),
        "the matrix is cut as one vector": W * (r / np.linalg.norm(W)),
        "each entry is cut": np.clip(W, -r, r),
        "the length becomes 1, whatever the limit": W / columns,
        "all columns get one factor": W * (r / columns.max()),
    }
    right = MaxNorm(r).project(W)
    return differs(answer(W, r), right, symptoms=mistakes)


@clip_columns.property("changes no bit of a shorter column", expected=True)
def _(answer, rng):
    r = rng.uniform(0.5, 2)
    W = r * draw_columns(rng, 0.2, 0.9)
    W[:, 0] *= 20
    given, right = answer(W, r), MaxNorm(r).project(W)
    if np.shape(given) != W.shape:
        return differs(given, right)
    return moved([np.asarray(given)[:, 1:]], [W[:, 1:]])


@clip_columns.property("leaves a column of zeros as it is")
def _(answer, rng):
    W = draw_columns(rng, 0.2, 3)
    W[:, 1] = 0
    zero, right = W == 0, MaxNorm(1.0).project(W)
    mistakes = {"0 is divided by 0": np.where(zero, np.nan, right)}
    where = {"a column is 0": zero}
    return differs(answer(W, 1.0), right, symptoms=mistakes, where=where)


def draw_slope(rng, size: float, axes: int = 0) -> tuple:
    """Draw dy and g, and the radius in units of which g is `size` long."""
    shape = rng.integers(2, 5, axes or rng.integers(1, 3))
    dy, g = draw(rng, *shape), 2 * draw(rng, *shape)
    return dy, g, float(np.linalg.norm(g)) / size


@clip_backward.property("passes everything on inside the ball", expected=True)
def _(answer, rng):
    dy, g, r = draw_slope(rng, rng.uniform(0.3, 0.9))
    c = r / np.linalg.norm(g)
    across = dy - g * np.sum(g * dy) / np.sum(g**2)
    mistakes = {
        "it is treated as if it lay outside": c * across,
        "it is stretched": c * dy,
        "nothing passes": 0 * dy,
    }
    return differs(answer(dy, g, r), dy, symptoms=mistakes)


@clip_backward.property(
    "lets nothing pass along g, outside the ball", expected=True
)
def _(answer, rng):
    _, g, r = draw_slope(rng, rng.uniform(2, 4))
    c = r / np.linalg.norm(g)
    mistakes = {"the norm is taken for a constant": c * g}
    return differs(answer(g, g, r), 0 * g, symptoms=mistakes)


@clip_backward.property("shrinks what is across g, outside the ball")
def _(answer, rng):
    dy, g, r = draw_slope(rng, rng.uniform(2, 4), axes=1)
    norm = np.linalg.norm(g)
    c, inner = r / norm, np.sum(g * dy)
    across = dy - g * inner / norm**2
    mistakes = {
        "everything passes": dy,
        "the norm is taken for a constant": c * dy,
        "nothing shrinks": across,
        "g is taken for its direction": c * (dy - g * inner),
        "only one of two is a direction": c * (dy - g * inner / norm),
        "what lies along g is added": c * (2 * dy - across),
        "g meets dy entry by entry, and nothing is added up": c
        * (dy - g * g * dy / norm**2),
        "the radius is missing in what is taken off": c * dy
        - g * inner / norm**3,
    }
    return differs(answer(dy, g, r), c * across, symptoms=mistakes)


def sent_back(dy, g, r, axis=None) -> np.ndarray:
    """Send dy through the clipping of g, or of each of its rows or columns."""
    norm = np.sqrt(np.sum(g**2, axis=axis, keepdims=True))
    along = g * np.sum(g * dy, axis=axis, keepdims=True) / norm**2
    return np.where(norm <= r, dy, r / norm * (dy - along))


@clip_backward.property("takes a matrix for one long vector")
def _(answer, rng):
    dy, g, r = draw_slope(rng, rng.uniform(2, 4), axes=2)
    c = r / np.linalg.norm(g)
    right = sent_back(dy, g, r)
    mistakes = {
        "each row is clipped by itself": sent_back(dy, g, r, axis=1),
        "each column is clipped by itself": sent_back(dy, g, r, axis=0),
        "the norm is taken for a constant": c * dy,
    }
    return differs(answer(dy, g, r), right, symptoms=mistakes)


@clip_backward.property("passes everything on where g is 0", expected=True)
def _(answer, rng):
    dy, g, r = draw_slope(rng, 1.0)
    mistakes = {"0 is divided by 0": np.nan * g}
    return differs(answer(dy, 0 * g, r), dy, symptoms=mistakes)


@clip_columns.property("leaves its inputs as they were", expected=True)
def _(answer, rng):
    return changed(answer, draw_columns(rng, 0.2, 3), 1.0)


@clip_backward.property("leaves its inputs as they were", expected=True)
def _(answer, rng):
    return changed(answer, *draw_slope(rng, 2.0))
