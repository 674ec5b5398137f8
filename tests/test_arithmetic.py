"""Sums and products against long double, at block borders, and at both ends of the range."""

from fractions import Fraction

import numpy as np
import pytest

from nnreg._arithmetic import (
    dot,
    largest,
    magnitude,
    pieces,
    row_dots,
    row_pieces,
    scaled,
    work_dtype,
)

DTYPES = [np.float16, np.float32, np.float64, np.longdouble]
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


@pytest.mark.parametrize("n", [0, 1, 1023, 1024, 1025, 5000])
@every_dtype
def test_dot_and_row_dots_at_the_borders_of_their_blocks(dtype, n):
    rng = np.random.default_rng(n)
    a, b = rng.uniform(1, 2, (2, 3, n)).astype(dtype)
    exact = (a.astype(np.longdouble) * b).sum(axis=1)
    rtol = max(4 * float(np.finfo(work_dtype(a.dtype)).eps), 1e-15)
    assert dot(a, b) == pytest.approx(float(exact.sum()), rel=rtol)
    assert type(dot(a, b)) is float
    if dtype != np.float16:  # which its callers work in single precision
        np.testing.assert_allclose(row_dots(a, b), exact, rtol=rtol)
        assert row_dots(a, b).dtype == np.promote_types(dtype, np.float64)


def test_a_long_sum_and_an_outlier_lose_no_digits():
    a = np.full(3_000_000, 0.1, np.float32)
    exact = float(len(a) * Fraction(float(a[0])) ** 2)
    assert dot(a, a) == pytest.approx(exact, rel=3e-7)
    rows = np.full((2, 16384), 6e3, np.float32)
    rows[0, 0] = rows[1, -1] = 1e8
    exact = 1e16 + 16383 * 6e3**2
    np.testing.assert_allclose(row_dots(rows, rows), [exact, exact], rtol=3e-7)


@pytest.mark.parametrize("size", [1e-45, 1e-40, 1e-25, 1.2e-22, 1e-20, 1e-12, 1e15, 1e30, 3e38])
@pytest.mark.parametrize("n", [3, 2000])
def test_squares_that_float32_cannot_hold_are_summed_in_float64(size, n):
    a = np.full(n, size, np.float32)
    assert dot(a, a) == pytest.approx(n * float(a[0]) ** 2, rel=1e-6, abs=0)
    assert dot(a, np.ones_like(a)) == pytest.approx(n * float(a[0]), rel=1e-6, abs=0)


@pytest.mark.parametrize("shape", [(), (0,), (7,), (2**15,), (3, 2**15 + 5), (300, 500)])
def test_pieces_meet_every_entry_once_and_are_views(shape):
    a, b = np.zeros(shape), np.zeros(shape)
    for part, other in pieces(a, b):
        assert part.shape == other.shape
        part += 1
        other += 2
    assert (a == 1).all()
    assert (b == 2).all()


@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (100, 1000), (5, 2**16), (2**16 + 1, 1)])
def test_pieces_of_rows_meet_every_row_once(shape):
    rows = np.zeros(shape)
    for part in row_pieces(rows):
        rows[part] += 1
    assert (rows == 1).all()


@every_dtype
def test_largest_and_magnitude_of_every_size(dtype):
    info = np.finfo(dtype)
    sizes = [info.smallest_subnormal, 5 * info.smallest_subnormal, info.tiny, 0.3, 1, info.max]
    for size in sizes:
        a = np.array([[0.0, -1.0, 0.5], [0.0, 0.0, 0.0]], dtype) * dtype(size)
        wide = np.promote_types(dtype, np.float64)
        found, power = largest(a, axis=1), magnitude(a, axis=1)
        assert found.dtype == power.dtype == wide
        np.testing.assert_array_equal(found, [[dtype(size)], [0.0]])
        assert np.frexp(power[0, 0])[0] == 0.5  # a power of two
        unit = np.divide(a, power, dtype=wide)
        assert 1 <= abs(unit[0]).max() < 2
        np.testing.assert_array_equal(unit * power, a)  # not a digit is lost
        assert not unit[1].any()
        assert largest(a) == found[0, 0]
        assert magnitude(a) == power[0, 0]


def test_largest_of_nothing_is_zero_and_of_nan_is_nan():
    assert largest(np.empty((0, 3)), axis=0).tolist() == [[0, 0, 0]]
    assert largest(np.array([])) == 0
    assert np.isnan(largest(np.array([1.0, np.nan, np.inf])))
    assert largest(np.array([1.0, -np.inf])) == np.inf
    assert np.isfinite(magnitude(np.array([np.inf, np.nan])))
    assert largest(np.array(-3, np.float16)) == 3


def test_a_factor_that_the_dtype_cannot_hold_still_scales():
    tiny, huge = np.float32([3e-38, 0]), np.float32([3e38, 0])
    np.testing.assert_allclose(scaled(huge, 1e-50), [3e-12, 0], rtol=1e-6)
    np.testing.assert_allclose(scaled(tiny, 1e50), [3e12, 0], rtol=1e-6)
    half = np.float16([3.0, 0.5])
    np.testing.assert_array_equal(scaled(half, 1e-3), np.float16([3e-3, 5e-4]))
    assert scaled(half, 1e-9).dtype == np.float16
    swapped = np.array([1.0, 2.0], ">f4")
    assert scaled(swapped, 0.5).dtype == ">f4"
    assert scaled(half, 2.0, out=half) is half
    assert half.tolist() == [6.0, 1.0]
