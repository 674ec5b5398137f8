"""The table of decays on the page *Conventions*, as code that runs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

PAGE = Path(__file__).parents[2] / "book" / "conventions.md"
LR, DECAY, MOMENTUM, EPS = 0.1, 0.3, 0.9, 1e-7
FLOAT32 = {"rtol": 0, "atol": 1e-5}  # it holds 1 - 0.999 to four digits
FACTORS = (1.0, -0.3, 0.1)  # one step of Adam alone would hardly tell how strong anything is


def table() -> dict[str, tuple[str, bool]]:
    """Return optimiser -> its line, and whether it reaches biases."""
    text = PAGE.read_text(encoding="utf8").split("(conventions-decay)=")[1]
    rows = re.findall(r"^\| (.+) \| `(.+)` \| (yes|no) \|$", text.split("\n- ")[0], re.M)
    return {name.replace("`", ""): (line, answer == "yes") for name, line, answer in rows}


def after_three_steps(line: str, w: np.ndarray, g: np.ndarray, optimizer: Callable) -> np.ndarray:
    """Return the weights after a step for each of FACTORS times `g`, decayed by `line`."""
    change = optimizer()
    for factor in FACTORS:
        names = {"w": w.copy(), "g": factor * g, "lr": LR, "wd": DECAY}
        exec(line, names)
        w = names["w"] + change(names["g"])
    return w


def momentum() -> Callable[[np.ndarray], np.ndarray]:
    """Return what makes a gradient into a change, and remembers the change."""
    velocity = 0.0

    def change(g: np.ndarray) -> np.ndarray:
        nonlocal velocity
        velocity = MOMENTUM * velocity - LR * g
        return velocity

    return change


def adam() -> Callable[[np.ndarray], np.ndarray]:
    """Return what makes a gradient into a change by Adam's formula."""
    mean, square, steps = 0.0, 0.0, 0

    def change(g: np.ndarray) -> np.ndarray:
        nonlocal mean, square, steps
        mean, square, steps = 0.9 * mean + 0.1 * g, 0.999 * square + 0.001 * g**2, steps + 1
        root = np.sqrt(square / (1 - 0.999**steps))
        return -LR * mean / (1 - 0.9**steps) / (root + EPS)

    return change


OPTIMIZERS = {"SGD": momentum, "Adam": adam, "AdamW": adam, "adamw": adam}


def by_the_page(name: str, w: np.ndarray, g: np.ndarray, *, bias: bool = False) -> np.ndarray:
    """Return what the page says of an optimiser, `w` being a weight or a bias."""
    line, reaches_biases = table()[name]
    line = line if reaches_biases or not bias else "pass"
    return after_three_steps(line, w, g, OPTIMIZERS[name.split()[-1]])


def by_the_other_lines(name: str, w: np.ndarray, g: np.ndarray) -> list[np.ndarray]:
    """Return what the lines of the others would do: the tests see that it is not the same."""
    others = {line for line, _ in table().values()} - {table()[name][0], "w -= eta*wd*w"}
    return [after_three_steps(line, w, g, OPTIMIZERS[name.split()[-1]]) for line in others]
