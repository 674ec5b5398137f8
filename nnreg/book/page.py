"""What every picture in a page shares: its name, its forms, its template."""

import base64
import html
import io
import json
import re
from abc import ABC, abstractmethod
from pathlib import Path
from string import Template
from typing import Any

from PIL import Image, ImageChops, ImageFilter

from nnreg.book.figures import BookFigure
from nnreg.book.slider import checked_name


class Shown(ABC):
    """A picture that shows itself as HTML, as a PNG for paper, and as text.

    Parameters
    ----------
    name : str
        Lower-case letters, digits and hyphens: the start of the ids in the
        page.
    """

    _figure: BookFigure
    _png: bytes

    def __init__(self, name: str):
        self.name = checked_name(name)

    def _take(self, figure: BookFigure) -> None:
        """Store the figure, and how it looks now.

        To be called by the constructor: IPython swallows an error that is
        raised while showing.
        """
        self._figure, self._png = figure, figure.png()

    @abstractmethod
    def html(self) -> str:
        """Return the form that needs neither a kernel nor a network."""

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict, dict]:
        data = {
            "text/html": self.html(),
            "image/png": base64.b64encode(self._png).decode(),
            "text/plain": repr(self),
        }
        return data, {"image/png": self._figure.size_on_screen()}


def read(name: str) -> str:
    """Return the template of that name."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def assemble(name: str) -> str:
    """Return a template of a picture to drag, with its style and its script.

    Indents and remarks stay behind.
    """
    shared = read("dragged.css").replace("NAME", name)
    whole = read(f"{name}.html")
    for element, inside in (
        ("style", shared + read(f"{name}.css")),
        ("script", read(f"{name}.js")),
    ):
        whole = whole.replace(f"<{element}>\n", f"<{element}>\n{inside}")
    return re.sub(r"\n +(//.*|/\*.*\*/)?", "\n", whole)


def fill(template: str, *, data: Any = None, **texts: Any) -> str:
    """Put texts into a template, and `data` as JSON into its script element.

    Nothing in them can end an attribute or an element.
    """
    told = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    escaped = {key: html.escape(str(text)) for key, text in texts.items()}
    return Template(template).substitute(escaped, data=told)


def webp(
    image: Image.Image,
    colours: int,
    *,
    effort: int,
    mask: Image.Image | None = None,
) -> str:
    """Return a picture, or what the mask lets through, as a data address."""
    # Median cut keeps white white, and the pale tints of decision regions
    # apart from it.
    image = image.quantize(
        colours, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    image = image.convert("RGB")
    if mask is not None:
        image.putalpha(mask)
    return _address(image, "webp", lossless=True, method=effort)


def png(image: Image.Image) -> str:
    """Return a picture that need not be small, as a data address, quickly."""
    return _address(image, "png", compress_level=1)


def _address(image: Image.Image, kind: str, **how: Any) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return f"data:image/{kind};base64,{encoded}"


def changes(image: Image.Image, first: Image.Image) -> Image.Image:
    """Return a mask of what differs, one pixel wider against ghosts."""
    difference = ImageChops.difference(image, first).convert("L")
    return difference.point(lambda level: 255 if level else 0).filter(
        ImageFilter.MaxFilter(3)
    )
