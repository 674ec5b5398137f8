"""A progress bar's place: the page shows none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any


class tqdm:
    """Go through what it is given."""

    def __init__(self, iterable: Iterable | None = None, *_: Any, **__: Any):
        self.iterable = iterable

    def __iter__(self) -> Iterator:
        return iter(self.iterable)

    def __enter__(self) -> tqdm:
        return self

    def __exit__(self, *_: Any) -> None:
        """Close nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *_, **__: None  # whatever a bar is told: it shows nothing


def trange(*numbers: int, **_: Any) -> tqdm:
    """Return a range."""
    return tqdm(range(*numbers))
