"""A procedure as a run works on it: its destinations, its look-ups, what was found about it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from target_chakra.changes import Key
from target_chakra.lookups.key_lookups import Lookups, Spellings, Way
from target_chakra.lookups.key_spelling import KeySpelling, KeyText, folded
from target_chakra.lookups.recent_writes import RecentWrites
from target_chakra.lookups.snapshot import SnapshotReader
from target_chakra.mapping.destination_names import destination_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chakra_api.endpoints.client import ChakraClient
    from target_chakra.changes import Change, Known
    from target_chakra.journal.journal import Journal
    from target_chakra.journal.records import Lately
    from target_chakra.lookups.snapshot import Snapshot
    from target_chakra.mapping.destinations import Destinations

LOG: Final = logging.getLogger("target-chakra")
_SPELLING: Final = "spelling."


class OpenProcedure:
    """What the work on one procedure needs.

    Args:
        client: Talks to the account.
        destinations: Where values may go.

    Attributes:
        ways: How processes are looked up, by attribute; proven once a run.
        key_attributes: Attributes that name processes in this run.
        recent: What was written so lately that lists may not show it yet.
    """

    def __init__(self, client: ChakraClient, destinations: Destinations) -> None:
        self.client = client
        self.destinations = destinations
        self.read = SnapshotReader(destinations.procedure, destinations.rules.times.unit_ms)
        self.ways: dict[str, Way] = {}
        primary_key = destinations.procedure.primary_key
        self.key_attributes: set[str] = set() if primary_key is None else {primary_key}
        self._lookups: dict[str, Lookups] = {}
        self._spellings: dict[str, KeySpelling] = {}
        self._texts: dict[str, KeyText] = {}
        self._name_texts: dict[str, KeyText] = {}
        self.recent = RecentWrites(
            lambda attribute, value: self._name_text(attribute)(value), destinations.comparable
        )

    @property
    def is_unproven(self) -> bool:
        """Whether it held nothing to prove look-ups by a key on, and nothing was created since."""
        return Way.EMPTY in self.ways.values()

    @property
    def name(self) -> str:
        """ShortId of the procedure."""
        return self.destinations.procedure.short_id

    @property
    def primary_key(self) -> str | None:
        """ShortId of its unique attribute."""
        return self.destinations.procedure.primary_key

    def lookups(self, attribute: str) -> Lookups:
        """The look-ups by an attribute, or by `id`."""
        found = self._lookups.get(attribute)
        if found is None:
            text = self.key_text(attribute)
            found = Lookups(self.client, self.name, attribute, self.read, text)
            self._lookups[attribute] = found
        return found

    def spelling(self, attribute: str) -> KeySpelling:
        """How keys of that attribute are stored."""
        found = self._spellings.get(attribute)
        if found is None:
            made = KeySpelling(f"{self.name}.{attribute}")
            found = self._spellings.setdefault(attribute, made)  # threads share the first one
        return found

    def recall(
        self, findings: Mapping[tuple[str, str], str], lately: Iterable[tuple[Lately, float]]
    ) -> None:
        """Take on what earlier runs found out about the spelling of keys, and wrote just now.

        Args:
            findings: By procedure and name.
            lately: What they wrote, each with when lists have caught up, by the monotonic clock.
        """
        for each, until in lately:
            if each.procedure == self.name:
                self.recent.note(each.settlement, each.began, until)
        for (procedure, name), value in findings.items():
            if procedure == self.name and name.startswith(_SPELLING):
                self.spelling(name.removeprefix(_SPELLING)).recall(value)

    def store_spellings(self, journal: Journal) -> None:
        """Store what was learned about the spelling of keys, and say it."""
        for attribute, spelling in tuple(self._spellings.items()):  # threads that look up add some
            if (news := spelling.news()) is not None:
                journal.found(self.name, f"{_SPELLING}{attribute}", news)
                if said := spelling.said():
                    LOG.warning("%s", said)

    def spellings_of(self, key: Key, known: Known | None) -> Spellings:
        """The spellings in which a key may be stored."""
        if key.attribute == "id":
            return Spellings(key.value)
        spelling = self.spelling(key.attribute)
        others = spelling.others(key.value)
        learned = known.learned.get(destination_of(key.attribute)) if known else None
        sure = (learned,) if isinstance(learned, str) and learned != key.value else ()
        if spelling.is_proven:
            return Spellings(key.value, (*sure, *others))
        return Spellings(key.value, sure, tuple(each for each in others if each not in sure))

    def key_text(self, attribute: str) -> KeyText:
        """The form in which keys of that attribute are compared."""
        found = self._texts.get(attribute)
        if found is None:
            found = KeyText(self.destinations, attribute, self.spelling(attribute))
            self._texts[attribute] = found
        return found

    def _name_text(self, attribute: str) -> KeyText:
        """The same, of any attribute, whether or not its values ever name a process."""
        found = self._texts.get(attribute) or self._name_texts.get(attribute)
        if found is None:
            found = KeyText(self.destinations, attribute, KeySpelling(attribute))
            self._name_texts[attribute] = found
        return found

    def names(self, change: Change, snapshot: Snapshot | None) -> list[Key]:
        """All names of the process that a change is about, and those that it gives it."""
        names = [change.key] if change.key else []
        if change.key and isinstance(change.key.value, str):
            # Two spellings of a key may name one process.
            names.append(Key(self.name, f"{change.key.attribute}~", folded(change.key.value)))
        if snapshot is not None:
            names.append(Key(self.name, "id", snapshot.process_id))
        for attribute in self.key_attributes:
            wanted = change.fields.get(destination_of(attribute))
            before = None if snapshot is None else snapshot.data.get(attribute)
            for value in (wanted,) if wanted == before else (wanted, before):
                if isinstance(value, (str, int)) and value != "":
                    name = Key(self.name, attribute, value)
                    if name not in names:
                        names.append(name)
        return names
