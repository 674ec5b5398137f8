"""What keeps the waits short: late imports, a slider that shows frames, a book built once."""

import json
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.growth import grown, slope
from benchmarks.growth_page import PAGE, RESULTS, section
from nnreg.book import explore, page
from tools import build_book

LATE = ("nnreg.nn", "nnreg.grid", "nnreg.table", "nnreg.data", "nnreg.conventions", "nnreg._sweep")


def modules_after(statement, root):
    """Return the modules that a fresh Python holds after a statement."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=True)
    return set(json.loads(done.stdout))


def test_importing_nnreg_leaves_layers_sweeps_and_data_for_later(root):
    assert not modules_after("import nnreg", root) & {*LATE, "numpy.random", "tempfile", "zipfile"}


def test_what_is_asked_for_comes_then(root):
    statement = "import nnreg; nnreg.ActivityPenalty, nnreg.sweep, nnreg.data, nnreg.conventions"
    assert modules_after(statement, root) >= set(LATE)


def test_names_that_come_later_are_listed_and_unknown_ones_are_refused(root):
    import nnreg

    code = "import nnreg; assert set(nnreg.__all__) <= set(dir(nnreg)); from nnreg import *; nn.fit"
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)
    with pytest.raises(AttributeError, match="module 'nnreg' has no attribute 'gone'"):
        _ = nnreg.gone


def test_a_move_of_the_live_slider_shows_the_frame_and_draws_nothing(monkeypatch):
    drawn, packed = [], []
    made = explore(
        lambda fig, value: drawn.append(value),
        [0, 1, 2],
        name="n",
        caption=lambda value: f"At {value}.",
        alt=lambda value: f"Seen at {value}.",
    )
    monkeypatch.setattr(page, "webp", lambda *how, **more: packed.append(how))
    panel, drawn[:] = made.widget(), []
    picture, slider, words = panel.children
    before = picture
    slider.value = 2
    assert drawn == packed == []
    assert page.png(made.frames[2].image) in picture.value
    assert 'alt="Seen at 2."' in picture.value
    assert words.value == "At 2."
    assert panel.children[0] is before  # its content changes, and no widget is made anew


def test_the_slope_of_a_power_is_its_exponent():
    sizes = 2.0 ** np.arange(3, 10)
    for power in (-1, 0.5, 2):
        rise, low, high = slope(sizes, 3e-6 * sizes**power)
        assert rise == pytest.approx(power)
        assert low == pytest.approx(high, abs=1e-6)


def test_the_interval_of_a_slope_holds_it_in_19_of_20_noisy_cases():
    rng, sizes = np.random.default_rng(0), 2.0 ** np.arange(6)
    held = 0
    for _ in range(400):
        _, low, high = slope(sizes, sizes**1.5 * np.exp(0.1 * rng.normal(size=6)))
        held += low < 1.5 < high
    assert held / 400 == pytest.approx(0.95, abs=0.03)


def test_memory_counts_what_is_held_and_grows_with_it():
    held = grown(lambda n: lambda: np.zeros(n), (2**18, 2**19, 2**20, 2**21, 2**22, 2**23), 1)
    assert held["bytes"] == pytest.approx([8 * n for n in held["sizes"]], rel=0.01)
    assert held["slopes"]["bytes"][0] == pytest.approx(1, abs=0.01)


def test_the_section_on_growth_says_each_slope_in_a_table_that_a_phone_can_show():
    slopes = {"seconds": [-0.9, -1.1, -0.7], "bytes": [1.0, 0.9, 1.1]}
    told = {"sizes": [8, 16, 32], "seconds": [0.1, 0.5, 1.25], "slopes": slopes}
    kinds = [
        ("elastic net", "features"),
        ("epoch", "batch"),
        ("sweep", "cells"),
        ("grading", "submissions"),
    ]
    cases = [{"name": name, "against": against, **told} for name, against in kinds]
    text = section({"cases": cases})
    assert "| elastic net, features | −0.90 | 1.00 | 2.5 at 32 |" in text
    assert "| sweep, one worker, 32 cells | 1.2 s |" in text
    assert "| grading, two workers, 16 submissions | 500 ms |" in text
    assert max(len(line) for line in text.splitlines() if line.startswith("|")) <= 60


def test_the_page_on_growth_says_what_the_results_say():
    results = json.loads(RESULTS.read_text(encoding="utf8"))
    assert PAGE.read_text(encoding="utf8") == section(results), (
        "python -m benchmarks.growth_page writes it anew"
    )


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Return a small tree, and a Jupyter Book that notes when it is called."""
    for name in (*build_book.SOURCES, "tools"):
        (tmp_path / name / "__pycache__").mkdir(parents=True)
        (tmp_path / name / "page.md").write_text("# A page\n")
    called = []

    def jupyter_book(command, cwd, env):
        live = cwd and build_book.Path(cwd, "_build", "html", "_static", "live")
        live.mkdir(parents=True)
        (live / "live.json").write_text('{"available": true}')
        called.append(cwd)
        return SimpleNamespace(returncode=build.code)

    def build():
        called.clear()
        return build_book.build(tmp_path / "site"), len(called)

    build.code, build.root = 0, tmp_path
    monkeypatch.setattr(build_book, "ROOT", tmp_path)
    monkeypatch.setattr(build_book.subprocess, "run", jupyter_book)
    monkeypatch.setattr(build_book, "finish", lambda site: None)
    return build


def test_a_book_that_has_not_changed_is_not_read_again(tree):
    assert tree() == (0, 1)
    assert tree() == (0, 0)
    (tree.root / "book" / "__pycache__" / "other.pyc").write_bytes(b"compiled")
    assert tree() == (0, 0)


@pytest.mark.parametrize("folder", ["book", "notebooks", "nnreg", "tools"])
def test_one_changed_or_new_file_builds_it_anew(tree, folder):
    tree()
    (tree.root / folder / "page.md").write_text("# Another page\n")
    assert tree() == (0, 1)
    (tree.root / folder / "new.md").write_text("# A page\n")
    assert tree() == (0, 1)


def test_another_address_in_the_environment_builds_it_anew(tree, monkeypatch):
    tree()
    monkeypatch.setenv("NNREG_REPOSITORY_URL", "https://a.org/b/c")
    assert tree() == (0, 1)


def test_a_site_that_is_gone_is_built_again(tree):
    tree()
    shutil.rmtree(tree.root / "site")
    assert tree() == (0, 1)


def test_a_site_that_was_not_finished_does_not_pass_for_the_one_before(tree, monkeypatch):
    def stop(site):
        raise KeyboardInterrupt

    tree()
    (tree.root / "book" / "page.md").write_text("# Another page\n")
    with monkeypatch.context() as stopped:
        stopped.setattr(build_book, "finish", stop)
        with pytest.raises(KeyboardInterrupt):
            tree()
    (tree.root / "book" / "page.md").write_text("# A page\n")
    assert tree() == (0, 1)


def test_a_failed_build_is_tried_again_and_the_old_site_stays(tree):
    tree()
    (tree.root / "book" / "page.md").write_text("# A broken page\n")
    tree.code = 1
    assert tree() == (1, 1)
    assert tree() == (1, 1)
    assert (tree.root / "site").is_dir()


def test_a_site_without_live_cells_gets_them_without_a_build(tree, monkeypatch):
    tree()
    live = tree.root / "site" / "_static" / "live" / "live.json"
    live.write_text('{"available": false}')
    given = []
    monkeypatch.setattr("tools.live.add_live_cells", given.append)
    assert tree() == (0, 0)
    assert given == [tree.root / "site"]
