"""Read MyST Markdown as far as the rules need it: fences, directives, tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_FENCE = re.compile(r"^\s*(?P<marks>`{3,}|:{3,}|~{3,})\s*(?P<rest>.*?)\s*$")
_DIRECTIVE = re.compile(r"^\{(?P<name>[\w:+-]+)\}\s*(?P<argument>.*)$")
_OPTION = re.compile(r"^\s*:([\w-]+):\s*(.*)$")
_VERBATIM = {"code", "code-block", "code-cell", "literalinclude", "math"}


@dataclass
class Directive:
    """One MyST directive: ```` ```{name} argument ```` or ``:::{name} argument``."""

    name: str
    argument: str = ""
    options: dict[str, str] = field(default_factory=dict)
    body: str = ""

    @property
    def classes(self) -> list[str]:
        return self.options.get("class", "").split()


def scan(text: str) -> Iterator[tuple[str, str, list[Directive]]]:
    """Each line with its role (open, close, option, text) and the fences around it.

    A plain code fence counts as a directive named "code".
    """
    stack: list[tuple[str, Directive]] = []
    in_head = False
    for line in text.splitlines():
        fence = _FENCE.match(line)
        inside = [directive for _, directive in stack]
        verbatim = bool(inside) and inside[-1].name in _VERBATIM
        if fence and stack and _closes(fence, stack[-1][0]):
            stack.pop()
            yield line, "close", inside
        elif fence and not verbatim:
            match = _DIRECTIVE.match(fence["rest"])
            directive = Directive(match["name"], match["argument"]) if match else Directive("code")
            stack.append((fence["marks"], directive))
            in_head = match is not None
            yield line, "open", [*inside, directive]
        elif in_head and (option := _OPTION.match(line)):
            inside[-1].options[option[1]] = option[2].strip()
            yield line, "option", inside
        else:
            in_head = False
            yield line, "text", inside


def _closes(fence: re.Match, marks: str) -> bool:
    return not fence["rest"] and fence["marks"][0] == marks[0] and len(fence["marks"]) >= len(marks)


def directives_in(text: str) -> list[Directive]:
    """All directives of a text in the order in which they open, plain code fences left out."""
    found = []
    for line, role, inside in scan(text):
        if role == "open":
            found.append(inside[-1])
        elif role == "text":
            for directive in inside:
                directive.body += line + "\n"
    return [directive for directive in found if directive.name != "code"]


def without_code(text: str) -> str:
    """The words of a text: no fence lines, options, code or comments; directive bodies stay."""
    lines = []
    for line, role, inside in scan(text):
        if role == "open":
            lines.append(inside[-1].argument)
        elif role == "text" and not any(d.name in _VERBATIM - {"math"} for d in inside):
            lines.append(line)
    text = re.sub(r"<!--.*?-->", " ", "\n".join(lines), flags=re.S)
    return re.sub(r"(?<![{}`\w])`[^`\n]+`(?!`)", " ", text)


def split_at_headings(text: str) -> list[str]:
    """Cut before each level-2 heading; a comment in a code fence is no heading."""
    parts = [""]
    for line, role, inside in scan(text):
        if line.startswith("## ") and role == "text" and not inside:
            parts.append("")
        parts[-1] += line + "\n"
    return [part.rstrip("\n") for part in parts]


def table_rows(text: str) -> list[list[str]]:
    """Body rows of all pipe tables in a text."""
    rows, in_body = [], False
    for line in text.splitlines():
        line = line.strip()
        if not line.startswith("|"):
            in_body = False
        elif re.fullmatch(r"[|\s:-]+", line):
            in_body = True
        elif in_body:
            cells = re.split(r"(?<!\\)\|", line.strip("|"))
            rows.append([cell.strip() for cell in cells])
    return rows


def symbols_in(text: str) -> set[str]:
    """The formulas in the first column of a text's tables, white space dropped."""
    first = " ".join(row[0] for row in table_rows(text) if row)
    return {re.sub(r"\s+", "", symbol) for symbol in re.findall(r"\$([^$]+)\$", first)}
