"""Look for what the browser tests need, install axe-core, and say aloud what is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "browser"
AXE = FOLDER / "node_modules" / "axe-core" / "axe.min.js"
INSTALL_AXE = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FIREFOX_NAMES = ("firefox-esr", "firefox")
HOW_TO_GET = {
    "Chromium": """Debian, Ubuntu: sudo apt-get install chromium
             elsewhere: any Chromium or Chrome; name it with CHROMIUM=/path/to/it""",
    "Firefox": """Debian: sudo apt-get install firefox-esr
             elsewhere: any Firefox; name it with FIREFOX=/path/to/it""",
    "npm": "Debian, Ubuntu: sudo apt-get install npm (it brings axe-core, the accessibility rules)",
}


def chromium() -> str | None:
    """Return the browser: what `CHROMIUM` names, else the first of the usual names on the path."""
    return _browser("CHROMIUM", CHROMIUM_NAMES)


def firefox() -> str | None:
    """Return the other browser, found in the same way by `FIREFOX`."""
    return _browser("FIREFOX", FIREFOX_NAMES)


def _browser(variable: str, names: tuple[str, ...]) -> str | None:
    return next(filter(None, [os.environ.get(variable), *map(shutil.which, names)]), None)


def main() -> int:
    """Install axe-core where npm is; what is missing is a failure only where CI=true."""
    missing = [
        name for name, path in (("Chromium", chromium()), ("Firefox", firefox())) if not path
    ]
    if not AXE.is_file() and not shutil.which("npm"):
        missing.append("npm")
    elif not AXE.is_file() and (code := subprocess.run(INSTALL_AXE, cwd=FOLDER).returncode):
        return code
    if not missing:
        return 0
    print("Browser tests: not everything that they need is installed:", file=sys.stderr)
    for name in missing:
        print(f"  {name:10} {HOW_TO_GET[name]}", file=sys.stderr)
    if os.environ.get("CI") == "true":
        print("CI=true: that is a failure.", file=sys.stderr)
        return 1
    print("The tests that need it will be SKIPPED.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
