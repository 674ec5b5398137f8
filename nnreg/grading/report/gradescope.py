"""Results as Gradescope's autograder writes them into ``results.json``."""

from typing import Any

from nnreg.grading.report import words


def results_of(result: dict[str, Any]) -> dict[str, Any]:
    """Return what Gradescope shows of one student's result.

    Parameters
    ----------
    result : dict
        As `nnreg.grading.grade.grade` returns it.

    Returns
    -------
    dict
        A test for each question, whose output names the properties that
        fail. Who was not graded has neither score nor tests: Gradescope then
        reports that grading failed, and gives no 0.
    """
    remarks = [words.one_line(each) for each in result["remarks"]]
    if result["score"] is None:
        return {"output": "Not graded yet: grading itself has failed."}
    by_hand = [words.one_line(each["name"]) for each in result["by_hand"]]
    if by_hand:
        remarks.append(f"Graded by hand: {', '.join(by_hand)}.")
    return {
        "score": result["score"],
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "output_format": "text",
        "output": "\n".join(remarks),
        "tests": [_test(each) for each in result["questions"]],
    }


def _test(question: dict[str, Any]) -> dict[str, Any]:
    verdicts = question["verdicts"]
    wrong = [each for each in verdicts if each["problem"]]
    holding = len(verdicts) - len(wrong)
    lines = [f"{holding} of {len(verdicts)} properties hold."]
    lines += [
        f"- {words.one_line(each['name'])}: {words.problem(each['problem'])}"
        for each in wrong
    ]
    return {
        "name": words.one_line(question["name"]),
        "score": question["points"],
        "max_score": question["of"],
        "status": "failed" if wrong else "passed",
        "output": "\n".join(lines),
        "output_format": "text",
        "visibility": "visible",
    }
