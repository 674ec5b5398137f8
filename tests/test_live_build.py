"""What the site gets for its live cells: cells with their needs, a packed runtime, or a reason."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys

import pytest

from tests.browser.live import difference, texts
from tools import live, live_runtime
from tools.live_cells import cells_of
from tools.live_runtime import book_files, compiled, packed, wheel
from tools.tree import FIXED_ENVIRONMENT, ROOT

CHAPTERS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_code_cell_is_written_and_needs_live_cells_alone(path):
    cells = cells_of(path)
    stored = [c for c in json.loads(path.read_text("utf8"))["cells"] if c["cell_type"] == "code"]
    assert [cell["code"] for cell in cells] == ["".join(cell["source"]) for cell in stored]
    assert [cell["index"] for cell in cells] == list(range(len(cells)))
    for cell in cells:
        assert all(j < cell["index"] for j in cell["needs"])
        if cell["live"] is True:
            assert all(cells[j]["live"] is True for j in cell["needs"])
        else:
            assert cell["live"].startswith(("This cell needs ", "This picture needs matplotlib: "))
        assert "data:image" not in json.dumps(cell["outputs"])


EXERCISES = {  # whose names are found elsewhere in the chapter too, with another meaning
    "06_elastic_net_and_exact_zeros": "ex-2-answer",
    "08_penalising_activity": "ex-gap-answer",
    "09_contractive_and_your_own": "ex-twins-answer",
    "10_dropout": "ex-noise-answer",
    "15_residual": "ex2-answer",
}


def sample() -> list:
    """Some exercises, and of each fourth chapter the quick cell whose needs leave out the most."""
    found = []
    for stem, name in EXERCISES.items():
        cells = cells_of(ROOT / "notebooks" / f"{stem}.ipynb")
        index = next(cell["index"] for cell in cells if cell["id"] == name)
        found.append(pytest.param(cells, index, id=f"{stem}-{name}"))
    for path in CHAPTERS[::4]:
        cells = cells_of(path)
        quick = [
            cell
            for cell in cells
            if texts(cell["outputs"])
            and cell["live"] is True
            and cell["compare"]
            and sum(cells[j]["seconds"] or 0 for j in [*cell["needs"], cell["index"]]) < 12
        ]
        left_out = {cell["index"]: cell["index"] - len(cell["needs"]) for cell in quick}
        best = max(left_out, key=left_out.get)
        found.append(pytest.param(cells, best, id=f"{path.stem}-{cells[best]['id']}"))
    return found


@pytest.mark.parametrize(("cells", "index"), sample())
def test_the_needs_alone_give_the_stored_output(cells, index):
    cell = cells[index]
    assert len(cell["needs"]) < index
    parts = [cells[j]["code"] for j in cell["needs"]]
    program = "\n".join([*parts, "print('HERE')", as_shown(cell["code"])])
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=ROOT / "notebooks",
        env={**os.environ, **FIXED_ENVIRONMENT},
    )
    assert done.returncode == 0, done.stderr
    shown = done.stdout.partition("HERE\n")[2]
    assert difference(texts(cell["outputs"]), [shown], rtol=1e-6) == ""


def as_shown(code: str) -> str:
    """Return the code with its last expression printed, as a notebook shows it."""
    tree = ast.parse(code)
    if isinstance(tree.body[-1], ast.Expr) and not ast.unparse(tree).endswith(")"):
        tree.body[-1] = ast.parse(f"print({ast.unparse(tree.body[-1])})").body[0]
    return ast.unparse(tree)


def test_the_page_s_modules_stand_in_a_folder_named_by_what_is_in_them(tmp_path, monkeypatch):
    sources, site = tmp_path / "sources", tmp_path / "site"
    for folder in (sources, site):
        folder.mkdir()
        (folder / "page.js").write_text("1")
    monkeypatch.setattr(live, "SCRIPTS", sources)
    first = live.version_scripts(site)
    assert (site / first / "page.js").read_text() == "1"
    assert not (site / "page.js").exists()
    (sources / "page.js").write_text("2")
    assert live.version_scripts(site) != first


def test_a_pack_lists_its_files_and_holds_them():
    data = packed({"/b": b"22", "/a": b"1"})
    length = int.from_bytes(data[:4], "little")
    assert json.loads(data[4 : 4 + length]) == [["/a", 1], ["/b", 2]]
    assert data[4 + length :] == b"122"


def test_the_same_tree_makes_the_same_pack():
    assert packed(book_files()) == packed(book_files())


def test_all_of_nnreg_is_packed_and_no_cache():
    files = book_files()
    for path in (ROOT / "nnreg").rglob("*.py"):
        assert files[f"/packages/{path.relative_to(ROOT).as_posix()}"] == path.read_bytes()
    assert not [name for name in files if "__pycache__" in name]


def test_bytecode_stands_in_place_of_sources():
    files = compiled({"/a.py": b"x = 1\n", "/b.so": b"\0"})
    if sys.version_info[:2] != (3, 11):
        assert set(files) == {"/a.py", "/b.so"}  # another Python's would not be understood
    else:
        assert set(files) == {"/a.pyc", "/b.so"}


@pytest.fixture
def no_network(monkeypatch, tmp_path):
    """Let the runtime be missing, and pip find nothing."""
    monkeypatch.setattr(live_runtime, "STORE", tmp_path / "store")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("CI", "")


def test_without_the_runtime_the_site_says_that_live_cells_are_off(no_network, tmp_path, capsys):
    live.add_live_cells(tmp_path / "site")
    folder = tmp_path / "site" / "_static" / "live"
    found = json.loads((folder / "live.json").read_text("utf8"))
    assert found["available"] is False
    assert "fetched" in found["why"]
    assert [path.name for path in folder.iterdir()] == ["live.json"]
    assert capsys.readouterr().out.startswith("Live cells are off: ")


def test_without_the_runtime_ci_stops(no_network, monkeypatch, tmp_path):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(OSError, match="fetched"):
        live.add_live_cells(tmp_path / "site")


def test_another_file_of_that_name_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(live_runtime, "STORE", tmp_path)
    (tmp_path / "jupyterlite_xeus_python-1.0.0-py3-none-any.whl").write_bytes(b"something else")
    with pytest.raises(OSError, match="not the file whose hash"):
        wheel()
