"""What the site's extensions do to a page: scripts, icons, and the words that describe it."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
from docutils.core import publish_doctree

from tools.tree import ROOT


@pytest.fixture
def extension(monkeypatch):
    """Return a function that imports one of the book's own extensions."""
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    return lambda name: __import__(name) and sys.modules[name]


PAGE = """<head><script data-early src="a.js"></script><script src="b.js"></script>
<script>let c = 1;</script><script defer="defer" src="mathjax/m.js"></script></head>
<body>BODY<button onclick="window.print()">Print</button>
<script defer src="d.js"></script></body>"""


@pytest.fixture
def moved(extension):
    """Return a function that gives a page with its scripts moved, and the texts that were saved."""

    def move(body: str = "") -> tuple[str, list[str]]:
        saved: list[str] = []

        def save(text: str) -> str:
            saved.append(text)
            return f"{len(saved)}.js"

        page = PAGE.replace("BODY", body)
        return extension("strict_scripts").move_scripts(page, save), saved

    return move


def test_scripts_come_from_files_settings_first_and_each_waits_but_the_early_one(moved):
    page, saved = moved()
    assert saved == ["let c = 1;"]
    head, _, body = page.partition("</head>")
    tags = [line for line in head.replace("<script", "\n<script").split("\n") if "<script" in line]
    assert tags == [
        '<script data-early src="a.js"></script>',
        '<script src="1.js" defer></script>',
        '<script src="b.js" defer></script>',
    ]
    assert "onclick" not in body
    assert 'data-press="window.print"' in body


def test_formulas_bring_mathjax_after_everything_else_and_without_them_it_stays_away(moved):
    assert "mathjax" not in moved()[0]
    page, _ = moved('<span class="math">x</span>')
    assert page.index("d.js") < page.index("mathjax/m.js")


def test_a_sliders_script_is_moved_and_its_data_stay(moved):
    data = '<script type="application/json">[1]</script><script type="text/html"><b></b></script>'
    page, saved = moved(f"{data}<script>move();</script>")
    assert data in page
    assert '<script defer src="2.js"></script>' in page
    assert saved == ["let c = 1;", "move();"]


SHEET = (
    '.fa-sun:before{content:"\\f185"}.fa-moon:before,.fa-luna:before{content:"\\f186"}'
    '.fa-sunset:before{content:"\\f187"}.note:after{content:"\\f05a"}'
)


@pytest.mark.parametrize(
    ("pages", "kept", "dropped"),
    [
        ('<i class="fa-sun">', {0xF185, 0xF05A}, ["fa-moon", "fa-sunset"]),
        ('<i class="fa-luna fa-lg">', {0xF186, 0xF05A}, ["fa-sun:", "fa-sunset"]),
        ("", {0xF05A}, ["fa-sun", "fa-moon"]),
    ],
)
def test_icons_that_no_page_names_go(extension, pages, kept, dropped):
    sheet, characters = extension("icons").used_icons(SHEET, pages)
    assert characters == kept
    assert not any(name in sheet for name in dropped)
    assert ".note" in sheet


GLANCE = """
.. admonition:: At a glance

   **You will do:** train, and see.

   **You will learn:** more.
"""
WORDS = "One :math:`x`.\n\n.. note:: Aside.\n\nA page of words & signs.\n"


@pytest.mark.parametrize(
    ("source", "given", "text"),
    [
        (GLANCE + WORDS, "", "You will train, and see."),
        (WORDS, "", "A page of words &amp; signs."),
        ("word " * 100, "", "word " * 40 + "…"),
        (WORDS, '<meta content="Its own." name="description" />', "Its own."),
        (".. note:: Aside.", "", "A title: The book"),
    ],
)
def test_a_page_is_described_by_what_it_promises_or_its_first_words(extension, source, given, text):
    config = SimpleNamespace(html_baseurl="https://a.org/b/")
    context = {"title": "A <b>title</b>", "docstitle": "The book", "metatags": given}
    page = "part/page", "page.html", context, publish_doctree(source)
    extension("nnreg_site").describe(SimpleNamespace(config=config), *page)
    assert context["metatags"].count('name="description"') == 1
    for tag in (
        f'property="og:description" content="{text}"',
        'property="og:title" content="A title"',
        'property="og:url" content="https://a.org/b/part/page.html"',
        'property="og:image" content="https://a.org/b/_static/screenshot.png"',
    ):
        assert tag in context["metatags"]
