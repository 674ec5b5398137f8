"""What a figure depends on: the processor, and the versions. No names of hosts, no paths."""

import importlib.metadata
import os
import platform
from pathlib import Path

PACKAGES = (
    "numpy",
    "numba",
    "torch",
    "jax",
    "keras",
    "scikit-learn",
    "numpy-ml",
)


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
