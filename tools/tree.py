"""The tree that a tool stands in, its numbers, and the one environment for its cells and tests."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SETTINGS = (ROOT / "tools" / "fixed.env").read_text(encoding="utf8")

# One BLAS thread, no progress bars, claims that raise, this tree's `nnreg` before another.
FIXED_ENVIRONMENT = {
    **dict(line.split("=") for line in _SETTINGS.splitlines()),
    "PYTHONPATH": str(ROOT),
}


def number_of(name: str) -> str:
    """Return the number of a chapter or an appendix by its file's name, or nothing.

    >>> number_of("04_training"), number_of("A2_replaying"), number_of("glossary")
    ('4', 'A2', '')
    """
    found = re.match(r"([A-Z]?)0*(\d+)_", name)
    return "".join(found.groups()) if found else ""
