"""What was written so lately that lists may not show it yet (Q32).

For a while after a job a list may show its rows as they were before, or not at all (an index that
replaces its entries). So an answer that shows a process otherwise than our own job left it says
nothing until lists have caught up: the process is looked up again. Pure: moments are passed in.
"""

from __future__ import annotations

import hashlib
import marshal
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from chakra_api.values.coercion import json_text
from target_chakra.changes import Key, Kind
from target_chakra.lookups.comparison import canonical, same
from target_chakra.mapping.destination_names import attribute_of, destination_of, is_for_creates

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from target_chakra.batches import Settlement
    from target_chakra.changes import Action
    from target_chakra.lookups.comparison import Comparable
    from target_chakra.lookups.snapshot import Snapshot

Name: TypeAlias = "tuple[str, str]"
"""Attribute and text of a key."""
LEAST_PAUSE, MOST_PAUSE = 0.3, 4.0
"""Seconds between two look-ups of a process that lists do not show as it is."""
_SECOND_MS: Final = 1000
_SMALL: Final = frozenset({int, float, bool, type(None)})
_SMALL_TEXT: Final = 64
"""Characters of the longest text that is kept itself."""


@dataclass(frozen=True, slots=True)
class Digest:
    """What is kept of a large value: enough to know it again.

    Attributes:
        bytes: Of its canonical form.
    """

    bytes: bytes


@dataclass(frozen=True, slots=True)
class Packed:
    """Fields in little room: many writes have fields of the same names, and few are looked at.

    Attributes:
        names: Destinations.
        values: Theirs, in the same order, in Python's own serial form.
    """

    names: tuple[str, ...]
    values: bytes

    @classmethod
    def of(cls, names: tuple[str, ...], values: Iterable[object]) -> Packed:
        """Fields whose values are small, or digests."""
        plain: Any = tuple([each.bytes if type(each) is Digest else each for each in values])
        return cls(names, marshal.dumps(plain))

    def items(self) -> Iterable[tuple[str, object]]:
        """Each destination with its value."""
        values = marshal.loads(self.values)  # noqa: S302 - what this process wrote
        return (
            (name, Digest(value) if type(value) is bytes else value)
            for name, value in zip(self.names, values, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Write:
    """What we wrote to a process lately.

    Attributes:
        process_id: Its id; empty if it is not known.
        fields: What it holds since, by destination, in the form that ChakraHQ shows; of what is
            large only a digest.
        deleted: Whether we deleted it.
        began: When the job was taken, epoch milliseconds of the server; None if not known.
        until: When lists have caught up, by the monotonic clock.
    """

    process_id: str
    fields: Packed | Mapping[str, object]
    deleted: bool
    began: int | None
    until: float


def shows_older(held: Snapshot, write: Write, comparable: Comparable) -> bool:
    """Whether an answer shows a process as it was before a write.

    Where it has no `updatedAt`, or only the second is known in which the job was taken, another
    content than what we wrote is taken for an older one.
    """
    if not (held.updated_at and write.began):
        return not _is_as_written(held, write, comparable)
    if held.updated_at < write.began:
        return True
    is_coarse = write.began % _SECOND_MS == 0 and held.updated_at < write.began + _SECOND_MS
    return is_coarse and not _is_as_written(held, write, comparable)


def _is_as_written(held: Snapshot, write: Write, comparable: Comparable) -> bool:
    if write.deleted or held.deleted:
        return write.deleted and held.deleted
    return all(
        _is_same(name, value, held.value(name), comparable)
        for name, value in write.fields.items()
        if not is_for_creates(name)
    )


def _is_same(name: str, written: object, shown: object, comparable: Comparable) -> bool:
    if isinstance(written, Digest):
        return written == _digest(name, shown, comparable)
    return same(name, written, shown, comparable)


def _digest(name: str, value: object, comparable: Comparable) -> Digest:
    text = json_text(canonical(name, value, comparable))
    return Digest(hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest())


def _large(fields: Mapping[str, object]) -> list[str]:
    """The fields that are not kept for half a minute: whatever rows weigh, they have digests."""
    return [
        name
        for name, value in fields.items()
        if type(value) not in _SMALL and not (type(value) is str and len(value) <= _SMALL_TEXT)
    ]


class RecentWrites:
    """The processes of one procedure that were written lately, by all of their names.

    Args:
        text: Makes an attribute's keys comparable.
        comparable: How values of a destination are compared.
    """

    def __init__(self, text: Callable[[str, object], str], comparable: Comparable) -> None:
        self._text = text
        self._comparable = comparable
        self._writes: dict[Name, Write] = {}
        self._in_order: deque[tuple[Write, tuple[Name, ...]]] = deque()
        self._shapes: dict[tuple[str, ...], tuple[str, ...]] = {}

    def note(
        self,
        settlement: Settlement,
        began: int | None,
        until: float,
        keys: Collection[str] | None = None,
    ) -> None:
        """A row was written.

        Args:
            settlement: What became of it.
            began: When its job was taken, epoch milliseconds of the server; None if not known.
            until: When lists have caught up, by the monotonic clock.
            keys: The attributes that name processes; None if any may.
        """
        action = settlement.action
        process_id = settlement.process_id or action.process_id or ""
        names = tuple(dict.fromkeys(self._names(action, process_id, keys)))
        before = self._writes.get(names[0]) if names else None
        fields = self._packed(settlement, None if before is None or before.deleted else before)
        write = Write(process_id, fields, action.kind is Kind.DELETE, began, until)
        for name in self._left(action, keys or ()):
            if (held := self._writes.get(name)) and held.process_id == process_id:
                del self._writes[name]
        for name in names:
            self._writes[name] = write
        self._in_order.append((write, names))

    def _packed(self, settlement: Settlement, before: Write | None) -> Packed:
        fields: Mapping[str, object] = settlement.action.fields
        if settlement.stored:
            fields = {**fields, **settlement.stored}
        if large := _large(fields):
            fields = {**fields, **{n: _digest(n, fields[n], self._comparable) for n in large}}
        if before is not None:
            fields = {**dict(before.fields.items()), **fields}
        names = tuple(fields)
        return Packed.of(self._shapes.setdefault(names, names), fields.values())

    def _names(
        self, action: Action, process_id: str, keys: Collection[str] | None
    ) -> Iterator[Name]:
        """What a process is named by; its id first."""
        if process_id:
            yield "id", process_id
        key = action.change.key
        if key is not None:
            yield self._name(key.attribute, key.value)
        if keys is None:
            keys = [attribute for n in action.fields if (attribute := attribute_of(n)) is not None]
        for attribute in keys:
            value = action.fields.get(destination_of(attribute))
            if type(value) in (str, int) and value != "" and value is not (key and key.value):
                yield self._name(attribute, value)

    def _name(self, attribute: str, value: object) -> Name:
        text = self._text(attribute, value)
        if len(text) > _SMALL_TEXT:
            text = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=32).hexdigest()
        return attribute, text

    def _left(self, action: Action, keys: Collection[str]) -> Iterator[Name]:
        """The names that a process had before."""
        before = action.before or {}
        for attribute in keys:
            if (name := destination_of(attribute)) in before:
                yield self._name(attribute, before[name])

    def pause(
        self, key: Key, seen: Sequence[Snapshot], asked: float, seconds: float
    ) -> float | None:
        """Seconds until a key is to be looked up again; None if its answer can be believed.

        Args:
            key: That was looked up.
            seen: What a look-up found.
            asked: When it asked, by the monotonic clock.
            seconds: For how long lists may lag.
        """
        write = next(self._lagging(key, seen, asked), None)
        if write is None:
            return None
        left = write.until - asked
        return min(left + 0.001, MOST_PAUSE, max(LEAST_PAUSE, (seconds - left) / 2))

    def _lagging(self, key: Key, seen: Sequence[Snapshot], asked: float) -> Iterator[Write]:
        """The writes that an answer does not show."""
        self._forget(asked)
        if not self._writes:
            return
        named = self._of(self._name(key.attribute, key.value), asked)
        if named is not None and not named.deleted:
            ids = {each.process_id for each in seen}
            if not (named.process_id in ids if named.process_id else ids):
                yield named
        for each in seen:
            write = self._of(("id", each.process_id), asked)
            if write is None and named is not None and not named.process_id:
                write = named
            if write is not None and shows_older(each, write, self._comparable):
                yield write

    def are_there(self, now: float) -> bool:
        """Whether anything was written so lately that lists may not show it."""
        self._forget(now)
        return bool(self._writes)

    def is_recent(self, process_id: str, now: float) -> bool:
        """Whether a process was written so lately that a list may not show it.

        May be asked from any thread.
        """
        return self._of(("id", process_id), now) is not None

    def process_of(self, key: Key) -> str:
        """The process that was last written by a key; empty if none is known.

        May be asked from any thread. What it holds by now, only a look at it tells.
        """
        found = self._writes.get(self._name(key.attribute, key.value))
        return "" if found is None or found.deleted else found.process_id

    def _of(self, name: Name, now: float) -> Write | None:
        found = self._writes.get(name)
        return found if found is not None and found.until > now else None

    def _forget(self, now: float) -> None:
        while self._in_order and self._in_order[0][0].until <= now:
            write, names = self._in_order.popleft()
            for name in names:
                if self._writes.get(name) is write:
                    del self._writes[name]
