"""The tools stand in their own tree, store notebooks in one form, and say aloud what is missing."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from threading import Thread

import nbformat
import pytest

from tools import browser_tools, other_processor
from tools.run_notebooks import PNG_SIGNATURE, WIDGET_VIEW, normalise
from tools.serve import open_server
from tools.tree import FIXED_ENVIRONMENT

# The form in which notebooks are stored --------------------------------------------------------

TEXT_CHUNK = (4).to_bytes(4, "big") + b"tEXt" + b"time" + b"crc!"
TEXT_PNG = base64.b64encode(PNG_SIGNATURE + TEXT_CHUNK).decode()
PLAIN_PNG = base64.b64encode(PNG_SIGNATURE).decode()


def stored() -> nbformat.NotebookNode:
    data = {"image/png": PLAIN_PNG + "\n", "text/html": f"data:image/png;base64,{PLAIN_PNG}"}
    output = nbformat.v4.new_output("display_data", data={**data, "text/plain": "x"})
    cells = [
        nbformat.v4.new_markdown_cell("# A", id="one"),
        nbformat.v4.new_code_cell("x", id="two", outputs=[output]),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"nnreg": {"omits": {}}})
    normalise(notebook)
    return notebook


def of_output(**data):
    return lambda notebook: notebook.cells[1].outputs[0].data.update(data)


def folded(*sources: str, **mystnb: str) -> list[nbformat.NotebookNode]:
    """Store cells: those that begin with a fence are Markdown, the others carry `mystnb`."""
    metadata = {"mystnb": mystnb} if mystnb else {}
    cells = [
        nbformat.v4.new_markdown_cell(source, id=f"c{i}")
        if source.startswith("```")
        else nbformat.v4.new_code_cell(source, id=f"c{i}", metadata=metadata)
        for i, source in enumerate(sources)
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    normalise(notebook)
    again = nbformat.from_dict(notebook)
    normalise(again)
    assert again == notebook
    return notebook.cells


def test_one_label_folds_a_cell_everywhere_and_is_its_first_line():
    (cell,) = folded("x = 1", code_prompt_show="The data")
    assert cell.source == "# The data\nx = 1"
    assert cell.metadata.tags == ["hide-input"]
    assert cell.metadata.mystnb.code_prompt_hide == "The data"
    assert cell.metadata.jupyter == {"source_hidden": True}


def test_without_its_label_a_cell_is_open_again():
    (cell,) = folded("x = 1")
    assert cell.source == "x = 1"
    assert cell.metadata == {}


def test_the_cells_of_a_solution_are_folded_with_what_they_print():
    start, end = "```{solution-start} ex\n```", "```{solution-end}\n```"
    _, first, middle, second, _, after = folded(start, "x = 1", "```{note}```", "x", end, "x")
    for cell in (first, second):
        assert cell.source.startswith("# Solution\nx")
        assert cell.metadata.jupyter == {"source_hidden": True, "outputs_hidden": True}
    assert middle.metadata == after.metadata == {}


@pytest.mark.parametrize(
    "change",
    [
        lambda notebook: notebook.metadata.kernelspec.update(name="conda"),
        lambda notebook: notebook.metadata.language_info.update(version="3.11"),
        lambda notebook: notebook.metadata.update(jupytext={}),
        lambda notebook: notebook.metadata.update(widgets={}),
        lambda notebook: notebook.cells[1].metadata.update(execution={"start": "now"}),
        of_output(**{WIDGET_VIEW: {"model_id": "1"}}),
        of_output(**{"image/png": TEXT_PNG}),
        of_output(**{"text/html": f"data:image/png;base64,{TEXT_PNG}"}),
    ],
)
def test_what_changes_from_run_to_run_is_taken_out(change):
    notebook = stored()
    change(notebook)
    assert notebook != stored()
    normalise(notebook)
    assert notebook == stored()


@pytest.mark.parametrize("path", ["/home/a/x.py", str(Path.home() / "x"), sys.prefix])
def test_a_path_of_a_machine_is_refused(path):
    notebook = stored()
    of_output(**{"text/plain": f"File {path!r}"})(notebook)
    with pytest.raises(ValueError, match="cell 'two' prints a path of this machine"):
        normalise(notebook)


def test_two_cells_of_one_name_are_refused():
    notebook = stored()
    notebook.cells[1].id = "one"
    with pytest.raises(nbformat.warnings.DuplicateCellId):
        nbformat.validate(notebook)


# The tree that a tool stands in -----------------------------------------------------------------

TREE = {
    "nnreg/__init__.py": "from nnreg.here import only_here",
    "nnreg/here.py": "def only_here():\n    return 'this tree'",
    "nnreg/book/__init__.py": "",
    "nnreg/book/explorer.py": f"WIDGET_VIEW = '{WIDGET_VIEW}'",
    "tests/test_here.py": "",
    "README.md": "<!-- chapter table: start (tools/chapter_table.py) -->\n"
    "<!-- chapter table: end -->\n",
    "book/covered.toml": "[derived]\n'nnreg.only_here' = ['01_x']\n[used]\n[tested_with]\n",
}


@pytest.fixture
def tree(root, tmp_path):
    """Return a second tree, with a package that differs from the one that is installed."""
    shutil.copytree(root / "tools", tmp_path / "tools")
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf8")
    return tmp_path


def write_notebook(tree: Path, *cells: str, name: str = "01_x") -> Path:
    path = tree / "notebooks" / f"{name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    found = [nbformat.v4.new_markdown_cell("# A title", id="title")]
    found += [nbformat.v4.new_code_cell(cell, id=f"c{i}") for i, cell in enumerate(cells)]
    nbformat.write(nbformat.v4.new_notebook(cells=found), path)
    return path


def run_tool(tree: Path, name: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run a tool as a user does, who has set nothing."""
    kept = {name: value for name, value in os.environ.items() if name not in FIXED_ENVIRONMENT}
    command = [sys.executable, str(tree / "tools" / f"{name}.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=kept, cwd=tree.parent)


def test_the_table_is_made_from_its_own_tree(tree):
    write_notebook(tree)
    assert "stale" not in run_tool(tree, "chapter_table").stderr
    rows = (tree / "README.md").read_text(encoding="utf8")
    assert "1. [A title](notebooks/01_x.ipynb) | `nnreg.only_here` | [test_here]" in rows
    assert run_tool(tree, "chapter_table", "--check").returncode == 0
    (tree / "README.md").write_text(TREE["README.md"], encoding="utf8")
    assert run_tool(tree, "chapter_table", "--check").returncode == 1


@pytest.mark.book
def test_notebooks_run_with_the_package_of_their_tree_in_the_fixed_environment(tree):
    names = sorted(set(FIXED_ENVIRONMENT) - {"PYTHONPATH"})
    path = write_notebook(
        tree,
        "import os, nnreg",
        "nnreg.only_here()",
        f"[os.environ[name] for name in {names}]",
    )
    done = run_tool(tree, "run_notebooks")
    assert done.returncode == 0, done.stderr
    assert "rewritten" in done.stdout
    cells = nbformat.read(path, as_version=4).cells
    assert cells[2].outputs[0].data["text/plain"] == "'this tree'"
    assert eval(cells[3].outputs[0].data["text/plain"]) == [FIXED_ENVIRONMENT[n] for n in names]
    assert "unchanged" in run_tool(tree, "run_notebooks").stdout


@pytest.mark.book
def test_a_notebook_that_must_not_be_stored_is_left_as_it_was(tree):
    paths = [write_notebook(tree, "1 / 0"), write_notebook(tree, "print('/tmp/x')", name="02_y")]
    before = [path.read_bytes() for path in paths]
    done = run_tool(tree, "run_notebooks")
    assert done.returncode == 1
    assert re.search("NOT written: 01_x.ipynb: .*ZeroDivisionError", done.stderr, re.S)
    assert "NOT written: 02_y.ipynb: cell 'c0' prints a path of this machine" in done.stderr
    assert [path.read_bytes() for path in paths] == before


# What is missing, and what is old -----------------------------------------------------------------


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_a_missing_browser_is_said_aloud_and_fails_on_a_ci_machine(monkeypatch, capsys, ci, code):
    monkeypatch.setenv("CI", ci)
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(browser_tools, "AXE", Path("nowhere"))
    assert browser_tools.main() == code
    said = capsys.readouterr().err
    assert "Chromium   Debian, Ubuntu: sudo apt-get install chromium" in said
    assert "npm        Debian, Ubuntu: sudo apt-get install npm" in said
    assert ("SKIPPED" in said) == (not code)


def test_a_browser_is_found_by_its_variable_or_its_usual_name(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CHROMIUM", "/there/chrome")
    assert browser_tools.chromium() == "/there/chrome"
    monkeypatch.delenv("CHROMIUM")
    assert browser_tools.chromium() is None
    (tmp_path / "chromium-browser").touch(mode=0o755)
    assert browser_tools.chromium() == str(tmp_path / "chromium-browser")


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_what_is_skipped_fails_on_a_ci_machine(root, tmp_path, ci, code):
    shutil.copy(root / "conftest.py", tmp_path)
    (tmp_path / "test_a.py").write_text(
        "import pytest\ndef test_skipped(): pytest.importorskip('nowhere')\n"
        "def test_passed(): pass\n@pytest.mark.xfail\ndef test_expected(): assert 0\n"
    )
    (tmp_path / "test_b.py").write_text("import pytest\npytest.importorskip('nowhere')\n")
    command = [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider"]
    command += ["--continue-on-collection-errors", "."]
    environment = os.environ | {"CI": ci}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout.count("could not import 'nowhere'") >= 2, done.stdout
    counts = "1 failed, 1 passed, 1 xfailed, 1 error" if ci else "1 passed, 2 skipped, 1 xfailed"
    assert counts in done.stdout
    assert done.returncode == code


def test_the_simulated_processor_is_another_one_indeed():
    settings = dict(setting.split("=") for setting in other_processor.settings())
    if not settings:
        pytest.skip("no older processor can be simulated here")
    command = [sys.executable, other_processor.__file__]
    done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True)
    assert done.stdout.strip() == ""
    assert "an old one already" in done.stderr


def test_elsewhere_no_processor_is_simulated(monkeypatch, capsys):
    monkeypatch.setattr(other_processor.platform, "machine", lambda: "arm64")
    assert other_processor.settings() == []
    assert "Only an x86 processor" in capsys.readouterr().err


def test_a_port_that_is_taken_is_passed_over(tmp_path):
    (tmp_path / "index.html").write_text("here")
    with open_server(tmp_path, 0) as first:
        port = first.server_address[1]
        with open_server(tmp_path, port) as second:
            assert second.server_address[1] > port
            Thread(target=second.handle_request).start()
            with urllib.request.urlopen(f"http://127.0.0.1:{second.server_address[1]}/") as page:
                assert page.read() == b"here"
