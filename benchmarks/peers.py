"""What nnreg is compared with: the formulas as they stand in papers, and PyTorch.

Each case of PyTorch draws a shape and data, runs both libraries, and yields ``(quantity, ours,
theirs, scale)``: `scale` is the size of the terms that were added up, so that an error is counted
in units of the dtype's precision times it. `ULPS` bounds it for both dtypes.
"""

import numpy as np

from nnreg import (
    MaxNorm,
    clip_by_global_norm,
    clip_by_value,
    layernorm_backward,
    layernorm_forward,
    rmsnorm_backward,
    rmsnorm_forward,
    spectral_norm,
    spectral_normalize,
    spectral_normalize_backward,
)
from nnreg.nn import SoftmaxCrossEntropy

EPS = 1e-5

# LayerNorm as it is written down, in the dtype of its input; long double is exact enough ---------


def textbook(x, gamma=None, beta=None, eps=EPS, axis=-1, centre=True):
    """The two-pass formula, as it stands in the paper."""
    x = x - x.mean(axis, keepdims=True) if centre else x
    x_hat = x / np.sqrt((x * x).mean(axis, keepdims=True) + x.dtype.type(eps))
    return x_hat * (1 if gamma is None else gamma) + (0 if beta is None else beta)


def one_pass(x, eps=EPS):
    """Variance as the mean of the squares less the square of the mean: what not to do."""
    mean = x.mean(-1, keepdims=True)
    variance = (x * x).mean(-1, keepdims=True) - mean * mean
    with np.errstate(invalid="ignore"):
        return (x - mean) / np.sqrt(variance + x.dtype.type(eps))


def badly_conditioned(mean, std, rng, shape=(64, 512)):
    """Return float32 rows whose variance is tiny beside their mean."""
    return (mean + std * rng.standard_normal(shape)).astype(np.float32)


CONDITIONS = [(1e3, 1.0), (1e3, 1e-2), (1e4, 1e-1), (1e5, 1e-1), (1e6, 1.0), (1e7, 1.0), (1e8, 1e2)]

# PyTorch ---------------------------------------------------------------------------------------

DRAWS = 40


def gradients(torch, output, dy, *inputs):
    """Send `dy` back through PyTorch's graph."""
    grads = torch.autograd.grad(output, inputs, torch.as_tensor(dy))
    return [grad.numpy() for grad in grads]


def tensors(torch, *arrays):
    return [torch.tensor(array, requires_grad=True) for array in arrays]


def random_shape(rng, low=1, high=4, longest=9):
    return tuple(map(int, rng.integers(1, longest, rng.integers(low, high + 1))))


def some_grads(rng, dtype):
    """Return a list of gradients of different shapes and sizes."""
    shapes = [random_shape(rng, low=0) for _ in range(rng.integers(1, 6))]
    return [(10 ** rng.uniform(-3, 1) * rng.normal(size=shape)).astype(dtype) for shape in shapes]


def norm_data(rng, dtype):
    n_trailing = int(rng.integers(1, 4))
    row = random_shape(rng, n_trailing, n_trailing)
    shape = (*random_shape(rng, low=0, high=3), *row)
    x, dy = rng.normal(rng.uniform(-1, 1), 1, (2, *shape)).astype(dtype)
    gamma, beta = rng.normal(1, 1, (2, *row)).astype(dtype)
    return x, dy, gamma, beta, row, 10 ** rng.uniform(-5, -2)


def norm_scales(x, dy, gamma, row, eps, centre):
    """Return the scales of y without beta, of dx and of dgamma, entry by entry or row by row."""
    x, axis, leading = x.astype(np.float64), last_axes(row), tuple(range(x.ndim - len(row)))
    square = x.var(axis, keepdims=True) if centre else (x**2).mean(axis, keepdims=True)
    inverse = 1 / np.sqrt(square + eps)
    x_hat = abs(x).max(axis, keepdims=True) * inverse  # what it is before the mean comes off
    upstream = abs(gamma * dy).max(axis, keepdims=True)
    return x_hat * abs(gamma), inverse * upstream * (1 + x_hat), (abs(dy) * x_hat).sum(leading)


def last_axes(row):
    return tuple(range(-len(row), 0))


def layernorm(torch, rng, dtype):
    x, dy, gamma, beta, row, eps = norm_data(rng, dtype)
    y, cache = layernorm_forward(x, gamma, beta, eps, last_axes(row))
    dx, dgamma, dbeta = layernorm_backward(dy, cache)
    inputs = tensors(torch, x, gamma, beta)
    theirs = torch.nn.functional.layer_norm(inputs[0], row, *inputs[1:], eps)
    their_dx, their_dgamma, their_dbeta = gradients(torch, theirs, dy, *inputs)
    of_y, of_dx, of_dgamma = norm_scales(x, dy, gamma, row, eps, centre=True)
    yield "y", y, theirs.detach().numpy(), of_y + abs(beta)
    yield "dx", dx, their_dx, of_dx
    yield "dgamma", dgamma, their_dgamma, of_dgamma
    yield "dbeta", dbeta, their_dbeta, abs(dy).sum(tuple(range(x.ndim - len(row))))


def rmsnorm(torch, rng, dtype):
    x, dy, gamma, _, row, eps = norm_data(rng, dtype)
    y, cache = rmsnorm_forward(x, gamma, eps, last_axes(row))
    dx, dgamma = rmsnorm_backward(dy, cache)
    inputs = tensors(torch, x, gamma)
    theirs = torch.nn.functional.rms_norm(inputs[0], row, inputs[1], eps)
    their_dx, their_dgamma = gradients(torch, theirs, dy, *inputs)
    of_y, of_dx, of_dgamma = norm_scales(x, dy, gamma, row, eps, centre=False)
    yield "y", y, theirs.detach().numpy(), of_y
    yield "dx", dx, their_dx, of_dx
    yield "dgamma", dgamma, their_dgamma, of_dgamma


def spectral(torch, rng, dtype):
    """PyTorch keeps v where we keep u: start it from the v of our first half step."""
    shape = random_shape(rng, low=2)
    w, dw_sn = rng.normal(size=(2, *shape)).astype(dtype)
    W, start, n_iter = w.reshape(len(w), -1), rng.normal(size=len(w)), int(rng.integers(1, 5))
    w_sn, u, cache = spectral_normalize(w, start, n_iter)
    sigma, _, _ = spectral_norm(w, start, n_iter)
    dw = spectral_normalize_backward(dw_sn, cache)
    module = torch.nn.Module()
    module.weight = torch.nn.Parameter(torch.tensor(w))
    torch.nn.utils.parametrizations.spectral_norm(module, n_power_iterations=n_iter)
    peer = module.parametrizations.weight[0]
    v = start.astype(dtype) @ W
    peer._v.copy_(torch.tensor(v / np.linalg.norm(v)))
    peer.train()
    _ = module.weight  # each look at it is `n_iter` power iterations
    # Theirs ends on a half step that ours leaves to the next call: take it back for sigma.
    yield "u", u, peer._u.numpy().copy(), 1.0
    peer._u.copy_(torch.tensor(u))
    peer._v.copy_(torch.tensor(cache[2]))
    peer.eval()
    theirs = module.weight
    (their_dw,) = gradients(torch, theirs, dw_sn, module.parametrizations.weight.original)
    length = np.linalg.norm(W)
    yield "w_sn", w_sn, theirs.detach().numpy(), abs(w).max() / sigma * length / sigma
    along = np.linalg.norm(dw_sn) * length / sigma
    yield "dw", dw, their_dw, (abs(dw_sn).max() + along) / sigma * length / sigma


def spectral_against_svd(torch, rng, dtype):
    """After many iterations, the derivative of w over its largest singular value."""
    rows, columns = rng.integers(2, 9, 2)
    w, dw_sn = rng.normal(size=(2, rows, columns)).astype(dtype)
    # Pull the largest singular value away from the second, so that the iteration converges.
    left, values, right = np.linalg.svd(w, full_matrices=False)
    w = ((left * (values * np.where(np.arange(len(values)), 1, 3))) @ right).astype(dtype)
    w_sn, _, cache = spectral_normalize(w, n_iter=40, rng=rng)
    dw = spectral_normalize_backward(dw_sn, cache)
    (tensor,) = tensors(torch, w)
    theirs = tensor / torch.linalg.matrix_norm(tensor, 2)
    (their_dw,) = gradients(torch, theirs, dw_sn, tensor)
    yield "w_sn", w_sn, theirs.detach().numpy(), 1.0
    yield "dw", dw, their_dw, np.linalg.norm(dw_sn) / np.linalg.norm(w, 2)


def clip_norm(torch, rng, dtype):
    """PyTorch divides by norm + 1e-6, so that even our result has to be scaled by that."""
    grads, ord = some_grads(rng, dtype), rng.choice([1, 1.5, 2, 3, 7, np.inf])
    total = np.concatenate([g.ravel() for g in grads]).astype(np.float64)
    max_norm = float(np.linalg.norm(total, ord) * 10 ** rng.uniform(-3, 0.5))
    clipped, norm = clip_by_global_norm(grads, max_norm, ord)
    params = [torch.nn.Parameter(torch.tensor(g)) for g in grads]
    for param in params:
        param.grad = param.detach().clone()
    their_norm = torch.nn.utils.clip_grad_norm_(params, max_norm, float(ord))
    yield "norm", np.array(norm, dtype), their_norm.numpy(), norm
    theirs = min(1.0, max_norm / (norm + 1e-6))
    ours = min(1.0, max_norm / norm)
    for mine, param, grad in zip(clipped, params, grads, strict=True):
        assert mine.dtype == dtype
        scale = abs(grad).max() * theirs
        yield "clipped", mine * dtype(theirs / ours), param.grad.numpy(), scale


def clip_value(torch, rng, dtype):
    grads, limit = some_grads(rng, dtype), float(10 ** rng.uniform(-3, 2))
    params = [torch.nn.Parameter(torch.tensor(g)) for g in grads]
    for param in params:
        param.grad = param.detach().clone()
    torch.nn.utils.clip_grad_value_(params, limit)
    for mine, param in zip(clip_by_value(grads, limit), params, strict=True):
        yield "clipped", mine, param.grad.numpy(), limit


def max_norm(torch, rng, dtype):
    """PyTorch's renorm keeps one axis, ours names the others; it divides by norm + 1e-7."""
    w = rng.normal(size=random_shape(rng, low=2)).astype(dtype)
    kept, limit = int(rng.integers(w.ndim)), float(10 ** rng.uniform(-1, 0.5))
    axis = tuple(a for a in range(w.ndim) if a != kept)
    norms = np.sqrt((w.astype(np.float64) ** 2).sum(axis, keepdims=True))
    theirs = torch.renorm(torch.tensor(w), 2, kept, limit).numpy()
    mended = theirs * np.where(norms > limit, (norms + 1e-7) / norms, 1).astype(dtype)
    yield "projected", MaxNorm(limit, axis).project(w), mended, min(limit, norms.max())


def label_smoothing(torch, rng, dtype):
    n, k = random_shape(rng, low=2, high=2)
    z = (10 ** rng.uniform(-2, 2) * rng.normal(size=(n, k))).astype(dtype)
    y, smoothing = rng.integers(0, k, n), float(rng.uniform(0, 1))
    loss = SoftmaxCrossEntropy(smoothing)
    value = loss.forward(z, y)
    (logits,) = tensors(torch, z)
    theirs = torch.nn.CrossEntropyLoss(label_smoothing=smoothing)(logits, torch.tensor(y))
    (their_dz,) = gradients(torch, theirs, np.array(1, dtype), logits)
    yield "loss", np.array(value, dtype), theirs.detach().numpy(), 1 + abs(z).max()
    yield "dz", loss.backward(), their_dz, (1 + abs(z).max()) / n


# In units of eps times scale: four times the largest error that 20 seeds gave in either dtype.
ULPS = {
    layernorm: {"y": 12, "dx": 6, "dgamma": 10, "dbeta": 20},
    rmsnorm: {"y": 12, "dx": 6, "dgamma": 8},
    spectral: {"u": 20, "w_sn": 8, "dw": 4},
    spectral_against_svd: {"w_sn": 14, "dw": 32},
    clip_norm: {"norm": 32, "clipped": 34},
    clip_value: {"clipped": 0},
    max_norm: {"projected": 11},
    label_smoothing: {"loss": 14, "dz": 5},
}


def errors(torch, case, dtype, seed=0):
    """Yield each quantity with its largest absolute error, and the largest in units of scale."""
    rng = np.random.default_rng(seed)
    for _ in range(DRAWS):
        for quantity, ours, theirs, scale in case(torch, rng, dtype):
            assert ours.dtype == theirs.dtype == dtype, quantity
            assert ours.shape == theirs.shape, quantity
            error = abs(ours.astype(np.float64) - theirs)
            relative = (error / scale).max(initial=0)
            yield quantity, float(error.max(initial=0)), float(relative / np.finfo(dtype).eps)
