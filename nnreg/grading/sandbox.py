"""A place where a student's code can do no harm: bubblewrap, and hard limits.

Inside there is no network, the system is read-only, the only place to write
is small and gone afterwards, and neither other submissions nor checks nor
solutions exist. Linux alone has what that takes.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from nnreg.grading import system_calls

GRADER = "/grader"  # what a runner imports lies there


@dataclass(frozen=True)
class Limits:
    """What one submission may use; sizes in bytes, times in seconds."""

    cell_seconds: float = 20.0
    call_seconds: float = 10.0
    seconds: float = 120.0
    memory: int = 2 * 2**30  # of all its processes together
    scratch: int = 64 * 2**20
    file: int = 16 * 2**20
    processes: int = 16

    def of_a_process(self) -> dict[str, int]:
        """Return what the kernel holds each process to."""
        return {
            "RLIMIT_AS": 2 * self.memory,
            "RLIMIT_CPU": int(self.seconds),
            "RLIMIT_CORE": 0,
            "RLIMIT_FSIZE": self.file,
            "RLIMIT_NOFILE": 64,
            "RLIMIT_NPROC": self.processes,
        }


class NoSandboxError(RuntimeError):
    """There is nothing here that would hold a student's code."""


class Sandbox:
    """Starts the runner in a sandbox of its own, as often as it is asked to.

    Parameters
    ----------
    limits : Limits
        What the runner may use.
    unprotected : bool
        Start it without a sandbox: with the rights, files and network of who
        grades. Only time, and a process's memory and files, are limited.

    Raises
    ------
    NoSandboxError
        If bubblewrap is missing or cannot work here.
    """

    def __init__(self, limits: Limits, unprotected: bool = False):
        self.limits = limits
        self._unprotected = unprotected
        self._folder = tempfile.TemporaryDirectory(prefix="grader-")
        os.chmod(self._folder.name, 0o755)
        _lay_out(Path(self._folder.name))
        if not unprotected:
            self._try_it()

    def start(self) -> subprocess.Popen:
        """Start a runner that takes messages at stdin, and replies."""
        inside, user = GRADER, 200_000 + os.getpid()
        limits = self.limits.of_a_process()
        if self._unprotected:  # another user may not see our Python
            inside, user = self._folder.name, os.getuid()
            del limits["RLIMIT_NPROC"]  # it counts whatever the user runs
        command = [sys.executable, "-sPm", "nnreg.grading.runner"]
        command += [str(user), json.dumps(limits)]
        passed = ()
        with contextlib.ExitStack() as files:
            if not self._unprotected:
                command, passed = self._command(files, command)
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(inside),
                pass_fds=passed,
                start_new_session=True,
                bufsize=0,
            )

    def close(self) -> None:
        """Remove what was laid out for it."""
        self._folder.cleanup()

    def _command(self, files, command: list[str]) -> tuple[list, tuple]:
        scratch = ["--size", str(self.limits.scratch), "--perms", "1777"]
        wrapped = [shutil.which("bwrap") or "bwrap"]
        wrapped += ["--unshare-ipc", "--unshare-pid", "--unshare-net"]
        wrapped += ["--unshare-uts", "--unshare-cgroup-try"]
        wrapped += ["--die-with-parent", "--new-session"]
        if os.geteuid() == 0:  # the runner leaves root by itself
            wrapped += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID"]
            wrapped += ["--cap-add", "CAP_SETGID"]
        else:
            wrapped += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
        # Before all others, one of which may lie in it.
        wrapped += [*scratch, "--tmpfs", "/tmp"]
        for path in _read_only():
            for above in reversed(path.parents[:-1]):  # else for root alone
                wrapped += ["--perms", "0755", "--dir", str(above)]
            if path.is_symlink():
                wrapped += ["--symlink", os.readlink(path), str(path)]
            else:
                wrapped += ["--ro-bind", str(path), str(path)]
        for folder, entries in _libraries().items():
            wrapped += ["--tmpfs", str(folder)]
            for path in entries:
                wrapped += ["--ro-bind", str(path), str(path)]
            wrapped += ["--remount-ro", str(folder)]
        wrapped += ["--ro-bind", self._folder.name, GRADER]
        wrapped += ["--proc", "/proc", "--dev", "/dev"]
        wrapped += [*scratch, "--tmpfs", "/dev/shm"]
        wrapped += ["--remount-ro", "/dev", "--remount-ro", "/"]
        wrapped += ["--chdir", "/tmp"]
        passed = ()
        if program := system_calls.program(files):
            passed = (program.fileno(),)
            wrapped += ["--seccomp", str(program.fileno())]
        return [*wrapped, "--", *command], passed

    def _try_it(self) -> None:
        if not shutil.which("bwrap"):
            raise NoSandboxError(
                "bubblewrap is missing, so nothing would keep a student's "
                "code from your files: apt-get install bubblewrap"
            )
        with contextlib.ExitStack() as files:
            command, passed = self._command(
                files, [sys.executable, "-s", "-c", "import numpy"]
            )
            done = subprocess.run(
                command,
                env=_environment(GRADER),
                pass_fds=passed,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
            )
        if done.returncode:
            raise NoSandboxError(
                f"bubblewrap cannot work here: {done.stderr.strip()[-500:]}"
            )


def _read_only() -> list[Path]:
    """Return what Python and NumPy need of the system, and no more."""
    system = ("/usr", "/bin", "/lib", "/lib64")
    found = [path for path in map(Path, system) if path.exists()]
    for prefix in dict.fromkeys([sys.base_prefix, sys.prefix]):
        if any(Path(prefix).is_relative_to(path) for path in found):
            continue
        # Not the whole: it may be a project, or hold other environments.
        parts = ("bin", "lib", "lib64", "pyvenv.cfg")
        found += filter(os.path.lexists, map(Path(prefix).joinpath, parts))
    return found


# All that a notebook may import beside the standard library: what computes
# gradients by itself, and nnreg, would answer in the student's place.
_LIBRARIES = (
    "numpy matplotlib mpl_toolkits scipy sklearn joblib cloudpickle narwhals "
    "threadpoolctl PIL contourpy cycler dateutil fontTools kiwisolver "
    "packaging pyparsing six"
)


def _libraries() -> dict[Path, list[Path]]:
    """Return folders of packages, on our path or not, with what is seen."""
    folders = [Path(p) for p in sys.path if p.endswith("-packages")]
    for prefix in ("/usr", "/usr/local", sys.base_prefix, sys.prefix):
        folders += Path(prefix).glob("lib*/python3*/*-packages")
    names = _LIBRARIES.split()
    seen = {}
    for folder in folders:
        if folder.parents[1].is_symlink() or not folder.is_dir():
            continue  # lib64, which is lib once more
        wanted = [folder / f"{n}{end}" for n in names for end in ("", ".py")]
        wanted += sorted(folder.glob("*.libs"))
        seen[folder] = [path for path in wanted if path.exists()]
    return seen


def _environment(inside: str) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": "/tmp",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "Agg",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": inside,
    }


_PACKAGE = '''"""nnreg, as far as it gives no answer away."""

from nnreg.gradcheck import GradientReport, check_gradient


def __getattr__(name):
    if name.startswith("_"):
        raise AttributeError(name)

    def withheld(*args, **kwargs):
        raise RuntimeError(f"nnreg.{name} is not there while you are graded")

    return withheld
'''
_CHECK = '''"""Checks are for the student; grading has its own."""


def check(name, answer):
    pass
'''


def _lay_out(folder: Path) -> None:
    """Put there what a runner and a student's notebook import."""
    ours = Path(__file__).parent
    package = folder / "nnreg"
    (package / "grading").mkdir(parents=True)
    for name in ("runner.py", "messages.py"):
        shutil.copy(ours / name, package / "grading")
    for name in ("_checks.py", "gradcheck.py", "data.py"):
        shutil.copy(ours.parent / name, package)
    (package / "__init__.py").write_text(_PACKAGE)
    (package / "grading" / "__init__.py").write_text(_CHECK)
