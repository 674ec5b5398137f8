"""A JupyterLab with one notebook, whose slider is moved in a browser."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser

from tools.tree import ROOT

MOVES = 10
# From the key to the picture that it asked for, decoded, and the frame after it.
MOVE = """async (left) => {
    const panel = [...document.querySelectorAll(".jp-OutputArea-output")]
        .find((output) => output.querySelector(".widget-slider"));
    const image = () => panel.querySelector("img");
    const before = image().src;
    const handle = panel.querySelector(".widget-slider [role=slider]");
    const key = left ? "ArrowLeft" : "ArrowRight";
    const start = performance.now();
    handle.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
    while (image().src === before) await new Promise((done) => setTimeout(done));
    await image().decode();
    await new Promise(requestAnimationFrame);
    return performance.now() - start;
}"""
RAN = """() => [...document.querySelectorAll(".jp-InputPrompt")]
    .every((prompt) => !prompt.textContent.includes("*"))
    && document.querySelector(".jp-OutputArea-output .widget-slider [role=slider]")"""


@contextmanager
def jupyterlab(notebook: Path) -> Iterator[str]:
    """Start JupyterLab on a copy of a notebook; give the address that opens it."""
    with tempfile.TemporaryDirectory() as place, socket.socket() as free:
        shutil.copy(notebook, place)
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        settings = Path(place, ".settings", "@jupyterlab", "notebook-extension")
        settings.mkdir(parents=True)
        # Every cell stays in the page.
        (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
        folders = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
        environment = os.environ | {f"JUPYTER_{name}": f"{place}/.{name}" for name in folders}
        environment["JUPYTERLAB_SETTINGS_DIR"] = f"{place}/.settings"
        environment["IPYTHONDIR"] = environment["JUPYTERLAB_WORKSPACES_DIR"] = f"{place}/.other"
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
        command += [f"--ServerApp.root_dir={place}", f"--ServerApp.port={port}"]
        command += ["--IdentityProvider.token=", "--ServerApp.password="]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        server = subprocess.Popen(command, env=environment, **quiet)
        try:
            address = f"http://127.0.0.1:{port}/"
            wait_for(f"{address}api/status")
            yield f"{address}lab/tree/{notebook.name}"
        finally:
            server.terminate()
            server.wait(timeout=60)  # it ends its kernels first


def wait_for(address: str, seconds: float = 180) -> None:
    """Wait until an address answers."""
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def live_moves(browser: Browser, chapter: str) -> list[float]:
    """Run a chapter in JupyterLab; return the seconds of some moves of its slider."""
    with jupyterlab(ROOT / "notebooks" / f"{chapter}.ipynb") as address:
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(300_000)
        page.goto(address)
        page.get_by_text("| Idle").wait_for()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        page.wait_for_function(RAN)
        found = [page.evaluate(MOVE, number % 2) / 1000 for number in range(MOVES)]
        page.close()
    return found
