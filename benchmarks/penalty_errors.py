"""How exact the penalties are: random inputs in float64, and the whole range of float32.

    python -m benchmarks.penalty_errors

An error is the largest difference over the largest entry. In float32 the numbers are compared with
those in float64, wherever float32 can hold them.
"""

import numpy as np

from nnreg import (
    L1,
    L2,
    ElasticNet,
    GroupLasso,
    L2Norm,
    Orthogonal,
    activity_penalty,
    check_gradient,
    contractive_penalty,
)
from nnreg.nn import SoftmaxCrossEntropy

DRAWS, SHAPE = 10_000, (3, 2)
PENALTIES = [L1(0.1), L2(0.1), ElasticNet(0.1, 0.5), L2Norm(0.1), GroupLasso(0.1), Orthogonal(0.1)]


def on_activity(penalty):
    return lambda h: activity_penalty(h, penalty)


def contractive(activation):
    """Return the penalty as a function of W, on inputs and biases that float32 holds."""
    b, x = np.array([0.25, -0.5]), np.array([[0.5, -1.0, 0.25], [1.5, 0.25, -0.75]])
    return lambda W: contractive_penalty(W, b.astype(W.dtype), x.astype(W.dtype), 0.1, activation)[
        :2
    ]


def smoothed(z):
    loss = SoftmaxCrossEntropy(label_smoothing=0.1)
    return loss.forward(z, [0, 1, 1]), loss.backward()


CASES = {repr(penalty): penalty.value_and_grad for penalty in PENALTIES}
CASES |= {f"activity, {penalty!r}": on_activity(penalty) for penalty in PENALTIES[:4]}
CASES |= {f"contractive, {name}": contractive(name) for name in ("sigmoid", "tanh", "relu")}
CASES["label smoothing 0.1"] = smoothed


def off(got, right) -> float:
    size = np.max(np.abs(right))
    return float(np.max(np.abs(got - right)) / (size or 1))


def gradient_error(case, rng) -> float:
    """Return the largest error against central differences, away from kinks and corners."""
    worst = 0.0
    for _ in range(DRAWS):
        w = rng.normal(size=SHAPE)
        w += 0.1 * np.sign(w)
        grad = case(w)[1]
        report = check_gradient(lambda w: case(w)[0], grad, w, raise_on_fail=False)
        worst = max(worst, report.max_abs_error / (np.max(np.abs(grad)) or 1))
    return worst


def right_in_float32(case, rng) -> tuple[list[bool], list[bool]]:
    """Tell for each power of ten whether value, and gradient if float32 can hold it, are right."""
    unit, info, values, gradients = rng.uniform(0.5, 1, SHAPE), np.finfo(np.float32), [], []
    for exponent in range(-37, 39):
        w = (unit * 10.0**exponent * (-1) ** np.arange(2)).astype(np.float32)
        (value, grad), (right, right_grad) = case(w), case(w.astype(np.float64))
        values.append(off(value, right) <= 1e-6)
        size = np.max(np.abs(right_grad))
        if size == 0 or info.tiny <= size <= info.max:
            gradients.append(off(grad, right_grad) <= 1e-6)
    return values, gradients


if __name__ == "__main__":
    print(f"{'':44}{'float64':>8}   float32, 1e-37 to 1e38: right")
    for name, case in CASES.items():
        error = gradient_error(case, np.random.default_rng(0))
        right = right_in_float32(case, np.random.default_rng(1))
        values, gradients = (f"{sum(ones)} of {len(ones)}" for ones in right)
        print(f"{name:44}{error:8.0e}   values {values}, gradients {gradients}", flush=True)
