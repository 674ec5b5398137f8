"""The table of a sweep: what it prints, counts, chooses, writes and draws."""

import csv
import itertools
import math
import pickle
import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure

from nnreg import Table


def table_of(values, parameter="lam", result="loss"):
    """Return a table from {value of the parameter: the seeds' results}."""
    return Table(
        [parameter],
        [
            {parameter: at, "seed": seed, result: float(value)}
            for at, results in values.items()
            for seed, value in enumerate(results)
        ],
    )


TWO = Table(
    ["lam", "n_hidden"],
    [
        {"lam": lam, "n_hidden": n, "seed": seed, "loss": lam + n + seed / 10, "accuracy": 0.5}
        for lam, n, seed in itertools.product([0.0, 0.25], [4, 16], range(3))
    ],
)

# Printing ---------------------------------------------------------------------------------------


def test_it_prints_a_line_for_each_point():
    assert repr(TWO) == (
        " lam  n_hidden          loss  accuracy  seeds\n"
        "   0         4   4.10 ± 0.10       0.5      3\n"
        "   0        16  16.10 ± 0.10       0.5      3\n"
        "0.25         4   4.35 ± 0.10       0.5      3\n"
        "0.25        16  16.35 ± 0.10       0.5      3"
    )


@pytest.mark.parametrize(
    ("results", "shown"),
    [
        ([0.5], "0.5"),
        ([0.123456, 0.123456], "0.1235"),
        ([120.0, 180.0], "150 ± 42"),
        ([1.0, 1.0002], "1.00010 ± 0.00014"),
        ([1e-9, 3e-9], "2e-09 ± 1e-09"),
        ([1.0, math.nan], "nan"),
        ([1.0, math.inf], "inf"),
    ],
)
def test_the_digits_follow_the_spread(results, shown):
    line = repr(table_of({1: results})).splitlines()[1]
    assert line.removeprefix("  1").removesuffix(f"      {len(results)}").strip() == shown


def test_it_is_narrow_and_not_endless():
    many = table_of({10 ** -(k / 7): [math.sin(k), 2] for k in range(100)})
    lines = repr(many).splitlines()
    assert len(lines) == 42
    assert lines[-1] == "and 60 more points"
    assert max(map(len, lines)) <= 60


def test_without_rows_it_says_so():
    empty = Table(["lam"], [])
    assert repr(empty) == "Table without rows: lam, seed"
    assert len(empty) == len(empty.to_array()) == 0


# Numbers ----------------------------------------------------------------------------------------


def test_the_summary_is_that_of_the_seeds():
    table = table_of({0.5: [1, 2, 4, 9], "none": [5]})
    first, second = table.summary("loss")
    deviations = np.array([1, 2, 4, 9]) - 4
    assert first["lam"] == 0.5
    assert first["mean"] == 4
    assert first["std"] == math.sqrt((deviations**2).sum() / 3)
    assert first["standard_error"] == first["std"] / 2
    assert first["n_seeds"] == 4
    assert (second["lam"], second["mean"], second["n_seeds"]) == ("none", 5, 1)
    assert np.isnan([second["std"], second["standard_error"]]).all()


def test_a_diverged_seed_shows_in_the_mean():
    summary = table_of({1: [1, math.nan], 2: [1, math.inf], 3: [math.inf, -math.inf]})
    means = summary.summary("loss")["mean"]
    assert np.isnan(means[[0, 2]]).all()
    assert means[1] == math.inf


def test_the_best_point_has_the_best_mean():
    table = table_of({0.1: [1, 9], 0.2: [4, 4], 0.3: [4, 4], 0.4: [0, math.nan]})
    assert table.best("loss") == {"lam": 0.2}
    assert table.best("loss", mode="max") == {"lam": 0.1}
    assert TWO.best("loss") == {"lam": 0.0, "n_hidden": 4}
    with pytest.raises(ValueError, match="loss has no mean that is a number"):
        table_of({1: [math.nan]}).best("loss")
    with pytest.raises(ValueError, match=r"name must be in \['loss'\], got 'lss'"):
        table.best("lss")
    with pytest.raises(ValueError, match="mode must be"):
        table.best("loss", mode="lowest")


def test_one_standard_error_takes_the_largest_within_that_of_the_best():
    # The best mean is 2 at 0.1, with a standard error of 1 (deviation sqrt(2), two seeds).
    within = {0.0: [2.5, 2.5], 0.1: [1, 3], 1.0: [3, 3], 2.0: [3.01, 3.01], 3.0: [0, 99]}
    assert table_of(within).one_standard_error("loss") == {"lam": 1.0}
    up = {lam: [-value for value in values] for lam, values in within.items()}
    assert table_of(up).one_standard_error("loss", mode="max") == {"lam": 1.0}
    assert table_of(within, "decay").one_standard_error("loss", simplest="decay") == {"decay": 1.0}


def test_of_two_as_simple_the_better_one_wins():
    rows = [
        {"lam": lam, "n": n, "seed": seed, "loss": loss + seed}
        for lam, n, loss in [(1, 4, 0.2), (1, 8, 0.1), (1, 16, 0.1), (0, 4, 0.0)]
        for seed in range(2)
    ]
    assert Table(["lam", "n"], rows).one_standard_error("loss") == {"lam": 1, "n": 8}


def test_one_standard_error_needs_one():
    with pytest.raises(ValueError, match=r"at its best point, {'lam': 1}: run two seeds"):
        table_of({1: [1.0], 2: [2.0]}).one_standard_error("loss")
    with pytest.raises(ValueError, match=r"simplest must be in \['lam'\], got 'mu'"):
        table_of({1: [1, 2]}).one_standard_error("loss", simplest="mu")


# Elsewhere --------------------------------------------------------------------------------------

MIXED = Table(
    ["lam", "sizes", "name", "flag", "depth"],
    [
        {**point, "seed": 0, "loss": loss}
        for point, loss in [
            ({"lam": 0, "sizes": (3, 4), "name": "a, b", "flag": True, "depth": None}, 0.1 + 0.2),
            ({"lam": 1e-300, "sizes": 5, "name": "c", "flag": False, "depth": 2}, math.nan),
        ]
    ],
)


def test_the_array_keeps_values_and_kinds():
    array = MIXED.to_array()
    kinds = [array.dtype[name].kind for name in array.dtype.names]
    assert dict(zip(array.dtype.names, kinds, strict=True)) == {
        "lam": "f",
        "sizes": "O",
        "name": "U",
        "flag": "b",
        "depth": "O",
        "seed": "i",
        "loss": "f",
    }
    assert array[0].item() == (0.0, (3, 4), "a, b", True, None, 0, 0.1 + 0.2)
    assert table_of({2**70: [1]}).to_array()["lam"][0] == 2**70


def test_the_csv_file_keeps_every_digit(tmp_path):
    path = tmp_path / "table.csv"
    table = table_of({lam: np.random.default_rng(0).normal(size=3) for lam in (0.1, 1 / 3)})
    table.to_csv(path)
    read = np.genfromtxt(path, delimiter=",", names=True, dtype=None, encoding="utf8")
    assert np.array_equal(read, table.to_array())
    MIXED.to_csv(path)
    with open(path, newline="", encoding="utf8") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {
        "lam": "0",
        "sizes": "(3, 4)",
        "name": "a, b",
        "flag": "True",
        "depth": "None",
        "seed": "0",
        "loss": "0.30000000000000004",
    }
    assert math.isnan(float(rows[1]["loss"]))


def test_tables_are_equal_by_their_bits():
    table = table_of({1: [math.nan, 0.3], 2: [1, 2]})
    assert table == table_of({1: [math.nan, 0.3], 2: [1, 2]}) == pickle.loads(pickle.dumps(table))
    assert table != table_of({1: [math.nan, 0.1 + 0.2], 2: [1, 2]})
    assert table != table_of({2: [1, 2], 1: [math.nan, 0.3]})
    assert table != table_of({1: [math.nan, 0.3], 2: [1, 2]}, result="lss")
    assert table_of({1: [0.0]}) != table_of({1: [-0.0]})
    assert table != table.rows


# The picture ------------------------------------------------------------------------------------


def lines(figure, style):
    """Return the lines of means (_), seeds (.) or what diverged (x)."""
    (ax,) = figure.axes
    return [line for line in ax.get_lines() if line.get_marker() == style]


def test_the_picture_shows_every_seed_and_the_means():
    figure = table_of({0.1: [1, 3], 0.3: [2, 2], 0.2: [5, 7]}).plot("lam", "loss")
    assert isinstance(figure, Figure)
    (means,), (seeds,) = lines(figure, "_"), lines(figure, ".")
    assert means.get_xydata().tolist() == [[0.1, 2], [0.2, 6], [0.3, 2]]
    assert sorted(seeds.get_ydata()) == [1, 2, 2, 3, 5, 7]
    (ax,) = figure.axes
    band = ax.collections[0].get_paths()[0].get_extents()
    assert (band.y0, band.y1) == pytest.approx((2 - math.sqrt(2), 6 + math.sqrt(2)))
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_xscale()) == ("lam", "loss", "linear")


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([0.1, 0.5, 1], "linear"),
        ([1e-3, 1e-2, 1], "log"),
        ([0, 1e-3, 1], "symlog"),
        ([-1, 1e-3, 1], "linear"),
        ([0], "linear"),
    ],
)
def test_decades_get_a_logarithmic_axis(values, scale):
    ax = table_of({value: [1, 2] for value in values}).plot("lam", "loss").axes[0]
    assert ax.get_xscale() == scale
    if scale == "symlog":  # zero stands apart, and not a decade away
        zero, smallest, largest = ax.transData.transform([(v, 0) for v in values])[:, 0]
        assert 0.05 < (smallest - zero) / (largest - zero) < 0.3


def test_values_without_a_place_on_a_line_are_named():
    table = table_of({None: [1, 2], "adam": [2, 3], math.inf: [0, 0]})
    ax = table.plot("lam", "loss").axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["None", "adam", "inf"]


def test_a_diverged_seed_is_a_cross_at_the_top():
    figure = table_of({0.1: [1, 3], 0.2: [2, math.nan], 0.3: [math.inf, 1]}).plot("lam", "loss")
    (crosses,), (seeds,) = lines(figure, "x"), lines(figure, ".")
    assert crosses.get_xdata().tolist() == [0.2, 0.3]
    assert sorted(seeds.get_ydata()) == [1, 1, 2, 3]
    figure.savefig("/dev/null", format="png")


def test_other_parameters_have_a_line_each_unless_they_are_many():
    figure = TWO.plot("lam", "loss")
    legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert legend == ["n_hidden = 4", "n_hidden = 16"]
    rows = [{"lam": k, "mu": -k, "seed": 0, "loss": 1.0} for k in range(20)]
    figure = Table(["lam", "mu"], rows).plot("lam", "loss")
    assert lines(figure, "_") == []
    assert len(lines(figure, ".")[0].get_xdata()) == 20
    assert figure.axes[0].get_legend() is None


def test_it_draws_where_it_is_told_and_refuses_other_names():
    ax = Figure().subplots()
    assert TWO.plot("n_hidden", "accuracy", ax=ax) is ax.figure
    for x, y in [("loss", "lam"), ("lam", "lss"), ("seed", "loss")]:
        with pytest.raises(ValueError, match=r"x must be in \['lam', 'n_hidden'\] and y in"):
            TWO.plot(x, y)


def test_drawing_needs_matplotlib_and_not_pyplot(monkeypatch):
    code = (
        "import sys; from nnreg import Table; "
        "Table(['lam'], [{'lam': 1, 'seed': 0, 'loss': 1.0}]).plot('lam', 'loss'); "
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match="plot needs matplotlib"):
        TWO.plot("lam", "loss")
