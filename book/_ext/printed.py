"""The book on paper: boxes, exercises and solutions in LaTeX, and references that say where."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.builders.latex import LaTeXBuilder
from sphinx.writers.latex import LaTeXTranslator
from sphinx_exercise.nodes import exercise_enumerable_node, solution_node
from sphinx_exercise.utils import get_node_number

from tools.plain_tex import readable
from tools.tree import number_of

LONG = 30  # rows; Sphinx then lets a table run over pages
SHORT_CODE, SHORT_OUTPUT = 12, 25  # lines
BOXES = ("at-a-glance", "predict", "your-turn", "warning")


def visit_warning(self, node) -> None:
    """Begin the box whose title Sphinx knows."""
    self.body.append(r"\begin{printedbox}{warning}{Warning}")


def visit_admonition(self, node) -> None:
    """Begin a box of its kind; the title follows in braces."""
    kind = next((kind for kind in BOXES if kind in node["classes"]), "note")
    if node[0].astext() == "Hint":
        kind = "hint"
    self.body.append(rf"\begin{{printedbox}}{{{kind}}}")


def depart_admonition(self, node) -> None:
    """End it."""
    self.body.append("\\end{printedbox}\n")


def visit_exercise(self, node) -> None:
    """Begin an exercise under the number that it has online; its title says where the answer is."""
    number = get_node_number(self.builder.app, node, "exercise")
    labels = self.hypertarget_to(node)
    self.body.append(rf"\begin{{printedexercise}}{{{number}}}{{{node['label']}}}{{{labels}}}")


def depart_exercise(self, node) -> None:
    """End it."""
    self.body.append("\\end{printedexercise}\n")


def visit_solution(self, node) -> None:
    """Begin a solution, which lies far from its exercise."""
    self.body.append(rf"\begin{{printedsolution}}{{{node['target_label']}}}")


def depart_solution(self, node) -> None:
    """End it."""
    self.body.append("\\end{printedsolution}\n")


def visit_literal(self, node) -> None:
    """Write code in a sentence; it may be divided inside a name, but not inside a number."""
    if self.in_title:
        return LaTeXTranslator.visit_literal(self, node)
    code = re.sub(r"(\\_|[/(]|\.(?!\d))(?=\w{2})", r"\1\\codebreak{}", self.encode(node.astext()))
    self.body.append(rf"\sphinxcode{{\sphinxupquote{{{code}}}}}")
    raise nodes.SkipNode


def visit_literal_block(self, node) -> None:
    """Write code, or what it prints; what is short stays on one page."""
    output = "output" in node["classes"]
    lines = len(node.astext().splitlines())
    start = len(self.body)
    try:
        LaTeXTranslator.visit_literal_block(self, node)
    except nodes.SkipNode:
        if lines < (SHORT_OUTPUT if output else SHORT_CODE) and not self.table:
            self.body[start:] = [rf"{{\onepage{{{lines}}}", *self.body[start:], "}\n"]
        raise


def visit_math(self, node) -> None:
    """Write a formula, in a heading with plain words for the bookmarks."""
    if not self.in_title:
        return LaTeXTranslator.visit_math(self, node)
    formula, plain = node.astext(), self.encode(readable(node.astext()))
    self.body.append(rf"\texorpdfstring{{\protect\({formula}\protect\)}}{{{plain}}}")
    raise nodes.SkipNode


def say_where(app, doctree: nodes.document, docname: str) -> None:
    """Add its number or its page to the name of a chapter: paper has no links."""
    if not isinstance(app.builder, LaTeXBuilder):
        return
    for link in list(doctree.findall(nodes.reference)):
        page, _, place = link.get("refuri", "").removeprefix("%").partition("#")
        if not link.get("internal") or page not in app.env.titles:
            continue
        title = app.env.titles[page].astext()
        if link.astext() not in (title, title.partition(":")[0]):
            continue
        if number := number_of(page.rpartition("/")[2]):
            where = nodes.Text(f" (chapter {number})")
        else:
            label = f"{page}:{place}" if place else f"{page}::doc"
            where = nodes.raw("", rf" (page~\pageref{{\detokenize{{{label}}}}})", format="latex")
        link.parent.insert(link.parent.index(link) + 1, where)


def fit_tables(app, doctree: nodes.document, docname: str) -> None:
    """Close up empty cells; set the columns of a table of several pages by what stands in them."""
    if not isinstance(app.builder, LaTeXBuilder):
        return
    for entry in doctree.findall(nodes.entry):
        if not entry.astext().strip():
            entry.clear()
    for group in doctree.findall(nodes.tgroup):
        rows = [list(row) for row in group.findall(nodes.row)]
        if len(rows) <= LONG:
            continue
        for place, column in enumerate(group.findall(nodes.colspec)):
            longest = max(len(readable(row[place].astext())) for row in rows)
            column["colwidth"] = min(max(longest, 16), 40)
        group.parent["classes"].append("colwidths-given")


def setup(app) -> dict[str, object]:
    """Connect the visitors and the handler."""
    for node, visit, depart in (
        (nodes.admonition, visit_admonition, depart_admonition),
        (nodes.warning, visit_warning, depart_admonition),
        (exercise_enumerable_node, visit_exercise, depart_exercise),
        (solution_node, visit_solution, depart_solution),
        (nodes.literal, visit_literal, None),
        (nodes.literal_block, visit_literal_block, LaTeXTranslator.depart_literal_block),
        (nodes.math, visit_math, None),
    ):
        app.add_node(node, override=True, latex=(visit, depart))
    app.connect("doctree-resolved", say_where)
    app.connect("doctree-resolved", fit_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
