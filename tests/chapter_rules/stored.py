"""Rules for what is stored: executed in order, without traces of a machine or a clock."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

from .reading import Block, Book, Chapter

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
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
_TEXT_CHUNKS = (b"tEXt", b"iTXt", b"zTXt", b"tIME", b"eXIf")


def executed_in_order(chapter: Chapter, book: Book) -> Iterator[str]:
    """nbval does not compare a cell without a count, so 1..n it must be."""
    for count, block in enumerate(chapter.code, start=1):
        found = block.node.execution_count
        if found != count:
            yield chapter.say(
                f"execution count {found}, expected {count}: run `make notebooks`.", block
            )


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


def no_stored_widget(chapter: Chapter, book: Book) -> Iterator[str]:
    """A stored widget view has no kernel behind it and hides the page's own slider."""
    if "widgets" in chapter.notebook.metadata:
        yield chapter.say("stores widget state in its metadata: run `make notebooks`.")
    for block in chapter.code:
        for output in block.outputs:
            if "application/vnd.jupyter.widget-view+json" in output.get("data", {}):
                yield chapter.say("stores a widget view: run `make notebooks`.", block)


def pictures_without_metadata(chapter: Chapter, book: Book) -> Iterator[str]:
    for block in chapter.code:
        for raw in pictures(block):
            for chunk in _TEXT_CHUNKS:
                if chunk in png_chunks(raw):
                    yield chapter.say(
                        f"a PNG with a {chunk.decode()} chunk (software, version or time): "
                        "run `make notebooks`.",
                        block,
                    )


def fixed_metadata(chapter: Chapter, book: Book) -> Iterator[str]:
    metadata = chapter.notebook.metadata
    if dict(metadata.get("kernelspec", {})) != KERNELSPEC:
        yield chapter.say(f"kernelspec must be {KERNELSPEC}: run `make notebooks`.")
    if "version" in metadata.get("language_info", {}):
        yield chapter.say("language_info names a version: run `make notebooks`.")
    for foreign in sorted(set(metadata) - {"kernelspec", "language_info", "nnreg", "mystnb"}):
        yield chapter.say(f"metadata {foreign!r} does not belong here: run `make notebooks`.")
    ids = [cell.get("id") for cell in chapter.notebook.cells]
    if None in ids or len(set(ids)) != len(ids):
        yield chapter.say("every cell needs an id of its own (nbformat 4.5).")
    for block in chapter.code:
        if "execution" in block.node.metadata:
            yield chapter.say("stores when the cell ran: run `make notebooks`.", block)


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


def is_ignored(block: Block) -> bool:
    """Whether nbval leaves the cell out, by a tag or by one of its comments."""
    comments = re.findall(r"^\s*#+\s*(?:NBVAL|PYTEST_VALIDATE)_(\w+)\s*$", block.text, flags=re.M)
    return any(name != "CHECK_OUTPUT" for name in comments) or any(
        tag in IGNORING for tag in block.tags
    )


def pictures(block: Block) -> Iterator[bytes]:
    """All PNG files in a cell's outputs, those inside HTML too."""
    for output in block.outputs:
        data = output.get("data", {})
        texts = [data["image/png"]] if "image/png" in data else []
        texts += re.findall(r"data:image/png;base64,([\w+/=\s]+)", data.get("text/html", ""))
        for text in texts:
            yield base64.b64decode("".join(text.split()))


def png_chunks(raw: bytes) -> set[bytes]:
    names, position = set(), 8
    while position + 8 <= len(raw):
        length = int.from_bytes(raw[position : position + 4], "big")
        names.add(raw[position + 4 : position + 8])
        position += 12 + length
    return names


RULES = (
    executed_in_order,
    no_error_and_no_stderr,
    no_trailing_semicolon,
    no_trace_of_a_machine,
    no_stored_widget,
    pictures_without_metadata,
    fixed_metadata,
    few_ignored_cells_each_with_a_reason,
)
