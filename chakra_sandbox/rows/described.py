"""Serves procedures that a JSON file describes: their attributes, states and rows, down to none.

A file holds a list of objects, one a procedure::

    [{"shortId": "Lead", "attributes": {"city": "string", "City": "string"},
      "derivedAttributes": {"rank": "integer"}, "states": ["NEW"],
      "rows": [{"data": {"city": "Goa"}, "derivedData": {"rank": 7}}]}]

Only the shortId is required. The states are NEW and DONE where nothing is said of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_sandbox import exact_json
from chakra_sandbox.rows.account import Shelf, shelf_of
from chakra_sandbox.rows.loaded_rows import LoadError, Times, loaded_rows
from chakra_sandbox.rows.model import Attribute, Model, State

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.messages import Row
    from chakra_sandbox.rows.moments import Span

_STATES = ("NEW", "DONE")


def described_shelves(path: Path, span: Span, seed: int) -> dict[str, Shelf]:
    """Put the rows of each procedure on a shelf.

    Raises:
        LoadError: The file can't be read, or is no list of procedures.
    """
    try:
        described = exact_json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise LoadError(f"cannot read {path}: {error}") from error
    if not isinstance(described, list):
        raise LoadError(f"{path} is no JSON list of procedures")
    shelves: dict[str, Shelf] = {}
    for each in described:
        if not isinstance(each, dict) or not isinstance(each.get("shortId"), str):
            raise LoadError(f"{path}: each procedure is an object with a shortId")
        shelves[each["shortId"]] = _shelf(each, span, seed)
    return shelves


def _shelf(described: Row, span: Span, seed: int) -> Shelf:
    model = _model(described)
    rows = described.get("rows", [])
    processes = loaded_rows(
        model, [each.get("data", {}) for each in rows], Times(span, None, None), seed
    )
    derived = ({"derivedData": each.get("derivedData", {})} for each in rows)
    return shelf_of(model, [{**row, **more} for row, more in zip(processes, derived, strict=True)])


def _model(described: Row) -> Model:
    name = described["shortId"]
    states = described.get("states", _STATES)
    return Model(
        short_id=name,
        name=name,
        entity=name,
        attributes=_attributes(name, described.get("attributes", {})),
        derived=_attributes(name, described.get("derivedAttributes", {})),
        states=tuple(State(each, each, name) for each in states),
        completed_state=states[-1] if states else "",
        primary_key=described.get("primaryKey"),
    )


def _attributes(owner: str, types: Row) -> tuple[Attribute, ...]:
    return tuple(Attribute(name, kind, name, owner=owner) for name, kind in types.items())
