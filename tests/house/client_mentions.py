"""Which methods of a client a source text names, whatever the client is called there."""

from __future__ import annotations

import ast
from collections import Counter
from typing import Final

PARTS: Final = ("photos", "whatsapp", "templates")
"""What a client is made of: endpoints of one thing each."""
VERSIONS: Final = {"users": (1, 2), "user": (1, 2)}
"""Methods that are two endpoints each, by their argument `version`."""

_CALLED: Final = ("client", "_client")
_TYPES: Final = {
    "ChakraClient": "",
    "Photos": "photos",
    "WhatsApp": "whatsapp",
    "MessageTemplates": "templates",
}
_MAKERS: Final = ("client_of", "impatient")


def mentions(text: str) -> Counter[str]:
    """How often a text names each method: `photos.fetch`, `users`, `users(version=2)`.

    Args:
        text: Of a module.
    """
    reader = _Reader()
    reader.visit(ast.parse(text))
    return reader.found


class _Reader(ast.NodeVisitor):
    """Reads a module in its order, and knows which names stand for a client or a part of one.

    Attributes:
        found: How often each method was named.
    """

    def __init__(self) -> None:
        self.found = Counter[str]()
        self._names: dict[str, str] = {}
        self._attributes: dict[str, str] = {}
        self._counted = set[ast.expr]()

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Names that a function gives are gone behind it."""
        outside = dict(self._names)
        for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            self._typed(each.arg, each.annotation)
        self.generic_visit(node)
        self._names = outside

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - ast's own name

    def visit_Assign(self, node: ast.Assign) -> None:
        """`whatsapp = client.whatsapp`, also one of several."""
        self.generic_visit(node)
        for target in node.targets:
            self._bind(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """The same with a type."""
        self.generic_visit(node)
        if node.value is not None:
            self._bind(node.target, node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """The same within an expression."""
        self.generic_visit(node)
        self._bind(node.target, node.value)

    def visit_withitem(self, node: ast.withitem) -> None:
        """`with client_of(server) as user`."""
        self.generic_visit(node)
        if node.optional_vars is not None:
            self._bind(node.optional_vars, node.context_expr)

    def visit_Call(self, node: ast.Call) -> None:
        """A call, or one that is put off: `partial(client.users, version=1)`."""
        for each in (node.func, *node.args[:1]):
            method = self._below(each)
            if method in VERSIONS:
                self._counted.add(each)
                self.found.update(_versions(method, node))
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Any other place that names a method."""
        method = self._below(node)
        if method and method not in PARTS and node not in self._counted:
            self.found[method] += 1
        self.generic_visit(node)

    def _typed(self, name: str, annotation: ast.expr | None) -> None:
        self._names.pop(name, None)
        said = "" if annotation is None else ast.unparse(annotation).partition(" | ")[0]
        if said in _TYPES:
            self._names[name] = _TYPES[said]

    def _bind(self, target: ast.expr, value: ast.expr) -> None:
        """What a name stands for from here on."""
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for each, its_value in zip(target.elts, value.elts, strict=False):
                self._bind(each, its_value)
            return
        kept = self._attributes if isinstance(target, ast.Attribute) else self._names
        name, below = ast.unparse(target), self._below(value)
        kept.pop(name, None)
        if below is not None and (not below or below in PARTS):
            kept[name] = below

    def _below(self, node: ast.expr) -> str | None:
        """Where below a client an expression leads; "" for a client, None for elsewhere."""
        if isinstance(node, ast.Call):
            made = ast.unparse(node.func).rpartition(".")[2]
            return "" if made in _MAKERS else None
        if isinstance(node, ast.Name):
            return self._names.get(node.id, "" if node.id in _CALLED else None)
        if not isinstance(node, ast.Attribute):
            return None
        if node.attr in _CALLED:
            return ""
        base = self._below(node.value)
        if base is None:
            return self._attributes.get(ast.unparse(node))
        return f"{base}.{node.attr}" if base else node.attr


def _versions(method: str, call: ast.Call) -> list[str]:
    """The endpoints that a call asks, by its version; all of them where it holds any."""
    for keyword in call.keywords:
        if keyword.arg == "version":
            if isinstance(keyword.value, ast.Constant):
                return [versioned(method, keyword.value.value)]
            return [versioned(method, each) for each in VERSIONS[method]]
    return [versioned(method, 1)]


def versioned(method: str, version: object) -> str:
    """A method as the page names it: the first version is the default."""
    return method if version == 1 else f"{method}(version={version})"
