"""Write the trainer's digits, three kinds of them projected to the plane, to its digits.js.

Usage: python -m tools.trainer_digits
"""

from __future__ import annotations

import numpy as np
from sklearn.decomposition import PCA

from nnreg.data import digits
from tools.tree import ROOT

FILE = ROOT / "book" / "_static" / "trainer" / "digits.js"
KINDS = (3, 8, 9)  # alike enough to overlap
TEXT = """\
// Handwritten digits of {kinds} on their two principal components, over their common standard
// deviation, in thousandths. Written by tools/trainer_digits.py from scikit-learn's data.
export const DIGITS = {{
  classes: [{kinds}],
  y: "{y}",
  X: [{X}],
}};
"""


def projection() -> tuple[np.ndarray, np.ndarray]:
    """Return the rows in the plane, shape (n, 2), and their classes 0, 1, 2."""
    X, y = digits()
    chosen = np.isin(y, KINDS)
    plane = PCA(2, svd_solver="full").fit_transform(X[chosen])
    return plane / plane.std(), np.searchsorted(KINDS, y[chosen])


def text() -> str:
    """Return the module of the digits, whole."""
    plane, y = projection()
    thousandths = np.rint(1000 * plane).astype(int).ravel()
    return TEXT.format(
        kinds=", ".join(map(str, KINDS)),
        y="".join(map(str, y)),
        X=",".join(map(str, thousandths)),
    )


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf8")
