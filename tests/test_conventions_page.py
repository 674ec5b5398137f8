"""The page *Conventions* says what `nnreg.conventions` computes, and where each row was read."""

from __future__ import annotations

import re
from inspect import signature
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor

from nnreg import L1, L2
from nnreg.conventions import LIBRARIES, from_library, to_library
from nnreg.nn import SGD, Adam, Dense, Sequential
from tests.peers import decay, stoppers

PAGE = Path(__file__).parents[1] / "book" / "conventions.md"
LAM, N = 0.01, 50


def table(heading: str) -> dict[str, str]:
    """Return library -> setting, as the page prints them below a heading."""
    below = PAGE.read_text(encoding="utf8").split(heading)[1].strip()
    return dict(re.findall(r"^\| `([\w.]+)` \| (.*) \|$", below.split("\n\n")[0], re.M))


TABLES = {"**For `L2(lam)`**": L2(LAM), "**For `L1(lam)`**": L1(LAM)}


@pytest.mark.parametrize("heading", TABLES)
def test_a_table_has_every_library_that_can_and_no_other(heading):
    kind = {L1: "l1", L2: "l2"}[type(TABLES[heading])]
    assert set(table(heading)) == {
        name for name, convention in LIBRARIES.items() if kind in convention.kinds
    }


@pytest.mark.parametrize(
    ("heading", "library"), [(heading, name) for heading in TABLES for name in table(heading)]
)
def test_each_setting_is_what_to_library_returns(heading, library):
    said = {
        name: eval(formula, {"lam": LAM, "n": N})
        for name, formula in re.findall(r"`(\w+) = ([^`]+)`", table(heading)[library])
    }
    settings = to_library(TABLES[heading], library, n=N)
    assert {name: settings[name] for name in said} == pytest.approx(said)
    assert all(value == 0 for name, value in settings.items() if name not in said)


def test_every_library_says_its_version_and_links_to_it():
    text = PAGE.read_text(encoding="utf8")
    said = dict(re.findall(r"^- `([\w.]+)` \(([^\n]*?)\)[,:]", text, re.M))
    assert list(said) == list(LIBRARIES)
    for library, convention in LIBRARIES.items():
        link = f"[{convention.version}]({convention.source})"
        if said[library] == "same place":
            family = library.split(".")[0]
            first = next(name for name in LIBRARIES if name.split(".")[0] == family)
            assert said[first] == link
        else:
            assert said[library] == link


def test_what_scikit_learn_penalises_without_being_asked():
    text = PAGE.read_text(encoding="utf8")
    for model, setting, lam in (
        (LogisticRegression, "C=1", 1 / (2 * N)),
        (MLPClassifier, "alpha=0.0001", 0.0001 / (2 * N)),
        (MLPRegressor, "alpha=0.0001", 0.0001 / N),
    ):
        name, value = setting.split("=")
        assert signature(model).parameters[name].default == float(value)
        assert re.search(rf"\| `sklearn.{model.__name__}\(\)` \| .*`{setting}`", text)
        library = f"sklearn.{model.__name__}"
        assert from_library(library, N, **{name: float(value)}).lam == pytest.approx(lam)


# The table of decays ------------------------------------------------------------------------

RUN_BY_THE_PEERS = [
    *("PyTorch SGD", "PyTorch Adam", "PyTorch AdamW"),
    *("Keras SGD", "Keras Adam", "Keras AdamW", "Optax adamw"),
]
READ = ["the paper", "zero_to_gpt SGDW", "Playground L2"]
OURS = {"nnreg SGD": (SGD, {"momentum": decay.MOMENTUM}), "nnreg Adam": (Adam, {"eps": decay.EPS})}


def test_every_row_of_the_table_of_decays_is_run_or_was_read():
    assert list(decay.table()) == [*OURS, *RUN_BY_THE_PEERS, *READ]
    folder = Path(decay.__file__).parent
    peers = "".join(path.read_text(encoding="utf8") for path in folder.glob("test_*.py"))
    for name in RUN_BY_THE_PEERS:
        library, optimizer = name.split()
        assert f'by_the_page(f"{library} {{name}}"' in peers or f'by_the_page("{name}"' in peers
        assert f'"{optimizer}"' in peers or f'"{name}"' in peers


@pytest.mark.parametrize("name", OURS)
def test_our_optimisers_decay_as_the_page_says(name):
    rng = np.random.default_rng(5)
    w, g = rng.normal(size=(2, 3, 2))
    model = Sequential([Dense(3, 2, rng=0)])
    model.params["0.W"][...], model.params["0.b"][...] = w, w[0]
    kind, settings = OURS[name]
    optimizer = kind(decay.LR, weight_decay=decay.DECAY, **settings)
    for factor in decay.FACTORS:
        model.grads["0.W"][...], model.grads["0.b"][...] = factor * g, factor * g[1]
        optimizer.step(model)
    right = decay.by_the_page(name, w, g)
    np.testing.assert_allclose(model.params["0.W"], right, rtol=1e-12)
    bias = decay.by_the_page(name, w[0], g[1], bias=True)
    np.testing.assert_allclose(model.params["0.b"], bias, rtol=1e-12)
    for other in decay.by_the_other_lines(name, w, g):
        assert abs(other - right).max() > 1e-3


# Group lasso and activity: to_library has no entry for them -----------------------------------


@pytest.mark.parametrize(
    ("heading", "rows", "run_by"),
    [
        (
            "**For `GroupLasso(lam, axis=1)`**",
            {"sklearn.MultiTaskLasso": "`alpha = lam / 2`"},
            "test_conventions.py",
        ),
        ("**For `ActivityPenalty(L1(lam))`**", {"keras": "`l1 = lam`"}, "peers/test_keras.py"),
    ],
)
def test_a_row_without_an_entry_in_the_code_is_run_by_a_test(heading, rows, run_by):
    assert table(heading) == rows
    tests = (Path(__file__).parent / run_by).read_text(encoding="utf8")
    for library in rows:
        assert library.split(".")[-1] in tests


# Early stopping: the rows that need no peer ---------------------------------------------------


def test_the_page_and_the_peers_know_the_same_stoppers():
    assert list(stoppers.table()) == list(stoppers.STOPPERS)
    losses = re.search(r"^1\.0, .*$", stoppers.SECTION, re.M)[0]
    assert [float(loss) for loss in losses.split(", ")] == stoppers.LOSSES


@pytest.mark.parametrize("library", ["nnreg", "MLPClassifier", "SGDClassifier"])
def test_it_stops_and_keeps_as_the_page_says(library):
    checks, best_kept = stoppers.table()[library]
    run = stoppers.STOPPERS[library](2)(stoppers.LOSSES)
    assert run == stoppers.Run(checks, kept=2 if best_kept == "yes" else checks)


def test_the_page_and_the_peers_name_the_same_versions():
    pins = (Path(stoppers.__file__).parent / "requirements.txt").read_text(encoding="utf8")
    said = re.findall(r"^- \*\*([\w-]+)\*\* \(\[(\S+)\]", stoppers.SECTION, re.M)
    assert [library for library, _ in said] == ["Keras", "Lightning", "Flax", "scikit-learn"]
    for library, version in said:
        package = {"Lightning": "pytorch-lightning"}.get(library, library.lower())
        assert f"\n{package}=={version}\n" in pins
