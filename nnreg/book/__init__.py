"""What the chapters show with. Nothing that computes imports this package.

Claims, checking an answer and showing source need NumPy alone. A picture needs
matplotlib and Pillow, which are imported when the first one is asked for; in
a page that runs Python, NumPy alone draws it.
"""

import sys
from importlib import import_module
from typing import Any

from nnreg.book.check import check_answer, seal
from nnreg.book.claims import claim
from nnreg.book.source import show_source

_PICTURES = {
    "diamond_picture": "nnreg.book.diamond",
    "explore": "nnreg.book.explorer",
    "figure": "nnreg.book.figures",
    "plot_decision": "nnreg.book.palette",
    "projection_picture": "nnreg.book.projection",
    "role": "nnreg.book.palette",
}
if sys.platform == "emscripten":  # in a page
    _PICTURES |= {
        "diamond_picture": "nnreg.book._svg.missing",
        "explore": "nnreg.book.live_slider",
        "figure": "nnreg.book._svg.figure",
        "live_frame": "nnreg.book.live_slider",
        "projection_picture": "nnreg.book._svg.missing",
    }

__all__ = ["check_answer", "claim", "seal", "show_source", *_PICTURES]


def __getattr__(name: str) -> Any:
    if name not in _PICTURES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PICTURES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PICTURES})
