"""The training loop."""

import math
import os

import numpy as np

from nnreg._checks import as_float_array, as_generator, check_count, check_real
from nnreg.clipping import clip_by_global_norm
from nnreg.nn.history import History
from nnreg.nn.sequential import Sequential


# Overflow on the way to divergence is what the loop itself watches for.
@np.errstate(over="ignore", invalid="ignore")
def fit(
    model: Sequential,
    loss,
    optimizer,
    X,
    y,
    *,
    epochs: int,
    batch_size: int | None = None,
    validation: tuple | None = None,
    clip_norm: float | None = None,
    rng: np.random.Generator | int | None = None,
    progress: bool = True,
    every: int = 1,
) -> History:
    """Train `model` in place; call it again to go on.

    Parameters
    ----------
    model : Sequential
    loss : SoftmaxCrossEntropy, BinaryCrossEntropy or MeanSquaredError
        The data loss; the penalties are the model's own.
    optimizer : SGD or Adam
    X, y : array_like
        Rows and their targets.
    epochs : int
        Passes over the rows.
    batch_size : int, optional
        Rows a step; by default all of them. Mini-batches are shuffled anew
        each epoch.
    validation : (X_val, y_val), optional
        Rows that are only looked at.
    clip_norm : float, optional
        Largest L2 norm of all gradients together: a longer gradient is scaled
        down before the step. `History.grad_norm` then holds what it was.
    rng : numpy.random.Generator or int
        Shuffles the mini-batches; needed with `batch_size`.
    progress : bool
        Show a bar while it runs (needs tqdm; the environment's
        ``NNREG_PROGRESS=0`` hides it).
    every : int
        Record each so many epochs, and the last.

    Returns
    -------
    History

    Raises
    ------
    FloatingPointError
        If the loss, or a parameter at the end, is no longer finite: the
        message names epoch and loss. The model keeps the last parameters with
        a finite loss.
    ValueError
        If there are no rows, X and y differ in length, `rng` is missing,
        `clip_norm` is negative, or a parameter is no longer a view of
        ``model.theta``.

    Examples
    --------
    >>> from nnreg.nn import Dense, MeanSquaredError, SGD, Sequential
    >>> X = np.arange(6.0).reshape(6, 1)
    >>> model = Sequential([Dense(1, 1, rng=0)])
    >>> fit(model, MeanSquaredError(), SGD(lr=0.05), X, 2 * X + 1, epochs=500, every=250)
      epoch     data_loss       penalty          loss
          0        40.548         0.000        40.548
        499         0.000         0.000         0.000
    >>> model.theta.round(3)
    array([2., 1.])
    """
    X, y = _rows(X, y, "X and y")
    if validation is not None:
        X_val, y_val = _rows(*validation, "validation")
    epochs, every = (
        check_count(epochs, "epochs", low=0),
        check_count(every, "every"),
    )
    if batch_size is not None:
        batch_size = check_count(batch_size, "batch_size")
        if rng is None:
            raise ValueError(
                "rng must be given with batch_size, to shuffle the rows, got None"
            )
        rng = as_generator(rng)
    if clip_norm is not None:
        clip_norm = check_real(clip_norm, "clip_norm")
    history = History()
    good = model.theta.copy()
    for epoch in _bar(epochs, progress):
        record = epoch % every == 0 or epoch == epochs - 1
        sums, largest_norm = np.zeros(3), 0.0
        for rows in _batches(len(X), batch_size, rng):
            data_loss = loss.forward(
                model.forward(X[rows], training=True), y[rows]
            )
            penalty = model.penalty()
            if not math.isfinite(data_loss + penalty):
                raise _diverged(model, good, epoch, data_loss, penalty)
            good[:] = model.theta
            if record:
                accuracy = loss.accuracy()
                sums += np.multiply(
                    len(y[rows]), (data_loss, penalty, accuracy or 0.0)
                )
            lr = optimizer.lr
            model.backward(loss.backward())
            if clip_norm is not None:
                # An infinite gradient passes: the next loss shows it, and the
                # loop reports that.
                clipped, norm = clip_by_global_norm(
                    [model.dtheta], clip_norm, nonfinite="pass"
                )
                model.dtheta[:], largest_norm = (
                    clipped[0],
                    max(largest_norm, norm),
                )
            optimizer.step(model)
        if record:
            data_loss, penalty, mean_accuracy = map(float, sums / len(X))
            history.epoch.append(epoch)
            history.data_loss.append(data_loss)
            history.penalty.append(penalty)
            history.accuracy.append(
                None if accuracy is None else mean_accuracy
            )
            history.lr.append(lr)
            if clip_norm is not None:
                history.grad_norm.append(largest_norm)
            if validation is not None:
                history.val_loss.append(
                    loss.forward(model.forward(X_val), y_val)
                )
                history.val_accuracy.append(loss.accuracy())
    if not np.isfinite(model.theta).all():
        raise _diverged(model, good, epoch, data_loss, penalty)
    return history


def _rows(X, y, name: str) -> tuple[np.ndarray, np.ndarray]:
    X, y = as_float_array(X, "X"), np.asarray(y)
    if 0 in (X.ndim, y.ndim) or not 0 < len(X) == len(y):
        raise ValueError(
            f"{name} must hold the same rows, at least one, got shapes {X.shape}, {y.shape}"
        )
    return X, y


def _diverged(
    model, good, epoch: int, data_loss: float, penalty: float
) -> FloatingPointError:
    model.theta[:] = good
    return FloatingPointError(
        f"training diverged in epoch {epoch}, at loss {data_loss + penalty} (data loss "
        f"{data_loss}, penalty {penalty}); the model keeps its last good parameters"
    )


def _batches(n: int, batch_size: int | None, rng):
    if batch_size is None:
        yield slice(None)
        return
    order = rng.permutation(n)
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]


def _bar(epochs: int, progress: bool):
    """Return the epochs, behind a bar that disappears when it is done."""
    if progress and os.environ.get("NNREG_PROGRESS") != "0":
        try:
            from tqdm.auto import tqdm
        except ImportError:
            return range(epochs)
        return tqdm(
            range(epochs),
            desc="training",
            unit="epoch",
            leave=False,
            mininterval=0.25,
        )
    return range(epochs)
