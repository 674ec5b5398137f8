"""The forms of Nabla's `regularization.py` (seed 000), written for NumPy arrays.

The forward passes are line by line those of that file. It leaves the gradients to automatic
differentiation; here they are the formulas as one writes them down.
"""

import numpy as np

from benchmarks.speed import cases
from benchmarks.speed.cases import Case
from benchmarks.speed.contenders._calls import repeated


def to_numpy(result):
    return result


def l1_regularization(w, weight):
    loss = weight * np.sum(np.abs(w))
    return loss, weight * np.sign(w)


def l2_regularization(w, weight):
    loss = weight * np.sum(w * w)
    return loss, weight * 2 * w


def elastic_net_regularization(w, l1_weight, l2_weight, l1_ratio=0.5):
    l1_loss, l1_grad = l1_regularization(w, weight=1.0)
    l2_loss, l2_grad = l2_regularization(w, weight=1.0)
    loss = l1_ratio * l1_weight * l1_loss + (1 - l1_ratio) * l2_weight * l2_loss
    return loss, l1_ratio * l1_weight * l1_grad + (1 - l1_ratio) * l2_weight * l2_grad


def dropout(x, dy, p):
    keep_prob = 1.0 - p
    mask = (np.random.random(x.shape) < keep_prob).astype(x.dtype)  # noqa: NPY002
    return (x * mask) / keep_prob, (dy * mask) / keep_prob


def gradient_clipping(gradients, max_norm):
    total_norm_sq = 0.0
    for grad in gradients:
        total_norm_sq = total_norm_sq + np.sum(grad * grad)
    total_norm = np.sqrt(total_norm_sq)
    clip_coeff = np.minimum(max_norm / (total_norm + 1e-8), 1.0)
    return [grad * clip_coeff for grad in gradients], total_norm


def spectral_normalization(weight, grad, u):
    v = weight.T @ u
    v = v / (np.sqrt(np.sum(v * v)) + 1e-8)
    u = weight @ v
    u = u / (np.sqrt(np.sum(u * u)) + 1e-8)
    # As in the file, which multiplies once more for sigma.
    sigma = np.sum(u * (weight @ v))
    normalized = weight / (sigma + 1e-8)
    return normalized, (grad - np.sum(grad * normalized) * np.outer(u, v)) / (sigma + 1e-8)


def prepare(case: Case):
    if case.is_training or case.kind == "layernorm":
        return None
    given, strength = cases.problem(case), cases.STRENGTH
    x, dy = given.x, given.dy

    def clipping():
        (clipped,), norm = gradient_clipping([dy], cases.MAX_NORM)
        return clipped, norm

    return repeated(
        {
            "dropout": lambda: dropout(x, dy, cases.DROP),
            "L1": lambda: l1_regularization(x, strength),
            "L2": lambda: l2_regularization(x, strength),
            "elastic net": lambda: elastic_net_regularization(x, 2 * strength, 2 * strength),
            "clipping": clipping,
            "spectral norm": lambda: spectral_normalization(x, dy, given.u),
        }[case.kind]
    )
