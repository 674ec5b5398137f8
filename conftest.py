"""What every run of pytest shares: the fixed environment, and no silent skip on a CI machine."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

from nnreg.book._verdict import VERIFYING
from tools.tree import FIXED_ENVIRONMENT

# The peers' environment starts no kernel, and has nothing to start one with.
pytest_plugins = ["tests.fast_path"]
pytest_plugins += ["tests.kernels_without_ports"] if find_spec("jupyter_client") else []
collect_ignore = ["tools/ipython_kernel_config.py"]  # no module: IPython reads it
# Its examples need what it compiles with; tests/test_fast.py is skipped aloud.
collect_ignore += [] if find_spec("numba") else ["nnreg/fast.py"]

os.environ.update(FIXED_ENVIRONMENT)  # before anything imports NumPy or starts a process


@pytest.fixture(autouse=True)
def as_a_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show tests what a reader sees; notebooks that nbval runs go on raising."""
    monkeypatch.delenv(VERIFYING, raising=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """Make a test that is skipped, aloud for a user, a failure where CI=true."""
    return _skipped_aloud((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    """Hold a whole file that is skipped to the same rule."""
    return _skipped_aloud((yield))


def _skipped_aloud(report):
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"CI=true, and yet this was left out: {report.longrepr[2]}"
    return report
