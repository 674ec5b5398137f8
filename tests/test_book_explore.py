import base64
import html
import io
import json
import sys
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from nnreg.book import explore
from nnreg.book.explorer import WIDGET_VIEW
from tools.run_notebooks import normalise_output

VALUES = [0, 0.001, 0.01, 0.5]


def draw(fig, lam):
    ax = fig.subplots()
    w = np.linspace(-1, 1, 50)
    ax.plot(w, lam * w**2)
    ax.set(ylim=(0, 1), xlabel="weight", ylabel="penalty")


def draw_nothing(fig, lam):
    pass


def build(name="fig-test", draw=draw, **keywords):
    settings = {
        "values": VALUES,
        "name": name,
        "start": 0.01,
        "caption": lambda lam: f'At {lam} it holds that 1 < 2 & "so on".',
        "alt": lambda lam: f"A parabola of height {lam}.",
    }
    return explore(draw, **{**settings, **keywords})


@pytest.fixture(scope="module")
def explorer():
    return build()


class Page(HTMLParser):
    """Collect the elements of a page with their attributes and texts."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        element = {"tag": tag, "text": "", **dict(attributes)}
        self.found.append(element)
        if tag not in ("img", "input"):
            self.open.append(element)

    def handle_endtag(self, tag):
        assert self.open.pop()["tag"] == tag

    def handle_data(self, data):
        if self.open:
            self.open[-1]["text"] += data

    def all(self, tag, **attributes):
        return [e for e in self.found if e["tag"] == tag and attributes.items() <= e.items()]

    def one(self, tag, **attributes):
        (element,) = self.all(tag, **attributes)
        return element


def controls(page):
    return Page(page.one("script", type="text/html")["text"])


def frames(page):
    return json.loads(page.one("script", type="application/json")["text"])


def picture(src):
    kind, data = src.split(",")
    assert kind == "data:image/webp;base64"
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_what_is_stored_has_html_png_and_text_and_no_widget(explorer):
    data, metadata = explorer._repr_mimebundle_()
    assert set(data) == {"text/html", "image/png", "text/plain"}
    assert metadata["image/png"] == {"width": 600, "height": 360}
    assert Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).size == (1200, 720)


def test_the_plain_text_is_one_stable_line(explorer):
    expected = (
        'explore: λ from 0 to 0.5, 4 values, start 0.01 — At 0.01 it holds that 1 < 2 & "so on".'
    )
    assert explorer._repr_mimebundle_()[0]["text/plain"] == repr(explorer) == expected


def test_each_form_is_the_same_bytes_when_built_again(explorer):
    assert build()._repr_mimebundle_() == explorer._repr_mimebundle_()


def test_the_page_before_any_script_shows_the_start(explorer):
    page = Page(explorer.html())
    assert page.one("img")["alt"] == "A parabola of height 0.01."
    assert picture(page.one("img")["src"]).size == (900, 540)
    assert page.one("output")["text"] == "λ = 0.01"
    assert page.one("p")["text"] == 'At 0.01 it holds that 1 < 2 & "so on".'
    # No dead slider where scripts do not run: it is inside a script element until one has.
    assert not page.all("input")
    assert not page.all("label")


def test_the_slider_is_named_and_keeps_its_keys_from_the_notebook(explorer):
    page = Page(explorer.html())
    slider = controls(page).one("input", type="range")
    assert (slider["min"], slider["max"], slider["step"], slider["value"]) == ("0", "3", "1", "2")
    assert slider["aria-valuetext"] == "λ = 0.01"
    assert slider["data-lm-suppress-shortcuts"] == "true"
    label = controls(page).one("label")
    assert label["for"] == page.one("output")["for"] == slider["id"]
    assert label["text"] == "Choose λ"
    assert page.one("p")["aria-live"] == "polite"


def test_each_frame_has_its_own_value_caption_alt_and_picture(explorer):
    told = frames(Page(explorer.html()))
    assert [f["value"] for f in told] == ["λ = 0", "λ = 0.001", "λ = 0.01", "λ = 0.5"]
    assert [f["caption"].split()[1] for f in told] == ["0", "0.001", "0.01", "0.5"]
    assert [f["alt"] for f in told] == [f"A parabola of height {v}." for v in VALUES]
    assert [f["image"] == "" for f in told] == [False, False, True, False]
    assert len({f["image"] for f in told}) == 4


def test_the_changes_over_the_first_frame_give_the_frame(explorer):
    page = Page(explorer.html())
    base = picture(page.one("img")["src"]).convert("RGBA")
    for frame, stored in zip(explorer.frames, frames(page), strict=True):
        seen = base.copy()
        if stored["image"]:
            seen.alpha_composite(picture(stored["image"]).convert("RGBA"))
        error = np.abs(np.subtract(seen.convert("RGB"), frame.image, dtype=float))
        assert error.mean() < 0.5
        assert error.max() < 64  # another line, or one left over, would be off by 140 and more


def test_a_frame_shows_what_draw_draws_for_its_value_and_nothing_left_over():
    def bar(fig, height):
        fig.set_layout_engine("none")
        ax = fig.add_axes((0, 0, 1, 1))
        ax.bar([0], [height], color="black", width=1)
        ax.set(xlim=(-0.5, 0.5), ylim=(0, 1))

    made = explore(bar, [0.25, 0.75], name="bars", caption=str, alt=str)
    dark = [1 - np.asarray(frame.image.convert("L")).mean() / 255 for frame in made.frames]
    assert dark == pytest.approx([0.25, 0.75], abs=0.02)


def test_frames_are_small_and_white_stays_white(explorer):
    page = Page(explorer.html())
    addresses = [page.one("img")["src"], *(frame["image"] for frame in frames(page))]
    sizes = [len(address) for address in addresses]
    assert sizes[0] < 11_000
    assert max(sizes[1:]) < 7_000
    assert picture(addresses[0]).convert("RGB").getpixel((2, 2)) == (255, 255, 255)


def test_several_explorers_on_a_page_share_no_id(explorer):
    pages = [Page(each.html()) for each in (explorer, build("fig-other", draw_nothing))]
    found = [element for page in pages for element in page.found + controls(page).found]
    ids = [element["id"] for element in found if "id" in element]
    assert len(ids) == len(set(ids)) == 6
    assert "fig-test" not in ids  # that is the figure's own, given in the cell's metadata


def test_the_page_asks_nothing_of_another_host(explorer):
    for element in Page(explorer.html()).found:
        assert "href" not in element
        assert element.get("src", "data:").startswith("data:")
    style = Page(explorer.html()).one("style")["text"]
    assert "url(" not in style
    assert "@import" not in style


def test_text_from_an_author_cannot_break_out_of_the_page():
    nasty = '</script><b onclick="x">'
    page = Page(
        build(draw=draw_nothing, caption=lambda v: nasty, alt=lambda v: nasty, symbol="<i>").html()
    )
    assert page.one("p")["text"] == page.one("img")["alt"] == nasty
    assert [frame["caption"] for frame in frames(page)] == [nasty] * 4
    for tag in ("b", "i"):
        assert not page.all(tag) + controls(page).all(tag)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-5, "0.00001"),
        (0.0, "0"),
        (0.12345, "0.123"),
        (250.0, "250"),
        (7, "7"),
        ("L1", "L1"),
        (np.float16(0.1), "0.1"),
        (np.int8(7), "7"),
        (np.bool_(True), "True"),
    ],
)
def test_values_are_written_without_exponents(value, text):
    made = explore(draw_nothing, [value, value], name="n", caption=lambda v: "c", alt=lambda v: "a")
    assert made.frames[0].value == f"λ = {text}"


def test_fmt_and_symbol_are_used_everywhere():
    made = build(draw=draw_nothing, fmt=lambda v: f"{100 * v:g} %", symbol="p")
    assert made.frames[2].value == "p = 1 %"
    assert repr(made).startswith("explore: p from 0 % to 50 %, 4 values, start 1 %")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", [float, np.float64, np.float32])
def test_the_start_may_differ_in_the_last_bit(dtype, kind):
    grid = np.linspace(0, 1, 11).astype(dtype)
    made = explore(draw_nothing, grid, name="n", start=kind(0.3), caption=str, alt=str)
    assert made.start == 3
    assert float(grid[3]) != 0.3


def test_words_and_numbers_can_stand_in_one_slider():
    made = explore(draw_nothing, ["off", 0.1, True], name="n", start=0.1, caption=str, alt=str)
    assert made.start == 1
    assert [frame.value for frame in made.frames] == ["λ = off", "λ = 0.1", "λ = True"]


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"start": 0.02}, ValueError, "start must be one of values, got 0.02"),
        ({"mark": (0.02, "here")}, ValueError, "mark must be one of values, got 0.02"),
        ({"values": [0.01, 0.5, 0.2]}, ValueError, "from small to large, got"),
        ({"name": "Fig 1"}, ValueError, "'Fig 1'"),
        ({"caption": lambda v: None}, TypeError, "caption must return a sentence, got None"),
        ({"alt": lambda v: " "}, TypeError, "alt must return a sentence, got ' '"),
    ],
)
def test_bad_arguments_are_refused(change, error, said):
    with pytest.raises(error, match=said):
        build(draw=draw_nothing, **change)


def test_a_mark_names_its_value_below_its_place_on_the_track():
    made = build(draw=draw_nothing, mark=(0.001, "as good as any"))
    place = controls(Page(made.html())).one("div", id="fig-test-mark")
    assert place["data-at"] == "1"
    assert "▲ 0.001: as good as any" in made.html()
    assert "▲" not in build(draw=draw_nothing).html()


def test_a_single_value_is_refused():
    with pytest.raises(ValueError, match="at least two"):
        explore(draw_nothing, [1.0], name="n", caption=str, alt=str)


def test_an_error_in_draw_is_raised_by_the_cell_and_not_swallowed_when_shown():
    with pytest.raises(ZeroDivisionError):
        explore(lambda fig, v: 1 / v, [0, 1], name="n", caption=str, alt=str)


@pytest.fixture
def kernel(monkeypatch):
    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(kernel=True))


def test_a_live_notebook_gets_the_widget_beside_the_other_forms(explorer, kernel):
    data, _ = explorer._repr_mimebundle_()
    assert set(data) == {WIDGET_VIEW, "text/html", "image/png", "text/plain"}
    assert data[WIDGET_VIEW]["model_id"]


def test_without_a_kernel_nothing_is_live(explorer):
    assert WIDGET_VIEW not in explorer._repr_mimebundle_()[0]


def test_without_ipywidgets_a_kernel_gets_the_other_forms(explorer, kernel, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    assert set(explorer._repr_mimebundle_()[0]) == {"text/html", "image/png", "text/plain"}


def test_a_stored_notebook_holds_no_widget(explorer, kernel):
    output = {"data": explorer._repr_mimebundle_()[0]}
    normalise_output(output)
    assert set(output["data"]) == {"text/html", "image/png", "text/plain"}


def test_moving_the_widget_shows_the_frame_of_that_value(explorer):
    picture_shown, slider, words = explorer.widget().children
    assert [label for label, _ in slider.options] == ["0", "0.001", "0.01", "0.5"]
    for place, frame in enumerate(explorer.frames):
        slider.value = place
        assert html.unescape(words.value) == frame.caption
        shown = Page(picture_shown.value).one("img")
        assert shown["alt"] == frame.alt
        kind, data = shown["src"].split(",")
        assert kind == "data:image/png;base64"
        seen = Image.open(io.BytesIO(base64.b64decode(data)))
        assert np.array_equal(seen, frame.image)
