"""The picture of LayerNorm in space: what it shows is what nnreg computes, however x is moved."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from nnreg import layernorm_backward, layernorm_forward
from nnreg.book import projection_picture

from .checks import PHONE, WIDE, accessibility_violations, printed_navigation, settle, too_wide

pytestmark = [pytest.mark.browser, pytest.mark.elsewhere]

X, DX_HAT = [0.2, 0.6, 1.6], [0.8, -0.5, 1.6]  # as in chapter 14
ROWS = [X, [2, -1.5, 0.25], [-0.35, -1, 1.95], [-2, 2, 2], [1.1, 1.15, 1.1], [-0.7, -0.7, -0.7]]
# Where the page draws a point of space: right, and up on the paper.
BASIS = np.array([[0, -1, 1], [2, -1, -1], [1, 1, 1]]) / np.sqrt([[2], [6], [3]])
SCALE = 42
CAMERAS = {"side": [[1, 0, 0], [0, np.sin(0.4), np.cos(0.4)]], "above": [[1, 0, 0], [0, 1, 0]]}


def build(name="fig-space", x=X, dx_hat=DX_HAT):
    words = {"caption": "Down to the plane, then out to the circle.", "alt": "Two views."}
    return projection_picture(x, dx_hat, name=name, **words).html()


@pytest.fixture(scope="module")
def html():
    return build()


def circle(handle):
    """Return where on the screen a handle is, and the radius of its circle."""
    return handle.locator("circle").evaluate(
        """(circle) => {
            const { a, e, f } = circle.getScreenCTM();
            return [e, f, a * circle.r.baseVal.value];
        }"""
    )


def numbers(text):
    text = text.replace("−", "-")
    assert "-0.00" not in text
    return np.array([float(number) for number in re.findall(r"-?\d+\.\d\d", text)])


DRAWN = """(root, view) => {
    const found = {}, own = `[data-view=${view}] > path[class]:not([class=thin])`;
    for (const path of root.querySelectorAll(own)) {
        const name = path.getAttribute("class").replace(/ (thin|side|above)/g, "");
        found[name] = path.getAttribute(name.startsWith("mark") ? "transform" : "d");
    }
    root.querySelectorAll(`[data-view=${view}] [role=slider]`).forEach((handle, i) => {
        found["slider " + i] = handle.getAttribute("transform");
    });
    return found;
}"""


class Space:
    """The picture as a reader meets it, and what nnreg says it has to show."""

    def __init__(self, page, name="fig-space", dx_hat=DX_HAT):
        self.page, self.dx_hat = page, np.array(dx_hat)
        self.root = page.locator(f"#{name}-root")
        self.sliders = self.root.locator("input").all()
        x, side, centred, above = self.root.locator("svg [role=slider]").all()
        self.handles = {"side": x, "above": centred}
        self.tips = {"side": side, "above": above}  # of dx̂
        self.reset = self.root.get_by_role("button", name="Reset")

    def set(self, x):
        for slider, value in zip(self.sliders, x, strict=True):
            slider.fill(str(value))

    def numbers(self, name):
        return numbers(self.root.locator(f"dd[data-value={name}]").inner_text())

    def says(self):
        return self.root.locator("p[aria-live]").inner_text()

    def drawn(self, view):
        """Return where on the paper each line of a view leads, and each mark and handle stands."""
        return {
            part: np.array(re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text), float).reshape(-1, 2)
            for part, text in self.root.evaluate(DRAWN, view).items()
        }

    def shows(self, x, dx_hat=None):
        """Assert that numbers and lines follow nnreg's forward and backward pass of `x`."""
        x, dx_hat = np.array(x, float), self.dx_hat if dx_hat is None else np.array(dx_hat)
        x_hat, cache = layernorm_forward(x)
        dx = layernorm_backward(dx_hat, cache)[0]
        centred, flat = x - x.mean(), dx_hat - dx_hat.mean()
        tangent = dx * np.sqrt(x.var() + 1e-5)
        told = {"x": x, "centred": centred, "moments": [x.mean(), x.std()], "xhat": x_hat}
        told |= {"gradient": dx_hat, "flat": flat, "tangent": tangent}
        texts = self.root.locator("dd").all_inner_texts()
        for (name, expected), text in zip({**told, "dx": dx}.items(), texts, strict=True):
            np.testing.assert_allclose(numbers(text), expected, rtol=0, atol=0.0051, err_msg=name)
        end = x + dx * min(1, 2.5 / max(np.linalg.norm(dx), 1e-9))
        tip, foot, kept = (x_hat + part for part in (dx_hat, flat, tangent))
        lines = {
            "slider 0": [x],
            "slider 1": [tip],
            "mark xhat": [x_hat],
            "dx": [x, end],
            "drop": [x, centred],
            "upstream": [x_hat, tip],
            "fall": [tip, foot],
            "tangent": [x_hat, kept],
            "radial": [x_hat, x_hat + flat - tangent],
        }
        for view, camera in CAMERAS.items():
            drawn = self.drawn(view)
            for name, line in lines.items():
                points = np.array(line) @ BASIS.T @ np.transpose(camera)
                np.testing.assert_allclose(
                    drawn[name][: len(points)],
                    np.array([170, 163]) + points * [SCALE, -SCALE],
                    rtol=0,
                    atol=0.02,
                    err_msg=f"{name} from {view}",
                )

    def drag(self, view, right, up):
        """Drag x by so many units of space on the paper; return x before and after."""
        return self._drag(self.handles[view], right, up, "x")

    def drag_gradient(self, view, right, up):
        """Drag the tip of dx̂ likewise; return dx̂ before and after."""
        return self._drag(self.tips[view], right, up, "gradient")

    def _drag(self, handle, right, up, what):
        before = self.numbers(what)
        handle.scroll_into_view_if_needed()
        u, v, radius = circle(handle)
        scale = radius / 33 * SCALE
        self.page.mouse.move(u, v)
        self.page.mouse.down()
        self.page.mouse.move(u + right * scale, v - up * scale, steps=5)
        self.page.mouse.up()
        self.page.mouse.move(u + 5, v + 5)  # let go: this moves nothing any more
        return before, self.numbers(what)


@pytest.fixture
def space(show, html):
    return Space(show(html).page)


def parts(x, dx_hat):
    """Return dx̂'s parts along x̂, sideways and along 1, and the three directions."""
    along = layernorm_forward(np.array(x, float))[0] / np.sqrt(3)
    ones = np.ones(3) / np.sqrt(3)
    directions = np.array([along, np.cross(ones, along), ones])
    return directions @ dx_hat, directions


def look_at_everything(space):
    """Move x and dx̂ in all the ways there are, and compare with nnreg."""
    space.shows(X)
    for x in ROWS:
        space.set(x)
        space.shows(x)
    space.reset.click()
    lengths, directions = parts(X, space.dx_hat)
    for key, view, step in [
        ("ArrowRight", "above", [0, 0.1, 0]),
        ("ArrowUp", "above", [0.1, 0, 0]),
        ("ArrowUp", "side", [0, 0, 0.1 * np.sqrt(3)]),
    ]:
        space.tips[view].press(key)
        lengths += step
        space.shows(X, lengths @ directions)
    space.drag_gradient("side", 0, -0.8)
    lengths -= [0, 0, 0.8 / np.cos(0.4)]
    space.shows(X, lengths @ directions)
    assert space.says() == "dx̂ went along 1: dx does not notice, that part is lost."
    space.drag_gradient("above", *(-0.5 * BASIS[:2] @ (directions[0] + directions[1])))
    lengths -= [0.35, 0.35, 0]  # less the slack of a hand
    assert space.numbers("gradient") == pytest.approx(lengths @ directions, abs=0.02)
    space.drag_gradient("above", *(9 * BASIS[:2] @ (directions[0] + directions[1])))
    lengths, _ = parts(X, space.numbers("gradient"))
    assert np.hypot(*lengths[:2]) == pytest.approx(2, abs=0.02)
    space.reset.click()
    space.shows(X)
    before, after = space.drag_gradient("side", -0.8, 0)
    assert BASIS @ (after - before) == pytest.approx([-0.65, 0, 0], abs=0.02)


def test_every_number_and_line_is_that_of_the_package(space):
    look_at_everything(space)


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
        ('"upstream" ? tip', '"upstream" ? foot'),
        ("upstream: [at.xhat, tip]", "upstream: [at.x, tip]"),
        ("fall: [tip, foot]", "fall: [tip, kept]"),
        ("radial: [at.xhat, removed]", "radial: [at.xhat, foot]"),
        ("s * v + t * u", "s * v - t * u"),
        ("away * direction[0] - right", "away * direction[0] + right"),
        ("from.mu + up)", "from.mu)"),
        ("c * up / Math.cos(TILT)", "c * up"),
        ("split([across, up])", "split([up, across])"),
        ("split([steady(across), 0])", "split([0, steady(across)])"),
        ("up ? [step, 0] : [0, step]", "[step, 0]"),
        ("Math.sqrt(REACH * REACH - t * t)", "REACH"),
        ("[x, gradient] = values", "[x] = values"),
        ('changed("flat") ? "x̂" : "1"', 'changed("flat") ? "1" : "x̂"'),
    ],
)
def test_a_picture_that_lies_is_found_out(show, html, right, wrong):
    assert html.count(right) == 1
    space = Space(show(html.replace(right, wrong)).page)

    with pytest.raises(AssertionError):
        look_at_everything(space)


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


def test_dragging_dx_hat_along_1_changes_no_dx(space):
    dx = space.numbers("dx")
    before, after = space.drag_gradient("side", 0.1, -0.8)  # not quite straight, as a hand is
    np.testing.assert_allclose(after - before, -0.8 / np.cos(0.4) / np.sqrt(3), atol=0.011)
    assert np.array_equal(space.numbers("dx"), dx)
    assert space.says() == "dx̂ went along 1: dx does not notice, that part is lost."


@pytest.mark.parametrize("length", [0.6, -1.2])
def test_dragging_dx_hat_along_x_hat_changes_no_dx(space, length):
    dx, (along, *_) = space.numbers("dx"), parts(X, DX_HAT)[1]
    before, after = space.drag_gradient("above", *(length * BASIS[:2] @ along))
    slack = np.sign(length) * 0.15
    np.testing.assert_allclose(after - before, (length - slack) * along, atol=0.02)
    assert np.array_equal(space.numbers("dx"), dx)
    assert space.says() == "dx̂ went along x̂: dx does not notice, that part is lost."


@pytest.mark.parametrize("x", [X, [0.5, 0.6, 0.85]])
def test_dragging_dx_hat_sideways_changes_dx_in_proportion(space, x):
    space.set(x)
    _, (_, sideways, _) = parts(x, DX_HAT)
    for length in [-0.5, -0.8]:
        dx = space.numbers("dx")
        before, after = space.drag_gradient("above", *(length * BASIS[:2] @ sideways))
        np.testing.assert_allclose(after - before, (length + 0.15) * sideways, atol=0.02)
        np.testing.assert_allclose(
            space.numbers("dx") - dx, (after - before) / np.std(x), atol=0.011 * (1 + 1 / np.std(x))
        )
        told = f"dx̂ went sideways: dx goes with it, divided by σ = {np.std(x):.2f}."
        assert space.says() == told


def test_dx_hat_is_turned_until_dx_is_0(space):
    (_, length, _), (_, sideways, _) = parts(X, DX_HAT)
    slack = 0.15 + 0.04  # a hand does not meet it better
    space.drag_gradient("above", *((-length - np.sign(length) * slack) * BASIS[:2] @ sideways))
    assert np.array_equal(space.numbers("dx"), [0, 0, 0])
    assert space.says() == "dx is 0: dx̂ lies in the plane of 1 and x̂."
    assert space.root.locator("[data-view=above] text.dx").text_content() == "dx = 0"
    # In that plane dx̂ goes anywhere, and dx stays 0.
    before, after = space.drag_gradient("side", 0, -1)
    assert (after < before - 0.5).all()
    assert np.array_equal(space.numbers("dx"), [0, 0, 0])


def test_dx_hat_stays_in_the_picture_and_its_numbers_on_their_range(space):
    for x in [X, [2, -2, 2], [-2, 1, 2], [2, -1, -1], [-2, 1, 1]]:
        space.set(x)
        for view, right, up in [
            ("side", 0, 9),
            ("above", 0, 9),
            ("side", 9, 0),
            ("above", -9, -9),
            ("side", 0, -9),
            ("above", 0, -9),
            ("side", -9, 0),
        ]:
            _, after = space.drag_gradient(view, right, up)
            assert (abs(after) <= 2).all()
            for drawn in CAMERAS:
                u, v = space.drawn(drawn)["slider 1"][0]
                assert 0 < u < 340
                assert 0 < v < 326


def test_of_two_handles_that_overlap_the_nearer_is_taken(space):
    (along, sideways, _), directions = parts(X, DX_HAT)
    x, x_hat = np.array(X), layernorm_forward(np.array(X))[0]
    centred = BASIS[:2] @ (x - x.mean())
    # Lead the tip of dx̂ to 0.4 units from x − μ: its circle covers that mark.
    goal = np.array([np.linalg.norm(centred) - np.linalg.norm(x_hat), 0.4])
    way = goal - [along, sideways]
    way += 0.15 * np.sign(way)
    space.drag_gradient("above", *(BASIS[:2] @ (way @ directions[:2])))
    handle, tip = (circle(handles["above"]) for handles in (space.handles, space.tips))
    assert np.hypot(handle[0] - tip[0], handle[1] - tip[1]) < 0.6 * tip[2]
    gradient = space.numbers("gradient")
    before, after = space.drag("above", *(0.5 * centred))
    assert not np.array_equal(before, after)
    assert np.array_equal(space.numbers("gradient"), gradient)
    before, after = space.drag_gradient("above", 0.5, 0.5)
    assert not np.array_equal(before, after)


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


def test_the_tip_of_dx_hat_follows_the_keyboard_and_says_what_it_holds(space):
    side, above = space.tips["side"], space.tips["above"]
    assert side.get_attribute("aria-label") == "Mean: dx̂ along 1"
    assert above.get_attribute("aria-label") == "dx̂ sideways, and along x̂"
    for key, mean in [("ArrowUp", 0.73), ("ArrowRight", 0.83), ("ArrowDown", 0.73)]:
        side.press(key)
        assert float(side.get_attribute("aria-valuenow")) == mean
        assert side.get_attribute("aria-valuetext") == f"mean of dx̂ {mean:.2f}"
    (along, sideways, _), _ = parts(X, DX_HAT)
    for key, out, turned in [
        ("ArrowUp", 0.1, 0),
        ("ArrowDown", 0, 0),
        ("ArrowRight", 0, 0.1),
        ("ArrowLeft", 0, 0),
    ]:
        above.press(key)
        assert float(above.get_attribute("aria-valuenow")) == round(sideways + turned, 2)
        text = f"along x̂ {along + out:.2f}, sideways {sideways + turned:.2f}".replace("-", "−")
        assert above.get_attribute("aria-valuetext") == text


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
    handles = [held[view] for view in CAMERAS for held in (space.handles, space.tips)]
    controls = [*handles, *space.sliders, space.reset]
    controls[0].focus()
    for control in controls:
        assert control.evaluate("(e) => e === document.activeElement")
        space.page.keyboard.press("Tab")


def test_reset_goes_back_to_the_start(space):
    space.set([1, -1, 2])
    space.drag_gradient("above", -1, 0.5)
    space.reset.click()
    space.shows(X)
    assert space.says() == "Drag x, x − μ, or the tip of dx̂."


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
    space.drag_gradient("above", *(-0.8 * BASIS[:2] @ parts(X, DX_HAT)[1][1]))
    assert space.page.evaluate("window.said") <= 4


def swipe(page, u, v, right, up):
    """Draw a finger over the screen from that place."""
    session = page.context.new_cdp_session(page)
    for kind, part in [("Start", 0), *[("Move", part) for part in np.linspace(0.1, 1, 10)]]:
        points = [{"x": u + part * right, "y": v - part * up}]
        session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
        settle(page)  # a move comes with the next frame
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    settle(page)


@pytest.mark.parametrize("what", ["x", "gradient"])
def test_a_finger_drags_a_handle_and_scrolls_elsewhere(space, what):
    handle = (space.handles if what == "x" else space.tips)["above"]
    elsewhere = space.root.locator("[data-view=above]")
    assert elsewhere.evaluate("(e) => getComputedStyle(e).touchAction") == "auto"
    handle.scroll_into_view_if_needed()
    before = space.numbers(what)
    swipe(space.page, *circle(handle)[:2], -40, -40)
    assert abs(space.numbers(what) - before).max() > 0.3


def test_a_swipe_that_begins_between_the_handles_scrolls_the_page(show):
    page = show(build() + '<div style="height: 2000px"></div>').page
    page.set_viewport_size(PHONE)
    settle(page)
    space = Space(page)
    for view in CAMERAS:
        box = space.root.locator(f"[data-view={view}]").bounding_box()
        between = box["x"] + box["width"] / 2, box["y"] + box["height"] - 60
        for place, scrolls in [
            (between, True),
            (circle(space.handles[view])[:2], False),
            (circle(space.tips[view])[:2], False),
        ]:
            swipe(page, *place, 0, 150)
            assert (page.evaluate("scrollY") > 100) == scrolls
            page.evaluate("scrollTo(0, 0)")
            space.reset.evaluate("(button) => button.click()")


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


# What a phone of 390 × 844 shows between its browser's bars, and the site's own bar on top of it.
SCREEN, SITE_BAR = {"width": 390, "height": 660}, 57


@pytest.fixture
def phone(space):
    space.page.set_viewport_size(SCREEN)
    settle(space.page)
    return space


def test_on_a_phone_all_that_matters_is_on_one_screen(phone):
    boxes = [
        phone.root.locator(what).bounding_box()
        for what in ["[data-view=side]", "[data-view=above]", "p[aria-live]", "button"]
        + [f"dd[data-value={name}]" for name in ("moments", "gradient", "dx")]
    ]
    top, bottom = min(box["y"] for box in boxes), max(box["y"] + box["height"] for box in boxes)
    assert bottom - top < SCREEN["height"] - SITE_BAR
    for one, other in itertools.combinations(boxes, 2):
        beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
        below = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
        assert beside or below


def test_on_a_phone_no_message_moves_what_is_below(phone, html):
    messages = re.findall(r'(?:return|\+) "([^"]+)"', html.partition("const lesson")[2])
    assert len(messages) > 6
    heights = {
        phone.root.evaluate(
            """(root, text) => {
                root.querySelector("p").textContent = text;
                return root.getBoundingClientRect().height;
            }""",
            message,
        )
        for message in messages
    }
    assert len(heights) == 1


def test_on_a_phone_no_letter_is_smaller_than_11_px(phone):
    sizes = phone.root.evaluate(
        """(root) => [...root.querySelectorAll("text, p, dt, dd, label, output, button")]
            .filter((e) => e.checkVisibility() || e.tagName === "DT").map((e) =>
                parseFloat(getComputedStyle(e).fontSize) * (e.getScreenCTM?.().a ?? 1))"""
    )
    assert len(sizes) > 30
    assert min(sizes) >= 11


def test_at_the_start_no_handle_overlaps_another_and_each_is_44_px_wide(phone):
    for size in [SCREEN, WIDE]:
        phone.page.set_viewport_size(size)
        settle(phone.page)
        for view in CAMERAS:
            one, other = (circle(handles[view]) for handles in (phone.handles, phone.tips))
            assert 2 * min(one[2], other[2]) >= 44
            assert np.hypot(one[0] - other[0], one[1] - other[1]) > 44
            assert np.hypot(one[0] - other[0], one[1] - other[1]) > one[2] + other[2]


def test_nothing_leaves_the_card_wherever_x_is(space):
    for x in [*ROWS, [2, 2, 2], [-2, -2, 2]]:
        space.set(x)
        for view in CAMERAS:
            u, v = space.drawn(view)["slider 0"][0]
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
    space.tips["side"].press("ArrowUp")
    moved = np.array(DX_HAT) + 0.1
    space.shows(ROWS[1], moved)
    space.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    space.shows(X)
    assert not printed_navigation(space.page)
    space.page.evaluate("dispatchEvent(new Event('afterprint'))")
    space.shows(ROWS[1], moved)
