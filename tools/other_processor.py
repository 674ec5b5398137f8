"""Print environment settings under which NumPy and OpenBLAS act as on an older x86 processor.

Long training runs are chaotic: a last digit that differs between two processors grows into
another result. `make test-portability` re-runs every notebook under these settings. Nothing is
printed where they would change nothing (another architecture, or a processor that old already).
"""

from __future__ import annotations

import platform
import sys

import numpy as np
from numpy._core import _multiarray_umath as umath
from threadpoolctl import threadpool_info

OLD_CORE = "Nehalem"  # SSE4.2 alone: no AVX, AVX2 or AVX-512 kernels


def settings() -> list[str]:
    """Return `NAME=value` settings, none of them where no other processor can be simulated."""
    np.ones((2, 2)) @ np.ones((2, 2))  # loads the BLAS
    cores = {pool.get("architecture") for pool in threadpool_info()} - {None}
    switchable = [name for name in umath.__cpu_dispatch__ if umath.__cpu_features__.get(name)]
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        print("Only an x86 processor can act as an older one here.", file=sys.stderr)
        return []
    if cores <= {OLD_CORE} and not switchable:
        print(f"This processor is an old one already ({OLD_CORE}).", file=sys.stderr)
        return []
    found = [f"OPENBLAS_CORETYPE={OLD_CORE}"]
    if switchable:
        found.append("NPY_DISABLE_CPU_FEATURES=" + ",".join(switchable))
    return found


if __name__ == "__main__":
    print(" ".join(settings()))
