"""PyTorch, as installed: its own functions, its automatic derivatives, its fused Adam."""

import torch

from benchmarks.speed import cases
from benchmarks.speed.cases import Case
from benchmarks.speed.contenders._calls import repeated

F = torch.nn.functional


def one_thread() -> None:
    torch.set_num_threads(1)


def to_numpy(result):
    return [entry.detach().numpy() for entry in result]


def prepare(case: Case):
    return training(case) if case.is_training else repeated(op(case))


def op(case: Case):
    given = cases.problem(case)
    dy, strength = torch.from_numpy(given.dy), cases.STRENGTH
    x, gamma, beta = (
        torch.from_numpy(array).requires_grad_() for array in (given.x, given.gamma, given.beta)
    )

    def dropout():
        x.grad = None
        y = F.dropout(x, cases.DROP)
        y.backward(dy)
        return y, x.grad

    def layernorm():
        x.grad = gamma.grad = beta.grad = None
        y = F.layer_norm(x, (case.columns,), gamma, beta, cases.EPS)
        y.backward(dy)
        return y, x.grad, gamma.grad, beta.grad

    def penalty(value):
        def call():
            x.grad = None
            total = value()
            total.backward()
            return total, x.grad

        return call

    def l1():
        return strength * x.abs().sum()

    def l2():
        return strength * x.square().sum()

    makers = {
        "dropout": lambda: dropout,
        "layernorm": lambda: layernorm,
        "L1": lambda: penalty(l1),
        "L2": lambda: penalty(l2),
        "elastic net": lambda: penalty(lambda: l1() + l2()),
        "clipping": lambda: clipping(dy),
        "spectral norm": lambda: spectral_norm(given, dy),
    }
    return makers[case.kind]()


def clipping(dy):
    """Clip in place, as PyTorch does: only the first call finds a gradient that is too long."""
    parameter = torch.nn.Parameter(torch.empty_like(dy))
    parameter.grad = dy.clone()

    def call():
        norm = torch.nn.utils.clip_grad_norm_([parameter], cases.MAX_NORM)
        return parameter.grad, norm

    return call


def spectral_norm(given: cases.Problem, dy):
    """Normalise with one step a call; it starts from our `u`, and goes on from its own."""
    rows, columns = given.x.shape
    layer = torch.nn.Linear(columns, rows, bias=False, dtype=dy.dtype)
    layer.weight.data.copy_(torch.from_numpy(given.x))
    # dim=1: first v = Wᵀu, then u = Wv, in the order of the paper and of nnreg.
    torch.nn.utils.parametrizations.spectral_norm(layer, dim=1)
    inner = layer.parametrizations.weight
    inner[0]._v.copy_(F.normalize(torch.from_numpy(given.u), dim=0))

    def call():
        inner.original.grad = None
        w_sn = layer.weight
        w_sn.backward(dy)
        return w_sn, inner.original.grad

    return call


def network(case: Case) -> tuple[torch.nn.Sequential, torch.Tensor, torch.Tensor]:
    """Return the model with the weights that all start from, the rows and the labels."""
    begin = cases.start(case)
    X, y = torch.from_numpy(begin.X), torch.from_numpy(begin.y)
    dense1 = torch.nn.Linear(2, case.columns, dtype=X.dtype)
    dense2 = torch.nn.Linear(case.columns, 3, dtype=X.dtype)
    with torch.no_grad():
        for dense, weights in ((dense1, begin.first), (dense2, begin.second)):
            dense.weight.copy_(torch.from_numpy(weights.T))
            dense.bias.zero_()
    dropout = [torch.nn.Dropout(cases.TRAINING_DROP)] if case.drops else []
    return torch.nn.Sequential(dense1, torch.nn.ReLU(), *dropout, dense2), X, y


def training(case: Case, compiled=lambda function: function):
    model, X, y = network(case)
    dense1 = model[0]
    optimizer = torch.optim.Adam(model.parameters(), lr=cases.LR, eps=cases.ADAM_EPS, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: 1 / (1 + cases.LR_DECAY * t))

    @compiled
    def loss_and_accuracy():
        z = model(X)
        penalty = dense1.weight.square().sum() + dense1.bias.square().sum()
        total = F.cross_entropy(z, y) + cases.LAM * penalty
        return total, (z.argmax(1) == y).float().mean()

    def run(epochs: int):
        for _ in range(epochs):
            optimizer.zero_grad()
            total, accuracy = loss_and_accuracy()
            total.item(), accuracy.item()
            total.backward()
            optimizer.step()
            schedule.step()
        return (total,)

    return run
