"""Regularise a finished model by keywords, in the manner of theanets."""

import copy
from fnmatch import fnmatchcase

import numpy as np

from nnreg._checks import as_generator, check_real
from nnreg.nn.activity_layer import ActivityPenalty
from nnreg.nn.contractive_block import Contractive
from nnreg.nn.dense import Dense
from nnreg.nn.layer import Layer
from nnreg.nn.noise_layers import Dropout, GaussianNoise
from nnreg.nn.sequential import Sequential
from nnreg.penalties import L1, L2, Penalty


def regularize(
    model: Sequential,
    *,
    weight_l1: float = 0.0,
    weight_l2: float = 0.0,
    hidden_l1: float = 0.0,
    hidden_l2: float = 0.0,
    input_noise: float = 0.0,
    hidden_noise: float = 0.0,
    input_dropout: float = 0.0,
    hidden_dropout: float = 0.0,
    contractive: float = 0.0,
    custom: Penalty | None = None,
    pattern: str = "*",
    rng: np.random.Generator | int | None = None,
) -> Sequential:
    """Return a model of the same layers, with penalties and with noise.

    Layers and parameters are shared with `model`, which itself stays as it
    is: training one trains the other. Its dense layers, those inside blocks
    included, are called ``hidden1``, ``hidden2``, and so on, and the last one
    ``output``. What a hidden layer says is what goes into the next dense
    layer; where several things are asked of it, it is penalised first, then
    the noise is added, then units are dropped.

    Parameters
    ----------
    model : Sequential
    weight_l1, weight_l2 : float
        Strengths of `L1` and `L2` on the weights of the dense layers.
    hidden_l1, hidden_l2 : float
        Strengths of both on what the hidden layers say (`ActivityPenalty`).
    input_noise, hidden_noise : float
        Standard deviation of the Gaussian noise that is added to the inputs,
        or to what the hidden layers say.
    input_dropout, hidden_dropout : float
        Probability to drop each of them, in [0, 1].
    contractive : float
        Strength of the contractive penalty on the first layer (`Contractive`).
    custom : Penalty, optional
        One more penalty on the weights of the dense layers.
    pattern : str
        Which dense layers are meant, as a shell pattern over their names:
        ``"hidden*"``, ``"hidden[12]"``.
    rng : numpy.random.Generator or int, optional
        Shared by the noise layers, which draw from it in turn; needed if there
        are any.

    Returns
    -------
    Sequential

    Raises
    ------
    ValueError
        If a value is out of range, `rng` is missing, or a keyword is given and
        `pattern` matches no layer that it is for.
    TypeError
        If `custom` is no penalty; with `contractive`, if the first dense layer
        stands in a block, or no activation that `Contractive` knows follows.

    References
    ----------
    The keywords are those of theanets (Johnson, 2015), *Regularizers*. Derived
    in chapter 9.

    Examples
    --------
    >>> from nnreg.nn import ReLU
    >>> model = Sequential([Dense(4, 8, rng=0), ReLU(), Dense(8, 2, rng=1)])
    >>> noisy = regularize(model, input_noise=0.1, hidden_dropout=0.5, rng=2)
    >>> [type(layer).__name__ for layer in noisy.layers]
    ['GaussianNoise', 'Dense', 'ReLU', 'Dropout', 'Dense']
    >>> regularize(model, weight_l2=0.5, pattern="hidden*").layers[0]
    Dense(n_in=4, n_out=8, penalties={'W': L2(lam=0.5)})
    """
    on_weights = _penalties(weight_l1, weight_l2, "weight")
    if custom is not None:
        if not isinstance(custom, Penalty):
            raise TypeError(f"custom must be a Penalty, got {custom!r}")
        on_weights.append(custom)
    on_hidden = _penalties(hidden_l1, hidden_l2, "hidden")
    contractive = check_real(contractive, "contractive")
    on_input = _noise(input_noise, input_dropout, "input")
    in_hidden = _noise(hidden_noise, hidden_dropout, "hidden")
    if on_input or in_hidden:
        if rng is None:
            raise ValueError(
                "rng must be given with noise or dropout, got None"
            )
        rng = as_generator(rng)

    dense = [leaf for leaf in model._leaves() if isinstance(leaf, Dense)]
    names = [f"hidden{number}" for number in range(1, len(dense))]
    names += ["output"] if dense else []
    meant = [fnmatchcase(name, pattern) for name in names]
    for asked, among in (
        (on_weights, meant),
        (on_hidden or in_hidden, meant[:-1]),
        (contractive, meant[:1]),
    ):
        if asked and not any(among):
            known = ", ".join(names[: len(among)]) or "no dense layer"
            raise ValueError(
                f"pattern must match one of {known}, got {pattern!r}"
            )

    before, instead = {}, {}
    for number, layer in enumerate(dense):
        if number and meant[number - 1]:
            charge = [ActivityPenalty(sum(on_hidden))] if on_hidden else []
            noise = [kind(value, rng) for kind, value in in_hidden]
            before[id(layer)] = charge + noise
        if meant[number] and on_weights:
            instead[id(layer)] = _with_penalty(layer, sum(on_weights))
    whole = model if type(model) is Sequential else Sequential([model])
    layers = _rebuilt(whole, before, instead)
    if contractive:
        first = instead.get(id(dense[0]), dense[0])
        at = next((n for n, here in enumerate(layers) if here is first), None)
        if at is None:
            raise TypeError(
                "contractive needs the first dense layer outside of any "
                f"block, got {model!r}"
            )
        encoder = Contractive(layers[at : at + 2], contractive)
        layers[at : at + 2] = [encoder]
    noise = [kind(value, rng) for kind, value in on_input]
    regularized = Sequential([*noise, *layers])
    # The same parameters in the same memory: whichever model is trained, both
    # are.
    regularized.bind(model.theta, model.dtheta)
    return regularized


def _penalties(l1: float, l2: float, place: str) -> list[Penalty]:
    l1, l2 = check_real(l1, f"{place}_l1"), check_real(l2, f"{place}_l2")
    return [kind(lam) for kind, lam in ((L1, l1), (L2, l2)) if lam]


def _noise(sigma: float, p: float, place: str) -> list[tuple[type, float]]:
    sigma = check_real(sigma, f"{place}_noise")
    p = check_real(p, f"{place}_dropout", 0.0, 1.0)
    return [
        (kind, v) for kind, v in ((GaussianNoise, sigma), (Dropout, p)) if v
    ]


def _with_penalty(layer: Dense, penalty: Penalty) -> Dense:
    """Return the layer on the same parameters, with one more penalty."""
    twin = copy.copy(layer)
    own = layer.penalties.get("W")
    both = penalty if own is None else own + penalty
    twin.penalties = {**layer.penalties, "W": both}
    return twin


def _rebuilt(block: Sequential, before: dict, instead: dict) -> list[Layer]:
    """Return the layers of a block, with others before or instead of some."""
    layers: list[Layer] = []
    for layer in block.layers:
        if isinstance(layer, Contractive):  # which stays whole
            layers += before.pop(id(layer.layers[0]), [])
        layers += before.get(id(layer), [])
        if isinstance(layer, Sequential):
            twin = copy.copy(layer)
            twin.layers = _rebuilt(layer, before, instead)
            twin.params, twin.grads = {}, {}
            layer = twin
        layers.append(instead.get(id(layer), layer))
    return layers
