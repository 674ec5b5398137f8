"""The rules that each chapter keeps. A rule yields one message for each place that breaks it."""

from . import claims, references, spine, stored
from .reading import Book, Chapter

RULES = (*stored.RULES, *spine.RULES, *claims.RULES, *references.RULES)

__all__ = ["RULES", "Book", "Chapter"]
