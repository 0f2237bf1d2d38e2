"""A procedure as a run works on it: its destinations, its look-ups, what was found about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_api.values.coercion import MISFIT, to_string
from target_chakra.changes import Key
from target_chakra.lookups.key_lookups import Lookups, Way
from target_chakra.lookups.snapshot import SnapshotReader
from target_chakra.mapping.destination_names import destination_of

if TYPE_CHECKING:
    from chakra_api.endpoints.client import ChakraClient
    from target_chakra.changes import Change
    from target_chakra.lookups.snapshot import Snapshot
    from target_chakra.mapping.destinations import Destinations


class OpenProcedure:
    """What the work on one procedure needs.

    Args:
        client: Talks to the account.
        destinations: Where values may go.

    Attributes:
        ways: How processes are looked up, by attribute; proven once a run.
        key_attributes: Attributes that name processes in this run.
    """

    def __init__(self, client: ChakraClient, destinations: Destinations) -> None:
        self.client = client
        self.destinations = destinations
        self.read = SnapshotReader(destinations.procedure)
        self.ways: dict[str, Way] = {}
        primary_key = destinations.procedure.primary_key
        self.key_attributes: set[str] = set() if primary_key is None else {primary_key}
        self._lookups: dict[str, Lookups] = {}

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

    def key_text(self, attribute: str) -> KeyText:
        """The form in which keys of that attribute are compared."""
        return KeyText(self.destinations, attribute)

    def names(self, change: Change, snapshot: Snapshot | None) -> list[Key]:
        """All names of the process that a change is about, and those that it gives it."""
        names = [change.key] if change.key else []
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


class KeyText:
    """Makes a key's value comparable: `105` and `"105"` name the same process."""

    def __init__(self, destinations: Destinations, attribute: str) -> None:
        found = destinations.find(destination_of(attribute)) if attribute != "id" else None
        self._comparable = found.comparable if found else to_string

    def __call__(self, value: object) -> str:
        """The text of a key."""
        comparable = self._comparable(value)
        return str(value if comparable is MISFIT else comparable)
