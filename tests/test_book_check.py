from fractions import Fraction

import numpy as np
import pytest

from nnreg import dropout_forward, layernorm_forward
from nnreg.book import check_answer, seal
from nnreg.book._verdict import VERIFYING

OPEN = "There is no answer yet: put yours in the place of `...`."


@pytest.fixture
def message(capsys):
    """Return a function that gives the one line below an answer."""

    def line(answer, *inputs, **keywords):
        capsys.readouterr()
        check_answer(answer, *inputs, **keywords)
        (said,) = capsys.readouterr().out.splitlines()
        return said

    return line


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
        (np.uint8(3), 3),
        (np.float16(0.5), 0.5),
        (2**70, 2.0**70),
        (10**30, 10**30),
        (Fraction(1, 3), 1 / 3),
        (np.array([1, 2.5], dtype=object), [1, 2.5]),
        (1 + 0j, 1.0),
        ([], []),
        ([], np.array([], dtype=str)),
        (np.array([], dtype=str), []),
        ({"a": 1}, {"a": 1}),
        (np.ma.masked_array([1, 2]), [1, 2]),
    ],
)
def test_right_answers_are_told_so(given, expected, capsys):
    check_answer(given, expected=expected)
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
        (10**400, 1.0),
        (1e308, -1e308),
        (1.0, 5e-324),
        (1.0, np.finfo(np.longdouble).smallest_subnormal),
        (np.array(["3", 4], dtype=object), [3, 4]),
        (np.array([True, 2.5], dtype=object), [1, 2.5]),
        (1 + 1j, 1.0),
        ([], [1.0]),
        ([1.0], []),
        (np.ma.masked_array([1.0, 2.0], [0, 1]), [1.0, 2.0]),
        (np.uint64(2**64 - 1), np.int64(-1)),
        ({1, 2}, [1, 2]),
        (lambda: 4, 3),
        (b"a", "a"),
        (np.timedelta64(1, "D"), 1),
    ],
)
def test_wrong_answers_are_refused(given, expected, message, monkeypatch):
    assert message(given, expected=expected) != "Right."
    monkeypatch.setenv(VERIFYING, "1")
    with pytest.raises(AssertionError):
        message(given, expected=expected)


def test_the_message_tells_where_and_by_how_much(message):
    given = np.ones((2, 3))
    expected = given.copy()
    expected[1, 2], expected[0, 0] = 0.8, 0.5
    assert (
        message(given, expected=expected)
        == "2 of 6 entries are off, most at index (0, 0) by 100 %."
    )
    assert message(1.5, expected=1.0) == "Your answer is off by 50 %."
    assert "index (1,)" in message([1.0, np.nan], expected=[1.0, 2.0])


def test_the_message_tells_both_shapes(message):
    text = message(np.zeros((3, 2)), expected=np.zeros((2, 3)))
    assert "(3, 2)" in text
    assert "(2, 3)" in text


@pytest.mark.parametrize(
    "given",
    [
        ...,
        None,
        [..., 2],
        (1, None),
        [[1, 2], [..., 4]],
        [[...], [1, 2]],
        np.array([1, ...], dtype=object),
    ],
)
def test_a_placeholder_is_reported_as_not_filled_in_wherever_it_stands(given, message):
    assert "no answer yet" in message(given, expected=[1, 2])


@pytest.mark.parametrize("of", "bBhHiIlLefdg")
@pytest.mark.parametrize("right", "bBhHiIlLefdg")
def test_the_difference_is_the_same_in_every_type_of_number(of, right, message):
    given, expected = np.array([4, 3], dtype=of), np.array([4, 5], dtype=right)
    assert message(given, expected=expected) == "1 of 2 entries is off, most at index (1,) by 40 %."


@pytest.mark.skipif(
    np.finfo(np.longdouble).nmant < 63, reason="no type here holds every integer of 64 bits"
)
def test_integers_are_compared_to_the_last_digit_if_that_is_asked(message):
    check_answer(2**53 + 1, expected=2**53 + 1, rtol=0)
    assert "off" in message(2**53 + 1, expected=2**53, rtol=0)
    assert "off" in message(np.uint64(2**64 - 1), expected=np.uint64(2**64 - 2), rtol=0)


@pytest.mark.parametrize(
    ("given", "expected", "said"),
    [
        ("3", 3, "hold numbers, and holds text"),
        (True, 1.0, "hold numbers, and holds True or False"),
        ([1, 0], [True, False], "hold True or False, and holds numbers"),
        (1, "L1", "hold text, and holds numbers"),
        ([1, "a"], [1, 2], "hold numbers, and holds text"),
        ({1, 2}, [1, 2], "hold numbers, and holds objects of type set"),
        (map(int, "12"), [1, 2], "hold numbers, and holds objects of type map"),
    ],
)
def test_the_message_tells_which_kind_is_asked_for(given, expected, said, message):
    assert message(given, expected=expected) == f"Your answer should {said}."


def test_a_tolerance_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"rtol must be finite and >= 0, got -1\.0"):
        check_answer(1.0, expected=2.0, rtol=-1.0)


def test_what_is_not_filled_in_stops_no_verifying_run(message, monkeypatch):
    monkeypatch.setenv(VERIFYING, "1")
    assert message(..., expected=1.0, hint="Mind the 2.") == OPEN


@pytest.mark.parametrize(
    ("given", "expected", "said"),
    [
        ([-1.0, 2.0], [1.0, -2.0], "Every entry has the wrong sign."),
        (-0.5, 0.5, "It has the wrong sign."),
        ([0.5, 1.0], [1.0, 2.0], "Every entry is 0.5 times what it should be."),
        ([2.0, 1.0, 3.0], [1.0, 2.0, 3.0], "The right numbers stand in the wrong places."),
        (np.ones((3, 2)), np.ones((2, 3)), "has shape (2, 3): transpose it."),
        ([0.0, 2.0], [0.0, 1.0], "1 of 2 entries is off, most at index (1,) by 100 %."),
    ],
)
def test_what_all_entries_have_in_common_is_named(given, expected, said, message):
    assert message(given, expected=expected).endswith(said)


ROW = np.array([1.0, 2.0])


@pytest.mark.parametrize(
    "answer",
    [
        layernorm_forward([[1.0, 2.0, 4.0]]),
        dropout_forward(ROW, 0.5, training=False),
        (ROW, {"x": ROW}),
        (ROW, (ROW, None)),
        (ROW, (ROW, 3.0)),
    ],
)
def test_a_cache_beside_the_result_is_no_missing_answer(answer, message):
    said = message(answer, expected=answer[0])
    assert said == "Your answer should be one result, and is 2."


def test_an_open_result_beside_a_cache_is_open(message):
    assert message((..., (ROW, None)), expected=ROW) == OPEN
    assert message((ROW, ...), expected=ROW) == OPEN


def test_an_array_and_a_tuple_are_two_rows(message):
    assert message((ROW, (3.0, 4.0)), expected=[[1, 2], [3, 4]]) == "Right."


def square(x):
    return x**2


def slope(x, dy):
    return 2 * x * dy


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda x, dy: 2 * x * dy, "Right."),
        (lambda x, dy: x * dy, "Every entry is 0.5 times what it should be."),
        (lambda x, dy: ..., OPEN),
        (lambda x, dy: None, OPEN),
        (lambda x, dy: x * ..., OPEN),
        (lambda x, dy: 2 * x * (dy + ...), OPEN),
        (lambda x: 2 * x, "Your function stops with TypeError: "),
        (lambda x, dy: 2 * x * dx, "Your function stops with NameError: "),  # noqa: F821
        (lambda x, dy: np.multiply(2 * dy, x, out=x), "Your function changes its inputs."),
        ([4.0, 12.0], "Your answer should be a function."),
        (..., OPEN),
    ],
)
def test_a_function_is_called_with_inputs_of_its_own(function, said, message):
    x = np.array([1.0, -3.0])
    for expected in ([4.0, 12.0], slope, seal([4.0, 12.0])):
        assert message(function, x, [2.0, -2.0], expected=expected).startswith(said)
    assert x.tolist() == [1.0, -3.0]


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (([1.0, 2.0], 3.0), "Right."),
        ([np.array([1.0, 2.0]), 3.0], "Right."),
        (([1.0, 2.0], 4.0), "Result 2 of 2: Your answer is off by 33.3 %."),
        (([1.0, 2.0], ...), OPEN),
        ([1.0, 2.0], "Result 1 of 2: Your answer has shape (), the right one has shape (2,)."),
        (1.0, "Your answer should be 2 results, in this order."),
    ],
)
def test_several_results_are_compared_one_by_one(outcome, said, message):
    for expected in (([1.0, 2.0], 3.0), seal(([1.0, 2.0], 3.0))):
        assert message(lambda: outcome, expected=expected) == said


@pytest.mark.parametrize("value", [0.1 + 0.2, [1, 2.5], True, "L1", [[1.0], [-np.inf]], np.eye(2)])
def test_a_sealed_answer_is_the_answer_and_cannot_be_read(value, message):
    assert message(value, expected=seal(value)) == "Right."
    assert str(value) not in seal(value)


def test_the_hint_is_added_and_only_to_a_wrong_answer(capsys, message):
    assert message(1.0, expected=2.0, hint="Mind the 2.").endswith("Mind the 2.")
    check_answer(2.0, expected=2.0, hint="Mind the 2.")
    assert capsys.readouterr().out == "Right.\n"


@pytest.mark.parametrize("given", [..., "x", [1.0], 0.0, np.nan, [[1], [2, 3]]])
def test_the_expected_value_is_never_told(given, message):
    assert "7.25" not in message(given, expected=7.25)


def test_rtol_is_relative_to_each_entry(message):
    check_answer([1e6, 1.01e-3], expected=[1e6, 1e-3], rtol=0.02)
    assert "index (1,)" in message([1e6, 1.01e-3], expected=[1e6, 1e-3])
