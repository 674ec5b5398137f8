"""How tests read an SVG picture, and where they expect what."""

import re
import xml.etree.ElementTree as ET

import numpy as np

from nnreg.book._svg.figure import figure

SVG = "{http://www.w3.org/2000/svg}"
BLUE, ORANGE = "#0072B2", "#D55E00"


def drawn(fig):
    return ET.fromstring(fig.svg())


def find(root, tag, **attributes):
    wanted = {name.rstrip("_").replace("_", "-"): text for name, text in attributes.items()}
    return [e for e in root.iter(SVG + tag) if wanted.items() <= e.attrib.items()]


def points(element):
    """Return the corners of the polylines of a path."""
    lines = [re.findall(r"-?[\d.]+", part) for part in element.get("d").split("M")[1:]]
    return [np.array(line, dtype=float).reshape(-1, 2) for line in lines]


def texts(root):
    return ["".join(element.itertext()) for element in root.iter(SVG + "text")]


def place(ax, x, y, log=""):
    """Return pixels from data, by hand."""
    left, top, width, height = ax.box
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    if "x" in log:
        x, x0, x1 = np.log10([x, x0, x1])
    if "y" in log:
        y, y0, y1 = np.log10([y, y0, y1])
    return [left + width * (x - x0) / (x1 - x0), top + height * (y1 - y) / (y1 - y0)]


def near(one, other):
    return np.allclose(one, other, atol=0.011)


def panel(**limits):
    fig, ax = figure(4, 3)
    ax.set(**limits)
    return fig, ax


UNIT = {"xlim": (0, 10), "ylim": (0, 5)}
