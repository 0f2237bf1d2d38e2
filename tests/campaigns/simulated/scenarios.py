"""The inputs and servers of the target's campaigns: a reference run, a short one, a keyless one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from chakra_sandbox.knobs import Knobs
from chakra_sandbox.rows.account import Account, shelf_of
from chakra_sandbox.rows.model import TEAM_ID, Attribute, Model, State, uid
from chakra_sandbox.world import World
from tests.campaigns.simulated.history import Wish
from tests.campaigns.simulated.target import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FIELDS = {"lead_id": "data.lead_id", "score": "data.score", "phone": "data.phone_number"}
STREAMS = [
    {
        "stream": "scores",
        "procedure": "lead",
        "key": "lead_id",
        "delete_when": "gone",
        "fields": FIELDS,
    },
    {"stream": "tickets", "procedure": "ticket", "key": "ticket_id"},
    {"stream": "notes", "procedure": "lead", "mode": "insert"},
]
COLUMNS = {
    "scores": ("lead_id", "score", "phone", "gone"),
    "tickets": ("ticket_id", "subject"),
    "notes": ("name", "score"),
}
JOB_MS = 3000
"""Of a job in the reference run: long enough to be looked at more than once."""


LEAD = Model(
    short_id="lead",
    name="Lead",
    entity="customer",
    attributes=(
        Attribute("lead_id", "stringId", "Lead id", is_required=True, owner="lead"),
        Attribute("name", "name", "Name", owner="lead"),
        Attribute("phone_number", "phone", "Phone", owner="lead"),
        Attribute("score", "integer", "Score", owner="lead"),
    ),
    derived=(),
    states=(State("NEW", "New", "lead"), State("WON", "Won", "lead")),
    completed_state="WON",
    primary_key="lead_id",
)
TICKET = Model(
    short_id="ticket",
    name="Ticket",
    entity="customer",
    attributes=(
        Attribute("ticket_id", "integerId", "Ticket id", is_required=True, owner="ticket"),
        Attribute("subject", "string", "Subject", owner="ticket"),
    ),
    derived=(),
    states=(State("OPENED", "Opened", "ticket"), State("CLOSED", "Closed", "ticket")),
    completed_state="CLOSED",
    primary_key="ticket_id",
)
HOUR_MS = 3_600_000


def small_world(
    leads: int, tickets: int, knobs: Mapping[str, Any], seed: int, now_ms: int
) -> World:
    """A server of two small procedures, so that a case costs little."""
    shelves = {
        "lead": shelf_of(LEAD, rows_of(LEAD, map(_lead_data, range(1, leads + 1)), now_ms)),
        "ticket": shelf_of(
            TICKET, rows_of(TICKET, map(_ticket_data, range(1, tickets + 1)), now_ms)
        ),
    }
    return World(Account(shelves), Knobs().change(knobs), seed)


def _lead_data(n: int) -> dict[str, Any]:
    return {"lead_id": old(n), "name": f"Lead {n}", "phone_number": phone(n), "score": n}


def _ticket_data(n: int) -> dict[str, Any]:
    return {"ticket_id": n, "subject": f"subject {n}"}


def rows_of(model: Model, made: Iterable[dict[str, Any]], now_ms: int) -> Iterator[dict[str, Any]]:
    """Processes with such attributes, as they are stored; made an hour ago."""
    for n, data in enumerate(made):
        at = now_ms - HOUR_MS + n
        yield {
            "id": uid(model.short_id, str(n)),
            "team": TEAM_ID,
            "procedure": model.id,
            "createdBy": None,
            "assignedTo": None,
            "belongsTo": None,
            "entity": model.entity_id,
            "record": uid("record", model.short_id, str(n)),
            "status": "OPEN",
            "state": model.states[0].short_id,
            "data": data,
            "derivedData": {},
            "nextActionAt": None,
            "completedAt": 0,
            "createdAt": at,
            "updatedAt": at,
            "isDeleted": False,
        }


def lead(key: str, score: object, *, fits: bool = True, **more: Any) -> Wish:
    """A row that asks for a score."""
    data = {"score": score, **({"phone_number": more["phone"]} if "phone" in more else {})}
    return Wish("scores", {"lead_id": key, "score": score, **more}, ("lead", key), data, fits=fits)


def dead(key: str) -> Wish:
    """A row that asks for a delete."""
    row = {"lead_id": key, "score": None, "gone": True}
    return Wish("scores", row, ("lead", key), {}, deletes=True)


def ticket(number: int, subject: str) -> Wish:
    """A row for another procedure, whose keys are numbers."""
    row = {"ticket_id": number, "subject": subject}
    return Wish("tickets", row, ("ticket", str(number)), {"subject": subject})


def note(name: str, score: int) -> Wish:
    """A row without a key."""
    row = {"name": name, "score": score}
    return Wish("notes", row, ("lead", name), dict(row), keyed=False)


def old(number: int) -> str:
    """The key of a made lead."""
    return f"L-{number:06d}"


def phone(number: int) -> str:
    """The phone number of a made lead."""
    return f"+91{5_550_000_000 + number}"


def settings(wishes: Iterable[Wish], **more: Any) -> dict[str, Any]:
    """Settings whose limits are what the input holds."""
    wishes = list(wishes)
    return {
        "streams": STREAMS,
        "max_rejects": sum(not wish.fits for wish in wishes),
        "max_deletes": sum(wish.deletes for wish in wishes),
        **more,
    }


def reference() -> Scenario:
    """All that can become of a row, in two procedures."""
    wishes = [
        *(lead(old(n), 1000 + n) for n in range(1, 9)),
        lead("NEW-1", 11),
        lead("NEW-2", 12),
        lead(old(12), "x", fits=False),
        lead(old(13), 5),
        lead(old(13), 6),
        dead(old(10)),
        dead(old(11)),
        lead("MERGED", 15, phone=phone(20)),
        ticket(1, "first"),
        ticket(2, "second"),
        ticket(9001, "new"),
        *(lead(old(14), score) for score in (1, 2, 1)),
        *(lead(old(n), 1000 + n) for n in range(1, 4)),
        lead("NEW-3", 13),
        ticket(1, "third"),
    ]
    return Scenario(
        seed=8,
        world=partial(
            small_world,
            24,
            12,
            {"phone_merge": True, "job_duration_ms": JOB_MS},
            8,
        ),
        wishes=wishes,
        columns=COLUMNS,
        states=frozenset({8, 16, 19, len(wishes)}),
        pauses=frozenset({8, 19}),
        beside=1.0,
        settings=settings(wishes, batch_size=6, concurrency=2),
    )


def short() -> Scenario:
    """A run of about sixty steps, for pairs of faults."""
    wishes = [
        lead(old(1), 7),
        lead(old(2), "x", fits=False),
        lead("NEW-1", 8),
        dead(old(3)),
        lead(old(1), 9),
    ]
    return Scenario(
        seed=9,
        world=partial(small_world, 6, 2, {"job_duration_ms": 600}, 9),
        wishes=wishes,
        columns=COLUMNS,
        states=frozenset({4, 5}),
        pauses=frozenset({4}),
        journal_exists=True,
        replays_all=False,
        settings=settings(wishes, batch_size=6, concurrency=2),
    )


def keyless() -> Scenario:
    """Rows without a key, two of them alike."""
    wishes = [
        *(note(f"note {n}", n) for n in range(4)),
        note("note 1", 1),
        lead(old(1), 5),
        *(note(f"note {n}", n) for n in range(4, 8)),
    ]
    return Scenario(
        seed=10,
        world=partial(small_world, 6, 2, {"job_duration_ms": 600}, 10),
        wishes=wishes,
        columns=COLUMNS,
        states=frozenset({6, len(wishes)}),
        pauses=frozenset({6}),
        beside=1.0,
        settings=settings(wishes, batch_size=6, concurrency=2),
    )
