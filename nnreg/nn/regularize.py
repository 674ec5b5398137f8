"""Regularise a finished model by keywords, in the manner of theanets."""

from fnmatch import fnmatchcase

import numpy as np

from nnreg._checks import as_generator, check_real
from nnreg.nn.dense import Dense
from nnreg.nn.layer import Layer
from nnreg.nn.noise_layers import Dropout, GaussianNoise
from nnreg.nn.sequential import Sequential


def regularize(
    model: Sequential,
    *,
    input_noise: float = 0.0,
    hidden_noise: float = 0.0,
    input_dropout: float = 0.0,
    hidden_dropout: float = 0.0,
    pattern: str = "*",
    rng: np.random.Generator | int | None = None,
) -> Sequential:
    """Return a model of the same layers with noise between them.

    Layers and parameters are shared with `model`: training one trains the
    other. A hidden representation is what goes into a dense layer other than
    the first; they are called ``hidden1``, ``hidden2``, and so on. Layers
    inside a residual block are not counted. Where both are asked for, the
    noise is added before units are dropped.

    Parameters
    ----------
    model : Sequential
    input_noise, hidden_noise : float
        Standard deviation of the Gaussian noise that is added to the inputs,
        or to the hidden representations.
    input_dropout, hidden_dropout : float
        Probability to drop each of them, in [0, 1].
    pattern : str
        Which hidden representations, as a shell pattern over their names:
        ``"hidden[12]"``.
    rng : numpy.random.Generator or int, optional
        Shared by the new layers, which draw from it in turn; needed if there
        are any.

    Returns
    -------
    Sequential

    Raises
    ------
    ValueError
        If a value is out of range, `rng` is missing, or `pattern` matches no
        hidden representation of the model though a hidden keyword is given.

    References
    ----------
    The keywords are those of theanets (Johnson, 2015), *Regularizers*. Used in
    chapter 12.

    Examples
    --------
    >>> from nnreg.nn import ReLU
    >>> model = Sequential([Dense(4, 8, rng=0), ReLU(), Dense(8, 2, rng=1)])
    >>> noisy = regularize(model, input_noise=0.1, hidden_dropout=0.5, rng=2)
    >>> [type(layer).__name__ for layer in noisy.layers]
    ['GaussianNoise', 'Dense', 'ReLU', 'Dropout', 'Dense']
    """
    inputs = (
        check_real(input_noise, "input_noise"),
        _probability(input_dropout, "input_dropout"),
    )
    hidden = (
        check_real(hidden_noise, "hidden_noise"),
        _probability(hidden_dropout, "hidden_dropout"),
    )
    if any(inputs + hidden):
        if rng is None:
            raise ValueError(
                "rng must be given with noise or dropout, got None"
            )
        rng = as_generator(rng)

    layers: list[Layer] = _noise(*inputs, rng)
    n_dense = matched = 0
    # A block that does more than pass its layers' output on, such as Residual,
    # stays whole.
    for layer in model.layers if type(model) is Sequential else [model]:
        if isinstance(layer, Dense):
            if n_dense and fnmatchcase(f"hidden{n_dense}", pattern):
                layers += _noise(*hidden, rng)
                matched += 1
            n_dense += 1
        layers.append(layer)
    if any(hidden) and not matched:
        names = (
            ", ".join(f"hidden{number}" for number in range(1, n_dense))
            or "none"
        )
        raise ValueError(
            f"pattern must match a hidden representation ({names}), got "
            f"{pattern!r}"
        )
    noisy = Sequential(layers)
    # The same parameters in the same memory: whichever model is trained, both
    # are.
    noisy.bind(model.theta, model.dtheta)
    return noisy


def _probability(value: float, name: str) -> float:
    return check_real(value, name, 0.0, 1.0)


def _noise(sigma: float, p: float, rng) -> list[Layer]:
    noise: list[Layer] = [GaussianNoise(sigma, rng)] if sigma else []
    return [*noise, Dropout(p, rng)] if p else noise
