"""The ChakraHQ of the simulated weeks: its rows, its people, and what changes in its account.

People act at times of their own, also between two requests of a run. What each of them did is
kept for the judges.
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from chakra_sandbox.knobs import Knobs
from chakra_sandbox.messages import Rejection
from chakra_sandbox.reads.lagging import Lag
from chakra_sandbox.rows.access import Token
from chakra_sandbox.rows.account import Account, Shelf, shelf_of
from chakra_sandbox.rows.making import Draw
from chakra_sandbox.rows.model import Attribute, Model, Option, State
from chakra_sandbox.rows.people import USERS
from chakra_sandbox.world import World
from chakra_sandbox.writes.writer import Writer
from tests.campaigns.simulated import scenarios
from tests.support.simulated import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.turns import Turns

LEADS, TICKETS, PRODUCTS = 90, 40, 30
DAY_MS = 86_400_000
SPARE = ("string", "integer", "decimal", "boolean")
"""Types that an attribute of people's own may get."""


def _model(short_id: str, key: str | None, *attributes: tuple[str, str]) -> Model:
    return Model(
        short_id=short_id,
        name=short_id.capitalize(),
        entity="customer",
        attributes=tuple(
            Attribute(name, type_name, name.capitalize(), owner=short_id)
            for name, type_name in attributes
        ),
        derived=(),
        states=(State("NEW", "New", short_id), State("DONE", "Done", short_id)),
        completed_state="DONE",
        primary_key=key,
    )


STAGE = Attribute(
    "stage", "stringEnum", "Stage", (Option("hot", "Hot"), Option("cold", "Cold")), owner="lead"
)
LEAD = replace(scenarios.LEAD, attributes=(*scenarios.LEAD.attributes, STAGE))
VISIT = _model("visit", None, ("name", "string"), ("score", "integer"))
PRODUCT = _model("product", "sku", ("sku", "stringId"), ("title", "string"), ("price", "decimal"))


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did to a process.

    Attributes:
        at_ms: When.
        what: insert, edit or delete.
        procedure: ShortId.
        id: Of the process.
        key: Of the process, as text; empty without one.
        fields: What was written.
    """

    at_ms: int
    what: str
    procedure: str
    id: str
    key: str
    fields: dict[str, Any] = field(default_factory=dict)


def made_world(seed: int, knobs: dict[str, Any], now_ms: int) -> World:
    """The account at the beginning."""
    begun = now_ms - 30 * DAY_MS
    leads = (
        {"lead_id": scenarios.old(n), "name": f"Lead {n}", "score": n, "stage": "hot"}
        for n in range(1, LEADS + 1)
    )
    tickets = ({"ticket_id": n, "subject": f"subject {n}"} for n in range(1, TICKETS + 1))
    products = ({"sku": f"own-{n}", "title": f"Own {n}"} for n in range(1, PRODUCTS + 1))
    shelves = {
        "lead": shelf_of(LEAD, _rows(LEAD, leads, begun)),
        "ticket": shelf_of(scenarios.TICKET, _rows(scenarios.TICKET, tickets, begun)),
        "visit": shelf_of(VISIT, ()),
        "product": shelf_of(PRODUCT, _rows(PRODUCT, products, begun)),
    }
    return World(Account(shelves), Knobs().change(knobs), seed)


def _rows(model: Model, made: Iterator[dict[str, Any]], begun: int) -> Iterator[dict[str, Any]]:
    for n, row in enumerate(scenarios.rows_of(model, made, begun)):
        # Some of the first ones are assigned: what a narrowed role sees.
        yield {**row, "assignedTo": USERS[n % 3].id}


class Office(Server):
    """A ChakraHQ whose people go on working whatever becomes of those who talk to it.

    Args:
        world: Its rules and rows.
        turns: Time.
        seed: Of what people do.

    Attributes:
        acts: What they did, in order.
        hot: Procedure and key of the processes that they like to work on.
    """

    def __init__(self, world: World, turns: Turns, seed: object) -> None:
        super().__init__(world, turns)
        self._rng = random.Random(f"{seed}:people")
        self._due: list[tuple[int, int, Callable[[int], None]]] = []
        self._number = count()
        self.acts: list[Act] = []
        self.hot: list[tuple[str, str]] = []

    def plan(self, at_ms: int, act: Callable[[int], None]) -> None:
        """Have something done at a time."""
        heapq.heappush(self._due, (at_ms, next(self._number), act))

    def catch_up(self) -> None:
        while self._due and self._due[0][0] <= self.now_ms:
            at_ms, _, act = heapq.heappop(self._due)
            self.world.advance(at_ms)
            act(max(at_ms, self.world.now_ms))
        super().catch_up()

    def shelf(self, name: str) -> Shelf:
        return self.world.account.shelves[name]

    def living(self, name: str) -> Iterator[dict[str, Any]]:
        store = self.shelf(name).store
        return (store.row(slot) for slot in range(len(store)) if store.alive[slot])

    # People

    def person_acts(self, at_ms: int) -> None:
        """Somebody does something."""
        rng = self._rng
        procedure = rng.choice(("lead", "lead", "lead", "ticket", "product"))
        what = rng.choices(("edit", "insert", "delete"), (8, 3, 1))[0]
        near = rng.choice(self.hot) if what == "edit" and self.hot and rng.random() < 0.5 else None
        procedure = procedure if near is None or near[0] == "visit" else near[0]
        writer = self._writer(procedure)
        slots = [] if near is None else self.shelf(procedure).store.slots_of_key(near[1])
        try:
            if what == "insert":
                self._insert(writer, procedure, at_ms)
            else:
                self._change(writer, slots[0] if slots else None, what, at_ms)
        except Rejection:
            return

    def _writer(self, procedure: str) -> Writer:
        world = self.world
        lag = world._lags[procedure]  # noqa: SLF001 - people write by the same rules
        draw = Draw(f"{self._rng.random()}:people")
        return Writer(self.shelf(procedure), lag, world.knobs, Token("ADMIN"), draw)

    def _insert(self, writer: Writer, procedure: str, at_ms: int) -> None:
        key = f"P-{self._rng.randrange(10**9)}"
        data: dict[str, Any] = self._words(procedure)
        name = self.shelf(procedure).model.primary_key
        if name == "ticket_id":
            key = str(10**6 + self._rng.randrange(10**8))
            data[name] = int(key)
        elif name:
            data[name] = key
        self._carry_out(writer, writer.plan_create({"data": data}, at_ms), "insert", at_ms, data)

    def _change(self, writer: Writer, slot: int | None, what: str, at_ms: int) -> None:
        store, procedure = writer.shelf.store, writer.shelf.model.short_id
        if slot is None and len(store):
            slot = store.any_living(self._rng.randrange(len(store)))
        if slot is None:
            return
        if what == "delete":
            self._carry_out(writer, writer.plan_delete(slot, at_ms), what, at_ms, {})
            return
        data = self._words(procedure)
        plan = writer.plan_update(slot, {"data": data}, at_ms)
        self._carry_out(writer, plan, what, at_ms, data)

    def _words(self, procedure: str) -> dict[str, Any]:
        rng = self._rng
        if procedure == "lead":
            data: dict[str, Any] = {"score": 1_000 + rng.randrange(10**6)}
            if rng.random() < 0.5:
                data["name"] = f"by a person {rng.randrange(10**6)}"
            spare = [a for a in self.shelf("lead").model.attributes if a.short_id[:5] == "spare"]
            if spare and rng.random() < 0.5:
                data[rng.choice(spare).short_id] = rng.choice((7, 8, 9))
            return data
        if procedure == "ticket":
            return {"subject": f"by a person {rng.randrange(10**6)}"}
        return {"title": f"by a person {rng.randrange(10**6)}"}

    def _carry_out(
        self, writer: Writer, plan: Any, what: str, at_ms: int, data: dict[str, Any]
    ) -> None:
        writer.carry_out(plan, at_ms)
        model = writer.shelf.model
        key = str(plan.row["data"].get(model.primary_key, ""))
        self.acts.append(Act(at_ms, what, model.short_id, plan.row["id"], key, data))

    # The account

    def schema_changes(self, at_ms: int) -> None:
        """Somebody changes the account."""
        rng, lead = self._rng, self.shelf("lead").model
        spare = [a for a in lead.attributes if a.short_id.startswith("spare")]
        what = rng.choice(("add", "retype", "remove", "options", "procedure", "keys"))
        if what == "keys":
            self.world.change_knobs({"duplicate_pk": rng.choice(("reject", "duplicate", "merge"))})
        elif what == "procedure":
            self._add_procedure(at_ms)
        elif what == "options":
            self._put(lead, [_renamed(a, rng) for a in lead.attributes])
        elif what == "add" or not spare:
            new = Attribute(f"spare_{at_ms % 10**7}", rng.choice(SPARE), "Spare", owner="lead")
            self._put(lead, [*lead.attributes, new])
        else:
            chosen = rng.choice(spare)
            others = [a for a in lead.attributes if a is not chosen]
            changed = [replace(chosen, type_name=rng.choice(SPARE))] if what == "retype" else []
            self._put(lead, [*others, *changed])
        self.world._config.clear()  # noqa: SLF001 - the account is not what it was

    def _put(self, model: Model, attributes: list[Attribute]) -> None:
        shelves: Any = self.world.account.shelves
        changed = replace(model, attributes=tuple(attributes))
        shelves[model.short_id] = Shelf(changed, shelves[model.short_id].store)

    def _add_procedure(self, at_ms: int) -> None:
        shelves: Any = self.world.account.shelves
        if len(shelves) > 6:
            return
        model = _model(f"extra{len(shelves)}", None, ("name", "string"))
        rows = scenarios.rows_of(model, iter([{"name": "first"}]), at_ms)
        shelves[model.short_id] = shelf_of(model, rows)
        self.world._lags[model.short_id] = Lag(shelves[model.short_id].store)  # noqa: SLF001 - a new procedure


def _renamed(attribute: Attribute, rng: random.Random) -> Attribute:
    if attribute.short_id != "stage":
        return attribute
    label = f"Hot {rng.randrange(100)}"
    return replace(attribute, options=(Option("hot", label), *attribute.options[1:]))
