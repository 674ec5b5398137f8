"""Run one cell after another in a page, and say in plain data what came out of each."""

from __future__ import annotations

import ast
import builtins
import io
import json
import linecache
import sys
import time
import tokenize
import traceback
import types
from typing import Any

import absent
import numpy as np
import numpy_of_the_book
import pyjs

MAIN = sys.modules["__main__"] = types.ModuleType("__main__")
PACKAGES = "/packages/"
CELLS: set[str] = set()  # the names of those that have run
SECONDS_BETWEEN_NEWS = 0.1
MOST = 200_000  # characters of a cell: an endless loop that prints would fill the page


class Outputs:
    """What a cell has shown so far, in order; stands where `sys.stdout` would."""

    encoding = "utf-8"

    def __init__(self, id: Any):
        self.id, self.shown, self.text, self.last_news = id, [], "", time.monotonic()

    def write(self, text: str) -> int:
        """Take text, and tell the page from time to time."""
        if len(self.text) > MOST:
            raise RuntimeError(f"stopped here: a cell prints {MOST:,} characters at most")
        if not self.shown or "stdout" not in self.shown[-1]:
            self.shown.append({"stdout": ""})
        self.shown[-1]["stdout"] += text
        self.text += text
        if time.monotonic() - self.last_news > SECONDS_BETWEEN_NEWS:
            self.last_news = time.monotonic()
            send({"id": self.id, "stdout": self.text})
        return len(text)

    def flush(self) -> None:
        """Do nothing: the page hears of it soon enough."""

    def isatty(self) -> bool:
        """Say no: nobody moves a cursor here."""
        return False

    def show(self, *values: Any) -> None:
        """Take values, as `display` does."""
        self.shown.extend({"value": bundle(value)} for value in values)


def send(message: dict) -> None:
    """Send a message to the page while Python runs."""
    pyjs.js.tell(json.dumps(message))


def bundle(value: Any) -> dict[str, Any]:
    """Return a value in the forms in which a notebook would show it."""
    found: dict[str, Any] = {}
    if not isinstance(value, type):
        if hasattr(value, "_repr_mimebundle_"):
            found = value._repr_mimebundle_()
            found = dict(found[0] if isinstance(found, tuple) else found)
        for kind, method in (
            ("text/html", "_repr_html_"),
            ("text/markdown", "_repr_markdown_"),
            ("image/svg+xml", "_repr_svg_"),
        ):
            if kind not in found and hasattr(value, method):
                found[kind] = getattr(value, method)()
    return {
        "text/plain": numpy_of_the_book.written(value),
        **{k: v for k, v in found.items() if v is not None},
    }


def hides_its_value(code: str) -> bool:
    """Tell whether the last token before comments is a semicolon."""
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    empty = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER, tokenize.DEDENT)
    texts = [token.string for token in tokens if token.type not in empty]
    return bool(texts) and texts[-1] == ";"


def execute(code: str, name: str) -> Any:
    """Run the code; return the value of a last expression, or None."""
    lines = code.splitlines(keepends=True)
    CELLS.add(name)
    linecache.cache[name] = (len(code), None, lines, name)  # for tracebacks and `inspect`
    tree = ast.parse(code, name)
    last = None
    if tree.body and isinstance(tree.body[-1], ast.Expr) and not hides_its_value(code):
        last = ast.Expression(tree.body.pop().value)
    exec(compile(tree, name, "exec"), MAIN.__dict__)
    return None if last is None else eval(compile(last, name, "eval"), MAIN.__dict__)


def described(error: BaseException) -> dict[str, str]:
    """Return an error as its reader needs it: with the frames of cells and of nnreg alone."""
    frames = []
    for frame in traceback.extract_tb(error.__traceback__):
        frame.filename = frame.filename.removeprefix(PACKAGES)
        if frame.filename.startswith("nnreg/") or frame.filename in CELLS:
            frames.append(frame)
    lines = traceback.format_list(frames) + traceback.format_exception_only(error)
    said = error.msg if isinstance(error, SyntaxError) else error
    return {
        "name": type(error).__name__,
        "message": str(said),
        "traceback": "".join(lines).rstrip(),
    }


def as_files(names: list[str]) -> dict[str, dict]:
    """Write arrays where the worker finds them, and return how to read each."""
    arrays = {}
    for number, name in enumerate(names):
        array = np.ascontiguousarray(eval(name, MAIN.__dict__))
        file = f"/tmp/array-{number}"
        with open(file, "wb") as to:
            to.write(array.tobytes())
        arrays[name] = {"dtype": str(array.dtype), "shape": list(array.shape), "file": file}
    return arrays


def run(request: str) -> str:
    """Run one cell. Request and answer are JSON; the page reads the answer."""
    asked = json.loads(request)
    outputs = Outputs(asked["id"])
    name = asked.get("name") or "cell"
    answer: dict[str, Any] = {"value": None, "error": None}
    streams, sys.stdout, sys.stderr = (sys.stdout, sys.stderr), outputs, outputs
    MAIN.display = builtins.display = outputs.show
    try:
        value = execute(asked["code"], name)
        if value is not None:
            MAIN._ = value
            answer["value"] = bundle(value)
            outputs.shown.append({"value": answer["value"]})
        if asked["arrays"]:
            answer["arrays"] = as_files(asked["arrays"])
    except BaseException as error:  # a cell may call sys.exit
        answer["error"] = described(error)
    finally:
        sys.stdout, sys.stderr = streams
    return json.dumps({**answer, "stdout": outputs.text, "outputs": outputs.shown})


absent.install()
numpy_of_the_book.install()
