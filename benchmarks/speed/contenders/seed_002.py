"""The penalties of the notes on chapter 14 of the NNFS book (seed 002).

Both together are its elastic net: the layer adds one, then the other.
"""

import numpy as np

from benchmarks.speed import cases
from benchmarks.speed.cases import Case
from benchmarks.speed.contenders._calls import repeated


def to_numpy(result):
    return result


def l1(weights, strength):
    loss = strength * np.sum(np.abs(weights))
    dl1 = np.ones_like(weights)
    dl1[weights < 0] = -1
    return loss, strength * dl1


def l2(weights, strength):
    loss = strength * np.sum(weights**2)
    return loss, 2 * strength * weights


def both(weights, strength):
    l1_loss, l1_grad = l1(weights, strength)
    l2_loss, l2_grad = l2(weights, strength)
    return l1_loss + l2_loss, l1_grad + l2_grad


def prepare(case: Case):
    forms = {"L1": l1, "L2": l2, "elastic net": both}
    if case.kind not in forms:
        return None
    x, form = cases.problem(case).x, forms[case.kind]
    return repeated(lambda: form(x, cases.STRENGTH))
