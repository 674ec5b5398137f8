"""What the chapters show with. Nothing that computes imports this package."""

from nnreg.book.explore import explore
from nnreg.book.figures import figure, plot_decision, role

__all__ = ["explore", "figure", "plot_decision", "role"]
