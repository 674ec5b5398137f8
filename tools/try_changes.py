"""Change a chapter as a reader would, and see what it answers.

Usage: python tools/try_changes.py NOTEBOOK [...]

`tests/changes/` lists edits for each chapter: another seed, width, rate, strength or data size.
Each is made alone, and the notebook runs from top to bottom as it does for a reader: nothing may
stop it. The tests make some of them at once, which takes one run.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbclient import NotebookClient

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this tree before an installed one

from nnreg.book._verdict import VERIFYING
from tools.tree import FIXED_ENVIRONMENT, ROOT

KINDS = ("seed", "width", "rate", "strength", "size")
SPOKEN = re.compile(r"^With your change.*$", flags=re.M)


@dataclass(frozen=True)
class Change:
    """One edit: in one cell, one text becomes another."""

    kind: str
    cell: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.old.strip()} -> {self.new.strip()}"


@dataclass
class Answer:
    """What the changed chapter said: what stopped it, and which claims spoke."""

    stopped: list[str] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)


def changes_of(notebook: Path) -> list[Change]:
    """Read the edits of a chapter; none if nobody has written any."""
    path = ROOT / "tests" / "changes" / f"{notebook.stem}.toml"
    if not path.exists():
        return []
    rows = tomllib.loads(path.read_text(encoding="utf8"))["change"]
    return [Change(**row) for row in rows]


def make(change: Change, notebook: nbformat.NotebookNode) -> None:
    """Edit the notebook in place; refuse an edit that meets nothing, or more than one place."""
    cells = [cell for cell in notebook.cells if cell.get("id") == change.cell]
    if len(cells) != 1 or cells[0].source.count(change.old) != 1:
        raise ValueError(f"{change}: {change.old!r} must stand once in cell {change.cell}")
    cells[0].source = cells[0].source.replace(change.old, change.new)


def at_once(changes: Iterable[Change], path: Path) -> list[Change]:
    """Return the edits that can be made one after another: none takes another's place away."""
    notebook, made = nbformat.read(path, as_version=4), []
    for change in changes:
        with suppress(ValueError):
            make(change, notebook)
            made.append(change)
    return made


def answer_to(changes: Iterable[Change], path: Path, timeout: int = 600) -> Answer:
    """Run the notebook with these edits in a reader's environment, and collect what it says."""
    notebook = nbformat.read(path, as_version=4)
    for change in changes:
        make(change, notebook)
    environment = {**os.environ, **FIXED_ENVIRONMENT}
    environment.pop(VERIFYING, None)
    client = NotebookClient(
        notebook, timeout=timeout, allow_errors=True, resources={"metadata": {"path": path.parent}}
    )
    client.execute(env=environment)
    answer = Answer()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                answer.stopped.append(f"cell {cell.id}: {output.ename}: {output.evalue}")
            answer.spoken += SPOKEN.findall(output.get("text", ""))
    return answer


def main() -> int:
    """Try every edit of the notebooks that are named."""
    failed = False
    for path in map(Path, sys.argv[1:]):
        for change in changes_of(path):
            answer = answer_to([change], path.resolve())
            failed |= bool(answer.stopped)
            print(f"{path.stem}, {change}", flush=True)
            for line in (*answer.stopped, *answer.spoken):
                print(f"    {line}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
