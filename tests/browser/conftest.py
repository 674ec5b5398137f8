"""A browser that may speak to this machine alone, and the site on a loopback port."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, sync_playwright

from .checks import Visit

ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[[Path], str]]:
    """Return a function that serves a folder and gives its address."""
    servers = []

    def start(folder: Path) -> str:
        handler = functools.partial(QuietHandler, directory=str(folder))
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
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


@pytest.fixture(scope="module")
def visit(browser: Browser) -> Iterator[Callable[..., Visit]]:
    """Return a function that opens an address in a fresh profile; closed with the module."""
    visits: list[Visit] = []

    def start(address: str, **options) -> Visit:
        for old in visits:
            old.close()
        visits[:] = [Visit(browser, address, **options)]
        return visits[0]

    yield start
    for last in visits:
        last.close()


def pages() -> list[str]:
    """All pages of the contents, and the search page."""
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
    return [*found, "search"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `page_name` on every page, for `chapter_name` on every chapter."""
    if "page_name" in metafunc.fixturenames:
        metafunc.parametrize("page_name", pages(), scope="module")
    if "chapter_name" in metafunc.fixturenames:
        chapters = [name for name in pages() if name.startswith("notebooks/")]
        metafunc.parametrize("chapter_name", chapters, scope="module")
