"""The search finds the right chapter first, also where a word is spelt wrongly, and its section."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page

from .checks import PHONE, accessibility_violations, too_wide, turn_dark

pytestmark = pytest.mark.browser

ASKED = {
    "lambda": "04",
    "L2 vs L1": "02",
    "batch norm": "13",
    "why divide by 1-p": "10",
    "vanishing gradient": "15",
    "weight decay": "07",
    "decoupled decay": "07",
    "maximum a posteriori": "05",
    "Laplace prior": "05",
    "soft threshold": "06",
    "lasso path": "06",
    "group lasso": "06",
    "activity regularization": "08",
    "label smoothing": "08",
    "contractive": "09",
    "custom regularizer": "09",
    "overfitting": "01",
    "dropout backward": "10",
    "λ": "04",
    "sigma": "12",
    "regularisation strength": "04",
    "regularization strength": "04",
    "how do I choose lambda": "19",
    "adam": "04",
    "early stopping": "18",
    "restore best weights": "18",
    "cross-validation": "19",
    "random search": "19",
    "ablation": "20",
    "what to try first": "20",
    "softmax": "01",
    "ridge": "02",
    "lasso": "02",
    "elastic net": "02",
    "subgradient at zero": "03",
    "inverted dropout": "10",
    "why does dropout work": "11",
    "gaussian noise": "12",
    "layer norm": "13",
    "LayerNorm": "13",
    "layernorm backward": "14",
    "exploding gradients": "15",
    "skip connection": "15",
    "spectral norm": "16",
    "max norm": "17",
    "gradient clipping": "17",
    "reproduce": "A2",
    "chaos": "A2",
    "float32": "A2",
    "random seed": "A2",
    "dropout_backward": "book/api/dropout",
    "check_gradient": "book/api/gradcheck",
}
MISSPELT = [query for query in ASKED if query.isascii() and "_" not in query and len(query) > 3]

# Each letter lost, doubled, mistaken for another or swapped with the next; answered by the page's
# own modules, because typing some thousand queries would take minutes.
FIRST_OF_ALL = """async (queries) => {
    const asking = new URL("_static/search-pagefind.js", document.baseURI);
    const { makeSpelling, find } = await import(asking);
    const folder = new URL("pagefind/", document.baseURI);
    const pagefind = await import(new URL("pagefind.js", folder));
    const spelling = makeSpelling(await (await fetch(new URL("words.json", folder))).json());
    const first = {};
    for (const query of queries) {
        const [page] = await find(pagefind, spelling(query));
        first[query] = page ? (await page.data()).url : "";
    }
    return first;
}"""


def misspellings(query: str) -> list[str]:
    """Return a query with one typo, for each letter and each kind of typo."""
    found = set()
    for place, letter in enumerate(query):
        before, after = query[:place], query[place + 1 :]
        if not letter.isalpha() or len(re.findall(r"\w+", before[-1:] + letter + after[:1])) > 1:
            continue
        found |= {before + after, before + 2 * letter + after, before + "x" + after}
        if after[:1].isalpha():
            found.add(before + after[0] + letter + after[1:])
    return sorted(found - {query})


def place(expected: str) -> str:
    """Return what the address of a chapter, given by its number, or of a page contains."""
    return f"/{expected}.html" if "/" in expected else f"/notebooks/{expected}_"


@pytest.fixture
def search(address, visit):
    """Return a function that asks the search page and gives the page with its hits."""

    def ask(query: str, **how) -> Page:
        page = visit(f"{address}search.html?q={quote(query)}", **how).page
        page.locator("#search-results li").first.wait_for()
        return page

    return ask


@pytest.fixture
def first_of_all(address, visit):
    """Return a function that says which page comes first for each of some queries."""
    page = visit(f"{address}search.html", stay=True).page
    return lambda queries: page.evaluate(FIRST_OF_ALL, queries)


def test_the_right_page_comes_first(first_of_all):
    first = first_of_all(list(ASKED))
    assert {query: url for query, url in first.items() if place(ASKED[query]) not in url} == {}


@pytest.mark.parametrize("query", MISSPELT)
def test_a_typo_changes_nothing(first_of_all, query):
    typos = misspellings(query)
    assert len(typos) > 2 * len(query.replace(" ", ""))
    first = first_of_all(typos)
    assert {typo: url for typo, url in first.items() if place(ASKED[query]) not in url} == {}


@pytest.mark.parametrize("query", ["L2 vs L1", "why divide by 1-p", "ovrfitting"])
def test_the_first_page_is_seen_first(search, query):
    link = search(query).locator("#search-results li a").first
    assert place({**ASKED, "ovrfitting": "01"}[query]) in link.evaluate("(link) => link.href")
    assert link.is_visible()


def test_a_hit_leads_to_the_section_and_the_word(search):
    page = search("subgradient")
    hit = page.locator("#search-results li h3 a[href*='#']").first
    section = hit.inner_text()
    hit.click()
    page.wait_for_url("**/notebooks/**#*")
    heading = page.locator(f"section#{page.url.partition('#')[2]}").locator("h2, h3").first
    assert heading.inner_text().startswith(section)
    assert heading.is_visible()


@pytest.mark.parametrize("query", ["lambda", "batch norm", "gradient", "dropout", "matrix"])
def test_excerpts_are_sentences_without_tex_and_buttons(search, query):
    page = search(query)
    if page.locator(".search-more").count():
        page.locator(".search-more").click()
    texts = [text for text in page.locator("#search-results p").all_inner_texts() if text]
    assert len(texts) > 5
    for text in texts:
        assert not re.search(
            r"\\[a-zA-Z(\[]|\$|[_^]\{|Copy|(Show|Hide) code|Contents|\.ipynb", text
        ), text


def test_all_hits_are_a_button_away(search):
    page = search("gradient")
    hits, more = page.locator("#search-results li"), page.locator(".search-more")
    before, rest = hits.count(), int(more.inner_text().split()[0])
    more.press("Enter")
    hits.nth(before).wait_for()
    assert hits.count() == before + rest
    assert hits.nth(before).locator("a").first.evaluate("(a) => a === document.activeElement")


def test_the_answer_follows_what_is_typed_and_stays_in_the_address(search):
    page = search("dropout")
    page.get_by_role("searchbox").fill("spectral nrom")
    page.get_by_role("status").get_by_text("for “spectral norm”").wait_for()
    assert "16. " in page.locator("#search-results li a").first.inner_text()
    page.reload()
    page.get_by_role("status").get_by_text("for “spectral norm”").wait_for()
    assert page.get_by_role("searchbox").input_value() == "spectral nrom"


def test_the_field_of_a_chapter_leads_to_the_answers(address, visit):
    page = visit(f"{address}notebooks/02_l1_l2_forward.html").page
    page.get_by_role("button", name="Search").first.click()
    page.get_by_role("searchbox").first.fill("batch nrm")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=batch*")
    page.locator("#search-results li").first.wait_for()
    assert "13. " in page.locator("#search-results li a").first.inner_text()


def test_nothing_found_is_said(address, visit):
    page = visit(f"{address}search.html?q=zzyzx").page
    page.get_by_role("status").get_by_text("No page says anything about “zzyzx”.").wait_for()
    assert page.locator("#search-results li").count() == 0


def test_a_page_from_the_disk_is_searched_by_the_theme(site, visit):
    opened = visit(f"{(site / 'search.html').as_uri()}?q=subgradient")
    opened.page.locator("#search-results li a[href*='notebooks/']").first.wait_for()
    assert not opened.problems


def test_the_site_is_searched_in_a_folder_of_another(site, serve, visit, tmp_path):
    (tmp_path / "books" / "regularising").parent.mkdir()
    (tmp_path / "books" / "regularising").symlink_to(site)
    page = visit(f"{serve(tmp_path)}books/regularising/search.html?q=ridge").page
    link = page.locator("#search-results li a").first
    link.wait_for()
    link.click()
    page.wait_for_url("**/books/regularising/notebooks/02_*")


def test_answers_are_accessible_and_fit_a_phone(search, axe):
    page = search("gradient")
    assert not accessibility_violations(page, axe)
    turn_dark(page)
    assert not accessibility_violations(page, axe, colours_alone=True)
    page.set_viewport_size(PHONE)
    assert not too_wide(page)
