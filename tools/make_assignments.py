"""Write the students' copies of the assignments, by nbgrader's own generator.

`assignments/` is a course folder of nbgrader's: `source/` with solutions, `release/` without. No
gradebook is written; whoever grades with nbgrader makes one with `nbgrader generate_assignment`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from nbgrader.converters import GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from tools.tree import ROOT

COURSE = ROOT / "assignments"


def names(course: Path = COURSE) -> list[str]:
    """Return the assignments that there are."""
    return sorted(path.name for path in (course / "source").iterdir())


def generate(name: str, course: Path = COURSE) -> Path:
    """Write the student's copy of one assignment, and return where it is."""
    config = Config()
    config.CourseDirectory.root = str(course.resolve())
    config.CourseDirectory.assignment_id = name
    # What `nbgrader generate_assignment --no-db --force` sets.
    config.SaveCells.enabled = False
    config.GenerateAssignment.no_database = True
    config.BaseConverter.force = True
    config.Application.log_level = "ERROR"
    config.ClearSolutions.code_stub = {"python": "raise NotImplementedError"}
    config.ClearSolutions.text_stub = "*Your answer, in place of this line.*"
    GenerateAssignment(coursedir=CourseDirectory(config=config), config=config).start()
    release = course / "release" / name / f"{name}.ipynb"
    notebook = json.loads(release.read_text(encoding="utf8"))
    release.write_text(
        json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf8"
    )
    return release


def main() -> None:
    """Write them all, or those that are named."""
    for name in sys.argv[1:] or names():
        print(generate(name).relative_to(ROOT))


if __name__ == "__main__":
    main()
