"""Train in the page, then with nnreg from the same weights, rows and dice, and compare."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

import numpy as np
from playwright.sync_api import Page

from nnreg import L1, L2, ElasticNet
from nnreg.nn import (
    SGD,
    Adam,
    Dense,
    Dropout,
    GaussianNoise,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
    fit,
)
from tools.tree import ROOT

SOURCES = ROOT / "book" / "_static" / "trainer"
EVERY = 10  # epochs from one look at the parameters to the next
PENALTIES = {"l1": L1, "l2": L2, "elastic": ElasticNet}
SAME = ("penalty", "accuracy", "val_loss", "val_accuracy")
NAMES = {"1.W": "W1", "1.b": "b1", "4.W": "W2", "4.b": "b2"}

# As text: that is many times quicker than handing over the numbers one by one.
TRAIN = """async ([folder, settings, epochs, every]) => {
    const { Training } = await import(`/${folder}/training.js`);
    const training = new Training(settings);
    const record = (dice, name) => {
        const draws = [], draw = dice[name].bind(dice);
        dice[name] = () => draws[draws.push(draw()) - 1];
        return draws;
    };
    const normal = record(training.dice.noise, "normal");
    const uniform = record(training.dice.masks, "uniform");
    const parameters = [];
    const look = () => parameters.push(structuredClone(training.parameters));
    for (look(); training.epoch < epochs; look()) training.step(every);
    const { settings: all, data, history } = training;
    const scores = training.scores(data.XVal);
    return JSON.stringify(
        { settings: all, data, history, normal, uniform, parameters, scores },
        (_, value) => ArrayBuffer.isView(value) ? [...value] : value);
}"""


class Recorded(np.random.Generator):
    """Hands nnreg the numbers that JavaScript drew."""

    def __init__(self, draws: Iterable[float]):
        super().__init__(np.random.PCG64(0))
        self.draws = np.array(draws, float)

    def random(self, size):
        """Return the next ones, in the shape that a layer asks for."""
        taken, self.draws = np.split(self.draws, [np.prod(size)])
        return taken.reshape(size)

    def standard_normal(self, size, dtype=float):
        """Return the next ones."""
        return self.random(size)


def train_in_page(page: Page, settings: dict, epochs: int, folder: str = "right") -> dict:
    """Return what the page had at first, what it drew, and what came of it."""
    return json.loads(page.evaluate(TRAIN, [folder, settings, epochs, EVERY]))


def largest_difference(run: dict) -> float:
    """Train as the page did, and return the largest difference of a number that was recorded.

    It is infinite if the page did not throw as many dice.
    """
    settings, data, history = run["settings"], run["data"], run["history"]
    rows = EVERY * (len(run["parameters"]) - 1) * len(data["y"])
    dice = 2 * rows * (settings["noise"] > 0), settings["width"] * rows * (settings["dropout"] > 0)
    if (len(run["normal"]), len(run["uniform"])) != dice:
        return math.inf
    X, XVal = (np.reshape(data[name], (-1, 2)) for name in ("X", "XVal"))
    y, yVal = (np.array(data[name]) for name in ("y", "yVal"))
    noise, masks = Recorded(run["normal"]), Recorded(run["uniform"])
    model = build(settings, data["classes"], noise, masks)
    take(model, run["parameters"][0])
    rate = settings["rate"]
    optimizer = SGD(rate, momentum=0.9, proximal=True) if settings["exact"] else Adam(rate)
    loss = SoftmaxCrossEntropy()
    differences = []
    for i, parameters in enumerate(run["parameters"][1:]):
        ours = fit(
            model, loss, optimizer, X, y, epochs=EVERY, validation=(XVal, yVal), progress=False
        )
        rows = slice(i * EVERY, (i + 1) * EVERY)
        for theirs, name in (("loss", "data_loss"), *zip(SAME, SAME, strict=True)):
            differences.append(np.subtract(history[theirs][rows], getattr(ours, name)))
        for name, w in model.params.items():
            differences.append(w.ravel() - parameters[NAMES[name]])
    differences.append(model.forward(XVal).ravel() - run["scores"])
    return max(np.max(np.abs(difference)) for difference in differences)


def build(settings: dict, classes: int, noise=None, masks=None) -> Sequential:
    """Return the trainer's network, made of nnreg's layers."""
    width, kind = settings["width"], settings["penalty"]
    penalty = PENALTIES[kind](settings["strength"]) if kind in PENALTIES else None
    return Sequential(
        [
            GaussianNoise(settings["noise"], rng=noise),
            Dense(2, width, penalty, rng=0),
            ReLU(),
            Dropout(settings["dropout"], rng=masks),
            Dense(width, classes, penalty, rng=0),
        ]
    )


def take(model: Sequential, parameters: dict[str, list[float]]) -> None:
    """Give the model the page's parameters."""
    for name, w in model.params.items():
        w[...] = np.reshape(parameters[NAMES[name]], w.shape)
