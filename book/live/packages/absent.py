"""Packages that the page does not have: importing one works, using it says what to do.

A chapter imports what all its cells need in one place. So a missing package must not stop the
cells that do without it.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

ABSENT = {"matplotlib": "matplotlib", "scipy": "SciPy", "sklearn": "scikit-learn"}


class Absent:
    """Stand where a class or a function would."""

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, name: str) -> Absent:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self._name}.{name}")

    def __call__(self, *_, **__):
        """Say which package it is, and what to do."""
        package = ABSENT[self._name.partition(".")[0]]
        message = f"this needs {package}, which the page has not: run the cell in the notebook"
        raise ImportError(message)


class AbsentModule(ModuleType):
    """Hold whatever is imported from it."""

    __path__: tuple = ()

    def __getattr__(self, name: str) -> Absent:
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(f"{self.__name__}.{name}")


class Finder(MetaPathFinder, Loader):
    """Find what nothing else has found."""

    def find_spec(self, name: str, path=None, target=None) -> ModuleSpec | None:
        """Answer for the absent packages alone."""
        return ModuleSpec(name, self) if name.partition(".")[0] in ABSENT else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make a module in which every name is there."""
        return AbsentModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Run nothing."""


def install() -> None:
    """Let Python ask here last."""
    sys.meta_path.append(Finder())
