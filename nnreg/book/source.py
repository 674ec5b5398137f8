"""Show the package's own source, so that no chapter can drift from it."""

import ast
import inspect
from pathlib import Path
from textwrap import dedent
from typing import Any

import nnreg

_PACKAGE = Path(nnreg.__file__).resolve().parent


class Source(str):
    """Source text that shows itself as highlighted Python."""

    def __repr__(self) -> str:
        return str(self)

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> dict[str, str]:
        return {
            "text/markdown": f"```python\n{self}\n```",
            "text/plain": str(self),
        }


def show_source(
    *objects: Any, docstring: bool = False, helpers: bool = False
) -> Source:
    """Show how functions, classes or single methods of nnreg are written.

    Parameters
    ----------
    *objects : functions, classes or methods of nnreg
        Shown one after another, each under a comment that names its file.
    docstring : bool
        Keep the docstrings; the API page has them, so a chapter mostly does
        not need them.
    helpers : bool
        Show, after the functions, the private functions of their modules that
        they call, and those that these call.

    Returns
    -------
    Source
        As the last expression of a cell it shows itself.

    Examples
    --------
    >>> from nnreg import L2
    >>> show_source(L2.grad)
    # nnreg/penalties.py: L2.grad
    def grad...
    """
    if not objects:
        raise TypeError(
            "show_source needs at least one function, class or method of nnreg"
        )
    if helpers:
        objects = _with_helpers(objects)
    return Source("\n\n\n".join(_source(item, docstring) for item in objects))


def _with_helpers(objects: tuple) -> list:
    """Add the private functions that are called, each once, in that order."""
    shown = [inspect.unwrap(item) for item in objects]
    for item in shown:  # grows while it is read
        if not inspect.isfunction(item):
            continue
        for name in item.__code__.co_names:
            found = item.__globals__.get(name)
            private = name.startswith("_") and inspect.isfunction(found)
            if private and found.__module__ == item.__module__:
                helper = inspect.unwrap(found)
                if helper not in shown:
                    shown.append(helper)
    return shown


def _source(item: Any, docstring: bool) -> str:
    item = inspect.unwrap(item)
    if not (inspect.isclass(item) or inspect.isroutine(item)):
        raise TypeError(
            f"show_source needs a function, class or method, got {item!r}"
        )
    try:
        path = Path(inspect.getsourcefile(item) or "").resolve()
    except (TypeError, OSError):
        path = Path()
    if not path.is_relative_to(_PACKAGE):
        raise TypeError(
            f"show_source shows what is from nnreg, and {item!r} is not"
        )
    text = dedent(inspect.getsource(item)).rstrip()
    if not docstring:
        text = _without_docstrings(text)
    place = path.relative_to(_PACKAGE.parent).as_posix()
    return f"# {place}: {item.__qualname__}\n{text}"


def _without_docstrings(text: str) -> str:
    lines = text.split("\n")
    dropped = set()
    for node in ast.walk(ast.parse(text)):
        # A body that is nothing but its docstring keeps it: without it there
        # is no body.
        if (
            isinstance(node, ast.ClassDef | ast.FunctionDef)
            and len(node.body) > 1
        ):
            first, second = node.body[:2]
            if ast.get_docstring(node) is not None:
                dropped.update(range(first.lineno, first.end_lineno + 1))
                after = first.end_lineno + 1
                while after < second.lineno and not lines[after - 1].strip():
                    dropped.add(after)
                    after += 1
    return "\n".join(
        line for number, line in enumerate(lines, 1) if number not in dropped
    )
