"""Rows that each bring a photo of a ticket, run after run until all are settled.

From a number follow the server's habits, the rows (some of one ticket, some that can't be), and the
faults and deaths of the runs. What was written late, when nobody waited for it any more, may stand
in place of a later row's photo: its row was there, too.
"""

from __future__ import annotations

import base64
import hashlib
import random
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from chakra_sandbox.knobs import Knobs
from chakra_sandbox.rows.account import Account, shelf_of
from chakra_sandbox.rows.model import Attribute
from chakra_sandbox.world import World
from tests.campaigns.simulated.history import Wish
from tests.campaigns.simulated.kinds import KINDS, Rates
from tests.campaigns.simulated.scenarios import TICKET, rows_of, settings
from tests.campaigns.simulated.settled_cases import SettledSimulation
from tests.campaigns.simulated.target import Scenario
from tests.campaigns.simulated.undo_cases import RATES, knobs_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TICKETS: Final = 12
RUNS: Final = 20
CALM_AFTER: Final = 6
FETCH_LAGS: Final = 0.3
"""Share of cases in which a fetch by id lags as lists do."""
STREAM: Final = "pictures"
FRONT: Final = "front"
MODEL: Final = replace(
    TICKET,
    attributes=(*TICKET.attributes, Attribute(FRONT, "photo", "Front", owner="ticket")),
)
MAPPING: Final = {
    "stream": STREAM,
    "kind": "photo",
    "procedure": "ticket",
    "key": "ticket",
    "attribute": FRONT,
    "content": "body",
}


class GivenPhotoSimulation(SettledSimulation):
    """A case with rows that bring photos."""

    @property
    def uploaded(self) -> dict[str, str]:
        """The contents of the photos that the server has, as SHA-256, by id."""
        return {each["id"]: each["sha256"] for each in self.world.arrived()["photos"]}

    @property
    def held(self) -> dict[str, object]:
        """What the tickets hold, by key."""
        store = self.world.account.shelves["ticket"].store
        rows = (store.row(slot)["data"] for slot in range(len(store)))
        return {str(data["ticket_id"]): data.get(FRONT) for data in rows}

    def _note_state(self, rows: int) -> None:
        """A STATE was printed: the photos before it are there, or their rows on record."""
        self.server.catch_up()
        there, rejected = set(self.uploaded.values()), {e.line - 1 for e in self._on_record()}
        for at, wish in enumerate(self.history.wishes[:rows]):
            if content_of(wish) not in there and at not in rejected:
                self.early.append(f"row {at} is not there, and a STATE has passed it")
        super()._note_state(rows)

    def _wrong(self) -> Iterator[str]:
        self.server.catch_up()
        is_late = any(kind.endswith("done later") for _, kind in self.faults)
        wrong = wrongly_held(self.history.wishes, self.held, self.uploaded, is_late=is_late)
        return (f"photos_are_there_once: {why}" for why in wrong)


def wrongly_held(
    wishes: Sequence[Wish],
    held: Mapping[str, object],
    uploaded: Mapping[str, str],
    *,
    is_late: bool,
) -> Iterator[str]:
    """Tickets without the photo that their last row brings, and photos that are there twice.

    Args:
        wishes: The rows.
        held: What each ticket holds.
        uploaded: The contents of photos by id.
        is_late: Whether a write may have come when nobody waited for it any more: then an earlier
            row's photo may stand there.
    """
    wanted: dict[str, list[str]] = {}
    for wish in wishes:
        if wish.fits:
            wanted.setdefault(str(wish.row["ticket"]), []).append(content_of(wish))
    for ticket, contents in wanted.items():
        shown = uploaded.get(str(held.get(ticket)))
        if shown not in (contents if is_late else contents[-1:]):
            yield f"ticket {ticket} holds another photo than its last row's"
    for ticket, photo in held.items():
        if photo is not None and ticket not in wanted:
            yield f"ticket {ticket} holds a photo, and no row brings one"
    for content in set(uploaded.values()):
        owners = sum(content in contents for contents in wanted.values())
        copies = sum(each == content for each in uploaded.values())
        if copies > owners:
            yield f"a content is there {copies} times, for {owners} tickets"


def content_of(wish: Wish) -> str:
    """The SHA-256 of what a row brings."""
    return hashlib.sha256(base64.b64decode(wish.row["body"])).hexdigest()


def picture(ticket: object, content: bytes, *, fits: bool = True) -> Wish:
    """A row that brings a photo."""
    row = {"ticket": ticket, "body": base64.b64encode(content).decode()}
    return Wish(STREAM, row, ("ticket", f"no process of {ticket}"), {}, keyed=False, fits=fits)


def _world(knobs: Mapping[str, Any], seed: int, now_ms: int) -> World:
    made = ({"ticket_id": n, "subject": f"subject {n}"} for n in range(1, TICKETS + 1))
    shelves = {"ticket": shelf_of(MODEL, rows_of(MODEL, made, now_ms))}
    return World(Account(shelves), Knobs().change(dict(knobs)), seed)


def photo_case(number: int) -> GivenPhotoSimulation:
    """The case that follows from a number."""
    draw = random.Random(f"photos {number}")
    rates = {family: draw.choice(RATES) for family in KINDS}
    return GivenPhotoSimulation(_scenario(number, draw), Rates(draw.random(), rates))


def given_photos() -> Scenario:
    """Rows of their own, one that comes again, another photo of one ticket, one that can't be."""
    first, same = picture(1, b"one"), picture(2, b"one")
    other, nobody = picture(1, b"another"), picture(900, b"of nobody", fits=False)
    wishes = [first, same, nobody, picture(3, b"three"), other, same]
    return _undrawn(21, wishes, frozenset({2, 4, len(wishes)}))


def two_photos() -> Scenario:
    """A photo that another one replaces, and comes again: few steps, for pairs of faults."""
    first = picture(1, b"one")
    wishes = [first, picture(1, b"another"), first]
    return _undrawn(22, wishes, frozenset({1, len(wishes)}))


def _undrawn(seed: int, wishes: Sequence[Wish], states: frozenset[int]) -> Scenario:
    return Scenario(
        seed=seed,
        world=partial(_world, {}, seed),
        wishes=wishes,
        columns={STREAM: ("ticket", "body")},
        states=states,
        settings=_settings(wishes, concurrency=2),
        journal_exists=True,
    )


def _settings(wishes: Sequence[Wish], concurrency: int) -> dict[str, Any]:
    return settings(
        wishes,
        streams=[MAPPING],
        concurrency=concurrency,
        max_rejects=len(wishes),
        stop_at_reject_percent=100,
    )


def _scenario(number: int, draw: random.Random) -> Scenario:
    contents = [f"content {n}".encode() for n in range(draw.choice((2, 30)))]
    rows = draw.choice((5, 15, 30))
    wishes = [picture(draw.randint(1, TICKETS - 1), draw.choice(contents)) for _ in range(rows)]
    wishes += [picture(900 + n, b"of nobody", fits=False) for n in range(draw.choice((0, 2)))]
    draw.shuffle(wishes)
    size = draw.choice((4, 11, 100))
    lags = {
        "photo_repeat": draw.choice(("accepted", "conflict")),
        "index_lag_ms": draw.choice((0, 400, 3_000, 12_000, 29_000)),
        "index_lag_shows": draw.choice(("before", "before", "nothing")),
        "fetch_lags": draw.random() < FETCH_LAGS,
    }
    return Scenario(
        seed=number,
        world=partial(_world, {**knobs_of(draw), **lags}, number),
        wishes=wishes,
        columns={STREAM: ("ticket", "body")},
        states=frozenset({*range(size, len(wishes), size), len(wishes)}),
        settings=_settings(wishes, concurrency=draw.choice((1, 2, 4))),
        most_runs=RUNS,
        calm_after=CALM_AFTER,
        rests=draw.choice(((0.1, 0.1, 5.0), (1.0, 30.0, 400.0))),
    )
