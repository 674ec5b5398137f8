"""The names that some code reads, binds and may change, and what they may hold."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Code:
    """What some code reads, may change, and binds; of a function, also its parameters."""

    reads: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)
    parameters: list[str] = field(default_factory=list)
    functions: dict[str, Code] = field(default_factory=dict)
    shares: dict[str, set[str]] = field(default_factory=dict)  # a name, and what it may hold
    fixed: set[str] = field(default_factory=set)  # what no use changes: a module, a number
    imports: set[str] = field(default_factory=set)


class Names(ast.NodeVisitor):
    """Keep account of names. `known` are functions, shared and fixed values from before."""

    def __init__(self, known: Code, parameters: Iterable[str] = ()):
        self.code = Code(parameters=list(parameters))
        self.functions = dict(known.functions)
        self.shares = dict(known.shares)
        self.fixed = set(known.fixed)
        self.local: list[set[str]] = []  # targets of comprehensions, parameters of lambdas
        self.certain = True  # whether what is read now will run

    def _is_bound(self, name: str) -> bool:
        return name in self.code.binds or any(name in names for names in self.local)

    def visit_Name(self, node: ast.Name) -> None:
        """Read or bind one name."""
        if isinstance(node.ctx, ast.Load):
            self._read(node.id)
        else:
            self._bind(node.id, set())

    def _read(self, name: str) -> None:
        if not self._is_bound(name):
            self.code.reads.add(name)
        if name in self.functions and not any(name in names for names in self.local):
            self._happens(self.functions[name])

    def _happens(self, code: Code) -> None:
        """Take over what a function's body reads and changes outside itself."""
        self.code.reads |= {name for name in code.reads if not self._is_bound(name)}
        for name in code.changes - set(code.parameters):
            self._change(name, assigned=True)

    def _bind(self, name: str, held: set[str]) -> None:
        if self.certain and not self.local:
            self.code.binds.add(name)
        else:
            self.code.changes.add(name)
        self.functions.pop(name, None)
        self.fixed.discard(name)
        self.shares[name] = self.code.shares[name] = held - {name}

    def _change(self, name: str, assigned: bool = False) -> None:
        """Count a name's value as changed, and what it may hold.

        What is fixed changes only where it or a part of it is assigned to.
        """
        todo, seen = [name], set()
        while todo:
            if (now := todo.pop()) not in seen:
                seen.add(now)
                todo += self.shares.get(now, ())
        kept = self.fixed.difference({name} if assigned else ())
        self.code.changes |= seen.difference(kept, *self.local)

    def _held(self, node: ast.AST | None) -> set[str]:
        """Return the names whose values the value of an expression may hold."""
        if isinstance(node, ast.Name):
            return {node.id}
        if isinstance(node, ast.Call):
            name = called(node)
            if name[:1].isupper() or name in ("zip", "enumerate", "list", "tuple", "dict"):
                return self._all_held([*node.args, *(word.value for word in node.keywords)])
            return self._held(node.func.value) if name in ("items", "values", "get") else set()
        if isinstance(node, ast.Attribute | ast.Subscript | ast.Starred):
            if getattr(node, "attr", "") in ("shape", "size", "ndim"):
                return set()
            return self._held(node.value)
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            return self._all_held(node.elts)
        if isinstance(node, ast.Dict):
            return self._all_held(node.values)
        if isinstance(node, ast.IfExp):
            return self._all_held([node.body, node.orelse])
        if isinstance(node, ast.ListComp | ast.GeneratorExp | ast.SetComp):
            held = self._all_held([node.elt, *(each.iter for each in node.generators)])
            return held.difference(*(stored_names(each.target) for each in node.generators))
        return set()

    def _all_held(self, nodes: Iterable[ast.AST]) -> set[str]:
        return set().union(*map(self._held, nodes))

    def _change_all(self, nodes: Iterable[ast.AST]) -> None:
        for name in self._all_held(nodes):
            self._change(name)


def stored_names(*nodes: ast.AST) -> set[str]:
    """Return the names that some code binds, as if it were one scope."""
    parts = [part for node in nodes for part in ast.walk(node) if isinstance(part, ast.Name)]
    return {part.id for part in parts if isinstance(part.ctx, ast.Store)}


def called(node: ast.Call) -> str:
    """Return the last name of what is called."""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
