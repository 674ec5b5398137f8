"""Assignment "spectral": weights over their stretch, and the way back."""

import numpy as np

from nnreg.grading.properties._kit import changed
from nnreg.grading.properties.spectral import draw_matrix
from nnreg.grading.questions import differs, question

spectral_weights = question("spectral_weights")
spectral_backward = question("spectral_backward")


def draw_weights(rng, low: float, high: float) -> tuple[np.ndarray, float]:
    """Draw a matrix and its longest stretch."""
    stretch = rng.uniform(low, high)
    return draw_matrix(rng, stretch)[0], stretch


@spectral_weights.property("divides by the stretch, so that 1 is left")
def _(answer, rng):
    W, sigma = draw_weights(rng, 1.5, 4)
    mistakes = {
        "nothing is divided": W,
        "it is multiplied": W * sigma,
        "it is divided by the square": W / sigma**2,
        "it is divided by the root of the sum of squares": W
        / np.linalg.norm(W),
        "each column is divided by its length": W / np.linalg.norm(W, axis=0),
    }
    return differs(answer(W, sigma, False), W / sigma, symptoms=mistakes)


@spectral_weights.property("lets small weights grow, without the cap")
def _(answer, rng):
    W, sigma = draw_weights(rng, 0.2, 0.7)
    mistakes = {
        "they stay, as with the cap": W,
        "they shrink": W * sigma,
    }
    return differs(answer(W, sigma, False), W / sigma, symptoms=mistakes)


@spectral_weights.property(
    "leaves small weights as they are, with the cap", expected=True
)
def _(answer, rng):
    W, sigma = draw_weights(rng, 0.2, 0.7)
    mistakes = {
        "they grow, as without the cap": W / sigma,
        "they shrink": W * sigma,
    }
    return differs(answer(W, sigma, True), W, symptoms=mistakes)


@spectral_weights.property("divides large weights, with the cap")
def _(answer, rng):
    W, sigma = draw_weights(rng, 6, 12)
    u, s, vt = np.linalg.svd(W, full_matrices=False)
    mistakes = {
        "nothing is divided": W,
        "each entry is cut": np.clip(W, -1, 1),
        "each singular value is cut by itself": u * np.minimum(s, 1) @ vt,
    }
    return differs(answer(W, sigma, True), W / sigma, symptoms=mistakes)


@spectral_weights.property("leaves a matrix of zeros as it is", expected=True)
def _(answer, rng):
    W = 0 * draw_matrix(rng, 1.0)[0]
    for cap in (False, True):
        mistakes = {"0 is divided by 0": np.full(W.shape, np.nan)}
        if problem := differs(answer(W, 0.0, cap), W, symptoms=mistakes):
            return problem
    return ""


@spectral_weights.property("leaves its inputs as they were", expected=True)
def _(answer, rng):
    return changed(answer, *draw_weights(rng, 2, 3), False)


def draw_slope(rng, low: float, high: float) -> tuple:
    """Draw the arguments of a way back: G, W, u, v, sigma."""
    W, sigma = draw_weights(rng, low, high)
    u, _, vt = np.linalg.svd(W)
    return rng.normal(size=W.shape), W, u[:, 0], vt[0], sigma


def sent_back(G, W, u, v, sigma) -> np.ndarray:
    """Return the gradient by W, where W has been divided."""
    along = np.vdot(G, W) / sigma
    return (G - along * np.outer(u, v)) / sigma


@spectral_backward.property(
    "sends nothing back along W, where W is divided", expected=True
)
def _(answer, rng):
    _, W, u, v, sigma = draw_slope(rng, 1.5, 4)
    G = W / sigma + 0  # scaling W changes nothing, so G must not pass whole
    given = answer(G, W, u, v, sigma, False)
    right = sent_back(G, W, u, v, sigma)
    if np.shape(given) != W.shape:
        return differs(given, right)
    along = float(np.vdot(given, W))
    mistakes = {"sigma is taken for a constant": np.vdot(G, W) / sigma}
    problem = differs(along, 0.0, symptoms=mistakes)
    if problem.startswith("your answer"):
        return "the gradient still has a part along W"
    return problem


@spectral_backward.property("sends the gradient through the division")
def _(answer, rng):
    G, W, u, v, sigma = draw_slope(rng, 1.5, 4)
    along, both = np.vdot(G, W) / sigma, np.outer(u, v)
    mistakes = {
        "nothing happens to it": G,
        "sigma is taken for a constant": G / sigma,
        "the last division by sigma is missing": G - along * both,
        "G meets W itself, and not the divided W": (G - sigma * along * both)
        / sigma,
        "what belongs off is added": (G + along * both) / sigma,
        "the part along W is taken off, not that of u and v": (
            G - along * W / sigma
        )
        / sigma,
        "G does not meet W at all": (G - both) / sigma,
        "G meets W entry by entry, and nothing is added up": (
            G - G * W / sigma * both
        )
        / sigma,
        "G meets u and v, and not the divided W": (G - (u @ G @ v) * both)
        / sigma,
    }
    right = sent_back(G, W, u, v, sigma)
    given = answer(G, W, u, v, sigma, False)
    return differs(given, right, symptoms=mistakes)


@spectral_backward.property("treats small weights alike, without the cap")
def _(answer, rng):
    given = draw_slope(rng, 0.2, 0.7)
    mistakes = {
        "they are passed over, as with the cap": given[0],
        "sigma is taken for a constant": given[0] / given[-1],
    }
    result, right = answer(*given, False), sent_back(*given)
    return differs(result, right, symptoms=mistakes)


@spectral_backward.property(
    "passes G on where the cap left W alone", expected=True
)
def _(answer, rng):
    given = draw_slope(rng, 0.2, 0.7)
    mistakes = {
        "it goes through a division that did not happen": sent_back(*given),
        "it is divided by sigma": given[0] / given[-1],
    }
    result = answer(*given, True)
    return differs(result, given[0], symptoms=mistakes)


@spectral_backward.property("sends it through where the cap divided")
def _(answer, rng):
    given = draw_slope(rng, 1.5, 4)
    mistakes = {
        "it is passed on as it is": given[0],
        "sigma is taken for a constant": given[0] / given[-1],
    }
    result, right = answer(*given, True), sent_back(*given)
    return differs(result, right, symptoms=mistakes)


@spectral_backward.property("leaves its inputs as they were", expected=True)
def _(answer, rng):
    return changed(answer, *draw_slope(rng, 2, 3), False)
