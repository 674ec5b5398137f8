"""How a page presents itself: to search engines, in its outline, by the names of its buttons."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from bs4 import BeautifulSoup

from .conftest import pages

pytestmark = pytest.mark.browser

CHAPTER = "notebooks/04_training_with_a_penalty"


@pytest.fixture
def chapter(address, visit):
    return visit(f"{address}{CHAPTER}.html", stay=True).page


def names(page, selector: str) -> list[str]:
    return page.locator(selector).evaluate_all("(all) => all.map((one) => one.ariaLabel)")


def test_every_page_of_the_contents_describes_itself_in_its_own_words(site):
    found = {}
    for name in pages()[:-1]:
        page = BeautifulSoup((site / f"{name}.html").read_text("utf8"), "html.parser")
        (tag,) = page.find_all("meta", attrs={"name": "description"})
        found[name] = tag["content"]
        assert page.find("meta", property="og:description")["content"] == tag["content"]
        assert page.find("meta", property="og:title")["content"] in page.title.text
    short = [name for name, text in found.items() if len(text) < 30]
    assert not short
    wrong = [name for name, text in found.items() if re.search(r"[<$\\]|You will do", text)]
    assert not wrong
    assert len(set(found.values())) == len(found)


def test_an_id_is_there_once(site, chapter):
    for path in site.rglob("*.html"):
        ids = Counter(re.findall(r'<[a-z][^>]*? id="([^"]+)"', path.read_text("utf8")))
        assert not [name for name, count in ids.items() if count > 1], path.name
    made = chapter.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert not [name for name, count in Counter(made).items() if count > 1]


def test_copy_buttons_have_names_of_their_own(chapter):
    found = names(chapter, ".copybtn")
    assert len(found) > 20
    assert len(set(found)) == len(found)
    assert all(re.fullmatch(r"Copy (code of cell|output of cell|listing) \d+", n) for n in found)


def test_a_fold_is_named_by_its_visible_word_and_what_it_hides(chapter):
    buttons = ".exercise .toggle-button, .solution > .admonition-title .toggle-button"
    found = names(chapter, buttons)
    assert len(found) > 4
    assert len(set(found)) == len(found)
    assert all(name.startswith("Show: ") for name in found)
    first = chapter.locator(buttons).first
    first.click()
    assert first.get_attribute("aria-label").startswith("Hide: ")
    first.click()
    assert first.get_attribute("aria-label").startswith("Show: ")


def test_exercises_are_headings_of_the_third_level(chapter):
    exercises = chapter.locator(".exercise").count()
    headings = chapter.get_by_role("heading", level=3, name=re.compile(r"^Exercise 4\.\d"))
    assert headings.count() == exercises > 2


def test_a_missing_page_is_answered_with_the_contents_and_a_search(address, browser):
    page = browser.new_page()
    answer = page.goto(f"{address}no/such/page.html")
    assert answer.status == 404
    assert page.get_by_role("heading", level=1).inner_text() == "There is no such page"
    assert page.evaluate("getComputedStyle(document.body).margin") == "0px", "no style sheet"
    contents = page.get_by_role("navigation", name="All pages")
    assert contents.get_by_role("link").count() > 15
    contents.get_by_role("link", name="Notation").click()
    page.wait_for_url("**/book/notation.html")
    page.go_back()
    page.locator("article input[name=q]").fill("dropout")
    page.locator("article input[name=q]").press("Enter")
    page.wait_for_url("**/search.html?q=dropout")
    page.close()


def test_the_books_own_buttons_still_do_their_work(chapter):
    chapter.evaluate("window.print = () => { document.title = 'printed'; }")
    chapter.locator(".dropdown-download-buttons > button").click()
    chapter.locator(".btn-download-pdf-button").click()
    assert chapter.title() == "printed"
    chapter.locator(".btn-fullscreen-button").click()
    chapter.wait_for_function("document.fullscreenElement !== null")
    chapter.evaluate("document.exitFullscreen()")


def test_a_letter_set_as_a_formula_does_not_push_the_lines_apart(address, visit):
    page = visit(f"{address}notebooks/14_layernorm_backward.html").page
    heights = page.locator("article td p:has(mjx-container)").evaluate_all(
        """(all) => all.filter((one) => /^.{1,2}$/u.test(one.querySelector("mjx-math").textContent))
            .map((one) => one.clientHeight / parseFloat(getComputedStyle(one).lineHeight))"""
    )
    assert len(heights) > 2
    assert max(heights) < 1.15
