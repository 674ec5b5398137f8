import numpy as np
import pytest

from nnreg.book import check_answer


def message(given, expected, **keywords):
    with pytest.raises(AssertionError) as caught:
        check_answer(given, expected, **keywords)
    return str(caught.value)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (0.1 + 0.2, 0.3),
        (3, 3.0),
        ([1, 2], np.array([1.0, 2.0])),
        (np.float32(0.1), 0.1),
        (np.zeros((0, 2)), np.zeros((0, 2))),
        ([np.nan, np.inf], [np.nan, np.inf]),
        (1e-9, 0.0),
        ("dropout", "dropout"),
        (True, True),
        (["a", "b"], ["a", "b"]),
    ],
)
def test_right_answers_are_told_so(given, expected, capsys):
    check_answer(given, expected)
    assert capsys.readouterr().out == "Right.\n"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (0.3001, 0.3),
        (np.nan, 1.0),
        (1.0, np.nan),
        (np.inf, 1.0),
        (1.0, np.inf),
        (-np.inf, np.inf),
        ([1.0, np.nan], [1.0, 2.0]),
        ("L1", "L2"),
        (False, True),
        (1, True),
        (True, 1.0),
        ("3", 3),
        ([[1, 2], [3]], [1, 2]),
        ({"a": 1}, 1.0),
        (1e-3, 0.0),
        (1e-10, 1e-12),
    ],
)
def test_wrong_answers_are_refused(given, expected, capsys):
    with pytest.raises(AssertionError):
        check_answer(given, expected)
    assert capsys.readouterr().out == ""


def test_the_message_tells_where_and_by_how_much():
    given = np.ones((2, 3))
    expected = given.copy()
    expected[1, 2], expected[0, 0] = 0.8, 0.5
    assert message(given, expected) == "2 of 6 entries are off, most at index (0, 0) by 100 %."
    assert message(1.5, 1.0) == "Your answer is off by 50 %."
    assert "index (1,)" in message([1.0, np.nan], [1.0, 2.0])


def test_the_message_tells_both_shapes():
    text = message(np.zeros((3, 2)), np.zeros((2, 3)))
    assert "(3, 2)" in text
    assert "(2, 3)" in text


def test_a_placeholder_is_reported_as_not_filled_in():
    assert "no answer yet" in message(..., 3.0)
    assert "no answer yet" in message(None, 3.0)


def test_the_hint_is_added_and_only_to_a_wrong_answer(capsys):
    assert message(1.0, 2.0, hint="Mind the 2.").endswith("Mind the 2.")
    check_answer(2.0, 2.0, hint="Mind the 2.")
    assert capsys.readouterr().out == "Right.\n"


@pytest.mark.parametrize("given", [..., "x", [1.0], 0.0, np.nan, [[1], [2, 3]]])
def test_the_expected_value_is_never_told(given):
    assert "7.25" not in message(given, 7.25)


def test_rtol_is_relative_to_each_entry():
    check_answer([1e6, 1.01e-3], [1e6, 1e-3], rtol=0.02)
    assert "index (1,)" in message([1e6, 1.01e-3], [1e6, 1e-3])
