"""What is well formed and yet no answer earns no point, and stops no grader."""

from __future__ import annotations

import io
import json
import os
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest

from benchmarks.attacks import code
from nnreg.grading import messages, submission
from nnreg.grading.grade import _without_old_drafts
from nnreg.grading.questions import QUESTIONS, examine, share
from nnreg.grading.run import _is_graded, grade_class, slug
from nnreg.grading.session import RemoteAnswer, RemoteObject

RESULTS = {
    "nan": float("nan"),
    "infinity": float("inf"),
    "true": True,
    "a huge integer": 10**400,
    "text": "0.5",
    "nothing": [],
    "rows of different lengths": [[1.0], [1.0, 2.0]],
    "a nan that fits every shape": np.full(1, np.nan),
    "a complex nan": np.full((1, 1), np.nan + 1j),
    "a truth that fits every shape": np.ones(1, dtype=bool),
    "a wide infinity": np.full(1, np.inf, dtype=np.longdouble),
    "a nan for each of two": (np.full(1, np.nan), np.full(1, np.nan)),
    "a dictionary": {f"k{i}": np.nan for i in range(9)},
    "tuples in tuples": (((), (1,)), ({}, [()])),
    "a generator": np.random.default_rng(0),
    "an object": object(),
}


class Talk:
    """A session in which a student says one thing, whatever is asked."""

    def __init__(self, result, made=None):
        self._result, self._made = result, made

    def call(self, name, of, arguments):
        said = self._result if of is not None or self._made is None else self._made
        packed = messages.pack({"result": said, "arguments": list(arguments)}, lambda _: 0)
        return messages.receive(io.BytesIO(packed).read, lambda n: RemoteObject(self, n))


def earned(question: str, talk: Talk) -> float:
    with warnings.catch_warnings(action="ignore"):
        verdicts = examine(question, RemoteAnswer(talk, question), [2**100, 3])
    return share(verdicts) or sum(not (v.problem or v.expected) for v in verdicts)


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_a_result_of_another_kind_earns_nothing_in_any_question(result):
    assert {q: e for q in QUESTIONS if (e := earned(q, Talk(result)))} == {}


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_an_object_whose_methods_say_so_earns_nothing(result):
    classes = [q for q in QUESTIONS if q[0].isupper()]
    assert {q: e for q in classes if (e := earned(q, Talk(result, object())))} == {}


def test_numpy_gets_nothing_from_a_students_object():
    thing = RemoteObject(Talk(np.ones(3)), 0)
    for name in ("shape", "dtype", "all", "mean", "__array__"):
        assert not hasattr(thing, name)


def test_one_array_is_not_many():
    """A list of one array a thousand times would take its memory a thousand times."""
    data = messages.pack(np.zeros(4))[8:]
    head, array = data[: data.index(b"\x93")], data[data.index(b"\x93") :]
    head = head.replace(b'{"array": 0}', b'{"list": [{"array": 0}, {"array": 0}]}')
    with pytest.raises(KeyError):
        messages.receive(io.BytesIO(b"%08d" % len(head) + head + array).read)


# Notebooks ------------------------------------------------------------------------------------


def read(tmp_path: Path, *sources: str, **more) -> submission.Submission:
    path = tmp_path / "x.ipynb"
    cells = [code(source) for source in sources]
    path.write_text(json.dumps({"nbformat": 4, "cells": cells, **more}))
    return submission.read(path)


def test_a_page_of_magics_is_read_at_once(tmp_path):
    for source in ("%a\n" * 5000, "\n" * 40_000 + "%a", "%%time\n" * 5000, "a = !b\n" * 5000):
        (cell,) = read(tmp_path, source).cells.values()
        compile(cell, "cell", "exec")
        assert cell.count("\n") == source.count("\n")


def test_a_cell_that_takes_gigabytes_to_parse_is_named_and_left_out(tmp_path):
    got = read(tmp_path, f"x = [{'1,' * 10**6}]", "y = 1")
    assert got.cells == {"cell 2": "y = 1"}
    assert got.remarks == ["cell 1 is too long to be run"]
    many = read(tmp_path, *["x = 1\n" * 8000] * 100)
    assert sum(map(len, many.cells.values())) <= submission.MOST_CODE
    assert many.remarks


def test_every_cell_that_is_kept_reaches_the_runner(tmp_path):
    source = "ä" * messages.MOST_TEXT
    (cell,) = read(tmp_path, source).cells.values()
    assert messages.receive(io.BytesIO(messages.pack({"source": cell})).read)["source"] == source


@pytest.mark.parametrize("deep", ["1" + "+1" * 900, "a" + ".b" * 20_000, "-" * 20_000 + "1"])
def test_a_deep_cell_costs_no_draft(deep):
    cells = {"cell 1": f"def f():\n    raise NotImplementedError({deep})", "cell 2": "def f(): 1"}
    kept, _ = _without_old_drafts(cells)
    assert "cell 2" in kept


@pytest.mark.parametrize("version", [{"x": 1}, [], "y" * 10**6, None, 1e300])
def test_a_strange_version_is_named_in_a_few_words(version, tmp_path):
    got = read(tmp_path, "x = 1", nbformat=version)
    assert got.cells
    assert len(got.remarks[0]) < 60


@pytest.mark.parametrize("cells", [7, "abc", {"a": 1}, [None, 7, []], True])
def test_worksheets_hold_anything(cells, tmp_path):
    assert read(tmp_path, cells=None, worksheets=[{"cells": cells}, 7]).remarks


# Names and runs -------------------------------------------------------------------------------


def test_nobody_can_choose_the_file_of_another():
    names = ["Anna", "anna", "ANNA", "änna", "a" * 90, "a" * 91, "a" * 80, "-", "..", "a/b", "a b"]
    names += [slug(name) for name in names if slug(name) != name]
    slugs = [slug(name) for name in names]
    assert len({each.lower() for each in slugs}) == len(names)
    assert slug("anna_1-b") == "anna_1-b"


def test_a_file_and_a_folder_of_one_name_are_two_submissions(tmp_path):
    (tmp_path / "anna").mkdir()
    for place in ("anna/penalties.ipynb", "anna.ipynb"):
        (tmp_path / place).write_text("{}")
    assert len(submission.find(tmp_path, "penalties")) == 2


def test_a_folder_that_nobody_may_read_costs_its_owner_alone():
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "closed").mkdir(mode=0)
        (folder / "open.ipynb").write_text("{}")
        user = os.geteuid()
        os.seteuid(user or 65534)
        try:
            found = submission.find(folder, "penalties")
            assert [*found] == ["closed", "open"]
            assert submission.read(found["closed"]).remarks == ["not read: Permission denied"]
        finally:
            os.seteuid(user)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"seed": 1}', '{"seed": 1, "score": null}'])
def test_a_result_that_was_cut_or_failed_is_made_again(text, tmp_path):
    kept = tmp_path / "anna.json"
    kept.write_text(text)
    assert not _is_graded(kept, tmp_path / "none.ipynb", 1)


def test_results_do_not_lie_among_submissions(tmp_path):
    for out in (tmp_path, tmp_path / "out"):
        with pytest.raises(ValueError, match="choose another folder"):
            grade_class("penalties", tmp_path, out, 1)
