"""Asks ChakraHQ what it holds for keys, and proves first that absence can be believed.

A list request that finds nothing may mean that there is nothing, or that the server does not
filter as we think. So before a key is looked up, a way of asking is proven: keys that exist must
come back, keys that can't exist must not, and nothing else may come (design decision 8). The
functions run on worker threads; what they find is decided on elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from chakra_api.endpoints.array_filters import (
    PAGE,
    answers_exactly,
    array_question,
    impossible_keys,
)
from chakra_api.endpoints.where import any_of, equals
from chakra_api.errors import ChakraError, NoAccess, NotFound, Refused, ReportedErrors, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chakra_api.endpoints.client import ChakraClient, ProcessPage
    from chakra_api.endpoints.where import Where
    from target_chakra.lookups.key_spelling import KeyText
    from target_chakra.lookups.snapshot import Snapshot, SnapshotReader

__all__ = [
    "PAGE",
    "AnswerNotBelieved",
    "Found",
    "Lookups",
    "Spellings",
    "Way",
    "not_believed",
]

WITNESS_KEYS: Final = 3
"""Existing keys that are looked up singly, as a proof of that way."""


class Way(str, Enum):
    """How processes are looked up by an attribute."""

    ARRAY = "array"
    """Proven: an array filter of up to 100 keys."""
    SINGLE = "single"
    """Proven: one key a request."""
    FETCH = "fetch"
    """By id alone: one process a request."""
    EMPTY = "empty"
    """Nothing to prove it on: there are no processes with such a key."""
    NONE = "none"
    """No way can be believed."""


class AnswerNotBelieved(ChakraError):
    """A look-up brought what was not asked for, or not what certainly exists."""

    exit_code = Unreadable.exit_code


def not_believed(procedure: str, attribute: str) -> AnswerNotBelieved:
    """Why nothing is written where no way of looking processes up can be believed."""
    return AnswerNotBelieved(
        f"Look-ups in '{procedure}' by {attribute} can't be trusted: rows that exist are"
        " not found by it, or others come",
        "Map another key, or the process's id",
    )


@dataclass(frozen=True, slots=True)
class Found:
    """What a look-up found.

    Attributes:
        snapshots: By the text of the key; keys that name nothing are missing.
        server_time: Epoch milliseconds, of the first answer; None if it carried no time.
    """

    snapshots: Mapping[str, tuple[Snapshot, ...]]
    server_time: int | None


@dataclass(frozen=True, slots=True)
class Spellings:
    """The spellings in which a key may be stored.

    Attributes:
        own: As it is sent.
        sure: Those that ChakraHQ is known to use.
        guesses: Those that it may use.
        process_id: The process that has the key, as far as that is known; empty if it is not.
        shows_deleted: Whether it counts, too, where it is deleted.
    """

    own: str | int
    sure: tuple[str, ...] = ()
    guesses: tuple[str, ...] = ()
    process_id: str = ""
    shows_deleted: bool = False

    @property
    def others(self) -> tuple[str, ...]:
        """All but its own."""
        return (*self.sure, *self.guesses)


class Lookups:
    """Looks up the processes of one procedure by one attribute.

    Args:
        client: Talks to the account.
        procedure: ShortId.
        attribute: ShortId of the attribute, or `id`.
        reader: Reads what is shown of a process.
        text: A key's value in the form that it is compared in; its spelling learns from what is
            listed.
    """

    def __init__(
        self,
        client: ChakraClient,
        procedure: str,
        attribute: str,
        reader: SnapshotReader,
        text: KeyText,
    ) -> None:
        self._client = client
        self._procedure = procedure
        self._attribute = attribute
        self._read = reader
        self._text = text

    # Proof

    def prove(self) -> Way:
        """Find the cheapest way of asking that can be believed."""
        values = self._existing()
        if not values:
            return Way.FETCH if self._attribute == "id" else Way.EMPTY
        if self._array_works(values) or self._array_works(self._existing()):
            return Way.ARRAY
        if self._attribute == "id":
            return Way.FETCH
        return Way.SINGLE if self._single_works(values[:WITNESS_KEYS]) else Way.NONE

    def prove_on(self, values: Sequence[object]) -> Way:
        """Find the cheapest way by which these come back, all and each once.

        They were just created where nothing was before: what a list shows there may be less than
        what was created, and the rest would be created again.

        Args:
            values: Keys of a first batch, at most 99.
        """
        if self._array_works(list(values), once=True):
            return Way.ARRAY
        return Way.SINGLE if self._single_works(values, once=True) else Way.NONE

    def _existing(self) -> list[object]:
        page = self._list(None)
        found = {self._text(v): v for row in page.rows if (v := self._value(self._read(row)))}
        values = list(found.values())[: PAGE - 1]
        self._text.spelling.listed(values)
        return values

    def _array_works(self, values: list[object], *, once: bool = False) -> bool:
        """Whether exactly the existing keys of an array come, and none of an impossible one.

        Args:
            values: Existing keys.
            once: Whether all of them must come in one answer, each once.
        """
        if not values:
            return False
        try:
            page = self._list(array_question(self._attribute, values))
            strangers = self._list(self._impossible(PAGE, values[0]))
        except (Refused, ReportedErrors):
            return False
        seen = [self._text(self._value(self._read(row))) for row in page.rows]
        wanted = {self._text(value) for value in values}
        return answers_exactly(page, seen, wanted, once=once) and not strangers.rows

    def _single_works(self, values: Sequence[object], *, once: bool = False) -> bool:
        """Whether each existing key alone comes, and nothing by an impossible one."""
        try:
            for value in values:
                rows = self._list_one(value).rows
                keys = {self._text(self._value(self._read(row))) for row in rows}
                if keys != {self._text(value)} or (once and len(rows) > 1):
                    return False
            return not self._list_one(self._impossible(1, values[0])[0]).rows
        except (Refused, ReportedErrors):
            return False

    def _impossible(self, count: int, like: object) -> list[object]:
        """Keys of that type that no process has."""
        return impossible_keys(self._attribute, count, like)

    # Looking up

    def find_spelled(self, way: Way, keys: Sequence[Spellings]) -> Found:
        """What the processes with these keys hold, in whatever spelling they store them.

        Guesses are asked only for what is not found without them, and what is not listed at all is
        fetched by its id where that is known: lists may hide for a moment what others write.

        Raises:
            AnswerNotBelieved: A process came that was not asked for.
            ChakraError: ChakraHQ could not be asked.
        """
        sure = dict.fromkeys(each for key in keys for each in (key.own, *key.sure))
        found = self._find_all(way, list(sure))
        missing = [
            key
            for key in keys
            if key.guesses
            and not any(self._text(each) in found.snapshots for each in (key.own, *key.sure))
        ]
        guesses = dict.fromkeys(each for key in missing for each in key.guesses)
        if guesses:
            more = self._find_all(way, [each for each in guesses if each not in sure])
            found = Found({**more.snapshots, **found.snapshots}, found.server_time)
        if way is Way.FETCH:
            return found
        return Found({**self._hidden(keys, found), **found.snapshots}, found.server_time)

    def _hidden(self, keys: Sequence[Spellings], found: Found) -> dict[str, tuple[Snapshot, ...]]:
        """Processes that are not listed, and are there and have their key still."""
        hidden: dict[str, tuple[Snapshot, ...]] = {}
        for key in keys:
            texts = [self._text(each) for each in (key.own, *key.others)]
            if not key.process_id or any(each in found.snapshots for each in texts):
                continue
            try:
                seen = self._by_id(key.process_id)
            except NoAccess:
                continue
            for snapshot in seen:
                text = self._text(self._value(snapshot))
                if text in texts and (key.shows_deleted or not snapshot.deleted):
                    hidden[text] = seen
        return hidden

    def _find_all(self, way: Way, values: Sequence[object]) -> Found:
        """What the processes with any number of keys hold."""
        if not values:
            return Found({}, None)
        if len(values) <= PAGE:
            return self.find(way, values)
        parts = [self.find(way, values[at : at + PAGE]) for at in range(0, len(values), PAGE)]
        snapshots = {key: each for part in parts for key, each in part.snapshots.items()}
        return Found(snapshots, parts[0].server_time)

    def find(self, way: Way, values: Sequence[object]) -> Found:
        """What the processes with these keys hold.

        Args:
            way: A proven one.
            values: At most 100 keys.

        Raises:
            AnswerNotBelieved: A process came that was not asked for.
            ChakraError: ChakraHQ could not be asked.
        """
        if way is Way.EMPTY:
            page = self._list(list(values))
            return Found(self._by_key(page.rows, values), page.server_time)
        if way is Way.FETCH:
            return Found(self._fetched(values), None)
        if way is Way.SINGLE:
            pages = [self._list_one(value) for value in values]
            rows = [row for page in pages for row in page.rows]
            return Found(self._by_key(rows, values), pages[0].server_time)
        first, rows = self._halved(values)
        return Found(self._by_key(rows, values), first.server_time)

    def _halved(self, values: Sequence[object]) -> tuple[ProcessPage, list[dict[str, object]]]:
        """All rows of these keys: an answer that is not whole is asked again in halves."""
        page = self._list(list(values))
        whole = page.has_more is False or (page.has_more is None and len(page.rows) < PAGE)
        if whole or len(values) == 1:
            return page, page.rows
        half = len(values) // 2
        _, left = self._halved(values[:half])
        _, right = self._halved(values[half:])
        return page, [*left, *right]

    def _fetched(self, values: Iterable[object]) -> dict[str, tuple[Snapshot, ...]]:
        found: dict[str, tuple[Snapshot, ...]] = {}
        for value in values:
            if seen := self._by_id(str(value)):
                found[self._text(value)] = seen
        return found

    def _by_id(self, process_id: str) -> tuple[Snapshot, ...]:
        """The process of an id; empty if there is none."""
        try:
            row = self._client.fetch_process(self._procedure, process_id)
        except NotFound:
            return ()
        return (self._read(row),) if row.get("id") else ()

    def _by_key(
        self, rows: Iterable[Mapping[str, object]], values: Sequence[object]
    ) -> dict[str, tuple[Snapshot, ...]]:
        asked = {self._text(value) for value in values}
        found: dict[str, dict[str, Snapshot]] = {}
        for row in rows:
            snapshot = self._read(row)
            key = self._text(self._value(snapshot))
            if key not in asked:
                raise AnswerNotBelieved(
                    f"A look-up in '{self._procedure}' by {self._attribute} brought process"
                    f" {snapshot.process_id} with {key!r}, which was not asked for",
                    "Look-ups by this attribute can't be trusted: map another key, or the id",
                )
            same = found.setdefault(key, {})
            before = same.get(snapshot.process_id)
            if not snapshot.process_id or (before is not None and before.row != snapshot.row):
                raise self._contradicts("brought rows that have no id of their own")
            same[snapshot.process_id] = snapshot
        return {key: tuple(each.values()) for key, each in found.items()}

    def _value(self, snapshot: Snapshot) -> object:
        if self._attribute == "id":
            return snapshot.process_id
        return snapshot.data.get(self._attribute)

    def _list(self, values: list[object] | None) -> ProcessPage:
        where = None if values is None else any_of(self._attribute, values)  # type: ignore[arg-type]  # keys are scalars
        return self._asked(where)

    def _list_one(self, value: object) -> ProcessPage:
        return self._asked(equals(self._attribute, value))  # type: ignore[arg-type]  # keys are scalars

    def _asked(self, where: Where | None) -> ProcessPage:
        """One answer.

        Raises:
            AnswerNotBelieved: It says that there are more rows and shows none, asked twice; or
                says a word for it that nobody knows.
        """
        for _ in range(2):
            page = self._client.list_processes(self._procedure, where, limit=PAGE)
            if page.unclear:
                raise self._contradicts("says neither yes nor no to whether there are more rows")
            if page.rows or page.has_more is not True:
                return page
        raise self._contradicts("says that there are more rows, and shows none")

    def _contradicts(self, what: str) -> AnswerNotBelieved:
        return AnswerNotBelieved(
            f"A look-up in '{self._procedure}' by {self._attribute} {what}",
            "Nothing is written where it is not known what exists: look at what answers (the"
            " setting api_url, a proxy between), and run it again",
        )
