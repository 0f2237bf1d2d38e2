"""What becomes of the values of users, and of collections of the configuration, under a mask."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from tap_chakra.masking.rules import EXTRA, Treatment
from tap_chakra.masking.treatments import DROPPED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_chakra.masking.stream_mask import StreamMask
    from tap_chakra.masking.treatments import Treat

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
