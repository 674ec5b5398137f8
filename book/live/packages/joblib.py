"""The two names of joblib that the chapters use, with the page's one process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any


def delayed(function: Callable) -> Callable:
    """Return a function that takes a call down instead of making it."""
    return lambda *args, **kwargs: (function, args, kwargs)


class Parallel:
    """Make calls one after another."""

    def __init__(self, n_jobs: int = 1, return_as: str = "list", **_: Any):
        self.as_list = return_as == "list"

    def __call__(self, calls: Iterable[tuple]) -> list | Iterator:
        """Make the calls, at once or as they are asked for."""
        outcomes = (function(*args, **kwargs) for function, args, kwargs in calls)
        return list(outcomes) if self.as_list else outcomes
