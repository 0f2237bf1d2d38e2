"""Ties a job's entries to the rows of its batch (Q26), and says which rows the others are of.

The names and contents of an entry are unknown (contract 3.6), so everything is read leniently
and concluded cautiously: an entry that might belong to two rows is tied to neither, and its rows
are read back. A wrong tie would report one row's failure as another's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from chakra_api.values import exact_json
from chakra_api.values.timestamps import parse_timestamp
from chakra_api.wire.wire_json import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Row: TypeAlias = Mapping[str, object]
Identifier: TypeAlias = tuple[str, str]
"""A key field and its value as text."""

_STATUS: Final = ("completionStatus", "status", "state")
_MESSAGE: Final = ("statusMessage", "message", "error", "errorMessage")
_ECHO: Final = ("data", "input", "payload", "body", "entry")
_INDEX: Final = ("index", "order", "position", "rowNumber", "sequence")
_RESULT: Final = ("result", "output", "response", "processId", "process")
_NAMED_IDS: Final = ("processId", "process")
"""Fields whose text is a process id; the text of another may as well be a message."""
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_INDEX_DIGITS: Final = 9


class EntryStatus(str, Enum):
    """What the API says became of an entry (contract 3.5)."""

    SUCCESS = "SUCCESS"
    ERROR = "ERROR"
    INVALID = "INVALID"
    NOT_STARTED = "NOT_STARTED"
    OTHER = "OTHER"
    """A word that is not documented, or none."""


@dataclass(frozen=True, slots=True)
class EntryOutcome:
    """What an entry says.

    Attributes:
        status: OTHER if it has none that is known.
        message: Why it failed; empty if it does not say.
        process_id: The process it wrote; None if it does not say.
        created_at: Epoch milliseconds at which that process was created, if it is embedded.
    """

    status: EntryStatus
    message: str
    process_id: str | None
    created_at: int | None


@dataclass(frozen=True, slots=True)
class Tied:
    """A batch with what its job's entries say.

    Attributes:
        outcomes: One for each item, in the order sent; None if no entry could be tied to it.
        untied: How many entries could be tied to no item.
        loose: What the entries say that nothing but their order may tie to items, or nothing at
            all; in their order.
        by_order: Whether nothing but their order ties them: an assumption.
    """

    outcomes: tuple[EntryOutcome | None, ...]
    untied: int
    loose: tuple[EntryOutcome, ...] = ()
    by_order: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as far as it could be read.

    Attributes:
        id: Its own; None if it has none.
        echo: The item that it is of, where it shows it.
        index: Its place, from 0 or 1, where it shows that.
        outcome: What it says.
    """

    id: str | None
    echo: Row | None
    index: int | None
    outcome: EntryOutcome


def tie(entries: Sequence[Row], items: Sequence[Row], key_fields: Sequence[str]) -> Tied:
    """Tie entries to items: by the echoed input, else by index, else by order.

    Args:
        entries: All that could be read of 4.21, in the order of their pages.
        items: As they were sent (contract 4.9, 4.10).
        key_fields: What names a process: `id` and the primary key's shortId.
    """
    read = _latest(read_entry(entry) for entry in entries)
    finder = _Places(items, key_fields)
    places = finder.of(read)
    claims: defaultdict[int, list[EntryOutcome]] = defaultdict(list)
    for entry, place in zip(read, places, strict=True):
        if place is not None:
            claims[place].append(entry.outcome)
    settled = {place: _agreed(outcomes) for place, outcomes in claims.items()}
    tied = sum(len(claims[place]) for place, outcome in settled.items() if outcome is not None)
    loose = [
        entry.outcome
        for entry, place in zip(read, places, strict=True)
        if finder.by_order or place is None
    ]
    outcomes = tuple(settled.get(place) for place in range(len(items)))
    return Tied(outcomes, len(read) - tied, tuple(loose), finder.by_order)


FAILED: Final = frozenset({EntryStatus.ERROR, EntryStatus.INVALID})
"""What an entry says of a row that was refused."""
MOST_REASONS: Final = 3
"""Reasons that are told of rows of which nobody knows which has which."""


def failure_of(tied: Tied) -> EntryStatus:
    """How rows failed of which no entry speaks: invalid, where none was found wrong for itself."""
    failures = {each.status for each in tied.loose} & FAILED
    return EntryStatus.INVALID if failures == {EntryStatus.INVALID} else EntryStatus.ERROR


def named_ids(tied: Tied) -> set[str] | None:
    """The processes that a job made, if each of its good entries names its own; None if not."""
    made = [each.process_id for each in tied.loose if each.status is EntryStatus.SUCCESS]
    ids = {each for each in made if each}
    return ids if ids and len(ids) == len(made) else None


def refused_among(
    unwritten: set[int], unclear: set[int], refused: int
) -> tuple[set[int], set[int]]:
    """Which rows were refused, by how many were: those, and those of which that can't be said.

    Args:
        unwritten: Rows that are not there, or are as before.
        unclear: Rows that are neither as before nor as sent.
        refused: How many of all rows were refused.
    """
    if len(unwritten) > refused:
        return set(), unwritten  # some of them were written, and can't be seen
    if len(unwritten) == refused:
        return unwritten, set()
    if len(unwritten) + len(unclear) <= refused:
        return unwritten | unclear, set()
    return unwritten, unclear


def reasons_for(refused: Iterable[int], tied: Tied, *, in_order: bool) -> dict[int, str]:
    """Why rows were refused; where entries do not say which is of which, all that they say.

    Args:
        refused: Their positions.
        tied: What the entries say.
        in_order: Whether their order is known to be that of the rows.
    """
    places = sorted(refused)
    failed = {at: each.message for at, each in enumerate(tied.loose) if each.status in FAILED}
    if in_order and sorted(failed) == places:
        return {at: failed[at] for at in places}
    said = list(dict.fromkeys(filter(None, failed.values())))
    if len(said) < 2:  # noqa: PLR2004 - one reason is that of each
        return dict.fromkeys(places, "".join(said))
    more = "; ..." if len(said) > MOST_REASONS else ""
    reason = (
        f"its job refused {len(failed):,} rows and does not say which for what reason:"
        f" {'; '.join(said[:MOST_REASONS])}{more}"
    )
    return dict.fromkeys(places, reason)


class _Places:
    """Finds the item an entry belongs to."""

    def __init__(self, items: Sequence[Row], key_fields: Sequence[str]) -> None:
        self.by_order = False
        self._number = len(items)
        self._ids = [item.get("id") for item in items]
        self._by_content: defaultdict[bytes, set[int]] = defaultdict(set)
        self._by_identifier: defaultdict[Identifier, set[int]] = defaultdict(set)
        for place, item in enumerate(items):
            self._by_content[_content(item)].add(place)
            for identifier in _identifiers(item, key_fields):
                self._by_identifier[identifier].add(place)
        # A key field that no item was sent with is the server's own where an echo has it.
        used = {name for name, _ in self._by_identifier}
        self._fields = [name for name in key_fields if name in used]

    def of(self, entries: Sequence[Entry]) -> list[int | None]:
        """Return the place of each entry's item, None where it is uncertain."""
        if all(entry.echo is None and entry.index is None for entry in entries):
            return self._by_id(entries) or self._by_order(entries)
        first = _first_index(entries, self._number)
        return [self._of(entry, first) for entry in entries]

    def _of(self, entry: Entry, first: int | None) -> int | None:
        possible = self._echoed(entry.echo) if entry.echo is not None else None
        if possible is not None and len(possible) == 1:
            return next(iter(possible))
        if entry.index is None or first is None:
            return None
        place = entry.index - first
        return place if possible is None or place in possible else None

    def _echoed(self, echo: Row) -> set[int] | None:
        """Return the items that an echo may be of; None if it names none at all."""
        same = self._by_content.get(_content(echo))
        if same:
            return same
        named = [self._by_identifier.get(one, set()) for one in _identifiers(echo, self._fields)]
        known = [places for places in named if places]
        # An echo of an unknown item, or of different ones at once, is of none of them.
        return set.intersection(*known) if known else set() if named else None

    def _by_id(self, entries: Sequence[Entry]) -> list[int | None]:
        """By the processes that items were sent for; empty if entries name none of them."""
        sent = {str(sent_id): place for place, sent_id in enumerate(self._ids) if sent_id}
        places = [sent.get(entry.outcome.process_id or "") for entry in entries]
        return places if any(place is not None for place in places) else []

    def _by_order(self, entries: Sequence[Entry]) -> list[int | None]:
        self.by_order = len(entries) == self._number
        return list(range(len(entries))) if self.by_order else [None] * len(entries)


def _agreed(claims: Sequence[EntryOutcome]) -> EntryOutcome | None:
    """Return what several entries of one item say alike; None if they differ in the status."""
    first = claims[0]
    if all(claim == first for claim in claims):
        return first
    if any(claim.status is not first.status for claim in claims):
        return None
    return EntryOutcome(first.status, first.message, None, None)


def _latest(entries: Iterable[Entry]) -> list[Entry]:
    """Drop what was read twice because the pages moved; the later reading is the newer."""
    kept: dict[object, Entry] = {}
    for number, entry in enumerate(entries):
        content = _content(entry.echo) if entry.echo is not None else None
        same = (entry.id, entry.index, content) if entry.id is not None else number
        kept[same] = entry
    return list(kept.values())


def _first_index(entries: Sequence[Entry], number: int) -> int | None:
    """Return what the indices count from, 0 or 1; None if they cannot be of this batch.

    Indices that repeat are of a page each. Those that lack both 0 and a full count from 1 may
    be either.
    """
    indices = {entry.index for entry in entries if entry.index is not None}
    if len(indices) != sum(entry.index is not None for entry in entries):
        return None
    if indices == set(range(1, number + 1)):
        return 1
    return 0 if indices and min(indices) == 0 and max(indices) < number else None


def _identifiers(row: Row, fields: Sequence[str]) -> Iterator[Identifier]:
    """Go through what names the row, at its top level and in its `data`."""
    data = row.get("data")
    for part in (row, data if isinstance(data, Mapping) else {}):
        for name in fields:
            text = _identifier_text(part.get(name))
            if text:
                yield name, text


def _identifier_text(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int | float | Decimal) else ""


def _content(row: Row) -> bytes:
    try:
        return exact_json.dumps(row, sort_keys=True)
    except TypeError:  # what JSON has no word for: not comparable this way
        return repr(row).encode(errors="backslashreplace")


def read_entry(entry: Row) -> Entry:
    """What an entry says, by whatever names (contract 3.6)."""
    own_id = _text(entry.get("id")) or _text(entry.get("entryId"))
    echo = next((row for row in map(_row, _present(entry, _ECHO)) if row), None)
    index = next((n for n in map(_whole, _present(entry, _INDEX)) if n is not None), None)
    return Entry(own_id or None, echo, index, _outcome(entry))


def _outcome(entry: Row) -> EntryOutcome:
    result = _row(entry.get("result")) or {}
    word = next(filter(None, map(_text, [*_present(entry, _STATUS), result.get("status")])), "")
    errors = entry.get("_errors")
    messages = [*_present(entry, _MESSAGE), *(errors[:1] if isinstance(errors, list) else ())]
    message = next(filter(None, map(_said, [*messages, result.get("error")])), "")
    process_id, created_at = _process(entry)
    return EntryOutcome(_status(word), message, process_id, created_at)


def _status(word: str) -> EntryStatus:
    try:
        return EntryStatus(word.upper())
    except ValueError:
        return EntryStatus.OTHER


def _process(entry: Row) -> tuple[str | None, int | None]:
    """Return the id of the process an entry wrote, and when that was created."""
    for name in _RESULT:
        value = entry.get(name)
        row = _row(value)
        if row is not None:
            inner = _row(row.get("process")) or row
            found = _text(inner.get("id")) or _text(row.get("processId"))
            if found:
                return found, parse_timestamp(inner.get("createdAt"))
        text = _text(value) if row is None else ""
        if text and (name in _NAMED_IDS or _UUID.fullmatch(text)):
            return text, None
    return None, None


def _present(entry: Row, names: Sequence[str]) -> Iterator[object]:
    return (entry[name] for name in names if name in entry)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _said(value: object) -> str:
    return _text(value.get("message") if isinstance(value, Mapping) else value)


def _row(value: object) -> Row | None:
    """Return an object, sent as such or as a JSON text."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = decode(value.encode())
        except ValueError:
            return None
    return value if isinstance(value, Mapping) else None


def _whole(value: object) -> int | None:
    if isinstance(value, str) and value.isdecimal() and len(value) <= _INDEX_DIGITS:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
