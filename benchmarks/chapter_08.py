"""The runs that chapter 8 quotes and does not make itself, because they take minutes.

Usage: python -m benchmarks.chapter_08

It prints the lists that the chapter's cell `Longer runs, measured once` holds: test digits right
and wrong labels learnt, in %, after 300 and after 1500 epochs, for six seeds and four ways. The
settings are the chapter's; "V held" is L1 on h with the rows of V at length 1, its strength the
best of 0.01, 0.02, 0.03, 0.05 and 0.1 by the chapter's own rule.
"""

import numpy as np

from nnreg import L1, L2, UnitNorm, data
from nnreg.nn import (
    ActivityPenalty,
    Adam,
    Dense,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
    fit,
)

WAYS = {  # the charges on W, on h and on V, and the constraint on V
    "L2 on weights": (L2(0.01), L1(0.0), L2(0.01), None),
    "L1 on h": (None, L1(0.02), None, None),
    "L1 on h, L2 on V": (None, L1(0.01), L2(0.1), None),
    "L1 on h, V held": (None, L1(0.03), None, UnitNorm(axis=1)),
}
IMAGES, LABELS = data.digits()
IMAGES = IMAGES.astype(np.float32)


def run(on_w, on_h, on_v, held, seed: int, marks=(300, 1500)) -> list[float]:
    """Test digits right and wrong labels learnt, in %, at each mark."""
    rng = np.random.default_rng(seed)
    rows, _, test = np.split(rng.permutation(len(IMAGES)), [300, 700])
    y, flipped = data.flip_labels(LABELS[rows], 0.2, rng, n_classes=10)
    last = Dense(128, 10, on_v, rng=seed + 100, dtype=np.float32, weight_constraint=held)
    first = Dense(64, 128, on_w, rng=seed, dtype=np.float32)
    model = Sequential([first, ReLU(), ActivityPenalty(on_h), last])
    adam, loss, found = Adam(0.005), SoftmaxCrossEntropy(), []
    for epochs in np.diff(marks, prepend=0):
        fit(model, loss, adam, IMAGES[rows], y, epochs=int(epochs), every=10, progress=False)
        for part, labels in ((test, LABELS[test]), (rows[flipped], y[flipped])):
            found.append(100 * np.mean(model.forward(IMAGES[part]).argmax(axis=1) == labels))
    return found


def main() -> None:
    for way, settings in WAYS.items():
        right_300, learnt_300, right_1500, learnt_1500 = np.transpose(
            [run(*settings, seed) for seed in range(6)]
        ).round(1)
        print(f"{way}: right {right_300.tolist()}, then {right_1500.tolist()}")
        print(f"    learnt {learnt_300.tolist()}, then {learnt_1500.tolist()}", flush=True)


if __name__ == "__main__":
    main()
