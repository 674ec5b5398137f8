"""Cells that run in the page: their buttons, their editor, their outputs, and who is told what."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from .checks import (
    PHONE,
    WIDE,
    Reader,
    accessibility_violations,
    printed_navigation,
    settle,
    thin_out,
    too_wide,
    turn_dark,
)

pytestmark = pytest.mark.browser

CHAPTER = "13_layernorm_forward"
FORWARD, SCREEN, IMPORTS, LAYERS, FIGURE, FOLDED, CLAIMS = 0, 1, 2, 3, 4, 6, 8
BY_HAND, EPSILON, TOKENS, EXERCISE = 7, 10, 13, 56
START = 120_000  # ms, on a machine that does much else
SAME, DIFFERS = "the same as the book's", "Differs from the book's"


SLIDER = """from nnreg.book import explore
drawn = []
def draw(fig, k):
    drawn.append(k)
    fig.subplots().plot([0, 1], [0, k])
explore(draw, range(30), name="fig-own", symbol="k", start=4,
        caption=lambda k: f"Up to {k}.", alt=lambda k: f"A line up to {k}.")"""


class LiveCell:
    """One cell as its reader meets it."""

    def __init__(self, page: Page, index: int):
        self.page = page
        self.root = page.locator(".bd-article .cell").nth(index)
        self.name = f"cell {index + 1}"
        self.state = self.root.locator(".live-state")
        self.output = self.root.locator(".live-output")
        self.mark = self.root.locator(".live-mark")
        self.stored = self.root.locator("> .cell_output:not(.live-output)")
        self.field = self.root.get_by_role("textbox", name=f"Code of {self.name}")

    def button(self, words: str) -> Locator:
        return self.root.get_by_role("button", name=re.compile(f"^{words}"))

    def start(self) -> None:
        self.button("Run").first.click()

    def wait(self) -> LiveCell:
        expect(self.root).to_have_attribute("aria-busy", "false", timeout=START)
        return self

    def run(self) -> LiveCell:
        self.start()
        return self.wait()

    def write(self, code: str) -> LiveCell:
        if not self.field.count():
            self.button("Edit|Try it").click()
        self.field.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(code)
        return self


@pytest.fixture(scope="module", autouse=True)
def patience():
    """Python shares the machine with the browser and with other tests."""
    expect.set_options(timeout=30_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="module")
def reader(browser, address):
    return Reader(browser, "light").open(f"{address}notebooks/{CHAPTER}.html")


@pytest.fixture
def page(reader):
    """Return the page of the chapter, with its one Python; all cells are put back afterwards."""
    page = reader.page
    expect(page.locator(".live-bar").first).to_be_attached()
    yield page
    assert not reader.problems
    page.set_viewport_size(WIDE)
    page.emulate_media(media="screen")
    page.locator(".live-bar button", has_text="Reset").evaluate_all(
        "(buttons) => buttons.forEach((button) => button.hidden || button.click())"
    )


@pytest.fixture
def cell(page):
    return lambda index: LiveCell(page, index)


def listen(element: Locator) -> None:
    """Collect from now on what an element says; `told` returns it."""
    element.evaluate(
        """(element) => {
            const told = window.told = [];
            new MutationObserver(() => told.push(element.textContent))
                .observe(element, { childList: true, characterData: true, subtree: true });
        }"""
    )


def told(page: Page) -> str:
    return " | ".join(page.evaluate("window.told"))


# ---- What is loaded, and when ----


def test_before_a_press_nothing_is_loaded_and_then_only_what_is_needed(address, browser):
    reader = Reader(browser, "light")
    asked = []
    reader.page.on(
        "request", lambda request: asked.append(request.url.partition("_static/live")[2])
    )
    page = reader.open(f"{address}notebooks/{CHAPTER}.html").page
    expect(page.locator(".live-bar")).to_have_count(page.locator(".bd-article .cell").count())
    heavy = re.compile("editor|worker|runtime|cells/")
    assert not list(filter(heavy.search, asked))

    LiveCell(page, FORWARD).button("Edit").click()
    expect(page.locator(".cm-editor")).to_be_visible()
    (editor,) = filter(heavy.search, asked)
    assert editor.endswith("/editor.js")
    page.context.close()
    assert not reader.problems


def test_nothing_that_an_older_site_left_in_the_browser_s_cache_is_used(address, browser):
    reader = Reader(browser, "light")
    asked = []
    reader.page.on("request", lambda request: asked.append(request))
    page = reader.open(f"{address}notebooks/{CHAPTER}.html").page
    LiveCell(page, EPSILON).write("print(1)").run()
    own = [request for request in asked if "/live" in request.url]
    assert {"page.js", "editor.js", "files.json"} <= {r.url.rpartition("/")[2] for r in own}
    for request in own:  # a hash of what is in it, or asked anew each time
        named = re.search(r"[-?=][0-9a-f]{8,}", request.url)
        assert named or request.header_value("cache-control") == "max-age=0", request.url
    page.context.close()


def test_the_size_is_told_before_the_first_run(page, site):
    live = json.loads((site / "_static" / "live" / "live.json").read_text("utf8"))
    megabytes = -(-live["bytes"] // 1_000_000)
    expect(page.locator(".live-introduction")).to_contain_text(f"{megabytes} MB, once")


def test_the_page_has_the_code_that_the_list_of_cells_has(page, site):
    path = site / "_static" / "live" / "cells" / f"{CHAPTER}.json"
    listed = [cell["code"].rstrip("\n") for cell in json.loads(path.read_text("utf8"))]
    shown = page.locator(".bd-article .cell").evaluate_all(
        "(cells) => cells.map((cell) => cell.querySelector('.cell_input pre').textContent)"
    )
    assert [code.rstrip("\n") for code in shown] == listed


def test_the_first_cell_in_sight_shows_its_buttons_and_others_when_pointed_at(page, cell):
    page.mouse.move(1, 1)
    expect(cell(FORWARD).root.locator(".live-bar")).to_have_css("opacity", "1")
    expect(cell(EPSILON).root.locator(".live-bar")).to_have_css("opacity", "0")
    cell(EPSILON).root.hover()
    expect(cell(EPSILON).root.locator(".live-bar")).to_have_css("opacity", "1")


# ---- Runs ----


def test_a_first_run_tells_how_far_it_is_and_the_book_s_output_stays(page, cell):
    screen = cell(SCREEN)
    listen(screen.state)
    screen.run()
    assert re.search(r"Loading Python: \d+ % of \d+ MB, once.", told(page))
    assert "Running the cell above" in told(page)
    expect(screen.mark).to_contain_text(SAME)
    expect(screen.stored).to_be_visible()
    expect(screen.output).to_be_hidden()
    expect(cell(FORWARD).mark).to_have_text("Ran here: it prints nothing.")  # the one it needs


def test_a_second_run_loads_nothing_and_runs_nothing_again(page, cell):
    screen = cell(SCREEN).run()
    listen(screen.state)
    screen.run()
    expect(screen.mark).to_contain_text(SAME)
    assert not re.search("Loading|above", told(page))


def test_what_a_run_needs_runs_first_and_it_says_how_far_that_is(page, cell):
    code = cell(FORWARD).root.locator("pre").first.inner_text()
    cell(FORWARD).write(code + "# edited, so what needs it runs again")
    figure = cell(FIGURE)
    listen(figure.state)
    figure.run()
    assert re.search(r"Running 2 of [34] cells above", told(page))
    expect(figure.output.get_by_role("img", name="size of the outputs")).to_be_visible()
    expect(figure.mark).to_contain_text("Drawn in this page.")
    for index in (FORWARD, SCREEN, IMPORTS, LAYERS):
        expect(cell(index).mark).to_contain_text("Ran here")


def test_the_book_s_picture_is_a_press_away(cell):
    figure = cell(FIGURE).run()
    picture, caption = figure.stored.get_by_role("img"), figure.stored.locator("figcaption")
    expect(picture).to_be_hidden()
    expect(caption).to_be_visible()
    assert figure.output.bounding_box()["y"] < caption.bounding_box()["y"]
    figure.button("Show the book's").click()
    expect(picture).to_be_visible()
    expect(caption).to_be_visible()
    expect(figure.output).to_be_hidden()
    figure.button("Show this page's").click()
    expect(picture).to_be_hidden()
    expect(figure.output).to_be_visible()


def test_cells_share_their_names_as_in_a_notebook(cell):
    cell(FORWARD).write("shared = [1]").run()
    cell(BY_HAND).write("shared.append(2)").run()
    other = cell(EPSILON).write("print(shared)").run()
    expect(other.output).to_have_text("[1, 2]")
    expect(other.mark).to_contain_text(DIFFERS)


def test_text_values_and_tables_come_out_in_order(cell):
    code = """print("one")
class Table:
    def _repr_html_(self):
        return "<table><tr><td>two</td></tr></table>"
display(Table())
print("three")
4"""
    output = cell(EPSILON).write(code).run().output
    expect(output.locator("> .output")).to_have_text(["one", "two", "three", "4"])
    expect(output.get_by_role("cell")).to_have_text("two")


def test_a_number_that_is_off_by_rounding_is_the_same_and_another_is_not(cell):
    tokens = cell(EPSILON)
    stored = tokens.stored.inner_text().strip()
    assert "0.909" in stored
    near = tokens.write(f"print({stored.replace('0.909', '0.9090000001')!r})").run()
    expect(near.mark).to_contain_text(SAME)
    far = tokens.write(f"print({stored.replace('0.909', '0.9091')!r})").run()
    expect(far.mark).to_contain_text(DIFFERS)


def test_a_claim_that_no_longer_holds_says_so_and_one_that_holds_too(cell):
    claims = cell(CLAIMS).run()
    expect(claims.mark).to_have_text("Ran here: every claim holds.")
    claims.write("from nnreg.book import claim\nclaim('rows', 2, 3)").run()
    expect(claims.output.locator(".live-claim")).to_have_text(
        "With your change: rows is 2 (the text says 3)."
    )


def test_a_claim_of_the_book_s_own_code_blames_no_change_of_the_reader(cell):
    cell(CLAIMS).run()
    cell(EPSILON).write("mean += 1").run()  # as if other sums had come out
    claims = cell(CLAIMS).run()
    cell(EPSILON).write("mean -= 1").run()
    expect(claims.output.locator(".live-claim").first).to_contain_text("As computed here: means")
    expect(claims.output).not_to_contain_text("With your change")


def test_an_error_comes_with_its_message_first_and_the_reader_s_own_line(cell):
    wrong = cell(EPSILON).write("def half(x):\n    return x / 0\n\n\nhalf(1)").run()
    lines = wrong.output.inner_text().split("\n")
    assert lines[0] == "ZeroDivisionError: division by zero"
    assert 'File "cell 11", line 2, in half' in wrong.output.inner_text()
    assert "runner" not in wrong.output.inner_text()
    expect(wrong.stored).to_be_hidden()


def test_an_error_above_is_told_where_the_run_was_asked_for(page, cell):
    cell(FORWARD).write("1 / 0")
    screen = cell(SCREEN).run()
    expect(screen.state).to_contain_text("It needs cell 1, which stopped with an error.")
    screen.button("Go there").click()
    expect(cell(FORWARD).button("Run")).to_be_focused()
    expect(screen.stored).to_be_visible()


def test_a_name_from_above_that_the_book_s_cell_did_not_need_is_offered(cell):
    cell(EPSILON).write("exec('only_here = 5')")
    asks = cell(TOKENS).write("print(only_here)").run()
    expect(asks.output).to_contain_text("NameError: name 'only_here' is not defined")
    asks.button("Run all above first").click()
    expect(asks.wait().output).to_have_text("5")


def test_a_name_that_only_an_edit_uses_is_made_first(cell):
    epsilon = cell(EPSILON)
    assert cell(TOKENS).write("print(len(widths))").run().output.inner_text().strip().isdigit()
    expect(epsilon.mark).to_contain_text("Ran here")


def test_a_name_that_only_an_edit_above_makes_is_made_first(cell):
    cell(EPSILON).write("only_here = 5")
    cell(BY_HAND).write("def of_it():\n    return only_here")
    assert cell(TOKENS).write("print(of_it())").run().output.inner_text().strip() == "5"


def test_an_edit_that_leaves_a_name_to_a_cell_above_it_takes_it_from_there(cell):
    cell(EPSILON).write("dict(\n    gamma=1)")  # makes none, though it looks so
    expect(cell(TOKENS).write("print(gamma.shape)").run().output).to_have_text("(5,)")


def test_what_makes_the_names_of_an_edit_gets_what_its_functions_read(browser, address):
    reader = Reader(browser, "light")

    def change(route):
        cells = route.fetch().json()
        for k in (EPSILON, SCREEN):
            cells[k]["needs"] = []
        cells[FORWARD]["binds"] = ["np"]
        cells[SCREEN] |= {"binds": ["gamma"], "calls": ["np"]}
        route.fulfill(json=cells)

    reader.page.route("**/_static/live/cells/*.json", change)
    page = reader.open(f"{address}notebooks/{CHAPTER}.html").page
    epsilon, kept = LiveCell(page, EPSILON), LiveCell(page, SCREEN)
    epsilon.write("print(gamma.shape)  # as in cell 2").run()
    expect(epsilon.output).to_have_text("(5,)")
    expect(kept.mark).to_contain_text("Ran here")
    expect(LiveCell(page, IMPORTS).mark).to_be_hidden()
    page.context.close()
    assert not reader.problems


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("w = w - eta * g.sum(axis=0)  # no hidden", "w eta g"),
        ("w = 1\nw += a", "a"),
        ("print(f'{loss:.3f} of it', \"not me\")", "print loss"),
        ("import numpy as np\ny = [k for k, v in items]\nnp.sum(y)", "items"),
        ("def f(x, lam=1):\n    x * scale", "scale"),
    ],
)
def test_the_names_that_a_text_reads(page, code, names):
    read = names_of(page, "namesRead", code)
    assert [name for name in read if name not in {"for", "in"}] == names.split()


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("w = w - eta * g.sum(axis=0)  # no hidden = 1", "w"),
        ("w += a\nv[0] = 2\nnet.params['x'] = 1\nn: int = 3", "w v net n"),
        ("a, *b = c\nif a == b != c:\n    d = (e := 1)", "a b d e"),
        ("from p import (A,\n    B as C)\nimport q as r, s", "A B as C q r s"),
        ("for i, (j, k) in z:\n    print(i, end='')", "i j k"),
        ("with open(x) as f:\n    f.read()", "f"),
        ("def f(a):\n    return a\nclass G:\n    pass", "f G"),
    ],
)
def test_the_names_that_a_text_makes(page, code, names):
    assert set(names_of(page, "namesMade", code)) == set(names.split())


def names_of(page: Page, function: str, code: str) -> list[str]:
    """Call one of the functions of names.js."""
    return page.evaluate(
        """async ([which, code]) => {
            const folder = new URL("live/", document.querySelector("script[src*='live.js']").src);
            const live = await (await fetch(new URL("live.json", folder))).json();
            const names = await import(new URL(`${live.scripts}/names.js`, folder));
            return [...names[which](code)];
        }""",
        [function, code],
    )


# ---- After a change above ----


def test_an_edit_that_has_not_run_says_so_until_it_is_undone(cell):
    screen = cell(SCREEN).run()
    code = screen.root.locator("pre").first.inner_text().removesuffix("\n")
    screen.write(code + "\nprint('more')")
    expect(screen.mark).to_be_hidden()
    expect(screen.root.locator(".live-note")).to_have_text("Your change has not run yet.")
    expect(screen.stored).to_have_css("opacity", "0.7")
    screen.write(code)
    expect(screen.mark).to_contain_text(SAME)
    expect(screen.stored).to_have_css("opacity", "1")


def test_an_edit_is_there_when_the_reader_comes_back_and_gone_after_a_reset(browser, address):
    reader = Reader(browser, "light")
    where = f"{address}notebooks/{CHAPTER}.html"
    page = reader.open(where).page
    epsilon = LiveCell(page, EPSILON).write("print('mine')")
    reader.open(f"{address}intro.html")
    reader.open(where)
    expect(epsilon.field).to_have_text("print('mine')")
    expect(epsilon.field).not_to_be_focused()
    expect(epsilon.root.locator(".live-note")).to_be_visible()
    expect(LiveCell(page, SCREEN).button("Reset")).to_have_count(0)
    epsilon.button("Reset").click()
    reader.open(where)
    expect(epsilon.button("Edit")).to_be_attached()
    expect(epsilon.field).to_have_count(0)
    page.context.close()
    assert not reader.problems


def test_an_edit_above_makes_outputs_stale_until_it_is_undone(cell):
    screen = cell(SCREEN).run()
    expect(screen.state).to_be_hidden()
    cell(FORWARD).write("pass")
    expect(screen.state).to_contain_text("Stale: code above has changed.")
    cell(FORWARD).button("Reset").click()
    expect(screen.state).to_be_hidden()


def test_run_to_here_again_takes_the_edited_code(cell):
    by_hand = cell(BY_HAND).run()
    expect(by_hand.mark).to_contain_text(SAME)
    code = cell(SCREEN).root.locator("pre").first.inner_text()
    cell(SCREEN).write(code.replace("[10, 2, 14, 8, 6]", "[10, 2, 14, 8, 16]"))
    by_hand.button("Run to here again").click()
    expect(by_hand.wait().mark).to_contain_text(DIFFERS)
    expect(by_hand.output).to_contain_text("mean [ 4. 10.]")
    expect(by_hand.state).to_be_hidden()


def test_reset_puts_code_and_output_back(cell):
    screen = cell(SCREEN)
    before = screen.root.locator("pre").all_inner_texts()
    screen.write("print(1)").run()
    expect(screen.output).to_have_text("1")
    screen.button("Reset").click()
    expect(screen.field).to_have_count(0)
    expect(screen.output).to_be_hidden()
    assert screen.root.locator("pre").all_inner_texts() == before
    expect(screen.button("Run")).to_be_focused()


# ---- An end to it ----


def test_an_endless_loop_is_stopped_and_python_is_back(cell):
    cell(LAYERS).write("kept = 1").run()
    slider = cell(TOKENS).write(SLIDER).run().output
    loop, queued = cell(EPSILON).write("while True:\n    pass"), cell(BY_HAND)
    loop.start()
    queued.start()
    expect(queued.state).to_have_text("Waiting for another cell.")
    expect(loop.state).to_have_text(re.compile(r"Running, \d+ s\."))
    loop.button("Stop").click()
    for each in (loop, queued):
        expect(each.wait().state).to_contain_text("Stopped. What ran before is gone")
    after = loop.write("print('kept' in globals())").run()
    expect(after.output).to_have_text("False")
    slider.get_by_role("slider").press("ArrowRight")
    expect(slider.locator(".nnreg-explore-caption")).to_contain_text("Run the cell again")


def test_restart_forgets_what_ran_and_keeps_what_was_written(page, cell):
    wrote = cell(EPSILON).write("print('mine')").run()
    page.get_by_role("button", name="Restart").click()
    expect(wrote.output).to_be_hidden()
    expect(wrote.stored).to_be_visible()
    expect(wrote.field).to_have_text("print('mine')")


def test_on_a_phone_each_cell_that_has_run_restarts_python(page, cell):
    epsilon = cell(EPSILON).run()
    restart = epsilon.button("Restart")
    expect(restart).to_be_hidden()  # a line at the edge of the window has it
    page.set_viewport_size(PHONE)
    expect(cell(TOKENS).button("Restart")).to_be_hidden()
    restart.click()
    expect(epsilon.mark).to_be_hidden()
    expect(epsilon.button("Run")).to_be_focused()


def test_two_tabs_know_nothing_of_each_other(reader, page, cell):
    cell(EPSILON).write("here = 1").run()
    second = page.context.new_page()
    second.goto(page.url)
    other = LiveCell(second, EPSILON).write("print('here' in globals())").run()
    expect(other.output).to_have_text("False")
    second.close()
    expect(cell(TOKENS).write("print(here)").run().output).to_have_text("1")


# ---- Exercises ----


def test_an_exercise_invites_and_says_what_is_wrong_and_what_is_right(page, cell):
    exercise = cell(EXERCISE)
    exercise.button("Try it").click()
    expect(exercise.field).to_be_focused()
    assert page.evaluate("getSelection().toString()") == "..."
    code = exercise.root.locator("pre").first.inner_text()
    exercise.write(code.replace("..., ..., ...", "[-1, 2], ..., ...")).run()
    expect(exercise.output).to_contain_text("1 of 2 entries is off, most at index (1,)")
    expect(exercise.output).to_contain_text("There is no answer yet")
    wrong = exercise.output.locator(".live-sentence")
    expect(wrong).to_have_text(["1 of 2 entries is off, most at index (1,) by 33.3 %."])
    assert "✗" in wrong.evaluate("(line) => getComputedStyle(line, '::before').content")
    exercise.write(code.replace("..., ..., ...", "[-1, 3], [0.4, 2.8], [-1, 3]")).run()
    expect(exercise.output.locator(".live-right")).to_have_text(["Right."] * 3)
    expect(exercise.mark).to_be_hidden()
    expect(page.get_by_role("status").last).to_contain_text("Right.")


# ---- Sliders ----


def test_a_slider_moves_and_of_quick_moves_the_last_wins(page, cell):
    root = cell(EPSILON).write(SLIDER).run().output
    slider, caption = root.get_by_role("slider"), root.locator(".nnreg-explore-caption")
    expect(caption).to_have_text("Up to 4.")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(caption).to_have_text("Up to 5.")
    slider.evaluate(
        """(slider) => {
            for (let k = 6; k < 28; k++) {
                slider.value = k;
                slider.dispatchEvent(new Event("input"));
            }
        }"""
    )
    expect(caption).to_have_text("Up to 27.")
    expect(slider).to_have_attribute("aria-valuetext", "k = 27")
    expect(root.get_by_role("img", name="A line up to 27.")).to_be_visible()
    drawn = cell(TOKENS).write("print(drawn)").run().output
    expect(drawn).to_have_text("[4, 5, 6, 27]")


# ---- By key, by ear, on a phone, on paper ----


def test_the_keyboard_alone_is_enough_and_tab_is_no_trap(page, cell):
    epsilon, keyboard = cell(EPSILON), page.keyboard
    epsilon.button("Run").focus()
    keyboard.press("Tab")
    expect(epsilon.button("Edit")).to_be_focused()
    keyboard.press("Enter")
    expect(epsilon.field).to_be_focused()
    keyboard.press("Shift+Tab")
    expect(epsilon.field).not_to_be_focused()
    keyboard.press("Tab")
    expect(epsilon.field).to_be_focused()
    keyboard.press("Tab")
    expect(epsilon.field).not_to_be_focused()
    epsilon.field.focus()
    keyboard.press("Control+a")
    keyboard.type("if True:\nprint('by key')")
    keyboard.press("Home")
    keyboard.press("Tab")  # after a key it indents
    expect(epsilon.field).to_be_focused()
    keyboard.press("Control+Enter")
    expect(epsilon.wait().output).to_have_text("by key")
    expect(epsilon.field).to_be_focused()
    keyboard.press("Escape")
    expect(epsilon.button("Run")).to_be_focused()
    keyboard.press("Space")
    expect(epsilon.wait().output).to_have_text("by key")
    expect(epsilon.button("Run")).to_be_focused()


def test_a_live_region_says_that_it_runs_is_done_and_what_went_wrong(page, cell):
    listen(page.locator(".bd-article > [role=status]"))
    cell(EPSILON).write("print('spoken')").run()
    cell(EPSILON).write("1 / 0").run()
    assert "cell 11 runs | cell 11: done. spoken" in told(page)
    assert "cell 11: error: division by zero" in told(page)


def test_each_button_is_named_by_its_cell(page):
    names = page.locator(".live-bar button:not([hidden])").evaluate_all(
        "(buttons) => buttons.map((button) => button.ariaLabel)"
    )
    assert len(names) == len(set(names))
    assert {"Run cell 1", "Edit cell 1", "Run cell 57", "Try it cell 57"} <= set(names)


def show_everything(cell) -> None:
    """Leave an error, a mark, an editor, a right answer and stale output on the page."""
    cell(SCREEN).run()
    cell(CLAIMS).root.locator("details").evaluate("(fold) => { fold.open = true; }")
    cell(CLAIMS).run()
    cell(EPSILON).write("1 / 0").run()
    cell(TOKENS).write("print('With your change')").run()
    cell(EXERCISE).write("from nnreg.book import check_answer\ncheck_answer(1, expected=1)").run()
    cell(FORWARD).write("pass")


def test_on_a_phone_nothing_is_too_wide_and_every_button_is_a_thumb_high(page, cell):
    page.set_viewport_size(PHONE)
    show_everything(cell)
    settle(page)
    expect(page.locator(".live-foot")).to_have_css("position", "static")  # it covers nothing
    assert too_wide(page) == []
    small = page.locator(".live-button").evaluate_all(
        """(buttons) => buttons.filter((button) => button.checkVisibility()
            && button.getBoundingClientRect().height < 44).map((button) => button.ariaLabel)"""
    )
    assert small == []
    covered = page.locator(".live-cell > details > summary").evaluate_all(
        """(folds) => folds.filter((fold) => {
            const bar = fold.closest(".cell").querySelector(".live-bar").getBoundingClientRect();
            const { right, bottom } = fold.getBoundingClientRect();
            return fold.checkVisibility() && bar.left < right && bar.top < bottom;
        }).map((fold) => fold.textContent)"""
    )
    assert covered == []


def test_paper_shows_the_book_s_own_code_and_output(page, cell):
    screen = cell(SCREEN).write("print('mine')").run()
    figure = cell(FIGURE).run()
    page.emulate_media(media="print")
    assert printed_navigation(page) == []
    page.emulate_media(media="print")
    for each in (screen, figure):
        expect(each.stored).to_be_visible()
        expect(each.output).to_be_hidden()
    expect(screen.root.locator(".cell_input pre").first).to_be_visible()
    expect(screen.root.locator(".cm-editor")).to_be_hidden()
    silent = cell(FOLDED).root  # and without an output
    expect(silent).to_be_hidden()


def test_it_is_accessible_in_both_themes(page, cell, axe, reader):
    show_everything(cell)
    settle(page)
    thin_out(page)
    assert accessibility_violations(page, axe) == []
    # What fades where nobody looks may never say that it has ended.
    page.add_style_tag(content="* { transition: none !important }")
    turn_dark(page)
    assert accessibility_violations(page, axe, colours_alone=True) == []
    reader.open(page.url)  # its code was thinned out


# ---- Where it does not run ----


def test_a_cell_that_needs_a_notebook_says_so_and_another_that_takes_long_asks(browser, address):
    reader = Reader(browser, "light")
    lists = "**/_static/live/cells/*.json"

    def change(route):
        cells = route.fetch().json()
        cells[FORWARD]["live"] = "This cell needs a notebook."
        cells[EPSILON]["seconds"] = 130
        route.fulfill(json=cells)

    reader.page.route(lists, change)
    page = reader.open(f"{address}notebooks/{CHAPTER}.html").page
    expect(LiveCell(page, FORWARD).run().state).to_have_text("This cell needs a notebook.")
    long = LiveCell(page, EPSILON).run()
    expect(long.state).to_contain_text("This takes about 2 minutes here.")
    long.button("Not now").click()
    expect(long.state).to_be_hidden()
    long.run().button("Run it").click()
    expect(long.button("Run it")).to_have_count(0)
    long.wait()
    page.context.close()


def test_a_python_that_cannot_be_loaded_is_one_plain_sentence(browser, address):
    reader = Reader(browser, "light")
    reader.page.route("**/_static/live/runtime/*", lambda route: route.abort())
    page = reader.open(f"{address}notebooks/{CHAPTER}.html").page
    cell = LiveCell(page, SCREEN).run()
    expect(cell.state).to_contain_text("Python could not be loaded here.")
    expect(cell.stored).to_be_visible()
    page.context.close()


@pytest.mark.parametrize("place", ["a site without Python", "a file"])
def test_without_a_python_the_page_is_as_it_was(place, browser, address, site):
    reader = Reader(browser, "light")
    reader.page.route(
        "**/_static/live/live.json",
        lambda route: route.fulfill(json={"available": False, "why": "not there"}),
    )
    path = f"notebooks/{CHAPTER}.html"
    page = reader.open((site / path).as_uri() if place == "a file" else address + path).page
    page.wait_for_load_state("networkidle")
    expect(page.locator("[class*=live-]")).to_have_count(0)
    assert not reader.problems
    page.context.close()


# ---- Firefox ----


@pytest.mark.elsewhere
def test_firefox_runs_edits_stops_and_moves_a_slider(firefox: Browser, address):
    reader = Reader(firefox, "light").open(f"{address}notebooks/{CHAPTER}.html")
    page = reader.page
    screen, epsilon = LiveCell(page, SCREEN), LiveCell(page, EPSILON)
    expect(screen.run().mark).to_contain_text(SAME)
    epsilon.write("while True: pass").start()
    epsilon.button("Stop").click()
    expect(epsilon.wait().state).to_contain_text("Stopped.")
    root = epsilon.write(SLIDER).run().output
    expect(root.locator(".nnreg-explore-caption")).to_have_text("Up to 4.", timeout=START)
    root.get_by_role("slider").press("End")
    expect(root.locator(".nnreg-explore-caption")).to_have_text("Up to 29.")
    assert not reader.problems
