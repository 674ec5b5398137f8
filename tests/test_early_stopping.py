"""Early stopping, against Keras' own tests, Prechelt's definitions, and training by hand.

The behaviours are those of keras-team/keras, keras/src/callbacks/early_stopping_test.py, at commit
3422977 (22 August 2026; the file itself last changed in bbf2995, 26 May 2026):
https://github.com/keras-team/keras/blob/3422977a5e38fb2f7709aaa9a08e47f0c43d0f60/keras/src/callbacks/early_stopping_test.py
Where ours differs on purpose, the test says so.
"""

import copy
import math
import pickle
import re

import numpy as np
import pytest

from nnreg import (
    EarlyStopping,
    GeneralizationLoss,
    ProgressQuotient,
    Stopper,
    UpStrips,
)
from nnreg.nn import (
    SGD,
    Adam,
    Dense,
    MeanSquaredError,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
    SpectralDense,
    fit,
)

NAN, INF = math.nan, math.inf


def show(stopper, losses, name="val_loss"):
    """Show losses until it stops; return how many it took, or None."""
    for number, loss in enumerate(losses, 1):
        if stopper({"epoch": number - 1, name: loss}):
            return number
    return None


def noisy_rows(rng, n=60):
    x = rng.normal(size=(n, 6))
    right = (x[:, 0] > 0) + (x[:, 1] > 0)
    return x, np.where(rng.random(n) < 0.3, rng.integers(0, 3, n), right)


RNG = np.random.default_rng(0)
X, Y = noisy_rows(RNG)
VALIDATION = noisy_rows(RNG)


def network():
    return Sequential([Dense(6, 16, rng=0), ReLU(), SpectralDense(16, 3, rng=1)])


def train(stop, epochs=40, model=None, **kwargs):
    """Train until it overfits; the losses go up and down on the way."""
    model = model or network()
    given = {
        "optimizer": SGD(0.3, momentum=0.9),
        "batch_size": 20,
        "rng": 0,
        "validation": VALIDATION,
        "progress": False,
    } | kwargs
    optimizer = given.pop("optimizer")
    history = fit(model, SoftmaxCrossEntropy(), optimizer, X, Y, epochs=epochs, stop=stop, **given)
    return model, history


# Keras' tests ---------------------------------------------------------------------------------


def test_keras_early_stopping():
    """The mode is as given: Keras' "auto" guesses it by the name, ours refuses a wrong one."""
    assert EarlyStopping(1).mode == "min"
    assert EarlyStopping(1, mode="max", monitor="val_accuracy").mode == "max"
    assert EarlyStopping(1, mode="max", monitor="val_mse").mode == "max"  # who knows?
    for mode, monitor in (("max", "loss"), ("max", "val_loss"), ("min", "val_accuracy")):
        with pytest.raises(ValueError, match=f"monitor='{monitor}' goes with mode='m"):
            EarlyStopping(1, mode=mode, monitor=monitor)
    with pytest.raises(ValueError, match="mode must be 'min' or 'max', got 'auto'"):
        EarlyStopping(1, mode="auto")
    with pytest.raises(ValueError, match="row must hold 'unknown', got accuracy, data_loss, epoch"):
        train(EarlyStopping(1, monitor="unknown"))


@pytest.mark.parametrize("patience", [1, 2, 3])
def test_keras_early_stopping_patience(patience):
    losses = [10.0, 9.0, 8.0, 9.0, 8.9, 8.8, 8.7, 8.6, 8.5]
    stopper = EarlyStopping(patience, monitor="loss")
    assert show(stopper, losses, "loss") - 1 == patience + 2  # the epoch, counted from 0


def test_keras_early_stopping_patience_of_zero():
    """It is 1 in Keras, which says so nowhere; here it is refused."""
    with pytest.raises(ValueError, match="patience must be >= 1, got 0"):
        EarlyStopping(0)


def test_keras_early_stopping_reuse():
    stopper = EarlyStopping(3, monitor="data_loss")
    lengths = [len(train(stopper, epochs=200)[1].epoch) for _ in range(2)]
    assert lengths[0] == lengths[1] < 200


def test_keras_early_stopping_reuse_across_models():
    """The first model's best would else stop the second at once."""
    stopper = EarlyStopping(5)
    train(stopper, epochs=200)
    first = stopper.best
    worse = Sequential([Dense(6, 3, rng=0)])
    train(stopper, epochs=50, model=worse, optimizer=SGD(1e-4))
    assert stopper.best > first
    assert stopper.checks == 50


class WithBaseline(EarlyStopping):
    """Keras' baseline: only what is better than it is worth waiting for."""

    baseline = 0.5

    def reset(self):
        super().reset()
        self.wasted = 0

    def stops(self, value, row):
        self.wasted = 0 if self.improved and value < self.baseline else self.wasted + 1
        return self.wasted >= self.patience


def test_keras_early_stopping_with_baseline():
    """No argument of ours: a subclass of three lines."""
    with pytest.raises(TypeError, match="baseline"):
        EarlyStopping(3, baseline=0.6)
    stopper = WithBaseline(5)
    assert show(stopper, [0.9, 0.8, 0.7, 0.71, 0.72, 0.73]) == 5
    assert stopper.best_epoch == 2
    assert show(WithBaseline(2), [0.9, 0.4, 0.3, 0.4, 0.35]) == 5


def test_keras_early_stopping_final_weights_when_restoring_model_weights():
    stopper = EarlyStopping(2)
    assert show(stopper, [0.2, 0.15, 0.1, 0.11, 0.12]) == 5
    assert stopper.best_epoch == 2
    # "When another callback requests a stop": here a stopper that asks it.
    stopper.reset()
    losses = [0.9, 0.8, 0.7, 0.71]
    assert show(lambda row: stopper(row) or row["epoch"] == 3, losses) == 4
    assert stopper.best_epoch == 2


class FromEpoch(EarlyStopping):
    start = 2

    def __call__(self, row):
        return row["epoch"] >= self.start and super().__call__(row)


def test_keras_early_stopping_with_start_from_epoch():
    """No argument of ours either: call `fit` twice, or skip the first rows."""
    with pytest.raises(TypeError, match="start_from_epoch"):
        EarlyStopping(3, start_from_epoch=2)
    assert show(FromEpoch(3), [1, 2, 5, 6, 7, 8]) == 6
    assert show(FromEpoch(1), [1, 2, 5, 6]) == 4


def test_differs_from_keras_at_a_nan_that_comes_first():
    """Keras takes it for the best, and then nothing is ever better: a model of NaN comes back."""
    stopper = EarlyStopping(3)
    assert show(stopper, [NAN, 0.5, 0.6, 0.7, 0.8]) == 5
    assert stopper.best == 0.5


# What an improvement is -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "min_delta", "values", "improved"),
    [
        ("min", 0.0, [1.0, 1.0, 0.5, 0.6], [True, False, True, False]),
        ("max", 0.0, [1.0, 1.0, 1.5, 1.4], [True, False, True, False]),
        ("min", 0.25, [1.0, 0.75, 0.5, 0.25, 0.2], [True, False, True, False, True]),
        ("max", 0.25, [0.0, 0.25, 0.5, 0.75, 0.8], [True, False, True, False, True]),
        ("min", 0.0, [NAN, 1.0, NAN, 0.5], [False, True, False, True]),
        ("max", 0.0, [NAN, 1.0, NAN, 1.5], [False, True, False, True]),
        ("min", 0.0, [INF, 1e308, -INF, -INF], [False, True, True, False]),
        ("max", 0.0, [-INF, -1e308, INF, INF], [False, True, True, False]),
    ],
)
def test_an_improvement_is_better_by_more_than_min_delta(mode, min_delta, values, improved):
    stopper = EarlyStopping(99, min_delta, mode, monitor="score")
    found, best, epochs = [], [], []
    for epoch, value in enumerate(values):
        stopper({"epoch": 10 * epoch, "score": value})
        found.append(stopper.improved)
        best.append(stopper.best)
        epochs.append(stopper.best_epoch)
    assert found == improved
    last = max((i for i, better in enumerate(improved) if better))
    assert (best[-1], epochs[-1]) == (values[last], 10 * last)


@pytest.mark.parametrize(("mode", "worst"), [("min", INF), ("max", -INF)])
def test_before_the_first_number_there_is_no_best(mode, worst):
    stopper = EarlyStopping(2, mode=mode, monitor="score")
    for _ in range(2):
        assert (stopper.best, stopper.best_epoch) == (worst, None)
        assert (stopper.improved, stopper.checks, stopper.waited) == (False, 0, 0)
        assert show(stopper, [NAN, 1, 1, 1], "score") == 4
        stopper.reset()
    assert show(stopper, [NAN, NAN], "score") == 2
    assert stopper.best_epoch is None


def test_min_delta_of_slow_steps_adds_up():
    """The reference is the best, and it stays where it was."""
    stopper = EarlyStopping(3, min_delta=0.25)
    assert show(stopper, [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.44]) is None
    assert stopper.best == 0.44


# Prechelt's criteria --------------------------------------------------------------------------


def by_definition(criterion, losses, training, alpha, k, s):
    """The paper's definitions, over whole sequences; the first t (from 1) that stops."""

    def gl(t):
        return 100 * (losses[t - 1] / min(losses[:t]) - 1)

    def progress(t):
        strip = training[t - k : t]
        return 1000 * (sum(strip) / (k * min(strip)) - 1)

    def up(t, s):
        if s == 0:
            return True
        return t > k and losses[t - 1] > losses[t - k - 1] and up(t - k, s - 1)

    for t in range(1, len(losses) + 1):
        end = t % k == 0
        if (
            (criterion == "GL" and gl(t) > alpha)
            or (criterion == "PQ" and end and gl(t) / progress(t) > alpha)
            or (criterion == "UP" and end and up(t, s))
        ):
            return t
    return None


@pytest.mark.parametrize("seed", range(20))
def test_prechelts_criteria_by_definition(seed):
    rng = np.random.default_rng(seed)
    t = np.arange(60)
    losses = (1 + 3 * np.exp(-t / 8) + t / 60 + rng.uniform(0, 0.2, 60)).tolist()
    training = (0.3 + 3 * np.exp(-t / 10) + rng.uniform(0, 0.05, 60)).tolist()
    rows = [{"val_loss": e, "data_loss": d} for e, d in zip(losses, training, strict=True)]
    found = []
    for alpha, k, s in ((2.0, 5, 2), (5.0, 3, 3), (10.0, 1, 4), (0.1, 7, 1)):
        for name, stopper in (
            ("GL", GeneralizationLoss(alpha)),
            ("PQ", ProgressQuotient(alpha / 5, strip=max(k, 2))),
            ("UP", UpStrips(s, strip=k)),
        ):
            level, strip = (alpha / 5, max(k, 2)) if name == "PQ" else (alpha, k)
            expected = by_definition(name, losses, training, level, strip, s)
            stop = next((t for t, row in enumerate(rows, 1) if stopper(row)), None)
            assert stop == expected, (name, alpha, k, s)
            found.append(stop)
    assert len(set(found)) > 5  # not all the same


def test_generalization_loss_by_hand():
    assert show(GeneralizationLoss(50), [2.0, 1.0, 1.5, 1.51]) == 4  # 50 is not above 50
    assert show(GeneralizationLoss(0), [2.0, 2.0, 1.0, 1.0, 1.001]) == 5


@pytest.mark.parametrize(
    ("losses", "stops"),
    [
        ([0.0, 0.0, 0.0], None),  # 0 / 0
        ([1.0, 0.0, 1e-300], 3),  # anything is infinitely far above 0
        ([5e-324, 1e300], 2),
        ([NAN, NAN], None),  # nothing yet to be above of
        ([1.0, NAN], 2),
        ([INF, 1.0, INF], 3),
    ],
)
def test_generalization_loss_at_its_edges(losses, stops):
    with np.errstate(all="raise"):
        assert show(GeneralizationLoss(5), losses) == stops


@pytest.mark.parametrize(
    ("training", "losses", "stops"),
    [
        ([3.0, 3.0], [1.0, 1.0], None),  # 0 / 0: no rise, no progress
        ([3.0, 3.0], [1.0, 1.01], 2),  # any rise, no progress
        ([0.0, 0.0], [1.0, 1.01], 2),
        ([3.0, 0.0], [1.0, 1.01], None),  # infinite progress
        ([3.0, 0.0], [0.0, 1.00], None),  # an infinity by an infinity
        ([3.0, 3.0], [0.0, 1.00], 2),
        ([3.0, NAN], [1.0, 1.01], None),  # a mean of infinity
        ([3.0, 3.0], [1.0, NAN], 2),
        ([2.0, 1.0], [1.0, 1.5], None),  # 50 % for a progress of 500: 0.1
        ([2.0, 1.0], [1.0, 1.51], 2),
        ([2.0, 1.0], [1.51, 1.0], None),
    ],
)
def test_progress_quotient_at_its_edges(training, losses, stops):
    stopper = ProgressQuotient(0.1, strip=2)
    rows = [{"val_loss": e, "data_loss": d} for d, e in zip(training, losses, strict=True)]
    assert next((t for t, row in enumerate(rows, 1) if stopper(row)), None) == stops


def test_progress_quotient_forgets_the_strip_before():
    stopper = ProgressQuotient(0.1, strip=2)
    rows = [(100.0, 1.0), (1.0, 1.0), (1.0, 1.0), (1.0, 1.1)]
    assert [stopper({"data_loss": d, "val_loss": e}) for d, e in rows] == [False] * 3 + [True]
    stopper.reset()
    assert stopper({"data_loss": 1.0, "val_loss": 1.0}) is False
    assert stopper.data_losses == [1.0]


@pytest.mark.parametrize(
    ("n_strips", "strip", "losses", "stops"),
    [
        (1, 1, [1.0, 1.0, 1.1], 3),
        (2, 1, [1.0, 1.1, 1.1, 1.2, 1.3], 5),
        (2, 1, [1.0, 1.1, 1.0, 1.2, 1.3], 5),
        (1, 2, [9.0, 1.0, 9.0, 1.0, 0.0, 1.1], 6),  # only ends count
        (1, 2, [1.0, 1.0, 2.0], None),
        (3, 1, [1.0, 2.0, 3.0], None),  # two rises
        (1, 1, [1.0, NAN], 2),
        (1, 1, [NAN, NAN, 1.0], None),
    ],
)
def test_up_strips_by_hand(n_strips, strip, losses, stops):
    assert show(UpStrips(n_strips, strip), losses) == stops


# With fit -------------------------------------------------------------------------------------


def same(state, other):
    return state.keys() == other.keys() and all(
        array.tobytes() == other[name].tobytes() for name, array in state.items()
    )


def recorded(epochs=40, **kwargs):
    """The state after each epoch of an undisturbed training, and its history."""
    states, model = [], network()
    _, history = train(lambda row: states.append(model.state_dict()), epochs, model, **kwargs)
    return states, history


@pytest.mark.parametrize(
    "make",
    [
        lambda **kw: EarlyStopping(4, **kw),
        lambda **kw: EarlyStopping(1000, **kw),  # the epochs run out
        lambda **kw: GeneralizationLoss(5.0, **kw),
        lambda **kw: ProgressQuotient(0.2, strip=3, **kw),
        lambda **kw: UpStrips(1, strip=3, **kw),
        lambda **kw: EarlyStopping(9, mode="max", monitor="val_accuracy", **kw),
        lambda **kw: EarlyStopping(1, monitor="data_loss", **kw),
    ],
)
def test_the_best_state_comes_back_bit_for_bit(make):
    states, whole = recorded()
    stopper = make()
    model, history = train(stopper)
    watched = getattr(history, stopper.monitor)
    pick = min if stopper.mode == "min" else max
    best = watched.index(pick(watched))
    assert (stopper.best, stopper.best_epoch) == (watched[best], best)
    assert 0 < best < len(watched) - 1
    assert watched == getattr(whole, stopper.monitor)[: len(watched)]
    assert same(model.state_dict(), states[best])
    assert "2.u" in model.state_dict()
    assert not np.array_equal(states[best]["2.u"], states[-1]["2.u"])
    last, history = train(make(restore_best=False))
    assert same(last.state_dict(), states[len(history.epoch) - 1])


def test_with_every_a_check_is_a_recorded_epoch():
    _, whole = recorded()
    stopper = EarlyStopping(2)
    model, history = train(stopper, every=3)
    watched = history.val_loss
    assert stopper.checks == len(watched) == watched.index(min(watched)) + 3
    assert history.epoch == list(range(0, history.epoch[-1] + 1, 3))
    assert watched == [whole.val_loss[epoch] for epoch in history.epoch]
    assert stopper.best_epoch == history.epoch[-3] == 3 * watched.index(min(watched))
    loss = SoftmaxCrossEntropy()
    assert loss.forward(model.forward(VALIDATION[0]), VALIDATION[1]) == stopper.best


def test_a_best_that_nothing_improves_keeps_what_was_trained():
    bad = np.full_like(X, NAN), Y
    model, history = train(EarlyStopping(3), validation=bad)
    states, _ = recorded()
    assert len(history.epoch) == 3
    assert same(model.state_dict(), states[2])


def test_the_optimizer_stays_where_it_was():
    optimizer = Adam(0.05)
    _, history = train(EarlyStopping(2), optimizer=optimizer)
    assert optimizer.steps == 3 * len(history.epoch)  # batches


def test_copies_are_made_only_of_improvements(monkeypatch):
    copies = []
    original = Sequential.state_dict
    monkeypatch.setattr(Sequential, "state_dict", lambda model: copies.append(1) or original(model))

    def made(stop):
        copies.clear()
        train(stop)
        return len(copies)

    assert made(None) == made(EarlyStopping(4, restore_best=False)) == 0
    stopper = EarlyStopping(4)
    improvements = []
    monkeypatch.setattr(
        EarlyStopping,
        "stops",
        lambda self, value, row: improvements.append(self.improved) or self.waited >= 4,
    )
    loads = 1  # which checks names and shapes
    assert made(stopper) == sum(improvements) + loads
    assert sum(improvements) < stopper.checks


def line():
    rows = np.linspace(-1, 1, 10)[:, None]
    return Sequential([Dense(1, 1, rng=0)]), rows, 3 * rows


class Breaking(SGD):
    """Goes well, and then far away."""

    steps_left = 6

    def update(self, theta, g, lr):
        self.steps_left -= 1
        super().update(theta, g, lr)
        if self.steps_left == 2:
            theta += 5.0  # worse, but finite
        if self.steps_left == 0:
            theta[:] = 1e300


@pytest.mark.parametrize("restore_best", [True, False])
def test_after_divergence_the_best_state_comes_back_if_there_was_one(restore_best):
    model, rows, targets = line()
    stopper = EarlyStopping(50, restore_best=restore_best)
    kept = "best" if restore_best else "last good"
    with pytest.raises(FloatingPointError, match=f"model keeps its {kept} parameters") as stop:
        fit(
            model,
            MeanSquaredError(),
            Breaking(0.1),
            rows,
            targets,
            epochs=100,
            validation=(rows, targets),
            stop=stopper,
        )
    loss = MeanSquaredError().forward(model.forward(rows), targets)
    history = stop.value.history
    assert stopper.best == min(history.val_loss) < history.val_loss[-2] / 2
    assert (loss == stopper.best) is restore_best
    assert np.isfinite(model.theta).all()


def test_divergence_before_the_first_check_keeps_the_last_good_state():
    model, rows, targets = line()
    start = model.theta.copy()
    with pytest.raises(FloatingPointError, match="keeps its last good parameters"):
        fit(
            model,
            MeanSquaredError(),
            SGD(0.1),
            rows,
            targets * NAN,
            epochs=100,
            stop=EarlyStopping(5, monitor="data_loss"),
        )
    np.testing.assert_array_equal(model.theta, start)


def test_a_good_loss_before_a_step_that_breaks_is_not_kept():
    """The training's loss is taken before the step: the best one, and then infinite weights."""

    class Infinite(SGD):
        def update(self, theta, g, lr):
            super().update(theta, g, lr)
            if self.steps == 3:
                theta[:] = INF

    model, rows, targets = line()
    stopper = EarlyStopping(5, monitor="data_loss")
    with pytest.raises(FloatingPointError, match="keeps its best parameters"):
        fit(model, MeanSquaredError(), Infinite(0.1), rows, targets, epochs=9, stop=stopper)
    assert np.isfinite(model.theta).all()
    twin = line()[0]
    fit(twin, MeanSquaredError(), SGD(0.1), rows, targets, epochs=3)
    np.testing.assert_array_equal(model.theta, twin.theta)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_whatever_ends_the_training_the_best_state_comes_back(error):
    class Interrupting(EarlyStopping):
        def stops(self, value, row):
            if self.checks == 25:
                raise error
            return False

    states, _ = recorded()
    stopper, model = Interrupting(1), network()
    with pytest.raises(error) as stop:
        train(stopper, model=model)
    assert len(stop.value.history.epoch) == 25
    assert 0 < stopper.best_epoch < 24
    assert same(model.state_dict(), states[stopper.best_epoch])


def test_a_stopper_starts_afresh_with_each_training():
    stopper = EarlyStopping(3)
    show(stopper, [1e-9, 1.0])
    train(stopper, epochs=0)
    assert stopper == EarlyStopping(3)
    first = train(stopper)[1]
    assert train(stopper)[1] == first


def test_no_epochs_change_nothing():
    model, _ = train(EarlyStopping(3), epochs=0)
    assert same(model.state_dict(), network().state_dict())


# What is missing, and what is wrong -----------------------------------------------------------


@pytest.mark.parametrize(
    ("stopper", "kwargs", "message"),
    [
        (
            EarlyStopping(3),
            {"validation": None},
            "row must hold 'val_loss', got accuracy, data_loss, epoch, loss, lr, penalty: fit "
            "records it with validation=(X_val, y_val)",
        ),
        (
            EarlyStopping(3, monitor="error"),
            {},
            "row must hold 'error', got accuracy, data_loss, epoch, loss, lr, penalty, "
            "val_accuracy, val_loss",
        ),
    ],
)
def test_a_value_that_is_not_recorded_is_named(stopper, kwargs, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        train(stopper, **kwargs)


@pytest.mark.parametrize("monitor", ["accuracy", "val_accuracy"])
def test_a_regression_has_no_accuracy(monitor):
    model, rows, targets = line()
    stopper = EarlyStopping(2, mode="max", monitor=monitor)
    with pytest.raises(ValueError, match=f"'{monitor}' must be a number, got None: a regression"):
        fit(
            model,
            MeanSquaredError(),
            SGD(0.1),
            rows,
            targets,
            epochs=3,
            validation=(rows, targets),
            stop=stopper,
        )
    with pytest.raises(ValueError, match=r"row must hold 'x', got val_loss$"):
        EarlyStopping(2, monitor="x")({"val_loss": 1.0, "accuracy": None})


@pytest.mark.parametrize(
    "stopper", [GeneralizationLoss(1), ProgressQuotient(1)], ids=lambda s: type(s).__name__
)
def test_a_share_of_a_negative_loss_is_refused(stopper):
    with pytest.raises(ValueError, match=r"needs losses >= 0, got -1\.0"):
        stopper({"val_loss": -1.0, "data_loss": 1.0})


def test_progress_needs_the_trainings_loss():
    with pytest.raises(ValueError, match="row must hold 'data_loss', got val_loss"):
        ProgressQuotient(1)({"val_loss": 1.0})
    with pytest.raises(ValueError, match=r"needs losses >= 0, got -2\.0"):
        ProgressQuotient(1, strip=1)({"val_loss": 1.0, "data_loss": -2.0})


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: EarlyStopping(-1), ValueError, "patience must be >= 1, got -1"),
        (lambda: EarlyStopping(1.5), TypeError, "patience must be a whole number, got 1.5"),
        (lambda: EarlyStopping(True), TypeError, "patience must be a whole number, got True"),
        (lambda: EarlyStopping(3, -0.1), ValueError, "min_delta must be finite and >= 0, got -0.1"),
        (lambda: EarlyStopping(3, NAN), ValueError, "min_delta must be finite and >= 0, got nan"),
        (lambda: EarlyStopping(3, "0"), TypeError, "min_delta must be a real number, got '0'"),
        (lambda: EarlyStopping(3, mode="least"), ValueError, "mode must be 'min' or 'max', got"),
        (lambda: GeneralizationLoss(-1), ValueError, "alpha must be finite and >= 0, got -1"),
        (lambda: GeneralizationLoss(INF), ValueError, "alpha must be finite and >= 0, got inf"),
        (
            lambda: GeneralizationLoss(1, monitor="val_accuracy"),
            ValueError,
            "monitor='val_accuracy' goes with mode='max', but GeneralizationLoss has mode='min'",
        ),
        (lambda: ProgressQuotient("1"), TypeError, "alpha must be a real number, got '1'"),
        (lambda: ProgressQuotient(1, strip=0), ValueError, "strip must be >= 1, got 0"),
        (lambda: UpStrips(0), ValueError, "n_strips must be >= 1, got 0"),
        (lambda: UpStrips(1, strip=2.0), TypeError, "strip must be a whole number, got 2.0"),
    ],
)
def test_bad_input_is_named(make, error, message):
    with pytest.raises(error, match=re.escape(message)):
        make()


def test_a_class_is_no_stopper():
    with pytest.raises(TypeError, match=r"such as EarlyStopping\(10\), got <class"):
        train(EarlyStopping)


# As values ------------------------------------------------------------------------------------

ALL = [EarlyStopping(3), GeneralizationLoss(2.0), ProgressQuotient(1.0), UpStrips(2, 1)]


@pytest.mark.parametrize("stopper", ALL, ids=lambda s: type(s).__name__)
def test_it_prints_as_the_call_that_makes_it_and_compares_by_value(stopper):
    stopper = copy.deepcopy(stopper)
    fresh = eval(repr(stopper))
    assert fresh == stopper
    stopper({"val_loss": 0.5, "data_loss": 1.0})
    assert fresh != stopper
    for twin in (copy.deepcopy(stopper), pickle.loads(pickle.dumps(stopper))):
        assert twin == stopper
        row = {"val_loss": 0.6, "data_loss": 1.0}
        assert twin(row) == copy.deepcopy(stopper)(row)
        assert twin != stopper
    stopper.reset()
    assert stopper == fresh
    assert stopper != EarlyStopping(4)


def test_numpys_numbers_are_numbers():
    stopper = EarlyStopping(np.int64(2), np.float32(0.25))
    assert show(stopper, np.float32([1.0, 0.5, 0.5, np.nan])) == 4
    assert stopper.best == 0.5
    assert type(stopper.best) is float


def test_a_stopper_of_your_own_needs_one_method():
    class Level(Stopper):
        monitor, mode = "val_accuracy", "max"

        def stops(self, value, row):
            return value > 0.77 and row["lr"] > 0

    states, _ = recorded()
    model, history = train(Level())
    assert history.val_accuracy[-1] > 0.77 >= max(history.val_accuracy[:-1])
    assert same(model.state_dict(), states[len(history.epoch) - 1])
