"""Every page, seen in a browser: no error, no other host, formulas set, fits a phone and paper."""

from __future__ import annotations

import pytest

from .checks import PHONE, WIDE, printed_navigation, settle, too_wide, unset_formulas
from .conftest import pages

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(page_name, address, visit):
    return visit(f"{address}{page_name}.html")


def test_opens_without_error_or_outside_request(opened):
    assert opened.page.title()
    assert not opened.problems


def test_formulas_are_set(opened):
    assert not unset_formulas(opened.page)


def test_fits_a_phone(opened):
    opened.page.set_viewport_size(PHONE)
    settle(opened.page)
    assert not too_wide(opened.page)
    opened.page.set_viewport_size(WIDE)


def test_prints_without_navigation(opened):
    assert not printed_navigation(opened.page)


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


def test_chapter_opens_from_the_disk(chapter_name, site, visit):
    opened = visit((site / f"{chapter_name}.html").as_uri())
    assert not opened.problems
    assert not unset_formulas(opened.page)
    assert opened.page.locator("mjx-container").count() > 5


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
