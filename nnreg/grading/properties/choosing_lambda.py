"""Assignment "choosing_lambda": choice by validation rows, and by folds."""

import numpy as np

from nnreg.grading.properties._kit import changed, results
from nnreg.grading.questions import differs, question

choose_lambda = question("choose_lambda")
fold_losses = question("fold_losses")


def draw_trained(rng, shuffled: bool = False) -> tuple:
    """Draw strengths, a row of weights for each, and rows to validate on.

    The second largest strength has the best weights and a high price, the
    second smallest the lowest sum of loss and penalty, the third the highest
    loss: so each mistake chooses another one.
    """
    m, d = rng.integers(6, 9), rng.integers(3, 5)
    truth = rng.choice([-1, 1], d) * rng.uniform(1.5, 2, d)
    off = rng.normal(size=(m, d))
    sizes = np.r_[1.3, 0.7, 1.6, np.full(m - 5, 1.1), 0.1, 1.1]
    off *= sizes[:, None] / np.linalg.norm(off, axis=1, keepdims=True)
    lams = np.r_[0.01, 0.012, np.geomspace(0.05, 0.5, m - 4), 3, 6]
    lams *= rng.uniform(1, 1.1)
    X = np.linalg.qr(rng.normal(size=(20, d)))[0] * 20**0.5
    y = X @ truth + 0.3 * rng.normal(size=20)
    order = np.arange(m)
    if shuffled:  # sorted, the best one's place holds no mistake's λ
        others = rng.permutation(np.delete(order, m - 2))
        order = np.insert(others, 3, m - 2)
    return lams[order], (truth + off)[order], X, y


def validation_losses(weights, X, y) -> np.ndarray:
    """Return the mean squared error of each row of weights."""
    return np.mean((weights @ X.T - y) ** 2, axis=1)


def choice_problem(given, case, extra: dict) -> str:
    """Say how a chosen strength differs from the best one."""
    lams, weights, X, y = case
    losses = validation_losses(weights, X, y)
    totals = losses + lams * np.sum(weights**2, axis=1)
    mistakes = {
        **extra,
        "it is the place of a λ, and not the λ": np.argmin(losses),
        "the penalty takes part in the choice": lams[np.argmin(totals)],
        "it is the λ of the highest loss": lams[np.argmax(losses)],
        "it is the smallest λ": lams.min(),
        "it is the largest λ": lams.max(),
    }
    right = lams[np.argmin(losses)]
    return differs(results(given, 2)[0], right, symptoms=mistakes)


@choose_lambda.property("takes the λ whose weights predict best")
def _(answer, rng):
    case = draw_trained(rng)
    return choice_problem(answer(*case), case, {})


@choose_lambda.property("takes the strengths in any order")
def _(answer, rng):
    case = draw_trained(rng, shuffled=True)
    best = np.argmin(validation_losses(*case[1:]))
    mistake = {"strengths are sorted, and weights not": np.sort(case[0])[best]}
    return choice_problem(answer(*case), case, mistake)


@choose_lambda.property("tells the validation loss of the chosen λ")
def _(answer, rng):
    lams, weights, X, y = draw_trained(rng)
    losses = validation_losses(weights, X, y)
    best = losses.argmin()
    totals = losses + lams * np.sum(weights**2, axis=1)
    mistakes = {
        "the penalty is in it": totals[best],
        "the penalty is in it, and in the choice": totals.min(),
        "the squares are added up, not averaged": losses[best] * len(y),
        "the squares are halved": losses[best] / 2,
        "it is the root of it": losses[best] ** 0.5,
        "it holds the loss of every λ": losses,
        "it is the mean over all λ": losses.mean(),
    }
    given = results(answer(lams, weights, X, y), 2)[1]
    return differs(given, losses[best], symptoms=mistakes)


@choose_lambda.property("leaves its inputs as they were", expected=True)
def _(answer, rng):
    return changed(answer, *draw_trained(rng, shuffled=True))


def draw_folds(rng, lam: float, same: bool = False) -> tuple:
    """Draw rows in folds; with `same`, all folds hold the same inputs."""
    K, d = rng.integers(3, 6), rng.integers(2, 4)
    sizes = np.full(K, 6) if same else rng.permutation(np.arange(6, 6 + K))
    fold = np.repeat(np.arange(K), sizes)
    X = rng.uniform(-1, 1, (len(fold), d)) + 0.7 * fold[:, None]
    X = np.tile(X[:6], (K, 1)) if same else X
    X = (X + 2) * rng.uniform(1, 5, d)
    y = X @ rng.uniform(0.5, 1, d) + 3 + rng.normal(size=len(fold))
    order = rng.permutation(len(fold))
    return X[order], y[order], lam, fold[order]


def scale_by(rows, X, ddof: int = 0) -> np.ndarray:
    """Scale all rows by the mean and deviation of some."""
    return (X - X[rows].mean(axis=0)) / X[rows].std(axis=0, ddof=ddof)


def losses_by(
    X, y, lam, fold, scale=None, price=None, sides=None, centre=None
):
    """Cross-validate; the options are mistakes, functions of a fold's mask."""
    losses = []
    for k in range(fold.max() + 1):
        out = fold == k
        train, judge = sides(out) if sides else (~out, out)
        Z = scale(out) if scale else scale_by(train, X)
        c = price(out) if price else lam * train.sum()
        T, mean = Z[train], y[train].mean() if centre is None else centre
        A = T.T @ T + c * np.eye(X.shape[1])
        w = np.linalg.solve(A, T.T @ (y[train] - mean))
        losses.append(np.mean((Z[judge] @ w + mean - y[judge]) ** 2))
    return np.array(losses)


def wrong_scales(X, y, lam, fold) -> dict[str, np.ndarray]:
    """Cross-validate with inputs that are scaled by other rows."""

    def apart(out):
        return np.where(out[:, None], scale_by(out, X), scale_by(~out, X))

    scales = {
        "the fold took part in mean or deviation": lambda out: scale_by(
            out | True, X
        ),
        "the fold is scaled by itself": apart,
        "nothing is scaled": lambda out: X - X[~out].mean(axis=0),
        "all columns share one mean and one deviation": lambda out: (
            (X - X[~out].mean()) / X[~out].std()
        ),
        "nothing is centred": lambda out: X / X[~out].std(axis=0),
        "the deviation divides by n − 1, and not by n": lambda out: scale_by(
            ~out, X, 1
        ),
    }
    return {
        name: losses_by(X, y, lam, fold, scale=scale)
        for name, scale in scales.items()
    }


def wrong_prices(X, y, lam, fold) -> dict[str, np.ndarray]:
    """Cross-validate with λ beside another mean, or beside none."""
    prices = {
        "λ has no effect": lambda out: 0.0,
        "λ is not multiplied by any number of rows": lambda out: lam,
        "λ is multiplied by the number of all rows": lambda out: lam * len(y),
        "λ is multiplied by the rows of the fold": lambda out: lam * sum(out),
    }
    return {
        name: losses_by(X, y, lam, fold, price=price)
        for name, price in prices.items()
    }


@fold_losses.property("judges each fold by what the other rows taught")
def _(answer, rng):
    case = X, y, _, fold = draw_folds(rng, 0.0)
    right = losses_by(*case)
    by_number = np.arange(len(y)) % len(right)
    mistakes = {
        "the rows of the fold are trained on as well": losses_by(
            *case, sides=lambda out: (out | True, out)
        ),
        "it trains on the fold and judges by the others": losses_by(
            *case, sides=lambda out: (out, ~out)
        ),
        "the fold took part in the mean of the targets": losses_by(
            *case, centre=y.mean()
        ),
        "the mean of the targets is not taken off": losses_by(
            *case, centre=0.0
        ),
        "the squares of a fold are added up": right * np.bincount(fold),
        "the folds are averaged already": right.mean(),
        "rows are cut by their number": losses_by(X, y, 0.0, by_number),
        **wrong_scales(*case),
    }
    return differs(answer(*case), right, symptoms=mistakes)


@fold_losses.property("sets λ beside the mean over the rows that train")
def _(answer, rng):
    # The same inputs in each fold: whoever scales wrongly is not blamed here.
    case = draw_folds(rng, rng.uniform(0.3, 1), same=True)
    mistakes = wrong_prices(*case)
    return differs(answer(*case), losses_by(*case), symptoms=mistakes)


@fold_losses.property("scales by the rows that train, and by no others")
def _(answer, rng):
    case = draw_folds(rng, rng.uniform(0.3, 1))
    mistakes = wrong_scales(*case) | wrong_prices(*case)
    return differs(answer(*case), losses_by(*case), symptoms=mistakes)


@fold_losses.property("leaves its inputs as they were", expected=True)
def _(answer, rng):
    return changed(answer, *draw_folds(rng, 0.5))
