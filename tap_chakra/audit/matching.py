"""Which column of a table holds what, whatever its loader calls it. Pure.

Loaders write `data__leadScore` small (`data__leadscore`), in snake case (`data__lead_score`), or
keep all of `data` in one column as JSON or as a struct; a model behind them may call it
`lead_score`. What two columns could hold is compared with neither, and said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from chakra_api.account.loader_names import loader_names
from chakra_api.account.snake_columns import snake_columns
from chakra_api.errors import SettingsError
from tap_chakra.audit.meanings import FINEST, Grain, Meaning, NotComparable, grain_of, plain_type
from tap_chakra.naming.column_names import SNAKE_CASE, SPELLINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ID: Final = "id"
CREATED: Final = "createdAt"
UPDATED: Final = "updatedAt"
_GROUPS: Final = ("data", "derivedData")
_PREFIXES: Final = tuple(f"{group}__" for group in _GROUPS)
_UNHEARD: Final = re.compile(r"[^a-z0-9]")
_DELETED_AT: Final = "sdcdeletedat"
_IS_DELETED: Final = "isdeleted"
_STAMPS: Final = ("sdcsequence", "sdcbatchedat", "sdcreceivedat", "sdcextractedat", "dltloadid")
_LOADERS: Final = ("_sdc_", "_dlt_")
"""Columns that loaders add for themselves."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table holds a value.

    Attributes:
        column: The table's column.
        member: The member in it, where it holds an object; empty where it is the value itself.
    """

    column: str
    member: str = ""

    @property
    def said(self) -> str:
        """As a person reads it."""
        return f"{self.column}.{self.member}" if self.member else self.column


@dataclass(frozen=True, slots=True)
class Pair:
    """A column of ChakraHQ's and where the table holds it.

    Attributes:
        name: Ours, `data__city`.
        place: Theirs.
        meaning: What the values are.
        grain: How finely they are compared.
    """

    name: str
    place: Place
    meaning: Meaning
    grain: Grain = FINEST

    @property
    def called(self) -> str:
        """As a person knows it, `data.city`."""
        return called(self.name)


@dataclass(frozen=True, slots=True)
class Matching:
    """What of a table is compared with what of ChakraHQ.

    Attributes:
        id: The table's column of ids.
        pairs: Columns that are compared; their order is that of the numbers of a row.
        left_out: Columns of ChakraHQ's that are not compared, each with the reason.
        only_there: Columns of the table that are nothing of ChakraHQ's, its loader's own apart.
        deleted_at: The loader's mark of deletion; empty for none.
        is_deleted: The column that says what ChakraHQ said of it; empty for none.
        stamps: Columns by which the newest of several versions is known, beside `updatedAt`.
    """

    id: str
    pairs: tuple[Pair, ...]
    left_out: Mapping[str, str]
    only_there: tuple[str, ...]
    deleted_at: str = ""
    is_deleted: str = ""
    stamps: tuple[str, ...] = ()

    def place(self, name: str) -> Pair | None:
        """The pair of a column of ours; None where it is not compared."""
        return next((pair for pair in self.pairs if pair.name == name), None)


def called(name: str) -> str:
    """A column of ours as a person knows it: `data__city` → `data.city`."""
    prefix = next((each for each in _PREFIXES if name.startswith(each)), "")
    return f"{prefix[:-2]}.{name[len(prefix) :]}" if prefix else name


def folded(name: str) -> str:
    """A name without all that loaders change in it."""
    return _UNHEARD.sub("", name.lower())


def match(
    ours: Mapping[str, Meaning],
    theirs: pa.Schema,
    ignored: Sequence[str] = (),
    types: Mapping[str, str] | None = None,
    spelling: str = SPELLINGS[0],
) -> Matching:
    """Find each column of ChakraHQ's in a table.

    Args:
        ours: What each column of a scan means.
        theirs: The table's schema.
        ignored: Columns that the user wants left out, of ours or of the table.
        types: The table's types as its warehouse calls them, by column, as far as it tells.
        spelling: The setting `column_names` with which it was loaded.

    Raises:
        SettingsError: Nothing in the table can be the id.
    """
    columns = _Columns(ours, theirs, types or {}, spelling)
    key = columns.place(ID)
    if not isinstance(key, Place) or key.member:
        raise SettingsError(
            f"The table has no column id ({', '.join(theirs.names) or 'it has no columns at all'})",
            "Name the table that the loader writes, or a view of it with the column id",
        )
    unwanted = {folded(each) for each in ignored}
    pairs, left_out = list[Pair](), dict[str, str]()
    for name, meaning in ours.items():
        if name == ID:
            continue
        found = _pair(name, meaning, columns, unwanted)
        if isinstance(found, Pair):
            pairs.append(found)
        else:
            left_out[called(name)] = found
    places = map(columns.place, ours)
    used = {place.column for place in places if isinstance(place, Place)}
    own = {folded(each): each for each in theirs.names}
    only = (n for n in theirs.names if n not in used and not n.lower().startswith(_LOADERS))
    return Matching(
        key.column,
        tuple(pairs),
        left_out,
        tuple(only),
        own.get(_DELETED_AT, ""),
        own.get(_IS_DELETED, ""),
        tuple(own[each] for each in _STAMPS if each in own),
    )


def _pair(name: str, meaning: Meaning, columns: _Columns, unwanted: set[str]) -> Pair | str:
    """The pair of a column, or why there is none."""
    place = columns.place(name)
    if not unwanted.isdisjoint({folded(name), folded(called(name).rpartition(".")[2])}):
        return "left out, as you asked"
    if isinstance(place, str):
        return place
    if not unwanted.isdisjoint({folded(place.column)}):
        return "left out, as you asked"
    try:
        kind, declared = columns.kind(place), columns.types.get(place.column, "")
        grain = FINEST if kind is None else grain_of(meaning, kind, declared)
        return Pair(name, place, meaning, grain)
    except NotComparable as reason:
        return str(reason)


class _Columns:
    """Finds where a table holds a column.

    Args:
        ours: All that is looked for.
        theirs: The table's schema.
        types: Its types as its warehouse calls them.
        spelling: The setting `column_names`.
    """

    def __init__(
        self,
        ours: Mapping[str, Meaning],
        theirs: pa.Schema,
        types: Mapping[str, str],
        spelling: str,
    ) -> None:
        self.ours = ours
        self.theirs = theirs
        self.types = types
        self._by_fold = _grouped(self.theirs.names, folded)
        self._wanted = _grouped(self.ours, folded)
        self._members = {group: _members(group, ours, spelling) for group in _GROUPS}
        self._short = _grouped(
            [name for name in self.ours if name.startswith(_PREFIXES)],
            lambda name: folded(called(name).rpartition(".")[2]),
        )

    def place(self, name: str) -> Place | str:
        """Where it is, or why it is nowhere."""
        found = self._named(name, self._by_fold.get(folded(name), []), self._wanted[folded(name)])
        if found is not None:
            return found
        group = next((each for each in _GROUPS if name.startswith(f"{each}__")), "")
        if not group:
            return "the table has no such column"
        return self._member(group, name) or self._by_own_name(name)

    def _named(self, name: str, columns: list[str], rivals: list[str]) -> Place | str | None:
        if not columns:
            return None
        if name in columns:
            return Place(name)
        free = [each for each in columns if each not in self.ours]
        exact = [each for each in free if each in loader_names(name)]
        sure = exact if len(exact) == 1 else free
        if len(sure) == 1 and not self._is_claimed(sure[0], name, rivals):
            return Place(sure[0])
        return f"{', '.join(columns)} may be it or another"

    def _is_claimed(self, column: str, name: str, rivals: list[str]) -> bool:
        """Whether another column of ours is as near to a column of theirs."""
        mine = column in loader_names(name)
        return (
            any((column in loader_names(rival)) >= mine for rival in rivals if rival != name)
            and len(rivals) > 1
        )

    def _member(self, group: str, name: str) -> Place | str | None:
        """A member of a column that holds all attributes."""
        whole = self._named(group, self._by_fold.get(folded(group), []), [group])
        if not isinstance(whole, Place):
            return whole
        kind = plain_type(self.theirs.field(whole.column).type)
        attribute = self._members[group][name.removeprefix(f"{group}__")]
        if not pa.types.is_struct(kind):
            return Place(whole.column, attribute)  # of JSON text
        names = [kind.field(at).name for at in range(kind.num_fields)]
        alike = [each for each in names if folded(each) == folded(attribute)]
        if attribute in names or len(alike) == 1:
            return Place(whole.column, attribute if attribute in names else alike[0])
        return "the table has no such column"

    def _by_own_name(self, name: str) -> Place | str:
        """A column that is called as the attribute alone."""
        short = folded(called(name).rpartition(".")[2])
        columns = self._by_fold.get(short, [])
        if len(columns) != 1 or len(self._short[short]) > 1 or short in self._wanted:
            return "the table has no such column"
        return Place(columns[0])

    def kind(self, place: Place) -> pa.DataType | None:
        """The type of what is there; None where it stands in JSON."""
        kind = plain_type(self.theirs.field(place.column).type)
        if not place.member:
            return kind
        if pa.types.is_struct(kind):
            return kind.field(place.member).type
        if pa.types.is_map(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
            return None
        raise NotComparable(f"the table holds {kind}, and no object")


def _members(group: str, ours: Iterable[str], spelling: str) -> Mapping[str, str]:
    """What the members of an object are called in it, by their shortIds."""
    before = f"{group}__"
    names = [name.removeprefix(before) for name in ours if name.startswith(before)]
    own = {name: name for name in names}
    return snake_columns(names, group)[0] if spelling == SNAKE_CASE else own


def _grouped(names: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(key(name), []).append(name)
    return found
