"""Bundle the editor of the live cells into `book/_static/live/editor.js` (needs npm).

Usage: python tools/bundle_editor.py

What goes in is `tools/editor`: an entry file and exact versions. The bundle names them, carries
their licences, and is committed, so that building the book needs no npm.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tools" / "editor"
BUNDLE = ROOT / "book" / "_static" / "live" / "editor.js"
SOURCES = ("package.json", "package-lock.json", "editor.js")
INSTALL = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
BUNDLE_UP = [
    *("node_modules/.bin/esbuild", "editor.js", "--bundle", "--minify", "--format=esm"),
    *("--target=es2022", "--legal-comments=none"),
    *("--metafile=parts.json", "--outfile=bundle.js", "--log-level=warning"),
]


def fingerprint(folder: Path = FOLDER) -> str:
    """Return a hash of all that the bundle is made from."""
    texts = [(folder / name).read_bytes() for name in SOURCES]
    return hashlib.sha256(b"\0".join(texts)).hexdigest()


def versions(folder: Path = FOLDER) -> dict[str, str]:
    """Return the version of each package that is locked."""
    packages = json.loads((folder / "package-lock.json").read_text("utf8"))["packages"]
    start = "node_modules/"
    return {
        path.removeprefix(start): package["version"]
        for path, package in packages.items()
        if path.startswith(start)
    }


def banner(folder: Path, names: list[str]) -> str:
    """Return a comment with what is inside, and under which licences."""
    locked = versions(folder)
    licences: dict[str, list[str]] = {}
    for name in names:
        text = (folder / "node_modules" / name / "LICENSE").read_text("utf8").strip()
        licences.setdefault(text, []).append(f"{name} {locked[name]}")
    lines = ["Made by tools/bundle_editor.py from tools/editor; do not edit."]
    lines += [f"Sources: sha256 {fingerprint(folder)}", ""]
    for text, those in licences.items():
        lines += [", ".join(those) + ":", "", text, ""]
    return "/*!\n" + "\n".join(lines).rstrip() + "\n*/\n"


def bundle(folder: Path) -> str:
    """Return the bundle made in a folder that holds the sources and may be littered."""
    subprocess.run(INSTALL, cwd=folder, check=True)
    subprocess.run(BUNDLE_UP, cwd=folder, check=True)
    inputs = json.loads((folder / "parts.json").read_text("utf8"))["inputs"]
    start = "node_modules/"
    paths = [path.removeprefix(start).split("/") for path in inputs if path.startswith(start)]
    names = {"/".join(parts[: 2 if parts[0].startswith("@") else 1]) for parts in paths}
    return banner(folder, sorted(names)) + (folder / "bundle.js").read_text("utf8")


def main() -> int:
    """Bundle in a scratch folder and write the file."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in SOURCES:
            shutil.copyfile(FOLDER / name, Path(scratch, name))
        BUNDLE.write_text(bundle(Path(scratch)), "utf8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
