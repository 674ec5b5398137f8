"""PyTorch with `torch.compile`: where a compilation, which takes seconds, is likely to be paid."""

import torch

from benchmarks.speed import cases
from benchmarks.speed.cases import Case
from benchmarks.speed.contenders import torch_eager
from benchmarks.speed.contenders._calls import repeated

to_numpy = torch_eager.to_numpy
one_thread = torch_eager.one_thread
F = torch.nn.functional

FORMS = {
    "dropout": lambda x, gamma, beta: F.dropout(x, cases.DROP),
    "layernorm": lambda x, gamma, beta: F.layer_norm(x, x.shape[1:], gamma, beta, cases.EPS),
    "L1": lambda x, gamma, beta: cases.STRENGTH * x.abs().sum(),
    "L2": lambda x, gamma, beta: cases.STRENGTH * x.square().sum(),
    "elastic net": lambda x, gamma, beta: cases.STRENGTH * (x.abs() + x.square()).sum(),
}


def compiled(function):
    # Other shapes get a function of their own, and do not make this one slower.
    torch._dynamo.reset()
    return torch.compile(function, dynamic=False)


def prepare(case: Case):
    if case.is_training:
        return torch_eager.training(case, compiled)
    if case.kind not in FORMS or case.dtype != "float32" or case.rows == 64:
        return None
    given = cases.problem(case)
    dy = None if case.kind in ("L1", "L2", "elastic net") else torch.from_numpy(given.dy)
    inputs = [
        torch.from_numpy(array).requires_grad_() for array in (given.x, given.gamma, given.beta)
    ]
    form = compiled(FORMS[case.kind])

    def call():
        for tensor in inputs:
            tensor.grad = None
        result = form(*inputs)
        result.backward(dy)
        return result, *(tensor.grad for tensor in inputs if tensor.grad is not None)

    return repeated(call)
