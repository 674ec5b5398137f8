"""Tables for spreadsheets and for nbgrader's readers."""

import csv
from pathlib import Path
from typing import Any

from nnreg.grading.assignment import Assignment
from nnreg.grading.report.words import by_student, one_line

NBGRADER_COLUMNS = [
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
]
_LONGEST_NAME = 255
_FORMULA = tuple("=+-@＝＋－＠")


def write_grades(
    results: list[dict[str, Any]], assignment: Assignment, path: Path
) -> None:
    """Write a row a student, a column a question.

    The same submissions give the same bytes, whoever was graded first. Who
    was not graded has no score, which is not 0.
    """
    questions = [task.name for task in assignment.questions]
    header = ["student", "status", "score", "of", *questions, "remarks"]
    rows = []
    for each in by_student(results):
        graded = each["score"] is not None
        points = {q["name"]: q["points"] for q in each["questions"]}
        rows.append(
            [
                cell(each["student"]),
                "graded" if graded else "not graded",
                each["score"] if graded else "",
                each["of"],
                *(points.get(name, "") for name in questions),
                len(each["remarks"]),
            ]
        )
    _write(path, header, rows)


def write_nbgrader(
    results: list[dict[str, Any]], assignment: Assignment, path: Path
) -> None:
    """Write the columns of ``nbgrader export``, for scripts that read them.

    As there, `max_score` counts what is graded by hand, too. Names and dates
    stand in nbgrader's gradebook alone, so their columns are empty.
    """
    most = sum(task.points for task in assignment.tasks)
    rows = []
    for each in by_student(results):
        row = dict.fromkeys(NBGRADER_COLUMNS, "")
        row["assignment"] = cell(assignment.name)
        row["student_id"] = cell(each["student"])
        row["max_score"] = most
        if each["score"] is not None:
            row["raw_score"] = row["score"] = each["score"]
            row["late_submission_penalty"] = 0.0
        rows.append(list(row.values()))
    _write(path, NBGRADER_COLUMNS, rows)


def cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    Examples
    --------
    >>> cell("=1+1")
    "'=1+1"
    """
    text = one_line(text, _LONGEST_NAME)
    return f"'{text}" if text.lstrip().startswith(_FORMULA) else text


def _write(path: Path, header: list[str], rows: list[list]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        # Quotes around every text: some spreadsheets split at semicolons too.
        writer = csv.writer(
            file, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n"
        )
        writer.writerow(header)
        writer.writerows(rows)
