"""Results that survive whatever ends a sweep: a dict that is also a file.

One JSON object a line: first what the file belongs to, then a result a line,
on the disk before the next is taken. Python's json writes a float so that it
comes back to the last bit, and NaN and infinities as NaN and Infinity.
"""

import functools
import json
import os

import numpy as np

from nnreg._sweep.cells import cell_key

FORMAT = "nnreg sweep 1"


def header(train, takes: str, points: list[dict]) -> dict:
    """Return what the results of a file belong to."""
    from nnreg import __version__

    while isinstance(train, functools.partial):
        train = train.func
    return {
        "function": getattr(train, "__qualname__", type(train).__qualname__),
        "takes": takes,
        "parameters": sorted(points[0]),
        "nnreg": __version__,
        "numpy": np.__version__,
    }


class Results(dict):
    """The results of cells, by `cell_key`."""

    def add(self, point: dict, seed: int, result: dict) -> None:
        self[cell_key(point, seed)] = result

    def close(self) -> None:
        """Let go of what is held; here nothing is."""


class Store(Results):
    """Results that are written as they are added."""

    def __init__(self, path, header: dict):
        super().__init__()
        self._header = {"format": FORMAT, **header}
        self._file = open(path, "a+b")  # noqa: SIM115 (see close)
        try:
            self._lock()
            self._read()
        except BaseException:
            self._file.close()
            raise

    def add(self, point: dict, seed: int, result: dict) -> None:
        super().add(point, seed, result)
        self._write({"point": point, "seed": seed, "result": result})

    def close(self) -> None:
        self._file.close()

    def _write(self, line: dict) -> None:
        self._file.write(json.dumps(line).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def _lock(self) -> None:
        try:
            import fcntl
        except ModuleNotFoundError:  # Windows
            return
        try:
            # It ends with the process, however that ends.
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(
                f"store {self._file.name} is in use: another sweep writes it"
            ) from None

    def _read(self) -> None:
        self._file.seek(0)
        text = self._file.read()
        if not text:
            self._write(self._header)
            return
        *lines, torn = text.split(b"\n")
        self._check_header(lines[0] if lines else torn)
        for number, line in enumerate(lines[1:], 2):
            try:
                row = json.loads(line)
                self[cell_key(row["point"], row["seed"])] = row["result"]
            except (ValueError, KeyError, TypeError):
                raise ValueError(
                    f"store {self._file.name} is damaged: line {number} is "
                    f"no result: {line[:60]!r}"
                ) from None
        if torn:  # killed while it wrote its last line
            self._file.truncate(len(text) - len(torn))

    def _check_header(self, line: bytes) -> None:
        try:
            found = dict(json.loads(line))
        except (ValueError, TypeError):
            found = {}
        if found.get("format") != FORMAT:
            raise ValueError(
                f"store {self._file.name} is no file of a sweep in the "
                f"format {FORMAT!r}: choose another name"
            )
        for name in ("function", "takes", "parameters"):
            if found.get(name) != self._header[name]:
                raise ValueError(
                    f"store {self._file.name} holds another sweep, with "
                    f"{name} {found.get(name)!r}, not {self._header[name]!r}: "
                    "choose another name"
                )
