"""Read a chapter once, so that each rule can ask short questions about it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat

from tools.tree import number_of

from .markdown import Directive, directives_in, split_at_headings, symbols_in

OPENING = "The whole thing on one screen"
FORMER_OPENING = "Synopsis"  # nine chapters open with it still
SPINE = (
    OPENING,
    "The problem",
    "Notation",
    "Forward",
    "Derivative",
    "Draft, tidy, import",
    "The finished implementation",
    "Break it",
    "Explore",
    "A fair experiment",
    "Exercises",
    "What you can now do",
    "Next",
    "Background and references",
)
PROBLEM = "The problem"
TITLE = "title"
# A picture with things to drag, which the page itself draws.
DRAGGED = r'class="nnreg-(diamond|projection)"'


@dataclass
class Block:
    """A code cell, or the part of a Markdown cell that lies in one level-2 section."""

    kind: str
    text: str
    cell: int
    section: str = TITLE
    heading: str = ""
    node: nbformat.NotebookNode | None = None
    in_solution: bool = False

    @property
    def label(self) -> str:
        """What a reader sees of a folded cell, or nothing if the cell is open."""
        return self.node.metadata.get("mystnb", {}).get("code_prompt_show", "")

    @property
    def is_visible(self) -> bool:
        return self.is_code and not self.label and not self.in_solution

    @property
    def is_code(self) -> bool:
        return self.kind == "code"

    @cached_property
    def directives(self) -> list[Directive]:
        return directives_in(self.text) if self.kind == "markdown" else []

    @property
    def asks_to_predict(self) -> bool:
        return any(
            directive.name == "admonition" and directive.argument.startswith("Predict")
            for directive in self.directives
        )

    @property
    def tags(self) -> list[str]:
        return self.node.metadata.get("tags", [])

    @property
    def outputs(self) -> list:
        return self.node.get("outputs", [])

    @property
    def html(self) -> str:
        return "".join(output.get("data", {}).get("text/html", "") for output in self.outputs)

    @property
    def output_text(self) -> str:
        """Everything that the stored outputs say in words."""
        parts = []
        for output in self.outputs:
            parts.append(output.get("text", ""))
            data = output.get("data", {})
            parts += [data.get(mime, "") for mime in ("text/plain", "text/markdown")]
            parts.append(re.sub(r"data:image/[^\"')\s]+", "", data.get("text/html", "")))
        return "\n".join(parts)


def part_named(heading: str) -> str | None:
    """The part of the spine with which a level-2 heading starts; the problem has a free title."""
    if heading.startswith(FORMER_OPENING):
        return OPENING
    for name in SPINE:
        if name != PROBLEM and heading.lower().startswith(name.split(",")[0].lower()):
            return name
    return None


class Chapter:
    """A stored notebook, cut at its level-2 headings."""

    def __init__(self, path: Path | str, notebook: nbformat.NotebookNode | None = None):
        self.path = Path(path)
        self.name = self.path.stem
        self.notebook = notebook or nbformat.read(self.path, as_version=nbformat.NO_CONVERT)

    @property
    def settings(self) -> dict:
        return self.notebook.metadata.get("nnreg", {})

    @property
    def number(self) -> str:
        """As its page and its equations say it."""
        return number_of(self.name)

    @property
    def is_appendix(self) -> bool:
        return self.name[0].isalpha()

    def section_of(self, heading: str, previous: str) -> str:
        """A free title opens the problem; in an appendix, a section of its own."""
        if part := part_named(heading):
            return part
        if self.is_appendix:
            return heading
        return PROBLEM if previous in (OPENING, PROBLEM) else f"unknown: {heading}"

    @cached_property
    def blocks(self) -> list[Block]:
        blocks, section, heading, in_solution = [], TITLE, "", False
        for number, cell in enumerate(self.notebook.cells, start=1):
            if cell.cell_type == "code":
                blocks.append(
                    Block("code", cell.source, number, section, heading, cell, in_solution)
                )
                continue
            if marks := re.findall(r"\{solution-(start|end)\}", cell.source):
                in_solution = marks[-1] == "start"
            for part in split_at_headings(cell.source):
                if match := re.match(r"##\s+(.*)", part):
                    heading = match[1].strip()
                    section = self.section_of(heading, section)
                if part.strip():
                    blocks.append(Block("markdown", part, number, section, heading, cell))
        return blocks

    @cached_property
    def headings(self) -> list[tuple[str, str]]:
        """(heading, section) of each level-2 heading, in the order of the page."""
        seen = []
        for block in self.blocks:
            if block.kind == "markdown" and block.text.startswith("## "):
                seen.append((block.heading, block.section))
        return seen

    @property
    def code(self) -> list[Block]:
        return [block for block in self.blocks if block.is_code]

    @property
    def markdown(self) -> list[Block]:
        return [block for block in self.blocks if not block.is_code]

    @property
    def sections(self) -> set[str]:
        return {block.section for block in self.blocks}

    def section(self, name: str) -> list[Block]:
        return [block for block in self.blocks if block.section == name]

    def say(self, message: str, block: Block | None = None) -> str:
        place = f"{self.name}.ipynb"
        if block is not None:
            place += f", cell {block.cell} ({block.node.get('id', 'no id')})"
        return f"{place}: {message}"


class Book:
    """What the chapters share: the symbols, and which of them covers which public name."""

    def __init__(self, root: Path):
        self.root = root
        self.chapters = [Chapter(path) for path in sorted((root / "notebooks").glob("*.ipynb"))]

    @cached_property
    def covered(self) -> dict[str, dict]:
        """Return book/covered.toml: which chapter derives or uses which public name."""
        return tomllib.loads((self.root / "book" / "covered.toml").read_text(encoding="utf-8"))

    @cached_property
    def symbols(self) -> set[str]:
        path = self.root / "book" / "notation.md"
        return symbols_in(path.read_text(encoding="utf-8")) if path.exists() else set()
