"""Scores into nbgrader's gradebook, from where formgrader goes on."""

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nnreg.grading.assignment import Assignment
from nnreg.grading.report import words

_LONGEST_NAME = 128


def record(
    results: list[dict[str, Any]], assignment: Assignment, database: Path
) -> None:
    """Write the scores of a class into ``gradebook.db``.

    What stands there of names, dates and marks given by hand stays; where
    such a mark meets a new score, nbgrader asks for another look. Who was not
    graded gets no score, and is marked for a look.

    Parameters
    ----------
    results : list of dict
        As `nnreg.grading.run.grade_class` returns them.
    assignment : Assignment
        What they answer. Its cells are added, if nbgrader has not done so.
    database : path
        The gradebook. A new one is made where there is none.

    Raises
    ------
    ImportError
        If nbgrader is not installed: ``pip install 'nnreg[classroom]'``.
    """
    from nbgrader.api import Gradebook
    from sqlalchemy.exc import SAWarning

    url = f"sqlite:///{database.absolute()}"
    with _own_programs_first(), warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # of nbgrader's own making
        with Gradebook(url) as book:
            _add_cells(book, assignment)
            for each in words.by_student(results):
                _add_student(book, assignment.name, each)
            book.db.commit()


def _add_cells(book: Any, assignment: Assignment) -> None:
    from nbgrader.api import MissingEntry

    name = assignment.name
    book.update_or_create_assignment(name)
    book.update_or_create_notebook(name, name)
    for task in assignment.tasks:
        where = task.name, name, name
        if not task.by_hand:
            book.update_or_create_grade_cell(
                *where, max_score=task.points, cell_type="code"
            )
            solution = f"{task.name}-solution"
            book.update_or_create_solution_cell(solution, name, name)
            continue
        try:
            book.find_graded_cell(*where)
        except MissingEntry:
            book.update_or_create_task_cell(
                *where, max_score=task.points, cell_type="markdown"
            )


def _add_student(book: Any, assignment: str, result: dict[str, Any]) -> None:
    student = words.one_line(result["student"], _LONGEST_NAME)
    book.update_or_create_student(student)
    submission = book.update_or_create_submission(assignment, student)
    questions = {each["name"]: each for each in result["questions"]}
    for notebook in submission.notebooks:
        for grade in notebook.grades:
            question = questions.get(grade.name)
            grade.auto_score = question["points"] if question else None
            grade.needs_manual_grade = (
                question is None or grade.manual_score is not None
            )
        for comment in notebook.comments:
            question = questions.get(comment.name.removesuffix("-solution"))
            comment.auto_comment = _said(question) if question else None


def _said(question: dict[str, Any]) -> str:
    wrong = [each for each in question["verdicts"] if each["problem"]]
    lines = [f"{e['name']}: {words.problem(e['problem'])}" for e in wrong]
    return "\n".join(lines) or "All properties hold."


@contextlib.contextmanager
def _own_programs_first() -> Iterator[None]:
    """Let nbgrader find alembic, which it runs to make a new gradebook."""
    path = os.environ.get("PATH", "")
    os.environ["PATH"] = os.pathsep.join(
        [str(Path(sys.executable).parent), path]
    )
    try:
        yield
    finally:
        os.environ["PATH"] = path
