"""What a first visit to a page costs: bytes, requests, and seconds on a slow line.

Usage: python -m benchmarks.page_weight SITE [PAGE ...]

Text is readable when the article's first paragraph stands and something has been painted; formulas
are set when MathJax says so and its fonts are there.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tools.browser_tools import chromium
from tools.serve import open_server

PAGES = ("notebooks/04_training_with_a_penalty", "book/intro")
SLOW = {"offline": False, "latency": 300, "downloadThroughput": 2e5, "uploadThroughput": 1e5}
VISITS = 3

WATCH = """
window.seen = {};
const look = () => {
    const painted = performance.getEntriesByName("first-contentful-paint").length;
    if (painted && document.querySelector("article p")) seen.text ??= performance.now();
    if (document.querySelector("article [data-ready]")) seen.slider ??= performance.now();
    requestAnimationFrame(look);
};
look();
"""
FORMULAS = """async () => {
    if (!document.querySelector("article .math")) return null;
    await MathJax.startup.promise;
    await document.fonts.ready;
    return performance.now();
}"""


@contextmanager
def served(site: Path) -> Iterator[str]:
    with open_server(site, port=0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def visit(browser: Browser, address: str, slow: bool = False) -> dict[str, float]:
    """Open a page with an empty cache; return bytes and requests, and seconds if it is `slow`."""
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    if slow:
        session.send("Network.emulateNetworkConditions", SLOW)
    page.add_init_script(WATCH)
    page.goto(address, wait_until="load", timeout=120_000)
    formulas = page.evaluate(FORMULAS)
    page.wait_for_load_state("networkidle")
    seen = {**page.evaluate("seen"), "formulas": formulas}
    context.close()
    seconds = {name: at / 1000 for name, at in seen.items() if slow and at}
    return {"bytes": sum(sizes), "requests": len(sizes), **seconds}


def main() -> int:
    """Print a row for each page: the least disturbed of some visits."""
    site, *pages = sys.argv[1:]
    columns = ("bytes", "requests", "text", "slider", "formulas")
    print(f"{'':42}" + "".join(f"{name:>10}" for name in columns))
    with sync_playwright() as playwright, served(Path(site)) as origin:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for name in pages or PAGES:
            visits = [visit(browser, f"{origin}{name}.html", slow=True) for _ in range(VISITS)]
            row = ""
            for column in columns:
                found = [seen[column] for seen in visits if column in seen]
                digits = 0 if column in ("bytes", "requests") else 1
                row += f"{min(found):10.{digits}f}" if found else f"{'–':>10}"
            print(f"{name:42}{row}")
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
