"""What pictures share, whoever draws them: colours, roles, decision maps."""

from typing import Any

import numpy as np

from nnreg._checks import as_float_array
from nnreg.nn.history import ROLES

CSS_PIXELS_PER_INCH = 100

# Okabe and Ito's palette. Each class of points also has a marker, each role a
# line style, so that nothing is told by colour alone.
CLASS_COLOURS = (
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
)
CLASS_TINTS = (
    "#CDE3F0",
    "#F9DDCB",
    "#CDEBE1",
    "#F4E1EB",
    "#FAEBCC",
    "#DDF0FB",
)
CLASS_MARKERS = ("o", "s", "^", "D", "v", "P")

_ROLES: dict[str, dict[str, Any]] = {
    **ROLES,
    "L1": {"color": "#CC79A7", "linestyle": "-."},
    "L2": {"color": "#000000", "linestyle": (0, (7, 2))},
    "none": {"color": "#767676", "linestyle": "-"},
}


def role(name: str) -> dict[str, Any]:
    """Return the line style that a role keeps through the whole book.

    Parameters
    ----------
    name : str
        ``"training"``, ``"validation"``, ``"penalty"``, ``"L1"``, ``"L2"`` or
        ``"none"``.

    Returns
    -------
    dict
        Keywords for ``ax.plot``: a colour, and a line style as a second cue.

    Examples
    --------
    >>> role("validation")
    {'color': '#D55E00', 'linestyle': '--'}
    """
    if name not in _ROLES:
        raise ValueError(
            f"name must be one of {', '.join(_ROLES)}, got {name!r}"
        )
    return dict(_ROLES[name])


def plot_decision(
    ax: Any,
    model: Any,
    X: np.ndarray,
    y: np.ndarray,
    *,
    limits: tuple[float, float, float, float] | None = None,
    resolution: int = 150,
    size: float = 22.0,
) -> None:
    """Draw what a classifier says everywhere in the plane, and its points.

    Each class has a colour and a marker. A point that lies on another class's
    tint is wrong.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    model : object with ``forward`` or callable
        Maps points of shape ``(m, 2)`` to scores ``(m, k)``, one column a
        class; a single column is read as the logit of class 1 against class 0.
    X : array, shape (n, 2)
        The points.
    y : array of int, shape (n,)
        Their classes.
    limits : (left, right, bottom, top), optional
        The part of the plane to show; by default the points with a margin.
        Give it when frames of an explorer show different points.
    resolution : int
        Number of grid lines each way on which the model is asked.
    size : float
        Area of a marker in square points.
    """
    X, y = as_float_array(X, "X"), np.asarray(y)
    if X.ndim != 2 or X.shape[1] != 2 or y.shape != X.shape[:1]:
        raise ValueError(
            f"X must have shape (n, 2) and y (n,), got {X.shape} and {y.shape}"
        )
    if limits is None:
        low, high = np.float64([X.min(axis=0), X.max(axis=0)])
        margin = 0.06 * np.maximum(high - low, 1e-12)
        low, high = low - margin, high + margin
        limits = low[0], high[0], low[1], high[1]
    left, right, bottom, top = map(float, limits)
    across = np.linspace(left, right, resolution)
    up = np.linspace(bottom, top, resolution)
    grid = (
        np.stack(np.meshgrid(across, up), axis=-1)
        .reshape(-1, 2)
        .astype(X.dtype)
    )
    scores = np.array(getattr(model, "forward", model)(grid), dtype=np.float64)
    if scores.ndim == 1 or scores.shape[1] == 1:
        scores = np.column_stack([np.zeros(len(grid)), scores])

    for k in range(scores.shape[1]):
        # The lead over the best rival is positive where class k wins, and its
        # zero line is smooth.
        lead = scores[:, k] - np.delete(scores, k, axis=1).max(axis=1)
        if lead.max() > 0:
            lead = lead.reshape(resolution, resolution)
            ax.contourf(
                across,
                up,
                lead,
                levels=[0, np.inf],
                colors=[_cycle(CLASS_TINTS, k)],
            )
            ax.contour(
                across, up, lead, levels=[0], colors="white", linewidths=1.6
            )
        chosen = y == k
        ax.scatter(
            *X[chosen].T,
            s=size,
            color=_cycle(CLASS_COLOURS, k),
            marker=_cycle(CLASS_MARKERS, k),
            linewidths=0.5,
            edgecolors="white",
            label=f"class {k}",
            zorder=3,  # above the tints and borders of the later classes
        )
    ax.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    ax.grid(False)


def _cycle(choices: tuple[str, ...], k: int) -> str:
    return choices[k % len(choices)]
