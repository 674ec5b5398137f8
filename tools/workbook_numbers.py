"""What the book's references lead to: chapters, numbers of equations, figures, exercises, sources.

The numbers are those of the built pages: chapter and position, solutions counted in.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import nbformat
import yaml
from pybtex.backends.markdown import Backend
from pybtex.database import Entry, parse_file
from pybtex.style.formatting.plain import Style

from tools.tree import ROOT, number_of
from tools.workbook_myst import all_pieces


@dataclass(frozen=True)
class Chapter:
    """A notebook of the book, with its place in it."""

    stem: str
    part: str
    title: str
    notebook: nbformat.NotebookNode

    @property
    def number(self) -> str:
        """10, or A2."""
        return number_of(self.stem)

    @property
    def called(self) -> str:
        """What a sentence calls it, such as "chapter 10"."""
        return f"{'chapter' if self.number.isdigit() else 'appendix'} {self.number}"


@dataclass
class Book:
    """The chapters in their order, and what every label stands for."""

    chapters: list[Chapter]
    equations: dict[str, str] = field(default_factory=dict)
    figures: dict[str, str] = field(default_factory=dict)
    exercises: dict[str, tuple[str, str]] = field(default_factory=dict)  # number, title
    sections: dict[str, tuple[str, str]] = field(default_factory=dict)  # chapter's stem, title
    sources: dict[str, Entry] = field(default_factory=dict)

    def chapter(self, stem: str) -> Chapter:
        """Return the chapter of a file."""
        return next(chapter for chapter in self.chapters if chapter.stem == stem)


def read_book(root: Path = ROOT) -> Book:
    """Read the notebooks in the order of book/_toc.yml, and number what they label."""
    contents = yaml.safe_load((root / "book" / "_toc.yml").read_text(encoding="utf8"))
    book = Book([], sources=parse_file(str(root / "book" / "references.bib")).entries)
    for part in contents["parts"]:
        for entry in part["chapters"]:
            path = root / f"{entry['file']}.ipynb"
            if path.is_file():
                notebook = nbformat.read(path, as_version=4)
                words = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
                title = re.search(r"^# (.+)$", words, flags=re.M)[1].strip()
                chapter = Chapter(path.stem, part["caption"], title, notebook)
                book.chapters.append(chapter)
                _number(book, chapter)
    return book


def _number(book: Book, chapter: Chapter) -> None:
    counts: Counter[str] = Counter()

    def following(kind: str) -> str:
        counts[kind] += 1
        return f"{chapter.number}.{counts[kind]}"

    for cell in chapter.notebook.cells:
        if cell.cell_type == "code":
            if figure := cell.metadata.get("mystnb", {}).get("figure"):
                book.figures[figure["name"]] = following("figure")
            continue
        waiting = []
        for piece in all_pieces(cell.source):
            if piece.kind == "math" and piece.name:
                book.equations[piece.name] = following("equation")
            elif piece.kind == "label":
                waiting.append(piece.name)
            elif piece.kind == "words" and waiting:
                title = piece.raw.strip().partition("\n")[0].lstrip("# ")
                book.sections.update({label: (chapter.stem, title) for label in waiting})
                waiting = []
            elif piece.name == "exercise-start":
                title = piece.argument
                book.exercises[piece.options["label"]] = following("exercise"), title


def address_of(source: Entry) -> str:
    """Return where a source can be read, or nothing."""
    if doi := source.fields.get("doi"):
        return f"https://doi.org/{doi}"
    if source.fields.get("archiveprefix", "").lower() == "arxiv":
        return f"https://arxiv.org/abs/{source.fields['eprint']}"
    return ""


def author_and_year(source: Entry) -> str:
    """Return "Hinton et al., 2012"."""
    names = [" ".join(person.last_names) for person in source.persons["author"]]
    if len(names) > 2:
        names = [f"{names[0]} et al."]
    return f"{' and '.join(names)}, {source.fields['year']}"


@cache
def _style() -> Style:
    return Style()


def as_listed(sources: list[Entry]) -> list[str]:
    """Return the sources as lines of a bibliography, in plain Markdown."""
    rendered = (entry.text.render(Backend()) for entry in _style().format_entries(sources))
    # Colab takes an escaped bracket for a formula.
    return [re.sub(r"\\([-().!+#])", r"\1", line.replace("\n", " ")) for line in rendered]
