"""A slider on paper: three of its frames. A picture to drag: as it looks at first."""

from __future__ import annotations

import base64
import html
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from sphinx.util import texescape

DATA = re.compile(r'(?s)<script type="application/json">(.*?)</script>')
PICTURE = re.compile(r'<img[^>]* src="(data:image/[^"]+)"')
NAME = re.compile(r'<div class="nnreg-(?P<kind>\w+)" id="(?P<name>[a-z0-9-]+)-root"')
CAPTION = re.compile(r'(?s)<p class="nnreg-\w+-caption"[^>]*>(.*?)</p>')
MARKED = re.compile(r'data-at="(\d+)"')


@dataclass
class Frame:
    """One position of a slider: what is moved and how far, the words below, the picture."""

    value: str
    caption: str
    image: Image.Image


def opened(address: str) -> Image.Image:
    """Return the picture that a data address holds."""
    data = base64.b64decode(address.partition(",")[2])
    return Image.open(io.BytesIO(data)).convert("RGBA")


def frames(page: str) -> list[Frame]:
    """Return three frames: the one that the text recommends, then the lowest and the highest.

    Where no place is marked, the one that the page begins with comes first, or the middle.
    """
    stored = json.loads(DATA.search(page)[1])
    first = opened(html.unescape(PICTURE.search(page)[1]))
    (start,) = (i for i, frame in enumerate(stored) if not frame["image"])
    last = len(stored) - 1
    marked = MARKED.search(page)
    for other in (int(marked[1]) if marked else start, start, last // 2):
        if other not in (0, last):
            break
    chosen = [other, 0, last] if last > 1 else [start, last - start]
    return [
        Frame(
            html.unescape(stored[i]["value"]),
            html.unescape(stored[i]["caption"]),
            # Every other frame holds only what differs, and lies over the first.
            Image.alpha_composite(first, opened(stored[i]["image"])) if i != start else first,
        )
        for i in chosen
    ]


def words(frame: Frame) -> str:
    """Return what stands below a frame, in TeX: the value once, then the caption."""
    caption = frame.caption
    for value in (frame.value, frame.value.partition(" = ")[2]):
        if caption.startswith(f"{value}: "):
            caption = caption.removeprefix(f"{value}: ")
            caption = caption[0].upper() + caption[1:]
    value, caption = (texescape.escape(text, "xelatex") for text in (frame.value, caption))
    return rf"\textbf{{{value}}}\quad {caption}"


def saved(image: Image.Image, path: Path) -> str:
    """Save on white paper, in few colours, and return the name."""
    paper = Image.new("RGBA", image.size, "white")
    paper.alpha_composite(image)
    paper.convert("RGB").quantize(64, dither=Image.Dither.NONE).save(path, dpi=(144, 144))
    return path.name


def slider_in_print(page: str, folder: Path) -> str:
    """Return the LaTeX of a slider whose HTML is `page`; the pictures go into `folder`."""
    name = NAME.search(page)["name"]
    told = "".join(
        rf"{{{saved(frame.image, folder / f'{name}-{count}.png')}}}{{{words(frame)}}}"
        for count, frame in enumerate(frames(page))
    )
    return rf"\slider{told}"


def picture_in_print(page: str, png: str, folder: Path) -> str:
    """Return the LaTeX of a picture to drag, from its PNG and its caption."""
    name = NAME.search(page)["name"]
    (folder / f"{name}.png").write_bytes(base64.b64decode(png))
    caption = CAPTION.search(page)
    told = texescape.escape(html.unescape(caption[1]).strip() if caption else "", "xelatex")
    return rf"\picturewithwords{{{name}.png}}{{{told}}}"


texescape.init()
