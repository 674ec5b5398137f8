"""What the ablation compares: arms, the network they share, one training.

An arm is a set of ingredients. Everything else, the data, the first weights,
the order of the mini-batches, the number of steps and the number of trials, is
the same for all arms.
"""

from functools import cache

import numpy as np

from nnreg import L1, L2, EarlyStopping, MaxNorm, data
from nnreg.nn import (
    Adam,
    Dense,
    Dropout,
    GaussianNoise,
    LayerNorm,
    MeanSquaredError,
    ReLU,
    Residual,
    Sequential,
    SoftmaxCrossEntropy,
    fit,
    regularize,
)

# Ingredient: how a strength is drawn, or None where nothing is to be chosen.
RANGES = {
    "lr": ("log", 0.006, 0.03),
    "l1": ("log", 1e-4, 1e-2),
    "l2": ("log", 1e-4, 1e-1),
    "decay": ("log", 0.03, 10.0),
    "dropout": ("even", 0.1, 0.7),
    "noise": ("log", 0.05, 1.0),
    "max-norm": ("log", 0.3, 3.0),
    "smoothing": ("even", 0.05, 0.8),
    "layernorm": None,
    "residual": None,
}
SINGLE = {
    "none": (),
    "L1": ("l1",),
    "L2": ("l2",),
    "elastic net": ("l1", "l2"),
    "decay": ("decay",),
    "dropout": ("dropout",),
    "noise": ("noise",),
    "LayerNorm": ("layernorm",),
    "residual": ("residual",),
    "max-norm": ("max-norm",),
    "smoothing": ("smoothing",),
}
PAIRS = {
    "L2 + dropout": ("l2", "dropout"),
    "L2 + smoothing": ("l2", "smoothing"),
    "dropout + max-norm": ("dropout", "max-norm"),
    "LayerNorm + dropout": ("dropout", "layernorm"),
}
ARMS = SINGLE | PAIRS
TEST_ROWS = {"digits": 500, "diabetes": 140}
VALIDATION_ROWS = {"digits": 200, "diabetes": 100}
WIDTH = 32
EPOCHS, BATCHES = 100, 4  # 400 steps, however many rows there are
EVERY = 2  # epochs between two looks at the validation rows
BLOCKS = 10  # of test rows
TRIALS = 8


def _dice() -> np.ndarray:
    """Return dice, shape (TRIALS, 3): one in each eighth of 0 to 1, mixed."""
    rng = np.random.default_rng(20)
    eighths = rng.permuted(np.tile(np.arange(TRIALS), (3, 1)), axis=1)
    return (eighths + rng.random((3, TRIALS))).T / TRIALS


def point(arm: str, trial: int) -> dict:
    """Return the settings of an arm's trial: the same dice for all arms."""
    dice = iter(_dice()[trial].tolist())
    settings = {}
    for name in ("lr", *ARMS[arm]):
        if RANGES[name] is None:
            settings[name] = True
            continue
        kind, low, high = RANGES[name]
        u = next(dice)
        settings[name] = (
            low * (high / low) ** u
            if kind == "log"
            else low + (high - low) * u
        )
    return settings


@cache
def _data(dataset: str):
    return data.digits() if dataset == "digits" else data.diabetes()[:2]


def rows(dataset: str, n: int, noise: float, rng):
    """Return training, validation and test rows, each a pair (X, y).

    The test rows are always the same and have the right labels. The others are
    drawn by `rng`, and a share `noise` of their labels is wrong, in the
    validation rows as well.
    """
    X, y = _data(dataset)
    order = np.random.default_rng(0).permutation(len(X))
    test, rest = np.split(order, [TEST_ROWS[dataset]])
    drawn = rng.permutation(rest)[: n + VALIDATION_ROWS[dataset]]
    train, val = np.split(drawn, [n])
    if dataset == "digits":

        def flipped(at):
            return data.flip_labels(y[at], noise, rng, 10)[0]

        return (
            (X[train], flipped(train)),
            (X[val], flipped(val)),
            (X[test], y[test]),
        )
    X = X * np.sqrt(len(X))  # columns of variance 1
    y = ((y - y[train].mean()) / y[train].std())[:, None]
    return tuple((X[at], y[at]) for at in (train, val, test))


def network(
    dataset: str, settings: dict, weights_rng, noise_rng
) -> Sequential:
    """Return two hidden layers with what the settings add to them."""
    n_in, n_out = (64, 10) if dataset == "digits" else (10, 1)
    l1, l2 = settings.get("l1"), settings.get("l2")
    penalties = [kind(lam) for kind, lam in ((L1, l1), (L2, l2)) if lam]
    penalty = sum(penalties) if penalties else None
    limit = MaxNorm(settings["max-norm"]) if "max-norm" in settings else None
    on_weights = {
        "weight_penalty": penalty,
        "weight_constraint": limit,
        "rng": weights_rng,
    }

    def hidden(n: int) -> list:
        layers = [Dense(n, WIDTH, **on_weights)]
        layers += [LayerNorm(WIDTH)] if "layernorm" in settings else []
        layers += [ReLU()]
        p = settings.get("dropout")
        return layers + ([Dropout(p, noise_rng)] if p else [])

    layers = hidden(n_in)
    layers += (
        [Residual(hidden(WIDTH))] if "residual" in settings else hidden(WIDTH)
    )
    if "noise" in settings:
        layers.insert(0, GaussianNoise(settings["noise"], noise_rng))
    return Sequential([*layers, Dense(WIDTH, n_out, **on_weights)])


def score(z, y) -> np.ndarray:
    """Return 100 for a right row, 0 for a wrong one; the mean is the accuracy.

    Of measurements: 100 times the share of the variance that is explained, row
    by row.
    """
    if z.shape[1] > 1:
        return 100.0 * (z.argmax(axis=1) == y)
    return 100 * (1 - (z - y)[:, 0] ** 2 / y.var())


def run(
    dataset, n, noise, settings, seed, *, judge=False, epochs=EPOCHS
) -> dict[str, float]:
    """Train once; return what the last and the best weights score.

    The best are those of the epoch with the lowest validation loss. With
    `judge` the test rows are asked too, in ten blocks. `trend` is how much the
    validation score of the last fifth of the epochs lies above that of the
    fifth before: not above 0 once the training is over. A setting
    ``"regularize"`` may hold keywords of `nnreg.nn.regularize`, for an arm of
    your own.
    """
    dice = np.random.default_rng(seed)
    on_rows, on_weights, on_batches, on_noise = dice.spawn(4)
    train, val, test = rows(dataset, n, noise, on_rows)
    model = network(dataset, settings, on_weights, on_noise)
    if more := settings.get("regularize"):
        model = regularize(model, **more, rng=on_noise)
    loss = MeanSquaredError()
    if dataset == "digits":
        loss = SoftmaxCrossEntropy(settings.get("smoothing", 0.0))
    adam = Adam(settings["lr"], weight_decay=settings.get("decay", 0.0))
    watch, best = EarlyStopping(patience=epochs), model.theta

    def look(row: dict) -> bool:
        nonlocal best
        watch(row)  # it is only asked what is best, and never stops
        best = model.theta.copy() if watch.improved else best
        return False

    history = fit(
        model,
        loss,
        adam,
        *train,
        epochs=epochs,
        batch_size=-(-n // BATCHES),
        validation=val,
        stop=look,
        rng=on_batches,
        progress=False,
        every=EVERY,
    )
    if dataset == "digits":
        curve = 100 * np.array(history.val_accuracy)
    else:
        curve = 100 * (1 - np.array(history.val_loss) / val[1].var())
    *_, before, end = np.array_split(curve, 5)
    out = {"trend": end.mean() - before.mean(), "epoch": watch.best_epoch}
    out["train"] = score(model.forward(train[0]), train[1]).mean()
    for name, theta in (("last", model.theta.copy()), ("best", best)):
        model.theta[:] = theta
        out[f"val_{name}"] = score(model.forward(val[0]), val[1]).mean()
        if judge:
            blocks = np.split(score(model.forward(test[0]), test[1]), BLOCKS)
            out |= {
                f"{name}{b}": block.mean() for b, block in enumerate(blocks)
            }
    return {name: float(value) for name, value in out.items()}


def tune(dataset, n, noise, arm, trial, seed):
    """Try one setting: no test row is looked at."""
    return run(dataset, n, noise, point(arm, trial), seed)


def judge(dataset, n, noise, arm, trial, seed):
    """Open the test rows, for a setting that has been chosen."""
    return run(dataset, n, noise, point(arm, trial), seed, judge=True)


def longer(dataset, n, noise, arm, trial, seed):
    """Do the same with five times the training."""
    return run(
        dataset,
        n,
        noise,
        point(arm, trial),
        seed,
        judge=True,
        epochs=5 * EPOCHS,
    )
