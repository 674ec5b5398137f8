"""Assignment "layernorm", first part: forward, and back to gamma and beta."""

import numpy as np

from nnreg.grading.properties._kit import changed, misshapen, mixed, results
from nnreg.grading.questions import differs, question

forward = question("layernorm_forward")
parameters = question("gamma_beta_gradients")

NOT_SUMMED = "the gradient is not summed over the batch"
AVERAGED = "the gradient is averaged over the batch, and should be summed"
FIRST_ONLY = "the gradient is summed over the first axis alone"
ALONG_ROWS = "the gradient is summed along the rows, not over them"


def draw(rng: np.random.Generator, axes: int) -> tuple:
    """Draw rows far from 0 with a gamma, a beta, and an eps that shows."""
    *lead, d = sizes = rng.permutation([2, 3, 4, 5])[:axes].tolist()
    d = sizes[-1] = d + 4
    x = rng.normal(rng.normal(size=(*lead, 1)), rng.uniform(1, 3), sizes)
    return x, mixed(rng, d), mixed(rng, d), float(rng.uniform(0.2, 0.8))


def normalised(x: np.ndarray, eps: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the normalised rows, and the factor of each as a column."""
    u = x - x.mean(axis=-1, keepdims=True)
    c = 1 / np.sqrt(np.mean(u**2, axis=-1, keepdims=True) + eps)
    return c * u, c


def _along(x, eps, axis):
    mean = x.mean(axis=axis, keepdims=True)
    return (x - mean) / np.sqrt(x.var(axis=axis, keepdims=True) + eps)


def _of_c(x, eps):
    """Say what goes wrong with the factor of a row, and what it is then."""
    variance, d = x.var(axis=-1, keepdims=True), x.shape[-1]
    sigma = np.sqrt(variance)
    return {
        "eps stands outside of the root": 1 / (sigma + eps),
        "eps is missing": 1 / sigma,
        "eps is squared": (variance + eps**2) ** -0.5,
        "the root is missing": 1 / (variance + eps),
        "the variance is divided by one less": (variance * d / (d - 1) + eps)
        ** -0.5,
        "the variance is a sum, not a mean": (variance * d + eps) ** -0.5,
        "x is not centred for the variance": (
            np.mean(x**2, axis=-1, keepdims=True) + eps
        )
        ** -0.5,
    }


@forward.property(
    "returns y and x_hat like x, and c with one number a row", expected=True
)
def _has_three_shapes(answer, rng):
    x, *others = draw(rng, 3)
    y, x_hat, c = results(answer(x, *others), 3)
    of_hat, of_c = misshapen(x_hat, x.shape), misshapen(c, (*x.shape[:-1], 1))
    of_both = (of_hat and f"of x_hat: {of_hat}") or (of_c and f"of c: {of_c}")
    return misshapen(y, x.shape) or of_both


@forward.property("normalises one row as on paper")
def _normalises_on_paper(answer, rng):
    size, middle = rng.integers(1, 5, 2).astype(float)
    row = middle + size * np.array([-3, -1, 0, 1, 3])
    ones, zeros = np.ones(5), np.zeros(5)
    eps = 2.25 * size**2  # a variance of 4 and this make a root of 2.5
    _, x_hat, _ = results(answer(row[None], ones, zeros, eps), 3)
    right = np.array([[-1.2, -0.4, 0, 0.4, 1.2]])
    u = row - middle
    symptoms = {what: c * u for what, c in _of_c(row[None], eps).items()}
    symptoms["the mean runs over the batch, which is one row"] = 0 * right
    symptoms["the mean is not taken off"] = row[None] / (2.5 * size)
    return differs(x_hat, right, symptoms=symptoms)


@forward.property("takes mean and variance of each row by itself")
def _keeps_rows_apart(answer, rng):
    x, gamma, beta, eps = draw(rng, 3)
    _, x_hat, _ = results(answer(x, gamma, beta, eps), 3)
    batch = "the mean is taken over the batch, not over the features"
    wrong = {
        batch: 0,
        f"{batch}, and over both of its axes": (0, 1),
        "the mean is taken along axis 1, which is not the last one": 1,
        "a whole example has one mean": (1, 2),
        "the whole array has one mean": (0, 1, 2),
    }
    symptoms = {what: _along(x, eps, axis) for what, axis in wrong.items()}
    right, c = normalised(x, eps)
    symptoms["gamma and beta are in x_hat already"] = gamma * right + beta
    symptoms |= {
        what: right / c * factor for what, factor in _of_c(x, eps).items()
    }
    return differs(x_hat, right, symptoms=symptoms)


@forward.property("returns the factor that has scaled each row")
def _returns_the_factor(answer, rng):
    x, gamma, beta, eps = draw(rng, 2)
    _, _, c = results(answer(x, gamma, beta, eps), 3)
    right = normalised(x, eps)[1]
    symptoms = {
        **_of_c(x, eps),
        "it is what a row is divided by, and not its factor": 1 / right,
        "it is the variance": x.var(axis=-1, keepdims=True),
    }
    return differs(c, right, symptoms=symptoms)


@forward.property("gives each feature its scale and its shift")
def _scales_and_shifts(answer, rng):
    x, gamma, beta, eps = draw(rng, 3)
    y, x_hat, _ = results(answer(x, gamma, beta, eps), 3)
    x_hat = np.asarray(x_hat)
    symptoms = {
        "gamma and beta are missing": x_hat,
        "gamma is missing": x_hat + beta,
        "beta is missing": gamma * x_hat,
        "beta is taken off": gamma * x_hat - beta,
        "gamma and beta have changed places": beta * x_hat + gamma,
        "the shift comes before the scale": gamma * (x_hat + beta),
    }
    return differs(y, gamma * x_hat + beta, symptoms=symptoms)


@forward.property("turns a constant row into beta")
def _survives_a_constant_row(answer, rng):
    x, gamma, beta, _ = draw(rng, 2)
    x[-1] = float(rng.integers(1, 9))
    y, _, _ = results(answer(x, gamma, beta, 1e-5), 3)
    row = np.asarray(y, float)[-1]
    if np.isnan(row).any():
        return "0 is divided by 0 in that row"
    return differs(row, beta, symptoms={"that row is 0": 0 * beta})


@forward.property("keeps its digits far from zero")
def _keeps_its_digits(answer, rng):
    x, gamma, _, eps = draw(rng, 2)
    beta = np.full(gamma.shape, 50.0)  # so that no entry of y is near 0
    far = x + 1e7
    right = gamma * normalised(far - 1e7, eps)[0] + beta
    problems = [
        differs(results(answer(rows, gamma, beta, eps), 3)[0], right)
        for rows in (far, far - 1e7)
    ]
    if problems[0] and not problems[1]:
        return "digits are lost: how is the variance made?"
    return problems[0]


@forward.property("leaves x, gamma and beta as they were", expected=True)
def _forward_leaves_inputs(answer, rng):
    return changed(answer, *draw(rng, 2))


def _arrived(rng, axes):
    x, _, _, eps = draw(rng, axes)
    return rng.normal(size=x.shape), normalised(x, eps)[0]


@parameters.property(
    "returns two gradients, with a number for each feature", expected=True
)
def _has_two_gradients(answer, rng):
    dy, x_hat = _arrived(rng, int(rng.integers(2, 5)))
    dgamma, dbeta = results(answer(dy, x_hat), 2)
    of_gamma = misshapen(dgamma, dy.shape[-1:])
    of_beta = misshapen(dbeta, dy.shape[-1:])
    found = of_gamma and f"of gamma: {of_gamma}"
    return found or (of_beta and f"of beta: {of_beta}")


def _summed(given, each):
    """Compare with the sum over a batch of rows, one part a row."""
    symptoms = {
        NOT_SUMMED: each,
        AVERAGED: each.mean(axis=0),
        ALONG_ROWS: each.sum(axis=-1),
    }
    return differs(given, each.sum(axis=0), symptoms=symptoms)


@parameters.property("sums the gradient of gamma over the batch")
def _sums_for_gamma(answer, rng):
    dy, x_hat = _arrived(rng, 2)
    given, other = results(answer(dy, x_hat), 2)
    if not differs(given, dy.sum(axis=0)):
        swapped = not differs(other, (dy * x_hat).sum(axis=0))
        return (
            "the two results are in the wrong order"
            if swapped
            else "x_hat is missing"
        )
    return _summed(given, dy * x_hat)


@parameters.property("sums the gradient of beta over the batch")
def _sums_for_beta(answer, rng):
    dy, x_hat = _arrived(rng, 2)
    _, given = results(answer(dy, x_hat), 2)
    if not differs(given, (dy * x_hat).sum(axis=0)):
        return "beta does not multiply x_hat, and its gradient neither"
    return _summed(given, dy)


@parameters.property("sums over all axes before the last one")
def _sums_all_leading_axes(answer, rng):
    dy, x_hat = _arrived(rng, int(rng.integers(3, 5)))
    both = np.stack([dy * x_hat, dy])
    lead = tuple(range(1, dy.ndim))
    symptoms = {
        NOT_SUMMED: tuple(both),
        FIRST_ONLY: tuple(both.sum(axis=1)),
        ALONG_ROWS: tuple(both.sum(axis=-1)),
        AVERAGED: tuple(both.mean(axis=lead)),
    }
    right = tuple(both.sum(axis=lead))
    return differs(answer(dy, x_hat), right, symptoms=symptoms)


@parameters.property("takes one row alone, without a batch")
def _takes_one_row(answer, rng):
    dy, x_hat = _arrived(rng, 1)
    both = dy * x_hat, dy
    summed = {ALONG_ROWS: tuple(each.sum() for each in both)}
    return differs(answer(dy, x_hat), both, symptoms=summed)


@parameters.property("leaves dy and x_hat as they were", expected=True)
def _parameters_leave_inputs(answer, rng):
    return changed(answer, *_arrived(rng, 2))
