"""Rules for the order of a chapter, for what each part holds, and for its size."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import redirect_stdout

from .markdown import without_code
from .reading import FORMER_OPENING, OPENING, PROBLEM, SPINE, TITLE, Book, Chapter

MAY_BE_OMITTED = (
    "Forward",
    "Derivative",
    "Draft, tidy, import",
    "The finished implementation",
    "Break it",
    "Explore",
)
CLOSING = ("Exercises", "What you can now do", "Next", "Background and references")
MOST_WORDS = 4500
BANNED = r"\b(clearly|simply|just|obviously|of course)\b"

# section -> (pattern that its code must contain, what to do about it)
CODE_OF_A_SECTION = {
    OPENING: (r"nnreg", "use the finished function"),
    "Forward": (r"\S", "add one to four lines of NumPy"),
    "Derivative": (r"\S", "check each derivative in a code cell"),
    "Draft, tidy, import": (
        r"(?s)(?=.*from nnreg).*\bassert",
        "import the function from nnreg and assert that draft, tidy version and import agree",
    ),
    "The finished implementation": (r"\bshow_source\(", "call show_source(…)"),
    "Explore": (r"\bexplore\(", "call explore(…)"),
    "A fair experiment": (
        r"(?s)(?=.*\bclaim\().*(?:seed|rng|default_rng)",
        "run several seeds, and claim what the text says of them",
    ),
}


def title_label_and_glance(chapter: Chapter, book: Book) -> Iterator[str]:
    front = "\n".join(block.text for block in chapter.section(TITLE) if not block.is_code)
    if not re.match(r"\(ch-[a-z0-9-]+\)=\s*\n#\s+\S", front):
        yield chapter.say("must open with a label `(ch-…)=` and a title `# …`.")
    page = "\n".join(without_code(block.text) for block in chapter.markdown)
    if len(re.findall(r"^#\s", page, flags=re.M)) > 1:
        yield chapter.say("has two titles: use `##` below the title.")
    glance = [
        d for b in chapter.section(TITLE) for d in b.directives if d.argument == "At a glance"
    ]
    if not glance:
        yield chapter.say("needs an `{admonition} At a glance` below its title.")
        return
    for word in ("do", "learn", "need", "minutes", "left out"):
        if not re.search(rf"\b{word}\b", glance[0].body, flags=re.I):
            yield chapter.say(
                f"At a glance does not say {word!r} (do, learn, need, minutes, left out)."
            )


def spine_in_order(chapter: Chapter, book: Book) -> Iterator[str]:
    """Each level-2 heading starts with its part's name; only the problem has a free title."""
    if chapter.is_appendix:
        yield from appendix_in_order(chapter)
        return
    omits = chapter.settings.get("omits", {})
    for name, reason in omits.items():
        if name not in MAY_BE_OMITTED:
            yield chapter.say(f"may not omit {name!r}; only {', '.join(MAY_BE_OMITTED)}.")
        elif not str(reason).strip():
            yield chapter.say(f"omits {name!r} without a reason in its metadata.")
    position = -1
    for heading, section in chapter.headings:
        if section not in SPINE:
            yield chapter.say(
                f"`## {heading}` belongs to no part of the spine: start it with one of "
                f"{', '.join(SPINE)}, or make it level 3."
            )
        elif SPINE.index(section) < position:
            yield chapter.say(
                f"`## {heading}` comes after `{SPINE[position]}`: keep the spine's order."
            )
        else:
            position = SPINE.index(section)
    present = {section for _, section in chapter.headings}
    for name in SPINE:
        if name not in present and name not in omits:
            instead = ""
            if name in MAY_BE_OMITTED:
                omission = f'`"nnreg": {{"omits": {{"{name}": "…"}}}}`'
                instead = f", or give the reason in notebook metadata {omission}"
            yield chapter.say(f"has no `## {name}`: write it{instead}.")
        if name in present and name in omits:
            yield chapter.say(f"says that it omits {name!r}, and has it.")


def appendix_in_order(chapter: Chapter) -> Iterator[str]:
    """It asks a question, has sections of its own, and closes as a chapter does."""
    if not any(block.asks_to_predict for block in chapter.markdown):
        yield chapter.say("has no `{admonition} Predict`: ask before you show.")
    parts = [section for _, section in chapter.headings]
    for name in CLOSING:
        if name not in parts and name != "Next":
            yield chapter.say(f"has no `## {name}`: write it.")
    closing = sorted((name for name in parts if name in CLOSING), key=CLOSING.index)
    if parts[len(parts) - len(closing) :] != closing:
        yield chapter.say(f"has to end with {', '.join(CLOSING)}, in this order.")


def parts_hold_what_they_promise(chapter: Chapter, book: Book) -> Iterator[str]:
    present = {section for _, section in chapter.headings}
    for name, (pattern, advice) in CODE_OF_A_SECTION.items():
        code = "\n".join(block.text for block in chapter.section(name) if block.is_code)
        if name in present and not re.search(pattern, code):
            yield chapter.say(f"`## {name}`: {advice}.")
    if OPENING in present:
        cells = [block for block in chapter.section(OPENING) if block.is_code]
        if not any(block.output_text.strip() for block in cells):
            yield chapter.say(f"`## {OPENING}`: show the output of the finished function.")
    if PROBLEM in present:
        yield from prediction_before_the_picture(chapter)
    if "Forward" in present and not any("$$" in b.text for b in chapter.section("Forward")):
        yield chapter.say("`## Forward`: write the equation out ($$ … $$).")
    if "Break it" in present:
        mutants = [b for b in chapter.section("Break it") if b.is_code and "assert" in b.text]
        if len(mutants) < 2:
            yield chapter.say(
                "`## Break it`: show two or three mutants, each caught by an assertion."
            )
    if "Notation" in present and not any("|" in b.text for b in chapter.section("Notation")):
        yield chapter.say("`## Notation`: give a table of symbol, shape and code name.")
    if "Background and references" in present:
        text = "\n".join(b.text for b in chapter.section("Background and references"))
        if "references.bib#" not in text:
            yield chapter.say(
                "`## Background and references`: cite at least one source, as "
                "[Author (year)](../book/references.bib#key)."
            )


def one_screen_is_the_whole_thing(chapter: Chapter, book: Book) -> Iterator[str]:
    """The formula, a plain version and the import; copied by itself, its visible code runs."""
    blocks = chapter.section(OPENING)
    if not blocks or blocks[0].heading.startswith(FORMER_OPENING):
        return
    code = "\n".join(block.text for block in blocks if block.is_visible)
    if not any("$$" in block.text or "{math}" in block.text for block in blocks):
        yield chapter.say(f"`## {OPENING}`: display the formula ($$ … $$).", blocks[0])
    if not re.search(r"^\s*(def|for)\b", code, flags=re.M):
        yield chapter.say(
            f"`## {OPENING}`: write the thing out, in a `def` or a loop that is visible.", blocks[0]
        )
    try:
        with redirect_stdout(io.StringIO()):
            exec(compile(code, f"{chapter.name}, {OPENING}", "exec"), {"__name__": "copied"})
    except Exception as error:
        yield chapter.say(
            f"`## {OPENING}`: whoever copies its visible code gets {type(error).__name__}: {error}",
            blocks[0],
        )


def prediction_before_the_picture(chapter: Chapter) -> Iterator[str]:
    """The question comes first, or nobody predicts."""
    asked = False
    for block in chapter.section(PROBLEM):
        asked = asked or block.asks_to_predict
        if block.is_code and any("image/png" in o.get("data", {}) for o in block.outputs):
            if not asked:
                yield chapter.say(
                    "a picture before the question: put `{admonition} Predict` first.", block
                )
            return
    if not asked:
        yield chapter.say("the problem needs an `{admonition} Predict` before its picture.")


def not_too_long(chapter: Chapter, book: Book) -> Iterator[str]:
    words = sum(count_words(block.text) for block in chapter.markdown)
    if words > MOST_WORDS:
        yield chapter.say(f"{words} words of prose: at most {MOST_WORDS}.")


def no_banned_words(chapter: Chapter, book: Book) -> Iterator[str]:
    for block in chapter.markdown:
        for word in re.findall(BANNED, block.text, flags=re.I):
            yield chapter.say(
                f"leave out {word!r}: if it were, nobody would have to say so.", block
            )


def count_words(text: str) -> int:
    """Words of a Markdown cell; displayed formulas and anything between backticks are left out.

    A directive fenced with backticks is therefore left out with its body, one fenced with
    colons counts.
    """
    return len(re.sub(r"\$\$.*?\$\$|`[^`]*`", " ", text, flags=re.S).split())


RULES = (
    title_label_and_glance,
    spine_in_order,
    parts_hold_what_they_promise,
    one_screen_is_the_whole_thing,
    not_too_long,
    no_banned_words,
)
