"""How exact part IV is: against PyTorch, against central differences, on badly conditioned rows.

    python -m benchmarks.accuracy [--mutants]

With ``--mutants`` it breaks the code, in a copy, at one place after the other, and prints which
test was the first to go red. The cases and the formulas are those of the tests.
"""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

import nnreg
from nnreg.nn import Dense, Residual, SpectralDense, Tanh
from tests.test_against_torch import ULPS, errors
from tests.test_layernorm import CONDITIONS, badly_conditioned, one_pass, textbook

ROOT = Path(__file__).resolve().parent.parent
TORCH = importlib.util.find_spec("torch")


def against_torch():
    import torch

    print(f"\nAgainst PyTorch {torch.__version__}, over random shapes, 20 seeds")
    print("In ulps: the error in units of the dtype's precision times the terms added up.\n")
    print(f"{'':22}{'quantity':12}{'dtype':9}{'largest error':>14}{'ulps':>8}{'bound':>8}")
    for case, bounds in ULPS.items():
        for dtype in (np.float32, np.float64):
            worst = defaultdict(lambda: (0.0, 0.0))
            for seed in range(20):
                for quantity, *both in errors(torch, case, dtype, seed):
                    worst[quantity] = tuple(map(max, worst[quantity], both))
            for quantity, (error, ulps) in worst.items():
                print(
                    f"{case.__name__:22}{quantity:12}{dtype.__name__:9}"
                    f"{error:14.1e}{ulps:8.1f}{bounds[quantity]:8}"
                )


def against_differences():
    rng = np.random.default_rng(0)
    x, dy = rng.normal(size=(2, 6, 5))
    gamma = rng.normal(size=5)

    def norm(name, *parameters):
        forward, backward = (getattr(nnreg, f"{name}_{way}") for way in ("forward", "backward"))
        gradients = backward(dy, forward(x, *parameters)[1])
        yield "dx", lambda x: forward(x, *parameters)[0], gradients[0], x
        yield "dgamma", lambda g: forward(x, g, *parameters[1:])[0], gradients[1], gamma
        if parameters[1:]:
            yield "dbeta", lambda b: forward(x, gamma, b)[0], gradients[2], parameters[1]

    def layer(layer):
        layer.forward(x)
        yield "dx", layer.forward, layer.backward(dy), x

    def spectral():
        _, u, cache = nnreg.spectral_normalize(x, n_iter=500, rng=rng)
        dw = nnreg.spectral_normalize_backward(dy, cache)
        yield "dw", lambda w: nnreg.spectral_normalize(w, u, n_iter=500)[0], dw, x

    ops = {
        "layernorm": norm("layernorm", gamma, rng.normal(size=5)),
        "rmsnorm": norm("rmsnorm", gamma),
        "residual": layer(Residual([Dense(5, 5, rng=1), Tanh()])),
        "spectral_normalize": spectral(),
        "SpectralDense": layer(SpectralDense(5, 5, rng=2)),
    }
    print("\nAgainst central differences, float64\n")
    print(f"{'':22}{'quantity':12}{'absolute':>12}{'relative':>12}")
    for op, quantities in ops.items():
        for quantity, f, gradient, at in quantities:
            report = nnreg.check_gradient(f, gradient, at, dy=dy)
            print(f"{op:22}{quantity:12}{report.max_abs_error:12.1e}{report.max_rel_error:12.1e}")


def badly_conditioned_rows():
    def pytorch(x):
        import torch

        return torch.nn.functional.layer_norm(torch.tensor(x), x.shape[-1:]).numpy()

    ways = {"nnreg": lambda x: nnreg.layernorm_forward(x)[0]}
    ways |= ({"PyTorch": pytorch} if TORCH else {}) | {"two-pass": textbook, "one-pass": one_pass}
    print("\nLayerNorm in float32: largest error against long double on the same rows of 512\n")
    print(f"{'mean':>8}{'std':>8}" + "".join(f"{way:>11}" for way in ways))
    for mean, std in ((0.0, 1.0), *CONDITIONS):
        x = badly_conditioned(mean, std, np.random.default_rng(0))
        exact = textbook(x.astype(np.longdouble))
        print(
            f"{mean:8.0e}{std:8.0e}"
            + "".join(f"{float(abs(way(x) - exact).max()):11.1e}" for way in ways.values())
        )


# Module, what stands there, what it becomes.
MUTANTS = [
    ("layernorm", "x_hat = rows - rows[:, :1]", "x_hat = rows.copy()"),
    ("layernorm", "    dx -= _row_mean(dy, gamma)\n", ""),
    ("layernorm", "x_hat = rows * inverse", "x_hat = rows * inverse**2"),
    ("residual", "return x + fx", "return fx"),
    ("residual", "dy + dx", "dx"),
    ("spectral", "_unit(W @ v)", "_unit(W @ (v * v))"),
    ("spectral", "dw = dw_sn - (along_w", "dw = dw_sn + (along_w"),
    ("clipping", "if norm <= max_norm:", "if norm < max_norm:"),
    ("clipping", "max_norm / norm) for g", "max_norm / (norm + 1e-6)) for g"),
    ("clipping", "float(((np.abs(g, dtype=np.float64) / largest)", "float(((np.abs(g) / 1.0)"),
    ("constraints", "norms > 0), w, norms", "norms > -1), w, norms"),
    ("constraints", "np.where(w < 0, w.dtype.type(0), w)", "np.abs(w)"),
]

SURVIVES = "SURVIVES"


def first_red(folder: Path, module: str, old: str, new: str) -> str:
    """Break `module` in the copy, run its tests and mend it; return the test that failed first."""
    path = folder / "nnreg" / f"{module}.py"
    source = path.read_text(encoding="utf8")
    if old not in source:
        raise ValueError(f"{module} no longer holds {old!r}")
    path.write_text(source.replace(old, new, 1), encoding="utf8")
    files = [f"tests/test_{module}.py", "tests/test_against_torch.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *files]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    path.write_text(source, encoding="utf8")
    red = [line.split("::")[1] for line in done.stdout.splitlines() if line.startswith("FAILED")]
    if done.returncode and not red:
        return "does not run"
    return red[0].split(" - ")[0] if red else SURVIVES


def break_everything(mutants=MUTANTS):
    print(f"\n{'module':13}{'broken':56}first red test\n")
    with tempfile.TemporaryDirectory() as name:
        for part in ("nnreg", "tests"):
            shutil.copytree(ROOT / part, Path(name, part))
        shutil.copy(ROOT / "pyproject.toml", name)
        for module in dict.fromkeys(module for module, _, _ in mutants):
            if (red := first_red(Path(name), module, "", "")) != SURVIVES:
                raise SystemExit(f"{module} is red before anything is broken: {red}")
        for module, old, new in mutants:
            shown = f"{old.strip()} -> {new.strip() or 'nothing'}"
            print(f"{module:13}{shown:55} {first_red(Path(name), module, old, new)}", flush=True)


if __name__ == "__main__":
    if TORCH:
        against_torch()
    else:
        print("PyTorch is not installed, so it is left out: pip install torch==2.13.0")
    against_differences()
    badly_conditioned_rows()
    if "--mutants" in sys.argv[1:]:
        break_everything()
