"""What programs may import, as stubs: the names of docs/reference/python-api.md, from the code."""

from __future__ import annotations

import inspect
import json
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PUBLIC: Final[Mapping[str, tuple[str, ...]]] = {
    "tap_chakra.dlt_source": (
        "chakra_source",
        "unfinished_scans",
        "incomplete_scans",
        "failed_streams",
        "raise_on_failures",
    ),
    "target_chakra.dlt_destination": (
        "chakra_destination",
        "receipts",
        "rejects",
        "retry_rejects",
        "mirror_commit",
    ),
    "chakra_sandbox.launch": ("start_sandbox", "Sandbox"),
    "chakra_spark": ("register",),
}
"""The names of each module."""
_PLAIN: Final = (int, float, bool, type(None), tuple)
_LINE: Final = 88
_STARS: Final[Mapping[object, str]] = {
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
}


def stubs(module: str) -> str:
    """The public names of a module, each with its signature and what it does, as Markdown.

    Args:
        module: One of `PUBLIC`.
    """
    made = import_module(module)
    names = PUBLIC[module]
    lines = [f"from {module} import ("]
    lines += [f"    {name}," for name in names] + [")"]
    for name in names:
        lines += ["", "", *_stub(name, getattr(made, name))]
    return "```python\n" + "\n".join(lines) + "\n```\n"


def _stub(name: str, held: Callable[..., Any]) -> Iterator[str]:
    said = (inspect.getdoc(held) or "").split("\n\n")[0].split("\n")[0]
    if not inspect.isclass(held):
        if inspect.isgeneratorfunction(inspect.unwrap(held)) and held is not inspect.unwrap(held):
            yield "@contextmanager"
        yield from _signature(f"def {name}", held)
        yield f'    """{said}"""'
        return
    yield f"class {name}:"
    yield f'    """{said}"""'
    yield ""
    if not is_dataclass(held):  # a class to be called; of what is given by us its methods count
        *above, last = _indented(_signature("def __init__", held, "self"))
        yield from above
        yield f"{last} ..."
        return
    for one in fields(held):
        yield f"    {one.name}: {_annotation(one.type)}"
    for each, method in vars(held).items():
        if inspect.isfunction(method) and not each.startswith("_"):
            yield ""
            yield from _indented(_stub(each, method))


def _indented(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield f"    {line}" if line else line


def _signature(head: str, held: Callable[..., Any], first: str = "") -> Iterator[str]:
    """The lines of a definition: one, where it fits."""
    signature = inspect.signature(held)
    parts, stars = [first] if first else [], False
    for each in signature.parameters.values():
        if each.kind is inspect.Parameter.KEYWORD_ONLY and not stars:
            stars = True
            parts.append("*")
        parts.append(_parameter(each))
    returned = signature.return_annotation
    end = ")" if returned is inspect.Signature.empty else f") -> {_annotation(returned)}"
    line = f"{head}({', '.join(parts)}{end}:"
    if len(line) <= _LINE:
        yield line
        return
    yield f"{head}("
    for part in parts:
        yield f"    {part},"
    yield f"{end}:"


def _parameter(each: inspect.Parameter) -> str:
    said = f"{_STARS.get(each.kind, '')}{each.name}"
    if each.annotation is not inspect.Parameter.empty:
        said += f": {_annotation(each.annotation)}"
    if each.default is inspect.Parameter.empty:
        return said
    # dlt's own marks for what comes from its configuration have no spelling of their own.
    if isinstance(each.default, str):
        return f"{said} = {json.dumps(each.default)}"
    return f"{said} = {each.default!r}" if type(each.default) in _PLAIN else f"{said} = ..."


def _annotation(given: object) -> str:
    return given if isinstance(given, str) else inspect.formatannotation(given)
