"""Build the book as a PDF for paper, from the same sources as the site.

Usage: python tools/build_pdf.py [PDF]      (default: _build/nnreg.pdf)

Sphinx writes LaTeX, XeLaTeX sets it. What is written for a screen is first rewritten for paper, in
a scratch copy: see tools/pdf_sources.py.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this tree before an installed one

from nnreg import __version__
from tools.build_book import SOURCES
from tools.pdf_sources import prepare
from tools.tree import FIXED_ENVIRONMENT, ROOT

PACKAGES = (
    "latexmk texlive-xetex texlive-latex-extra texlive-fonts-recommended "
    "fonts-texgyre fonts-texgyre-math fonts-dejavu"
)


def missing_programs() -> list[str]:
    """Return the programs of TeX that are not on this machine."""
    return [name for name in ("latexmk", "xelatex") if shutil.which(name) is None]


def edition(version: str, changes: str) -> str:
    """Return the version, and the day on which the list of changes has it released.

    >>> edition("0.2.0", "## [Unreleased]"), edition("0.2.0", "## [0.2.0] - 2027-01-31")
    ('Edition 0.2.0', 'Edition 0.2.0, 2027-01-31')
    """
    day = re.search(rf"(?m)^## \[{re.escape(version)}\] - ([\d-]+)", changes)
    return f"Edition {version}" + (f", {day[1]}" if day else "")


def write_config(scratch: Path) -> None:
    """Lay what paper needs over the settings of the site."""
    path = scratch / "book" / "_config.yml"
    config = yaml.safe_load(path.read_text(encoding="utf8"))
    printed = yaml.safe_load((scratch / "book/_latex/config.yml").read_text(encoding="utf8"))
    pictures = (scratch / "book" / "_latex" / "pictures").iterdir()
    printed["config"]["latex_additional_files"] += map(str, sorted(pictures))
    config["latex"] = {"use_jupyterbook_latex": False}
    sphinx = config["sphinx"]
    sphinx["config"]["today"] = edition(
        __version__, (ROOT / "CHANGELOG.md").read_text(encoding="utf8")
    )
    sphinx["local_extensions"] |= printed["local_extensions"]
    sphinx["config"]["extensions"] += printed["local_extensions"]
    sphinx["config"] |= printed["config"]
    path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf8")


def write_latex(scratch: Path) -> Path:
    """Return the folder of the LaTeX that Sphinx writes; every warning is an error."""
    for name in SOURCES:
        ignore = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        shutil.copytree(ROOT / name, scratch / name, ignore=ignore)
    prepare(scratch)
    write_config(scratch)
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", "."]
    command += ["--toc", "book/_toc.yml", "--config", "book/_config.yml", "--builder", "latex"]
    command += ["-W", "-n", "--keep-going", "--quiet"]
    subprocess.run(command, cwd=scratch, env={**os.environ, **FIXED_ENVIRONMENT}, check=True)
    return scratch / "_build" / "latex"


def set_pages(latex: Path) -> None:
    """Run XeLaTeX until every page number stands."""
    command = ["latexmk", "-xelatex", "-silent", "-interaction=nonstopmode", "nnreg.tex"]
    no_clock = {"SOURCE_DATE_EPOCH": "0", **os.environ}  # the same sources, the same file
    done = subprocess.run(command, cwd=latex, env=no_clock, capture_output=True)
    if done.returncode:
        log = (latex / "nnreg.log").read_text(encoding="utf8", errors="replace")
        errors = re.findall(r"(?m)^! .*\n(?:.*\n){0,4}", log)
        raise SystemExit("TeX gave up:\n" + "\n".join(errors[:5] or [log[-2000:]]))


def main() -> int:
    """Build, and say where the PDF is, how long and how big it is, and how long it took."""
    pdf = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "_build" / "nnreg.pdf").resolve()
    if missing := missing_programs():
        print(f"There is no {' and no '.join(missing)} here. On Debian and Ubuntu, install them:")
        print(f"  sudo apt-get install --no-install-recommends {PACKAGES}")
        return 1
    start = time.perf_counter()
    pdf.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="nnreg-pdf-") as scratch:
        latex = write_latex(Path(scratch))
        set_pages(latex)
        for suffix in (".pdf", ".log", ".aux"):
            shutil.copyfile(latex / f"nnreg{suffix}", pdf.with_suffix(suffix))
    log = pdf.with_suffix(".log").read_text(encoding="utf8", errors="replace")
    pages = re.search(r"Output written on .*?\((\d+) pages?", log)[1]
    seconds = time.perf_counter() - start
    size = pdf.stat().st_size / 1e6
    print(f"Built {pdf}: {pages} pages, {size:.1f} MB, in {seconds:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
