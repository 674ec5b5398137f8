"""What a training sends to its picture, and how it ends when its numbers do."""

from __future__ import annotations

import functools
import itertools
import json

import numpy as np
import pytest

from nnreg.nn import SoftmaxCrossEntropy

from .trainer import SOURCES, build, take, train_in_page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(blank_page):
    return blank_page(SOURCES)


# Messages to a worker, or to a loop in the page; the frames that answer.
TALK = """async ([messages, inWorker]) => {
    const frames = [];
    if (inWorker) {
        const worker = new Worker("/main.js", { type: "module" });
        for (const message of messages) frames.push(await new Promise((resolve) => {
            worker.onmessage = ({ data }) => resolve(data);
            worker.postMessage(message);
        }));
        worker.terminate();
    } else {
        const { makeLoop } = await import("/training-loop.js");
        const receive = makeLoop((frame) => frames.push(structuredClone(frame)));
        messages.forEach(receive);
    }
    const plain = (_, value) => ArrayBuffer.isView(value) ? [...value]
        : Number.isFinite(value) || typeof value !== "number" ? value : String(value);
    return JSON.stringify(frames, plain);
}"""


def ask(page, *messages, in_worker=False):
    """Send messages, and return the frames that answer."""
    return json.loads(page.evaluate(TALK, [list(messages), in_worker]))


@pytest.fixture
def talk(page):
    return functools.partial(ask, page)


def start(side="a", **settings):
    return {"type": "start", "side": side, "settings": settings}


def step(epochs):
    return {"type": "step", "epochs": epochs}


def test_the_worker_says_what_the_loop_in_the_page_says(talk):
    messages = start(), step(3), start("b", penalty="l2"), step(4), {"type": "drop", "side": "a"}
    frames = [frame["sides"] for frame in talk(*messages)]
    assert frames == [frame["sides"] for frame in talk(*messages, in_worker=True)]
    epochs = [{side: seen["epoch"] for side, seen in frame.items()} for frame in frames]
    assert epochs == [{"a": 0}, {"a": 3}, {"a": 3, "b": 0}, {"a": 7, "b": 4}, {"b": 4}]
    known = [{side for side, seen in frame.items() if "data" in seen} for frame in frames]
    assert known == [{"a"}, set(), {"b"}, set(), set()]


def test_a_frame_shows_what_nnreg_sees(page, talk):
    settings = {"wrong": 0.3, "rate": 0.05}
    frame = talk(start(**settings), step(200))[-1]["sides"]["a"]
    run = train_in_page(page, settings, 200, folder=".")
    model, loss = build(run["settings"], run["data"]["classes"]), SoftmaxCrossEntropy()
    take(model, run["parameters"][-1])
    left, right, bottom, top = frame["box"]
    middle = (np.arange(100) + 0.5) / 100
    x, y = left + middle * (right - left), top - middle * (top - bottom)
    z = model.forward(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2))
    np.testing.assert_array_equal(frame["regions"], z.argmax(axis=1))
    softmax = np.exp(z - z.max(axis=1, keepdims=True))
    certainty = 255 * (softmax / softmax.sum(axis=1, keepdims=True)).max(axis=1)
    np.testing.assert_allclose(frame["margin"], certainty, atol=0.5 + 1e-6)

    data = {name: np.array(value) for name, value in run["data"].items()}
    z = model.forward(data["X"].reshape(-1, 2))
    fit, wrong = z.argmax(axis=1), data["wrong"] == 1
    np.testing.assert_array_equal(frame["fit"], fit)
    heart = np.count_nonzero(fit[wrong] == data["y"][wrong])
    assert frame["learntByHeart"] == {"count": heart, "of": 90}
    assert frame["now"]["loss"] == pytest.approx(loss.forward(z, data["y"]))
    assert frame["now"]["accuracy"] == pytest.approx(loss.accuracy())
    z = model.forward(data["XVal"].reshape(-1, 2))
    assert frame["now"]["val_loss"] == pytest.approx(loss.forward(z, data["yVal"]))
    assert frame["now"]["val_accuracy"] == pytest.approx(loss.accuracy())


@pytest.mark.elsewhere
def test_another_browser_shows_the_same_moment(firefox, serve, talk):
    page = firefox.new_page()
    page.goto(serve(SOURCES))
    messages = start(wrong=0.3), start("b", dropout=0.1, noise=0.1, penalty="l2"), step(600)
    ours, theirs = talk(*messages)[-1]["sides"], ask(page, *messages)[-1]["sides"]
    page.close()
    for side, what in itertools.product("ab", ("epoch", "weights", "regions", "fit")):
        assert ours[side][what] == theirs[side][what]


def test_zeros_are_counted_among_the_weights(talk):
    settings = {"penalty": "l1", "strength": 0.005, "exact": True, "rate": 0.2}
    frame = talk(start(**settings), step(100))[-1]["sides"]["a"]
    assert frame["zeros"] == {"exact": frame["weights"].count(0), "of": 5 * 64}
    assert frame["zeros"]["exact"] > 0


def test_a_long_history_is_thinned_evenly(talk):
    epoch = talk(start(width=2, points=30), step(1000))[-1]["sides"]["a"]["history"]["epoch"]
    assert epoch == list(range(0, 1000, 4))


EXTREMES = {"rate": 10, "noise": 1, "dropout": 0.8, "width": 128, "points": 30, "strength": 1000}


@pytest.mark.parametrize("penalty", ["none", "l1", "l2", "elastic"])
@pytest.mark.parametrize("exact", [False, True])
def test_no_frame_holds_a_number_that_is_none_without_saying_so(penalty, exact, talk):
    for settings in (EXTREMES, {**EXTREMES, "noise": 0, "dropout": 0, "strength": 0}):
        frames = talk(start(penalty=penalty, exact=exact, **settings), *[step(25)] * 4)
        *_, before, last = (frame["sides"]["a"] for frame in frames)
        numbers = [*last["weights"], *last["now"].values(), *last["history"]["loss"]]
        assert all(isinstance(number, (int, float)) for number in numbers)
        assert last["diverged"] or last["epoch"] == 100
        assert last["epoch"] > before["epoch"] or before["diverged"]


DIVERGE = """async (when) => {
    const { Training } = await import("/training.js");
    const { drawSide } = await import("/frame.js");
    const training = new Training({});
    training.step(3);
    const explode = () => training.network.theta.fill(1e200);  // logits beyond all numbers
    if (when === "in a step") training.optimizer.step = explode;
    else explode();
    if (when !== "between steps") training.step(5);
    const good = [...training.lastGood];
    const frames = [drawSide(training, 10), (training.step(5), drawSide(training, 10))];
    const numbers = frames.flatMap(({ now, margin }) => [...Object.values(now), ...margin]);
    return {
        diverged: frames.every(({ diverged }) => diverged),
        stopped: frames[0].epoch === frames[1].epoch && frames[0].epoch < 5,
        restored: training.network.theta.every((w, i) => w === good[i]),
        finite: numbers.every(Number.isFinite),
    };
}"""


HISTOGRAM = """async (weights) => {
    const { drawWeights } = await import("/curves.js");
    const canvas = document.createElement("canvas");
    canvas.style.cssText = "display: block; width: 444px; height: 200px";
    document.body.append(canvas);
    const zeros = { exact: weights.filter((w) => w === 0).length, of: weights.length };
    drawWeights(canvas, { weights, zeros }, { weight: 1, count: 10, sparse: true });
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const scale = canvas.width / 444, seen = { blue: [], orange: [] };
    for (let x = 0; x < 444; x++) {
        const place = 4 * (canvas.width * Math.round(170 * scale) + Math.round((x + 0.5) * scale));
        if (data[place + 3] === 255) seen[data[place] < 100 ? "blue" : "orange"].push(x);
    }
    canvas.remove();
    return seen;
}"""


def test_small_weights_stand_beside_0_in_their_bins_and_exact_zeros_apart(page):
    seen = page.evaluate(HISTOGRAM, [-0.01] * 5 + [0.01] * 5 + [0] * 5)
    # 400 px hold 40 bins, and 0 stands at 200.
    assert set(range(191, 209)) - {199, 200} <= set(seen["blue"]) <= set(range(190, 210))
    assert seen["orange"]
    assert min(seen["orange"]) > 400
    assert page.evaluate(HISTOGRAM, [-0.01, 0.01, 0.99] * 5)["orange"] == []


@pytest.mark.parametrize("when", ["before a step", "in a step", "between steps"])
def test_a_training_that_diverges_stops_with_its_last_good_weights(when, page):
    found = page.evaluate(DIVERGE, when)
    assert found == {"diverged": True, "stopped": True, "restored": True, "finite": True}


def test_what_cannot_be_set_becomes_what_can(page):
    asked = {"rate": -1, "width": 1e9, "data": "cats", "strength": "much", "points": 1, "seed": 1.4}
    found = train_in_page(page, asked, epochs=0, folder=".")["settings"]
    assert {name: found[name] for name in asked} == {
        "rate": 0.00001,
        "width": 128,
        "data": "spiral",
        "strength": 0.001,
        "points": 30,
        "seed": 1,
    }
