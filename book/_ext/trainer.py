"""A network that trains in the page: the directive `trainer`, and its scripts as one file.

The scripts are modules, so that each holds one thing and Node can run them. A page that is opened
as a file may load no module; so the pages get them in one plain script, which is their worker too.
"""

from __future__ import annotations

import json
import re
from html import escape
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

MODULES = Path(__file__).parents[1] / "_static" / "trainer"
SCRIPT, STYLE = "trainer.js", "trainer/trainer.css"
SETTINGS = (
    "data", "points", "wrong", "width", "penalty", "strength", "exact", "dropout", "noise", "rate",
    "seed", "sample",
)  # fmt: skip

WITHOUT_SCRIPTS = "Here a network trains while you watch, in a browser that runs scripts."
ON_PAPER = "In the online book a network trains here while you watch, and you can change it."

_IMPORT = re.compile(r'^import \{([^}]+)\} from "\./([\w-]+)\.js";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:const|class|function) (\w+))", re.MULTILINE)


def bundle(entry: str, folder: Path = MODULES) -> str:
    """Return a module and all that it imports, each once, as one script without modules."""
    texts: dict[str, str] = {}

    def add(name: str) -> None:
        text = (folder / f"{name}.js").read_text(encoding="utf8")
        for _, other in _IMPORT.findall(text):
            if _variable(other) not in texts:
                add(other)
        exports = ", ".join(_EXPORT.findall(text))
        text = _EXPORT.sub("", _IMPORT.sub(_from_variable, text))
        if left := re.search(r"^(?:import|export)\b.*", text, re.MULTILINE):
            raise ValueError(f"{name}.js: the bundle has no form for {left[0]!r}")
        texts[_variable(name)] = f"{text}return {{ {exports} }};\n"

    add(entry)
    modules = "".join(f"const {name} = (() => {{\n{text}}})();\n" for name, text in texts.items())
    return f'"use strict";\n{{\n{modules}}}\n'


def _variable(name: str) -> str:
    return "module_" + name.replace("-", "_")


def _from_variable(match: re.Match) -> str:
    names = match[1].replace(" as ", ": ").strip()
    return f"const {{ {names} }} = {_variable(match[2])};"


def html(name: str, start: dict[str, str], show: str) -> str:
    """Return the place of a trainer in a page, which the script fills."""
    return (
        f'<div class="nnreg-trainer" id="{escape(name)}" data-show="{escape(show)}" '
        f'data-start="{escape(json.dumps(start))}">'
        f'<p class="nnreg-trainer-fallback">{WITHOUT_SCRIPTS}</p></div>'
    )


class Place(nodes.General, nodes.Element):
    """Where a trainer stands."""


class Trainer(SphinxDirective):
    """A trainer by its name; the options are its start, and the text stands before it."""

    required_arguments = 1
    has_content = True
    option_spec = {  # noqa: RUF012
        **dict.fromkeys(SETTINGS, directives.unchanged),
        "compare": directives.unchanged_required,  # what the second network does otherwise
        "show": directives.unchanged_required,  # the settings that are at hand
    }

    def run(self) -> list[nodes.Node]:
        """Return the text and the place."""
        start = dict(self.options)
        show = start.pop("show", "strength penalty")
        if other := start.pop("compare", ""):
            key, value = other.split()
            start[f"right.{key}"] = value
        place = Place(trainer=self.arguments[0], start=start, show=show)
        return [*self.parse_content_to_nodes(), place]


def visit_html(self, node: Place) -> None:
    """Write the place."""
    self.body.append(html(node["trainer"], node["start"], node["show"]))
    raise nodes.SkipNode


def say_on_paper(app, doctree: nodes.document, docname: str) -> None:
    """Where nothing can move, a sentence says what moves elsewhere."""
    if app.builder.format != "html":
        for place in list(doctree.findall(Place)):
            place.replace_self(nodes.paragraph("", "", nodes.emphasis("", ON_PAPER)))


def write_script(app) -> None:
    """Put the script where the pages find it."""
    if app.builder.format == "html":
        path = Path(app.outdir) / "_static" / SCRIPT
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(bundle("main"), encoding="utf8")


def bring_files(app, pagename, templatename, context, doctree) -> None:
    """Let a page with a trainer, and no other, load the style sheet and the script."""
    if doctree and doctree.next_node(Place):
        app.add_css_file(STYLE)
        app.add_js_file(SCRIPT, loading_method="defer")


def setup(app) -> dict[str, object]:
    """Connect directive, node and handlers."""
    app.add_directive("trainer", Trainer)
    app.add_node(Place, html=(visit_html, None))
    app.connect("builder-inited", write_script)
    app.connect("doctree-resolved", say_on_paper)
    app.connect("html-page-context", bring_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
