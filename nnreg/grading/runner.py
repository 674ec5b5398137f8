"""What runs inside the sandbox: a student's cells, and calls to their work.

It is the student's own process: nothing that it says is believed by who reads
it. Of nnreg there is no more inside than `nnreg.grading.sandbox` lays out.
"""

import json
import os
import resource
import sys
from types import ModuleType
from typing import Any

from nnreg.grading import messages

_LONGEST_MESSAGE = 1000  # characters


def main() -> None:
    """Give up every right, then answer requests until there are no more."""
    _become_nobody(int(sys.argv[1]), json.loads(sys.argv[2]))
    requests, replies = _take_the_channel()
    me = os.getpid()
    module = ModuleType("__main__")
    sys.modules["__main__"] = module
    module.get_ipython = _NoShell
    kept: list[Any] = []

    def keep(value: Any) -> int:
        kept.append(value)
        return len(kept) - 1

    def read(n: int) -> bytes:
        data = requests.read(n)
        if len(data) < n:
            os._exit(0)  # nobody asks any more
        return data

    while True:
        request = messages.receive(read, kept.__getitem__)
        if request["do"] == "run":
            reply = _run(request["source"], request["name"], module)
        elif request["do"] == "say":
            reply = {"said": request["word"]}
        else:
            reply = _call(request, module)
        if os.getpid() != me:
            os._exit(0)  # a student's fork, which must not answer too
        try:
            packed = messages.pack(reply, keep)
        except Exception as error:
            packed = messages.pack({"raised": f"returns {error}"})
        replies.write(packed)
        replies.flush()


def _become_nobody(user: int, limits: dict[str, int]) -> None:
    """Leave root, if that is who started the sandbox, and set hard limits."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    for name, limit in limits.items():
        resource.setrlimit(getattr(resource, name), (limit, limit))


def _take_the_channel():
    """Keep stdin and stdout for messages; a student's prints go nowhere."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    return requests, replies


class _NoShell:
    """Stands where IPython would: what it is asked for is not done."""

    def __getattr__(self, name: str):
        return lambda *args, **kwargs: None


def _run(source: str, name: str, module: ModuleType) -> dict:
    """Run a cell; say how it failed, if it did."""
    try:
        exec(compile(source, name, "exec"), module.__dict__)
    except BaseException as error:
        return {"raised": _said(error, name)}
    return {"result": None}


def _call(request: dict, module: ModuleType) -> dict:
    """Call what the request names: a function, or a method of an object."""
    if request["of"] is None:
        target = module.__dict__.get(request["name"])
    else:
        target = getattr(request["of"], request["name"], None)
    if not callable(target):
        return {"missing": True}
    arguments = request["arguments"]
    try:
        result = target(*arguments)
    except NotImplementedError:
        return {"open": True}
    except BaseException as error:
        return {"raised": f"stops with {_said(error)}"}
    if messages.is_open(result):
        return {"open": True}
    return {"result": result, "arguments": arguments}


def _said(error: BaseException, name: str = "") -> str:
    line, trace, text = None, error.__traceback__, error
    while trace:
        if trace.tb_frame.f_code.co_filename == name:
            line = trace.tb_lineno
        trace = trace.tb_next
    if isinstance(error, SyntaxError):
        line, text = error.lineno, error.msg
    where = f" (line {line})" if line else ""
    return f"{type(error).__name__}: {text}{where}"[:_LONGEST_MESSAGE]


if __name__ == "__main__":
    main()
