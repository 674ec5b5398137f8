"""What one student reads: which properties hold, and which fail."""

from typing import Any

from nnreg.grading.assignment import Assignment, Task
from nnreg.grading.questions import OPEN
from nnreg.grading.report import pages, words


def page(result: dict[str, Any], assignment: Assignment) -> str:
    """Return a student's page as HTML.

    Parameters
    ----------
    result : dict
        As `nnreg.grading.grade.grade` returns it. Nobody else's result, no
        array that it was examined with and no time is on the page.
    assignment : Assignment
        What it answers.
    """
    tasks = {task.name: task for task in assignment.tasks}
    return pages.render(
        "feedback.html.jinja",
        assignment=words.one_line(assignment.title or assignment.name),
        student=words.one_line(result["student"]),
        score=result["score"],
        of=result["of"],
        questions=[
            _card(each, tasks[each["name"]]) for each in result["questions"]
        ],
        by_hand=[
            _read(each, tasks[each["name"]]) for each in result["by_hand"]
        ],
        by_hand_of=sum(each["of"] for each in result["by_hand"]),
        remarks=(
            [words.one_line(each) for each in result["remarks"]]
            if result["score"] is not None
            else []
        ),
    )


def _read(answer: dict[str, Any], task: Task) -> dict[str, Any]:
    written = words.is_written(answer["text"], task)
    return {
        "title": words.one_line(task.title or task.name),
        "of": answer["of"],
        "text": words.paragraphs(answer["text"]) if written else "",
    }


def _card(question: dict[str, Any], task: Task) -> dict[str, Any]:
    verdicts = [
        {
            "name": words.one_line(each["name"]),
            "problem": words.problem(each["problem"]),
            "expected": each["expected"],
        }
        for each in question["verdicts"]
    ]
    problems = {each["problem"] for each in verdicts}
    common = problems.pop() if len(problems) == 1 else ""
    return {
        "name": words.one_line(question["name"]),
        "title": words.one_line(task.title or task.name),
        "points": question["points"],
        "of": question["of"],
        "holding": sum(not each["problem"] for each in verdicts),
        "open": common == OPEN,
        "common": common,
        "verdicts": verdicts,
    }
