"""The runs that appendix A2 quotes and does not make itself, because they take half an hour.

Usage: python -m benchmarks.published_runs

It trains published settings of the NNFS book in float32 and from several seeds, and then chapter 14
from seed 0 alone, with its rows in several orders. For each it prints two lists that the appendix
holds: how many of the fresh validation points are right at the end, and the validation loss. Seed 0
is the published one.
"""

import numpy as np

from nnreg import L2, data, nn

SEEDS, ORDERS = range(20), range(40)
# name: (classes, learning rate, λ)
SETTINGS = {
    "chapter 11": (3, 0.05, 0.0),
    "chapter 14": (3, 0.02, 5e-4),
    "chapter 14 without its penalty": (3, 0.02, 0.0),
    "chapter 16": (2, 0.001, 5e-4),
}


def published_run(seed, classes, lr, lam, order=None) -> nn.History:
    rng, dtype = np.random.RandomState(seed), np.float32  # draws in the book's order
    X, y = data.spiral(100, classes, rng, dtype)
    outputs = 1 if classes == 2 else classes
    first = nn.Dense(2, 64, L2(lam), L2(lam), rng=0, dtype=dtype)
    last = nn.Dense(64, outputs, rng=0, dtype=dtype)
    for W in (first.params["W"], last.params["W"]):
        W[...] = dtype(0.01) * rng.standard_normal(W.shape).astype(dtype)
    X_new, y_new = data.spiral(100, classes, rng, dtype)
    if classes == 2:
        loss, y, y_new = nn.BinaryCrossEntropy(), y[:, None], y_new[:, None]
    else:
        loss = nn.SoftmaxCrossEntropy()
    if order is not None:
        rows = np.random.default_rng(order).permutation(len(X))
        X, y = X[rows], y[rows]
    model = nn.Sequential([first, nn.ReLU(), last])
    return nn.fit(
        model,
        loss,
        nn.Adam(lr, lr_decay=5e-7),
        X,
        y,
        epochs=10_001,
        every=10_000,
        validation=(X_new, y_new),
        progress=False,
    )


def show(name: str, points: int, runs: list[nn.History]) -> None:
    right = [round(points * run.val_accuracy[-1]) for run in runs]
    losses = [round(float(run.val_loss[-1]), 2) for run in runs]
    print(f"{name}: right of {points} validation points, and loss", right, losses, sep="\n")


def main() -> None:
    for name, (classes, lr, lam) in SETTINGS.items():
        runs = [published_run(seed, classes, lr, lam) for seed in SEEDS]
        show(name, 100 * classes, runs)
    runs = [published_run(0, *SETTINGS["chapter 14"], order) for order in ORDERS]
    show("chapter 14, seed 0, its rows in 40 orders", 300, runs)


if __name__ == "__main__":
    main()
