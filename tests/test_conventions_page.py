"""The table on the page *Conventions* says what `nnreg.conventions` computes."""

import re
from pathlib import Path

import pytest

from nnreg import L1, L2
from nnreg.conventions import LIBRARIES, to_library

PAGE = Path(__file__).parents[1] / "book" / "conventions.md"
LAM, N = 0.01, 50


def rows() -> dict[str, tuple[str, str]]:
    """Return library -> (cell for L2, cell for L1), as the page prints them."""
    table = re.findall(r"^\| `([\w.]+)`[^|]*\|(.*)\|([^|]*)\|([^|]*)\|$", PAGE.read_text(), re.M)
    return {library: (l2, l1) for library, _, l2, l1 in table}


def test_the_page_has_every_library_and_no_other():
    assert set(rows()) == set(LIBRARIES)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("penalty", "column"), [(L2(LAM), 0), (L1(LAM), 1)])
def test_each_cell_is_what_to_library_returns(library, penalty, column):
    cell = rows()[library][column]
    said = {
        name: eval(formula, {"lam": LAM, "n": N})
        for name, formula in re.findall(r"`(\w+) = ([^`]+)`", cell)
    }
    if not said:
        assert cell.strip() == "–"
        with pytest.raises(ValueError, match="penalty must be of kind"):
            to_library(penalty, library, n=N)
        return
    settings = to_library(penalty, library, n=N)
    assert {name: settings[name] for name in said} == pytest.approx(said)
    assert all(value == 0 for name, value in settings.items() if name not in said)
