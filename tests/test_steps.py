"""The forms of appendix A3 that `benchmarks.steps` times compute what `nnreg` computes."""

import numpy as np
import pytest

import nnreg
from benchmarks import steps

FORMULAS = ("L1", "L2", "LayerNorm backward")


@pytest.mark.parametrize("formula", FORMULAS)
def test_every_form_of_a_formula_returns_what_nnreg_returns(formula):
    forms = {name: form() for name, form in steps.contenders(65, 1024)[formula].items()}
    right = forms.pop("nnreg")
    assert steps.TEXTBOOK in forms
    for name, found in forms.items():
        for array, expected in zip(found, right, strict=True):
            size = np.abs(expected).max()
            array = np.reshape(array, np.shape(expected))
            np.testing.assert_allclose(array, expected, rtol=1e-4, atol=1e-5 * size, err_msg=name)


def test_every_form_of_dropout_keeps_the_same_share_at_the_same_scale():
    x = np.ones((64, 1024), np.float32)
    page = steps.forms_of_the_page()
    for form in (page.dropout_textbook, page.dropout_pieces, steps.dropout_16_bits):
        y, mask = form(x, 0.3, np.random.default_rng(0))
        np.testing.assert_array_equal(np.unique(mask.astype(np.float32)), np.float32([0, 1 / 0.7]))
        np.testing.assert_array_equal(y, mask)
        assert np.mean(mask > 0) == pytest.approx(0.7, abs=0.01)


def test_dice_in_pieces_drop_what_nnreg_drops():
    x = np.ones((300, 256), np.float32)
    page = steps.forms_of_the_page()
    expected = nnreg.dropout_forward(x, 0.3, np.random.default_rng(1))[0]
    found = page.dropout_pieces(x, 0.3, np.random.default_rng(1))[0]
    np.testing.assert_array_equal(found, expected)


def test_the_table_has_a_line_for_each_form_and_is_narrow():
    names = {formula: list(forms) for formula, forms in steps.contenders(64, 64).items()}
    cases = [
        {"formula": formula, "form": form, "times_as_fast": [number + 0.5, 0, 9]}
        for number in range(3)
        for formula, forms in names.items()
        for form in forms
    ]
    lines = steps.steps_table({"cases": cases}).splitlines()
    assert max(map(len, lines)) <= 60
    assert len(lines) == 2 + sum(map(len, names.values()))
    assert "| nnreg | 0.5 | 1.5 | 2.5 |" in lines
