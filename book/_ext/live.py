"""Cells that run in the page: what a page with code loads; everything else is up to the script."""

from __future__ import annotations

from pathlib import PurePosixPath

from docutils import nodes


def has_cells(doctree: nodes.document | None) -> bool:
    """Tell whether a page has cells of code."""
    return doctree is not None and any(
        node.get("nb_element") == "cell_code" for node in doctree.findall(nodes.container)
    )


def bring_files(app, pagename, templatename, context, doctree) -> None:
    """Let a page with cells, and no other, load the style sheet and the script."""
    if has_cells(doctree):
        app.add_css_file("live/live.css")
        name = PurePosixPath(pagename).name
        app.add_js_file("live.js", loading_method="defer", **{"data-page": name})


def setup(app) -> dict[str, object]:
    """Connect the handler."""
    app.connect("html-page-context", bring_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
