"""A mapping to begin with: columns meet attributes by name, what is left is named. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from chakra_api.nearest import nearest
from chakra_api.values.writing import Unfit
from target_chakra.mapping.column_meaning import attribute_meant_by, bare_column
from target_chakra.mapping.delete_marks import is_loaders_mark
from target_chakra.mapping.destination_names import DELETED, destination_of
from target_chakra.mapping.destinations import ROOTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from chakra_api.account.account import Attribute
    from target_chakra.mapping.destinations import Destination, Destinations

LIKE: Final = 0.75
"""How like a column's name and an attribute's must be, of 1, to be taken for one another."""
MOST_NAMES: Final = 20
"""Names that a sentence lists."""
_OF_LOADERS: Final = ("_sdc_", "_dlt_", "_airbyte_", "_fivetran_", "_extra_data")
_MARKS: Final = frozenset({"deleted", "deletedat", "isdeleted"})


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping to begin with.

    Attributes:
        mapping: As the setting streams has it.
        notes: What its user should know, a sentence each.
    """

    mapping: Mapping[str, Any]
    notes: tuple[str, ...]


class Proposer:
    """Finds a mapping of some columns.

    Args:
        stream: What the rows are called.
        into: Where values may go.
        columns: The columns, in order.
    """

    def __init__(self, stream: str, into: Destinations, columns: Sequence[str]) -> None:
        self._stream = stream
        self._into = into
        self._columns = columns
        self._notes: list[str] = []
        self.fields: dict[str, str] = {}
        self._match()

    def _match(self) -> None:
        """Columns that mean an attribute first; then those with its label, or nearly its name."""
        self._take_meant()
        targets = dict(self._targets())
        for column in self._columns:
            name = targets.get(folded(column))
            if name is not None and name not in self.fields.values() and not _is_special(column):
                self.fields.setdefault(column, name)
        # A state or an assignee is never guessed at: what is not named so is something else.
        taken = {*ROOTS, *self.fields.values()}
        left = {alias: name for alias, name in targets.items() if name not in taken}
        for column in self._columns:
            if column in self.fields or _is_special(column):
                continue
            alias = nearest(folded(column), left, LIKE)
            if alias is not None:
                name = self.fields[column] = left[alias]
                left = {other: to for other, to in left.items() if to != name}
                self._notes.append(
                    f"{column} goes to {name}, whose name is the nearest: check that it is meant"
                )

    def _take_meant(self) -> None:
        """Columns go where they would go without fields, those of the tap in snake case among them.

        A flattened column is never an id or a mark of the process, whatever its attribute is
        called.
        """
        written = dict.fromkeys(destination_of(each.short_id) for each in self._written())
        beside = set(map(bare_column, self._columns))
        for column in self._columns:
            bare = bare_column(column)
            if bare == column and _is_special(column):
                continue
            found = attribute_meant_by(bare, self._into, beside)
            if found is not None and found.name in written:
                del written[found.name]
                self.fields[column] = found.name

    def _written(self) -> list[Attribute]:
        """The attributes that ChakraHQ takes values of."""
        into = self._into
        attributes = into.procedure.attributes
        return [each for each in attributes if into.is_writable(destination_of(each.short_id))]

    def _targets(self) -> Iterator[tuple[str, str]]:
        """Each name that a column may have, without case and marks, and its destination."""
        for root in ROOTS:
            if root != DELETED:
                yield folded(root), root
        written = self._written()
        ids = Counter(folded(each.short_id) for each in written)
        for each in written:
            # A name of its own counts before the label of another attribute.
            if folded(each.name) not in ids:
                yield folded(each.name), destination_of(each.short_id)
        for each in written:
            if ids[alias := folded(each.short_id)] == 1:
                yield alias, destination_of(each.short_id)

    def proposal(self, rows: Iterator[Mapping[str, Any]], most: int) -> Proposal:
        """The mapping, and what the first rows tell of it.

        Args:
            rows: The rows of the source.
            most: How many of them to look at.
        """
        key = self._key()
        taken = _Taken(self._destinations(), key)
        for row in islice(rows, most):
            taken.note(row)
        all_seen = next(rows, None) is None
        mapping: dict[str, Any] = {
            "stream": self._stream,
            "procedure": self._into.procedure.short_id,
            "mode": "insert" if key is None else "upsert",
            **({} if key is None else {"key": key}),
            "fields": self.fields,
        }
        notes = (*self._notes, *self._left(), *taken.notes(all_seen=all_seen))
        return Proposal(mapping, notes)

    def _destinations(self) -> dict[str, Destination]:
        found = {column: self._into.find(name) for column, name in self.fields.items()}
        return {column: each for column, each in found.items() if each is not None}

    def _key(self) -> str | None:
        primary = self._into.procedure.primary_key
        wanted = None if primary is None else destination_of(primary)
        key = next((column for column, name in self.fields.items() if name == wanted), None)
        if key is None:
            called = f"'{self._into.procedure.short_id}'"
            self._notes.append(
                f"No column goes to the primary key of {called}, {primary}: each sync would insert"
                " its rows anew (mode insert). Name the column in fields and as key, and set mode"
                " to upsert"
                if primary
                else f"{called} has no primary key: each sync would insert its rows anew (mode"
                " insert). Where an attribute names a process, name its column as key"
            )
        return key

    def _left(self) -> Iterator[str]:
        left = [each for each in self._columns if each not in self.fields]
        ids = [each for each in left if folded(each) == "id"]
        marks = [each for each in left if folded(each) in _MARKS or is_loaders_mark(each)]
        others = [each for each in left if each not in ids and each not in marks]
        if others:
            yield f"Left out: {_listed(others)} (no attribute is called so, or more than one)"
        for each in ids:
            yield f'Left out: {each}. If it holds ChakraHQ\'s own ids, set "key": "{each}"'
        for each in marks:
            yield f'Left out: {each}. If it marks rows as deleted, set "delete_when": "{each}"'
        free = [
            each.short_id
            for each in self._into.procedure.attributes
            if destination_of(each.short_id) not in self.fields.values()
        ]
        if free:
            yield f"Attributes without a column: {_listed(free)}"


class _Taken:
    """What becomes of the values of some rows.

    Args:
        destinations: By column.
        key: The column that names the process; None for none.
    """

    def __init__(self, destinations: Mapping[str, Destination], key: str | None) -> None:
        self._destinations = destinations
        self._key = key
        self._unfit: Counter[tuple[str, str]] = Counter()
        self._seen: set[object] = set()
        self._rows = self._keyless = self._twice = 0

    def note(self, row: Mapping[str, Any]) -> None:
        """A row came."""
        self._rows += 1
        for column, destination in self._destinations.items():
            value = row[column]
            if value is None or value == "":
                continue
            made = destination.write(value)
            if isinstance(made, Unfit):
                # A reason that names choices, or what stands in the value, is cut to its kind.
                self._unfit[column, made.reason.partition(":")[0]] += 1
        if self._key is not None:
            self._note_key(row[self._key])

    def _note_key(self, value: object) -> None:
        if value is None or value == "":
            self._keyless += 1
        elif hash(str(value)) in self._seen:
            self._twice += 1
        else:
            self._seen.add(hash(str(value)))

    def notes(self, *, all_seen: bool) -> Iterator[str]:
        """What its user should know, a sentence each."""
        of = f"of {self._rows:,} rows" if all_seen else f"of the first {self._rows:,} rows"
        if not self._rows:
            yield "The source has no rows: types and keys could not be looked at"
        for (column, reason), count in self._unfit.most_common():
            into = self._destinations[column]
            takes = f"; {into.bare_name} takes {into.takes}" if into.takes else ""
            yield f"{column}: {count:,} {of} would be rejects, whose value {reason}{takes}"
        if self._keyless:
            yield f"{self._key}: empty in {self._keyless:,} {of}, which would be rejects"
        if self._twice:
            yield (
                f"{self._key}: {self._twice:,} {of} have a key that came before; the last row of a"
                " key wins"
            )


def folded(name: str) -> str:
    """A name without case, marks, and what loaders put before it."""
    bare = re.sub(r"^data_+", "", name.casefold())
    return re.sub(r"[^0-9a-z\u0080-\U0010ffff]", "", bare)


def _is_special(column: str) -> bool:
    """Whether a column is not to be matched by its name alone."""
    bare = folded(column)
    return bare == "id" or bare in _MARKS or column.casefold().startswith(_OF_LOADERS)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
