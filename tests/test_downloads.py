"""A downloaded chapter runs from its first cell on, wherever it is opened."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
import urllib.request
import venv
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbclient import NotebookClient

from tools.downloads import PEERS, install_cell, offer_downloads, where_nnreg_is
from tools.serve import open_server
from tools.tree import FIXED_ENVIRONMENT, ROOT

WHEEL = "nnreg-1.0-py3-none-any.whl"
SITE = "https://a.org/book/"
REPOSITORY = "https://github.com/me/book"
WHERE = {
    (SITE, REPOSITORY): f"https://a.org/book/{WHEEL}",
    ("", REPOSITORY): f"git+{REPOSITORY}@main",
    ("", ""): f"./{WHEEL}",
}


@pytest.mark.parametrize(("addresses", "package"), WHERE.items(), ids=["site", "repository", "no"])
def test_nnreg_comes_from_the_site_or_the_repository_or_a_file(monkeypatch, addresses, package):
    monkeypatch.delenv("NNREG_REPOSITORY_BRANCH", raising=False)
    monkeypatch.setenv("NNREG_SITE_URL", addresses[0])
    monkeypatch.setenv("NNREG_REPOSITORY_URL", addresses[1])
    assert where_nnreg_is(WHEEL) == package


def test_a_chapter_is_offered_with_the_cell_before_it_and_no_other_change(tmp_path, monkeypatch):
    monkeypatch.setenv("NNREG_SITE_URL", SITE)
    chapter = tmp_path / "_sources" / "notebooks" / "chapter.ipynb"
    chapter.parent.mkdir(parents=True)
    chapter.write_text('{"cells": [{"cell_type": "markdown", "source": "# λ"}]}', encoding="utf8")
    offer_downloads(tmp_path)
    (wheel,) = tmp_path.glob("nnreg-*.whl")
    first, second = json.loads(chapter.read_text(encoding="utf8"))["cells"]
    assert second == {"cell_type": "markdown", "source": "# λ"}
    assert "".join(first["source"]) == install_cell(f"{SITE}{wheel.name}")


def test_the_first_cell_names_what_is_imported_and_no_more():
    chapters = [json.loads(p.read_text("utf8"))["cells"] for p in ROOT.glob("notebooks/*.ipynb")]
    sources = ["".join(c["source"]) for cells in chapters for c in cells if "outputs" in c]
    sources += [path.read_text("utf8") for path in ROOT.glob("nnreg/book/*.py")]
    imports = re.compile(r"^\s*(?:import|from) (\w+)", re.M)
    imported = {name for source in sources for name in imports.findall(source)}
    # matplotlib brings Pillow, scikit-learn SciPy; PyTorch's lines are shown where it is there.
    brought = {"nnreg", "numpy", "IPython", "PIL", "scipy", "torch"} | sys.stdlib_module_names
    assert imported - brought == set(PEERS)


@pytest.mark.book
def test_every_download_of_the_site_begins_with_the_cell_and_the_sites_wheel_is_there(site):
    chapters = list((site / "_sources" / "notebooks").glob("*.ipynb"))
    assert len(chapters) == len(list(ROOT.glob("notebooks/*.ipynb")))
    for chapter in chapters:
        source = "".join(json.loads(chapter.read_text(encoding="utf8"))["cells"][0]["source"])
        package = re.search(r'"nnreg": "([^"]+)"', source)[1]
        assert source == install_cell(package)
        assert package.startswith("git+") or (site / package.rpartition("/")[2]).is_file()


# What the cell does -----------------------------------------------------------------------------


@pytest.fixture
def run_cell(monkeypatch, capsys):
    """Return a function that runs the cell where some modules are missing, and pip works or not.

    It gives what pip was told, and what the cell said.
    """

    def run(missing: set[str], package: str = SITE + WHEEL, pip_works: bool = True):
        asked = []

        def find_spec(module: str) -> SimpleNamespace | None:
            return None if module in missing else SimpleNamespace(origin="/there")

        def run_line_magic(name: str, line: str) -> None:
            told = eval(f"f'''{line}'''", names)  # as IPython does it
            asked.append(f"{name} {told}")
            if pip_works:
                missing.clear()

        monkeypatch.setattr(importlib.util, "find_spec", find_spec)
        shell = SimpleNamespace(run_line_magic=run_line_magic)
        names = {"get_ipython": lambda: shell}
        exec(TransformerManager().transform_cell(install_cell(package)), names)
        return asked, capsys.readouterr().out

    return run


def test_where_everything_is_there_nothing_is_installed(run_cell):
    assert run_cell(set()) == ([], "Everything is here: nothing was installed.\n")


def test_where_nnreg_is_missing_pip_is_called_once_and_the_cell_says_what_for(run_cell):
    asked, said = run_cell({"nnreg", "sklearn"})
    assert asked == [f"pip install --quiet {SITE}{WHEEL} scikit-learn"]
    assert said == f"Installing {SITE}{WHEEL} scikit-learn\nInstalled: go on.\n"


def test_a_mere_folder_that_is_called_nnreg_is_not_the_package(tmp_path):
    (tmp_path / "nnreg").mkdir()
    code = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nget_ipython = sys.exit\n"
    code += TransformerManager().transform_cell(install_cell(f"./{WHEEL}"))
    bare = [sys.executable, "-I", "-S", "-c", code]  # without what pip has installed
    said = subprocess.run(bare, check=True, capture_output=True, text=True).stdout
    assert said.startswith(f"Installing ./{WHEEL} matplotlib")


@pytest.mark.parametrize(
    ("package", "advice"),
    [(SITE + WHEEL, "pip says above why"), (f"./{WHEEL}", f"Put {WHEEL} .* beside this notebook")],
)
def test_where_pip_fails_the_cell_stops_and_says_what_to_do(run_cell, package, advice):
    with pytest.raises(ModuleNotFoundError, match=advice):
        run_cell({"nnreg"}, package, pip_works=False)


# A reader's machine -----------------------------------------------------------------------------

CHAPTERS = ("03_l1_l2_backward", "A1_gradient_checking")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory):
    """Serve two chapters as the site offers them, and the wheel; give the site's address."""
    folder = tmp_path_factory.mktemp("site")
    offered = folder / "_sources" / "notebooks"
    offered.mkdir(parents=True)
    for chapter in CHAPTERS:
        text = (ROOT / "notebooks" / f"{chapter}.ipynb").read_text(encoding="utf8")
        (offered / f"{chapter}.ipynb").write_text(text, encoding="utf8")
    with open_server(folder, port=0) as server, pytest.MonkeyPatch.context() as patch:
        site = f"http://127.0.0.1:{server.server_address[1]}"
        patch.setenv("NNREG_SITE_URL", site)
        offer_downloads(folder)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield site
        server.shutdown()


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a machine that has Jupyter's kernel and nothing else; give the kernel's name."""
    venv.create(tmp_path / "reader", with_pip=True)
    python = tmp_path / "reader" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "ipykernel"], check=True)
    install = [python, "-m", "ipykernel", "install", "--prefix", tmp_path, "--name", "reader"]
    subprocess.run(install, check=True, capture_output=True)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share" / "jupyter"))
    return "reader"


@pytest.fixture
def pins(tmp_path: Path) -> Path:
    """Write the releases with which the outputs were stored as pip's constraints."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf8")
    pins = re.findall(r"^[\w.-]+==[^\\\n]+", lock, flags=re.M)
    path = tmp_path / "pins.txt"
    path.write_text("\n".join(pins), encoding="utf8")
    return path


def printed(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """What each cell says, pictures in words; what may differ between machines is left out."""
    said = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and "nbval-ignore-output" not in cell.metadata.get("tags", []):
            outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
            texts = [o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs]
            said[cell.id] = "".join(texts)
    return said


@pytest.mark.changes
def test_a_download_runs_on_a_machine_with_jupyter_alone_and_says_what_is_stored(
    address, reader, pins, tmp_path
):
    environment = {k: v for k, v in os.environ.items() if k not in FIXED_ENVIRONMENT}
    environment |= {"PIP_CONSTRAINT": str(pins), "IPYTHONDIR": str(tmp_path)}
    for chapter, outcome in zip(CHAPTERS, ("Installed: go on.", "Everything is"), strict=True):
        with urllib.request.urlopen(f"{address}/_sources/notebooks/{chapter}.ipynb") as answer:
            notebook = nbformat.reads(answer.read().decode(), as_version=4)
        stored = printed(notebook)
        resources = {"metadata": {"path": str(tmp_path)}}
        client = NotebookClient(notebook, kernel_name=reader, timeout=600, resources=resources)
        client.execute(env=environment)
        said = printed(notebook)
        assert outcome in said.pop("install")
        del stored["install"]
        assert said == stored, chapter
