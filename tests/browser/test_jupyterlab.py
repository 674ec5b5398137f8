"""A chapter in JupyterLab: every cell runs, and the kernel sends what a slider asks for."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.elsewhere]

CHAPTER = "03_l1_l2_backward"
STORED = "as_it_is_stored"
SETTINGS = {
    # Every cell stays in the page, and nothing is fetched from elsewhere.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}


@pytest.fixture(scope="module")
def lab(root: Path, tmp_path_factory: pytest.TempPathFactory):
    """Start JupyterLab on a copy of the chapter; give its address."""
    pytest.importorskip("jupyterlab", reason="no JupyterLab: make venv, or pip install '.[test]'")
    folder = tmp_path_factory.mktemp("lab")
    notebooks = folder / "notebooks"
    notebooks.mkdir()
    shutil.copy(root / "notebooks" / f"{CHAPTER}.ipynb", notebooks / f"{STORED}.ipynb")
    notebook = nbformat.read(root / "notebooks" / f"{CHAPTER}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, notebooks / f"{CHAPTER}.ipynb")
    for name, value in SETTINGS.items():
        path = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value), encoding="utf8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--ServerApp.root_dir={notebooks}", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    command += ["--IdentityProvider.token=", "--ServerApp.password="]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}/"
            wait_for(f"{address}api/status", server, folder / "log")
            yield address
        finally:
            server.terminate()
            server.wait(timeout=20)


def wait_for(address: str, server: subprocess.Popen, log: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


def wait_for_kernel(address: str, notebook: str, seconds: float = 60) -> None:
    """Wait until the page is connected to its kernel; without one the menu asks which to take."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with urllib.request.urlopen(address, timeout=5) as answer:
            kernels = [s["kernel"] for s in json.load(answer) if s["path"] == notebook]
        if any(k["execution_state"] == "idle" and k["connections"] > 0 for k in kernels):
            return
        time.sleep(0.2)
    raise AssertionError("no kernel started")


@pytest.fixture
def opened(lab, root, browser):
    """Return a function that opens a notebook, and waits for its cells and its kernel."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(120_000)

    def start(name: str):
        notebook = nbformat.read(root / "notebooks" / f"{CHAPTER}.ipynb", as_version=4)
        count = sum(cell.cell_type == "code" for cell in notebook.cells)
        # A workspace for each: the common one would open the other test's notebook again.
        page.goto(f"{lab}lab/workspaces/{name}/tree/{name}.ipynb")
        page.locator(".jp-Notebook .jp-CodeCell").nth(count - 1).wait_for(state="attached")
        page.get_by_text("| Idle").wait_for()
        wait_for_kernel(f"{lab}api/sessions", f"{name}.ipynb")
        return page, notebook

    yield start
    page.close()


def test_a_chapter_reads_well_and_opening_it_changes_nothing(opened):
    page, notebook = opened(STORED)
    page.wait_for_function(  # rendered one after another
        "!document.querySelector('.jp-MarkdownCell:not(.jp-mod-rendered)')"
    )
    page.get_by_text("At a glance", exact=True).first.wait_for()
    words = page.locator(".jp-Notebook").inner_text()
    for raw in ("{admonition}", "{exercise-start}", "{hint}", ":class:", ":label:", "{eq}", "⚠"):
        assert raw not in words, f"raw MyST: {raw}"
    for cell in notebook.cells:
        label = cell.metadata.get("mystnb", {}).get("code_prompt_show")
        if label:
            assert f"# {label}" in words
    hidden = page.locator(".jp-CodeCell .jp-InputPlaceholder").count()
    assert hidden == sum("source_hidden" in c.metadata.get("jupyter", {}) for c in notebook.cells)
    assert page.locator(".jp-mod-dirty").count() == 0, "opening the chapter has changed it"


def test_chapter_runs_and_its_slider_redraws_the_picture(opened):
    page, notebook = opened(CHAPTER)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    seen = [
        f"[{i}]:"
        for i, c in enumerate(code, 1)
        if "source_hidden" not in c.metadata.get("jupyter", {})
    ]
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(
        """(seen) => {
            const prompts = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")];
            const done = new Set(prompts.map((prompt) => prompt.textContent.trim()));
            return seen.every((text) => done.has(text))
                || document.querySelector("[data-mime-type='application/vnd.jupyter.error']");
        }""",
        arg=seen,
        timeout=120_000,
    )
    # The bars are disabled here; a reader of `make lab` sees them.
    for trouble in ("error", "stderr"):
        shown = page.locator(f"[data-mime-type='application/vnd.jupyter.{trouble}']")
        assert shown.all_inner_texts() == []

    handle = page.locator(".jp-OutputArea-output .widget-slider [role=slider]").first
    handle.wait_for()
    output = page.locator(".jp-OutputArea-output").filter(has=page.locator(".widget-slider")).first
    picture = output.locator("img")
    before, spoken = picture.get_attribute("src"), output.inner_text()
    handle.press("ArrowRight")
    expect(picture).not_to_have_attribute("src", before, timeout=30_000)
    assert picture.evaluate("(img) => img.decode().then(() => img.naturalWidth)") > 0
    assert output.inner_text() != spoken, "the caption stays as it was"
