"""Read code in its order, and tell what it does to names."""

from __future__ import annotations

import ast
import builtins

from tools.live_names import Code, Names, called, stored_names

# These change none of their arguments, nor what they are called on.
SAFE_NAMES = """
    claim check_answer check_gradient show_source role figure explore plot_decision display
    mean sum max min std var argmax argmin any all round copy astype reshape ravel item tolist dot
    transpose cumsum prod clip nonzero flatten take repeat squeeze argsort format join split
    startswith endswith count index items keys values get lower upper strip ljust rjust replace
    wrap removeprefix translate maketrans penalty value grad value_and_grad deepcopy delayed tqdm
    plot set legend set_xticks set_yticks text axhline axvline imshow fill_between set_title
    set_xlabel set_ylabel annotate loglog semilogx semilogy scatter contour contourf fill bar barh
    hist vlines errorbar add_patch tick_params spines subplots find_spec
"""
SAFE = {*SAFE_NAMES.split(), *dir(builtins)} - {"setattr", "delattr", "next"}
WRITES_ITS_ARGUMENT = {"copyto", "put", "place", "putmask", "fill_diagonal", "shuffle"}
SHARED_DICE = "np.random"  # NumPy's one generator for all, as if it were a name
CHANGED_BY_FIT = slice(0, 3, 2)  # model and optimiser; never the data, and a loss keeps nothing


class Reader(Names):
    """Read statements one after another."""

    # -- calls

    def visit_Call(self, node: ast.Call) -> None:
        """Ask what a call may change: its receiver, its arguments, itself."""
        self.generic_visit(node)
        name, function = called(node), node.func
        values = [*node.args, *(word.value for word in node.keywords)]
        for word in node.keywords:
            if word.arg == "out":
                self._change_all([word.value])
        for value in values:  # dice are changed by whoever throws them
            self._change_all(part for part in ast.walk(value) if is_dice(part))
        if isinstance(function, ast.Name) and name in self.functions:
            self._call(self.functions[name], node)
        elif name == "load":
            self._change_all(values)
        elif name == "fit":
            kept = ("loss", "validation")
            self._change_all(node.args[CHANGED_BY_FIT])
            self._change_all(word.value for word in node.keywords if word.arg not in kept)
        elif isinstance(function, ast.Attribute):
            if name in SAFE or name[:1].isupper():
                return
            module = self._is_module(function.value)
            if ast.unparse(function.value) == "np.random" and name != "default_rng":
                self._read(SHARED_DICE)
                self._change(SHARED_DICE)
            if module and name in WRITES_ITS_ARGUMENT:
                self._change_all(values[:1])
            elif not module:
                self._change_all([function.value])
                if name not in ("forward", "backward"):
                    self._change_all(values)
        elif isinstance(function, ast.Name) and name not in SAFE:
            self._change(name)  # a value that is called may change itself
            if name not in self.fixed:
                self._change_all(values)

    def _is_module(self, node: ast.AST) -> bool:
        """Tell an imported module; its functions change no argument, unless they are named here."""
        if isinstance(node, ast.Attribute):
            return node.attr.islower() and self._is_module(node.value)
        return isinstance(node, ast.Name) and node.id.islower() and node.id in self.fixed

    def _call(self, function: Code, node: ast.Call) -> None:
        given = dict(zip(function.parameters, node.args, strict=False))
        given |= {word.arg: word.value for word in node.keywords if word.arg}
        spread = [arg for arg in node.args if isinstance(arg, ast.Starred)]
        self._change_all(spread)
        self._change_all(v for k, v in given.items() if k in function.changes)

    # -- statements

    def visit_Assign(self, node: ast.Assign) -> None:
        """Bind targets to what the value may hold."""
        self.visit(node.value)
        for target in node.targets:
            self._assign(target, node.value)
        inner = [part for part in ast.walk(node.value) if isinstance(part, ast.Lambda)]
        for target in node.targets:
            if inner and isinstance(target, ast.Name):
                self._define(target.id, inner[0], [ast.Expr(part.body) for part in inner])

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Bind a target that has a type."""
        if node.value:
            self.visit(node.value)
            self._assign(node.target, node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """Bind the name of a walrus."""
        self.visit(node.value)
        self._bind(node.target.id, self._held(node.value))

    def _assign(self, target: ast.AST, value: ast.AST) -> None:
        if isinstance(target, ast.Name):
            self._bind(target.id, self._held(value))
            if isinstance(value, ast.Constant):
                self.fixed.add(target.id)
        elif isinstance(target, ast.Tuple | ast.List):
            parts = value.elts if isinstance(value, ast.Tuple) else [value] * len(target.elts)
            if len(parts) != len(target.elts):
                parts = [value] * len(target.elts)
            for part, of in zip(target.elts, parts, strict=True):
                self._assign(part, of)
        elif isinstance(target, ast.Starred):
            self._assign(target.value, value)
        else:
            self.generic_visit(target)
            for name in self._held(target):
                self._change(name, assigned=True)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """Change a target in place."""
        self.visit(node.value)
        for name in self._held(node.target):
            self._read(name)
            self._change(name, assigned=True)
        if not isinstance(node.target, ast.Name):
            self.generic_visit(node.target)

    def visit_For(self, node: ast.For) -> None:
        """Bind a loop's target; its body is taken to run."""
        self.visit(node.iter)
        self._assign(node.target, node.iter)
        for part in [*node.body, *node.orelse]:
            self.visit(part)

    def visit_With(self, node: ast.With) -> None:
        """Bind what a context gives."""
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars:
                self._assign(item.optional_vars, item.context_expr)
        for part in node.body:
            self.visit(part)

    def _perhaps(self, node: ast.AST) -> None:
        """Read what may not run: what it binds is a change, not a new beginning."""
        before, self.certain = self.certain, False
        bound = set(self.code.binds)
        self.generic_visit(node)
        self.certain, self.code.binds = before, bound

    visit_While = visit_Try = _perhaps

    def visit_If(self, node: ast.If) -> None:
        """Read a branch that may not run, and none that is about PyTorch."""
        if is_about_torch(node):
            self.visit(node.test)
        else:
            self._perhaps(node)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        """Bind what is imported."""
        for alias in node.names:
            name = (alias.asname or alias.name).partition(".")[0]
            self._bind(name, set())
            self.fixed.add(name)
            self.code.imports.add(name)

    visit_ImportFrom = visit_Import

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        """Bind a function or a class."""
        for part in node.decorator_list:
            self.visit(part)
        if isinstance(node, ast.FunctionDef):
            for part in [*node.args.defaults, *node.args.kw_defaults]:
                if part:
                    self.visit(part)
        self._define(node.name, node, node.body)

    visit_ClassDef = visit_FunctionDef

    def _define(self, name: str, node: ast.AST, body: list[ast.stmt]) -> None:
        """Read a function's, a lambda's or a class's body, which runs when it is called."""
        self._bind(name, set())
        if not isinstance(node, ast.ClassDef):
            self.fixed.add(name)
        around = Code(functions=self.functions, shares=self.shares, fixed=self.fixed)
        inner = Reader(around, parameters(node))
        inner.code.binds |= stored_names(*body) | set(inner.code.parameters)
        inner.fixed -= inner.code.binds
        for local in inner.code.binds:  # whatever the page calls so
            inner.functions.pop(local, None)
            inner.shares.pop(local, None)
        if isinstance(node, ast.ClassDef):
            for base in node.bases:
                inner.visit(base)
        for part in body:
            inner.visit(part)
        for method in inner.code.functions.values():
            inner._happens(method)
        inner.code.changes -= inner.code.binds.difference(inner.code.parameters)
        self.functions[name] = self.code.functions[name] = inner.code

    # -- scopes inside an expression

    def _comprehension(self, node: ast.AST) -> None:
        self.local.append(set())
        outside = dict(self.shares)
        for each in node.generators:
            self.visit(each.iter)
            for name in stored_names(each.target):
                self.local[-1].add(name)
                self.shares[name] = self._held(each.iter) - {name}
            for test in each.ifs:
                self.visit(test)
        for part in ("key", "value", "elt"):
            if hasattr(node, part):
                self.visit(getattr(node, part))
        own = self.local.pop()
        self.shares |= {name: outside.get(name, set()) for name in own}

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Read a body whose parameters are its own."""
        self.local.append(set(parameters(node)))
        self.visit(node.body)
        self.local.pop()


def parameters(node: ast.AST) -> list[str]:
    """Return the names of a function's parameters, in order."""
    if isinstance(node, ast.ClassDef):
        return []
    of = node.args
    names = [*of.posonlyargs, *of.args, *of.kwonlyargs, of.vararg, of.kwarg]
    return [each.arg for each in names if each]


def is_dice(node: ast.AST) -> bool:
    """Tell a random generator by its name."""
    return "rng" in (getattr(node, "id", "") + getattr(node, "attr", ""))


def is_about_torch(node: ast.If) -> bool:
    """Tell a branch that runs only where PyTorch is installed."""
    return ast.unparse(node.test).startswith("find_spec(")
