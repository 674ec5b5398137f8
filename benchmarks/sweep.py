"""Time a sweep against its cells, against its workers, and Dask's workers against ours.

    python -m benchmarks.sweep [rounds]

In every round each contender runs once, in random order, so that whatever else the machine does
meets them alike; what counts is the median over the rounds of the ratio *within* a round. Processes
and clusters are started before, and their start is not in the times.
"""

import os
import random
import statistics
import sys
import time

import joblib
import numpy as np
from distributed import Client, LocalCluster

from benchmarks.speed.machine import begin_again_with_one_thread
from nnreg import L2, nn, sweep
from nnreg.data import spiral
from nnreg.grid import local_cluster

CELLS = 16


def train(lam, rng, epochs=60):
    """Train 2-64-3 on 600 points with nnreg."""
    X, y = spiral(200, 3, rng)
    hidden = nn.Dense(2, 64, weight_penalty=L2(lam), rng=rng)
    model = nn.Sequential([hidden, nn.ReLU(), nn.Dense(64, 3, rng=rng)])
    loss, adam = nn.SoftmaxCrossEntropy(), nn.Adam(0.02)
    return nn.fit(model, loss, adam, X, y, epochs=epochs, progress=False).loss[-1]


def with_nnreg():
    """Train 2-64-3 on 3000 points with nnreg, whose layers keep their arrays."""
    rng = np.random.default_rng(0)
    X, y = spiral(1000, 3, rng)
    model = nn.Sequential([nn.Dense(2, 64, rng=rng), nn.ReLU(), nn.Dense(64, 3, rng=rng)])
    loss, adam = nn.SoftmaxCrossEntropy(), nn.Adam(0.02)
    begin = time.perf_counter()
    nn.fit(model, loss, adam, X, y, epochs=100, progress=False)
    return time.perf_counter() - begin


def with_numpy():
    """Train the same as it is written down, each step in new arrays."""
    rng = np.random.default_rng(0)
    X, y = spiral(1000, 3, rng)
    W, V = rng.normal(size=(2, 64)), rng.normal(size=(64, 3)) * 0.1
    begin = time.perf_counter()
    for _ in range(100):
        h = np.maximum(X @ W, 0)
        z = h @ V
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        dz = p / len(y)
        W, V = W - 0.1 * X.T @ (dz @ V.T * (h > 0)), V - 0.1 * h.T @ dz
    return time.perf_counter() - begin


def seconds(n_jobs, backend, n_cells=CELLS):
    """Return the time of a sweep, and its table."""
    lams = [10.0**-k for k in range(4)]
    with joblib.parallel_config(backend=backend):
        begin = time.perf_counter()
        table = sweep(train, {"lam": lams}, n_cells // 4, n_jobs=n_jobs, progress=False)
        return time.perf_counter() - begin, table


def rounds_of(contenders, n_rounds):
    """Run each contender once a round; return {name: results}."""
    order, results = random.Random(0), {name: [] for name in contenders}
    for number in range(n_rounds + 1):
        for name in order.sample(list(contenders), len(contenders)):
            result = contenders[name]()
            if number:  # the first round only warms up
                results[name].append(result)
    return results


def show(title, times):
    """Print the first contender's time and the others' ratios to it."""
    print(f"\n{title}\n{'':24}{'median ms':>10}{'ratio':>8}{'spread':>14}")
    first = next(iter(times.values()))
    for name, found in times.items():
        ratios = [mine / its for mine, its in zip(found, first, strict=True)]
        spread = f"{min(ratios):.2f}-{max(ratios):.2f}"
        median = statistics.median
        print(f"{name:24}{1000 * median(found):10.0f}{median(ratios):8.2f}{spread:>14}")


def against_cells(n_rounds):
    contenders = {f"{n} cells": lambda n=n: seconds(1, "loky", n)[0] for n in (8, 16, 32)}
    show("One process, against the number of cells", rounds_of(contenders, n_rounds))


def against_workers(n_rounds):
    contenders = {
        "1 process": lambda: seconds(1, "loky"),
        "2 processes": lambda: seconds(2, "loky"),
        "2 Dask workers": lambda: seconds(2, "dask"),
    }
    with local_cluster(2):
        found = rounds_of(contenders, n_rounds)
    tables = [table for results in found.values() for _, table in results]
    assert all(table == tables[0] for table in tables)
    times = {name: [time for time, _ in results] for name, results in found.items()}
    show(f"{CELLS} cells, against the workers: equal tables, bit for bit", times)


def against_dasks_memory(n_rounds):
    settings = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(**settings) as cluster, Client(cluster) as theirs, local_cluster(1) as ours:
        for function in (with_nnreg, with_numpy):
            contenders = {
                "local_cluster": lambda f=function: ours.submit(f, pure=False).result(),
                "Dask's own settings": lambda f=function: theirs.submit(f, pure=False).result(),
            }
            show(function.__doc__.splitlines()[0], rounds_of(contenders, n_rounds))


def main(n_rounds: int = 5) -> None:
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {n_rounds} rounds")
    against_cells(n_rounds)
    against_workers(n_rounds)
    against_dasks_memory(n_rounds)


if __name__ == "__main__":
    begin_again_with_one_thread("benchmarks.sweep")
    main(*map(int, sys.argv[1:]))
