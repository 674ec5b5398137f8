"""numpy-ml 0.1.2, the layers of a book on machine learning in NumPy alone.

Of the cases here it has LayerNorm. Its dropout ignores the mask on the way back (its issue 94),
so there is nothing to compare; it has no penalties, and clips each array by itself.
"""

import collections
import collections.abc
import warnings

from benchmarks.speed import cases
from benchmarks.speed.cases import Case
from benchmarks.speed.contenders._calls import repeated

# It was written for Python 3.9 and older.
collections.Hashable = collections.abc.Hashable
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from numpy_ml.neural_nets.layers import LayerNorm1D


def to_numpy(result):
    return result


def prepare(case: Case):
    if case.kind != "layernorm":
        return None
    given = cases.problem(case)
    layer = LayerNorm1D(epsilon=cases.EPS)
    layer.forward(given.x)
    layer.parameters.update(scaler=given.gamma, intercept=given.beta)

    def call():
        layer.flush_gradients()
        y = layer.forward(given.x)
        dx = layer.backward(given.dy)
        return y, dx, layer.gradients["scaler"], layer.gradients["intercept"]

    return repeated(call)
