"""When each library stops, and what it leaves: "Early stopping" on the page *Conventions*."""

from __future__ import annotations

import inspect
import re
from importlib import import_module
from importlib.metadata import version

import pytest

from .stoppers import LOSSES, SECTION, STOPPERS, table

NAN = float("nan")
ON_REQUEST = {"Keras": {"restore_best_weights": True}}

# Keras reads PyTorch's arrays in a way that NumPy will no longer take.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(autouse=True)
def backend_of_keras(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")


@pytest.fixture(params=STOPPERS)
def library(request) -> str:
    return request.param


def answers(question: str) -> dict[str, str]:
    """Return library -> its answer, up to the first comma or full stop."""
    below = SECTION.split(f"### {question}\n")[1].split("\n###")[0]
    lines = re.findall(r"^- \*\*(.+?):\*\* (.+?)[.,]", below, re.MULTILINE)
    return {library: said for names, said in lines for library in names.split(", ")}


def ours(library: str, patience: int) -> int:
    """Return what `library` calls a patience of ours."""
    elsewhere = {"p": patience, "p − 1": patience - 1}
    return elsewhere[answers("Which number is our `patience = p`?")[library]]


def test_the_page_speaks_of_these_versions():
    links = r"^- \*\*([\w-]+)\*\* \(\[(\S+)\]\(https://\S+/blob/\S+\)"
    packages = {
        **{"Keras": "keras", "Lightning": "pytorch-lightning"},
        **{"Flax": "flax", "scikit-learn": "scikit-learn"},
    }
    said = re.findall(links, SECTION, re.MULTILINE)
    assert said == [(library, version(package)) for library, package in packages.items()]


def test_the_table_has_every_library():
    assert list(table()) == list(STOPPERS)


def test_it_stops_after_the_check_in_the_table(library):
    assert STOPPERS[library](2)(LOSSES).checks == table()[library][0]


@pytest.mark.parametrize("losses", [LOSSES, LOSSES[:3]], ids=["stopped", "not stopped"])
def test_whether_the_best_weights_are_kept(library, losses):
    def kept(**settings) -> int:
        run = STOPPERS[library](2, **settings)(losses)
        assert run.checks == min(len(losses), table()[library][0])
        return run.kept

    said = table()[library][1]
    assert (said == "on request") == (library in ON_REQUEST)
    assert kept() == (2 if said == "yes" else min(len(losses), table()[library][0]))
    if said == "on request":
        assert kept(**ON_REQUEST[library]) == 2


@pytest.mark.parametrize("patience", [1, 2, 3])
def test_which_number_is_our_patience(library, patience):
    theirs = ours(library, patience)
    if library == "MLPClassifier" and theirs == 0:
        with pytest.raises(ValueError, match="'n_iter_no_change' parameter"):
            STOPPERS[library](theirs)(LOSSES)
    else:
        assert STOPPERS[library](theirs)(LOSSES).checks == 2 + patience


@pytest.mark.parametrize("library", ["Keras", "Lightning"])
def test_a_patience_of_0_is_one_of_1(library):
    assert STOPPERS[library](0)(LOSSES) == STOPPERS[library](1)(LOSSES)


@pytest.mark.parametrize(
    ("library", "where", "patience", "min_delta"),
    [
        ("nnreg", "nnreg.early_stopping.EarlyStopping", "patience", "min_delta"),
        ("Keras", "keras.callbacks.EarlyStopping", "patience", "min_delta"),
        ("Lightning", "pytorch_lightning.callbacks.EarlyStopping", "patience", "min_delta"),
        ("Flax", "flax.training.early_stopping.EarlyStopping", "patience", "min_delta"),
        ("MLPClassifier", "sklearn.neural_network.MLPClassifier", "n_iter_no_change", "tol"),
        ("SGDClassifier", "sklearn.linear_model.SGDClassifier", "n_iter_no_change", "tol"),
    ],
)
def test_what_it_is_if_nothing_is_said(library, where, patience, min_delta):
    module, name = where.rsplit(".", 1)
    pytest.importorskip(module)
    defaults = inspect.signature(getattr(import_module(module), name)).parameters
    said = answers("What is it if you say nothing?")[library]
    if library == "nnreg":
        assert said == "you have to say it"
        assert defaults[patience].default is inspect.Parameter.empty
    else:
        assert defaults[patience].default == int(said)
    line = SECTION.split("### What is it if you say nothing?")[1].split(f"**{library}:**")
    tol = re.match(r" \d+, with `tol=([\d.]+)`", line[-1])
    assert defaults[min_delta].default == (float(tol[1]) if tol else 0)


@pytest.mark.parametrize(
    ("library", "mode"),
    [(name, None) for name in STOPPERS]
    + [(name, mode) for name in ("nnreg", "Keras", "Lightning") for mode in ("min", "max")],
)
def test_a_gain_of_exactly_min_delta(library, mode):
    sign = -1 if mode == "max" else 1
    settings = {"mode": mode} if mode else {}

    def checks(value: float) -> int:
        train = STOPPERS[library](ours(library, 3), min_delta=0.25, **settings)
        return train([sign] + [sign * value] * 7).checks

    later = {"no": 4, "yes": 5}
    said = answers("Is a gain of exactly `min_delta` an improvement?")[library]
    assert [checks(value) for value in (1.0, 0.75, 0.5)] == [4, later[said], 5]


def test_equal_values_are_stopped_unless_a_gain_of_0_is_one(library):
    is_one = answers("Is a gain of exactly `min_delta` an improvement?")[library] == "yes"
    assert STOPPERS[library](ours(library, 3))([1.0] * 9).checks == (9 if is_one else 4)


def test_whether_small_gains_add_up(library):
    said = answers("Do small gains add up?")[library]
    losses = [1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.65]
    run = STOPPERS[library](ours(library, 3), min_delta=0.12)(losses)
    assert run.checks == {"yes": len(losses), "no": 4}[said]


NAN_LATER = {
    "it is no improvement": 5,
    "it stops training at once": 4,
    "it starts the count anew": 7,
}
NAN_FIRST = {
    "it is no improvement": 6,
    "it becomes the best": 4,
    "it stops training at once": 1,
    "it starts the count anew": 6,
}


def test_what_a_nan_does(library):
    run = STOPPERS[library](ours(library, 3))([1.0, 0.9, 0.95, NAN, 0.94, 0.93, 0.92, 0.91])
    assert run.checks == NAN_LATER[answers("What does a NaN do?")[library]]


def test_what_a_first_nan_does(library):
    run = STOPPERS[library](ours(library, 3))([NAN, 0.9, 0.8, 0.7, 0.6, 0.5])
    assert run.checks == NAN_FIRST[answers("… and a NaN at the very first check?")[library]]


def test_lightning_can_be_told_to_go_on_after_a_nan():
    go_on = STOPPERS["Lightning"](3, check_finite=False)
    assert go_on([1.0, 0.9, 0.95, NAN, 0.94, 0.93]).checks == 5
    assert STOPPERS["Lightning"](3)([1.0, float("inf"), 0.5]).checks == 2


def test_whether_a_second_fit_begins_afresh(library):
    train = STOPPERS[library](ours(library, 3))
    assert train([0.1, 0.2]).checks == 2
    afresh = answers("Does a second fit with the same object begin afresh?")[library] == "yes"
    assert train([1.0, 0.9, 0.8, 0.7, 0.6]).checks == (5 if afresh else 2)


def test_a_reset_makes_flax_begin_afresh():
    training = pytest.importorskip("flax.training.early_stopping")
    used = training.EarlyStopping(patience=1)
    for value in (0.1, 0.2, 0.3):
        used = used.update(value)
    assert used.should_stop
    assert used.reset() == training.EarlyStopping(patience=1)


@pytest.mark.parametrize("library", ["nnreg", "Keras", "Lightning"])
def test_a_monitor_that_does_not_exist(library):
    said = answers("What does a monitor do that does not exist?")[library]
    train = STOPPERS[library](1, mode="min", monitor="val_nothing")
    if said == "it raises an error":
        with pytest.raises((ValueError, RuntimeError), match="val_loss"):
            train(LOSSES)
    else:
        assert said == "it warns"
        with pytest.warns(UserWarning, match="`val_nothing` which is not available"):
            assert train(LOSSES).checks == len(LOSSES)
