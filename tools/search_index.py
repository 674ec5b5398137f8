"""Make the search index of a built site with Pagefind, from what its pages say to a reader.

Pagefind gets a copy of each page without buttons, outputs and raw TeX. Beside its index stands
`words.json`, the words that `search.js` takes for spelt rightly.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import tomllib
from collections import Counter
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from pagefind.index import PagefindIndex

from tools.plain_tex import GREEK, readable

UNSEEN = """script, style, button, input, .headerlink, .cell_output, .nnreg-explore,
.toctree-wrapper, section section#notation table"""
NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]{2,}")
REFERENCE_PAGES = ("book/api", "book/glossary", "book/references", "book/notation")


def page_for_search(page: BeautifulSoup, name: str, terms: str) -> Tag | None:
    """Return what Pagefind shall read of a page: its words, what they weigh, and its places."""
    article = page.select_one("article.bd-article")
    if article is None:
        return None
    for box in article.select(UNSEEN):
        box.decompose()
    for formula in article.select("div.math"):
        formula.replace_with(" … ")
    for formula in article.select("span.math"):
        formula.replace_with(readable(formula.get_text()))
    for heading in article.find_all(re.compile("^h[1-6]$")):
        section = heading.find_parent("section")
        if section is not None and section.get("id"):
            heading["id"] = section["id"]
            del section["id"]
    names = {word for code in article.select("div.highlight") for word in NAME.findall(code.text)}
    for code in article.select("div.highlight"):
        code.decompose()
    for box in article.select(".at-a-glance"):
        box["data-pagefind-weight"] = "3"
    title = article.find("h1")
    title["data-pagefind-weight"] = "10"
    if name.startswith(REFERENCE_PAGES):
        for box in article.find_all(True):
            box["data-pagefind-weight"] = "0.2"
        for line in [title, *article.select("dt.sig")]:
            line["data-pagefind-weight"] = "3"
    letters = " ".join(GREEK[word] for word in words_of(terms) if word in GREEK)
    for key, value in {"terms": f"{terms} {letters}", "code": " ".join(sorted(names))}.items():
        article.append(page.new_tag("p", attrs={"data-pagefind-meta": f"{key}:{value}"}))
    article["data-pagefind-filter"] = f"page:{name}"
    article["data-pagefind-body"] = ""
    return article


def without_colours(html: str) -> str:
    """Drop the marks inside code, which are most of a page's tags and say nothing."""
    return re.sub(r"(?s)<pre>.*?</pre>", lambda code: re.sub("<[^>]+>", "", code[0]), html)


def words_of(text: str) -> list[str]:
    """Split a text as search.js does."""
    return re.findall(r"[^\W_]+", text.lower())


async def write_index(site: Path, terms: dict[str, str]) -> int:
    """Index all pages of a site; return how many there are."""
    logging.getLogger("pagefind").setLevel(logging.ERROR)
    seen: Counter[str] = Counter()
    in_code: set[str] = set()
    names: dict[str, str] = {}
    entries = {
        " ".join(term.split()): name for name, listed in terms.items() for term in listed.split(",")
    }
    pages = 0
    config = {"output_path": str(site / "pagefind"), "force_language": "en"}
    async with PagefindIndex(config) as index:
        for file in sorted(site.rglob("*.html")):
            name = file.relative_to(site).with_suffix("").as_posix()
            page = BeautifulSoup(without_colours(file.read_text(encoding="utf8")), "html.parser")
            body = page_for_search(page, name, terms.get(name, ""))
            if body is None or {"_static", "_modules", "404.html"} & set(file.parts):
                continue
            content = f'<!DOCTYPE html><html lang="en"><body>{body}</body></html>'
            await index.add_html_file(content=content, url=f"{name}.html")
            pages += 1
            for documented in body.select("dt.sig .descname"):
                names[documented.text] = name
            in_code.update(
                words_of(body.select_one("[data-pagefind-meta^=code]")["data-pagefind-meta"])
            )
            for code in body.select("code, dt.sig"):
                in_code.update(words_of(code.extract().text))
            seen.update(words_of(body.get_text(" ")))
    known = [word for word, _ in seen.most_common() if not word.isdigit()]
    words = {
        "terms": entries,
        "words": " ".join(known),
        "code": " ".join(sorted(in_code.difference(known))),
        "names": names,
        "letters": GREEK,
    }
    words = json.dumps(words, ensure_ascii=False)
    (site / "pagefind" / "words.json").write_text(words, encoding="utf8")
    return pages


def make_search_index(site: Path, terms_file: Path) -> int:
    """Write `pagefind/` into a built site; return how many pages can be found."""
    terms = tomllib.loads(terms_file.read_text(encoding="utf8"))
    return asyncio.run(write_index(site, terms))
