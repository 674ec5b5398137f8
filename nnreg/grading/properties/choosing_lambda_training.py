"""Assignment "choosing_lambda": a loss, its gradient, and the descent."""

import numpy as np

from nnreg.grading.properties._kit import changed, results
from nnreg.grading.questions import differs, question

softmax_cross_entropy = question("softmax_cross_entropy")
descend = question("descend")


def draw_logits(rng) -> tuple[np.ndarray, np.ndarray]:
    """Draw logits, and labels that hold each class twice or more."""
    k = rng.integers(3, 6)
    n = 2 * k + rng.integers(1, 4)
    return rng.normal(size=(n, k)), rng.permutation(np.arange(n) % k)


def softmax(z, axis: int = 1) -> np.ndarray:
    """Return the probabilities that belong to small logits."""
    return np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True)


@softmax_cross_entropy.property("averages the loss over the rows")
def _(answer, rng):
    z, y = draw_logits(rng)
    q, rows = softmax(z), np.arange(len(y))
    losses = -np.log(q[rows, y])
    mistakes = {
        "the rows are added up": losses.sum(),
        "it is averaged over the classes as well": losses.mean() / q.shape[1],
        "all classes count, and not the right one alone": -np.log(q).mean(),
        "it takes the likeliest class, not the right one": -np.log(
            q.max(axis=1)
        ).mean(),
        "the softmax adds up to 1 over the rows, not over the classes": (
            -np.log(softmax(z, 0)[rows, y]).mean()
        ),
        "the softmax adds up to 1 over everything": (
            -np.log(softmax(z, (0, 1))[rows, y]).mean()
        ),
        "it has no logarithm": -q[rows, y].mean(),
        "its logarithm has base 2": losses.mean() / np.log(2),
        "each row has a loss of its own": losses,
        "each row is asked for the classes of all rows: q[:, y]": -np.log(
            q[:, y]
        ).mean(),
        "the mean is taken before the logarithm": -np.log(q[rows, y].mean()),
    }
    given = results(answer(z, y), 2)[0]
    return differs(given, losses.mean(), symptoms=mistakes)


@softmax_cross_entropy.property("has the gradient of that loss by the logits")
def _(answer, rng):
    z, y = draw_logits(rng)
    n, k = z.shape
    q, hot = softmax(z), np.eye(k)[y]
    right = (q - hot) / n
    mistakes = {
        "it belongs to the sum over the rows, not to the mean": q - hot,
        "it is averaged over the classes as well": right / k,
        "nothing is taken off at the right class": q / n,
        "the softmax is missing": (z - hot) / n,
        "the slope of the logarithm alone is there": -hot / q / n,
        "1 is taken off at every class, not at the right one": (q - 1) / n,
        "the softmax adds up to 1 over everything": (softmax(z, (0, 1)) - hot)
        / n,
        "the softmax adds up to 1 over the rows, not over the classes": (
            softmax(z, 0) - hot
        )
        / n,
    }
    return differs(results(answer(z, y), 2)[1], right, symptoms=mistakes)


@softmax_cross_entropy.property("copes with large logits in every row")
def _(answer, rng):
    z, y = draw_logits(rng)
    far = (
        z
        + 1000.0 * rng.permutation(np.resize([-2, -1, 1, 2], len(z)))[:, None]
    )
    q = softmax(z)
    right = -np.log(q[np.arange(len(y)), y]).mean()
    loss, dz = results(answer(far, y), 2)
    slope = (q - np.eye(q.shape[1])[y]) / len(y)
    for name, given, expected in (
        ("loss", loss, right),
        ("gradient", dz, slope),
    ):
        if np.shape(given) == np.shape(expected) and not np.all(
            np.isfinite(given)
        ):
            return f"the {name} becomes infinite or NaN"
        if problem := differs(given, expected):
            return f"in the {name}, {problem}"
    return ""


@softmax_cross_entropy.property("lets a wrong answer cost as much as it costs")
def _(answer, rng):
    k = rng.integers(3, 6)
    y = rng.permutation(k)
    lead = rng.uniform(50, 60, k)
    z = np.zeros((k, k))
    z[np.arange(k), (y + 1) % k] = lead  # sure of a wrong class
    mistakes = {
        f"a probability is not let below {least:g}": -np.log(least)
        for least in (1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)
    }
    return differs(results(answer(z, y), 2)[0], lead.mean(), symptoms=mistakes)


@softmax_cross_entropy.property(
    "leaves its inputs as they were", expected=True
)
def _(answer, rng):
    return changed(answer, *draw_logits(rng))


def draw_line(rng) -> tuple[np.ndarray, np.ndarray]:
    """Draw rows and targets of a linear model with an intercept."""
    n, d = rng.integers(8, 14), rng.integers(2, 5)
    X = rng.normal(size=(n, d)) + rng.uniform(0.3, 0.6, d)
    return X, X @ rng.uniform(0.5, 2, d) + 1 + 0.3 * rng.normal(size=n)


def descent(
    X, y, lam, lr, steps, pull_w=2.0, pull_b=0.0, fit=2.0, late=False, often=1
):
    """Descend; the options are mistakes."""
    w, b, losses = np.zeros(X.shape[1]), 0.0, []
    for _ in range(steps):
        e = X @ w + b - y
        losses.append(np.mean(e**2))
        w = w - lr * (fit * X.T @ e / len(y) + pull_w * lam * w)
        e = X @ w + b - y if late else e
        b = b - lr * (often * fit * e.mean() + pull_b * lam * b)
    return w, b, np.array(losses)


@descend.property("descends the mean of the squares, without a penalty")
def _(answer, rng):
    X, y = draw_line(rng)
    lr, steps = rng.uniform(0.02, 0.04), rng.integers(4, 9)
    mistakes = {
        "a step is half as long: the square's slope has a factor": (1, steps),
        "the gradient is that of the sum, not of the mean": (
            2 * len(y),
            steps,
        ),
        "it climbs": (-2, steps),
        "it takes one step too few": (2, steps - 1),
        "it takes one step too many": (2, steps + 1),
    }
    wrong = {
        name: descent(X, y, 0.0, lr, n, fit=fit)[:2]
        for name, (fit, n) in mistakes.items()
    }
    wrong["b is moved by weights that have moved already"] = descent(
        X, y, 0.0, lr, steps, late=True
    )[:2]
    wrong["b is moved by the sum of the errors, not by their mean"] = descent(
        X, y, 0.0, lr, steps, often=len(y)
    )[:2]
    given = results(answer(X, y, 0.0, lr, int(steps)), 3)[:2]
    return differs(given, descent(X, y, 0.0, lr, steps)[:2], symptoms=wrong)


@descend.property("pulls the weights towards 0 by the penalty's slope")
def _(answer, rng):
    X, y = draw_line(rng)
    X, y = X - X.mean(axis=0), y - y.mean()  # so that the bias stays 0
    case = X, y, rng.uniform(0.5, 1.5), rng.uniform(0.02, 0.04), 6
    mistakes = {
        "there is no pull": 0,
        "the pull is half as strong: the square's slope has a factor": 1,
        "the pull is twice as strong": 4,
        "the pull is divided by the number of rows": 2 / len(y),
        "the pull has the wrong sign": -2,
    }
    wrong = {
        name: descent(*case, pull_w=pull)[0] for name, pull in mistakes.items()
    }
    given = results(answer(*case), 3)[0]
    return differs(given, descent(*case)[0], symptoms=wrong)


@descend.property("leaves the bias out of the penalty")
def _(answer, rng):
    case = *draw_line(rng), rng.uniform(0.5, 1.5), rng.uniform(0.02, 0.04), 6
    wrong = {"the bias is pulled as well": descent(*case, pull_b=2.0)[1]}
    given = results(answer(*case), 3)[1]
    return differs(given, descent(*case)[1], symptoms=wrong)


@descend.property("keeps the data loss from before each step")
def _(answer, rng):
    X, y = draw_line(rng)
    lam, lr, steps = rng.uniform(0.5, 1.5), rng.uniform(0.02, 0.04), 6
    losses = descent(X, y, lam, lr, steps)[2]
    weights = [descent(X, y, lam, lr, n)[0] for n in range(steps)]
    prices = np.array([lam * np.sum(w**2) for w in weights])
    wrong = {
        "the penalty is in it": losses + prices,
        "it is measured after each step": descent(X, y, lam, lr, steps + 1)[2][
            1:
        ],
        "there is one for the start and one for each step": descent(
            X, y, lam, lr, steps + 1
        )[2],
        "the squares are added up, not averaged": losses * len(y),
        "the squares are halved": losses / 2,
        "it is the last one alone": losses[-1],
    }
    given = results(answer(X, y, lam, lr, steps), 3)[2]
    return differs(given, losses, symptoms=wrong)


@descend.property("leaves its inputs as they were", expected=True)
def _(answer, rng):
    return changed(answer, *draw_line(rng), 1.0, 0.03, 4)
