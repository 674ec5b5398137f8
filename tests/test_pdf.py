"""The paper book as a PDF (`make test-pdf`).

`NNREG_PDF` names a PDF that is built already, with its `.log` and `.aux` beside it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from nnreg import __version__
from tools import pdf_sources
from tools.tree import ROOT, number_of

from .test_pdf_sources import CHAPTERS, cells_of

SCREEN_WORDS = re.compile(r"(?i)\b(sliders?|drag|dragged|press|click|browser|javascript)\b|</?\w+>")
UNRESOLVED = re.compile(r"(?:page|chapter|Exercise|Fig\.|\() ?\?\?|\[\?\]")
OVERFULL = re.compile(r"Overfull \\hbox \(([\d.]+)pt too wide\)")
TOO_HIGH = re.compile(r"Overfull \\vbox \(([\d.]+)pt too high")
LIMIT = 2.0  # pt that a line may stick out: less than a hyphen


@pytest.fixture(scope="session")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """Return the path, the words and the logs of the PDF."""
    for program in ("latexmk", "xelatex", "pdftotext", "pdffonts"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing: see `make pdf`, and install poppler-utils")
    path = Path(os.environ.get("NNREG_PDF") or tmp_path_factory.mktemp("pdf") / "nnreg.pdf")
    if not path.exists():
        subprocess.run([sys.executable, str(ROOT / "tools/build_pdf.py"), str(path)], check=True)
    pages = output_of("pdftotext", "-layout", str(path), "-").split("\f")[:-1]
    return SimpleNamespace(
        path=path,
        pages=pages,
        words=" ".join(" ".join(pages).split()),
        log=path.with_suffix(".log").read_text(encoding="utf8", errors="replace"),
        aux=path.with_suffix(".aux").read_text(encoding="utf8"),
    )


def output_of(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def chapter_pages(pdf: SimpleNamespace) -> list[str]:
    """Return the pages from the first chapter to the last solution."""
    first = next(i for i, page in enumerate(pdf.pages) if page.lstrip().startswith("Chapter 1\n"))
    last = next(i for i, page in enumerate(pdf.pages) if page.lstrip().startswith("Glossary\n"))
    return pdf.pages[first:last]


@pytest.mark.pdf
def test_the_book_has_its_pages_and_none_is_empty(pdf: SimpleNamespace) -> None:
    assert 400 <= len(pdf.pages) <= 600
    assert [i for i, page in enumerate(pdf.pages, start=1) if len(page.split()) < 2] == []


@pytest.mark.pdf
def test_every_chapter_begins_with_its_number_and_title(pdf: SimpleNamespace) -> None:
    for chapter in CHAPTERS:
        title = pdf_sources.title_of(cells_of(chapter)).partition("$")[0].strip()
        kind = "Appendix" if chapter.stem.startswith("A") else "Chapter"
        begin = f"{kind} {number_of(chapter.stem)} {title}"
        assert sum(" ".join(page.split()).startswith(begin) for page in pdf.pages) == 1, begin


@pytest.mark.pdf
def test_every_figure_has_its_caption_under_the_number_that_it_has_online(
    pdf: SimpleNamespace,
) -> None:
    for chapter in CHAPTERS:
        captions = [
            cell["metadata"]["mystnb"]["figure"]["caption"]
            for cell in cells_of(chapter)
            if "figure" in cell["metadata"].get("mystnb", {})
        ]
        for count, caption in enumerate(captions, start=1):
            (begin,) = re.match(r"([\w ,’-]*)", caption).groups()
            label = f"Fig. {number_of(chapter.stem)}.{count}: "
            assert label + " ".join(begin.split()[:3]) in pdf.words, label


@pytest.mark.pdf
def test_code_names_equations_by_the_numbers_that_they_have(pdf: SimpleNamespace) -> None:
    numbers = set(re.findall(r"\\newlabel\{equation:notebooks/[^}]*\}\{\{([\w.]+)\}", pdf.aux))
    for chapter in CHAPTERS:
        for cell in cells_of(chapter):
            for comment in re.findall(r"# equations? ([\dA., and]+)", cell["source"]):
                named = set(re.findall(r"A?\d+\.\d+", comment))
                assert named <= numbers, (chapter.stem, comment)
    assert len(numbers) > 150


@pytest.mark.pdf
def test_every_exercise_has_its_solution_in_the_appendix(pdf: SimpleNamespace) -> None:
    for chapter in CHAPTERS:
        exercises = "".join(cell["source"] for cell in cells_of(chapter)).count("{exercise-start}")
        for count in range(1, exercises + 1):
            number = f"{number_of(chapter.stem)}.{count}"
            sent = rf"(?<!to )Exercise {re.escape(number)} \(.{{,160}}?\(solution: page \d+\)"
            assert re.search(sent, pdf.words), number
            answered = rf"Solution to Exercise {re.escape(number)} \(.{{,160}}?\(page \d+\)"
            assert re.search(answered, pdf.words), number
        labels = re.findall(
            rf"\\newlabel\{{notebooks/{chapter.stem}:ex-[^}}]*\}}\{{\{{([\w.]+)\}}", pdf.aux
        )
        assert set(labels) == {f"{number_of(chapter.stem)}.{i + 1}" for i in range(exercises)}


def printed_number(page: str) -> str:
    """Return the number at the foot of a page."""
    return page.split()[-1]


@pytest.mark.pdf
def test_exercise_and_solution_name_the_page_on_which_the_other_stands(
    pdf: SimpleNamespace,
) -> None:
    told, stands = {}, {}
    for page in pdf.pages:
        words = " ".join(page.split())
        for kind, begin in (("solution", "Solution to Exercise"), ("exercise", "Exercise")):
            other = "exercise" if kind == "solution" else "solution"
            named = r"page" if kind == "solution" else r"solution: page"
            heading = rf"(?<!to ){begin} (A?\d+\.\d+) \(.{{,160}}?\({named} (\d+)\)"
            for number, page_of_other in re.findall(heading, words):
                stands[kind, number] = printed_number(page)
                told[other, number] = page_of_other
    assert len(told) > 200
    assert told == stands


@pytest.mark.pdf
def test_no_page_begins_with_the_last_line_of_a_code(pdf: SimpleNamespace) -> None:
    cells = [cell for chapter in CHAPTERS for cell in cells_of(chapter)]
    codes = [cell["source"].strip() for cell in cells if cell["cell_type"] == "code"]
    alone = {code for code in codes if "\n" not in code}
    last = {" ".join(code.splitlines()[-1].split()) for code in codes} - alone
    first = []
    for page in pdf.pages:  # below the running head
        rows = [" ".join(row.split()) for row in page.splitlines()[1:] if row.strip()]
        first += rows[:1]
    assert len(first) > 400
    assert [row for row in first if row in last] == []


@pytest.mark.pdf
def test_no_heading_stays_alone_at_the_foot_of_a_page(pdf: SimpleNamespace) -> None:
    text = "\n".join(cell["source"] for chapter in CHAPTERS for cell in cells_of(chapter))
    headings = set(re.findall(r"(?m)^##+ (.*)", text)) | {"Predict", "Your turn", "Hint"}
    pages = [[" ".join(row.split()) for row in page.splitlines()] for page in pdf.pages]
    rows = [[row for row in page if row][1:-1] for page in pages]  # without head and foot
    assert sum(row in headings for page in rows for row in page) > 300
    assert [page[-1] for page in rows if page and page[-1] in headings] == []


@pytest.mark.pdf
def test_a_picture_stands_before_what_is_said_about_it(pdf: SimpleNamespace) -> None:
    seen = 0
    for chapter in CHAPTERS:
        cells = cells_of(chapter)
        shown = [
            i for i, cell in enumerate(cells) if "figure" in cell["metadata"].get("mystnb", {})
        ]
        for count, place in enumerate(shown, start=1):
            text = next(cell for cell in cells[place:] if cell["cell_type"] == "markdown")
            begin = re.match(r"[A-Z][\w ,]{14,60}(?= )", text["source"])
            if begin and pdf.words.count(begin[0]) == 1:
                label = f"Fig. {number_of(chapter.stem)}.{count}: "
                assert pdf.words.index(label) < pdf.words.index(begin[0]), (label, begin[0])
                seen += 1
    assert seen > 30


@pytest.mark.pdf
def test_a_name_in_code_is_divided_without_a_hyphen(pdf: SimpleNamespace) -> None:
    text = "".join(cell["source"] for chapter in CHAPTERS for cell in cells_of(chapter))
    names = set(re.findall(r"[A-Za-z]+(?:[_.][A-Za-z]+)+", text))
    divided = re.findall(r"([\w.]+)[-‐]\n *([\w.]+)", "\n".join(pdf.pages))
    assert [first + rest for first, rest in divided if first + rest in names] == []


@pytest.mark.pdf
def test_the_references_tell_two_works_of_one_year_apart(pdf: SimpleNamespace) -> None:
    start = next(i for i, page in enumerate(pdf.pages) if page.startswith("References\n"))
    references = " ".join(" ".join(pdf.pages[start:]).split())
    assert re.search(r"Deep residual learning.{,150}2016a\.", references)
    assert re.search(r"Identity mappings.{,150}2016b\.", references)


@pytest.mark.pdf
def test_the_file_says_what_it_is_and_no_clock_has_a_say(pdf: SimpleNamespace) -> None:
    about = output_of("pdfinfo", "-isodates", str(pdf.path))
    assert re.search(r"Title: +Regularising neural networks", about)
    assert re.search(r"Author: +The nnreg authors", about)
    assert re.search(r"CreationDate: +1970-01-01", about)
    assert f"Edition {__version__}" in pdf.pages[0]


@pytest.mark.pdf
def test_no_reference_and_no_citation_is_left_open(pdf: SimpleNamespace) -> None:
    assert UNRESOLVED.findall(pdf.words) == []
    assert re.findall(r"LaTeX Warning: (?:Reference|Citation).*", pdf.log) == []
    assert "There were undefined references" not in pdf.log
    assert "Rerun to get" not in pdf.log


@pytest.mark.pdf
def test_no_chapter_asks_paper_to_do_what_a_screen_does(pdf: SimpleNamespace) -> None:
    found = [
        (number, match[0])
        for number, page in enumerate(chapter_pages(pdf), start=1)
        for match in SCREEN_WORDS.finditer(page)
    ]
    assert found == []


@pytest.mark.pdf
def test_every_letter_is_there_and_every_font_inside(pdf: SimpleNamespace) -> None:
    assert re.findall(r"Missing character: .*", pdf.log) == []
    rows = output_of("pdffonts", str(pdf.path)).splitlines()[2:]
    assert len(rows) >= 5
    assert [row for row in rows if row.split()[-5] != "yes"] == []


@pytest.mark.pdf
def test_nothing_sticks_out_of_the_page(pdf: SimpleNamespace) -> None:
    assert [width for width in OVERFULL.findall(pdf.log) if float(width) > LIMIT] == []
    # Lines that TeX could not divide run over the foot of a page, and are lost.
    assert [height for height in TOO_HIGH.findall(pdf.log) if float(height) > 2 * LIMIT] == []
    sizes = output_of("pdfinfo", str(pdf.path))
    assert "A4" in sizes
