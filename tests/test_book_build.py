"""The built book: no broken link, no other host, every public name documented, pages small."""

from __future__ import annotations

import gzip
import importlib
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup

pytestmark = pytest.mark.book

PAGE_LIMIT = 400_000  # bytes of one chapter, compressed, beside the theme
LOADING_TAGS = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
}
API_MODULES = (
    "nnreg.penalties",
    "nnreg.dropout",
    "nnreg.noise",
    "nnreg.layernorm",
    "nnreg.residual",
    "nnreg.spectral",
    "nnreg.clipping",
    "nnreg.constraints",
    "nnreg.gradcheck",
    "nnreg.conventions",
    "nnreg.data",
    "nnreg.nn",
)


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, BeautifulSoup]:
    found = {
        path: BeautifulSoup(path.read_text(encoding="utf8"), "html.parser")
        for path in site.rglob("*.html")
        if "_static" not in path.parts
    }
    assert len(found) > 10
    return found


def anchors(page: BeautifulSoup) -> set[str]:
    return {tag["id"] for tag in page.find_all(id=True)} | {
        tag["name"] for tag in page.find_all("a", attrs={"name": True})
    }


def test_every_chapter_in_the_contents_is_built(site, root):
    contents = yaml.safe_load((root / "book" / "_toc.yml").read_text(encoding="utf8"))
    files = re.findall(r"'(?:file|root)': '([^']+)'", str(contents))
    assert len(files) > 8
    for name in files:
        assert (site / f"{name}.html").is_file(), f"{name} is in the contents but not in the book"


def test_every_committed_notebook_is_in_the_contents(root):
    contents = (root / "book" / "_toc.yml").read_text(encoding="utf8")
    for notebook in (root / "notebooks").glob("*.ipynb"):
        assert f"file: notebooks/{notebook.stem}\n" in contents


def test_links_within_the_site_lead_somewhere(site, pages):
    known = {path: anchors(page) for path, page in pages.items()}
    broken, checked = [], 0
    for path, page in pages.items():
        for tag in page.find_all(["a", "link", "img", "script", "source"]):
            address = tag.get("href") or tag.get("src")
            if not address or urlsplit(address).scheme in {"http", "https", "mailto", "data"}:
                continue
            checked += 1
            parts = urlsplit(address)
            if parts.scheme:  # javascript:, file: and whatever else has no place here
                broken.append(f"{path.name}: {address}")
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path.resolve()
            if not target.is_file():
                broken.append(f"{path.relative_to(site)}: {address}")
            elif parts.fragment and target.suffix == ".html":
                names = known.get(site / target.relative_to(site.resolve()), set())
                if unquote(parts.fragment) not in names:
                    broken.append(f"{path.relative_to(site)}: {address} (no such place)")
    assert checked > 500
    assert not broken, "\n".join(sorted(set(broken)))


def test_pages_load_nothing_from_another_host(site, pages):
    foreign = []
    for path, page in pages.items():
        for name, attribute in LOADING_TAGS.items():
            foreign += [
                (path.name, tag[attribute])
                for tag in page.find_all(name, attrs={attribute: True})
                if urlsplit(tag[attribute]).netloc
            ]
        foreign += [
            (path.name, tag["href"])
            for tag in page.find_all("link", href=True)
            if urlsplit(tag["href"]).netloc and "canonical" not in tag.get("rel", [])
        ]
        foreign += [(path.name, "thebe") for tag in page.find_all("script") if "THEBE" in str(tag)]
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf8")
        foreign += [(sheet.name, url) for url in re.findall(r"url\([\"']?(https?:[^)]+)\)", text)]
    assert not foreign


def test_formulas_come_from_the_site_itself(site, pages):
    mathjax = site / "_static" / "mathjax"
    assert (mathjax / "tex-chtml.js").is_file()
    assert len(list((mathjax / "output/chtml/fonts/woff-v2").glob("*.woff"))) > 15
    with_formulas = [page for page in pages.values() if page.find(class_="math")]
    assert with_formulas
    for page in with_formulas:
        assert page.find("script", src=re.compile(r"_static/mathjax/tex-chtml\.js"))


def test_every_public_name_is_documented(site, pages):
    documented = {
        name for path, page in pages.items() if path.parent.name == "api" for name in anchors(page)
    }
    for module_name in API_MODULES:
        module = importlib.import_module(module_name)
        for name in getattr(module, "__all__", []):
            thing = getattr(module, name)
            if isinstance(thing, type) or callable(thing):
                assert f"{thing.__module__}.{thing.__qualname__}" in documented


def test_no_page_mentions_a_path_of_the_machine_that_built_it(root, pages):
    for path, page in pages.items():
        text = str(page)
        for folder in (str(root), "/tmp/", "/home/", "/root/"):
            assert folder not in text, f"{path.name} mentions {folder}"


def test_a_chapter_stays_small(pages):
    for path in pages:
        size = len(gzip.compress(path.read_bytes()))
        assert size < PAGE_LIMIT, f"{path.name}: {size} bytes compressed"
