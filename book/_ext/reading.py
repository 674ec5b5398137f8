"""What a page needs on a phone and by ear: tables that turn into cards, folds with a name."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup

from tools.plain_tex import readable

TABLE = re.compile(r'(?s)<table class="table">.*?</table>')
PHONE = 358  # px of text on a screen of 390
LETTER, PADDING = 7.6, 15  # px of a letter in a table, and beside a column


def text_of(cell) -> str:
    """Return what stands in a cell, formulas in plain letters."""
    for formula in cell.select(".math"):
        formula.replace_with(readable(formula.get_text()).replace(" ", "\N{NO-BREAK SPACE}"))
    return cell.get_text().strip()


def narrowest(texts: list[str]) -> float:
    """Return how narrow a column can be, in px: words and formulas do not break."""
    words = [word for text in texts for word in re.split(r"[ \n-]", text)]
    return LETTER * max(map(len, words)) + PADDING


def prepare_table(html: str) -> str:
    """Label the cells of a table that is too wide for a phone, where it turns into cards."""
    plain, table = (BeautifulSoup(html, "html.parser") for _ in range(2))
    rows = [[text_of(cell) for cell in row.find_all(["th", "td"])] for row in plain.find_all("tr")]
    if not table.thead or len({len(row) for row in rows}) != 1:
        return html
    if sum(narrowest(column) for column in zip(*rows, strict=True)) <= PHONE:
        return html
    table.table["class"].append("cards")
    table.table["role"] = "table"  # cards are boxes, and a browser would take them for no table
    for part in table.find_all(["thead", "tbody"]):
        part["role"] = "rowgroup"
    for row in table.find_all("tr"):
        row["role"] = "row"
        for cell, label in zip(row.find_all(["th", "td"]), rows[0], strict=True):
            cell["role"] = "columnheader" if row.parent.name == "thead" else "cell"
            if cell.name == "td":
                cell["data-label"] = label
    return str(table)


def prepare(app, pagename, templatename, context, doctree) -> None:
    """Prepare the tables and the folds of a page."""
    if "body" in context:
        body = TABLE.sub(lambda table: prepare_table(table[0]), context["body"])
        context["body"] = body.replace('<summary aria-label="Toggle hidden content">', "<summary>")


def setup(app) -> dict[str, object]:
    """Connect the handler."""
    app.connect("html-page-context", prepare)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
