"""Assignment "dropout", second part: a network with units missing."""

import numpy as np

from nnreg.grading.properties._kit import (
    changed,
    distinct,
    misshapen,
    mixed,
    results,
)
from nnreg.grading.properties.dropout import (
    NOT_REUSED,
    NOT_SCALED,
    draw_mask,
)
from nnreg.grading.questions import differs, question

network = question("thinned_network_backward")

NOT_SUMMED = "the gradient is not summed over the batch"
AVERAGED = "the gradient is averaged over the batch, and should be summed"
THROUGH_OFF = "the gradient passes where a ReLU is off"


def _network(rng):
    """Draw x, W, V, a mask and dz, so that some ReLUs are on and some off."""
    n, d, k, c = 8, *distinct(rng, 3)
    k += 4
    x, W, V = mixed(rng, n, d), mixed(rng, d, k), mixed(rng, k, c)
    return x, W, V, draw_mask(rng, n, k), mixed(rng, n, c)


def _misfit(gradients, W, V):
    """Say so if a gradient has another shape than its array."""
    dW, dV = gradients
    of_W, of_V = misshapen(dW, W.shape), misshapen(dV, V.shape)
    if not (misshapen(dW, V.shape) or misshapen(dV, W.shape)):
        return "the two results are in the wrong order"
    return (of_W and f"of W: {of_W}") or (of_V and f"of V: {of_V}")


@network.property(
    "returns two gradients, in the shapes of W and of V", expected=True
)
def _has_two_gradients(answer, rng):
    x, W, V, mask, dz = _network(rng)
    return _misfit(results(answer(x, W, V, mask, dz), 2), W, V)


@network.property("gives V the gradient of what V has heard")
def _asks_what_V_heard(answer, rng):
    x, W, V, mask, dz = _network(rng)
    z = x @ W
    h = np.maximum(z, 0)
    heard = {
        "V has heard the hidden units through the mask": h,
        NOT_SCALED: (mask > 0) * h,
        "V has heard the hidden units through their ReLU": mask * z,
    }
    symptoms = {what: said.T @ dz for what, said in heard.items()}
    right = (mask * h).T @ dz
    symptoms[AVERAGED] = right / len(x)
    symptoms[NOT_SUMMED] = (mask * h)[:, :, None] * dz[:, None, :]
    _, dV = results(answer(x, W, V, mask, dz), 2)
    return differs(dV, right, symptoms=symptoms)


@network.property("sends the gradient of W through the same mask and the ReLU")
def _goes_through_mask(answer, rng):
    x, W, V, mask, dz = _network(rng)
    on, arrives = x @ W > 0, dz @ V.T
    ways = {
        NOT_REUSED: arrives * on,
        NOT_SCALED: arrives * on * (mask > 0),
        "the way back goes through the mask twice": arrives * on * mask**2,
        THROUGH_OFF: arrives * mask,
        "the gradient passes where a ReLU is off, and unmasked": arrives,
    }
    symptoms = {what: x.T @ back for what, back in ways.items()}
    way = arrives * on * mask
    right = x.T @ way
    symptoms[AVERAGED] = right / len(x)
    symptoms[NOT_SUMMED] = x[:, :, None] * way[:, None, :]
    given, again = (results(answer(x, W, V, mask, dz), 2)[0] for _ in range(2))
    if differs(again, given):
        return NOT_REUSED
    return differs(given, right, symptoms=symptoms)


@network.property(
    "gives a unit no blame that every example has dropped", expected=True
)
def _spares_absent_units(answer, rng):
    x, W, V, mask, dz = _network(rng)
    absent = int(rng.integers(mask.shape[1]))
    mask[:, absent] = 0
    dW, dV = gradients = results(answer(x, W, V, mask, dz), 2)
    if misfit := _misfit(gradients, W, V):
        return misfit
    of_unit = np.any(np.asarray(dW)[:, absent]), np.any(np.asarray(dV)[absent])
    return NOT_REUSED if any(of_unit) else ""


@network.property(
    "gives a unit no blame whose ReLU hears exactly 0", expected=True
)
def _spares_units_at_zero(answer, rng):
    x, W, V, mask, dz = _network(rng)
    still, off = rng.permutation(mask.shape[1])[:2]
    x, W[:, still], W[:, off] = np.abs(x), 0, -np.abs(W[:, off])
    gradients = results(answer(x, W, V, mask, dz), 2)
    if misfit := _misfit(gradients, W, V):
        return misfit
    dW = np.asarray(gradients[0])
    # who lets all gradients through has lost points for that elsewhere
    passes = dW[:, still].any() and not dW[:, off].any()
    return "a ReLU's slope at 0 should be 0" if passes else ""


@network.property("is that of the whole network for a mask of ones")
def _is_whole_in_evaluation(answer, rng):
    x, W, V, mask, dz = _network(rng)
    z, arrives = x @ W, dz @ V.T
    right = x.T @ (arrives * (z > 0)), np.maximum(z, 0).T @ dz
    symptoms = {THROUGH_OFF: (x.T @ arrives, right[1])}
    given = answer(x, W, V, np.ones(mask.shape), dz)
    return differs(given, right, symptoms=symptoms)


@network.property("leaves its five arrays as they were", expected=True)
def _network_leaves_inputs(answer, rng):
    return changed(answer, *_network(rng))
