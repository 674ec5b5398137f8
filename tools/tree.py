"""The tree that a tool stands in, and the one environment in which its cells and tests run."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SETTINGS = (ROOT / "tools" / "fixed.env").read_text(encoding="utf8")

# One BLAS thread, no progress bars, and this tree's `nnreg` before any installed one.
FIXED_ENVIRONMENT = {
    **dict(line.split("=") for line in _SETTINGS.splitlines()),
    "PYTHONPATH": str(ROOT),
}
