r"""The residual connection: a block's input is added to its output.

.. math:: y = x + F(x), \qquad
          dx = dy + \left(\frac{\partial F}{\partial x}\right)^{\!\top} dy

The gradient has two roads: one through the block, and one round it, which
changes nothing.
"""

import numpy as np

from nnreg._arithmetic import work_dtype
from nnreg._checks import as_float_array, as_upstream


def residual_forward(x, branch_forward):
    """Return ``x`` plus what the branch makes of it.

    Parameters
    ----------
    x : array_like
        Any shape; integers become float64.
    branch_forward : callable
        Takes `x`, which it must not change, and returns its output and a
        cache, as `layernorm_forward` does.

    Returns
    -------
    y : ndarray
        In the shape of `x`.
    cache : tuple
        For `residual_backward`.

    Raises
    ------
    ValueError
        If the branch changes the shape (broadcasting would add without a
        word), or works in place: its input is read-only.
    TypeError
        If the branch does not return an output and a cache.

    References
    ----------
    He et al. (2016), "Deep residual learning for image recognition", section
    3.2. Derived in chapter 15.

    Examples
    --------
    >>> y, cache = residual_forward([1.0, 2.0], lambda x: (3 * x, "kept"))
    >>> y
    array([4., 8.])
    """
    x = as_float_array(x, "x")
    branch_x = _read_only(x.astype(work_dtype(x.dtype), copy=False))
    through = branch_forward(branch_x)
    if not (isinstance(through, tuple) and len(through) == 2):
        raise TypeError(
            "branch_forward must return its output and a cache, got "
            f"{type(through).__name__}"
        )
    fx, branch_cache = as_float_array(through[0], "its output"), through[1]
    if fx.shape != x.shape:
        raise ValueError(
            f"the branch must keep the shape of x, {x.shape}, got {fx.shape}"
        )
    y = np.asarray(branch_x + fx).astype(x.dtype, copy=False)
    return y, (branch_cache, x.shape, x.dtype)


def residual_backward(dy, cache, branch_backward):
    """Add the gradient that goes round the branch to the one through it.

    Parameters
    ----------
    dy : array_like
        Upstream gradient, in the shape of `y`.
    cache : tuple
        From `residual_forward`.
    branch_backward : callable
        Takes `dy` and the branch's cache; returns `dx`, or a tuple of `dx` and
        the gradients of the branch's parameters, as `layernorm_backward` does.

    Returns
    -------
    ndarray or tuple
        What the branch returned, with the sum of both roads in the place of
        its `dx`.

    Raises
    ------
    ValueError
        If `dy` or the branch's `dx` does not have the shape of the forward
        pass.

    References
    ----------
    He et al. (2016), "Identity mappings in deep residual networks", section 2.
    Derived in chapter 15.

    Examples
    --------
    >>> _, cache = residual_forward([1.0, 2.0], lambda x: (3 * x, None))
    >>> residual_backward([1.0, 10.0], cache, lambda dy, _: 3 * dy)
    array([ 4., 40.])
    """
    branch_cache, shape, dtype = cache
    dy = _read_only(as_upstream(dy, shape, work_dtype(dtype)))
    through = branch_backward(dy, branch_cache)
    dx, *of_parameters = through if isinstance(through, tuple) else (through,)
    dx = as_float_array(dx, "the branch's dx")
    if dx.shape != shape:
        raise ValueError(
            f"the branch's dx must have the shape of x, {shape}, got "
            f"{dx.shape}"
        )
    dx = np.asarray(dy + dx).astype(dtype, copy=False)
    return (dx, *of_parameters) if isinstance(through, tuple) else dx


def _read_only(array: np.ndarray) -> np.ndarray:
    """Return a view that a branch working in place cannot write into.

    What goes round the branch is added afterwards, and must still be there.
    """
    view = array.view()
    view.flags.writeable = False
    return view
