"""The tables behind the target: what the source brings, and the judges' own book of it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.campaigns.simulated.scenarios import old

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FIELDS = {"lead_id": "data.lead_id", "score": "data.score"}
STREAMS: list[dict[str, Any]] = [
    {
        "stream": "scores",
        "procedure": "lead",
        "key": "lead_id",
        "delete_when": "gone",
        "fields": FIELDS,
    },
    {"stream": "owners", "procedure": "lead", "key": "lead_id", "mode": "update"},
    {"stream": "tickets", "procedure": "ticket", "key": "ticket_id"},
    {"stream": "visits", "procedure": "visit", "mode": "insert"},
    {"stream": "products", "procedure": "product", "key": "sku", "mode": "mirror"},
]
COLUMNS = {
    "scores": ("lead_id", "score", "gone"),
    "owners": ("lead_id", "name"),
    "tickets": ("ticket_id", "subject"),
    "visits": ("name", "score"),
    "products": ("sku", "title", "price"),
}
LOGGED = ("scores", "owners", "visits")
"""Streams that bring each row once, in the order in which it was changed."""


@dataclass
class Brought:
    """A row of a source.

    Attributes:
        stream: Its stream.
        row: As it is brought.
        name: Procedure and key of its process; of one without a key, its name.
        data: What ChakraHQ should hold.
        deletes: Whether it asks for a delete.
        fits: Whether it can be written.
        first_ms: When the first run began that took it, or the last one that brought all of its
            table and ended well; None before.
        last_ms: When the last run ended that took it.
    """

    stream: str
    row: Mapping[str, Any]
    name: tuple[str, str]
    data: Mapping[str, Any]
    deletes: bool = False
    fits: bool = True
    first_ms: int | None = None
    last_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """What comes in: a row, a STATE, or the word that a version is whole."""

    kind: str
    stream: str = ""
    brought: Brought | None = None
    value: Any = None


@dataclass
class Source:
    """Tables that people change on their side, and how far their rows were taken.

    Args:
        seed: Of what changes.

    Attributes:
        logs: Of each stream that brings changes, all of them in order.
        tables: Of each stream that brings everything, the rows by key.
    """

    seed: object
    logs: dict[str, list[Brought]] = field(default_factory=lambda: {s: [] for s in LOGGED})
    tables: dict[str, dict[str, Brought]] = field(
        default_factory=lambda: {"tickets": {}, "products": {}}
    )

    def __post_init__(self) -> None:
        self._rng = random.Random(f"{self.seed}:source")
        self._gone: set[str] = set()
        self._number = 0

    def change(self) -> None:
        """A day's work on the source's side."""
        rng = self._rng
        for _ in range(rng.randrange(10, 45)):
            self._log(rng.choices(("scores", "owners", "visits"), (6, 2, 2))[0])
        for _ in range(rng.randrange(1, 8)):
            self._ticket(rng.choice((rng.randrange(1, 40), rng.randrange(9_000, 9_030))))
        for _ in range(rng.choice((0, 3, 8, 25))):
            self._product(f"sku-{rng.randrange(60)}")

    def _log(self, stream: str) -> None:
        rng = self._rng
        self._number += 1
        if stream == "visits":
            row: dict[str, Any] = {"name": f"visit {self._number}", "score": rng.randrange(9)}
            made = Brought(stream, row, ("visit", row["name"]), dict(row))
        elif stream == "owners":
            row = {"lead_id": self._key(), "name": f"Owner {self._number}"}
            made = Brought(stream, row, ("lead", row["lead_id"]), {"name": row["name"]})
        else:
            made = self._score()
        self.logs[stream].append(made)

    def _score(self) -> Brought:
        rng = self._rng
        key = self._key() if rng.random() < 0.7 else f"new-{self._number}"
        name = ("lead", key)
        what = rng.random()
        if what < 0.04:
            self._gone.add(key)
            row: dict[str, Any] = {"lead_id": key, "score": None, "gone": True}
            return Brought("scores", row, name, {}, deletes=True)
        if what < 0.07:
            row = {"lead_id": key, "score": f"many {self._number}"}
            return Brought("scores", row, name, {}, fits=False)
        row = {"lead_id": key, "score": rng.randrange(900)}
        return Brought("scores", row, name, {"score": row["score"]})

    def _key(self) -> str:
        """A key that was not deleted: one that is gone is not brought again."""
        known = [b.name[1] for b in self.logs["scores"][-60:]]
        while True:
            key = self._rng.choice([*known, *(old(self._rng.randrange(1, 90)) for _ in range(40))])
            if key not in self._gone:
                return key

    def _ticket(self, number: int) -> None:
        self._number += 1
        row = {"ticket_id": number, "subject": f"source {self._number}"}
        made = Brought("tickets", row, ("ticket", str(number)), {"subject": row["subject"]})
        self.tables["tickets"][str(number)] = made

    def _product(self, key: str) -> None:
        table = self.tables["products"]
        if key in table and self._rng.random() < 0.4:
            del table[key]  # for good: what a mirror deleted is not brought again
            self._gone.add(key)
        elif key not in self._gone:
            self._number += 1
            row = {"sku": key, "title": f"source {self._number}", "price": self._number / 4}
            data = {"title": row["title"], "price": row["price"]}
            table[key] = Brought("products", row, ("product", key), data)

    def newest(self) -> list[tuple[str, str]]:
        """The processes that the next runs are about: procedure and key."""
        logged = [brought.name for stream in LOGGED for brought in self.logs[stream][-30:]]
        return [*logged, *(brought.name for brought in self.tables["products"].values())]

    # What a run is given

    def lines(self, state: Mapping[str, Any]) -> Iterator[Line]:
        """All but the mirror, behind a STATE."""
        done = {s: state.get("bookmarks", {}).get(s, {}).get("seq", 0) for s in LOGGED}
        every = self._rng.choice((7, 20, 60))
        for stream in LOGGED:
            for n, brought in enumerate(self.logs[stream][done[stream] :], 1):
                yield Line("row", stream, brought)
                done[stream] += 1
                if n % every == 0:
                    yield Line("state", value=_state(done))
        for brought in self.tables["tickets"].values():
            yield Line("row", "tickets", brought)
        yield Line("state", value=_state(done))

    def mirror(self, version: int | None) -> Iterator[Line]:
        """The whole table that is mirrored; with a version, the word that it is whole, too."""
        rows = list(self.tables["products"].values())
        self._rng.shuffle(rows)
        for brought in rows:
            yield Line("row", "products", brought, version)
        if version is not None:
            yield Line("activate", "products", value=version)

    def covered(self, state: Mapping[str, Any]) -> bool:
        """Whether a STATE is behind all that is to be brought."""
        bookmarks = state.get("bookmarks", {})
        return all(bookmarks.get(s, {}).get("seq", 0) == len(self.logs[s]) for s in LOGGED)


def _state(done: Mapping[str, int]) -> dict[str, Any]:
    return {"bookmarks": {stream: {"seq": seq} for stream, seq in done.items()}}
