"""The slider of the first page is that of chapter 4, and shows a penalty that helps."""

from __future__ import annotations

import json
import re

import nbformat
import pytest

from tools import landing

LIMIT = 150_000  # bytes


@pytest.fixture(scope="module")
def page() -> str:
    return landing.PAGE.read_text(encoding="utf8")


def test_the_page_has_todays_slider_of_the_chapter_and_is_small(page):
    if page != landing.landing(landing.CHAPTER):
        pytest.fail("book/landing.html: run python tools/landing.py", pytrace=False)
    assert len(page.encode()) < LIMIT


def test_another_slider_is_noticed(page, tmp_path):
    notebook = nbformat.read(landing.CHAPTER, as_version=nbformat.NO_CONVERT)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if html := output.get("data", {}).get("text/html"):
                output["data"]["text/html"] = html.replace("λ = 0.01", "λ = 0.02")
    nbformat.write(notebook, tmp_path / "04.ipynb")
    assert landing.landing(tmp_path / "04.ipynb") != page


def test_on_the_way_to_the_mark_wrong_labels_are_let_go_and_new_digits_read(page):
    (frames,) = re.findall(r'<script type="application/json">(.*?)</script>', page, re.S)
    told = [
        [int(number) for number in re.findall(r"(\d+)\s*%", frame["caption"])]
        for frame in json.loads(frames)
    ]
    marked = int(re.search(r'id="fig-first-minute-mark" data-at="(\d+)"', page)[1])
    assert told[0][0] == 100
    assert told[marked][0] <= 10
    assert told[marked][-1] >= told[0][-1] + 10
    assert told[-1][-1] <= 30


def test_the_introduction_shows_it(root):
    text = (root / "book" / "intro.md").read_text(encoding="utf8")
    assert f"```{{raw}} html\n:file: {landing.PAGE.name}\n```" in text
