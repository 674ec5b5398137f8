"""A slider as it is moved: by key, by finger, by an address, and once more after a reload."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from nnreg.book import explore

pytestmark = pytest.mark.browser

VALUES = [0, 0.001, 0.01, 0.1, 1]
PHONE = {"width": 390, "height": 600}
# What a script in the book's page finds around the slider, and room to scroll.
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"></head>
<body><main class="bd-article" style="padding: 300px 0 1500px"><h1>Slide</h1>EXPLORER</main>
</body></html>"""


@pytest.fixture(scope="module")
def slider_page(tmp_path_factory, serve) -> str:
    made = explore(
        lambda fig, lam: fig.subplots().bar([0], [lam]), VALUES, name="fig-demo", start=0.01,
        mark=(0.1, "as good as any"), caption=lambda lam: f"It is {lam} now.",
        alt=lambda lam: f"A bar of height {lam}.",
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("slider")
    (folder / "page.html").write_text(PAGE.replace("EXPLORER", made.html()), encoding="utf8")
    return serve(folder) + "page.html"


@pytest.fixture
def page(browser: Browser):
    context = browser.new_context(viewport=PHONE, has_touch=True)
    yield context.new_page()
    context.close()


def state(page: Page) -> list[str]:
    return parse_qs(urlsplit(page.url).query).get("fig-demo", [])


def test_the_address_holds_the_value_and_a_reload_keeps_it(page, slider_page):
    page.goto(slider_page + "?other=1#top")
    page.get_by_role("slider").press("ArrowRight")
    assert state(page) == ["0.1"]
    assert "other=1" in page.url
    assert page.url.endswith("#top")
    page.reload()
    expect(page.locator("output")).to_have_text("λ = 0.1")
    expect(page.locator(".nnreg-explore-caption")).to_have_text("It is 0.1 now.")
    page.get_by_role("slider").press("ArrowLeft")
    assert state(page) == []  # where it starts anyway


@pytest.mark.parametrize(
    ("asked", "seen"), [("0", "0"), ("1", "1"), ("0.5", "0.01"), ("x", "0.01")]
)
def test_a_link_opens_at_its_value_or_where_the_slider_starts(page, slider_page, asked, seen):
    page.goto(f"{slider_page}?fig-demo={asked}")
    expect(page.locator("output")).to_have_text(f"λ = {seen}")
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuetext", f"λ = {seen}")


def drag(page: Page, by: tuple[int, int]) -> float:
    """Put a finger on the track, left of the thumb, and move it; say how far the page was."""
    page.get_by_role("slider").evaluate("slider => slider.scrollIntoView({block: 'center'})")
    box = page.get_by_role("slider").bounding_box()
    x, y = box["x"] + 0.1 * box["width"], box["y"] + box["height"] / 2
    scrolled = page.evaluate("scrollY")
    client = page.context.new_cdp_session(page)

    def touch(kind: str, *points: dict) -> None:
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [*points]})

    touch("touchStart", {"x": x, "y": y})
    for step in range(1, 11):
        touch("touchMove", {"x": x + by[0] * step / 10, "y": y + by[1] * step / 10})
    touch("touchEnd")
    return scrolled


def test_a_vertical_swipe_scrolls_and_changes_nothing(page, slider_page):
    page.goto(slider_page)
    before = drag(page, (0, -200))
    page.wait_for_function(f"scrollY > {before + 100}")
    expect(page.locator("output")).to_have_text("λ = 0.01")
    assert state(page) == []


def test_a_horizontal_drag_moves_the_slider(page, slider_page):
    page.goto(slider_page)
    drag(page, (300, 0))
    expect(page.locator("output")).to_have_text("λ = 1")
    assert page.evaluate("scrollX") == 0
    assert state(page) == ["1"]


def test_the_mark_stands_below_its_value_and_is_read_out(page, slider_page):
    page.goto(slider_page)
    mark, slider = page.get_by_text("▲ 0.1: as good as any"), page.get_by_role("slider")
    assert slider.get_attribute("aria-describedby") == "fig-demo-mark"
    box, track = mark.bounding_box(), slider.bounding_box()
    assert box["y"] > track["y"] + track["height"] - 10
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    place = track["x"] + 14 + 0.75 * (track["width"] - 28)
    assert box["x"] < place < box["x"] + box["width"]
