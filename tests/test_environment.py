"""The lock file is complete, carries hashes and no address, and both ways of installing use it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version


@pytest.fixture(scope="module")
def lock(root: Path) -> str:
    return (root / "requirements.lock").read_text(encoding="utf8")


@pytest.fixture(scope="module")
def locked(lock: str) -> dict[str, Requirement]:
    lines = [line.rstrip(" \\") for line in lock.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    requirements = [Requirement(line) for line in lines]
    return {requirement.name.lower(): requirement for requirement in requirements}


@pytest.fixture(scope="module")
def project(root: Path) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf8"))


def locked_version(requirement: Requirement) -> Version:
    (specifier,) = requirement.specifier
    assert specifier.operator == "==", f"{requirement} is not pinned"
    return Version(specifier.version)


def test_every_locked_package_is_pinned_and_has_hashes(lock, locked):
    blocks = re.split(r"\n(?=[A-Za-z0-9])", lock.strip())
    assert len(blocks) == len(locked) > 100
    for block in blocks:
        assert "--hash=sha256:" in block, f"no hash: {block.splitlines()[0]}"
    for requirement in locked.values():
        locked_version(requirement)


def test_the_lock_names_no_index_and_no_path(lock):
    allowed = re.compile(r"[\w.-]+(\[[\w,-]+\])?==.*|    --hash=sha256:[0-9a-f]{64}( \\)?")
    for line in lock.splitlines():
        assert allowed.fullmatch(line), line
    assert "://" not in lock
    assert "/" not in lock


@pytest.mark.parametrize("extra", ["core", "book", "cluster", "test", "build"])
def test_the_lock_satisfies_the_project(project, locked, extra):
    metadata = project["project"]
    wanted = {
        "core": metadata["dependencies"],
        "build": project["build-system"]["requires"],
        **metadata["optional-dependencies"],
    }[extra]
    for requirement in map(Requirement, wanted):
        if requirement.name == metadata["name"]:
            continue
        assert requirement.name.lower() in locked, f"{requirement} is not in the lock"
        assert locked_version(locked[requirement.name.lower()]) in requirement.specifier


def test_the_lock_keeps_to_the_versions_that_the_book_was_verified_with(project, locked):
    for constraint in map(Requirement, project["tool"]["uv"]["constraint-dependencies"]):
        assert locked_version(locked[constraint.name.lower()]) in constraint.specifier


def test_the_core_needs_numpy_alone_and_torch_is_never_locked(project, locked):
    names = [Requirement(item).name for item in project["project"]["dependencies"]]
    assert names == ["numpy"]
    assert "torch" not in locked


def test_conda_installs_what_the_lock_says(root, project, locked):
    conda = yaml.safe_load((root / "environment.yml").read_text(encoding="utf8"))["dependencies"]
    (pip,) = [item["pip"] for item in conda if isinstance(item, dict)]
    plain = [item for item in conda if isinstance(item, str)]
    assert pip == ["-r requirements.lock"]
    (python,) = [item for item in plain if item != "pip"]
    name, _, release = python.partition("=")
    assert name == "python"
    wanted = project["project"]["requires-python"]
    assert Version(release) in Requirement(f"python{wanted}").specifier


def test_what_runs_here_is_what_the_lock_says(locked):
    for requirement in locked.values():
        if not requirement.marker or requirement.marker.evaluate():
            assert Version(version(requirement.name)) == locked_version(requirement)


def loaded_by(name: str) -> set[str]:
    code = f"import sys, {name}; print(*sorted({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split()) - sys.stdlib_module_names


def test_importing_the_package_loads_numpy_alone():
    assert loaded_by("nnreg") - loaded_by("numpy.random") == {"nnreg"}
    assert "matplotlib" in loaded_by("nnreg.book.figures")
