"""Buttons that lead to the repository, and to servers that run a chapter.

The environment says where the repository is, so a fork needs no edit:

NNREG_REPOSITORY_URL     https://host/owner/name: its buttons, and Binder
NNREG_REPOSITORY_BRANCH  the branch with the chapters, by default main
NNREG_JUPYTERHUB_URL     a hub with nbgitpuller, whose environment has nnreg: JupyterHub
NNREG_SITE_BRANCH        the branch on GitHub with the built site, such as gh-pages: Colab
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from html import escape
from urllib.parse import quote, urlencode, urlsplit

from sphinx.errors import ConfigError

LOGOS = {
    "Binder": "logo_binder.svg",
    "JupyterHub": "logo_jupyterhub.svg",
    "Colab": "logo_colab.png",
}
# How Binder calls the hosts that it knows; others it asks by their whole address.
BINDER_HOSTS = {"github.com": "gh", "gitlab.com": "gl"}
EDITABLE = ("github", "gitlab", "bitbucket")  # hosts for whose editor the theme has an address


@dataclass(frozen=True)
class Places:
    """Where the repository is, and what can run its chapters."""

    repository: str = ""
    branch: str = "main"
    hub: str = ""
    site_branch: str = ""

    @classmethod
    def from_environment(cls) -> Places:
        """Read the variables that `make build` was given, and refuse what cannot work."""

        def given(name: str) -> str:
            return os.environ.get(f"NNREG_{name}", "").strip().rstrip("/")

        repository = given("REPOSITORY_URL").removesuffix(".git")
        web = urlsplit(repository)
        owner, _, name = web.path.strip("/").rpartition("/")
        if repository and not (web.scheme in ("http", "https") and owner and name):
            raise ConfigError(f"NNREG_REPOSITORY_URL must be https://host/owner/name: {repository}")
        hub = given("JUPYTERHUB_URL")
        if hub and not repository:
            raise ConfigError("NNREG_JUPYTERHUB_URL needs NNREG_REPOSITORY_URL: a hub copies it")
        branch = given("REPOSITORY_BRANCH") or "main"
        return cls(repository, branch, hub, given("SITE_BRANCH"))

    def links(self, chapter: str) -> dict[str, str]:
        """Return the address at which each server opens a chapter, `notebooks/10_dropout`."""
        if not self.repository:
            return {}
        web = urlsplit(self.repository)
        path = web.path.strip("/")
        file = f"{chapter}.ipynb"
        if host := BINDER_HOSTS.get(web.netloc):
            where = f"{host}/{path if host == 'gh' else quote(path, safe='')}"
        else:
            where = f"git/{quote(self.repository, safe='')}"
        binder = f"https://mybinder.org/v2/{where}/{self.branch}"
        links = {"Binder": f"{binder}?urlpath=lab/tree/{file}"}
        if self.hub:
            folder = path.rpartition("/")[2]
            pulled = {"repo": self.repository, "branch": self.branch}
            pulled["urlpath"] = f"lab/tree/{folder}/{file}"
            links["JupyterHub"] = f"{self.hub}/hub/user-redirect/git-pull?{urlencode(pulled)}"
        if self.site_branch and web.netloc == "github.com":
            # Colab has no nnreg. The site's own copy, unlike the chapter, begins by installing it.
            blob = f"github/{path}/blob/{self.site_branch}/_sources/{file}"
            links["Colab"] = f"https://colab.research.google.com/{blob}"
        return links


def set_repository(app, config) -> None:
    """Give the theme what it needs for its buttons to the repository, or nothing."""
    places = Places.from_environment()
    if not places.repository:
        return
    host = urlsplit(places.repository).netloc
    known = [name for name in EDITABLE if name in host]
    config.html_theme_options |= {
        "repository_url": places.repository,
        "repository_branch": places.branch,
        # The theme stops at a host that it does not know.
        "repository_provider": known[0] if known else "gitlab",
        "use_repository_button": True,
        "use_issues_button": True,
        "use_edit_page_button": bool(known),
    }


def add_launch_buttons(app, pagename, templatename, context, doctree) -> None:
    """Put the servers first among the buttons of a chapter; other pages run nothing."""
    links = Places.from_environment().links(pagename)
    if not links or context.get("page_source_suffix") != ".ipynb":
        return
    buttons = [
        {
            "type": "link",
            "text": name,
            "tooltip": f"Run this chapter on {name}",
            "icon": f"_static/images/{LOGOS[name]}",
            "url": escape(address),
        }
        for name, address in links.items()
    ]
    group = {"type": "group", "label": "launch-buttons", "buttons": buttons}
    group |= {"tooltip": "Run this chapter", "icon": "fas fa-rocket"}
    context["header_buttons"].insert(0, group)


def setup(app) -> dict[str, object]:
    """Connect the handlers, the second after the theme's own buttons."""
    app.connect("config-inited", set_repository)
    app.connect("html-page-context", add_launch_buttons, priority=502)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
