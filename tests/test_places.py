"""A concept stands in every place where somebody looks for it; CONTRIBUTING.md lists the places.

Other tests hold book/covered.toml and the README's table (test_chapters, test_readme), symbols (the
chapter rules), and citations, terms and cross-references (the strict build).
"""

import re
import shutil
import tomllib
from pathlib import Path

import pytest
import yaml

from .test_import import PUBLIC


def concepts(root: Path) -> list[str]:
    names = (path.stem for path in (root / "nnreg").glob("*.py"))
    # What is compiled is no concept of its own: LayerNorm's page speaks of it.
    return sorted(name for name in names if not name.startswith("_") and name != "fast")


def not_exported(root: Path) -> list[str]:
    exported = {thing.__module__ for thing in PUBLIC.values()}
    missing = [name for name in concepts(root) if f"nnreg.{name}" not in exported]
    return [f"nnreg/__init__.py: nothing of nnreg.{name}" for name in missing]


def without_tests(root: Path) -> list[str]:
    covered = tomllib.loads((root / "book" / "covered.toml").read_text(encoding="utf8"))
    files = {
        name: f"tests/test_{covered['tested_with'].get(name, name)}.py" for name in concepts(root)
    }
    missing = [name for name in files if not (root / files[name]).is_file()]
    return [f"{files[name]}: the tests of nnreg.{name}" for name in missing]


def without_page(root: Path) -> list[str]:
    """Public names that no page of the API documents."""
    pages = "".join(path.read_text(encoding="utf8") for path in (root / "book/api").glob("*.md"))
    shown = set(re.findall(r"automodule:: (\S+)", pages))
    return [
        f"book/api: {name}, from {thing.__module__}"
        for name, thing in PUBLIC.items()
        if thing.__module__ not in shown
    ]


def not_in_the_contents(root: Path) -> list[str]:
    contents = yaml.safe_load((root / "book" / "_toc.yml").read_text(encoding="utf8"))
    listed = set(re.findall(r"'(?:file|root)': '([^']+)'", str(contents)))
    paths = [*root.glob("notebooks/*.ipynb"), *root.glob("book/*.md"), *root.glob("book/api/*.md")]
    files = {path.relative_to(root).with_suffix("").as_posix() for path in paths}
    rows = (root / "book" / "api.md").read_text(encoding="utf8")
    pages = {f"book/{page}" for page in re.findall(r"^\| \{doc\}`(api/\w+)`", rows, flags=re.M)}
    api = {name for name in files if name.startswith("book/api/")}
    return [
        *(f"book/_toc.yml: {name}" for name in sorted(files ^ listed)),
        *(f"book/api.md: a row for {name}" for name in sorted(api ^ pages)),
    ]


CHECKS = (not_exported, without_tests, without_page, not_in_the_contents)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_every_place_has_it(root, check):
    if missing := check(root):
        pytest.fail("\n".join(missing), pytrace=False)


@pytest.mark.parametrize(
    ("check", "file", "old", "new", "finding"),
    [
        (not_exported, "nnreg/new.py", None, "", "nnreg/__init__.py: nothing of nnreg.new"),
        (without_tests, "nnreg/new.py", None, "", "tests/test_new.py: the tests of nnreg.new"),
        (without_page, "book/api/dropout.md", "automodule", "x", "book/api: nnreg.dropout_forward"),
        (not_in_the_contents, "notebooks/18_x.ipynb", None, "", "book/_toc.yml: notebooks/18_x"),
        (not_in_the_contents, "book/api/new.md", None, "", "book/_toc.yml: book/api/new"),
        (not_in_the_contents, "book/api/new.md", None, "", "book/api.md: a row for book/api/new"),
        (not_in_the_contents, "book/_toc.yml", "book/glossary", "book/x", "book/_toc.yml: book/gl"),
        (not_in_the_contents, "book/api.md", "| {doc}`api/data`", "|", "book/api.md: a row for b"),
    ],
)
def test_a_missing_place_is_named(root, tmp_path, check, file, old, new, finding):
    for part in ("nnreg", "book", "tests", "notebooks"):
        ignored = shutil.ignore_patterns("node_modules", "__pycache__")
        shutil.copytree(root / part, tmp_path / part, ignore=ignored)
    path = tmp_path / file
    text = path.read_text(encoding="utf8") if old else ""
    assert old is None or old in text
    path.write_text(text.replace(old or "", new), encoding="utf8")
    assert any(found.startswith(finding) for found in check(tmp_path))
