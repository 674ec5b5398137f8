"""Put into a built site what its cells need to run in the page.

Usage: python tools/live.py [SITE]      (default: _build/html; the book's build calls it too)

A site without the runtime is whole: its pages then offer no button that runs a cell.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this tree before an installed one

from tools.live_cells import write_cells
from tools.live_runtime import SOURCES, pack_runtime
from tools.tree import ROOT

SCRIPTS = ROOT / "book" / "_static" / "live"


def add_live_cells(site: Path) -> None:
    """Add worker, runtime and cells to the site, or say why its cells do not run.

    Raises
    ------
    OSError
        If the runtime cannot be had, on a machine with CI=true.
    """
    folder = site / "_static" / "live"
    folder.mkdir(parents=True, exist_ok=True)
    for made in (folder / "runtime", folder / "cells", *folder.glob("scripts-*")):
        shutil.rmtree(made, ignore_errors=True)
    try:
        size = pack_runtime(folder / "runtime")
    except OSError as problem:
        if os.environ.get("CI") == "true":
            raise
        print(f"Live cells are off: {problem}.")
        found = {"available": False, "why": str(problem)}
    else:
        worker = (SOURCES / "worker.js").read_bytes()
        (folder / "worker.js").write_bytes(worker)
        write_cells(folder / "cells")
        address = f"worker.js?{short_hash(worker)}"
        scripts = version_scripts(folder)
        found = {"available": True, "scripts": scripts, "runtime": address, "bytes": size}
    (folder / "live.json").write_text(json.dumps(found), encoding="utf8")


def version_scripts(folder: Path) -> str:
    """Put the page's modules into a folder that is named by what is in them; return its name.

    They import each other, so a browser that kept some of them from before would mix two books.
    """
    scripts = {path.name: path.read_bytes() for path in sorted(SCRIPTS.glob("*.js"))}
    name = f"scripts-{short_hash(b''.join(scripts.values()))}"
    (folder / name).mkdir()
    for script, content in scripts.items():
        (folder / name / script).write_bytes(content)
        (folder / script).unlink(missing_ok=True)  # Sphinx put it there
    return name


def short_hash(content: bytes) -> str:
    """Return what tells one content from another."""
    return sha256(content).hexdigest()[:12]


if __name__ == "__main__":
    add_live_cells(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "_build" / "html").resolve())
