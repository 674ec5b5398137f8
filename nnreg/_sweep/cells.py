"""What a sweep is asked for, checked: its points, its seeds, its function.

A point is a dict of values that JSON keeps exactly, so that a result in a file
is found again by the text of its cell.
"""

import inspect
import itertools
import json
import math

import numpy as np

from nnreg._checks import check_count

# The table and its summaries have columns of these names.
RESERVED = ("rng", "seed", "mean", "std", "standard_error", "n_seeds")


def cell_key(point: dict, seed: int) -> str:
    """Return one text for each cell, whatever the order of its names."""
    return json.dumps([point, seed], sort_keys=True)


def mode_sign(mode: str) -> int:
    """Return the factor that makes lower better."""
    if mode not in ("min", "max"):
        raise ValueError(f"mode must be 'min' or 'max', got {mode!r}")
    return 1 if mode == "min" else -1


def as_points(grid) -> list[dict]:
    """Return the points, with NumPy's scalars as plain numbers."""
    if isinstance(grid, dict):
        for name, values in grid.items():
            if not isinstance(values, list | tuple | range | np.ndarray):
                raise TypeError(
                    f"grid[{name!r}] must be a list of values, got {values!r}"
                )
        combinations = itertools.product(*grid.values()) if grid else []
        grid = [dict(zip(grid, point, strict=True)) for point in combinations]
    points = []
    for point in grid if np.iterable(grid) else [grid]:
        if not isinstance(point, dict):
            raise TypeError(
                "grid must be a dict of lists, or a list of dicts, got "
                f"{point!r} in it"
            )
        points.append({n: _plain(value, n) for n, value in point.items()})
    if not points or not points[0]:
        raise ValueError("grid must hold at least one point, got none")
    for point in points:
        if point.keys() != points[0].keys():
            raise ValueError(
                "grid must hold points with the same names, got "
                f"{points[0]} and {point}"
            )
    for name in points[0]:
        if name in RESERVED:
            raise ValueError(
                f"grid must not call a parameter {name!r}: the table has a "
                "column of that name"
            )
    _refuse_twice([cell_key(point, 0) for point in points], points, "grid")
    return points


def _plain(value, name: str):
    """Return `value` if JSON keeps it exactly."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, tuple):
        return tuple(_plain(part, name) for part in value)
    if value is None or type(value) in (bool, int, float, str):
        return value
    raise TypeError(
        f"grid[{name!r}] must hold numbers, strings, None or tuples of these, "
        f"got {value!r}"
    )


def as_seeds(seeds) -> list[int]:
    """Return the seeds; a number n means 0 to n - 1."""
    if isinstance(seeds, str):
        raise TypeError(f"seeds must be whole numbers, got {seeds!r}")
    if np.ndim(seeds) == 0:
        return list(range(check_count(seeds, "seeds")))
    seeds = [check_count(seed, "seeds", 0) for seed in seeds]
    if not seeds:
        raise ValueError("seeds must hold at least one seed, got none")
    _refuse_twice(seeds, seeds, "seeds")
    return seeds


def _refuse_twice(keys: list, things: list, name: str) -> None:
    seen = set()
    for key, thing in zip(keys, things, strict=True):
        if key in seen:
            raise ValueError(f"{name} must hold {thing} once, got it twice")
        seen.add(key)


def what_it_takes(train, points: list[dict]) -> str:
    """Return "rng" or "seed", whichever `train` asks for."""
    if not callable(train):
        raise TypeError(f"train must be callable, got {train!r}")
    signature = inspect.signature(train)
    takes = [n for n in ("rng", "seed") if n in signature.parameters]
    if len(takes) != 1:
        raise TypeError(
            "train must take either rng, a generator, or seed, an int, got "
            f"train{signature}"
        )
    for point in points:
        try:
            signature.bind(**point, **{takes[0]: 0})
        except TypeError as error:
            raise TypeError(
                f"train{signature} must take the names of grid, as in "
                f"{point}: {error}"
            ) from None
    return takes[0]


def as_numbers(result, point: dict) -> dict[str, float]:
    """Return what `train` returned as a dict of floats."""
    named = result if isinstance(result, dict) else {"value": result}
    if not named:
        raise TypeError("train must return at least one number, got {}")
    for name, value in named.items():
        if np.ndim(value) or np.asarray(value).dtype.kind not in "biuf":
            raise TypeError(
                "train must return a number or a dict of numbers, got "
                f"{result!r}"
            )
        if not isinstance(name, str) or name in point or name == "seed":
            raise ValueError(
                "train must name its results by strings, and not as grid does "
                f"or 'seed', got {name!r}"
            )
    return {name: float(value) for name, value in named.items()}


def mean_and_std(results: list[float]) -> tuple[float, float]:
    """Return both, of a sample; one result has no deviation, but NaN."""
    with np.errstate(invalid="ignore", over="ignore"):
        mean = float(np.mean(results))
        one = len(results) == 1
        return mean, math.nan if one else float(np.std(results, ddof=1))


def mismatch(result: dict, others: dict, monitor: str | None):
    """Return the error of a result with other names than the others, if so."""
    first = next(iter(others.values()), result)
    if result.keys() != first.keys():
        return ValueError(
            "train must return the same names at each point, got "
            f"{sorted(result)} here and {sorted(first)} elsewhere"
        )
    if monitor is not None and monitor not in result:
        return ValueError(
            f"monitor must be one of {sorted(result)}, got {monitor!r}"
        )
    return None
