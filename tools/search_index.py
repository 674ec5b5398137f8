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

from bs4 import BeautifulSoup, NavigableString, Tag
from pagefind.index import PagefindIndex

UNSEEN = "script, style, button, input, .headerlink, .cell_output, .nnreg-explore, .toctree-wrapper"
NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]{2,}")
REFERENCE_PAGES = ("book/api", "book/glossary", "book/references", "book/notation")

SYMBOLS = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε",
    "eta": "η", "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "pi": "π",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "psi": "ψ", "omega": "ω",
    "Delta": "Δ", "Sigma": "Σ", "Omega": "Ω", "ell": "ℓ", "partial": "∂", "nabla": "∇",
    "sum": "Σ", "prod": "∏", "cdot": "·", "times": "×", "odot": "⊙", "pm": "±", "circ": "∘",
    "le": "≤", "leq": "≤", "ge": "≥", "geq": "≥", "ne": "≠", "approx": "≈", "sim": "~",
    "in": "∈", "to": "→", "rightarrow": "→", "mapsto": "↦", "infty": "∞", "top": "ᵀ",
    "mid": "|", "lvert": "|", "rvert": "|", "lVert": "‖", "rVert": "‖", "|": "‖",
    "dots": "…", "ldots": "…", "cdots": "…", "quad": " ", "qquad": " ", ",": " ", ";": " ",
    "hat": "", "tilde": "", "bar": "", "left": "", "right": "", "mathrm": "", "mathbf": "",
    "mathbb": "", "text": "", "operatorname": "", "big": "", "Big": "", "bigl": "", "bigr": "",
    "E": "E", "R": "ℝ", "sign": "sign", "prox": "prox", "diag": "diag", "log": "log", "exp": "exp",
    "max": "max", "min": "min", "tanh": "tanh", "{": "{", "}": "}", "%": "%", "displaystyle": "",
}  # fmt: skip
LETTERS = {name: SYMBOLS[name] for name in list(SYMBOLS)[:21]}
POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def readable(tex: str) -> str:
    r"""Return a short formula as plain text, or "…" where that would not be readable.

    >>> readable(r"\(\lambda \sum_i w_i^2\)")
    'λ Σi wi²'
    >>> readable(r"\(\tfrac{1}{1-p}\)")
    '1/(1-p)'
    >>> readable(r"\(\begin{pmatrix} 1 & 2 \end{pmatrix}\)")
    '…'
    """
    text = re.sub(r"^\\[(\[]|\\[)\]]$", "", tex.strip())

    def fraction(parts: re.Match[str]) -> str:
        terms = (part if re.fullmatch(r"\\?\w+", part) else f"({part})" for part in parts.groups())
        return " / ".join(terms) if "\\" in parts[0][5:] else "/".join(terms)

    text = re.sub(r"\\[td]?frac\s*(\d)\s*(\d)", r"\1/\2", text)
    text = re.sub(r"\\[td]?frac\{([^{}]*)\}\{([^{}]*)\}", fraction, text)
    text = re.sub(r"\\sqrt\s*\{([^{}]*)\}", r"√(\1)", text)
    text = re.sub(r"\^\{?(\d+)\}?", lambda power: power[1].translate(POWERS), text)
    text = re.sub(r"\\([A-Za-z]+|.)", lambda name: SYMBOLS.get(name[1], name[0]), text)
    text = re.sub(r"\s+", " ", re.sub(r"[_^{}]", "", text)).strip()
    return "…" if "\\" in text or len(text) > 60 else text


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
        title["data-pagefind-weight"] = "2"
    letters = " ".join(LETTERS[word] for word in words_of(terms) if word in LETTERS)
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
    pages = 0
    config = {"output_path": str(site / "pagefind"), "force_language": "en"}
    async with PagefindIndex(config) as index:
        for file in sorted(site.rglob("*.html")):
            name = file.relative_to(site).with_suffix("").as_posix()
            page = BeautifulSoup(without_colours(file.read_text(encoding="utf8")), "html.parser")
            body = page_for_search(page, name, terms.get(name, ""))
            if body is None or "_static" in file.parts:
                continue
            content = f'<!DOCTYPE html><html lang="en"><body>{body}</body></html>'
            await index.add_html_file(content=content, url=f"{name}.html")
            seen.update(words_of(body.get_text(" ")))
            pages += 1
    known = " ".join(word for word, _ in seen.most_common() if not word.isdigit())
    entries = {
        " ".join(term.split()): name for name, listed in terms.items() for term in listed.split(",")
    }
    words = {"terms": entries, "words": known, "letters": LETTERS}
    words = json.dumps(words, ensure_ascii=False)
    (site / "pagefind" / "words.json").write_text(words, encoding="utf8")
    return pages


def make_search_index(site: Path, terms_file: Path) -> int:
    """Write `pagefind/` into a built site; return how many pages can be found."""
    terms = tomllib.loads(terms_file.read_text(encoding="utf8"))
    return asyncio.run(write_index(site, terms))


if __name__ == "__main__":
    import sys

    print(make_search_index(Path(sys.argv[1]).resolve(), Path("book/search.toml")))
