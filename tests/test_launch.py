"""The buttons that run a chapter elsewhere lead to that chapter, and stand only where they work."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import sphinx_book_theme
from bs4 import BeautifulSoup
from jinja2 import Environment, FileSystemLoader
from sphinx.errors import ConfigError

from tools.downloads import PEERS
from tools.tree import ROOT

GITHUB = "https://github.com/me/book"
CHAPTERS = sorted(f"notebooks/{path.stem}" for path in ROOT.glob("notebooks/*.ipynb"))
VARIABLES = ("REPOSITORY_URL", "REPOSITORY_BRANCH", "JUPYTERHUB_URL", "SITE_BRANCH")


@pytest.fixture
def launch(monkeypatch):
    """Return a function that imports the extension in an environment with these variables."""
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    import launch

    def given(**variables: str):
        for name in VARIABLES:
            monkeypatch.delenv(f"NNREG_{name}", raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(f"NNREG_{name}", value)
        return launch

    yield given
    del sys.modules["launch"]


@pytest.fixture
def links(launch):
    """Return a function that gives the links of chapter 10 in such an environment."""
    return lambda **given: launch(**given).Places.from_environment().links("notebooks/10_dropout")


@pytest.fixture
def page_of(launch):
    """Return a function that gives a page's buttons as the theme's own template writes them."""

    def buttons(page: str, suffix: str = ".ipynb", **given: str) -> BeautifulSoup:
        context = {"page_source_suffix": suffix, "header_buttons": []}
        launch(**given).add_launch_buttons(None, page, "page.html", context, None)
        theme = Path(sphinx_book_theme.__file__).parent / "theme" / "sphinx_book_theme"
        jinja = Environment(loader=FileSystemLoader(theme))
        words = {"pathto": lambda path, _: f"../{path}", "translate": lambda text: text}
        macros = jinja.get_template("macros/buttons.html").make_module(words)
        groups = [{**group} for group in context["header_buttons"]]
        html = [macros.render_button_group(**group) for group in groups if group.pop("type")]
        return BeautifulSoup("".join(html), "html.parser")

    return buttons


def test_without_a_repository_no_page_has_a_launch_button(links, page_of):
    assert links() == links(SITE_BRANCH="gh-pages") == {}
    assert not page_of(CHAPTERS[0]).find_all(True)


def test_a_repository_on_github_gives_binder(links):
    assert links(REPOSITORY_URL=GITHUB) == {
        "Binder": "https://mybinder.org/v2/gh/me/book/main?urlpath=lab/tree/notebooks/10_dropout.ipynb"
    }


@pytest.mark.parametrize("written", [f"{GITHUB}/", f"{GITHUB}.git", f" {GITHUB} "])
def test_a_repositorys_address_may_be_written_in_the_usual_ways(links, written):
    assert links(REPOSITORY_URL=written) == links(REPOSITORY_URL=GITHUB)


def test_binder_is_told_of_gitlab_and_of_other_hosts_in_its_own_way(links):
    for url, told in (
        ("https://gitlab.com/uni/course/book", "gl/uni%2Fcourse%2Fbook/v2"),
        ("https://git.uni.example/me/book", "git/https%3A%2F%2Fgit.uni.example%2Fme%2Fbook/v2"),
    ):
        binder = links(REPOSITORY_URL=url, REPOSITORY_BRANCH="v2")["Binder"]
        assert binder.startswith(f"https://mybinder.org/v2/{told}?")


def test_a_hub_is_told_what_to_copy_and_what_to_open(links):
    given = {"REPOSITORY_URL": f"{GITHUB}.git", "REPOSITORY_BRANCH": "a/b"}
    hub = urlsplit(links(JUPYTERHUB_URL="https://hub.uni.example/a/", **given)["JupyterHub"])
    assert hub.geturl().startswith("https://hub.uni.example/a/hub/user-redirect/git-pull?")
    assert parse_qs(hub.query) == {
        "repo": [GITHUB],
        "branch": ["a/b"],
        "urlpath": ["lab/tree/book/notebooks/10_dropout.ipynb"],
    }


def test_colab_opens_the_sites_copy_which_installs_nnreg(links):
    given = links(REPOSITORY_URL=GITHUB, SITE_BRANCH="gh-pages")
    assert given["Colab"] == (
        "https://colab.research.google.com/github/me/book/blob/gh-pages"
        "/_sources/notebooks/10_dropout.ipynb"
    )


def test_colab_is_offered_neither_without_that_copy_nor_beside_another_host(links):
    assert "Colab" not in links(REPOSITORY_URL=GITHUB)
    assert "Colab" not in links(REPOSITORY_URL="https://gitlab.com/me/book", SITE_BRANCH="pages")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"REPOSITORY_URL": "git@github.com:me/book"}, "must be https://host/owner/name"),
        ({"REPOSITORY_URL": "https://github.com/me"}, "must be https://host/owner/name"),
        ({"JUPYTERHUB_URL": "https://hub.uni.example"}, "needs NNREG_REPOSITORY_URL"),
    ],
)
def test_an_address_that_cannot_work_stops_the_build(links, given, message):
    with pytest.raises(ConfigError, match=message):
        links(**given)


def test_binder_installs_what_the_chapters_import_and_the_package():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf8")
    locked = set(re.findall(r"^([\w.-]+)==", lock, flags=re.M))
    assert {*PEERS.values(), "numpy", "jupyterlab", "hatchling"} <= locked
    assert "-r requirements.lock" in (ROOT / "environment.yml").read_text(encoding="utf8")
    assert os.access(ROOT / "postBuild", os.X_OK)
    assert (ROOT / "postBuild").read_text(encoding="utf8").rstrip().endswith("--no-deps -e .")


EVERYTHING = {
    "REPOSITORY_URL": GITHUB,
    "JUPYTERHUB_URL": "https://hub.uni.example",
    "SITE_BRANCH": "gh-pages",
}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_each_button_of_a_chapter_has_a_name_and_opens_that_chapter(page_of, chapter):
    group = page_of(chapter, **EVERYTHING)
    assert group.button["aria-label"] == "Run this chapter"
    buttons = group.select("a[href]")
    assert [button.get_text(strip=True) for button in buttons] == ["Binder", "JupyterHub", "Colab"]
    for button in buttons:
        assert not [name for name in button.attrs if name.startswith("on")], "a script in the page"
        opened = unquote(button["href"]).rpartition("/notebooks/")[2]
        assert (ROOT / "notebooks" / opened.partition("&")[0]).is_file()
        assert opened.startswith(f"{Path(chapter).name}.ipynb")


def test_a_page_of_words_has_no_launch_button(page_of):
    assert not page_of("book/setup", ".md", **EVERYTHING).find_all(True)


@pytest.mark.parametrize(
    ("url", "provider", "editable"),
    [
        (GITHUB, "github", True),
        ("https://gitlab.uni.example/me/book", "gitlab", True),
        ("https://git.uni.example/me/book", "gitlab", False),
    ],
)
def test_the_themes_buttons_know_their_host(launch, url, provider, editable):
    config = SimpleNamespace(html_theme_options={"logo": "kept"})
    launch(REPOSITORY_URL=url).set_repository(None, config)
    options = config.html_theme_options
    assert options["logo"] == "kept"
    assert (options["repository_url"], options["repository_branch"]) == (url, "main")
    assert (options["repository_provider"], options["use_edit_page_button"]) == (provider, editable)
