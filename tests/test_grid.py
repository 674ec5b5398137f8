"""Sweeps: which cells run with which dice, what is kept, and what ends them."""

import functools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import joblib
import numpy as np
import pytest
from joblib.parallel import ThreadingBackend
from sklearn.model_selection import ParameterSampler
from threadpoolctl import threadpool_info, threadpool_limits

from nnreg import L2, Table, nn, sweep
from nnreg._sweep.store import Store
from nnreg.data import spiral, split
from nnreg.grid import local_cluster

GRID = {"lam": [0.0, 0.01, 1.0], "n_hidden": [4, 8]}
quietly = functools.partial(sweep, n_jobs=1, progress=False)


def network(lam, n_hidden, rng):
    """Train a small network for a moment."""
    X, y, X_val, y_val = split(*spiral(40, 3, rng), rng=rng)
    hidden = nn.Dense(2, n_hidden, weight_penalty=L2(lam), rng=rng)
    model = nn.Sequential([hidden, nn.ReLU(), nn.Dense(n_hidden, 3, rng=rng)])
    history = nn.fit(
        model,
        nn.SoftmaxCrossEntropy(),
        nn.Adam(0.05),
        X,
        y,
        epochs=20,
        batch_size=16,
        validation=(X_val, y_val),
        rng=rng,
        progress=False,
    )
    return {"val_loss": history.val_loss[-1], "accuracy": history.val_accuracy[-1]}


def draw(lam, rng):
    return {"luck": rng.normal()}


def echo(lam, seed):
    return {"loss": lam * 10 + seed, "twice": 2.0 * seed}


# Cells ------------------------------------------------------------------------------------------


def test_every_point_meets_every_seed_in_the_order_of_the_grid():
    table = quietly(lambda a, b, seed: 10 * a + b, {"a": [2, 1], "b": [0.5, 3]}, seeds=[7, 3])
    assert [tuple(row.values()) for row in table.rows] == [
        (2, 0.5, 7, 20.5),
        (2, 0.5, 3, 20.5),
        (2, 3, 7, 23.0),
        (2, 3, 3, 23.0),
        (1, 0.5, 7, 10.5),
        (1, 0.5, 3, 10.5),
        (1, 3, 7, 13.0),
        (1, 3, 3, 13.0),
    ]
    assert list(table.rows[0]) == ["a", "b", "seed", "value"]
    assert (table.parameters, table.results, len(table)) == (["a", "b"], ["value"], 8)


def test_points_can_be_drawn_at_random():
    points = list(ParameterSampler({"lam": np.logspace(-5, 0, 50)}, 5, random_state=0))
    table = quietly(echo, points, seeds=1)
    assert [row["lam"] for row in table.rows] == [float(point["lam"]) for point in points]
    assert all(type(row["lam"]) is float for row in table.rows)


def test_a_seed_is_the_same_stream_at_each_point_and_nobody_elses():
    luck = quietly(draw, {"lam": [0.0, 1.0]}, seeds=[0, 5]).to_array()["luck"]
    assert luck[0] == luck[2]
    assert luck[1] == luck[3]
    assert luck[0] != luck[1]
    child = np.random.SeedSequence(5).spawn(1)[0]
    assert luck[1] == np.random.default_rng(child).normal()
    assert luck[1] != np.random.default_rng(5).normal()


def test_seeds_arrive_as_they_are():
    seen = []
    quietly(lambda lam, seed: seen.append(seed) or 0.0, {"lam": [1]}, seeds=np.array([3, 1]))
    assert seen == [3, 1]
    assert all(type(seed) is int for seed in seen)


def test_values_arrive_as_plain_numbers():
    seen = []
    grid = {"lam": np.float32([0.1]), "sizes": [(np.int64(3), 4)], "name": ["x"], "none": [None]}
    quietly(lambda seed, **point: seen.append(point) or 0.0, grid, seeds=1)
    assert seen == [{"lam": float(np.float32(0.1)), "sizes": (3, 4), "name": "x", "none": None}]
    assert [type(seen[0]["lam"]), type(seen[0]["sizes"][0])] == [float, int]


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (lambda lam: 0.0, r"either rng, a generator, or seed, an int"),
        (lambda lam, rng, seed: 0.0, r"either rng, a generator, or seed, an int"),
        (lambda seed: 0.0, r"names of grid, as in {'lam': 1}: got an unexpected"),
        (lambda lam, other, seed: 0.0, r"missing a required argument: 'other'"),
        ("train", r"callable, got 'train'"),
    ],
)
def test_a_function_that_does_not_fit_is_refused(train, message):
    with pytest.raises(TypeError, match=message):
        quietly(train, {"lam": [1]}, 1)


@pytest.mark.parametrize(
    ("grid", "error", "message"),
    [
        ({}, ValueError, "at least one point"),
        ([], ValueError, "at least one point"),
        ([{}], ValueError, "at least one point"),
        ({"lam": []}, ValueError, "at least one point"),
        ({"lam": 0.1}, TypeError, r"grid\['lam'\] must be a list of values, got 0.1"),
        ({"lam": "abc"}, TypeError, r"grid\['lam'\] must be a list of values, got 'abc'"),
        ({"lam": {0.1}}, TypeError, r"must be a list of values"),
        ({"lam": [np.ones(2)]}, TypeError, r"grid\['lam'\] must hold numbers, strings"),
        ({"lam": [[1, 2]]}, TypeError, r"or tuples of these, got \[1, 2\]"),
        ({"lam": [1j]}, TypeError, "got 1j"),
        ({"lam": [np.longdouble(1)]}, TypeError, "must hold numbers"),
        ({"lam": [1, 2, 1]}, ValueError, r"hold {'lam': 1} once, got it twice"),
        ({"lam": [0.1, np.float64(0.1)]}, ValueError, r"hold {'lam': 0.1} once"),
        ([{"lam": 1}, {"mu": 1}], ValueError, r"same names, got {'lam': 1} and {'mu': 1}"),
        ([0.1], TypeError, "or a list of dicts, got 0.1 in it"),
        (0.1, TypeError, "or a list of dicts, got 0.1 in it"),
        ({"seed": [1]}, ValueError, "must not call a parameter 'seed'"),
        ({"rng": [1]}, ValueError, "must not call a parameter 'rng'"),
        ({"mean": [1]}, ValueError, "must not call a parameter 'mean'"),
    ],
)
def test_a_bad_grid_is_refused(grid, error, message):
    with pytest.raises(error, match=message):
        quietly(lambda seed, **point: 0.0, grid, 1)


@pytest.mark.parametrize(
    ("seeds", "error", "message"),
    [
        (0, ValueError, "seeds must be >= 1"),
        (-1, ValueError, "seeds must be >= 1"),
        ([], ValueError, "at least one seed"),
        ([0, -1], ValueError, "seeds must be >= 0"),
        ([0, 1, 0], ValueError, "hold 0 once, got it twice"),
        (1.5, TypeError, "whole number, got 1.5"),
        ([0.5], TypeError, "whole number, got 0.5"),
        (True, TypeError, "whole number"),
        ("12", TypeError, "whole number"),
    ],
)
def test_bad_seeds_are_refused(seeds, error, message):
    with pytest.raises(error, match=message):
        quietly(echo, {"lam": [1]}, seeds)


def test_a_bad_mode_is_refused():
    with pytest.raises(ValueError, match="mode must be 'min' or 'max', got 'low'"):
        quietly(echo, {"lam": [1]}, 1, mode="low")


# The same table, whoever did what in which order ------------------------------------------------


def test_any_number_of_workers_in_any_order_makes_the_same_table():
    alone = quietly(network, GRID, seeds=2)
    assert sweep(network, GRID, seeds=2, n_jobs=2, progress=False) == alone
    with joblib.parallel_config(backend="threading"):
        assert sweep(network, GRID, seeds=2, n_jobs=3, progress=False) == alone
    points = [{name: row[name] for name in GRID} for row in alone.rows[::2]]
    order = np.random.default_rng(1).permutation(len(points))
    shuffled = quietly(network, [points[i] for i in order], seeds=[1, 0])
    sort = functools.partial(sorted, key=lambda row: (row["lam"], row["n_hidden"], row["seed"]))
    assert Table(list(GRID), sort(shuffled.rows)) == Table(list(GRID), sort(alone.rows))


def test_a_backend_that_cannot_stream_works_too():
    class AllAtOnce(ThreadingBackend):
        supports_return_generator = False

    with joblib.parallel_config(backend=AllAtOnce()):
        table = sweep(echo, {"lam": [1, 2]}, 2, n_jobs=2, progress=False)
    assert table == quietly(echo, {"lam": [1, 2]}, 2)


def threads():
    return max(pool["num_threads"] for pool in threadpool_info())


def full_disk(*result):
    raise OSError("No space left on device")


def test_a_cell_has_one_thread_of_blas_and_the_caller_gets_the_others_back(tmp_path, monkeypatch):
    with threadpool_limits(2):
        before = threads()
        table = quietly(lambda lam, seed: float(threads()), {"lam": [1]}, 1)
        monkeypatch.setattr(Store, "add", full_disk)
        with pytest.raises(OSError, match="No space left") as caught:
            quietly(echo, {"lam": [1]}, 2, store=tmp_path / "x.jsonl")
        assert threads() == before == 2, caught  # who holds the traceback holds the frames
    assert table.rows[0]["value"] == 1


def test_a_cell_that_ends_leaves_the_other_threads_theirs():
    second_has_begun = threading.Event()

    def train(lam, seed):
        if seed == 0:
            second_has_begun.wait(10)
        else:
            second_has_begun.set()
            time.sleep(0.2)  # the first one ends
        return threads()

    with threadpool_limits(2), joblib.parallel_config(backend="threading"):
        rows = sweep(train, {"lam": [1]}, 2, n_jobs=2, progress=False).rows
    assert [row["value"] for row in rows] == [1, 1]


# Results ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "message"),
    [
        ("0.5", "a number or a dict of numbers, got '0.5'"),
        (None, "a number or a dict of numbers, got None"),
        (np.ones(2), "a number or a dict of numbers"),
        ({"loss": 1j}, "a number or a dict of numbers"),
        ({"loss": {}}, "a number or a dict of numbers"),
        ({}, "at least one number"),
        ({"lam": 1.0}, "not as grid does"),
        ({"seed": 1.0}, "or 'seed'"),
        ({1: 1.0}, "by strings"),
    ],
)
def test_a_result_that_is_no_number_is_an_error_of_its_cell(result, message):
    with pytest.raises(RuntimeError, match=message) as caught:
        quietly(lambda lam, seed: result, {"lam": [0.5]}, seeds=[3])
    assert str(caught.value).startswith("train failed at {'lam': 0.5}, seed 3: train must")


def test_other_names_in_another_cell_are_an_error_of_that_cell():
    with pytest.raises(RuntimeError, match=r"seed 1: .*got \['b'\] here and \['a'\] elsewhere"):
        quietly(lambda lam, seed: {"ab"[seed]: 0.0}, {"lam": [1]}, 2)


def test_numbers_of_every_kind_become_floats():
    def train(lam, seed):
        return {"a": np.float32(0.1), "b": 3, "c": True, "d": np.array(2), "e": np.bool_(False)}

    row = quietly(train, {"lam": [1]}, 1).rows[0]
    assert row == {"lam": 1, "seed": 0, "a": float(np.float32(0.1)), "b": 3, "c": 1, "d": 2, "e": 0}
    assert all(type(row[name]) is float for name in "abcde")


def test_nan_and_infinity_are_results(tmp_path):
    def train(lam, seed):
        return {"loss": [np.nan, np.inf, -np.inf][seed]}

    store = tmp_path / "x.jsonl"
    table = quietly(train, {"lam": [1]}, 3, store=store)
    values = [row["loss"] for row in table.rows]
    assert np.isnan(values[0])
    assert values[1:] == [np.inf, -np.inf]
    assert quietly(train, {"lam": [1]}, 3, store=store) == table


# Failures ---------------------------------------------------------------------------------------


def fails_at_one(lam, seed):
    if (lam, seed) == (1, 1):
        raise FloatingPointError("the loss is inf in epoch 3")
    return echo(lam, seed)


class Unpicklable(Exception):
    def __init__(self, one, two):
        super().__init__(one)


def fails_oddly(lam, seed):
    raise Unpicklable("one", "two")


def test_a_failure_names_its_cell_and_the_others_are_kept(tmp_path):
    store = tmp_path / "x.jsonl"
    grid = {"lam": [0, 1, 2]}
    with pytest.raises(RuntimeError, match=r"at {'lam': 1}, seed 1: the loss is inf") as caught:
        quietly(fails_at_one, grid, 2, store=store)
    assert isinstance(caught.value.__cause__, FloatingPointError)
    assert caught.value.__cause__.__traceback__ is not None
    before = quietly(echo, grid, 2).rows[:3]
    assert caught.value.table == Table(["lam"], before)
    assert len(store.read_text().splitlines()) == 1 + 3


def test_what_is_under_way_when_a_cell_fails_is_finished_and_kept(tmp_path):
    store = tmp_path / "x.jsonl"
    with pytest.raises(RuntimeError, match="seed 1: the loss is inf") as caught:
        sweep(fails_at_one, {"lam": [1, 0]}, 2, n_jobs=2, progress=False, store=store)
    assert "fails_at_one" in caught.value.__cause__.__notes__[0]
    kept = [json.loads(line) for line in store.read_text().splitlines()[1:]]
    assert {"point": {"lam": 1}, "seed": 0, "result": echo(1, 0)} in kept
    assert not any(row["point"] == {"lam": 1} and row["seed"] == 1 for row in kept)
    with pytest.raises(RuntimeError, match="Unpicklable: one") as caught:
        sweep(fails_oddly, {"lam": [1, 0]}, 1, n_jobs=2, progress=False)
    assert "fails_oddly" in caught.value.__cause__.__notes__[0]


def test_an_interrupt_carries_the_table_so_far():
    def train(lam, seed):
        if seed == 2:
            raise KeyboardInterrupt
        return 1.0

    with pytest.raises(KeyboardInterrupt) as caught:
        quietly(train, {"lam": [1]}, 4)
    assert len(caught.value.table) == 2


# The store --------------------------------------------------------------------------------------


def counted(function, runs):
    """Return `function` under its own name, writing down each call."""

    @functools.wraps(function)
    def train(lam, seed):
        runs.append((lam, seed))
        return function(lam, seed)

    return train


def irrational(lam, seed):
    return {"loss": float(np.sqrt(2 + lam) * np.pi**seed), "tiny": 5e-324, "large": 1e308 / 3}


def test_results_come_back_to_the_last_bit_and_only_what_is_missing_runs(tmp_path):
    store, runs = tmp_path / "x.jsonl", []
    train = counted(irrational, runs)
    table = quietly(train, {"lam": [0.1, 0.2]}, 2, store=store)
    text = store.read_text()
    assert quietly(train, {"lam": [0.1, 0.2]}, 2, store=store) == table
    assert len(runs) == 4
    assert store.read_text() == text
    larger = {"lam": [0.2, 0.3]}
    assert quietly(train, larger, [1, 2], store=store) == quietly(irrational, larger, [1, 2])
    assert runs[4:] == [(0.2, 2), (0.3, 1), (0.3, 2)]
    header, *lines = map(json.loads, store.read_text().splitlines())
    assert header["function"] == "irrational"
    assert header["parameters"] == ["lam"]
    assert header["takes"] == "seed"
    assert header["numpy"] == np.__version__
    assert len(lines) == 7


def test_each_result_is_in_the_file_before_the_next_cell_begins(tmp_path):
    store = tmp_path / "x.jsonl"
    table = quietly(lambda lam, seed: store.read_bytes().count(b"\n"), {"lam": [1]}, 3, store=store)
    assert [row["value"] for row in table.rows] == [1, 2, 3]


@pytest.mark.parametrize("cut", [1, 2, 30])
def test_a_torn_last_line_runs_again(tmp_path, cut):
    store, runs = tmp_path / "x.jsonl", []
    train = counted(irrational, runs)
    table = quietly(train, {"lam": [0.1, 0.2]}, 2, store=store)
    whole = store.read_bytes()
    store.write_bytes(whole[:-cut])
    assert quietly(train, {"lam": [0.1, 0.2]}, 2, store=store) == table
    assert runs[4:] == [(0.2, 1)]
    assert store.read_bytes() == whole


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"lam,loss\n1,2\n", "no file of a sweep"),
        (b"[1, 2]\n", "no file of a sweep"),
        (b"my notes", "no file of a sweep"),
        (b'{"format": "nnreg sweep 99"}\n', "no file of a sweep in the format"),
        (b"\xff\xfe\x00\n", "no file of a sweep"),
    ],
)
def test_a_file_of_something_else_is_refused_and_stays(tmp_path, text, message):
    store = tmp_path / "x.jsonl"
    store.write_bytes(text)
    with pytest.raises(ValueError, match=message):
        quietly(echo, {"lam": [1]}, 1, store=store)
    assert store.read_bytes() == text


@pytest.mark.parametrize(
    ("train", "grid", "message"),
    [
        (irrational, {"lam": [1]}, "another sweep, with function 'echo', not 'irrational'"),
        (lambda lam, mu, seed: 1.0, {"lam": [1], "mu": [1]}, "with function"),
    ],
)
def test_a_file_of_another_sweep_is_refused_and_stays(tmp_path, train, grid, message):
    store = tmp_path / "x.jsonl"
    quietly(echo, {"lam": [1]}, 1, store=store)
    text = store.read_bytes()
    with pytest.raises(ValueError, match=message):
        quietly(train, grid, 1, store=store)
    assert store.read_bytes() == text


def test_other_names_or_dice_make_another_sweep(tmp_path):
    def train(lam, rng, mu=0):
        return 1.0

    store = tmp_path / "x.jsonl"
    quietly(train, {"lam": [1]}, 1, store=store)
    with pytest.raises(ValueError, match=r"with parameters \['lam'\], not \['lam', 'mu'\]"):
        quietly(train, {"lam": [1], "mu": [1]}, 1, store=store)

    def train(lam, seed):
        return 1.0

    with pytest.raises(ValueError, match="with takes 'rng', not 'seed'"):
        quietly(train, {"lam": [1]}, 1, store=store)


def test_the_order_of_names_does_not_matter_and_a_partial_function_has_a_name(tmp_path):
    def train(a, b, seed, data):
        return data + a + b

    store = tmp_path / "x.jsonl"
    store.touch()
    part = functools.partial(train, data=5)
    table = quietly(part, {"a": [1], "b": [2]}, 1, store=store)
    again = quietly(part, {"b": [2], "a": [1]}, 1, store=store)
    assert table.rows[0] == again.rows[0] == {"a": 1, "b": 2, "seed": 0, "value": 8}
    header, _ = store.read_text().splitlines()
    assert json.loads(header)["function"].endswith(".train")


def test_a_damaged_line_is_named(tmp_path):
    store = tmp_path / "x.jsonl"
    quietly(echo, {"lam": [1, 2]}, 1, store=store)
    lines = store.read_text().splitlines(keepends=True)
    for wrong in ("nonsense\n", '{"point": {"lam": 1}}\n', "[]\n"):
        store.write_text(lines[0] + wrong + lines[2])
        with pytest.raises(ValueError, match="is damaged: line 2 is no result"):
            quietly(echo, {"lam": [1, 2]}, 1, store=store)


def test_two_sweeps_do_not_write_one_file(tmp_path):
    store = tmp_path / "x.jsonl"
    quietly(echo, {"lam": [1]}, 1, store=store)
    header = json.loads(store.read_text().splitlines()[0])
    held = Store(store, header)
    with pytest.raises(ValueError, match="is in use"):
        quietly(echo, {"lam": [1, 2]}, 1, store=store)
    held.close()
    assert len(quietly(echo, {"lam": [1, 2]}, 1, store=store)) == 2


TRAIN = """
import time

PAUSE = 0.03


def train(lam, rng):
    time.sleep(PAUSE)
    draws = rng.normal(size=1000)
    return {"loss": float(draws @ draws + lam), "largest": float(draws.max())}
"""
SWEEP = """
import sys
from nnreg import sweep

sweep(train, {"lam": [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]}, seeds=20, n_jobs=2, store=sys.argv[1])
"""


def test_a_sweep_that_is_killed_goes_on_where_it_was(root, tmp_path):
    """Its function stands in `__main__`, as in a notebook."""
    store, script = tmp_path / "x.jsonl", tmp_path / "script.py"
    script.write_text(TRAIN + SWEEP)
    command = [sys.executable, "-W", "error", str(script), str(store)]
    environment = os.environ | {"PYTHONPATH": str(root)}
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not store.exists() or store.read_bytes().count(b"\n") < 8:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its workers
    stored = store.read_bytes().count(b"\n") - 1
    assert 6 < stored < 120
    namespace = {}
    exec(TRAIN, namespace)
    runs = []

    @functools.wraps(namespace["train"])
    def train(lam, rng):
        runs.append(lam)
        return namespace["train"](lam, rng)

    namespace["PAUSE"] = 0
    grid = {"lam": [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]}
    table = quietly(train, grid, 20, store=store)
    assert len(runs) == 120 - stored
    assert table == quietly(namespace["train"], grid, 20)
    cells = [json.loads(line) for line in store.read_text().splitlines()[1:]]
    assert len({(cell["point"]["lam"], cell["seed"]) for cell in cells}) == len(cells) == 120


# The bar, and what may be missing ---------------------------------------------------------------


class FakeBar:
    def __init__(self, **settings):
        self.settings, self.shown, self.updates, self.closed = settings, [], 0, False
        FakeBar.made.append(self)

    def set_postfix_str(self, text, refresh):
        self.shown.append(text)

    def update(self):
        self.updates += 1

    def close(self):
        self.closed = True


@pytest.fixture
def bars(monkeypatch):
    FakeBar.made = []
    monkeypatch.setattr("tqdm.tqdm", FakeBar)
    return FakeBar.made


def test_the_bar_shows_the_best_so_far(bars, tmp_path):
    def train(lam, seed):
        return {"loss": lam**2, "accuracy": 1 - abs(lam)}

    grid, store = {"lam": [-2, -1, 1, 3]}, tmp_path / "x.jsonl"
    sweep(train, grid, 1, n_jobs=1)
    sweep(train, grid, 1, n_jobs=1, monitor="accuracy", mode="max", store=store)
    sweep(train, {"lam": [3, 0]}, 1, n_jobs=1, store=store)
    sweep(train, grid, 1, n_jobs=1, progress=False)
    assert [bar.shown for bar in bars] == [
        ["best loss 4 at lam=-2", "best loss 1 at lam=-1"],
        ["best accuracy -1 at lam=-2", "best accuracy 0 at lam=-1"],
        ["best loss 0 at lam=0"],
    ]
    assert [(bar.settings["total"], bar.settings["initial"]) for bar in bars] == [
        (4, 0),
        (4, 0),
        (2, 1),
    ]
    assert [bar.updates for bar in bars] == [4, 4, 1]
    assert all(bar.closed for bar in bars)


def test_a_monitor_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(RuntimeError, match=r"one of \['loss', 'twice'\], got 'lss'"):
        quietly(echo, {"lam": [1]}, 1, monitor="lss")


@pytest.mark.parametrize("missing", ["tqdm", "threadpoolctl"])
def test_these_may_be_missing(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    assert len(sweep(echo, {"lam": [1]}, 2, n_jobs=1)) == 2


def test_what_must_be_installed_is_named(monkeypatch):
    for name in ("joblib", "distributed"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"this needs joblib: install joblib"):
        sweep(echo, {"lam": [1]}, 1)
    with pytest.raises(ImportError, match=r"this needs distributed: install"), local_cluster():
        pass
