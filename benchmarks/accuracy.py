"""How exact part IV and label smoothing are: against PyTorch, central differences, and on bad rows.

    python -m benchmarks.accuracy [--mutants]

With ``--mutants`` it breaks the code, in a copy, at one place after the other, and prints which
test was the first to go red. The cases and the formulas are those of the tests.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from pathlib import Path

import numpy as np

import nnreg
from nnreg.nn import Dense, Residual, SpectralDense, Tanh

from .mutants import MUTANTS, Mutant
from .peers import CONDITIONS, ULPS, badly_conditioned, errors, one_pass, textbook

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


SURVIVES = "SURVIVES"


def tests_for(mutant: Mutant) -> list[str]:
    """Return the test files that must catch it: if not named, as book/covered.toml has them."""
    covered = tomllib.loads((ROOT / "book" / "covered.toml").read_text(encoding="utf8"))
    name = Path(mutant.module).name
    name = mutant.tests or covered["tested_with"].get(name, name)
    return [f"tests/test_{name}.py", "tests/test_against_torch.py"]


def first_red(folder: Path, tests: list[str]) -> str:
    """Run tests in the copy; return the one that failed first."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    environment = os.environ | {"PYTHONPATH": str(folder)}
    done = subprocess.run(
        [*command, *tests], cwd=folder, env=environment, capture_output=True, text=True
    )
    red = [line.split("::")[1] for line in done.stdout.splitlines() if line.startswith("FAILED")]
    if done.returncode and not red:
        return "does not run"
    return red[0].split(" - ")[0] if red else SURVIVES


def break_everything():
    print(f"\n{'module':14}{'broken':75} first red test\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("nnreg", "tests", "benchmarks", "tools", "book"):
            shutil.copytree(ROOT / part, folder / part)
        for part in ("pyproject.toml", "conftest.py"):
            shutil.copy(ROOT / part, folder)
        for tests in {tuple(tests_for(mutant)): None for mutant in MUTANTS}:
            if (red := first_red(folder, tests)) != SURVIVES:
                raise SystemExit(f"{tests[0]} is red before anything is broken: {red}")
        for mutant in MUTANTS:
            shown = f"{mutant.right.strip()} -> {mutant.wrong.strip() or 'nothing'}"
            with mutant.put_into(folder / "nnreg"):
                red = first_red(folder, tests_for(mutant))
            print(f"{mutant.module:14}{shown:75} {red}", flush=True)


if __name__ == "__main__":
    if TORCH:
        against_torch()
    else:
        print("PyTorch is not installed, so it is left out: pip install torch==2.13.0")
    against_differences()
    badly_conditioned_rows()
    if "--mutants" in sys.argv[1:]:
        break_everything()
