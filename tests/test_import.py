"""What importing costs, who may import whom, and what every public name must say of itself."""

import ast
import inspect
import re
import subprocess
import sys

import pytest

import nnreg
import nnreg.nn
from nnreg import conventions, data

# Only NumPy -----------------------------------------------------------------------------------

NUMPY_ALONE = """
import importlib.abc, sys

REFUSED = {"matplotlib", "ipywidgets", "nnfs", "sklearn", "scipy", "tqdm", "IPython", "joblib",
           "dask", "distributed", "threadpoolctl", "pandas", "torch", "asyncio"}


class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in REFUSED:
            raise ModuleNotFoundError(f"No module named {name!r}: refused by this test")


sys.meta_path.insert(0, Refuse())
try:
    import matplotlib
except ModuleNotFoundError:
    print("refusing")

import nnreg
import numpy as np
from nnreg import L1, L2, check_gradient
from nnreg.nn import Adam, Dense, ReLU, Sequential, SoftmaxCrossEntropy, fit

penalty = L1(0.1) + L2(0.2)
w = np.array([1.0, -2.0])
check_gradient(penalty.value, penalty.grad(w), w)
rng = np.random.default_rng(0)
X, y = rng.normal(size=(40, 2)), rng.integers(0, 3, 40)
model = Sequential([Dense(2, 8, weight_penalty=L2(1e-3), rng=rng), ReLU(), Dense(8, 3, rng=rng)])
history = fit(model, SoftmaxCrossEntropy(), Adam(0.05), X, y, epochs=30, batch_size=8, rng=0,
              validation=(X, y), progress=True)
assert history.data_loss[-1] < history.data_loss[0]
loaded = {name.partition(".")[0] for name in sys.modules} & REFUSED
print(sorted(loaded), "nnreg.book" in sys.modules)
"""


def test_with_numpy_alone_importing_and_training_work(root, tmp_path):
    environment = {"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", NUMPY_ALONE],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["refusing", "[] False"]


# The arrows of the design ---------------------------------------------------------------------


def imports(path, root):
    """Return the modules that a file imports anywhere in it, as dotted names."""
    package = ".".join(path.relative_to(root).with_suffix("").parts)
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{package} imports relatively"
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def modules(root, pattern="**/*.py"):
    return sorted(path for path in (root / "nnreg").glob(pattern))


def test_nothing_imports_the_book_but_the_book(root):
    for path in modules(root):
        if "book" not in path.relative_to(root).parts:
            assert not {name for name in imports(path, root) if name.startswith("nnreg.book")}, path
    assert any(
        name.startswith("nnreg.book") for name in imports(root / "nnreg/book/__init__.py", root)
    )


def test_a_concept_imports_numpy_and_the_argument_checks(root):
    # conventions translates penalties, and may read them; the protocols Penalty, Constraint and
    # Stopper are for everybody; a sweep returns a Table; fast compiles what LayerNorm works out;
    # nothing else reads another concept.
    for path in modules(root, "*.py"):
        if path.stem in {"__init__", "conventions", "fast"}:
            continue
        ours = {name for name in imports(path, root) if name.startswith("nnreg")}
        shared = ("nnreg._arithmetic", "nnreg._checks", "nnreg._sweep", "nnreg.table")
        protocols = {"nnreg.penalties", "nnreg.penalties.Penalty"}
        protocols |= {"nnreg.early_stopping", "nnreg.early_stopping.Stopper"}
        assert {name for name in ours - protocols if not name.startswith(shared)} == set(), path


def test_the_checks_import_nothing_of_ours(root):
    assert not {n for n in imports(root / "nnreg/_checks.py", root) if n.startswith("nnreg")}


def test_the_small_machinery_does_not_lean_on_data_or_checks_of_the_book(root):
    for path in modules(root, "nn/*.py"):
        for forbidden in ("nnreg.data", "nnreg.gradcheck", "nnreg.conventions"):
            assert forbidden not in imports(path, root), path


# Grading a class needs more (`pip install 'nnreg[classroom]'`). A student's checks do not, and
# neither does what runs in a sandbox.
LECTURER = {"__main__", "assignment", "channel", "grade", "run", "sandbox", "session", "submission"}


def is_for_lecturers(path):
    return "report" in path.parts or ("grading" in path.parts and path.stem in LECTURER)


def test_what_is_imported_at_the_top_is_numpy_or_the_standard_library(root):
    for path in modules(root):
        if "book" in path.relative_to(root).parts or is_for_lecturers(path):
            continue
        for node in ast.parse(path.read_text(encoding="utf8")).body:
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module]
            else:
                continue
            for name in names:
                top = name.partition(".")[0]
                assert top in {"numpy", "nnreg"} or top in sys.stdlib_module_names, (path, name)


# Docstrings -----------------------------------------------------------------------------------

PUBLIC = {
    f"{module.__name__}.{name}": getattr(module, name)
    for module in (nnreg, nnreg.nn)
    for name in module.__all__
    if not inspect.ismodule(getattr(module, name))
} | {
    f"{module.__name__}.{name}": thing
    for module in (conventions, data)
    for name, thing in vars(module).items()
    if inspect.isfunction(thing) and thing.__module__ == module.__name__ and name[0] != "_"
}
each_name = pytest.mark.parametrize("thing", PUBLIC.values(), ids=PUBLIC)


def sections(thing) -> set[str]:
    return set(re.findall(r"^(\w[\w ]*)\n-{3,}$", inspect.getdoc(thing), re.MULTILINE))


def test_all_lists_what_is_there():
    for module in (nnreg, nnreg.nn):
        assert len(set(module.__all__)) == len(module.__all__)
        assert all(hasattr(module, name) for name in module.__all__)
    assert len(PUBLIC) > 20


@each_name
def test_the_first_line_is_one_sentence(thing):
    first, *rest = inspect.getdoc(thing).splitlines()
    assert first.endswith(".")
    assert not rest or rest[0] == ""


@each_name
def test_there_is_an_example_that_runs(thing):
    assert "Examples" in sections(thing)
    assert ">>> " in inspect.getdoc(thing)


@each_name
def test_every_argument_is_described(thing):
    if thing is nnreg.Penalty or thing is nnreg.nn.Layer:
        assert not inspect.signature(thing).parameters
    described = inspect.getdoc(thing)
    for name in inspect.signature(thing).parameters:
        assert re.search(rf"^(\w+, )*\*{{0,2}}{name}(, \w+)* :", described, re.MULTILINE) or (
            re.search(rf"^(\w+, )*\*{{0,2}}{name}(, \w+)*$", described, re.MULTILINE)
        ), name


@each_name
def test_what_comes_back_is_described(thing):
    if inspect.isfunction(thing):
        assert "Returns" in sections(thing)


@each_name
def test_what_checks_its_input_says_what_it_raises(thing):
    source = inspect.getsource(thing)
    if re.search(
        r"\braise (ValueError|TypeError)|\bcheck_(real|positive|count)\(|\bas_labels\(|\b_pair\(",
        source,
    ):
        assert "Raises" in sections(thing)


@each_name
def test_public_methods_have_docstrings(thing):
    if inspect.isclass(thing):
        for name, method in inspect.getmembers(thing, inspect.isfunction):
            if not name.startswith("_") and method.__module__.startswith("nnreg"):
                assert inspect.getdoc(method).splitlines()[0].endswith("."), name
