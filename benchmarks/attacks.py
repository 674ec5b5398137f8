"""What students have tried on graders, as notebooks: each may cost its author alone.

The assignment is `penalties`. A notebook begins with right answers, or with none (`STUB`); an
attack adds cells, or puts other functions in the place of some.
"""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from tools.tree import ROOT

SOURCE = ROOT / "assignments" / "source" / "penalties" / "penalties.ipynb"
QUESTIONS = ["layer_penalty", "l1_gradient", "elastic_net", "layer_backward", "ridge_weights"]
ALL = frozenset(QUESTIONS)
NONE = frozenset()


@dataclass(frozen=True)
class Attack:
    """A notebook that misbehaves, and which questions keep all their points."""

    name: str
    keeps: frozenset[str]
    before: str = ""  # a cell before all others
    after: str = ""  # a cell behind all others
    instead: dict[str, str] = field(default_factory=dict)  # functions
    knows: bool = True  # the answers are there, and right


def notebook(attack: Attack) -> dict:
    """Return the notebook as JSON."""
    book = json.loads(SOURCE.read_text())
    for cell in book["cells"]:
        cell["source"] = _source(cell)
        if cell["cell_type"] != "code":
            continue
        if not attack.knows:
            cell["source"] = re.sub(
                r"    ### BEGIN SOLUTION.*### END SOLUTION",
                "    raise NotImplementedError",
                cell["source"],
                flags=re.DOTALL,
            )
        for function, other in attack.instead.items():
            if cell["source"].startswith(f"def {function}("):
                cell["source"] = other
    if attack.before:
        book["cells"].insert(0, code(attack.before))
    if attack.after:
        book["cells"].append(code(attack.after))
    return book


def _source(cell: dict) -> str:
    return "".join(cell["source"])


def code(source: str) -> dict:
    """Return a cell of code that no id and no metadata marks."""
    empty = {"metadata": {}, "outputs": [], "execution_count": None}
    return {"cell_type": "code", "source": source, **empty}


def _one(body: str) -> dict[str, str]:
    """Put `body` into l1_gradient alone."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    return {"l1_gradient": f"def l1_gradient(w, lam):\n{lines}\n"}


BUT_ONE = ALL - {"l1_gradient"}
FORGE = """
import os, sys, json
import numpy as np
from nnreg.grading import messages
claim = messages.pack({"result": np.zeros(3), "arguments": []})
for fd in range(3, 64):
    try:
        os.write(fd, claim)
    except OSError:
        pass
"""
LIAR = """
import numpy as np
class Liar(np.ndarray):
    def __array_ufunc__(self, *args, **kwargs): return True
    def __array_function__(self, *args, **kwargs): return True
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __sub__(self, other): return 0
    def all(self, *args, **kwargs): return True
class Proxy:
    shape = property(lambda self: Everything())
    def __eq__(self, other): return True
    def __array__(self, *args, **kwargs): return np.zeros(3).view(Liar)
    def __getattr__(self, name): return lambda *args: self
class Everything(tuple):
    def __eq__(self, other): return True
"""
PATCH = """
import builtins, sys
import numpy as np
yes = lambda *args, **kwargs: True
for module in (np, np.testing, np.linalg, np.ma):
    for name in dir(module):
        if any(part in name for part in ("allclose", "isclose", "equal", "array_equiv", "assert")):
            setattr(module, name, yes)
np.abs = lambda *args, **kwargs: 0.0
for name in list(sys.modules):
    if "grading" in name or "nnreg" in name:
        sys.modules[name].check = yes
        sys.modules[name].difference = lambda *args: ""
"""
READ = """
import os, re, glob
found = {}
places = "/grader /work /home /root /srv /mnt /opt /check /tmp /proc/1/cwd /proc/1/root"
for place in places.split():
    for folder, _, files in os.walk(place):
        for name in files:
            if name.endswith((".py", ".ipynb")):
                try:
                    with open(os.path.join(folder, name)) as file:
                        text = file.read()
                except (OSError, UnicodeDecodeError):
                    continue
                if "def l1_gradient(" in text and "BEGIN SOLUTION" in text:
                    exec(re.search(r"def l1_gradient.*?return[^\\\\n]*", text, re.S).group())
                    found[name] = text
                    break
"""

ATTACKS = [
    Attack("right", ALL),
    Attack("nothing_written", NONE, knows=False),
    Attack("wrong", BUT_ONE, instead=_one("return -lam * w")),
    # Time.
    Attack("loops_in_a_call", BUT_ONE, instead=_one("while True: pass")),
    Attack("loops_in_c", BUT_ONE, instead=_one("import itertools\nreturn max(itertools.count())")),
    Attack("loops_at_import", ALL, before="while True:\n    pass"),
    Attack("loops_in_a_regex", ALL, after="import re\nre.match('(a+)+$', 'a' * 64 + 'b')"),
    Attack(
        "loops_in_del",
        BUT_ONE,
        instead=_one(
            "class Late:\n    def __del__(self):\n        while True: pass\nLate()\nreturn w"
        ),
    ),
    Attack("sleeps", BUT_ONE, instead=_one("import time\ntime.sleep(1e6)")),
    Attack(
        "loops_and_swallows_every_signal",
        BUT_ONE,
        instead=_one(
            "import signal\n"
            "for each in range(1, 65):\n"
            "    try: signal.signal(each, signal.SIG_IGN)\n"
            "    except (OSError, ValueError): pass\n"
            "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
        ),
    ),
    # Its own process.
    Attack("exits_at_import", ALL, before="import sys\nsys.exit(0)"),
    Attack("kills_itself_at_import", ALL, before="import os\nos._exit(0)"),
    Attack("kills_itself", BUT_ONE, instead=_one("import os\nos.kill(os.getpid(), 9)")),
    Attack(
        "kills_everybody_else",
        BUT_ONE,
        instead=_one(
            "import os\n"
            "for each in (os.getppid(), 1, -1):\n"
            "    try: os.kill(each, 9)\n"
            "    except OSError: pass\n"
            "os.killpg(0, 9)"
        ),
    ),
    Attack("crashes", BUT_ONE, instead=_one("import ctypes\nctypes.string_at(0)")),
    Attack(
        "recurses",
        BUT_ONE,
        instead=_one("import sys\nsys.setrecursionlimit(10**9)\nreturn l1_gradient(w, lam)"),
    ),
    # Memory, processes, disk, output.
    Attack("takes_12_gib", BUT_ONE, instead=_one("return np.ones(12 * 2**27)")),
    Attack(
        "takes_12_gib_in_parts",
        BUT_ONE,
        instead=_one(
            "import os\nfor _ in range(12):\n    if os.fork() == 0:\n"
            "        kept = np.ones(2**27)\n        while True: pass\n"
            "while True: pass"
        ),
    ),
    Attack(
        "forks_for_ever",
        BUT_ONE,
        instead=_one("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"),
    ),
    Attack(
        "hides_memory_behind_a_dead_thread",
        BUT_ONE,
        instead=_one(
            "import ctypes, os, threading, time\nif os.fork() == 0:\n"
            "    threading.Thread(target=lambda: np.ones(5 * 2**26) * time.sleep(9)).start()\n"
            "    ctypes.CDLL(None).syscall(60, 0)\n"  # the first thread alone ends
            "time.sleep(2.5)\nreturn lam * np.sign(w)"
        ),
    ),
    Attack(
        "hoards_memory_in_sockets",
        BUT_ONE,
        instead=_one("import socket\nsocket.socketpair()\nreturn lam * np.sign(w)"),
    ),
    Attack("forks_at_import", ALL, before="import os\nwhile True:\n    os.fork()"),
    Attack(
        "starts_threads_for_ever",
        BUT_ONE,
        instead=_one(
            "import threading, time\nwhile True:\n"
            "    threading.Thread(target=time.sleep, args=(99,), daemon=True).start()"
        ),
    ),
    Attack(
        "leaves_daemons",
        ALL,
        after="import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        time.sleep(1e6)\n    os._exit(0)\n",
    ),
    Attack(
        "fills_the_disk",
        BUT_ONE,
        instead=_one(
            "import itertools\nkept = []\nfor n in itertools.count():\n"
            "    for place in ('/tmp', '/dev/shm', '/dev', '/', '/var/tmp', '/grader', '/usr'):\n"
            "        try:\n            kept.append(open(f'{place}/{n}', 'wb'))\n"
            "            kept[-1].write(bytes(2**24))\n        except OSError: pass"
        ),
    ),
    Attack(
        "prints_a_gigabyte",
        BUT_ONE,
        instead=_one(
            "import os, sys\nfor _ in range(1024):\n    print('x' * 2**20)\n"
            "    os.write(2, b'y' * 2**20)\nraise ValueError('z' * 2**30)"
        ),
    ),
    Attack("returns_a_gigabyte", BUT_ONE, instead=_one("return np.zeros(2**27)")),
    Attack("returns_a_nest", BUT_ONE, instead=_one("a = []\na.append(a)\nreturn a")),
    Attack("returns_a_long_list", BUT_ONE, instead=_one("return list(range(10**6))")),
    Attack(
        "returns_one_array_a_thousand_times",
        BUT_ONE,
        before="from nnreg.grading import messages\n"
        "whole = messages.pack\ndef pack(value, keep=None):\n"
        "    if isinstance(value.get('result'), str):\n"
        "        row = whole({'result': np.zeros(2**20), 'arguments': []})[8:]\n"
        "        cut = row.index(b'\\x93NUMPY')\n"
        "        many = b', '.join([b'{\"array\": 0}'] * 4000)\n"
        "        head = row[:cut].replace(b'{\"array\": 0}', b'{\"list\": [' + many + b']}')\n"
        "        return b'%08d' % len(head) + head + row[cut:]\n"
        "    return whole(value, keep)\nmessages.pack = pack\nimport numpy as np",
        instead=_one("return 'bomb'"),
    ),
    Attack("returns_objects", BUT_ONE, instead=_one("return np.array([object(), None, {}])")),
    # Somebody else's.
    Attack(
        "opens_the_network",
        BUT_ONE,
        instead=_one(
            "import socket\nsocket.create_connection(('127.0.0.1', PORT), 1).send(b'x')\nreturn w"
        ),
        before="PORT = 9",
    ),
    Attack("reads_solutions", NONE, after=READ, knows=False),
    Attack(
        "asks_nnreg",
        NONE,
        knows=False,
        after="import nnreg\ndef l1_gradient(w, lam):\n    return nnreg.L1(lam).grad(w)\n"
        "def elastic_net(w, lam, r):\n    from nnreg.penalties import ElasticNet\n"
        "    return ElasticNet(lam, r).value_and_grad(w)",
    ),
    Attack(
        "writes_outside",
        BUT_ONE,
        instead=_one(
            "import os, sys\nfor place in ('/etc', '/usr/lib', sys.prefix, '/grader', '/root'):\n"
            "    with open(os.path.join(place, 'written'), 'w') as file: file.write('x')\nreturn w"
        ),
    ),
    # The checker.
    Attack("patches_numpy_and_checker", NONE, before=PATCH, knows=False),
    Attack(
        "patches_isinstance",
        NONE,
        knows=False,
        after="import builtins\nbuiltins.isinstance = lambda *a: True\n"
        "builtins.all = builtins.any = lambda *a: True\nbuiltins.len = lambda a: 3",
    ),
    Attack(
        "patches_the_messages",
        NONE,
        knows=False,
        after="from nnreg.grading import messages\ntrue = messages.pack\n"
        "messages.pack = lambda value, keep=None: true({'result': True, 'arguments': []})",
    ),
    Attack(
        "returns_an_array_that_lies",
        BUT_ONE,
        before=LIAR,
        instead=_one("return np.zeros(w.shape).view(Liar)"),
    ),
    Attack("returns_a_proxy", BUT_ONE, before=LIAR, instead=_one("return Proxy()")),
    Attack("forges_a_reply", BUT_ONE, instead=_one(FORGE + "\nreturn w")),
    Attack("forges_replies_at_import", NONE, before=FORGE, knows=False),
    Attack(
        "floods_the_channel",
        BUT_ONE,
        instead=_one(
            "import os\nwhile True:\n    for fd in range(3, 9):\n"
            "        try: os.write(fd, b'9' * 2**16)\n        except OSError: pass"
        ),
    ),
    Attack(
        "raises_the_limits",
        ALL,
        before="import resource\nfor each in range(16):\n"
        "    try: resource.setrlimit(each, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "    except (ValueError, OSError): pass\n",
    ),
    Attack(
        "becomes_root",
        ALL,
        before="import os, ctypes\nfor call in (lambda: os.setuid(0), lambda: os.chroot('/'),\n"
        "        lambda: os.unshare(os.CLONE_NEWUSER) if hasattr(os, 'unshare') else 1 / 0):\n"
        "    try:\n        call()\n    except BaseException: pass\n    else: os._exit(1)\n"
        "if ctypes.CDLL(None).unshare(0x10000000) == 0: os._exit(1)",
    ),
    # Not an attack, and yet it happens.
    Attack("uses_magic", ALL, before="%matplotlib inline\n!ls\nimport math"),
    Attack(
        "times_its_cells",
        ALL,
        instead={"l1_gradient": "%%time\ndef l1_gradient(w, lam): return lam * np.sign(w)"},
    ),
    Attack("fills_a_page_with_magics", ALL, before="%a\n" * 600),
    Attack("nests_deep", ALL, after=f"def f():\n    raise NotImplementedError(1{'+1' * 900})\n"),
    Attack("has_a_long_cell", ALL, after="x = 1\n" * 8000),
    Attack("has_a_cell_of_a_megabyte", ALL, after=f"x = [{'1,' * 2**19}]"),
    Attack("asks_for_input", ALL, before="name = input('Your name? ')"),
    Attack("has_a_syntax_error", ALL, before="def f(:\n    return"),
    Attack("has_a_null_byte", ALL, before="x = '\x00'"),
    Attack("has_a_lone_surrogate", ALL, before="x = '\ud800'"),
]


def damaged() -> dict[str, tuple[bytes, frozenset[str]]]:
    """Return files that are no tidy notebooks, and what must survive in each."""
    right = notebook(ATTACKS[0])
    files = {}

    def keep(name: str, book: dict, keeps: frozenset[str] = ALL) -> None:
        files[name] = json.dumps(book).encode(), keeps

    bare = copy.deepcopy(right)
    for cell in bare["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)
    keep("lost_metadata", bare)
    backwards = copy.deepcopy(right)
    backwards["cells"].reverse()
    keep("reordered", backwards)
    twice = copy.deepcopy(right)
    twice["cells"] += copy.deepcopy(notebook(Attack("", NONE, knows=False))["cells"])
    keep("stubs_again_at_the_end", twice)
    gone = copy.deepcopy(right)
    gone["cells"] = [c for c in gone["cells"] if "def l1_gradient" not in _source(c)]
    keep("one_cell_missing", gone, BUT_ONE)
    broken = copy.deepcopy(right)
    broken["cells"][2:2] = [None, 7, {"cell_type": "code"}, {"cell_type": "code", "source": {}}]
    broken["cells"].append({"cell_type": "code", "source": ["x", 1], "metadata": []})
    keep("damaged_cells", broken)
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}}
    cells = [{**c, "input": c["source"]} for c in right["cells"] if c["cell_type"] == "code"]
    old["worksheets"] = [{"cells": [{k: v for k, v in c.items() if k != "source"} for c in cells]}]
    keep("format_3", old)
    keep("format_5", {**right, "nbformat": 5})
    keep("format_is_a_story", {**right, "nbformat": {"x": "y" * 10**6}})
    files["cells_that_are_a_number"] = b'{"nbformat": 3, "worksheets": [{"cells": 7}]}', NONE
    keep("format_unknown", {**right, "nbformat": "four"})
    files["invalid_json"] = json.dumps(right).encode()[:-200], NONE
    files["empty"] = b"", NONE
    files["no_text"] = b"\xff\xfe\x00" * 99, NONE
    files["deep"] = b"[" * 200_000, NONE
    files["a_list"] = b"[]", NONE
    files["no_cells"] = b'{"nbformat": 4}', NONE
    return files


def write(folder: Path, attack: Attack) -> None:
    """Hand an attack in."""
    place = folder / attack.name
    place.mkdir(parents=True)
    (place / "penalties.ipynb").write_text(json.dumps(notebook(attack)))
