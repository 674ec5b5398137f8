"""Keras with JAX below it: `compile`, `fit`."""

import keras

from benchmarks.speed import cases
from benchmarks.speed.cases import Case


def to_numpy(result):
    return result


def prepare(case: Case):
    return training(case) if case.is_training else None


def training(case: Case):
    begin = cases.start(case)
    keras.config.set_floatx(case.dtype)
    l2 = keras.regularizers.L2(cases.LAM)
    layers = [
        keras.layers.Dense(case.columns, "relu", kernel_regularizer=l2, bias_regularizer=l2),
        keras.layers.Dense(3),
    ]
    if case.drops:
        layers.insert(1, keras.layers.Dropout(cases.TRAINING_DROP, seed=0))
    model = keras.Sequential([keras.Input((2,)), *layers])
    layers[0].kernel.assign(begin.first)
    layers[-1].kernel.assign(begin.second)
    lr = keras.optimizers.schedules.InverseTimeDecay(cases.LR, 1, cases.LR_DECAY)
    model.compile(
        optimizer=keras.optimizers.Adam(lr, epsilon=cases.ADAM_EPS),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )

    def run(epochs: int):
        keras.config.set_floatx(case.dtype)
        history = model.fit(
            begin.X, begin.y, batch_size=len(begin.X), epochs=epochs, shuffle=False, verbose=0
        )
        return (history.history["loss"][-1],)

    return run
