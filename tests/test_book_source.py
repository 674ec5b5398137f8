import ast
import inspect
from textwrap import dedent

import numpy as np
import pytest

import nnreg
from nnreg.book import show_source


def body(text):
    return "\n".join(line for line in str(text).split("\n") if not line.startswith("# nnreg/"))


@pytest.mark.parametrize("item", [nnreg.L2, nnreg.check_gradient, nnreg.L1.grad, nnreg.nn.Dense])
def test_what_is_shown_is_the_code_of_the_package(item):
    shown = ast.parse(body(show_source(item)))
    kept = ast.parse(dedent(inspect.getsource(item)))
    for node in ast.walk(kept):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            node.body = node.body[1:] or node.body
    assert ast.dump(shown) == ast.dump(kept)


def test_docstrings_are_dropped_unless_asked_for():
    assert '"""' not in show_source(nnreg.L2)
    assert inspect.getsource(nnreg.L2).rstrip() in show_source(nnreg.L2, docstring=True)


def test_a_method_is_shown_unindented_under_its_place():
    lines = show_source(nnreg.L2.value).split("\n")
    assert lines[0] == "# nnreg/penalties.py: L2.value"
    assert lines[1].startswith("def value(self, w)")


def test_a_bound_method_is_shown_like_the_method():
    assert show_source(nnreg.L2(0.1).value) == show_source(nnreg.L2.value)


def test_several_objects_are_shown_in_the_order_given():
    text = show_source(nnreg.L2.grad, nnreg.L2.value)
    assert 0 < text.index("def grad") < text.index("def value")


def test_markdown_and_plain_text_hold_the_same_source():
    shown = show_source(nnreg.L2.grad)
    forms = shown._repr_mimebundle_()
    assert set(forms) == {"text/markdown", "text/plain"}
    assert forms["text/plain"] == repr(shown) == str(shown)
    assert forms["text/markdown"] == f"```python\n{shown}\n```"


def made_here():
    return 1


class MadeHere:
    pass


@pytest.mark.parametrize(
    "item", [made_here, MadeHere, np.mean, np.ndarray, len, print, nnreg, 3, nnreg.L2(0.1)]
)
def test_what_is_not_a_function_or_class_of_nnreg_is_refused(item):
    with pytest.raises(TypeError, match="show_source"):
        show_source(item)


def test_what_is_defined_in_a_notebook_is_refused():
    space = {"__name__": "__main__"}
    exec("def f(): return 1\nclass C: pass", space)
    for item in (space["f"], space["C"]):
        with pytest.raises(TypeError, match="not"):
            show_source(item)


def test_nothing_to_show_is_refused():
    with pytest.raises(TypeError):
        show_source()


def test_helpers_are_the_private_functions_that_are_called_each_once():
    text = show_source(nnreg.layernorm_backward, nnreg.rmsnorm_backward, helpers=True)
    shown = [line.split(": ")[1] for line in text.split("\n") if line.startswith("# nnreg/")]
    public, private = shown[:2], shown[2:]
    assert public == ["layernorm_backward", "rmsnorm_backward"]
    assert sorted(private) == ["_as_row", "_backward", "_shaped"]


def test_helpers_of_helpers_are_shown_too():
    text = show_source(nnreg.layernorm_forward, helpers=True)
    assert text.index("def layernorm_forward") < text.index("def _normalise(")
    assert text.index("def _normalise(") < text.index("def _centre(")


def test_without_helpers_nothing_else_is_shown():
    assert "def _backward" not in show_source(nnreg.layernorm_backward)
