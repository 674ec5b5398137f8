"""The peer: classes in the style of *Neural Networks from Scratch*, written plainly.

Fresh arrays in every call, one optimiser call per layer, masks instead of products: what a reader
of that book types in.
"""

import numpy as np

from benchmarks.speed import cases
from benchmarks.speed.cases import Case


def to_numpy(result):
    return result


def prepare(case: Case):
    return training(case) if case.is_training else None


def training(case: Case):
    begin = cases.start(case)
    X, y, lam = begin.X, begin.y, cases.LAM
    no_bias = np.zeros((1, case.columns), case.dtype), np.zeros((1, 3), case.dtype)
    dense1 = LayerDense(begin.first, no_bias[0], lam, lam)
    dense2 = LayerDense(begin.second, no_bias[1])
    between = [ActivationReLU()]
    if case.drops:
        between.append(LayerDropout(cases.TRAINING_DROP))
    layers = [dense1, *between, dense2]
    loss = SoftmaxCategoricalCrossentropy()
    optimizer = OptimizerAdam(cases.LR, cases.LR_DECAY, cases.ADAM_EPS)

    def run(epochs: int):
        for _ in range(epochs):
            output = X
            for layer in layers:
                layer.forward(output)
                output = layer.output
            data_loss = loss.forward(output, y)
            total = data_loss + dense1.regularization_loss() + dense2.regularization_loss()
            np.mean(np.argmax(loss.output, axis=1) == y)
            loss.backward(y)
            dvalues = loss.dinputs
            for layer in reversed(layers):
                layer.backward(dvalues)
                dvalues = layer.dinputs
            optimizer.pre_update_params()
            optimizer.update_params(dense1)
            optimizer.update_params(dense2)
            optimizer.post_update_params()
        return (float(total),)

    return run


class LayerDense:
    def __init__(self, weights, biases, weight_l2=0.0, bias_l2=0.0):
        self.weights, self.biases = weights, biases
        self.weight_l2, self.bias_l2 = weight_l2, bias_l2

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases

    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        if self.weight_l2 > 0:
            self.dweights += 2 * self.weight_l2 * self.weights
        if self.bias_l2 > 0:
            self.dbiases += 2 * self.bias_l2 * self.biases
        self.dinputs = np.dot(dvalues, self.weights.T)

    def regularization_loss(self):
        loss = 0
        if self.weight_l2 > 0:
            loss += self.weight_l2 * np.sum(self.weights * self.weights)
        if self.bias_l2 > 0:
            loss += self.bias_l2 * np.sum(self.biases * self.biases)
        return loss


class ActivationReLU:
    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.maximum(0, inputs)

    def backward(self, dvalues):
        self.dinputs = dvalues.copy()
        self.dinputs[self.inputs <= 0] = 0


class LayerDropout:
    def __init__(self, rate):
        self.rate = 1 - rate

    def forward(self, inputs):
        self.binary_mask = np.random.binomial(1, self.rate, inputs.shape) / self.rate  # noqa: NPY002
        self.output = inputs * self.binary_mask

    def backward(self, dvalues):
        self.dinputs = dvalues * self.binary_mask


class SoftmaxCategoricalCrossentropy:
    def forward(self, inputs, y):
        exp_values = np.exp(inputs - np.max(inputs, axis=1, keepdims=True))
        self.output = exp_values / np.sum(exp_values, axis=1, keepdims=True)
        clipped = np.clip(self.output, 1e-7, 1 - 1e-7)
        return np.mean(-np.log(clipped[range(len(y)), y]))

    def backward(self, y):
        samples = len(y)
        self.dinputs = self.output.copy()
        self.dinputs[range(samples), y] -= 1
        self.dinputs = self.dinputs / samples


class OptimizerAdam:
    def __init__(self, learning_rate, decay, epsilon=1e-7, beta_1=0.9, beta_2=0.999):
        self.learning_rate = self.current_learning_rate = learning_rate
        self.decay, self.epsilon, self.beta_1, self.beta_2 = decay, epsilon, beta_1, beta_2
        self.iterations = 0

    def pre_update_params(self):
        self.current_learning_rate = self.learning_rate / (1 + self.decay * self.iterations)

    def update_params(self, layer):
        if not hasattr(layer, "weight_cache"):
            layer.weight_momentums = np.zeros_like(layer.weights)
            layer.weight_cache = np.zeros_like(layer.weights)
            layer.bias_momentums = np.zeros_like(layer.biases)
            layer.bias_cache = np.zeros_like(layer.biases)
        layer.weight_momentums = (
            self.beta_1 * layer.weight_momentums + (1 - self.beta_1) * layer.dweights
        )
        layer.bias_momentums = (
            self.beta_1 * layer.bias_momentums + (1 - self.beta_1) * layer.dbiases
        )
        weight_momentums = layer.weight_momentums / (1 - self.beta_1 ** (self.iterations + 1))
        bias_momentums = layer.bias_momentums / (1 - self.beta_1 ** (self.iterations + 1))
        layer.weight_cache = (
            self.beta_2 * layer.weight_cache + (1 - self.beta_2) * layer.dweights**2
        )
        layer.bias_cache = self.beta_2 * layer.bias_cache + (1 - self.beta_2) * layer.dbiases**2
        weight_cache = layer.weight_cache / (1 - self.beta_2 ** (self.iterations + 1))
        bias_cache = layer.bias_cache / (1 - self.beta_2 ** (self.iterations + 1))
        layer.weights += (
            -self.current_learning_rate * weight_momentums / (np.sqrt(weight_cache) + self.epsilon)
        )
        layer.biases += (
            -self.current_learning_rate * bias_momentums / (np.sqrt(bias_cache) + self.epsilon)
        )

    def post_update_params(self):
        self.iterations += 1
