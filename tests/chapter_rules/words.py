"""Rules for the prose: it reads well in any viewer, points to what exists, and accuses fairly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pybtex.database import parse_file
from pybtex.richtext import Text

from .markdown import without_code
from .reading import Block, Book, Chapter

UNRESOLVED = r"\{(?:ref|doc|numref|cite(?::\w+)?|term)\}`[^`]*`"
LINK = r"\[([^\]\[]+)\]\(([^)\s]+)\)"
# Names of projects whose code the chapters look into; a library in use is none of them.
PROJECTS = (
    "zero_to_gpt", "Nabla", "SciRS2", "numpy-ml", "theanets", "NNfS", "TF Playground",
)  # fmt: skip
VERSION = r"github\.com/[\w.-]+/[\w.-]+/(?:blob|commit|tree|issues|pull)/\w+"
NUMBERED = r"\b([Cc]hapter|[Aa]ppendix)s? ([A-Z]?\d+)\b"
DATE = r"\b(?:19|20)\d\d\b"
EXPONENT = r"(?<![\w.])\d+(?:\.\d+)?e[+-]?\d+\b"


def references_read_well_anywhere(chapter: Chapter, book: Book) -> Iterator[str]:
    """No role that only the site resolves; a link carries the words that a reader needs."""
    names = {f"{other.name}.ipynb" for other in book.chapters}
    for block in chapter.markdown:
        for role in re.findall(UNRESOLVED, block.text):
            yield chapter.say(
                f"{role} is a raw label in JupyterLab: write [words](10_dropout.ipynb), or "
                "[Author (year)](../book/references.bib#key).",
                block,
            )
        for words, target in re.findall(LINK, block.text):
            if target.endswith(".ipynb") and "://" not in target and target not in names:
                yield chapter.say(f"links to {target}, which does not exist.", block)
            path, _, key = target.partition("#")
            if path.endswith("book/references.bib") and words not in ways_to_cite(book.root, key):
                expected = " or ".join(map(repr, ways_to_cite(book.root, key))) or "a known key"
                yield chapter.say(f"cites {key} as {words!r}: write {expected}.", block)


def chapters_that_are_named_exist(chapter: Chapter, book: Book) -> Iterator[str]:
    """`chapter 7` or `appendix A2` is a file here, or the sentence names the book that it is of."""
    known = {other.number for other in book.chapters}
    for block in chapter.markdown:
        for sentence in re.split(r"(?<=[.?!:;])\s|\n\n", without_code(block.text)):
            for kind, number in re.findall(NUMBERED, sentence):
                other_book = re.search(r"references\.bib#|\b(?:its|their) chapter|NNFS", sentence)
                if number not in known and not other_book:
                    yield chapter.say(
                        f"points to {kind.lower()} {number}, which does not exist: "
                        "say what is meant.",
                        block,
                    )


def next_leads_to_the_next_page(chapter: Chapter, book: Book) -> Iterator[str]:
    """The first link under `## Next` is the chapter that follows."""
    later = [c.name for c in book.chapters if c.name > chapter.name and not c.is_appendix]
    if chapter.is_appendix or not later:
        return
    said = "\n".join(block.text for block in chapter.section("Next") if not block.is_code)
    first = re.search(r"\]\(([\w-]+)\.ipynb\)", said)
    if not first or first[1] != later[0]:
        yield chapter.say(f"`## Next` has to lead to {later[0]}.ipynb first: it is the next page.")


def faults_of_others_carry_version_and_date(chapter: Chapter, book: Book) -> Iterator[str]:
    """Where a project's code is named, its section has a link to a version, and a year."""
    for block in chapter.markdown:
        for project in PROJECTS:
            if not re.search(rf"\b{re.escape(project)}\b", block.text):
                continue
            said = "\n".join(b.text for b in chapter.section(block.section) if not b.is_code)
            if not re.search(VERSION, said) or not re.search(DATE, said):
                yield chapter.say(
                    f"names {project} in a section without a link to a commit and a date.", block
                )


def table_headers_say_what_stands_below(chapter: Chapter, book: Book) -> Iterator[str]:
    """No header of a pipe table is empty: a screen reader reads it before each cell."""
    for block in chapter.markdown:
        for header in re.findall(r"^(\|.*\|)\n\|[|\s:-]+$", block.text, re.M):
            if re.search(r"\|\s*\|", header):
                yield chapter.say(f"an empty header in the table {header!r}.", block)


def numbers_are_written_as_a_person_writes_them(chapter: Chapter, book: Book) -> Iterator[str]:
    """No `5e-05` in prose, captions, or what a slider says."""
    for block in chapter.blocks:
        text = without_code(block.text) if not block.is_code else shown_words(block)
        if found := re.search(EXPONENT, re.sub(r"https?://\S+", "", text)):
            yield chapter.say(f"{found[0]} is how a program writes it.", block)


def shown_words(block: Block) -> str:
    """Caption, alt text and what a slider says; no picture's data."""
    mystnb = block.node.metadata.get("mystnb", {})
    words = [*mystnb.get("figure", {}).values(), *mystnb.get("image", {}).values()]
    if "nnreg-" in block.html:
        told = re.sub(
            r"<(style|script)>.*?</\1>|data:image/[^\"')\s]+", " ", block.html, flags=re.S
        )
        words.append(told)
    return " ".join(map(str, words))


@cache
def sources(root: Path) -> dict:
    return parse_file(str(root / "book" / "references.bib")).entries


@cache
def ways_to_cite(root: Path, key: str) -> list[str]:
    """`Ba et al. (2016)` and `Ba et al., 2016`; two of one year and name get a letter."""
    if key not in sources(root):
        return []
    name, year = name_and_year(root, key)
    twins = [other for other in sources(root) if name_and_year(root, other) == (name, year)]
    year += "abcdef"[twins.index(key)] if len(twins) > 1 else ""
    return [f"{name} ({year})", f"{name}, {year}"]


@cache
def name_and_year(root: Path, key: str) -> tuple[str, str]:
    entry = sources(root)[key]
    people = [" ".join(p.prelast_names + p.last_names) for p in entry.persons["author"]]
    people = [str(Text.from_latex(person)) for person in people]
    if len(people) > 2:
        people = [f"{people[0]} et al."]
    return " and ".join(people), entry.fields["year"]


RULES = (
    references_read_well_anywhere,
    chapters_that_are_named_exist,
    next_leads_to_the_next_page,
    faults_of_others_carry_version_and_date,
    table_headers_say_what_stands_below,
    numbers_are_written_as_a_person_writes_them,
)
