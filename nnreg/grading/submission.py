"""Read what a student handed in, whatever state it is in.

nbformat refuses a notebook with one damaged cell. Here everything that can be
read is, and everything that cannot has a remark with its name.
"""

import ast
import hashlib
import json
import os
import re
import stat
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nnreg.grading.messages import MOST_TEXT

MOST_BYTES = 20 * 2**20  # of a file: its pictures included
MOST_CELLS = 2000
MOST_CODE = 2**20  # characters of all cells of code together
_ASSIGNED = re.compile(r"[\w.,() \t]+=[ \t]*(?=[%!])")


@dataclass
class Submission:
    """What there is to run and to read by hand.

    Attributes
    ----------
    cells : dict of str to str
        Source of each cell of code, by its name: "cell 3" is the third cell
        of the notebook, text included.
    texts : dict of str to str
        What stands in cells that are graded by hand, or below the task that
        is, by their ``grade_id``.
    remarks : list of str
        What could not be read.
    digest : str
        SHA-256 of the file; of nothing, if it could not be read.
    task : str
        The task that the last cell answers in words, if it does.
    """

    cells: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    digest: str = ""
    task: str = ""


def find(folder: Path, assignment: str) -> dict[str, Path]:
    """Return the notebook of each student below a folder.

    Three layouts are known: ``STUDENT.ipynb``, ``STUDENT/NAME.ipynb`` and
    nbgrader's ``STUDENT/ASSIGNMENT/NAME.ipynb``. A student without a notebook
    stands there with a path at which there is none.
    """
    found = {}
    for entry in sorted(folder.iterdir()):
        if entry.is_symlink() or not entry.is_dir():
            if entry.suffix == ".ipynb":
                name = entry.name if entry.stem in found else entry.stem
                found[name] = entry
            continue
        below = entry / assignment
        # os.path, because pathlib stops at a folder that nobody may read.
        is_below = os.path.isdir(below) and not os.path.islink(below)
        inside = below if is_below else entry
        notebook = inside / f"{assignment}.ipynb"
        others = sorted(inside.glob("*.ipynb"))
        if not os.path.lexists(notebook) and len(others) == 1:
            notebook = others[0]
        found[entry.name] = notebook
    return found


def read(path: Path) -> Submission:
    """Read a notebook of any format version; nothing in it is an error."""
    submission = Submission(digest=hashlib.sha256().hexdigest())
    try:
        data = _bytes(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        submission.remarks.append(f"not read: {reason}")
        return submission
    submission.digest = hashlib.sha256(data).hexdigest()
    try:
        notebook = json.loads(data.decode())
        cells = _cells(notebook)
    except (ValueError, RecursionError) as error:
        submission.remarks.append(f"no notebook: {error}")
        return submission
    version = notebook.get("nbformat")
    if version != 4:
        version = str(version)[:20]
        submission.remarks.append(f"a notebook of format version {version}")
    if len(cells) > MOST_CELLS:
        submission.remarks.append(f"only the first {MOST_CELLS} cells count")
    for number, cell in enumerate(cells[:MOST_CELLS], 1):
        _add(submission, f"cell {number}", cell)
    return submission


def _bytes(path: Path) -> bytes:
    """Read a regular file, and no link to somebody else's."""
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(file, "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is no file")
        if status.st_size > MOST_BYTES:
            size = status.st_size / 2**20
            most = MOST_BYTES / 2**20
            raise ValueError(
                f"it has {size:.0f} MiB, and {most:.0f} are allowed: clear "
                "the outputs and hand it in again"
            )
        return stream.read(MOST_BYTES)


def _cells(notebook: Any) -> list:
    """Return the cells; up to format version 3 they stood in worksheets."""
    if not isinstance(notebook, dict):
        raise ValueError("what the file holds is no notebook")
    cells = notebook.get("cells")
    if cells is None and isinstance(notebook.get("worksheets"), list):
        sheets = notebook["worksheets"]
        within = [s.get("cells") for s in sheets if isinstance(s, dict)]
        cells = [c for each in within if isinstance(each, list) for c in each]
    if not (cells and isinstance(cells, list)):
        raise ValueError("there are no cells in it")
    return cells


def _add(submission: Submission, name: str, cell: Any) -> None:
    if not isinstance(cell, dict):
        submission.remarks.append(f"{name} is damaged")
        return
    source = cell.get("source", cell.get("input"))
    if isinstance(source, list) and all(isinstance(s, str) for s in source):
        source = "".join(source)
    if not isinstance(source, str):
        submission.remarks.append(f"{name} is damaged: it has no source")
        return
    if cell.get("cell_type") == "code":
        used = sum(map(len, submission.cells.values()))
        python = source if len(source) > MOST_TEXT else _as_python(source)
        if len(python) > min(MOST_TEXT, MOST_CODE - used):
            submission.remarks.append(f"{name} is too long to be run")
        else:
            submission.cells[name] = python
    _add_text(submission, source, cell.get("metadata"))


def _add_text(submission: Submission, source: str, metadata: Any) -> None:
    texts, source = submission.texts, source[:MOST_TEXT]
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    if isinstance(marks, dict):
        submission.task = ""
        grade_id = marks.get("grade_id")
        if isinstance(grade_id, str):
            if marks.get("task"):  # the answer is in the cells below
                submission.task, source = grade_id, ""
            texts.setdefault(grade_id, source)
    elif submission.task and len(texts[submission.task]) < MOST_TEXT:
        texts[submission.task] += source + "\n"


def parsed(source: str) -> list[ast.stmt] | None:
    """Return the statements of a cell, or None if it is no Python.

    What Python's parser makes of a megabyte takes a gigabyte, which is why
    cells have a longest length.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _as_python(source: str) -> str:
    """Leave out what only IPython understands, and keep its lines' numbers.

    IPython's own translation is none for strangers' code: it takes a minute
    for a page of magics.
    """
    if not any(sign in source for sign in "%!?") or parsed(source):
        return source
    first = source.split(maxsplit=1)[0]
    if first.startswith("%%") and first not in ("%%capture", "%%time"):
        return ""  # another language
    lines, goes_on = [], False
    for line in source.split("\n"):
        words = line.strip()
        if goes_on or words.startswith(("%", "!", "?")) or words[-1:] == "?":
            goes_on = words.endswith("\\")
            line = line[: len(line) - len(line.lstrip())] + "pass"
        elif assigned := _ASSIGNED.match(line):
            line = assigned[0] + "None"
        lines.append(line)
    return "\n".join(lines)
