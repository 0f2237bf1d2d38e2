"""The made procedures: lead, ticket and order, with every attribute type of contract section 6.

Each has one task, of the same attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_sandbox.rows.model import Attribute, Model, Option, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CITIES = ("pune", "goa", "mumbai", "chennai", "delhi", "kochi", "indore", "zürich", "東京")
SOURCES = ("web", "walk_in", "referral", "campaign", "import")
TAGS = ("vip", "retarget", "newsletter", "cold", "q1", "naïve")


def options(values: Iterable[object]) -> tuple[Option, ...]:
    """Make options whose labels are the values with a capital."""
    return tuple(Option(value, str(value).replace("_", " ").capitalize()) for value in values)


def _attributes(
    owner: str, rows: Sequence[tuple[str, str, Iterable[object]]]
) -> tuple[Attribute, ...]:
    return tuple(
        Attribute(
            short_id=short_id,
            type_name=type_name,
            name=short_id.replace("_", " ").capitalize(),
            options=options(values),
            is_required=short_id == f"{owner}_id",
            owner=owner,
        )
        for short_id, type_name, values in rows
    )


def _states(owner: str, short_ids: Sequence[str]) -> tuple[State, ...]:
    return tuple(State(s, s.replace("_", " ").capitalize(), owner) for s in short_ids)


LEAD = Model(
    short_id="lead",
    name="Lead",
    entity="customer",
    attributes=_attributes(
        "lead",
        (
            ("lead_id", "stringId", ()),
            ("name", "name", ()),
            ("phone_number", "phone", ()),
            ("email", "email", ()),
            ("city", "stringEnum", CITIES),
            ("source", "stringEnum", SOURCES),
            ("score", "integer", ()),
            ("budget", "decimal", ()),
            ("rating", "float", ()),
            ("is_hot", "boolean", ()),
            ("consent", "boolean text", ("yes", "no")),
            ("tags", "multiStringEnum", TAGS),
            ("last_contacted", "datetime", ()),
            ("follow_up", "datetimeISO8601", ()),
            ("birth_date", "date", ()),
            ("call_time", "time", ()),
            ("renewal_month", "monthOfYear", ()),
            ("location", "geolocation", ()),
            ("address", "googleAddress", ()),
            ("website", "url", ()),
            ("utm", "json", ()),
            ("introduced_by", "user", ()),
            ("remarks", "text area", ()),
            ("summary", "text", ()),
        ),
    ),
    derived=_attributes(
        "lead", (("lead_priority", "integer", ()), ("contact_label", "string", ()))
    ),
    states=_states("lead", ("NEW", "IN_PROGRESS", "CONVERTED", "LOST")),
    completed_state="CONVERTED",
    primary_key="lead_id",
)
TICKET = Model(
    short_id="ticket",
    name="Ticket",
    entity="customer",
    attributes=_attributes(
        "ticket",
        (
            ("ticket_id", "integerId", ()),
            ("subject", "string", ()),
            ("body", "html", ()),
            ("severity", "integerEnum", (1, 2, 3, 4)),
            ("weight", "floatEnum", (0.5, 1.0, 2.5)),
            ("labels", "multiString", ()),
            ("levels", "multiIntegerEnum", (1, 2, 3)),
            ("ratios", "multiFloatEnum", (0.1, 0.5, 0.9)),
            ("front_photo", "photo", ()),
            ("photos", "multiPhotos", ()),
            ("recording", "audio", ()),
            ("contract", "document", ()),
            ("files", "multiDocuments", ()),
            ("lead", "process", ()),
            ("customer", "record", ()),
            ("callback", "task", ()),
            ("reporter", "username", ()),
            ("login_code", "otp", ()),
            ("phase", "state", ()),
            ("outcome", "status", ()),
            ("related", "process collection", ()),
            ("steps", "task collection", ()),
            ("parties", "record collection", ()),
        ),
    ),
    derived=_attributes("ticket", (("age_days", "float", ()),)),
    states=_states("ticket", ("OPENED", "WAITING", "SOLVED", "CLOSED")),
    completed_state="SOLVED",
    primary_key="ticket_id",
)
ORDER = Model(
    short_id="order",
    name="Order",
    entity="purchase",
    attributes=_attributes(
        "order",
        (
            ("order_id", "stringId", ()),
            ("quantity", "number", ()),
            ("total", "decimal", ()),
            ("items", "multiExternalObject", ()),
            ("buyer", "externalObject", ()),
            ("gift", "customObject", ()),
            ("extras", "multiCustomObject", ()),
            ("slot", "booking", ()),
            ("basket", "cart", ()),
            ("signature", "signaturePad", ()),
        ),
    ),
    derived=_attributes("order", (("net_total", "decimal", ()),)),
    states=_states("order", ("PLACED", "PACKED", "SHIPPED", "RETURNED")),
    completed_state="SHIPPED",
    primary_key="order_id",
)
MADE: tuple[Model, ...] = (LEAD, TICKET, ORDER)

TASK_TYPE = "call"

_TASK_ATTRIBUTES = (
    ("call_disposition", "stringEnum", ("ANSWERED", "NO_ANSWER", "WRONG_NUMBER")),
    ("remarks", "text area", ()),
    ("call_again_at", "datetime", ()),
)


def state_task_of(model: Model) -> str:
    """Return the shortId of a procedure's task."""
    return f"{model.short_id}_follow_up"


def task_attributes(model: Model) -> tuple[Attribute, ...]:
    """Return the attributes of a procedure's task."""
    return _attributes(state_task_of(model), _TASK_ATTRIBUTES)
