"""Rules for what a chapter claims: derivatives, numbers, exercises and finished functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .markdown import Directive, directives_in, without_code
from .reading import FORMER_OPENING, OPENING, Block, Book, Chapter

DERIVATIVE = r"\\partial|\\mathrm\{?\s*d|\\nabla|\\prime|'|\\operatorname\{d\}|frac\s*\{?d\b"
LOOKS = r"<(style|script)>.*?</\1>"  # in an output's HTML: how the page looks, not what it says
EXERCISES, EXERCISES_OF_AN_APPENDIX = 6, 2
CHECKS = r"\b(check_gradient|check_answer|claim)\(|^\s*assert\b|\bpytest\.raises\("


def each_labelled_derivative_checked(chapter: Chapter, book: Book) -> Iterator[str]:
    """A later code cell names the equation as the page does, `# equation 3.4`, and checks it."""
    derivation = chapter.blocks if chapter.is_appendix else chapter.section("Derivative")
    numbers = {label: number for number, label in numbered_equations(chapter).items()}
    for position, block in enumerate(derivation):
        for formula, label in equations(block.text):
            if not re.search(DERIVATIVE, formula):
                continue
            number = numbers[label]
            if not any(b.is_code and checks(b, number) for b in derivation[position + 1 :]):
                yield chapter.say(
                    f"the derivative {label} has no check: add a cell `# equation {number}` with "
                    "check_gradient(…) or an assert below it.",
                    block,
                )


def checks_name_equations_that_exist(chapter: Chapter, book: Book) -> Iterator[str]:
    known = numbered_equations(chapter)
    for block in chapter.code:
        for number in named_equations(block):
            if number not in known:
                yield chapter.say(
                    f"names equation {number}; the page has {len(known)} of this chapter.", block
                )
        if found := re.search(r"#.*\b(eq-[\w-]+)", block.text):
            yield chapter.say(
                f"names {found[1]} in a comment: a page shows numbers, `# equation …`.", block
            )


def numbered_equations(chapter: Chapter) -> dict[str, str]:
    """The label of each equation by the number that the page gives it, such as 3.4."""
    labels = [label for block in chapter.markdown for _, label in equations(block.text)]
    return {f"{chapter.number}.{count}": label for count, label in enumerate(labels, start=1)}


def equations(text: str) -> Iterator[tuple[str, str]]:
    """(formula, label) of each labelled displayed equation."""
    yield from re.findall(r"\$\$((?:(?!\$\$).)*)\$\$[ \t]*\((eq-[\w.-]+)\)", text, flags=re.S)
    for directive in directives_in(text):
        label = directive.options.get("label", directive.options.get("name", ""))
        if directive.name == "math" and label.startswith("eq-"):
            yield directive.body, label


def named_equations(block: Block) -> list[str]:
    comments = re.findall(r"#.*?\bequations?\b(.*)", block.text)
    return re.findall(r"\b[A-Z]?\d+\.\d+\b", " ".join(comments))


def checks(block: Block, number: str) -> bool:
    if number not in named_equations(block):
        return False
    asserts = re.search(r"^\s*assert\b", block.text, flags=re.M)
    if re.search(r"raise_on_fail\s*=\s*False", block.text):
        return bool(asserts)
    return bool(asserts or re.search(CHECKS, block.text, flags=re.M))


def numbers_of_the_prose_stand_in_code(chapter: Chapter, book: Book) -> Iterator[str]:
    """Each decimal, power of ten, percentage and "n of m" is also in a cell of its section.

    It counts as said where a cell of the same level-2 section has it in its source or in what a
    reader sees below it; a longer number that rounds to it will do. A section without a cell (the
    title, the summary) says again what some cell of the chapter claims or asserts. Sources of
    numbers that are not the chapter's own (sections, versions, equations) are passed over, and so
    is what an exercise gives. What the rule cannot see: a plain integer, a number in words, a
    picture's content, and whether the claim means the same quantity.
    """
    known = {section: known_numbers(chapter, section) for section in chapter.sections}
    for block in chapter.markdown:
        for text, value, digits, scales in claimed_numbers(without_exercises(block.text)):
            near = known[block.section]
            if not any(agrees(value * scale, digits, scale, near) for scale in scales):
                yield chapter.say(
                    f"{text!r} stands in the prose and in no cell beside it: claim it in this "
                    f"section ({block.section}).",
                    block,
                )


def without_exercises(text: str) -> str:
    return re.sub(r"`{3,}\{exercise-start\}.*?(\{exercise-end\}|\Z)", " ", text, flags=re.S)


def known_numbers(chapter: Chapter, section: str) -> set[float]:
    cells = [block for block in chapter.section(section) if block.is_code]
    texts = [cell.text + "\n" + re.sub(LOOKS, " ", cell.output_text, flags=re.S) for cell in cells]
    if not cells:
        texts = [cell.text for cell in chapter.code if re.search(CHECKS, cell.text, flags=re.M)]
    return numbers_in_code("\n".join(texts))


def claimed_numbers(text: str) -> Iterator[tuple[str, float, int, tuple[float, ...]]]:
    """(as written, value, digits after the point, factors by which code may differ)."""
    text = without_code(text)
    text = re.sub(r"https?://\S+|\{[\w:]+\}`[^`]*`|`[^`]*`|\]\([^)]*\)", " ", text)
    text = re.sub(
        r"(?i)\b(?:sections?|ch(?:apter)?s?\.?|tables?|eqs?\.?|equations?|fig(?:ure)?s?\.?|"
        r"version|numpy|python|prop\.|§)\s*\d+(?:\.\d+)*",
        " ",
        text,
    )
    text = re.sub(r"\b\d+\.\d+\.\d+\S*", " ", text)
    text = re.sub(r"(?<=\d)(?:,|\\,|\{,\})(?=\d{3}\b)", "", text)
    power = (
        r"(?:(?P<lead>\d+(?:\.\d+)?)\s*(?:\\times|\\cdot|[·×])\s*)?10\^\{?(?P<exponent>-?\d+)\}?"
    )
    for match in re.finditer(power, text):
        value = float(match["lead"] or 1) * 10.0 ** int(match["exponent"])
        yield match[0], value, 15, (1.0,)
    text = re.sub(power, " ", text)
    number = (
        r"(?<![\w.^_])(?<![\^_]\{)(?P<number>\d*\.\d+(?:e[+-]?\d+)?|\d+e[+-]?\d+|\d+(?=\s*\\?%))"
        r"(?P<percent>\s*\\?%)?"
    )
    for match in re.finditer(number, text):
        mantissa, _, exponent = match["number"].partition("e")
        digits = len(mantissa.partition(".")[2]) - int(exponent or 0)
        scales = (1.0, 0.01) if match["percent"] else (1.0,)
        yield match[0], float(match["number"]), digits, scales
    for match in re.finditer(r"(?<![\w.])(\d+) (?:of|out of) (?:the )?(\d+)\b", text):
        yield match[0], float(match[1]), 0, (1.0,)
        yield match[0], float(match[2]), 0, (1.0,)


def numbers_in_code(text: str) -> set[float]:
    text = re.sub(r"(?<=\d)_(?=\d)", "", text)
    found = re.findall(r"(?<![\w.])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", text)
    return {float(number) for number in found}


def agrees(value: float, digits: int, scale: float, known: set[float]) -> bool:
    """Whether a known number is `value`, or is longer and rounds to it."""
    half = 0.5 * 10.0**-digits * scale
    return any(abs(number - value) <= half * (1 + 1e-9) + 1e-12 * abs(value) for number in known)


@dataclass
class Exercise:
    """From `{exercise-start}` to its `{solution-end}`."""

    block: Block
    directive: Directive
    label: str
    has_hint: bool = False
    solution: Directive | None = None
    answer_cells: list[Block] = field(default_factory=list)
    solution_cells: list[Block] = field(default_factory=list)

    @property
    def explains(self) -> bool:
        solution = self.solution.classes if self.solution else []
        return "explain" in self.directive.classes + solution


def exercises_in(chapter: Chapter) -> list[Exercise]:
    exercises: list[Exercise] = []
    inside_solution = None
    for block in chapter.blocks:
        if block.is_code and inside_solution:
            inside_solution.solution_cells.append(block)
        elif block.is_code and exercises and exercises[-1].solution is None:
            exercises[-1].answer_cells.append(block)
        for directive in block.directives:
            label = directive.options.get("label", "")
            if directive.name in ("exercise-start", "exercise"):
                exercises.append(Exercise(block, directive, label))
            elif directive.name in ("solution-start", "solution"):
                named = [e for e in exercises if e.label and e.label == directive.argument.strip()]
                for exercise in named:
                    exercise.solution = directive
                if directive.name == "solution-start":
                    inside_solution = named[0] if named else None
            elif directive.name == "solution-end":
                inside_solution = None
            elif exercises and is_hint(directive) and exercises[-1].solution is None:
                exercises[-1].has_hint = True
    return exercises


def is_hint(directive: Directive) -> bool:
    titled = directive.name in ("admonition", "dropdown") and directive.argument.startswith("Hint")
    return directive.name == "hint" or titled


def exercises_with_hint_solution_and_check(chapter: Chapter, book: Book) -> Iterator[str]:
    exercises = exercises_in(chapter)
    if not exercises:
        yield chapter.say("has no exercise: write some with `{exercise-start}`.")
    for exercise in exercises:
        say = f"exercise {exercise.label or exercise.directive.argument!r}"
        if not exercise.label:
            yield chapter.say(f"{say} needs a `:label:`.", exercise.block)
        if not exercise.has_hint:
            yield chapter.say(f"{say} needs a `{{hint}}` before its solution.", exercise.block)
        if exercise.solution is None:
            yield chapter.say(
                f"{say} needs a `{{solution-start}} {exercise.label}`.", exercise.block
            )
            continue
        if "dropdown" not in exercise.solution.classes:
            yield chapter.say(f"{say}: fold its solution with `:class: dropdown`.", exercise.block)
        if exercise.explains:
            continue
        if not any(is_open_answer(cell) for cell in exercise.answer_cells):
            yield chapter.say(
                f"{say}: between it and its solution a cell has to take the reader's answer, with "
                "`...` and check_answer(…).",
                exercise.block,
            )
        code = "\n".join(block.text for block in exercise.solution_cells)
        if not re.search(CHECKS, code, flags=re.M):
            yield chapter.say(
                f"{say}: its solution runs no check; assert the answer in a code cell, or mark an "
                "exercise in words with `:class: explain`.",
                exercise.block,
            )


def enough_exercises(chapter: Chapter, book: Book) -> Iterator[str]:
    least = EXERCISES_OF_AN_APPENDIX if chapter.is_appendix else EXERCISES
    if (FORMER_OPENING, OPENING) in chapter.headings:  # of a time when three were enough
        return
    if (found := len(exercises_in(chapter))) < least:
        yield chapter.say(f"{found} exercises: write {least} or more, from easy to hard.")


def is_open_answer(block: Block) -> bool:
    """Whether a cell waits for an answer, says so, and does not give the answer away."""
    return bool(
        re.search(r"\.\.\.", block.text)
        and "check_answer(" in block.text
        and "There is no answer yet" in block.output_text
    )


def backward_is_written_before_it_is_shown(chapter: Chapter, book: Book) -> Iterator[str]:
    """Whoever derives a backward pass writes one: a cell with `...` before the finished code."""
    derives = [n for n, chapters in book.covered["derived"].items() if chapter.name in chapters]
    if not any(name.endswith("_backward") for name in derives):
        return
    before = ("Derivative", "Draft, tidy, import")
    cells = [block for name in before for block in chapter.section(name)]
    if not any(block.is_visible and is_open_answer(block) for block in cells):
        yield chapter.say(
            "nobody is asked to write the backward pass: add a box `Your turn` and a cell with "
            "`...` and check_answer(…) before the finished code."
        )


RULES = (
    each_labelled_derivative_checked,
    checks_name_equations_that_exist,
    numbers_of_the_prose_stand_in_code,
    exercises_with_hint_solution_and_check,
    enough_exercises,
    backward_is_written_before_it_is_shown,
)
