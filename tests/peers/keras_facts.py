"""Print, as JSON, how Keras behaves on the backend that KERAS_BACKEND names.

A backend is chosen once a process, so test_keras.py runs this file once for each.
"""

import json
import os

import keras
import numpy as np
from decay import DECAY, EPS, FACTORS, LR, MOMENTUM
from keras.ops import convert_to_numpy as to_numpy
from keras.ops import convert_to_tensor as to_tensor

KERNEL = np.float32([[3.0, 1.0], [-2.0, 0.5], [0.25, 4.0]])
X = np.float32([[1.0, 2.0, -1.0], [0.5, -0.5, 2.0]])
Y = np.zeros((2, 2), np.float32)


def layer_with_kernel(**settings):
    layer = keras.layers.Dense(2, use_bias=False, **settings)
    layer.build((None, 3))
    layer.kernel.assign(KERNEL)
    return layer


def fitted(layer, optimizer, **settings):
    """Train one step on two rows; return the history."""
    model = keras.Sequential([layer])
    model.compile(optimizer=optimizer, loss="mse")
    return model.fit(X, Y, batch_size=2, epochs=1, verbose=0, shuffle=False, **settings).history


def steps_gradient(**settings):
    """Return minus the step of SGD at rate 1 when the gradient is `3 * sign(kernel)`.

    Nothing but the optimiser's own doing is in it.
    """
    variable = keras.Variable(KERNEL)
    other = keras.Variable(KERNEL)
    optimizer = keras.optimizers.SGD(1.0, **settings)
    optimizer.build([variable, other])
    gradient = to_tensor(3 * np.sign(KERNEL))
    optimizer.apply_gradients([(gradient, variable), (gradient, other)])
    return KERNEL - to_numpy(variable.value)


def after_clipping(gradient, **settings):
    variable = keras.Variable(np.zeros(len(gradient), np.float32))
    optimizer = keras.optimizers.SGD(1.0, **settings)
    optimizer.build([variable])
    optimizer.apply_gradients([(to_tensor(np.float32(gradient)), variable)])
    return [str(g) for g in -to_numpy(variable.value)]


def decayed_by_sgd():
    """Return what `weight_decay` does to a weight and a bias without any gradient."""
    layer = keras.layers.Dense(2, bias_initializer="ones")
    layer.build((None, 3))
    layer.kernel.assign(KERNEL)
    optimizer = keras.optimizers.SGD(0.1, weight_decay=0.5)
    optimizer.build(layer.trainable_variables)
    zeros = [to_tensor(np.zeros(v.shape, np.float32)) for v in layer.trainable_variables]
    optimizer.apply_gradients(zip(zeros, layer.trainable_variables, strict=True))
    kernel, bias = (to_numpy(v.value) for v in layer.trainable_variables)
    return [float((kernel / KERNEL).mean()), float(bias.mean())]


def decays():
    """Return kernel and bias after three steps of each optimiser, the gradient being `sign`."""
    after = {}
    for kind, settings in (
        (keras.optimizers.SGD, {"momentum": MOMENTUM}),
        (keras.optimizers.Adam, {"epsilon": EPS}),
        (keras.optimizers.AdamW, {"epsilon": EPS}),
    ):
        layer = keras.layers.Dense(2, bias_initializer="ones")
        layer.build((None, 3))
        layer.kernel.assign(KERNEL)
        optimizer = kind(LR, weight_decay=DECAY, **settings)
        variables = layer.trainable_variables
        optimizer.build(variables)
        for factor in FACTORS:
            gradients = [to_tensor(factor * g) for g in (np.sign(KERNEL), np.ones(2, np.float32))]
            optimizer.apply_gradients(zip(gradients, variables, strict=True))
        after[kind.__name__] = [to_numpy(v.value).tolist() for v in variables]
    return after


def activity_penalty(rows):
    """Return what L1(0.1) and L2(0.01) on the activity of a layer add to the loss of `rows`."""
    regularizer = keras.regularizers.L1L2(l1=0.1, l2=0.01)
    losses = []
    for settings in ({}, {"activity_regularizer": regularizer}):
        model = keras.Sequential([layer_with_kernel(**settings)])
        model.compile(optimizer=keras.optimizers.SGD(0.0), loss="mse")
        zeros = np.zeros((len(rows), 2), np.float32)
        losses.append(
            model.fit(rows, zeros, batch_size=len(rows), epochs=1, verbose=0).history["loss"][0]
        )
    return losses[1] - losses[0]


def orthogonal(rows):
    regularizer = keras.regularizers.OrthogonalRegularizer(factor=0.1, mode="rows")
    return float(regularizer(to_tensor(np.float32(rows))))


def spectral():
    """Return what one training step of SpectralNormalization does to kernel and gradient."""
    kept = {}
    for lr in (0.0, 1.0):
        wrapped = layer_with_kernel()
        layer = keras.layers.SpectralNormalization(wrapped, power_iterations=50)
        layer.build((None, 3))
        wrapped.kernel.assign(KERNEL)
        fitted(layer, keras.optimizers.SGD(lr))
        kept[lr] = to_numpy(wrapped.kernel.value)
    return {"kernel": kept[0.0].tolist(), "gradient": (kept[0.0] - kept[1.0]).tolist()}


def small_weights_normalized():
    wrapped = layer_with_kernel()
    layer = keras.layers.SpectralNormalization(wrapped, power_iterations=50)
    layer.build((None, 3))
    wrapped.kernel.assign(KERNEL / 1000)
    out = layer(np.eye(3, dtype=np.float32), training=True)
    return float(np.linalg.norm(to_numpy(out), 2))


def losses_with_penalty():
    layer = layer_with_kernel(kernel_regularizer=keras.regularizers.L1L2(l1=0.1, l2=0.01))
    return fitted(layer, keras.optimizers.SGD(0.0), validation_data=(X, Y))


penalty = keras.regularizers.L1L2(l1=0.1, l2=0.01)(to_tensor(KERNEL))
inside = keras.constraints.MaxNorm(1.0, axis=0)(to_tensor(KERNEL / 1000))
print(
    json.dumps(
        {
            "backend": keras.backend.backend(),
            "asked for": os.environ["KERAS_BACKEND"],
            "version": keras.__version__,
            "penalty": float(penalty),
            "losses": losses_with_penalty(),
            "layernorm eps": keras.layers.LayerNormalization().epsilon,
            "rmsnorm eps": keras.layers.RMSNormalization().epsilon,
            "adamw decay": keras.optimizers.AdamW().weight_decay,
            "adam decay": keras.optimizers.Adam().weight_decay,
            "decayed": decayed_by_sgd(),
            "decays": decays(),
            "activity": [activity_penalty(X), activity_penalty(np.concatenate([X, X]))],
            "orthogonal": [orthogonal([[2, 0], [0, 2]]), orthogonal([[1, 0], [3, 3]])],
            "max-norm inside": float((to_numpy(inside) / (KERNEL / 1000)).max()),
            "clipnorm": float(np.linalg.norm(steps_gradient(clipnorm=1.0))),
            "global_clipnorm": float(np.linalg.norm(steps_gradient(global_clipnorm=1.0))),
            "at the limit": after_clipping([3.0, 4.0], global_clipnorm=5.0),
            "infinite": after_clipping([1.0, np.inf, 2.0], global_clipnorm=1.0),
            "spectral": spectral(),
            "small weights": small_weights_normalized(),
        }
    )
)
