"""`nnreg`, as a reader of the book uses it."""

import numpy as np

from benchmarks.speed import cases
from benchmarks.speed.cases import Case
from benchmarks.speed.contenders._calls import repeated
from nnreg import (
    L1,
    L2,
    ElasticNet,
    clip_by_global_norm,
    dropout_backward,
    dropout_forward,
    layernorm_backward,
    layernorm_forward,
    spectral_normalize,
    spectral_normalize_backward,
)
from nnreg.nn import Adam, Dense, Dropout, ReLU, Sequential, SoftmaxCrossEntropy, fit


def compiled() -> None:
    import nnreg.fast

    nnreg.fast.enable()


def to_numpy(result):
    return result


def prepare(case: Case):
    return training(case) if case.is_training else repeated(op(case))


def prepare_compiled(case: Case):
    """Return the op for which `nnreg.fast` has loops."""
    return repeated(op(case)) if case.kind == "layernorm" else None


def op(case: Case):
    given, rng = cases.problem(case), np.random.default_rng(0)
    x, dy = given.x, given.dy
    penalties = {
        "L1": L1(cases.STRENGTH),
        "L2": L2(cases.STRENGTH),
        "elastic net": ElasticNet(2 * cases.STRENGTH, l1_ratio=0.5),
    }

    def dropout():
        y, cache = dropout_forward(x, cases.DROP, rng)
        return y, dropout_backward(dy, cache)

    def layernorm():
        y, cache = layernorm_forward(x, given.gamma, given.beta, cases.EPS)
        return y, *layernorm_backward(dy, cache)

    def clipping():
        (clipped,), norm = clip_by_global_norm([dy], cases.MAX_NORM)
        return clipped, norm

    def spectral_norm():
        w_sn, _, cache = spectral_normalize(x, given.u, n_iter=1)
        return w_sn, spectral_normalize_backward(dy, cache)

    if case.kind in penalties:
        penalty = penalties[case.kind]
        return lambda: penalty.value_and_grad(x)
    return {
        "dropout": dropout,
        "layernorm": layernorm,
        "clipping": clipping,
        "spectral norm": spectral_norm,
    }[case.kind]


def training(case: Case, penalise: str = "layer 1"):
    """Train with L2 on weights and biases of layer 1, or on the weights of both layers."""
    begin, dtype = cases.start(case), case.dtype
    penalty = {"weight_penalty": L2(cases.LAM)}
    both = {"layer 1": {**penalty, "bias_penalty": L2(cases.LAM)}, "weights": penalty}[penalise]
    layers = [
        Dense(2, case.columns, rng=0, dtype=dtype, **both),
        ReLU(),
        Dense(case.columns, 3, rng=0, dtype=dtype, **({} if penalise == "layer 1" else penalty)),
    ]
    if case.drops:
        layers.insert(2, Dropout(cases.TRAINING_DROP, rng=0))
    model = Sequential(layers)
    model.params["0.W"][...] = begin.first
    model.params[f"{len(layers) - 1}.W"][...] = begin.second
    loss = SoftmaxCrossEntropy()
    optimizer = Adam(cases.LR, eps=cases.ADAM_EPS, lr_decay=cases.LR_DECAY)

    def run(epochs: int):
        history = fit(model, loss, optimizer, begin.X, begin.y, epochs=epochs, progress=False)
        return (history.loss[-1],)

    return run
