"""A chapter's MyST as Markdown that every notebook program renders."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from tools.plain_tex import readable
from tools.workbook_myst import Piece, configuration, pieces
from tools.workbook_numbers import Book, Chapter, address_of, author_and_year

_EQUATION = r"\{eq\}`[\w-]+`"
_EQUATIONS = re.compile(rf"(?:\bequations?\s+)?{_EQUATION}(?:(?:, and |, | and | to ){_EQUATION})*")
_ROLE = re.compile(r"\{(?P<role>[\w:+-]+)\}`(?P<inside>[^`]+)`")
_LINK = re.compile(r"\[(?P<words>[^\]\[]+)\]\((?P<target>[^)\s]+)\)")
_SOURCE = "../book/references.bib#"
_STARTS_A_SENTENCE = re.compile(r"(^|\n\s*|[.?!][*\")]*\s+)([-*] |\d+\. )?\Z")
_TRAINER = "**In the online book** a network trains here while you watch."
_TITLES = {"warning": "Warning", "note": "Note", "tip": "Tip", "hint": "Hint"}


def expand(formula: str) -> str:
    r"""Write the book's own TeX commands out.

    >>> expand(r"\E[m] = \Eta \sign w")
    '\\mathbb{E}[m] = \\Eta \\operatorname{sign} w'
    """
    macros = configuration()["sphinx"]["config"]["mathjax3_config"]["tex"]["macros"]
    for name, meaning in macros.items():
        formula = re.sub(rf"\\{name}(?![A-Za-z])", lambda _, full=meaning: full, formula)
    return formula


def quoted(text: str) -> str:
    r"""Return a text as a block quote.

    >>> quoted("a\n\nb")
    '> a\n>\n> b'
    """
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


@dataclass
class Plain:
    """Renders the text of one chapter, and remembers the sources that it names."""

    book: Book
    chapter: Chapter
    named: dict[str, None] = field(default_factory=dict)

    def block(self, text: str, boxed: bool = False) -> str:
        """Return a whole text; in a box a displayed formula stands on one line."""
        parts = [self._piece(piece, boxed) for piece in pieces(text)]
        return "\n\n".join(part for part in parts if part)

    def _piece(self, piece: Piece, boxed: bool) -> str:
        if piece.kind == "label":
            return ""
        if piece.kind == "code":
            return piece.raw
        if piece.kind == "math":
            return self._formula(piece, " " if boxed else "\n")
        if piece.kind == "directive":
            return self._directive(piece)
        return self.words(piece.raw.strip("\n"))

    def _formula(self, piece: Piece, gap: str) -> str:
        lines = [line.strip() if gap == " " else line for line in expand(piece.body).splitlines()]
        if piece.name:
            lines.append(rf"\tag{{{self.book.equations[piece.name]}}}")
        return gap.join(["$$", *lines, "$$"])

    def _directive(self, piece: Piece) -> str:
        if piece.name == "exercise-start":
            number, title = self.book.exercises[piece.options["label"]]
            return f"### Exercise {number} · {self.words(title)}"
        if piece.name == "exercise-end":
            return ""
        if piece.name == "trainer":
            return quoted(f"{_TRAINER}\n\n{self.block(piece.body, boxed=True)}")
        if piece.name not in ("admonition", *_TITLES):
            raise ValueError(f"{self.chapter.stem}: `{{{piece.name}}}` has no plain form")
        title, body = piece.argument, piece.body
        if piece.name in _TITLES:
            title, body = _TITLES[piece.name], "\n".join(filter(None, (piece.argument, body)))
        body = self.block(body, boxed=True)
        if "dropdown" in piece.options.get("class", ""):
            title = re.sub(r"\$([^$]+)\$", lambda formula: readable(formula[1]), title)
            return f"<details>\n<summary><b>{title}</b></summary>\n\n{body}\n\n</details>"
        return quoted(f"**{self.words(title)}**\n\n{body}")

    def words(self, text: str) -> str:
        """Return running text with its references in words, and formulas without macros."""
        text = _EQUATIONS.sub(lambda found: self._equations(found), text)
        text = _ROLE.sub(self._role, text)
        return expand(_LINK.sub(self._link, text))

    def _equations(self, found: re.Match) -> str:
        run = re.sub(r"\bequations?\s+", "", found[0])
        run, many = re.subn(r"\{eq\}`([\w-]+)`", lambda label: self.book.equations[label[1]], run)
        return _begin(f"equation{'s' if many > 1 else ''} {run}", found)

    def _role(self, found: re.Match) -> str:
        given = re.fullmatch(r"(?P<words>.*?)\s*<(?P<label>[^>]+)>", found["inside"])
        words, label = given.groups() if given else ("", found["inside"])
        if found["role"] == "term":
            return words or label
        if found["role"] == "numref":
            return f"Figure {self.book.figures[label]}"
        if found["role"] == "ref":
            return self._section(label, words, found)
        if found["role"] not in ("cite", "cite:p"):
            raise ValueError(f"{self.chapter.stem}: `{found[0]}` has no plain form")
        keys = [key.strip() for key in label.split(",")]
        return "; ".join(self._source(key, author_and_year(self.book.sources[key])) for key in keys)

    def _link(self, found: re.Match) -> str:
        words, target = found["words"], found["target"]
        if re.match(r"https?://", target):
            return found[0]
        if target.startswith(_SOURCE):
            return self._source(target.removeprefix(_SOURCE), words)
        if target.endswith(".ipynb"):
            return self._chapter(words, target, found)
        if target.endswith(".md"):
            return _begin(f"the book's page *{words}*", found)
        return self._section(target, words, found)

    def _source(self, key: str, words: str) -> str:
        self.named[key] = None
        address = address_of(self.book.sources[key])
        return f"[{words}]({address})" if address else words

    def _chapter(self, words: str, target: str, found: re.Match) -> str:
        chapter = self.book.chapter(Path(target).stem)
        if chapter.title.startswith(words):
            words = _begin(f"{chapter.called}, *{words}*", found)
        return f"[{words}]({Path(target).name})"

    def _section(self, label: str, words: str, found: re.Match) -> str:
        stem, title = self.book.sections[label]
        if stem != self.chapter.stem:
            return self._chapter(words or self.book.chapter(stem).title, f"{stem}.ipynb", found)
        return f"{words}, in the section *{title}*" if words else f"the section *{title}*"


def _begin(words: str, found: re.Match) -> str:
    """Write a capital where the words begin a sentence."""
    if _STARTS_A_SENTENCE.search(found.string[: found.start()]):
        return words[0].upper() + words[1:]
    return words
