"""Assignment "choosing_lambda": right answers pass, each mistake gets its name."""

import nbformat
import numpy as np
import pytest

from nnreg import Table, nn
from nnreg.grading.properties import (
    choosing_lambda,
    choosing_lambda_report,
    choosing_lambda_training,
)

from .sheets import SOURCES, answers, problems

NAMES = [
    "softmax_cross_entropy",
    "descend",
    "choose_lambda",
    "fold_losses",
    "one_standard_error",
    "compare_over_seeds",
]
MODULES = [choosing_lambda, choosing_lambda_report, choosing_lambda_training]
RIGHT = answers("choosing_lambda")


def _entropy_by_package(z, y):
    loss = nn.SoftmaxCrossEntropy()
    return [loss.forward(z, y), loss.backward()]


def _descent_by_one_vector(X, y, lam, lr, steps):
    A = np.column_stack([X, np.ones(len(X))])
    theta, losses = np.zeros(A.shape[1]), np.empty(steps)
    price = np.append(np.ones(X.shape[1]), 0.0)
    for t in range(steps):
        error = A @ theta - y
        losses[t] = error @ error / len(y)
        theta -= 2 * lr * (error @ A / len(y) + lam * price * theta)
    return theta[:-1], theta[-1:][0], losses


def _choice_by_loop(lams, weights, X, y):
    tried = [
        (float(np.mean((X @ w - y) ** 2)), float(lam)) for lam, w in zip(lams, weights, strict=True)
    ]
    loss, lam = min(tried)
    return [lam, loss]


def _folds_by_more_rows(X, y, lam, fold):
    losses = []
    for k in np.unique(fold):
        train = np.flatnonzero(fold != k)
        move, size = X[train].mean(axis=0), X[train].std(axis=0)
        Z, n, d = (X - move) / size, len(train), X.shape[1]
        more = np.vstack([Z[train], np.sqrt(n * lam) * np.eye(d)])
        centre = np.average(y[train])
        w = np.linalg.lstsq(more, np.append(y[train] - centre, np.zeros(d)), rcond=None)[0]
        wrong = y[fold == k] - centre - Z[fold == k] @ w
        losses.append(wrong @ wrong / len(wrong))
    return losses


def _rule_by_table(lams, losses):
    cells = [
        {"lam": lam, "seed": k, "loss": loss}
        for lam, row in zip(lams, losses, strict=True)
        for k, loss in enumerate(row)
    ]
    return Table(["lam"], cells).one_standard_error("loss")["lam"]


def _report_by_sums(scores, baseline):
    gaps = [a - b for a, b in zip(scores, baseline, strict=True)]
    mean = sum(gaps) / len(gaps)
    s = (sum((gap - mean) ** 2 for gap in gaps) / (len(gaps) - 1)) ** 0.5
    return np.array([mean, s, s * len(gaps) ** -0.5, sum(gap > 0 for gap in gaps)])


ANOTHER = dict(
    zip(
        NAMES,
        [
            _entropy_by_package,
            _descent_by_one_vector,
            _choice_by_loop,
            _folds_by_more_rows,
            _rule_by_table,
            _report_by_sums,
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


def _softmax(z, axis=1):
    q = np.exp(z)
    return q / q.sum(axis=axis, keepdims=True)


def _entropy(loss=None, slope=None):
    """Return an answer with its own loss or gradient, made of q, y and z."""

    def answer(z, y):
        right = RIGHT["softmax_cross_entropy"](z, y)
        with np.errstate(all="ignore"):
            mine = [way and way(_softmax(z), y, z) for way in (loss, slope)]
        return tuple(b if a is None else a for a, b in zip(mine, right, strict=True))

    return answer


def _picked(q, y):
    return q[np.arange(len(y)), y]


def _hot(q, y):
    return np.eye(q.shape[1])[y]


def _cut_off(least):
    def answer(z, y):
        q = _softmax(z - z.max(axis=1, keepdims=True))
        loss = -np.log(np.clip(_picked(q, y), least, 1)).mean()
        return loss, (q - _hot(q, y)) / len(y)

    return answer


def _entropy_in_place(z, y):
    z -= z.max(axis=1, keepdims=True)
    return RIGHT["softmax_cross_entropy"](z, y)


def _largest_of_all(z, y):
    q = _softmax(z - z.max())
    return -np.log(_picked(q, y)).mean(), (q - _hot(q, y)) / len(y)


WRONG_ENTROPIES = [
    (_entropy(lambda q, y, z: -np.log(_picked(q, y)).sum()), "the rows are added up"),
    (_entropy(lambda q, y, z: -(np.log(q) * _hot(q, y)).mean()), "over the classes as well"),
    (_entropy(lambda q, y, z: -np.log(q).mean()), "all classes count"),
    (_entropy(lambda q, y, z: -np.log(q.max(axis=1)).mean()), "it takes the likeliest class"),
    (
        _entropy(lambda q, y, z: -np.log(_picked(_softmax(z, 0), y)).mean()),
        "over the rows, not over the classes",
    ),
    (
        _entropy(lambda q, y, z: -np.log(_picked(_softmax(z, (0, 1)), y)).mean()),
        "the softmax adds up to 1 over everything",
    ),
    (_entropy(lambda q, y, z: -_picked(q, y).mean()), "it has no logarithm"),
    (_entropy(lambda q, y, z: -np.log2(_picked(q, y)).mean()), "its logarithm has base 2"),
    (_entropy(lambda q, y, z: -np.log(_picked(q, y))), "each row has a loss of its own"),
    (_entropy(lambda q, y, z: -np.log(_picked(q, y).mean())), "before the logarithm"),
    (_entropy(lambda q, y, z: -np.log(q[:, y]).mean()), "asked for the classes of all rows"),
    (_entropy(slope=lambda q, y, z: (q - 1) / len(y)), "1 is taken off at every class"),
    (
        _entropy(slope=lambda q, y, z: (_softmax(z, (0, 1)) - _hot(q, y)) / len(y)),
        "the softmax adds up to 1 over everything",
    ),
    (_entropy(lambda q, y, z: np.log(_picked(q, y)).mean()), "it has the wrong sign"),
    (_entropy(slope=lambda q, y, z: q - _hot(q, y)), "it belongs to the sum over the rows"),
    (_entropy(slope=lambda q, y, z: (q - _hot(q, y)) / q.size), "over the classes as well"),
    (_entropy(slope=lambda q, y, z: q / len(y)), "nothing is taken off at the right class"),
    (_entropy(slope=lambda q, y, z: (z - _hot(q, y)) / len(y)), "the softmax is missing"),
    (_entropy(slope=lambda q, y, z: -_hot(q, y) / q / len(y)), "the slope of the logarithm alone"),
    (
        _entropy(slope=lambda q, y, z: (_softmax(z, 0) - _hot(q, y)) / len(y)),
        "over the rows, not over the classes",
    ),
    (_entropy(lambda q, y, z: -np.log(_picked(q, y)).mean()), "the loss becomes infinite or NaN"),
    (
        _entropy(slope=lambda q, y, z: (q - _hot(q, y)) / len(y)),
        "the gradient becomes infinite or NaN",
    ),
    (_largest_of_all, "the loss becomes infinite or NaN"),
    *[(_cut_off(10.0**-k), f"is not let below 1e-{k:02}") for k in (7, 8, 9, 10, 12, 15)],
    (lambda z, y: RIGHT["softmax_cross_entropy"](z, y)[0], "should return 2 results"),
    (_entropy_in_place, "it changes an array that it was given"),
    (_spoils("softmax_cross_entropy"), "it changes an array that it was given"),
]


def _descent(fit=2.0, pull=2.0, pull_b=0.0, more=0, late=False, kept=None, total=np.mean):
    """Return a descent with mistakes; `kept` says which loss is kept."""

    def answer(X, y, lam, lr, steps):
        w, b, losses = np.zeros(X.shape[1]), 0.0, []
        rows = len(y)
        for _ in range(steps + more):
            e = X @ w + b - y
            loss = np.mean(e**2)
            losses.append(kept(loss, lam * np.sum(w**2), rows) if kept else loss)
            factor = fit(rows) if callable(fit) else fit
            new = w - lr * (
                factor * X.T @ e / rows + (pull / rows if late == "n" else pull) * lam * w
            )
            e = X @ new + b - y if late is True else e
            w, b = new, b - lr * (factor * total(e) + pull_b * lam * b)
        return w, b, losses[:steps] + [0.0] * (steps - len(losses))

    return answer


def _losses(change):
    def answer(X, y, lam, lr, steps):
        w, b, losses = RIGHT["descend"](X, y, lam, lr, steps)
        longer = RIGHT["descend"](X, y, lam, lr, steps + 1)[2]
        return w, b, change(losses, longer)

    return answer


WRONG_DESCENTS = [
    (_descent(fit=1.0), "a step is half as long"),
    (_descent(fit=lambda rows: 2 * rows), "the gradient is that of the sum, not of the mean"),
    (_descent(fit=-2.0), "it climbs"),
    (_descent(more=-1), "it takes one step too few"),
    (_descent(more=1), "it takes one step too many"),
    (_descent(late=True), "b is moved by weights that have moved already"),
    (_descent(total=np.sum), "b is moved by the sum of the errors"),
    (_descent(pull=0.0), "there is no pull"),
    (_descent(pull=1.0), "the pull is half as strong"),
    (_descent(pull=4.0), "the pull is twice as strong"),
    (_descent(late="n"), "the pull is divided by the number of rows"),
    (_descent(pull=-2.0), "the pull has the wrong sign"),
    (_descent(pull_b=2.0), "the bias is pulled as well"),
    (_descent(kept=lambda loss, price, rows: loss + price), "the penalty is in it"),
    (_descent(kept=lambda loss, price, rows: loss * rows), "the squares are added up"),
    (_descent(kept=lambda loss, price, rows: loss / 2), "the squares are halved"),
    (_losses(lambda losses, longer: longer[1:]), "it is measured after each step"),
    (_losses(lambda losses, longer: longer), "one for the start and one for each step"),
    (_losses(lambda losses, longer: losses[-1]), "it is the last one alone"),
    (lambda *a: RIGHT["descend"](*a)[:2], "should return 3 results"),
    (_spoils("descend"), "it changes an array that it was given"),
    (lambda X, y, *a: [RIGHT["descend"](X, y, *a), y.fill(0)][0], "it changes an array"),
]


def _choice(pick=None, tell=None):
    """Return an answer that picks a place, or tells a loss, in its own way."""

    def answer(lams, weights, X, y):
        losses = np.mean((weights @ X.T - y) ** 2, axis=1)
        best = pick(losses, lams, weights) if pick else losses.argmin()
        loss = tell(losses, lams, weights, best, len(y)) if tell else losses[best]
        return lams[best], loss

    return answer


def _price(lams, weights):
    return lams * np.sum(weights**2, axis=1)


def _lowest_total(lams, weights, X, y):
    totals = np.mean((weights @ X.T - y) ** 2, axis=1) + _price(lams, weights)
    return lams[totals.argmin()], totals.min()


def _sorts_copies(lams, weights, X, y):
    return RIGHT["choose_lambda"](np.sort(lams), weights, X, y)


def _sorts_in_place(lams, weights, X, y):
    lams.sort()
    return RIGHT["choose_lambda"](lams, weights, X, y)


WRONG_CHOICES = [
    (lambda *a: (np.argmin(np.mean((a[1] @ a[2].T - a[3]) ** 2, axis=1)), 0.0), "it is the place"),
    (
        _choice(lambda losses, lams, w: (losses + _price(lams, w)).argmin()),
        "the penalty takes part",
    ),
    (_choice(lambda losses, lams, w: losses.argmax()), "it is the λ of the highest loss"),
    (_choice(lambda losses, lams, w: lams.argmin()), "it is the smallest λ"),
    (_choice(lambda losses, lams, w: lams.argmax()), "it is the largest λ"),
    (_sorts_copies, "strengths are sorted, and weights not"),
    (_lowest_total, "the penalty is in it, and in the choice"),
    (
        _choice(tell=lambda losses, lams, w, best, n: (losses + _price(lams, w))[best]),
        "the penalty is in it",
    ),
    (_choice(tell=lambda losses, lams, w, best, n: losses[best] * n), "the squares are added up"),
    (_choice(tell=lambda losses, lams, w, best, n: losses[best] / 2), "the squares are halved"),
    (_choice(tell=lambda losses, lams, w, best, n: losses[best] ** 0.5), "it is the root of it"),
    (_choice(tell=lambda losses, lams, w, best, n: losses), "it holds the loss of every λ"),
    (_choice(tell=lambda losses, lams, w, best, n: losses.mean()), "it is the mean over all λ"),
    (lambda *a: RIGHT["choose_lambda"](*a)[0], "should return 2 results"),
    (_sorts_in_place, "it changes an array that it was given"),
    (_spoils("choose_lambda"), "it changes an array that it was given"),
]


def _folds(scale=None, price=None, sides=None, cut=None, tell=np.mean, centred=None):
    """Return a cross-validation that scales, prices or cuts in its own way."""

    def answer(X, y, lam, fold):
        if cut:
            fold = cut(fold)
        losses = []
        for k in range(fold.max() + 1):
            out = fold == k
            train, judge = sides(out) if sides else (~out, out)
            by = scale(out) if scale else train
            Z = by(X) if callable(by) else (X - X[by].mean(axis=0)) / X[by].std(axis=0)
            c = price(lam, out) if price else lam * train.sum()
            centre = centred(y) if centred else y[train].mean()
            A = Z[train].T @ Z[train] + c * np.eye(X.shape[1])
            w = np.linalg.solve(A, Z[train].T @ (y[train] - centre))
            losses.append(tell((centre + Z[judge] @ w - y[judge]) ** 2))
        return np.array(losses)

    return answer


def _own_scale(out):
    def scaled(X):
        Z = np.empty(X.shape)
        for rows in (out, ~out):
            Z[rows] = (X[rows] - X[rows].mean(axis=0)) / X[rows].std(axis=0)
        return Z

    return scaled


def _scaled_with(ddof):
    return lambda out: lambda X: (X - X[~out].mean(axis=0)) / X[~out].std(axis=0, ddof=ddof)


WRONG_FOLDS = [
    (_folds(sides=lambda out: (np.ones_like(out), out)), "are trained on as well"),
    (_folds(sides=lambda out: (out, ~out)), "it trains on the fold and judges by the others"),
    (_folds(tell=np.sum), "the squares of a fold are added up"),
    (_folds(centred=np.mean), "the fold took part in the mean of the targets"),
    (_folds(centred=lambda y: 0.0), "the mean of the targets is not taken off"),
    (
        _folds(scale=lambda out: lambda X: (X - X[~out].mean()) / X[~out].std()),
        "all columns share one mean and one deviation",
    ),
    (lambda *a: RIGHT["fold_losses"](*a).mean(), "the folds are averaged already"),
    (_folds(cut=lambda fold: np.arange(len(fold)) % (fold.max() + 1)), "cut by their number"),
    (_folds(price=lambda lam, out: 0.0), "λ has no effect"),
    (_folds(price=lambda lam, out: lam), "λ is not multiplied by any number of rows"),
    (_folds(price=lambda lam, out: lam * len(out)), "multiplied by the number of all rows"),
    (_folds(price=lambda lam, out: lam * out.sum()), "multiplied by the rows of the fold"),
    (_folds(scale=lambda out: np.ones_like(out)), "the fold took part in mean or deviation"),
    (_folds(scale=_own_scale), "the fold is scaled by itself"),
    (_folds(scale=lambda out: lambda X: X - X[~out].mean(axis=0)), "nothing is scaled"),
    (_folds(scale=lambda out: lambda X: X / X[~out].std(axis=0)), "nothing is centred"),
    (_folds(scale=_scaled_with(1)), "the deviation divides by n − 1, and not by n"),
    (_spoils("fold_losses"), "it changes an array that it was given"),
    (lambda X, y, lam, fold: [RIGHT["fold_losses"](X, y, lam, fold), y.fill(0)][0], "changes an"),
]


def _rule(pick=None, error=None):
    """Return the rule with another error, or with another pick of what is near."""

    def answer(lams, losses):
        means, K = losses.mean(axis=1), losses.shape[1]
        best = means.argmin()
        se = error(losses, best) if error else losses[best].std(ddof=1) / K**0.5
        near = means <= means[best] + se
        return pick(lams, near, best) if pick else lams[near].max()

    return answer


def _own_errors(lams, losses):
    means, errors = losses.mean(axis=1), losses.std(axis=1, ddof=1) / losses.shape[1] ** 0.5
    return lams[means - errors <= means.min()].max()


WRONG_RULES = [
    (_rule(lambda lams, near, best: lams[best]), "it is the best λ, without the rule"),
    (_rule(lambda lams, near, best: lams[near].min()), "the smallest λ that is near enough"),
    (
        _rule(error=lambda losses, best: losses[best].std(ddof=1)),
        "the deviation is not divided by the root of K",
    ),
    (
        _rule(error=lambda losses, best: losses[best].std() / losses.shape[1] ** 0.5),
        "the deviation divides by K, and not by K − 1",
    ),
    (_own_errors, "each λ is given its own standard error"),
    (
        _rule(error=lambda losses, best: np.std(losses.mean(axis=1), ddof=1) / len(losses) ** 0.5),
        "the error is that of the means, over the λ and not over folds",
    ),
    (
        lambda lams, losses: lams[losses.mean(axis=1).argmax()],
        "the highest loss counts as the best",
    ),
    (_rule(lambda lams, near, best: np.flatnonzero(near)[lams[near].argmax()]), "it is a place"),
    (lambda lams, losses: lams.max(), "it is the largest λ of all"),
    (
        _rule(lambda lams, near, best: lams[np.flatnonzero(near)[-1]]),
        "it is the last λ that is near enough, not the largest",
    ),
    (_spoils("one_standard_error"), "it changes an array that it was given"),
    (lambda lams, losses: RIGHT["one_standard_error"](lams, losses) + lams.sort(), "stops with"),
    (
        lambda lams, losses: [RIGHT["one_standard_error"](lams, losses), lams.sort()][0],
        "it changes an array that it was given",
    ),
]


def _report(place, change):
    """Return a report in which one number is another."""

    def answer(scores, baseline):
        four = list(RIGHT["compare_over_seeds"](scores, baseline))
        four[place] = change(scores, baseline, *four)
        return tuple(four)

    return answer


def _unpaired(a, b, ddof=1):
    return np.sqrt(a.var(ddof=ddof) + b.var(ddof=ddof))


WRONG_REPORTS = [
    (_report(0, lambda a, b, *four: np.median(a - b)), "it is the median"),
    (_report(0, lambda a, b, *four: a.mean()), "it is the mean of the scores alone"),
    (_report(0, lambda a, b, *four: abs(a - b).mean()), "without signs"),
    (_report(0, lambda a, b, *four: a.mean() / b.mean()), "it is a ratio"),
    (_report(0, lambda a, b, *four: (b - a).mean()), "it has the wrong sign"),
    (_report(1, lambda a, b, *four: (a - b).std()), "it divides by n, and not by n − 1"),
    (_report(1, lambda a, b, *four: _unpaired(a, b)), "it forgets that a seed is shared"),
    (_report(1, lambda a, b, *four: _unpaired(a, b, 0)), "is shared, and divides by n"),
    (
        _report(1, lambda a, b, *four: a.std(ddof=1) - b.std(ddof=1)),
        "it is the difference of two deviations",
    ),
    (_report(1, lambda a, b, *four: a.std(ddof=1)), "it is the deviation of the scores alone"),
    (_report(1, lambda a, b, *four: (a - b).var(ddof=1)), "it is the variance"),
    (_report(2, lambda a, b, m, s, se, wins: s), "it is the deviation itself"),
    (_report(2, lambda a, b, m, s, se, wins: s / len(a)), "divided by n, and not by its root"),
    (
        _report(2, lambda a, b, *four: (a - b).std() / len(a) ** 0.5),
        "the deviation divides by n, and not by n − 1",
    ),
    (
        _report(2, lambda a, b, m, s, se, wins: s / (len(a) - 1) ** 0.5),
        "the root of n − 1 divides",
    ),
    (
        _report(2, lambda a, b, *four: _unpaired(a, b) / len(a) ** 0.5),
        "it forgets that a seed is shared",
    ),
    (
        _report(2, lambda a, b, *four: _unpaired(a, b, 0) / len(a) ** 0.5),
        "is shared, and divides by n",
    ),
    (_report(3, lambda a, b, *four: np.sum(a >= b)), "seeds with equal scores are counted"),
    (_report(3, lambda a, b, *four: np.mean(a > b)), "it is a share, and not a count"),
    (_report(3, lambda a, b, *four: np.sum(a < b)), "in which the baseline is ahead are counted"),
    (_report(3, lambda a, b, *four: len(a)), "it is the number of seeds"),
    (lambda a, b: RIGHT["compare_over_seeds"](a, b)[:3], "should return 4 results"),
    (_spoils("compare_over_seeds"), "it changes an array that it was given"),
    (lambda a, b: [RIGHT["compare_over_seeds"](a, b), b.sort()][0], "it changes an array"),
]

WRONG = dict(
    zip(
        NAMES,
        [
            WRONG_ENTROPIES,
            WRONG_DESCENTS,
            WRONG_CHOICES,
            WRONG_FOLDS,
            WRONG_RULES,
            WRONG_REPORTS,
        ],
        strict=True,
    )
)


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


def test_a_penalty_in_the_choice_is_not_taken_for_another_mistake():
    for seed in range(10):
        *choices, _, _ = problems("choose_lambda", _lowest_total, seed).values()
        assert set(choices) == {"the penalty takes part in the choice"}


def test_the_examples_of_the_sheet_are_right():
    z = np.log([[2.0, 3, 5], [2, 3, 5]])
    loss, dz = RIGHT["softmax_cross_entropy"](z, np.array([1, 2]))
    assert round(loss, 3) == 0.949
    assert np.allclose(dz, [[0.1, -0.35, 0.25], [0.1, 0.15, -0.25]])
    w, b, losses = RIGHT["descend"](np.array([[1.0], [-1]]), np.array([3.0, 1]), 1.0, 0.25, 2)
    assert np.allclose([*w, b, *losses], [0.5, 1.5, 5, 1.25])
    arrays = [0.1, 1.0], [[2.0], [1.0]], [[1.0], [2.0]], [1.0, 3.0]
    assert RIGHT["choose_lambda"](*map(np.array, arrays)) == (1.0, 0.5)
    X, y, fold = [[1.0], [3], [1], [3]], [1.0, 5, 0, 2], [0, 0, 1, 1]
    losses = RIGHT["fold_losses"](np.array(X), np.array(y), 1.0, np.array(fold))
    assert np.allclose(losses, [6.25, 4])
    losses = np.array([[1.0, 3], [2, 3.6], [3, 4]])
    assert RIGHT["one_standard_error"](np.array([0.1, 0.3, 1]), losses) == 0.3
    scores, baseline = np.array([79, 84, 90, 88]), np.array([80, 81, 87, 85])
    assert RIGHT["compare_over_seeds"](scores, baseline) == (2, 2, 1, 3)


def test_the_numbers_of_the_mark_scheme_are_right():
    notebook = nbformat.read(SOURCES / "choosing_lambda" / "choosing_lambda.ipynb", as_version=4)
    rows = next(cell.source for cell in notebook.cells if cell.id == "rows-code")
    scheme = next(cell.source for cell in notebook.cells if cell.id == "picture")
    scope = {"np": np}
    exec(rows, scope)
    X, y, fold, lams = (scope[name] for name in ("inputs", "targets", "folds", "strengths"))
    losses = np.array([RIGHT["fold_losses"](X, y, lam, fold) for lam in lams])
    means, errors = losses.mean(axis=1), losses.std(axis=1, ddof=1) / 6**0.5
    *first, last = (f"{mean:.1f}" for mean in means)
    assert f"the means are {', '.join(first)} and {last}" in scheme
    assert 0.7 < errors.min() < errors.max() < 1.25
    assert np.isclose(lams[means.argmin()], 0.32, atol=0.005)
    assert np.isclose(RIGHT["one_standard_error"](lams, losses), 1)
    gaps = losses[6] - losses[5]
    assert f"{gaps.mean():.1f} {gaps.std(ddof=1) / 6**0.5:.1f} {sum(gaps > 0)}" == "0.6 0.3 5"
    assert f"{errors[5]:.1f}" == "0.8"
