"""What the tests share: one build of the book, and the peers that not everybody has."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import browser_tools
from tools.tree import ROOT


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    """With `--dist loadgroup`, give all tests of a page to one process, which loads it once."""
    if config.getoption("dist") != "loadgroup":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class ByPage(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file, _, test = nodeid.partition("::")
            # One reads all pages, the other starts one Python for all its tests.
            if file.endswith(("test_book_build.py", "test_live_cells.py")):
                return file
            return test.partition("[")[2] if file.endswith("test_pages.py") else nodeid

    return ByPage(config, log)


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the repository's root."""
    return ROOT


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the book, built afresh once a session with warnings as errors.

    `NNREG_SITE=_build/html` takes a site that is built already: `make test` builds it first, so
    that several processes can share it.
    """
    if built := os.environ.get("NNREG_SITE"):
        return (ROOT / built).resolve()
    folder = tmp_path_factory.mktemp("book") / "html"
    command = [sys.executable, str(ROOT / "tools" / "build_book.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, f"the book does not build:\n{done.stdout}\n{done.stderr}"
    return folder


# A machine without one of these skips its tests; where CI=true, a skipped test fails.


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the path of Chromium, from `CHROMIUM` or the usual names."""
    found = browser_tools.chromium()
    if not found:
        pytest.skip("no Chromium: install it (Debian: apt-get install chromium) or set CHROMIUM")
    return found


@pytest.fixture(scope="session")
def torch():
    """Return PyTorch, the peer of some tests."""
    return pytest.importorskip("torch", reason="no PyTorch: pip install torch==2.13.0")


@pytest.fixture(scope="session")
def axe() -> str:
    """Return axe-core's source, the accessibility rules."""
    if not browser_tools.AXE.is_file():
        pytest.skip("no axe-core: install npm, then run `make browser-tools`")
    return browser_tools.AXE.read_text(encoding="utf8")
