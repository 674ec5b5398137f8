"""Student's t distribution and tests, as far as the chapters use them."""

from __future__ import annotations

import math

import absent
import numpy as np


def __getattr__(name: str) -> absent.Absent:
    if name.startswith("__"):
        raise AttributeError(name)
    return absent.Absent(f"scipy.stats.{name}")


class _StudentT:
    """The distribution `t`, for one number of degrees of freedom or an array of them."""

    def sf(self, x, df):
        """Return the probability of a value above x."""
        x, df = np.broadcast_arrays(np.asarray(x, float), np.asarray(df, float))
        tail = 0.5 * _incomplete_beta(df / 2, 0.5, df / (df + x**2))
        return np.where(x > 0, tail, 1 - tail)[()]

    def ppf(self, q, df):
        """Return the quantile, by halving an interval."""
        q, df = np.broadcast_arrays(np.asarray(q, float), np.asarray(df, float))
        low, high = np.full(q.shape, -1e3), np.full(q.shape, 1e3)
        for _ in range(80):
            middle = (low + high) / 2
            below = self.sf(middle, df) > 1 - q
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return ((low + high) / 2)[()]


t = _StudentT()


class _Test:
    """What a test found out about a difference."""

    def __init__(self, mean, error, df):
        self.mean, self.error, self.df = mean, error, df
        self.statistic = mean / error
        self.pvalue = 2 * t.sf(np.abs(self.statistic), df)

    def confidence_interval(self, confidence_level: float = 0.95):
        """Return the bounds of the difference."""
        reach = t.ppf((1 + confidence_level) / 2, self.df) * self.error
        return self.mean - reach, self.mean + reach


def ttest_1samp(a, popmean, axis=0) -> _Test:
    """Test whether the mean of a sample is `popmean`."""
    a = np.asarray(a, float)
    n = a.shape[axis]
    error = a.std(axis=axis, ddof=1) / math.sqrt(n)
    return _Test(a.mean(axis=axis) - popmean, error, n - 1)


def ttest_rel(a, b) -> _Test:
    """Test whether paired samples have the same mean."""
    return ttest_1samp(np.asarray(a, float) - np.asarray(b, float), 0)


def ttest_ind(a, b, equal_var: bool = True) -> _Test:
    """Test whether two samples have the same mean."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    n, m = len(a), len(b)
    u, v = a.var(ddof=1) / n, b.var(ddof=1) / m
    df = (u + v) ** 2 / (u**2 / (n - 1) + v**2 / (m - 1))
    if equal_var:
        df = n + m - 2
        pooled = (a.var(ddof=1) * (n - 1) + b.var(ddof=1) * (m - 1)) / df
        u, v = pooled / n, pooled / m
    return _Test(a.mean() - b.mean(), np.sqrt(u + v), df)


_lgamma = np.vectorize(math.lgamma, otypes=[float])


def _incomplete_beta(a, b, x):
    """Return the regularised incomplete beta function, by its continued fraction."""
    x = np.maximum(x, 1e-300)
    swap = x > (a + 1) / (a + b + 2)  # on the other side it converges slowly
    p, q = np.where(swap, b, a), np.where(swap, a, b)
    z = np.where(swap, 1 - x, x)
    with np.errstate(divide="ignore"):
        powers = p * np.log(z) + q * np.log1p(-z)
    front = np.exp(_lgamma(p + q) - _lgamma(p) - _lgamma(q) + powers) / p
    tiny = 1e-300
    c, d = np.ones_like(z), 1 - (p + q) * z / (p + 1)
    d = 1 / np.where(np.abs(d) < tiny, tiny, d)
    fraction = d
    for k in range(1, 200):
        even = k * (q - k) * z / ((p + 2 * k - 1) * (p + 2 * k))
        odd = -(p + k) * (p + q + k) * z / ((p + 2 * k) * (p + 2 * k + 1))
        for step in (even, odd):
            d, c = 1 / (1 + step * d), 1 + step / c
            fraction = fraction * d * c
        if np.all(np.abs(d * c - 1) < 1e-15):
            break
    value = front * fraction
    return np.where(swap, 1 - value, value)
