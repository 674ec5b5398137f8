"""What the chapters show with. Nothing that computes imports this package."""

from nnreg.book.check import check_answer
from nnreg.book.explore import explore
from nnreg.book.figures import figure, plot_decision, role
from nnreg.book.projection import projection_picture
from nnreg.book.source import show_source

__all__ = [
    "check_answer",
    "explore",
    "figure",
    "plot_decision",
    "projection_picture",
    "role",
    "show_source",
]
