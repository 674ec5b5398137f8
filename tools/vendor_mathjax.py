"""Refresh book/_vendor/mathjax from the npm packages that its packages.json names (needs npm).

Usage: python tools/vendor_mathjax.py

MathJax's own bundles hold menus, an explorer and a speech engine, two fifths of their weight.
Here its components are joined into one file with what this book needs.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "book" / "_vendor" / "mathjax"
KEPT = ("README.md", "packages.json")  # written by hand
SUMS = "SHA256SUMS"

MATHJAX, FONT = "mathjax", "@mathjax/mathjax-newcm-font"
EXTENSIONS = ("newcommand", "ams", "configmacros", "textmacros", "boldsymbol", "enclose", "cancel")
COMPONENTS = (
    (MATHJAX, "startup.js"),
    (MATHJAX, "core.js"),
    (MATHJAX, "input/tex-base.js"),
    *((MATHJAX, f"input/tex/extensions/{name}.js") for name in EXTENSIONS),
    (MATHJAX, "output/chtml.js"),
    (FONT, "chtml.js"),
    (MATHJAX, "a11y/assistive-mml.js"),
)
# The loader is told what is there already; the setting is for a menu that is not.
END = """
MathJax.loader.preLoaded("core", "input/tex-base", "output/chtml", "[mathjax-newcm]/chtml");
delete MathJax.config.options?.menuOptions;
"""
FONT_PLACE = "output/fonts/mathjax-newcm"
# Characters beside the font's first set, fetched when a formula has one; no foreign scripts.
CHARACTERS = (
    *("accents", "accents-b-i", "arrows", "calligraphic", "double-struck", "fraktur", "greek"),
    *("latin", "latin-b", "latin-bi", "latin-i", "marrows", "math", "monospace", "mshapes"),
    *("sans-serif", "sans-serif-b", "sans-serif-r", "script", "shapes", "symbols", "symbols-b-i"),
    "variants",
)


def unpack(name: str, version: str, integrity: str, folder: Path) -> Path:
    """Fetch a package, compare its hash, and return the folder that it was unpacked into."""
    fetch = ["npm", "pack", f"{name}@{version}", "--silent", "--pack-destination", str(folder)]
    archive = (
        folder / subprocess.run(fetch, check=True, capture_output=True, text=True).stdout.strip()
    )
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if f"sha512-{digest}" != integrity:
        raise ValueError(f"{name} {version} has integrity sha512-{digest}, not {integrity}")
    with tarfile.open(archive) as tar:
        tar.extractall(folder / name, filter="data")
    return folder / name / "package"


def font_files(scripts: list[str]) -> set[str]:
    """Return the names of the font files that the scripts speak of."""
    found = re.findall(r"MJX-(?:NCM-[A-Za-z0-9-]+|BRK)", " ".join(scripts))
    return {f"{name.lower()}.woff2".replace("mjx-brk", "mjx-ncm-brk") for name in found}


def copy_parts(packages: dict[str, Path], target: Path) -> None:
    """Write the joined script, the licence and the font's files into `target`."""
    texts = [(packages[name] / part).read_text("utf8") for name, part in COMPONENTS]
    (target / "tex-chtml.js").write_text("\n".join([*texts, END]), "utf8")
    shutil.copyfile(packages[MATHJAX] / "LICENSE", target / "LICENSE")
    font, place = packages[FONT] / "chtml", target / FONT_PLACE / "chtml"
    characters = [font / "dynamic" / f"{name}.js" for name in CHARACTERS]
    scripts = [path.read_text("utf8") for path in (packages[FONT] / "chtml.js", *characters)]
    fonts = [font / "woff2" / name for name in font_files(scripts)]
    for path in (*characters, *fonts):
        copy = place / path.relative_to(font)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)


def sums(folder: Path) -> str:
    """Return the hashes of all files but those that are written by hand, as `sha256sum` does."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n"
        for name, path in names.items()
        if name not in (*KEPT, SUMS)
    )


def main() -> int:
    """Fetch, compare, replace."""
    wanted = json.loads((FOLDER / "packages.json").read_text("utf8"))
    with tempfile.TemporaryDirectory() as scratch:
        packages = {
            name: unpack(name, **package, folder=Path(scratch)) for name, package in wanted.items()
        }
        for old in FOLDER.iterdir():
            if old.name not in KEPT:
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        copy_parts(packages, FOLDER)
    (FOLDER / SUMS).write_text(sums(FOLDER), "utf8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
