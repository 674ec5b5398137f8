"""The sheets: current, solvable, and the students' copies without a word of a solution."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys

import nbformat
import pytest

from nnreg.grading.assignment import load
from nnreg.grading.questions import QUESTIONS
from tools.make_assignments import COURSE, names

NAMES = names()
RELEASES = {name: COURSE / "release" / name / f"{name}.ipynb" for name in NAMES}
SOURCES = {name: COURSE / "source" / name / f"{name}.ipynb" for name in NAMES}


def cells(path, kind: str) -> list[str]:
    notebook = nbformat.read(path, as_version=4)
    return [cell.source for cell in notebook.cells if cell.cell_type == kind]


def test_there_are_at_least_eight_sheets():
    assert len(NAMES) >= 8


def test_the_students_copies_are_what_nbgrader_makes_of_the_sources(tmp_path):
    shutil.copytree(COURSE / "source", tmp_path / "source")
    program = "import sys; from pathlib import Path; from tools.make_assignments import generate\n"
    program += "for name in sys.argv[2:]: generate(name, Path(sys.argv[1]))"
    command = [sys.executable, "-c", program, str(tmp_path), *NAMES]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    for name in NAMES:
        made = tmp_path / "release" / name / f"{name}.ipynb"
        assert made.read_bytes() == RELEASES[name].read_bytes(), f"make assignments ({name})"
    assert sorted(path.name for path in (COURSE / "release").iterdir()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_no_line_of_a_solution_is_in_the_students_copy(name):
    regions = re.compile(r"### BEGIN (SOLUTION|MARK SCHEME)(.*?)### END \1", re.DOTALL)
    text = RELEASES[name].read_text(encoding="utf8")
    source = nbformat.read(SOURCES[name], as_version=4)
    found = [body for cell in source.cells for _, body in regions.findall(cell.source)]
    whole = [
        cell.source
        for cell in source.cells
        if cell.metadata.get("nbgrader", {}).get("solution") and "### BEGIN" not in cell.source
    ]
    assert found
    lines = [line.strip() for body in found + whole for line in body.splitlines()]
    long = [line for line in lines if len(line) > 20]
    assert len(long) > 5
    for line in long:
        assert json.dumps(line, ensure_ascii=False)[1:-1] not in text, line
    assert "BEGIN SOLUTION" not in text
    assert "MARK SCHEME" not in text


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_has_no_outputs_attachments_or_foreign_metadata(name):
    notebook = nbformat.read(RELEASES[name], as_version=4)
    nbformat.validate(notebook)
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"nbgrader", "deletable", "editable"}
        assert not cell.get("attachments")
        assert not cell.get("outputs")


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_needs_numpy_and_the_checks_alone(name):
    allowed = {"numpy", "nnreg", "math", "matplotlib"}
    for source in cells(RELEASES[name], "code"):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                found = {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found = {node.module.partition(".")[0]}
                if node.module.startswith("nnreg"):
                    assert node.module in {"nnreg.grading", "nnreg.data", "nnreg"}
            else:
                continue
            assert found <= allowed, source


@pytest.mark.parametrize("name", NAMES)
def test_each_task_says_what_it_is_worth_and_checks_its_own_name(name):
    sheet = load(SOURCES[name])
    assert load(RELEASES[name]) == sheet
    assert sum(task.points for task in sheet.tasks) == 20
    assert 4 <= len(sheet.questions) <= 6
    assert any(task.by_hand for task in sheet.tasks)
    text = "\n".join(cells(RELEASES[name], "markdown"))
    assert re.search(r"\b(60|65|70|75|80|85|90) minutes", text)
    code = cells(RELEASES[name], "code")
    for task in sheet.questions:
        assert f'check("{task.name}", {task.name})' in code
        assert any(re.match(rf"(def|class) {task.name}\b", source) for source in code)
        assert task.name in text


def test_every_question_is_asked_in_one_sheet():
    asked = [task.name for name in NAMES for task in load(SOURCES[name]).questions]
    assert sorted(asked) == sorted(QUESTIONS)


@pytest.mark.parametrize("question", sorted(QUESTIONS))
def test_a_question_has_properties_that_earn_and_some_that_are_expected(question):
    properties = QUESTIONS[question].properties
    earning = [each for each in properties if not each.expected]
    assert len(earning) >= 2
    assert 3 <= len(properties) <= 9
    assert len({each.name for each in properties}) == len(properties)
