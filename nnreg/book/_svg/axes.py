"""A panel: what it is told, and how its frame is drawn."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from nnreg.book._svg import frame
from nnreg.book._svg.areas import Area
from nnreg.book._svg.axis import Axis
from nnreg.book._svg.colours import colour
from nnreg.book._svg.drawing import POINT, NeedsNotebook, tag
from nnreg.book._svg.legend import Legend
from nnreg.book._svg.marks import Mark
from nnreg.book._svg.note import Note
from nnreg.book._svg.plots import Plots
from nnreg.book._svg.words import plain, refuse

_X_IS_DATA = (True, False)
_Y_IS_DATA = (False, True)
_NO_DATA = (False, False)


class Spines(dict):
    """The four sides of a panel: ``spines[:]`` are all of them."""

    def __getitem__(self, name: Any) -> Any:
        chosen = [name] if isinstance(name, str) else name
        sides = list(self) if isinstance(name, slice) else chosen

        def set_visible(visible: bool) -> None:
            self.update(dict.fromkeys(sides, visible))

        return SimpleNamespace(set_visible=set_visible)

    def shows(self, name: str) -> bool:
        return dict.__getitem__(self, name)


class Axes(Plots):
    """A panel of a figure, with the methods of matplotlib's that are used."""

    transData = (True, True)
    transAxes = _NO_DATA

    def __init__(self, figure: Any, x: Axis | None = None, y: Any = None):
        self.figure = figure
        self.x, self.y = x or Axis(across=True), y or Axis(across=False)
        self.marks: list[Mark] = []
        self.aspect: Any = "auto"
        self.title, self.title_size, self.title_at = "", 14.4, "center"
        self.labels = {"x": "", "y": ""}
        self.label_sizes = {"x": 12.0, "y": 12.0}
        self.names_shown = {"x": True, "y": True}
        self.grid_shown = {"x": True, "y": True}
        self.tick_length = 3.5
        self.shown = self.framed = True
        self.spines = Spines(left=True, bottom=True, right=False, top=False)
        self.key: Legend | None = None
        self.box = 0.0, 0.0, 1.0, 1.0  # left, top, width, height in pixels

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NeedsNotebook(name)

    def pixels(self, x: Any, y: Any, data: Any = (True, True)) -> np.ndarray:
        """Return where places are, shape (n, 2); y grows downwards."""
        left, top, width, height = self.box
        across = self.x.share(x) if data[0] else np.asarray(x, float)
        up = self.y.share(y) if data[1] else np.asarray(y, float)
        return np.column_stack(
            [left + width * across, top + height * (1 - up)]
        )

    def set(self, **words: Any) -> None:
        """Set several things: ``set(xlabel="epoch", ylim=(0, 1))``."""
        for name, value in words.items():
            getattr(self, f"set_{name}")(value)

    def set_title(self, words: str, fontsize: float = 14.4, loc="center"):
        self.title, self.title_size, self.title_at = words, fontsize, loc

    def set_xlabel(self, words: str, fontsize: float = 12.0) -> None:
        self.labels["x"], self.label_sizes["x"] = words, fontsize

    def set_ylabel(self, words: str, fontsize: float = 12.0) -> None:
        self.labels["y"], self.label_sizes["y"] = words, fontsize

    def set_xlim(self, left: Any = None, right: Any = None) -> None:
        self.x.set_limits(left, right)

    def set_ylim(self, bottom: Any = None, top: Any = None) -> None:
        self.y.set_limits(bottom, top)

    def get_xlim(self) -> tuple[float, float]:
        return self.x.view()

    def get_ylim(self) -> tuple[float, float]:
        return self.y.view()

    def invert_yaxis(self) -> None:
        self.y.limits = list(self.y.view()[::-1])

    def set_xscale(self, name: str, **words: Any) -> None:
        self.x.set_scale(name, **words)

    def set_yscale(self, name: str, **words: Any) -> None:
        self.y.set_scale(name, **words)

    def set_xticks(self, ticks: Any, labels: Any = None, minor=False) -> None:
        self._set_ticks(self.x, ticks, labels, minor)

    def set_yticks(self, ticks: Any, labels: Any = None, minor=False) -> None:
        self._set_ticks(self.y, ticks, labels, minor)

    def _set_ticks(self, axis: Axis, ticks: Any, labels: Any, minor: bool):
        if minor:
            if len(ticks):
                raise NeedsNotebook("minor ticks of one's own")
            axis.has_minor = False
        else:
            axis.set_ticks(ticks, labels)

    def set_xticklabels(self, labels: Any) -> None:
        self._set_names("x", self.x, labels)

    def set_yticklabels(self, labels: Any) -> None:
        self._set_names("y", self.y, labels)

    def _set_names(self, name: str, axis: Axis, labels: Any) -> None:
        labels = [str(label) for label in labels]
        if labels:
            axis.names = labels
        else:
            self.names_shown[name] = False

    def minorticks_off(self) -> None:
        self.x.has_minor = self.y.has_minor = False

    def tick_params(self, length: float = 3.5) -> None:
        self.tick_length = length

    def set_aspect(self, aspect: Any) -> None:
        self.aspect = aspect

    def set_frame_on(self, on: bool) -> None:
        self.framed = on

    def set_axis_off(self) -> None:
        self.shown = False

    def axis(self, how: Any) -> None:
        """Take away the frame, or set all four limits."""
        if how == "off":
            self.shown = False
        elif how == "equal":
            self.aspect = "equal"
        elif np.ndim(how) == 1:
            self.x.set_limits(*how[:2])
            self.y.set_limits(*how[2:])
        else:
            raise NeedsNotebook(f"axis {how!r}")

    def grid(
        self, visible: bool = True, axis: str = "both", **words: Any
    ) -> None:
        """Show or hide the lines behind the picture."""
        refuse(words, "grid with")
        for name in "xy" if axis == "both" else axis:
            self.grid_shown[name] = visible

    def get_xaxis_transform(self) -> tuple[bool, bool]:
        return _X_IS_DATA

    def get_yaxis_transform(self) -> tuple[bool, bool]:
        return _Y_IS_DATA

    def _note(self, x: Any, y: Any, words: Any, more: dict) -> Note:
        more = {"zorder": 3} | plain(more)
        if "color" in more:
            more["color"] = colour(more["color"])
        data = more.pop("transform", (True, True))
        known = set(Note.__dataclass_fields__)
        refuse({k: 0 for k in more if k not in known}, "text with")
        note = Note(x=x, y=y, words=str(words), frame=data, **more)
        self.marks.append(note)
        return note

    def text(self, x: float, y: float, s: Any, **words: Any) -> Note:
        """Write at a place; what it returns can end an arrow."""
        return self._note(x, y, s, words)

    def annotate(
        self,
        text: Any,
        xy: Any,
        xytext: Any = None,
        textcoords: str = "data",
        **words: Any,
    ) -> Note:
        """Write beside a place, or draw an arrow that leads to it."""
        if textcoords == "offset points":
            right, up = xytext
            words["offset"] = right * POINT, -up * POINT
            return self._note(*xy, text, words)
        if textcoords != "data":
            raise NeedsNotebook(f"text in {textcoords}")
        start = xy if xytext is None else xytext
        return self._note(*start, text, words | {"to": tuple(xy)})

    def add_patch(self, patch: Area) -> Area:
        """Add a rectangle from `nnreg.book._svg.patches`."""
        return self._add(patch, *np.concatenate(patch.shapes).T)

    def get_legend_handles_labels(self) -> tuple[list[Mark], list[str]]:
        """Return the marks that have a label, and their labels."""
        told = [
            mark
            for mark in self.marks
            if mark.label and not str(mark.label).startswith("_")
        ]
        return told, [str(mark.label) for mark in told]

    def legend(self, *marks_and_labels: Any, **words: Any) -> None:
        """Show what the labels stand for."""
        pairs = marks_and_labels or self.get_legend_handles_labels()
        self.key = Legend(*pairs, **words)

    def draw(self) -> str:
        """Return the panel as elements, from back to front."""
        layers = [(mark.zorder, mark.draw(self), mark) for mark in self.marks]
        layers.sort(key=lambda layer: layer[0])
        behind, before = frame.lines(self) if self.shown else ("", "")
        inside, words = "", ""
        for _, drawn, mark in layers:
            if isinstance(mark, Note):
                words += drawn
            else:
                inside += drawn
        key = ""
        if self.key:
            spots = [mark.spots(self) for mark in self.marks]
            spots = np.concatenate([*spots, np.empty((0, 2))])
            key = self.key.draw(self.box, spots)
        clipped = inside and frame.window(self.box, inside)
        return tag(
            "g",
            behind + clipped + before + frame.title(self) + words + key,
        )
