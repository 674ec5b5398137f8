"""The rules that each chapter keeps. A rule yields one message for each place that breaks it."""

from . import claims, layers, references, spine, stored, words
from .reading import Book, Chapter

RULES = (
    *stored.RULES,
    *spine.RULES,
    *layers.RULES,
    *claims.RULES,
    *words.RULES,
    *references.RULES,
)

__all__ = ["RULES", "Book", "Chapter"]
