"""A sandbox of one procedure with an attribute of every type, whose rows are JSON to the digit.

It runs in a thread of this process: what it stores can be looked at as the bytes that they are.
"""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox import exact_json
from chakra_sandbox.knobs import Knobs
from chakra_sandbox.reads import answers
from chakra_sandbox.rows import people
from chakra_sandbox.rows.access import DEFAULT_KEY, default_tokens
from chakra_sandbox.rows.account import Account, shelf_of
from chakra_sandbox.rows.model import TEAM_ID, Attribute, Model, Option, State, User, uid
from chakra_sandbox.serving.server import Server
from chakra_sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chakra_sandbox.rows.store import Store

PROCEDURE = "cell"
KEY = "cell_id"
TYPES = (
    "string", "text", "name", "email", "phone", "text area", "boolean text", "url", "html",
    "username", "otp", "photo", "audio", "document", "integer", "number", "integerId", "time",
    "float", "decimal", "boolean", "date", "datetime", "datetimeISO8601", "monthOfYear",
    "stringEnum", "integerEnum", "floatEnum", "multiStringEnum", "multiIntegerEnum",
    "multiFloatEnum", "multiString", "multiPhotos", "multiDocuments", "geolocation",
    "googleAddress", "json", "externalObject", "multiExternalObject", "customObject",
    "multiCustomObject", "user", "process", "record", "task", "state", "status",
)  # fmt: skip
"""Every type of section 6 that is written and read."""
READ_ONLY = (
    "process collection", "task collection", "record collection", "booking", "cart", "hologram"
)  # fmt: skip
"""Types that are read, and that nobody writes; the last one nobody knows."""
_CHOICES = (("pune", "Pune City"), ("goa", "Goa"), ("twin1", "Twin"), ("twin2", "twin"))
OPTIONS: dict[str, tuple[tuple[object, str], ...]] = {
    "stringEnum": (*_CHOICES, ("one", "two"), ("two", "three")),
    "multiStringEnum": _CHOICES,
    "integerEnum": ((1, "Low"), (2, "High"), (70, "Seventy")),
    "multiIntegerEnum": ((1, "Low"), (2, "High"), (70, "Seventy")),
    "floatEnum": ((0.5, "Half"), (1.0, "Whole"), (2.5, "Much")),
    "multiFloatEnum": ((0.5, "Half"), (1.0, "Whole"), (2.5, "Much")),
}
STATES = (("NEW", "New one"), ("IN_PROGRESS", "In progress"), ("DONE", "Done"))
MORE_USERS = (
    User("idle.one", "Ida", "Idle", "inside_sales", is_active=False),
    User("sam.1", "Sam", "Same", "inside_sales"),
    User("sam.2", "Sam", "Same", "field_agent"),
)


def attribute_of(type_name: str) -> str:
    """The shortId of the attribute of a type."""
    return "a_" + type_name.lower().replace(" ", "_")


def row_of(number: int, fields: Mapping[str, str], root: Mapping[str, str] | None = None) -> bytes:
    """A process as JSON; `fields` and `root` are JSON texts by name."""
    fixed: dict[str, object] = {
        "id": uid("cell", str(number)), "team": TEAM_ID, "procedure": uid("procedure", PROCEDURE),
        "createdBy": None, "assignedTo": None, "belongsTo": None, "entity": uid("entity", "cell"),
        "record": None, "status": "OPEN", "state": "NEW", "derivedData": {}, "nextActionAt": None,
        "completedAt": 0, "createdAt": 1_750_000_000_000 + number,
        "updatedAt": 1_750_000_000_000 + number, "isDeleted": False,
    }  # fmt: skip
    shown = {name: json.dumps(value) for name, value in fixed.items()} | dict(root or {})
    data = ",".join(f"{json.dumps(name)}:{text}" for name, text in fields.items())
    head = ",".join(f"{json.dumps(name)}:{text}" for name, text in shown.items())
    return f'{{{head},"data":{{{data}}}}}'.encode()


def exactly(text: str | bytes) -> Any:
    """JSON with its numbers as the decimal numbers that they are."""
    return json.loads(text, parse_float=Decimal)


@dataclass(frozen=True)
class MatrixAccount:
    """A running account.

    Attributes:
        url: Of its API.
        world: What it is.
    """

    url: str
    world: World
    api_key: str = DEFAULT_KEY

    @property
    def _store(self) -> Store:
        return self.world.account.shelves[PROCEDURE].store

    def held(self) -> dict[str, dict[str, Any]]:
        """The living processes by key, every digit kept."""
        store = self._store
        cells = [exactly(store.cells[slot]) for slot, alive in enumerate(store.alive) if alive]
        return {str(cell["data"].get(KEY)): cell for cell in cells}


def _model(types: Sequence[str], *, ranked: bool) -> Model:
    attributes = [Attribute(KEY, "stringId", "Cell id", is_required=True, owner=PROCEDURE)]
    for name in types:
        options = tuple(Option(value, label) for value, label in OPTIONS.get(name, ()))
        short_id = attribute_of(name)
        attributes.append(Attribute(short_id, name, short_id, options, owner=PROCEDURE))
    states = tuple(State(short_id, name, PROCEDURE) for short_id, name in STATES)
    derived = (Attribute("rank", "integer", "Rank", owner=PROCEDURE),) if ranked else ()
    return Model(PROCEDURE, "Cell", "cell", tuple(attributes), derived, states, "DONE", KEY)


@contextmanager
def matrix_account(
    rows: Sequence[bytes],
    types: Sequence[str] = TYPES,
    *,
    ranked: bool = True,
    **knobs: object,
) -> Iterator[MatrixAccount]:
    """Serve rows, as the bytes that they are, while the block lasts."""
    model = _model(types, ranked=ranked)
    shelf = shelf_of(model, map(exact_json.loads, rows))
    shelf.store.cells[:] = rows
    turned = Knobs().change({"type_check": "none", "job_duration_ms": 20, **knobs})
    world = World(Account({PROCEDURE: shelf}, default_tokens()), turned)
    users = (*people.USERS, *MORE_USERS)
    with pytest.MonkeyPatch.context() as patch, _served(world) as url:
        patch.setattr(answers, "USERS", users)
        for user in users:
            patch.setitem(people.BY_ID, user.id, user)
            patch.setitem(people.BY_USERNAME, user.username, user)
            patch.setitem(answers.USER_IDS, user.username, user.id)
            patch.setitem(answers.USERNAMES, user.id, user.username)
        yield MatrixAccount(url, world)


@contextmanager
def _served(world: World) -> Iterator[str]:
    loop = asyncio.new_event_loop()
    server = Server(world, "127.0.0.1", 0)
    loop.run_until_complete(server.start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
