"""The editor that is committed is what its sources bundle to, as far as that shows without npm."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from tools.bundle_editor import BUNDLE, FOLDER, SOURCES, banner, fingerprint, versions


@pytest.fixture(scope="module")
def bundle() -> str:
    return BUNDLE.read_text("utf8")


def test_the_bundle_was_made_from_these_sources(bundle):
    assert f"Sources: sha256 {fingerprint()}\n" in bundle


@pytest.mark.parametrize("name", SOURCES)
def test_a_changed_source_is_noticed(name, tmp_path):
    folder = shutil.copytree(FOLDER, tmp_path / "copy")
    assert fingerprint(folder) == fingerprint()
    (folder / name).write_text("// changed")
    assert fingerprint(folder) != fingerprint()


def test_exact_versions_are_asked_for_and_locked():
    asked = json.loads((FOLDER / "package.json").read_text("utf8"))
    locked = versions()
    for name, version in {**asked["dependencies"], **asked["devDependencies"]}.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert locked[name] == version


def test_every_package_is_named_with_its_version_and_its_licence(bundle):
    comment, _, code = bundle.partition("*/")
    locked = versions()
    inside = re.findall(r"((?:@[\w-]+/)?[\w-]+) (\d+\.\d+\.\d+)[,:]", comment)
    assert {"@codemirror/view", "@codemirror/state", "@lezer/python", "style-mod"} <= {
        name for name, _ in inside
    }
    assert all(locked[name] == version for name, version in inside)
    assert comment.count("Permission is hereby granted, free of charge") == comment.count(
        "THE SOFTWARE IS PROVIDED"
    )
    assert len(code) > 100_000


def test_packages_with_one_licence_share_its_text(tmp_path):
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    for name, text in {"crelt": "A", "style-mod": "A", "w3c-keyname": "B"}.items():
        licence = tmp_path / "node_modules" / name / "LICENSE"
        licence.parent.mkdir(parents=True)
        licence.write_text(text)
    locked = versions()
    text = banner(tmp_path, ["crelt", "style-mod", "w3c-keyname"])
    assert f"crelt {locked['crelt']}, style-mod {locked['style-mod']}:\n\nA\n" in text
    assert f"w3c-keyname {locked['w3c-keyname']}:\n\nB\n*/" in text


def test_the_bundle_obeys_the_site_s_policy(bundle):
    _, _, code = bundle.partition("*/")
    assert not re.search(r"\beval\(|new Function|importScripts|\bimport\(", code)
    assert not re.search(r"https?://(?!www\.w3\.org/)", code)


def test_no_address_of_a_registry_is_kept():
    for name in SOURCES:
        text = (FOLDER / name).read_text("utf8")
        assert not re.search(r"resolved|https?://(?!opencollective|github)", text)
