"""The trainer as a reader meets it: by mouse and by key, on a phone, on paper, in a link."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tools.tree import ROOT
from tools.workbook_myst import all_pieces

from .checks import (
    PHONE,
    WIDE,
    Reader,
    accessibility_violations,
    printed_wrongly,
    settle,
    too_wide,
)

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from strict_scripts import META
from trainer import WITHOUT_SCRIPTS, bundle, html

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en" data-theme="THEME"><head>{meta}<meta charset="utf-8">
<title>A page</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="custom.css">
<link rel="stylesheet" href="trainer.css"><script defer src="trainer.js"></script>
<style>article {{ max-width: 46rem; }}
body {{ color: var(--pst-color-text-base); background: var(--pst-color-background); }}
html[data-theme=dark] {{ --pst-color-text-base: #eef1f4; }}</style></head>
<body class="bd-content"><main><article class="bd-article"><h1>A page</h1>{body}</article></main>
</body></html>"""
LIES = {"wrong": "0.2", "width": "16", "points": "50"}
SEEN = (
    """(root) => [...root.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL()).join()"""
)


def placed() -> dict[str, tuple[dict[str, str], str]]:
    """The trainers of all pages: start and settings at hand, by name."""
    texts = [path.read_text(encoding="utf8") for path in (ROOT / "book").glob("*.md")]
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf8"))["cells"]
        texts += ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    found = {}
    for piece in (piece for text in texts if "{trainer}" in text for piece in all_pieces(text)):
        if piece.name == "trainer":
            start = dict(piece.options)
            show = start.pop("show", "strength penalty")
            if other := start.pop("compare", ""):
                start["right." + other.split()[0]] = other.split()[1]
            assert piece.argument not in found, "two trainers of one name"
            found[piece.argument] = start, show
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trainer")
    (folder / "trainer.js").write_text(bundle("main"), encoding="utf8")
    for name in ("custom.css", "trainer/trainer.css"):
        shutil.copy(ROOT / "book" / "_static" / name, folder)
    below = '<p style="height: 200vh">Text.</p>'
    pages = {
        "one": html("one", LIES, "strength penalty") + below,
        "zeros": html(
            "zeros", LIES | {"penalty": "l1", "exact": "true", "rate": "0.1"}, "strength"
        ),
        "two": html("one", LIES, "strength") + below + html("other", LIES, "dropout") + below,
    }
    for name, (start, show) in placed().items():
        pages[name] = html(name, start, show)
    for name, body in pages.items():
        for theme in ("light", "dark"):
            text = PAGE.format(meta=META, body=body).replace("THEME", theme)
            (folder / f"{name}-{theme}.html").write_text(text, encoding="utf8")
    return folder


@pytest.fixture(scope="module")
def origin(folder, serve) -> str:
    return serve(folder)


@pytest.fixture
def open_page(origin, visit):
    """Return a function that opens a page, and gives it once its first picture is drawn."""

    def start(name: str, query: str = "", theme: str = "light") -> Page:
        opened = visit(f"{origin}{name}-{theme}.html{query}", theme=theme)
        expect(words_of(opened.page).first).to_contain_text("Epoch ")
        start.problems = opened.problems
        return opened.page

    yield start
    assert not start.problems


def words_of(page: Page | Locator) -> Locator:
    return page.locator(".nnreg-trainer-words").filter(visible=True)


def epoch_of(page: Page | Locator) -> int:
    return int(re.match(r"Epoch ([\d,]+):", words_of(page).first.inner_text())[1].replace(",", ""))


def press(page: Page | Locator, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def stands_at(page: Page | Locator, epoch: int) -> None:
    """Wait until the training rests there."""
    expect(words_of(page).first).to_contain_text(f"Epoch {epoch:,}:", timeout=20_000)


def trains(page: Page | Locator) -> None:
    """Wait until some epochs have passed."""
    expect(words_of(page).first).to_contain_text(
        re.compile(r"Epoch [\d,]*[1-9]\d:"), timeout=20_000
    )


def numbers(words: str) -> dict[str, int]:
    """What a sentence says."""
    found = re.search(
        r"Epoch ([\d,]+): (\d+)% of the training rows right, (\d+)% of new rows;"
        r" training loss [\d.]+, validation loss [\d.]+"
        r"(?:; (\d+) of (\d+) wrong labels repeated)?(?:; (\d+) of (\d+) weights exactly 0)?\.",
        words,
    )
    keys = ("epoch", "right", "new", "repeated", "wrong", "zeros", "weights")
    return {
        key: int((n or "0").replace(",", "")) for key, n in zip(keys, found.groups(), strict=True)
    }


def test_nothing_trains_until_it_is_told_to(open_page):
    page = open_page("one")
    page.wait_for_timeout(300)
    assert epoch_of(page) == 0
    assert page.url.endswith("one-light.html")
    expect(page.locator(".nnreg-trainer-fallback")).to_be_hidden()


def test_it_plays_pauses_steps_and_resets(open_page):
    page = open_page("one")
    untrained = page.locator("#one").evaluate(SEEN)
    press(page, "Play")
    trains(page)
    press(page, "Pause")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    settle(page)
    epoch = epoch_of(page)
    press(page, "Step")
    stands_at(page, epoch + 1)
    assert page.locator("#one").evaluate(SEEN) != untrained
    press(page, "Reset")
    stands_at(page, 0)
    assert page.locator("#one").evaluate(SEEN) == untrained
    press(page, "New sample")
    settle(page)
    expect(words_of(page)).to_contain_text("Epoch 0:")
    assert page.locator("#one").evaluate(SEEN) != untrained


def test_wrong_labels_are_counted_and_ringed(open_page):
    page = open_page("one", "?one.epoch=400")
    stands_at(page, 400)
    seen = numbers(words_of(page).inner_text())
    assert seen["wrong"] == 10
    assert 5 <= seen["repeated"] <= 10
    expect(page.locator(".nnreg-trainer-legend")).to_contain_text("wrong label")
    page.get_by_text("More settings").click()
    page.get_by_role("slider", name="Wrong labels").press("Home")
    expect(words_of(page)).not_to_contain_text("wrong labels")
    expect(page.locator(".nnreg-trainer-legend")).not_to_contain_text("wrong label")


def test_more_penalty_leaves_more_weights_at_exactly_zero_after_as_many_epochs(open_page):
    page = open_page("zeros", "?zeros.epoch=150&zeros.strength=0.001")
    stands_at(page, 150)
    few = numbers(words_of(page).inner_text())["zeros"]
    slider = page.get_by_label("Strength λ")
    assert slider.get_attribute("aria-valuetext") == "0.001"
    for _ in range(3):
        slider.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "0.01"
    expect(words_of(page)).not_to_contain_text(f"{few} of 64 weights")
    stands_at(page, 150)
    assert numbers(words_of(page).inner_text())["zeros"] > max(few, 32)


def test_zeros_are_spoken_of_where_a_penalty_can_make_them(open_page):
    page = open_page("zeros")
    expect(words_of(page)).not_to_contain_text("exactly 0")  # λ = 0
    page.get_by_label("Strength λ").press("End")
    expect(words_of(page)).to_contain_text("0 of 64 weights exactly 0")
    page.get_by_text("More settings").click()
    page.get_by_label("Penalty").select_option("L2")
    expect(words_of(page)).not_to_contain_text("exactly 0")


def test_the_losses_are_said_as_the_curves_show_them(open_page):
    page = open_page("one", "?one.epoch=20")
    stands_at(page, 20)
    losses = re.search(r"training loss [\d.]+, validation loss [\d.]+", words_of(page).inner_text())
    expect(page.get_by_role("img", name=f"Curves: {losses[0]}.")).to_be_visible()


def test_what_catches_up_can_be_paused_and_played_on(open_page):
    large = "one.points=300&one.width=128&one.right.dropout=0.5&one.epoch=10000"
    page = open_page("one", f"?{large}")
    remark = page.get_by_text(re.compile(r"^Catching up, [\d,]+ of 10,000$"))
    expect(remark).to_be_visible()
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    press(page, "Copy link")
    expect(page.get_by_role("button", name="Copied", exact=True)).to_be_visible()
    assert page.evaluate("copied").endswith(f"?{large}#one")
    press(page, "Pause")
    expect(remark).to_be_hidden()
    settle(page)
    epoch = epoch_of(page)
    assert epoch < 10_000
    press(page, "Play")
    expect(words_of(page).first).not_to_contain_text(f"Epoch {epoch:,}:")
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()


def test_the_last_epoch_is_an_end_that_says_so(open_page):
    page = open_page("one", "?one.epoch=10000&one.width=2")
    expect(words_of(page)).to_contain_text("Epoch 10,000:", timeout=60_000)
    expect(page.get_by_text("10,000 epochs: the end.").first).to_be_visible()
    for name in ("Play", "Step"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_disabled()
    press(page, "Reset")
    stands_at(page, 0)
    press(page, "Step")
    stands_at(page, 1)


def test_a_change_while_it_plays_plays_on(open_page):
    page = open_page("one")
    press(page, "Play")
    trains(page)
    page.get_by_label("Strength λ").press("End")
    expect(page).to_have_url(re.compile(r"\?one\.strength=0\.1$"))  # no epoch to stop at
    trains(page)
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()


def test_an_address_brings_the_moment_back(open_page):
    page = open_page("one", "?fig-other=0.5")
    page.get_by_text("More settings").click()
    page.get_by_label("Input noise σ").press("ArrowRight")
    page.get_by_text("Compare two networks").click()
    page.get_by_label("Second network, which differs in").select_option("Strength λ")
    page.get_by_label("Strength λ on the right").press("End")
    expect(page.get_by_text("Left: no penalty")).to_be_visible()
    expect(page.get_by_text("Right: L2, λ = 0.1")).to_be_visible()
    press(page, "Play")
    trains(page)
    press(page, "Pause")
    settle(page)
    epoch, seen = epoch_of(page), page.locator("#one").evaluate(SEEN)
    query = f"?fig-other=0.5&one.noise=0.02&one.right.strength=0.1&one.epoch={epoch}"
    expect(page).to_have_url(re.compile(re.escape(query) + "$"))
    assert len(words_of(page).all()) == 2

    page = open_page("one", query)
    stands_at(page, epoch)
    settle(page)
    assert page.locator("#one").evaluate(SEEN) == seen
    press(page, "Reset")
    page.get_by_text("Compare two networks").click()
    page.get_by_label("Second network, which differs in").select_option("nothing: one network")
    expect(page).to_have_url(re.compile(r"\?fig-other=0.5&one.noise=0.02$"))
    assert len(words_of(page).all()) == 1


def test_an_address_that_says_nonsense_is_the_start(open_page):
    page = open_page(
        "one", "?one.width=7&one.right.width=x&one.epoch=-3&one.data=none&one.seed=1e3"
    )
    assert numbers(words_of(page).inner_text()) == {
        **numbers(words_of(open_page("one")).inner_text()),
    }


def test_a_link_leads_to_the_trainer_and_its_moment(open_page):
    page = open_page("one")
    press(page, "Step")
    stands_at(page, 1)
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    press(page, "Copy link")
    expect(page.locator(".nnreg-trainer-notice")).to_contain_text("Copied")
    assert page.evaluate("copied").endswith("one-light.html?one.epoch=1#one")


def test_the_keyboard_alone_is_enough(open_page):
    page = open_page("one")
    keys, group = page.keyboard, page.get_by_role("group").first
    keys.press("Tab")
    expect(group).to_be_focused()
    keys.press("Space")
    trains(page)
    keys.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert page.evaluate("scrollY") == 0
    for name in ("Play", "Step", "Reset", "New sample", "Copy link"):
        keys.press("Tab")
        expect(page.get_by_role("button", name=name, exact=True)).to_be_focused()
    keys.press("Tab")
    expect(page.get_by_label("Strength λ")).to_be_focused()
    keys.press("End")
    expect(page.get_by_label("Strength λ")).to_have_attribute("aria-valuetext", "0.1")
    keys.press("Tab")
    expect(page.get_by_label("Penalty")).to_be_focused()
    keys.press("Tab")
    expect(page.get_by_text("More settings")).to_be_focused()
    keys.press("Enter")
    keys.press("Tab")
    expect(page.get_by_label("Data")).to_be_focused()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible_with_all_its_settings(open_page, axe, theme):
    page = open_page("one", "?one.right.strength=0.1&one.epoch=20", theme=theme)
    stands_at(page, 20)
    for fold in page.locator("summary").all():
        fold.click()
    assert accessibility_violations(page, axe) == []
    expect(page.get_by_role("img", name=re.compile("20: "))).to_have_count(2)


def test_on_a_phone_map_play_and_slider_are_seen_together(open_page):
    page = open_page("one")
    page.set_viewport_size(PHONE)
    settle(page)
    map_box = page.locator(".nnreg-trainer-map").first.bounding_box()
    assert map_box["width"] > 300
    top = map_box["y"]
    for part in (
        page.get_by_role("button", name="Play", exact=True),
        page.get_by_label("Strength λ"),
    ):
        box = part.bounding_box()
        assert box["height"] >= 44
        assert box["y"] + box["height"] - top < PHONE["height"] - 100  # what the browser takes
    for fold in page.locator("summary").all():
        fold.click()
    page.get_by_label("Second network, which differs in").select_option("Dropout")
    expect(page.get_by_text("Right: no dropout")).to_be_visible()
    assert too_wide(page) == []
    page.set_viewport_size(WIDE)


HIDE = """(hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_hidden_tab_rests_until_it_is_seen_again(open_page):
    page = open_page("one")
    press(page, "Play")
    trains(page)
    page.evaluate(HIDE, True)
    expect(page).to_have_url(re.compile(r"\?one\.epoch=\d+$"))
    epoch = epoch_of(page)
    page.wait_for_timeout(200)
    assert epoch_of(page) == epoch
    page.evaluate(HIDE, False)
    expect(words_of(page)).not_to_contain_text(f"Epoch {epoch:,}:")
    expect(page).to_have_url(re.compile("one-light.html$"))


def test_two_trainers_on_a_page_go_their_own_ways_and_rest_out_of_sight(open_page, axe):
    page = open_page("two")
    one, other = page.locator("#one"), page.locator("#other")
    assert other.locator(".nnreg-trainer-words").first.text_content() == ""  # not seen yet
    assert accessibility_violations(page, axe) == []
    press(one, "Play")
    trains(one)
    other.scroll_into_view_if_needed()
    stands_at(other, 0)
    other.get_by_label("Dropout").press("End")
    press(other, "Step")
    stands_at(other, 1)
    address = re.compile(r"\?one\.epoch=\d+&other\.dropout=0\.8&other\.epoch=1$")
    expect(page).to_have_url(address)
    rested = epoch_of(one)
    one.scroll_into_view_if_needed()
    expect(words_of(one)).not_to_contain_text(f"Epoch {rested:,}:")


def test_still_pictures_are_drawn_at_most_four_times_a_second(open_page):
    page = open_page("one")
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(
        """() => {
            window.changes = 0;
            const words = document.querySelector(".nnreg-trainer-words");
            new MutationObserver(() => { changes += 1; }).observe(words, { childList: true });
            window.began = performance.now();
        }"""
    )
    press(page, "Play")
    page.wait_for_timeout(1500)
    changes, passed = page.evaluate("[changes, performance.now() - began]")
    page.emulate_media(reduced_motion="no-preference")
    assert 1 <= changes <= 1 + passed / 250


def test_a_screen_reader_hears_a_sentence_now_and_then_and_at_the_pause(open_page):
    page = open_page("one")
    status = page.locator(".nnreg-trainer-aloud")
    page.evaluate(
        """() => {
            window.said = 0;
            const status = document.querySelector(".nnreg-trainer-aloud");
            new MutationObserver(() => { said += 1; }).observe(status, { childList: true });
            window.began = performance.now();
        }"""
    )
    press(page, "Play")
    page.wait_for_timeout(1000)
    said, passed = page.evaluate("[said, performance.now() - began]")
    assert said <= 1 + passed / 2000
    press(page, "Pause")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    settle(page)
    assert status.inner_text() == words_of(page).inner_text()


def test_on_paper_the_picture_stays_and_the_controls_go(open_page):
    page = open_page("one", theme="dark")
    page.emulate_media(media="print")
    expect(page.locator(".nnreg-trainer-map").first).to_be_visible()
    expect(words_of(page)).to_be_visible()
    for control in page.locator("button, input, select, summary").all():
        expect(control).to_be_hidden()
    expect(page.locator(".nnreg-trainer-fallback")).to_have_count(0)
    page.emulate_media(media="screen")
    page = open_page("two")
    page.emulate_media(media="print")
    expect(page.locator("#other .nnreg-trainer-fallback")).to_be_visible()
    expect(page.locator("#other .nnreg-trainer-card").first).to_be_hidden()
    page.emulate_media(media="screen")
    assert printed_wrongly(page) == []


def test_without_scripts_a_sentence_says_so(browser: Browser, origin):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{origin}one-light.html")
    expect(page.get_by_text(WITHOUT_SCRIPTS)).to_be_visible()
    context.close()


def test_a_page_opened_as_a_file_trains_too(folder, visit):
    opened = visit((folder / "one-light.html").as_uri())
    press(opened.page, "Play")
    trains(opened.page)
    assert not opened.problems


@pytest.mark.elsewhere
def test_it_trains_in_firefox(firefox, origin, folder):
    reader = Reader(firefox, "light")
    for address in (f"{origin}one-light.html", (folder / "one-light.html").as_uri()):
        opened = reader.open(f"{address}?one.epoch=50&one.right.dropout=0.5")
        stands_at(opened.page, 50)
        press(opened.page, "Play")
        trains(opened.page)
        opened.page.get_by_label("Strength λ").press("End")
        trains(opened.page)
        assert not opened.problems


# Left, or alone, and right: how many wrong labels are repeated, or weights are exactly 0.
PROMISES = {
    "train-here": lambda left: left["repeated"] >= 13,
    "train-width": lambda left, right: left["repeated"] >= 14 and right["repeated"] <= 7,
    "train-lambda": lambda left, right: left["repeated"] >= 14 and right["repeated"] <= 7,
    "train-zeros": lambda left, right: left["zeros"] > 100 and right["zeros"] == 0,
    "train-dropout": lambda left, right: left["repeated"] >= 14 and right["repeated"] <= 7,
    "train-noise": lambda left, right: left["repeated"] >= 14 and right["repeated"] <= 7,
}


@pytest.mark.parametrize("name", PROMISES)
def test_a_page_shows_what_its_text_promises(open_page, name):
    page = open_page(name, f"?{name}.epoch=1500")
    expect(words_of(page).first).to_contain_text("Epoch 1,500:", timeout=60_000)
    seen = [numbers(words) for words in words_of(page).all_inner_texts()]
    assert PROMISES[name](*seen), seen


def test_each_page_with_a_trainer_promises_something():
    assert set(placed()) == set(PROMISES)


@pytest.mark.parametrize("name", PROMISES)
def test_each_option_of_a_page_is_a_value_that_can_be_chosen(name, folder, open_page):
    start, _ = placed()[name]
    page = open_page(name)
    shown = page.locator(".nnreg-trainer").evaluate(
        "(root) => Object.fromEntries([...root.querySelectorAll('input, select')].map((field) =>"
        " [field.id.slice(root.id.length + 1), field.ariaValueText ?? field.value]))"
    )
    for key, value in start.items():
        if key == "wrong":
            value = f"{100 * float(value):.0f}%"
        assert shown[key.replace(".", "-")] == value, key
