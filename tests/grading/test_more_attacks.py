"""What a red team found open: each is one try in a sandbox, and stays shut.

Slow, and it needs bubblewrap: `make test-classroom` runs it, and `make test` does not.
"""

from __future__ import annotations

import json

import pytest

from benchmarks.attacks import ALL, Attack, notebook
from nnreg.grading.assignment import load
from nnreg.grading.grade import grade
from nnreg.grading.questions import AnswerProblem
from nnreg.grading.sandbox import _LIBRARIES, Limits, NoSandboxError, Sandbox
from nnreg.grading.session import Session

pytestmark = pytest.mark.classroom


@pytest.fixture(scope="module")
def sandbox():
    try:
        made = Sandbox(Limits(call_seconds=20, cell_seconds=3, seconds=60))
    except NoSandboxError as error:
        pytest.skip(str(error))
    yield made
    made.close()


def ask(sandbox: Sandbox, source: str, *arguments):
    """Return what a function `f` in a student's notebook says."""
    with Session(sandbox, {"cell 1": source}) as session:
        session.prepare()
        return session.answer("f")(*arguments)


def test_what_an_error_tells_of_the_arrays_is_of_no_use_in_the_next_try(sandbox, tmp_path):
    """Else a second notebook is a table of right answers to what the first one was asked."""
    body = "def l1_gradient(w, lam):\n    raise ValueError(w.tolist())\n"
    told = []
    for comment in ("# first", "# second", "# second"):
        path = tmp_path / "penalties.ipynb"
        attack = Attack("asks", ALL, instead={"l1_gradient": body + comment})
        path.write_text(json.dumps(notebook(attack)))
        result = grade(path, load("penalties"), sandbox, 1)
        (question,) = [q for q in result["questions"] if q["name"] == "l1_gradient"]
        told.append([each["problem"] for each in question["verdicts"]])
    first, second, again = told
    assert all("ValueError: [" in each for each in first)
    assert not {*first} & {*second}
    assert second == again


def test_no_other_package_lies_where_python_has_its_own(sandbox):
    """Whatever has gradients may be installed where no path of ours leads."""
    source = (
        "import glob, os, sys\ndef f():\n    found = []\n"
        "    for place in ('/usr', '/usr/local', sys.prefix, sys.base_prefix):\n"
        "        for folder in glob.glob(place + '/lib*/python3*/*-packages'):\n"
        "            found += [each.name for each in os.scandir(folder) if each.is_dir()]\n"
        "    return found"
    )
    found = {name for name in ask(sandbox, source) if not name.endswith(".libs")}
    assert "numpy" in found
    assert found <= {*_LIBRARIES.split()}


@pytest.mark.parametrize("code", ["b814000000cd80c3", "b8270000400f05c3"], ids=["i386", "x32"])
def test_the_filter_has_no_back_door_for_calls_of_another_kind(code, sandbox):
    source = (
        "import ctypes, mmap\ndef f():\n    page = mmap.mmap(-1, 4096, prot=7)\n"
        f"    page.write(bytes.fromhex('{code}'))\n"
        "    place = ctypes.addressof(ctypes.c_char.from_buffer(page))\n"
        "    return ctypes.CFUNCTYPE(ctypes.c_int)(place)()"
    )
    with pytest.raises(AnswerProblem, match="its process ended"):
        ask(sandbox, source)


def test_nothing_of_the_grader_is_open_inside(sandbox):
    source = (
        "import os\ndef f():\n"
        "    places = ['/proc/self/fd/' + fd for fd in os.listdir('/proc/self/fd')]\n"
        "    return [os.readlink(place) for place in places if os.path.exists(place)]"
    )
    kinds = sorted(each.split(":")[0] for each in ask(sandbox, source))
    assert [kind for kind in kinds if kind != "/dev/null"] == ["pipe", "pipe"]


@pytest.mark.parametrize("call", ["socketpair()", "socket()", "socket(socket.AF_UNIX)"])
def test_no_memory_hides_in_sockets(call, sandbox):
    with pytest.raises(AnswerProblem, match="PermissionError"):
        ask(sandbox, f"import socket\ndef f(): return socket.{call}")
