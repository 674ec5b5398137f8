"""The chapters in Firefox: no error, formulas set, sliders that answer to keys, a search."""

from __future__ import annotations

import pytest

from .checks import Explorer, Reader, unset_formulas

pytestmark = [pytest.mark.browser, pytest.mark.elsewhere]


@pytest.fixture(scope="module")
def reader(firefox):
    return Reader(firefox, "light")


# Chromium opens every page; here those whose pictures differ in kind.
@pytest.mark.parametrize(
    "chapter",
    ["03_l1_l2_backward", "06_elastic_net_and_exact_zeros", "10_dropout", "14_layernorm_backward"],
)
def test_a_chapter_works(chapter, address, reader):
    opened = reader.open(f"{address}notebooks/{chapter}.html")
    assert not unset_formulas(opened.page)
    for root in opened.page.locator(".nnreg-explore").all():
        explorer = Explorer(root)
        explorer.slider.press("Home")
        explorer.shows(0)
        explorer.slider.press("ArrowRight")
        explorer.shows(1)
        explorer.slider.press("End")
        explorer.shows(explorer.last)
    assert not opened.problems


def test_a_chapter_opens_from_the_disk(site, reader):
    opened = reader.open((site / "notebooks" / "14_layernorm_backward.html").as_uri())
    assert not unset_formulas(opened.page)
    explorer = Explorer(opened.page.locator(".nnreg-explore").first)
    explorer.slider.press("End")
    explorer.shows(explorer.last)
    assert not opened.problems


def test_the_search_answers(address, reader):
    opened = reader.open(f"{address}search.html?q=subgradient")
    opened.page.locator("#search-results a[href*='notebooks/']").first.wait_for()
    assert not opened.problems
