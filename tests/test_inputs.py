"""One rule for each kind of array, held over the whole public surface.

The dtype of the result is that of the input (integers become float64); what comes out is a plain
array of its own; nothing that goes in is changed; how the numbers lie in memory does not matter;
masked arrays are refused.
"""

from __future__ import annotations

import numpy as np
import pytest

import nnreg
from nnreg import (
    L1,
    L2,
    ElasticNet,
    MaxNorm,
    NonNegative,
    UnitNorm,
    clip_by_global_norm,
    clip_by_value,
    nn,
)

VALUES = np.random.default_rng(0).integers(-8, 9, (4, 6)) / 4  # exact in every dtype
VALUES[0] += 0.25
LABELS = np.array([0, 2, 1, 5])


def there_and_back(forward, backward):
    """Return a function of x: the output, and the gradient for an upstream of x itself."""

    def both(x):
        y, cache = forward(x)
        back = backward(x, cache)
        return [y, *(back if isinstance(back, tuple) else [back])]

    return both


def layer(make):
    def both(x):
        part = make()
        y = part.forward(x, training=True)
        return [y.copy(), part.backward(y).copy()]

    return both


def loss(make, target):
    def both(z):
        one = make()
        one.forward(z, target(z))
        return [one.backward()]

    return both


def penalty(one):
    return lambda w: [one.grad(w), one.value_and_grad(w)[1], one.prox(w, 0.3)]


# Entry by entry, or as a whole: any shape will do.
ANY_SHAPE = {
    "L1": penalty(L1(0.3)),
    "L2": penalty(L2(0.3)),
    "ElasticNet": penalty(ElasticNet(0.3, 0.25)),
    "sum of penalties": penalty(L1(0.1) + L2(0.2)),
    "MaxNorm": lambda w: [MaxNorm(1.5, axis=None).project(w)],
    "UnitNorm": lambda w: [UnitNorm(axis=None).project(w)],
    "NonNegative": lambda w: [NonNegative().project(w)],
    "clip_by_global_norm": lambda g: clip_by_global_norm([g, g], 1.0)[0],
    "clip_by_global_norm, p = 3": lambda g: clip_by_global_norm([g], 1.0, ord=3)[0],
    "clip_by_value": lambda g: clip_by_value([g], 0.5),
    "dropout": there_and_back(
        lambda x: nnreg.dropout_forward(x, 0.25, rng=1), nnreg.dropout_backward
    ),
    "gaussian_noise": there_and_back(
        lambda x: nnreg.gaussian_noise_forward(x, 0.0, rng=1), nnreg.gaussian_noise_backward
    ),
    "gaussian_dropout": there_and_back(
        lambda x: nnreg.gaussian_dropout_forward(x, 0.0, rng=1), nnreg.gaussian_dropout_backward
    ),
    "inference": there_and_back(
        lambda x: nnreg.dropout_forward(x, 0.5, training=False), nnreg.dropout_backward
    ),
    "residual": there_and_back(
        lambda x: nnreg.residual_forward(x, lambda x: (x, None)),
        lambda dy, cache: nnreg.residual_backward(dy, cache, lambda dy, _: dy),
    ),
    "ReLU": layer(nn.ReLU),
    "Tanh": layer(nn.Tanh),
    "Sigmoid": layer(nn.Sigmoid),
    "Dropout": layer(lambda: nn.Dropout(0.25, rng=1)),
    "GaussianNoise": layer(lambda: nn.GaussianNoise(0.0)),
    "GaussianDropout": layer(lambda: nn.GaussianDropout(0.0)),
    "a model": layer(lambda: nn.Sequential([nn.Tanh(), nn.Residual([nn.ReLU()])])),
}
# Row by row: these need rows with something in them.
ROWS = {
    "MaxNorm along an axis": lambda w: [MaxNorm(1.5).project(w)],
    "UnitNorm along an axis": lambda w: [UnitNorm(1).project(w)],
    "layernorm": there_and_back(
        nnreg.layernorm_forward, lambda dy, c: nnreg.layernorm_backward(dy, c)[0]
    ),
    "rmsnorm": there_and_back(
        nnreg.rmsnorm_forward, lambda dy, c: nnreg.rmsnorm_backward(dy, c)[0]
    ),
    "spectral": lambda w: (
        lambda w_sn, u, cache: [w_sn, nnreg.spectral_normalize_backward(w, cache)]
    )(*nnreg.spectral_normalize(w, n_iter=50, rng=0)),
    "SoftmaxCrossEntropy": loss(nn.SoftmaxCrossEntropy, lambda z: LABELS),
    "BinaryCrossEntropy": loss(nn.BinaryCrossEntropy, lambda z: np.ones(np.shape(z))),
    "MeanSquaredError": loss(nn.MeanSquaredError, lambda z: np.ones(np.shape(z))),
    "split": lambda X: list(nnreg.data.split(X, LABELS, rng=0)[::2]),
}
# Layers with parameters compute in the dtype of the parameters.
WITH_PARAMETERS = {
    "Dense": layer(lambda: nn.Dense(6, 3, L2(0.1), rng=0)),
    "LayerNorm": layer(lambda: nn.LayerNorm(6)),
    "RMSNorm": layer(lambda: nn.RMSNorm(6)),
    "SpectralDense": layer(lambda: nn.SpectralDense(6, 3, rng=0)),
}
KEEPS_DTYPE = ANY_SHAPE | ROWS
EVERYTHING = KEEPS_DTYPE | WITH_PARAMETERS
# Results that need not be copies of anything, told from those that could be the input itself.
NUMBERS = {
    "value": lambda w: [(L1(0.1) + L2(0.2)).value(w), ElasticNet(0.3).value(w)],
    "norm": lambda g: [clip_by_global_norm([g], 1.0)[1]],
    "sigma": lambda w: [nnreg.spectral_norm(w, n_iter=50, rng=0)[0]],
    "losses": lambda z: [
        nn.SoftmaxCrossEntropy().forward(z, LABELS),
        nn.BinaryCrossEntropy().forward(z, np.ones(np.shape(z))),
        nn.MeanSquaredError().forward(z, np.ones(np.shape(z))),
    ],
}


def each(surface):
    return pytest.mark.parametrize("call", surface.values(), ids=surface)


def assert_same(found, expected, rtol=1e-13):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=rtol, atol=rtol)


@each(KEEPS_DTYPE)
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "g", ">f2", ">f4", ">f8"])
def test_the_result_has_the_dtype_of_the_input_and_its_digits(call, dtype):
    x = VALUES.astype(dtype)
    found = call(x)
    assert {array.dtype for array in found} == {np.dtype(dtype)}
    narrow = min(np.dtype(dtype).itemsize, 8)
    assert_same(found, call(VALUES), rtol={2: 2e-3, 4: 3e-6, 8: 1e-13}[narrow])


@each(EVERYTHING)
@pytest.mark.parametrize("dtype", ["?", "i1", "i8", "u1", "u8", ">i4"])
def test_whole_numbers_become_float64(call, dtype):
    x = np.arange(24).reshape(4, 6) % 5
    x = x.astype(dtype)
    found = call(x)
    assert {array.dtype for array in found} == {np.dtype("f8")}
    assert_same(found, call(x.astype(float)))


@pytest.mark.parametrize("forward", [nnreg.layernorm_forward, nnreg.rmsnorm_forward])
def test_a_result_beyond_the_largest_float_is_infinite_with_a_warning(forward):
    with pytest.warns(RuntimeWarning, match="overflow"):
        y, _ = forward(np.float32([[1, 2, 4]]), gamma=np.float32([1, 1, 3e38]))
    assert np.isinf(y).tolist() == [[False, False, True]]


def strided(x):
    wide = np.zeros((8, 18))
    wide[::2, ::3] = x
    return wide[::2, ::3]


def mapped(x, tmp_path):
    np.save(tmp_path / "x.npy", x)
    return np.load(tmp_path / "x.npy", mmap_mode="r")


LAYOUTS = {
    "list": lambda x, _: x.tolist(),
    "Fortran order": lambda x, _: np.asfortranarray(x),
    "strided": lambda x, _: strided(x),
    "reversed": lambda x, _: np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1],
    "memory map": mapped,
    "matrix": lambda x, _: np.asmatrix(x),
    "broadcast": lambda x, _: np.broadcast_to(x[:1], x.shape),
}


@each(EVERYTHING | NUMBERS)
@pytest.mark.parametrize("lay", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_how_the_numbers_lie_in_memory_does_not_matter(call, lay, tmp_path):
    x = lay(VALUES, tmp_path)
    plain = np.array(x, subok=False)
    if isinstance(x, np.ndarray) and x.flags.writeable:
        x.flags.writeable = False
    found = call(x)
    assert_same(found, call(plain))
    np.testing.assert_array_equal(np.asarray(x), plain)
    assert all(type(one) in (np.ndarray, float) for one in found)


@each(EVERYTHING)
def test_what_comes_out_is_an_array_of_its_own_and_what_goes_in_is_unchanged(call):
    for x in (VALUES.copy(), np.zeros((4, 6)), np.full((4, 6), 1e-3)):
        before = x.copy()
        for array in call(x):
            assert array.flags.writeable
            assert not np.shares_memory(array, x)
        np.testing.assert_array_equal(x, before)


@each(ANY_SHAPE)
@pytest.mark.parametrize("x", [2.5, np.float32(2.5), np.array(2.5), np.array(2.5, ">f4")])
def test_a_number_becomes_an_array_without_axes(call, x):
    for array in call(x):
        assert type(array) is np.ndarray
        assert array.shape == ()
        assert array.dtype == np.asarray(x).dtype


@each(ANY_SHAPE)
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_nothing_comes_out_of_nothing(call, shape):
    assert [array.shape for array in call(np.ones(shape))] == [shape] * len(call(np.ones(shape)))


@pytest.mark.parametrize(
    "call",
    [
        lambda x: nnreg.layernorm_forward(x),
        lambda x: nnreg.rmsnorm_forward(x),
        lambda x: nnreg.spectral_norm(x, rng=0),
        lambda x: nn.SoftmaxCrossEntropy().forward(x, []),
        lambda x: nn.BinaryCrossEntropy().forward(x, x),
        lambda x: nn.MeanSquaredError().forward(x, x),
    ],
)
def test_a_mean_over_nothing_is_refused(call):
    with pytest.raises(ValueError, match="must"):
        call(np.ones((3, 0)))


@each(EVERYTHING | NUMBERS)
@pytest.mark.parametrize(
    "x",
    [np.ma.masked_less(VALUES, 0), np.ma.masked_array(VALUES)],
    ids=["with holes", "without"],
)
def test_masked_arrays_are_refused(call, x):
    with pytest.raises(TypeError, match="must not be a masked array"):
        call(x)


@each(EVERYTHING | NUMBERS)
@pytest.mark.parametrize("x", ["abc", [[None]], [[1j]], [["1"]], {}], ids=str)
def test_what_is_no_number_is_refused_by_name(call, x):
    with pytest.raises(TypeError, match="must hold real numbers"):
        call(x)


CLIPS = {name: call for name, call in ANY_SHAPE.items() if name.startswith("clip_by_global")}


@each({name: call for name, call in EVERYTHING.items() if name not in CLIPS and name != "split"})
def test_a_nan_stays_a_nan_and_nothing_warns(call):
    x = VALUES.copy()
    x[1, 2] = np.nan
    for array in call(x):
        assert np.isnan(array).any()
    assert np.isnan(x).sum() == 1


@each({name: call for name, call in ANY_SHAPE.items() if name not in CLIPS})
@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_an_infinity_passes_without_a_warning(call, bad):
    x = VALUES.copy()
    x[1, 2] = bad
    others = np.arange(24).reshape(4, 6) != 8
    for array in call(x):
        assert np.isfinite(array[others.reshape(4, 6)]).any()


@each(CLIPS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_gradients_that_are_not_finite_are_named(call, bad):
    x = VALUES.copy()
    x[1, 2] = bad
    with pytest.raises(FloatingPointError, match="grads must be finite"):
        call(x)
