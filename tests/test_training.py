"""Training: equal to a plain loop, honest in what it records, and safe when it diverges."""

import re
import subprocess
import sys

import numpy as np
import pytest

from nnreg import L1, L2, data
from nnreg.nn import (
    SGD,
    Adam,
    BinaryCrossEntropy,
    Dense,
    History,
    MeanSquaredError,
    ReLU,
    Sequential,
    SoftmaxCrossEntropy,
    Tanh,
    fit,
)

STRENGTH = 5e-4


@pytest.fixture
def rows():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(23, 2))
    return X, (X[:, 0] * X[:, 1] > 0).astype(int)


def small(seed=0, penalty=None):
    layers = [Dense(2, 6, penalty, rng=seed), ReLU(), Dense(6, 2, rng=seed + 1)]
    return Sequential(layers)


# Against an independent implementation --------------------------------------------------------


def plain_training(X, y, W1, W2, epochs, *, lr, decay):
    """The NNFS book's classes unrolled: nothing kept, nothing shared, nothing of ours."""
    params = [W1.copy(), np.zeros(W1.shape[1]), W2.copy(), np.zeros(W2.shape[1])]
    means, squares = [0.0] * 4, [0.0] * 4
    lines = []
    for epoch in range(epochs):
        W1, b1, W2, b2 = params
        hidden = X @ W1 + b1
        active = np.where(hidden > 0, hidden, 0.0)
        logits = active @ W2 + b2
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        n = len(y)
        data_loss = -np.log(p[np.arange(n), y]).mean()
        penalty = STRENGTH * (W1**2).sum() + STRENGTH * (b1**2).sum()
        rate = lr / (1 + decay * epoch)
        lines.append((data_loss, penalty, (p.argmax(axis=1) == y).mean(), rate))
        dlogits = p.copy()
        dlogits[np.arange(n), y] -= 1
        dlogits /= n
        dhidden = (dlogits @ W2.T) * (hidden > 0)
        grads = [
            X.T @ dhidden + 2 * STRENGTH * W1,
            dhidden.sum(axis=0) + 2 * STRENGTH * b1,
            active.T @ dlogits,
            dlogits.sum(axis=0),
        ]
        for i, g in enumerate(grads):
            means[i] = 0.9 * means[i] + 0.1 * g
            squares[i] = 0.999 * squares[i] + 0.001 * g**2
            step = means[i] / (1 - 0.9 ** (epoch + 1))
            scale = np.sqrt(squares[i] / (1 - 0.999 ** (epoch + 1))) + 1e-7
            params[i] = params[i] - rate * step / scale
    return lines, params


@pytest.fixture(scope="module")
def headline():
    X, y = data.spiral(100, 3, rng=0)
    first = Dense(2, 64, L2(STRENGTH), L2(STRENGTH), rng=1, scale=0.01)
    model = Sequential([first, ReLU(), Dense(64, 3, rng=2, scale=0.01)])
    W1, W2 = (model.params[name].copy() for name in ("0.W", "2.W"))
    plain = plain_training(X, y, W1, W2, 101, lr=0.02, decay=5e-7)
    history = fit(model, SoftmaxCrossEntropy(), Adam(0.02, lr_decay=5e-7), X, y, epochs=101)
    return model, history, plain


def test_a_hundred_epochs_equal_a_plain_implementation(headline):
    _, history, (lines, _) = headline
    data_loss, penalty, accuracy, lr = zip(*lines, strict=True)
    np.testing.assert_allclose(history.data_loss, data_loss, rtol=1e-9)
    np.testing.assert_allclose(history.penalty, penalty, rtol=1e-9)
    np.testing.assert_allclose(history.loss, np.add(data_loss, penalty), rtol=1e-9)
    np.testing.assert_allclose(history.accuracy, accuracy, rtol=1e-15)
    np.testing.assert_allclose(history.lr, lr, rtol=1e-15)
    assert data_loss[-1] < 0.8 * data_loss[0]  # it went somewhere


def test_parameters_equal_a_plain_implementation(headline):
    model, _, (_, params) = headline
    for name, expected in zip(("0.W", "0.b", "2.W", "2.b"), params, strict=True):
        np.testing.assert_allclose(model.params[name], expected, rtol=1e-7, atol=1e-9)


def test_golden_values(headline):
    _, history, _ = headline
    golden = {
        0: (1.098610842783, 5.32421926701e-06),
        1: (1.097693638031, 4.410074153876e-05),
        10: (1.073331735218, 0.001097608913932),
        50: (0.9978181759597, 0.006888453650523),
        100: (0.8400706652836, 0.03068180464597),
    }
    for epoch, (data_loss, penalty) in golden.items():
        assert history.data_loss[epoch] == pytest.approx(data_loss, rel=1e-9, abs=0)
        assert history.penalty[epoch] == pytest.approx(penalty, rel=1e-9, abs=0)


def test_mini_batches_equal_a_loop_by_hand(rows):
    X, y = rows
    model, loss, optimizer = small(penalty=L1(1e-3)), SoftmaxCrossEntropy(), SGD(0.1)
    rng, records = np.random.default_rng(9), []
    for _ in range(3):
        order, sums = rng.permutation(23), np.zeros(3)
        for batch in (order[:10], order[10:20], order[20:]):
            value = loss.forward(model.forward(X[batch]), y[batch])
            sums += len(batch) * np.array([value, model.penalty(), loss.accuracy()])
            model.backward(loss.backward())
            optimizer.step(model)
        records.append(sums / 23)
    other = small(penalty=L1(1e-3))
    history = fit(other, loss, SGD(0.1), X, y, epochs=3, batch_size=10, rng=9)
    np.testing.assert_allclose(other.theta, model.theta, rtol=1e-12)
    found = np.transpose([history.data_loss, history.penalty, history.accuracy])
    np.testing.assert_allclose(found, records, rtol=1e-12)


# What is recorded -----------------------------------------------------------------------------


def test_data_loss_and_penalty_are_apart(rows):
    X, y = rows
    model = small(penalty=L2(0.5))
    expected = SoftmaxCrossEntropy().forward(model.forward(X), y), model.penalty()
    history = fit(model, SoftmaxCrossEntropy(), SGD(0.1), X, y, epochs=2)
    assert (history.data_loss[0], history.penalty[0]) == pytest.approx(expected, rel=1e-14)
    np.testing.assert_array_equal(history.loss, np.add(history.data_loss, history.penalty))


def test_validation_is_the_data_loss_after_the_epoch(rows):
    X, y = rows
    model, loss = small(penalty=L2(0.5)), SoftmaxCrossEntropy()
    history = fit(model, loss, SGD(0.1), X[:12], y[:12], epochs=4, validation=(X[12:], y[12:]))
    assert history.val_loss[-1] == loss.forward(model.forward(X[12:]), y[12:])
    assert history.val_accuracy[-1] == loss.accuracy()
    assert model.penalty() > 0.1
    assert len(history.val_loss) == len(history.val_accuracy) == 4


def test_validation_changes_nothing(rows):
    X, y = rows
    models = small(), small()
    for model, validation in zip(models, (None, (X[:5], y[:5])), strict=True):
        settings = {"epochs": 5, "batch_size": 7, "rng": 1, "validation": validation}
        fit(model, SoftmaxCrossEntropy(), Adam(0.05), X, y, **settings)
    np.testing.assert_array_equal(models[0].theta, models[1].theta)


@pytest.mark.parametrize(
    ("epochs", "every", "recorded"),
    [(5, 1, [0, 1, 2, 3, 4]), (10, 4, [0, 4, 8, 9]), (9, 4, [0, 4, 8]), (3, 9, [0, 2]), (0, 1, [])],
)
def test_every_so_many_epochs_and_the_last(epochs, every, recorded, rows):
    X, y = rows
    both = [
        fit(
            small(),
            SoftmaxCrossEntropy(),
            SGD(0.1, lr_decay=0.1),
            X,
            y,
            epochs=epochs,
            every=every,
            validation=(X, y),
        )
        for every in (every, 1)
    ]
    history, full = both
    assert history.epoch == recorded
    for name in ("data_loss", "penalty", "accuracy", "val_loss", "val_accuracy", "lr"):
        assert getattr(history, name) == [getattr(full, name)[epoch] for epoch in recorded]


def test_the_recorded_learning_rate_is_that_of_the_epochs_last_step(rows):
    X, y = rows
    history = fit(small(), SoftmaxCrossEntropy(), SGD(0.1, lr_decay=0.5), X, y, epochs=3)
    np.testing.assert_allclose(history.lr, [0.1, 0.1 / 1.5, 0.1 / 2], rtol=1e-15)
    history = fit(
        small(), SoftmaxCrossEntropy(), SGD(0.1, lr_decay=0.5), X, y, epochs=2, batch_size=10, rng=0
    )
    np.testing.assert_allclose(history.lr, [0.1 / 2, 0.1 / 3.5], rtol=1e-15)


def test_a_regression_has_no_accuracy(rows):
    X, _ = rows
    model = Sequential([Dense(2, 1, rng=0)])
    history = fit(
        model, MeanSquaredError(), SGD(0.1), X, X[:, :1], epochs=2, validation=(X, X[:, :1])
    )
    assert history.accuracy == history.val_accuracy == [None, None]
    assert "accuracy" not in repr(history)


# Going on, coming out again -------------------------------------------------------------------


def test_a_second_call_goes_on(rows):
    X, y = rows
    model, optimizer = small(), Adam(0.05, lr_decay=0.01)
    first = fit(model, SoftmaxCrossEntropy(), optimizer, X, y, epochs=4)
    second = fit(model, SoftmaxCrossEntropy(), optimizer, X, y, epochs=3)
    whole_model = small()
    whole = fit(whole_model, SoftmaxCrossEntropy(), Adam(0.05, lr_decay=0.01), X, y, epochs=7)
    assert first.data_loss + second.data_loss == whole.data_loss
    assert first.lr + second.lr == whole.lr
    np.testing.assert_array_equal(model.theta, whole_model.theta)


def test_an_int_seed_brings_the_same_run_and_the_global_state_none(rows):
    X, y = rows
    before = np.random.get_state()[1].copy()  # noqa: NPY002

    def run(rng):
        model = small()
        fit(model, SoftmaxCrossEntropy(), SGD(0.1), X, y, epochs=4, batch_size=5, rng=rng)
        return model.theta

    np.testing.assert_array_equal(run(3), run(3))
    np.testing.assert_array_equal(run(3), run(np.random.default_rng(3)))
    assert not np.array_equal(run(3), run(4))
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_every_row_is_seen_once_an_epoch(rows):
    X, y = rows
    seen = []

    class Watching(SoftmaxCrossEntropy):
        def forward(self, z, y):
            seen[-1].extend(y.tolist())
            return super().forward(z, y)

    for epochs in (1, 2):
        seen.append([])
        fit(small(), Watching(), SGD(1e-9), X, y, epochs=epochs, batch_size=5, rng=0)
    assert sorted(seen[0]) == sorted(y)
    assert seen[1][:23] != seen[1][23:]  # shuffled anew
    assert sorted(seen[1]) == sorted([*y, *y])


def test_the_data_are_left_alone(rows):
    X, y = rows
    before = X.copy(), y.copy()
    X.flags.writeable = y.flags.writeable = False
    for batch_size in (None, 4, 23, 100):
        model = small()
        fit(model, SoftmaxCrossEntropy(), SGD(0.1), X, y, epochs=2, batch_size=batch_size, rng=0)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(y, before[1])


def test_lists_and_integers_train_too():
    X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [[0], [1], [1], [0]]
    model = Sequential([Dense(2, 8, rng=0), Tanh(), Dense(8, 1, rng=1)])
    history = fit(model, BinaryCrossEntropy(), Adam(0.05), X, y, epochs=300)
    assert history.accuracy[-1] == 1.0
    assert history.data_loss[-1] < 0.05


# Divergence -----------------------------------------------------------------------------------


def line():
    X = np.linspace(-1, 1, 10)[:, None]
    return Sequential([Dense(1, 1, rng=0)]), X, 3 * X


def test_divergence_stops_with_epoch_and_loss_and_keeps_the_last_good_parameters():
    model, X, y = line()
    with pytest.raises(
        FloatingPointError, match=r"diverged in epoch \d+, at loss (inf|nan)"
    ) as stop:
        fit(model, MeanSquaredError(), SGD(100.0), X, y, epochs=1000)
    epoch = int(re.search(r"epoch (\d+)", str(stop.value))[1])
    assert 10 < epoch < 1000
    assert np.isfinite(MeanSquaredError().forward(model.forward(X), y))
    twin = line()[0]
    fit(twin, MeanSquaredError(), SGD(100.0), X, y, epochs=epoch - 1)
    np.testing.assert_array_equal(model.theta, twin.theta)


def test_divergence_in_the_very_last_step_is_noticed():
    model, X, y = line()
    start = model.theta.copy()
    with pytest.raises(FloatingPointError, match="diverged in epoch 0"):
        fit(model, MeanSquaredError(), SGD(1.7e308), X, 10 * y, epochs=1)
    np.testing.assert_array_equal(model.theta, start)


def test_divergence_of_the_penalty_alone():
    model = Sequential([Dense(1, 1, L2(1e300), rng=0)])
    model.theta[:] = 1e150
    with pytest.raises(FloatingPointError, match=r"penalty inf\)"):
        fit(model, MeanSquaredError(), SGD(0.1), [[0.0]], [[0.0]], epochs=1)


def test_data_that_are_not_finite_stop_the_first_epoch(rows):
    X, y = rows
    X[3, 0] = np.nan
    model = small()
    start = model.theta.copy()
    with pytest.raises(FloatingPointError, match=r"epoch 0, at loss nan \(data loss nan"):
        fit(model, SoftmaxCrossEntropy(), SGD(0.1), X, y, epochs=3)
    np.testing.assert_array_equal(model.theta, start)


def test_what_is_wrong_with_the_rows_is_named():
    for name, change in (
        ("X", lambda X, y: X.__setitem__((3, 0), np.nan)),
        ("y", lambda X, y: y.__setitem__(3, np.inf)),
    ):
        model, X, y = line()
        change(X, y)
        with pytest.raises(FloatingPointError, match=rf"{name} is not finite, first in row 3;"):
            fit(model, MeanSquaredError(), SGD(0.1), X, y, epochs=3)


@pytest.mark.parametrize("epochs", [0, 1])
def test_a_start_that_is_no_number_is_named(epochs):
    model, X, y = line()
    model.params["0.b"][...] = np.nan
    with pytest.raises(FloatingPointError, match=r"0\.b is not finite"):
        fit(model, MeanSquaredError(), SGD(0.1), X, y, epochs=epochs)


def test_the_history_outlives_divergence():
    model, X, y = line()
    with pytest.raises(FloatingPointError) as stop:
        fit(model, MeanSquaredError(), SGD(100.0), X, y, epochs=1000)
    history = stop.value.history
    assert history.epoch == list(range(len(history.epoch)))
    assert len(history.data_loss) > 10
    assert f"epoch {len(history.epoch)}," in str(stop.value)


def test_the_history_outlives_an_interrupt():
    class Interrupting(MeanSquaredError):
        passes = 0

        def forward(self, z, y):
            self.passes += 1
            if self.passes == 8:
                raise KeyboardInterrupt
            return super().forward(z, y)

    model, X, y = line()
    with pytest.raises(KeyboardInterrupt) as stop:
        fit(model, Interrupting(), SGD(0.1), X, y, epochs=1000)
    assert stop.value.history.epoch == list(range(7))
    assert np.isfinite(model.theta).all()


def test_validation_rows_that_are_no_numbers_are_not_counted_right(rows):
    X, y = rows
    bad = np.full_like(X, np.nan), np.zeros_like(y)
    history = fit(small(), SoftmaxCrossEntropy(), SGD(0.1), X, y, epochs=1, validation=bad)
    assert np.isnan(history.val_loss).all()
    assert history.val_accuracy == [0.0]


# Stopping -------------------------------------------------------------------------------------


def test_stop_is_told_each_recorded_row_and_may_end_the_training(rows):
    X, y = rows
    seen = []

    def stop(row):
        seen.append(row)
        return row["epoch"] == 6

    history = fit(
        small(penalty=L2(0.1)),
        SoftmaxCrossEntropy(),
        SGD(0.1),
        X,
        y,
        epochs=50,
        every=2,
        validation=rows,
        clip_norm=np.inf,
        stop=stop,
    )
    assert history.epoch == [0, 2, 4, 6]
    for name in (*vars(history), "loss"):
        assert [row[name] for row in seen] == getattr(history, name)


def test_training_that_is_not_stopped_goes_on(rows):
    models = small(), small()
    for model, stop in zip(models, (None, lambda row: False), strict=True):
        fit(model, SoftmaxCrossEntropy(), SGD(0.1), *rows, epochs=4, stop=stop)
    np.testing.assert_array_equal(models[0].theta, models[1].theta)


def test_an_infinite_clip_norm_records_and_clips_nothing(rows):
    models = small(), small()
    histories = [
        fit(model, SoftmaxCrossEntropy(), SGD(0.1), *rows, epochs=4, clip_norm=clip_norm)
        for model, clip_norm in zip(models, (None, np.inf), strict=True)
    ]
    np.testing.assert_array_equal(models[0].theta, models[1].theta)
    assert histories[0].grad_norm == []
    assert len(histories[1].grad_norm) == 4
    assert min(histories[1].grad_norm) > 0


# The progress bar -----------------------------------------------------------------------------


TRAINS = """
from nnreg.nn import SGD, Dense, Sequential, SoftmaxCrossEntropy, fit
fit(Sequential([Dense(2, 3, rng=0)]), SoftmaxCrossEntropy(), SGD(0.1), [[1.0, 2.0]], [0],
    epochs=2, progress={progress})
"""


@pytest.mark.parametrize(
    ("settings", "progress", "shown"),
    [({}, True, True), ({"TQDM_DISABLE": "1"}, True, False), ({}, False, False)],
)
def test_the_bar_shows_itself_only_when_wanted(settings, progress, shown, root):
    environment = {"PYTHONPATH": str(root), **settings}  # tqdm reads it once, when imported
    command = [sys.executable, "-c", TRAINS.format(progress=progress)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert ("training" in done.stderr) is shown


def test_without_tqdm_it_trains_in_silence(rows, monkeypatch, capfd):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert len(fit(small(), SoftmaxCrossEntropy(), SGD(0.1), *rows, epochs=2).epoch) == 2
    assert capfd.readouterr() == ("", "")


# The history ----------------------------------------------------------------------------------


def test_the_table_shows_the_first_and_last_recorded_epoch(rows):
    X, y = rows
    history = fit(
        small(), SoftmaxCrossEntropy(), SGD(0.1), X, y, epochs=7, every=3, validation=rows
    )
    head, first, last = repr(history).splitlines()
    columns = ["epoch", "data_loss", "penalty", "loss", "accuracy", "val_loss", "val_accuracy"]
    assert head.split() == columns
    assert (first.split()[0], last.split()[0]) == ("0", "6")
    assert last.split()[1] == f"{history.data_loss[-1]:.3f}"
    assert repr(History()).split() == ["epoch"]
    one = fit(small(), SoftmaxCrossEntropy(), SGD(0.1), X, y, epochs=1)
    assert len(repr(one).splitlines()) == 2


def test_the_plot_draws_what_was_recorded(rows):
    figure = pytest.importorskip("matplotlib.figure")
    X, y = rows
    model = small(penalty=L2(0.1))
    history = fit(model, SoftmaxCrossEntropy(), SGD(0.1), X, y, epochs=4, validation=rows)
    lines = {line.get_label(): line for line in history.plot().axes[0].lines}
    assert list(lines) == ["training (data loss)", "validation", "penalty"]
    for label, values in zip(
        lines, (history.data_loss, history.val_loss, history.penalty), strict=True
    ):
        np.testing.assert_array_equal(lines[label].get_xydata(), np.c_[history.epoch, values])
    assert len({line.get_linestyle() for line in lines.values()}) == 3
    ax = figure.Figure().subplots()
    plain = fit(small(), SoftmaxCrossEntropy(), SGD(0.1), X, y, epochs=2)
    assert plain.plot(ax) is ax.figure
    assert len(ax.lines) == 1


# Bad input ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"X": np.ones((5, 2))}, ValueError, "X and y must hold the same rows"),
        (
            {"X": np.ones((0, 2)), "y": np.ones(0, int)},
            ValueError,
            "at least one, got shapes (0, 2)",
        ),
        ({"X": 5.0}, ValueError, "X and y must hold the same rows"),
        ({"y": 5}, ValueError, "X and y must hold the same rows"),
        ({"X": "rows"}, TypeError, "X must hold real numbers, got dtype <U4"),
        ({"X": [[1.0, 2.0], [3.0]]}, ValueError, "X must be a rectangular array"),
        (
            {"X": np.ones((4, 3))},
            ValueError,
            "x must have shape (..., 2) to meet W (2, 6), got (4, 3)",
        ),
        ({"y": np.eye(4, dtype=int)}, ValueError, "y must have shape (4,), one label a row"),
        ({"y": [0, 1, 0, 2]}, ValueError, "y must hold labels from 0 to 1, got 0 to 2"),
        ({"y": [0.0, 1.0, 0.0, 1.0]}, TypeError, "y must hold integer labels"),
        ({"epochs": -1}, ValueError, "epochs must be >= 0, got -1"),
        ({"epochs": 1.5}, TypeError, "epochs must be a whole number, got 1.5"),
        ({"every": 0}, ValueError, "every must be >= 1, got 0"),
        ({"batch_size": 0, "rng": 0}, ValueError, "batch_size must be >= 1, got 0"),
        ({"batch_size": 2}, ValueError, "rng must be given with batch_size"),
        ({"batch_size": 2, "rng": "0"}, TypeError, "rng must be a numpy.random.Generator"),
        (
            {"validation": (np.ones((4, 2)), [0])},
            ValueError,
            "validation must hold the same rows, at least one, got shapes (4, 2), (1,)",
        ),
        ({"validation": (np.ones((1, 3)), [0])}, ValueError, "got (1, 3)"),
    ],
    ids=str,
)
def test_bad_input_is_named(changed, error, message):
    given = {"X": np.ones((4, 2)), "y": [0, 1, 0, 1], "epochs": 1} | changed
    model = small()
    with pytest.raises(error, match=re.escape(message)):
        fit(model, SoftmaxCrossEntropy(), SGD(0.1), given.pop("X"), given.pop("y"), **given)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"loss": SoftmaxCrossEntropy},
            "loss must be of type Loss, such as SoftmaxCrossEntropy(), got",
        ),
        ({"optimizer": SGD}, "optimizer must be of type Optimizer, such as Adam(0.01), got <class"),
        (
            {"model": Sequential},
            "model must be of type Sequential, such as Sequential([…]), got <class",
        ),
        (
            {"model": Dense(2, 2, rng=0)},
            "model must be of type Sequential, such as Sequential([…]), got",
        ),
        ({"loss": "mse"}, "loss must be of type Loss"),
        (
            {"validation": 0.2},
            "validation must be a pair (X_val, y_val), got 0.2: nnreg.data.split",
        ),
        ({"validation": np.ones((2, 2))}, "validation must be a pair (X_val, y_val)"),
        ({"validation": (1, 2, 3)}, "validation must be a pair (X_val, y_val), got (1, 2, 3)"),
        ({"stop": 3}, "stop must be callable, such as EarlyStopping(10), got 3"),
    ],
)
def test_the_wrong_kind_of_thing_is_named(changed, message, rows):
    given = {"model": small(), "loss": SoftmaxCrossEntropy(), "optimizer": SGD(0.1)} | changed
    parts = [given.pop(name) for name in ("model", "loss", "optimizer")]
    with pytest.raises(TypeError, match=re.escape(message)):
        fit(*parts, *rows, epochs=1, **given)


def test_parameters_that_left_the_model_are_refused(rows):
    model = small()
    model.layers[0].params["W"] = np.zeros((2, 6))
    with pytest.raises(ValueError, match=r"parameter 0\.W must stay a view of theta"):
        fit(model, SoftmaxCrossEntropy(), SGD(0.1), *rows, epochs=1)
