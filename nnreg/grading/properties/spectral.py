"""Assignment "spectral": how far a matrix stretches, and what it promises."""

import numpy as np

from nnreg.grading.properties._kit import changed, results
from nnreg.grading.questions import differs, question

power_step = question("power_step")
longest_stretch = question("longest_stretch")
safe_radius = question("safe_radius")


def draw_matrix(rng, stretch: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw a matrix of known stretch, and a start that needs iterations."""
    d, k = rng.permutation([3, 4, 5, 6])[:2]
    u, v = (np.linalg.qr(rng.normal(size=(n, n)))[0] for n in (d, k))
    s = stretch * 0.6 ** np.arange(min(d, k))
    start = u @ (rng.choice([-1, 1], d) * rng.uniform(0.5, 1, d))
    return u[:, : len(s)] * s @ v[:, : len(s)].T, start


def step(W, u) -> tuple:
    """Take one iteration: the estimate, the new u, and v."""
    v = u @ W / np.linalg.norm(u @ W)
    sigma = np.linalg.norm(W @ v)
    return sigma, W @ v / sigma, v


@power_step.property("makes v of the given u")
def _(answer, rng):
    W, u = draw_matrix(rng, rng.uniform(1.5, 4))
    raw = W.T @ u
    _, new, v = step(W, u)
    mistakes = {
        "its length is not 1": raw,
        "it is divided by its length twice": v / np.linalg.norm(raw),
        "its entries are divided by their sum": raw / raw.sum(),
        "it is divided by its largest entry": raw / np.abs(raw).max(),
        "u stands in its place": new,
        "it is made of the new u": step(W, new)[2],
    }
    return differs(results(answer(W, u), 3)[2], v, symptoms=mistakes)


@power_step.property("makes the new u of v")
def _(answer, rng):
    W, u = draw_matrix(rng, rng.uniform(1.5, 4))
    _, new, v = step(W, u)
    mistakes = {
        "its length is not 1": W @ v,
        "its length is not 1, and neither was that of v": W @ (W.T @ u),
        "it is the given u": u,
        "it is the given u, at length 1": u / np.linalg.norm(u),
        "v stands in its place": v,
    }
    return differs(results(answer(W, u), 3)[1], new, symptoms=mistakes)


@power_step.property("estimates the stretch by the new vectors")
def _(answer, rng):
    W, u = draw_matrix(rng, rng.uniform(1.5, 4))
    sigma, new, v = step(W, u)
    before = np.linalg.norm(u @ W)
    mistakes = {
        "it belongs to the given u": before / np.linalg.norm(u),
        "it belongs to the given u, whose length is not 1": before,
        "v is sent on before its length is 1": np.linalg.norm(W @ (W.T @ u)),
        "it is the square of the estimate": sigma**2,
        "it goes there and back": np.linalg.norm(W.T @ (W @ v)),
        "it is one iteration ahead": step(W, new)[0],
        "it is exact, and no estimate": np.linalg.norm(W, 2),
    }
    return differs(results(answer(W, u), 3)[0], sigma, symptoms=mistakes)


@power_step.property("does not care how long the given u is", expected=True)
def _(answer, rng):
    W, u = draw_matrix(rng, rng.uniform(1.5, 4))
    times = rng.uniform(3, 10)
    once, more = (results(answer(W, f * u), 3) for f in (1, times))
    for i, name in enumerate(("sigma", "u", "v")):
        mistakes = {f"{name} grows with it": times * np.asarray(once[i])}
        if problem := differs(more[i], once[i], symptoms=mistakes):
            return problem
    return ""


@power_step.property("leaves its inputs as they were", expected=True)
def _(answer, rng):
    return changed(answer, *draw_matrix(rng, 2.0))


def estimate(W, u, n_iter: int) -> float:
    """Return the estimate after some iterations; without one, that of u."""
    sigma = np.linalg.norm(u @ W) / np.linalg.norm(u)
    for _ in range(n_iter):
        sigma, u, _ = step(W, u)
    return sigma


@longest_stretch.property("takes as many iterations as it is told")
def _(answer, rng):
    W, u = draw_matrix(rng, rng.uniform(1.5, 4))
    for n in (3, 2, 1):
        last = u
        for _ in range(n):
            last = step(W, last)[1]
        mistakes = {
            "it is half an iteration ahead": np.linalg.norm(last @ W),
            "it takes one too few": estimate(W, u, n - 1),
            "it takes one too many": estimate(W, u, n + 1),
            "it takes one, whatever it is told": estimate(W, u, 1),
            "it is exact, and no estimate": np.linalg.norm(W, 2),
        }
        right = estimate(W, u, n)
        if problem := differs(answer(W, u, n), right, symptoms=mistakes):
            return problem
    return ""


@longest_stretch.property("finds the longest stretch after many iterations")
def _(answer, rng):
    W, u = draw_matrix(rng, rng.uniform(1.5, 4))
    s = np.linalg.svd(W)[1]
    mistakes = {
        "it is the square of it": s[0] ** 2,
        "it is the root of the sum of all squares": np.linalg.norm(W),
        "it is the longest column": np.linalg.norm(W, axis=0).max(),
        "it is the longest row": np.linalg.norm(W, axis=1).max(),
        "it is the largest entry": np.abs(W).max(),
    }
    return differs(answer(W, u, 60), s[0], symptoms=mistakes)


@longest_stretch.property("does not overflow on the way", expected=True)
def _(answer, rng):
    W, u = draw_matrix(rng, rng.uniform(1e4, 2e4))
    mistakes = {
        f"after 100 iterations it is {wrong}: do the vectors keep length 1?": (
            wrong
        )
        for wrong in (np.nan, np.inf)
    }
    return differs(answer(W, u, 100), np.linalg.norm(W, 2), symptoms=mistakes)


@longest_stretch.property("is 0 for a matrix of zeros", expected=True)
def _(answer, rng):
    W, u = draw_matrix(rng, 1.0)
    mistakes = {"0 is divided by 0": np.nan}
    return differs(answer(0 * W, u, 3), 0.0, symptoms=mistakes)


@longest_stretch.property("leaves its inputs as they were", expected=True)
def _(answer, rng):
    return changed(answer, *draw_matrix(rng, 2.0), 2)


def draw_logits(rng) -> tuple[np.ndarray, np.ndarray]:
    """Draw logits, no two of a row near each other, and each row's lead."""
    n, k = rng.integers(4, 8, 2)
    z = np.cumsum(rng.uniform(0.5, 1.5, (n, k)), axis=1)
    z -= rng.uniform(2, 4)
    lead = z[:, -1] - z[:, -2]
    order = np.argsort(rng.normal(size=(n, k)), axis=1)
    order[0] = np.roll(np.arange(k), 1)  # the first place and the last one
    return np.take_along_axis(z, order, axis=1), lead


@safe_radius.property("is the lead over the root of 2, if nothing stretches")
def _(answer, rng):
    z, lead = draw_logits(rng)
    W = draw_matrix(rng, 1.0)[0]
    best, lowest = z.max(axis=1), z.min(axis=1)
    mistakes = {
        "the root of 2 is missing": lead,
        "the lead is divided by 2": lead / 2,
        "the lead is multiplied by the root of 2": lead * 2**0.5,
        "the winner's logit stands for its lead": best / 2**0.5,
        "the lead over the last class counts": (best - lowest) / 2**0.5,
        "the first two columns are compared": np.abs(z[:, 0] - z[:, 1])
        / 2**0.5,
        "the rows share one radius": lead.min() / 2**0.5,
    }
    return differs(answer(z, [W]), lead / 2**0.5, symptoms=mistakes)


@safe_radius.property("shrinks by the product of all longest stretches")
def _(answer, rng):
    z, lead = draw_logits(rng)
    stretches = rng.uniform([1.5, 3, 0.3], [2.5, 4, 0.8])
    weights = [draw_matrix(rng, stretch)[0] for stretch in stretches]
    radius = lead / 2**0.5
    squares = [np.linalg.norm(W) for W in weights]
    columns = [np.linalg.norm(W, axis=0).max() for W in weights]
    mistakes = {
        "nothing shrinks it": radius,
        "it grows instead": radius * stretches.prod(),
        "the stretches are added up": radius / stretches.sum(),
        "the largest stretch alone counts": radius / stretches.max(),
        "the last stretch alone counts": radius / stretches[-1],
        "the first stretch alone counts": radius / stretches[0],
        "stretches below 1 do not count": radius
        / np.maximum(stretches, 1).prod(),
        "the root of the sum of squares stands for a stretch": radius
        / np.prod(squares),
        "the longest column stands for a stretch": radius / np.prod(columns),
    }
    right = radius / stretches.prod()
    return differs(answer(z, weights), right, symptoms=mistakes)


@safe_radius.property(
    "is 0 where two classes share the first place", expected=True
)
def _(answer, rng):
    ordered = np.sort(draw_logits(rng)[0], axis=1)
    first, third = ordered[:, -1], ordered[:, -3]
    ordered[:, -2] = first
    z = rng.permuted(ordered, axis=1)
    mistakes = {"the second winner is passed over": (first - third) / 2**0.5}
    W = draw_matrix(rng, 1.0)[0]
    return differs(answer(z, [W]), 0 * first, symptoms=mistakes)


@safe_radius.property("leaves its inputs as they were", expected=True)
def _(answer, rng):
    return changed(answer, draw_logits(rng)[0], [draw_matrix(rng, 1.0)[0]])
