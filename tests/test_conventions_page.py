"""The page *Conventions* says what `nnreg.conventions` computes, and where each row was read."""

from __future__ import annotations

import re
from inspect import signature
from pathlib import Path

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor

from nnreg import L1, L2
from nnreg.conventions import LIBRARIES, from_library, to_library

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
            assert link in said["d2l"]
            assert convention.source == LIBRARIES["d2l"].source
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
