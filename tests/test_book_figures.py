import base64
import inspect
import io
import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from nnreg import book
from nnreg.book import figure, plot_decision, role
from nnreg.book.figures import CLASS_COLOURS, CLASS_MARKERS

ROLES = ["training", "validation", "penalty", "L1", "L2", "none"]


def open_png(fig):
    return Image.open(io.BytesIO(fig.png()))


def test_a_figure_is_shown_at_twice_its_size_on_screen():
    fig, _ = figure(width=4.0, height=2.5)
    data, metadata = fig._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain"}
    assert data["text/plain"] == "<Figure>"
    assert metadata["image/png"] == {"width": 400, "height": 250}
    assert Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).size == (800, 500)


def test_the_png_is_the_same_each_time_and_holds_no_metadata():
    def draw():
        fig, ax = figure()
        ax.plot([0, 1, 2], [3, 1, 2], **role("training"))
        return fig

    assert draw().png() == draw().png()
    assert open_png(draw()).info == {}


def test_several_panels_come_as_an_array():
    _, axes = figure(ncols=2, nrows=2, sharey=True)
    assert axes.shape == (2, 2)


def run(*lines):
    code = "; ".join(["import sys", *lines])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_figures_need_no_pyplot():
    shown = "from nnreg.book import figure; figure()[0].png()"
    assert run(shown, "print('matplotlib.pyplot' in sys.modules)") == "False"


REFUSE = "sys.modules.update(dict.fromkeys(['matplotlib', 'PIL', 'ipywidgets', 'IPython']))"


def test_checking_an_answer_and_showing_source_need_numpy_alone():
    imports = "from nnreg.book import check_answer, show_source"
    check = "check_answer(2.0, expected=2.0)"
    assert run(REFUSE, imports, check, "show_source(check_answer)") == "Right."
    picture = "from nnreg.book import figure"
    with pytest.raises(subprocess.CalledProcessError):
        run(REFUSE, picture)


def test_every_name_is_there_and_no_module_hides_a_function():
    for name in book.__all__:
        assert name in dir(book)
        assert inspect.isfunction(getattr(book, name)), name
    with pytest.raises(AttributeError, match="has no attribute 'explor'"):
        book.explor  # noqa: B018


def test_computing_loads_nothing_that_shows():
    shows = "{'matplotlib', 'ipywidgets', 'PIL', 'nnreg.book'}"
    assert run("import nnreg", f"print(*{shows} & set(sys.modules))") == ""


def luminance(colour):
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def test_roles_differ_in_colour_and_all_but_the_baseline_in_line_style():
    for one, other in combinations(ROLES, 2):
        assert role(one)["color"] != role(other)["color"]
        if "none" not in (one, other):
            assert role(one)["linestyle"] != role(other)["linestyle"]


@pytest.mark.parametrize("name", ROLES)
def test_a_role_stands_out_from_white(name):
    assert 1.05 / (luminance(role(name)["color"]) + 0.05) >= 2.7


def test_the_roles_that_every_chapter_relies_on():
    assert role("training") == {"color": "#0072B2", "linestyle": "-"}
    assert role("validation")["linestyle"] == "--"
    assert role("penalty") == {"color": "#009E73", "linestyle": ":"}


def test_changing_what_role_returns_does_not_change_the_role():
    role("L1")["color"] = "red"
    assert role("L1")["color"] != "red"


def test_an_unknown_role_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"training, validation.*'test'"):
        role("test")


CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])


def scores(points):
    return -((points[:, None] - CORNERS) ** 2).sum(axis=2)


def shown_colour(fig, ax, point):
    image = fig.frame(100)
    x, y = ax.transData.transform(point)
    return image.getpixel((round(x), image.height - 1 - round(y)))


def nearest_hue(colour):
    """Return the class whose full colour leans the same way as a tint does."""
    lean = np.array(colour, dtype=float) - np.mean(colour)
    leans = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in CLASS_COLOURS[:3]])
    leans = leans - leans.mean(axis=1, keepdims=True)
    return int(np.argmax(leans @ lean / np.linalg.norm(leans, axis=1)))


@pytest.mark.parametrize("shape", ["method", "function"])
def test_each_region_has_the_colour_of_the_class_that_wins_there(shape):
    class Model:
        forward = staticmethod(scores)

    fig, ax = figure(width=4, height=4)
    model = Model() if shape == "method" else scores
    plot_decision(ax, model, CORNERS, np.arange(3), limits=(-1, 2, -1, 2))
    asked = np.array([[-0.5, -0.5], [1.5, -0.5], [-0.5, 1.5], [0.3, 0.1], [0.8, 0.3], [0.3, 0.8]])
    for point, winner in zip(asked, scores(asked).argmax(axis=1), strict=True):
        assert nearest_hue(shown_colour(fig, ax, point)) == winner


def test_a_single_logit_is_read_as_class_one_against_class_zero():
    fig, ax = figure(width=4, height=4)
    plot_decision(
        ax, lambda points: points[:, :1], CORNERS, np.array([0, 1, 0]), limits=(-2, 2, -2, 2)
    )
    assert nearest_hue(shown_colour(fig, ax, (-1.5, 1.5))) == 0
    assert nearest_hue(shown_colour(fig, ax, (1.5, 1.5))) == 1


def test_each_class_has_its_own_marker_and_all_points_are_drawn():
    _, ax = figure()
    X = np.random.default_rng(0).normal(size=(30, 2))
    y = np.arange(30) % 3
    plot_decision(ax, scores, X, y)
    points = [c for c in ax.collections if str(c.get_label()).startswith("class")]
    assert [p.get_label() for p in points] == ["class 0", "class 1", "class 2"]
    for k, drawn in enumerate(points):
        np.testing.assert_array_equal(drawn.get_offsets(), X[y == k])
    assert len(set(CLASS_MARKERS)) == len(CLASS_MARKERS)
    paths = [drawn.get_paths()[0].vertices for drawn in points]
    assert not any(np.array_equal(a, b) for a, b in combinations(paths, 2))


def test_a_point_shows_on_the_tint_of_any_other_class():
    fig, ax = figure(width=4, height=4)

    def always_1(points):
        return points[:, :1] + 10

    labels = np.zeros(len(CORNERS), dtype=int)
    plot_decision(ax, always_1, CORNERS, labels, limits=(-1, 2, -1, 2), size=99)
    assert nearest_hue(shown_colour(fig, ax, (1.5, 1.5))) == 1
    for corner in CORNERS:
        assert nearest_hue(shown_colour(fig, ax, corner)) == 0


def test_the_model_is_asked_between_points_that_are_whole_numbers():
    asked = []

    def model(points):
        asked.append(points)
        return scores(points)

    _, ax = figure()
    plot_decision(ax, model, CORNERS.astype(int), np.arange(3), resolution=50)
    assert asked[0].dtype == np.float64
    assert len(np.unique(asked[0][:, 0])) == 50


def test_half_precision_does_not_narrow_the_limits():
    X = np.array([[1000, 0], [1001, 1], [1000, 1]])
    limits = []
    for dtype in (np.float64, np.float16):
        _, ax = figure()
        plot_decision(ax, scores, X.astype(dtype), np.arange(3))
        limits.append([*ax.get_xlim(), *ax.get_ylim()])
    assert limits[0] == limits[1]
    assert limits[0] == pytest.approx([999.94, 1001.06, -0.06, 1.06])


def test_points_of_the_wrong_shape_are_refused_with_both_shapes():
    _, ax = figure()
    with pytest.raises(ValueError, match=r"\(3, 2\) and \(2,\)"):
        plot_decision(ax, scores, CORNERS, np.array([0, 1]))
