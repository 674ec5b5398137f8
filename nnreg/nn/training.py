"""The training loop."""

import math
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from nnreg._checks import (
    as_float_array,
    as_generator,
    check_count,
    check_real,
    refuse_holes,
)
from nnreg.clipping import clip_by_global_norm
from nnreg.nn.history import History
from nnreg.nn.last_good import Best, LastGood
from nnreg.nn.loss import Loss
from nnreg.nn.optimizer import Optimizer
from nnreg.nn.sequential import Sequential


# Overflow on the way to divergence is what the loop itself watches for.
@np.errstate(over="ignore", invalid="ignore")
def fit(
    model: Sequential,
    loss: Loss,
    optimizer: Optimizer,
    X,
    y,
    *,
    epochs: int,
    batch_size: int | None = None,
    validation: tuple | None = None,
    stop: Callable[[dict], bool] | None = None,
    clip_norm: float | None = None,
    rng: np.random.Generator | int | None = None,
    progress: bool = True,
    every: int = 1,
) -> History:
    """Train `model` in place; call it again to go on from there.

    Parameters
    ----------
    model : Sequential
    loss : Loss
        The data loss, such as ``SoftmaxCrossEntropy()``; the penalties are the
        model's own.
    optimizer : Optimizer
        Such as ``Adam(0.01)``.
    X, y : array_like
        Rows and their targets.
    epochs : int
        Passes over the rows.
    batch_size : int, optional
        Rows a step; by default all of them. Mini-batches are shuffled anew
        each epoch.
    validation : (X_val, y_val), optional
        Rows that are only looked at.
    stop : Stopper or callable, optional
        Such as ``EarlyStopping(patience=10)``. Is told each recorded row, a
        dict with the names of `History` such as ``row["val_loss"]``, and ends
        the training by returning True. A `Stopper` starts afresh, and with its
        `restore_best` the model ends with the parameters and buffers that it
        had at the best check, whatever ended the training.
    clip_norm : float, optional
        Largest L2 norm of all gradients together: a longer gradient is scaled
        down before the step. `History.grad_norm` then holds what it was;
        ``math.inf`` records it and clips nothing.
    rng : numpy.random.Generator or int
        Shuffles the mini-batches; needed with `batch_size`.
    progress : bool
        Show a bar while it runs (needs tqdm; the environment's
        ``TQDM_DISABLE=1`` hides it).
    every : int
        Record each so many epochs, and the last.

    Returns
    -------
    History

    Raises
    ------
    FloatingPointError
        If the loss, or a parameter at the end, is no longer finite: the
        message names epoch, loss and what is wrong with the rows, if that is
        the cause. Model and optimiser keep their last state with a finite
        loss; the model, if a stopper knows one, that of the best check.
    ValueError
        If there are no rows, X and y differ in length, `rng` is missing,
        `clip_norm` is negative or goes with proximal steps, or a parameter is
        no longer a view of ``model.theta``.
    TypeError
        If an argument is of the wrong kind, such as a class for its instance.

    Notes
    -----
    Whatever ends the training early, Ctrl-C included, carries the history so
    far as ``error.history``. The optimiser's memory stays that of the last
    step when a stopper puts the best parameters back: to go on from there,
    make a new one.

    Examples
    --------
    >>> from nnreg.nn import Dense, MeanSquaredError, SGD, Sequential
    >>> X = np.arange(6.0).reshape(6, 1)
    >>> model = Sequential([Dense(1, 1, rng=0)])
    >>> loss, sgd = MeanSquaredError(), SGD(lr=0.05)
    >>> fit(model, loss, sgd, X, 2 * X + 1, epochs=500, every=250)
      epoch     data_loss       penalty          loss
          0        40.548         0.000        40.548
        499         0.000         0.000         0.000
    >>> model.theta.round(3)
    array([2., 1.])
    """
    _check_kinds(model, loss, optimizer, stop)
    X, y = _rows(X, y, "X and y")
    if validation is not None:
        X_val, y_val = _validation(validation)
    epochs = check_count(epochs, "epochs", low=0)
    every = check_count(every, "every")
    if batch_size is not None:
        batch_size = check_count(batch_size, "batch_size")
        if rng is None:
            raise ValueError(
                "rng must be given with batch_size, to shuffle the rows, got "
                "None"
            )
        rng = as_generator(rng)
    if clip_norm is not None and clip_norm != math.inf:
        clip_norm = check_real(clip_norm, "clip_norm")
    if clip_norm is not None and optimizer.proximal:
        # Clipped, the data would pull less at a weight than the penalty does.
        raise ValueError(
            "clip_norm must be None with a proximal optimizer, got "
            f"{clip_norm!r}"
        )
    history, best = History(), Best(model, stop)
    last_good = LastGood(model, optimizer, X, y, best)
    try:
        for epoch in _bar(epochs, progress):
            record = epoch % every == 0 or epoch == epochs - 1
            batches = []
            for rows in _batches(len(X), batch_size, rng):
                z = model.forward(X[rows], training=True)
                data_loss, penalty = loss.forward(z, y[rows]), model.penalty()
                last_good.keep(epoch, data_loss, penalty)
                accuracy = loss.accuracy() if record else None
                model.learn(loss.backward())
                norm = None if clip_norm is None else _clip(model, clip_norm)
                lr = optimizer.lr
                optimizer.step(model)
                batches.append((len(z), data_loss, penalty, accuracy, norm))
            if not record:
                continue
            row = {"epoch": epoch, "lr": lr, **_summary(batches)}
            if validation is not None:
                row["val_loss"] = loss.forward(model.forward(X_val), y_val)
                row["val_accuracy"] = loss.accuracy()
            history.append(row)
            if best.check({**row, "loss": history.loss[-1]}):
                break
        last_good.check_parameters()
    except BaseException as error:
        error.history = history
        raise
    finally:
        best.restore()
    return history


def _check_kinds(model, loss, optimizer, stop) -> None:
    """Raise if an argument is something else, such as a class."""
    for name, thing, kind, example in (
        ("model", model, Sequential, "Sequential([…])"),
        ("loss", loss, Loss, "SoftmaxCrossEntropy()"),
        ("optimizer", optimizer, Optimizer, "Adam(0.01)"),
    ):
        if not isinstance(thing, kind):
            raise TypeError(
                f"{name} must be of type {kind.__name__}, such as "
                f"{example}, got {thing!r}"
            )
    if isinstance(stop, type) or not (stop is None or callable(stop)):
        raise TypeError(
            f"stop must be callable, such as EarlyStopping(10), got {stop!r}"
        )


def _rows(X, y, name: str) -> tuple[np.ndarray, np.ndarray]:
    refuse_holes(y, "y")
    X, y = as_float_array(X, "X"), np.asarray(y)
    if 0 in (X.ndim, y.ndim) or not 0 < len(X) == len(y):
        raise ValueError(
            f"{name} must hold the same rows, at least one, got shapes "
            f"{X.shape}, {y.shape}"
        )
    return X, y


def _validation(pair) -> tuple[np.ndarray, np.ndarray]:
    if not (isinstance(pair, (tuple, list)) and len(pair) == 2):
        raise TypeError(
            f"validation must be a pair (X_val, y_val), got {pair!r}: "
            "nnreg.data.split makes one"
        )
    return _rows(*pair, "validation")


def _clip(model: Sequential, clip_norm: float) -> float:
    # An infinite gradient passes: the loop reports the loss that follows.
    grads = [model.dtheta]
    _, norm = clip_by_global_norm(
        grads, clip_norm, nonfinite="pass", out=grads
    )
    return norm


def _summary(batches: list[tuple]) -> dict[str, float | None]:
    """Return an epoch's means over its batches, and its largest norm."""
    n_rows, *columns, norms = zip(*batches, strict=True)
    row = {}
    for name, values in zip(
        ("data_loss", "penalty", "accuracy"), columns, strict=True
    ):
        row[name] = None
        if None not in values:
            pairs = zip(n_rows, values, strict=True)
            row[name] = sum(n * value for n, value in pairs) / sum(n_rows)
    return row if None in norms else {**row, "grad_norm": max(norms)}


def _batches(n: int, batch_size: int | None, rng):
    if batch_size is None:
        yield slice(None)
        return
    order = rng.permutation(n)
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]


def _bar(epochs: int, progress: bool):
    """Return the epochs, behind a bar that disappears when it is done."""
    if progress:
        with suppress(ImportError):
            from tqdm import tqdm

            return tqdm(range(epochs), "training", unit="epoch", leave=False)
    return range(epochs)
