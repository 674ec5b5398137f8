"""The questions of `quiz.toml` as forms, with each choice's explanation sealed in the page.

Sealed means out of sight, and no more: whoever reads `quiz.js` can open it. It keeps an answer from
a reader who has not chosen yet, and happens to look at the page's source or to search in it.
"""

from __future__ import annotations

import tomllib
from base64 import b64encode
from pathlib import Path

from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from tools.tree import number_of

logger = logging.getLogger(__name__)


def sealed(text: str, seed: int) -> str:
    """Return the text as quiz.js opens it: mixed with the numbers that follow `seed`, in base64."""
    mixed = bytearray(text.encode("utf8"))
    for place in range(len(mixed)):
        seed = seed * 16807 % 2147483647  # no product is too large for JavaScript's numbers
        mixed[place] ^= seed & 255
    return b64encode(mixed).decode("ascii")


class Tag(nodes.General, nodes.Element):
    """An element of HTML that docutils has no node for."""


class Answer(nodes.General, nodes.Element):
    """A radio button; its children are the explanation that it holds sealed."""


class Place(nodes.General, nodes.Element):
    """Where a chapter answers a question, until all pages are known."""


def tag(name: str, *children: nodes.Node, **attributes: str) -> Tag:
    """Return an element with its children; `CLASS` stands for `class`."""
    return Tag("", *children, name=name, attributes_=attributes)


class Quiz(SphinxDirective):
    """All questions of one part of the book."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return a form for each question of the part that the argument names."""
        relative, path = self.env.relfn2path("quiz.toml")
        self.env.note_dependency(relative)
        parts = tomllib.loads(Path(path).read_text(encoding="utf8"))
        questions = enumerate(parts[self.arguments[0]], start=1)
        return [self.form(number, **question) for number, question in questions]

    def form(
        self, number: int, ask: str, right: int, chapter: str, section: str, choices: list
    ) -> Tag:
        """Return a question with its choices, of which `right` counts from 1."""
        group = self.env.new_serialno("question")
        labels = []
        for count, (choice, reason) in enumerate(choices, start=1):
            seed = 1 + self.env.new_serialno("choice")
            answer = Answer("", self.words(reason), group=group, seed=seed, right=count == right)
            labels.append(tag("label", answer, self.words(choice)))
        name = f"Check question {number} on {self.arguments[0]}"
        button = {"type": "submit", "aria-label": name, "CLASS": "pst-js-only"}
        place = Place(chapter=chapter, section=section)
        legend = tag("legend", nodes.strong("", f"{number}."), nodes.Text(" "), self.words(ask))
        return tag(
            "form",
            tag("fieldset", legend, *labels),
            tag("button", nodes.Text("Check"), **button),
            tag("div", role="status"),
            nodes.paragraph("", "", place, classes=["quiz-place"]),
            CLASS="quiz",
        )

    def words(self, text: str) -> nodes.inline:
        """Return the text of the file, with its formulas."""
        return nodes.inline("", "", *self.parse_inline(text)[0])


def visit_tag(self, node: Tag) -> None:
    """Begin an element."""
    self.body.append(self.starttag({}, node["name"], "", **node["attributes_"]))


def depart_tag(self, node: Tag) -> None:
    """End it."""
    self.body.append(f"</{node['name']}>\n")


def visit_answer(self, node: Answer) -> None:
    """Put the explanation aside while it is written."""
    node.page, self.body = self.body, []


def depart_answer(self, node: Answer) -> None:
    """Write the button, with verdict and explanation inside."""
    explanation, self.body = "".join(self.body), node.page
    attributes = {
        "type": "radio",
        "name": f"question-{node['group']}",
        "value": str(node["seed"]),
        "data-sealed": sealed(f"{node['right']:d}{explanation}", node["seed"]),
    }
    self.body.append(self.starttag({}, "input", "", **attributes))


def find_places(app, doctree: nodes.document, docname: str) -> None:
    """Lead each question to its section, by the section's title."""
    for place in list(doctree.findall(Place)):
        page = f"notebooks/{place['chapter']}"
        for link in app.env.tocs.get(page, nodes.bullet_list()).findall(nodes.reference):
            if link.astext() == place["section"]:
                break
        else:
            logger.warning("%s has no section %r", page, place["section"], location=docname)
            continue
        words = f"Chapter {number_of(place['chapter'])}: {place['section']}"
        address = app.builder.get_relative_uri(docname, page) + link["anchorname"]
        place.replace_self(nodes.reference("", words, internal=True, refuri=address))


def bring_files(app, pagename, templatename, context, doctree) -> None:
    """Let a page with questions, and no other, load the style sheet and the script."""
    if doctree and doctree.next_node(Answer):
        app.add_css_file("quiz.css")
        app.add_js_file("quiz.js", loading_method="defer")


def setup(app) -> dict[str, object]:
    """Connect directive, nodes and handlers."""
    app.add_directive("quiz", Quiz)
    app.add_node(Tag, html=(visit_tag, depart_tag))
    app.add_node(Answer, html=(visit_answer, depart_answer))
    app.connect("doctree-resolved", find_places)
    app.connect("html-page-context", bring_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
