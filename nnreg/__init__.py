"""Regularising neural networks: every method of the book, finished.

>>> import numpy as np
>>> from nnreg import L1, L2
>>> w = np.array([0.5, -2.0, 0.0])
>>> L2(0.5).value(w)
2.125
>>> L1(0.1).grad(w)
array([ 0.1, -0.1,  0. ])
"""

import importlib

from nnreg.activity import activity_penalty
from nnreg.clipping import clip_by_global_norm, clip_by_value
from nnreg.constraints import Constraint, MaxNorm, NonNegative, UnitNorm
from nnreg.contractive import contractive_penalty
from nnreg.dropout import dropout_backward, dropout_forward
from nnreg.early_stopping import EarlyStopping, Stopper
from nnreg.gradcheck import GradientReport, check_gradient
from nnreg.group_penalties import GroupLasso, L2Norm, Orthogonal
from nnreg.layernorm import (
    layernorm_backward,
    layernorm_forward,
    rmsnorm_backward,
    rmsnorm_forward,
)
from nnreg.noise import (
    gaussian_dropout_backward,
    gaussian_dropout_forward,
    gaussian_noise_backward,
    gaussian_noise_forward,
)
from nnreg.penalties import L1, L2, ElasticNet, Penalty
from nnreg.prechelt import GeneralizationLoss, ProgressQuotient, UpStrips
from nnreg.residual import residual_backward, residual_forward
from nnreg.spectral import (
    spectral_norm,
    spectral_normalize,
    spectral_normalize_backward,
)

__version__ = "0.1.0"

# Whoever wants one formula does not wait for layers, data and sweeps: they are
# imported when somebody first asks for them.
_LATER = {
    "ActivityPenalty": "nnreg.nn",
    "Table": "nnreg.table",
    "conventions": "nnreg.conventions",
    "data": "nnreg.data",
    "nn": "nnreg.nn",
    "sweep": "nnreg.grid",
}

__all__ = [
    "L1",
    "L2",
    "ActivityPenalty",
    "Constraint",
    "EarlyStopping",
    "ElasticNet",
    "GeneralizationLoss",
    "GradientReport",
    "GroupLasso",
    "L2Norm",
    "MaxNorm",
    "NonNegative",
    "Orthogonal",
    "Penalty",
    "ProgressQuotient",
    "Stopper",
    "Table",
    "UnitNorm",
    "UpStrips",
    "activity_penalty",
    "check_gradient",
    "clip_by_global_norm",
    "clip_by_value",
    "contractive_penalty",
    "conventions",
    "data",
    "dropout_backward",
    "dropout_forward",
    "gaussian_dropout_backward",
    "gaussian_dropout_forward",
    "gaussian_noise_backward",
    "gaussian_noise_forward",
    "layernorm_backward",
    "layernorm_forward",
    "nn",
    "residual_backward",
    "residual_forward",
    "rmsnorm_backward",
    "rmsnorm_forward",
    "spectral_norm",
    "spectral_normalize",
    "spectral_normalize_backward",
    "sweep",
]


def __getattr__(name):
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = importlib.import_module(_LATER[name])
    globals()[name] = getattr(module, name, module)  # or the module itself
    return globals()[name]


def __dir__():
    return sorted({*globals(), *__all__})
