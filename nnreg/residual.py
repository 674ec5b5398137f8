r"""The residual connection: what goes into a block is added to what comes out of it.

.. math:: y = x + F(x), \qquad dx = dy + \left(\frac{\partial F}{\partial x}\right)^{\!\top} dy

The gradient has two roads: one through the block, and one round it, which
changes nothing.
"""

import numpy as np

from nnreg._checks import as_float_array, as_upstream


def residual_forward(x, branch_forward):
    """Return ``x`` plus what the branch makes of it.

    Parameters
    ----------
    x : array_like
        Any shape; integers become float64.
    branch_forward : callable
        Takes `x` and returns its output and a cache, as `layernorm_forward`
        does.

    Returns
    -------
    y : ndarray
        In the shape of `x`.
    cache : tuple
        For `residual_backward`.

    Raises
    ------
    ValueError
        If the branch changes the shape: broadcasting would add without a word.

    References ---------- He et al. (2016), "Deep residual learning for image
    recognition", section 3.2. Derived in chapter 15.

    Examples
    --------
    >>> y, cache = residual_forward([1.0, 2.0], lambda x: (3 * x, "what the branch keeps"))
    >>> y
    array([4., 8.])
    """
    x = as_float_array(x, "x")
    fx, branch_cache = branch_forward(x)
    if fx.shape != x.shape:
        raise ValueError(
            f"the branch must keep the shape of x, {x.shape}, got {fx.shape}"
        )
    return x + fx, (branch_cache, x.shape)


def residual_backward(dy, cache, branch_backward):
    """Add the gradient that goes round the branch to the one that comes through it.

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

    References ---------- He et al. (2016), "Identity mappings in deep residual
    networks", section 2. Derived in chapter 15.

    Examples
    --------
    >>> _, cache = residual_forward([1.0, 2.0], lambda x: (3 * x, None))
    >>> residual_backward([1.0, 10.0], cache, lambda dy, _: 3 * dy)
    array([ 4., 40.])
    """
    branch_cache, shape = cache
    dy = as_upstream(dy, shape)
    through = branch_backward(dy, branch_cache)
    dx, *of_parameters = through if isinstance(through, tuple) else (through,)
    dx = np.asarray(dx)
    if dx.shape != shape:
        raise ValueError(
            f"the branch's dx must have the shape of x, {shape}, got {dx.shape}"
        )
    return (dy + dx, *of_parameters) if isinstance(through, tuple) else dy + dx
