"""One contender, one run, one process: train 2-64-3 on 3000 points and print the time as JSON.

    python -m benchmarks.headline nnreg float32

Every contender starts from the same weights and the same points, takes the same Adam steps with
L2 5e-4 on layer 1, and works out loss and accuracy in every epoch. The loss after the warm-up is
printed too, so that `__main__.py` can assert that all contenders computed the same thing.
"""

import json
import sys
import time

import numpy as np

from benchmarks import reference
from nnreg import L2
from nnreg.data import spiral
from nnreg.nn import Adam, Dense, ReLU, Sequential, SoftmaxCrossEntropy, fit

WARM_UP, EPOCHS = 10, 200
LR, DECAY, LAM = 0.05, 5e-7, 5e-4


def start(dtype):
    """Return the points, the labels and the first weights."""
    rng = np.random.default_rng(0)
    X, y = spiral(1000, 3, rng, dtype=dtype)
    first = 0.01 * rng.standard_normal((2, 64))
    second = 0.01 * rng.standard_normal((64, 3))
    return X, y, first.astype(dtype), second.astype(dtype)


def with_nnreg(dtype):
    """Yield the loss of each epoch, as the book trains."""
    X, y, first, second = start(dtype)
    penalised = Dense(2, 64, weight_penalty=L2(LAM), bias_penalty=L2(LAM), rng=0, dtype=dtype)
    model = Sequential([penalised, ReLU(), Dense(64, 3, rng=0, dtype=dtype)])
    model.params["0.W"][...], model.params["2.W"][...] = first, second
    loss, optimizer = SoftmaxCrossEntropy(), Adam(LR, lr_decay=DECAY)
    for epochs in (WARM_UP, EPOCHS):
        yield fit(model, loss, optimizer, X, y, epochs=epochs, progress=False).loss[-1]


def with_reference(dtype):
    """Yield the loss of the last epoch of each stretch, with the NNFS-style classes."""
    X, y, first, second = start(dtype)
    dense1 = reference.LayerDense(first, np.zeros((1, 64), dtype), LAM, LAM)
    relu = reference.ActivationReLU()
    dense2 = reference.LayerDense(second, np.zeros((1, 3), dtype))
    loss = reference.SoftmaxCategoricalCrossentropy()
    optimizer = reference.OptimizerAdam(LR, DECAY)
    for epochs in (WARM_UP, EPOCHS):
        for _ in range(epochs):
            dense1.forward(X)
            relu.forward(dense1.output)
            dense2.forward(relu.output)
            data_loss = loss.forward(dense2.output, y)
            total = data_loss + dense1.regularization_loss() + dense2.regularization_loss()
            np.mean(np.argmax(loss.output, axis=1) == y)
            loss.backward(y)
            dense2.backward(loss.dinputs)
            relu.backward(dense2.dinputs)
            dense1.backward(relu.dinputs)
            optimizer.pre_update_params()
            optimizer.update_params(dense1)
            optimizer.update_params(dense2)
            optimizer.post_update_params()
        yield float(total)


def with_torch(dtype):
    """Yield the loss of the last epoch of each stretch, with PyTorch's eager loop."""
    import torch

    torch.set_num_threads(1)
    X, y, first, second = start(dtype)
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    kind = X.dtype
    dense1, dense2 = torch.nn.Linear(2, 64, dtype=kind), torch.nn.Linear(64, 3, dtype=kind)
    with torch.no_grad():
        for dense, weights in ((dense1, first), (dense2, second)):
            dense.weight.copy_(torch.from_numpy(weights.T))
            dense.bias.zero_()
    model = torch.nn.Sequential(dense1, torch.nn.ReLU(), dense2)
    optimizer = torch.optim.Adam(model.parameters(), lr=LR, eps=1e-7, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: 1 / (1 + DECAY * t))
    for epochs in (WARM_UP, EPOCHS):
        for _ in range(epochs):
            optimizer.zero_grad()
            z = model(X)
            data_loss = torch.nn.functional.cross_entropy(z, y)
            penalty = LAM * (dense1.weight.square().sum() + dense1.bias.square().sum())
            total = data_loss + penalty
            (z.argmax(1) == y).float().mean().item()
            total.backward()
            optimizer.step()
            schedule.step()
        yield total.item()


CONTENDERS = {"nnreg": with_nnreg, "reference": with_reference, "torch": with_torch}


def main(contender: str, dtype: str) -> None:
    stretches = CONTENDERS[contender](np.dtype(dtype))
    loss = next(stretches)
    begin = time.process_time()
    next(stretches)
    seconds = time.process_time() - begin
    print(json.dumps({"ms_per_100_epochs": 1e5 * seconds / EPOCHS, "loss": loss}))


if __name__ == "__main__":
    main(*sys.argv[1:])
