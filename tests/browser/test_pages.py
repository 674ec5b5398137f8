"""Every page, loaded once: no error, no other host, fits a phone and paper, sliders move, axe-core.

The tests of a page share it and run in this order; the last ones unfold it and turn it dark.
"""

from __future__ import annotations

import pytest

from .checks import (
    PHONE,
    WIDE,
    Explorer,
    accessibility_violations,
    badly_named_folds,
    hidden_columns,
    printed_navigation,
    printed_wrongly,
    scrolling_code,
    settle,
    thin_out,
    too_wide,
    turn_dark,
    unfold,
    unreachable_by_keyboard,
    unset_formulas,
)

pytestmark = pytest.mark.browser

WHOLE = "notebooks/03_l1_l2_backward"  # here axe-core looks at each formula and each word of code

FROM_DISK = (WHOLE, "notebooks/06_elastic_net_and_exact_zeros", "notebooks/14_layernorm_backward")


@pytest.fixture
def opened(page_name, address, visit):
    return visit(f"{address}{page_name}.html", stay=True)


@pytest.fixture
def explorers(opened):
    found = [Explorer(root) for root in opened.page.locator(".nnreg-explore").all()]
    assert found, "the chapter has no slider"
    return found


def test_opens_without_error_or_outside_request(opened):
    assert opened.page.title()
    assert not opened.problems


def test_formulas_are_set(opened):
    assert not unset_formulas(opened.page)


def test_prints_without_navigation(opened):
    assert not printed_navigation(opened.page)


def test_prints_on_white_and_leaves_out_what_is_folded(opened):
    assert not printed_wrongly(opened.page)


@pytest.mark.chapters
def test_slider_follows_the_keyboard(explorers):
    for explorer in explorers:
        explorer.slider.press("Home")
        explorer.shows(0)
        first = explorer.picture()
        explorer.slider.press("ArrowRight")
        explorer.shows(1)
        explorer.slider.press("End")
        explorer.shows(explorer.last)
        assert explorer.picture() != first, "the picture stays as it was"
        explorer.slider.press("ArrowLeft")
        explorer.shows(explorer.last - 1)


@pytest.mark.chapters
def test_slider_follows_the_mouse(opened, explorers):
    mouse = opened.page.mouse
    for explorer in explorers:
        explorer.slider.press("Home")
        explorer.slider.scroll_into_view_if_needed()
        first, box = explorer.picture(), explorer.slider.bounding_box()
        middle = box["y"] + box["height"] / 2
        mouse.move(box["x"] + 15, middle)
        mouse.down()
        mouse.move(box["x"] + box["width"] / 2, middle, steps=4)
        position = explorer.slider.evaluate("(input) => input.valueAsNumber")
        assert abs(position - explorer.last / 2) <= 1
        explorer.shows(position)
        mouse.move(box["x"] + box["width"] - 1, middle, steps=4)
        mouse.up()
        explorer.shows(explorer.last)
        assert explorer.picture() != first, "the picture stays as it was"


@pytest.mark.chapters
def test_slider_is_reached_by_the_tab_key_and_has_a_name(opened, explorers):
    focused = "(input) => input === document.activeElement"
    for explorer in explorers:
        explorer.slider.focus()
        opened.page.keyboard.press("Shift+Tab")
        assert not explorer.slider.evaluate(focused)
        opened.page.keyboard.press("Tab")
        assert explorer.slider.evaluate(focused)
        assert explorer.slider.evaluate("(input) => input.labels[0].textContent.trim()")


@pytest.mark.chapters
def test_frames_differ(explorers):
    for explorer in explorers:
        assert len(explorer.frames) >= 5
        for what in ("image", "caption", "alt", "value"):
            assert len({frame[what] for frame in explorer.frames}) > 1, what


def test_fits_a_phone_folded_and_unfolded(opened):
    page = opened.page
    page.set_viewport_size(PHONE)
    settle(page)
    assert not too_wide(page)
    unfold(page)
    assert not too_wide(page)
    assert not unreachable_by_keyboard(page)
    page.set_viewport_size(WIDE)


def test_shows_whole_tables_on_a_phone_and_whole_lines_of_code_on_a_laptop(opened):
    page = opened.page
    page.set_viewport_size(PHONE)
    settle(page)
    assert not hidden_columns(page)
    page.set_viewport_size(WIDE)
    settle(page)
    assert not scrolling_code(page)
    assert not badly_named_folds(page)


def test_has_no_accessibility_violation(page_name, opened, axe):
    unfold(opened.page)
    assert not unreachable_by_keyboard(opened.page)
    if page_name != WHOLE:
        thin_out(opened.page)
    violations = accessibility_violations(opened.page, axe)
    assert not violations, "\n".join(violations)


def test_its_colours_can_be_told_apart_in_the_dark(opened, axe):
    turn_dark(opened.page)
    violations = accessibility_violations(opened.page, axe, colours_alone=True)
    assert not violations, "\n".join(violations)


def test_prints_on_white_from_the_dark_too(opened):
    assert not printed_wrongly(opened.page)


def test_nothing_went_wrong_since_it_was_opened(opened):
    assert not opened.problems


@pytest.mark.parametrize("chapter", FROM_DISK)  # one page's links and scripts are every page's
def test_chapter_opens_from_the_disk_and_its_sliders_work(chapter, site, visit):
    opened = visit((site / f"{chapter}.html").as_uri())
    assert not unset_formulas(opened.page)
    assert opened.page.locator("mjx-container").count() > 5
    for root in opened.page.locator(".nnreg-explore").all():
        explorer = Explorer(root)
        explorer.slider.press("End")
        explorer.shows(explorer.last)
    assert not opened.problems
