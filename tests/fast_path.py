"""The fixture that runs a test on both paths: with NumPy, and with the loops of `nnreg.fast`."""

import pytest


@pytest.fixture
def fast():
    """Return `nnreg.fast`, which is disabled again when the test is over."""
    pytest.importorskip("numba", reason="no numba: pip install numba")
    import nnreg.fast

    yield nnreg.fast
    nnreg.fast.disable()


@pytest.fixture(params=["numpy", "compiled"])
def both_paths(request: pytest.FixtureRequest) -> None:
    """Run a test twice. `pytestmark = pytest.mark.usefixtures("both_paths")` does so for a file."""
    if request.param == "compiled":
        request.getfixturevalue("fast").enable()
