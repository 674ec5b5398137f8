"""A sweep: train at every point of a grid, once for each seed.

No cell knows of another one, so all cores work on them, or a cluster does, and
the table comes out the same, bit for bit, whoever did what in which order.
"""

import importlib
import itertools
import os
import tempfile
from contextlib import closing, contextmanager

from nnreg._sweep.cells import (
    as_points,
    as_seeds,
    cell_key,
    mismatch,
    mode_sign,
    what_it_takes,
)
from nnreg._sweep.store import Results, Store, header
from nnreg._sweep.workers import Bar, as_they_come
from nnreg.table import Table

# Dask makes glibc give memory back at 64 KiB. That also ends glibc's own
# adaptation, so each larger array is mapped anew, and every page of it faults.
_WORKER_ENVIRONMENT = {
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "MALLOC_MMAP_THRESHOLD_": str(2**25),  # the largest that glibc accepts
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
}


def sweep(
    train,
    grid,
    seeds,
    n_jobs: int = -1,
    *,
    store=None,
    progress: bool = True,
    monitor: str | None = None,
    mode: str = "min",
) -> Table:
    """Call `train` at every point of `grid` with every seed.

    Parameters
    ----------
    train : callable
        Called as ``train(**point, rng=generator)`` or ``train(**point,
        seed=seed)``, whichever its signature names. Returns a number, or a
        dict of numbers; NaN and infinity are results too.
    grid : dict of lists, or list of dicts
        A dict means all combinations of its values, the last name changing
        fastest; a list holds the points themselves, as scikit-learn's
        ``ParameterSampler`` draws them. Values are numbers, strings, None,
        or tuples of these.
    seeds : int or sequence of int
        ``n`` means 0 to n - 1.
    n_jobs : int
        Processes; -1 means all cores. On a cluster the cluster decides.
    store : path, optional
        A file that keeps each result as it comes. The same call again runs
        only what is missing, and so does one with a larger grid or more seeds.
        Remove the file when you change what `train` does: only its name is
        compared.
    progress : bool
        Show a bar with the best result so far (needs tqdm; the environment's
        ``TQDM_DISABLE=1`` hides it).
    monitor : str, optional
        The result that the bar shows; by default the first one.
    mode : {"min", "max"}
        Which of two such results is better.

    Returns
    -------
    Table
        A row for each point and seed, in the order of `grid`.

    Raises
    ------
    RuntimeError
        If `train` fails or returns something else: the message names point and
        seed, and the cause is chained. Cells under way are finished first.
    ValueError, TypeError
        If `grid`, `seeds` or `mode` is not as above, `train` does not take the
        names of `grid`, or `store` is the file of something else.
    ImportError
        If joblib is missing.

    Notes
    -----
    A seed gives the same stream at each point: the arms share their data and
    their dice, so the difference of two points at one seed is a paired one,
    and luck that both had cancels. The generator starts from
    ``SeedSequence(seed).spawn(1)[0]``, a child, because ``default_rng(seed)``
    may already have drawn the data.

    Each cell has one thread of BLAS (where threadpoolctl is installed, as it
    is with scikit-learn), because sums in another order end in other bits.

    Inside ``with joblib.parallel_config(backend="dask")`` the same call runs
    on a Dask cluster; `local_cluster` starts one here. A worker that dies
    costs no cell: its cells begin again elsewhere. But one that has killed
    four workers, for want of memory perhaps, is given up by Dask, and joblib
    (1.6) waits for it for ever: stop such a sweep by hand.

    Whatever ends the sweep early carries the table so far as ``error.table``.
    `fit` raises an error when it diverges: catch it in `train` and return NaN
    to keep that arm.

    Used in chapter 19.

    Examples
    --------
    >>> def train(lam, rng):
    ...     return {"loss": (lam - 0.1) ** 2 + 0.01 * rng.normal()}
    >>> table = sweep(train, {"lam": [0.0, 0.1, 1.0]}, seeds=4, n_jobs=1)
    >>> table.best("loss")
    {'lam': 0.1}
    """
    sign = mode_sign(mode)
    joblib = _installed("joblib")
    points, seeds = as_points(grid), as_seeds(seeds)
    takes = what_it_takes(train, points)
    cells = [(point, seed) for point in points for seed in seeds]
    results, failed = Results(), []
    if store is not None:
        results = Store(store, header(train, takes, points))
    missing = [cell for cell in cells if cell_key(*cell) not in results]
    # After a failure no cell is begun, and those under way are finished.
    begun = itertools.takewhile(lambda cell: not failed, missing)
    outcomes = as_they_come(joblib, n_jobs, train, takes, begun)
    bar = Bar(len(cells), len(missing), progress, monitor, sign)
    with closing(results), closing(bar), closing(outcomes):
        try:
            for point, seed, result, error in outcomes:
                error = error or mismatch(result, results, monitor)
                if error:
                    failed.append((point, seed, error))
                    continue
                results.add(point, seed, result)
                bar.show(point, result)
            if failed:
                point, seed, error = failed[0]
                raise RuntimeError(
                    f"train failed at {point}, seed {seed}: {error}"
                ) from error
        except BaseException as error:
            error.table = _table(cells, results)
            raise
    return _table(cells, results)


@contextmanager
def local_cluster(n_workers: int = 2, **kwargs):
    """Start Dask workers on this machine, one thread each, and stop them.

    Dask's own setting of ``MALLOC_TRIM_THRESHOLD_`` makes training with NumPy
    slow, so these workers get another one. On a cluster of your own set both
    variables below ``distributed.nanny.pre-spawn-environ`` in Dask's
    configuration: ``MALLOC_TRIM_THRESHOLD_: 1073741824`` and
    ``MALLOC_MMAP_THRESHOLD_: 33554432``.

    Parameters
    ----------
    n_workers : int
        Processes.
    **kwargs
        Passed on to ``distributed.LocalCluster``.

    Yields
    ------
    distributed.Client

    Raises
    ------
    ImportError
        If Dask's distributed is missing.

    Notes
    -----
    In a script it stands below ``if __name__ == "__main__":``, because each
    worker imports the script once more.

    Examples
    --------
    >>> import joblib
    >>> def run():
    ...     with local_cluster(), joblib.parallel_config(backend="dask"):
    ...         return sweep(train, grid, seeds=8, store="sweep.jsonl")
    """
    distributed = _installed("distributed")
    from unittest.mock import patch  # loads asyncio, which no import should

    import dask

    # A worker that died gets so long to come back on a busy machine.
    patience = {"distributed.deploy.lost-worker-timeout": "2 minutes"}
    with (
        dask.config.set(patience),
        # Dask takes these before `pre-spawn-environ`, which it also leaves
        # behind here: a cluster that ran before would decide.
        patch.dict(os.environ, _WORKER_ENVIRONMENT),
        tempfile.TemporaryDirectory() as folder,
        distributed.LocalCluster(
            **{
                "n_workers": n_workers,
                "threads_per_worker": 1,
                "dashboard_address": ":0",
                "local_directory": folder,
                **kwargs,
            }
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def _installed(name: str):
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"this needs {name}: install {name}, for instance with "
            "pip install 'nnreg[cluster]'"
        ) from error


def _table(cells: list, results: dict) -> Table:
    found = [(p, s, results.get(cell_key(p, s))) for p, s in cells]
    rows = [{**p, "seed": s, **r} for p, s, r in found if r is not None]
    return Table(list(cells[0][0]), rows)
