"""Trainings whose validation values are written down beforehand, one for each library.

Each function takes a patience and returns `train(values)`: it trains a model that has one number
to learn, which is k after the k-th epoch, while the library is told `values[k - 1]` as its
validation loss. A second call of `train` uses the same stopper, or the same estimator, again.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from .decay import PAGE

LOSSES = [1.0, 0.9, 0.95, 0.93, 0.92, 0.91, 0.5]
SECTION = PAGE.read_text(encoding="utf8").split("(conventions-early-stopping)=")[1]
SECTION = re.split(r"^## ", SECTION, flags=re.MULTILINE)[1]


def table() -> dict[str, tuple[int, str]]:
    """Return library -> after which check the page has it stop, and whether the best is kept."""
    rows = re.findall(r"^\| `?(\w+)`? \| check (\d) \| (.+) \|$", SECTION, re.MULTILINE)
    return {library: (int(check), kept) for library, check, kept in rows}


@dataclass
class Run:
    """After which check the training ended, and from which check the model at the end is."""

    checks: int
    kept: int


Train = Callable[[list[float]], Run]


def nnreg(patience: int, min_delta=0.0, mode="min", monitor=None, **settings) -> Train:
    from nnreg.early_stopping import EarlyStopping
    from nnreg.nn import SGD, Dense, Loss, Sequential, fit

    monitor = monitor or {"min": "val_loss", "max": "val_accuracy"}[mode]
    stopper = EarlyStopping(patience, min_delta, mode, monitor=monitor, **settings)

    class Script(Loss):
        def __init__(self, values):
            self.values = iter(values)

        def forward(self, z, y):
            self.value = next(self.values) if y[0] == "validation" else 0.0
            return self.value

        def backward(self):
            return -np.ones((1, 1))

        def accuracy(self):
            return self.value

    def train(values):
        model = Sequential([Dense(1, 1, rng=0)])
        row = np.zeros((1, 1))
        history = fit(
            *(model, Script(values), SGD(lr=1.0), row, ["training"]),
            validation=(row, ["validation"]),
            epochs=len(values),
            stop=stopper,
            progress=False,
        )
        return Run(len(history.epoch), round(model.params["0.b"].item()))

    return train


def keras(patience: int, min_delta=0.0, mode="auto", monitor="val_loss", **settings) -> Train:
    pytest.importorskip("torch")  # the backend that the tests choose
    keras = pytest.importorskip("keras")
    stopper = keras.callbacks.EarlyStopping(monitor, min_delta, patience, mode=mode, **settings)

    def train(values):
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
        model.compile(keras.optimizers.SGD(0.0), "mse")

        def end_epoch(epoch, logs):
            model.set_weights([np.full((1, 1), epoch + 1.0)])
            logs["val_loss"] = values[epoch]

        script = keras.callbacks.LambdaCallback(on_epoch_end=end_epoch)
        row = np.zeros((1, 1))
        history = model.fit(*(row, row), epochs=len(values), callbacks=[script, stopper], verbose=0)
        return Run(len(history.epoch), round(model.get_weights()[0].item()))

    return train


def lightning(patience: int, min_delta=0.0, mode="min", monitor="val_loss", **settings) -> Train:
    torch = pytest.importorskip("torch")
    pl = pytest.importorskip("pytorch_lightning")
    stopper = pl.callbacks.EarlyStopping(monitor, min_delta, patience, mode=mode, **settings)

    class Script(pl.LightningModule):
        def __init__(self, values):
            super().__init__()
            self.automatic_optimization = False
            self.values, self.checks = values, 0
            self.weight = torch.nn.Parameter(torch.zeros(()))

        def training_step(self, batch):
            self.weight.data += 1

        def validation_step(self, batch):
            self.log("val_loss", self.values[self.checks])
            self.checks += 1

        def configure_optimizers(self):
            return None

    def train(values):
        model = Script(values)
        rows = torch.utils.data.DataLoader(torch.zeros(1, 1))
        quiet = ("enable_checkpointing", "enable_progress_bar", "enable_model_summary", "logger")
        trainer = pl.Trainer(
            accelerator="cpu",
            max_epochs=len(values),
            num_sanity_val_steps=0,
            callbacks=[stopper],
            **dict.fromkeys(quiet, False),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # few workers, no optimiser
            trainer.fit(model, rows, rows)
        return Run(model.checks, round(model.weight.item()))

    return train


def flax(patience: int, min_delta=0.0) -> Train:
    training = pytest.importorskip("flax.training.early_stopping")
    stopper = training.EarlyStopping(min_delta, patience)

    def train(values):
        nonlocal stopper
        checks = 0
        for value in values:
            stopper, checks = stopper.update(value), checks + 1
            if stopper.should_stop:
                break
        return Run(checks, kept=checks)  # it has no model that it could put back

    return train


def mlp_classifier(patience: int, min_delta=0.0) -> Train:
    network = pytest.importorskip("sklearn.neural_network")

    class Script(network.MLPClassifier):
        def _score(self, X, y, sample_weight=None):
            self.checks += 1
            self.intercepts_[-1][:] = self.checks
            return -self.values[self.checks - 1]

    estimator = Script(
        hidden_layer_sizes=1,
        solver="sgd",
        learning_rate_init=1e-9,
        early_stopping=True,
        n_iter_no_change=patience,
        tol=min_delta,
    )

    def train(values):
        estimator.values, estimator.checks = values, 0
        return _fitted(estimator, values, lambda: round(estimator.intercepts_[-1].item()))

    return train


def sgd_classifier(patience: int, min_delta=0.0) -> Train:
    linear_model = pytest.importorskip("sklearn.linear_model")

    class Script(linear_model.SGDClassifier):
        def _make_validation_score_cb(self, *_, **__):
            def score(coef, intercept):
                self.seen.append(coef.copy())
                return -self.values[self.checks - 1]

            return score

        @property
        def checks(self):
            return len(self.seen)

    estimator = Script(penalty=None, early_stopping=True, n_iter_no_change=patience, tol=min_delta)

    def train(values):
        estimator.values, estimator.seen = values, []

        def kept():
            same = [np.array_equal(coef, estimator.coef_.ravel()) for coef in estimator.seen]
            assert sum(same) == 1
            return same.index(True) + 1

        return _fitted(estimator, values, kept)

    return train


def _fitted(estimator, values: list[float], kept: Callable[[], int]) -> Run:
    X = np.random.default_rng(0).normal(size=(40, 2))
    estimator.set_params(max_iter=len(values), random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the script ended before the patience did
        estimator.fit(X, np.arange(40) % 2)
    return Run(estimator.checks, kept())


STOPPERS = {
    "nnreg": nnreg,
    "Keras": keras,
    "Lightning": lightning,
    "Flax": flax,
    "MLPClassifier": mlp_classifier,
    "SGDClassifier": sgd_classifier,
}
