"""`--about` as text: each setting with what it means, its type, its default and its variable."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from chakra_plugin.settings.text import types_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.about import AboutInfo

    from chakra_plugin.settings.text import Schema

WIDTH: Final = 96
_TYPES: Final = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "object",
}


def about_text(info: AboutInfo) -> str:
    """What a command is, and its settings.

    Args:
        info: As singer-sdk gathers it.
    """
    lines = [
        f"{info.name} v{info.version}, Meltano SDK v{info.sdk_version}",
        info.description or "",
        f"Python: {', '.join(info.supported_python_versions or ())}",
        f"Capabilities: {', '.join(each.value for each in info.capabilities)}",
        "",
        "Settings, from a file (--config FILE) or from the variable beside each:",
    ]
    required = info.settings.get("required", ())
    for name, schema in info.settings["properties"].items():
        variable = f"{info.env_var_prefix}{name.upper()}"
        facts = _facts(schema, required=name in required)
        lines += ["", *_wrapped(f"{name}  {variable}  ({facts})", 2), *_meaning(schema, 6)]
        lines += _options(schema, 6)
    return "\n".join(line.rstrip() for line in lines)


def _options(schema: Schema, indent: int) -> Iterator[str]:
    """What an object, or each object of a list, may hold."""
    of_items = schema.get("items")
    holder = of_items if isinstance(of_items, dict) else schema
    required = holder.get("required", ())
    for name, option in holder.get("properties", {}).items():
        if not option.get("description") and not option.get("title"):
            continue
        facts = _facts(option, required=name in required)
        yield from _wrapped(f"{name}  ({facts})", indent)
        yield from _meaning(option, indent + 4)
        yield from _options(option, indent + 4)


def _facts(schema: Schema, *, required: bool) -> str:
    types = [_TYPES[each] for each in types_of(schema) if each in _TYPES]
    facts = [" or ".join(types) or "anything"]
    if words := schema.get("enum"):
        facts = [f"one of {', '.join(map(str, words))}"]
    if required:
        facts.append("required")
    if schema.get("secret"):
        facts.append("secret")
    if (default := schema.get("default")) is not None:
        shown = str(default).lower() if isinstance(default, bool) else default
        facts.append(f"default {shown}")
    return "; ".join(facts)


def _meaning(schema: Schema, indent: int) -> list[str]:
    said = schema.get("description") or schema.get("title") or ""
    return _wrapped(" ".join(said.split()), indent)


def _wrapped(text: str, indent: int) -> list[str]:
    blank = " " * indent
    return textwrap.wrap(
        text, WIDTH, initial_indent=blank, subsequent_indent=blank, break_on_hyphens=False
    )
