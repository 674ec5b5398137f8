"""The page's pictures: limits and ticks are matplotlib's; panels, legends and words have room."""

import re
from itertools import compress

import numpy as np
import pytest

from nnreg.book import figures
from nnreg.book._svg import contour, drawing, text
from nnreg.book._svg.figure import SvgFigure, figure
from nnreg.book.palette import role
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

# ---- Limits and ticks, told by matplotlib ----


def plain(label):
    """Return what is read of a label: formulas as characters."""
    label = re.sub(r"\\mathdefault\{(.*)\}", r"\1", label)
    return "".join(run.text for run in text.runs(label)).replace(" ", "").replace("\\times", "×")


def both(draw, width=4.0, height=3.0):
    """Draw the same with matplotlib, and return both panels."""
    fig, ax = figure(width, height)
    draw(ax)
    fig.svg()
    real, real_ax = figures.figure(width, height)
    draw(real_ax)
    real.frame(100)
    return ax, real_ax


def tick_names(real, which):
    axis = getattr(real, f"{which}axis")
    low, high = sorted(axis.get_view_interval())
    ticks = [
        (tick, plain(label.get_text()))
        for tick, label in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)
    ]
    places = np.array([tick for tick, _ in ticks])
    ends = np.isclose(places, low, atol=0) | np.isclose(places, high, atol=0)
    inside = ends | ((places > low) & (places < high))
    return list(compress(ticks, inside))


RANGES = [(0, 1), (-3, 7), (0.2, 0.23), (1800, 6300), (-1e-3, 2e-3), (99.5, 100.5), (0, 123456)]


@pytest.mark.parametrize(("low", "high"), RANGES)
def test_even_ticks_are_those_of_matplotlib(low, high):
    ax, real = both(lambda ax: ax.plot([low, high], [low, high]))
    assert np.allclose(ax.get_xlim(), real.get_xlim())
    assert np.allclose(ax.get_ylim(), real.get_ylim())
    for which, axis, length in (("x", ax.x, ax.box[2]), ("y", ax.y, ax.box[3])):
        ours = axis.ticks(length, 11 * drawing.POINT)
        assert [(pytest.approx(tick), plain(name)) for tick, name in ours] == tick_names(
            real, which
        )


DECADES = [(1, 1000), (3e-5, 20), (1e-17, 10), (1e-22, 1e10), (1e-4, 1e5), (0.9, 150)]


@pytest.mark.parametrize(("low", "high"), DECADES)
def test_logarithmic_ticks_are_those_of_matplotlib(low, high):
    ax, real = both(lambda ax: ax.loglog([low, high], [low, high]))
    assert np.allclose(np.log10(ax.get_xlim()), np.log10(real.get_xlim()))
    for which, axis, length in (("x", ax.x, ax.box[2]), ("y", ax.y, ax.box[3])):
        ours = axis.ticks(length, 11 * drawing.POINT)
        assert [(pytest.approx(tick), plain(name)) for tick, name in ours] == tick_names(
            real, which
        )
        low, high = getattr(real, f"get_{which}lim")()
        theirs = getattr(real, f"{which}axis").get_ticklocs(minor=True)
        theirs = theirs[(theirs >= low) & (theirs <= high)]
        assert np.allclose(axis.minor(length, 11 * drawing.POINT), theirs)


LIMITS = {
    "bars": lambda ax: ax.bar([1, 2, 3], [2, 5, 3]),
    "histogram": lambda ax: ax.hist([1, 1, 2, 3, 3, 3], bins=4),
    "band": lambda ax: ax.fill_between([1, 2, 4], [0, 1, 1], [2, 3, 5]),
    "points": lambda ax: ax.plot([1, 2, 4], [3, 3, 3], "o"),
    "one point": lambda ax: ax.plot(2, 5, "o"),
    "cross lines": lambda ax: [ax.plot([0, 1], [0, 1]), ax.axhline(7), ax.axvline(-2)],
    "strokes": lambda ax: ax.vlines([1, 3], 0, [4, 2]),
    "errors": lambda ax: ax.errorbar([1, 2], [1, 2], yerr=[0.5, 1]),
    "image": lambda ax: ax.imshow(np.eye(3), aspect="auto"),
    "contours": lambda ax: ax.contour([0, 1, 2], [0, 1, 3], np.arange(9.0).reshape(3, 3), [4]),
    "some limits": lambda ax: [ax.plot([1, 2, 9], [1, 5, 7]), ax.set(ylim=(0, None))],
    "own ticks": lambda ax: [ax.plot([1, 2, 9], [1, 5, 7]), ax.set_xticks([0, 5, 20])],
    "log with 0": lambda ax: [ax.plot([0, 2, 9], [1, 5, 7]), ax.set(xscale="log")],
    "steps": lambda ax: ax.stairs([1, 3, 2], [0, 1, 2, 3], fill=True),
}


@pytest.mark.parametrize("name", LIMITS)
def test_limits_that_nobody_set_are_those_of_matplotlib(name):
    ax, real = both(LIMITS[name])
    assert np.allclose(ax.get_xlim(), real.get_xlim())
    assert np.allclose(ax.get_ylim(), real.get_ylim())


def test_points_stand_where_the_logarithm_says():
    fig, ax = figure()
    ax.loglog([1, 10, 1000], [1e-3, 1, 100], color="k")
    (line,) = points(find(drawn(fig), "path", stroke="#000000")[0])
    expected = [place(ax, *at, log="xy") for at in ((1, 1e-3), (10, 1), (1000, 100))]
    assert near(line, expected)


def test_what_is_not_positive_lies_far_below_a_logarithmic_axis():
    fig, ax = panel(ylim=(1, 100))
    ax.semilogy([0, 1, 2], [10, 0, 10], color="k")
    (line,) = points(find(drawn(fig), "path", stroke="#000000")[0])
    assert line[1, 1] > 1000
    assert near(line[[0, 2]], [place(ax, 0, 10, "y"), place(ax, 2, 10, "y")])


def test_a_symmetric_logarithm_is_that_of_matplotlib():
    def draw(ax):
        ax.set_yscale("symlog", linthresh=1)
        ax.set(ylim=(-200, 200), yticks=[-100, 0, 10])

    ax, real = both(draw)
    values = np.array([-150, -1, -0.3, 0, 0.5, 2, 99])
    ends = real.transScale.transform([(0, -200), (0, 200)])[:, 1]
    at = real.transScale.transform(np.column_stack([values, values]))[:, 1]
    assert np.allclose(ax.y.share(values), (at - ends[0]) / (ends[1] - ends[0]))
    assert np.allclose(ax.y.scale.inverse(ax.y.scale.forward(values)), values)


def test_ticks_of_ones_own_keep_their_names_and_stand_on_the_axis():
    fig, ax = panel(xlim=(0, 10), ylim=(0, 1))
    ax.set_xticks([2, 7, 30], ["two", "seven", "off"])
    ax.x.set_limits(0, 10)
    root = drawn(fig)
    (seven,) = [e for e in root.iter(SVG + "text") if e.text == "seven"]
    assert near(float(seven.get("x")), place(ax, 7, 0)[0])
    assert "off" not in texts(root)


def test_an_axis_may_run_downwards():
    fig, ax = panel(ylim=(5, -1))
    ax.plot([0, 1], [0, 4], color="k")
    (line,) = points(find(drawn(fig), "path", stroke="#000000")[0])
    assert line[0, 1] < line[1, 1]
    assert [name for _, name in ax.y.ticks(200, 15)] == ["−1", "0", "1", "2", "3", "4", "5"]


# ---- Panels, legends, words ----


def test_with_equal_aspect_a_unit_is_as_long_both_ways():
    fig, ax = panel(xlim=(0, 6), ylim=(0, 1), aspect="equal")
    fig.svg()
    _, _, width, height = ax.box
    assert width / 6 == pytest.approx(height / 1)


def test_panels_stand_in_their_grid_and_share_what_they_shall():
    fig, axes = figure(6, 4, ncols=2, nrows=2, sharex=True, height_ratios=(3, 1))
    axes[0, 0].plot([0, 50], [0, 1])
    axes[1, 0].set(xlabel="epoch")
    root = drawn(fig)
    (a, b), (c, d) = [[ax.box for ax in row] for row in axes]
    assert a[0] == c[0] and b[0] == d[0] and a[1] == b[1] and c[1] == d[1]  # noqa: PT018
    assert a[3] / c[3] == pytest.approx(3)
    assert a[0] + a[2] < b[0] and a[1] + a[3] < c[1]  # noqa: PT018
    assert axes[1, 1].get_xlim() == (-2.5, 52.5)
    assert texts(root).count("40") == 2  # below the lower panels alone
    for left, top, width, height in (a, b, c, d):
        assert 0 < left < left + width < 600
        assert 0 < top < top + height < 400


def test_a_mosaic_and_a_grid_give_panels_over_several_cells():
    fig = SvgFigure(6, 4)
    panels = fig.subplot_mosaic([["top", "top"], ["left", "right"]])
    fig.svg()
    top, left, right = (panels[name].box for name in ("top", "left", "right"))
    assert top[0] == left[0]
    assert top[0] + top[2] == pytest.approx(right[0] + right[2])
    fig.clear()
    grid = fig.add_gridspec(2, 3)
    wide, narrow = fig.add_subplot(grid[1, :]), fig.add_subplot(grid[0, 2])
    fig.svg()
    assert wide.box[0] + wide.box[2] == pytest.approx(narrow.box[0] + narrow.box[2])
    assert narrow.box[1] < wide.box[1]


def test_nothing_that_is_written_leaves_the_picture():
    fig, ax = panel(xlabel="x", ylabel="a long name of an axis", title="Title")
    ax.plot([0, 1000000], [-10000, 10000])
    for element in drawn(fig).iter(SVG + "text"):
        x, y, size = (float(element.get(name)) for name in ("x", "y", "font-size"))
        long = text.width("".join(element.itertext()), size)
        if element.get("transform"):
            assert size <= x and y - long / 2 >= 0 and y + long / 2 <= 300  # noqa: PT018
            continue
        start = {"middle": x - long / 2, "end": x - long}.get(element.get("text-anchor"), x)
        assert -1 <= start <= start + long <= 401
        assert size * 0.7 <= y <= 300


def legend_of(fig):
    return find(drawn(fig), "g", class_="legend")[0]


def test_a_legend_tells_labels_and_shows_their_signs():
    fig, ax = panel(**UNIT)
    ax.plot([0, 1], [0, 1], label="training", **role("training"))
    ax.plot([0, 1], [1, 0], "o", color=ORANGE, label="_hidden")
    ax.bar([2, 3], [1, 1], color=ORANGE, label="bars")
    ax.plot([0, 1], [1, 1])
    ax.legend(loc="lower right", ncols=2)
    key = legend_of(fig)
    assert ["".join(e.itertext()) for e in key.iter(SVG + "text")] == ["training", "bars"]
    assert next(key.iter(SVG + "path")).get("stroke") == BLUE
    assert len(find(key, "path", fill=ORANGE)) == 1
    (paper,) = find(key, "rect")
    x, y, width, height = (float(paper.get(n)) for n in ("x", "y", "width", "height"))
    left, top, wide, high = ax.box
    gap = 0.5 * 11 * drawing.POINT
    assert near([x + width, y + height], [left + wide - gap, top + high - gap])


@pytest.mark.parametrize(("x", "corner"), [(0.9, "upper left"), (0.1, "upper right")])
def test_a_legend_goes_where_it_covers_least(x, corner):
    fig, ax = panel(xlim=(0, 1), ylim=(0, 1))
    ax.plot([x] * 5, [0.9] * 5, "o", label="here")
    ax.legend()
    (paper,) = find(legend_of(fig), "rect")
    left, _, width, _ = ax.box
    middle = float(paper.get("x")) + float(paper.get("width")) / 2
    assert (middle < left + width / 2) == ("left" in corner)


def test_a_legend_of_the_figure_gets_room_above_the_panels():
    fig, ax = figure()
    line = ax.plot([0, 1], [0, 1], label="a")
    fig.legend(line, ["a"], loc="outside upper center")
    (paper,) = find(legend_of(fig), "rect")
    assert float(paper.get("y")) + float(paper.get("height")) < ax.box[1]
    assert float(paper.get("x")) + float(paper.get("width")) / 2 == pytest.approx(300, abs=0.02)


def test_a_legend_above_its_panel_pushes_the_panel_down():
    fig, ax = panel(**UNIT)
    ax.plot([0, 1], [0, 1], label="a")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1))
    (paper,) = find(legend_of(fig), "rect")
    top, high = float(paper.get("y")), float(paper.get("height"))
    assert 0 < top < top + high < ax.box[1]


def test_spaces_in_a_row_are_kept():
    fig, ax = panel(**UNIT)
    ax.text(1, 1, "1  2")
    assert "1\u00a0\u00a02" in texts(drawn(fig))


def test_words_stand_at_their_place_and_cannot_break_the_picture():
    fig, ax = panel(**UNIT)
    words = "</text><script>alert(1)</script> & \"so\"\x00 'on'"
    ax.text(2, 3, words, ha="center", weight="bold")
    root = drawn(fig)
    (element,) = [e for e in root.iter(SVG + "text") if "alert" in (e.text or "")]
    assert element.text == words.replace("\x00", "")
    assert near([float(element.get("x")), float(element.get("y"))], place(ax, 2, 3))
    assert (element.get("text-anchor"), element.get("font-weight")) == ("middle", "bold")
    assert not list(root.iter(SVG + "script"))


def test_lines_of_words_stand_below_each_other_around_their_middle():
    fig, ax = panel(**UNIT)
    ax.text(5, 2, "one\ntwo\nthree", va="center")
    (element,) = [e for e in drawn(fig).iter(SVG + "text") if len(e) == 3]
    lines = [float(line.get("y")) for line in element]
    assert lines[0] < lines[1] < lines[2]
    assert near(lines[1], place(ax, 5, 2)[1] + (0.76 - 0.5) * 12 * drawing.POINT)


@pytest.mark.parametrize(
    ("formula", "runs"),
    [
        ("$10^{-5}$ inside", [("10", False, 0), ("−5", False, 1), (" inside", False, 0)]),
        (r"$\hat{x}_i$", [("x̂", True, 0), ("i", True, -1)]),
        (r"$\lambda$ = 2", [("λ", True, 0), (" = 2", False, 0)]),
        (r"$x - \sigma$", [("x", True, 0), ("\u2009−\u2009", False, 0), ("σ", True, 0)]),
        ("5 $ a piece", [("5 $ a piece", False, 0)]),
        (r"$\|w\|^2$", [("‖", False, 0), ("w", True, 0), ("‖", False, 0), ("2", False, 1)]),
    ],
)
def test_formulas_become_characters_above_and_below_the_line(formula, runs):
    assert [tuple(run) for run in text.runs(formula)] == runs


def test_what_is_raised_comes_down_again():
    fig, _ = panel(title="$x^2$ and $w_1$ end")
    (element,) = [e for e in drawn(fig).iter(SVG + "text") if "end" in "".join(e.itertext())]
    assert sum(float(part.get("dy", 0)) for part in element) == pytest.approx(0, abs=0.02)


def test_an_arrow_leads_from_its_text_to_its_point():
    fig, ax = panel(**UNIT)
    ax.annotate("", (8, 4), (2, 1), arrowprops={"arrowstyle": "-|>", "color": "k"})
    head, line = None, None
    for element in find(drawn(fig), "path", stroke="#000000"):
        line, head = (element, head) if element.get("fill") == "none" else (line, element)
    way, tip = points(line)[0], points(head)[0][1]
    start, end = np.array(place(ax, 2, 1)), np.array(place(ax, 8, 4))
    shrink = 2 * drawing.POINT
    along = (end - start) / np.hypot(*(end - start))
    assert np.hypot(*(way[0] - start)) == pytest.approx(shrink, abs=2)
    assert np.hypot(*(tip - end)) == pytest.approx(shrink, abs=2)
    assert np.allclose((tip - way[0]) / np.hypot(*(tip - way[0])), along, atol=1e-3)


def test_an_arrow_ends_at_the_edge_of_a_box():
    fig, ax = panel(**UNIT)
    box = ax.text(2, 2, "tail", ha="center", va="center", bbox={"boxstyle": "round,pad=0.4"})
    ax.annotate(
        "",
        (8, 2),
        (2, 2),
        arrowprops={"arrowstyle": "->", "color": "k", "patchA": box.get_bbox_patch(), "shrinkA": 0},
    )
    root = drawn(fig)
    (rect,) = [e for e in root.iter(SVG + "rect") if e.get("stroke")]
    edge = float(rect.get("x")) + float(rect.get("width"))
    line = min((points(e)[0] for e in find(root, "path", stroke="#000000")), key=lambda p: p[0, 0])
    assert line[0, 0] == pytest.approx(edge, abs=2)


def test_a_note_is_moved_by_points():
    fig, ax = panel(**UNIT)
    ax.annotate("guessing", (4, 3), (3.6, 7.2), textcoords="offset points")
    (element,) = [e for e in drawn(fig).iter(SVG + "text") if e.text == "guessing"]
    x, y = place(ax, 4, 3)
    assert near([float(element.get("x")), float(element.get("y"))], [x + 5, y - 10])


def test_an_error_bar_shows_in_the_legend():
    fig, ax = panel(**UNIT)
    ax.errorbar([1], [2], xerr=[1], fmt="o", color=BLUE, label="gain")
    ax.legend()
    (bar,) = find(legend_of(fig), "path", stroke=BLUE)
    assert np.ptp(points(bar)[0], axis=0)[1] == 0
    assert np.ptp(points(bar)[0], axis=0)[0] > 10


@pytest.mark.parametrize("count", [None, 4, 9])
def test_as_many_contours_as_matplotlib_draws(count):
    x, y = np.meshgrid(np.linspace(-1, 2, 30), np.linspace(-1, 1, 20))
    z = 1.2 * x**2 + x * y + 2 * y**2
    _, real = figures.figure()
    theirs = real.contour(x, y, z) if count is None else real.contour(x, y, z, count)
    inside = [level for level in theirs.levels if z.min() < level < z.max()]
    ours = [level for level in contour.levels_of(z, count, filled=False) if level > z.min()]
    assert np.allclose(ours, inside)


def test_titles_and_labels_stand_in_the_middle_of_their_side():
    fig, ax = panel(title="Above", xlabel="below", ylabel="beside", **UNIT)
    root = drawn(fig)
    left, top, width, height = ax.box
    at = {
        e.text: (float(e.get("x")), float(e.get("y")), e.get("text-anchor"))
        for e in root.iter(SVG + "text")
    }
    assert at["Above"] == (pytest.approx(left + width / 2, abs=0.01), at["Above"][1], "middle")
    assert at["below"] == (pytest.approx(left + width / 2, abs=0.01), at["below"][1], "middle")
    assert at["Above"][1] < top < top + height < at["below"][1]
    (beside,) = [e for e in root.iter(SVG + "text") if e.text == "beside"]
    x, y = re.findall(r"[\d.]+", beside.get("transform").split("(-90")[1])
    assert float(x) < left
    assert float(y) == pytest.approx(top + height / 2, abs=0.01)
    ax.set_title("Left", loc="left")
    (element,) = [e for e in drawn(fig).iter(SVG + "text") if e.text == "Left"]
    assert near(float(element.get("x")), left)


GRID, EDGE = "#e3e3e3", "#4d4d4d"


def test_grid_sides_and_ticks_can_be_taken_away():
    fig, ax = panel(**UNIT)
    ax.set_xticks([0, 5, 10])
    ticks, sides = (e.get("d") for e in find(drawn(fig), "path", stroke=EDGE))
    (grid,) = find(drawn(fig), "path", stroke=GRID)
    assert grid.get("d").count("V") == 3  # lines at 0, 5 and 10
    assert ticks.count("v") == 3
    assert sides.count("M") == 2  # left and below, none above and right
    ax.grid(axis="x", visible=False)
    assert "V" not in find(drawn(fig), "path", stroke=GRID)[0].get("d")
    ax.grid(False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    root = drawn(fig)
    assert not find(root, "path", stroke=GRID)
    assert not find(root, "path", stroke=EDGE)
    assert "10" in texts(root)
    ax.axis("off")
    assert texts(drawn(fig)) == []


def test_minor_ticks_of_a_logarithm_can_be_taken_away():
    fig, ax = panel(ylim=(0, 1))
    ax.semilogx([1, 100], [0, 1])

    def count():
        return find(drawn(fig), "path", stroke=EDGE)[0].get("d").count("v")

    assert count() == 3 + 16 + 2  # 1, 10, 100; 2 to 9 and 20 to 90; below 1 the 0.8 and 0.9
    ax.minorticks_off()
    assert count() == 3


def test_words_may_stand_at_shares_of_the_panel():
    fig, ax = panel(**UNIT)
    ax.text(2, 0.25, "half", transform=ax.get_xaxis_transform())
    ax.text(0.5, 0.5, "middle", transform=ax.transAxes)
    root = drawn(fig)
    left, top, width, height = ax.box
    for name, at in (
        ("half", [place(ax, 2, 0)[0], top + 0.75 * height]),
        ("middle", [left + width / 2, top + height / 2]),
    ):
        (element,) = [e for e in root.iter(SVG + "text") if e.text == name]
        assert near([float(element.get("x")), float(element.get("y"))], at)
