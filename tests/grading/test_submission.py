"""Whatever is handed in: what can be read is read, and the rest has a name."""

import json

import pytest

from benchmarks.attacks import ATTACKS, code, damaged, notebook
from nnreg.grading import submission
from nnreg.grading.grade import _without_old_drafts


def read(tmp_path, data: bytes) -> submission.Submission:
    path = tmp_path / "x.ipynb"
    path.write_bytes(data)
    return submission.read(path)


def with_cells(*sources) -> bytes:
    return json.dumps({"nbformat": 4, "cells": [code(s) for s in sources]}).encode()


@pytest.mark.parametrize("name", damaged())
def test_a_damaged_file_gives_cells_or_a_remark(name, tmp_path):
    data, _ = damaged()[name]
    got = read(tmp_path, data)
    assert got.cells or got.remarks
    assert len(got.digest) == 64


def test_old_and_future_formats_have_the_same_cells(tmp_path):
    right = list(read(tmp_path, json.dumps(notebook(ATTACKS[0])).encode()).cells.values())
    for name in ("format_3", "format_5", "format_unknown", "lost_metadata"):
        assert list(read(tmp_path, damaged()[name][0]).cells.values()) == right


def test_what_only_ipython_understands_becomes_python(tmp_path):
    sources = "%time f()\nx = 1\n!ls", "%%bash\nrm -rf /", "y = 7 % 2", "f?", "%%time\nz = 1"
    cells = read(tmp_path, with_cells(*sources)).cells
    assert cells["cell 3"] == sources[2]
    for source in cells.values():
        compile(source, "cell", "exec")
    assert [cells[f"cell {n}"] for n in (1, 2, 4, 5)] == [
        "pass\nx = 1\npass",
        "",
        "pass",
        "pass\nz = 1",
    ]


def test_a_line_of_text_that_begins_with_a_percent_sign_stays(tmp_path):
    source = 'text = """\n%d of it\n"""\nz = (1\n% 2)'
    assert list(read(tmp_path, with_cells(source)).cells.values()) == [source]


def test_large_and_missing_files_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(submission, "MOST_BYTES", 1000)
    assert "clear the outputs" in read(tmp_path, b"x" * 2000).remarks[0]
    assert submission.read(tmp_path / "none.ipynb").remarks == [
        "not read: No such file or directory"
    ]


def test_texts_are_found_by_their_id_whatever_became_of_the_cell(tmp_path):
    cell = {"cell_type": "markdown", "source": ["my ", "words"]}
    cell["metadata"] = {"nbgrader": {"grade_id": "explain"}}
    data = json.dumps({"nbformat": 4, "cells": [code("x = 1"), cell]}).encode()
    assert read(tmp_path, data).texts == {"explain": "my words"}


def test_what_stands_below_a_task_is_its_answer(tmp_path):
    def marked(kind: str, name: str) -> dict:
        marks = {"grade_id": name, kind: True}
        return {"cell_type": "markdown", "source": "why?", "metadata": {"nbgrader": marks}}

    answer = {"cell_type": "markdown", "source": "because", "metadata": {}}
    cells = [
        answer,
        marked("task", "explain"),
        answer,
        code("plot()"),
        marked("grade", "f"),
        answer,
    ]
    data = json.dumps({"nbformat": 4, "cells": cells}).encode()
    assert read(tmp_path, data).texts == {"explain": "because\nplot()\n", "f": "why?"}


STUB = 'def f(x):\n    """Return y."""\n    raise NotImplementedError'


@pytest.mark.parametrize(
    ("sources", "kept"),
    [
        ([STUB, "def f(x):\n    return 1"], [1]),
        (["def f(x):\n    return 1", STUB], [0]),
        (["def f(x):\n    return 1", "def f(x):\n    return 2"], [0, 1]),
        ([STUB, STUB], [1]),
        ([STUB], [0]),
        (["x = 1\n" + STUB, "def f(x):\n    return 1"], [0, 1]),
        (["def f(:", "def f(x):\n    return 1"], [0, 1]),
        (["class f:\n    def g(self):\n        raise NotImplementedError", "class f: pass"], [1]),
    ],
)
def test_a_stub_does_not_hide_an_answer(sources, kept):
    cells = {f"cell {i}": source for i, source in enumerate(sources)}
    left, remarks = _without_old_drafts(cells)
    assert list(left) == [f"cell {i}" for i in kept]
    counted = sum(source.count("def f(x)") + source.count("class f") for source in sources)
    assert bool(remarks) == (counted > 1)


def test_three_layouts_are_found(tmp_path):
    for place in ("ann.ipynb", "bob/penalties.ipynb", "eve/penalties/penalties.ipynb"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("{}")
    (tmp_path / "own_name").mkdir()
    (tmp_path / "own_name" / "hand-in final.ipynb").write_text("{}")
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").touch()
    found = submission.find(tmp_path, "penalties")
    assert list(found) == ["ann", "bob", "empty", "eve", "own_name"]
    assert [path.is_file() for path in found.values()] == [True, True, False, True, True]
