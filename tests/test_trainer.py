"""The directive of the trainer: a place and one script online, a sentence on paper."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from tools.tree import FIXED_ENVIRONMENT, ROOT

EXTENSIONS = ROOT / "book" / "_ext"
STATIC = ROOT / "book" / "_static"
CONF = f"""
import sys
sys.path.insert(0, {str(EXTENSIONS)!r})
extensions = ["myst_parser", "trainer"]
html_static_path = [{str(STATIC)!r}]
"""
PAGE = """# A page

```{trainer} train-here
:wrong: 0.2
:compare: strength 0.001
:show: strength width

Press **Play**.
```
"""


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """Return a function that builds a page with a trainer and one without."""
    sources = tmp_path_factory.mktemp("sources")
    (sources / "conf.py").write_text(CONF, encoding="utf8")
    (sources / "index.md").write_text("# All\n\n```{toctree}\npage\n```\n", encoding="utf8")
    (sources / "page.md").write_text(PAGE, encoding="utf8")

    def start(builder: str) -> Path:
        out = sources / f"_build_{builder}"
        command = [
            sys.executable,
            "-m",
            "sphinx",
            "-b",
            builder,
            "-q",
            "-W",
            str(sources),
            str(out),
        ]
        done = subprocess.run(command, capture_output=True, text=True, env=FIXED_ENVIRONMENT)
        assert done.returncode == 0, done.stderr
        return out

    return start


def test_a_page_gets_text_place_and_one_script_and_other_pages_nothing(build):
    out = build("html")
    page = BeautifulSoup((out / "page.html").read_text(encoding="utf8"), "html.parser")
    place = page.select_one(".nnreg-trainer")
    assert place["id"] == "train-here"
    assert json.loads(place["data-start"]) == {"wrong": "0.2", "right.strength": "0.001"}
    assert place["data-show"] == "strength width"
    assert place.get_text(strip=True).startswith("Here a network trains")
    assert place.find_previous("p").text == "Press Play."
    (script,) = page.select("script[src*='trainer']")
    text = (out / script["src"].partition("?")[0]).read_text(encoding="utf8")
    assert "?v=" in script["src"]  # another script has another address
    assert "import " not in text
    assert len(page.select("link[href*='trainer/trainer.css']")) == 1
    assert "trainer" not in (out / "index.html").read_text(encoding="utf8")


@pytest.mark.parametrize(("builder", "file"), [("text", "page.txt"), ("latex", "*.tex")])
def test_on_paper_a_sentence_says_what_trains_online(build, builder, file):
    (path,) = build(builder).glob(file)
    text = " ".join(path.read_text(encoding="utf8").split())
    assert "Press" in text
    assert "In the online book a network trains here" in text


def test_the_bundle_holds_each_module_once_and_refuses_what_it_cannot_write(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(EXTENSIONS))
    from trainer import bundle

    (tmp_path / "a.js").write_text(
        'import { c } from "./c.js";\nimport { b as d } from "./b.js";\n'
    )
    (tmp_path / "b.js").write_text('import { c } from "./c.js";\nexport const b = c;\n')
    (tmp_path / "c.js").write_text("export const c = 1;\n")
    text = bundle("a", tmp_path)
    assert "const { b: d } = module_b;" in text
    assert text.count("const c = 1;") == 1
    (tmp_path / "c.js").write_text("export default 1;\n")
    with pytest.raises(ValueError, match=r"c\.js: .* 'export default 1;'"):
        bundle("a", tmp_path)
