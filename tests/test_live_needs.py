"""What a live cell needs, binds and lacks, found by reading code."""

from __future__ import annotations

import pytest

from tools.live_cells import missing_packages
from tools.live_needs import binds, calls, needs, read_cells


def needs_of_last(*sources: str, lacks: dict[int, str] | None = None) -> list[int]:
    """Return the indices of the cells that the last one needs."""
    lacking = [(lacks or {}).get(k, "") for k in range(len(sources))]
    return needs(read_cells(list(sources)), lacking)[0][-1]


@pytest.mark.parametrize(
    ("sources", "needed"),
    [
        pytest.param(["a = 1", "b = 2", "a"], [0], id="a name's binding, and no other"),
        pytest.param(["a = 1", "a = 2", "a"], [1], id="the last binding alone"),
        pytest.param(["a = 1", "a = a + 1", "a"], [0, 1], id="a binding that reads the one before"),
        pytest.param(["a = 1", "a += 1", "a"], [0, 1], id="an addition in place"),
        pytest.param(["w = [1]", "w[0] = 2", "w"], [0, 1], id="an entry that is set"),
        pytest.param(["w = [1]", "w.append(2)", "w"], [0, 1], id="a method that may change"),
        pytest.param(["w = [1]", "print(w)", "w"], [0], id="a function that changes nothing"),
        pytest.param(["w = make()", "w.mean()", "w"], [0], id="a method that changes nothing"),
        pytest.param(["w = [1]", "v = w", "v[0] = 2", "w"], [0, 1, 2], id="another name for it"),
        pytest.param(["n = f()", "fit(n, loss, opt, X, y)", "n"], [0, 1], id="a trained network"),
        pytest.param(["X = f()", "fit(n, loss, opt, X, y)", "X"], [0], id="a network's data"),
        pytest.param(
            ["l = Loss()", "n = f()", "fit(n, l, opt, X, y)\nfit(n, loss=l)", "l"], [0], id="a loss"
        ),
        pytest.param(["r = f()", "fit(n, loss, opt, X, y, stop=r)", "r"], [0, 1], id="a rule"),
        pytest.param(["rng = d()", "a = rng.normal()", "rng.normal()"], [0, 1], id="thrown dice"),
        pytest.param(["rng = d()", "a = spiral(9, rng)", "rng"], [0, 1], id="dice given away"),
        pytest.param(["c = 1", "def f():\n    return c", "f()"], [0, 1], id="a function's names"),
        pytest.param(["def f():\n    return c", "c = 1", "f()"], [0, 1], id="names bound after it"),
        pytest.param(["c = 1", "f = lambda: c", "c = 2", "f()"], [0, 1, 2], id="a lambda's names"),
        pytest.param(
            ["w = [1]", "def f(v):\n    v[0] = 2", "f(w)", "w"], [0, 1, 2], id="a changed argument"
        ),
        pytest.param(
            ["w = [1]", "def f(v):\n    return v[0]", "f(w)", "w"], [0], id="an argument only read"
        ),
        pytest.param(
            ["def f(v):\n    return v", "g = {1: f}", "for h in g.values():\n    h(2)", "f(3)"],
            [0],
            id="a function that is called by another name",
        ),
        pytest.param(
            ["w = [1]", "def f():\n    w.append(2)", "f()", "w"], [0, 1, 2], id="a changed global"
        ),
        pytest.param(["a = 1", "if b:\n    a = 2", "a"], [0, 1], id="a binding perhaps"),
        pytest.param(["a = 1", "[a for a in (2, 3)]", "a"], [0], id="a comprehension's own name"),
        pytest.param(["a = 1", "for a in (2, 3):\n    pass", "a"], [1], id="a loop's variable"),
        pytest.param(
            ["w = [1]", "with open(w) as v:\n    v.go()", "w"], [0], id="a context's data"
        ),
        pytest.param(
            ["n = 1", "if find_spec('torch'):\n    m()", "if find_spec('torch'):\n    n"],
            [],
            id="PyTorch is not there",
        ),
        pytest.param(
            ["a = 1", "def f(x):\n    if x:\n        a = 2", "f(1)", "a"], [0], id="a local name"
        ),
        pytest.param(["a = b()", "np.f(a)", "a"], [0, 1], id="a function of an unknown object"),
        pytest.param(
            ["import np", "a = b()", "np.f(a)", "a"], [0, 1], id="a module's function, that reads"
        ),
        pytest.param(["import np", "n = np.f()\nn.go()", "np"], [0], id="a module that is used"),
        pytest.param(["from p import C", "c = C()\nc.go()", "C"], [0], id="a class that is used"),
        pytest.param(["import p", "p.a = 1", "p"], [0, 1], id="a module that is patched"),
        pytest.param(
            ["import np", "np.random.seed(1)", "a = np.random.normal()", "np.random.normal()"],
            [0, 1, 2],
            id="NumPy's shared dice",
        ),
        pytest.param(["d = 1", "n = [D(d)]\nn.append(2)", "d"], [0], id="a number in a list"),
        pytest.param(
            ["d = f()", "from p import D\nn = D([D(d, rng=rng)])", "d"], [0], id="beside the dice"
        ),
        pytest.param(["X = f()", "n = D(X.shape[0])\nn.go()", "X"], [0], id="a shape"),
        pytest.param(["n = f()", "load('file', n)", "n"], [0, 1], id="a network that is loaded"),
        pytest.param(["w = f()", "g(w)", "w"], [0, 1], id="an argument of who knows what"),
        pytest.param(
            ["def s():\n    return c", "c = 1", "def f(s):\n    return s", "f(2)"],
            [2],
            id="a parameter with a function's name",
        ),
        pytest.param(["s = 1", "f([s for s in r])", "s"], [0], id="a comprehension's own value"),
        pytest.param(["import np", "a = 1", "b = 2"], [0], id="the imports, for names to come"),
        pytest.param(
            ["a = b()", "import np\nnp.f(a)", "c = 2"], [], id="no imports that need a value"
        ),
        pytest.param(["y = z()", "fig, ax = figure()\nax.plot(y)", "y"], [0], id="what is drawn"),
    ],
)
def test_a_cell_needs(sources, needed):
    assert needs_of_last(*sources) == needed


def test_a_cell_binds_its_names_and_those_that_it_changes_and_no_locals():
    sources = [
        "import a.b, c as d\nif d:\n    e = 1",
        "def f(g):\n    h = g",
        "d.x = [i for i in e]\nw = v.go()\nunknown()",
    ]
    assert binds(read_cells(sources)) == [["a", "d", "e"], ["f"], ["d", "w"]]


def test_a_cell_tells_what_its_functions_read_when_they_are_called():
    sources = ["w, a = 1, 2", "def f(x, a):\n    b = g(x)\n    return a + b + w", "f(1, 2)"]
    assert calls(read_cells(sources)) == [[], ["g", "w"], []]


def test_needs_bring_their_own_needs():
    assert needs_of_last("a = 1", "b = a", "c = b", "c") == [0, 1, 2]


def test_a_cell_lacks_what_a_value_of_its_own_lacks():
    cells = read_cells(["r = Ridge()", "s = r", "t = 1"])
    assert needs(cells, ["scikit-learn", "", ""])[1] == ["scikit-learn", "scikit-learn", ""]


def test_a_lacking_cell_that_only_looked_at_a_value_is_passed_over():
    assert needs_of_last("w = [1]", "Ridge().fit(w)", "w", lacks={1: "scikit-learn"}) == [0]


def test_only_the_use_of_what_the_page_has_not_is_missing():
    sources = [
        "from sklearn.linear_model import Ridge\nimport numpy as np",
        "np.sum(1)",
        "Ridge()",
        "from sklearn.datasets import load_digits\nload_digits()",
        "from scipy import stats\nstats.t",
        "import scipy.optimize\nscipy.optimize.minimize",
        "if find_spec('sklearn'):\n    from sklearn import svm\n    svm.SVC()",
        "from nnreg.book import projection_picture",
        "projection_picture()",
        "ax.boxplot(w)",
    ]
    reads = [code.reads for code in read_cells(sources)]
    expected = ["", "", "scikit-learn", "", "", "SciPy", "", "", "matplotlib", "matplotlib"]
    assert missing_packages(sources, reads) == expected
