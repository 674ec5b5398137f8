"""Data to learn on: toy spirals, two real sets, label noise, and a split. Never downloads.

The spiral comes from `nnfs`, the real sets from scikit-learn's bundled files;
both packages are imported only when they are asked for.
"""

import importlib
import types

import numpy as np

from nnreg._checks import (
    as_float_array,
    as_generator,
    check_count,
    check_parameter_dtype,
    check_real,
)


def spiral(
    n_per_class: int, n_classes: int, rng, dtype=np.float64
) -> tuple[np.ndarray, np.ndarray]:
    """Return the spiral of the NNFS book: `n_classes` noisy arms in the plane.

    The function is nnfs' own, run with a generator in place of NumPy's global
    state.

    Parameters
    ----------
    n_per_class, n_classes : int
        Points on each arm, and arms.
    rng : numpy.random.Generator, int, or numpy.random.RandomState
        The legacy state is there to replay published runs.
    dtype : dtype
        Of `X`. In float32 the noise is rounded first, as ``nnfs.init()`` would
        do.

    Returns
    -------
    X : ndarray, shape (n_per_class * n_classes, 2)
    y : ndarray of int64, shape (n_per_class * n_classes,)

    Raises
    ------
    ImportError
        If `nnfs` is not installed.

    References ---------- Kinsley and Kukieła (2020), *Neural Networks from
    Scratch in Python*, ch. 3; after Karpathy's cs231n case study. Used from
    chapter 1 on.

    Examples
    --------
    >>> X, y = spiral(100, 3, rng=0)
    >>> X.shape, y.shape
    ((300, 2), (300,))
    >>> bool(np.all(np.hypot(*X.T) < 1.0001))
    True
    """
    n_per_class = check_count(n_per_class, "n_per_class")
    n_classes, dtype = (
        check_count(n_classes, "n_classes"),
        check_parameter_dtype(dtype),
    )
    if not isinstance(rng, np.random.RandomState):
        rng = as_generator(rng)
    # The same code with globals of its own: its `np.random.randn` draws from
    # `rng`, and its `np.zeros` leaves out the 8 bits that nnfs would give the
    # labels.
    own_numpy = types.SimpleNamespace(
        **{
            name: getattr(np, name)
            for name in ("linspace", "sin", "cos", "c_")
        },
        zeros=lambda shape, dtype=None: np.zeros(shape),
        random=types.SimpleNamespace(
            randn=lambda n: rng.standard_normal(n).astype(dtype)
        ),
    )
    spiral_data = _import("nnfs.datasets", "nnfs").spiral_data
    create = types.FunctionType(
        spiral_data.__code__, {"np": own_numpy, "range": range}
    )
    X, y = create(n_per_class, n_classes)
    return X.astype(dtype), y.astype(np.int64)


def diabetes() -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return the diabetes data of Efron et al. (2004): 442 patients, 10 standardised features.

    Returns
    -------
    X : ndarray, shape (442, 10)
        Each column has mean 0 and sum of squares 1.
    y : ndarray, shape (442,)
        Progression after one year, 25 to 346.
    names : list of str

    Raises
    ------
    ImportError
        If scikit-learn is not installed.

    Examples
    --------
    >>> X, y, names = diabetes()
    >>> X.shape, names[2]
    ((442, 10), 'bmi')
    """
    bunch = _import("sklearn.datasets", "scikit-learn").load_diabetes()
    return bunch.data, bunch.target, list(bunch.feature_names)


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return 1797 handwritten digits of 8 x 8 pixels (Alpaydin and Kaynak, 1998).

    Returns
    -------
    X : ndarray, shape (1797, 64)
        Grey levels from 0 to 1.
    y : ndarray of int64, shape (1797,)
        The digit, 0 to 9.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.

    Examples
    --------
    >>> X, y = digits()
    >>> X.shape, y[:5]
    ((1797, 64), array([0, 1, 2, 3, 4]))
    """
    bunch = _import("sklearn.datasets", "scikit-learn").load_digits()
    return bunch.data / 16, bunch.target.astype(np.int64)


def flip_labels(y, fraction: float, rng, n_classes: int | None = None):
    """Give a fraction of the rows another label, drawn evenly from the wrong ones.

    Parameters
    ----------
    y : array_like of int, shape (n,)
        Labels 0 to n_classes - 1; not changed.
    fraction : float
        In [0, 1]; ``round(fraction * n)`` rows are flipped, each to a label
        that is not its own.
    rng : numpy.random.Generator or int
    n_classes : int, optional
        By default ``max(y) + 1``.

    Returns
    -------
    y_noisy : ndarray of int64, shape (n,)
    flipped : ndarray of bool, shape (n,)

    Raises
    ------
    ValueError
        If `y` does not hold whole numbers from 0 to n_classes - 1, or
        `fraction` is outside [0, 1].

    Examples
    --------
    >>> y_noisy, flipped = flip_labels([0, 1, 2, 0, 1, 2], fraction=0.5, rng=0)
    >>> int(flipped.sum()), bool(np.all((y_noisy != [0, 1, 2, 0, 1, 2]) == flipped))
    (3, True)
    """
    y = np.asarray(y)
    if y.ndim != 1 or y.dtype.kind not in "iu" or y.size == 0 or y.min() < 0:
        raise ValueError(
            f"y must hold labels >= 0 in one dimension, got {y.dtype} {y.shape}"
        )
    fraction, rng = (
        check_real(fraction, "fraction", 0.0, 1.0),
        as_generator(rng),
    )
    n_classes = check_count(
        int(y.max()) + 1 if n_classes is None else n_classes, "n_classes", 2
    )
    if y.max() >= n_classes:
        raise ValueError(
            f"y must hold labels below n_classes = {n_classes}, got {y.max()}"
        )
    rows = rng.permutation(len(y))[: round(fraction * len(y))]
    y_noisy, flipped = y.astype(np.int64), np.zeros(len(y), bool)
    # A shift by 1 to n_classes - 1 reaches every wrong label, and never the
    # right one.
    y_noisy[rows] = (
        y_noisy[rows] + rng.integers(1, n_classes, len(rows))
    ) % n_classes
    flipped[rows] = True
    return y_noisy, flipped


def split(X, y, validation: float = 0.5, *, rng, stratify: bool = False):
    """Split the rows at random into training and validation rows.

    Parameters
    ----------
    X, y : array_like
        The same number of rows.
    validation : float
        The share of the validation rows, in (0, 1); both parts get at least
        one row.
    rng : numpy.random.Generator or int
    stratify : bool
        Keep each label's share in both parts (`y` then holds labels).

    Returns
    -------
    X_train, y_train, X_validation, y_validation : ndarray
        Copies.

    Raises
    ------
    ValueError
        If X and y differ in length, or a part would be empty.

    Examples
    --------
    >>> X_train, y_train, X_val, y_val = split(np.eye(10), np.arange(10), 0.3, rng=0)
    >>> X_train.shape, X_val.shape
    ((7, 10), (3, 10))
    """
    X, y = as_float_array(X, "X"), np.asarray(y)
    if X.ndim == 0 or y.ndim == 0 or len(X) != len(y) or len(X) < 2:
        raise ValueError(
            f"X and y must hold the same rows, at least 2, got {X.shape}, {y.shape}"
        )
    if stratify and y.ndim != 1:
        raise ValueError(
            f"y must hold one label a row to be stratified, got shape {y.shape}"
        )
    validation, rng = (
        check_real(validation, "validation", 0.0, 1.0),
        as_generator(rng),
    )
    groups = (
        [np.flatnonzero(y == label) for label in np.unique(y)]
        if stratify
        else [np.arange(len(y))]
    )
    held_out = np.zeros(len(y), bool)
    for rows in groups:
        held_out[rng.permutation(rows)[: round(validation * len(rows))]] = True
    if held_out.all() or not held_out.any():
        raise ValueError(
            f"validation must leave both parts at least one row, got {validation}"
        )
    order = rng.permutation(len(y))
    train, val = order[~held_out[order]], order[held_out[order]]
    return X[train], y[train], X[val], y[val]


def _import(module: str, package: str) -> types.ModuleType:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"this data comes with {package}: install {package}"
        ) from error
