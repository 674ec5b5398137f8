"""The runs that chapter 11 quotes and does not make itself, because they take minutes.

Usage: python -m benchmarks.chapter_11

It prints the three lists that the chapter's cells hold under the same names: how many points of
accuracy on unseen rows dropout loses on the spiral in all 10,001 epochs (`full`) and without L2
(`no_l2`), and how many a limit of 1 on the hidden units' weights adds to dropout on the digits
(`limit_1`). Eight seeds each; the settings are the chapter's.
"""

import numpy as np

from nnreg import L2, MaxNorm, data
from nnreg.nn import Adam, Dense, Dropout, ReLU, Sequential, SoftmaxCrossEntropy, fit

SEEDS = range(8)
DIGITS, LABELS = data.digits()


def accuracy(model, X, y) -> float:
    return 100 * float(np.mean(model.forward(X).argmax(axis=1) == y))


def spiral_run(seed: int, p: float, epochs: int, lam: float) -> tuple[float, float]:
    """Accuracy on the training rows and on fresh ones."""
    rng = np.random.default_rng(seed)
    rows, fresh = data.spiral(1000, 3, rng), data.spiral(1000, 3, rng)
    first = Dense(2, 64, L2(lam), L2(lam), rng=rng, scale=0.01)
    last = Dense(64, 3, rng=rng, scale=0.01)
    noise = [Dropout(p, rng=seed + 200)] if p else []
    model = Sequential([first, ReLU(), *noise, last])
    adam = Adam(0.05, lr_decay=5e-5)
    fit(model, SoftmaxCrossEntropy(), adam, *rows, epochs=epochs, progress=False, every=epochs)
    return accuracy(model, *rows), accuracy(model, *fresh)


def digits_run(seed: int, limit: float | None) -> float:
    """Accuracy on unseen digits, after training with dropout on labels of which 40 % are wrong."""
    rng = np.random.default_rng(seed)
    rows, test = np.split(rng.permutation(len(DIGITS)), [200])
    y, _ = data.flip_labels(LABELS[rows], 0.4, rng, n_classes=10)
    held = None if limit is None else MaxNorm(limit)
    first = Dense(64, 256, rng=seed + 300, weight_constraint=held)
    last = Dense(256, 10, rng=seed + 100)
    model = Sequential([first, ReLU(), Dropout(0.5, rng=seed + 200), last])
    fit(model, SoftmaxCrossEntropy(), Adam(0.005), DIGITS[rows], y, epochs=150, progress=False)
    return accuracy(model, DIGITS[test], LABELS[test])


def show(name: str, values: list[float]) -> None:
    half = 2.365 * np.std(values, ddof=1) / 8**0.5  # Student's t, 7 degrees of freedom, 95 %
    print(f"{name} = {np.round(values, 1).tolist()}  # {np.mean(values):.1f} ± {half:.1f}")


def main() -> None:
    show("limit_1", [digits_run(seed, 1.0) - digits_run(seed, None) for seed in SEEDS])
    for name, epochs, lam in (("no_l2", 300, 0.0), ("full", 10_001, 5e-4)):
        lost, gaps = [], []
        for seed in SEEDS:
            trained, fresh = spiral_run(seed, 0.0, epochs, lam)
            gaps.append(trained - fresh)
            lost.append(fresh - spiral_run(seed, 0.1, epochs, lam)[1])
        show(name, lost)
        print(f"    gap without dropout: at most {max(gaps):.1f} points")


if __name__ == "__main__":
    main()
