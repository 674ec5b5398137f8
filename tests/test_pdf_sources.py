"""The paper book's sources: what is left out of a chapter, what moves, what becomes of a slider."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from PIL import Image

from tools import pdf_pictures, pdf_sources
from tools.tree import ROOT

CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def cells_of(chapter: Path) -> list[dict]:
    cells = json.loads(chapter.read_text(encoding="utf8"))["cells"]
    return [{**cell, "source": "".join(cell["source"])} for cell in cells]


def code(source: str, *outputs: dict, tags: tuple[str, ...] = ()) -> dict:
    metadata = {"tags": list(tags)}
    return {
        "cell_type": "code", "metadata": metadata, "source": source, "outputs": list(outputs)
    }  # fmt: skip


def said(text: str) -> dict:
    return {"output_type": "stream", "name": "stdout", "text": text.splitlines(keepends=True)}


def test_folded_code_is_left_out_and_what_it_shows_stays(tmp_path: Path) -> None:
    silent = pdf_sources.printed_cell(code("import os", tags=("hide-input",)), tmp_path, set())
    (shown,) = pdf_sources.printed_cell(
        code("print(1)", said("1\n"), tags=("hide-input",)), tmp_path, set()
    )
    assert silent == []
    assert shown["metadata"]["tags"] == ["remove-input"]
    assert shown["outputs"]


def test_answers_of_a_check_that_nobody_runs_on_paper_are_left_out(tmp_path: Path) -> None:
    unanswered = said(pdf_sources.UNANSWERED + "Right.\nw = 1\n")
    (cell,) = pdf_sources.printed_cell(code("w = ...", unanswered), tmp_path, set())
    assert cell["outputs"][0]["text"] == ["w = 1"]


def test_no_box_begins_or_ends_with_an_empty_line_or_holds_nothing(tmp_path: Path) -> None:
    (cell,) = pdf_sources.printed_cell(
        code("# Solution\n\nw = 1\n", said("\n 1\n\n")), tmp_path, set()
    )
    assert cell["source"] == "w = 1"
    assert cell["outputs"][0]["text"] == [" 1"]
    assert pdf_sources.printed_cell(code("# Solution", said("\n")), tmp_path, set()) == []


def test_two_works_of_one_year_have_the_letters_by_which_chapters_cite_them(tmp_path: Path) -> None:
    for name in ("book", "notebooks"):
        (tmp_path / name).mkdir()
    works = tmp_path / "book/references.bib"
    works.write_text((ROOT / "book/references.bib").read_text(encoding="utf8"), encoding="utf8")
    for chapter in CHAPTERS:
        (tmp_path / "notebooks" / chapter.name).write_bytes(chapter.read_bytes())
    pdf_sources.tell_years_apart(tmp_path)
    years = dict(
        re.findall(r"@\w+\{(\w+),[^@]*?year = \{(\w+)\}", works.read_text(encoding="utf8"))
    )
    assert (years["he2016"], years["he2016identity"]) == ("2016a", "2016b")
    assert all(year.isdigit() for key, year in years.items() if not key.startswith("he2016"))


def test_a_sealed_answer_takes_later_checks_with_it() -> None:
    sealed: set[str] = set()
    assert pdf_sources.without_sealed('right = "sealed:MQ=="', sealed) == ""
    assert pdf_sources.without_sealed("w = ...\ncheck_answer(w, expected=right)", sealed) == (
        "w = ..."
    )
    open_check = "check_answer(f, 1, expected=g)"
    assert pdf_sources.without_sealed(open_check, sealed) == open_check


def test_solutions_move_out_and_exercises_keep_their_stub() -> None:
    start, end = "```{solution-start} ex-1\n```\n", pdf_sources.END
    exercise = "```{exercise-start} One\n:label: ex-1\n```\nAsk.\n" + pdf_sources.EXERCISE_END
    cells = [
        pdf_sources.markdown(exercise), code("w = ..."),
        pdf_sources.markdown(start + "Why."), code("w = 1"),
        pdf_sources.markdown(end + "\n\n## Next"),
    ]  # fmt: skip
    chapter, solutions = pdf_sources.parted(cells)
    assert [cell["source"].strip() for cell in solutions] == [
        (start + "Why.").strip(), "w = 1", end
    ]  # fmt: skip
    kept = [cell["source"].strip() for cell in pdf_sources.stub_inside(chapter)]
    assert kept[1:] == ["w = ...", pdf_sources.EXERCISE_END, "## Next"]


def test_each_chapter_loses_as_many_solutions_as_it_has_exercises() -> None:
    for chapter in CHAPTERS:
        cells, solutions = pdf_sources.parted(cells_of(chapter))
        kept = "".join(cell["source"] for cell in cells)
        moved = "".join(cell["source"] for cell in solutions)
        assert "{solution" not in kept
        assert kept.count("{exercise-start}") == moved.count("{solution-start}") > 0, chapter
        assert moved.count("{solution-end}") == moved.count("{solution-start}"), chapter


def test_every_slider_gives_three_whole_frames() -> None:
    found = 0
    for chapter in CHAPTERS:
        for cell in cells_of(chapter):
            for output in cell.get("outputs", []):
                page = "".join(output.get("data", {}).get("text/html", ""))
                if "nnreg-explore" in page:
                    frames = pdf_pictures.frames(page)
                    assert len({frame.value for frame in frames}) == 3, chapter
                    found += 1
                    for frame in frames:  # nothing shines through: no half of a picture
                        assert frame.image.getextrema()[3] == (255, 255), (chapter, frame.value)
    assert found >= 20


def test_a_frame_is_the_first_one_with_what_differs_laid_over(tmp_path: Path) -> None:
    page = (ROOT / "book" / "landing.html").read_text(encoding="utf8")
    chosen, low, high = pdf_pictures.frames(page)
    assert (low.value, high.value) == ("λ = 0", "λ = 0.1")
    assert low.image.size == chosen.image.size == high.image.size
    assert low.image.tobytes() != chosen.image.tobytes() != high.image.tobytes()
    tex = pdf_pictures.slider_in_print(page, tmp_path)
    pictures = re.findall(r"\{([\w-]+\.png)\}", tex)
    assert len(pictures) == 3
    for name in pictures:
        with Image.open(tmp_path / name) as picture:
            assert picture.mode == "P"
    assert r"98\%" in tex


def test_words_for_a_screen_are_still_where_printed_toml_says() -> None:
    sentences = tomllib.loads((ROOT / "book/_latex/printed.toml").read_text(encoding="utf8"))
    for page, replaced in sentences.items():
        (path,) = [*ROOT.glob(f"notebooks/{page}.ipynb"), *ROOT.glob(f"book/{page}.md")]
        if path.suffix == ".ipynb":
            text = "\0".join(cell["source"] for cell in cells_of(path))
        else:
            text = pdf_sources.LINK.sub(r"\1", path.read_text(encoding="utf8"))
        pdf_sources.print_sentences(text, replaced, page)
    section = pdf_sources.print_sentences("# A\n## B\nb\n## C\n", {"## B": "## D\n"}, "page")
    assert section == "# A\n## D\n## C\n"
    with pytest.raises(SystemExit, match="01_overfitting no longer has the words 'gone'"):
        pdf_sources.print_sentences("here", {"gone": ""}, "01_overfitting")


def test_every_page_of_the_site_is_printed_but_those_that_answer_on_a_screen() -> None:
    site = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf8"))
    online = {page["file"] for part in site["parts"] for page in part["chapters"]}
    paper = pdf_sources.printed_toc(site)
    printed = {page["file"] for part in paper["parts"] for page in part["chapters"]}
    assert online - printed == set(pdf_sources.LEFT_OUT)
    assert printed - online == {pdf_sources.PREFACE, pdf_sources.SOLUTIONS}


def test_without_tex_the_message_says_what_to_install() -> None:
    command = [sys.executable, str(ROOT / "tools" / "build_pdf.py")]
    done = subprocess.run(
        command, env={**os.environ, "PATH": "/nowhere"}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "no latexmk and no xelatex" in done.stdout
    assert "apt-get install --no-install-recommends latexmk texlive-xetex" in done.stdout
