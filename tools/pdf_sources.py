"""Chapters as they are printed: folded code left out, solutions in an appendix, sliders as frames.

Everything happens in the scratch copy of the sources that the book is built from.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path

import yaml

from tools.pdf_pictures import picture_in_print, slider_in_print
from tools.tree import number_of

START = "```{solution-start}"
END = "```{solution-end}\n```"
BORDER = re.compile(rf"(?={re.escape(START)})|(?<={re.escape(END)})")
LEFT_OUT = ("book/quiz", "book/api")  # what answers on a screen, and what is generated
PREFACE, SOLUTIONS = "book/_latex/preface", "notebooks/solutions"
UNANSWERED = "There is no answer yet: put yours in the place of `...`.\n"
LINK = re.compile(r'(?s)<a href="[^"]*">(.*?)</a>')
TRAINER = re.compile(r"(?ms)^```\{trainer\}.*?^```\n?")
LETTERED = re.compile(r"(\d{4})([a-z])\)?\]\([./]*book/references\.bib#(\w+)\)")
EXERCISE_END = "```{exercise-end}\n```"


def raw(tex: str) -> dict:
    """Return a cell of LaTeX."""
    return markdown(f"```{{raw}} latex\n{tex}\n```")


def markdown(text: str) -> dict:
    """Return a cell of text."""
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def without_sealed(code: str, sealed: set[str]) -> str:
    """Leave out sealed answers and the checks against them: on paper nobody can run those.

    The names of sealed answers are added to `sealed`, for the cells that follow.

    >>> without_sealed('w = ...\\nright = "sealed:MC41"\\ncheck_answer(w, expected=right)', set())
    'w = ...'
    """
    lines = code.splitlines()
    dropped = []
    for statement in ast.parse(code).body:
        names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        told = ast.get_source_segment(code, statement)
        if "sealed:" in told:
            sealed |= {name.id for name in names if isinstance(name.ctx, ast.Store)}
        elif not ("check_answer(" in told and sealed & {name.id for name in names}):
            continue
        dropped.append(statement)
    for statement in reversed(dropped):
        del lines[statement.lineno - 1 : statement.end_lineno]
    return "\n".join(lines).strip("\n")


def without_blank_ends(text: str) -> str:
    """Leave out empty lines above and below.

    >>> without_blank_ends("\\n  \\n  w = 1\\n\\n")
    '  w = 1'
    """
    return re.sub(r"\A(\s*\n)+", "", text).rstrip()


def printed_cell(cell: dict, pictures: Path, sealed: set[str]) -> list[dict]:
    """Return what of a cell is printed: code that is visible online, and outputs."""
    if cell["cell_type"] != "code":
        return [cell]
    folded = "hide-input" in cell["metadata"].get("tags", [])
    for output in cell["outputs"]:
        if page := "".join(output.get("data", {}).get("text/html", "")):
            if "nnreg-explore" in page:
                return [raw(slider_in_print(page, pictures))]
            return [raw(picture_in_print(page, output["data"]["image/png"], pictures))]
        if "text" in output:
            kept = [line for line in output["text"] if line not in (UNANSWERED, "Right.\n")]
            output["text"] = without_blank_ends("".join(kept)).splitlines(keepends=True)
    cell["outputs"] = [output for output in cell["outputs"] if output.get("text", True)]
    code = without_blank_ends(without_sealed(cell["source"], sealed))
    cell["source"] = without_blank_ends(re.sub(r"\A# Solution *(\n|\Z)", "", code))
    if folded or not cell["source"]:
        cell["metadata"]["tags"] = ["remove-input"]
        return [cell] if cell["outputs"] else []
    return [cell]


def parted(cells: list[dict]) -> tuple[list[dict], list[dict]]:
    """Return a chapter's cells without its solutions, and the solutions."""
    chapter, solutions = [], []
    inside = False
    for cell in cells:
        for piece in BORDER.split(cell["source"]) if cell["cell_type"] == "markdown" else [""]:
            inside = inside or piece.startswith(START)
            if cell["cell_type"] == "code":
                (solutions if inside else chapter).append(cell)
            elif piece.strip():
                (solutions if inside else chapter).append(markdown(piece))
            inside = inside and END not in piece
    return chapter, solutions


def stub_inside(cells: list[dict]) -> list[dict]:
    """Let an exercise end after the code that it hands out, and not before."""
    moved = []
    open_exercise = False
    for cell in cells:
        if open_exercise and cell["cell_type"] == "markdown":
            moved.append(markdown(EXERCISE_END))
            open_exercise = False
        text, end, rest = cell["source"].rpartition(EXERCISE_END)
        if end and not rest.strip() and cell["cell_type"] == "markdown":
            cell, open_exercise = markdown(text), True
        moved.append(cell)
    return [*moved, markdown(EXERCISE_END)] if open_exercise else moved


def title_of(cells: list[dict]) -> str:
    """Return the words of the chapter's heading."""
    return re.search(r"(?m)^# (.*)", cells[0]["source"])[1]


def print_sentences(text: str, sentences: dict[str, str], page: str) -> str:
    """Replace what only makes sense on a screen; what is not found any more is named.

    A heading stands for its whole section.
    """
    for found, printed in sentences.items():
        if found not in text:
            raise SystemExit(f"book/_latex/printed.toml: {page} no longer has the words {found!r}.")
        if found.startswith("## "):
            found = re.search(rf"(?ms)^{re.escape(found)}$.*?(?=^## |\Z)", text)[0]
        text = text.replace(found, printed)
    return text


def print_chapter(path: Path, sentences: dict[str, str], pictures: Path) -> list[dict]:
    """Rewrite a chapter for print, and return its solutions."""
    notebook = json.loads(path.read_text(encoding="utf8"))
    for cell in notebook["cells"]:
        cell["source"] = TRAINER.sub("", "".join(cell["source"]))
    whole = "\0".join(cell["source"] for cell in notebook["cells"])
    parts = print_sentences(whole, sentences, path.stem).split("\0")
    for cell, source in zip(notebook["cells"], parts, strict=True):
        cell["source"] = source
    sealed: set[str] = set()
    cells = [part for cell in notebook["cells"] for part in printed_cell(cell, pictures, sealed)]
    cells, solutions = parted(cells)
    notebook["cells"] = stub_inside(cells)
    path.write_text(json.dumps(notebook), encoding="utf8")
    number = number_of(path.stem)
    kind = "Chapter" if number.isdigit() else "Appendix"
    title = f"{kind} {number} · {title_of(cells)}"
    return [markdown(f"## {title}"), *solutions] if solutions else []


def tell_years_apart(root: Path) -> None:
    """Give two works of one year the letters in the references by which chapters cite them."""
    works = root / "book/references.bib"
    text = works.read_text(encoding="utf8")
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        for year, letter, key in LETTERED.findall(path.read_text(encoding="utf8")):
            entry = re.compile(rf"({{{key},[^@]*?year = {{{year})}}")
            text = entry.sub(rf"\g<1>{letter}}}", text, count=1)
    works.write_text(text, encoding="utf8")


def printed_toc(toc: dict) -> dict:
    """Return the table of contents of the paper book."""
    for part in toc["parts"]:
        part["chapters"] = [page for page in part["chapters"] if page["file"] not in LEFT_OUT]
    toc["root"] = "book/_latex/book"
    toc["parts"][0]["chapters"].insert(0, {"file": PREFACE})
    toc["parts"][-1]["chapters"].insert(0, {"file": SOLUTIONS})
    return toc


def opening(caption: str, place: int, places: int) -> str:
    """Return the LaTeX before a part's first chapter."""
    if place == 0:
        return r"\printedfront"
    if place == places - 1:
        return r"\printedback"
    if caption == "Appendices":
        return r"\printedappendix"
    number, _, name = caption.partition(" · ")
    return (r"\printedmain" if number == "I" else "") + rf"\part{{{name}}}"


def prepend(page: Path, tex: str) -> None:
    """Put LaTeX before everything else on a page."""
    if page.suffix == ".md":
        text = page.read_text(encoding="utf8")
        page.write_text(f"```{{raw}} latex\n{tex}\n```\n\n{text}", encoding="utf8")
    else:
        notebook = json.loads(page.read_text(encoding="utf8"))
        notebook["cells"].insert(0, raw(tex))
        page.write_text(json.dumps(notebook), encoding="utf8")


def source_of(root: Path, page: str) -> Path:
    """Return the file of a page."""
    (path,) = (p for p in (root / f"{page}.md", root / f"{page}.ipynb") if p.exists())
    return path


def prepare(root: Path) -> None:
    """Rewrite the copied sources under `root` into those of the paper book."""
    tell_years_apart(root)
    sentences = tomllib.loads((root / "book/_latex/printed.toml").read_text(encoding="utf8"))
    pictures = root / "book/_latex/pictures"
    pictures.mkdir()
    toc = printed_toc(yaml.safe_load((root / "book/_toc.yml").read_text(encoding="utf8")))
    solutions = [markdown("(solutions)=\n# Solutions")]
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        solutions += print_chapter(path, sentences.pop(path.stem, {}), pictures)
    template = json.loads(path.read_text(encoding="utf8"))
    template["cells"] = solutions
    (root / f"{SOLUTIONS}.ipynb").write_text(json.dumps(template), encoding="utf8")
    for page, replaced in sentences.items():
        path = root / "book" / f"{page}.md"
        text = LINK.sub(r"\1", path.read_text(encoding="utf8"))
        path.write_text(print_sentences(text, replaced, page), encoding="utf8")
    landing = (root / "book/landing.html").read_text(encoding="utf8")
    prepend(
        root / f"{PREFACE}.md", rf"\newcommand{{\landing}}{{{slider_in_print(landing, pictures)}}}"
    )
    for place, part in enumerate(toc["parts"]):
        first = source_of(root, part["chapters"][0]["file"])
        prepend(first, opening(part["caption"], place, len(toc["parts"])))
    (root / "book/_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf8")
