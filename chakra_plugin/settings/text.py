"""A setting that comes as a text becomes the value that its declaration asks for.

The environment holds nothing but texts, and Meltano's files hold some. What a text spells is
decided by the JSON schema of the setting, at its top and within objects and lists.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import orjson

from chakra_api.setting_values import flag_of, is_set, number_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Schema: TypeAlias = "Mapping[str, Any]"
"""A JSON schema, as singer-sdk declares a setting."""
WANTED: Final = {
    "boolean": "true or false",
    "integer": "a whole number such as 10",
    "number": "a number such as 10 or 2.5",
    "array": 'a JSON list such as ["one", "two"], or its items with commas between them',
    "object": 'a JSON object such as {"name": "value"}',
    "string": "a text",
}
"""By type: what to write."""


def wanted_by(schema: Schema) -> str:
    """What to write where a setting is declared so; empty where anything may stand."""
    return ", or ".join(_wanted(each, schema) for each in types_of(schema) if each in WANTED)


def _wanted(name: str, schema: Schema) -> str:
    items = schema.get("items")
    members = items.get("properties") if isinstance(items, dict) else None
    if name == "array" and members:
        first = next(iter(members))
        return f'a JSON list of mappings such as [{{"{first}": "value"}}]'
    return WANTED[name]


class WrongText(Exception):
    """A text that does not spell what is declared.

    Attributes:
        place: Where it stands within the setting: `[0].revive`; empty for the setting itself.
        text: The text.
        wanted: What to write.
    """

    def __init__(self, place: str, text: str, wanted: str) -> None:
        super().__init__(place, text, wanted)
        self.place = place
        self.text = text
        self.wanted = wanted


def types_of(schema: Schema) -> tuple[str, ...]:
    """The types that a schema names, null apart; none where anything may stand."""
    named = schema.get("type", ())
    found = [named] if isinstance(named, str) else list(named)
    for each in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if isinstance(each, dict):
            found += types_of(each) or ("string",)
    return tuple(dict.fromkeys(name for name in found if name != "null"))


def typed(value: object, schema: Schema, place: str = "") -> object:
    """The value that a setting has: of a text, what it spells; else the value itself.

    Args:
        value: As it came.
        schema: How the setting is declared.
        place: Where it stands within a setting; empty for the setting itself.

    Raises:
        WrongText: A text in it spells nothing that is declared there.
    """
    types = types_of(schema)
    if isinstance(value, str) and types and "string" not in types:
        value = _spelled(value, schema, place)
    elif isinstance(value, float) and "integer" in types and value.is_integer():
        value = int(value)
    if isinstance(value, dict):
        return _object(value, schema.get("properties", {}), place)
    items = schema.get("items")
    if isinstance(value, list) and isinstance(items, dict):
        return [typed(each, items, f"{place}[{at}]") for at, each in enumerate(value)]
    return value


def _object(value: dict[str, object], members: Schema, place: str) -> dict[str, object]:
    found = {}
    for name, each in value.items():
        schema = members.get(name, {})
        below = f"{place}.{name}" if place else name
        blank = isinstance(each, str) and not is_set(each)
        if not (blank and types_of(schema) and "string" not in types_of(schema)):
            found[name] = typed(each, schema, below)
    return found


class Stranger(NamedTuple):
    """A name within a setting that its declaration does not know, and that nobody reads."""

    place: str
    name: str
    known: tuple[str, ...]


def strangers(value: object, schema: Schema, place: str) -> Iterator[Stranger]:
    """The names within a setting that are declared nowhere, where some are.

    Args:
        value: The setting.
        schema: How it is declared.
        place: Its name.
    """
    members = schema.get("properties")
    if not isinstance(value, dict) or not members or schema.get("additionalProperties") is not True:
        return
    for name, each in value.items():
        if name in members:
            yield from strangers(each, members[name], f"{place}.{name}")
        else:
            yield Stranger(f"{place}.{name}", name, tuple(members))


def _spelled(text: str, schema: Schema, place: str) -> object:
    """What a text spells, of the first type that takes it."""
    for name in types_of(schema):
        found = _READERS[name](text)
        if found is not None:
            return found
    raise WrongText(place, text, wanted_by(schema))


def _whole(text: str) -> int | None:
    found = number_of(text)
    return int(found) if found is not None and float(found).is_integer() else None


def _list(text: str) -> list[Any] | None:
    if text.lstrip().startswith(("[", "{", '"')):
        found = _json(text)
        return found if isinstance(found, list) else None
    return [each.strip() for each in text.split(",") if each.strip()]


def _dict(text: str) -> dict[str, Any] | None:
    found = _json(text)
    return found if isinstance(found, dict) else None


def _json(text: str) -> object:
    """What JSON says, or, as Meltano writes a list into a variable, Python's own notation."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        return orjson.loads(orjson.dumps(ast.literal_eval(text)))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


_READERS: Final[dict[str, Callable[[str], object]]] = {
    "boolean": flag_of,
    "integer": _whole,
    "number": number_of,
    "array": _list,
    "object": _dict,
}
