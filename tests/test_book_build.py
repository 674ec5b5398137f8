"""The built book: no broken link, no other host, every public name documented, pages small.

Each check is a function that returns what is wrong; below they are shown a small site that they
accept, and the same site with one thing broken.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
import yaml
from bs4 import BeautifulSoup

import nnreg
from tools.search_index import page_for_search

from .test_import import PUBLIC

PAGE_LIMIT = 400_000  # bytes of one chapter, compressed, beside the theme
LOADING_TAGS = ("script", "img", "iframe", "source", "video", "audio")
Pages = dict[Path, BeautifulSoup]


def read_pages(site: Path) -> Pages:
    return {
        path: BeautifulSoup(path.read_text(encoding="utf8"), "html.parser")
        for path in site.rglob("*.html")
        if "_static" not in path.parts
    }


def anchors(page: BeautifulSoup) -> set[str]:
    return {tag["id"] for tag in page.find_all(id=True)} | {
        tag["name"] for tag in page.find_all("a", attrs={"name": True})
    }


def broken_links(site: Path, pages: Pages) -> tuple[list[str], int]:
    """Links within the site that lead nowhere, and how many links were followed."""
    site = site.resolve()
    known = {path.resolve(): anchors(page) for path, page in pages.items()}
    broken, checked = set(), 0
    for path, page in pages.items():
        for tag in page.find_all(["a", "link", "img", "script", "source"]):
            address = tag.get("href") or tag.get("src")
            parts = urlsplit(address or "")
            if not address or parts.netloc or parts.scheme in {"mailto", "data"}:
                continue
            if path.name == "404.html" and parts.path.endswith("_static/find-root.js"):
                continue  # one of these is right, whatever depth the page is shown at
            checked += 1
            if parts.scheme:  # javascript:, file: and whatever else has no place here
                broken.add(f"{path.name}: {address}")
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
            if not target.is_file() or not target.is_relative_to(site):
                broken.add(f"{path.name}: {address}")
            elif parts.fragment and unquote(parts.fragment) not in known.get(target, ()):
                broken.add(f"{path.name}: {address} (no such place)")
    return sorted(broken), checked


def foreign_addresses(site: Path, pages: Pages) -> list[str]:
    """What a page or a style sheet would load from another host."""
    found = []
    for path, page in pages.items():
        loaded = [tag.get("src") for tag in page.find_all(LOADING_TAGS)]
        loaded += [
            tag.get("href")
            for tag in page.find_all("link")
            if "canonical" not in tag.get("rel", [])
        ]
        found += [f"{path.name}: {a}" for a in loaded if a and urlsplit(a).netloc]
        found += [f"{path.name}: thebe" for tag in page.find_all("script") if "THEBE" in str(tag)]
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf8")
        loaded = re.findall(r"(?:url\(\s*|@import\s+)[\"']?((?:https?:)?//[^)\"';]+)", text)
        found += [f"{sheet.name}: {address}" for address in loaded]
    return found


def unset_formulas(pages: Pages) -> list[str]:
    """Pages with formulas that do not load the site's own MathJax."""
    return [
        path.name
        for path, page in pages.items()
        if page.find(class_="math")
        and not page.find("script", src=re.compile(r"_static/mathjax/tex-chtml\.js"))
    ]


def undocumented(pages: Pages) -> list[str]:
    """Public names that no page of the API has a place for."""
    places = set()
    for path, page in pages.items():
        if path.parent.name == "api":
            places |= anchors(page)
    names = {f"{thing.__module__}.{thing.__qualname__}" for thing in PUBLIC.values()}
    names |= {f"nnreg.grading.{name}" for name in ("local.check", "run.grade_class")}
    return sorted(names - places)


def machine_paths(root: Path, pages: Pages) -> list[str]:
    folders = (str(root), "/tmp/", "/home/", "/root/")
    texts = {path: str(page) for path, page in pages.items()}
    return [
        f"{p.name}: {folder}" for p, text in texts.items() for folder in folders if folder in text
    ]


def too_large(pages: Pages) -> list[str]:
    sizes = {path.name: len(gzip.compress(path.read_bytes())) for path in pages}
    return [f"{name}: {size} bytes" for name, size in sizes.items() if size >= PAGE_LIMIT]


# The book --------------------------------------------------------------------------------------

book = pytest.mark.book


@pytest.fixture(scope="module")
def pages(site: Path) -> Pages:
    return read_pages(site)


@book
def test_every_page_of_the_contents_is_built(site, root):
    contents = yaml.safe_load((root / "book" / "_toc.yml").read_text(encoding="utf8"))
    files = re.findall(r"'(?:file|root)': '([^']+)'", str(contents))
    assert len(files) > 30
    assert [name for name in files if not (site / f"{name}.html").is_file()] == []


@book
def test_links_within_the_site_lead_somewhere(site, pages):
    broken, checked = broken_links(site, pages)
    assert checked > 2000
    assert broken == []


@book
def test_pages_load_nothing_from_another_host(site, pages):
    assert foreign_addresses(site, pages) == []


@book
def test_formulas_come_from_the_site_itself(site, pages):
    mathjax = site / "_static" / "mathjax"
    assert (mathjax / "tex-chtml.js").is_file()
    assert len(list((mathjax / "output/fonts/mathjax-newcm/chtml/woff2").glob("*.woff2"))) > 15
    assert sum(page.find(class_="math") is not None for page in pages.values()) > 12
    assert unset_formulas(pages) == []


@book
def test_every_public_name_is_documented(pages):
    assert undocumented(pages) == []


@book
def test_an_empty_api_page_is_noticed(pages):
    api = [path for path in pages if path.parent.name == "api"]
    assert len(api) > 10
    before = len(undocumented(pages))
    for empty in api:
        assert len(undocumented({p: pages[p] for p in pages if p != empty})) > before, empty.name


@book
def test_no_page_mentions_a_path_of_the_machine_that_built_it(root, pages):
    assert machine_paths(root, pages) == []


@book
def test_a_chapter_stays_small(pages):
    assert too_large(pages) == []


@book
def test_the_package_installs_from_the_site_and_needs_numpy_alone(site, tmp_path):
    (wheel,) = site.glob("nnreg-*.whl")
    assert wheel.name == f"nnreg-{nnreg.__version__}-py3-none-any.whl"
    venv.create(tmp_path, with_pip=True)
    python = str(tmp_path / "bin" / "python")
    command = [python, "-I", "-m", "pip", "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    (packages,) = tmp_path.glob("lib/python*/site-packages")
    for part in Path(np.__file__).parents[1].glob("numpy*"):
        (packages / part.name).symlink_to(part)
    code = "import nnreg; print(nnreg.__file__, nnreg.L2(0.5).value([2.0]))"
    done = subprocess.run([python, "-I", "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == f"{packages / 'nnreg' / '__init__.py'} 2.0\n"


@book
def test_search_can_find_every_page_and_knows_their_words(site, pages):
    words = json.loads((site / "pagefind" / "words.json").read_text(encoding="utf8"))
    names = {path.relative_to(site).with_suffix("").as_posix() for path in pages}
    assert set(words["terms"].values()) | set(words["names"].values()) <= names
    chapters = {name for name in names if name.startswith("notebooks/")}
    assert chapters <= set(words["terms"].values()), "a chapter without words in book/search.toml"
    to_find = {name for name in names if not name.startswith("_modules/")}
    fragments = list((site / "pagefind" / "fragment").iterdir())
    assert len(fragments) == len(to_find - {"index", "search", "404"})


# What is made beside the pages ------------------------------------------------------------------


CHAPTER = """<main><button>Menu</button><article class="bd-article"><section id="two">
<h1>2. Two<a class="headerlink" href="#two">#</a></h1>
<p>Small <span class="math">\\(\\lambda\\)</span> <code>lam</code></p>
<div class="math">\\[ x = 1 \\]</div><div class="cell_output">0.25</div>
<div class="highlight"><pre>fit(model)</pre></div></section></article></main>"""


def test_the_search_reads_words_and_no_buttons_code_or_tex():
    body = page_for_search(BeautifulSoup(CHAPTER, "html.parser"), "notebooks/02", "ridge, lambda")
    assert body.get_text(" ", strip=True) == "2. Two Small λ lam …"
    assert body.h1["id"] == "two"
    told = [box["data-pagefind-meta"] for box in body.select("[data-pagefind-meta]")]
    assert told == ["terms:ridge, lambda λ", "code:fit model"]


# The checks ------------------------------------------------------------------------------------

PAGE = """<html><head><script src="_static/mathjax/tex-chtml.js"></script>
<link rel="canonical" href="https://a.org/"></head><body id="top">
<a href="#top">up</a> <a href="https://a.org/">out</a> <a href="api/one.html#nnreg.L1">in</a>
<span class="math">x</span>EXTRA</body></html>"""


@pytest.fixture
def small(tmp_path):
    """Return a function that writes a small site with something extra, and reads it."""

    def write(extra: str = "", sheet: str = "p { color: red; }"):
        for name, text in {
            "index.html": PAGE.replace("EXTRA", extra),
            "api/one.html": "<p id='nnreg.L1'>one</p>",
            "_static/mathjax/tex-chtml.js": "",
            "_static/a.css": sheet,
        }.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf8")
        return tmp_path, read_pages(tmp_path)

    return write


def everything(site: Path, pages: Pages) -> list[str]:
    found = [*broken_links(site, pages)[0], *foreign_addresses(site, pages)]
    found += [*unset_formulas(pages), *machine_paths(Path("/made/here"), pages)]
    return found + too_large(pages)


def test_a_sound_site_is_accepted(small):
    site, pages = small()
    assert broken_links(site, pages) == ([], 3)
    assert everything(site, pages) == []


@pytest.mark.parametrize(
    ("extra", "finding"),
    [
        ('<a href="gone.html">x</a>', "index.html: gone.html"),
        ('<a href="#gone">x</a>', "index.html: #gone (no such place)"),
        ('<a href="api/one.html#gone">x</a>', "index.html: api/one.html#gone (no such place)"),
        ('<img src="gone.png">', "index.html: gone.png"),
        ('<a href="../../../../../etc/passwd">x</a>', "index.html: ../../../../../etc/passwd"),
        ('<a href="javascript:x()">x</a>', "index.html: javascript:x()"),
        ('<script src="https://a.org/x.js"></script>', "index.html: https://a.org/x.js"),
        ('<img src="//a.org/x.png">', "index.html: //a.org/x.png"),
        ('<link rel="stylesheet" href="https://a.org/x.css">', "index.html: https://a.org/x.css"),
        ("<script>THEBE_JS_URL</script>", "index.html: thebe"),
        ("<p>built in /made/here/book</p>", "index.html: /made/here"),
        ("<p>written to /tmp/x</p>", "index.html: /tmp/"),
    ],
)
def test_a_broken_page_is_refused(small, extra, finding):
    assert everything(*small(extra)) == [finding]


@pytest.mark.parametrize(
    "sheet",
    [
        "a { src: url(https://a.org/f) }",
        "a { src: url('//a.org/f') }",
        "@import 'https://a.org/f';",
    ],
)
def test_a_style_sheet_that_loads_from_elsewhere_is_refused(small, sheet):
    (found,) = everything(*small(sheet=sheet))
    assert found.startswith("a.css: ")
    assert found.endswith("//a.org/f")


def test_a_page_without_mathjax_and_one_that_is_too_large_are_refused(small, monkeypatch):
    site, pages = small()
    assert undocumented(pages)
    (site / "index.html").write_text("<span class='math'>x</span>", encoding="utf8")
    monkeypatch.setattr(sys.modules[__name__], "PAGE_LIMIT", 40)
    pages = read_pages(site)
    assert unset_formulas(pages) == ["index.html"]
    assert [line.partition(":")[0] for line in too_large(pages)] == ["index.html", "one.html"]


GONE = """
See {cite}`gone2020`, {ref}`ch-gone`, {eq}`eq-gone`, [](#ch-none) and {py:func}`nnreg.gone`.
"""


@book
def test_the_strict_build_refuses_what_does_not_exist(root, tmp_path):
    """The chapters' gates leave citations and cross-references to it."""
    for folder in ("book", "tools"):
        shutil.copytree(root / folder, tmp_path / folder)
    (tmp_path / "book" / "_toc.yml").write_text("format: jb-book\nroot: book/intro\n")
    (tmp_path / "book" / "intro.md").write_text("# Start\n" + GONE)
    command = [sys.executable, str(tmp_path / "tools" / "build_book.py")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    for name in ("gone2020", "ch-gone", "eq-gone", "ch-none", "nnreg.gone"):
        assert re.search(rf"intro\.md.*WARNING.*{name}", done.stderr), name
    assert not (tmp_path / "_build").exists()
