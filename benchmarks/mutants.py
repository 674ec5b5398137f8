"""Faults to put into a copy of nnreg, so that a check is seen to catch them.

`python -m benchmarks.accuracy --mutants` names the unit test that each of them turns red; for those
with a chapter, tests/test_nbval_catches_a_broken_gradient.py re-runs that chapter and sees it fail.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple


class Mutant(NamedTuple):
    module: str  # nnreg/….py
    right: str  # what stands there, once
    wrong: str  # what it becomes
    chapter: str = ""  # whose re-run must fail
    tests: str = ""  # tests/test_….py, where those of the module stand elsewhere

    @contextmanager
    def put_into(self, package: Path) -> Iterator[None]:
        """Break the copy of nnreg in a folder, and mend it."""
        path = package / f"{self.module}.py"
        source = path.read_text(encoding="utf8")
        if source.count(self.right) != 1:
            raise ValueError(f"{self.module} does not hold {self.right!r} once")
        path.write_text(source.replace(self.right, self.wrong), encoding="utf8")
        yield
        path.write_text(source, encoding="utf8")


MUTANTS = [
    Mutant("nn/losses", "= -others / total", "= others / total", "01_overfitting"),
    Mutant("penalties", '"w"), 2 * self.lam)', '"w"), self.lam)', "03_l1_l2_backward"),
    Mutant("penalties", "- np.clip(z, -step * l1, step * l1)", "- step * l1 * np.sign(z)"),
    Mutant("nn/dense", "        self.add_penalty_gradients()\n", "", "03_l1_l2_backward"),
    Mutant("nn/optimizers", "1 - self.beta2**t", "1 - self.beta2", "04_training_with_a_penalty"),
    Mutant(
        "nn/training", "y[rows]), model.penalty()", "y[rows]), 0.0", "04_training_with_a_penalty"
    ),
    Mutant(
        "group_penalties",
        "norm - step * self.lam / size",
        "norm - step * self.lam",
        "06_elastic_net_and_exact_zeros",
    ),
    Mutant("group_penalties", "np.sum(norm * size)", "np.sum(norm)"),
    Mutant(
        "group_penalties",
        "np.divide(unit, norm, out=zeros",
        "np.divide(unit, norm**2, out=zeros",
        "08_penalising_activity",
    ),
    Mutant("group_penalties", "4 * self.lam * tall @ gap", "2 * self.lam * tall @ gap"),
    Mutant("group_penalties", "len(w) >= w.shape[1]", "len(w) <= w.shape[1]"),
    Mutant("activity", "np.asarray(dh / len(h))", "np.asarray(dh)", "08_penalising_activity"),
    Mutant("activity", "penalty.on_rows(", "penalty.value_and_grad("),
    Mutant("nn/activity_layer", ", dh.dtype) + dh", ", dh.dtype)", "08_penalising_activity"),
    Mutant("nn/activity_layer", "np.array(x, self", "np.asarray(x, self"),
    Mutant("contractive", "slope * bend * lengths", "slope * lengths"),
    Mutant(
        "contractive",
        "    dW += 2 * lam * wide_W * np.mean(np.square(slope), axis=0)\n",
        "",
        "09_contractive_and_your_own",
    ),
    Mutant("contractive", "    slope *= 4\n", ""),
    Mutant("nn/contractive_block", '        self.grads["0.b"] += db\n', ""),
    Mutant("nn/contractive_block", "super().penalty() + self._value", "self._value"),
    Mutant("nn/regularize", "penalty if own is None else own + penalty", "penalty"),
    Mutant("nn/regularize", "= charge + noise", "= noise + charge"),
    Mutant("nn/regularize", "isinstance(layer, Sequential)", "type(layer) is Sequential"),
    Mutant("nn/regularize", "before.pop(id(layer.layers[0]), [])", "[]"),
    Mutant(
        "nn/optimizer", "1 - lr * self.weight_decay", "1 - self.weight_decay", "07_weight_decay"
    ),
    Mutant(
        "nn/optimizer",
        "            model.remove_penalty_gradients()\n",
        "            pass\n",
        tests="proximal",
    ),
    Mutant(
        "nn/optimizers",
        "        velocity -= model.theta\n"
        "        super().take_proximal_step(model, lr)\n"
        "        velocity += model.theta\n",
        "        super().take_proximal_step(model, lr)\n",
        tests="proximal",
    ),
    Mutant("nn/sequential", "layer.prox(step)", "layer.prox(1.0)", tests="proximal"),
    Mutant("nn/losses", "losses *= 1 - self.label_smoothing", "pass"),
    Mutant("nn/losses", "label_smoothing / len(dz)", "label_smoothing / dz.shape[1]"),
    Mutant("dropout", "part *= 1 / (1 - p)", "part *= 1", "10_dropout"),
    Mutant("dropout", "np.asarray(dy * mask)", "dy.copy()"),
    Mutant("noise", "1 + math.sqrt(p / (1 - p)) *", "1 + p / (1 - p) *", "12_gaussian_noise"),
    Mutant(
        "layernorm",
        "np.subtract(rows, rounded, out=out)",
        "out[...] = rows",
        "13_layernorm_forward",
    ),
    Mutant(
        "layernorm",
        "        if centre:\n            out -=",
        "        if False:\n            out -=",
        "14_layernorm_backward",
    ),
    Mutant(
        "layernorm", "np.multiply(centred, inverse, out", "np.multiply(centred, inverse**2, out"
    ),
    Mutant("residual", "branch_x + fx", "fx"),
    Mutant("residual", "np.asarray(dy + dx)", "np.asarray(dx)", "15_residual"),
    Mutant("spectral", "_unit(W @ v)", "_unit(W @ (v * v))"),
    Mutant(
        "spectral", "np.subtract(dw_sn[part]", "np.add(dw_sn[part]", "16_spectral_normalisation"
    ),
    Mutant("clipping", "norm > max_norm and", "norm >= max_norm and"),
    Mutant("clipping", "/ float(size)", "/ (float(size) + 1e-3)", "17_clipping_and_constraints"),
    Mutant("constraints", "norm > limit / size\n", "norm > 0\n", "17_clipping_and_constraints"),
    Mutant("constraints", "(norm > 0) & (abs", "(norm >= 0) & (abs"),
    Mutant("constraints", "[projected < 0] = 0", "[projected < 0] *= -1"),
    Mutant(
        "early_stopping",
        "sign * value + self.min_delta < sign",
        "sign * value + self.min_delta <= sign",
    ),
    Mutant(
        "early_stopping",
        "self.waited >= self.patience",
        "self.waited > self.patience",
        "18_early_stopping",
    ),
    Mutant("prechelt", "sum(last) / self.strip, min(last)", "max(last), min(last)"),
    Mutant(
        "prechelt",
        "return loss / least - 1 if",
        "return loss - least if",
        "18_early_stopping",
    ),
    Mutant("prechelt", "self.values[:: -self.strip]", "self.values[::-1]"),
    Mutant(
        "nn/last_good",
        "self._model.load_state_dict(self._state)",
        "pass",
        tests="early_stopping",
    ),
    Mutant("nn/saving", "if shape != like.shape or", "if"),
    Mutant("nn/saving", "os.replace(temporary, path)", "path.write_bytes(temporary.read_bytes())"),
    Mutant("grid", "if cell_key(*cell) not in results]", "]"),
    Mutant("_sweep/workers", "SeedSequence(seed).spawn(1)[0]", "SeedSequence(seed)", tests="grid"),
    Mutant("_sweep/store", "len(text) - len(torn)", "len(text)", tests="grid"),
    Mutant("_sweep/cells", "ddof=1", "ddof=0", tests="table"),
    Mutant("table", "std / math.sqrt(n)", "std / n"),
    Mutant("table", "means[best] + error", "means[best] + 2 * error"),
]
