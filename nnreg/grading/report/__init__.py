"""Reports on a graded class: tables, feedback, a summary for the lecturer."""

import json
from pathlib import Path
from typing import Any

from nnreg.grading.assignment import Assignment
from nnreg.grading.report import (
    feedback,
    gradebook,
    gradescope,
    similarity,
    summary,
    tables,
)

__all__ = ["gradebook", "write"]


def write(
    results: list[dict[str, Any]], assignment: Assignment, out: Path
) -> None:
    """Write every report on a class into a folder.

    ``summary.html`` and ``summary.json`` are for the lecturer, ``grades.csv``
    and ``nbgrader.csv`` for other programs, and ``feedback/SLUG.html`` and
    ``gradescope/SLUG.json`` for one student each.

    Parameters
    ----------
    results : list of dict
        As `nnreg.grading.run.grade_class` returns them, in any order.
    assignment : Assignment
        What they answer.
    out : path
        The folder, which is made if there is none.
    """
    pages, scores = out / "feedback", out / "gradescope"
    for folder in (pages, scores):
        folder.mkdir(parents=True, exist_ok=True)
    tables.write_grades(results, assignment, out / "grades.csv")
    tables.write_nbgrader(results, assignment, out / "nbgrader.csv")
    for each in results:
        page = feedback.page(each, assignment)
        (pages / f"{each['slug']}.html").write_text(page, encoding="utf-8")
        _dump(gradescope.results_of(each), scores / f"{each['slug']}.json")
    questions = [task.name for task in assignment.questions]
    pairs = similarity.alike(results, questions)
    told = summary.summarise(results, assignment, pairs)
    _dump(told, out / "summary.json")
    page = summary.page(told)
    (out / "summary.html").write_text(page, encoding="utf-8")


def _dump(value: Any, path: Path) -> None:
    text = json.dumps(value, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
