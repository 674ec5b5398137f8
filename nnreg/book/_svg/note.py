"""Words in a panel, with a box around them or an arrow."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nnreg.book._svg import text
from nnreg.book._svg.arrow import arrow
from nnreg.book._svg.colours import colour
from nnreg.book._svg.drawing import POINT, NeedsNotebook, tag
from nnreg.book._svg.marks import Mark


@dataclass
class Note(Mark):
    """A text at a place, moved by `offset` pixels; the arrow leads `to`."""

    x: float = 0.0
    y: float = 0.0
    words: str = ""
    color: str = text.INK
    fontsize: float = 12.0
    ha: str = "left"
    va: str = "baseline"
    weight: Any = None
    bbox: dict | None = None
    offset: tuple[float, float] = (0.0, 0.0)
    to: tuple[float, float] | None = None
    arrowprops: dict | None = None

    def get_bbox_patch(self) -> "Note":
        return self

    def _at(self, panel: Any) -> np.ndarray:
        return panel.pixels([self.x], [self.y], self.frame)[0] + self.offset

    def rectangle(self, panel: Any) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of the box, in pixels."""
        size = self.fontsize * POINT
        x, y = self._at(panel)
        wide = text.width(self.words, size)
        high = text.height(self.words, size)
        left = x - {"left": 0, "center": wide / 2, "right": wide}[self.ha]
        top = y - {"top": 0, "center": high / 2, "bottom": high}.get(
            self.va, high - text.DESCENT * size
        )
        pad = self._pad()
        return left - pad, top - pad, left + wide + pad, top + high + pad

    def _pad(self) -> float:
        style = str((self.bbox or {}).get("boxstyle", "square"))
        told = style.partition("pad=")[2]
        if told:
            return float(told) * self.fontsize * POINT
        return (self.bbox or {}).get("pad", 4) * POINT

    def _box(self, panel: Any) -> str:
        look = dict(self.bbox or {})
        style = str(look.pop("boxstyle", "square"))
        look.pop("pad", None)
        ink = look.pop("color", None)
        face = colour(look.pop("facecolor", ink or "C0"))
        edge = colour(look.pop("edgecolor", ink or "#000000"))
        width = look.pop("linewidth", 1.0) * POINT
        alpha = look.pop("alpha", None)
        if look:
            raise NeedsNotebook(f"box with {', '.join(look)}")
        left, top, right, bottom = self.rectangle(panel)
        return tag(
            "rect",
            x=left,
            y=top,
            width=right - left,
            height=bottom - top,
            rx=self._pad() if style.startswith("round") else None,
            fill=face,
            stroke=edge,
            stroke_width=width,
            opacity=alpha,
        )

    def draw(self, panel: Any) -> str:
        drawn = ""
        at = self._at(panel)
        if not np.isfinite(at).all():
            return drawn
        if self.arrowprops is not None and self.to is not None:
            end = panel.pixels(*np.transpose([self.to]))[0]
            size = self.fontsize * POINT
            drawn += arrow(panel, at, end, size, self.arrowprops)
        if self.bbox is not None:
            drawn += self._box(panel)
        if self.words:
            drawn += text.write(
                *at,
                self.words,
                self.fontsize * POINT,
                ha=self.ha,
                va=self.va,
                colour=self.color,
                weight=None if self.weight is None else str(self.weight),
                alpha=self.alpha,
            )
        return drawn
