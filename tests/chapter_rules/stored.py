"""Rules for what is stored: executed in order, without traces of a machine or a clock."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from operator import attrgetter

from nnreg.book import show_source

from .reading import Block, Book, Chapter

IGNORING = (
    "nbval-ignore-output",
    "nbval-skip",
    "nbval-raises-exception",
    "raises-exception",
    "skip-execution",
)
TRACES = {
    "a path of a machine": r"(?<![\w.])/(?:home|Users|root|tmp|var|opt|usr|mnt|private|srv)/\w"
    r"|\b[A-Z]:\\\\?\w|site-packages|ipykernel_\d",
    "a memory address": r"\b0x[0-9a-fA-F]{6,}\b",
    "an address of a server": r"\blocalhost\b|\b127\.0\.0\.1\b",
    "a date with a time": r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\b\d\d:\d\d:\d\d\b",
    "a duration": r"\bWall time\b|\bCPU times\b|\bit/s\b|\d\s*(?:ms|µs|ns) ±",
    "a progress bar": r"\d%\|",
}


def executed_in_order(chapter: Chapter, book: Book) -> Iterator[str]:
    """nbval does not compare a cell without a count, so 1..n it must be; the first gap will do."""
    for count, block in enumerate(chapter.code, start=1):
        found = block.node.execution_count
        if found != count:
            yield chapter.say(
                f"execution count {found}, expected {count}: run `make notebooks`.", block
            )
            return


def no_error_and_no_stderr(chapter: Chapter, book: Book) -> Iterator[str]:
    for block in chapter.code:
        for output in block.outputs:
            if output.output_type == "error":
                yield chapter.say(
                    f"a stored {output.ename}: catch it in the cell and print its message.", block
                )
            elif output.get("name") == "stderr":
                yield chapter.say("stored stderr: mend what warns, or turn the bar off.", block)


def no_trailing_semicolon(chapter: Chapter, book: Book) -> Iterator[str]:
    """nbval does not honour it: the output it hides comes back in the comparison."""
    for block in chapter.code:
        if block.text.rstrip().endswith(";"):
            yield chapter.say("ends with `;`: assign the value to a name instead.", block)


def no_trace_of_a_machine(chapter: Chapter, book: Book) -> Iterator[str]:
    for block in chapter.code:
        for what, pattern in TRACES.items():
            if match := re.search(pattern, block.output_text):
                yield chapter.say(
                    f"the output holds {what} ({match[0]!r}): print something stable.", block
                )


def few_ignored_cells_each_with_a_reason(chapter: Chapter, book: Book) -> Iterator[str]:
    ignored = [block for block in chapter.code if is_ignored(block)]
    for block in ignored:
        if not block.node.metadata.get("nnreg", {}).get("why"):
            yield chapter.say(
                'its output is not compared: say why in metadata `"nnreg": {"why": "…"}`.', block
            )
    if len(ignored) > 0.1 * len(chapter.code):
        yield chapter.say(
            f"{len(ignored)} of {len(chapter.code)} cells are not compared: at most 10 % may be."
        )


def listings_show_the_package_as_it_is(chapter: Chapter, book: Book) -> Iterator[str]:
    """nbval would find it too, minutes later."""
    for block in chapter.code:
        for path, name in re.findall(r"^# (nnreg/[\w/]+)\.py: (\S+)$", block.output_text, re.M):
            try:
                item = attrgetter(name)(importlib.import_module(path.replace("/", ".")))
            except (ImportError, AttributeError):
                forms = []
            else:
                forms = [show_source(item, docstring=shown) for shown in (False, True)]
            if not any(form in block.output_text for form in forms):
                yield chapter.say(f"{name} has changed since: run `make notebooks`.", block)


def is_ignored(block: Block) -> bool:
    """Whether nbval leaves the cell out, by a tag or by one of its comments."""
    comments = re.findall(r"^\s*#+\s*(?:NBVAL|PYTEST_VALIDATE)_(\w+)\s*$", block.text, flags=re.M)
    return any(name != "CHECK_OUTPUT" for name in comments) or any(
        tag in IGNORING for tag in block.tags
    )


RULES = (
    executed_in_order,
    no_error_and_no_stderr,
    no_trailing_semicolon,
    no_trace_of_a_machine,
    few_ignored_cells_each_with_a_reason,
    listings_show_the_package_as_it_is,
)
