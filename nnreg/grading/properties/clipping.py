"""Assignment "clipping": gradients that stay inside the ball."""

from functools import partial

import numpy as np

from nnreg.grading.properties._kit import results
from nnreg.grading.questions import differs, question

clip_by_value = question("clip_by_value")
global_norm = question("global_norm")
clip_by_global_norm = question("clip_by_global_norm")

# Sizes and types whose squares are lost, and the norm that is left then.
_FAR = [
    (1e30, "f4", np.inf),
    (1e-30, "f4", 0.0),
    (1e200, "f8", np.inf),
    (1e-200, "f8", 0.0),
]


def draw(rng, *shape: int) -> np.ndarray:
    """Draw numbers of both signs, none of them near 0."""
    return rng.choice([-1, 1], shape) * rng.uniform(0.5, 1, shape)


def draw_grads(rng, size: float = 1.0, kind: str = "f8") -> list[np.ndarray]:
    """Draw gradients of several shapes, each with a norm of its own."""
    d, k = rng.integers(2, 5, 2)
    grads = 0.5 * draw(rng, d, k), 1.5 * draw(rng, k), 4 * draw(rng, k + 1, 2)
    return [(size * g).astype(kind) for g in grads]


def length(grads) -> float:
    """Return the length of all arrays as one vector, at any size."""
    flat = np.concatenate([np.ravel(g).astype("f8") for g in grads])
    largest = np.abs(flat).max()
    return largest * np.linalg.norm(flat / largest) if largest else 0.0


def compare(given, grads, change, mistakes, rtol: float = 1e-6) -> str:
    """Compare with what a change makes of each array, or a mistake."""
    wrong = {name: tuple(map(f, grads)) for name, f in mistakes.items()}
    right = tuple(map(change, grads))
    return differs(given, right, symptoms=wrong, rtol=rtol)


def moved(given, allowed) -> str:
    """Say what has become of arrays that were allowed as they were."""
    problem = compare(given, allowed, np.asarray, {}, rtol=0)
    if not problem or [*map(np.shape, given)] != [*map(np.shape, allowed)]:
        return problem
    now, before = length(given), length(allowed)
    if not np.isfinite(now):
        return "what is allowed becomes NaN or infinite"
    if np.isclose(now, before, rtol=1e-14):
        return "what is allowed changes in its last digits"
    return f"what is allowed gets {'longer' if now > before else 'shorter'}"


def leaves_its_inputs(asked, first) -> None:
    """Add the property that an answer writes into nothing it was given."""

    @asked.property("leaves its inputs as they were", expected=True)
    def _(answer, rng):
        given = first(rng)
        answer(given, 0.7)
        same = moved(answer.arguments[0], given) == ""
        return "" if same else "it changes an array that it was given"


@clip_by_value.property(
    "keeps shapes, and entries within the limit", expected=True
)
def _(answer, rng):
    grads, limit = draw_grads(rng), rng.uniform(4.5, 6)
    largest = max(np.abs(g).max() for g in grads)
    mistakes = {
        "they move to the limit": lambda g: limit * np.sign(g),
        "they are stretched": lambda g: g * (limit / largest),
    }
    return compare(answer(grads, limit), grads, np.copy, mistakes)


@clip_by_value.property("cuts what is beyond the limit, on both sides")
def _(answer, rng):
    grads, limit = draw_grads(rng), rng.uniform(0.6, 0.8)
    factor = limit / max(np.abs(g).max() for g in grads)
    mistakes = {
        "only the upper end is cut": lambda g: np.minimum(g, limit),
        "what is beyond becomes 0": lambda g: np.where(abs(g) > limit, 0, g),
        "what is within moves to the limit": lambda g: limit * np.sign(g),
        "the signs are lost": lambda g: np.minimum(abs(g), limit),
        "all entries shrink by one factor": lambda g: factor * g,
        "each array is clipped by its norm": lambda g: (
            g * min(1, limit / length([g]))
        ),
    }
    right = partial(np.clip, a_min=-limit, a_max=limit)
    return compare(answer(grads, limit), grads, right, mistakes)


@clip_by_value.property("puts an infinity at the limit, with its sign")
def _(answer, rng):
    grads, limit = draw_grads(rng), rng.uniform(5, 6)
    grads[0][0, 0], grads[0][-1, -1] = np.inf, -np.inf
    mistakes = {
        "an infinity stays": np.copy,
        "only the upper end is cut": lambda g: np.minimum(g, limit),
        "it becomes 0": lambda g: np.where(np.isinf(g), 0, g),
        "it becomes NaN": lambda g: np.where(np.isinf(g), np.nan, g),
        "it makes the others 0": lambda g: np.where(np.isinf(g), np.nan, 0),
    }
    right = partial(np.clip, a_min=-limit, a_max=limit)
    return compare(answer(grads, limit), grads, right, mistakes)


@global_norm.property("is the length of all gradients as one vector")
def _(answer, rng):
    grads = [-np.abs(g) for g in draw_grads(rng)]  # the largest is no maximum
    norms, norm = [length([g]) for g in grads], length(grads)
    mistakes = {
        "there is a norm for each array": np.array(norms),
        "the norms of the arrays are added up": sum(norms),
        "it is the largest of the arrays' norms": max(norms),
        "the root is missing": norm**2,
        "it adds absolute values": sum(np.abs(g).sum() for g in grads),
        "the squares are averaged": norm / sum(g.size for g in grads) ** 0.5,
    }
    return differs(answer(grads), norm, symptoms=mistakes)


@global_norm.property(
    "does not care how the numbers are cut into arrays", expected=True
)
def _(answer, rng):
    grads = draw_grads(rng)
    flat = np.concatenate([g.ravel() for g in grads])
    cut = int(rng.integers(1, 4))
    one, two = answer([flat]), answer([flat[:cut], flat[cut:]])
    same = differs(one, two) == ""
    return "" if same else "in one array they have another norm than in two"


@global_norm.property("survives squares that no float can hold")
def _(answer, rng):
    for size, kind, lost in _FAR:
        grads = draw_grads(rng, size, kind)
        of = f"the squares of {grads[0].dtype} entries near {size:g}"
        mistakes = {f"{of} make it {lost:g}": lost}
        given, right = answer(grads), length(grads)
        if problem := differs(given, right, symptoms=mistakes, rtol=1e-5):
            return problem
    return ""


@global_norm.property("is 0 where all gradients are 0", expected=True)
def _(answer, rng):
    mistakes = {"0 is divided by 0": np.nan}
    return differs(answer(draw_grads(rng, 0.0)), 0.0, symptoms=mistakes)


@clip_by_global_norm.property("returns the norm before clipping as well")
def _(answer, rng):
    grads, r = draw_grads(rng), rng.uniform(0.5, 1)
    norm = length(grads)
    mistakes = {"it is the norm after clipping": r, "it is a factor": r / norm}
    return differs(results(answer(grads, r), 2)[1], norm, symptoms=mistakes)


@clip_by_global_norm.property("shortens all arrays by one factor")
def _(answer, rng):
    grads, r = [-abs(g) for g in draw_grads(rng)], rng.uniform(0.5, 1)
    c = r / length(grads)
    mistakes = {
        "nothing is clipped": np.copy,
        "each array has a norm of its own": lambda g: (
            g * min(1, r / length([g]))
        ),
        "each entry is clipped": lambda g: np.clip(g, -r, r),
        "the length becomes 1, whatever the radius": lambda g: g * (c / r),
        "it is divided by the norm's square": lambda g: g * (c**2 / r),
    }
    arrays = results(answer(grads, r), 2)[0]
    return compare(arrays, grads, lambda g: c * g, mistakes)


@clip_by_global_norm.property(
    "changes no bit up to the radius, included", expected=True
)
def _(answer, rng):
    size = float(2.0 ** rng.integers(-6, 3))  # so that 3, 4 and 5 are exact
    grads = [np.array([[3 * size]]), np.array([4 * size, 0])]
    for r in (5 * size * rng.uniform(2, 3), 5 * size):
        if problem := moved(results(answer(grads, r), 2)[0], grads):
            return problem
    return ""


@clip_by_global_norm.property(
    "returns zeros where all gradients are 0", expected=True
)
def _(answer, rng):
    grads = draw_grads(rng, 0.0)
    return moved(results(answer(grads, 1.0), 2)[0], grads)


@clip_by_global_norm.property("clips huge float32 gradients, as float32")
def _(answer, rng):
    grads = draw_grads(rng, 1e30, "f4")
    c = 1e30 / length(grads)
    arrays = results(answer(grads, 1e30), 2)[0]
    mistakes = {
        "their squares are infinite, and they become 0": np.zeros_like,
        "their squares are infinite, and they become NaN": lambda g: 0 * g / 0,
        "nothing is clipped": np.copy,
    }
    with np.errstate(invalid="ignore"):
        problem = compare(arrays, grads, lambda g: c * g, mistakes, 1e-5)
    if problem:
        return problem
    kinds = {str(np.asarray(g).dtype) for g in arrays} - {"float32"}
    return f"float32 becomes {kinds.pop()}" if kinds else ""


@clip_by_global_norm.property("skips the step where an entry is not finite")
def _(answer, rng):
    for strange in (np.inf, np.nan):
        grads = draw_grads(rng)
        grads[1][0] = strange
        arrays, norm = results(answer(grads, 1.0), 2)
        mistakes = {
            "the gradients come back as they were": np.copy,
            "it becomes NaN and the others 0": lambda g: np.where(
                np.isfinite(g), 0, np.nan
            ),
            "all entries become NaN": lambda g: np.nan * g,
        }
        problem = compare(arrays, grads, np.zeros_like, mistakes)
        if not problem and np.isfinite(norm):
            problem = "the norm is finite"
        if problem:
            return f"with {strange} in one array, {problem}"
    return ""


leaves_its_inputs(clip_by_value, draw_grads)
leaves_its_inputs(clip_by_global_norm, draw_grads)
