"""Write the README's table from chapter to function to test.

Usage: python tools/chapter_table.py [--check]

The chapters' names come from book/covered.toml, their titles from the notebooks, and the tests from
the modules that define the names. With --check nothing is written, and a stale table is an error.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import tomllib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # this tree before an installed one

from tools.tree import ROOT, number_of

START = "<!-- chapter table: start (tools/chapter_table.py) -->"
END = "<!-- chapter table: end -->"


def lookup(name: str) -> object:
    """Return what a dotted public name stands for.

    >>> lookup("json.dumps").__name__
    'dumps'
    """
    parent, _, last = name.rpartition(".")
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError:
        return getattr(importlib.import_module(parent), last)


def held_by(name: str, tested_with: dict[str, str]) -> str:
    """Return the test file of the module that defines a public name."""
    thing = lookup(name)
    module = (getattr(thing, "__module__", None) or thing.__name__).rpartition(".")[2]
    return f"tests/test_{tested_with.get(module, module)}.py"


def title_of(notebook: Path) -> str:
    """Return the text of a notebook's level-1 heading."""
    cells = json.loads(notebook.read_text(encoding="utf8"))["cells"]
    text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    return re.search(r"^# (.+)$", text, flags=re.M)[1].strip()


def table(root: Path = ROOT) -> str:
    """Return the table's Markdown, with a row for each chapter that is written."""
    covered = tomllib.loads((root / "book" / "covered.toml").read_text(encoding="utf8"))
    names_of: dict[str, list[str]] = {}
    for name, chapters in {**covered["derived"], **covered["used"]}.items():
        for chapter in chapters:
            names_of.setdefault(chapter, []).append(name)
    lines = ["| chapter | what you can then use | its tests |", "|---|---|---|"]
    for notebook in sorted((root / "notebooks").glob("*.ipynb")):
        names = [name for name in names_of.get(notebook.stem, []) if name != "nnreg.nn"]
        tests = dict.fromkeys(held_by(name, covered["tested_with"]) for name in names)
        for test in tests:
            if not (root / test).is_file():
                raise FileNotFoundError(f"{test} is missing: {notebook.stem} covers what it tests")
        lines.append(
            f"| {number_of(notebook.stem)}. [{title_of(notebook)}](notebooks/{notebook.name}) "
            f"| {', '.join(f'`{name}`' for name in names)} "
            f"| {', '.join(f'[{Path(test).stem}]({test})' for test in tests)} |"
        )
    return "\n".join(lines)


def filled(readme: str, rows: str) -> str:
    """Return a README's text with the table between the two markers.

    >>> print(filled(f"Above\\n{START}\\nold\\n{END}\\nbelow", "| new |"))
    Above
    <!-- chapter table: start (tools/chapter_table.py) -->
    | new |
    <!-- chapter table: end -->
    below
    """
    if readme.count(START) != 1 or readme.count(END) != 1:
        raise ValueError(f"README.md must hold {START} and {END}, once each")
    head, rest = readme.split(START)
    return f"{head}{START}\n{rows}\n{END}{rest.split(END)[1]}"


def main() -> int:
    """Rewrite the table, or say that it is stale."""
    path = ROOT / "README.md"
    old = path.read_text(encoding="utf8")
    new = filled(old, table())
    if "--check" in sys.argv[1:]:
        if new != old:
            print("README.md: run `python tools/chapter_table.py`.", file=sys.stderr)
        return int(new != old)
    path.write_text(new, encoding="utf8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
