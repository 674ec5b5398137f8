"""Who takes part. Each module here offers `prepare(case)` and `to_numpy(result)`.

`prepare` returns a function of the number of calls (in a training, of epochs) that ends with the
last result, or None where the contender has no such thing. The results of the ops, in this order:

- dropout: y, dx;
- layernorm: y, dx, dgamma, dbeta;
- L1, L2, elastic net: the value, the gradient;
- clipping: the clipped gradient, the norm before;
- spectral norm: w_sn, dw;

and of a training the loss of the last epoch, penalty included.
"""

import importlib.util
import shutil
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Contender:
    """A process that takes part.

    `needs` are the packages without which it cannot; `family` groups what belongs together in
    the tables. Timed is processor time where there is one thread, and the wall clock for more.
    """

    name: str
    module: str
    family: str
    needs: tuple[str, ...] = ()
    threads: int = 1
    prepare: str = "prepare"
    setup: str = ""
    tools: tuple[str, ...] = ()
    penalises: str = "layer 1"
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def clock(self) -> str:
        return "cpu" if self.threads == 1 else "wall"

    def missing(self) -> str | None:
        """Return what keeps it from taking part, if anything does."""
        packages = [name for name in self.needs if not _found(name)]
        tools = [name for name in self.tools if not shutil.which(name)]
        lacking = packages + tools
        return f"{', '.join(lacking)} not installed" if lacking else None


def _found(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


_XLA = {"XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false", "JAX_PLATFORMS": "cpu"}
_KERAS = {**_XLA, "KERAS_BACKEND": "jax", "JAX_ENABLE_X64": "1"}
_TORCH = {"needs": ("torch",), "setup": "one_thread"}

_ALL = [
    Contender("nnreg", "ours", "nnreg"),
    Contender(
        "nnreg, compiled",
        "ours",
        "nnreg",
        needs=("numba", "nnreg.fast"),
        prepare="prepare_compiled",
        setup="compiled",
    ),
    Contender("nnreg again", "ours", "nnreg"),
    Contender("NNFS notes", "seed_002", "naive"),
    Contender("zero_to_gpt", "seed_003", "naive"),
    Contender("Nabla", "seed_000", "naive"),
    Contender("SciRS2", "seed_001", "naive"),
    Contender("NNFS classes", "nnfs_style", "libraries"),
    Contender("PyTorch", "torch_eager", "libraries", **_TORCH),
    Contender("PyTorch, 2 threads", "torch_eager", "libraries", needs=("torch",), threads=2),
    Contender("torch.compile", "torch_compiled", "libraries", tools=("g++",), **_TORCH),
    Contender("JAX", "jax_jit", "libraries", needs=("jax",), environment=_XLA),
    Contender("Keras on JAX", "keras_jax", "libraries", ("keras", "jax"), environment=_KERAS),
    Contender("scikit-learn", "scikit_learn", "libraries", ("sklearn",), penalises="weights"),
    Contender("numpy-ml", "numpy_ml_layers", "libraries", needs=("numpy_ml",)),
    Contender("the copy", "limit", "limit", prepare="prepare_copy"),
    Contender("the triad", "limit", "limit", prepare="prepare_triad"),
    Contender("the products", "limit", "limit", prepare="prepare_products"),
]

CONTENDERS = {contender.name: contender for contender in _ALL}
