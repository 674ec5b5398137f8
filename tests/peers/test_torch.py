"""PyTorch: what the page *Conventions* says of it."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from nnreg import L2
from nnreg.conventions import LIBRARIES, to_library
from nnreg.nn import Adam, Dense, Sequential

from .decay import DECAY, EPS, FACTORS, LR, MOMENTUM, by_the_other_lines, by_the_page

LAM = 0.03
torch = pytest.importorskip("torch")


def stepped(optimizer, weights, factors=(1.0,), **settings):
    w, g = (torch.tensor(array) for array in weights)
    w.requires_grad_()
    optimizer = optimizer([w], **settings)
    for factor in factors:
        w.grad = factor * g
        optimizer.step()
    return w.detach().numpy()


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_the_page_speaks_of_this_version(name):
    assert torch.__version__.split("+")[0] == LIBRARIES[f"torch.optim.{name}"].version


def test_sgds_weight_decay_is_our_gradient(weights):
    settings = to_library(L2(LAM), "torch.optim.SGD", 7)
    got = stepped(torch.optim.SGD, weights, lr=0.1, **settings)
    w, g = weights
    np.testing.assert_allclose(got, w - 0.1 * (g + L2(LAM).grad(w)), rtol=1e-12)


def our_adam(weights, weight_penalty, **settings):
    w, g = weights
    model = Sequential([Dense(*w.shape, weight_penalty=weight_penalty, rng=0)])
    model.params["0.W"][...] = w
    optimizer = Adam(0.1, **settings)
    for factor in FACTORS:
        model.forward(np.eye(len(w)), training=True)
        model.backward(factor * g)
        optimizer.step(model)
    return model.params["0.W"]


def test_adams_weight_decay_is_our_penalty_and_not_adamw(weights):
    settings = to_library(L2(LAM), "torch.optim.Adam", 7)
    adam = {"factors": FACTORS, "lr": 0.1, "eps": 1e-7}
    got = stepped(torch.optim.Adam, weights, **adam, **settings)
    np.testing.assert_allclose(got, our_adam(weights, L2(LAM)), rtol=1e-6)
    assert abs(got - our_adam(weights, L2(LAM / 2))).max() > 1e-3
    decoupled = stepped(torch.optim.AdamW, weights, **adam, weight_decay=2 * LAM)
    np.testing.assert_allclose(decoupled, our_adam(weights, None, weight_decay=2 * LAM), rtol=1e-6)
    assert abs(got - decoupled).max() > 1e-3


@pytest.mark.parametrize(
    ("name", "settings"),
    [("SGD", {"momentum": MOMENTUM}), ("Adam", {"eps": EPS}), ("AdamW", {"eps": EPS})],
)
def test_each_optimiser_decays_as_the_page_says(name, settings, weights):
    layer = torch.nn.Linear(2, 3, dtype=torch.float64)
    w, g = weights
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(w))
        layer.bias.copy_(torch.tensor(w[:, 0]))
    optimizer = getattr(torch.optim, name)(layer.parameters(), LR, weight_decay=DECAY, **settings)
    for factor in FACTORS:
        layer.weight.grad, layer.bias.grad = (
            factor * torch.tensor(g),
            factor * torch.tensor(g[:, 1]),
        )
        optimizer.step()
    right = by_the_page(f"PyTorch {name}", w, g)
    np.testing.assert_allclose(layer.weight.detach(), right, rtol=1e-6)
    bias = by_the_page(f"PyTorch {name}", w[:, 0], g[:, 1], bias=True)
    np.testing.assert_allclose(layer.bias.detach(), bias, rtol=1e-6)
    for other in by_the_other_lines(f"PyTorch {name}", w, g):
        assert abs(other - right).max() > 1e-3


def test_only_adamw_decays_without_being_asked():
    default = {
        name: inspect.signature(getattr(torch.optim, name)).parameters["weight_decay"].default
        for name in ("SGD", "Adam", "AdamW")
    }
    assert default == {"SGD": 0, "Adam": 0, "AdamW": 0.01}


def test_layernorms_epsilon():
    assert torch.nn.LayerNorm(3).eps == 1e-5


@pytest.mark.parametrize(
    ("mean", "error"), [(1e3, 0.00008), (1e5, 0.011), (1e6, 0.089), (1e7, 1.4)]
)
def test_layernorm_in_float32_loses_digits_far_from_zero(mean, error):
    rows = (np.random.default_rng(1).standard_normal((64, 256)) + mean).astype(np.float32)
    theirs = torch.nn.functional.layer_norm(torch.tensor(rows), (256,)).numpy()
    exact = torch.nn.functional.layer_norm(torch.tensor(rows).double(), (256,)).numpy()
    # Another processor adds in another order.
    assert error / 2 < abs(theirs - exact).max() < 2 * error


@pytest.mark.parametrize(
    ("dtype", "eps"),
    [
        ("float16", 2**-23),
        ("bfloat16", 2**-23),
        ("float32", 2**-23),
        ("float64", 2**-52),
    ],
)
def test_rmsnorms_epsilon_is_that_of_the_type_it_computes_in(dtype, eps):
    assert torch.nn.RMSNorm(3).eps is None
    x = torch.full((1, 4), 1e-6 if eps > 1e-8 else 1e-12, dtype=getattr(torch, dtype))
    y = torch.nn.functional.rms_norm(x, (4,))
    x, y = x.double()[0, 0].item(), y.double()[0, 0].item()
    assert (x / y) ** 2 - x**2 == pytest.approx(eps, rel=0.01)


def clipped(gradient, limit):
    w = torch.zeros(len(gradient), requires_grad=True)
    w.grad = torch.tensor(gradient)
    torch.nn.utils.clip_grad_norm_([w], limit)
    return w.grad.numpy()


@pytest.mark.parametrize(("norm", "shrinks"), [(5.0, True), (30.0, True), (35.0, False)])
def test_a_norm_at_the_limit_shrinks_below_32(norm, shrinks):
    gradient = np.float32([0.6, 0.8]) * np.float32(norm)
    got = clipped(gradient.tolist(), float(np.linalg.norm(gradient)))
    assert np.array_equal(got, gradient) != shrinks
    np.testing.assert_allclose(got, gradient, rtol=1e-6)


def test_an_infinity_clips_to_nan_there_and_zeros_elsewhere():
    np.testing.assert_equal(clipped([1.0, np.inf, 2.0], 1.0), [0.0, np.nan, 0.0])
    w = torch.zeros(1, requires_grad=True)
    w.grad = torch.tensor([torch.inf])
    with pytest.raises(RuntimeError, match="non-finite"):
        torch.nn.utils.clip_grad_norm_([w], 1.0, error_if_nonfinite=True)


def test_renorm_leaves_what_is_inside():
    w = torch.tensor([[0.003, 0.004]])
    assert torch.equal(torch.renorm(w, 2, 0, 1.0), w)


def test_spectral_normalisation_lifts_small_weights():
    layer = torch.nn.Linear(3, 2)
    with torch.no_grad():
        layer.weight.mul_(1e-3)
    layer = torch.nn.utils.parametrizations.spectral_norm(layer, n_power_iterations=50)
    assert torch.linalg.matrix_norm(layer.weight, 2).item() == pytest.approx(1.0, rel=1e-4)
