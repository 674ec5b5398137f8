"""The page's Python, in a worker of the site, and texts compared to a tolerance."""

from __future__ import annotations

import itertools
import re

from playwright.sync_api import Page

START = """address => new Promise((done, fail) => {
    const worker = new Worker(address);
    const live = window.live = { worker, waiting: {}, said: [], shares: [] };
    worker.onerror = (event) => fail(new Error(event.message));
    worker.onmessage = ({ data }) => {
        if (data.ready) done(data.seconds);
        else if (data.failed) fail(new Error(data.failed));
        else if (data.progress) live.shares.push(data.share);
        else if ("error" in data) live.waiting[data.id](data);
        else live.said.push(data);
    };
})"""
RUN = """message => new Promise((done) => {
    live.waiting[message.id] = done;
    live.worker.postMessage(message);
})"""
NUMBER = re.compile(r"(?<![\w.])[-+−]?\d[\d,]*\.?\d*(?:e[-+]?\d+)?", re.IGNORECASE)
DRAWN = re.compile("image/|application/")
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")


class Live:
    """One worker in one page."""

    def __init__(self, page: Page, runtime: str):
        self.page, self.runtime, self.ids = page, runtime, itertools.count(1)

    def start(self) -> float:
        """Start Python; return the seconds that it took."""
        return self.page.evaluate(START, self.runtime)

    def run(self, code: str, **more) -> dict:
        """Run a cell and wait for its answer."""
        number = next(self.ids)
        message = {"id": number, "code": code, "name": f"cell {number}", **more}
        return self.page.evaluate(RUN, message)

    def stop(self) -> None:
        """End the worker, whatever it does."""
        self.page.evaluate("live.worker.terminate()")


def texts(outputs: list[dict]) -> list[str]:
    """Return what a cell printed, and the texts of its values; of pictures and sliders nothing."""
    found: list[str] = []
    for output in outputs:
        value = output.get("value")
        if value is None:
            found.append(output["stdout"])
        elif "picture" not in output and not any(map(DRAWN.match, value)):
            found.append(value["text/plain"])
    return found


def difference(stored: list[str], live: list[str], rtol: float) -> str:
    """Return where two lists of texts first differ by more than numbers may, or nothing.

    >>> difference(["loss 0.5000001"], ["loss 0.5"], rtol=1e-6)
    ''
    >>> difference(["loss 0.51"], ["loss 0.50"], rtol=1e-6)
    "stored 'loss 0.51', live 'loss 0.50'"
    """
    one, other = ("".join(part).rstrip().splitlines() for part in (stored, live))
    for a, b in itertools.zip_longest(one, other, fillvalue="(nothing)"):
        if not same_line(a, b, rtol):
            return f"stored {a!r}, live {b!r}"
    return ""


def same_line(one: str, other: str, rtol: float) -> bool:
    """Compare a line's words, and its numbers to a tolerance."""
    one, other = (ADDRESS.sub("ADDRESS", text) for text in (one, other))
    if NUMBER.sub("#", one).split() != NUMBER.sub("#", other).split():
        return False
    pairs = zip(numbers(one), numbers(other), strict=True)
    return all(abs(a - b) <= rtol * max(abs(a), abs(b)) for a, b in pairs)


def numbers(line: str) -> list[float]:
    """Return the numbers in a line.

    >>> numbers("w1 is −1,200.5 or 3e-2")
    [-1200.5, 0.03]
    """
    return [float(text.replace(",", "").replace("−", "-")) for text in NUMBER.findall(line)]
