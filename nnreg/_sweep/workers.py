"""What runs a sweep: joblib calls a cell in whatever process it has."""

import math
import os
import pickle
import traceback
from contextlib import nullcontext, suppress

import numpy as np

from nnreg._sweep.cells import as_numbers


def as_they_come(joblib, n_jobs: int, train, takes: str, cells):
    """Yield each cell's outcome, once it is there if the backend can."""
    jobs = (joblib.delayed(_run)(train, takes, *c, os.getpid()) for c in cells)
    try:
        parallel = joblib.Parallel(n_jobs, return_as="generator_unordered")
    except ValueError:  # such as multiprocessing's pools
        parallel = joblib.Parallel(n_jobs)
    with one_blas_thread():
        yield from parallel(jobs)


def one_blas_thread():
    """Return a context in which BLAS adds in one order, that of one thread."""
    try:
        from threadpoolctl import threadpool_limits
    except ModuleNotFoundError:
        return nullcontext()
    return threadpool_limits(1)


def _run(train, takes: str, point: dict, seed: int, home: int) -> tuple:
    """Return the cell, with its result or the error that came instead."""
    luck = seed
    if takes == "rng":
        # A child, because default_rng(seed) may have drawn the data.
        child = np.random.SeedSequence(seed).spawn(1)[0]
        luck = np.random.default_rng(child)
    try:
        with one_blas_thread():
            result = train(**point, **{takes: luck})
        return point, seed, as_numbers(result, point), None
    except Exception as error:
        return point, seed, None, _portable(error, home)


def _portable(error: Exception, home: int) -> Exception:
    """Return an error that gets to the process `home` with its traceback."""
    if os.getpid() == home:
        return error
    trace = "".join(traceback.format_exception(error))
    try:
        error = pickle.loads(pickle.dumps(error))
    except Exception:
        error = RuntimeError(f"{type(error).__name__}: {error}")
    error.add_note(f"In its own process:\n{trace}")
    return error


class Bar:
    """A bar of the cells, with the best result so far."""

    def __init__(self, n_cells, n_missing, progress, monitor, sign):
        self._bar, self._monitor = None, monitor
        self._sign, self._best = sign, math.inf
        if progress:
            with suppress(ModuleNotFoundError):
                from tqdm import tqdm

                self._bar = tqdm(
                    total=n_cells,
                    initial=n_cells - n_missing,
                    desc="sweep",
                    unit="cell",
                    leave=False,
                    mininterval=0.25,
                )

    def show(self, point: dict, result: dict) -> None:
        if self._bar is None:
            return
        name = self._monitor or next(iter(result))
        if self._sign * result[name] < self._best:
            self._best = self._sign * result[name]
            where = ", ".join(f"{n}={v}" for n, v in point.items())
            best = f"best {name} {result[name]:.4g} at {where}"
            self._bar.set_postfix_str(best, refresh=False)
        self._bar.update()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
