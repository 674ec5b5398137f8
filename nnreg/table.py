"""What a sweep found: a row for each point and seed."""

import csv
import json
import math

import numpy as np

from nnreg._sweep.cells import cell_key, mean_and_std, mode_sign
from nnreg._sweep.plot import draw

_MOST_POINTS = 40  # that are printed


class Table:
    """The results of a sweep; prints a mean ± standard deviation per point.

    Parameters
    ----------
    parameters : list of str
        The names in `rows` that make a point; "seed" and the names of the
        results follow.
    rows : list of dict
        A dict for each point and seed, with the same names in each.

    Attributes
    ----------
    parameters, results : list of str
    rows : list of dict

    Raises
    ------
    ValueError
        By the methods, if the table has no such name, or too few seeds.

    Notes
    -----
    Tables are equal if all their numbers are, to the last bit. ``len(table)``
    counts the rows. Used in chapter 19.

    Examples
    --------
    >>> rows = [
    ...     {"lam": lam, "seed": seed, "loss": lam**2 + seed}
    ...     for lam in (0.5, 1.0)
    ...     for seed in range(2)
    ... ]
    >>> table = Table(["lam"], rows)
    >>> table
    lam         loss  seeds
    0.5  0.75 ± 0.71      2
      1  1.50 ± 0.71      2
    >>> table.best("loss")
    {'lam': 0.5}
    """

    def __init__(self, parameters: list[str], rows: list[dict]):
        self.parameters, self.rows = list(parameters), list(rows)
        names = list(self.rows[0]) if self.rows else [*parameters, "seed"]
        self.results = [
            name for name in names if name not in {*parameters, "seed"}
        ]

    def __len__(self) -> int:
        return len(self.rows)

    def __eq__(self, other) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return self._text() == other._text()

    __hash__ = None

    def _text(self) -> str:
        """Return all there is: digits tell floats apart, and NaN is NaN."""
        values = [[row[name] for name in self._columns()] for row in self.rows]
        return json.dumps([self.parameters, self._columns(), values])

    def __repr__(self) -> str:
        if not self.rows:
            return f"Table without rows: {', '.join(self._columns())}"
        summaries = [self.summary(name) for name in self.results]
        lines = [[*self.parameters, *self.results, "seeds"]]
        for number, (point, rows) in enumerate(self._points()):
            found = [summary[number] for summary in summaries]
            spread = [_plus_minus(s["mean"], s["std"]) for s in found]
            values = [_short(value) for value in point.values()]
            lines.append([*values, *spread, str(len(rows))])
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        shown = [
            "  ".join(map(str.rjust, line, widths))
            for line in lines[: 1 + _MOST_POINTS]
        ]
        if left_out := len(lines) - len(shown):
            shown.append(f"and {left_out} more points")
        return "\n".join(shown)

    def to_array(self) -> np.ndarray:
        """Return the rows as a structured array, with a field per column."""
        columns = self._columns()
        rows = [tuple(row[name] for name in columns) for row in self.rows]
        return _structured(columns, rows)

    def to_csv(self, path) -> None:
        """Write the rows with all their digits, below a line of names."""
        with open(path, "w", newline="", encoding="utf8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(self._columns())
            for row in self.rows:
                values = [row[name] for name in self._columns()]
                writer.writerow(["None" if v is None else v for v in values])

    def summary(self, name: str) -> np.ndarray:
        """Return what the seeds make of the result `name` at each point.

        Returns
        -------
        ndarray
            Structured: the point, ``mean``, ``std`` (with n - 1),
            ``standard_error`` of the mean, and ``n_seeds``. One NaN among
            the seeds makes the mean NaN; of one seed the deviation is NaN.
        """
        if name not in self.results:
            raise ValueError(f"name must be in {self.results}, got {name!r}")
        rows = []
        for point, found in self._points():
            mean, std = mean_and_std([row[name] for row in found])
            n = len(found)
            rows.append((*point.values(), mean, std, std / math.sqrt(n), n))
        fields = ["mean", "std", "standard_error", "n_seeds"]
        return _structured([*self.parameters, *fields], rows)

    def best(self, name: str, mode: str = "min") -> dict:
        """Return the point with the best mean; one that is NaN never wins."""
        means = mode_sign(mode) * self.summary(name)["mean"]
        return self._points()[_lowest(means, name)][0]

    def one_standard_error(
        self, name: str, simplest: str = "lam", mode: str = "min"
    ) -> dict:
        """Return the simplest point that the best one does not clearly beat.

        Simpler means a larger `simplest`, as a larger λ is. Allowed are the
        points whose mean is no more than one standard error, that of the best
        point, worse than the best mean; of two as simple the better one wins.

        References
        ----------
        Breiman, Friedman, Olshen and Stone (1984), *Classification and
        Regression Trees*, section 3.4.3; Hastie, Tibshirani and Friedman
        (2009), *The Elements of Statistical Learning*, section 7.10.1.
        """
        if simplest not in self.parameters:
            raise ValueError(
                f"simplest must be in {self.parameters}, got {simplest!r}"
            )
        summary, points = self.summary(name), self._points()
        means = mode_sign(mode) * summary["mean"]
        best = _lowest(means, name)
        error = summary["standard_error"][best]
        if not math.isfinite(error):
            raise ValueError(
                f"{name} needs a standard error at its best point, "
                f"{points[best][0]}: run two seeds or more"
            )
        near = np.flatnonzero(means <= means[best] + error)
        order = [(points[i][0][simplest], -means[i], -i) for i in near]
        return points[-max(order)[2]][0]

    def plot(self, x: str, y: str, ax=None):
        """Draw the result `y` against the parameter `x`.

        Small points are the seeds, the line joins their means, the band is one
        standard deviation either way, and a cross at the top is a seed that
        gave NaN or infinity. Each combination of the other parameters has its
        own line, unless there are many. Where `x` spans decades its axis is
        logarithmic, with a place for 0.

        Parameters
        ----------
        x, y : str
        ax : matplotlib.axes.Axes, optional
            Where to draw; by default in a new figure.

        Returns
        -------
        matplotlib.figure.Figure
        """
        return draw(self, x, y, ax)

    def _columns(self) -> list[str]:
        return [*self.parameters, "seed", *self.results]

    def _points(self) -> list[tuple[dict, list[dict]]]:
        """Return each point with its rows."""
        found = {}
        for row in self.rows:
            point = {name: row[name] for name in self.parameters}
            found.setdefault(cell_key(point, 0), (point, []))[1].append(row)
        return list(found.values())


def _lowest(means: np.ndarray, name: str) -> int:
    if not len(means) or np.isnan(means).all():
        raise ValueError(f"{name} has no mean that is a number")
    return int(np.nanargmin(means))


def _plus_minus(mean: float, std: float) -> str:
    """Return as many decimals as the deviation has two digits for."""
    if not 0 < std < math.inf:
        return f"{mean:.4g}"
    decimals = max(0, 1 - int(f"{std:.1e}".partition("e")[2]))
    if decimals > 6:
        return f"{mean:.4g} ± {std:.1g}"
    return f"{mean:.{decimals}f} ± {std:.{decimals}f}"


def _short(value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _structured(names: list[str], rows: list[tuple]) -> np.ndarray:
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    fields = zip(names, map(_dtype, columns), strict=True)
    return np.array(rows, dtype=list(fields))


def _dtype(values):
    """Return the dtype that keeps all values of a column as they are."""
    kinds = set(map(type, values))
    if kinds == {bool}:
        return bool
    if kinds == {str}:
        return np.array(values).dtype
    if kinds == {int} and max(map(abs, values)) < 2**63:
        return np.int64
    return np.float64 if kinds <= {int, float} else object
