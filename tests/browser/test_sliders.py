"""Each slider of each chapter moves its picture, caption, alt text and spoken value."""

from __future__ import annotations

import pytest

from .checks import Explorer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def chapter(chapter_name, address, visit):
    return visit(f"{address}{chapter_name}.html").page


@pytest.fixture
def explorers(chapter):
    found = [Explorer(root) for root in chapter.locator(".nnreg-explore").all()]
    assert found, "the chapter has no slider"
    return found


def test_slider_follows_the_keyboard(chapter, explorers):
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


def test_slider_follows_the_mouse(chapter, explorers):
    for explorer in explorers:
        explorer.slider.press("Home")
        explorer.slider.scroll_into_view_if_needed()
        first, box = explorer.picture(), explorer.slider.bounding_box()
        middle = box["y"] + box["height"] / 2
        chapter.mouse.move(box["x"] + 15, middle)
        chapter.mouse.down()
        chapter.mouse.move(box["x"] + box["width"] / 2, middle, steps=4)
        position = explorer.slider.evaluate("(input) => input.valueAsNumber")
        assert abs(position - explorer.last / 2) <= 1
        explorer.shows(position)
        chapter.mouse.move(box["x"] + box["width"] - 1, middle, steps=4)
        chapter.mouse.up()
        explorer.shows(explorer.last)
        assert explorer.picture() != first, "the picture stays as it was"


def test_slider_is_reached_by_the_tab_key(chapter, explorers):
    for explorer in explorers:
        explorer.slider.focus()
        chapter.keyboard.press("Shift+Tab")
        assert not explorer.slider.evaluate("(input) => input === document.activeElement")
        chapter.keyboard.press("Tab")
        assert explorer.slider.evaluate("(input) => input === document.activeElement")


def test_slider_has_a_name(explorers):
    for explorer in explorers:
        assert explorer.slider.evaluate("(input) => input.labels[0].textContent.trim()")


def test_frames_differ(explorers):
    for explorer in explorers:
        assert len(explorer.frames) >= 5
        for what in ("image", "caption", "alt", "value"):
            assert len({frame[what] for frame in explorer.frames}) > 1, what


def test_slider_works_from_the_disk(chapter_name, site, visit):
    opened = visit((site / f"{chapter_name}.html").as_uri())
    for root in opened.page.locator(".nnreg-explore").all():
        explorer = Explorer(root)
        explorer.slider.press("End")
        explorer.shows(explorer.last)
    assert not opened.problems
