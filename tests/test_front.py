"""What the front pages promise: hours, moments of sliders, an address to install from."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest

import nnreg

from .test_import import PUBLIC

FRAMES = re.compile(r'(?s)id="([\w-]+)-root".*?<script type="application/json">(.*?)</script>')
LINK = re.compile(r'href="([\w./]+\.html)\?([\w-]+)=([^"]+)"')


def minutes(root: Path) -> dict[str, int]:
    """Return the label of each chapter and the reading time at its top."""
    found = {}
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf8"))["cells"]
        text = "\n".join("".join(cell["source"]) for cell in cells)
        label = re.search(r"^\((ch-[\w-]+)\)=", text, re.M)[1]
        found[label] = int(re.search(r"\*\*Time:\*\* (\d+) minutes", text)[1])
    return found


def positions(root: Path) -> dict[tuple[str, str], list[str]]:
    """Return what each slider can be asked for, by the page's name and its own."""
    pages = [*root.glob("notebooks/*.ipynb"), root / "book" / "landing.html"]
    found = {}
    for path in pages:
        text = path.read_text(encoding="utf8")
        outputs = [text]
        if path.suffix == ".ipynb":
            cells = json.loads(text)["cells"]
            outputs = [
                "".join(output.get("data", {}).get("text/html", ""))
                for cell in cells
                for output in cell.get("outputs", [])
            ]
        page = "intro" if path.suffix == ".html" else path.stem
        for output in outputs:
            if "URLSearchParams" not in output:  # of a time when a slider asked no address
                continue
            for name, frames in FRAMES.findall(output):
                frames = json.loads(frames)
                if isinstance(frames, list):
                    values = [frame["value"].split(" = ")[-1] for frame in frames]
                    found[page, name] = values
    return found


def dead_moments(root: Path, text: str) -> list[str]:
    known = positions(root)
    return [
        f"{page}: {name} = {value}"
        for page, name, value in LINK.findall(text)
        if value not in known.get((Path(page).stem, name), [])
    ]


def test_the_hours_of_each_path_are_those_of_its_chapters(root):
    text = (root / "book" / "intro.md").read_text(encoding="utf8")
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| (\d*)(½?) \|$", text, re.M)
    known = minutes(root)
    written = [label for stem, label in zip(stems(root), known, strict=True) if stem[0].isdigit()]
    assert len(rows) == 7
    for path, chapters, whole, half in rows:
        labels = re.findall(r"`(ch-[\w-]+)`", chapters) or written
        hours = sum(known[label] for label in labels) / 60
        assert round(2 * hours) == 2 * int(whole) + len(half), f"{path}: {hours:.2f} hours"
    assert f"about {rows[-1][2]} hours" in text
    assert f"about {rows[-1][2]} hours" in (root / "README.md").read_text(encoding="utf8")
    assert len(written) == 20  # "the twenty chapters"


def test_a_link_to_a_moment_of_a_slider_finds_it(root):
    text = (root / "book" / "teaching.md").read_text(encoding="utf8")
    assert len(LINK.findall(text)) > 12
    assert dead_moments(root, text) == []


@pytest.mark.parametrize(
    "link",
    [
        "intro.html?fig-first-minute=0.0021",
        "intro.html?fig-second-minute=0",
        "../notebooks/18_x.html?fig-first-minute=0",
    ],
)
def test_a_dead_moment_is_noticed(root, link):
    assert len(dead_moments(root, f'<a href="{link}">here</a>')) == 1


def test_set_up_names_the_wheel_of_this_version(root):
    text = (root / "book" / "setup.md").read_text(encoding="utf8")
    wheels = re.findall(r"nnreg-([\d.a-z]+)-py3-none-any\.whl", text)
    assert len(wheels) == 2
    assert set(wheels) == {nnreg.__version__}


def pages_without_their_chapter(root: Path) -> list[str]:
    """API pages that do not link a chapter which covers one of their names, if it is written."""
    covered = tomllib.loads((root / "book" / "covered.toml").read_text(encoding="utf8"))
    chapters = {**covered["derived"], **covered["used"]}
    label = dict(zip(stems(root), minutes(root), strict=True))
    found = []
    for page in sorted((root / "book" / "api").glob("*.md")):
        text = page.read_text(encoding="utf8")
        modules = re.findall(r"automodule:: (\S+)", text)
        needed = {
            label[stem]
            for name, thing in PUBLIC.items()
            if thing.__module__ in modules
            for stem in chapters.get(name, ())
            if stem in label
        }
        needed |= {label[stem] for name in modules for stem in chapters.get(name, ())}
        found += [f"{page.name}: {{ref}}`{name}`" for name in sorted(needed) if name not in text]
    return found


def stems(root: Path) -> list[str]:
    return sorted(path.stem for path in (root / "notebooks").glob("*.ipynb"))


def test_an_api_page_leads_to_the_chapters_of_its_names(root):
    assert pages_without_their_chapter(root) == []


def test_an_api_page_without_its_chapter_is_named(root, tmp_path):
    (tmp_path / "notebooks").symlink_to(root / "notebooks")
    shutil.copytree(root / "book", tmp_path / "book")
    page = tmp_path / "book" / "api" / "residual.md"
    page.write_text(page.read_text(encoding="utf8").replace("{ref}`ch-residual`", "a chapter"))
    assert pages_without_their_chapter(tmp_path) == ["residual.md: {ref}`ch-residual`"]
