"""TensorFlow: what the page *Conventions* says of it."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
import pytest

from nnreg import L2
from nnreg.conventions import LIBRARIES, to_library

tensorflow = pytest.importorskip("tensorflow")


def test_the_page_speaks_of_this_version():
    assert version("tensorflow-cpu") == LIBRARIES["tf.nn.l2_loss"].version


def test_l2_loss_has_the_half_inside(weights):
    w = weights[0]
    factor = to_library(L2(0.03), "tf.nn.l2_loss", 7)["factor"]
    theirs = factor * tensorflow.nn.l2_loss(w).numpy()
    np.testing.assert_allclose(theirs, L2(0.03).value(w), rtol=1e-12)
