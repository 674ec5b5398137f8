"""Execute notebooks in the one fixed way in which their outputs are stored.

Usage: python tools/run_notebooks.py [NOTEBOOK ...]      (default: notebooks/*.ipynb)

A notebook is written back only if every cell ran. What could differ between two runs of the
same cells (timestamps, widget addresses, versions, picture metadata, paths) is left out or refused.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import struct
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this tree before an installed one

from nnreg.book.explorer import WIDGET_VIEW
from tools.tree import FIXED_ENVIRONMENT, ROOT

KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
LANGUAGE = {
    "name": "python",
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
VOLATILE_CELL_METADATA = ("execution", "ExecuteTime", "collapsed", "scrolled", "jupyter")
FOLD = "hide-input"  # the tag that folds a cell in the site
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf")
SCRATCH_FOLDERS = ("/tmp/", "/var/folders/", "/home/", "/root/", "/Users/", "C:\\Users")


def strip_png(data: bytes) -> bytes:
    """Return the same picture without its text and time chunks.

    >>> chunk = struct.pack(">I", 2) + b"tEXt" + b"hi" + b"crc!"
    >>> strip_png(PNG_SIGNATURE + chunk) == PNG_SIGNATURE
    True
    """
    kept, position = [PNG_SIGNATURE], len(PNG_SIGNATURE)
    while position < len(data):
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        end = position + 12 + length
        if kind not in PNG_TEXT_CHUNKS:
            kept.append(data[position:end])
        position = end
    return b"".join(kept)


def strip_base64(text: str) -> str:
    """Return the same picture, as text, without its text and time chunks."""
    return base64.b64encode(strip_png(base64.b64decode(text))).decode()


def normalise_output(output: dict) -> None:
    """Take out of one output, in place, what changes from run to run."""
    data = output.get("data", {})
    data.pop(WIDGET_VIEW, None)  # it holds a random model address, and hides the page's own slider
    if "image/png" in data:
        data["image/png"] = strip_base64(data["image/png"]) + "\n"
    if "text/html" in data:
        data["text/html"] = re.sub(
            r"(?<=data:image/png;base64,)[\w+/=]+",
            lambda found: strip_base64(found[0]),
            data["text/html"],
        )


def machine_paths(output: dict) -> list[str]:
    """Return the folder names of this machine that an output's texts mention."""
    texts = [str(output.get("text", ""))]
    texts += [str(v) for k, v in output.get("data", {}).items() if not k.startswith("image/png")]
    folders = (str(ROOT), sys.prefix, str(Path.home()) + os.sep, *SCRATCH_FOLDERS)
    return sorted({folder for folder in folders for text in texts if folder in text})


def fold(notebook: nbformat.NotebookNode) -> None:
    """Fold in the site and in JupyterLab what carries a label, and solutions in JupyterLab.

    The one mark is the label in a cell's metadata, `"mystnb": {"code_prompt_show": "The data"}`.
    JupyterLab shows the first line of a folded cell, so that line becomes the label too. A
    solution's cell lies in a folded box of the site already.
    """
    in_solution = False
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            marks = re.findall(r"\{solution-(start|end)\}", cell.source)
            in_solution = marks[-1] == "start" if marks else in_solution
            continue
        label = cell.metadata.get("mystnb", {}).get("code_prompt_show")
        tags = [tag for tag in cell.metadata.get("tags", []) if tag != FOLD]
        if label:
            cell.metadata.mystnb["code_prompt_hide"] = label
            tags.append(FOLD)
        cell.metadata.pop("tags", None)
        if tags:
            cell.metadata["tags"] = tags
        if line := label or ("Solution" if in_solution else ""):
            cell.source = f"# {line}\n{cell.source.removeprefix(f'# {line}').lstrip()}"
            cell.metadata["jupyter"] = nbformat.from_dict({"source_hidden": True})
        if in_solution:
            cell.metadata["jupyter"]["outputs_hidden"] = True


def normalise(notebook: nbformat.NotebookNode) -> None:
    """Bring an executed notebook into its stored form, in place; refuse machine paths."""
    kept = {k: v for k, v in notebook.metadata.items() if k in ("mystnb", "nnreg")}
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": LANGUAGE, **kept}
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells, start=1):
        cell.setdefault("id", f"cell-{number:02d}")
        for key in VOLATILE_CELL_METADATA:
            cell.metadata.pop(key, None)
        for output in cell.get("outputs", []):
            normalise_output(output)
            if found := machine_paths(output):
                raise ValueError(f"cell {cell.id!r} prints a path of this machine: {found}")
    fold(notebook)


def run(path: Path, timeout: int) -> str | None:
    """Execute one notebook and write it back. Return what went wrong, or None."""
    start = time.perf_counter()
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        kernel_name=KERNEL["name"],
        timeout=timeout,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        client.execute()
        normalise(notebook)
        nbformat.validate(notebook)
    except CellExecutionError as error:
        return f"{path.name}: {error}"
    except (ValueError, TimeoutError) as error:
        return f"{path.name}: {error}"
    before = path.read_bytes()
    nbformat.write(notebook, path)
    state = "unchanged" if path.read_bytes() == before else "rewritten"
    print(f"{path.name}: {time.perf_counter() - start:.1f} s, {state}", flush=True)
    return None


def main() -> int:
    """Run the notebooks named on the command line, two at a time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--timeout", type=int, default=300, help="seconds allowed per cell")
    parser.add_argument("--jobs", type=int, default=2, help="notebooks run at the same time")
    arguments = parser.parse_args()
    paths = arguments.notebooks or sorted((ROOT / "notebooks").glob("*.ipynb"))
    paths = [path.resolve() for path in paths]
    os.environ.update(FIXED_ENVIRONMENT)  # before a kernel starts
    with ProcessPoolExecutor(max_workers=arguments.jobs) as pool:
        problems = list(pool.map(run, paths, [arguments.timeout] * len(paths)))
    problems = [problem for problem in problems if problem]
    for problem in problems:
        print(f"\nNOT written: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
