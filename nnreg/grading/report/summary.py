"""What the lecturer reads first: how the class has done, and where to look."""

import statistics
from collections import Counter, defaultdict
from typing import Any

from nnreg.grading.assignment import Assignment, Task
from nnreg.grading.questions import OPEN
from nnreg.grading.report import pages, words

_BINS = 10
_SHOWN_COSTS = 3
_SHOWN_PROBLEMS = 3
_WHOLE_ANSWER = "(whatever is tried)"


def summarise(
    results: list[dict[str, Any]],
    assignment: Assignment,
    pairs: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return the summary of a class, ready for JSON.

    Parameters
    ----------
    results : list of dict
        As `nnreg.grading.run.grade_class` returns them.
    assignment : Assignment
        What they answer.
    pairs : list of dict
        As `nnreg.grading.report.similarity.alike` returns them.
    """
    results = words.by_student(results)
    graded = [each for each in results if each["score"] is not None]
    failed = [each for each in results if each["score"] is None]
    return {
        "assignment": words.one_line(assignment.name),
        "graded": len(graded),
        "not_graded": [
            {**_who(each), "why": words.one_line(each["error"])}
            for each in failed
        ],
        "score": _scores(graded, assignment),
        "questions": [
            _question(task.name, task.points, graded)
            for task in assignment.questions
        ],
        "failed": _failed(graded),
        "by_hand": [
            _by_hand(task, graded) for task in assignment.tasks if task.by_hand
        ],
        "alike": [
            {**pair, "students": [_who(each) for each in pair["students"]]}
            for pair in pairs
        ],
        "remarks": [
            {
                **_who(each),
                "remarks": [words.one_line(said) for said in each["remarks"]],
            }
            for each in graded
            if each["remarks"]
        ],
        "cost": _cost(results),
        "students": [
            {
                **_who(each),
                "score": each["score"],
                "points": [q["points"] for q in each["questions"]],
            }
            for each in results
        ],
    }


def page(summary: dict[str, Any]) -> str:
    """Return the summary as HTML, with links to the students' pages."""
    return pages.render("summary.html.jinja", **summary)


def _who(result: dict[str, Any]) -> dict[str, str]:
    return {
        "student": words.one_line(result["student"], 80),
        "slug": result["slug"],
    }


def _middle(numbers: list[float]) -> dict[str, float | None]:
    if not numbers:
        return {"mean": None, "median": None}
    return {
        "mean": round(statistics.fmean(numbers), 2),
        "median": round(statistics.median(numbers), 2),
    }


def _scores(graded: list, assignment: Assignment) -> dict[str, Any]:
    of = sum(task.points for task in assignment.questions)
    scores = [each["score"] for each in graded]
    width = of / _BINS or 1.0
    inside = Counter(min(int(s / width), _BINS - 1) for s in scores)
    return {
        "of": of,
        **_middle(scores),
        "histogram": [
            {
                "from": round(i * width, 2),
                "to": round((i + 1) * width, 2),
                "count": inside[i],
            }
            for i in range(_BINS)
        ],
    }


def _question(name: str, of: float, graded: list) -> dict[str, Any]:
    answers = [q for r in graded for q in r["questions"] if q["name"] == name]
    points = Counter(each["points"] for each in answers)
    return {
        "name": words.one_line(name),
        "of": of,
        **_middle([each["points"] for each in answers]),
        "right": sum(not any(_problems(each)) for each in answers),
        "unwritten": sum(set(_problems(each)) == {OPEN} for each in answers),
        "distribution": [
            {"points": each, "count": points[each]} for each in sorted(points)
        ],
    }


def _problems(question: dict[str, Any]) -> list[str]:
    return [each["problem"] for each in question["verdicts"]]


def _failed(graded: list) -> list[dict[str, Any]]:
    """Return the properties that fail, those of most students first.

    An answer that does one thing whatever is tried, such as to stop, fails
    once and not in every property. One that is not written fails in none.
    """
    failing = defaultdict(list)
    for result in graded:
        for question in result["questions"]:
            problems = set(_problems(question))
            if problems == {OPEN}:
                continue
            if len(problems) == 1 and problems != {""}:
                verdicts = [{"name": _WHOLE_ANSWER, "problem": problems.pop()}]
            else:
                verdicts = [v for v in question["verdicts"] if v["problem"]]
            for each in verdicts:
                place = question["name"], each["name"]
                failing[place].append((result, words.problem(each["problem"])))
    rows = []
    for (question, name), cases in failing.items():
        said = Counter(problem for _, problem in cases)
        common = sorted(said.items(), key=lambda item: (-item[1], item[0]))
        rows.append(
            {
                "question": words.one_line(question),
                "property": words.one_line(name),
                "count": len(cases),
                "problems": [
                    {"problem": problem, "count": count}
                    for problem, count in common[:_SHOWN_PROBLEMS]
                ],
                "students": [_who(result) for result, _ in cases],
            }
        )
    return sorted(
        rows, key=lambda row: (-row["count"], row["question"], row["property"])
    )


def _by_hand(task: Task, graded: list) -> dict[str, Any]:
    written = [
        answer
        for each in graded
        for answer in each["by_hand"]
        if answer["name"] == task.name
        and words.is_written(answer["text"], task)
    ]
    name = words.one_line(task.name)
    return {"name": name, "of": task.points, "written": len(written)}


def _cost(results: list) -> dict[str, Any]:
    def most(what: str) -> list[dict[str, Any]]:
        ordered = sorted(results, key=lambda each: -each["cost"][what])
        return [
            {**_who(each), what: each["cost"][what]}
            for each in ordered[:_SHOWN_COSTS]
        ]

    return {
        "seconds": round(sum(each["cost"]["seconds"] for each in results), 1),
        "slowest": most("seconds"),
        "largest": most("bytes"),
    }
