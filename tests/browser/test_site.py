"""The site as a whole: its first page, its contents, and the theme it starts in."""

from __future__ import annotations

import pytest

from .conftest import pages

pytestmark = pytest.mark.browser


def test_no_page_is_left_out(site):
    built = {
        path.relative_to(site).with_suffix("").as_posix()
        for path in site.rglob("*.html")
        if not {"_static", "_modules"} & set(path.parts)
    }
    assert built - {"index", "404"} == set(pages())


def test_start_page_leads_to_the_introduction(address, visit):
    assert not visit(address, leads_to="**/intro.html").problems


def test_start_page_opens_from_the_disk(site, visit):
    assert not visit((site / "index.html").as_uri(), leads_to="**/intro.html").problems


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_starts_in_the_theme_that_the_reader_chose(theme, address, visit):
    page = visit(f"{address}book/intro.html", theme=theme).page
    assert page.evaluate("document.documentElement.dataset.theme") == theme
