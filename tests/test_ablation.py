"""The stored results of chapter 20 are those that the committed program makes."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from nnreg import L1, L2
from nnreg.book import ablation
from nnreg.book import ablation_arms as arms


@pytest.fixture(scope="module")
def stored() -> dict:
    return ablation.stored()


def test_checksum(stored):
    assert stored["sha256"] == ablation.checksum(stored)
    changed = copy.deepcopy(stored)
    changed["results"][0]["arms"]["L2"]["last"]["test"][7] += 0.01
    assert ablation.checksum(changed) != stored["sha256"]


def test_recipe_is_the_programs(stored):
    assert stored["recipe"] == ablation.recipe()
    assert set(stored["versions"]) == {"python", "numpy", "nnreg"}
    assert ablation.FILE.stat().st_size < 200_000


def test_every_arm_of_every_condition_is_there(stored):
    for (dataset, n, noise, names), found in zip(
        ablation.CONDITIONS, stored["results"], strict=True
    ):
        assert (found["data"], found["rows"], found["wrong labels"]) == (dataset, n, noise)
        smoothed = [arm for arm in names if "smoothing" in arms.ARMS[arm]]
        expected = [arm for arm in names if dataset == "digits" or arm not in smoothed]
        assert list(found["arms"]) == expected
        for arm in found["arms"].values():
            for column in ablation.COLUMNS:
                assert len(arm[column]["test"]) == len(ablation.JUDGING_SEEDS) >= 20
                tuning = np.array(arm[column]["tuning"])
                assert tuning.shape == (arms.TRIALS, len(ablation.TUNING_SEEDS))
                assert np.argmax(tuning.mean(axis=1)) == arm[column]["trial"]


def test_blocks_add_up(stored):
    for found in stored["results"][:2]:
        for arm in found["arms"].values():
            for column in ablation.COLUMNS:
                blocks = np.array(arm[column]["blocks"])
                np.testing.assert_allclose(blocks.mean(axis=1), arm[column]["test"], atol=0.02)


def test_no_test_row_is_ever_drawn_for_training():
    X, y = arms.data.digits()
    for seed in (*ablation.TUNING_SEEDS[:1], *ablation.JUDGING_SEEDS[:3]):
        train, val, test = arms.rows("digits", 200, 0.2, np.random.default_rng(seed))
        sets = [{row.tobytes() for row in part[0]} for part in (train, val, test)]
        assert not sets[0] & sets[2]
        assert not sets[1] & sets[2]
        assert not sets[0] & sets[1]
        at = [int(np.flatnonzero((row == X).all(axis=1))[0]) for row in train[0]]
        assert np.sum(y[at] != train[1]) == 40
    again = arms.rows("digits", 200, 0.2, np.random.default_rng(99))[2]
    np.testing.assert_array_equal(test[0], again[0])


def test_tuning_looks_at_no_test_row():
    result = arms.tune("diabetes", 50, 0.0, "none", 0, 100)
    assert set(result) == {"trend", "epoch", "train", "val_last", "val_best"}


def test_arms_share_their_start():
    def start(arm):
        settings = arms.point(arm, 0) | {"max-norm": 100.0}  # a limit that nothing meets
        rngs = np.random.default_rng(3).spawn(2)
        return arms.network("digits", settings, *rngs)

    plain = start("none").theta
    for arm in ("L2", "dropout", "noise", "residual", "max-norm", "elastic net"):
        np.testing.assert_array_equal(start(arm).theta, plain)


def test_an_arm_has_the_penalties_that_it_is_named_for():
    strengths = {"l1": 0.003, "l2": 0.02}
    expected = {"l1": L1(0.003), "l2": L2(0.02)}
    for arm, names in arms.ARMS.items():
        settings = arms.point(arm, 0)
        settings |= {name: strengths[name] for name in names if name in strengths}
        network = arms.network("digits", settings, *np.random.default_rng(0).spawn(2))
        weights = [layer.params["W"] for layer in network._leaves() if "W" in layer.params]
        penalties = [expected[name] for name in names if name in expected]
        by_hand = sum(p.value(w) for p in penalties for w in weights)
        assert network.penalty() == pytest.approx(by_hand, rel=1e-12), arm


def test_a_stored_run_comes_out_again(stored):
    """Within what another processor's last digits grow into, in 400 steps."""
    for number, within in ((0, 4.0), (1, 6.0)):
        dataset, n, noise, _ = ablation.CONDITIONS[number]
        arm = stored["results"][number]["arms"]["L2"]
        for column in ablation.COLUMNS:
            for seed in ablation.JUDGING_SEEDS[:2]:
                run = arms.judge(dataset, n, noise, "L2", arm[column]["trial"], seed)
                found = np.mean([run[f"{column}{block}"] for block in range(arms.BLOCKS)])
                assert abs(found - arm[column]["test"][seed]) < within
