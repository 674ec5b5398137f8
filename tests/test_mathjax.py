"""MathJax as it is kept here is what its list of hashes says."""

from __future__ import annotations

import json
import re
import shutil

import pytest
import yaml

from tools.vendor_mathjax import EXTENSIONS, FOLDER, SUMS, sums, unpack


def test_every_file_has_the_hash_that_is_written_down():
    assert sums(FOLDER) == (FOLDER / SUMS).read_text("utf8")


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "tex-chtml.js").write_text("MathJax = {}"),
        lambda folder: (folder / "more.js").write_text(""),
        lambda folder: (folder / "LICENSE").unlink(),
    ],
)
def test_a_changed_an_added_and_a_lost_file_are_noticed(change, tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "copy")
    assert sums(folder) == (folder / SUMS).read_text("utf8")
    change(folder)
    assert sums(folder) != (folder / SUMS).read_text("utf8")


def test_a_package_with_another_hash_is_refused(tmp_path, monkeypatch):
    def pack(command, **options):
        (tmp_path / "x.tgz").write_bytes(b"something else")
        return type("Done", (), {"stdout": "x.tgz\n"})

    monkeypatch.setattr("tools.vendor_mathjax.subprocess.run", pack)
    with pytest.raises(ValueError, match=r"x 1\.0 has integrity sha512-.*, not sha512-e"):
        unpack("x", "1.0", "sha512-expected", tmp_path)


def test_readme_and_configuration_speak_of_the_same(root):
    packages = json.loads((FOLDER / "packages.json").read_text("utf8"))
    (version,) = {package["version"] for package in packages.values()}
    assert f"MathJax {version}" in (FOLDER / "README.md").read_text("utf8")
    assert re.search(f'"{version}"', (FOLDER / "tex-chtml.js").read_text("utf8"))
    config = yaml.safe_load((root / "book" / "_config.yml").read_text("utf8"))
    tex = config["sphinx"]["config"]["mathjax3_config"]["tex"]
    assert tex["packages"]["[+]"] == list(EXTENSIONS)
