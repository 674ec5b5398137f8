"""Grade one submission: run it in a sandbox, and examine what it defines."""

import ast
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nnreg.grading import submission as submissions
from nnreg.grading.assignment import Assignment
from nnreg.grading.questions import examine, share
from nnreg.grading.sandbox import Sandbox
from nnreg.grading.session import Session


def grade(
    path: Path, assignment: Assignment, sandbox: Sandbox, seed: int
) -> dict[str, Any]:
    """Grade a notebook.

    Parameters
    ----------
    path : Path
        The notebook. Nothing about it is trusted.
    assignment : Assignment
        What it answers.
    sandbox : Sandbox
        Where it runs.
    seed : int
        Where the arrays that it is examined with come from. Another file
        gets others: who has let an error tell them, and hands in a table of
        right answers, is asked for what is not in it.

    Returns
    -------
    dict
        ``score`` and ``of`` (points, without those that are given by hand),
        ``questions`` (each with points and verdicts), ``by_hand`` (what is to
        be read), ``remarks``, and ``cost`` (seconds and bytes: all else is
        the same whenever, wherever and beside whom it is graded).
    """
    start = time.perf_counter()
    handed_in = submissions.read(path)
    own = int(handed_in.digest[:16], 16)
    cells, remarks = _without_old_drafts(handed_in.cells)
    questions = []
    with Session(sandbox, cells) as session:
        for i, task in enumerate(assignment.questions):
            session.prepare()
            answer = session.answer(task.name)
            verdicts = examine(task.name, answer, [seed, own, i])
            points = round(task.points * share(verdicts), 2)
            questions.append(
                {
                    "name": task.name,
                    "points": points,
                    "of": task.points,
                    "verdicts": [asdict(each) for each in verdicts],
                }
            )
        failed = _failures(cells, session.failed)
        peak = session.peak
    return {
        "score": round(sum(each["points"] for each in questions), 2),
        "of": sum(task.points for task in assignment.questions),
        "questions": questions,
        "by_hand": [
            {
                "name": task.name,
                "of": task.points,
                "text": handed_in.texts.get(task.name, ""),
            }
            for task in assignment.tasks
            if task.by_hand
        ],
        "remarks": [*handed_in.remarks, *remarks, *failed],
        "digest": handed_in.digest,
        "code": "\n".join(cells.values()),
        "cost": {
            "seconds": round(time.perf_counter() - start, 3),
            "bytes": peak,
        },
    }


def _failures(cells: dict[str, str], failed: dict[str, str]) -> list[str]:
    """Say which cells failed, by their first lines, because few count cells.

    A check that finds nothing to check repeats what its question says.
    """
    return [
        f"{cell} ({_first_line(source)}): {failed[cell]}"
        for cell, source in cells.items()
        if cell in failed and not source.startswith("check(")
    ]


def _first_line(source: str) -> str:
    line = source.strip().partition("\n")[0]
    return line if len(line) <= 40 else f"{line[:40]}…"


def _without_old_drafts(
    cells: dict[str, str],
) -> tuple[dict[str, str], list[str]]:
    """Leave out an unwritten stub where another cell holds the answer.

    Who copies a cell and answers in one of the two must not lose the answer to
    the stub, whichever comes last. Among answers the last one counts, as it
    does in the notebook.
    """
    defined: dict[str, list[str]] = {}
    stubs = set()
    for cell, source in cells.items():
        body = submissions.parsed(source) or []
        kinds = (ast.FunctionDef, ast.ClassDef)
        for each in [node for node in body if isinstance(node, kinds)]:
            defined.setdefault(each.name, []).append(cell)
        if body and all(map(_is_stub, body)):
            stubs.add(cell)
    remarks, left_out = [], set()
    for name, places in defined.items():
        if len(places) == 1:
            continue
        written = [cell for cell in places if cell not in stubs] or places[-1:]
        left_out.update({*places} - {*written})
        where = ", ".join(places)
        remarks.append(f"{name} stands in {where}: {written[-1]} counts")
    kept = {c: source for c, source in cells.items() if c not in left_out}
    return kept, remarks


def _is_stub(node: ast.stmt) -> bool:
    """Tell whether a definition only says that it is not written."""
    if isinstance(node, ast.ClassDef):
        functions = [n for n in node.body if isinstance(n, ast.FunctionDef)]
        return bool(functions) and all(map(_is_stub, functions))
    if not isinstance(node, ast.FunctionDef):
        return False
    last = node.body[-1]
    raised = last.exc if isinstance(last, ast.Raise) else None
    if isinstance(raised, ast.Call):
        raised = raised.func
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
