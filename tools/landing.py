"""Write the first page's slider, which is that of chapter 4, to book/landing.html.

Usage: python tools/landing.py
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this tree before an installed one

import nbformat

from tools.tree import ROOT

PAGE = ROOT / "book" / "landing.html"
CHAPTER = ROOT / "notebooks" / "04_training_with_a_penalty.ipynb"
NAME, NAME_HERE = "fig-train-explore", "fig-first-minute"


def stored_slider(chapter: Path) -> str:
    """Return the slider as the chapter stores it."""
    cells = nbformat.read(chapter, as_version=nbformat.NO_CONVERT).cells
    pages = (
        output.get("data", {}).get("text/html", "")
        for cell in cells
        for output in cell.get("outputs", [])
    )
    (slider,) = (page for page in pages if f'id="{NAME}-root"' in page)
    return slider


def landing(chapter: Path) -> str:
    """Return the page's part, in the two elements that give it the looks of an output."""
    slider = stored_slider(chapter).replace(NAME, NAME_HERE)
    return f'<div class="cell_output"><div class="output text_html">\n{slider}</div></div>\n'


if __name__ == "__main__":
    PAGE.write_text(landing(CHAPTER), encoding="utf8")
    print(f"{PAGE.relative_to(ROOT)}: {PAGE.stat().st_size / 1000:.0f} kB")
