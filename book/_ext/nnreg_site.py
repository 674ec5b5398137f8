"""What this book's site needs beyond its theme: numbers, descriptions, links to the API."""

from __future__ import annotations

import os
import re
from html import escape
from pathlib import Path

from docutils import nodes
from sphinx_external_toc.collectors import TocTreeCollectorWithStyles

from tools.tree import number_of

MENDED = {
    r'role="doc-biblioentry"': 'role="listitem"',  # inside role="list", and no longer deprecated
    r'<aside class="footnote-list': '<aside role="note" class="footnote-list',
    # An exercise is a place in the page's outline, and an id is there once.
    r'(<div class="exercise (?:\w+ )*admonition" id="[^"]*">\s*)'
    r'<p (class="admonition-title">.*?)</p>': r"\1<h3 \2</h3>",
    r'<section id="(exercise|solution)-content">': r'<section class="\1-content">',
    # A figure far below waits until the reader comes near, and its place is kept.
    r'<img (?=[^>]*style="width: (\d+)px; height: (\d+)px;)': (
        r'<img loading="lazy" width="\1" height="\2" '
    ),
}
DESCRIPTION_LENGTH = 200


def set_site(app, config) -> None:
    """Take the site's address from the environment, and leave out a button that stands twice."""
    config.html_theme_options["navbar_persistent"] = []  # the sidebar has the search field
    if site := os.environ.get("NNREG_SITE_URL"):
        config.html_baseurl = site.rstrip("/") + "/"


def number_chapters_by_file_name(app) -> None:
    """Give `notebooks/10_dropout` the number 10 and `A2_replaying` A2, whatever is written."""
    count_up = TocTreeCollectorWithStyles.assign_section_numbers

    def assign_section_numbers(self, env) -> list[str]:
        changed = count_up(self, env)
        for page, sections in env.toc_secnumbers.items():
            number = number_of(Path(page).name)
            if not number:
                continue
            for node in (env.titles[page], *env.tocs[page].findall(nodes.reference)):
                if node.get("secnumber"):
                    node["secnumber"] = [number, *node["secnumber"][1:]]
            for anchor, counted in sections.items():
                sections[anchor] = counted and (number, *counted[1:])
        return changed

    TocTreeCollectorWithStyles.assign_section_numbers = assign_section_numbers


def write_on_all_cores(app, env) -> None:
    """Let several processes write the pages; only one can read them, because of sphinx-proof."""
    app.parallel = os.cpu_count() or 1


def mend(app, pagename, templatename, context, doctree) -> None:
    """Replace what extensions write and the accessibility rules refuse."""
    for found, right in MENDED.items():
        if "body" in context:
            context["body"] = re.sub(found, right, context["body"], flags=re.DOTALL)


def description(doctree) -> str:
    """Return what the reader will do, or the first paragraph of words alone, cut after a word."""
    for box in doctree.findall(nodes.admonition):
        if promise := re.search(r"You will do:\s+([^<\n]+)", box.astext()):
            return shortened("You will " + promise[1])
    for paragraph in doctree.findall(nodes.paragraph):
        own = isinstance(paragraph.parent, (nodes.section, nodes.document))
        if own and not any(paragraph.findall(nodes.math)):
            return shortened(paragraph.astext())
    return ""


def shortened(text: str) -> str:
    """Return the text on one line, and no longer than a preview shows."""
    text = " ".join(text.split())
    if len(text) <= DESCRIPTION_LENGTH:
        return text
    return text[:DESCRIPTION_LENGTH].rpartition(" ")[0] + " …"


def describe(app, pagename, templatename, context, doctree) -> None:
    """Tell search engines and previews of links what a page is; its own words come first."""
    title = re.sub(r"<[^>]+>", "", context.get("title") or context["docstitle"])
    tags = context.get("metatags", "")
    if given := re.search(r'<meta content="([^"]*)"[^>]* name="description"', tags):
        text = given[1]
    else:
        text = escape(description(doctree) if doctree else "") or f"{title}: {context['docstitle']}"
        tags += f'<meta name="description" content="{text}">\n'
    social = {"type": "article", "title": title, "description": text}
    social["site_name"] = context["docstitle"]
    if address := app.config.html_baseurl:
        social["url"] = f"{address}{pagename}.html"
        social["image"] = f"{address}_static/screenshot.png"
    for name, value in social.items():
        tags += f'<meta property="og:{name}" content="{value}">\n'
    context["metatags"] = tags


def resolve_public_name(app, env, node, contnode):
    """Link `nnreg.L1` to where it is documented, which is the module that defines it."""
    target = node.get("reftarget", "")
    if node.get("refdomain") != "py" or not target.startswith("nnreg."):
        return None
    name = target.rpartition(".")[2]
    domain = env.get_domain("py")
    found = [full for full in domain.objects if full.rpartition(".")[2] == name]
    if len(found) != 1:
        return None
    node["reftarget"] = found[0]
    return domain.resolve_xref(
        env, node["refdoc"], app.builder, node["reftype"], found[0], node, contnode
    )


def setup(app) -> dict[str, object]:
    """Connect the handlers."""
    app.add_config_value("comments_config", {}, "env")  # Jupyter Book sets it in any case
    app.connect("config-inited", set_site)
    app.connect("builder-inited", number_chapters_by_file_name)
    app.connect("env-updated", write_on_all_cores)
    app.connect("html-page-context", mend)
    app.connect("html-page-context", describe)
    app.connect("missing-reference", resolve_public_name)
    app.add_css_file("mended.css")
    app.setup_extension("icons")
    app.setup_extension("launch")
    app.setup_extension("quiz")
    app.setup_extension("live")
    app.setup_extension("trainer")
    app.setup_extension("strict_scripts")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
