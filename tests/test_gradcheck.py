"""The gradient check: what it catches, what it cannot tell, and what it says."""

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


def test_the_nudge_grows_with_the_entry():
    # A fixed nudge of 6e-6 would drown in rounding at 1e6, with a relative error near 1e-5.
    assert check_gradient(lambda x: x**2, 2e6, 1e6).max_rel_error < 1e-9


# What it cannot tell -------------------------------------------------------------------------

WRONG = {"twice": 2.0, "half": 0.5, "none": 0.0, "other sign": -1.0}
each_wrong = pytest.mark.parametrize("factor", WRONG.values(), ids=WRONG)
SMOOTH = {
    "sin": (lambda x: np.sum(np.sin(x)), np.cos),
    "square": (lambda x: np.sum(x**2), lambda x: 2 * x),
    "log cosh": (lambda x: np.sum(np.logaddexp(x, -x)), np.tanh),
}


@each_wrong
@pytest.mark.parametrize("offset", [0.0, 1e2, 1e4, 1e6, 1e8, 1e12, -1e6])
@pytest.mark.parametrize("scale", [1e-8, 1e-4, 1.0, 1e4, 1e8])
@pytest.mark.parametrize("name", SMOOTH)
def test_a_slope_wrong_by_a_factor_is_never_said_to_agree(name, scale, offset, factor):
    f, slope = SMOOTH[name]
    x = np.array([0.7, -1.3, 2.1, 0.2])
    right, shift = scale * slope(x), offset * min(scale, 1.0)
    for grad in (factor * right, np.where([1, 0, 0, 0], factor * right, right)):
        report = look(lambda x: shift + scale * f(x), grad, x)
        assert not report.ok
        assert report.n_wrong or report.n_undecided


@pytest.mark.parametrize("scale", [1e-12, 1e-8, 1e-4, 1.0, 1e4, 1e8, 1e12])
@pytest.mark.parametrize("name", SMOOTH)
def test_a_right_gradient_agrees_at_every_scale(name, scale):
    f, slope = SMOOTH[name]
    x = np.array([0.7, -1.3, 2.1, 0.2, 3.0, -0.4])
    check_gradient(lambda x: scale * f(x), scale * slope(x), x)
    check_gradient(lambda x: scale * (100 + f(x)), scale * slope(x), x)


def test_an_offset_that_drowns_the_slope_leaves_it_open():
    def f(w):
        return 1e6 + 1e-4 * np.sum(w**2)

    w = np.array([1.0, -0.75, 0.5])
    for factor in (0.0, 0.5, 1.0, 2.0):
        report = look(f, factor * 2e-4 * w, w)
        assert (report.ok, report.n_wrong, report.n_undecided) == (False, 0, 3)
    with pytest.raises(AssertionError, match=r"^cannot tell in 3 of 3 entries"):
        check_gradient(f, 2e-4 * w, w)
    # The same slopes without the offset are plain to see.
    check_gradient(L2(1e-4).value, 2e-4 * w, w)


def test_one_drowned_entry_leaves_the_gradient_open():
    # The rounding error of 1e4 hides a slope of 1e-6 beside one of 1.
    report = look(lambda x: 1e4 + x[0] + 1e-6 * x[1], [1.0, 2e-6], [1.0, 1.0])
    assert (report.n_wrong, report.n_undecided, report.worst_index) == (0, 1, (1,))
    # Without the offset it is seen; a millionth of a millionth is beneath notice.
    assert look(lambda x: x[0] + 1e-6 * x[1], [1.0, 2e-6], [1.0, 1.0]).n_wrong == 1
    assert look(lambda x: x[0] + 1e-12 * x[1], [1.0, 1e-12], [1.0, 1.0]).ok


def test_a_function_in_float32_is_named_as_the_reason():
    x = np.array([0.7, -1.3, 2.1])

    def f(x):
        return np.sum(np.sin(x.astype(np.float32)), initial=np.float32(5))

    for factor in (1.0, 2.0):
        report = look(f, factor * np.cos(x), x)
        assert (report.ok, report.n_wrong, report.n_undecided) == (False, 0, 3)
    assert "central differences of this float32 function may be off by 1" in repr(report)
    # A larger step is what float32 needs.
    assert check_gradient(f, np.cos(x), x, step=5e-3, rtol=1e-3).ok
    assert not look(f, 2 * np.cos(x), x, step=5e-3, rtol=1e-3).ok
    assert not look(lambda x: np.float16(x.sum()), np.ones(3), x).ok


def test_cancellation_in_the_sum_over_outputs_is_seen_as_rounding():
    # dy * y adds up to 0 here, but every term is rounded like 1e8.
    x, dy = np.array([0.5, 0.25]), np.array([1.0, -1.0])

    def f(x):
        return 1e8 + 1e-3 * x

    for factor in (0.0, 1.0, 2.0):
        report = look(f, factor * 1e-3 * dy, x, dy=dy)
        assert (report.ok, report.n_wrong, report.n_undecided) == (False, 0, 2)


def test_a_half_precision_upstream_overflows_nothing():
    dy = np.full(4, 4e4, np.float16)  # 4 * 4e4 is more than float16 can hold
    check_gradient(lambda x: x, np.full(4, 4e4), np.ones(4), dy=dy)
    report = look(lambda x: x.astype(np.float16), np.full(4, 4e4), np.full(4, 2.0), dy=dy)
    assert (report.n_wrong, report.n_undecided, report.dtype) == (0, 4, "float16")
    x = np.array([0.5, 2.0], np.float16)
    check_gradient(lambda x: np.sum(x**3), 3 * x.astype(float) ** 2, x)


def test_large_entries_are_nudged_and_rounded_in_proportion():
    for x in (1e6, 1e10, 1e100):
        check_gradient(lambda x: x**2, 2 * x, x)
        assert not look(lambda x: x**2, 4 * x, x).ok


# Zeros that are right -----------------------------------------------------------------------


def test_units_that_are_dead_agree(rng):
    W, x = rng.normal(size=(5, 8)), rng.normal(size=5)
    alive = x @ W > 0
    assert 0 < alive.sum() < 8
    for scale in (1e-5, 1.0, 1e5):
        penalty = L2(scale)
        check_gradient(
            lambda z, of=penalty: 3 + of.value(np.maximum(z, 0)),
            penalty.grad(np.maximum(x @ W, 0)),
            x @ W,
        )
    check_gradient(lambda z: 1000 + np.sum(np.maximum(z, 0)), np.zeros(3), [-1.0, -2.0, -0.5])


def test_a_function_that_does_not_care_agrees_with_zeros(rng):
    x, dy = rng.normal(size=(20, 50)) + 3, rng.normal(size=(20, 50))

    def centred(a):
        return x + a - (x + a).mean(axis=1, keepdims=True)

    check_gradient(centred, 0.0, 0.0, dy=dy)
    check_gradient(lambda x: x - x.mean(), np.full(5, 1e-17), rng.normal(size=5), dy=np.ones(5))
    check_gradient(lambda x: np.sum(x**3), np.zeros(4), np.zeros(4))
    check_gradient(L1(0.1).value, np.zeros(4), np.zeros(4))


def test_entries_beneath_notice_agree_where_a_softmax_is_sure(rng):
    z, y = 30 * rng.normal(size=(4, 3)), [0, 1, 2, 0]

    def softmax(z):
        p = np.exp(z - z.max(axis=1, keepdims=True))
        return p / p.sum(axis=1, keepdims=True)

    def loss(z):
        top = z.max(axis=1)
        sums = np.log(np.exp(z - top[:, None]).sum(axis=1))
        return np.mean(sums + top - z[np.arange(4), y])

    grad = (softmax(z) - np.eye(3)[y]) / 4
    assert abs(grad).min() < 1e-12
    check_gradient(loss, grad, z)


def test_zeros_cannot_be_told_where_the_function_is_loud():
    for offset in (1e6, 1e8, 1e10):
        report = look(lambda w, c=offset: c + L2(1e-4).value(w), np.zeros(3), np.full(3, 0.3))
        assert (report.ok, report.n_wrong, report.n_undecided) == (False, 0, 3)


def test_a_zero_beside_a_slope_that_is_barely_seen_cannot_be_told():
    # f is so loud that a slope of 0.0001 does not move it at all.
    report = look(lambda x: 2.5e8 + x[0] + 1e-4 * x[1], [1.0, 0.0], [1.0, 1.0])
    assert (report.n_wrong, report.n_undecided, report.worst_index) == (0, 1, (1,))
    assert (report.given, report.numeric) == (0.0, 0.0)


def test_zeros_in_the_place_of_small_slopes_do_not_agree():
    def f(x):
        return 1e-9 * np.sum(x)

    assert look(f, [0.0, 0.0], [1.0, 2.0]).n_undecided == 2
    assert look(f, [1e-9, 0.0], [1.0, 2.0]).n_undecided == 1
    assert look(f, [0.0, 0.0], [1.0, 2.0], atol=1e-15).n_wrong == 2
    check_gradient(f, [1e-9, 1e-9], [1.0, 2.0])


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


def test_infinite_outputs_leak_no_warning():
    with np.errstate(all="raise"):
        for y, dy in (([np.inf, 1.0], [0.0, 1.0]), ([np.inf, -np.inf], [1.0, 1.0])):
            report = look(lambda x, y=y: x + y, [1.0, 1.0], [1.0, 1.0], dy=dy)
            assert (report.ok, report.n_wrong) == (False, 2)


def test_the_largest_numbers_leak_no_warning():
    with np.errstate(all="raise", under="ignore"):
        assert not look(lambda x: x, 1e308, 1.0).ok
        assert not look(lambda x: -1e308 * x, 1e308, 1.0).ok
        assert not look(lambda x: 1e308 * x, 0.0, 0.5).ok
        check_gradient(lambda x: 1e300 * x, 1e300, 0.5)


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
    assert repr(look(lambda x: 1e10 + x, 2.0, 1.0)) == (
        "cannot tell in 1 of 1 entries whether the gradient is right; worst at []: "
        "given 2, numeric 0.9537, where central differences of this float64 function "
        "may be off by 3.7"
    )


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
