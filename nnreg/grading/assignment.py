"""What an assignment asks for, read from its source notebook."""

import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

from nnreg.grading import submission as submissions
from nnreg.grading.questions import QUESTIONS

# Without the points, which stand in the heading of a task as well.
_HEADING = re.compile(r"^##? (.+?)(?: *\([\d.]+ points?\))? *$", re.MULTILINE)


@dataclass(frozen=True)
class Task:
    """A question that is graded here, or a cell that is graded by hand.

    Attributes
    ----------
    name, title : str
        Its ``grade_id``, and the heading above it.
    points : float
        What it is worth.
    by_hand : bool
        Whether somebody reads the answer.
    given : str
        What stands in the place of an answer that is read, before there is
        one.
    """

    name: str
    points: float
    by_hand: bool
    title: str = ""
    given: str = ""


@dataclass(frozen=True)
class Assignment:
    """An assignment's name and title, and its tasks in their order."""

    name: str
    tasks: tuple[Task, ...]
    title: str = ""

    @property
    def questions(self) -> tuple[Task, ...]:
        """The tasks that need nobody's judgement."""
        return tuple(task for task in self.tasks if not task.by_hand)


def load(place: str | Path) -> Assignment:
    """Read an assignment.

    Parameters
    ----------
    place : str or path
        A source or release notebook, or the name of an assignment in
        ``assignments/source``.

    Raises
    ------
    FileNotFoundError
        If there is no such notebook.
    ValueError
        If nothing in it has points, or a task's question does not exist.
    """
    path = Path(place)
    if path.suffix != ".ipynb":
        path = Path("assignments", "source", place, f"{place}.ipynb")
    if not path.is_file():
        raise FileNotFoundError(f"there is no assignment at {path}")
    tasks, headings = [], []
    given = submissions.read(path).texts
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            headings += _HEADING.findall(cell.source)
        marks = cell.metadata.get("nbgrader", {})
        by_hand = bool(marks.get("solution") or marks.get("task"))
        if not (marks.get("grade") or marks.get("task")):
            continue
        name, points = marks["grade_id"], float(marks["points"])
        if not by_hand and name not in QUESTIONS:
            raise ValueError(f"{path}: there is no question {name!r}")
        title, blank = headings[-1] if headings else name, ""
        if by_hand:
            blank = given.get(name, "")
        tasks.append(Task(name, points, by_hand, title, blank))
    if not tasks:
        raise ValueError(f"{path}: no cell of it has points")
    title = headings[0] if headings else path.stem
    return Assignment(path.stem, tuple(tasks), title)
