"""Grade a class: on all cores or a cluster, and on from where it stopped."""

import atexit
import functools
import hashlib
import json
import re
import secrets
from pathlib import Path
from typing import Any

import joblib
from tqdm import tqdm

from nnreg.grading import submission as submissions
from nnreg.grading.assignment import Assignment, load
from nnreg.grading.grade import grade
from nnreg.grading.sandbox import Limits, Sandbox

_LONGEST_NAME = 80


def grade_class(
    assignment: str | Path,
    folder: Path,
    out: Path,
    n_jobs: int = -1,
    *,
    seed: int | None = None,
    unprotected: bool = False,
    limits: Limits | None = None,
    progress: bool = True,
) -> tuple[Assignment, list[dict[str, Any]]]:
    """Grade every submission of a folder.

    A submission that was graded before, and has not changed since, is not
    graded again: whatever ends the run, the same call goes on from there.

    Parameters
    ----------
    assignment : str or path
        A name in ``assignments/source``, or a notebook.
    folder : path
        The submissions: ``STUDENT.ipynb``, ``STUDENT/NAME.ipynb`` or
        ``STUDENT/ASSIGNMENT/NAME.ipynb``.
    out : path
        Where results are kept, in ``results``, one file a student.
    n_jobs : int
        Processes; -1 means all cores. With joblib's backend "dask" a cluster
        grades, and `folder` and `out` must be on a file system that all of
        it sees.
    seed : int, optional
        Of the arrays that answers are examined with. By default it is drawn
        once for `out`, so that nobody knows it beforehand.
    unprotected : bool
        Run students' code without a sandbox.
    limits : Limits, optional
        What one submission may use.
    progress : bool
        Show a bar.

    Returns
    -------
    Assignment
    list of dict
        For each student, in the order of names: ``student``, ``score``,
        ``of``, ``questions`` with their verdicts, ``by_hand``, ``remarks``.

    Raises
    ------
    NoSandboxError
        If there is no sandbox, and `unprotected` does not say that none is
        wanted.
    FileNotFoundError, NotADirectoryError
        If there is no such assignment or folder.
    ValueError
        If `out` belongs to another assignment, or lies in `folder`.
    """
    asked = load(assignment)
    found = submissions.find(folder, asked.name)
    if out.resolve().is_relative_to(folder.resolve()):
        raise ValueError(
            f"{out} lies in {folder}, among the submissions: choose another "
            "folder"
        )
    kept = out / "results"
    kept.mkdir(parents=True, exist_ok=True)
    seed = _seed_of(out, asked.name, seed)
    limits = limits or Limits()
    _sandbox(limits, unprotected)  # says at once if there is none
    job = functools.partial(
        _grade_one,
        assignment=asked,
        seed=seed,
        kept=kept,
        limits=limits,
        unprotected=unprotected,
    )
    missing = [
        (student, path)
        for student, path in found.items()
        if not _is_graded(kept / f"{slug(student)}.json", path, seed)
    ]
    jobs = (joblib.delayed(job)(*each) for each in missing)
    parallel = joblib.Parallel(n_jobs, return_as="generator_unordered")
    with tqdm(
        total=len(found),
        initial=len(found) - len(missing),
        desc=asked.name,
        unit="notebook",
        disable=None if progress else True,
    ) as bar:
        for _ in parallel(jobs):
            bar.update()
    return asked, [
        json.loads((kept / f"{slug(student)}.json").read_text())
        for student in found
    ]


def _is_graded(kept: Path, path: Path, seed: int) -> bool:
    """Tell whether what is there now was graded with this seed."""
    try:
        result = json.loads(kept.read_text())
        graded = result["score"] is not None and result["seed"] == seed
        digest = result["digest"]
    except (FileNotFoundError, ValueError, LookupError, TypeError):
        return False  # or cut, or none of ours
    return graded and digest == submissions.read(path).digest


def slug(student: str) -> str:
    """Return a file name for a student, and no two students the same one.

    Nor do two names differ in their case alone, for which some file systems
    have no eye, and nobody can choose a name that is made of another one.
    """
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", student)[:_LONGEST_NAME]
    if plain == student.lower() and not re.search(r"-[0-9a-f]{16}$", plain):
        return plain
    raw = student.encode("utf-8", "surrogateescape")
    return f"{plain}-{hashlib.sha256(raw).hexdigest()[:16]}"


def _grade_one(
    student: str,
    path: Path,
    *,
    assignment: Assignment,
    seed: int,
    kept: Path,
    limits: Limits,
    unprotected: bool,
) -> None:
    """Grade a student, and keep the result."""
    sandbox = _sandbox(limits, unprotected)
    try:
        result = grade(path, assignment, sandbox, seed)
    except Exception as error:  # one of ours: it must not stop the class
        why = f"{type(error).__name__}: {error}"
        result = _not_graded(assignment, path, why)
    name = slug(student)
    result |= {"student": student, "slug": name, "seed": seed}
    result["assignment"] = assignment.name
    # Only a whole file gets this name, whenever somebody pulls the plug.
    draft = kept / f"{name}.draft"
    draft.write_text(json.dumps(result, indent=1) + "\n")
    draft.replace(kept / f"{name}.json")


def _not_graded(
    assignment: Assignment, path: Path, why: str
) -> dict[str, Any]:
    return {
        "error": why,
        "score": None,
        "of": sum(task.points for task in assignment.questions),
        "questions": [],
        "by_hand": [],
        "remarks": [f"not graded, because the grader failed: {why}"],
        "digest": submissions.read(path).digest,
        "code": "",
        "cost": {"seconds": 0.0, "bytes": 0},
    }


@functools.lru_cache
def _sandbox(limits: Limits, unprotected: bool) -> Sandbox:
    """Return the sandbox of this process."""
    sandbox = Sandbox(limits, unprotected)
    atexit.register(sandbox.close)
    return sandbox


def _seed_of(out: Path, assignment: str, seed: int | None) -> int:
    """Return the seed of a run, which stays the same when it goes on."""
    kept = out / "run.json"
    if kept.exists():
        run = json.loads(kept.read_text())
        if run["assignment"] != assignment:
            raise ValueError(
                f"{out} holds the grades of {run['assignment']!r}, not of "
                f"{assignment!r}: choose another folder"
            )
        if seed is not None and seed != run["seed"]:
            raise ValueError(
                f"{out} was begun with seed {run['seed']}, got {seed}"
            )
        return run["seed"]
    seed = secrets.randbits(128) if seed is None else seed
    kept.write_text(json.dumps({"assignment": assignment, "seed": seed}))
    kept.chmod(0o600)
    return seed
