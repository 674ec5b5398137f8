import os
import subprocess
import sys

import numpy as np
import pytest

from nnreg.book import claim
from nnreg.book._verdict import VERIFYING


@pytest.mark.parametrize(
    ("value", "stated", "within"),
    [
        (0.86, 0.83, 0.03),
        (0.80, 0.83, 0.03),
        (8, 8, 0.0),
        (np.float32(0.1), 0.1, 1e-8),
        ([1.0, 2.1], [1, 2], 0.1000001),
        (np.inf, np.inf, 0.0),
        ("L1", "L1", 0.0),
    ],
)
def test_what_holds_is_silent_and_stops_nothing(value, stated, within, capsys, monkeypatch):
    for verifying in ("0", "1"):
        monkeypatch.setenv(VERIFYING, verifying)
        claim("it", value, stated, within=within)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("value", "stated", "within", "said"),
    [
        (0.79, 0.83, 0.03, "it is 0.79 (the text says 0.83)"),
        (np.nan, 0.83, 0.03, "it is nan (the text says 0.83)"),
        (-np.inf, np.inf, 0.03, "it is -inf (the text says inf)"),
        (7, 8, 0, "it is 7 (the text says 8)"),
        (1e-7, 2e-7, 0, "it is 0.0000001 (the text says 0.0000002)"),
        (0.50004, 0.5, 0, "it is 0.50004 (the text says 0.5)"),
        (12345.6, 10000, 1, "it is 12300 (the text says 10000)"),
        ([1.0, 2.5], [1, 2], 0.1, "it is 1, 2.5 (the text says 1, 2)"),
        ([1.0], [1, 2], 5, "it is 1 (the text says 1, 2)"),
        ("L2", "L1", 0, "it is L2 (the text says L1)"),
    ],
)
def test_a_reader_hears_what_the_text_says_and_what_came_out(
    value, stated, within, said, capsys, monkeypatch
):
    claim("it", value, stated, within=within)
    assert capsys.readouterr().out == f"With your change: {said}.\n"
    monkeypatch.setenv(VERIFYING, "1")
    with pytest.raises(AssertionError) as raised:
        claim("it", value, stated, within=within)
    assert said in str(raised.value)
    assert capsys.readouterr().out == ""


def test_a_statement_is_claimed_as_it_stands(capsys):
    claim("dropout wins in every seed", np.all([True, True]))
    assert capsys.readouterr().out == ""
    claim("dropout wins in every seed", np.all([True, False]))
    said = "With your change this does not hold: dropout wins in every seed.\n"
    assert capsys.readouterr().out == said


@pytest.mark.parametrize("value", [1, 0.5, np.array([True, True]), None])
def test_a_number_without_what_the_text_says_is_refused(value):
    with pytest.raises(TypeError, match="must be True or False"):
        claim("it", value)


def test_a_tolerance_below_zero_is_refused():
    with pytest.raises(ValueError, match="within must be finite and >= 0"):
        claim("it", 1.0, 1.0, within=-1)


def test_a_downloaded_notebook_gets_the_friendly_form_without_doing_anything(root):
    environment = {name: value for name, value in os.environ.items() if name != VERIFYING}
    program = "from nnreg.book import claim; claim('it', 1, 2); print('and goes on')"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**environment, "PYTHONPATH": str(root)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "and goes on"
