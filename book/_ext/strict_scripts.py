"""A strict Content-Security-Policy in each page, and pages that satisfy it.

Every script comes from a file of the site: what the theme, the extensions and the sliders write
into a page is moved into one. Scripts run in their order once the page is read, and MathJax last,
so that neither the text nor a slider waits for it; a page without formulas does not load it.
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'wasm-unsafe-eval'",  # the search is compiled to WebAssembly
        "style-src 'self' 'unsafe-inline'",  # MathJax and the sliders bring their own styles
        "img-src 'self' data:",  # figures are part of the page
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)
META = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'

SCRIPT = re.compile(r"<script(?P<attributes>[^>]*)>(?P<text>.*?)</script>", re.DOTALL)
DATA = re.compile(r'type="(?!module|text/javascript)')
EARLY = "data-early"  # the mark of a script that must not wait
BUTTON = re.compile(r'onclick="(window\.print|toggleFullScreen)\(\)"')


def add_policy(app, pagename, templatename, context, doctree) -> None:
    """Put the policy before everything that it governs."""
    context["metatags"] = META + context.get("metatags", "")


def move_scripts(page: str, save) -> str:
    """Return the page with its scripts in files; `save` takes a text and returns an address."""
    head, end_of_head, body = page.partition("</head>")
    has_formulas = 'class="math' in body
    settings, files, last = [], [], []

    def collect(match: re.Match) -> str:
        attributes, text = match.groups()
        if EARLY in attributes or DATA.search(attributes):
            return match[0]
        if not has_formulas and re.search("mathjax", match[0], re.IGNORECASE):
            return ""
        if not text.strip():
            (last if "mathjax/" in attributes else files).append(attributes)
        elif not text.startswith("DOCUMENTATION_OPTIONS."):  # all that these say is the default
            settings.append(text)
        return ""

    def leave(match: re.Match) -> str:
        attributes, text = match.groups()
        if not text.strip() or DATA.search(attributes):
            return match[0]
        return f'<script{attributes} defer src="{save(text)}"></script>'

    head = SCRIPT.sub(collect, head)
    if settings:
        files.insert(0, f' src="{save(chr(10).join(settings))}"')
    head += "".join(tag(attributes) for attributes in files)
    body = BUTTON.sub(r'data-press="\1"', SCRIPT.sub(leave, body))
    body = body.replace("</body>", "".join(tag(attributes) for attributes in last) + "</body>")
    return head + end_of_head + body


def tag(attributes: str) -> str:
    """Return the tag of a script that runs when the page is read."""
    return f"<script{attributes}{'' if 'defer' in attributes else ' defer'}></script>\n"


def move_all_scripts(app, exception) -> None:
    """Move the scripts of every page of the finished site."""
    if exception is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    for path in site.rglob("*.html"):
        if "_static" in path.parts:
            continue
        up = "../" * (len(path.relative_to(site).parts) - 1)

        def save(text: str, up: str = up) -> str:
            name = f"_static/inline/{sha256(text.encode()).hexdigest()[:12]}.js"
            (site / name).parent.mkdir(exist_ok=True)
            (site / name).write_text(text, encoding="utf8")
            return up + name

        path.write_text(move_scripts(path.read_text("utf8"), save), encoding="utf8")


def setup(app) -> dict[str, object]:
    """Connect the handlers."""
    app.connect("html-page-context", add_policy, priority=900)
    app.connect("build-finished", move_all_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
