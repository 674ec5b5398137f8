"""Rules for the two layers of a page: what teaches is seen, what works or proves is folded."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .reading import DRAGGED, Block, Book, Chapter

COLUMNS = 79
LINES_SEEN = 10
LINES_FOLDED = 30
# The style's smallest letters are 11 points; 475 pixels wide or less, a phone of 390 pixels shows
# them at 11 pixels or more.
WIDEST_PICTURE = 475
SMALLEST_POINTS = 11
PLOTS = r"(?<!\.)\b(figure|explore|(diamond|projection)_picture)\("
CLAIM = r"(?<![\w.])claim\("
PICTURES = {"image/png", "image/svg+xml", "image/jpeg"}


def code_is_narrow_and_short(chapter: Chapter, book: Book) -> Iterator[str]:
    """Nothing that a reader sees scrolls sideways on a laptop, folded or not."""
    for block in chapter.code:
        lines = block.text.split("\n")
        columns = COLUMNS - block.in_solution  # a solution's box is a little narrower
        if wide := [number for number, line in enumerate(lines, 1) if len(line) > columns]:
            yield chapter.say(
                f"lines {', '.join(map(str, wide))} are wider than {columns} columns.", block
            )
        most = LINES_SEEN if block.is_visible else LINES_FOLDED + 1  # the first is its label
        if len(lines) > most:
            yield chapter.say(
                f"{len(lines)} lines of code, at most {most} here: split the cell, or fold it.",
                block,
            )


def pictures_wiring_and_training_are_folded(chapter: Chapter, book: Book) -> Iterator[str]:
    """A figure, a slider or a loop that trains carries a label, in mystnb.code_prompt_show."""
    for block in chapter.code:
        if not block.is_visible:
            continue
        loops = re.search(r"^\s*for\b", block.text, flags=re.M)
        trains = loops and re.search(r"(?<![\w.])fit\(", block.text)
        if re.search(PLOTS, block.text) or has_picture(block):
            yield chapter.say('fold the code of this picture: give it a label, "Code of …".', block)
        elif trains or "tqdm(" in block.text:
            yield chapter.say('fold this experiment: give it a label, "The experiment, …".', block)


def claims_are_folded_and_come_after(chapter: Chapter, book: Book) -> Iterator[str]:
    """A claim stands in a cell of its own kind, below the output that it speaks of."""
    seen: dict[str, bool] = {}
    for block in chapter.code:
        section = block.section
        if re.search(CLAIM, block.text) and not block.in_solution:
            if not block.label:
                yield chapter.say('fold these claims: label them "What the text claims".', block)
            if not seen.get(section):
                yield chapter.say(
                    "claims before anything that they could speak of: put them below the picture "
                    "or table.",
                    block,
                )
        seen[section] = seen.get(section, False) or bool(block.outputs)


def asserts_hold_whatever_is_changed(chapter: Chapter, book: Book) -> Iterator[str]:
    """In a folded cell stands no assertion of an order or a bound: a change of seed would trip it.

    What a change does to the rest, `make test-changes` finds out by running it.
    """
    for block in chapter.code:
        if not block.label:
            continue
        for line in re.findall(r"^\s*(assert\b.*)$", block.text, flags=re.M):
            if re.search(r"\s[<>]=?\s", line):
                yield chapter.say(f"`{line}` guards a result: make it a claim.", block)


def nothing_spoils_a_prediction(chapter: Chapter, book: Book) -> Iterator[str]:
    """From a Predict box to the first output, neither code nor a label gives the answer."""
    predicting = None
    for block in chapter.blocks:
        if block.is_code and predicting is not None:
            if re.search(CLAIM, block.text) or (
                block.is_visible and re.search(r"^\s*assert\b", block.text, flags=re.M)
            ):
                yield chapter.say("claims or asserts before the reader has looked.", block)
            if re.search(r"\d", block.label):
                yield chapter.say(f"the label {block.label!r} holds a number.", block)
            if block.outputs:
                predicting = None
        if block.asks_to_predict:
            predicting = block


def text_in_pictures_is_large_enough_on_a_phone(chapter: Chapter, book: Book) -> Iterator[str]:
    for block in chapter.code:
        for output in block.outputs:
            width = output.get("metadata", {}).get("image/png", {}).get("width", 0)
            if width > WIDEST_PICTURE and not re.search(DRAGGED, block.html):
                yield chapter.say(
                    f"a picture {width} pixels wide: at most {WIDEST_PICTURE}; put panels below "
                    "each other.",
                    block,
                )
        for size in re.findall(r"\bfontsize=([\d.]+)", block.text):
            if float(size) < SMALLEST_POINTS:
                yield chapter.say(f"letters of {size} points: at least {SMALLEST_POINTS}.", block)


def sliders_draw_what_no_later_cell_rebinds(chapter: Chapter, book: Book) -> Iterator[str]:
    """A live slider draws after the whole chapter has run: its names must still mean the same."""
    functions: dict[str, ast.FunctionDef] = {}
    sliders: list[tuple[Block, set[str]]] = []
    for block in chapter.code:
        try:
            tree = ast.parse(block.text)
        except SyntaxError:  # a line for IPython alone
            continue
        for slider, names in sliders:
            if gone := names & bound_in(tree):
                yield chapter.say(
                    f"binds {', '.join(sorted(gone))} anew, which the slider of cell "
                    f"{slider.cell} draws with: choose another name in one of them.",
                    block,
                )
        functions |= {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        if re.search(r"(?<!\.)\bexplore\(", block.text):
            drawing = [n for n in ast.walk(tree) if isinstance(n, ast.Lambda | ast.FunctionDef)]
            sliders.append((block, free_names(drawing, functions)))


def bound_in(tree: ast.Module) -> set[str]:
    """Names that a cell binds for the cells after it."""
    names = set()
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            names.add(statement.name)
        else:
            names |= stored_in(statement)
    return names


def free_names(nodes: list, functions: dict[str, ast.FunctionDef]) -> set[str]:
    """Names that functions look up outside themselves, through the functions that they call."""
    found: set[str] = set()
    for node in nodes:
        own = {argument.arg for argument in node.args.args} | stored_in(node)
        loads = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
        names = {n.id for n in loads if isinstance(n.ctx, ast.Load)} - own - found
        found |= names
        called = [functions[name] for name in names if name in functions]
        found |= free_names(called, {k: v for k, v in functions.items() if k not in names})
    return found


def stored_in(node: ast.AST) -> set[str]:
    names = (n for n in ast.walk(node) if isinstance(n, ast.Name))
    return {n.id for n in names if isinstance(n.ctx, ast.Store)}


def has_picture(block: Block) -> bool:
    return any(PICTURES & set(output.get("data", {})) for output in block.outputs)


RULES = (
    code_is_narrow_and_short,
    pictures_wiring_and_training_are_folded,
    claims_are_folded_and_come_after,
    asserts_hold_whatever_is_changed,
    nothing_spoils_a_prediction,
    text_in_pictures_is_large_enough_on_a_phone,
    sliders_draw_what_no_later_cell_rebinds,
)
