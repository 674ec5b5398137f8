"""The page's pictures: each mark stands where its numbers belong.

What a test expects is worked out by hand from the panel's box and limits, or told by matplotlib.
"""

import base64
import inspect
import io
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from matplotlib import colormaps
from PIL import Image

from nnreg.book import explorer, figures, live_slider
from nnreg.book._svg import colours, contour
from nnreg.book._svg.drawing import NeedsNotebook
from nnreg.book._svg.figure import figure
from nnreg.book._svg.patches import Rectangle
from nnreg.book.palette import CLASS_COLOURS, CLASS_TINTS, plot_decision, role
from tests.svg_pictures import (
    BLUE,
    ORANGE,
    SVG,
    UNIT,
    drawn,
    find,
    near,
    panel,
    place,
    points,
    texts,
)

# ---- The figure ----


def test_a_figure_shows_itself_as_svg_of_its_size_and_as_text():
    fig, _ = figure(4, 2.5)
    data = fig._repr_mimebundle_()
    root = ET.fromstring(data["image/svg+xml"])
    assert (root.tag, root.get("viewBox")) == (SVG + "svg", "0 0 400 250")
    assert (root.get("width"), root.get("height")) == ("400", "250")
    assert data["text/plain"] == "<Figure>"


def test_a_screen_reader_hears_axes_and_labels_or_the_title_that_is_given():
    fig, ax = panel(xlabel="epoch", ylabel="$x_1$ & <loss>")
    ax.plot([0, 1], [1, 2], label="training")
    root = drawn(fig)
    assert root.get("role") == "img"
    assert root[0].tag == SVG + "title"
    assert root[0].text == "Picture: x1 & <loss> against epoch: training"
    assert ET.fromstring(fig.svg(title="Two bars.")).find(SVG + "title").text == "Two bars."


def test_the_same_calls_give_the_same_text():
    def draw():
        fig, ax = panel(**UNIT)
        ax.plot([1, 2], [1, 4], "o-", label="a")
        ax.legend()
        return fig.svg()

    assert draw() == draw()


def test_no_element_has_an_id_or_a_style_that_a_page_could_trip_over():
    fig, ax = panel(**UNIT)
    ax.plot([1, 2], [1, 4])
    ax.imshow(np.eye(2))
    assert not re.search(r'\s(id|style|on\w+)="', fig.svg())


# ---- Lines and markers ----


def test_a_line_leads_through_its_points():
    fig, ax = panel(**UNIT)
    ax.plot([1, 2, 8], [1, 4, 2], **role("validation"))
    (line,) = find(drawn(fig), "path", stroke=ORANGE)
    assert near(points(line)[0], [place(ax, *at) for at in ((1, 1), (2, 4), (8, 2))])
    assert line.get("stroke-dasharray") == "11.31 4.889"


def test_a_line_breaks_where_a_value_is_missing():
    fig, ax = panel(**UNIT)
    ax.plot([1, 2, np.nan, 4, 5, 6], [1, 2, 3, 4, np.inf, 1], color="k")
    (line,) = find(drawn(fig), "path", stroke="#000000")
    first, second, third = points(line)
    assert near(first, [place(ax, 1, 1), place(ax, 2, 2)])
    assert near(second, [place(ax, 4, 4)])
    assert near(third, [place(ax, 6, 1)])


@pytest.mark.parametrize("marker", "osD^v<>PX*dx+|_.")
def test_a_marker_stands_at_its_point_and_has_its_size(marker):
    fig, ax = panel(**UNIT)
    ax.plot([3], [2], marker, color=BLUE, markersize=7.2)
    (group,) = find(drawn(fig), "g", fill=BLUE)
    (shape,) = group
    at, size = place(ax, 3, 2), 10  # 7.2 points
    if marker in "o.":
        assert near([float(shape.get("cx")), float(shape.get("cy"))], at)
        assert float(shape.get("r")) == (5 if marker == "o" else 2.5)
    else:
        corners = np.concatenate(points(shape))
        low, high = corners.min(axis=0), corners.max(axis=0)
        tall, wide = {"D": (14.14, 14.14), "d": (14.14, 8.49), "|": (10, 0), "_": (0, 10),
                      "*": (9.05, 9.51)}.get(marker, (size, size))  # fmt: skip
        assert np.allclose(high - low, [wide, tall], atol=0.03)
        middle = at if marker != "*" else [at[0], at[1] - 5 + 9.05 / 2]
        assert np.allclose((low + high) / 2, middle, atol=0.03)


@pytest.mark.parametrize(("marker", "tips_above"), [("^", 1), ("v", 2)])
def test_a_triangle_points_up_or_down(marker, tips_above):
    fig, ax = panel(**UNIT)
    ax.plot([3], [2], marker, color=BLUE)
    (group,) = find(drawn(fig), "g", fill=BLUE)
    corners = points(group[0])[0]
    assert (corners[:, 1] < place(ax, 3, 2)[1]).sum() == tips_above


def test_colours_and_dashes_come_in_turn_as_in_the_book():
    figures.use_style()
    _, ax = figure()
    _, real_ax = figures.figure()
    for style in ({}, {"color": "k"}, {"linestyle": "-"}, {}):
        (mine,), (theirs,) = ax.plot([0, 1], **style), real_ax.plot([0, 1], **style)
        assert colours.colour(theirs.get_color()) == mine.get_color()
    ours = [re.sub(r"\s", "", str(mark.linestyle)) for mark in ax.marks]
    assert [ours[0], ours[1], ours[3]] == ["-", "--", "-."]
    assert [line.get_linestyle() for line in real_ax.lines][1] == "--"


def test_only_chosen_points_are_marked():
    fig, ax = panel(**UNIT)
    ax.plot([1, 2, 3], [1, 2, 3], "o-", color=BLUE, markevery=[0])
    (dot,) = find(drawn(fig), "circle")
    assert near([float(dot.get("cx")), float(dot.get("cy"))], place(ax, 1, 1))


def test_lines_across_span_the_panel_whatever_its_limits():
    fig, ax = panel(**UNIT)
    ax.axhline(2, color="k")
    ax.axvline(3, color="k")
    across, upright = (points(e)[0] for e in find(drawn(fig), "path", stroke="#000000"))
    left, top, width, height = ax.box
    assert near(across, [[left, place(ax, 0, 2)[1]], [left + width, place(ax, 0, 2)[1]]])
    assert near(upright[:, 0], place(ax, 3, 0)[0])
    assert near(sorted(upright[:, 1]), [top, top + height])


def test_short_lines_run_from_one_height_to_another():
    fig, ax = panel(**UNIT)
    ax.vlines([1, 2], 0, [3, 4], color="k")
    (element,) = find(drawn(fig), "path", stroke="#000000")
    for line, x, top in zip(points(element), (1, 2), (3, 4), strict=True):
        assert near(line, [place(ax, x, 0), place(ax, x, top)])


def test_error_bars_reach_as_far_as_the_errors():
    fig, ax = panel(**UNIT)
    ax.errorbar([2], [3], xerr=[1.5], fmt="o", color="k")
    (bar,) = find(drawn(fig), "path", stroke="#000000", fill="none")
    assert near(points(bar)[0], [place(ax, 0.5, 3), place(ax, 3.5, 3)])


def test_a_long_line_loses_only_points_that_nobody_sees():
    x = np.linspace(0, 10, 20_000)
    fig, ax = panel(xlim=(0, 10), ylim=(-1, 1))
    ax.plot(x, np.sin(5 * x), color="k")
    (line,) = points(find(drawn(fig), "path", stroke="#000000")[0])
    true = np.transpose(place(ax, x, np.sin(5 * x)))
    assert len(line) < 1000
    between = np.interp(true[:, 0], *line.T)
    slope = np.abs(np.gradient(true[:, 1], true[:, 0]))
    assert np.max(np.abs(between - true[:, 1]) / np.hypot(1, slope)) < 0.08


@pytest.mark.parametrize("size", [1e-300, 1e-12, 1e12, 1e300])
def test_tiny_and_huge_numbers_are_drawn(size):
    fig, ax = figure()
    ax.plot([0, size], [0, size], color="k")
    (line,) = points(find(drawn(fig), "path", stroke="#000000")[0])
    assert near(line, [place(ax, 0, 0), place(ax, size, size)])
    assert len(texts(drawn(fig))) >= 4


def test_a_point_far_outside_leaves_the_line_straight_inside():
    fig, ax = panel(**UNIT)
    ax.plot([0, 1, 1 + 1e-9], [0, 1, 1e30], color="k")
    (line,) = points(find(drawn(fig), "path", stroke="#000000")[0])
    assert near(line[:2], [place(ax, 0, 0), place(ax, 1, 1)])
    assert line[2, 1] == -1e6


def test_marks_without_data_leave_an_empty_panel():
    fig, ax = figure()
    ax.plot([], [], label="nothing")
    ax.scatter([], [])
    ax.fill_between([], [], [])
    ax.legend()
    assert "nothing" in texts(drawn(fig))
    assert ax.get_xlim() == (0, 1)


# ---- Areas, points, images, contours ----


def test_scattered_points_have_areas_in_square_points():
    fig, ax = panel(**UNIT)
    ax.scatter([1, 2], [3, 4], s=[25, 100], color=[BLUE, ORANGE])
    for circle, at, area in zip(
        find(drawn(fig), "circle"), ((1, 3), (2, 4)), (25, 100), strict=True
    ):
        assert near([float(circle.get("cx")), float(circle.get("cy"))], place(ax, *at))
        assert near(float(circle.get("r")), area**0.5 / 2 * 100 / 72)
    assert [g.get("fill") for g in drawn(fig).iter(SVG + "g") if g.get("fill")] == [BLUE, ORANGE]


def test_bars_stand_on_their_floor():
    fig, ax = panel(xlim=(-1, 3), ylim=(-2, 5))
    ax.bar([0, 1], [4, -1], 0.5, color=[BLUE, ORANGE])
    for ink, left, height in ((BLUE, -0.25, 4), (ORANGE, 0.75, -1)):
        (bar,) = find(drawn(fig), "path", fill=ink)
        assert bar.get("stroke") is None
        corners = [(left, 0), (left + 0.5, 0), (left + 0.5, height), (left, height)]
        assert near(points(bar)[0], [place(ax, *at) for at in corners])


def test_bars_may_have_words_for_places():
    fig, ax = figure()
    ax.bar(["data", "penalty"], [1, 2])
    assert [name for _, name in ax.x.ticks(300, 15)] == ["data", "penalty"]
    assert {"data", "penalty"} <= set(texts(drawn(fig)))


def test_a_histogram_counts_as_numpy_does():
    values = np.random.default_rng(0).standard_normal(500)
    fig, ax = figure()
    ax.hist(values, bins=7, density=True, color=BLUE)
    counts, edges = np.histogram(values, 7, density=True)
    bars = points(find(drawn(fig), "path", fill=BLUE)[0])
    for bar, count, left, right in zip(bars, counts, edges, edges[1:], strict=False):
        assert near(bar[0], place(ax, left, 0))
        assert near(bar[2], place(ax, right, count))
    assert ax.get_ylim()[0] == 0


def test_a_band_lies_between_its_curves_and_skips_gaps():
    fig, ax = panel(**UNIT)
    ax.fill_between([0, 1, 2, 3, 4], [1, 1, np.nan, 2, 2], [2, 3, 3, 4, 5], color=BLUE)
    first, second = points(find(drawn(fig), "path", fill=BLUE)[0])
    assert near(first, [place(ax, *at) for at in ((0, 1), (1, 1), (1, 3), (0, 2))])
    assert near(second, [place(ax, *at) for at in ((3, 2), (4, 2), (4, 5), (3, 4))])


def test_a_span_fills_the_height_and_a_patch_its_rectangle():
    fig, ax = panel(**UNIT)
    ax.axvspan(1, 2, color=BLUE)
    ax.add_patch(Rectangle((3, 1), 2, 3, fill=False, edgecolor=ORANGE, linewidth=2))
    (span,) = points(find(drawn(fig), "path", fill=BLUE)[0])
    _, top, _, height = ax.box
    assert near(span.min(axis=0), [place(ax, 1, 0)[0], top])
    assert near(span.max(axis=0), [place(ax, 2, 0)[0], top + height])
    (patch,) = find(drawn(fig), "path", stroke=ORANGE)
    assert patch.get("fill") == "none"
    assert near(points(patch)[0][[0, 2]], [place(ax, 3, 1), place(ax, 5, 4)])


def pixels_of(fig):
    (image,) = find(drawn(fig), "image")
    data = base64.b64decode(image.get("href").removeprefix("data:image/png;base64,"))
    box = [float(image.get(name)) for name in ("x", "y", "width", "height")]
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA")), box


def test_an_image_has_its_colours_and_holes_and_fills_its_extent():
    values = np.array([[0.0, 1.0, 2.0], [3.0, np.nan, 4.0]])
    fig, ax = figure(4, 3)
    ax.imshow(values, cmap="Blues", vmin=0, vmax=4)
    pixels, (x, y, width, height) = pixels_of(fig)
    expected = 255 * colormaps["Blues"](values / 4)
    there = np.isfinite(values)
    assert np.abs(pixels[there] - expected[there]).max() <= 3
    assert pixels[1, 1, 3] == 0
    assert near([x, y], place(ax, -0.5, -0.5))
    assert near([x + width, y + height], place(ax, 2.5, 1.5))
    assert width / height == pytest.approx(1.5)


def test_an_image_turns_with_its_axis():
    fig, ax = figure()
    ax.imshow([[0, 1]], cmap="gray", extent=(0, 2, 0, 1))
    ax.set(xlim=(2, 0))
    pixels, _ = pixels_of(fig)
    assert pixels[0, :, 0].tolist() == [255, 0]


@pytest.mark.parametrize(
    "name", ["Greys", "Blues", "RdBu", "RdBu_r", "PuOr_r", "gray_r", "viridis"]
)
def test_colour_maps_are_those_of_matplotlib(name):
    share = np.linspace(0, 1, 97)
    ours = colours.mapped(share, name, 0, 1)[:, :3].astype(float)
    assert np.abs(ours - 255 * colormaps[name](share)[:, :3]).max() < 9


CIRCLE = np.stack(np.meshgrid(np.linspace(-2, 2, 81), np.linspace(-2, 2, 81)))


def test_a_contour_of_a_bowl_is_a_closed_circle():
    (ring,) = contour.lines(*CIRCLE, np.hypot(*CIRCLE), 1.5)
    assert np.abs(np.hypot(*ring.T) - 1.5).max() < 1e-3
    assert np.array_equal(ring[0], ring[-1])
    turned = np.unwrap(np.arctan2(*ring.T[::-1]))
    assert abs(turned[-1] - turned[0]) == pytest.approx(2 * np.pi)


def test_a_contour_that_leaves_the_grid_ends_at_its_edge():
    height = CIRCLE[0] + 0.0
    (line,) = contour.lines(*CIRCLE, height, 0.33)
    assert np.allclose(line[:, 0], 0.33)
    assert sorted(line[[0, -1], 1]) == [-2, 2]
    (rim,) = contour.rims(*CIRCLE, height, 0.33)
    x, y = rim.T
    area = abs(np.sum(x[:-1] * np.diff(y) - y[:-1] * np.diff(x))) / 2
    assert area == pytest.approx(4 * 1.67)


def test_a_saddle_is_split_by_what_lies_in_its_middle():
    x, y = np.meshgrid([0.0, 1], [0.0, 1])
    for middle in (-0.2, 0.2):
        z = np.array([[1.0, -1.0], [-1.0, 1.0]]) + middle
        ends = [{tuple(np.round(end, 6)) for end in line} for line in contour.lines(x, y, z, 0)]
        assert len(ends) == 2
        corner = (0, 0) if middle < 0 else (1, 0)
        assert any(
            all(abs(p[0] - corner[0]) + abs(p[1] - corner[1]) < 0.7 for p in pair) for pair in ends
        )


def test_filled_contours_cover_only_their_band():
    fig, ax = panel(xlim=(-2, 2), ylim=(-2, 2))
    ax.contourf(*CIRCLE, np.hypot(*CIRCLE), [0.5, 1.0, 1.5], colors=[BLUE, ORANGE])
    root = drawn(fig)
    for ink, inner in ((BLUE, 0.5), (ORANGE, 1.0)):
        (band,) = find(root, "path", fill=ink)
        assert band.get("fill-rule") == "evenodd"
        centre, reach = place(ax, 0, 0), place(ax, 1, 0)[0] - place(ax, 0, 0)[0]
        rims = [ring for ring in points(band) if abs(ring - np.array(centre)).max() < 1.6 * reach]
        radii = [(ring[:, 0].max() - centre[0]) / reach for ring in rims]
        assert any(abs(radius - inner) < 0.02 for radius in radii)
        assert any(abs(radius - 1.5) < 0.02 for radius in radii)


def test_a_decision_map_tints_each_region_and_marks_each_class():
    def scores(rows):
        return np.column_stack([rows[:, 0], -rows[:, 0]])

    fig, ax = figure(3, 3)
    rows = np.array([[-0.5, 0.2], [0.5, -0.3]])
    plot_decision(ax, scores, rows, np.array([1, 0]), limits=(-1, 1, -1, 1))
    root = drawn(fig)
    for k, (low, high) in enumerate(((0, 1), (-1, 0))):
        (region,) = points(find(root, "path", fill=CLASS_TINTS[k])[0])
        assert near(region.min(axis=0), place(ax, low, 1))
        assert near(region.max(axis=0), place(ax, high, -1))
    (border,) = [points(e) for e in find(root, "path", stroke="white", fill="none")][:1]
    assert near(border[0][:, 0], place(ax, 0, 0)[0])
    (circle,) = find(root, "circle")
    assert near([float(circle.get("cx")), float(circle.get("cy"))], place(ax, 0.5, -0.3))
    assert len(find(root, "g", fill=CLASS_COLOURS[1])) == 1


# ---- What the page cannot draw ----

REFUSED = {
    "boxplot": lambda ax: ax.boxplot([1, 2]),
    "set_zlabel": lambda ax: ax.set(zlabel="loss"),
    "line with gapcolor": lambda ax: ax.plot([1], [1], gapcolor="k"),
    "colour map 'jet'": lambda ax: ax.imshow(np.eye(2), cmap="jet"),
    "'logit' scale": lambda ax: ax.set(xscale="logit"),
    "legend at 'outside right middle'": lambda ax: ax.legend(loc="outside right middle"),
    "3-D surfaces": lambda ax: figure(subplot_kw={"projection": "3d"}),
    "savefig": lambda ax: ax.figure.savefig("it.png"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_the_page_cannot_draw_says_that_it_needs_a_notebook(what):
    _, ax = figure()
    with pytest.raises(NeedsNotebook, match=f"This picture needs a notebook: .* no {what}"):
        REFUSED[what](ax)


# ---- The slider ----


def slider(**more):
    def draw(fig, lam):
        drawn_values.append(lam)
        ax = fig.subplots()
        ax.bar(["data", "penalty"], [1, lam])
        ax.set(ylim=(0, 2))

    drawn_values = []
    made = live_slider.explore(
        draw,
        [0, 0.5, 1],
        name="fig-live",
        start=0.5,
        mark=(1, "best"),
        caption=lambda lam: f"The penalty is {lam}.",
        alt=lambda lam: f"A bar of {lam}.",
        **more,
    )
    return made, drawn_values


def test_a_slider_draws_only_the_frame_that_is_asked_for():
    made, drawn_values = slider(width=4, height=3)
    data = made._repr_mimebundle_()
    assert json.loads(json.dumps(data["application/vnd.nnreg.slider+json"])) == {
        "name": "fig-live",
        "label": "λ",
        "values": ["λ = 0", "λ = 0.5", "λ = 1"],
        "start": 1,
        "mark": {"at": 2, "text": "▲ 1: best"},
        "handle": "fig-live",
    }
    assert drawn_values == []
    frame = live_slider.live_frame("fig-live", 2)._repr_mimebundle_()
    assert drawn_values == [1]
    assert (frame["caption"], frame["alt"]) == ("The penalty is 1.", "A bar of 1.")
    root = ET.fromstring(frame["image/svg+xml"])
    assert root.get("viewBox") == "0 0 400 300"
    assert root.find(SVG + "title").text == "A bar of 1."


def test_both_sliders_take_the_same_and_say_the_same():
    made, _ = slider()
    real = explorer.explore(
        made._draw,
        made.values,
        name="fig-live",
        start=0.5,
        mark=(1, "best"),
        caption=made._caption,
        alt=made._alt,
    )
    assert repr(made) == repr(real)
    ours, theirs = (
        inspect.signature(f).parameters for f in (live_slider.explore, explorer.explore)
    )
    assert [(p.name, p.kind, p.default) for p in ours.values()] == [
        (p.name, p.kind, p.default) for p in theirs.values()
    ]
    with pytest.raises(ValueError, match="start must be one of values"):
        live_slider.explore(made._draw, [0, 1], name="fig-x", start=7, caption=str, alt=str)


def test_a_slider_that_nobody_showed_has_no_frames():
    with pytest.raises(KeyError, match="run its cell first"):
        live_slider.live_frame("fig-nowhere", 0)


IN_A_PAGE = """
import sys
sys.platform = "emscripten"
sys.modules.update(dict.fromkeys(["matplotlib", "PIL", "ipywidgets"]))
import numpy as np
from nnreg.book import diamond_picture, explore, figure, live_frame, plot_decision, role
fig, ax = figure()
plot_decision(ax, lambda rows: rows[:, :1], np.eye(2), np.arange(2))
ax.plot([0, 1], [0, 1], **role("training"))
assert fig._repr_mimebundle_()["image/svg+xml"].startswith("<svg")
explore(lambda fig, k: fig.subplots().bar([1], [k]), [1, 2], name="fig-a", caption=str, alt=str)
print(live_frame.__module__, type(fig).__name__)
"""


def test_in_a_page_every_picture_is_drawn_by_numpy_alone():
    done = subprocess.run([sys.executable, "-c", IN_A_PAGE], capture_output=True, text=True)
    assert done.stdout == "nnreg.book.live_slider SvgFigure\n", done.stderr
