"""The small machinery: layers, losses, optimisers and a training loop."""

from nnreg.nn.activations import ReLU, Sigmoid, Tanh
from nnreg.nn.activity_layer import ActivityPenalty
from nnreg.nn.contractive_block import Contractive
from nnreg.nn.dense import Dense
from nnreg.nn.history import History
from nnreg.nn.layer import Layer
from nnreg.nn.loss import Loss
from nnreg.nn.losses import (
    BinaryCrossEntropy,
    MeanSquaredError,
    SoftmaxCrossEntropy,
)
from nnreg.nn.noise_layers import Dropout, GaussianDropout, GaussianNoise
from nnreg.nn.norm_layers import LayerNorm, RMSNorm
from nnreg.nn.optimizer import Optimizer
from nnreg.nn.optimizers import SGD, Adam
from nnreg.nn.regularize import regularize
from nnreg.nn.residual_block import Residual
from nnreg.nn.saving import load, save
from nnreg.nn.sequential import Sequential
from nnreg.nn.spectral_dense import SpectralDense
from nnreg.nn.training import fit

__all__ = [
    "SGD",
    "ActivityPenalty",
    "Adam",
    "BinaryCrossEntropy",
    "Contractive",
    "Dense",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "History",
    "Layer",
    "LayerNorm",
    "Loss",
    "MeanSquaredError",
    "Optimizer",
    "RMSNorm",
    "ReLU",
    "Residual",
    "Sequential",
    "Sigmoid",
    "SoftmaxCrossEntropy",
    "SpectralDense",
    "Tanh",
    "fit",
    "load",
    "regularize",
    "save",
]
