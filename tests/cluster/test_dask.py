"""A sweep on a real cluster of two workers: the same table, whatever is killed on the way.

`pytest -rA` prints what the tests write: who was killed, and what ran again.
"""

import functools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import joblib
import numpy as np
import pytest

from nnreg import L2, nn, sweep
from nnreg.data import spiral, split
from nnreg.grid import local_cluster

GRID = {"lam": [0.0, 1e-4, 1e-3, 1e-2, 0.1], "n_hidden": [4, 8]}
SEEDS = 4
N_CELLS = 40
CURRENT = "PYTEST_CURRENT_TEST"  # pytest's own
PATIENCE = 90  # seconds, on a busy machine


def train(lam, n_hidden, seed, notes=None, pause=0.0):
    """Train a small network; note down who began it, in a file."""
    if notes:
        write_note(notes, {"pid": os.getpid(), "cell": [lam, n_hidden, seed]})
    time.sleep(pause)
    rng = np.random.default_rng(seed)
    X, y, X_val, y_val = split(*spiral(40, 3, rng), rng=rng)
    hidden = nn.Dense(2, n_hidden, weight_penalty=L2(lam), rng=rng)
    model = nn.Sequential([hidden, nn.ReLU(), nn.Dense(n_hidden, 3, rng=rng)])
    loss, adam = nn.SoftmaxCrossEntropy(), nn.Adam(0.05)
    seen = {"validation": (X_val, y_val), "rng": rng, "progress": False}
    history = nn.fit(model, loss, adam, X, y, epochs=20, batch_size=16, **seen)
    return {"val_loss": history.val_loss[-1], "largest": float(abs(model.theta).max())}


def write_note(notes, note):
    with open(notes, "a", encoding="utf8") as file:
        file.write(json.dumps(note) + "\n")


def read(path):
    """Return the whole lines of a file that others are writing."""
    lines = path.read_text(encoding="utf8").split("\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(scope="module")
def alone():
    """Return the table of one process, to compare with."""
    return sweep(train, GRID, SEEDS, n_jobs=1, progress=False)


@pytest.fixture(scope="module")
def client():
    """Yield a cluster of two workers, and see that it leaves nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MALLOC_TRIM_THRESHOLD_", "65536")  # as another cluster of Dask leaves it
        before = dict(os.environ)
        with local_cluster(2) as client:
            workers = client.run(who_are_you).values()
            yield client
        assert {**os.environ, CURRENT: None} == {**before, CURRENT: None}
    for pid, _, folder in workers:
        assert not Path(folder).exists()
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


@pytest.fixture
def on_the_cluster(client):
    with joblib.parallel_config(backend="dask"):
        yield functools.partial(sweep, progress=False)


def who_are_you(dask_worker):
    names = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "OPENBLAS_NUM_THREADS")
    environment = [int(os.environ[name]) for name in names]
    return os.getpid(), environment, dask_worker.local_directory


def cells_of(store):
    return [(*row["point"].values(), row["seed"]) for row in read(store)[1:]]


def test_the_cluster_makes_the_table_of_one_process(on_the_cluster, alone):
    assert on_the_cluster(train, GRID, SEEDS) == alone
    points = [dict(zip(GRID, p, strict=True)) for p in [(0.1, 8), (0.0, 4), (1e-3, 8)]]
    rows = on_the_cluster(train, points, [3, 1]).rows
    assert all(row in alone.rows for row in rows)
    assert len(rows) == 6


def test_a_worker_that_is_killed_costs_no_cell_and_doubles_none(on_the_cluster, alone, tmp_path):
    notes, store = tmp_path / "notes", tmp_path / "x.jsonl"
    killed = {}

    def kill():
        wait_for(lambda: len(read(notes)) >= 12)
        killed.update(read(notes)[-1], stored=len(cells_of(store)))
        os.kill(killed["pid"], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    noted = functools.partial(train, notes=str(notes), pause=0.1)
    table = on_the_cluster(noted, GRID, SEEDS, store=store)
    killer.join()
    begun = Counter(tuple(note["cell"]) for note in read(notes))
    again = {cell for cell, times in begun.items() if times > 1}
    print(f"Worker {killed['pid']} was killed while it trained {killed['cell']}.")
    print(f"{killed['stored']} of {N_CELLS} cells were stored by then.")
    for note in read(notes):
        if tuple(note["cell"]) in again:
            print(f"  {note['cell']} was begun by worker {note['pid']}")
    print(f"{len(again)} cells were begun more than once; {len(begun)} were begun at all.")
    print(f"{len(cells_of(store))} results are stored, of {len(set(cells_of(store)))} cells.")
    assert 0 < killed["stored"] < N_CELLS
    assert tuple(killed["cell"]) in again
    assert len(begun) == len(set(cells_of(store))) == len(cells_of(store)) == N_CELLS
    assert table == alone


CLIENT = """
import functools, sys
import joblib
from distributed import Client
from nnreg import sweep
from tests.cluster.test_dask import GRID, SEEDS, train

with Client(sys.argv[1]), joblib.parallel_config(backend="dask"):
    noted = functools.partial(train, notes=sys.argv[2], pause=0.1)
    sweep(noted, GRID, SEEDS, store=sys.argv[3], progress=False)
"""


def test_a_client_that_is_killed_is_followed_by_one_that_goes_on(
    root, on_the_cluster, client, alone, tmp_path
):
    notes, store = tmp_path / "notes", tmp_path / "x.jsonl"
    address = client.scheduler.address
    command = [sys.executable, "-c", CLIENT, address, str(notes), str(store)]
    first = subprocess.Popen(command, cwd=root)
    try:
        wait_for(lambda: len(cells_of(store)) >= 10)
    finally:
        first.kill()
        first.wait()
    stored = cells_of(store)
    later = tmp_path / "later"
    noted = functools.partial(train, notes=str(later))
    table = on_the_cluster(noted, GRID, SEEDS, store=store)
    begun = [tuple(note["cell"]) for note in read(later)]
    print(f"The client {first.pid} was killed when {len(stored)} of {N_CELLS} cells were stored.")
    print(f"The next client began {len(begun)}, and {len(cells_of(store))} are stored.")
    assert 10 <= len(stored) < N_CELLS
    assert set(begun) | set(stored) == set(cells_of(store))
    assert len(begun) == N_CELLS - len(stored)
    assert len(set(cells_of(store))) == len(cells_of(store)) == N_CELLS
    assert table == alone


def test_the_workers_are_set_up(client):
    for _, environment, folder in client.run(who_are_you).values():
        assert environment == [2**30, 2**25, 1]
        assert Path(folder).is_dir()
    assert list(client.ncores().values()) == [1, 1]
