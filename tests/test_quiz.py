"""The quiz: five sound questions for each part, links that lead somewhere, answers out of sight.

The page is built by itself, with chapters of which only the headings are left.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from base64 import b64decode
from collections import Counter
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

from tools.tree import FIXED_ENVIRONMENT, ROOT

PARTS = tomllib.loads((ROOT / "book" / "quiz.toml").read_text(encoding="utf8"))
QUESTIONS = [question for questions in PARTS.values() for question in questions]
EXPLANATIONS = [reason for question in QUESTIONS for _, reason in question["choices"]]
CONF = f"""
import sys
sys.path.insert(0, {str(ROOT / "book" / "_ext")!r})
extensions = ["myst_parser", "sphinx.ext.mathjax", "quiz"]
myst_enable_extensions = ["dollarmath"]
templates_path = []
"""


def headings(notebook: Path) -> str:
    cells = json.loads(notebook.read_text(encoding="utf8"))["cells"]
    text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    return "\n\n".join(re.findall(r"^#+ .+", text, re.M))


def make_sources(folder: Path) -> Path:
    """Write the quiz and chapters without text."""
    (folder / "book").mkdir(parents=True)
    (folder / "notebooks").mkdir()
    for name in ("quiz.md", "quiz.toml"):
        shutil.copy(ROOT / "book" / name, folder / "book")
    for notebook in (ROOT / "notebooks").glob("*.ipynb"):
        (folder / "notebooks" / f"{notebook.stem}.md").write_text(headings(notebook), "utf8")
    (folder / "index.md").write_text("# All\n\n```{toctree}\n:glob:\n*/*\n```\n", "utf8")
    (folder / "conf.py").write_text(CONF, "utf8")
    return folder


def build(sources: Path, site: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-q", "-W", "-d", f"{site}-doctrees"]
    command += [str(sources), str(site)]
    return subprocess.run(command, capture_output=True, text=True, env=FIXED_ENVIRONMENT)


@pytest.fixture(scope="module")
def site_of_the_quiz(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("quiz")
    done = build(make_sources(folder / "sources"), folder / "site")
    assert done.returncode == 0, done.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def forms(site_of_the_quiz) -> list:
    page = (site_of_the_quiz / "book" / "quiz.html").read_text(encoding="utf8")
    return BeautifulSoup(page, "html.parser").select("form.quiz")


def unsealed(choice) -> str:
    seed, mixed = int(choice["value"]), bytearray(b64decode(choice["data-sealed"]))
    for place in range(len(mixed)):
        seed = seed * 16807 % 2147483647
        mixed[place] ^= seed & 255
    return mixed.decode("utf8")


def words(text: str) -> str:
    """Return what a reader would recognise, without markup, TeX or spaces."""
    return "".join(re.findall(r"\w+", re.sub(r"\$[^$]*\$|<[^>]*>|[*`]", "", text)))


def given_away(site: Path) -> list[str]:
    """Explanations of which the first words stand in clear in a file of the site."""
    texts = [words(path.read_text("utf8", "ignore")) for path in site.rglob("*") if path.is_file()]
    starts = [words(reason.split(". ")[0])[:40] for reason in EXPLANATIONS]
    return [start for start in starts if any(start in text for text in texts)]


def test_every_part_of_the_book_has_five_questions():
    contents = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf8"))
    captions = [part["caption"] for part in contents["parts"]]
    numbered = [caption.split(" · ")[1] for caption in captions if " · " in caption]
    assert list(PARTS) == numbered
    assert {part: len(questions) for part, questions in PARTS.items()} == dict.fromkeys(PARTS, 5)
    page = (ROOT / "book" / "quiz.md").read_text(encoding="utf8")
    assert re.findall(r"```\{quiz\} (.+)", page) == re.findall(r"^## (.+)", page, re.M) == numbered


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["section"])
def test_each_of_four_choices_has_a_reason_of_its_own(question):
    choices, reasons = zip(*question["choices"], strict=True)
    assert len(set(choices)) == len(set(reasons)) == 4
    assert question["right"] in (1, 2, 3, 4)
    for reason in reasons:
        assert re.search(r"\b([Bb]ecause|[Ss]o)\b", reason), reason


def test_neither_its_place_nor_its_length_tells_the_right_choice():
    places = Counter(question["right"] for question in QUESTIONS)
    assert min(places[place] for place in (1, 2, 3, 4)) >= 4
    ranks = Counter()
    for question in QUESTIONS:
        lengths = [len(choice) for choice, _ in question["choices"]]
        ranks[sorted(lengths).index(lengths[question["right"] - 1])] += 1
    assert max(ranks[0], ranks[3]) <= len(QUESTIONS) / 3, "shortest or longest too often"


def test_a_form_has_a_question_four_buttons_in_one_group_and_a_place_for_the_verdict(forms):
    assert len(forms) == len(QUESTIONS)
    groups = [{choice["name"] for choice in form.select("input[type=radio]")} for form in forms]
    assert len(set.union(*groups)) == len(forms)
    for form, group in zip(forms, groups, strict=True):
        assert len(group) == 1
        assert form.fieldset.legend.get_text(strip=True)
        assert len(form.select("label > input[type=radio]")) == 4
        assert form.select_one("[role=status]").get_text() == ""


def test_each_question_leads_to_a_section_of_its_chapter(forms, site_of_the_quiz):
    for form, question in zip(forms, QUESTIONS, strict=True):
        (link,) = form.select(".quiz-place a")
        page, _, anchor = link["href"].partition("#")
        target = (site_of_the_quiz / "book" / page).resolve()
        assert target.stem == question["chapter"]
        section = BeautifulSoup(target.read_text("utf8"), "html.parser").find(id=anchor)
        assert section.find(re.compile("h[1-6]")).get_text().startswith(question["section"])


def test_a_section_that_does_not_exist_stops_the_build(tmp_path):
    questions = make_sources(tmp_path / "sources") / "book" / "quiz.toml"
    text = questions.read_text("utf8").replace('section = "Watch it happen"', 'section = "Gone"')
    questions.write_text(text, "utf8")
    done = build(tmp_path / "sources", tmp_path / "site")
    assert done.returncode != 0
    assert "notebooks/01_overfitting has no section 'Gone'" in done.stderr


def test_a_choice_holds_its_own_verdict_and_reason(forms):
    for form, question in zip(forms, QUESTIONS, strict=True):
        opened = [unsealed(choice) for choice in form.select("input")]
        marks = [text[0] == "1" for text in opened]
        assert [place for place, right in enumerate(marks, 1) if right] == [question["right"]]
        for text, (_, reason) in zip(opened, question["choices"], strict=True):
            formula = r"\$[^$]*\$|\\\(.*?\\\)"
            seen, written = (words(re.sub(formula, "", t)) for t in (text[1:], reason))
            assert seen == written


def test_no_file_of_the_site_holds_an_explanation_in_clear(site_of_the_quiz):
    assert given_away(site_of_the_quiz) == []


def test_an_explanation_in_clear_is_noticed(tmp_path):
    page = f"<p>{EXPLANATIONS[0]}</p><p>{EXPLANATIONS[-1]}</p>"
    (tmp_path / "quiz.html").write_text(page, encoding="utf8")
    assert len(given_away(tmp_path)) == 2


def test_nothing_in_clear_marks_the_right_choice(forms):
    for form in forms:
        choices = form.select("input")
        assert len({frozenset(choice.attrs) for choice in choices}) == 1
        assert {choice["type"] for choice in choices} == {"radio"}
        assert len({str(label.attrs) for label in form.select("label")}) == 1
        # Alike for three and different for one, the first letters would tell.
        assert len({choice["data-sealed"][:2] for choice in choices}) == 4


@pytest.mark.book
def test_the_books_own_page_gives_nothing_away_and_no_other_page_loads_its_script(site):
    page = (site / "book" / "quiz.html").read_text(encoding="utf8")
    assert len(BeautifulSoup(page, "html.parser").select("form.quiz")) == len(QUESTIONS)
    assert given_away(site / "book") == given_away(site / "_sources") == []
    loading = [path for path in site.rglob("*.html") if "_static/quiz.js" in path.read_text("utf8")]
    assert [path.name for path in loading] == ["quiz.html"]
