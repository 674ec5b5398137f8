"""Write the book's page from the kept results: ``python -m benchmarks.speed.page``.

`page.md` beside this file holds what no measurement changes; what stands there in ``<<…>>`` is
made here.
"""

import json
import re
from functools import partial
from pathlib import Path

from benchmarks import steps
from benchmarks.speed import figure
from benchmarks.speed.cases import DTYPES, NETWORKS, OPS, SHAPES, Case
from benchmarks.speed.contenders import CONTENDERS
from benchmarks.speed.ratios import verdict
from benchmarks.speed.targets import TARGETS, Verdict, faults_met, judged

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "book" / "speed.md"
RESULTS = ROOT / "benchmarks" / "results" / "speed.json"
TEMPLATE = Path(__file__).with_name("page.md")
FAMILY = {name: contender.family for name, contender in CONTENDERS.items()}
AGAIN = "nnreg again"
SIZES = dict(zip(SHAPES, ("small", "middle", "large"), strict=True))

Rows = dict[Case, dict]


def written(results: dict) -> str:
    """Return the page that these results make."""
    rows = {
        Case(row["kind"], row["rows"], row["columns"], row["dtype"]): row["contenders"]
        for row in results["cases"]
    }
    parts = {
        "machine": machine(results),
        "again": again(rows),
        "score": score(rows),
        "lost": lost(rows),
        "picture": picture(rows),
        "trainings": trainings(rows),
        **{f"op {op}": op_tables(rows, op) for op in OPS},
        "memory": memory(rows),
        "verdict": "meets none" if faults_met(results) else "still meets some",
        "faults": faults(rows),
        "steps": steps.steps_table(json.loads(steps.RESULTS.read_text(encoding="utf8"))),
        "targets": targets(results),
        "left out": left_out(results),
    }
    template = TEMPLATE.read_text(encoding="utf8")
    page = re.sub(r"<<(.+?)>>", lambda found: parts[found[1]], template)
    return re.sub(r"\n{3,}", "\n\n", page)


def digits(ratio: float) -> str:
    """Return a ratio with as many digits as matter: two behind the point near 1.

    >>> [digits(ratio) for ratio in (0.829, 1.04, 2.03, 12.3)]
    ['0.83', '1.04', '2.0', '12']
    """
    return f"{ratio:.2f}" if ratio < 2 else f"{ratio:.1f}" if ratio < 10 else f"{ratio:.0f}"


def apart(rows: Rows) -> float:
    """Return the largest factor by which two processes of the same code differ in the median."""
    medians = [found[AGAIN]["ratio"][0] for found in rows.values() if AGAIN in found]
    return max((max(median, 1 / median) for median in medians), default=1.0)


def marked(entry: dict, name: str, least: float) -> str:
    """Return the digits of a median: in bold what is lost, behind a sign what is level."""
    text = digits(entry["ratio"][0])
    if FAMILY[name] in ("nnreg", "limit"):  # no opponents
        return text
    looks = {"won": text, "lost": f"**{text}**", "level": f"≈ {text}"}
    return looks[verdict(entry["ratio"], least)]


def with_interval(entry: dict, name: str, least: float) -> str:
    """Return a median with its interval."""
    _, low, high = entry["ratio"]
    return f"{marked(entry, name, least)} ({digits(low)}–{digits(high)})"


def table(header: list[str], lines: list[list[str]]) -> str:
    alignment = ["---"] + ["--:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (header, alignment, *lines))


def others(rows: Rows, cases: list[Case]) -> list[str]:
    """Return the others that know one of the cases, in the order of the registry."""
    known = {name for case in cases for name in rows.get(case, {})}
    return [name for name in CONTENDERS if name in known and name != "nnreg"]


def columns(rows: Rows, cases: list[Case], name: str, show) -> list[str]:
    """Return a contender's cells, empty where it has no such case."""
    found = [rows.get(case, {}).get(name) for case in cases]
    return ["" if entry is None else show(entry) for entry in found]


def machine(results: dict) -> str:
    here = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return (
        f"Measured in {results['rounds']} rounds on {here['cores']} cores of this processor: "
        f"{here['processor']} ({here['system']}, Python {here['python']}; {versions}). When the "
        f"run began, the machine's load was {results['load'][0]:.1f}. **On your machine the ratios "
        "are others**, because caches, vector units and memory differ, so run it there before you "
        "quote anything."
    )


def again(rows: Rows) -> str:
    """Say how far two processes of the same code differ."""
    medians = [found[AGAIN]["ratio"][0] for found in rows.values() if AGAIN in found]
    return (
        f"in {len(medians)} comparisons its ratio lay between {min(medians):.2f} and "
        f"{max(medians):.2f}. So a comparison counts as won or lost only where its whole 95 % "
        f"interval lies on one side of 1, *and* its ratio is above {apart(rows):.2f} or below "
        f"{1 / apart(rows):.2f}"
    )


def score(rows: Rows) -> str:
    lines, least = [], apart(rows)
    for name in opponents(rows):
        ratios = [found[name]["ratio"] for found in rows.values() if name in found]
        verdicts = [verdict(ratio, least) for ratio in ratios]
        counts = [str(verdicts.count(word)) for word in ("won", "level", "lost")]
        lines.append([name, *counts[:2], counts[2] if counts[2] == "0" else f"**{counts[2]}**"])
    return table(["nnreg against", "won", "level", "lost"], lines)


def lost(rows: Rows) -> str:
    """List all that is lost, by opponent."""
    lines, least = [], apart(rows)
    for name in opponents(rows):
        places: dict[str, list[str]] = {}
        for case, found in rows.items():
            if name in found and verdict(found[name]["ratio"], least) == "lost":
                size = case.size if case.is_training else SIZES[case.rows, case.columns]
                places.setdefault(case.kind, []).append(f"{size} in {case.dtype}")
        if places:
            listed = "; ".join(f"{kind}, {', '.join(where)}" for kind, where in places.items())
            lines.append(f"- **{name}**: {listed}")
    return "\n".join(lines) if lines else "Nothing is lost."


def opponents(rows: Rows) -> list[str]:
    return [n for n in others(rows, list(rows)) if FAMILY[n] not in ("nnreg", "limit")]


def picture(rows: Rows) -> str:
    caption = (
        "How many times as long each one takes: float32, the training on 3000 points and large "
        "arrays (8192×1024). Right of the strong line, which is at 1, nnreg is faster; left of it, "
        "slower. Squares are naive forms, diamonds libraries, circles nnreg itself, compiled or "
        "again, grey bars a copy of as many bytes. A line through a mark is the 95 % interval of "
        "the median. What lies beyond an end of the axis is drawn at that end."
    )
    svg = figure.draw(rows, FAMILY)
    return (
        f'```{{raw}} html\n<figure id="fig-speed">\n{svg}\n'
        f"<figcaption>{caption}</figcaption>\n</figure>\n```"
    )


def trainings(rows: Rows) -> str:
    parts, least = [], apart(rows)
    for network in NETWORKS:
        cases = [Case(*network, dtype) for dtype in DTYPES]
        lines = [
            [name, *columns(rows, cases, name, partial(with_interval, name=name, least=least))]
            for name in others(rows, cases)
        ]
        parts.append(f"**{cases[0].kind.capitalize()}, {cases[0].size}**")
        parts.append(table(["beside", *DTYPES], [*lines, milliseconds(rows, cases)]))
    return "\n\n".join(parts)


def milliseconds(rows: Rows, cases: list[Case]) -> list[str]:
    def show(entry: dict) -> str:
        return f"{float(format(entry['milliseconds'], '.2g')):g}"

    return ["*nnreg, in ms*", *columns(rows, cases, "nnreg", show)]


def op_tables(rows: Rows, op: str) -> str:
    first, second = (op_table(rows, op, dtype) for dtype in DTYPES)
    return f"{first}\n\n:::{{dropdown}} The same in float64\n{second}\n:::"


def op_table(rows: Rows, op: str, dtype: str) -> str:
    cases = [Case(op, *shape, dtype) for shape in SHAPES]
    least = apart(rows)
    lines = [
        [name, *columns(rows, cases, name, partial(marked, name=name, least=least))]
        for name in others(rows, cases)
    ]
    return table(["beside", *SIZES.values()], [*lines, milliseconds(rows, cases)])


def memory(rows: Rows) -> str:
    naive = [name for name in FAMILY if FAMILY[name] == "naive"]
    lines = []
    for op in OPS:
        found = rows.get(Case(op, 8192, 1024, "float32"), {})
        mega = {name: entry["megabytes"] for name, entry in found.items()}
        least = min((mega[name] for name in naive if mega.get(name) is not None), default=None)
        cells = [mega.get("nnreg"), mega.get("PyTorch"), least]
        lines.append([op, *("" if cell is None else f"{cell:.0f}" for cell in cells)])
    return table(["MB", "nnreg", "PyTorch", "naive"], lines)


def faults(rows: Rows) -> str:
    cases = [Case("training", 3000, 64, dtype) for dtype in DTYPES]
    lines = [
        [name, *columns(rows, cases, name, lambda entry: f"{entry['page_faults']:.0f}")]
        for name in ("nnreg", *others(rows, cases))
    ]
    return table(["faults an epoch", *DTYPES], lines)


def targets(results: dict) -> str:
    parts = []
    for title, aims in TARGETS.items():
        if verdicts := list(judged(results, aims)):
            met = sum(v.met for v in verdicts)
            parts.append(f"**{title}**: {met} of {len(verdicts)} met")
            parts.append(table(["of what", "aim", "came out"], [verdict_line(v) for v in verdicts]))
    return "\n\n".join(parts)


def verdict_line(reached: Verdict) -> list[str]:
    target, case = reached.target, reached.target.case
    if case.is_training:
        what = f"{case.rows} points, {case.dtype}"
    else:
        what = f"{case.kind}, {SIZES[case.rows, case.columns]}"
    came_out = f"{reached.reached:.2f}"
    return [
        f"{what}: {target.contender}",
        f"{target.least:g}",
        came_out if reached.met else f"{came_out}, missed",
    ]


def left_out(results: dict) -> str:
    why = [f"{name} ({reason})" for name, reason in results["left_out"].items()]
    return f"Not in this run: {'; '.join(why)}." if why else ""


if __name__ == "__main__":
    PAGE.write_text(written(json.loads(RESULTS.read_text(encoding="utf8"))), encoding="utf8")
