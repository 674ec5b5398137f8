"""Find the earlier cells that a cell needs, by reading the code and running nothing.

A cell needs the last earlier cell that binds a name it uses, and what may have changed that name's
value since. Where the code does not tell, a value counts as changed: one cell too many costs a
reader seconds, one too few gives a wrong number. Every cell needs the imports above it too, since
an exercise's answer uses more names than its stub.
"""

from __future__ import annotations

import ast

from tools.live_names import Code
from tools.live_reader import Reader


def read_cells(sources: list[str]) -> list[Code]:
    """Read a chapter's cells in order."""
    known, cells = Code(), []
    for source in sources:
        reader = Reader(known)
        reader.visit(ast.parse(source))
        known = Code(functions=reader.functions, shares=reader.shares, fixed=reader.fixed)
        cells.append(reader.code)
    return cells


def binds(cells: list[Code]) -> list[list[str]]:
    """Return, for each cell, the names that it binds, and those whose value it may change.

    Whoever uses a name needs the last cell above that has it here, and what that one needs.
    """
    bound: set[str] = set()
    found = []
    for cell in cells:
        bound |= cell.shares.keys()
        found.append(sorted(cell.shares.keys() | (cell.changes & bound)))
    return found


def calls(cells: list[Code]) -> list[list[str]]:
    """Return, for each cell, the names that its functions read when they are called."""
    bodies = [[code.reads for code in cell.functions.values()] for cell in cells]
    return [sorted(set().union(*each)) for each in bodies]


def needs(cells: list[Code], lacks: list[str]) -> tuple[list[list[int]], list[str]]:
    """Return, for each cell, the earlier cells that must have run, and what it lacks in the end.

    `lacks` tells of each cell what it cannot do without and will not get, or nothing. Who needs
    a value that such a cell makes lacks the same. That it may have changed a value is passed
    over: it compares with another package, and changes nothing.
    """
    found: list[set[int]] = []
    importing: set[int] = set()  # and needing nothing but such cells
    lacks = list(lacks)
    for k, cell in enumerate(cells):
        own = set(importing)
        for name in sorted(cell.reads | (cell.changes - cell.binds)):
            for j in range(k - 1, -1, -1):
                makes = name in cells[j].binds
                if lacks[j] and makes:
                    lacks[k] = lacks[k] or lacks[j]
                elif not lacks[j] and (makes or name in cells[j].changes):
                    own |= {j} | found[j]
                if makes:
                    break
        found.append(own)
        if cell.imports and own == importing and not lacks[k]:
            importing.add(k)
    return [sorted(each) for each in found], lacks
