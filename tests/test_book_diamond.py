import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from nnreg.book import diamond_picture
from nnreg.penalties import L1, L2

CENTRE, BEND, LAM = [1.5, 0.5], [[1, 0.35], [0.35, 1]], 0.8


def build(centre=CENTRE, bend=BEND, lam=LAM, **keywords):
    settings = {"name": "fig-test", "caption": "Drag the cross.", "alt": "Ellipses and a diamond."}
    return diamond_picture(centre, bend, lam, **{**settings, **keywords})


@pytest.fixture(scope="module")
def made():
    return build()


def picture(data):
    return Image.open(io.BytesIO(base64.b64decode(data)))


def test_it_shows_itself_as_html_png_and_text(made):
    data, metadata = made._repr_mimebundle_()
    assert set(data) == {"text/html", "image/png", "text/plain"}
    size = metadata["image/png"]
    assert picture(data["image/png"]).size == (2 * size["width"], 2 * size["height"])


def test_the_plain_text_is_one_line_and_writes_0_for_exact_zeros_alone():
    assert repr(build([1.6, 0.4], lam=2)) == (
        "diamond: ŵ (1.60, 0.40), λ 2.00, w (0.74, 0) with L1, (0.55, 0.26) with L2"
    )
    assert repr(build(centre=[0.001, -0.001])).endswith("w (0, 0) with L1, (0.00, 0.00) with L2")


@pytest.mark.parametrize("lam", [0, 0.3, 1.4, 4])
@pytest.mark.parametrize("centre", [CENTRE, [-2, 1.75], [0.1, -0.4], [0, 0]])
def test_no_step_from_the_minima_makes_the_sum_smaller(centre, lam):
    made = build(centre, lam=lam)
    bend = np.array(BEND)
    for w, penalty in (made.l1, L1(lam)), (made.l2, L2(lam)):
        turn = np.linspace(0, 2 * np.pi, 73)
        for length in 1e-3, 0.1:
            around = w + length * np.column_stack([np.cos(turn), np.sin(turn)])
            totals = [
                (place - centre) @ bend @ (place - centre) + penalty.value(place)
                for place in [w, *around]
            ]
            assert np.argmin(totals) == 0


def test_it_is_the_same_bytes_when_built_again(made):
    assert build()._repr_mimebundle_() == made._repr_mimebundle_()


@pytest.mark.parametrize(
    "other", [{"centre": [1.4, 0.5]}, {"lam": 0.9}, {"bend": [[1, 0], [0, 1]]}]
)
def test_another_minimum_strength_or_bend_gives_another_picture(made, other):
    png = made._repr_mimebundle_()[0]["image/png"]
    assert build(**other)._repr_mimebundle_()[0]["image/png"] != png


def test_the_page_carries_the_start_in_full_precision():
    third = [1 / 3, -2 / 3]
    page = build(third, lam=1 / 7).html()
    assert json.loads(re.search(r'data-centre="([^"]*)"', page)[1]) == third
    assert json.loads(re.search(r'data-bend="([^"]*)"', page)[1]) == BEND
    assert json.loads(re.search(r'data-lam="([^"]*)"', page)[1]) == 1 / 7


def test_the_page_shows_a_picture_with_its_alt_text_where_no_script_runs(made):
    before_script = made.html().partition("<script")[0]
    alt = re.search(r'<img [^>]*alt="([^"]*)"', before_script)[1]
    assert alt == "Ellipses and a diamond."
    image = picture(re.search(r"data:image/webp;base64,([^\"]*)", before_script)[1])
    assert image.size == tuple(made._repr_mimebundle_()[1]["image/png"].values())
    assert image.convert("RGB").getpixel((2, 340)) == (255, 255, 255)


def test_the_page_is_small_and_asks_nothing_of_another_host(made):
    page = made.html()
    script_and_style = re.sub(r"data:image/webp;base64,[^\"]*", "", page)
    assert len(script_and_style.encode()) < 14_500
    assert len(page.encode()) < 32_000
    assert not re.search(r"https?://|url\(|@import|href=", script_and_style)


def test_text_from_an_author_cannot_break_out_of_the_page():
    page = build(caption="</script><b>", alt='"><i>').html()
    assert "<b>" not in page
    assert "<i>" not in page
    assert "&lt;/script&gt;&lt;b&gt;" in page


def test_no_placeholder_is_left(made):
    assert "$" not in made.html()


@pytest.mark.parametrize(
    "value", [[1], [1, 2, 0], [[1, 2]], [0, 2.5], [0, np.nan], "ab", None, ["1", "2"], 1.0]
)
def test_what_is_not_two_numbers_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"^centre must hold two numbers in \[-2, 2\]"):
        build(value)


@pytest.mark.parametrize(
    "value",
    [
        [1, 2],
        [[1, 0.3], [0.2, 1]],
        [[1, 2], [2, 1]],
        [[1, 0], [0, 0.1]],
        [[6, 0], [0, 1]],
        [[np.nan, 0], [0, 1]],
        None,
    ],
)
def test_what_is_no_bowl_is_refused_by_name(value):
    with pytest.raises(ValueError, match=r"^bend must be a symmetric 2 × 2 matrix"):
        build(bend=value)


def test_a_strength_out_of_range_is_refused_by_name():
    for lam in -0.1, 4.1:
        with pytest.raises(ValueError, match=r"^lam must be in \[0, 4\]"):
            build(lam=lam)


def test_a_bad_name_is_refused():
    with pytest.raises(ValueError, match=r"name must be lower-case .* got 'Fig 1'"):
        build(name="Fig 1")


@pytest.mark.parametrize("argument", ["caption", "alt"])
@pytest.mark.parametrize("value", [None, " ", 3])
def test_a_missing_sentence_is_refused(argument, value):
    with pytest.raises(TypeError, match=f"{argument} must be a sentence"):
        build(**{argument: value})
