"""The statistic: the median of the ratios within a round, and an interval for it."""

import math
import statistics
from collections.abc import Sequence


def paired(theirs: Sequence[float], ours: Sequence[float]) -> tuple[float, float, float]:
    """Return how many times as long they take: the median, and the ends of its interval.

    >>> paired([2.0, 6.0, 3.0], [1.0, 2.0, 1.0])
    (3.0, 2.0, 3.0)
    """
    ratios = sorted(a / b for a, b in zip(theirs, ours, strict=True))
    low = rank(len(ratios))
    return statistics.median(ratios), ratios[low], ratios[-1 - low]


def verdict(ratio: list[float], least: float) -> str:
    """Return whether nnreg has won or lost against who takes `ratio` times as long.

    Level is also what two processes of the same code show: a median within `least` of 1.

    >>> verdict([1.3, 1.1, 1.5], 1.2), verdict([1.1, 1.05, 1.2], 1.2), verdict([0.5, 0.4, 1.2], 1.2)
    ('won', 'level', 'level')
    """
    median, low, high = ratio
    if low > 1 and median > least:
        return "won"
    return "lost" if high < 1 and median < 1 / least else "level"


def rank(n: int, confidence: float = 0.95) -> int:
    """Return k so that the median lies between the values k from both ends (0 is the outermost).

    Each of n values lies below the median with probability ½, whatever their distribution, so
    the number below it is binomial. With fewer than six values even the outermost two do not
    reach 95 %.

    >>> rank(5), rank(11), rank(25)
    (0, 1, 7)
    """
    tail = 0
    for k in range(n):
        tail += math.comb(n, k)
        if 2 * tail / 2**n > 1 - confidence:
            return max(0, k - 1)
    raise ValueError("there must be at least one value, got none")
