"""The compiled loops: NumPy's numbers within a few units in the last place, and out of the way.

The tests of `test_layernorm.py` run on both paths; these compare the two with each other.
"""

import itertools
import subprocess
import sys

import numpy as np
import pytest

import nnreg
from nnreg import layernorm
from nnreg.nn import LayerNorm

PAIRS = {
    "layernorm": (nnreg.layernorm_forward, nnreg.layernorm_backward),
    "rmsnorm": (nnreg.rmsnorm_forward, nnreg.rmsnorm_backward),
}
each_norm = pytest.mark.parametrize(("forward", "backward"), PAIRS.values(), ids=PAIRS)
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@pytest.fixture
def rng():
    return np.random.default_rng(16)


def there_and_back(norm, x, dy, **given):
    """Return y, dx, and the gradients of what was given."""
    forward, backward = norm
    y, cache = forward(x, **given)
    dx, *of_parameters = backward(dy, cache)
    return [y, dx, *(gradient for gradient in of_parameters if gradient is not None)]


def on_both_paths(fast, *arguments, **given):
    """Return what NumPy gives, and what the loops give."""
    plain = there_and_back(*arguments, **given)
    fast.enable()
    compiled = there_and_back(*arguments, **given)
    fast.disable()
    return plain, compiled


# The same numbers -------------------------------------------------------------------------------


@each_dtype
@each_norm
@pytest.mark.parametrize("given", [*itertools.product([True, False], repeat=2)], ids=str)
def test_compiled_loops_give_the_numbers_of_numpy(fast, forward, backward, dtype, given, rng):
    names = ("gamma", "beta")[: 2 if forward is nnreg.layernorm_forward else 1]
    for n, d in [(1, 1), (1, 2), (3, 7), (40, 33), (5, 1024), (70, 1500), (2000, 3)]:
        size = 10 ** rng.uniform(-2, 2, (n, 1))
        x = (size * rng.normal(1, 1, (n, d))).astype(dtype)
        dy = rng.normal(size=(n, d)).astype(dtype)
        chosen = itertools.compress(names, given)
        parameters = {name: rng.normal(1, 1, d).astype(dtype) for name in chosen}
        plain, compiled = on_both_paths(fast, (forward, backward), x, dy, **parameters)
        # How large what is added up in y, dx, dgamma and dbeta is, and how often.
        inverse = forward(x, **parameters)[1][1]
        terms = 10, 30 * inverse, 30 * n**0.5, 10 * n**0.5
        for ours, theirs, scale in zip(compiled, plain, terms[: len(plain)], strict=True):
            assert ours.dtype == dtype
            assert ours.shape == theirs.shape
            assert (abs(ours - theirs) <= 4 * np.finfo(dtype).eps * scale).all(), (n, d)


@each_dtype
@each_norm
def test_rows_at_the_ends_of_the_range_and_beyond_are_those_of_numpy(
    fast, forward, backward, dtype, rng
):
    info = np.finfo(dtype)
    x, dy = rng.normal(size=(2, 9, 40)).astype(dtype)
    sizes = info.max / 8, info.tiny, 3 * info.smallest_subnormal, 0.0
    x[[0, 2, 4, 6]] *= np.array(sizes, dtype)[:, None]
    x[1, 3], x[3, 0], x[5, 39] = np.nan, np.inf, -np.inf
    # Without a warning: here each of them is an error.
    plain, compiled = on_both_paths(fast, (forward, backward), x, dy, eps=1e-30)
    assert np.isfinite(compiled[0][[0, 2, 4, 6]]).all()
    for ours, theirs in zip(compiled, plain, strict=True):
        scale = abs(theirs).max(1, keepdims=True)
        unlike = abs(ours - theirs) > 16 * info.eps * scale  # never so for NaN
        assert not unlike.any()
        np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs))


def test_a_parameter_that_the_dtype_cannot_hold_overflows_with_a_warning(fast, rng):
    x = rng.normal(size=(3, 4)).astype(np.float32)
    gamma, beta = np.full((2, 4), 1e300)
    with pytest.warns(RuntimeWarning, match="overflow"):
        plain, _ = nnreg.layernorm_forward(x, gamma, beta)
    fast.enable()
    with pytest.warns(RuntimeWarning, match="overflow"):
        compiled, _ = nnreg.layernorm_forward(x, gamma, beta)
    np.testing.assert_array_equal(np.isfinite(compiled), np.isfinite(plain))
    assert not np.isfinite(compiled).all()


@each_dtype
@each_norm
def test_how_numbers_lie_in_memory_does_not_matter(fast, forward, backward, dtype, rng):
    wide, dy = rng.normal(size=(2, 6, 24)).astype(dtype)
    fast.enable()
    expected = there_and_back((forward, backward), wide[:, ::2].copy(), dy[:, ::2].copy())
    frozen = wide[:, ::2].copy()
    frozen.flags.writeable = False
    unaligned = np.frombuffer(b"0" + frozen.tobytes(), dtype, offset=1).reshape(6, 12)
    turned = frozen.astype(frozen.dtype.newbyteorder())
    for x in (wide[:, ::2], np.asfortranarray(wide[:, ::2]), frozen, unaligned, turned):
        for upstream in (dy[:, ::2], np.asfortranarray(dy[:, ::2])):
            found = there_and_back((forward, backward), x, upstream)
            for ours, theirs in zip(found, expected, strict=True):
                np.testing.assert_array_equal(ours, theirs)
    for loops in (fast._forward_loops, fast._backward_loops):
        assert len(loops.signatures) <= 2, "compiled anew for a layout"


@each_norm
def test_long_double_is_left_to_numpy_and_half_precision_is_worked_in_single(
    fast, forward, backward, rng
):
    x, dy = rng.normal(size=(2, 4, 30))
    for dtype, ulps in ((np.longdouble, 0), (np.float16, 1)):
        outcomes = on_both_paths(fast, (forward, backward), x.astype(dtype), dy.astype(dtype))
        tolerance = ulps * float(np.finfo(dtype).eps)
        for plain, compiled in zip(*outcomes, strict=True):
            assert compiled.dtype == dtype
            np.testing.assert_allclose(compiled, plain, rtol=tolerance, atol=tolerance)


# Out of the way ---------------------------------------------------------------------------------


def test_enable_and_disable_change_what_functions_and_layers_run(fast, monkeypatch, rng):
    ran = []
    for name in ("_forward_loops", "_backward_loops"):
        loops = getattr(fast, name)
        spy = lambda *given, name=name, loops=loops: (ran.append(name), loops(*given))  # noqa: E731
        monkeypatch.setattr(fast, name, spy)
    before = layernorm._forward, layernorm._backward
    x, layer = rng.normal(size=(3, 4)), LayerNorm(4)
    for turn, loops in ((fast.enable, True), (fast.enable, True), (fast.disable, False)):
        turn()
        nnreg.layernorm_backward(x, nnreg.layernorm_forward(x)[1])
        layer.forward(x)
        layer.backward(x)
        assert ran == ["_forward_loops", "_backward_loops"] * 2 * loops
        ran.clear()
    assert (layernorm._forward, layernorm._backward) == before


@each_norm
def test_a_pass_may_begin_on_one_path_and_end_on_the_other(fast, forward, backward, rng):
    x, dy = rng.normal(size=(2, 5, 6))
    _, plain_cache = forward(x)
    fast.enable()
    _, compiled_cache = forward(x)
    there, *_ = backward(dy, plain_cache)
    fast.disable()
    back, *_ = backward(dy, compiled_cache)
    np.testing.assert_allclose(there, back, rtol=1e-12, atol=1e-14)


def test_loops_are_compiled_where_no_folder_can_keep_the_result(fast):
    names = {}
    exec(compile("def twice(x):\n    return 2 * x", "<nowhere>", "exec"), names)
    assert fast._compiled(names["twice"])(3) == 6


def run(root, code):
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)


def test_nnreg_alone_imports_no_numba(root):
    code = "import sys, nnreg, nnreg.nn, nnreg.data; print('numba' in sys.modules)"
    assert run(root, code).stdout == "False\n"


def test_without_numba_the_error_says_what_to_install(root):
    done = run(root, "import sys; sys.modules['numba'] = None; import nnreg.fast")
    assert done.stderr.rstrip().endswith('pip install "nnreg[fast]"')
    assert "ImportError: nnreg.fast needs numba" in done.stderr
