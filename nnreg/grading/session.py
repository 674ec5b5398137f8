"""A student's notebook at work in a sandbox, seen from outside.

A runner that hangs, dies or talks nonsense is killed, and costs the call that
it was busy with; the next question gets a new one.
"""

import functools
import secrets
import time
from typing import Any

import numpy as np

from nnreg.grading import messages
from nnreg.grading.channel import Channel, RunnerLostError, end, memory
from nnreg.grading.questions import OPEN, AnswerProblem
from nnreg.grading.sandbox import Sandbox

_LONGEST_MESSAGE = 1000  # characters


class Session:
    """Runs the cells of one notebook, and calls what they define.

    Parameters
    ----------
    sandbox : Sandbox
        Where they run.
    cells : dict of str to str
        Sources by name ("cell 3"), in order.

    Attributes
    ----------
    failed : dict of str to str
        What became of cells that did not run to their end.
    peak : int
        The most memory that its processes had at one time, in bytes.
    """

    def __init__(self, sandbox: Sandbox, cells: dict[str, str]):
        self._limits = sandbox.limits
        self._sandbox = sandbox
        self._cells = cells
        self._runner = None
        self._ends = time.monotonic() + sandbox.limits.seconds
        self._fatal: set[str] = set()
        self.failed: dict[str, str] = {}
        self.peak = 0

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *exception: Any) -> None:
        self._stop()

    def prepare(self) -> None:
        """See to it that a runner lives in which every cell has run.

        A cell that kills its runner is left out, because the others may do
        without it. Cells that failed for want of a name get a second try:
        somebody may have moved the one that defines it.
        """
        if self._runner and not self._is_in_step():
            self._stop()
        while self._runner is None:
            self._runner = self._sandbox.start()
            self._channel = Channel(self._runner, self._watch)
            try:
                self._run_cells()
            except RunnerLostError:
                self._stop()
                if time.monotonic() > self._ends:
                    return

    def _is_in_step(self) -> bool:
        """Tell whether the next reply answers the next request.

        Who has forged a reply leaves the true one behind, and may write it
        late. Nobody can forge a word that nobody has said yet.
        """
        word = secrets.token_hex(8)
        request = {"do": "say", "word": word}
        try:
            reply = self._ask(request, self._limits.call_seconds)
        except RunnerLostError:
            return False
        return reply.get("said") == word

    def _run_cells(self) -> None:
        fatal = [name for name in self.failed if name in self._fatal]
        self.failed = {name: self.failed[name] for name in fatal}
        for name, source in self._cells.items():
            if name not in self._fatal:
                self._run_cell(name, source)
        for name, problem in list(self.failed.items()):
            if problem.startswith("NameError"):
                del self.failed[name]
                self._run_cell(name, self._cells[name])

    def _run_cell(self, name: str, source: str) -> None:
        request = {"do": "run", "source": source, "name": name}
        try:
            reply = self._ask(request, self._limits.cell_seconds)
        except RunnerLostError as error:
            self.failed[name] = str(error)
            self._fatal.add(name)
            raise
        if "raised" in reply:
            self.failed[name] = _said(reply)

    def answer(self, name: str) -> "RemoteAnswer":
        """Return the function of this name."""
        return RemoteAnswer(self, name)

    def call(self, name: str, of: Any, arguments: tuple) -> dict:
        """Call a function, or a method of an object; raise AnswerProblem."""
        if self._runner is None:
            raise AnswerProblem(self._lost)
        request = {"do": "call", "name": name, "of": of}
        request["arguments"] = list(arguments)
        try:
            reply = self._ask(request, self._limits.call_seconds)
        except RunnerLostError as error:
            self._stop()
            self._lost = str(error)
            raise AnswerProblem(self._lost) from error
        if "missing" in reply:
            raise AnswerProblem(
                f"has no method {name}"
                if of is not None
                else f"there is no function {name} when all cells have run"
            )
        if "open" in reply:
            raise AnswerProblem(OPEN)
        if "raised" in reply:
            raise AnswerProblem(_said(reply))
        return reply

    _lost = "there was no time left for it"

    def _ask(self, request: dict, seconds: float) -> dict:
        channel = self._channel
        channel.allow(seconds, self._ends)
        try:
            channel.write(messages.pack(request, lambda thing: thing.number))
            found = functools.partial(RemoteObject, self)
            reply = messages.receive(channel, found)
        except (RunnerLostError, AnswerProblem):
            raise
        except Exception as error:  # not one that our runner would have sent
            raise RunnerLostError("its reply was damaged") from error
        if not isinstance(reply, dict):
            raise RunnerLostError("its reply was damaged")
        return reply

    def _watch(self) -> None:
        used = memory(self._runner.pid)
        self.peak = max(self.peak, used)
        if used > self._limits.memory:
            raise RunnerLostError(
                f"it took more than {self._limits.memory / 2**30:.3g} GiB"
            )

    def _stop(self) -> None:
        if self._runner is None:
            return
        end(self._runner)
        self._runner = None


def _said(reply: dict) -> str:
    """Return a student's message, of which nobody reads more."""
    message = reply["raised"]
    return message[:_LONGEST_MESSAGE] if isinstance(message, str) else "fails"


class RemoteAnswer:
    """A function in a session, to be called like one."""

    def __init__(self, session: Session, name: str, of: Any = None):
        self._session = session
        self._name = name
        self._of = of
        self.arguments: tuple = ()

    def __call__(self, *arguments: Any) -> Any:
        """Call it; `arguments` then holds what it has made of them."""
        reply = self._session.call(self._name, self._of, arguments)
        after = reply.get("arguments")
        if not isinstance(after, list) or len(after) != len(arguments):
            raise AnswerProblem("its reply was damaged")
        self.arguments = tuple(after)
        return reply.get("result")


class RemoteObject:
    """An object in a session: its methods are answers too."""

    def __init__(self, session: Session, number: int):
        self._session = session
        self.number = number

    def __getattr__(self, name: str) -> RemoteAnswer:
        # NumPy asks whatever it is given for its shape, and must not get what
        # a student's object says.
        if name.startswith("_") or hasattr(np.ndarray, name):
            raise AttributeError(name)
        return RemoteAnswer(self._session, name, self)
