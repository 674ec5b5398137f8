"""What a reader downloads: the package as a wheel, and chapters that install what is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tools.tree import ROOT

# What chapters and nnreg.book import beside NumPy, and what pip calls it.
PEERS = {
    "matplotlib": "matplotlib",
    "ipywidgets": "ipywidgets",
    "joblib": "joblib",
    "sklearn": "scikit-learn",
    "tqdm": "tqdm",
}
# The first cell of a downloaded notebook: run as it is, it does what is needed and no more.
INSTALL = """\
# @title Install what is missing
from importlib import invalidate_caches
from importlib.util import find_spec

needed = {needed}


def is_here(module):
    spec = find_spec(module)
    return spec is not None and spec.origin is not None  # a mere folder has no origin


missing = [package for module, package in needed.items() if not is_here(module)]
if missing:
    print("Installing", *missing)
    %pip install --quiet {{" ".join(missing)}}
    invalidate_caches()
    if not all(map(is_here, needed)):
        raise ModuleNotFoundError({advice!r})
print("Installed: go on." if missing else "Everything is here: nothing was installed.")"""
FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}}  # in Colab, in JupyterLab
ADVICE = "Not everything is installed: pip says above why. Then run this cell again."
LAY_BESIDE = "Put {wheel} (from the book's page 'Set up') beside this notebook, and run it again."


def make_wheel(folder: Path) -> str:
    """Build the package into a folder, so that a reader can install it; return its name."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    command += ["--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("nnreg-*.whl")
    return wheel.name


def where_nnreg_is(wheel: str) -> str:
    """Return what pip is told: the site's wheel, or the repository, or a file beside the notebook.

    `NNREG_SITE_URL` and `NNREG_REPOSITORY_URL` are known only to who builds the site.
    """
    if site := os.environ.get("NNREG_SITE_URL", "").rstrip("/"):
        return f"{site}/{wheel}"
    if repository := os.environ.get("NNREG_REPOSITORY_URL", "").rstrip("/"):
        return f"git+{repository}@{os.environ.get('NNREG_REPOSITORY_BRANCH', 'main')}"
    return f"./{wheel}"


def install_cell(package: str) -> str:
    """Return code that installs what is missing, and `package` where that is nnreg."""
    needed = json.dumps({"nnreg": package, **PEERS}, indent=4)
    folder, _, wheel = package.rpartition("/")
    advice = LAY_BESIDE.format(wheel=wheel) if folder == "." else ADVICE
    return INSTALL.format(needed=needed, advice=advice)


def offer_downloads(site: Path) -> None:
    """Add the wheel to a site, and the first cell to the chapters that it offers."""
    source = install_cell(where_nnreg_is(make_wheel(site)))
    for notebook in (site / "_sources" / "notebooks").glob("*.ipynb"):
        chapter = json.loads(notebook.read_text(encoding="utf8"))
        cell = {
            "cell_type": "code",
            "execution_count": None,
            "id": "install",
            "metadata": FOLDED,
            "outputs": [],
            "source": source.splitlines(keepends=True),
        }
        chapter["cells"].insert(0, cell)
        text = json.dumps(chapter, ensure_ascii=False, indent=1)
        notebook.write_text(f"{text}\n", encoding="utf8")
