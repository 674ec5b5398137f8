"""Train the networks of the landing page's slider, and write it to book/landing.html.

Usage: python tools/landing.py      (half a minute)

Two hundred points belong to two classes, above and below a wave; thirty of them have the wrong
label. One network is trained for each λ, always from the same start on the same points.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this tree before an installed one

import numpy as np

from nnreg import L2, data, nn
from nnreg.book import explore, plot_decision, role
from tools.tree import ROOT

PAGE = ROOT / "book" / "landing.html"
LAMS = (0, 1e-4, 2e-4, 3e-4, 5e-4, 1e-3, 2e-3, 3e-3, 1e-2, 1e-1)
POINTS, NEW_POINTS, WRONG, WIDTH, EPOCHS = 200, 2000, 0.15, 32, 1500


class Run(NamedTuple):
    """A trained network, and how much it took from the wrong labels and from the right ones."""

    model: nn.Sequential
    kept: int
    right: float


class Points(NamedTuple):
    """Points with a share of wrong labels, and new points with the right ones."""

    X: np.ndarray
    y: np.ndarray
    wrong: np.ndarray
    X_new: np.ndarray
    y_new: np.ndarray


def draw_points(rng: np.random.Generator) -> Points:
    """Draw the points that every network sees."""
    X, X_new = (rng.uniform(-1, 1, (n, 2)) for n in (POINTS, NEW_POINTS))
    y, y_new = ((x[:, 1] > 0.55 * np.sin(np.pi * x[:, 0])).astype(int) for x in (X, X_new))
    y, wrong = data.flip_labels(y, WRONG, rng)
    return Points(X, y, wrong, X_new, y_new)


def train(lam: float, points: Points) -> Run:
    """Train one network with an L2 penalty on all its weights."""
    rng = np.random.default_rng(0)  # every λ starts from the same weights
    layers = [nn.Dense(2, WIDTH, L2(lam), rng=rng), nn.Tanh()]
    layers += [nn.Dense(WIDTH, WIDTH, L2(lam), rng=rng), nn.Tanh()]
    model = nn.Sequential([*layers, nn.Dense(WIDTH, 2, L2(lam), rng=rng)])
    loss, optimizer = nn.SoftmaxCrossEntropy(), nn.Adam(0.01)
    nn.fit(model, loss, optimizer, points.X, points.y, epochs=EPOCHS, every=EPOCHS, progress=False)
    said, said_new = (model.forward(x).argmax(axis=1) for x in (points.X, points.X_new))
    kept = np.sum((said == points.y)[points.wrong])
    return Run(model, int(kept), float(np.mean(said_new == points.y_new)))


def caption(run: Run, points: Points) -> str:
    """Return the sentence below the picture."""
    return (
        f"{run.kept} of {points.wrong.sum()} wrong labels kept; "
        f"{100 * run.right:.0f} % of {NEW_POINTS} new points right."
    )


def slider(runs: dict[float, Run], points: Points):
    """Return the picture with its slider."""
    lams = list(runs)
    places = [lams[1] / 4, *lams[1:]]  # λ = 0 has no place on a logarithmic axis
    kept = [100 * run.kept / points.wrong.sum() for run in runs.values()]
    right = [100 * run.right for run in runs.values()]
    text = {"fontsize": 14}  # still 11 pixels on a phone

    def draw(fig, lam):
        left, ax = fig.subplots(ncols=2, width_ratios=(1.25, 1))
        plot_decision(left, runs[lam].model, points.X, points.y, limits=(-1.05, 1.05) * 2)
        left.scatter(*points.X[points.wrong].T, s=80, facecolors="none", edgecolors="black")
        left.set(xticks=[], yticks=[])
        i = lams.index(lam)
        ax.plot(places, right, **role("validation"))
        ax.plot(places, kept, **role("training"))
        ax.plot([places[i]] * 2, [right[i], kept[i]], "ko", markersize=8)
        for name, x, words in (
            ("validation", 1.5e-3, "new\npoints\nright"),
            ("training", places[0], "wrong\nlabels\nkept"),
        ):
            ax.text(x, 34, words, color=role(name)["color"], **text)
        ax.set(xscale="log", ylim=(-4, 104))
        ax.set_xticks([places[0], 1e-3, 1e-1], ["λ = 0", "0.001", "0.1"], **text)
        ax.set_yticks([0, 50, 100], ["0 %", "50 %", "100 %"], **text)
        ax.minorticks_off()

    return explore(
        draw,
        lams,
        name="fig-first-minute",
        caption=lambda lam: caption(runs[lam], points),
        alt=lambda lam: (
            "Two classes of points above and below a wave, wrong labels ringed, and the regions "
            f"that the network gives to each class. {caption(runs[lam], points)}"
        ),
        mark=(2e-3, "here it has let go"),
        width=5.6,
        height=2.9,
    )


def main() -> None:
    """Train, and write the page's part."""
    points = draw_points(np.random.default_rng(0))
    runs = {}
    for lam in LAMS:
        runs[lam] = train(lam, points)
        print(f"λ = {lam:<7g} {caption(runs[lam], points)}")
    # The two outer elements give it the looks of a chapter's output.
    text = f'<div class="cell_output"><div class="output text_html">\n{slider(runs, points).html()}'
    PAGE.write_text(f"{text}</div></div>\n", encoding="utf8")
    print(f"{PAGE.relative_to(ROOT)}: {PAGE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
