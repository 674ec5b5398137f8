"""Rules for pictures, and for what a chapter shares with the book: symbols and public names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from .markdown import symbols_in
from .reading import DRAGGED, Book, Chapter

SHORTEST_ALT = 30


def figures_named_captioned_described(chapter: Chapter, book: Book) -> Iterator[str]:
    names: list[str] = []
    for block in chapter.code:
        mimes = {mime for output in block.outputs for mime in output.get("data", {})}
        if "nnreg-explore" in block.html:
            name, captions, alts = explorer_texts(block.html)
            if len(set(captions)) < 2 or len(set(alts)) < 2:
                yield chapter.say("caption and alt text must follow the slider's value.", block)
        elif re.search(DRAGGED, block.html):
            name, captions, alts = dragged_texts(block.html)
        elif mimes & {"image/png", "image/svg+xml", "image/jpeg"}:
            mystnb = block.node.metadata.get("mystnb", {})
            figure = mystnb.get("figure", {})
            name, captions = figure.get("name", ""), [figure.get("caption", "")]
            alts = [mystnb.get("image", {}).get("alt", "")]
        else:
            continue
        if not name.startswith("fig-"):
            yield chapter.say("a picture without a name `fig-…`: give one in mystnb.figure.", block)
        if name in names:
            yield chapter.say(f"the name {name} is taken by an earlier picture.", block)
        names.append(name)
        if not all(caption.strip() for caption in captions):
            yield chapter.say("a picture without a caption: give one in mystnb.figure.", block)
        for alt in sorted(set(alts)):
            if len(alt.strip()) < SHORTEST_ALT or alt in captions:
                yield chapter.say(
                    f"alt text {alt!r} (cell metadata mystnb.image.alt): say what is seen, in "
                    f"{SHORTEST_ALT} letters or more, and not the caption again.",
                    block,
                )


def explorer_texts(html: str) -> tuple[str, list[str], list[str]]:
    """(name, captions, alt texts) of all frames of an explorer's HTML form."""
    name = re.search(r'id="([\w-]+)-root"', html)
    stored = re.search(r'<script type="application/json">(.*?)</script>', html, flags=re.S)
    frames = json.loads(stored[1]) if stored else []
    captions, alts = ([frame.get(key, "") for frame in frames] for key in ("caption", "alt"))
    return (name[1] if name else ""), captions, alts


def dragged_texts(html: str) -> tuple[str, list[str], list[str]]:
    """(name, captions, alt texts) of a picture that is dragged, from its HTML form."""
    name = re.search(r'id="([\w-]+)-root"', html)
    captions = re.findall(r'<p class="nnreg-\w+-caption">(.*?)</p>', html, flags=re.S)
    alts = re.findall(r'<img [^>]*\balt="([^"]*)"', html)
    return (name[1] if name else ""), captions or [""], alts or [""]


def symbols_are_the_books(chapter: Chapter, book: Book) -> Iterator[str]:
    """Each symbol of the chapter's table is in book/notation.md; its meaning is for a reader."""
    for block in chapter.section("Notation"):
        if not block.is_code:
            for symbol in sorted(symbols_in(block.text) - book.symbols):
                yield chapter.say(
                    f"${symbol}$ is not in the tables of book/notation.md: add it there.", block
                )


def covers_its_public_names(chapter: Chapter, book: Book) -> Iterator[str]:
    """What book/covered.toml gives to the chapter, it shows from the source, or uses."""
    code = "\n".join(block.text for block in chapter.code)
    shown = " ".join(re.findall(r"\bshow_source\(([^)]*)", code))
    for how, text, advice in (
        ("derived", shown, "show it with show_source(…)"),
        ("used", code, "use it"),
    ):
        for name, chapters in book.covered[how].items():
            last = name.rpartition(".")[2]
            if chapter.name in chapters and not re.search(rf"\b{last}\b", text):
                yield chapter.say(
                    f"covers {name} by book/covered.toml: {advice}, or mend the table."
                )


RULES = (
    figures_named_captioned_described,
    symbols_are_the_books,
    covers_its_public_names,
)
