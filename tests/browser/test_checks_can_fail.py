"""Each check is shown a page that it must refuse, and a sound page that it must accept."""

from __future__ import annotations

import itertools

import pytest

from nnreg.book import explore

from .checks import (
    PHONE,
    Explorer,
    accessibility_violations,
    badly_named_folds,
    hidden_columns,
    printed_navigation,
    printed_wrongly,
    scrolling_code,
    thin_out,
    too_wide,
    turn_dark,
    unfold,
    unreachable_by_keyboard,
    unset_formulas,
)

pytestmark = [pytest.mark.browser, pytest.mark.elsewhere]

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width">
<style>@media print { nav { display: none; } }</style></head>
<body><nav aria-label="Book"><a href="#a">Start</a></nav>
<main id="a"><article><h1>Sound</h1><p>Words.</p>EXTRA</article></main></body></html>"""


WIDE_TABLE = """<div class="pst-scrollable-table-container" style="overflow-x: auto" tabindex="0">
<div style="width: 500px">wide</div></div>"""
CODE = '<pre style="overflow-x: auto; width: 500px; font: 20px monospace">{}</pre>'
FOLD = (
    '<div class="cell"><details><summary {} style="display: block; height: {}">{}</summary>'
    "<p>x</p></details></div>"
)


@pytest.fixture(scope="module")
def show(tmp_path_factory, serve, visit):
    folder = tmp_path_factory.mktemp("pages")
    origin = serve(folder)
    numbers = itertools.count()  # no page is taken for the one before, out of a cache

    def start(extra: str = "", from_disk: bool = False):
        file = folder / f"{next(numbers)}.html"
        file.write_text(PAGE.replace("EXTRA", extra), encoding="utf8")
        return visit(file.as_uri() if from_disk else origin + file.name)

    return start


def all_findings(opened, axe) -> list[str]:
    page = opened.page
    found = [*unset_formulas(page), *printed_navigation(page), *printed_wrongly(page)]
    found += [*scrolling_code(page), *badly_named_folds(page), *accessibility_violations(page, axe)]
    page.set_viewport_size(PHONE)
    found += [*hidden_columns(page), *too_wide(page), *unreachable_by_keyboard(page)]
    return [*opened.problems, *found]


def test_sound_page_is_accepted(show, axe):
    assert all_findings(show(), axe) == []


@pytest.mark.parametrize(
    ("extra", "finding"),
    [
        ("<script>console.error('broken')</script>", "console error: broken"),
        ("<script>console.warn('odd')</script>", "console warning: odd"),
        ("<script>throw new Error('thrown')</script>", "page error: thrown"),
        ('<img src="http://192.0.2.1/x.png" alt="A dot">', "request to another host"),
        ("<script>fetch('http://127.0.0.1:9/x')</script>", "request to another host"),
        ('<img src="gone.png" alt="A dot">', "status 404"),
        ('<span class="math">x</span>', "not set: x"),
        ("<mjx-merror>bad</mjx-merror>", "TeX error: bad"),
        ("<p>$$ x $$</p>", "raw TeX"),
        ('<div style="width: 500px">wide</div>', "page of "),
        (
            '<div style="overflow: hidden"><div style="width: 500px">cut off</div></div>',
            "to 5",
        ),
        (f'<div class="cell_input">{CODE.format("x" * 79)}</div>', "px in 500: xxx"),
        (WIDE_TABLE, "table of 500 px"),
        (FOLD.format('aria-label="Toggle"', "44px", "Code"), '"Code" is named "Toggle"'),
        (FOLD.format("", "20px", "Code"), '"Code" is small'),
        (FOLD.format("", "44px", "Code"), "folded: Code"),
        ('<p style="background: #000; color: #fff">night</p>', "dark paper: P"),
        ('<p style="color: #fff">faint</p>', "pale ink: P"),
        ('<header style="display: block">Menu</header>', "HEADER"),
        ('<label>λ <input type="range"></label>', "INPUT"),
        ("<button>Copy</button>", "BUTTON"),
        (f"<pre style='overflow-x: auto'>{'wide ' * 99}</pre>", "PRE . scrolls"),
        ('<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">', "image-alt"),
        ('<p style="color: #aaa; background: #fff">pale</p>', "color-contrast"),
    ],
)
def test_broken_page_is_refused(show, axe, extra, finding):
    assert any(finding in found for found in all_findings(show(extra), axe))


def test_a_line_of_80_letters_may_scroll(show):
    page = show(f'<div class="cell_input">{CODE.format("x" * 80)}</div>').page
    assert scrolling_code(page) == []


def test_wide_content_that_scrolls_in_its_own_box_is_accepted(show):
    wide = '<div style="width: 500px">wide</div>'
    page = show(f'<div style="overflow-x: auto" tabindex="0">{wide}</div>').page
    page.set_viewport_size(PHONE)
    assert too_wide(page) == []
    assert unreachable_by_keyboard(page) == []


def test_a_file_that_is_missing_on_the_disk_is_noticed(show):
    (problem, *_) = show('<img src="gone.png" alt="A dot">', from_disk=True).problems
    assert problem.startswith("request failed")


@pytest.mark.parametrize("folded", ["<details><summary>More</summary>{}</details>", "{}"])
def test_what_is_folded_is_looked_at(show, axe, folded):
    page = show(folded.format('<p style="color: #aaa; background: #fff">pale</p>')).page
    unfold(page)
    (found,) = accessibility_violations(page, axe)
    assert found.startswith("color-contrast")


DARK = """<button class="theme-switch-button"
 onclick="document.documentElement.dataset.theme = 'dark'">Theme</button>
<style>html[data-theme=dark] p { background: #000; color: COLOUR; }</style>"""


@pytest.mark.parametrize(("colour", "found"), [("#333", ["color-contrast"] * 2), ("#eee", [])])
def test_colours_that_fail_in_the_dark_alone_are_noticed(show, axe, colour, found):
    page = show(DARK.replace("COLOUR", colour) + "<p>dim</p>").page
    assert not accessibility_violations(page, axe, colours_alone=True)
    turn_dark(page)
    violations = accessibility_violations(page, axe, colours_alone=True)
    assert [violation.partition(" ")[0] for violation in violations] == found


def test_a_page_that_stays_light_is_noticed(show):
    page = show(DARK.replace("= 'dark'", "= 'light'")).page
    with pytest.raises(AssertionError):
        turn_dark(page)


def test_two_letters_stand_for_a_formula_in_its_colours(show, axe):
    page = show(
        '<p style="color: #aaa"><mjx-container><a href="#a">xyz</a></mjx-container></p>'
    ).page
    thin_out(page)
    assert page.locator("mjx-container").inner_text() == "xx"
    (found,) = accessibility_violations(page, axe)
    assert found.startswith("color-contrast")


@pytest.fixture(scope="module")
def slider_html():
    return explore(
        lambda fig, value: fig.subplots().plot([0, value]),
        [1, 2, 3],
        name="fig-line",
        caption=lambda value: f"It ends at {value}.",
        alt=lambda value: f"A line from zero to {value}.",
    ).html()


def test_sound_slider_is_accepted(show, slider_html):
    explorer = Explorer(show(slider_html).page.locator(".nnreg-explore"))
    explorer.slider.press("End")
    explorer.shows(2)


@pytest.mark.parametrize(
    "line",
    [
        "picture.src = image || first;",
        "picture.alt = alt;",
        'find("output").textContent = value;',
        'find("p").textContent = caption;',
        'slider.setAttribute("aria-valuetext", value);',
        'slider.addEventListener("input", () => show(slider.valueAsNumber));',
    ],
)
def test_slider_that_leaves_something_behind_is_refused(show, slider_html, line):
    assert line in slider_html
    explorer = Explorer(show(slider_html.replace(line, "")).page.locator(".nnreg-explore"))
    explorer.slider.press("End")
    with pytest.raises(AssertionError):
        explorer.shows(2)
