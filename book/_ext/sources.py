"""Citations that read well in any notebook viewer, as links into the bibliography of the site.

A chapter writes `[Hinton et al. (2012)](../book/references.bib#hinton2012)`: words with a link, in
JupyterLab and on a code host as well. Here such a link leads to the entry of the References page.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import ReferenceRole

LINK = re.compile(r"\[(?P<words>[^\]\[]+)\]\((?:\.\./)*book/references\.bib#(?P<key>\w+)\)")


class SourceRole(ReferenceRole):
    """The role that a link becomes before the page is parsed."""

    def run(self) -> tuple[list[nodes.Node], list]:
        """Return a reference that is resolved when every page has been read."""
        node = addnodes.pending_xref(
            "", nodes.inline("", self.title), reftype="source", refdomain="",
            reftarget=self.target, refwarn=True, refdoc=self.env.docname,
        )  # fmt: skip
        self.set_source_info(node)
        return [node], []


def links_become_roles(app, docname: str, source: list[str]) -> None:
    """Replace the links; in a notebook's JSON they look the same."""
    source[0] = LINK.sub(r"{source}`\g<words> <\g<key>>`", source[0])


def resolve_source(app, env, node, contnode):
    """Lead a reference to its entry of the bibliography; an unknown key stays a warning."""
    if node.get("reftype") != "source":
        return None
    for entry in env.get_domain("cite").citations:
        if entry.key == node["reftarget"]:
            page = entry.bibliography_key.docname
            address = app.builder.get_relative_uri(node["refdoc"], page)
            return nodes.reference(
                "", "", contnode, internal=True, refuri=f"{address}#{entry.citation_id}"
            )
    return None


def setup(app) -> dict[str, object]:
    """Connect the handlers."""
    app.add_role("source", SourceRole())
    app.connect("source-read", links_become_roles)
    app.connect("missing-reference", resolve_source)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
