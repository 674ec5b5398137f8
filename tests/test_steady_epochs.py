"""A steady epoch takes no new memory, and `fit` leaves out only what nobody asks for."""

import tracemalloc

import numpy as np
import pytest

from nnreg import L2
from nnreg.nn import (
    SGD,
    Adam,
    Contractive,
    Dense,
    MeanSquaredError,
    ReLU,
    Residual,
    Sequential,
    Sigmoid,
    SoftmaxCrossEntropy,
    SpectralDense,
    fit,
)
from nnreg.nn.last_good import Best, LastGood

EPOCHS = 12


def network(n_hidden=64, dtype=np.float64):
    first = Dense(2, n_hidden, L2(5e-4), L2(5e-4), rng=0, dtype=dtype)
    return Sequential([first, ReLU(), Dense(n_hidden, 3, rng=1, dtype=dtype)])


def rows(n, dtype=np.float64):
    rng = np.random.default_rng(2)
    return rng.standard_normal((n, 2)).astype(dtype), rng.integers(0, 3, n)


# Memory -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_size", [None, 1000])
def test_a_steady_epoch_takes_no_array_as_large_as_a_hidden_layers_output(dtype, batch_size):
    X, y = rows(3000, dtype)
    peaks = []

    def peak_of_the_epoch(_):
        now, peak = tracemalloc.get_traced_memory()
        peaks.append(peak - now)
        tracemalloc.reset_peak()

    tracemalloc.start()
    try:
        settings = {"batch_size": batch_size, "rng": 0, "stop": peak_of_the_epoch}
        fit(network(256, dtype), SoftmaxCrossEntropy(), Adam(0.01), X, y, epochs=EPOCHS, **settings)
    finally:
        tracemalloc.stop()
    # As a bool for each hidden unit and row: the smallest thing that grows with both.
    smallest = 256 * (batch_size or len(X))
    assert len(peaks) == EPOCHS
    assert max(peaks[2:]) < smallest


def test_the_last_good_state_is_copied_into_the_same_arrays():
    model, optimizer = network(50_000), Adam(0.1)
    kept = LastGood(model, optimizer, *rows(4), Best(model, None))
    optimizer.step(model)
    kept.keep(0, 1.0, 0.0)  # takes room for what the first step remembers
    tracemalloc.start()
    try:
        kept.keep(1, 1.0, 0.0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < model.theta.nbytes / 10


# The gradient of the rows -----------------------------------------------------------------------


class Halving(Dense):
    """Uses the gradient that comes back, and hands on another."""

    def backward(self, dy):
        return 0.5 * super().backward(dy)


FIRST = {
    "Dense": lambda: [Dense(2, 2, L2(0.1), rng=0)],
    "SpectralDense": lambda: [SpectralDense(2, 2, rng=0)],
    "a subclass of Dense": lambda: [Halving(2, 2, rng=0)],
    "Residual": lambda: [Residual([Dense(2, 2, rng=0)])],
    "Contractive": lambda: [Contractive([Dense(2, 2, rng=0), Sigmoid()], 0.5)],
    "Sequential": lambda: [Sequential([Dense(2, 2, rng=0), ReLU()])],
    "ReLU": lambda: [ReLU(), Dense(2, 2, rng=0)],
}


@pytest.mark.parametrize("first", FIRST)
def test_learning_stores_the_gradients_of_backward_to_the_bit(first):
    X, y = rows(9)
    model, loss = Sequential([*FIRST[first](), ReLU(), Dense(2, 3, rng=1)]), SoftmaxCrossEntropy()
    loss.forward(model.forward(X, training=True), y)
    model.backward(loss.backward())
    expected = model.dtheta.copy()
    model.dtheta[:] = np.nan
    model.learn(loss.backward())
    np.testing.assert_array_equal(model.dtheta, expected)


def test_fit_spares_the_first_layer_the_gradient_of_the_rows_and_gives_it_to_who_asks(monkeypatch):
    returned = []
    original = Dense.backward

    def spied(layer, dy):
        dx = original(layer, dy)
        returned.append((layer.n_in, dx is None))
        return dx

    monkeypatch.setattr(Dense, "backward", spied)
    X, y = rows(9)
    model, loss = network(), SoftmaxCrossEntropy()
    fit(model, loss, SGD(0.1), X, y, epochs=1)
    assert returned == [(64, False), (2, True)]
    loss.forward(model.forward(X), y)
    assert model.backward(loss.backward()).shape == X.shape


def test_after_an_error_the_first_layer_hands_its_gradient_out_again():
    model = network()
    model.forward(np.ones((4, 2)), training=True)
    with pytest.raises(ValueError, match="dy must have the shape"):
        model.learn(np.ones((3, 3)))
    assert model.backward(np.ones((4, 3))).shape == (4, 2)


class Whole(Sequential):
    """A model whose own `backward` adds something."""

    def backward(self, dy):
        dx = super().backward(dy)
        self.dtheta += dx.sum()
        return dx


def test_a_model_with_a_backward_of_its_own_keeps_it():
    X = np.ones((4, 2))
    models = [kind([Dense(2, 1, rng=0)]) for kind in (Whole, Sequential)]
    for model in models:
        fit(model, MeanSquaredError(), SGD(0.1), X, X[:, :1], epochs=1)
    assert not np.array_equal(models[0].theta, models[1].theta)


# Ties -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_of_several_largest_logits_the_first_one_counts(dtype):
    tiny = np.finfo(dtype).eps
    z = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1 + tiny], [0, 1, 1 + tiny], [2, 2, 2]], dtype)
    y = [0, 1, 1, 2, 0]
    loss = SoftmaxCrossEntropy()
    loss.forward(z, y)
    assert loss.accuracy() == np.mean(z.argmax(axis=1) == y) == 0.6
