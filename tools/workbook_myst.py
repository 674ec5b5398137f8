"""Read MyST Markdown as a list of pieces, by the parser that builds the book."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import yaml
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from tools.tree import ROOT

_DIRECTIVE = re.compile(r"\{(?P<name>[\w:+-]+)\}\s*(?P<argument>.*)")
_OPTION = re.compile(r":(?P<key>[\w-]+):\s*(?P<value>.*)")
_SPECIAL = ("fence", "colon_fence", "math_block", "math_block_label", "myst_target")


@dataclass(frozen=True)
class Piece:
    """A run of lines: words, code, a displayed formula, a label, or a directive."""

    kind: str
    raw: str  # the lines as they stand
    body: str = ""  # what is inside the marks
    name: str = ""  # of a label, of a formula, or of a directive
    argument: str = ""
    options: dict[str, str] = field(default_factory=dict)


@cache
def configuration() -> dict:
    """Return what book/_config.yml says."""
    return yaml.safe_load((ROOT / "book" / "_config.yml").read_text(encoding="utf8"))


@cache
def _parser() -> MarkdownIt:
    extensions = set(configuration()["parse"]["myst_enable_extensions"])
    parser = create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML)
    parser.core.ruler.enableOnly(["normalize", "block"])  # what is inside a line is not asked
    return parser


@cache
def pieces(text: str) -> tuple[Piece, ...]:
    r"""Cut a text into its pieces.

    >>> for piece in pieces("(here)=\n# A\nword\n\n$$\nx\n$$ (eq-x)\n"):
    ...     print(piece.kind, piece.name, repr(piece.body))
    label here ''
    words  ''
    math eq-x 'x'
    """
    return tuple(_cut(text))


def _cut(text: str) -> Iterator[Piece]:
    lines, done = text.splitlines(), 0
    for token in _parser().parse(text):
        if token.type not in _SPECIAL:
            continue
        start, end = token.map
        if token.level:
            raise ValueError(f"a block inside a list has no plain form: {lines[start]!r}")
        if any(line.strip() for line in lines[done:start]):
            yield Piece("words", "\n".join(lines[done:start]))
        yield _special(token, "\n".join(lines[start:end]))
        done = end
    if any(line.strip() for line in lines[done:]):
        yield Piece("words", "\n".join(lines[done:]))


def _special(token, raw: str) -> Piece:
    if token.type == "myst_target":
        return Piece("label", raw, name=token.content)
    if token.type.startswith("math"):
        return Piece("math", raw, body=token.content.strip(), name=token.info)
    directive = _DIRECTIVE.fullmatch(token.info.strip())
    if not directive:
        return Piece("code", raw)
    body, options = token.content.splitlines(), {}
    while body and (option := _OPTION.fullmatch(body[0])):
        options[option["key"]] = option["value"].strip()
        del body[0]
    return Piece("directive", raw, "\n".join(body), options=options, **directive.groupdict())


def all_pieces(text: str) -> Iterator[Piece]:
    """Give the pieces in the order in which they open, those inside boxes as well."""
    for piece in pieces(text):
        yield piece
        if piece.kind == "directive":
            yield from all_pieces(piece.body)
