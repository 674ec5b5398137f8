"""A browser that may speak to this machine alone, and the site on a loopback port."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tools import browser_tools
from tools.serve import open_server
from tools.tree import ROOT

from .checks import Reader

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

PICTURES = """<!doctype html><html lang="en" data-theme="THEME"><head><meta charset="utf-8">
<title>A page</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width">
<style>html[data-theme=dark] body { background: #15191f; color: #eef1f4; }</style></head>
<body><main><article><h1>A picture</h1>EXTRA</article></main></body></html>"""


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(chromium: str, playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def firefox(playwright: Playwright) -> Iterator[Browser]:
    path = browser_tools.firefox()
    if not path:
        pytest.skip("no Firefox: install it (Debian: apt-get install firefox-esr) or set FIREFOX")
    browser = playwright.firefox.launch(channel="moz-firefox", executable_path=path)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Path], str]]:
    """Return a function that serves a folder and gives its address."""
    servers = []

    def start(folder: Path) -> str:
        server = open_server(folder, port=0)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def blank_page(browser: Browser, serve: Callable[[Path], str]) -> Iterator[Callable[[Path], Page]]:
    """Return a function that opens a page in which a folder's scripts can be imported."""
    opened = []

    def start(folder: Path) -> Page:
        page = browser.new_page()
        opened.append(page)
        page.goto(serve(folder))
        return page

    yield start
    for page in opened:
        page.close()


@pytest.fixture(scope="session")
def address(site: Path, serve: Callable[[Path], str]) -> str:
    assert (site / "index.html").is_file(), f"there is no book in {site}"
    return serve(site)


@pytest.fixture(scope="session")
def visit(browser: Browser) -> Callable[..., Reader]:
    """Return a function that opens an address, in the reader that was at its like before."""
    readers: dict[tuple[str, str], Reader] = {}

    def start(address: str, theme: str = "light", **how) -> Reader:
        like = theme, address.partition(":")[0]
        if like not in readers:
            readers[like] = Reader(browser, theme)
        return readers[like].open(address, **how)

    return start


@pytest.fixture(scope="module")
def show(tmp_path_factory, serve, visit):
    """Return a function that opens pictures on a page of their own."""
    folder = tmp_path_factory.mktemp("pages")
    origin = serve(folder)
    numbers = itertools.count()  # no page is taken for the one before, out of a cache

    def start(*pictures, theme="light", from_disk=False):
        text = PICTURES.replace("THEME", theme).replace("EXTRA", "".join(pictures))
        file = folder / f"{next(numbers)}.html"
        file.write_text(text, encoding="utf8")
        return visit(file.as_uri() if from_disk else origin + file.name, theme=theme)

    return start


def pages() -> list[str]:
    """All pages of the contents, the chapters first, and the search page."""
    contents = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text(encoding="utf8"))
    found = []

    def walk(node: object) -> None:
        if isinstance(node, dict):
            found.extend(node[key] for key in ("root", "file") if key in node)
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(contents)
    return [*sorted(found, key=lambda name: not name.startswith("notebooks/")), "search"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `page_name` on every page, or on the chapters if it is marked so."""
    if "page_name" in metafunc.fixturenames:
        names = pages()
        if metafunc.definition.get_closest_marker("chapters"):
            names = [name for name in names if name.startswith("notebooks/")]
        metafunc.parametrize("page_name", list(map(_as_case, names)), scope="session")


def _as_case(name: str):
    """One generated page of the API is every one's; `make test-elsewhere` opens the others."""
    is_another = name.startswith("book/api/") and name != "book/api/dropout"
    return pytest.param(name, marks=[pytest.mark.elsewhere] if is_another else [])
