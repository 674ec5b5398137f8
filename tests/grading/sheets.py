"""What the tests of an assignment share: its notebook, and tries of answers."""

import re
from collections.abc import Callable
from pathlib import Path

import nbformat

from nnreg.grading.local import LocalAnswer
from nnreg.grading.questions import examine

SOURCES = Path(__file__).parents[2] / "assignments" / "source"
REGION = re.compile(r"^( *)### BEGIN SOLUTION\n.*?### END SOLUTION$", re.S | re.M)


def _cells(name: str, kind: str) -> list:
    notebook = nbformat.read(SOURCES / name / f"{name}.ipynb", as_version=4)
    marked = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    return [cell for cell in marked if cell.metadata.nbgrader[kind]]


def questions_of(name: str) -> list[str]:
    """Return the questions of a sheet, in their order."""
    return [cell.metadata.nbgrader.grade_id for cell in _cells(name, "grade")]


def answers(name: str, *, stubs: bool = False) -> dict[str, Callable]:
    """Run a sheet's solutions, or what a student finds in their place."""
    scope: dict = {}
    exec("import numpy as np", scope)
    for cell in _cells(name, "solution"):
        stub = REGION.sub(r"\1raise NotImplementedError()", cell.source)
        exec(stub if stubs else cell.source, scope)
    return {each: scope[each] for each in questions_of(name)}


def problems(name: str, answer: Callable, seed: int = 0) -> dict[str, str]:
    """Return each property of a question with what is wrong, or nothing."""
    verdicts = examine(name, LocalAnswer(answer), seed)
    return {verdict.name: verdict.problem for verdict in verdicts}


def mistakes_named(monkeypatch, modules: list, solutions: dict) -> set[str]:
    """Return the descriptions of mistakes that properties have ready."""
    named = set()

    def spy(given, right, *, symptoms=None, where=None, rtol=1e-6):
        named.update(symptoms or {})
        named.update(f"wrong only where {place}" for place in where or {})
        return ""

    for module in modules:
        monkeypatch.setattr(module, "differs", spy)
    for name, answer in solutions.items():
        problems(name, answer)
    return named
