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


def add_live_cells(site: Path) -> None:
    """Add worker, runtime and cells to the site, or say why its cells do not run.

    Raises
    ------
    OSError
        If the runtime cannot be had, on a machine with CI=true.
    """
    folder = site / "_static" / "live"
    for name in ("runtime", "cells"):
        shutil.rmtree(folder / name, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
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
        address = f"worker.js?{sha256(worker).hexdigest()[:12]}"
        found = {"available": True, "runtime": address, "bytes": size}
    (folder / "live.json").write_text(json.dumps(found), encoding="utf8")


if __name__ == "__main__":
    add_live_cells(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "_build" / "html").resolve())
