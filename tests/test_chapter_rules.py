"""Each rule accepts a sound chapter and rejects the same chapter with one thing broken."""

import copy
import json

import nbformat
import pytest

from .chapter_rules import RULES, Book, Chapter

WORD = "word "
PNG = "iVBORw0KGgo="  # no rule looks into it


def markdown(text: str, **metadata) -> nbformat.NotebookNode:
    return nbformat.v4.new_markdown_cell(text, metadata=metadata)


def code(source: str, text: str = "", data: dict | None = None, **metadata):
    outputs = []
    if text:
        outputs.append(nbformat.v4.new_output("stream", name="stdout", text=text))
    if data:
        outputs.append(nbformat.v4.new_output("execute_result", data=data, execution_count=1))
    return nbformat.v4.new_code_cell(source, outputs=outputs, metadata=metadata)


def folded(source: str, label: str, *, text: str = "", data: dict | None = None, **metadata):
    mystnb = {"code_prompt_show": label, **metadata.pop("mystnb", {})}
    return code(source, text, data, mystnb=mystnb, **metadata)


OPEN = "There is no answer yet: put yours in the place of `...`."


def explorer_html(*captions: str) -> str:
    frames = [
        {"caption": said, "alt": f"Ten dots and a line through them. {said}"} for said in captions
    ]
    return (
        '<div class="nnreg-explore" id="fig-x-explore-root">'
        f"<style>p {{ margin: 0.77em; }}</style>"
        f'<script type="application/json">{json.dumps(frames)}</script></div>'
    )


def dragged_html(kind: str, name: str, caption: str, alt: str) -> str:
    return (
        f'<div class="nnreg-{kind}" id="{name}-root"><img class="x" src="" alt="{alt}">'
        f'<p class="nnreg-{kind}-caption">{caption}</p></div>'
    )


def exercise_in_words(label: str) -> str:
    return (
        f"```{{exercise-start}}\n:label: {label}\n```\nSay why.\n\n```{{hint}}\nThink.\n```\n\n"
        f"```{{exercise-end}}\n```\n\n```{{solution-start}} {label}\n:class: dropdown explain\n"
        "```\nSo.\n\n```{solution-end}\n```"
    )


def sound_chapter() -> list:
    """The cells of a small chapter that breaks no rule."""
    picture = {
        "figure": {"name": "fig-x-loss", "caption": "The loss falls."},
        "image": {"alt": "A blue curve that falls from two to one half in ten epochs."},
    }
    explorer = explorer_html("On a flat line.", "On a steep line.")
    return [
        markdown(
            "(ch-x)=\n# Shrink a weight\n\n```{admonition} At a glance\n:class: tip\n"
            "What you will do, learn and need; 30 minutes. What is left out: all else.\n```"
        ),
        markdown("## The whole thing on one screen\n\n$$\nR = \\lambda w^2\n$$\n\nThat is all."),
        code("def bare(w):\n    return sum(0.1 * v * v for v in w)"),
        code("from nnreg import L2\nprint(L2(0.1).value([1.0, 2.0]), bare([1, 2]))", "0.5 0.5"),
        markdown("## A line that bends too far\n\n```{admonition} Predict\nWill it bend?\n```"),
        folded(
            "fig",
            "Code of this figure",
            data={"image/png": PNG, "text/plain": "<Figure>"},
            mystnb=picture,
        ),
        markdown(
            "## Notation\n\n| symbol | shape | code |\n|---|---|---|\n"
            "| $w$, $\\lambda$ | scalar | `w` |"
        ),
        markdown(
            "## Forward: a number\n\n$$\nR = \\lambda w^2\n$$ (eq-x-value)\n\nIt is 0.5 here."
        ),
        code("assert L2(0.1).value([1.0, 2.0]) == 0.5"),
        markdown(
            "## Derivative\n\nBy the power rule,\n\n"
            "$$\n\\frac{\\partial R}{\\partial w} = 2\\lambda w\n$$ (eq-x-grad)"
        ),
        code("# equation 0.2\ncheck_gradient(value, grad, w)", data={"text/plain": "agrees"}),
        markdown("```{admonition} Your turn\n:class: your-turn\nWrite it.\n```"),
        code("backward = ...\ncheck_answer(backward, expected=L2(0.1).grad)", OPEN),
        markdown("## Draft, tidy, import\n\nAll three agree."),
        code("from nnreg import L2\nassert L2(0.1).grad(1.0) == draft(1.0)"),
        markdown("## The finished implementation\n\nHere it is."),
        code(
            "show_source(L2, x_backward)",
            data={"text/plain": "class L2:", "text/markdown": "class L2:"},
        ),
        markdown("## Break it\n\nTwo mutants."),
        code("assert not check_gradient(value, half, w, raise_on_fail=False).ok"),
        code("assert not check_gradient(value, sign, w, raise_on_fail=False).ok"),
        markdown("## Explore λ\n\nSlide."),
        folded(
            "explore(draw, values)",
            "Code of this slider",
            data={"text/html": explorer, "image/png": PNG, "text/plain": "x"},
        ),
        markdown("## A fair experiment\n\nTen seeds."),
        folded("for seed in range(10):\n    fit(model(seed))", "The experiment, ten seeds"),
        code("shown = table", "without 0.7, with 0.9"),
        folded('claim("gain", gain, 0.2, within=0.1)', "What the text claims"),
        markdown(
            "## Exercises\n\n```{exercise-start}\n:label: ex-x\n```\nDo it.\n\n"
            "```{hint}\n:class: dropdown\nTry.\n```\n\n```{exercise-end}\n```"
        ),
        code("x = ...\ncheck_answer(x, expected='sealed:NA==')", OPEN),
        markdown("```{solution-start} ex-x\n:class: dropdown\n```"),
        code("assert 2 + 2 == 4"),
        markdown("```{solution-end}\n```"),
        *[markdown(exercise_in_words(f"ex-x-{number}")) for number in range(2, 7)],
        markdown("## What you can now do\n\nDerive it."),
        *[code(f"step_{number} = {number}") for number in range(8)],
        markdown("## Next\n\nMore. Then [Y](01_y.ipynb)."),
        markdown(
            "## Background and references\n\nSee [Known (2020)](../book/references.bib#known2020)."
        ),
    ]


def sound_appendix() -> list:
    """The cells of a small appendix that breaks no rule: its middle has titles of its own."""
    exercises = "\n\n".join(map(exercise_in_words, ("ex-a-1", "ex-a-2")))
    return [
        sound_chapter()[0],
        markdown("## Two runs\n\n```{admonition} Predict\nWill they part?\n```"),
        code("epochs_until_they_part = 40"),
        markdown("## Why\n\n$$\n\\nabla R = 2w\n$$ (eq-a-grad)\n\nIt is 0.5 here."),
        code("# equation A1.1\ncheck_gradient(value, grad, 0.5)", data={"text/plain": "agrees"}),
        markdown(f"## Exercises\n\n{exercises}"),
        markdown("## What you can now do\n\nReplay it."),
        markdown(
            "## Background and references\n\nSee [Known (2020)](../book/references.bib#known2020)."
        ),
    ]


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Book:
    root = tmp_path_factory.mktemp("root")
    (root / "book").mkdir()
    (root / "notebooks").mkdir()
    (root / "book" / "notation.md").write_text(
        "| s | m |\n|---|---|\n| $w$ | a |\n| $\\lambda$ | b |\n"
    )
    (root / "book" / "covered.toml").write_text(
        '[derived]\n"nnreg.L2" = ["00_x"]\n"nnreg.L1" = ["99_y"]\n'
        '"nnreg.x_backward" = ["00_x"]\n'
        '[used]\n"nnreg.check_gradient" = ["00_x"]\n'
    )
    (root / "book" / "references.bib").write_text(
        "@book{known2020, author = {Known, Ann}, year = {2020}, title = {All}}\n"
        "@book{ba1, author = {Ba, B. and Ca, C. and Da, D.}, year = {1999}, title = {One}}\n"
        "@book{ba2, author = {Ba, B. and Ca, C. and Da, D.}, year = {1999}, title = {Two}}\n"
    )
    nbformat.write(notebook_of(sound_chapter()), root / "notebooks" / "00_x.ipynb")
    nbformat.write(notebook_of(sound_chapter()), root / "notebooks" / "01_y.ipynb")
    nbformat.write(notebook_of(sound_appendix()), root / "notebooks" / "A1_x.ipynb")
    return Book(root)


def notebook_of(cells: list) -> nbformat.NotebookNode:
    cells = copy.deepcopy(cells)
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    count = 0
    for cell in cells:
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    return notebook


def complaints(book: Book, name: str, notebook, file: str = "00_x.ipynb") -> str:
    rule = next(rule for rule in RULES if rule.__name__ == name)
    return "\n".join(rule(Chapter(file, notebook), book))


def all_complaints(book: Book, notebook) -> str:
    return "".join(complaints(book, rule.__name__, notebook) for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_sound_chapter_is_accepted(book, rule):
    assert complaints(book, rule.__name__, notebook_of(sound_chapter())) == ""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_sound_appendix_is_accepted(book, rule):
    assert complaints(book, rule.__name__, notebook_of(sound_appendix()), "A1_x.ipynb") == ""


def find(cells: list, start: str) -> int:
    return next(number for number, cell in enumerate(cells) if cell.source.startswith(start))


def replace(start: str, old: str, new: str):
    """Break one cell: replace `old` by `new` in the cell that starts with `start`."""

    def broken(notebook):
        cell = notebook.cells[find(notebook.cells, start)]
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return broken


def drop(start: str):
    def broken(notebook):
        del notebook.cells[find(notebook.cells, start)]

    return broken


def append(*cells):
    return lambda notebook: notebook.cells.extend(copy.deepcopy(cells))


def set_output(start: str, **output):
    def broken(notebook):
        kind = "stream" if "name" in output else "execute_result"
        if "ename" in output:
            kind = "error"
        extra = {} if kind != "execute_result" else {"execution_count": 1}
        notebook.cells[find(notebook.cells, start)].outputs = [
            nbformat.v4.new_output(kind, **output, **extra)
        ]

    return broken


def metadata(change, start: str | None = None):
    def broken(notebook):
        change(
            notebook.metadata
            if start is None
            else notebook.cells[find(notebook.cells, start)].metadata
        )

    return broken


def count_of(start: str, count):
    def broken(notebook):
        notebook.cells[find(notebook.cells, start)].execution_count = count

    return broken


def move(start: str, before: str):
    def broken(notebook):
        cell = notebook.cells.pop(find(notebook.cells, start))
        notebook.cells.insert(find(notebook.cells, before), cell)

    return broken


def insert(before: str, cell):
    """Put a cell before the one that starts with `before`."""
    return lambda notebook: notebook.cells.insert(find(notebook.cells, before), copy.deepcopy(cell))


def unfold(start: str):
    return metadata(lambda m: m.mystnb.pop("code_prompt_show"), start)


def omit(**omits):
    return metadata(lambda m: m.update(nnreg={"omits": omits}))


def ignore(number: int, why: str):
    def broken(notebook):
        for cell in [cell for cell in notebook.cells if cell.cell_type == "code"][:number]:
            cell.metadata.tags = ["nbval-ignore-output"]
            cell.metadata.nnreg = {"why": why}

    return broken


def picture_before_the_question(notebook):
    number = find(notebook.cells, "## A line")
    heading, question = notebook.cells[number].source.split("\n\n", 1)
    notebook.cells[number].source = heading
    notebook.cells.insert(number + 2, markdown(question))


def no_question_and_no_picture(notebook):
    drop("fig")(notebook)
    replace("## A line", "Predict", "Look")(notebook)


def no_exercises(notebook):
    for cell in notebook.cells:
        cell.source = cell.source.replace("exercise-start", "note")


def wide_picture(notebook):
    output = notebook.cells[find(notebook.cells, "fig")].outputs[0]
    output.metadata = nbformat.from_dict({"image/png": {"width": 600, "height": 360}})


STEP = "step_1"
ALL_AT = "# equation 0.2"
BROKEN = [
    ("executed_in_order", count_of(STEP, None), "execution count None"),
    ("executed_in_order", count_of(STEP, 99), "execution count 99"),
    (
        "no_error_and_no_stderr",
        set_output(STEP, ename="KeyError", evalue="", traceback=[]),
        "KeyError",
    ),
    ("no_error_and_no_stderr", set_output(STEP, name="stderr", text="warned"), "stderr"),
    ("no_trailing_semicolon", replace(STEP, "= 1", "= 1;"), "`;`"),
    ("no_trace_of_a_machine", set_output(STEP, name="stdout", text="/home/a/x.py"), "path"),
    ("no_trace_of_a_machine", set_output(STEP, name="stdout", text="at 0x7f12ab34cd"), "memory"),
    ("no_trace_of_a_machine", set_output(STEP, name="stdout", text="127.0.0.1:80"), "server"),
    ("no_trace_of_a_machine", set_output(STEP, name="stdout", text="2026-01-02 10:11"), "date"),
    ("no_trace_of_a_machine", set_output(STEP, name="stdout", text="Wall time: 3 s"), "duration"),
    ("no_trace_of_a_machine", set_output(STEP, name="stdout", text=" 50%|##  |"), "progress"),
    ("no_trace_of_a_machine", set_output(STEP, data={"text/html": "<p>/opt/x</p>"}), "path"),
    (
        "listings_show_the_package_as_it_is",
        set_output(STEP, name="stdout", text="# nnreg/penalties.py: L2.grad\ndef grad(self):\n"),
        "L2.grad has changed",
    ),
    (
        "listings_show_the_package_as_it_is",
        set_output(STEP, name="stdout", text="# nnreg/nn/gone.py: Gone\nclass Gone:\n"),
        "Gone has changed",
    ),
    ("few_ignored_cells_each_with_a_reason", ignore(1, ""), "say why"),
    ("few_ignored_cells_each_with_a_reason", ignore(5, "slow"), "at most 10 %"),
    (
        "few_ignored_cells_each_with_a_reason",
        replace(STEP, "step_1", "# NBVAL_SKIP\nstep_1"),
        "say why",
    ),
    ("title_label_and_glance", replace("(ch-x)", "(ch-x)=\n", ""), "label"),
    ("title_label_and_glance", replace("## Next", "More", "# Second\nMore"), "two titles"),
    ("title_label_and_glance", replace("(ch-x)", "At a glance", "Overview"), "At a glance"),
    ("title_label_and_glance", replace("(ch-x)", "30 minutes", "soon"), "minutes"),
    ("spine_in_order", drop("## The whole thing"), "no `## The whole thing on one screen`"),
    ("spine_in_order", drop("## Derivative"), "no `## Derivative`"),
    ("spine_in_order", move("## Next", "## Exercises"), "keep the spine's order"),
    ("spine_in_order", append(markdown("## Extra")), "`## Extra` belongs to no part"),
    ("spine_in_order", omit(Exercises="tired"), "may not omit"),
    ("spine_in_order", omit(Derivative=""), "without a reason"),
    ("spine_in_order", omit(Derivative="chapter 3"), "omits 'Derivative', and has it"),
    ("parts_hold_what_they_promise", drop("show_source"), "show_source"),
    ("parts_hold_what_they_promise", drop("explore("), "explore"),
    ("parts_hold_what_they_promise", drop("for seed"), "several seeds"),
    (
        "parts_hold_what_they_promise",
        replace("from nnreg import L2\nassert", "assert", "print"),
        "agree",
    ),
    ("parts_hold_what_they_promise", set_output("from nnreg", name="stdout", text=""), "output"),
    ("parts_hold_what_they_promise", drop("assert not"), "mutants"),
    ("parts_hold_what_they_promise", replace("## Forward", "$$", "$"), "equation"),
    ("parts_hold_what_they_promise", replace("## Background", ".bib#known2020", ""), "cite"),
    ("parts_hold_what_they_promise", replace("## Notation", "|", " "), "table"),
    ("parts_hold_what_they_promise", replace("## A line", "Predict", "Look"), "Predict"),
    ("parts_hold_what_they_promise", picture_before_the_question, "before the question"),
    ("parts_hold_what_they_promise", no_question_and_no_picture, "before its picture"),
    ("one_screen_is_the_whole_thing", replace("## The whole", "$$", "$"), "display the formula"),
    (
        "one_screen_is_the_whole_thing",
        replace("def bare", "def bare(w):\n    return", "bare = lambda w:"),
        "write the thing out",
    ),
    (
        "one_screen_is_the_whole_thing",
        replace("def bare", "0.1", "lam"),
        "whoever copies its visible code gets NameError: name 'lam' is not defined",
    ),
    (
        "one_screen_is_the_whole_thing",
        metadata(lambda m: m.update(mystnb={"code_prompt_show": "Imports"}), "def bare"),
        "name 'bare' is not defined",
    ),
    ("enough_exercises", drop("```{exercise-start}\n:label: ex-x-6"), "5 exercises: write 6"),
    ("not_too_long", replace("## Next", "More", WORD * 4501), "words of prose"),
    (
        "code_is_narrow_and_short",
        replace(STEP, "= 1", "= 1\n" * 11),
        "12 lines of code, at most 10",
    ),
    (
        "code_is_narrow_and_short",
        replace("for seed", ":", ":\n" * 30),
        "32 lines of code, at most 31",
    ),
    ("code_is_narrow_and_short", replace(STEP, "= 1", "= 1" * 30), "lines 1 are wider than 79"),
    ("code_is_narrow_and_short", replace("for seed", ":", ":" * 80), "lines 1 are wider than 79"),
    ("code_is_narrow_and_short", replace("assert 2", "4", "4" * 63), "lines 1 are wider than 78"),
    ("pictures_wiring_and_training_are_folded", unfold("fig"), "fold the code of this picture"),
    ("pictures_wiring_and_training_are_folded", unfold("explore"), "fold the code of this picture"),
    ("pictures_wiring_and_training_are_folded", replace(STEP, "1", "figure()"), "fold the code of"),
    ("pictures_wiring_and_training_are_folded", unfold("for seed"), "fold this experiment"),
    ("pictures_wiring_and_training_are_folded", replace(STEP, "1", "tqdm(x)"), "fold this exp"),
    ("claims_are_folded_and_come_after", unfold("claim("), "fold these claims"),
    ("claims_are_folded_and_come_after", move("claim(", "shown"), "claims before anything"),
    (
        "asserts_hold_whatever_is_changed",
        replace("for seed", "fit(model(seed))", "assert accuracy(seed) > 0.8"),
        "`assert accuracy(seed) > 0.8` guards a result",
    ),
    ("nothing_spoils_a_prediction", insert("fig", code("assert bends")), "before the reader"),
    ("nothing_spoils_a_prediction", insert("fig", code('claim("x", 1, 1)')), "before the reader"),
    (
        "nothing_spoils_a_prediction",
        insert("fig", folded("x = 1", "98 % by heart")),
        "the label '98 % by heart' holds a number",
    ),
    ("text_in_pictures_is_large_enough_on_a_phone", wide_picture, "a picture 600 pixels wide"),
    (
        "text_in_pictures_is_large_enough_on_a_phone",
        replace("fig", "fig", "ax.text(0, 0, 'x', fontsize=9)\nfig"),
        "letters of 9 points",
    ),
    (
        "sliders_draw_what_no_later_cell_rebinds",
        replace("explore(", "explore(draw", "def draw(fig, v):\n    shown[v]\nexplore(draw"),
        "binds shown anew",
    ),
    ("references_read_well_anywhere", replace("## Next", "More", "{ref}`ch-y`"), "a raw label"),
    ("references_read_well_anywhere", replace("## Next", "More", "{cite:t}`a`"), "a raw label"),
    ("references_read_well_anywhere", replace("## Next", "More", "[Y](9_y.ipynb)"), "not exist"),
    ("references_read_well_anywhere", replace("## Backg", "Known (", "He ("), "'Known (2020)'"),
    ("references_read_well_anywhere", replace("## Backg", "#known", "#x"), "a known key"),
    (
        "references_read_well_anywhere",
        replace("## Next", "More", "[Ba et al., 1999](../book/references.bib#ba2)"),
        "'Ba et al., 1999b'",
    ),
    ("next_leads_to_the_next_page", replace("## Next", "More", "[A](A1_x.ipynb)"), "01_y.ipynb"),
    ("next_leads_to_the_next_page", replace("## Next", "[Y](01_y.ipynb)", "on"), "01_y.ipynb"),
    ("chapters_that_are_named_exist", replace("## Next", "More", "In chapter 7"), "chapter 7"),
    ("chapters_that_are_named_exist", replace("## Next", "More", "Appendix A9"), "appendix A9"),
    (
        "faults_of_others_carry_version_and_date",
        replace("## Next", "More", "SciRS2 has a fault since 2024"),
        "names SciRS2",
    ),
    (
        "faults_of_others_carry_version_and_date",
        replace("## Next", "More", "SciRS2 [has](https://github.com/a/b/blob/c0ffee/x.rs) one"),
        "names SciRS2",
    ),
    (
        "table_headers_say_what_stands_below",
        replace("## Next", "More", "| | b |\n|---|---|\n| 1 | 2 |"),
        "an empty header",
    ),
    ("numbers_are_written_as_a_person_writes_them", replace("## Next", "More", "5e-05"), "5e-05"),
    (
        "numbers_are_written_as_a_person_writes_them",
        metadata(lambda m: m.mystnb.figure.update(caption="At 1e+02 it falls."), "fig"),
        "1e+02",
    ),
    (
        "numbers_are_written_as_a_person_writes_them",
        set_output("explore", data={"text/html": explorer_html("At 1e-07.", "At 3.")}),
        "1e-07",
    ),
    ("backward_is_written_before_it_is_shown", drop("backward = ..."), "nobody is asked"),
    ("backward_is_written_before_it_is_shown", replace("backward =", "...", "2"), "nobody is"),
    (
        "backward_is_written_before_it_is_shown",
        move("backward = ...", "## Break it"),
        "nobody is asked",
    ),
    ("no_banned_words", replace("## Next", "More", "Simply more"), "'Simply'"),
    ("no_banned_words", replace("## Next", "More", "Of course more"), "'Of course'"),
    (
        "each_labelled_derivative_checked",
        replace(ALL_AT, "# equation 0.2", "# look"),
        "eq-x-grad",
    ),
    ("each_labelled_derivative_checked", replace(ALL_AT, "check_gradient(", "print("), "eq-x-grad"),
    (
        "each_labelled_derivative_checked",
        replace(ALL_AT, "w)", "w, raise_on_fail=False)"),
        "eq-x-grad",
    ),
    ("each_labelled_derivative_checked", move(ALL_AT, "## Derivative"), "eq-x-grad"),
    (
        "each_labelled_derivative_checked",
        replace(
            "## Derivative",
            "(eq-x-grad)",
            "(eq-x-grad)\n\n```{math}\n:label: eq-x-two\n\\nabla R\n```",
        ),
        "eq-x-two",
    ),
    ("checks_name_equations_that_exist", replace(ALL_AT, "0.2", "0.3"), "names equation 0.3"),
    ("checks_name_equations_that_exist", replace(ALL_AT, "0.2", "0.2, eq-x-grad"), "a page shows"),
    ("numbers_of_the_prose_stand_in_code", replace("## Forward", "0.5 here", "0.7 here"), "0.7"),
    (
        "numbers_of_the_prose_stand_in_code",
        replace("## Forward", "0.5 here", "$3\\times10^{-4}$"),
        "10^",
    ),
    ("numbers_of_the_prose_stand_in_code", replace("## Forward", "0.5 here", "37 % of it"), "37 %"),
    *(
        ("numbers_of_the_prose_stand_in_code", replace("## Forward", "0.5 here", said), said)
        for said in ("19 of 2", "2 of 23", "2 out of the 23")
    ),
    # Asserted, but in another section; seen nowhere, but in a style sheet; in no cell at all.
    ("numbers_of_the_prose_stand_in_code", replace("## Derivative", "By", "0.5, by"), "(Deriv"),
    ("numbers_of_the_prose_stand_in_code", replace("## Explore", "Slide.", "By 0.77."), "0.77"),
    ("numbers_of_the_prose_stand_in_code", replace("## Next", "More.", "By 0.7."), "(Next)"),
    (
        "exercises_with_hint_solution_and_check",
        replace("## Exercises", ":label: ex-x\n", ""),
        "label",
    ),
    *(
        ("exercises_with_hint_solution_and_check", replace("## Exercises", "{hint}", other), "hint")
        for other in ("{note}", "{note} Hint", "{admonition} Note", "{dropdown} Note")
    ),
    ("exercises_with_hint_solution_and_check", drop("```{solution-start}"), "solution-start"),
    (
        "exercises_with_hint_solution_and_check",
        replace("```{solution-start}", "dropdown", "x"),
        "fold",
    ),
    (
        "exercises_with_hint_solution_and_check",
        replace("assert 2", "assert 2 + 2 == 4", "2 + 2"),
        "no check",
    ),
    ("exercises_with_hint_solution_and_check", drop("x = ..."), "take the reader's answer"),
    (
        "exercises_with_hint_solution_and_check",
        replace("x = ...", "...", "4"),
        "take the reader's answer",
    ),
    (
        "exercises_with_hint_solution_and_check",
        set_output("x = ...", name="stdout", text="Right."),
        "take the reader's answer",
    ),
    (
        "exercises_with_hint_solution_and_check",
        move("x = ...", "assert 2"),
        "take the reader's answer",
    ),
    ("exercises_with_hint_solution_and_check", no_exercises, "no exercise"),
    (
        "figures_named_captioned_described",
        metadata(lambda m: m.mystnb.figure.update(name="x"), "fig"),
        "fig-…",
    ),
    (
        "figures_named_captioned_described",
        metadata(lambda m: m.mystnb.figure.pop("caption"), "fig"),
        "caption",
    ),
    (
        "figures_named_captioned_described",
        metadata(lambda m: m.mystnb.pop("image"), "fig"),
        "alt text",
    ),
    (
        "figures_named_captioned_described",
        metadata(lambda m: m.mystnb.image.update(alt="a plot"), "fig"),
        "alt text 'a plot'",
    ),
    (
        "figures_named_captioned_described",
        metadata(lambda m: m.mystnb.figure.update(name="fig-x-explore"), "fig"),
        "taken",
    ),
    (
        "figures_named_captioned_described",
        set_output("explore", data={"text/html": explorer_html("Always this.")}),
        "follow the slider",
    ),
    (
        "figures_named_captioned_described",
        set_output("explore", data={"text/html": explorer_html("Seen.", "")}),
        "without a caption",
    ),
    (
        "figures_named_captioned_described",
        set_output("explore", data={"text/html": explorer_html("A", "B").replace("Ten dots", "")}),
        "alt text ' and",
    ),
    *(
        (
            "figures_named_captioned_described",
            set_output("fig", data={"text/html": dragged_html(kind, name, caption, alt)}),
            said,
        )
        for kind in ("diamond", "projection")
        for name, caption, alt, said in (
            ("drag", "Drag it.", "A row of three numbers in space.", "without a name"),
            ("fig-x-drag", " ", "A row of three numbers in space.", "without a caption"),
            ("fig-x-drag", "Drag it.", "A row.", "alt text 'A row.'"),
        )
    ),
    ("covers_its_public_names", replace("show_source", "L2", "L1"), "covers nnreg.L2"),
    (
        "covers_its_public_names",
        lambda n: [c.update(source=c.source.replace("check_gradient", "check")) for c in n.cells],
        "covers nnreg.check_gradient",
    ),
    ("symbols_are_the_books", replace("## Notation", "$w$", "$w$, $\\xi$"), "xi"),
]


@pytest.mark.parametrize(("rule", "breakage", "message"), BROKEN)
def test_broken_chapter_is_rejected(book, rule, breakage, message):
    notebook = notebook_of(sound_chapter())
    breakage(notebook)
    said = complaints(book, rule, notebook)
    assert message in said
    assert said.startswith("00_x.ipynb")


BROKEN_APPENDIX = [
    ("spine_in_order", replace("## Two", "Predict", "Look"), "ask before you show"),
    ("spine_in_order", drop("## What you"), "has no `## What you can now do`"),
    ("spine_in_order", move("## Why", "## Background"), "has to end with Exercises, What you"),
    ("spine_in_order", move("## Exercises", "## Background"), "in this order"),
    (
        "enough_exercises",
        replace("## Exercises", "{exercise-start}\n:label: ex-a-2", "{note}"),
        "1 exercises: write 2",
    ),
    ("each_labelled_derivative_checked", drop("# equation"), "add a cell `# equation A1.1`"),
    ("checks_name_equations_that_exist", replace("# equation", "A1.1", "A1.2"), "equation A1.2"),
    ("numbers_of_the_prose_stand_in_code", replace("## Two", "Will", "By 0.5"), "(Two runs)"),
]


@pytest.mark.parametrize(("rule", "breakage", "message"), BROKEN_APPENDIX)
def test_broken_appendix_is_rejected(book, rule, breakage, message):
    notebook = notebook_of(sound_appendix())
    breakage(notebook)
    said = complaints(book, rule, notebook, "A1_x.ipynb")
    assert message in said
    assert said.startswith("A1_x.ipynb")


def test_every_rule_has_a_breakage():
    assert {rule for rule, *_ in BROKEN} == {rule.__name__ for rule in RULES}


@pytest.mark.parametrize(
    "prose",
    [
        "It is 0.5, or 50 %, or .50.",
        "See section 7.1 and version 1.2.3; [read](https://a.org/10.1).",
        "The code says `0.123`.",
        "It is 0.5 of 3.",
        "```{exercise-start}\n```\nGive it 0.123.\n```{exercise-end}\n```",
    ],
)
def test_numbers_that_need_no_assertion(book, prose):
    notebook = notebook_of(sound_chapter())
    replace("## Forward", "It is 0.5 here.", prose)(notebook)
    assert complaints(book, "numbers_of_the_prose_stand_in_code", notebook) == ""


@pytest.mark.parametrize(
    ("start", "old", "new"),
    [
        ("## Next", "More.", "Half of it, 0.5, is asserted above."),
        ("## Explore", "Slide.", "At 0.25 it is 75 % flat."),
    ],
)
def test_numbers_of_a_summary_and_of_a_caption_are_found(book, start, old, new):
    notebook = notebook_of(sound_chapter())
    replace(start, old, new)(notebook)
    html = explorer_html("On a flat line, 0.75.", "On a steep line, 0.25.")
    set_output("explore", data={"text/html": html})(notebook)
    assert complaints(book, "numbers_of_the_prose_stand_in_code", notebook) == ""


def test_a_question_without_a_picture_is_accepted(book):
    notebook = notebook_of(sound_chapter())
    drop("fig")(notebook)
    assert complaints(book, "parts_hold_what_they_promise", notebook) == ""


def test_an_omitted_part_with_a_reason_is_accepted(book):
    notebook = notebook_of(sound_chapter())
    drop("## Derivative")(notebook)
    omit(Derivative="the next chapter derives it")(notebook)
    assert complaints(book, "spine_in_order", notebook) == ""


@pytest.mark.parametrize("hint", ["{admonition} Hint", "{dropdown} Hint: look"])
def test_a_hint_may_be_an_admonition_or_a_dropdown(book, hint):
    notebook = notebook_of(sound_chapter())
    replace("## Exercises", "{hint}", hint)(notebook)
    assert complaints(book, "exercises_with_hint_solution_and_check", notebook) == ""


def test_an_exercise_in_words_needs_no_code(book):
    notebook = notebook_of(sound_chapter())
    drop("assert 2")(notebook)
    replace("```{solution-start}", "dropdown", "dropdown explain")(notebook)
    assert complaints(book, "exercises_with_hint_solution_and_check", notebook) == ""


@pytest.mark.parametrize(
    "prose",
    [
        "Chapter 14 of the NNFS book has it.",
        "[Known (2020)](../book/references.bib#known2020) has it in chapter 9.",
        "Chapter 0 has it.",
        "Appendix A1 has it.",
    ],
)
def test_a_chapter_of_another_book_may_be_named(book, prose):
    notebook = notebook_of(sound_chapter())
    replace("## Next", "More.", prose)(notebook)
    assert complaints(book, "chapters_that_are_named_exist", notebook) == ""


def test_a_fault_with_version_and_date_is_accepted(book):
    notebook = notebook_of(sound_chapter())
    fault = "SciRS2 [had one](https://github.com/a/b/blob/c0ffee/x.rs) in May 2024."
    replace("## Next", "More.", fault)(notebook)
    assert complaints(book, "faults_of_others_carry_version_and_date", notebook) == ""


def test_three_lines_of_torch_stand_where_they_are_seen(book):
    notebook = notebook_of(sound_chapter())
    compared = (
        'if find_spec("torch"):  # where PyTorch is installed, it agrees\n    import torch\n'
        "    t = torch.ones(3, requires_grad=True)\n    assert np.allclose(bare(t), 0.3)"
    )
    insert("## The finished", code(compared))(notebook)
    assert all_complaints(book, notebook_of(notebook.cells)) == ""


def test_an_opening_of_the_former_kind_is_accepted(book):
    notebook = notebook_of(sound_chapter())
    replace("## The whole", "The whole thing on one screen", "Synopsis")(notebook)
    drop("def bare")(notebook)
    for number in range(4, 7):
        drop(f"```{{exercise-start}}\n:label: ex-x-{number}")(notebook)
    assert all_complaints(book, notebook_of(notebook.cells)) == ""


def test_a_comment_in_a_code_fence_is_no_heading(book):
    notebook = notebook_of(sound_chapter())
    replace("## Next", "More.", "```python\n## no heading\n```")(notebook)
    assert complaints(book, "spine_in_order", notebook) == ""
