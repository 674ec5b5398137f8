"""A browser that may speak to this machine alone, and the site on a loopback port."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, Playwright, sync_playwright

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
        metafunc.parametrize("page_name", names, scope="session")
