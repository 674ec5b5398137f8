"""Pictures that the page has already, with scripts of their own."""

from typing import Any, NoReturn

from nnreg.book._svg.drawing import NeedsNotebook


def diamond_picture(*arguments: Any, **words: Any) -> NoReturn:
    raise NeedsNotebook("second picture to drag")


def projection_picture(*arguments: Any, **words: Any) -> NoReturn:
    raise NeedsNotebook("second picture to drag")
