"""A chapter's cells as those of its workbook and of its solutions."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bs4 import BeautifulSoup
from nbformat import NotebookNode, from_dict
from nbformat.v4 import new_code_cell, new_markdown_cell

from tools.downloads import FOLDED
from tools.workbook_myst import pieces
from tools.workbook_numbers import Book, Chapter, as_listed
from tools.workbook_plain import Plain

YOUR_WORDS = "*Your answer (double-click here, and write):*"
_OPENS = {"exercise-start": "exercise", "solution-start": "solution"}
_CLOSES = ("exercise-end", "solution-end")
_STORED = ("image/png", "image/svg+xml", "text/markdown", "text/plain")


@dataclass(frozen=True)
class Part:
    """A cell, or the part of one between two gates."""

    kind: str  # book, exercise or solution
    label: str
    cell: NotebookNode
    text: str

    @property
    def is_code(self) -> bool:
        """Whether it is a cell to run."""
        return self.cell.cell_type == "code"


def parts_of(notebook: NotebookNode) -> Iterator[Part]:
    """Cut a chapter at the gates of its exercises and solutions."""
    kind = label = ""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            yield Part(kind or "book", label, cell, cell.source)
            continue
        lines: list[str] = []
        for piece in pieces(cell.source):
            if piece.name not in _OPENS and piece.name not in _CLOSES:
                lines.append(piece.raw.strip("\n"))
                continue
            if lines:
                yield Part(kind or "book", label, cell, "\n\n".join(lines))
            kind = _OPENS.get(piece.name, "")
            label = piece.options.get("label", piece.argument.strip())
            lines = [piece.raw] if kind == "exercise" else []
        if lines:
            yield Part(kind or "book", label, cell, "\n\n".join(lines))


def waits_for_an_answer(source: str) -> bool:
    r"""Whether a cell has a place for an answer, `...`, and checks it.

    >>> waits_for_an_answer("a = ...\ncheck_answer(a, expected=2)")
    True
    >>> waits_for_an_answer("check_answer(x[..., 0], expected=2)")
    False
    """
    if "check_answer(" not in source:
        return False
    tree = ast.parse(source)
    indices = {id(n) for s in ast.walk(tree) if isinstance(s, ast.Subscript) for n in ast.walk(s)}
    return any(
        isinstance(node, ast.Constant) and node.value is ... and id(node) not in indices
        for node in ast.walk(tree)
    )


def without_scripts(output: NotebookNode) -> NotebookNode:
    """Return an output without the page's own slider, which only the page can run."""
    output = from_dict(output)
    if "data" in output:
        output.data = {kind: text for kind, text in output.data.items() if kind in _STORED}
    if "execution_count" in output:  # the workbook has a cell more than the chapter
        output.execution_count = None
    return output


def code_cell(cell: NotebookNode, in_solution: bool) -> NotebookNode:
    """Return a code cell: folded if the chapter folds it, an answer's without its output."""
    label = cell.metadata.get("mystnb", {}).get("code_prompt_show", "")
    first = label or ("Solution" if in_solution else "")
    source = cell.source.removeprefix(f"# {first}\n") if first else cell.source
    outputs = [] if waits_for_an_answer(cell.source) else map(without_scripts, cell.outputs)
    return new_code_cell(
        f"# @title {label}\n{source}" if label else source,
        id=cell.id,
        metadata=FOLDED if label else {},
        outputs=list(outputs),
    )


def under_a_picture(cell: NotebookNode, plain: Plain) -> str:
    """Return what the page writes under a picture, and the picture in words; or nothing."""
    for output in cell.outputs:
        data, mystnb = output.get("data", {}), cell.metadata.get("mystnb", {})
        if "image/png" not in data:
            continue
        if "text/html" in data:
            page = BeautifulSoup(data["text/html"], "html.parser")
            caption = page.select_one('p[class$="-caption"]').get_text()
            start = re.search(r"explore: (.+?) from .*, start (.+?) — ", data["text/plain"])
            stored = f"at {start[1]} = {start[2]}" if start else "as it begins"
            told = f"*Run the cells down to this one to move the picture. Stored here, {stored}:* "
            alt = page.select_one("img[alt]")["alt"]
        else:
            figure = mystnb["figure"]
            caption, alt = plain.words(figure["caption"]), mystnb["image"]["alt"]
            told = f"**Figure {plain.book.figures[figure['name']]}.** "
        in_words = f"<details>\n<summary>The picture in words</summary>\n\n{alt}\n\n</details>"
        return f"{told}{caption}\n\n{in_words}"
    return ""


class Sheet:
    """The cells of one notebook, filled from the top."""

    def __init__(self, book: Book, chapter: Chapter):
        self.plain = Plain(book, chapter)
        self.cells: list[NotebookNode] = []

    def write(self, text: str, name: str) -> None:
        """Add a Markdown cell, its id derived from a cell of the chapter."""
        taken = {cell.id for cell in self.cells}
        names = (f"{name}-{count}" if count else name for count in range(len(taken) + 1))
        self.cells.append(new_markdown_cell(text, id=next(n for n in names if n not in taken)))

    def take(self, part: Part, before: str = "") -> None:
        """Add a part of the chapter, and under a picture its caption."""
        if not part.is_code:
            self.write(before + self.plain.block(part.text), part.cell.id)
            return
        self.cells.append(code_cell(part.cell, part.kind == "solution"))
        if caption := under_a_picture(part.cell, self.plain):
            self.write(caption, f"{part.cell.id}-caption")

    def list_sources(self) -> None:
        """Add the sources that the text names."""
        entries = [self.plain.book.sources[key] for key in self.plain.named]
        if entries:
            self.write(
                "\n".join(["## Sources", "", *(f"- {s}" for s in as_listed(entries))]), "sources"
            )


def sheets(book: Book, chapter: Chapter) -> tuple[Sheet, Sheet]:
    """Return the chapter without its solutions, and the exercises with them."""
    workbook, solutions = Sheet(book, chapter), Sheet(book, chapter)
    waiting = solved = ""
    for part in parts_of(chapter.notebook):
        if part.kind == "solution":
            if waiting:  # an exercise in words: there is no cell for its answer
                workbook.write(YOUR_WORDS, f"{part.cell.id}-yours")
            begins = "" if solved == part.label else "**Solution.** "
            if begins and part.is_code:
                solutions.write(begins.strip(), f"{part.cell.id}-words")
            solutions.take(part, begins)
            waiting, solved = "", part.label
            continue
        workbook.take(part)
        if part.kind == "exercise":
            solutions.take(part)
            waiting = part.label
        elif part.is_code and waits_for_an_answer(part.text):
            waiting = ""
    for sheet in (workbook, solutions):
        sheet.list_sources()
    return workbook, solutions
