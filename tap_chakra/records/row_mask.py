"""What becomes of the values of a procedure's rows under its mask, before and after typing.

Attributes are masked as they come, before anything looks at them: what is typed, counted, or kept
in `_extra_data` holds nothing else. Root columns are masked as they leave: some of them are made of
others, and a scan needs them as they are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tap_chakra.masking.masked_procedure import MaskedProcedure
from tap_chakra.masking.rules import GROUPS, Treatment
from tap_chakra.masking.treatments import DROPPED, HIDDEN, as_typed
from tap_chakra.records.schema import COLUMN_NAMES, PEOPLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_api.account.account import Attribute, Procedure
    from chakra_api.values.coercion import Coercer
    from chakra_api.values.times import Times
    from tap_chakra.masking.stream_mask import StreamMask
    from tap_chakra.masking.treatments import Treat

    Row = dict[str, object]

_ID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class GroupMask:
    """Masks the attributes of one object.

    Args:
        mask: Of the stream.
        group: `data` or `derivedData`.
        attributes: Those that it may hold, as the account has them.
        times: What times mean in the account.

    Attributes:
        known: What treats the values of an attribute, by its shortId and its id (contract Q36);
            None where they stay.
        treats: Those that treat something, by shortId; but for attributes that do not leave.
        dropped: ShortIds of attributes that do not leave.
    """

    def __init__(
        self, mask: StreamMask, group: str, attributes: tuple[Attribute, ...], times: Times
    ) -> None:
        by_id: dict[str, Treat | None] = {}
        by_name: dict[str, Treat | None] = {}
        self.treats: dict[str, Treat] = {}
        self.dropped: list[str] = []
        for each in attributes:
            name, reads = each.short_id, each.type.reader(times)
            treatment = mask.attribute(group, name)
            treat = None if treatment is None else mask.treat(treatment)
            if treatment is Treatment.DROP:
                self.dropped.append(name)
            elif treat is not None:
                self.treats[name] = treat = as_typed(reads, treat)
            by_name[name] = treat
            if each.id:
                by_id[each.id] = treat
        self.known = by_id | by_name
        self._mask = mask

    def inside(self, reads: Coercer) -> Coercer:
        """What reads a value that is not masked, once what stands in it under masked names is."""
        nested = self._mask.nested
        return lambda value: reads(nested(value))


class RowMask:
    """Masks the rows of one procedure.

    Args:
        procedure: What the rows are of.
        times: What times mean in the account.

    Attributes:
        columns: What treats the values of root columns.
        dropped: Root columns that do not leave.
    """

    def __init__(self, procedure: MaskedProcedure, times: Times) -> None:
        self._mask = mask = procedure.mask
        treatments = {name: procedure.column(name) for name in COLUMN_NAMES}
        self.columns: Mapping[str, Treat] = {
            name: mask.treat(each)
            for name, each in treatments.items()
            if each is not None and each is not Treatment.DROP
        }
        self.dropped = frozenset(
            name for name, each in treatments.items() if each is Treatment.DROP
        )
        self._people = {
            field: mask.treat(each)
            for field, username in PEOPLE.items()
            if (each := treatments[username]) is not None and treatments[field] is None
        }
        whole = procedure.whole
        owned = zip(GROUPS, (whole.attributes, whole.derived_attributes), strict=True)
        self._groups = {group: GroupMask(mask, group, each, times) for group, each in owned}

    def of_group(self, name: str) -> GroupMask:
        """What becomes of the attributes of an object.

        Args:
            name: `data` or `derivedData`.
        """
        return self._groups[name]

    def group(self, name: str, value: object) -> object:
        """`data` or `derivedData` of a row, masked.

        Args:
            name: Of the two.
            value: As it came. What is no object can't be masked by names: nothing of it is shown.
        """
        if type(value) is dict:
            return self._mask.object(value, name, self._groups[name].known)
        return HIDDEN if value else value

    def rest(self, extra: Row) -> Row:
        """The `_extra_data` of a row, its root fields masked; its attributes are so already."""
        made: Row = {}
        for name, value in extra.items():
            if name in GROUPS:
                treated = DROPPED if name in self.dropped else value
            elif name in self.dropped:
                treated = DROPPED
            else:
                treat = self.columns.get(name) or self._people.get(name)
                treat = treat or self._mask.named("", name)
                treated = self._mask.nested(value) if treat is None else treat(value)
            if treated is not DROPPED:
                made[name] = treated
        return made

    def stranger(self, field: str, named: object) -> object:
        """Who is named by a field and is no known user: a username is masked as usernames are."""
        treat = self._people.get(field)
        if treat is None or not isinstance(named, str) or _ID.fullmatch(named):
            return named
        treated = treat(named)
        return None if treated is DROPPED else treated

    def leaves(self, record: Row) -> Row:
        """The record of a row, its root columns masked; it is changed."""
        for name, treat in self.columns.items():
            record[name] = treat(record[name])
        for name in self.dropped:
            del record[name]
        return record


def row_mask(procedure: Procedure, times: Times) -> RowMask | None:
    """What masks the rows of a procedure; None if nothing of it is masked."""
    return RowMask(procedure, times) if isinstance(procedure, MaskedProcedure) else None
