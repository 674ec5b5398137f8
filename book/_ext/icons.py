"""The icons that the pages show, and no others: the theme's font and its style sheet hold 1,400."""

from __future__ import annotations

import re
from pathlib import Path

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

SHEET = "_static/styles/pydata-sphinx-theme.css"
FONT = "_static/vendor/fontawesome/webfonts/fa-solid-900"
ICON = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\(\w+)"\}')
SOURCE = re.compile(r"src:url\(([^)]*/fa-solid-900)\.woff2\)[^;}]*")


def used_icons(sheet: str, pages: str) -> tuple[str, set[int]]:
    """Return the sheet without the icons that no page names, and the characters still in it."""
    named = set(re.findall(r"fa-[\w-]+", pages))

    def keep(match: re.Match) -> str:
        return match[0] if named.intersection(re.findall(r"fa-[\w-]+", match[1])) else ""

    sheet = ICON.sub(keep, sheet)
    return sheet, {int(code, 16) for code in re.findall(r'"\\([ef][0-9a-f]{3})"', sheet)}


def drop_unused_icons(app, exception) -> None:
    """Replace font and style sheet of the finished site."""
    if exception is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    pages = "".join(path.read_text("utf8") for path in site.rglob("*.html"))
    sheets = {path: path.read_text("utf8") for path in site.rglob("_static/**/*.css")}
    smaller, characters = used_icons(sheets.pop(site / SHEET), pages)
    for other in sheets.values():  # an extension's own sheet may draw an icon too
        characters |= used_icons(other, "")[1]
    font = TTFont(site / f"{FONT}.ttf")
    subsetter = Subsetter(Options(layout_features=[]))
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    font.flavor = "woff"
    font.save(site / f"{FONT}.woff")
    (site / SHEET).write_text(SOURCE.sub(r'src:url(\1.woff) format("woff")', smaller), "utf8")


def setup(app) -> dict[str, object]:
    """Connect the handler."""
    app.connect("build-finished", drop_unused_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
