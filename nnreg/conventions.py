r"""From our :math:`\lambda` to other libraries' settings, and back.

Ours: the data loss is a *mean* over the n rows, the penalty a *sum* over the
weights, and there is no factor ½: ``loss = mean(...) + lam * (l1_ratio *
sum(|w|) + (1 - l1_ratio) * sum(w**2))``. Others divide the penalty by n, or
put ½ before it, or take 1/λ. A setting below gives the same minimum as ours,
for the same data loss; where a class brings a squared loss of its own, that
is part of the translation. Each entry says of which version it holds.
"""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass

from nnreg._checks import check_count, check_positive, check_real
from nnreg.penalties import L1, L2, Penalty


@dataclass(frozen=True)
class Convention:
    """How one library writes its objective.

    Attributes
    ----------
    objective : str
        What the library minimises, in its own letters.
    settings : callable
        ``settings(l1, l2, n) -> dict``: the library's arguments for the
        strengths of ``l1 * sum(|w|) + l2 * sum(w**2)``.
    strengths : callable
        ``strengths(n, **settings) -> (l1, l2)``: the way back.
    kinds : str
        Which penalties it can express: ``"l1"``, ``"l2"`` or ``"l1 + l2"``.
    version : str
        The version, or the commit, of which this holds.
    source : str
        Where it was read.
    """

    objective: str
    settings: Callable
    strengths: Callable
    kinds: str
    version: str
    source: str


def _decay(objective: str, version: str, source: str) -> Convention:
    """Return what `weight_decay` means when it is added to the gradient."""
    return Convention(
        objective,
        lambda l1, l2, n: {"weight_decay": 2 * l2},
        lambda n, weight_decay: (0.0, weight_decay / 2),
        "l2",
        version,
        source,
    )


def _d2l(objective: str, factor: int) -> Convention:
    """Return the convention of a class `WeightDecay` in d2l's section 3.7."""
    return Convention(
        objective,
        lambda l1, l2, n: {"wd": factor * l2},
        lambda n, wd: (0.0, wd / factor),
        "l2",
        *_D2L_SEEN,
    )


def _sklearn_elastic_net(l1: float, l2: float, n: float) -> dict[str, float]:
    alpha = l1 / 2 + l2
    return {"alpha": alpha, "l1_ratio": l1 / 2 / alpha if alpha else 0.5}


def _sklearn_logistic(l1: float, l2: float, n: float) -> dict[str, float]:
    total = check_positive(l1 + 2 * l2, "lam")
    return {"C": 1 / (n * total), "l1_ratio": l1 / total}


_D2L_SEEN = (
    "commit 23d7a5a of 16 March 2024",
    "https://github.com/d2l-ai/d2l-en/blob/23d7a5aecceee57d1292c56e90cce3"
    "07f183bb0a/chapter_linear-regression/weight-decay.md",
)
_PLAYGROUND_SEEN = (
    "commit 02469bd of 6 June 2022",
    "https://github.com/tensorflow/playground/blob/02469bd3751764b20486015d420"
    "2b792af5362a6/src/nn.ts",
)
_SKLEARN = "https://github.com/scikit-learn/scikit-learn/blob/1.9.1/sklearn"
_TORCH = "https://github.com/pytorch/pytorch/blob/v2.13.0/torch"

LIBRARIES: dict[str, Convention] = {
    "nnfs": Convention(
        "mean(loss) + weight_regularizer_l1 * sum|w| "
        "+ weight_regularizer_l2 * sum w²",
        lambda l1, l2, n: {
            "weight_regularizer_l1": l1,
            "weight_regularizer_l2": l2,
        },
        lambda n, weight_regularizer_l1=0.0, weight_regularizer_l2=0.0: (
            weight_regularizer_l1,
            weight_regularizer_l2,
        ),
        "l1 + l2",
        "commit 9cf2fc4 of 5 January 2021",
        "https://github.com/Sentdex/nnfs_book/blob/9cf2fc482985d5bc68c736a49a"
        "a0624b6ab13fb1/Chapter_14/Ch14_Final.py",
    ),
    "keras": Convention(
        "mean(loss) + l1 * sum|w| + l2 * sum w²   (keras.regularizers.L1L2)",
        lambda l1, l2, n: {"l1": l1, "l2": l2},
        lambda n, l1=0.0, l2=0.0: (l1, l2),
        "l1 + l2",
        "3.15.1",
        "https://github.com/keras-team/keras/blob/v3.15.1/keras/src/"
        "regularizers/regularizers.py",
    ),
    "torch.optim.SGD": _decay(
        "mean(loss) + weight_decay / 2 * sum w²   (as weight_decay * w, added "
        "to each gradient)",
        "2.13.0",
        f"{_TORCH}/optim/sgd.py",
    ),
    "torch.optim.Adam": _decay(
        "mean(loss) + weight_decay / 2 * sum w²   (as weight_decay * w, added "
        "to each gradient before its running means; AdamW does not)",
        "2.13.0",
        f"{_TORCH}/optim/adam.py",
    ),
    "optax.add_decayed_weights": _decay(
        "mean(loss) + weight_decay / 2 * sum w²   (as weight_decay * w, added "
        "to each gradient; chained before the optimiser)",
        "0.2.8",
        "https://github.com/google-deepmind/optax/blob/v0.2.8/optax/"
        "transforms/_adding.py",
    ),
    "tf.nn.l2_loss": Convention(
        "mean(loss) + factor * sum w² / 2   (the ½ is inside l2_loss)",
        lambda l1, l2, n: {"factor": 2 * l2},
        lambda n, factor: (0.0, factor / 2),
        "l2",
        "2.21.0",
        "https://github.com/tensorflow/tensorflow/blob/v2.21.0/tensorflow/core/"
        "api_def/base_api/api_def_L2Loss.pbtxt",
    ),
    "sklearn.Ridge": Convention(
        "sum (y - Xw)² + alpha * sum w²",
        lambda l1, l2, n: {"alpha": n * l2},
        lambda n, alpha: (0.0, alpha / n),
        "l2",
        "1.9.1",
        f"{_SKLEARN}/linear_model/_ridge.py",
    ),
    "sklearn.Lasso": Convention(
        "sum (y - Xw)² / 2n + alpha * sum|w|",
        lambda l1, l2, n: {"alpha": l1 / 2},
        lambda n, alpha: (2 * alpha, 0.0),
        "l1",
        "1.9.1",
        f"{_SKLEARN}/linear_model/_coordinate_descent.py",
    ),
    "sklearn.ElasticNet": Convention(
        "sum (y - Xw)² / 2n + alpha * (l1_ratio * sum|w| "
        "+ (1 - l1_ratio) / 2 * sum w²)",
        _sklearn_elastic_net,
        lambda n, alpha, l1_ratio=0.5: (
            2 * alpha * l1_ratio,
            alpha * (1 - l1_ratio),
        ),
        "l1 + l2",
        "1.9.1",
        f"{_SKLEARN}/linear_model/_coordinate_descent.py",
    ),
    "sklearn.LogisticRegression": Convention(
        "C * sum(loss) + l1_ratio * sum|w| + (1 - l1_ratio) / 2 * sum w²",
        _sklearn_logistic,
        lambda n, C, l1_ratio=0.0: (
            l1_ratio / (n * C),
            (1 - l1_ratio) / (2 * n * C),
        ),
        "l1 + l2",
        "1.9.1",
        f"{_SKLEARN}/linear_model/_logistic.py",
    ),
    "sklearn.MLPClassifier": Convention(
        "mean(loss) + alpha / 2n * sum w²   (n: the rows of a mini-batch)",
        lambda l1, l2, n: {"alpha": 2 * n * l2},
        lambda n, alpha: (0.0, alpha / (2 * n)),
        "l2",
        "1.9.1",
        f"{_SKLEARN}/neural_network/_multilayer_perceptron.py",
    ),
    "sklearn.MLPRegressor": Convention(
        "sum (y - z)² / 2n + alpha / 2n * sum w²   (n: the rows of a "
        "mini-batch)",
        lambda l1, l2, n: {"alpha": n * l2},
        lambda n, alpha: (0.0, alpha / n),
        "l2",
        "1.9.1",
        f"{_SKLEARN}/neural_network/_multilayer_perceptron.py",
    ),
    "d2l": _d2l(
        "mean(loss) + wd / 2 * sum w²   (WeightDecay with PyTorch)", 2
    ),
    "d2l.tensorflow": _d2l(
        "mean (y - Xw)² + wd * sum w²   (WeightDecay with TensorFlow)", 1
    ),
    "d2l.mxnet": _d2l(
        "mean (y - Xw)² / 2 + wd / 2 * sum w²   (WeightDecay with MXNet)", 1
    ),
    "d2l.jax": _d2l(
        "mean (y - Xw)² / 2 + wd / 2 * (sum w² + b²)   (WeightDecay with JAX)",
        1,
    ),
    "d2l.scratch": Convention(
        "mean (y - Xw)² / 2 + lambd / 2 * sum w²   (WeightDecayScratch)",
        lambda l1, l2, n: {"lambd": l2},
        lambda n, lambd: (0.0, lambd),
        "l2",
        *_D2L_SEEN,
    ),
    "playground.L1": Convention(
        "mean (y - z)² / 2 + regularizationRate * sum|w|   (a weight that the "
        "penalty takes across 0 is 0 from then on)",
        lambda l1, l2, n: {"regularizationRate": l1 / 2},
        lambda n, regularizationRate: (2 * regularizationRate, 0.0),
        "l1",
        *_PLAYGROUND_SEEN,
    ),
    "playground.L2": Convention(
        "mean (y - z)² / 2 + regularizationRate / 2 * sum w²",
        lambda l1, l2, n: {"regularizationRate": l2},
        lambda n, regularizationRate: (0.0, regularizationRate),
        "l2",
        *_PLAYGROUND_SEEN,
    ),
}


def to_library(penalty: Penalty, library: str, n: int) -> dict[str, float]:
    """Return the settings with which `library` has the same minimum.

    Parameters
    ----------
    penalty : Penalty
        L1, L2, ElasticNet, or a sum of them: whatever has `strengths`.
    library : str
        A key of `LIBRARIES`.
    n : int
        Rows that the mean is taken over.

    Returns
    -------
    dict
        The library's own argument names and values.

    Raises
    ------
    ValueError
        If the library is not known, or cannot express the penalty.

    References
    ----------
    The page *Conventions* of the book states each objective.

    Examples
    --------
    >>> to_library(L2(0.01), "sklearn.Ridge", n=442)
    {'alpha': 4.42}
    >>> to_library(L2(0.01), "torch.optim.SGD", n=442)
    {'weight_decay': 0.02}
    """
    convention, n = _convention(library), _rows(n)
    strengths = getattr(penalty, "strengths", None)
    if strengths is None:
        raise ValueError(
            "penalty must be made of L1, L2 and ElasticNet, or have strengths "
            f"(l1, l2) of its own, got {penalty!r}"
        )
    l1, l2 = map(float, strengths)
    if (l1 and "l1" not in convention.kinds) or (
        l2 and "l2" not in convention.kinds
    ):
        raise ValueError(
            f"penalty must be of kind {convention.kinds} for {library}, "
            f"got {penalty!r}"
        )
    return convention.settings(l1, l2, n)


def from_library(library: str, n: int, **settings: float) -> Penalty:
    """Return our penalty with the same minimum as the library's `settings`.

    Parameters
    ----------
    library : str
        A key of `LIBRARIES`.
    n : int
        Rows that the library's loss is taken over.
    **settings : float
        The library's own arguments.

    Returns
    -------
    L1, L2, or their sum

    Raises
    ------
    ValueError
        If the library is not known, or a setting is negative or not finite.
    TypeError
        If a setting is missing, or is none of the library's.

    Examples
    --------
    >>> from_library("sklearn.Lasso", n=442, alpha=0.5)
    L1(lam=1.0)
    >>> from_library("keras", n=442, l1=0.01, l2=0.02)
    L1(lam=0.01) + L2(lam=0.02)
    """
    convention, n = _convention(library), _rows(n)
    try:
        inspect.signature(convention.strengths).bind(n, **settings)
    except TypeError as error:
        raise TypeError(f"settings of {library}: {error}") from None
    checked = {name: _setting(value, name) for name, value in settings.items()}
    l1, l2 = convention.strengths(n, **checked)
    if l1 and l2:
        return L1(l1) + L2(l2)
    return L1(l1) if l1 or convention.kinds == "l1" else L2(l2)


def _convention(library: str) -> Convention:
    if library not in LIBRARIES:
        raise ValueError(
            f"library must be one of {', '.join(LIBRARIES)}, got {library!r}"
        )
    return LIBRARIES[library]


def _rows(n: int) -> float:
    return check_real(check_count(n, "n"), "n")


def _setting(value: float, name: str) -> float:
    if name == "C":
        return check_positive(value, name)
    return check_real(
        value, name, high=1.0 if name == "l1_ratio" else math.inf
    )
