"""The diamond beside the circle: its minima are those of nnreg, wherever ŵ and λ are moved."""

from __future__ import annotations

import itertools
import json
import re

import numpy as np
import pytest
from matplotlib.path import Path as Outline

from nnreg import L1
from nnreg.book import diamond_picture

from .checks import PHONE, WIDE, accessibility_violations, printed_navigation, settle, too_wide

pytestmark = [pytest.mark.browser, pytest.mark.elsewhere]

CENTRE, BEND, LAM = [1.5, 0.5], [[1, 0.35], [0.35, 1]], 0.8
SCALE = 75  # units of an SVG to one of w
VIEWS = "l1", "l2"


def build(name="fig-corner", centre=CENTRE, bend=BEND, lam=LAM):
    words = {"caption": "Drag the cross, and move λ.", "alt": "A diamond and a circle."}
    return diamond_picture(centre, bend, lam, name=name, **words).html()


@pytest.fixture(scope="module")
def html():
    return build()


def minima(centre, bend, lam):
    """Return the minimum with L1, by nnreg's proximal steps until they rest, and that with L2."""
    centre, bend = np.array(centre, float), np.array(bend, float)
    w, step = np.zeros(2), 0.5 / np.linalg.norm(bend, 2)
    for _ in range(2000):
        w, before = L1(lam).prox(w - step * 2 * bend @ (w - centre), step), w
        if np.array_equal(w, before):
            break
    return w, np.linalg.solve(bend + lam * np.eye(2), bend @ centre)


def numbers(text):
    return np.array(re.findall(r"-?\d+(?:\.\d*)?(?:e-?\d+)?", text.replace("−", "-")), float)


# In full precision: the page draws in units of w.
DRAWN = """(root) => Object.fromEntries(["l1", "l2"].map((view) => {
    const parts = { minimum: "transform", ball: "d", band: "d", both: "d", way: "d",
        levels: "transform", touching: "r", "[role=slider]": "transform" };
    return [view, Object.fromEntries(Object.entries(parts).map(([name, attribute]) => {
        const part = root.querySelector(`[data-view=${view}] ${name[0] === "[" ? "" : "."}${name}`);
        return [name, part.getAttribute(attribute)];
    }))];
}))"""


def drawn(root):
    """Return the numbers in each part of both panels."""
    panels = root.evaluate(DRAWN)
    return {
        view: {name: numbers(text or "") for name, text in parts.items()}
        for view, parts in panels.items()
    }


class Corner:
    """The picture as a reader meets it, and what nnreg says it has to show."""

    def __init__(self, page, name="fig-corner", bend=BEND):
        self.page, self.bend = page, np.array(bend, float)
        self.root = page.locator(f"#{name}-root")
        self.lam, *self.parts = self.root.locator("input").all()
        handles = self.root.locator("svg [role=slider]").all()
        self.handles = dict(zip(VIEWS, handles, strict=True))
        self.reset = self.root.get_by_role("button", name="Reset")

    def centre(self):
        return numbers(self.handles["l1"].get_attribute("transform"))

    def sliders(self):
        return [self.lam, *self.parts]

    def says(self, view):
        return self.root.locator(f"[data-says={view}]").inner_text()

    def set(self, centre=None, lam=None):
        if lam is not None:
            self.lam.fill(str(lam))
        for slider, value in zip(self.parts, [] if centre is None else centre, strict=False):
            slider.fill(str(value))

    def drag(self, view, right, up):
        """Drag ŵ by so many units of w, held a little beside its centre."""
        handle = self.handles[view]
        handle.scroll_into_view_if_needed()
        u, v, scale = spot(handle)
        u, v = u + 0.2 * scale, v - 0.1 * scale
        self.page.mouse.move(u, v)
        self.page.mouse.down()
        self.page.mouse.move(u + right * scale, v - up * scale, steps=5)
        self.page.mouse.up()
        self.page.mouse.move(u + 5, v + 5)  # let go: this moves nothing any more

    def shows(self, centre, lam):
        """Assert that lines, marks and words follow nnreg's minima."""
        centre = np.array(centre, float)
        near = {"rtol": 0, "atol": 1e-9}
        for (view, parts), w in zip(
            drawn(self.root).items(), minima(centre, self.bend, lam), strict=True
        ):
            np.testing.assert_allclose(parts["minimum"], w, **near, err_msg=view)
            np.testing.assert_allclose(parts["[role=slider]"], centre, **near)
            size = abs(w).sum() if view == "l1" else np.hypot(*w)
            assert parts["ball"].reshape(-1)[:2] == pytest.approx([size, 0], abs=1e-9)
            way = w - centre
            loss = way @ self.bend @ way
            # The dark ellipse: all of it has the loss of the minimum.
            assert parts["touching"][0] ** 2 == pytest.approx(loss, abs=1e-9)
            shear = parts["levels"]
            turned = np.array([shear[:2], shear[2:4]]).T
            np.testing.assert_allclose(turned.T @ self.bend @ turned, np.eye(2), **near)
            np.testing.assert_allclose(shear[4:], centre, **near)
            stations = parts["way"].reshape(-1, 2)
            assert len(stations) == 61
            for i in (0, 20, 45):
                there = minima(centre, self.bend, i / (60 - i))[VIEWS.index(view)]
                np.testing.assert_allclose(stations[i], there, **near)
            zeros = np.sum(w == 0)
            words = ["no weight is 0", "one weight exactly 0", "both weights exactly 0"][zeros]
            pair = ", ".join("0" if each == 0 else f"{each:z.2f}" for each in w)
            told = f"{view.upper()}: w = ({pair}), {words}".replace("-", "−")
            assert self.says(view) == told


def spot(handle):
    """Return where on the screen a handle is, and how many pixels a unit of w is long there."""
    return handle.evaluate(
        """(handle) => {
            const { a, e, f } = handle.getScreenCTM();
            return [e, f, a];
        }"""
    )


@pytest.fixture
def corner(show, html):
    return Corner(show(html).page)


def look_at_everything(corner):
    """Move ŵ and λ in all the ways there are, and compare with nnreg."""
    corner.shows(CENTRE, LAM)
    shaded_where_a_weight_is_0(corner, LAM)
    # A weight that is all but 0 with L2; a corner; both at 0; no penalty at all.
    for centre, lam in [
        ([1.5, -0.25], 0.8),
        ([1.35, 0.45], 1.6),
        ([-0.3, 1.85], 1.2),
        ([-1.2, -1.75], 0.42),
        ([0.4, -0.3], 3.5),
        ([-1.9, 0.65], 0),
    ]:
        corner.set(centre, lam)
        corner.shows(centre, lam)
    corner.reset.click()
    corner.shows(CENTRE, LAM)
    for key, centre in [
        ("ArrowRight", [1.6, 0.5]),
        ("ArrowUp", [1.6, 0.6]),
        ("ArrowLeft", [1.5, 0.6]),
        ("ArrowDown", CENTRE),
    ]:
        corner.handles["l1"].press(key)
        corner.shows(centre, LAM)
    for view, (right, up) in zip(VIEWS, [(-2.1, 0.7), (0.4, -1.3)], strict=True):
        before = corner.centre()
        corner.drag(view, right, up)
        np.testing.assert_allclose(corner.centre() - before, [right, up], rtol=0, atol=0.02)
        corner.shows(corner.centre(), LAM)


def shaded_where_a_weight_is_0(corner, lam):
    """Assert that the bands are the places of ŵ where nnreg's minimum has a 0."""
    parts = drawn(corner.root)["l1"]
    bands = [Outline(band) for band in parts["band"].reshape(4, 4, 2)]
    both = Outline(parts["both"].reshape(4, 2))
    for centre in np.random.default_rng(0).uniform(-2, 2, (80, 2)):
        zeros = np.sum(minima(centre, corner.bend, lam)[0] == 0)
        inside = sum(band.contains_point(centre) for band in bands)
        assert inside + 2 * both.contains_point(centre) == zeros


def test_every_mark_and_line_is_that_of_the_package(corner):
    look_at_everything(corner)


def test_both_minima_are_those_of_nnreg_for_200_losses_and_strengths(show, html):
    rng = np.random.default_rng(1)
    cases = [([1, 0.5], [[1, 0], [0, 1]], 1.0), ([0, 0], BEND, 0.5)]  # on the rim of a band
    for _ in range(200):
        centre, lam = rng.uniform(-2, 2, 2).tolist(), rng.uniform(0, 4)
        turn, _ = np.linalg.qr(rng.standard_normal((2, 2)))
        bend = turn @ np.diag(rng.uniform(0.2, 5, 2)) @ turn.T
        bend[1, 0] = bend[0, 1]
        cases.append((centre, bend.tolist(), lam))
    bare = re.sub(r"<style>.*?</style>|data:image/webp[^\"]*", "", html, flags=re.S)
    start = re.search(r'data-centre="[^"]*" data-bend="[^"]*" data-lam="[^"]*"', bare)[0]
    pictures = []
    for i, (centre, bend, lam) in enumerate(cases):
        told = f'data-centre="{centre}" data-bend="{bend}" data-lam="{json.dumps(lam)}"'
        pictures.append(bare.replace("fig-corner", f"fig-{i}").replace(start, told))
    page = show("<style>.nnreg-diamond { display: none; }</style>", *pictures).page
    panels = page.evaluate(f"[...document.querySelectorAll('.nnreg-diamond')].map({DRAWN})")
    zeros = []
    for case, panel in zip(cases, panels, strict=True):
        for view, w in zip(VIEWS, minima(*case), strict=True):
            shown = numbers(panel[view]["minimum"])
            np.testing.assert_allclose(shown, w, rtol=0, atol=1e-9, err_msg=f"{view} {case}")
            assert np.array_equal(shown == 0, w == 0), case
            zeros.append(np.sum(w == 0))
    assert set(zeros[4::2]) == {0, 1, 2}  # with L1 each case is among them
    assert set(zeros[5::2]) == {0}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("soft(pull[0], lam / 2) / a", "soft(pull[0], lam) / a"),
        ("soft(pull[1], lam / 2) / c", "soft(pull[1], lam / 2) / a + 1e-8"),
        ("[stays]) <= lam)", "[stays]) <= lam / 2)"),
        ("slope * lam / 2", "slope * lam"),
        ("solve(times(centre), lam)", "solve(centre, lam)"),
        ("solve(times(centre), lam)", "solve(times(centre), 2 * lam)"),
        ("q = c + more", "q = c"),
        ("one.least > other.least", "one.least < other.least"),
        ("Math.abs(u) + Math.abs(v)", "Math.hypot(u, v)"),
        ('shift(".minimum", w)', 'shift(".minimum", centre)'),
        ("-b / (a * q)", "b / (a * q)"),
        ("c - b * b / a", "c"),
        ("way[0] * u + way[1] * v", "way[0] * u"),
        ("5 * (s + SIGNS[next][j])", "5 * (s - SIGNS[next][j])"),
        ("minimum(share / (1 - share))", "minimum(share)"),
        ('v === 0 ? "0"', 'Math.abs(v) < 0.005 ? "0"'),
        ("ArrowUp: [0, 0.1]", "ArrowUp: [0, -0.1]"),
        ("grip = minus(centre, where(event))", "grip = minus(where(event), centre)"),
        ("[centre, lam] = values", "[centre] = values"),
    ],
)
def test_a_picture_that_lies_is_found_out(show, html, right, wrong):
    assert html.count(right) == 1
    corner = Corner(show(html.replace(right, wrong)).page)

    with pytest.raises(AssertionError):
        look_at_everything(corner)


def test_a_drag_out_of_the_picture_ends_where_the_sliders_end(corner):
    corner.drag("l1", 9, 9)
    assert corner.centre().tolist() == [2, 2]
    corner.shows([2, 2], LAM)
    corner.drag("l2", -9, -9)
    assert corner.centre().tolist() == [-2, -2]


def test_a_drag_is_to_hundredths_so_that_a_reader_can_type_the_numbers(corner):
    corner.drag("l1", -0.123, 0.077)
    assert (100 * corner.centre()).tolist() == pytest.approx(np.round(100 * corner.centre()))
    outputs = corner.root.locator("output").all_inner_texts()
    assert numbers(" ".join(outputs)).tolist() == [LAM, *corner.centre()]


def test_controls_are_named_and_say_what_they_hold(corner):
    names = [each.evaluate("(s) => s.labels[0].firstChild.data") for each in corner.sliders()]
    assert names == ["λ", "ŵ₁", "ŵ₂"]
    for view, handle in corner.handles.items():
        name = f"ŵ, the data’s minimum, in the panel of {view.upper()}"
        assert handle.get_attribute("aria-label") == name
        assert handle.get_attribute("aria-valuetext") == "(1.50, 0.50)"
    corner.handles["l2"].press("ArrowLeft")
    assert corner.handles["l1"].get_attribute("aria-valuetext") == "(1.40, 0.50)"
    assert float(corner.handles["l2"].get_attribute("aria-valuenow")) == 1.4


def test_lambda_follows_the_keyboard(corner):
    for key, lam in [("ArrowRight", 0.82), ("ArrowLeft", 0.8), ("End", 4), ("Home", 0)]:
        corner.lam.press(key)
        corner.shows(CENTRE, lam)


def test_all_controls_are_reached_by_the_tab_key(corner):
    controls = [*corner.handles.values(), *corner.sliders(), corner.reset]
    controls[0].focus()
    for control in controls:
        assert control.evaluate("(e) => e === document.activeElement")
        corner.page.keyboard.press("Tab")


def test_a_drag_is_read_out_when_the_hand_lets_go(corner):
    u, v, scale = spot(corner.handles["l1"])
    says = corner.root.locator("p[aria-live=polite]")
    corner.page.mouse.move(u, v)
    corner.page.mouse.down()
    corner.page.mouse.move(u - scale, v, steps=3)
    assert says.get_attribute("aria-busy") == "true"
    corner.page.mouse.up()
    assert says.get_attribute("aria-busy") == "false"


def swipe(page, u, v, right, up):
    """Draw a finger over the screen from that place."""
    session = page.context.new_cdp_session(page)
    for kind, part in [("Start", 0), *[("Move", part) for part in np.linspace(0.1, 1, 10)]]:
        points = [{"x": u + part * right, "y": v - part * up}]
        session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
        settle(page)  # a move comes with the next frame
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    settle(page)


def test_a_finger_drags_the_cross_and_scrolls_elsewhere(show):
    page = show(build() + '<div style="height: 2000px"></div>').page
    page.set_viewport_size(PHONE)
    settle(page)
    corner = Corner(page)
    for view in VIEWS:
        box = corner.root.locator(f"[data-view={view}]").bounding_box()
        swipe(page, box["x"] + 40, box["y"] + box["height"] - 20, 0, 150)
        assert page.evaluate("scrollY") > 100
        page.evaluate("scrollTo(0, 0)")
        u, v, scale = spot(corner.handles[view])
        swipe(page, u, v, -scale, -scale)
        assert page.evaluate("scrollY") == 0
        np.testing.assert_allclose(corner.centre(), [0.5, -0.5], rtol=0, atol=0.05)
        corner.reset.evaluate("(button) => button.click()")


def test_two_pictures_on_a_page_keep_apart(show, html):
    opened = show(html, build("fig-other", [-1, 0.7], [[2, -0.5], [-0.5, 1]], 1.3))
    first = Corner(opened.page)
    second = Corner(opened.page, "fig-other", [[2, -0.5], [-0.5, 1]])
    second.shows([-1, 0.7], 1.3)
    second.set([0.8, 1.1], 0.36)
    first.drag("l1", -0.5, 0.5)
    second.shows([0.8, 1.1], 0.36)
    first.reset.click()
    first.shows(CENTRE, LAM)
    ids = opened.page.locator("[id]").evaluate_all("(all) => all.map((e) => e.id)")
    assert len(ids) == len(set(ids)) == 2
    assert not opened.problems


def test_it_works_from_the_disk_without_a_complaint(show, html):
    opened = show(html, from_disk=True)
    corner = Corner(opened.page)
    corner.set([-0.7, 1.2], 0.7)
    corner.shows([-0.7, 1.2], 0.7)
    assert not opened.problems


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_it_fits_and_has_no_accessibility_violation(show, html, axe, theme, size):
    page = show(html, theme=theme).page
    page.set_viewport_size(size)
    settle(page)
    assert not too_wide(page)
    one, two = (page.locator(f"[data-view={view}]").bounding_box() for view in VIEWS)
    assert (one["y"] == two["y"]) == (size is WIDE)
    assert (one["x"] == two["x"]) == (size is PHONE)
    violations = accessibility_violations(page, axe)
    assert not violations, "\n".join(violations)


def test_no_control_leaves_the_card(corner):
    for width in (344, 390, 600, 752, 1280):
        corner.page.set_viewport_size({"width": width, "height": 800})
        settle(corner.page)
        card, *controls = corner.root.evaluate(
            """(root) => [root.querySelector(".nnreg-diamond-card"),
                ...root.querySelectorAll("svg, p[aria-live], label, input, output, button")]
                .map((e) => e.getBoundingClientRect()).map(({ left, right }) => [left, right])"""
        )
        assert len(controls) == 13
        for left, right in controls:
            assert card[0] < left
            assert right < card[1], width


# What a phone of 390 × 844 shows between its browser's bars, and the site's own bar on top of it.
SCREEN, SITE_BAR = {"width": 390, "height": 660}, 57


@pytest.fixture
def phone(corner):
    corner.page.set_viewport_size(SCREEN)
    settle(corner.page)
    return corner


def test_on_a_phone_both_panels_words_and_lambda_are_on_one_screen(phone):
    boxes = [
        phone.root.locator(what).first.bounding_box()
        for what in ["[data-view=l1]", "[data-view=l2]", "p[aria-live]", "label"]
    ]
    top, bottom = boxes[0]["y"], boxes[-1]["y"] + boxes[-1]["height"]
    assert bottom - top < SCREEN["height"] - SITE_BAR


def test_no_words_move_what_is_below(phone):
    for size in [{"width": 344, "height": 660}, SCREEN, {"width": 600, "height": 660}, WIDE]:
        phone.page.set_viewport_size(size)
        heights = set()
        for centre, lam in [([-1.5, -0.5], 0), ([-1.5, -0.5], 1.6), ([-0.5, -0.4], 4)]:
            phone.set(centre, lam)
            heights.add(phone.root.evaluate("(root) => root.getBoundingClientRect().height"))
        assert len(heights) == 1, size


def test_on_a_phone_no_letter_is_smaller_than_11_px_and_a_handle_is_44_px_wide(phone):
    sizes = phone.root.evaluate(
        """(root) => [...root.querySelectorAll("text, p, label, output, button")].map((e) =>
            parseFloat(getComputedStyle(e).fontSize) * (e.getScreenCTM?.().a ?? 1))"""
    )
    assert len(sizes) > 20
    assert min(sizes) >= 11
    for handle in phone.handles.values():
        assert handle.locator("circle").bounding_box()["width"] >= 44


def test_no_name_leaves_its_panel_wherever_the_marks_are(corner):
    for centre, lam in itertools.product(itertools.product([-2, 2], [-2, 2]), [0, 0.4, 4]):
        corner.set(centre, lam)
        for view in VIEWS:
            panel, *texts = corner.root.locator(f"[data-view={view}]").evaluate(
                """(panel) => [panel, ...panel.querySelectorAll("text")]
                    .map((e) => e.getBoundingClientRect())
                    .map(({ left, right, top, bottom }) => [left, top, right, bottom])"""
            )
            assert len(texts) == 9
            for left, top, right, bottom in texts:
                assert panel[0] <= left + 1
                assert panel[1] <= top + 1
                assert right <= panel[2] + 1
                assert bottom <= panel[3] + 1


def test_a_move_is_drawn_without_a_stutter(corner):
    spent = corner.root.evaluate(
        """(root) => Array.from({ length: 60 }, (_, i) => {
            const slider = root.querySelector("input"), start = performance.now();
            slider.value = i / 20;
            slider.dispatchEvent(new Event("input"));
            root.querySelector("p").getBoundingClientRect();
            return performance.now() - start;
        }).sort((one, other) => one - other)"""
    )
    assert spent[30] < 50


def test_paper_shows_the_start_without_controls(corner):
    corner.set([-1, 1.2], 0.5)
    corner.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    corner.shows(CENTRE, LAM)
    assert not printed_navigation(corner.page)
    corner.page.evaluate("dispatchEvent(new Event('afterprint'))")
    corner.shows([-1, 1.2], 0.5)
