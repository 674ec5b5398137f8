"""Say of each code cell of a chapter what a page needs in order to run it.

A cell is written with its code, its stored outputs without pictures, the earlier cells that it
needs, whether the page can run it at all, and about how long that takes there.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tools.live_needs import binds, calls, needs, read_cells
from tools.live_reader import is_about_torch
from tools.tree import ROOT
from tools.workbook_cells import parts_of

SECONDS = ROOT / "book" / "live" / "seconds.json"
SLOWER = 6  # a page takes so many times the seconds of a notebook, on average
# What the page has not, by the package's own name; it has some of both.
MISSING = {"sklearn": "scikit-learn", "scipy": "SciPy", "nnfs": "nnfs", "distributed": "Dask"}
PRESENT = {"sklearn.datasets", "scipy.stats"}
# What the page's stand-in for matplotlib does not draw.
UNDRAWN = {"diamond_picture", "projection_picture", "boxplot", "plot_surface"}


def cells_of(path: Path) -> list[dict]:
    """Return the code cells of a chapter, in order, as `_static/live/cells/` holds them."""
    notebook = nbformat.read(path, as_version=4)
    parts = [part for part in parts_of(notebook) if part.is_code]
    cells = [part.cell for part in parts]
    sources = [cell.source for cell in cells]
    codes = read_cells(sources)
    lacks = missing_packages(sources, [code.reads for code in codes])
    needed, missing = needs(codes, lacks)
    bound, called = binds(codes), calls(codes)
    taken = json.loads(SECONDS.read_text(encoding="utf8")).get(path.stem, {})
    return [
        {
            "index": k,
            "id": cell.id,
            "code": cell.source,
            "needs": needed[k],
            "binds": bound[k],
            "calls": called[k],
            "live": not missing[k] or refusal(missing[k], is_own=bool(lacks[k])),
            "seconds": round(SLOWER * taken[cell.id], 1) if cell.id in taken else None,
            "kind": kind(part.kind, cell),
            "compare": "nbval-ignore-output" not in cell.metadata.get("tags", []),
            "outputs": [stored(output) for output in cell.outputs],
        }
        for k, (part, cell) in enumerate(zip(parts, cells, strict=True))
    ]


def refusal(package: str, is_own: bool) -> str:
    """Return why a cell does not run in the page: for want of a package, its own or inherited."""
    if package == "matplotlib" and is_own:
        return "This picture needs matplotlib: run the cell in the notebook."
    return f"This cell needs {package}: run it in the notebook."


def kind(part: str, cell: NotebookNode) -> str:
    """Return how a cell stands in its chapter."""
    if part == "solution":
        return "solution"
    if "hide-input" in cell.metadata.get("tags", []):
        return "folded"
    nodes = ast.walk(ast.parse(cell.source))
    is_open = any(isinstance(node, ast.Constant) and node.value is ... for node in nodes)
    return "exercise" if is_open and "check_answer" in cell.source else "visible"


def stored(output: NotebookNode) -> dict:
    """Return a stored output as the worker writes one, without pictures.

    >>> stored(nbformat.v4.new_output("stream", text="1"))
    {'stdout': '1'}
    """
    if output.output_type == "stream":
        return {"stdout": output.text}
    texts = {
        name: text
        for name, text in output.data.items()
        if not name.startswith("image/") and "data:image/" not in text
    }
    picture = {"picture": True} if len(texts) < len(output.data) else {}
    return {"value": texts, **picture}


def missing_packages(sources: list[str], reads: list[set[str]]) -> list[str]:
    """Return, for each cell, a package that it uses and the page has not, or nothing."""
    names: dict[str, str] = {}
    found: list[str] = []
    for source, read in zip(sources, reads, strict=True):
        own, loaded = imports(source)
        used = [own[name] for name in loaded if name in own]
        used += [names[name] for name in read if name in names]
        found.append(used[0] if used else "")
        names |= own
    return found


def imports(source: str) -> tuple[dict[str, str], set[str]]:
    """Return the names that a cell has from a missing package, and all that it loads."""
    own: dict[str, str] = {}
    loaded: set[str] = set()
    todo: list[ast.AST] = [ast.parse(source)]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and is_about_torch(node):
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                module = getattr(node, "module", None) or alias.name
                package = module.partition(".")[0]
                if package in MISSING and not {module, f"{module}.{alias.name}"} & PRESENT:
                    name = alias.asname or alias.name.partition(".")[0]
                    own[name] = MISSING[package]
        elif isinstance(node, ast.Name):
            loaded.add(node.id)
        elif isinstance(node, ast.Attribute) and node.attr in UNDRAWN:
            loaded.add(node.attr)
        todo += ast.iter_child_nodes(node)
    return own | dict.fromkeys(UNDRAWN & loaded, "matplotlib"), loaded


def write_cells(folder: Path) -> None:
    """Write one file a chapter."""
    folder.mkdir(parents=True)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        text = json.dumps(cells_of(path), ensure_ascii=False)
        (folder / f"{path.stem}.json").write_text(text, encoding="utf8")
