"""The items of bulk requests, in the forms that the documents leave open (Q20, Q22). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from target_chakra.changes import Kind
from target_chakra.mapping.destination_names import attribute_of, created_attribute_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_chakra.changes import Action

NESTED: Final = "nested"
FLAT: Final = "flat"
ARRAY: Final = "array"
OBJECT: Final = "object"
SINGLE: Final = "single"

SHAPES: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.CREATE: (ARRAY, OBJECT, SINGLE),
    Kind.UPDATE: (NESTED, FLAT, SINGLE),
    Kind.DELETE: (NESTED, FLAT, SINGLE),
}
"""By kind, the likeliest first. `single` is one process a request (contract 4.4 to 4.8)."""

_ROOTS: Final = frozenset(
    {"data", "record", "status", "state", "nextActionAt", "assignedTo", "isDeleted", "id", "update"}
)


def item(action: Action, shape: str, primary_key: str | None) -> dict[str, object]:
    """One item of a bulk request, or the body of a single one.

    Args:
        action: What is to be done.
        shape: One of `SHAPES` of its kind.
        primary_key: ShortId of the procedure's; a create carries it at the top level too.
    """
    if action.kind is Kind.CREATE:
        return _create(action, shape, primary_key)
    deletes = action.kind is Kind.DELETE
    change: dict[str, object] = {"isDeleted": True} if deletes else _body(action.fields)
    if shape == SINGLE:
        return change
    name, value = identifier(action)
    return {name: value, **({"update": change} if shape == NESTED else change)}


def identifier(action: Action) -> tuple[str, str | int]:
    """What names the process in an item: its id where that is known, else its key."""
    if action.process_id:
        return "id", action.process_id
    key = action.change.key
    if key is None:
        raise ValueError("an item without an identifier is never sent")
    return key.attribute, key.value


def _create(action: Action, shape: str, primary_key: str | None) -> dict[str, object]:
    body = _body(action.fields)
    data = body.get("data")
    if shape == SINGLE or not isinstance(data, dict) or primary_key is None:
        return body
    if primary_key in _ROOTS or primary_key not in data:
        return body
    return {primary_key: data[primary_key], **body}


def _body(fields: Mapping[str, object]) -> dict[str, object]:
    body: dict[str, object] = {}
    data: dict[str, object] = {}
    record: dict[str, object] = {}
    for name, value in fields.items():
        if (attribute := attribute_of(name)) is not None:
            data[attribute] = value
        elif (attribute := created_attribute_of(name)) is not None:
            record[attribute] = value
        else:
            body[name] = value
    if data:
        body["data"] = data
    if record:
        body["record"] = {"data": record}
    return body
