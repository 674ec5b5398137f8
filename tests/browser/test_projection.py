"""The picture of LayerNorm in space: what it shows is what nnreg computes, however x is moved."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from nnreg import layernorm_backward, layernorm_forward
from nnreg.book import projection_picture

from .checks import PHONE, WIDE, accessibility_violations, printed_navigation, settle, too_wide

pytestmark = pytest.mark.browser

X, DX_HAT = [0.2, 0.6, 1.6], [1.0, -0.5, 1.9]
ROWS = [X, [2, -1.5, 0.25], [-0.35, -1, 1.95], [-2, 2, 2], [1.1, 1.15, 1.1], [-0.7, -0.7, -0.7]]
PAGE = """<!doctype html><html lang="en" data-theme="THEME"><head><meta charset="utf-8">
<title>A page</title><link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width">
<style>html[data-theme=dark] body { background: #15191f; color: #eef1f4; }</style></head>
<body><main><article><h1>LayerNorm</h1>EXTRA</article></main></body></html>"""
# Where the page draws a point of space: right, and up on the paper.
BASIS = np.array([[0, -1, 1], [2, -1, -1], [1, 1, 1]]) / np.sqrt([[2], [6], [3]])
CAMERAS = {"side": [[1, 0, 0], [0, np.sin(0.4), np.cos(0.4)]], "above": [[1, 0, 0], [0, 1, 0]]}


@pytest.fixture(scope="module")
def show(tmp_path_factory, serve, visit):
    folder = tmp_path_factory.mktemp("pages")
    origin = serve(folder)
    numbers = itertools.count()  # no page is taken for the one before, out of a cache

    def start(*pictures, theme="light", from_disk=False):
        text = PAGE.replace("THEME", theme).replace("EXTRA", "".join(pictures))
        file = folder / f"{next(numbers)}.html"
        file.write_text(text, encoding="utf8")
        return visit(file.as_uri() if from_disk else origin + file.name, theme=theme)

    return start


def build(name="fig-space", x=X, dx_hat=DX_HAT):
    words = {"caption": "Down to the plane, then out to the circle.", "alt": "Two views."}
    return projection_picture(x, dx_hat, name=name, **words).html()


@pytest.fixture(scope="module")
def html():
    return build()


class Space:
    """The picture as a reader meets it, and what nnreg says it has to show."""

    def __init__(self, page, name="fig-space", dx_hat=DX_HAT):
        self.page, self.dx_hat = page, np.array(dx_hat)
        self.root = page.locator(f"#{name}-root")
        self.sliders = self.root.locator("input").all()
        self.handles = dict(zip(CAMERAS, self.root.locator("svg [role=slider]").all(), strict=True))
        self.reset = self.root.get_by_role("button", name="Reset")

    def set(self, x):
        for slider, value in zip(self.sliders, x, strict=True):
            slider.fill(str(value))

    def numbers(self, name):
        text = self.root.locator(f"dd[data-value={name}]").inner_text().replace("−", "-")
        assert "-0.00" not in text
        return np.array([float(number) for number in re.findall(r"-?\d+\.\d\d", text)])

    def says(self):
        return self.root.locator("p[aria-live]").inner_text()

    def drawn(self, view, part):
        """Return the points of a line, or the place of a mark or handle, on the paper."""
        found = self.root.locator(f"[data-view={view}] {part}").first
        text = found.get_attribute("d" if part.startswith("path.") else "transform")
        return np.array(re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text), float).reshape(-1, 2)

    def shows(self, x):
        """Assert that numbers and lines follow nnreg's forward and backward pass of `x`."""
        x = np.array(x, float)
        x_hat, cache = layernorm_forward(x)
        dx = layernorm_backward(self.dx_hat, cache)[0]
        centred, flat = x - x.mean(), self.dx_hat - self.dx_hat.mean()
        told = {"x": x, "centred": centred, "moments": [x.mean(), x.std()], "xhat": x_hat}
        told |= {"gradient": self.dx_hat, "flat": flat, "tangent": dx * np.sqrt(x.var() + 1e-5)}
        for name, expected in {**told, "dx": dx}.items():
            np.testing.assert_allclose(
                self.numbers(name), expected, rtol=0, atol=0.0051, err_msg=name
            )
        end = x + dx * min(1, 2.5 / max(np.linalg.norm(dx), 1e-9))
        for view, camera in CAMERAS.items():
            points = np.array([x, centred, x_hat, end]) @ BASIS.T @ np.transpose(camera)
            handle, foot, normalised, tip = np.array([170, 163]) + points * [44, -44]
            near = {"rtol": 0, "atol": 0.02}
            np.testing.assert_allclose(self.drawn(view, "[role=slider]")[0], handle, **near)
            np.testing.assert_allclose(self.drawn(view, ".mark.xhat")[0], normalised, **near)
            np.testing.assert_allclose(self.drawn(view, "path.dx")[:2], [handle, tip], **near)
            np.testing.assert_allclose(self.drawn(view, "path.drop"), [handle, foot], **near)

    def drag(self, view, right, up):
        """Drag a handle by so many units of space on the paper; return x before and after."""
        before = self.numbers("x")
        handle = self.handles[view]
        handle.scroll_into_view_if_needed()
        scale = self.root.locator(f"[data-view={view}]").bounding_box()["width"] / 340 * 44
        box = handle.locator("circle").bounding_box()
        u, v = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(u, v)
        self.page.mouse.down()
        self.page.mouse.move(u + right * scale, v - up * scale, steps=5)
        self.page.mouse.up()
        self.page.mouse.move(u + 5, v + 5)  # let go: this moves nothing any more
        return before, self.numbers("x")


@pytest.fixture
def space(show, html):
    return Space(show(html).page)


def test_every_number_and_line_is_that_of_the_package(space):
    space.shows(X)
    for x in ROWS:
        space.set(x)
        space.shows(x)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("variance + EPS", "variance"),
        ("const EPS = 1e-5", "const EPS = 1e-4"),
        ("mean(flat.map((v, i) => v * xhat[i]))", "0"),
        ("-mean(gradient)", "0"),
        ("tangent.map((v) => v * inverse)", "tangent"),
        ("dx: [at.x, end]", "dx: [at.x, foot]"),
        ('move(".mark.xhat", to(at.xhat))', 'move(".mark.xhat", to(at.centred))'),
        ("TILT = 0.4", "TILT = 0.5"),
    ],
)
def test_a_picture_that_lies_is_found_out(show, html, right, wrong):
    assert html.count(right) == 1
    space = Space(show(html.replace(right, wrong)).page)

    def look():
        for x in ROWS:
            space.set(x)
            space.shows(x)

    with pytest.raises(AssertionError):
        look()


def test_dragging_x_up_changes_the_mean_alone(space):
    x_hat, sigma = space.numbers("xhat"), space.numbers("moments")[1]
    before, after = space.drag("side", 0.1, -1.2)  # not quite straight, as a hand is
    np.testing.assert_allclose(after - before, -1.2 / np.cos(0.4) / np.sqrt(3), atol=0.02)
    assert np.array_equal(space.numbers("xhat"), x_hat)
    assert space.numbers("moments")[1] == sigma
    assert space.says() == "Moving x up or down along 1 changes nothing behind it."


def test_dragging_x_across_turns_it_round_the_axis(space):
    before, after = space.drag("side", -1.0, 0)
    assert BASIS[0] @ (after - before) == pytest.approx(-0.85, abs=0.02)  # less the slack of a hand
    assert BASIS[1:] @ (after - before) == pytest.approx([0, 0], abs=0.02)
    assert space.says() == "x went round the axis: that, and only that, moves x̂."


def test_dragging_the_projection_outwards_changes_sigma_alone(space):
    x_hat, (mean, sigma) = space.numbers("xhat"), space.numbers("moments")
    outwards = 0.4 * BASIS[:2] @ x_hat / np.sqrt(3)
    space.drag("above", *outwards)
    np.testing.assert_allclose(space.numbers("xhat"), x_hat, atol=0.011)
    assert space.numbers("moments") == pytest.approx([mean, sigma + 0.4 / np.sqrt(3)], abs=0.011)
    assert space.says() == "σ changed: x̂ stays, and dx goes with 1/σ."


def test_dragging_the_projection_round_turns_x_hat_and_keeps_the_mean(space):
    mean, sigma = space.numbers("moments")
    right, away = BASIS[:2] @ X
    space.drag("above", -away - right, right - away)  # a quarter of a turn
    turned = BASIS[:2] @ space.numbers("centred")
    angle = np.arctan2(*turned[::-1]) - np.arctan2(away, right)
    assert angle == pytest.approx(np.pi / 2 - 0.15, abs=0.02)
    assert space.numbers("moments") == pytest.approx([mean, sigma], abs=0.011)
    assert space.says() == "x went round the axis: that, and only that, moves x̂."


def test_on_the_axis_x_hat_is_zero_and_dx_is_cut(space):
    space.drag("above", *(-BASIS[:2] @ X))
    assert space.says().startswith("x has no variance: x̂ is 0")
    space.shows([0.8, 0.8, 0.8])
    assert space.root.locator("[data-view=above] text.dx").text_content() == "dx, cut"
    # From there the handle leads out again.
    space.drag("above", 0.5, 0)
    assert space.numbers("moments") == pytest.approx([0.8, 0.5 / np.sqrt(3)], abs=0.011)


def test_a_drag_out_of_the_picture_ends_where_the_sliders_end(space):
    space.drag("side", 0, 30)
    assert space.numbers("x").max() == 2
    np.testing.assert_allclose(space.numbers("centred"), [-0.6, -0.2, 0.8], atol=0.006)
    space.drag("above", *(30 * BASIS[:2] @ X))
    assert [space.numbers("x").min(), space.numbers("x").max()] == [-2, 2]


def test_small_and_large_sigma_are_told_apart(space):
    dx = np.linalg.norm(space.numbers("dx"))
    space.handles["above"].press("ArrowUp")
    assert np.linalg.norm(space.numbers("dx")) < dx
    for _ in range(7):
        space.handles["above"].press("ArrowDown")
    assert space.says() == "σ is small: x̂ stays on the circle, and dx grows long."
    assert np.linalg.norm(space.numbers("dx")) > 2 * dx


def test_handles_follow_the_keyboard_and_say_what_they_hold(space):
    side, above = space.handles["side"], space.handles["above"]
    for key, mean in [("ArrowUp", 0.9), ("ArrowRight", 1.0), ("ArrowDown", 0.9)]:
        side.press(key)
        assert float(side.get_attribute("aria-valuenow")) == mean
        assert side.get_attribute("aria-valuetext") == f"mean {mean:.2f}"
    space.shows(np.array(X) + 0.1)
    sigma = space.numbers("moments")[1]
    above.press("ArrowUp")
    told = float(above.get_attribute("aria-valuenow"))
    assert told == pytest.approx(sigma + 0.1 / np.sqrt(3), abs=0.011)
    assert above.get_attribute("aria-valuetext") == f"σ {told:.2f}"


def test_sliders_follow_the_keyboard_and_are_named(space):
    assert [slider.evaluate("(s) => s.labels[0].firstChild.data") for slider in space.sliders] == [
        "x₁",
        "x₂",
        "x₃",
    ]
    space.sliders[1].press("ArrowRight")
    space.shows([0.2, 0.65, 1.6])
    space.sliders[2].press("Home")
    space.shows([0.2, 0.65, -2])


def test_all_controls_are_reached_by_the_tab_key(space):
    controls = [*space.handles.values(), *space.sliders, space.reset]
    controls[0].focus()
    for control in controls:
        assert control.evaluate("(e) => e === document.activeElement")
        space.page.keyboard.press("Tab")


def test_reset_goes_back_to_the_start(space):
    space.set([1, -1, 2])
    space.reset.click()
    space.shows(X)
    assert space.says() == "Drag x up, down or across; drag x − μ outwards or round."


def test_what_is_read_out_does_not_chatter(space):
    space.page.evaluate(
        """() => {
            window.said = 0;
            const watch = new MutationObserver((changes) => { window.said += changes.length; });
            const all = { childList: true, characterData: true, subtree: true };
            for (const p of document.querySelectorAll("[aria-live=polite]")) watch.observe(p, all);
        }"""
    )
    space.drag("side", 0, 0.8)
    assert space.page.evaluate("window.said") <= 2  # one sentence goes, one comes


def test_a_finger_drags_a_handle_and_scrolls_elsewhere(space):
    page, handle = space.page, space.handles["above"]
    elsewhere = space.root.locator("[data-view=above]")
    assert elsewhere.evaluate("(e) => getComputedStyle(e).touchAction") == "auto"
    handle.scroll_into_view_if_needed()
    session = page.context.new_cdp_session(page)
    box = handle.locator("circle").bounding_box()
    u, v = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind, dy in [("Start", 0), ("Move", 20), ("Move", 30), ("Move", 40)]:
        points = [{"x": u + dy, "y": v + dy}]
        session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
        settle(page)  # a move comes with the next frame
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert space.numbers("moments")[1] > 1


def test_two_pictures_on_a_page_keep_apart(show, html):
    opened = show(html, build("fig-other", [-1, 0.5, 0], [0, 1, 0]))
    first, second = Space(opened.page), Space(opened.page, "fig-other", [0, 1, 0])
    second.shows([-1, 0.5, 0])
    second.set([1, 2, -1])
    first.drag("side", 0, 0.5)
    second.shows([1, 2, -1])
    first.reset.click()
    first.shows(X)
    ids = opened.page.locator("[id]").evaluate_all("(all) => all.map((e) => e.id)")
    assert len(ids) == len(set(ids)) == 2
    assert not opened.problems


def test_it_works_from_the_disk_without_a_complaint(show, html):
    opened = show(html, from_disk=True)
    space = Space(opened.page)
    space.set(ROWS[1])
    space.shows(ROWS[1])
    assert not opened.problems


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_it_fits_and_has_no_accessibility_violation(show, html, axe, theme, size):
    page = show(html, theme=theme).page
    page.set_viewport_size(size)
    settle(page)
    assert not too_wide(page)
    side, above = (page.locator(f"[data-view={view}]").bounding_box() for view in CAMERAS)
    assert (side["y"] == above["y"]) == (size is WIDE)
    assert (side["x"] == above["x"]) == (size is PHONE)
    violations = accessibility_violations(page, axe)
    assert not violations, "\n".join(violations)


def test_nothing_leaves_the_card_wherever_x_is(space):
    for x in [*ROWS, [2, 2, 2], [-2, -2, 2]]:
        space.set(x)
        for view in CAMERAS:
            u, v = space.drawn(view, "[role=slider]")[0]
            assert 9 < u < 331
            assert 9 < v < 317
            panel, *texts = space.root.locator(f"[data-view={view}]").evaluate(
                """(panel) => [panel, ...panel.querySelectorAll("text")]
                    .map((e) => e.getBoundingClientRect()).filter((box) => box.width)
                    .map(({ left, right }) => [left, right])"""
            )
            assert len(texts) > 3
            for left, right in texts:
                assert panel[0] <= left + 1
                assert right <= panel[1] + 1


def test_paper_shows_the_start_without_controls(space):
    space.set(ROWS[1])
    space.shows(ROWS[1])
    space.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    space.shows(X)
    assert not printed_navigation(space.page)
    space.page.evaluate("dispatchEvent(new Event('afterprint'))")
    space.shows(ROWS[1])
