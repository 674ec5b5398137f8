"""Whole classes through the sandbox: every sheet, nbgrader's own gradebook, a cluster."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import joblib
import pytest

from nnreg.grading.run import grade_class
from nnreg.grading.sandbox import Limits, NoSandboxError, Sandbox
from nnreg.grid import local_cluster
from tools.make_assignments import COURSE, names

pytestmark = pytest.mark.classroom


@pytest.fixture(scope="module", autouse=True)
def _sandbox():
    try:
        Sandbox(Limits()).close()
    except NoSandboxError as error:
        pytest.skip(str(error))


def class_of(folder, name: str):
    """Hand in the solutions of a sheet, and what a student finds."""
    for kind in ("source", "release"):
        (folder / kind).mkdir(parents=True)
        shutil.copy(COURSE / kind / name / f"{name}.ipynb", folder / kind)
    return folder


def without_cost(results: list[dict]) -> list[dict]:
    return [{k: v for k, v in result.items() if k != "cost"} for result in results]


@pytest.mark.parametrize("name", names())
def test_solutions_earn_all_points_and_stubs_none(name, tmp_path):
    folder = class_of(tmp_path / "class", name)
    sheet, results = grade_class(name, folder, tmp_path / "out", 2, progress=False)
    release, source = results
    assert source["score"] == source["of"] == sum(task.points for task in sheet.questions)
    assert not source["remarks"]
    assert release["score"] == 0
    problems = {v["problem"] for each in release["questions"] for v in each["verdicts"]}
    assert problems == {"is not written yet"}


def test_a_cluster_gives_the_same_grades(tmp_path):
    folder = class_of(tmp_path / "class", "clipping")
    with local_cluster(2), joblib.parallel_config(backend="dask"):
        _, there = grade_class("clipping", folder, tmp_path / "there", seed=1, progress=False)
    _, here = grade_class("clipping", folder, tmp_path / "here", 1, seed=1, progress=False)
    assert without_cost(there) == without_cost(here)


def test_points_get_into_the_gradebook_that_nbgrader_has_made(tmp_path):
    course = tmp_path / "course"
    shutil.copytree(COURSE / "source" / "penalties", course / "source" / "penalties")
    generate = [sys.executable, "-m", "nbgrader", "generate_assignment", "penalties"]
    generate += ["--course-dir", str(course), "--force"]
    book = course / "gradebook.db"
    grade = [sys.executable, "-m", "nnreg.grading", "grade", "--assignment", "penalties"]
    grade += ["--submissions", str(class_of(tmp_path / "class", "penalties"))]
    grade += ["--out", str(tmp_path / "out"), "--gradebook", str(book), "--jobs", "1"]
    export = [sys.executable, "-m", "nbgrader", "export", "--to", str(tmp_path / "grades.csv")]
    programs = str(Path(sys.executable).parent)  # nbgrader looks for alembic
    environment = {**os.environ, "PATH": os.pathsep.join([programs, os.environ["PATH"]])}
    for command, where in ((generate, course), (grade, COURSE.parent), (export, course)):
        done = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
    _, *rows = (tmp_path / "grades.csv").read_text().splitlines()
    assert [row.split(",")[3] for row in rows] == ["release", "source"]
    assert [row.split(",")[-4:] for row in rows] == [
        ["0.0", "0.0", "0.0", "20.0"],
        ["16.0", "0.0", "16.0", "20.0"],
    ]
