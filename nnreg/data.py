"""Data to learn on: toy spirals, two real sets, label noise, and a split.

Nothing is downloaded. The real sets are scikit-learn's bundled files: it is
imported when they are asked for, and an ImportError says if it is missing.
"""

import numpy as np

from nnreg._checks import (
    as_float_array,
    as_generator,
    as_labels,
    check_count,
    check_parameter_dtype,
    check_real,
    refuse_holes,
)


def spiral(
    n_per_class: int, n_classes: int, rng, dtype=np.float64
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return the spiral of the NNFS book: noisy arms in the plane.

    Along arm :math:`k` the radius :math:`r` runs from 0 to 1, and the angle is
    :math:`2.5\,(4 (k + r) + 0.2\,\varepsilon)` with a standard normal
    :math:`\varepsilon`. From the same random numbers,
    `nnfs.datasets.spiral_data` makes the same points to the last bit.

    Parameters
    ----------
    n_per_class, n_classes : int
        Points on each arm, and arms.
    rng : numpy.random.Generator, int, or numpy.random.RandomState
        The legacy state is there to replay published runs.
    dtype : dtype
        Of `X`. In float32 the noise is rounded first, as `nnfs.init` does.

    Returns
    -------
    X : ndarray, shape (n_per_class * n_classes, 2)
    y : ndarray of int64, shape (n_per_class * n_classes,)

    Raises
    ------
    ValueError
        If `n_per_class` or `n_classes` is below 1.
    TypeError
        If an argument is of another kind than those above.

    References
    ----------
    Kinsley and Kukieła (2020), *Neural Networks from Scratch in Python*, ch.
    3; after Karpathy's cs231n case study. Used from chapter 1 on.

    Examples
    --------
    >>> X, y = spiral(100, 3, rng=0)
    >>> X.shape, y.shape
    ((300, 2), (300,))
    >>> bool(np.all(np.hypot(*X.T) < 1.0001))
    True
    """
    n_per_class = check_count(n_per_class, "n_per_class")
    n_classes = check_count(n_classes, "n_classes")
    dtype = check_parameter_dtype(dtype)
    if not isinstance(rng, np.random.RandomState):
        rng = as_generator(rng)
    X = np.empty((n_classes, n_per_class, 2), dtype)
    radius = np.linspace(0, 1, n_per_class)
    for k, arm in enumerate(X):
        noise = 0.2 * rng.standard_normal(n_per_class).astype(dtype)
        angle = 2.5 * (np.linspace(4 * k, 4 * (k + 1), n_per_class) + noise)
        arm[...] = np.c_[radius * np.sin(angle), radius * np.cos(angle)]
    y = np.repeat(np.arange(n_classes, dtype=np.int64), n_per_class)
    return X.reshape(-1, 2), y


def diabetes() -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return the diabetes data of Efron et al. (2004): 442 patients.

    Returns
    -------
    X : ndarray, shape (442, 10)
        Ten measurements; each column has mean 0 and sum of squares 1.
    y : ndarray, shape (442,)
        Progression after one year, 25 to 346.
    names : list of str

    Examples
    --------
    >>> X, y, names = diabetes()
    >>> X.shape, names[2]
    ((442, 10), 'bmi')
    """
    bunch = _sklearn_datasets().load_diabetes()
    return bunch.data, bunch.target, list(bunch.feature_names)


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return 1797 handwritten digits (Alpaydin and Kaynak, 1998).

    Returns
    -------
    X : ndarray, shape (1797, 64)
        Grey levels from 0 to 1, of 8 x 8 pixels.
    y : ndarray of int64, shape (1797,)
        The digit, 0 to 9.

    Examples
    --------
    >>> X, y = digits()
    >>> X.shape, y[:5]
    ((1797, 64), array([0, 1, 2, 3, 4]))
    """
    bunch = _sklearn_datasets().load_digits()
    return bunch.data / 16, bunch.target.astype(np.int64)


def flip_labels(y, fraction: float, rng, n_classes: int | None = None):
    """Give a fraction of the rows another label: any wrong one, evenly drawn.

    Parameters
    ----------
    y : array_like of int, shape (n,)
        Labels 0 to n_classes - 1; not changed.
    fraction : float
        In [0, 1]; ``round(fraction * n)`` rows get a label not their own.
    rng : numpy.random.Generator or int
    n_classes : int, optional
        By default ``max(y) + 1``.

    Returns
    -------
    y_noisy : ndarray of int64, shape (n,)
    flipped : ndarray of bool, shape (n,)

    Raises
    ------
    ValueError, TypeError
        If `y` does not hold labels from 0 to n_classes - 1 in one dimension,
        or `fraction` is outside [0, 1].

    Examples
    --------
    >>> y = np.array([0, 1, 2, 0, 1, 2])
    >>> y_noisy, flipped = flip_labels(y, fraction=0.5, rng=0)
    >>> int(flipped.sum()), np.array_equal(y_noisy != y, flipped)
    (3, True)
    """
    y = as_labels(y)
    fraction = check_real(fraction, "fraction", 0.0, 1.0)
    rng = as_generator(rng)
    n_classes = int(y.max()) + 1 if n_classes is None else n_classes
    n_classes = check_count(n_classes, "n_classes", 2)
    as_labels(y, n_classes=n_classes)
    rows = rng.permutation(len(y))[: round(fraction * len(y))]
    y_noisy, flipped = y.astype(np.int64), np.zeros(len(y), bool)
    # A shift by 1 to n_classes - 1 reaches every label but the right one.
    y_noisy[rows] += rng.integers(1, n_classes, len(rows))
    y_noisy[rows] %= n_classes
    flipped[rows] = True
    return y_noisy, flipped


def split(X, y, validation: float = 0.5, *, rng, stratify: bool = False):
    """Split the rows at random into training and validation rows, as copies.

    Parameters
    ----------
    X, y : array_like
        The same number of rows.
    validation : float
        The share of the validation rows, in (0, 1): there will be
        ``round(validation * n)`` of n. Both parts must get at least one.
    rng : numpy.random.Generator or int
    stratify : bool
        Keep each label's share in both parts (`y` then holds labels): one with
        c rows gives ``validation * c`` of them, rounded up or down.

    Returns
    -------
    X_train, y_train, X_validation, y_validation : ndarray

    Raises
    ------
    ValueError
        If X and y differ in length, or a part would be empty.

    Examples
    --------
    >>> X, y = np.eye(10), np.array([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    >>> X_train, y_train, X_val, y_val = split(X, y, 0.4, rng=0, stratify=True)
    >>> X_train.shape, X_val.shape, np.bincount(y_val)
    ((6, 10), (4, 10), array([2, 2]))
    """
    refuse_holes(y, "y")
    X, y = as_float_array(X, "X"), np.asarray(y)
    if X.ndim == 0 or y.ndim == 0 or len(X) != len(y) or len(X) < 2:
        raise ValueError(
            "X and y must hold the same rows, at least 2, "
            f"got {X.shape}, {y.shape}"
        )
    if stratify and y.ndim != 1:
        raise ValueError(
            "y must hold one label a row to be stratified, "
            f"got shape {y.shape}"
        )
    validation = check_real(validation, "validation", 0.0, 1.0)
    rng = as_generator(rng)
    n, n_held_out = len(y), round(validation * len(y))
    if not 0 < n_held_out < n:
        raise ValueError(
            "validation must leave both parts at least one row, "
            f"got {validation} of {n} rows"
        )
    groups = [np.arange(n)]
    if stratify:
        label = np.unique(y, return_inverse=True)[1]
        by_label = np.argsort(label, kind="stable")
        groups = np.split(by_label, np.cumsum(np.bincount(label))[:-1])
    groups = [rng.permutation(rows) for rows in groups]
    order = rng.permutation(n)
    shares = validation * np.array([len(rows) for rows in groups])
    held_out = np.zeros(n, bool)
    for rows, m in zip(groups, _places(n_held_out, shares, rng), strict=True):
        held_out[rows[:m]] = True
    train, val = order[~held_out[order]], order[held_out[order]]
    return X[train], y[train], X[val], y[val]


def _places(total: int, shares: np.ndarray, rng) -> np.ndarray:
    """Round `shares` up or down so that they sum to `total`."""
    places = np.floor(shares).astype(int)
    # The largest remainders go up. Among equal ones chance decides, or the
    # first labels would always get more.
    order = rng.permutation(len(shares))
    order = order[np.argsort((places - shares)[order], kind="stable")]
    places[order[: total - places.sum()]] += 1
    return places


def _sklearn_datasets():
    try:
        import sklearn.datasets
    except ModuleNotFoundError as error:
        raise ImportError(
            "this data comes with scikit-learn: install scikit-learn"
        ) from error
    return sklearn.datasets
