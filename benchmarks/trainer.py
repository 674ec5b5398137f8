"""How many epochs a second the trainer takes in Chromium's worker, and nnreg beside it.

Usage: python -m benchmarks.trainer

2-64-3 on 300 points; the least disturbed of some rounds of each. A frame is what one training sends
to its picture: 10,000 cells, 300 rows, and losses on 1,000 new ones. nnreg trains on the same rows,
and looks at the new ones every 8 epochs, as the trainer does by then.
"""

from __future__ import annotations

import threading
import time

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.speed.machine import begin_again_with_one_thread
from nnreg.nn import SGD, Adam, SoftmaxCrossEntropy, fit
from tests.browser.trainer import SOURCES, build, train_in_page
from tools.browser_tools import chromium
from tools.serve import open_server

SETTINGS = {
    "no regularisation": {},
    "L1": {"penalty": "l1"},
    "L2": {"penalty": "l2"},
    "elastic net": {"penalty": "elastic"},
    "L1, exact zeros": {"penalty": "l1", "exact": True, "rate": 0.2},
    "dropout": {"dropout": 0.3},
    "input noise": {"noise": 0.1},
    "wrong labels": {"wrong": 0.3},
    "moons": {"data": "moons"},
    "digits": {"data": "digits"},
    "width 128": {"width": 128},
    "all together": {"penalty": "elastic", "dropout": 0.3, "noise": 0.1, "wrong": 0.3},
}
FIRST, ROUNDS, EPOCHS = 1200, 60, 20

MEASURE = """async ([settings, first, rounds, epochs]) => {
    const worker = new Worker("/main.js", { type: "module" });
    const milliseconds = (message) => new Promise((resolve) => {
        const sent = performance.now();
        worker.onmessage = () => resolve(performance.now() - sent);
        worker.postMessage(message);
    });
    await milliseconds({ type: "start", side: "a", settings });
    await milliseconds({ type: "step", epochs: first });
    const frames = [], steps = [];
    for (let round = 0; round < rounds; round++) {
        frames.push(await milliseconds({ type: "step", epochs: 0 }));
        steps.push(await milliseconds({ type: "step", epochs }));
    }
    worker.terminate();
    return [Math.min(...frames), Math.min(...steps)];
}"""


def trainer_speed(page: Page, settings: dict) -> tuple[float, float]:
    """Return epochs a second, and milliseconds a frame."""
    frame, steps = page.evaluate(MEASURE, [settings, FIRST, ROUNDS, EPOCHS])
    return 1000 * EPOCHS / (steps - frame), frame


def nnreg_speed(page: Page, settings: dict) -> float:
    """Return nnreg's epochs a second."""
    run = train_in_page(page, settings, epochs=0, folder=".")
    settings, data = run["settings"], run["data"]
    X, XVal = (np.reshape(data[name], (-1, 2)) for name in ("X", "XVal"))
    y, yVal = (np.array(data[name]) for name in ("y", "yVal"))
    model = build(settings, data["classes"], noise=0, masks=1)
    rate = settings["rate"]
    optimizer = SGD(rate, momentum=0.9, proximal=True) if settings["exact"] else Adam(rate)
    options = {"validation": (XVal, yVal), "every": 8, "progress": False}
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        fit(model, SoftmaxCrossEntropy(), optimizer, X, y, epochs=EPOCHS, **options)
        seconds.append(time.perf_counter() - start)
    return EPOCHS / min(seconds)


def main() -> None:
    """Print a row for each setting."""
    print(f"{'':20}{'epochs/s':>10}{'ms a frame':>12}{'nnreg, epochs/s':>17}")
    with open_server(SOURCES, port=0) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
        for name, settings in SETTINGS.items():
            rate, frame = trainer_speed(page, settings)
            print(f"{name:20}{rate:10.0f}{frame:12.1f}{nnreg_speed(page, settings):17.0f}")
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    begin_again_with_one_thread("benchmarks.trainer")
    main()
