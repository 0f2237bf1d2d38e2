"""The answer of the config endpoint: 17 collections (contract section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_sandbox.rows.model import TEAM_ID, Attribute, Model, uid
from chakra_sandbox.rows.people import ROLE_TYPES, TEAM_SHORT_ID
from chakra_sandbox.rows.procedures import TASK_TYPE, state_task_of, task_attributes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chakra_sandbox.messages import Row

_MADE_AT = 1_690_000_000_000
_DATATYPES: dict[str, str] = {
    "integer": "integer", "number": "integer", "integerId": "integer", "date": "integer",
    "time": "integer", "datetime": "integer", "float": "float", "decimal": "float",
    "boolean": "boolean", "json": "json", "stringEnum": "json", "integerEnum": "json",
    "floatEnum": "json", "multiStringEnum": "json", "multiIntegerEnum": "json",
    "multiFloatEnum": "json", "externalObject": "json", "multiExternalObject": "json",
    "customObject": "json", "multiCustomObject": "json", "cart": "json", "booking": "json",
    "googleAddress": "json", "geolocation": "json", "multiString": "json",
}  # fmt: skip


def config_json(models: Sequence[Model], timezone: str | None = "+0530") -> Row:
    """Describe the account: the object the API puts in `_data`."""
    return {
        "team": {"id": TEAM_ID, "shortId": TEAM_SHORT_ID, "name": "Acme", "timezone": timezone},
        "entities": [_named("entity", name) for name in sorted({m.entity for m in models})],
        "procedures": [_procedure(model) for model in models],
        "attributeTypes": [_attribute_type(name) for name in _type_names(models)],
        "attributes": [
            *(_attribute(a, m) for m in models for a in m.attributes),
            *(_task_attribute(a, m) for m in models for a in task_attributes(m)),
        ],
        "derivedAttributes": [
            {**_attribute(a, m), "derivationType": "FORMULA"} for m in models for a in m.derived
        ],
        "attributeGroups": [_group(model) for model in models],
        "roles": [{**_named("role", r), "type": kind} for r, kind in ROLE_TYPES.items()],
        "pods": [_named("pod", name) for name in ("north", "south")],
        "taskTypes": [_named("taskType", name) for name in ("call", "visit")],
        "forms": [_named("form", f"{m.short_id}_form") for m in models],
        "formFields": [_form_field(a, m) for m in models for a in m.attributes[:2]],
        "formActionButtons": [_form_child("formActionButton", "submit", m) for m in models],
        "stateTasks": [_state_task(model) for model in models],
        "userProfiles": [_named("userProfile", "default")],
        "attributeConfig": [_attribute_config(a) for m in models for a in m.attributes[:1]],
        "skillTypes": [_named("skillType", "language")],
    }


def _named(kind: str, short_id: str, name: str | None = None) -> Row:
    return {
        "id": uid(kind, short_id),
        "shortId": short_id,
        "name": name or short_id.replace("_", " ").capitalize(),
        "createdAt": _MADE_AT,
        "updatedAt": _MADE_AT,
        "isDeleted": False,
        "team": TEAM_ID,
    }


def _procedure(model: Model) -> Row:
    states = {state.short_id: state.id for state in model.states}
    return {
        **_named("procedure", model.short_id, model.name),
        "entity": model.entity_id,
        "attributes": [attribute.id for attribute in model.attributes],
        "states": [
            {"id": s.id, "shortId": s.short_id, "name": s.name, "description": "", "color": "#3a7"}
            for s in model.states
        ],
        "defaultStartState": model.states[0].id if model.states else None,
        "defaultCompletedState": states.get(model.completed_state),
        "primaryIdentifier": model.attributes[0].id if model.attributes else None,
        "primaryKey": _key_id(model),
        "roles": [uid("role", role) for role in ROLE_TYPES],
    }


def _key_id(model: Model) -> str | None:
    found = model.attribute(model.primary_key) if model.primary_key else None
    return found.id if found else None


def _attribute(attribute: Attribute, model: Model) -> Row:
    return {
        **_named("attribute", attribute.short_id, attribute.name),
        "id": attribute.id,
        "attributeType": uid("attributeType", attribute.type_name),
        "procedure": model.id,
        "entity": None,
        "stateTask": None,
        "description": f"{attribute.name} of a {model.name.lower()}",
        "isRequired": attribute.is_required,
        "options": [{"value": o.value, "label": o.label} for o in attribute.options],
    }


def _task_attribute(attribute: Attribute, model: Model) -> Row:
    return {
        **_attribute(attribute, model),
        "procedure": None,
        "stateTask": uid("stateTask", state_task_of(model)),
        "description": f"{attribute.name} of a task",
    }


def _type_names(models: Iterable[Model]) -> list[str]:
    attributes = (a for m in models for a in (*m.attributes, *m.derived, *task_attributes(m)))
    return sorted({attribute.type_name for attribute in attributes})


def _attribute_type(name: str) -> Row:
    return {**_named("attributeType", name, name), "datatype": _DATATYPES.get(name, "string")}


def _group(model: Model) -> Row:
    return {
        **_named("attributeGroup", f"{model.short_id}_main"),
        "attributes": [attribute.id for attribute in model.attributes[:5]],
        "procedure": model.id,
    }


def _form_child(kind: str, short_id: str, model: Model) -> Row:
    return {
        **_named(kind, f"{model.short_id}_{short_id}"),
        "form": uid("form", f"{model.short_id}_form"),
    }


def _form_field(attribute: Attribute, model: Model) -> Row:
    return {**_form_child("formField", attribute.short_id, model), "attribute": attribute.id}


def _state_task(model: Model) -> Row:
    return {
        **_named("stateTask", state_task_of(model)),
        "procedure": model.id,
        "taskType": uid("taskType", TASK_TYPE),
        "attributes": [attribute.id for attribute in task_attributes(model)],
        "states": [state.id for state in model.states[:1]],
    }


def _attribute_config(attribute: Attribute) -> Row:
    return {
        **_named("attributeConfig", f"{attribute.owner}_{attribute.short_id}"),
        "attribute": attribute.id,
        "config": {"showInList": True},
    }
