"""The page's Python, without a network: it starts, runs, fails, stops and starts again."""

from __future__ import annotations

import json

import numpy as np
import pytest

from nnreg import L1
from tools.live_runtime import SOURCES

from .checks import Reader
from .live import Live

pytestmark = pytest.mark.browser


def open_live(site, address, reader: Reader) -> Live:
    """Open a light page of the site, and a worker in it that has not started yet."""
    found = json.loads((site / "_static" / "live" / "live.json").read_text("utf8"))
    assert found["available"], found["why"]
    reader.open(f"{address}search.html")
    return Live(reader.page, f"{address}_static/live/{found['runtime']}")


@pytest.fixture(scope="module")
def reader(browser):
    return Reader(browser, "light")


@pytest.fixture(scope="module")
def live(site, address, reader) -> Live:
    live = open_live(site, address, reader)
    live.start()
    live.run("import numpy as np\nfrom nnreg import L1\na = 20")
    return live


def test_python_starts_with_the_site_alone(live, reader):
    assert not reader.problems
    shares = live.page.evaluate("live.shares")
    assert shares == sorted(shares)
    assert shares[0] < 0.5
    assert shares[-1] == pytest.approx(1)


def test_the_site_that_is_served_has_this_worker(site):
    assert (site / "_static" / "live" / "worker.js").read_bytes() == (
        SOURCES / "worker.js"
    ).read_bytes()


def test_cells_share_their_names(live):
    live.run("b = a + 1")
    answer = live.run("a + b")
    assert answer["value"] == {"text/plain": "41"}
    assert answer["error"] is None


def test_the_real_package_answers(live):
    answer = live.run("L1(0.1).value([1.0, -2.0])")
    assert answer["value"]["text/plain"] == repr(L1(0.1).value([1.0, -2.0]))


def test_outputs_come_in_order(live):
    answer = live.run("print('one')\ndisplay('two')\nprint('three')\n4")
    assert answer["stdout"] == "one\nthree\n"
    assert answer["outputs"] == [
        {"stdout": "one\n"},
        {"value": {"text/plain": "'two'"}},
        {"stdout": "three\n"},
        {"value": {"text/plain": "4"}},
    ]


@pytest.mark.parametrize("code", ["1;", "1;  # not shown", "a = 1", "None", "", "# nothing"])
def test_nothing_is_shown_for(live, code):
    answer = live.run(code)
    assert (answer["value"], answer["error"]) == (None, None)


def test_rich_values_come_in_their_forms(live):
    answer = live.run("import nnreg, nnreg.book\nnnreg.book.show_source(nnreg.L1)")
    assert answer["value"]["text/markdown"].startswith("```python\n# nnreg/penalties.py: L1")


def test_numbers_of_numpy_are_written_as_in_the_book(live):
    code = "display(np.float64(1.5), np.bool_(True), np.arange(3))"
    texts = [output["value"]["text/plain"] for output in live.run(code)["outputs"]]
    assert texts == ["np.float64(1.5)", "np.bool(True)", "array([0, 1, 2])"]


def test_long_labels_can_be_counted(live):
    assert live.run("np.bincount(np.array([0, 1, 1], np.int64)).tolist()")["value"] == {
        "text/plain": "[1, 2]"
    }


def test_a_narrow_number_stays_narrow_beside_a_number_of_python(live):
    code = "t = np.float32(0.1); [x.dtype.name for x in (t * 2.0, t**2, t + 1, np.sum([t]) / 3)]"
    assert eval(live.run(code)["value"]["text/plain"]) == ["float32"] * 4


def test_a_history_draws_a_figure_of_its_own(live):
    code = "from nnreg.nn import History; History([0, 1], [1.0, 0.5], [0.0, 0.0]).plot()"
    assert ">validation<" not in live.run(code)["value"]["image/svg+xml"]
    code = code.replace("[0.0, 0.0]", "[0.0, 0.0], [], [0.7, 0.6]")
    assert ">validation<" in live.run(code)["value"]["image/svg+xml"]


def test_a_sweep_runs_without_its_bar(live):
    code = "import nnreg; nnreg.sweep(lambda x, seed: 2 * x, {'x': [1, 2]}, seeds=1).best('value')"
    assert live.run(code)["value"] == {"text/plain": "{'x': 1}"}


def test_an_error_shows_the_readers_lines_and_no_others(live):
    answer = live.run("def invert(x):\n    return 1 / x\n\ninvert(0)", name="cell 7")
    assert answer["error"] == {
        "name": "ZeroDivisionError",
        "message": "division by zero",
        "traceback": '  File "cell 7", line 4, in <module>\n    invert(0)\n'
        '  File "cell 7", line 2, in invert\n    return 1 / x\n           ~~^~~\n'
        "ZeroDivisionError: division by zero",
    }


def test_an_error_in_the_package_names_its_file(live):
    error = live.run("L1(-1)")["error"]
    assert error["message"] == "lam must be finite and >= 0, got -1.0"
    assert 'File "nnreg/penalties.py"' in error["traceback"]
    assert "live_runner" not in error["traceback"]


def test_what_was_printed_before_an_error_stays(live):
    answer = live.run("print('before')\nboom")
    assert (answer["stdout"], answer["error"]["name"]) == ("before\n", "NameError")


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("x =", "SyntaxError"),
        ("'open", "SyntaxError"),
        ("%time 1", "SyntaxError"),
        ("  x = 1", "IndentationError"),
        ("raise SystemExit(1)", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("def f():\n    return f()\nf()", "RecursionError"),
        ("bytearray(2**31 - 9)", "MemoryError"),
        ("import torch", "ModuleNotFoundError"),
        ("input()", "EOFError"),
    ],
)
def test_an_error_is_an_answer_and_not_the_end(live, code, name):
    assert live.run(code)["error"]["name"] == name
    assert live.run("a")["error"] is None


def test_a_missing_package_says_so_where_it_is_used(live):
    assert live.run("from sklearn.linear_model import Ridge")["error"] is None
    message = "this needs scikit-learn, which the page has not: run the cell in the notebook"
    assert live.run("Ridge(alpha=1)")["error"]["message"] == message
    assert live.run("from importlib.util import find_spec\nfind_spec('torch')")["value"] is None


def test_the_two_real_sets_are_scikit_learns(live):
    from nnreg.data import diabetes, digits

    live.run("from nnreg.data import diabetes, digits\nX, y, names = diabetes()\nD, d = digits()")
    for name, array in zip("XyDd", (*diabetes()[:2], *digits()), strict=True):
        assert np.array_equal(arrays(live, name), array), name
    assert live.run("names")["value"]["text/plain"] == repr(diabetes()[2])


def arrays(live: Live, name: str) -> np.ndarray:
    """Fetch an array, as bytes."""
    live.page.evaluate(
        """([id, name]) => new Promise((done) => {
            live.waiting[id] = (answer) => { live.answer = answer; done(); };
            live.worker.postMessage({ id, code: "", name: "fetch", arrays: [name] });
        })""",
        [f"array {name}", name],
    )
    found = live.page.evaluate(
        """(name) => {
            const { dtype, shape, buffer } = live.answer.arrays[name];
            return { dtype, shape, bytes: Array.from(new Uint8Array(buffer)) };
        }""",
        name,
    )
    return np.frombuffer(bytes(found["bytes"]), found["dtype"]).reshape(found["shape"])


def test_students_tests_are_scipys(live):
    from scipy import stats

    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 20))
    live.run("from scipy import stats\nrng = np.random.default_rng(0)")
    live.run("a, b = rng.normal(size=(2, 20))")
    live.run(
        "tests = stats.ttest_rel(a, b), stats.ttest_ind(a, b), "
        "stats.ttest_ind(a, b, equal_var=False), stats.ttest_1samp(a, 0)\n"
        "found = np.array([[t.pvalue, *t.confidence_interval()] for t in tests])\n"
        "quantiles = stats.t.ppf(0.975, [1, 3, 19, 1000])"
    )
    tests = stats.ttest_rel(a, b), stats.ttest_ind(a, b)
    tests = *tests, stats.ttest_ind(a, b, equal_var=False), stats.ttest_1samp(a, 0)
    expected = [[t.pvalue, *t.confidence_interval()] for t in tests]
    assert np.allclose(arrays(live, "found"), expected, rtol=1e-9)
    expected = stats.t.ppf(0.975, [1, 3, 19, 1000])
    assert np.allclose(arrays(live, "quantiles"), expected, rtol=1e-9)


def test_what_is_printed_arrives_while_the_cell_runs(live):
    live.page.evaluate("live.said.length = 0")
    code = "import time\nfor k in range(4):\n    print(k)\n    time.sleep(0.15)"
    assert live.run(code)["stdout"] == "0\n1\n2\n3\n"
    said = live.page.evaluate("live.said.map(message => message.stdout)")
    assert said
    assert all("0\n1\n2\n3\n".startswith(text) for text in said)


def test_a_cell_that_never_stops_printing_is_stopped(live):
    answer = live.run("while True:\n    print('again')")
    assert "a cell prints 200,000 characters at most" in answer["error"]["message"]
    assert 200_000 < len(answer["stdout"]) < 201_000
    assert live.run("a")["error"] is None


def test_frames_of_other_packages_are_left_out(live):
    error = live.run("np.percentile([1, 2], 200)", name="cell 3")["error"]
    assert error["traceback"] == (
        '  File "cell 3", line 1, in <module>\n    np.percentile([1, 2], 200)\n'
        "ValueError: Percentiles must be in the range [0, 100]"
    )


def test_an_endless_loop_ends_with_its_worker_and_nothing_is_fetched_twice(live):
    live.page.evaluate(
        "live.worker.postMessage({ id: 'endless', code: 'while True: pass', name: 'endless' })"
    )
    live.stop()
    fetched: list[str] = []
    live.page.context.on("request", lambda request: fetched.append(request.url))
    live.start()
    assert live.run("1 + 1")["value"] == {"text/plain": "2"}
    assert live.run("a")["error"]["name"] == "NameError"
    assert fetched
    assert not [url for url in fetched if url.endswith(".bin")]


def test_files_of_an_older_site_leave_the_cache(live):
    live.stop()
    old = live.runtime.rpartition("/")[0] + "/runtime/python-0.bin"
    live.page.evaluate(
        "async (old) => (await caches.open('nnreg-live')).put(old, new Response('old'))", old
    )
    live.start()
    kept = live.page.evaluate(
        "async () => (await (await caches.open('nnreg-live')).keys()).map(({ url }) => url)"
    )
    assert len(kept) == 4
    assert old not in kept


def test_a_runtime_that_is_not_there_is_said(site, address, browser, serve, tmp_path):
    (tmp_path / "worker.js").write_bytes((site / "_static" / "live" / "worker.js").read_bytes())
    (tmp_path / "page.html").write_text("<!doctype html><html lang=en><title>A page</title></html>")
    empty = serve(tmp_path)
    page = browser.new_page()
    page.goto(f"{empty}page.html")
    with pytest.raises(Exception, match="no list of files: 404"):
        Live(page, f"{empty}worker.js").start()
    page.close()


@pytest.mark.elsewhere
def test_firefox_runs_the_package_too(site, address, firefox):
    reader = Reader(firefox, "light")
    live = open_live(site, address, reader)
    live.start()
    assert live.run("from nnreg import L1\nL1(0.1).value([1.0])")["value"] == {"text/plain": "0.1"}
    live.stop()
    live.start()
    assert live.run("L1")["error"]["name"] == "NameError"
    assert not reader.problems
