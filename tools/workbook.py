"""Write the workbook: the chapters without solutions, in Markdown that every program renders.

Usage: python tools/workbook.py [FOLDER] [--repository URL]      (default: _build/workbook)

Each chapter becomes two notebooks, NN_topic.ipynb and NN_topic_solutions.ipynb. The first cell
installs `nnreg` where it is missing: from the repository, or from the wheel beside the notebooks.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from itertools import groupby
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this tree before an installed one

from tools.downloads import FOLDED, install_cell, make_wheel
from tools.tree import ROOT
from tools.workbook_cells import sheets
from tools.workbook_myst import configuration
from tools.workbook_numbers import Book, Chapter, read_book

NOTE = """\
*This is the workbook's edition of {called}. Run the cells from the top, and put your answers in \
the place of `...`: the check below says at once whether they are right. The [solutions]\
({stem}_solutions.ipynb) are in a notebook of their own. Numbers of equations, figures and \
exercises are the book's.*"""
SOLUTIONS = """\
# Solutions to {called}

The exercises of [{title}]({stem}.ipynb), solved. The code goes on where the chapter stands: to \
run a solution, paste it into the chapter's notebook, below the cell that waits for your answer."""
README = """\
# {title}: the workbook

The chapters of the book with their exercises, and without the solutions, as notebooks for \
JupyterLab, Colab and VS Code. No extension is needed. {installing}

Open a chapter, run its cells from the top, and put your answers in the place of `...`. A check \
says at once whether an answer is right. Work on a copy of this folder, because `make workbook` \
writes it anew.
"""
FROM_REPOSITORY = "The first cell of each notebook installs `nnreg`, where it is missing."
FROM_WHEEL = """\
The first cell of each notebook installs `nnreg` from `{wheel}`, where it is missing. So keep this \
file beside the notebooks; in Colab, upload it first, with the folder at the left."""


def notebook_of(cells: list[NotebookNode], chapter: Chapter) -> NotebookNode:
    """Return a notebook with the kernel and the language of a chapter."""
    kept = {key: chapter.notebook.metadata[key] for key in ("kernelspec", "language_info")}
    notebook = new_notebook(cells=cells, metadata=kept)
    nbformat.validate(notebook)
    return notebook


def editions(book: Book, chapter: Chapter, package: str) -> tuple[NotebookNode, NotebookNode]:
    """Return a chapter's workbook, and its solutions; `package` is what pip installs."""
    workbook, solutions = sheets(book, chapter)
    words = {"called": chapter.called, "number": chapter.number, "title": chapter.title}
    first, *rest = workbook.cells
    first.source = first.source.replace("# ", f"# {chapter.number}. ", 1)
    workbook.cells = [
        new_code_cell(install_cell(package), id="install", metadata=FOLDED),
        first,
    ]
    workbook.write(NOTE.format(stem=chapter.stem, **words), "workbook-note")
    workbook.cells += rest
    exercises, solutions.cells = solutions.cells, []
    solutions.write(SOLUTIONS.format(stem=chapter.stem, **words), "solutions-note")
    solutions.cells += exercises
    return notebook_of(workbook.cells, chapter), notebook_of(solutions.cells, chapter)


def contents(book: Book, installing: str) -> str:
    """Return the folder's README: the chapters in the book's order."""
    lines = [README.format(title=configuration()["title"], installing=installing)]
    for part, chapters in groupby(book.chapters, key=lambda chapter: chapter.part):
        lines += [f"## {part}", ""]
        lines += [
            f"- {c.number}. [{c.title}]({c.stem}.ipynb) ([solutions]({c.stem}_solutions.ipynb))"
            for c in chapters
        ]
        lines.append("")
    return "\n".join(lines)


def add_wheel(folder: Path) -> str:
    """Build the package into the folder, and return the file's name."""
    with tempfile.TemporaryDirectory(prefix="nnreg-wheel-") as scratch:
        wheel = make_wheel(Path(scratch))
        shutil.copy(Path(scratch, wheel), folder / wheel)
    return wheel


def write(folder: Path, repository: str = "") -> None:
    """Write all notebooks, the README and, without a repository, the wheel into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    if repository:
        package, installing = f"git+{repository}", FROM_REPOSITORY
    else:
        wheel = add_wheel(folder)
        package, installing = f"./{wheel}", FROM_WHEEL.format(wheel=wheel)
    book = read_book()
    for chapter in book.chapters:
        workbook, solutions = editions(book, chapter, package)
        for name, notebook in ((chapter.stem, workbook), (f"{chapter.stem}_solutions", solutions)):
            text = nbformat.v4.writes(notebook)
            (folder / f"{name}.ipynb").write_text(f"{text}\n", encoding="utf8")
    (folder / "README.md").write_text(contents(book, installing), encoding="utf8")


def main() -> int:
    """Write the workbook, and say where it is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "_build" / "workbook")
    parser.add_argument(
        "--repository",
        default=os.environ.get("NNREG_REPOSITORY_URL", ""),
        help="from where pip installs the package; by default $NNREG_REPOSITORY_URL, or the wheel",
    )
    arguments = parser.parse_args()
    write(arguments.folder.resolve(), arguments.repository)
    print(f"Wrote the workbook to {arguments.folder}; start at README.md.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
