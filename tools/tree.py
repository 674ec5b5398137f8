"""The tree that a tool stands in, and the one environment in which its cells and tests run."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SETTINGS = (ROOT / "tools" / "fixed.env").read_text(encoding="utf8")

# One BLAS thread, no progress bars, claims that raise, this tree's `nnreg` before another.
FIXED_ENVIRONMENT = {
    **dict(line.split("=") for line in _SETTINGS.splitlines()),
    "PYTHONPATH": str(ROOT),
}
