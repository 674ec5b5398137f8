import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from nnreg.book import projection_picture
from nnreg.layernorm import layernorm_backward, layernorm_forward

X, DX_HAT = [0.2, 0.6, 1.6], [0.9, -0.2, 1.5]


def build(x=X, dx_hat=DX_HAT, **keywords):
    settings = {"name": "fig-test", "caption": "Drag x.", "alt": "A row and its projections."}
    return projection_picture(x, dx_hat, **{**settings, **keywords})


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


def test_the_plain_text_is_one_line_of_rounded_numbers(made):
    assert made._repr_mimebundle_()[0]["text/plain"] == (
        "projection: x (0.20, 0.60, 1.60), mean 0.80, σ 0.59, x̂ (-1.02, -0.34, 1.36), "
        "dx (0.97, -1.36, 0.39)"
    )


def test_the_plain_text_has_no_negative_zero():
    assert "-0.00" not in repr(build([-0.001, -0.001, -0.001], [0.0, 0.0, 0.0]))


def test_the_numbers_are_those_of_the_package(made):
    x_hat, cache = layernorm_forward(np.array(X))
    assert np.array_equal(made.x_hat, x_hat)
    assert np.array_equal(made.dx, layernorm_backward(DX_HAT, cache)[0])


def test_it_is_the_same_bytes_when_built_again(made):
    assert build()._repr_mimebundle_() == made._repr_mimebundle_()


def test_another_row_or_gradient_gives_another_picture(made):
    png = made._repr_mimebundle_()[0]["image/png"]
    assert build(x=[0.2, 0.6, 1.5])._repr_mimebundle_()[0]["image/png"] != png
    assert build(dx_hat=[0.9, 0.2, 1.5])._repr_mimebundle_()[0]["image/png"] != png


def test_the_page_carries_the_start_in_full_precision():
    third = [1 / 3, -1 / 3, 0.1]
    page = build(x=third).html()
    assert json.loads(re.search(r'data-x="([^"]*)"', page)[1]) == third
    assert json.loads(re.search(r'data-gradient="([^"]*)"', page)[1]) == DX_HAT


def test_the_page_shows_a_picture_with_its_alt_text_where_no_script_runs(made):
    before_script = made.html().partition("<script")[0]
    alt = re.search(r'<img [^>]*alt="([^"]*)"', before_script)[1]
    assert alt == "A row and its projections."
    image = picture(re.search(r"data:image/webp;base64,([^\"]*)", before_script)[1])
    assert image.size == tuple(made._repr_mimebundle_()[1]["image/png"].values())
    assert image.convert("RGB").getpixel((2, 100)) == (255, 255, 255)


def test_the_page_is_small_and_asks_nothing_of_another_host(made):
    page = made.html()
    script_and_style = re.sub(r"data:image/webp;base64,[^\"]*", "", page)
    assert len(script_and_style.encode()) < 20_500
    assert len(page.encode()) < 27_000
    assert not re.search(r"https?://|url\(|@import|href=", script_and_style)


def test_text_from_an_author_cannot_break_out_of_the_page():
    page = build(caption="</script><b>", alt='"><i>').html()
    assert "<b>" not in page
    assert "<i>" not in page
    assert "&lt;/script&gt;&lt;b&gt;" in page


def test_no_placeholder_is_left(made):
    assert "$" not in made.html()


@pytest.mark.parametrize("argument", ["x", "dx_hat"])
@pytest.mark.parametrize(
    "value",
    [
        [1, 2],
        [[0, 1, 2]],
        [0, 1, 2.5],
        [0, 1, np.nan],
        "abc",
        None,
        [1, "a", 2],
        ["1", "2", "0"],
        1.0,
        np.ma.masked_array([0, 1, 2], [0, 0, 1]),
    ],
)
def test_what_is_not_three_numbers_is_refused_by_name(argument, value):
    with pytest.raises(ValueError, match=rf"^{argument} must hold three numbers in \[-2, 2\]"):
        build(**{argument: value})


def test_a_bad_name_is_refused():
    with pytest.raises(ValueError, match=r"name must be lower-case .* got 'Fig 1'"):
        build(name="Fig 1")


@pytest.mark.parametrize("argument", ["caption", "alt"])
@pytest.mark.parametrize("value", [None, " ", 3])
def test_a_missing_sentence_is_refused(argument, value):
    with pytest.raises(TypeError, match=f"{argument} must be a sentence"):
        build(**{argument: value})


def test_a_row_without_variance_or_gradient_is_drawn():
    for x, dx_hat in [([1, 1, 1], DX_HAT), (X, [0, 0, 0]), (X, [1, 1, 1]), ([0, 0, 0], [0, 0, 0])]:
        assert build(x, dx_hat)._repr_mimebundle_()[0]["image/png"]
