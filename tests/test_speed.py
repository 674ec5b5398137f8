"""The benchmark of speed: that it compares like with like, and that its page shows what it found.

Never how fast anything is: this machine may be busy.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from benchmarks.speed import agreement, page, ratios
from benchmarks.speed.cases import OPS, Case
from benchmarks.speed.contenders import CONTENDERS
from benchmarks.speed.measure import measure, summary
from benchmarks.speed.targets import Target, judged
from tools.tree import FIXED_ENVIRONMENT, ROOT

SMALL = [Case(op, 64, 64, "float64") for op in OPS]
NETWORK = Case("training", 300, 64, "float64")
HERE = [c for c in CONTENDERS.values() if c.family != "libraries" or c.name == "NNFS classes"]


@pytest.fixture(scope="module")
def rows():
    contenders = [c for c in HERE if not c.missing()]
    return summary(measure([NETWORK, *SMALL], contenders, rounds=2, say=lambda line: None))


def test_every_op_has_a_naive_form_and_a_limit_that_agree_with_nnreg(rows):
    families = {
        row["kind"]: {CONTENDERS[name].family for name in row["contenders"]} for row in rows
    }
    assert families.pop("training") >= {"nnreg", "libraries", "limit"}
    assert len(families) == len(OPS)
    assert all(found >= {"nnreg", "naive", "limit"} for found in families.values())


def test_nnreg_is_as_fast_as_itself(rows):
    assert all(row["contenders"]["nnreg"]["ratio"] == [1, 1, 1] for row in rows)


def test_a_summary_counts_faults_and_times_of_each_contender(rows):
    for row in rows:
        for found in row["contenders"].values():
            assert found["milliseconds"] > 0
            assert found["page_faults"] >= 0


def test_every_round_starts_all_anew_in_another_order_and_the_first_compares(monkeypatch):
    started, compared = [], []

    class Process:
        def __init__(self, contender):
            self.name = contender.name
            started.append(self.name)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def ask(self, do, case, file=None):
            if file:
                np.savez(file, 1.0 if self.name == "nnreg" else 1.0 + wrong)
            seconds = 1.0 if self.name == "nnreg" else 3.0
            return {
                "prepare": {"has": True},
                "first": {"megabytes": None},
                "burst": {"wall": seconds, "cpu": seconds, "faults": 0},
            }[do]

    def note(case, results, expected):
        compared.append(case)
        check(case, results, expected)

    check, wrong = agreement.check, 0.0
    monkeypatch.setattr("benchmarks.speed.measure.ContenderProcess", Process)
    monkeypatch.setattr(agreement, "check", note)
    few = [CONTENDERS[name] for name in ("nnreg", "Nabla", "PyTorch", "JAX")]
    case = Case("L2", 64, 64, "float64")
    (row,) = summary(measure([case], few, rounds=5, say=lambda line: None))
    orders = {tuple(started[k : k + 4]) for k in range(0, 20, 4)}
    assert len(started) == 20
    assert len(orders) > 1
    assert all(set(names) == {c.name for c in few} for names in orders)
    assert compared == 4 * [case]
    assert row["contenders"]["JAX"]["ratio"] == [3, 3, 3]
    wrong = 0.01
    with pytest.raises(AssertionError, match="differs by"):
        measure([case], few, rounds=1, say=lambda line: None)


def test_another_gradient_is_refused():
    ours = [np.array(0.5), np.array([1.0, -2.0])]
    theirs = [np.array(0.5), np.array([1.0, -2.001])]
    agreement.check(Case("L1", 1, 2, "float64"), ours, ours)
    with pytest.raises(AssertionError, match=r"result 1 differs by 0\.0005"):
        agreement.check(Case("L1", 1, 2, "float64"), theirs, ours)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("no scale", "is not x"),
        ("another mask on the way back", "dx is not"),
        ("another rate", r"keeps 0\.[45]"),
    ],
)
def test_a_dropout_is_refused_that_has(fault, message):
    from benchmarks.speed.cases import DROP, problem

    case, rng = Case("dropout", 64, 64, "float64"), np.random.default_rng(0)
    given = problem(case)

    def mask(keep, scale):
        return (rng.random(given.x.shape) < keep) / scale

    keep = 1 - DROP
    right = mask(keep, keep)
    forward, backward = {
        "no scale": (right * keep, right * keep),
        "another mask on the way back": (right, mask(keep, keep)),
        "another rate": [mask(0.5, 0.5)] * 2,
    }[fault]
    agreement.check_dropout(case, given.x * right, given.dy * right)
    with pytest.raises(AssertionError, match=message):
        agreement.check_dropout(case, given.x * forward, given.dy * backward)


def test_what_disturbs_a_whole_round_leaves_its_ratio_alone():
    quiet, busy = [1.0] * 6, [1.0, 1.0, 50.0, 1.0, 9.0, 1.0]
    assert ratios.paired([3 * second for second in busy], busy) == (3, 3, 3)
    assert ratios.paired(busy, quiet)[0] == 1


@pytest.mark.parametrize("n", [6, 11, 25])
def test_the_interval_covers_the_median_of_any_distribution(n):
    rng, hits = np.random.default_rng(0), 0
    for _ in range(2000):
        sample = rng.lognormal(size=n)
        _, low, high = ratios.paired(sample, np.ones(n))
        hits += low <= 1 <= high  # 1 is the median of this distribution
    assert 0.94 < hits / 2000 < 0.995


def test_a_target_is_met_by_the_ratio_of_the_two_that_it_names():
    case = Case("layernorm", 64, 64, "float32")
    results = {
        "cases": [
            {
                "kind": "layernorm",
                "rows": 64,
                "columns": 64,
                "dtype": "float32",
                "contenders": {
                    "nnreg": {"ratio": [1.0, 1.0, 1.0]},
                    "nnreg, compiled": {"ratio": [0.5, 0.4, 0.6]},
                    "PyTorch": {"ratio": [0.8, 0.7, 0.9]},
                },
            }
        ]
    }
    targets = [
        Target(case, "PyTorch", 0.9),
        Target(case, "PyTorch", 1.5, "nnreg, compiled"),
        Target(case, "JAX", 1.0),
    ]
    verdicts = list(judged(results, targets))
    assert [(round(v.reached, 6), v.met) for v in verdicts] == [(0.8, False), (1.6, True)]


def test_the_page_says_what_the_results_say():
    results = json.loads(page.RESULTS.read_text(encoding="utf8"))
    assert page.PAGE.read_text(encoding="utf8") == page.written(results), (
        "python -m benchmarks.speed.page writes it anew"
    )


def test_the_results_name_no_machine_and_no_place():
    text = page.RESULTS.read_text(encoding="utf8")
    assert "/" not in text.replace("PyTorch", "")


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        ([1.5, 1.2, 1.9], "won"),
        ([1.2, 1.1, 1.3], "level"),  # nearer to 1 than two processes of the same code
        ([1.5, 0.9, 1.9], "level"),
        ([0.6, 0.5, 0.7], "lost"),
        ([0.9, 0.8, 0.95], "level"),
    ],
)
def test_what_two_processes_of_the_same_code_show_as_well_is_level(ratio, said):
    case = Case("L1", 64, 64, "float32")
    rows = {case: {page.AGAIN: {"ratio": [0.8, 0.7, 1.1]}, "PyTorch": {"ratio": ratio}}}
    assert page.apart(rows) == 1.25
    assert ratios.verdict(ratio, page.apart(rows)) == said
    counted = page.score(rows).splitlines()[-1].replace("*", "")
    assert counted.split(" | ")[1:] == [
        f"{int(said == word)}{' |' if word == 'lost' else ''}" for word in ("won", "level", "lost")
    ]
    assert ("PyTorch" in page.lost(rows)) == (said == "lost")


def test_a_measurement_begins_again_where_the_library_of_products_may_use_more_threads(tmp_path):
    (tmp_path / "probe.py").write_text(
        "import os\n"
        "from benchmarks.speed.machine import begin_again_with_one_thread\n"
        "print('begun', os.environ.get('OPENBLAS_NUM_THREADS'), flush=True)\n"
        "begin_again_with_one_thread('probe')\n",
        encoding="utf8",
    )
    kept = {name: value for name, value in os.environ.items() if name not in FIXED_ENVIRONMENT}
    path = os.pathsep.join([str(ROOT), str(tmp_path)])
    done = subprocess.run(
        [sys.executable, "-m", "probe"],
        env={**kept, "PYTHONPATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == ["begun None", "begun 1"], done.stderr
