"""Build the book from the stored outputs, with every warning an error.

Usage: python tools/build_book.py [SITE]      (default: _build/html)

Jupyter Book reads the whole repository, so it works on a copy of the sources in a scratch folder:
two builds can run side by side, and nothing but the finished site is left behind. Beside the site
lies a file with the hash of all that it was made from; while that stands, there is nothing to do.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this tree before an installed one

from tools.tree import FIXED_ENVIRONMENT, ROOT

SOURCES = ("book", "notebooks", "nnreg")
MADE_WITH = ("tools", "pyproject.toml", "requirements.lock", "README.md", "LICENSE", "LICENSE-TEXT")
UNREAD = ("__pycache__", ".ipynb_checkpoints")
FIRST_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url=book/intro.html">
<link rel="icon" href="data:,">
<title>Regularising neural networks</title>
</head>
<body><main><h1><a href="book/intro.html">Regularising neural networks</a></h1></main></body>
</html>
"""


def finish(site: Path) -> None:
    """Add to the pages what Jupyter Book does not make."""
    # Importing these takes seconds, which a book that has not changed need not wait for.
    from tools.downloads import offer_downloads
    from tools.live import add_live_cells
    from tools.search_index import make_search_index

    (site / "index.html").write_text(FIRST_PAGE, encoding="utf8")
    for source_map in (site / "_static").rglob("*.map"):
        source_map.unlink()
    make_search_index(site, ROOT / "book" / "search.toml")
    offer_downloads(site)
    add_live_cells(site)


def made_from() -> str:
    """Return a hash of all that decides what the site is."""
    found = sha256(sys.version.encode())
    for name in (*SOURCES, *MADE_WITH):
        for path in sorted([ROOT / name, *(ROOT / name).rglob("*")]):
            if path.is_file() and not set(UNREAD).intersection(path.parts):
                content = sha256(path.read_bytes()).hexdigest()
                found.update(f"{path.relative_to(ROOT)} {content}\n".encode())
    for name, value in sorted({**os.environ, **FIXED_ENVIRONMENT}.items()):
        if name.startswith("NNREG_"):  # addresses that pages lead to
            found.update(f"{name}={value}\n".encode())
    return found.hexdigest()


def stamp_of(site: Path) -> Path:
    """Return the file beside a site that holds the hash of what it was made from."""
    return site.with_name(f"{site.name}.made_from")


def is_current(site: Path, inputs: str) -> bool:
    """Tell whether the site was made from just these."""
    stamp, last = stamp_of(site), site / "_static" / "live" / "live.json"
    return last.is_file() and stamp.is_file() and stamp.read_text(encoding="utf8") == inputs


def give_live_cells(site: Path) -> None:
    """Add the cells that run in the page to a site that could not have them, if it now can."""
    live = json.loads((site / "_static" / "live" / "live.json").read_text(encoding="utf8"))
    if not live["available"]:
        from tools.live import add_live_cells

        add_live_cells(site)


def build(site: Path) -> int:
    """Build into `site`, return the exit code; a failed build leaves an old site alone."""
    inputs = made_from()
    if is_current(site, inputs):
        print("Nothing has changed since the last build.")
        give_live_cells(site)
        return 0
    environment = {**os.environ, **FIXED_ENVIRONMENT}
    with tempfile.TemporaryDirectory(prefix="nnreg-book-") as scratch:
        for name in SOURCES:
            if (ROOT / name).is_dir():
                ignore = shutil.ignore_patterns(*UNREAD)
                shutil.copytree(ROOT / name, Path(scratch, name), ignore=ignore)
        command = [str(Path(sys.executable).with_name("jupyter-book")), "build", "."]
        command += ["--toc", "book/_toc.yml", "--config", "book/_config.yml"]
        command += ["-W", "-n", "--keep-going", "--quiet"]
        code = subprocess.run(command, cwd=scratch, env=environment).returncode
        if code == 0:
            stamp_of(site).unlink(missing_ok=True)
            shutil.rmtree(site, ignore_errors=True)
            site.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(Path(scratch, "_build", "html"), site)
            finish(site)
            stamp_of(site).write_text(inputs, encoding="utf8")
    return code


def main() -> int:
    """Build, and say where the site is, how big it is and how long it took."""
    site = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "_build" / "html").resolve()
    start = time.perf_counter()
    code = build(site)
    if code:
        print("The book was NOT built: see the messages above.", file=sys.stderr)
        return code
    size = sum(file.stat().st_size for file in site.rglob("*") if file.is_file())
    seconds = time.perf_counter() - start
    print(f"The book is in {site} ({size / 1e6:.1f} MB), {seconds:.0f} s; start at index.html.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
