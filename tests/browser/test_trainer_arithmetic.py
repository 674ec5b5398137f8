"""The trainer computes what nnreg computes, with each setting; a fault in its script is seen."""

from __future__ import annotations

import shutil
from typing import NamedTuple

import numpy as np
import pytest

from .trainer import SOURCES, largest_difference, train_in_page

pytestmark = pytest.mark.browser

EPOCHS, CLOSE = 100, 1e-9

EXACT = {"exact": True, "rate": 0.2}
SMALL = {"points": 45, "width": 8}  # at full size dropout would hand over two million dice
CASES = {
    "plain": {},
    "l1": {"penalty": "l1", "strength": 0.003, **SMALL},
    "l2": {"penalty": "l2", "strength": 0.003, **SMALL},
    "elastic": {"penalty": "elastic", "strength": 0.003, **SMALL},
    "proximal": {**SMALL, **EXACT},
    "proximal l1": {"penalty": "l1", "strength": 0.003, **EXACT},
    "proximal l2": {"penalty": "l2", "strength": 0.003, **SMALL, **EXACT},
    "proximal elastic": {"penalty": "elastic", "strength": 0.003, **SMALL, **EXACT},
    "strong": {"penalty": "elastic", "strength": 1.0, **SMALL},
    "dropout": {"dropout": 0.3, **SMALL},
    "much dropout": {"dropout": 0.8, **SMALL},
    "noise": {"noise": 0.2, **SMALL},
    "much noise": {"noise": 1.0, **SMALL},
    "wrong": {"wrong": 0.3, **SMALL},
    "moons": {"data": "moons"},
    "digits": {"data": "digits"},
    "few points": {"points": 30, "width": 16},
    "many points": {"points": 400, "width": 16},
    "narrow": {"width": 2},
    "wide": {"width": 128},
    "slow": {"rate": 0.0001, **SMALL},
    "fast": {"rate": 0.3, **SMALL},
    "another sample": {"sample": 7, **SMALL},
    "another seed": {"seed": 7, **SMALL},
    "all": {
        "penalty": "elastic",
        "dropout": 0.3,
        "noise": 0.2,
        "wrong": 0.3,
        **SMALL,
    },
    "all, proximal": {
        "data": "moons",
        "penalty": "l1",
        "dropout": 0.5,
        "noise": 0.2,
        "wrong": 0.3,
        **SMALL,
        **EXACT,
    },
}


class Mutant(NamedTuple):
    file: str
    right: str  # what stands there, once
    wrong: str  # what it becomes
    case: str  # where it must be seen


MUTANTS = [
    Mutant("penalty", "this.l1 * Math.sign(w[i])", "-this.l1 * Math.sign(w[i])", "l1"),
    Mutant("penalty", "+ 2 * this.l2 * w[i]", "+ this.l2 * w[i]", "l2"),
    Mutant("penalty", "this.l2 * w[i] * w[i]", "0.5 * this.l2 * w[i] * w[i]", "l2"),
    Mutant("penalty", "elastic: [0.5, 0.5]", "elastic: [1, 1]", "elastic"),
    Mutant("penalty", "-step * this.l1), step * this.l1", "-this.l1), this.l1", "proximal l1"),
    Mutant("penalty", "-step * this.l1), step", "-Infinity), step", "proximal l1"),
    Mutant("penalty", "1 + 2 * step * this.l2", "1 + step * this.l2", "proximal l2"),
    Mutant("optimizers", "v[i] / correction2", "v[i]", "plain"),
    Mutant("optimizers", "rate / correction1", "rate", "plain"),
    Mutant("optimizers", "(this.power2 *= 0.999)", "0.999", "plain"),
    Mutant("optimizers", "+ 1e-7", "", "narrow"),
    Mutant("optimizers", "addGradient(weights, ", "addGradient(theta, ", "l2"),
    Mutant("optimizers", "i < weights.length ? ", "true ? ", "proximal l2"),
    Mutant("optimizers", "= theta[i] - before", "= moved - before", "proximal l1"),
    Mutant("optimizers", "0.9 * velocity[i]", "velocity[i]", "proximal"),
    Mutant("network", "? 1 / (1 - p) : 0", "? 1 : 0", "dropout"),
    Mutant("network", ">= p", "< p", "dropout"),
    Mutant("network", "dhidden[j] * mask[j]", "dhidden[j]", "dropout"),
    Mutant("network", "this.drawMask(dropout, dice.masks)", "this.whole", "dropout"),
    Mutant("network", "x1 += noise * ", "x1 += ", "noise"),
    Mutant("network", "this.backward(x0, x1,", "this.backward(X[2 * i], X[2 * i + 1],", "noise"),
    Mutant("network", "if (hidden[j] === 0) continue;", "", "plain"),
    Mutant("network", "= slope[k] / n", "= slope[k]", "plain"),
    Mutant("network", "= -others / total", "= others / total", "plain"),
    Mutant("network", "this.gradient.fill(0)", "", "plain"),
    Mutant("network", "dhidden.fill(0)", "", "plain"),
    Mutant("training", "exact ? ProximalSGD : Adam", "Adam", "proximal"),
    Mutant(
        "training",
        "this.network.evaluate(data.XVal, data.yVal)",
        "this.network.trainingPass({ X: data.XVal, y: data.yVal }, this.settings, this.dice)",
        "noise",
    ),
    Mutant("training", "this.optimizer.step(network);", "", "plain"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trainer")
    shutil.copytree(SOURCES, folder / "right")
    (folder / "index.html").write_text("<!doctype html><title>A page</title>", encoding="utf8")
    return folder


@pytest.fixture(scope="module")
def page(blank_page, folder):
    return blank_page(folder)


@pytest.mark.parametrize("case", CASES)
def test_training_in_the_page_equals_that_of_nnreg(case, page):
    run = train_in_page(page, CASES[case], EPOCHS)
    assert len(run["history"]["epoch"]) == EPOCHS
    assert largest_difference(run) < CLOSE


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.file}: {mutant.right}")
def test_a_fault_in_the_script_is_seen(mutant, page, folder):
    name = f"mutant-{MUTANTS.index(mutant)}"
    shutil.copytree(SOURCES, folder / name)
    path = folder / name / f"{mutant.file}.js"
    source = path.read_text(encoding="utf8")
    assert source.count(mutant.right) == 1
    path.write_text(source.replace(mutant.right, mutant.wrong), encoding="utf8")
    run = train_in_page(page, CASES[mutant.case], epochs=10, folder=name)
    assert not largest_difference(run) < CLOSE


def test_proximal_steps_leave_exact_zeros_and_gradients_none(page):
    def zeros(**settings):
        run = train_in_page(page, {"penalty": "l1", "strength": 0.003, **settings}, EPOCHS)
        last = run["parameters"][-1]
        return np.count_nonzero(np.concatenate([last["W1"], last["W2"]]) == 0)

    assert zeros(**EXACT) > 30
    assert zeros() == 0


def test_no_weight_is_taken_out_for_good(page):
    run = train_in_page(page, {"penalty": "l1", "strength": 0.01, **EXACT}, EPOCHS)
    zero = np.array([np.array(parameters["W1"]) == 0 for parameters in run["parameters"]])
    assert np.any(zero[:-1] & ~zero[1:])


def test_first_weights_are_those_of_dense(page):
    first = train_in_page(page, {"width": 128}, epochs=0)["parameters"][0]
    assert np.std(first["W1"]) == pytest.approx(1, rel=0.15)
    assert np.std(first["W2"]) == pytest.approx(np.sqrt(2 / 128), rel=0.15)
    assert not np.any([*first["b1"], *first["b2"]])
