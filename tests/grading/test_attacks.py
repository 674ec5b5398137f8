"""A class of attackers and honest students, graded in one run: each costs its author alone.

Slow, and it needs bubblewrap: `make test-classroom` runs it, and `make test` does not.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import threading
import time

import psutil
import pytest

from benchmarks.attacks import ALL, ATTACKS, QUESTIONS, Attack, damaged, notebook, write
from nnreg.grading.run import grade_class
from nnreg.grading.sandbox import Limits, NoSandboxError, Sandbox
from nnreg.grading.session import Session

HASTE = Limits(call_seconds=3, cell_seconds=5, seconds=60)
pytestmark = pytest.mark.classroom


@pytest.fixture(scope="module", autouse=True)
def sandbox():
    try:
        made = Sandbox(HASTE)
    except NoSandboxError as error:
        pytest.skip(str(error))
    yield made
    made.close()


@pytest.fixture(scope="module")
def graded(tmp_path_factory, sandbox) -> dict[str, dict]:
    """Grade everybody once, two at a time."""
    folder, out = tmp_path_factory.mktemp("class"), tmp_path_factory.mktemp("out")
    for attack in ATTACKS:
        write(folder, attack)
    for name, (data, _) in damaged().items():
        (folder / name).mkdir()
        (folder / name / "penalties.ipynb").write_bytes(data)
    _, results = grade_class("penalties", folder, out, 2, limits=HASTE, progress=False)
    return {result["student"]: result for result in results}


def full(result: dict) -> set[str]:
    """Return the questions with all their points."""
    return {each["name"] for each in result["questions"] if each["points"] == each["of"]}


def problems(result: dict) -> list[str]:
    return [v["problem"] for each in result["questions"] for v in each["verdicts"] if v["problem"]]


def without_cost(result: dict) -> dict:
    return {key: value for key, value in result.items() if key not in {"cost", "seed"}}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_costs_what_it_breaks_and_earns_nothing(attack, graded):
    assert full(graded[attack.name]) == attack.keeps


@pytest.mark.parametrize("name", damaged())
def test_a_damaged_notebook_is_graded_for_what_runs_or_named(name, graded):
    _, keeps = damaged()[name]
    assert full(graded[name]) == keeps
    assert keeps == ALL or graded[name]["remarks"] or problems(graded[name])


def test_whoever_knows_nothing_gets_nothing(graded):
    for attack in ATTACKS:
        if not attack.knows:
            assert graded[attack.name]["score"] == 0, attack.name


def test_an_honest_student_gets_the_same_alone(graded, tmp_path):
    write(tmp_path / "class", ATTACKS[0])
    seed = graded["right"]["seed"]
    _, (alone,) = grade_class(
        "penalties", tmp_path / "class", tmp_path / "out", 1, seed=seed, progress=False
    )
    assert without_cost(alone) == without_cost(graded["right"])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("loops_in_a_call", "it did not end within 3 s"),
        ("kills_itself", "its process ended"),
        ("takes_12_gib", "MemoryError"),
        ("takes_12_gib_in_parts", "it took more than 2 GiB|it did not end"),
        ("hides_memory_behind_a_dead_thread", "it took more than 2 GiB"),
        ("opens_the_network", "PermissionError|ConnectionRefusedError"),
        ("writes_outside", "FileNotFoundError|OSError|PermissionError"),
        ("asks_nnreg", "nnreg.L1 is not there while you are graded"),
        ("returns_objects", "objects of type"),
        ("one_cell_missing", "there is no function l1_gradient"),
        ("nothing_written", "is not written yet"),
    ],
)
def test_what_happened_has_a_name(name, words, graded):
    said = " ".join(problems(graded[name]))
    assert any(each in said for each in words.split("|")), said


def test_a_cell_that_failed_is_named(graded):
    (loops,) = graded["loops_at_import"]["remarks"]
    assert loops == "cell 1 (while True:): it did not end within 5 s"
    assert "SyntaxError" in graded["has_a_syntax_error"]["remarks"][0]
    assert "cell 3 is damaged" in graded["damaged_cells"]["remarks"]


def test_no_process_of_a_student_is_left(graded):
    left = [p.info for p in psutil.process_iter(["uids", "cmdline"]) if p.info["uids"]]
    assert not [info for info in left if info["uids"].real >= 200_000]
    assert not [info for info in left if "nnreg.grading.runner" in (info["cmdline"] or [])]


# What a student's process can see and reach ---------------------------------------------------


def ask(sandbox: Sandbox, source: str, *arguments):
    """Return what a function `f` in a student's notebook says."""
    with Session(sandbox, {"cell 1": source}) as session:
        session.prepare()
        return session.answer("f")(*arguments)


def test_nobody_hears_of_a_student(sandbox):
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(3)

        def listen():
            with contextlib.suppress(TimeoutError):
                heard.append(server.accept())

        listener = threading.Thread(target=listen)
        listener.start()
        said = ask(
            sandbox,
            "import socket\ndef f(port):\n"
            "    try: socket.create_connection(('127.0.0.1', port), 1)\n"
            "    except OSError as error: return str(error)\n    return 'through'",
            server.getsockname()[1],
        )
        listener.join()
    assert said != "through"
    assert not heard


def test_network_processes_and_messages_are_not_the_lecturers(sandbox):
    """The filter refuses sockets as well: each of the two must hold without the other."""
    kinds = ["net", "pid", "ipc", "uts", "mnt"]
    source = (
        "import os\ndef f(kinds):\n    return [os.readlink(f'/proc/self/ns/{k}') for k in kinds]"
    )
    inside = ask(sandbox, source, kinds)
    for kind, namespace in zip(kinds, inside, strict=True):
        assert namespace != os.readlink(f"/proc/self/ns/{kind}"), kind


def test_neither_environment_nor_files_of_the_lecturer_are_there(sandbox, monkeypatch, tmp_path):
    monkeypatch.setenv("NNREG_TEST_SECRET", "canary-in-the-environment")
    (tmp_path / "other.ipynb").write_text("canary-in-a-file")
    seen = ask(
        sandbox,
        "import glob, os\ndef f(path):\n"
        "    environments = [open(p, 'rb').read() for p in glob.glob('/proc/[0-9]*/environ')\n"
        "                    if os.access(p, os.R_OK)]\n"
        "    return (str(environments) + str(os.environ), os.path.exists(path),\n"
        "            os.path.exists('/etc/passwd'), len(glob.glob('/proc/[0-9]*')))",
        str(tmp_path),
    )
    environments, exists, passwords, processes = seen
    assert "canary" not in environments
    assert not exists
    assert not passwords
    assert processes <= 4  # its own, and the sandbox's


def test_neither_checks_nor_answers_are_there(sandbox):
    source = (
        "import os\ndef f(names):\n    found = []\n"
        "    for place in ('/grader', *[p for p in os.sys.path if p]):\n"
        "        for folder, _, files in os.walk(place):\n"
        "            found += [name for name in files if name in names]\n    return found"
    )
    names = ["questions.py", "penalties.py", "layernorm.py", "penalties.ipynb", "torch"]
    assert ask(sandbox, source, names) == []
    modules = "nnreg.penalties nnreg.nn nnreg.grading.questions torch jax tensorflow autograd"
    for module in modules.split():
        source = f"def f():\n    import {module}"
        with pytest.raises(Exception, match="ModuleNotFoundError"):
            ask(sandbox, source)


def test_a_student_is_nobody(sandbox):
    source = "import os\ndef f():\n    status = open('/proc/self/status').read()\n"
    source += "    return os.getuid(), os.getgroups(), status"
    user, groups, status = ask(sandbox, source)
    assert user not in (0, os.getuid())
    assert groups in ([], [user])
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 0
    assert fields["NoNewPrivs"] == "1"
    assert fields["Seccomp"] == "2", "the filter of system calls is not there"


def test_a_table_of_the_visible_arrays_answers_nothing(tmp_path):
    """It passes every visible check, because those draw the same arrays each time."""
    from nnreg import L1
    from nnreg.grading.questions import examine

    table = {}

    def record(w, lam):
        table[repr((w.tolist(), lam))] = L1(lam).grad(w).tolist()
        record.arguments = (w, lam)
        return L1(lam).grad(w)

    assert not any(each.problem for each in examine("l1_gradient", record, 0))
    body = f"TABLE = {table!r}\ndef l1_gradient(w, lam):\n    key = repr((w.tolist(), lam))\n"
    body += "    return np.array(TABLE.get(key, 0 * w))\n"
    write(tmp_path / "class", Attack("table", ALL, knows=False, after=body))
    _, (result,) = grade_class("penalties", tmp_path / "class", tmp_path / "out", 1, progress=False)
    assert result["score"] == 0


# Names and files ------------------------------------------------------------------------------


def test_names_and_files_that_play_tricks_are_refused_or_named(tmp_path, sandbox):
    folder, out = tmp_path / "class", tmp_path / "out"
    write(folder, ATTACKS[0])
    secret = tmp_path / "secret.ipynb"
    secret.write_text(json.dumps(notebook(ATTACKS[0])))
    (folder / "link_to_right").symlink_to(folder / "right")
    (folder / "link.ipynb").symlink_to(secret)
    (folder / "inner").mkdir()
    (folder / "inner" / "penalties.ipynb").symlink_to(secret)
    os.mkfifo(folder / "pipe.ipynb")
    (folder / "a_folder.ipynb").mkdir()
    (folder / "nothing").mkdir()
    for name in (
        "..%2f..",
        "-rf",
        "=cmd|' /C calc'!A0",
        "<script>alert(1)</script>".replace("/", "∕"),
    ):
        write(folder, Attack(name, ALL))
    strange = folder / os.fsdecode(b"bad\xff\nname")
    strange.mkdir()
    (strange / "penalties.ipynb").write_text(json.dumps(notebook(ATTACKS[0])))
    huge = folder / "huge.ipynb"
    huge.touch()
    os.truncate(huge, 200 * 2**20)
    _, results = grade_class("penalties", folder, out, 2, limits=HASTE, progress=False)
    by_name = {result["student"]: result for result in results}
    for name in ("link", "inner", "pipe", "a_folder.ipynb", "nothing", "huge"):
        assert by_name[name]["score"] == 0, name
        assert by_name[name]["remarks"], name
    assert "200 MiB" in by_name["huge"]["remarks"][0]
    assert "link_to_right" not in by_name
    assert by_name["right"]["score"] == by_name[strange.name]["score"] == 16
    assert by_name["-rf"]["score"] == by_name["..%2f.."]["score"] == 16
    assert len({result["slug"] for result in results}) == len(results)
    assert {path.parent for path in out.rglob("*.json")} <= {out, out / "results"}


# Runs -----------------------------------------------------------------------------------------


def test_a_killed_run_loses_nothing_and_grades_nobody_twice(tmp_path):
    folder, out = tmp_path / "class", tmp_path / "out"
    for i in range(8):
        write(folder, Attack(f"student_{i}", ALL))
    command = [sys.executable, "-m", "nnreg.grading", "grade", "--assignment", "penalties"]
    command += ["--submissions", str(folder), "--out", str(out), "--jobs", "2"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    while len(list(out.glob("results/*.json"))) < 3:
        assert run.poll() is None, run.stdout.read()
        time.sleep(0.05)
    for child in psutil.Process(run.pid).children(recursive=True):
        child.kill()
    run.kill()
    run.communicate()
    before = {p: p.stat().st_mtime_ns for p in out.glob("results/*.json")}
    assert 3 <= len(before) < 8
    assert subprocess.run(command, capture_output=True).returncode == 0
    assert all(p.stat().st_mtime_ns == when for p, when in before.items())
    assert len(list(out.glob("results/*.json"))) == 8


def test_what_was_handed_in_again_is_graded_again(tmp_path):
    folder, out = tmp_path / "class", tmp_path / "out"
    write(folder, ATTACKS[1])
    _, (first,) = grade_class("penalties", folder, out, 1, progress=False)
    shutil.rmtree(folder)
    write(folder, Attack(ATTACKS[1].name, ALL))
    _, (second,) = grade_class("penalties", folder, out, 1, progress=False)
    assert (first["score"], second["score"]) == (0, 16)


def test_any_number_of_workers_gives_the_same_grades(tmp_path):
    folder = tmp_path / "class"
    wrong = {q: f"def {q}(*given):\n    return given[0]\n" for q in QUESTIONS}
    for i, question in enumerate(QUESTIONS):
        write(folder, Attack(f"s{i}", ALL, instead={question: wrong[question]}))
    graded = [
        grade_class("penalties", folder, tmp_path / str(n), n, seed=7, progress=False)[1]
        for n in (1, 2, 3)
    ]
    one, two, three = ([without_cost(each) for each in results] for results in graded)
    assert one == two == three


def test_without_bubblewrap_nothing_runs_unless_the_risk_is_named(tmp_path):
    folder, out = tmp_path / "class", tmp_path / "out"
    write(folder, Attack("careless", ALL))
    command = [sys.executable, "-m", "nnreg.grading", "grade", "--assignment", "penalties"]
    command += ["--submissions", str(folder), "--out", str(out), "--jobs", "1"]
    nothing = {**os.environ, "PATH": str(tmp_path)}
    refused = subprocess.run(command, env=nothing, capture_output=True, text=True)
    assert refused.returncode == 2
    assert "bubblewrap is missing" in refused.stdout
    assert not list(out.glob("results/*"))
    command.append("--i-take-the-risk-of-running-without-a-sandbox")
    done = subprocess.run(command, env=nothing, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (result,) = out.glob("results/*.json")
    assert json.loads(result.read_text())["score"] == 16


def test_without_a_sandbox_a_student_is_who_grades():
    """Another user may not enter the folder of our Python, as when it lies in root's home."""
    unprotected = Sandbox(HASTE, unprotected=True)
    source = (
        "import os, resource\ndef f():\n    limits = resource.getrlimit(resource.RLIMIT_NPROC)\n"
    )
    mine = [os.getuid(), *resource.getrlimit(resource.RLIMIT_NPROC)]
    assert ask(unprotected, source + "    return [os.getuid(), *limits]") == mine
    unprotected.close()
