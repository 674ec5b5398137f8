"""What this book's site needs beyond its theme: offline formulas, buttons, links to the API."""

from __future__ import annotations

import os
from importlib.metadata import files
from pathlib import Path
from shutil import copyfile

from docutils import nodes
from sphinx_external_toc.collectors import TocTreeCollectorWithStyles

MATHJAX_PARTS = ("tex-chtml.js", "input/tex/extensions/", "output/chtml/fonts/woff-v2/")


ROLES = {
    'role="doc-biblioentry"': 'role="listitem"',  # inside role="list", and no longer deprecated
    '<aside class="footnote-list': '<aside role="note" class="footnote-list',
}


def set_buttons(app, config) -> None:
    """Take launch and repository buttons from the environment; without an address, none."""
    options = config.html_theme_options
    options["navbar_persistent"] = []  # the search field stands in the sidebar already
    url = os.environ.get("NNREG_REPOSITORY_URL", "").rstrip("/")
    if url:
        options["repository_url"] = url
        options["repository_branch"] = os.environ.get("NNREG_REPOSITORY_BRANCH", "main")
        options["use_repository_button"] = True
        options["use_issues_button"] = True
        options["use_edit_page_button"] = True
        options["launch_buttons"] = {"binderhub_url": "https://mybinder.org"}


def number_chapters_by_file_name(app) -> None:
    """Give `notebooks/10_dropout` the number 10, whichever chapters before it are written."""
    count_up = TocTreeCollectorWithStyles.assign_section_numbers

    def assign_section_numbers(self, env) -> list[str]:
        changed = count_up(self, env)
        for page, sections in env.toc_secnumbers.items():
            chapter = Path(page).name.partition("_")[0]
            if not chapter.isdigit():
                continue
            for node in (env.titles[page], *env.tocs[page].findall(nodes.reference)):
                if node.get("secnumber"):
                    node["secnumber"] = [int(chapter), *node["secnumber"][1:]]
            for anchor, number in sections.items():
                sections[anchor] = number and (int(chapter), *number[1:])
        return changed

    TocTreeCollectorWithStyles.assign_section_numbers = assign_section_numbers


def mend_roles(app, pagename, templatename, context, doctree) -> None:
    """Replace roles that docutils writes and that the accessibility rules refuse."""
    for found, right in ROLES.items():
        if "body" in context:
            context["body"] = context["body"].replace(found, right)


def copy_mathjax(app, exception) -> None:
    """Copy the parts of MathJax that this book's pages can ask for into the site."""
    if exception is not None or app.builder.format != "html":
        return
    for file in files("sphinx-mathjax-offline") or []:
        _, found, part = file.as_posix().partition("/static/mathjax/")
        if found and part.startswith(MATHJAX_PARTS):
            target = Path(app.outdir, "_static", "mathjax", part)
            target.parent.mkdir(parents=True, exist_ok=True)
            copyfile(file.locate(), target)


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
    app.connect("config-inited", set_buttons)
    app.connect("builder-inited", number_chapters_by_file_name)
    app.connect("html-page-context", mend_roles)
    app.connect("missing-reference", resolve_public_name)
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
