"""The site as a whole: its first page, its search, its contents, and the theme it starts in."""

from __future__ import annotations

import pytest

from .conftest import pages

pytestmark = pytest.mark.browser


def test_no_page_is_left_out(site):
    built = {
        path.relative_to(site).with_suffix("").as_posix()
        for path in site.rglob("*.html")
        if "_static" not in path.parts
    }
    assert built - {"index"} == set(pages())


def test_start_page_leads_to_the_introduction(address, visit):
    assert not visit(address, leads_to="**/intro.html").problems


def test_start_page_opens_from_the_disk(site, visit):
    assert not visit((site / "index.html").as_uri(), leads_to="**/intro.html").problems


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_starts_in_the_theme_that_the_reader_chose(theme, address, visit):
    page = visit(f"{address}book/intro.html", theme=theme).page
    assert page.evaluate("document.documentElement.dataset.theme") == theme


def test_search_finds_a_term_and_leads_to_its_chapter(address, visit):
    opened = visit(f"{address}search.html?q=subgradient")
    hits = opened.page.locator("#search-results li a[href*='notebooks/']")
    hits.first.wait_for()
    hits.first.click()
    opened.page.wait_for_load_state()
    assert "/notebooks/" in opened.page.url
    assert "subgradient" in opened.page.locator("article").inner_text().lower()
    assert not opened.problems


def test_search_says_so_when_it_finds_nothing(address, visit):
    opened = visit(f"{address}search.html?q=zzyzx")
    opened.page.get_by_text("did not match any documents").wait_for()
    assert opened.page.locator("#search-results li a").count() == 0
