"""The config in other shapes than the default one (Q34), and padded (Q40)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chakra_sandbox.messages import Row

_MEGABYTE = 1_000_000
_ALT = {
    "shortId": "key", "name": "label", "attributes": "attributeIds", "states": "processStates",
    "primaryKey": "primaryKeyAttribute", "defaultStartState": "startState",
    "defaultCompletedState": "completedState", "datatype": "dataType",
    "attributeType": "attributeTypeId", "isRequired": "required", "options": "choices",
    "type": "roleType",
}  # fmt: skip
_REFERENCES = frozenset((
    "entity", "procedure", "attributeType", "primaryKey", "attributes", "roles", "taskType",
    "attribute", "form",
))  # fmt: skip
_OPTIONAL = (
    "attributeGroups", "taskTypes", "forms", "formFields", "formActionButtons", "userProfiles",
    "attributeConfig", "skillTypes",
)  # fmt: skip

_NEEDED = frozenset(("procedures", "attributes", "derivedAttributes", "attributeTypes"))


def styled(config: Row, style: str, extra_mb: int) -> Row:
    """Return the config in one of the styles of the knob `config_style`."""
    styles: Mapping[str, Callable[[Row], Row]] = {
        "default": dict,
        "alt_names": lambda made: {name: _alt_items(value) for name, value in made.items()},
        "keyed_by_id": lambda made: {name: _keyed(value) for name, value in made.items()},
        "embedded_refs": _embedded,
        "minimal": lambda made: {name: _minimal(value) for name, value in made.items()},
        "bare": _bare,
        "missing_keys": lambda made: {k: v for k, v in made.items() if k not in _OPTIONAL},
    }
    shown = styles[style](config)
    return {**shown, "padding": "x" * (extra_mb * _MEGABYTE)} if extra_mb else shown


def _alt_items(value: object) -> object:
    if isinstance(value, list):
        return [_alt_items(item) for item in value]
    if isinstance(value, dict):
        return {_ALT.get(key, key): _alt_items(item) for key, item in value.items()}
    return value


def _keyed(value: object) -> object:
    return {item["id"]: item for item in value} if isinstance(value, list) else value


def _minimal(value: object) -> object:
    if isinstance(value, list):
        return [{"id": item["id"], "shortId": item["shortId"]} for item in value]
    return value


def _bare(config: Row) -> Row:
    return {
        name: value if name in _NEEDED or not isinstance(value, list) else []
        for name, value in config.items()
    }


def _embedded(config: Row) -> Row:
    found = {
        item["id"]: {"id": item["id"], "shortId": item["shortId"], "name": item["name"]}
        for value in config.values()
        if isinstance(value, list)
        for item in value
    }

    def embed(item: Row) -> Row:
        return {
            key: _embed_value(value, found) if key in _REFERENCES else value
            for key, value in item.items()
        }

    return {
        name: [embed(item) for item in value] if isinstance(value, list) else value
        for name, value in config.items()
    }


def _embed_value(value: object, found: Mapping[str, Row]) -> object:
    if isinstance(value, list):
        return [_embed_value(item, found) for item in value]
    return found.get(value, value) if isinstance(value, str) else value
