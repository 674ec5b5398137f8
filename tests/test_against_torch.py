"""The same numbers as PyTorch, forward and backward, over random shapes; float64 to 1e-10, too.

`python -m benchmarks.accuracy` prints what was measured.
"""

import numpy as np
import pytest

from benchmarks.peers import ULPS, errors


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", ULPS, ids=lambda case: case.__name__)
def test_agrees_with_pytorch(torch, case, dtype):
    seen = set()
    for quantity, error, ulps in errors(torch, case, dtype):
        seen.add(quantity)
        assert ulps <= ULPS[case][quantity], f"{quantity} is off by {error:g}, {ulps:g} ulps"
        assert dtype == np.float32 or error <= 1e-10, f"{quantity} is off by {error:g}"
    assert seen == ULPS[case].keys()
