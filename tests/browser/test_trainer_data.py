"""The trainer's dice, and the data that they make."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import make_moons

from nnreg.data import spiral
from tools.trainer_digits import FILE, projection, text

from .trainer import SOURCES, Recorded, train_in_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(blank_page):
    return blank_page(SOURCES)


@pytest.fixture
def data(page):
    """Return a function that gives the rows of a training."""

    def get(**settings):
        found = train_in_page(page, settings, epochs=0, folder=".")["data"]
        found = {name: np.array(value) for name, value in found.items()}
        return {**found, "X": found["X"].reshape(-1, 2), "XVal": found["XVal"].reshape(-1, 2)}

    return get


@pytest.fixture
def draw(page):
    """Return a function that throws dice."""

    def throw(method, n, seed=0, stream="points", *arguments):
        return page.evaluate(
            """async ([method, n, seed, stream, given]) => {
                const { Dice, STREAMS } = await import("/dice.js");
                const dice = new Dice(seed, STREAMS[stream]);
                return Array.from({ length: n }, () => dice[method](...given));
            }""",
            [method, n, seed, stream, arguments],
        )

    return throw


def test_dice_are_uniform_and_normal(draw):
    uniform, normal = draw("uniform", 20_000), draw("normal", 20_000)
    assert stats.kstest(uniform, "uniform").pvalue > 0.01
    assert stats.kstest(normal, "norm").pvalue > 0.01
    assert abs(np.corrcoef(uniform[1:], uniform[:-1])[0, 1]) < 0.02
    assert stats.chisquare(np.bincount(draw("below", 9000, 0, "wrong", 3))).pvalue > 0.01


def test_the_exponential_function_has_all_its_digits(page):
    x = np.linspace(-708, 0, 5001)
    ours = page.evaluate("async (x) => x.map((await import('/exp.js')).exp)", x.tolist())
    np.testing.assert_allclose(ours, np.exp(x), rtol=5e-16)
    assert page.evaluate("async () => (await import('/exp.js')).exp(-1000)") == 0


def test_seeds_and_streams_have_dice_of_their_own(draw):
    pairs = itertools.product((0, 1, 2), ("points", "wrong", "weights", "noise", "masks"))
    rows = [draw("uniform", 500, *pair) for pair in pairs]
    assert np.max(np.abs(np.corrcoef(rows) - np.eye(len(rows)))) < 0.2


def test_spiral_is_that_of_nnreg(data, draw):
    found = data(points=300, sample=5)
    X, y = spiral(100, 3, rng=Recorded(draw("normal", 300, 5)))
    np.testing.assert_allclose(found["X"], X, atol=2e-7)
    np.testing.assert_array_equal(found["truth"], y)
    X, y = spiral(333, 3, rng=Recorded(draw("normal", 999, 5, "validation")))
    np.testing.assert_allclose(found["XVal"], X, atol=2e-7)
    np.testing.assert_array_equal(found["yVal"], y)


def test_moons_are_those_of_scikit_learn(data, draw):
    found = data(data="moons", points=300, sample=5)
    X, y = make_moons(300, shuffle=False)
    X = X - [0.5, 0.25] + 0.25 * np.reshape(draw("normal", 600, 5), (-1, 2))
    np.testing.assert_allclose(found["X"], X, atol=2e-7)
    np.testing.assert_array_equal(found["truth"], y)


def test_digits_are_those_of_scikit_learn_on_two_principal_components(data):
    assert FILE.read_text(encoding="utf8") == text()
    plane, y = projection()
    found = data(data="digits", points=300)
    rows = {(*point, label) for point, label in zip(np.rint(1000 * plane), y, strict=True)}
    seen = zip(
        np.rint(1000 * np.concatenate([found["X"], found["XVal"]])),
        np.concatenate([found["truth"], found["yVal"]]),
        strict=True,
    )
    assert {(*point, label) for point, label in seen} == rows
    assert (len(found["X"]), len(found["XVal"])) == (300, len(y) - 300)


@pytest.mark.parametrize("source", ["spiral", "moons", "digits"])
@pytest.mark.parametrize("share", [0, 0.3, 0.5])
def test_a_share_of_the_training_labels_is_wrong(source, share, data):
    found, clean = data(data=source, wrong=share), data(data=source)
    assert np.count_nonzero(found["wrong"]) == round(share * len(found["y"]))
    np.testing.assert_array_equal(found["wrong"] == 1, found["y"] != found["truth"])
    for name in ("X", "truth", "XVal", "yVal"):
        np.testing.assert_array_equal(found[name], clean[name])
    if share:
        shift = (found["y"] - found["truth"])[found["wrong"] == 1] % found["classes"]
        assert set(shift) == set(range(1, found["classes"]))


@pytest.mark.parametrize("source", ["spiral", "moons", "digits"])
def test_the_sample_changes_the_data_and_the_seed_does_not(source, data):
    first = data(data=source, wrong=0.3)
    seeded, other = data(data=source, wrong=0.3, seed=1), data(data=source, wrong=0.3, sample=1)
    for name in ("X", "wrong", "XVal"):
        np.testing.assert_array_equal(seeded[name], first[name])
        assert np.any(other[name] != first[name])


@pytest.mark.parametrize("source", ["spiral", "moons", "digits"])
def test_all_points_are_in_the_picture(source, data):
    found = data(data=source)
    left, right, bottom, top = found["box"]
    x, y = np.concatenate([found["X"], found["XVal"]]).T
    inside = (left < x) & (x < right) & (bottom < y) & (y < top)
    assert np.mean(inside) > 0.99
