"""What covers a part of a panel: areas, bands of contours, and images."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nnreg.book._svg.colours import png
from nnreg.book._svg.drawing import POINT, dash_array, path, tag
from nnreg.book._svg.marks import Mark


@dataclass
class Area(Mark):
    """Closed shapes of one colour."""

    shapes: Sequence[np.ndarray] = ()
    face: str = "none"
    edge: str = "none"
    linewidth: float = 0.0
    linestyle: Any = "-"
    has_holes: bool = False

    def _shape(self, d: str) -> str:
        width = self.linewidth * POINT if self.edge != "none" else 0
        return d and tag(
            "path",
            d=d,
            fill=self.face,
            fill_rule="evenodd" if self.has_holes else None,
            stroke=self.edge if width else None,
            stroke_width=width or None,
            stroke_dasharray=dash_array(self.linestyle, width),
            fill_opacity=self.alpha,
            stroke_opacity=self.alpha if width else None,
        )

    def draw(self, panel: Any) -> str:
        return self._shape(
            "".join(
                path(panel.pixels(*shape.T, self.frame), closed=True)
                for shape in self.shapes
            )
        )

    def spots(self, panel: Any) -> np.ndarray:
        shapes = [panel.pixels(*s.T, self.frame) for s in self.shapes]
        return np.concatenate([*shapes, np.empty((0, 2))])

    def sample(self, x: float, y: float, width: float, height: float) -> str:
        low, high = y - height / 2, y + height / 2
        box = [[x, low], [x + width, low], [x + width, high], [x, high]]
        return self._shape(path(np.array(box), closed=True))


@dataclass
class Bands(Mark):
    """Filled contours: each covers the ones below it, so no seam shows."""

    areas: Sequence[Area] = ()

    def draw(self, panel: Any) -> str:
        inside = "".join(area.draw(panel) for area in self.areas)
        return tag("g", inside, opacity=self.alpha)


@dataclass
class Image(Mark):
    """Pixels between left, right, bottom and top."""

    rgba: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 4)))
    extent: tuple[float, float, float, float] = (0, 1, 0, 1)

    def draw(self, panel: Any) -> str:
        left, right, bottom, top = self.extent
        (x0, y0), (x1, y1) = panel.pixels([left, right], [top, bottom])
        turned = self.rgba[:: 1 if y0 <= y1 else -1, :: 1 if x0 <= x1 else -1]
        return tag(
            "image",
            href=png(turned),
            x=min(x0, x1),
            y=min(y0, y1),
            width=abs(x1 - x0),
            height=abs(y1 - y0),
            preserveAspectRatio="none",
            image_rendering="pixelated",
        )
