"""Pages that a browser shows without a script and without a request."""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from nnreg.grading.report import words

_FOLDER = Path(__file__).parent / "templates"


def render(template: str, **context: Any) -> str:
    """Fill in a template; every text in it is escaped."""
    style = (_FOLDER / "style.css").read_text(encoding="utf-8")
    digest = hashlib.sha256(style.encode()).digest()
    return (
        _environment()
        .get_template(template)
        .render(
            style=Markup(style),
            style_hash=base64.b64encode(digest).decode(),
            **context,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("nnreg.grading.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["points"] = words.points
    return environment
