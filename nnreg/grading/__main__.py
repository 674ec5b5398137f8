"""``python -m nnreg.grading``: what a lecturer types."""

import argparse
import sys
from pathlib import Path

from nnreg.grading import report, system_calls
from nnreg.grading.run import grade_class
from nnreg.grading.sandbox import NoSandboxError

_RISK = "--i-take-the-risk-of-running-without-a-sandbox"


def main() -> int:
    """Grade, write the reports, and say where they are."""
    arguments = _parser().parse_args()
    unprotected = arguments.unprotected
    if not unprotected and not system_calls.is_possible():
        print(
            "No filter of system calls: pip install 'nnreg[classroom]' adds "
            "one. Grading goes on without it.",
            file=sys.stderr,
        )
    try:
        asked, results = grade_class(
            arguments.assignment,
            arguments.submissions,
            arguments.out,
            arguments.jobs,
            seed=arguments.seed,
            unprotected=unprotected,
        )
    except NoSandboxError as error:
        print(f"{error}\nNothing was run. To do without: {_RISK}")
        return 2
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    report.write(results, asked, arguments.out)
    if arguments.gradebook:
        report.gradebook.record(results, asked, arguments.gradebook)
    failed = [each["student"] for each in results if each["score"] is None]
    print(f"{len(results) - len(failed)} submissions graded.")
    if failed:
        print(f"{len(failed)} could not be: {', '.join(map(repr, failed))}")
    print(f"Begin with {arguments.out / 'summary.html'}")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m nnreg.grading")
    commands = parser.add_subparsers(required=True)
    grade = commands.add_parser(
        "grade",
        help="grade a folder of submissions, safely",
        description="Students' code runs in a sandbox; the checks stay "
        "outside. A run that was stopped goes on when it is called again.",
    )
    grade.add_argument(
        "--assignment",
        required=True,
        help="its name in assignments/source, or a notebook",
    )
    grade.add_argument("--submissions", required=True, type=Path)
    grade.add_argument("--out", required=True, type=Path)
    grade.add_argument(
        "--jobs", type=int, default=-1, help="processes (default: all cores)"
    )
    grade.add_argument(
        "--seed",
        type=int,
        help="of the hidden arrays (default: drawn once for --out)",
    )
    grade.add_argument(
        "--gradebook",
        type=Path,
        help="a gradebook.db of nbgrader's, to write the points into",
    )
    grade.add_argument(
        _RISK,
        dest="unprotected",
        action="store_true",
        help="where there is no bubblewrap: students' code gets your rights, "
        "your files and your network",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
