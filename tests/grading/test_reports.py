"""What a graded class is turned into, whatever its students call themselves."""

import base64
import csv
import hashlib
import itertools
import json
import random
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from nnreg.grading import report
from nnreg.grading.assignment import Assignment, Task
from nnreg.grading.questions import OPEN
from nnreg.grading.report import feedback, gradebook, gradescope, similarity, summary, tables

ASKED = Assignment(
    "norms",
    (Task("norm", 2.0, False), Task("explain", 3.0, True), Task("unit_ball", 4.0, False)),
)
PROPERTIES = {"norm": ["is one number", "is 0 for zeros"], "unit_ball": ["stays", "shrinks"]}
HOSTILE = [
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    " +1",
    '-2";=3',
    "@SUM(1)",
    "a\nb,\"c\"\r\n'd'",
    "../../etc/passwd",
    "\udcff\udcfe",
    "\u202egnp.exe",
    "\x00\x1b[2J",
    "x" * 200,
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "Zoë Ångström",
]


def question(name: str, *problems: str) -> dict:
    of = {task.name: task.points for task in ASKED.tasks}[name]
    holding = problems.count("")
    verdicts = [
        {"name": each, "problem": problem, "expected": False}
        for each, problem in zip(PROPERTIES[name], problems, strict=True)
    ]
    points = of * holding / len(problems)
    return {"name": name, "points": points, "of": of, "verdicts": verdicts}


def result(student: str, *, norm=("", ""), ball=("", ""), text="", remarks=(), code="", **cost):
    questions = [question("norm", *norm), question("unit_ball", *ball)]
    return {
        "student": student,
        "slug": hashlib.sha256(repr(student).encode()).hexdigest()[:12],
        "assignment": ASKED.name,
        "score": sum(each["points"] for each in questions),
        "of": 6.0,
        "questions": questions,
        "by_hand": [{"name": "explain", "of": 3.0, "text": text}],
        "remarks": list(remarks),
        "digest": student,
        "code": code,
        "cost": {"seconds": 1.0, "bytes": 2**20} | cost,
    }


def not_graded(student: str) -> dict:
    empty = {"questions": [], "by_hand": [], "code": "", "digest": ""}
    return result(student) | empty | {"score": None, "error": "OSError: the disk is full"}


def hostile_class() -> list[dict]:
    """Return a class in which every text that a student chooses is an attack."""
    names = [*HOSTILE, "never graded"]
    results = [
        result(
            name,
            norm=(f"stops with Error: {name}", ""),
            ball=(name, name),
            text=name,
            remarks=[name],
        )
        for name in HOSTILE
    ]
    return [*results, not_graded(names[-1])]


def rows_of(path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def written(results, folder) -> dict[str, bytes]:
    report.write(results, ASKED, folder)
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


class Page(HTMLParser):
    """Reads a page: its elements, and whether each of them is closed."""

    VOID = ("meta",)

    def __init__(self, text: str):
        super().__init__()
        self.elements, self.attributes, self.text, self._open = [], [], "", []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if not self._open or self._open[-1] != "style":
            self.text += data


def test_a_class_becomes_the_files_that_its_docstring_names(tmp_path):
    files = written([result("ada"), not_graded("bob")], tmp_path / "new" / "folder")
    slugs = [result("ada")["slug"], result("bob")["slug"]]
    assert set(files) == {
        "grades.csv",
        "nbgrader.csv",
        "summary.html",
        "summary.json",
        *(f"feedback/{slug}.html" for slug in slugs),
        *(f"gradescope/{slug}.json" for slug in slugs),
    }


def test_the_order_in_which_students_were_graded_leaves_no_trace(tmp_path):
    results = hostile_class()
    shuffled = random.Random(0).sample(results, len(results))
    assert written(results, tmp_path / "a") == written(shuffled, tmp_path / "b")


def test_grades_do_not_depend_on_how_long_grading_took(tmp_path):
    quick = written([result("ada", seconds=0.1, bytes=1)], tmp_path / "a")
    slow = written([result("ada", seconds=99.0, bytes=2**30)], tmp_path / "b")
    same = {name for name in quick if quick[name] == slow[name]}
    assert set(quick) - same == {"summary.html", "summary.json"}


@pytest.mark.parametrize("results", [[], [result("ada")], [not_graded("ada")]])
def test_the_smallest_classes_have_reports_too(results, tmp_path):
    files = written(results, tmp_path)
    told = json.loads(files["summary.json"])
    assert told["graded"] + len(told["not_graded"]) == len(results)
    Page(files["summary.html"].decode())


def test_grades_have_a_row_a_student_and_a_column_a_question(tmp_path):
    results = [result("bob", norm=("", "is wrong"), remarks=["cell 3: …"]), result("ada")]
    tables.write_grades(results, ASKED, tmp_path / "grades.csv")
    ada, bob = rows_of(tmp_path / "grades.csv")
    assert list(ada) == ["student", "status", "score", "of", "norm", "unit_ball", "remarks"]
    assert (ada["student"], ada["score"], ada["remarks"]) == ("ada", "6.0", "0")
    assert (bob["score"], bob["norm"], bob["unit_ball"], bob["remarks"]) == (
        *("5.0", "1.0", "4.0", "1"),
    )


def test_who_was_not_graded_has_no_score_anywhere(tmp_path):
    files = written([not_graded("ada")], tmp_path)
    (grades,) = rows_of(tmp_path / "grades.csv")
    (nbgrader,) = rows_of(tmp_path / "nbgrader.csv")
    slug = result("ada")["slug"]
    assert (grades["status"], grades["score"], grades["norm"]) == ("not graded", "", "")
    assert (nbgrader["raw_score"], nbgrader["score"]) == ("", "")
    assert not {"score", "tests"} & set(json.loads(files[f"gradescope/{slug}.json"]))
    page = Page(files[f"feedback/{slug}.html"].decode())
    assert "Not graded yet" in page.text
    assert "of 6 points" not in page.text
    assert json.loads(files["summary.json"])["score"]["mean"] is None


@pytest.mark.parametrize("name", ["grades.csv", "nbgrader.csv"])
def test_no_name_becomes_a_formula_or_a_second_row(name, tmp_path):
    report.write(hostile_class(), ASKED, tmp_path)
    rows = rows_of(tmp_path / name)
    assert len(rows) == len(HOSTILE) + 1
    for text in itertools.chain.from_iterable(row.values() for row in rows):
        assert not text.lstrip().startswith(tuple("=+-@\t\r\n")), text
    lines = (tmp_path / name).read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(rows) + 1
    # A spreadsheet that splits at semicolons leaves what stands in quotes alone.
    assert all(line.startswith('"') for line in lines)


@pytest.fixture(scope="module")
def empty_gradebook(tmp_path_factory):
    """Make a gradebook once, because that takes nbgrader seconds."""
    pytest.importorskip("nbgrader.api")
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    gradebook.record([], ASKED, path)
    return path


@pytest.fixture
def book_path(empty_gradebook, tmp_path):
    return Path(shutil.copy(empty_gradebook, tmp_path))


@pytest.mark.classroom
def test_nbgraders_columns_are_those_of_its_own_export(book_path, tmp_path):
    from nbgrader.api import Gradebook
    from nbgrader.plugins.export import CsvExportPlugin

    gradebook.record([result("ada")], ASKED, book_path)
    with Gradebook(f"sqlite:///{book_path}") as book:
        CsvExportPlugin(to=str(tmp_path / "theirs.csv")).export(book)
    tables.write_nbgrader([result("ada")], ASKED, tmp_path / "ours.csv")
    (theirs,), (ours,) = rows_of(tmp_path / "theirs.csv"), rows_of(tmp_path / "ours.csv")
    assert ours == theirs


@pytest.mark.classroom
def test_the_gradebook_holds_scores_and_what_fails(book_path):
    from nbgrader.api import Gradebook

    wrong = result("bob", norm=("", "is never 0"), ball=("is open", "is open"))
    gradebook.record([result("ada"), wrong, not_graded("zoe")], ASKED, book_path)
    with Gradebook(f"sqlite:///{book_path}") as book:
        assert book.find_assignment("norms").max_score == 9
        bob = book.find_submission("norms", "bob").notebooks[0]
        scores = {grade.name: grade.auto_score for grade in bob.grades}
        looks = {grade.name for grade in bob.grades if grade.needs_manual_grade}
        said = {comment.name: comment.auto_comment for comment in bob.comments}
        assert scores == {"norm": 1, "unit_ball": 0, "explain": None}
        assert looks == {"explain"}
        assert said["norm-solution"] == "is 0 for zeros: is never 0"
        zoe = book.find_submission("norms", "zoe").notebooks[0]
        assert [grade.auto_score for grade in zoe.grades] == [None] * 3
        assert all(grade.needs_manual_grade for grade in zoe.grades)


@pytest.mark.classroom
def test_the_gradebook_keeps_names_and_marks_that_were_given_by_hand(book_path):
    from nbgrader.api import Gradebook

    gradebook.record([result("ada", norm=("", "no"))], ASKED, book_path)
    with Gradebook(f"sqlite:///{book_path}") as book:
        book.update_or_create_student("ada", last_name="Lovelace")
        book.find_grade("explain", "norms", "norms", "ada").manual_score = 2.5
        book.db.commit()
    gradebook.record([result("ada")], ASKED, book_path)
    with Gradebook(f"sqlite:///{book_path}") as book:
        assert book.find_student("ada").last_name == "Lovelace"
        assert book.find_submission("norms", "ada").score == 2 + 4 + 2.5


def test_gradescope_is_told_each_question_and_what_fails():
    told = gradescope.results_of(result("ada", norm=("", "is never 0"), remarks=["cell 3: x"]))
    norm, ball = told["tests"]
    assert told["score"] == sum(each["score"] for each in told["tests"]) == 5
    assert (norm["score"], norm["max_score"], norm["status"]) == (1, 2, "failed")
    assert norm["output"] == "1 of 2 properties hold.\n- is 0 for zeros: is never 0"
    assert (ball["status"], ball["visibility"]) == ("passed", "visible")
    assert told["output"] == "cell 3: x\nGraded by hand: explain."


def test_feedback_says_which_property_fails_and_why():
    text = Page(feedback.page(result("ada", norm=("", "is never 0")), ASKED)).text
    assert re.search(r"fails:\s+is 0 for zeros\s+is never 0", text)
    assert "holds: is one number" in text
    assert "5 of 6 points, and up to 3 more by hand" in " ".join(text.split())


def test_feedback_says_once_what_happens_whatever_is_tried():
    text = feedback.page(result("ada", norm=("it hangs", "it hangs"), ball=(OPEN, OPEN)), ASKED)
    assert text.count("it hangs") == 1
    assert text.count(f"</code> {OPEN}. A right answer does this:") == 1
    assert "✗" not in text.partition("A right answer does this:")[2]


def test_a_page_runs_nothing_and_asks_nobody(tmp_path):
    for name, data in written(hostile_class(), tmp_path).items():
        if not name.endswith(".html"):
            continue
        text = data.decode()
        page = Page(text)
        assert not {"script", "img", "iframe", "link", "object", "form"} & set(page.elements)
        assert not [key for key, _ in page.attributes if key.startswith("on")]
        links = [value for key, value in page.attributes if key in ("href", "src")]
        assert all(re.fullmatch(r"feedback/[0-9a-f]+\.html", link) for link in links)
        assert not {"style"} & {key for key, _ in page.attributes}
        (style,) = re.findall("<style>(.*?)</style>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"default-src 'none'; style-src 'sha256-{digest}'" in text.replace("&#39;", "'")
        assert "url(" not in style
        assert not re.search("[\x00-\x08\x0b-\x1f\u202e\ud800-\udfff]", text)
        assert "{{ 7 * 7 }}" in page.text or "49" not in page.text


def test_a_student_reads_about_nobody_else(tmp_path):
    others = ["grace", "hopper"]
    results = [result(name, text=f"{name} thinks", remarks=[name]) for name in ["ada", *others]]
    files = written(results, tmp_path)
    own = files[f"feedback/{result('ada')['slug']}.html"].decode()
    assert "ada thinks" in own
    assert not [name for name in others if name in own]


def test_an_exception_does_not_carry_hidden_arrays_out(tmp_path):
    leak = "stops with ValueError: array([[0.4711, -1.5e-07], [3., 1e10]])"
    results = [result("ada", norm=(leak, leak), ball=(leak, "is wrong"))]
    for name, data in written(results, tmp_path).items():
        assert not re.search(rb"4711|e-07|1e10", data), name


def test_the_summary_counts_what_fails_and_who(tmp_path):
    results = [
        result("ada", norm=("", "is never 0")),
        result("bob", norm=("", "is never 0")),
        result("cid", norm=("", "is NaN"), ball=("it hangs", "it hangs"), seconds=9.0),
        result("dan", norm=(OPEN, OPEN), remarks=["cell 2: NameError"], bytes=2**30),
        not_graded("eve"),
    ]
    told = summary.summarise(results, ASKED, [])
    first, second = told["failed"]
    assert (first["question"], first["property"], first["count"]) == ("norm", "is 0 for zeros", 3)
    assert [each["student"] for each in first["students"]] == ["ada", "bob", "cid"]
    assert first["problems"] == [
        {"problem": "is never 0", "count": 2},
        {"problem": "is NaN", "count": 1},
    ]
    assert (second["question"], second["count"]) == ("unit_ball", 1)
    assert (told["score"]["mean"], told["score"]["median"]) == (3.75, 4.5)
    assert sum(each["count"] for each in told["score"]["histogram"]) == told["graded"] == 4
    norm, ball = told["questions"]
    assert (norm["right"], norm["unwritten"], ball["right"]) == (0, 1, 3)
    assert told["cost"]["slowest"][0]["student"] == "cid"
    assert told["cost"]["largest"][0]["student"] == "dan"
    assert [each["student"] for each in told["remarks"]] == ["dan"]
    assert told["not_graded"][0]["why"] == "OSError: the disk is full"
    text = " ".join(Page(summary.page(told)).text.split())
    assert "it hangs (1)" in text
    assert "eve: OSError: the disk is full" in text


STEPS = [
    ["a = np.abs(w)", "a = np.where(w < 0, -w, w)", "a = np.sqrt(w ** 2)", "a = w * np.sign(w)"],
    ["n = len(w)", "n = w.shape[0]", "n = w.size", "n = np.shape(w)[0]"],
    ["b = a / n", "b = a * (1 / n)", "b = np.divide(a, n)", "b = [x / n for x in a]"],
    ["c = np.sum(b)", "c = b.sum()", "c = sum(b)", "c = np.dot(b, np.ones(n))"],
    ["if c > 1:\n        c = 1", "c = min(c, 1)", "c = np.minimum(c, 1)", "c = 1 if c > 1 else c"],
    ["d = c - a", "d = -a + c", "d = np.subtract(c, a)", "d = -(a - c)"],
]


WRITTEN = ["norm", "unit_ball", "project", "shrink", "grow"]


def answers(rng: random.Random) -> str:
    """Return what somebody wrote without a look at others."""
    parts = ["import numpy as np\n"]
    for name in WRITTEN:
        body = "".join(f"    {rng.choice(step)}\n" for step in STEPS)
        parts.append(f"def {name}(w):\n    '''Return it.'''\n{body}    return d\n")
    return "".join(parts)


def independent(count: int = 40) -> list[dict]:
    rng = random.Random(1)
    return [result(f"student {i:02}", code=answers(rng)) for i in range(count)]


def disguised(code: str) -> str:
    for old, new in {"a": "first", "b": "second", "c": "third", "d": "out"}.items():
        code = re.sub(rf"\b{old}\b", new, code)
    head, *functions = re.split(r"^(?=def )", code, flags=re.MULTILINE)
    return head + "\n\n".join(functions[::-1]).replace("\n    ", "  # so\n    ")


def accused(results) -> list[set]:
    pairs = similarity.alike(results, WRITTEN)
    return [{each["student"] for each in pair["students"]} for pair in pairs]


def test_a_copy_with_other_names_comments_and_order_stands_out():
    results = independent()
    results.append(result("copy", code=disguised(results[7]["code"])))
    assert accused(results) == [{"student 07", "copy"}]


def test_answers_that_half_the_class_has_accuse_nobody():
    usual = answers(random.Random(2))
    followers = {f"follower {i}" for i in range(40)}
    pairs = accused(independent() + [result(name, code=usual) for name in followers])
    assert not [pair for pair in pairs if pair & followers]


def test_what_everybody_was_given_accuses_nobody():
    given = "".join(f"print({i} + {i})\nplot(x.y{i})\n" for i in range(50))
    results = [each | {"code": given + each["code"]} for each in independent()]
    assert accused(results) == []


def test_unwritten_answers_accuse_nobody():
    stub = "".join(f"def {q}(w):\n    raise NotImplementedError()\n" for q in WRITTEN)
    idle = {"idle 1", "idle 2"}
    pairs = accused(independent() + [result(name, code=stub) for name in idle])
    assert not [pair for pair in pairs if pair & idle]


def test_one_and_the_same_file_is_named_in_a_class_of_any_size():
    code = answers(random.Random(3))
    results = [result(name, code=code) | {"digest": "same"} for name in ("ada", "bob")]
    (pair,) = similarity.alike(results, WRITTEN)
    assert pair["same_file"]
    assert pair["likeness"] == 1
    assert accused([result("ada", code=code)]) == []


@pytest.mark.parametrize(
    "damage",
    [
        "def norm(w:\n    '''",
        "\x00\udcff",
        "(" * 5000,
        "def norm(w):\n" + "    a.b\n" * 10_000,
        "x\n" * 100_000,
        "if 1:\n  a\n b\n",
    ],
)
def test_broken_or_endless_code_costs_its_author_alone(damage):
    results = independent()
    results.append(result("copy", code=disguised(results[7]["code"])))
    results.append(result("damaged", code=damage))
    assert {"student 07", "copy"} in accused(results)


def test_the_list_of_pairs_is_short_and_does_not_depend_on_the_order():
    usual = {"code": answers(random.Random(2)), "digest": "same"}
    results = [each | usual for each in independent(20)]
    listed = accused(results)
    assert len(listed) == similarity.MOST_PAIRS
    assert listed == accused(results[::-1])
