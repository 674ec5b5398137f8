"""The first seconds of a visit: the theme, the weight, and what a page may run."""

from __future__ import annotations

import re
from gzip import compress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.page_weight import visit as weigh

from .checks import unset_formulas
from .conftest import pages

pytestmark = pytest.mark.browser

CEILING = 850_000  # bytes over the wire, with gzip

FIRST_PAINT = """window.shown = new Promise((done) => new PerformanceObserver((list) => {
    const { theme } = document.documentElement.dataset;
    done([theme, getComputedStyle(document.body).backgroundColor]);
}).observe({ type: "paint", buffered: true }));"""


@pytest.fixture
def first_paint(browser, address):
    """Return a function that tells theme and background of a first paint, late scripts blocked."""

    def look(system: str, chosen: str = "", early: str = "theme.js") -> tuple[str, bool]:
        context = browser.new_context(color_scheme=system)
        if chosen:
            context.add_init_script(f"localStorage.setItem('mode', '{chosen}')")
        context.add_init_script(FIRST_PAINT)
        page = context.new_page()
        early_alone = re.compile(rf"\.js(?<!{re.escape(early)})(\?|$)")
        page.route(early_alone, lambda route: route.abort())
        page.goto(f"{address}notebooks/01_overfitting.html", wait_until="commit")
        theme, background = page.evaluate("shown")
        context.close()
        return theme, sum(map(int, re.findall(r"\d+", background)[:3])) < 3 * 60

    return look


@pytest.mark.parametrize(
    ("system", "chosen", "theme"),
    [
        ("light", "", "light"),
        ("dark", "", "dark"),
        ("dark", "light", "light"),
        ("light", "dark", "dark"),
        ("dark", "auto", "dark"),
    ],
)
def test_the_first_paint_has_the_readers_theme(first_paint, system, chosen, theme):
    assert first_paint(system, chosen) == (theme, theme == "dark")


def test_without_the_early_script_dark_would_start_white(first_paint):
    assert first_paint("dark", early="no.js") == ("light", False)


def own_weight(page: Path) -> int:
    """Bytes of a page and its pictures; scripts and styles are the same for all."""
    text = page.read_text(encoding="utf8")
    pictures = set(re.findall(r"_images/([\w.-]+)", text))
    sizes = [(page.parents[1] / "_images" / name).stat().st_size for name in pictures]
    return len(compress(text.encode())) + sum(sizes)


def test_the_heaviest_chapters_weigh_little(site, address, browser):
    for page in sorted(site.glob("notebooks/*.html"), key=own_weight)[-3:]:
        assert 0 < weigh(browser, f"{address}notebooks/{page.name}")["bytes"] < CEILING, page.name


def test_what_is_heavy_is_noticed(browser, serve, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (600, 600, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "big.png")
    (tmp_path / "page.html").write_text('<p>words</p><img src="big.png" alt="">')
    seen = weigh(browser, f"{serve(tmp_path)}page.html")
    assert seen["bytes"] > CEILING
    assert seen["requests"] >= 2


# What a page may run ---------------------------------------------------------------------------

HTML_SCRIPT = re.compile(r"<script(?![^>]*\b(?:src=|type=\"(?:application/json|text/html)))")
HANDLER = re.compile(r"<[a-z][^>]*\son[a-z]+=")


def unruly(text: str) -> list[str]:
    """Scripts and handlers inside a page, which its policy refuses; or that it has no policy."""
    found = [match[0] for rule in (HTML_SCRIPT, HANDLER) for match in rule.finditer(text)]
    return found if "Content-Security-Policy" in text else [*found, "no policy"]


def test_every_page_has_a_policy_and_no_script_of_its_own(site):
    for name in [*pages(), "404"]:
        assert unruly((site / f"{name}.html").read_text("utf8")) == [], name


@pytest.mark.parametrize(
    "extra",
    ["<script>x()</script>", '<script type="module">x()</script>', '<b id="a" onclick="x()">x</b>'],
)
def test_a_script_inside_a_page_is_found(extra):
    policy = '<meta http-equiv="Content-Security-Policy"><script src="a.js"></script>'
    assert unruly(policy) == []
    assert len(unruly(policy + extra)) == 1
    assert unruly('<script src="a.js"></script>') == ["no policy"]


def test_a_browser_refuses_what_the_policy_does_not_name(site, address, visit, serve, tmp_path):
    text = (site / "notebooks" / "01_overfitting.html").read_text("utf8")
    (meta,) = re.findall(r'<meta http-equiv="Content-Security-Policy"[^>]*>', text)
    page = f'<link rel="icon" href="data:,">{meta}<script>document.title = "run"</script>'
    (tmp_path / "page.html").write_text(page)
    opened = visit(f"{serve(tmp_path)}page.html")
    assert opened.page.title() != "run"
    assert "Content Security Policy" in opened.problems[0]


def test_mathjax_is_loaded_where_there_are_formulas_and_nowhere_else(site, address, visit):
    for name in ("notebooks/14_layernorm_backward", "book/setup"):
        page = visit(f"{address}{name}.html").page
        there = page.locator(".math").count() > 0
        assert page.evaluate("typeof MathJax !== 'undefined'") == there
        assert there == name.startswith("notebooks")
        assert not unset_formulas(page)
