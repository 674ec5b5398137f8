"""The workbook: no solution in it, nothing but plain Markdown, and right when it is solved."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from tools.downloads import install_cell
from tools.tree import FIXED_ENVIRONMENT, ROOT
from tools.workbook import editions
from tools.workbook_cells import Part, parts_of, waits_for_an_answer
from tools.workbook_numbers import Book, read_book
from tools.workbook_plain import Plain

LONG = 25  # letters: a shorter line of a solution may stand anywhere
EXERCISE = re.compile(r"^### Exercise ([A-Z]?\d+\.\d+) · (.+)$", flags=re.M)
MYST = {
    "a role": r"\{[\w:+-]+\}`",
    "a directive": r"^\s*(`{3,}|:{3,}|~{3,})\s*\{",
    "a fence of colons": r"^\s*:{3,}",
    "a label": r"^\s*\([\w-]+\)=\s*$",
    "the label of a formula": r"\$\$[ \t]*\([\w-]+\)",
    "a macro of the book": r"\\(E|R|sign|prox|diag)(?![A-Za-z])",
    "a substitution": r"\{\{.*\}\}",
}
SOLVED = ("03_l1_l2_backward", "10_dropout", "A1_gradient_checking")


@pytest.fixture(scope="module")
def book() -> Book:
    return read_book()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the whole workbook, as `make workbook` writes it."""
    folder = tmp_path_factory.mktemp("workbook")
    command = [sys.executable, str(ROOT / "tools" / "workbook.py"), str(folder)]
    environment = {**os.environ, "PYTHONHASHSEED": "1", "NNREG_REPOSITORY_URL": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


def read(folder: Path, stem: str) -> tuple[NotebookNode, NotebookNode]:
    """A chapter of the workbook, and its solutions."""
    names = f"{stem}.ipynb", f"{stem}_solutions.ipynb"
    workbook, solutions = (nbformat.read(folder / name, as_version=4) for name in names)
    return workbook, solutions


def words_of(notebook: NotebookNode) -> list[str]:
    """The Markdown cells without the code in them."""
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return [re.sub(r"^(```\w*\n).*?^```$", "", text, flags=re.M | re.S) for text in texts]


def strings_in(value: object) -> Iterator[str]:
    """Every text in a notebook's JSON, pictures as well."""
    if isinstance(value, dict):
        yield from value
        value = list(value.values())
    if isinstance(value, list):
        for inside in value:
            yield from strings_in(inside)
    elif isinstance(value, str):
        yield value


def told_by(part: Part) -> str:
    """What a cell or its part says, with what it printed; pictures are left out."""
    printed = strings_in(part.cell.get("outputs", [])) if part.is_code else ()
    return "\n".join([part.text, *(text for text in printed if len(text) < 20_000)])


def test_the_same_chapters_give_the_same_bytes_in_another_process(folder, book):
    (wheel,) = folder.glob("nnreg-*.whl")
    for chapter in book.chapters:
        for end, notebook in zip(
            ("", "_solutions"), editions(book, chapter, f"./{wheel.name}"), strict=True
        ):
            written = (folder / f"{chapter.stem}{end}.ipynb").read_text(encoding="utf8")
            assert written == f"{nbformat.v4.writes(notebook)}\n", chapter.stem


def test_every_chapter_has_a_workbook_and_solutions_and_a_line_in_the_contents(folder, book):
    stems = [chapter.stem for chapter in book.chapters]
    assert sorted(f"{s}{end}.ipynb" for s in stems for end in ("", "_solutions")) == sorted(
        path.name for path in folder.glob("*.ipynb")
    )
    contents = (folder / "README.md").read_text(encoding="utf8")
    assert re.findall(r"\((\w+)\.ipynb\) \(\[", contents) == stems


def test_no_line_of_a_solution_is_anywhere_in_the_workbook(folder, book):
    for chapter in book.chapters:
        secret, public = "", ""
        for part in parts_of(chapter.notebook):
            if part.kind == "solution":
                secret += told_by(part) + "\n"
            else:
                public += told_by(part) + "\n"
        lines = {line.strip() for line in secret.splitlines()}
        lines = {line for line in lines if len(line) > LONG and line not in public}
        assert lines, chapter.stem
        workbook = json.loads((folder / f"{chapter.stem}.ipynb").read_text(encoding="utf8"))
        everything = "".join(strings_in(workbook))
        told = sorted(line for line in lines if line in everything)
        assert not told, f"{chapter.stem}: {told[:3]}"


def test_no_answer_cell_keeps_an_output(folder, book):
    for chapter in book.chapters:
        cells = [c for c in read(folder, chapter.stem)[0].cells if c.cell_type == "code"]
        open_cells = [cell for cell in cells if waits_for_an_answer(cell.source)]
        assert open_cells, chapter.stem
        for cell in open_cells:
            assert not cell.outputs, f"{chapter.stem}: {cell.id}"


def test_stubs_and_checks_stand_as_the_chapter_has_them(folder, book):
    for chapter in book.chapters:
        workbook = "\n".join(c.source for c in read(folder, chapter.stem)[0].cells)
        for part in parts_of(chapter.notebook):
            if part.kind != "solution" and part.is_code and waits_for_an_answer(part.text):
                assert part.text.partition("\n")[2] in workbook, f"{chapter.stem}: {part.cell.id}"


def test_nothing_but_plain_markdown(folder, book):
    for chapter in book.chapters:
        for notebook in read(folder, chapter.stem):
            for text in words_of(notebook):
                for name, pattern in MYST.items():
                    found = re.search(pattern, text, flags=re.M)
                    assert not found, f"{chapter.stem}: {name}, {found and found[0]!r}"


def test_every_fold_is_closed_and_every_quoted_formula_is_on_one_line(folder, book):
    for chapter in book.chapters:
        for notebook in read(folder, chapter.stem):
            for text in words_of(notebook):
                assert text.count("<details>") == text.count("</details>"), chapter.stem
                for line in text.splitlines():
                    if line.startswith(">"):
                        assert line.count("$$") % 2 == 0, f"{chapter.stem}: {line}"


def test_every_link_leads_to_a_notebook_of_the_folder_or_to_the_web(folder, book):
    for chapter in book.chapters:
        for notebook in read(folder, chapter.stem):
            for text in words_of(notebook):
                for target in re.findall(r"\]\(([^)\s]+)\)", text):
                    web = re.match(r"https?://[\w.-]+/", target)
                    assert web or (folder / target).is_file(), f"{chapter.stem}: {target}"


def test_every_exercise_is_in_both_files_with_its_number(folder, book):
    for chapter in book.chapters:
        given = [
            (number, book_title)
            for number, book_title in book.exercises.values()
            if number.rpartition(".")[0] == chapter.number
        ]
        assert given, chapter.stem
        for notebook in read(folder, chapter.stem):
            found = EXERCISE.findall("\n\n".join(words_of(notebook)))
            assert [number for number, _ in found] == [number for number, _ in given]
        _, solutions = read(folder, chapter.stem)
        solved = sum(text.startswith("**Solution.**") for text in words_of(solutions))
        assert solved == len(given), f"{chapter.stem}: an exercise without a solution"


def test_the_first_cell_installs_only_where_nnreg_is_missing(folder, book):
    (wheel,) = folder.glob("nnreg-*.whl")
    for chapter in book.chapters:
        assert read(folder, chapter.stem)[0].cells[0].source == install_cell(f"./{wheel.name}")


def test_a_repository_takes_the_place_of_the_wheel(book):
    workbook, _ = editions(book, book.chapters[0], "git+https://example.org/nnreg.git")
    assert '"nnreg": "git+https://example.org/nnreg.git"' in workbook.cells[0].source


def test_what_the_chapter_folds_is_folded_in_colab_and_in_jupyterlab(folder, book):
    for chapter in book.chapters:
        labels = [
            part.cell.metadata.mystnb.code_prompt_show
            for part in parts_of(chapter.notebook)
            if part.is_code and part.kind != "solution" and "mystnb" in part.cell.metadata
        ]
        folded = [c for c in read(folder, chapter.stem)[0].cells if c.metadata.get("cellView")]
        assert [cell.source.partition("\n")[0] for cell in folded[1:]] == [
            f"# @title {label}" for label in labels
        ]
        assert all(cell.metadata.jupyter.source_hidden for cell in folded)


def test_every_numbered_formula_shows_its_number(folder, book):
    for chapter in book.chapters:
        tags = [
            number
            for notebook in read(folder, chapter.stem)
            for text in words_of(notebook)
            for number in re.findall(r"\\tag\{([\w.]+)\}", text)
        ]
        own = [n for n in book.equations.values() if n.rpartition(".")[0] == chapter.number]
        assert set(tags) == set(own), chapter.stem


@pytest.mark.parametrize(
    ("myst", "plain"),
    [
        ("By {eq}`eq-drop-mean`.", "By equation 10.1."),
        ("{eq}`eq-drop-mean` and {eq}`eq-drop-unit` agree.", "Equations 10.1 and 10.4 agree."),
        ("In (equation {eq}`eq-drop-mean`)", "In (equation 10.1)"),
        ("{numref}`fig-drop-teams` shows", "Figure 10.2 shows"),
        ("an {term}`upstream gradient <gradient>`", "an upstream gradient"),
        ("({cite:p}`srivastava2014`)", "(Srivastava et al., 2014)"),
        ("{cite}`hoerl1970`", "[Hoerl and Kennard, 1970](https://doi.org/10.1080/"),
        ("in {ref}`ch-priors`", "in [chapter 5, *Read a penalty as a belief*](05_priors.ipynb)"),
        ("[Read a penalty](05_priors.ipynb) has it.", "[Chapter 5, *Read a penalty*](05_priors"),
        ("the [next one](05_priors.ipynb)", "the [next one](05_priors.ipynb)"),
        ("see [Conventions](../book/conventions.md)", "see the book's page *Conventions*"),
        ("(here)=\n## A\n\n$$\n\\E x\n$$ (eq-drop-mean)", "## A\n\n$$\n\\mathbb{E} x\n\\tag{10.1}"),
        (
            ":::{admonition} Predict\n:class: predict\nA\n\n$$\nb\n$$\n:::",
            "> **Predict**\n>\n> A\n>\n> $$ b $$",
        ),
        (
            "```{admonition} Why $\\lambda$?\n:class: dropdown\n- so\n```",
            "<details>\n<summary><b>Why λ?</b></summary>\n\n- so\n\n</details>",
        ),
        (
            "```{trainer} train-here\n:wrong: 0.2\n\nPress **Play**.\n```",
            "> **In the online book** a network trains here while you watch.\n>\n> Press **Play**.",
        ),
    ],
)
def test_myst_becomes_words(book, myst, plain):
    assert Plain(book, book.chapter("10_dropout")).block(myst).startswith(plain)


@pytest.mark.parametrize(
    "myst", ["```{tableofcontents}\n```", "{kbd}`q`", "- a\n\n  $$\n  x\n  $$"]
)
def test_what_has_no_plain_form_is_refused(book, myst):
    with pytest.raises(ValueError, match="has no plain form"):
        Plain(book, book.chapter("10_dropout")).block(myst)


@pytest.mark.book
def test_numbers_are_those_of_the_built_pages(site, book):
    for chapter in book.chapters:
        page = (site / "notebooks" / f"{chapter.stem}.html").read_text(encoding="utf8")
        own = rf"{re.escape(chapter.number)}\.\d+"
        on_page = {
            "equations": re.findall(rf'class="eqno">\(({own})\)', page),
            "figures": re.findall(rf'class="caption-number">Fig\. ({own}) ', page),
            "exercises": re.findall(
                rf'<h3[^>]*><span class="caption-number">Exercise ({own})', page
            ),
        }
        exercises = [number for number, _ in book.exercises.values()]
        ours = {
            "equations": list(book.equations.values()),
            "figures": list(book.figures.values()),
            "exercises": exercises,
        }
        for kind, numbers in ours.items():
            assert on_page[kind] == [n for n in numbers if re.fullmatch(own, n)], chapter.stem


# The workbook with the solutions pasted in.


def names_in(tree: ast.AST, context: type) -> set[str]:
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, context)}


def functions_in(tree: ast.AST) -> set[str]:
    kinds = ast.FunctionDef | ast.ClassDef
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def checks_in(tree: ast.AST) -> list[str]:
    """What each check of a cell expects."""
    return [
        ast.unparse(keyword.value)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "check_answer"
        for keyword in call.keywords
        if keyword.arg == "expected"
    ]


def pasted(answer: str, solution: str) -> tuple[str, str]:
    """An answer's cell without stubs and checks, and its checks of what the solution wrote.

    A check of a function is asked again below the solution; one of a number, which a solution
    need not call by the same name, has to stand in the solution itself.
    """
    kept, asked, numbers, functions = [], [], set(), set()
    solved = ast.parse(solution)
    for statement in ast.parse(answer).body:
        read = names_in(statement, ast.Load)
        if checks_in(statement):
            if read & functions and read & functions <= functions_in(solved) and not read & numbers:
                asked.append(ast.unparse(statement))
            else:
                assert set(checks_in(statement)) <= set(checks_in(solved)), ast.unparse(statement)
        elif waits_for_an_answer(f"{ast.unparse(statement)}\ncheck_answer(0, expected=0)"):
            numbers |= names_in(statement, ast.Store) if not functions_in(statement) else set()
            functions |= functions_in(statement)
        elif read & numbers:
            numbers |= names_in(statement, ast.Store)
        else:
            kept.append(ast.unparse(statement))
    return "\n".join(kept), "\n".join(asked)


def solved(workbook: NotebookNode, solutions: NotebookNode) -> tuple[NotebookNode, set[str]]:
    """A workbook in which somebody pasted every solution, and the ids of what they wrote."""
    code_of: dict[str, list[str]] = {}
    for cell in solutions.cells:
        if found := EXERCISE.search(cell.source):
            code_of[number := found[1]] = []
        elif cell.cell_type == "code":
            code_of[number].append(cell.source)
    cells, written, waiting = [], set(), ""
    for cell in workbook.cells:
        if cell.cell_type == "markdown":
            if waiting and (EXERCISE.search(cell.source) or cell.source.startswith("## ")):
                paste(code_of.pop(waiting), cells, written)
                waiting = ""
            if found := EXERCISE.search(cell.source):
                waiting = found[1]
        cells.append(cell)
    assert not code_of, f"solutions without an exercise: {sorted(code_of)}"
    return new_notebook(cells=cells, metadata=workbook.metadata), written


def paste(code: list[str], cells: list[NotebookNode], written: set[str]) -> None:
    """Solve the exercise that ends here."""
    solution, checks = "\n\n".join(code), []
    for cell in reversed(cells):
        if cell.cell_type == "markdown" and EXERCISE.search(cell.source):
            break
        if cell.cell_type == "code" and waits_for_an_answer(cell.source):
            cell.source, asked = pasted(cell.source, solution)
            checks.insert(0, asked)
    for text in filter(None, [solution, *checks]):
        cells.append(new_code_cell(text, id=f"pasted-{len(cells)}"))
        written.add(cells[-1].id)


@pytest.mark.changes
@pytest.mark.parametrize("stem", SOLVED)
def test_with_the_solutions_pasted_in_it_runs_and_every_check_says_right(
    folder, stem, monkeypatch: pytest.MonkeyPatch
):
    for name, value in FIXED_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    notebook, written = solved(*read(folder, stem))
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=900, resources=resources).execute()
    for cell in notebook.cells:
        if cell.id in written and "check_answer(" in cell.source:
            said = "".join(o.text for o in cell.outputs if o.output_type == "stream")
            assert "Right." in said, cell.source
            assert "There is no answer yet" not in said, cell.source
