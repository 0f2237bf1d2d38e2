"""What becomes of the values of users, and of other lists: typed, and under a mask."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from chakra_api.values.coercion import MISFIT, json_text
from chakra_api.values.spelled import NulText
from tap_chakra.masking.rules import EXTRA, Treatment
from tap_chakra.masking.treatments import DROPPED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_api.values.coercion import Coercer
    from tap_chakra.masking.stream_mask import StreamMask
    from tap_chakra.masking.treatments import Treat
    from tap_chakra.records.tally import Tally

    Row = dict[str, object]

KEPT: Final = ("id", EXTRA)
"""Columns that no pattern means."""


class ListMask:
    """Masks the rows of one stream.

    Args:
        mask: Of the stream.
        shown_by: Fields that say what a column says: they are masked as it is.
    """

    def __init__(
        self, mask: StreamMask, shown_by: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._mask = mask
        self._shown_by = shown_by

    def drops(self, column: str) -> bool:
        """Whether a column does not leave."""
        return self._mask.column(column, KEPT) is Treatment.DROP

    def schema(self, schema: Mapping[str, object]) -> Row:
        """The JSON Schema of the records that leave."""
        properties: Row = {}
        declared = schema["properties"]
        assert isinstance(declared, dict)  # noqa: S101 - what an object's schema has
        for name, each in declared.items():
            treatment = self._mask.column(name, KEPT)
            text = {"type": ["string", "null"]}
            if treatment is None:
                properties[name] = each
            elif treatment is not Treatment.DROP:
                properties[name] = {**text, "description": f"Masked: {treatment.value}."}
        return {**schema, "properties": properties}

    def before(self, name: str, value: object) -> object:
        """A value as it is to be typed: what stands in it under masked names is masked."""
        return value if self._mask.column(name, KEPT) else self._mask.nested(value)

    def leaves(self, record: Row) -> Row:
        """The record of a row, its columns masked."""
        made: Row = {}
        for name, value in record.items():
            treatment = self._mask.column(name, KEPT)
            treated = value if treatment is None else self._mask.treat(treatment)(value)
            if treated is not DROPPED:
                made[name] = treated
        return made

    def rest(self, extra: Row, *, nested: bool) -> Row:
        """The `_extra_data` of a row, masked.

        Args:
            extra: As the row has it.
            nested: Whether what stands in its values is still to be masked.
        """
        made: Row = {}
        for name, value in extra.items():
            treat = self._treat(name)
            if treat is not None:
                treated = treat(value)
            else:
                treated = self._mask.nested(value) if nested else value
            if treated is not DROPPED:
                made[name] = treated
        return made

    def _treat(self, name: str) -> Treat | None:
        treatment = self._mask.column(self._shown_by.get(name, name), KEPT)
        return self._mask.named("", name) if treatment is None else self._mask.treat(treatment)


def typed_columns(
    row: Row,
    coercers: Mapping[str, Coercer],
    extra: Row,
    tally: Tally,
    mask: ListMask | None,
) -> Row:
    """The columns of a row of a list, typed; `finished` makes the record of them.

    Args:
        row: As it came.
        coercers: Of the columns, by name.
        extra: Takes what does not fit its column, or loses U+0000 in it.
        tally: Takes the counts of these.
        mask: What masks them; None if nothing does.
    """
    record: Row = {}
    for name, coerce in coercers.items():
        value = row.get(name)
        record[name] = coerced = coerce(value if mask is None else mask.before(name, value))
        if coerced is MISFIT:
            tally.misfits[name] += 1
            extra[name], record[name] = value, None
        elif isinstance(value, NulText):
            tally.nul[name] += 1
            extra[name] = value
    return record


def finished(record: Row, extra: Row, mask: ListMask | None) -> Row:
    """The record of a row of a list, as it leaves.

    Args:
        record: Its columns, typed.
        extra: What has no column, or does not fit its own.
        mask: What masks them; None if nothing does.
    """
    if mask is not None:
        extra = mask.rest(extra, nested=True)
    whole = {**record, EXTRA: json_text(extra) if extra else None}
    return whole if mask is None else mask.leaves(whole)
