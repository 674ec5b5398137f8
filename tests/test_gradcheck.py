"""The gradient check: what it catches, what it says, and what it does at kinks and on NaN."""

import numpy as np
import pytest

from nnreg import L1, L2, GradientReport, check_gradient

X = np.array([[1.0, -2.0, 0.5], [3.0, 0.25, -1.5]])


def look(*args, **settings) -> GradientReport:
    return check_gradient(*args, raise_on_fail=False, **settings)


def cube(x):
    return np.sum(x**3)


# What it catches ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    {
        "sign": -3 * X**2,
        "factor": 1.5 * X**2,
        "half a percent": 1.005 * 3 * X**2,
        "one part in 100 000": (1 + 1e-5) * 3 * X**2,
        "transposed": 3 * X[::-1] ** 2,
        "zero": 0 * X,
        "sum over the batch": np.broadcast_to(3 * np.sum(X**2, axis=0), X.shape),
        "nan": X * np.nan,
        "infinite": X * np.inf,
    }.items(),
    ids=lambda item: item[0],
)
def test_a_wrong_gradient_fails_in_every_entry(wrong):
    report = look(cube, wrong[1], X)
    assert not report.ok
    assert report.n_wrong == X.size
    with pytest.raises(AssertionError, match="differs from central differences"):
        check_gradient(cube, wrong[1], X)


def test_one_wrong_entry_is_found_and_named():
    grad = 3 * X**2
    grad[1, 2] += 0.01
    report = look(cube, grad, X)
    assert (report.ok, report.n_wrong, report.n_entries) == (False, 1, 6)
    assert report.worst_index == (1, 2)
    assert report.given == grad[1, 2]
    assert report.numeric == pytest.approx(6.75, rel=1e-8)
    assert report.max_abs_error == pytest.approx(0.01, rel=1e-6)
    assert report.max_rel_error == pytest.approx(0.01 / 6.76, rel=1e-6)


def test_the_entry_that_is_named_is_one_that_disagrees():
    # The first entry is off by more, but within what its size allows.
    report = look(lambda x: 1e8 * x[0] + x[1], [1e8 + 3, 2.0], [1.0, 1.0])
    assert (report.n_wrong, report.worst_index) == (1, (1,))
    assert report.max_abs_error == pytest.approx(3.0, rel=0.1)


def test_a_right_gradient_passes_far_within_the_tolerance(rng):
    for _ in range(20):
        x = rng.normal(scale=10.0 ** rng.integers(-2, 3), size=(3, 2))
        report = check_gradient(lambda x: np.sum(np.sin(x) + x**2), np.cos(x) + 2 * x, x)
        assert report.ok
        assert report.max_abs_error < 1e-8 * max(1, np.sum(x**2))


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def test_each_entry_is_nudged_alone():
    # In a product every entry matters to the slope along every other.
    x = np.linspace(1.0, 2.0, 6)
    assert check_gradient(np.prod, np.prod(x) / x, x).max_rel_error < 1e-8


def test_tolerances_mean_what_the_docstring_says():
    for f, rtol, atol, grad, ok in [
        (lambda x: 2 * x, 1e-3, 0.0, 2 * (1 + 0.9e-3), True),
        (lambda x: 2 * x, 1e-3, 0.0, 2 * (1 + 1.1e-3), False),
        (lambda x: 2 * x, 1e-9, 1e-3, 2 + 0.9e-3, True),
        (lambda x: 2 * x, 1e-9, 1e-3, 2 + 1.1e-3, False),
    ]:
        assert look(f, grad, 1.0, rtol=rtol, atol=atol).ok is ok


def test_a_large_loss_widens_the_tolerance_by_its_rounding_error_alone():
    def f(x):
        return 1e6 + np.sum(np.sin(x))

    x = np.linspace(-1, 1, 5)
    check_gradient(f, np.cos(x), x)
    assert not look(f, 1.01 * np.cos(x), x).ok


def test_a_gradient_below_atol_is_out_of_sight_until_atol_is_lowered():
    def f(x):
        return 1e-9 * np.sum(x)

    assert look(f, [0.0, 0.0], [1.0, 2.0]).ok
    assert look(f, [0.0, 0.0], [1.0, 2.0], atol=1e-15).n_wrong == 2
    check_gradient(f, [1e-9, 1e-9], [1.0, 2.0], atol=1e-15)


def test_the_nudge_grows_with_the_entry():
    # A fixed nudge of 6e-6 would drown in rounding at 1e6, with a relative error near 1e-5.
    assert check_gradient(lambda x: x**2, 2e6, 1e6).max_rel_error < 1e-9


# The upstream gradient ----------------------------------------------------------------------


def test_upstream_gradient_of_an_array_function(rng):
    W, x = rng.normal(size=(3, 4)), rng.normal(size=(2, 3))
    dy = rng.normal(size=(2, 4))
    check_gradient(lambda x: x @ W, dy @ W.T, x, dy=dy)
    assert not look(lambda x: x @ W, dy @ W.T, x, dy=np.roll(dy, 1)).ok


def test_an_upstream_of_ones_is_blind_where_a_random_one_sees(rng):
    def centre(x):
        return x - x.mean()

    x, dy = rng.normal(size=5), rng.normal(size=5)
    assert look(centre, np.zeros(5), x, dy=np.ones(5)).ok
    assert not look(centre, np.zeros(5), x, dy=dy).ok
    check_gradient(centre, dy - dy.mean(), x, dy=dy)


def test_shapes_that_do_not_match():
    with pytest.raises(ValueError, match=r"grad must have the shape of x, \(2, 3\), got \(6,\)"):
        check_gradient(cube, np.ones(6), X)
    with pytest.raises(ValueError, match=r"dy must have the shape of f\(x\), \(2, 3\), got \(3,\)"):
        check_gradient(lambda x: x, X, X, dy=np.ones(3))
    with pytest.raises(ValueError, match=r"f must return a number .* got shape \(2, 3\)"):
        check_gradient(lambda x: x, X, X)


# Kinks --------------------------------------------------------------------------------------


def test_at_a_kink_only_the_symmetric_subgradient_agrees():
    assert check_gradient(L1(1.0).value, L1(1.0).grad([0.0, 2.0]), [0.0, 2.0]).ok
    report = look(L1(1.0).value, [1.0, 1.0], [0.0, 2.0])  # the published derivative, +1 at 0
    assert (report.n_wrong, report.worst_index, report.numeric) == (1, (0,), 0.0)


def test_a_kink_within_the_nudge_is_reported_and_not_passed_over():
    near = np.array([1e-6, -2.0])
    report = look(L1(1.0).value, L1(1.0).grad(near), near)
    assert (report.n_wrong, report.worst_index) == (1, (0,))
    assert report.numeric == pytest.approx(1e-6 / 6e-6)
    check_gradient(L1(1.0).value, L1(1.0).grad(near), near, step=1e-7)


def test_relu_at_zero_has_a_slope_of_one_half_for_the_check():
    report = look(lambda x: np.maximum(x, 0), 0.0, 0.0)
    assert not report.ok
    assert report.numeric == 0.5


# Not finite ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "grad"),
    [
        (lambda x: np.nan, 0.0),
        (lambda x: np.inf, 0.0),
        (lambda x: np.inf, np.inf),
        (lambda x: x, np.inf),
        (lambda x: x, -np.inf),
        (lambda x: x, np.nan),
        (lambda x: 1 / abs(x) if x else np.inf, 5.0),  # infinite at the point alone
        (lambda x: np.inf if x > 0 else 0.0, np.inf),
        (lambda x: np.nan if x == 0 else x, np.nan),
    ],
)
def test_nothing_that_is_not_finite_passes(f, grad):
    report = look(f, grad, 0.0)
    assert not report.ok
    assert report.n_wrong == 1
    assert not np.isnan(report.max_rel_error)


def test_a_nan_is_the_worst_entry():
    report = look(lambda x: x[0] + 1000 * x[1], [np.nan, 0.0], [1.0, 1.0])
    assert (report.n_wrong, report.worst_index, report.max_abs_error) == (2, (0,), np.inf)


# Arrays of every kind -----------------------------------------------------------------------


def test_numbers_and_empty_arrays():
    assert check_gradient(lambda x: x**2, 6.0, 3).worst_index == ()
    report = check_gradient(lambda x: np.sum(x), np.zeros((0, 3)), np.zeros((0, 3)))
    assert (report.ok, report.n_entries, report.max_abs_error) == (True, 0, 0.0)


def test_the_point_is_left_alone_and_everything_runs_in_float64():
    x = X.astype(np.float32)
    x.flags.writeable = False
    before, seen = x.copy(), set()

    def spoiler(point):
        seen.add(point.dtype)
        value = float(np.sum(point**2))
        point[...] = np.nan
        return value

    assert check_gradient(spoiler, 2 * x, x).ok
    assert seen == {np.dtype(np.float64)}
    np.testing.assert_array_equal(x, before)


def test_a_function_that_hands_out_one_kept_array():
    kept = np.empty(3)

    def double(x):
        return np.multiply(x, 2, out=kept)

    check_gradient(double, 2 * np.arange(3.0), np.ones(3), dy=np.arange(3.0))


def test_a_function_with_one_entry_counts_as_a_number():
    assert check_gradient(lambda x: x.reshape(1, 1) ** 2, [4.0], [2.0]).ok


# The report ---------------------------------------------------------------------------------


def test_the_text_is_stable():
    assert repr(check_gradient(L2(0.5).value, X, X)) == (
        "gradient agrees with central differences in 6 of 6 entries (rtol 1e-06)"
    )
    text = (
        "gradient differs from central differences in 6 of 6 entries; "
        "worst at [1, 0]: given 6, numeric 3"
    )
    assert repr(look(L2(0.5).value, 2 * X, X)) == text
    with pytest.raises(AssertionError) as caught:
        check_gradient(L2(0.5).value, 2 * X, X)
    assert str(caught.value) == text


# Bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"x": "abc"}, TypeError, "x must hold real numbers"),
        ({"x": [1j]}, TypeError, "x must hold real numbers"),
        ({"grad": None}, TypeError, "grad must hold real numbers"),
        ({"grad": [[1.0], [1.0, 2.0]]}, ValueError, "grad must be a rectangular array"),
        ({"dy": "a"}, TypeError, "dy must hold real numbers"),
        ({"f": lambda x: None}, TypeError, r"f\(x\) must hold real numbers"),
        ({"f": lambda x: "1.0"}, TypeError, r"f\(x\) must hold real numbers"),
        ({"f": lambda x: 1j * x.sum()}, TypeError, r"f\(x\) must hold real numbers"),
        ({"step": 0.0}, ValueError, "step must be finite and > 0, got 0.0"),
        ({"step": "small"}, TypeError, "step must be a real number, got 'small'"),
        ({"rtol": -1.0}, ValueError, "rtol must be finite and >= 0, got -1.0"),
        ({"rtol": np.inf}, ValueError, "rtol must be finite and >= 0, got inf"),
        ({"atol": np.nan}, ValueError, "atol must be finite and >= 0, got nan"),
        ({"atol": None}, TypeError, "atol must be a real number, got None"),
    ],
    ids=lambda value: None if isinstance(value, dict) else str(value),
)
def test_bad_input_is_named(changed, error, message):
    given = {"f": cube, "grad": np.ones(2), "x": np.ones(2)} | changed
    with pytest.raises(error, match=message):
        check_gradient(given.pop("f"), given.pop("grad"), given.pop("x"), **given)
