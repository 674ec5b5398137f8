"""A chapter is changed as a reader would: nothing stops, and what no longer holds is said."""

import tomllib

import nbformat
import pytest

from tools.tree import ROOT
from tools.try_changes import KINDS, Change, answer_to, changes_of, make

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
each_chapter = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@each_chapter
def test_each_chapter_lists_five_changes_of_several_kinds(path):
    kinds = [change.kind for change in changes_of(path)]
    assert len(kinds) >= 5
    assert len(set(kinds)) >= 3


@each_chapter
def test_each_change_still_meets_its_cell(path):
    for change in changes_of(path):
        make(change, nbformat.read(path, as_version=4))


def test_no_list_waits_for_a_chapter_that_is_gone():
    listed = {path.stem for path in (ROOT / "tests" / "changes").glob("*.toml")}
    assert listed == {path.stem for path in NOTEBOOKS}


@pytest.mark.changes
@each_chapter
def test_a_changed_chapter_runs_to_its_end_and_speaks_up(path):
    # The first three are what CI has time for; `python tools/try_changes.py NOTEBOOK` makes all.
    answers = {str(change): answer_to(change, path) for change in changes_of(path)[:3]}
    for change, answer in answers.items():
        print(change, *answer.stopped, *answer.spoken, sep="\n    ")
    assert not {change: answer.stopped for change, answer in answers.items() if answer.stopped}
    assert any(answer.spoken for answer in answers.values())


CELLS = {
    "data": "import numpy as np\nrows = np.random.default_rng(1).normal(size=100)",
    "told": "from nnreg.book import claim\nclaim('mean', rows.mean(), -0.041, within=0.01)",
    "hard": "if len(rows) < 60:\n    raise ValueError('too few')\nhalf = rows[:50]",
    "late": "half.sum() > 0",
}


@pytest.fixture(scope="module")
def chapter(tmp_path_factory):
    cells = [nbformat.v4.new_code_cell(source, id=name) for name, source in CELLS.items()]
    path = tmp_path_factory.mktemp("chapter") / "00_x.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_a_claim_that_no_longer_holds_is_heard_and_stops_nothing(chapter):
    answer = answer_to(Change("seed", "data", "rng(1)", "rng(2)"), chapter)
    assert answer.stopped == []
    assert len(answer.spoken) == 1
    assert answer.spoken[0].endswith("(the text says -0.041).")


def test_what_stops_a_reader_is_named_with_every_later_cell_that_dies_of_it(chapter):
    answer = answer_to(Change("size", "data", "size=100", "size=50"), chapter)
    assert answer.stopped == [
        "cell hard: ValueError: too few",
        "cell late: NameError: name 'half' is not defined",
    ]


@pytest.mark.parametrize(("cell", "old"), [("data", "rng(3)"), ("data", "r"), ("gone", "rng(1)")])
def test_a_change_that_meets_nothing_or_too_much_is_refused(chapter, cell, old):
    with pytest.raises(ValueError, match="must stand once"):
        make(Change("seed", cell, old, "x"), nbformat.read(chapter, as_version=4))


def test_a_kind_that_nobody_knows_is_not_listed():
    for path in (ROOT / "tests" / "changes").glob("*.toml"):
        rows = tomllib.loads(path.read_text(encoding="utf8"))["change"]
        assert {row["kind"] for row in rows} <= set(KINDS), path.name
