"""Assignment "choosing_lambda": one standard error, and many seeds."""

import numpy as np

from nnreg.grading.properties._kit import changed, results
from nnreg.grading.questions import differs, question

one_standard_error = question("one_standard_error")
compare_over_seeds = question("compare_over_seeds")

# Means above the best one, in standard errors of the best, and deviations
# against the best one's: each mistake below takes another of these.
_ABOVE = np.array([11.5, 0.5, 0, 0.6, 0.7, 0.95, 1.2, 1.5, 1.9, 11])
_TIMES = np.array([1.0, 1, 1, 1, 1, 1, 1, 2, 1, 1])


def draw_losses(rng, last: int = 9) -> tuple[np.ndarray, np.ndarray]:
    """Draw strengths and fold losses; the strength at `last` comes last."""
    K = rng.integers(4, 7)
    unit = rng.normal(size=(10, K))
    unit -= unit.mean(axis=1, keepdims=True)
    unit /= unit.std(axis=1, ddof=1, keepdims=True)
    error = rng.uniform(0.05, 0.2)
    centre = rng.uniform(2, 3) + error * _ABOVE[:, None]
    losses = centre + error * K**0.5 * _TIMES[:, None] * unit
    lams = 0.01 * np.cumprod(rng.uniform(2, 4, 10))
    if last == 9:
        return lams, losses
    order = rng.permutation(np.delete(np.arange(10), last))
    order = np.append(order, last)
    return lams[order], losses[order]


def rule_problem(answer, lams, losses, extra: dict) -> str:
    """Say which other λ was taken, and how people get there."""
    centre = losses.mean(axis=1)
    error = losses.std(axis=1, ddof=1) / losses.shape[1] ** 0.5
    best, root = centre.argmin(), losses.shape[1] ** 0.5

    def largest(line):
        return lams[centre <= line].max()

    near = centre <= centre[best] + error[best]
    mistakes = {
        **extra,
        "it is the best λ, without the rule": lams[best],
        "it is the smallest λ that is near enough": lams[near].min(),
        "the deviation is not divided by the root of K": largest(
            centre[best] + root * error[best]
        ),
        "the deviation divides by K, and not by K − 1": largest(
            centre[best] + error[best] * (1 - 1 / root**2) ** 0.5
        ),
        "each λ is given its own standard error": lams[
            centre - error <= centre[best]
        ].max(),
        "the error is that of the means, over the λ and not over folds": (
            largest(centre[best] + centre.std(ddof=1) / len(centre) ** 0.5)
        ),
        "the highest loss counts as the best": lams[centre.argmax()],
        "it is a place, and not a λ": np.flatnonzero(near)[
            lams[near].argmax()
        ],
        "it is the largest λ of all": lams.max(),
    }
    right = largest(centre[best] + error[best])
    return differs(answer(lams, losses), right, symptoms=mistakes)


@one_standard_error.property("takes the best λ where no larger one is near")
def _(answer, rng):
    lams, losses = draw_losses(rng)
    places = [0, 1, 2, 9]  # the larger ones that are near are taken out
    return rule_problem(answer, lams[places], losses[places], {})


@one_standard_error.property(
    "takes the largest λ within one error of the best"
)
def _(answer, rng):
    return rule_problem(answer, *draw_losses(rng), {})


@one_standard_error.property("takes the strengths in any order")
def _(answer, rng):
    lams, losses = draw_losses(rng, last=3)
    extra = {"it is the last λ that is near enough, not the largest": lams[-1]}
    return rule_problem(answer, lams, losses, extra)


@one_standard_error.property("leaves its inputs as they were", expected=True)
def _(answer, rng):
    return changed(answer, *draw_losses(rng, last=3))


def draw_scores(rng) -> tuple[np.ndarray, np.ndarray]:
    """Draw scores of two methods that share their seeds, ties among them."""
    n = rng.integers(7, 12)
    ease = rng.normal(80, 5, n)
    lead = rng.permutation(np.r_[0.0, 0.0, -1, -2, rng.uniform(1, 4, n - 4)])
    return ease + lead, ease


def four_numbers(given) -> list:
    """Return the numbers of a report, which may come in one array."""
    return results(
        given.tolist() if isinstance(given, np.ndarray) else given, 4
    )


@compare_over_seeds.property("has the mean of the differences")
def _(answer, rng):
    ours, theirs = draw_scores(rng)
    gap = ours - theirs
    mistakes = {
        "it is the median": np.median(gap),
        "it is the mean of the scores alone": ours.mean(),
        "the sizes of the differences are averaged, without signs": np.abs(
            gap
        ).mean(),
        "it is a ratio": ours.mean() / theirs.mean(),
    }
    return differs(
        four_numbers(answer(ours, theirs))[0], gap.mean(), symptoms=mistakes
    )


@compare_over_seeds.property("has the deviation of the differences")
def _(answer, rng):
    ours, theirs = draw_scores(rng)
    gap = ours - theirs
    a, b = ours.std(ddof=1), theirs.std(ddof=1)
    mistakes = {
        "it divides by n, and not by n − 1": gap.std(),
        "it forgets that a seed is shared": np.hypot(a, b),
        "it forgets that a seed is shared, and divides by n": np.hypot(
            ours.std(), theirs.std()
        ),
        "it is the difference of two deviations": a - b,
        "it is the deviation of the scores alone": a,
        "it is the variance": gap.var(ddof=1),
    }
    given = four_numbers(answer(ours, theirs))[1]
    return differs(given, gap.std(ddof=1), symptoms=mistakes)


@compare_over_seeds.property("has the standard error of their mean")
def _(answer, rng):
    ours, theirs = draw_scores(rng)
    gap = ours - theirs
    s, n = gap.std(ddof=1), len(gap)
    mistakes = {
        "it is the deviation itself": s,
        "the deviation is divided by n, and not by its root": s / n,
        "the deviation divides by n, and not by n − 1": gap.std() / n**0.5,
        "the root of n − 1 divides, where that of n should": s
        / (n - 1) ** 0.5,
        "it forgets that a seed is shared": np.hypot(
            ours.std(ddof=1), theirs.std(ddof=1)
        )
        / n**0.5,
        "it forgets that a seed is shared, and divides by n": np.hypot(
            ours.std(), theirs.std()
        )
        / n**0.5,
    }
    given = four_numbers(answer(ours, theirs))[2]
    return differs(given, s / n**0.5, symptoms=mistakes)


@compare_over_seeds.property("counts the seeds in which the scores are ahead")
def _(answer, rng):
    ours, theirs = draw_scores(rng)
    wins, n = np.sum(ours > theirs), len(ours)
    mistakes = {
        "seeds with equal scores are counted": wins + 2,
        "it is a share, and not a count": wins / n,
        "seeds in which the baseline is ahead are counted": np.sum(
            ours < theirs
        ),
        "it is the number of seeds": n,
    }
    given = four_numbers(answer(ours, theirs))[3]
    return differs(given, wins, symptoms=mistakes)


@compare_over_seeds.property("leaves its inputs as they were", expected=True)
def _(answer, rng):
    return changed(answer, *draw_scores(rng))
