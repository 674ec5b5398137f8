"""Talk to a runner without waiting for ever, and without running out."""

import contextlib
import os
import resource
import select
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

_LOOK_EVERY = 0.1  # seconds between two looks at memory and clock


class RunnerLostError(Exception):
    """The runner is gone; the message says what it died of."""


class Channel:
    """Reads and writes with a deadline, and looks at memory meanwhile.

    Parameters
    ----------
    runner : Popen
        The process to talk to.
    watch : callable
        Called every now and then; what it raises ends the talk.
    """

    def __init__(self, runner: subprocess.Popen, watch: Callable):
        self._in, self._out = runner.stdin.fileno(), runner.stdout.fileno()
        self._runner, self._watch = runner, watch
        self._looks_at = time.monotonic() + _LOOK_EVERY
        self._ends = self._seconds = 0.0
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)

    def allow(self, seconds: float, ends: float) -> None:
        """Allow so many seconds from now, and nothing after `ends`."""
        self._seconds = seconds
        self._ends = min(time.monotonic() + seconds, ends)

    def __call__(self, n: int) -> bytes:
        """Read exactly n bytes."""
        parts, missing = [], n
        while missing:
            self._wait([self._out], [])
            part = os.read(self._out, min(missing, 2**20))
            if not part:
                raise RunnerLostError(self._cause())
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def write(self, data: bytes) -> None:
        """Write all of it."""
        view = memoryview(data)
        while view:
            self._wait([], [self._in])
            try:
                view = view[os.write(self._in, view) :]
            except BrokenPipeError as error:
                raise RunnerLostError(self._cause()) from error

    def _wait(self, readable: list, writable: list) -> None:
        while True:
            ready = select.select(readable, writable, [], _LOOK_EVERY)
            now = time.monotonic()
            if now > self._ends:
                raise RunnerLostError(
                    f"it did not end within {self._seconds:.3g} s"
                )
            if now > self._looks_at:
                self._watch()
                self._looks_at = now + _LOOK_EVERY
            if any(ready):
                return

    def _cause(self) -> str:
        said = b""
        os.set_blocking(self._runner.stderr.fileno(), False)
        with contextlib.suppress(BlockingIOError):
            said = os.read(self._runner.stderr.fileno(), 300) or b""
        said = said.decode(errors="replace").strip()
        return "its process ended" + (f": {said}" if said else "")


def memory(pid: int) -> int:
    """Return the memory that a process and all below it share, in bytes."""
    total = 0
    with contextlib.suppress(psutil.Error):
        parent = psutil.Process(pid)
        for process in [parent, *parent.children(recursive=True)]:
            total += _memory_of_one(process.pid)
    return total


def _memory_of_one(pid: int) -> int:
    """Ask any of its threads: the first may have ended, and then has none."""
    with contextlib.suppress(OSError):
        for thread in Path("/proc", str(pid), "task").iterdir():
            with contextlib.suppress(OSError):
                try:
                    shared = (thread / "smaps_rollup").read_text()
                    return 1024 * int(shared.split("\nPss:")[1].split()[0])
                except (PermissionError, IndexError):  # it hides, or has none
                    pages = int((thread / "statm").read_text().split()[1])
                if pages:
                    return pages * resource.getpagesize()
    return 0


def end(runner: subprocess.Popen) -> None:
    """Kill a runner with all that it has started, and wait until it is gone.

    bubblewrap's child is the first process of the sandbox. The kernel lets it
    go only after it has killed every other one, and bubblewrap waits for it.
    """
    with contextlib.suppress(psutil.Error):
        for first in psutil.Process(runner.pid).children():
            first.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            runner.wait(10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(runner.pid, signal.SIGKILL)
    runner.wait()
    for stream in (runner.stdin, runner.stdout, runner.stderr):
        stream.close()
