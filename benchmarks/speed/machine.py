"""What a figure depends on: the processor, and the versions. No names of hosts, no paths."""

import importlib.metadata
import os
import platform
import sys
from pathlib import Path

from tools.tree import FIXED_ENVIRONMENT

PACKAGES = (
    "numpy",
    "numba",
    "torch",
    "jax",
    "keras",
    "scikit-learn",
    "numpy-ml",
)


def begin_again_with_one_thread(module: str) -> None:
    """Start the module anew where it does not run in the fixed environment.

    NumPy's BLAS counts its threads when it is imported, so settings that are made later come too
    late; and its threads wait for work by running, which a clock of processor time counts.
    """
    if not FIXED_ENVIRONMENT.items() <= os.environ.items():
        os.environ.update(FIXED_ENVIRONMENT)
        os.execv(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]])


def describe() -> dict:
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "system": platform.system(),
        "python": platform.python_version(),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
