"""A chapter is changed as a reader would: nothing stops, and what no longer holds is said."""

import tomllib

import nbformat
import pytest

from tools.tree import ROOT
from tools.try_changes import KINDS, Change, answer_to, at_once, changes_of, make

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
    # Three at once: a stop needs one of them, and seldom the absence of another.
    changes = at_once(changes_of(path), path)[:3]
    answer = answer_to(changes, path)
    print(*changes, *answer.stopped, *answer.spoken, sep="\n    ")
    alone = f"`python tools/try_changes.py notebooks/{path.name}` makes each change alone"
    assert not answer.stopped, alone
    assert answer.spoken


@each_chapter
def test_three_changes_of_each_chapter_can_be_made_at_once(path):
    assert len(at_once(changes_of(path), path)) >= 3


CELLS = {
    "data": "import numpy as np\nrows = np.random.default_rng(1).normal(size=100)",
    "told": "from nnreg.book import claim\nclaim('mean', rows.mean(), -0.041, within=0.01)",
    "hard": "if len(rows) < 60:\n    raise ValueError('too few')\nhalf = rows[:50]",
    "late": "half.sum() > 0",
}


SEED = Change("seed", "data", "rng(1)", "rng(2)")
SIZE = Change("size", "data", "size=100", "size=50")


@pytest.fixture(scope="module")
def chapter(tmp_path_factory):
    cells = [nbformat.v4.new_code_cell(source, id=name) for name, source in CELLS.items()]
    path = tmp_path_factory.mktemp("chapter") / "00_x.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def test_a_claim_that_no_longer_holds_is_heard_and_stops_nothing(chapter):
    answer = answer_to([SEED], chapter)
    assert answer.stopped == []
    assert len(answer.spoken) == 1
    assert answer.spoken[0].endswith("(the text says -0.041).")


def test_what_stops_a_reader_is_named_with_every_later_cell_that_dies_of_it(chapter):
    answer = answer_to([SIZE], chapter)
    assert answer.stopped == [
        "cell hard: ValueError: too few",
        "cell late: NameError: name 'half' is not defined",
    ]


def test_of_two_changes_at_once_each_is_heard(chapter):
    answer = answer_to([SEED, SIZE], chapter)
    assert answer.stopped[0] == "cell hard: ValueError: too few"
    assert len(answer.spoken) == 1


def test_a_change_whose_place_another_takes_away_waits_for_a_run_of_its_own(chapter):
    again = Change("seed", "data", "default_rng(1)", "default_rng(3)")
    assert at_once([SEED, again, SIZE], chapter) == [SEED, SIZE]


@pytest.mark.parametrize(("cell", "old"), [("data", "rng(3)"), ("data", "r"), ("gone", "rng(1)")])
def test_a_change_that_meets_nothing_or_too_much_is_refused(chapter, cell, old):
    with pytest.raises(ValueError, match="must stand once"):
        make(Change("seed", cell, old, "x"), nbformat.read(chapter, as_version=4))


def test_a_kind_that_nobody_knows_is_not_listed():
    for path in (ROOT / "tests" / "changes").glob("*.toml"):
        rows = tomllib.loads(path.read_text(encoding="utf8"))["change"]
        assert {row["kind"] for row in rows} <= set(KINDS), path.name
