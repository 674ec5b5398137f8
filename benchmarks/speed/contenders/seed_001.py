"""The penalties of SciRS2's activity regularisation (seed 001), `mapv` being an array's product.

`apply` works out the penalty, then the gradients, then adds these to those of the data.
"""

import numpy as np

from benchmarks.speed import cases
from benchmarks.speed.cases import Case
from benchmarks.speed.contenders._calls import repeated


def to_numpy(result):
    return result


def l1(activations, strength):
    penalty = strength * np.abs(activations).sum()
    grads = np.where(activations > 0, strength, np.where(activations < 0, -strength, 0))
    return penalty, grads.astype(activations.dtype)


def l2_squared(activations, strength):
    penalty = strength * (activations * activations).sum()
    return penalty, strength * 2 * activations


def prepare(case: Case):
    forms = {"L1": l1, "L2": l2_squared}
    if case.kind not in forms:
        return None
    x, form = cases.problem(case).x, forms[case.kind]
    return repeated(lambda: form(x, cases.STRENGTH))
