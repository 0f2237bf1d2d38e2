"""Gives records, which are JSON by now, the names of the setting `column_names`: no value is read.

A parser that knows every name of a stream hands over the values as they are spelled, and an encoder
that knows what each is called writes them. So a number keeps its digits, and a name costs nothing
but its letters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import UNSET, Raw, UnsetType
from msgspec.structs import astuple

from chakra_api.wire.wire_json import decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tap_chakra.naming.column_names import ColumnNames

_ENCODER: Final = msgspec.json.Encoder()
_VALUE: Final = Raw | UnsetType


class RecordNames:
    """Renames the properties of a stream's records.

    Args:
        names: What they are called.
    """

    def __init__(self, names: ColumnNames) -> None:
        self._names = names
        self._renamed: Callable[[bytes], bytes] | None = None
        if not names.are_changed:
            return
        try:
            self._renamed = _Compiled(names)
        except ValueError:  # the name of an attribute is one that the parser can't take
            self._renamed = self._slowly

    def __call__(self, records: Sequence[bytes]) -> Sequence[bytes]:
        """Records of ChakraHQ's names with those of the setting; the same ones if these are same.

        Args:
            records: Typed records, as JSON.
        """
        return records if self._renamed is None else [self._renamed(each) for each in records]

    def _slowly(self, record: bytes) -> bytes:
        held = decode(record)
        return encode(self._names.record(held)) if isinstance(held, dict) else record


class _Compiled:
    """Renames by what both sides have compiled: fields have the same places in both."""

    def __init__(self, names: ColumnNames) -> None:
        groups = {group: _pair(f"_{group}", members) for group, members in names.inner.items()}
        before = {group: pair[0] | UnsetType | None for group, pair in groups.items()}
        after = {group: pair[1] | UnsetType | None for group, pair in groups.items()}
        read = _struct("_Read", {name: name for name in names.root}, before)
        self._write = _struct("_Write", names.root, after)
        self._decode = msgspec.json.Decoder(read).decode
        places = {name: place for place, name in enumerate(names.root)}
        self._inner = [(places[group], pair[1]) for group, pair in groups.items()]

    def __call__(self, record: bytes) -> bytes:
        values: list[Any] = [*astuple(self._decode(record))]
        for place, write in self._inner:
            if isinstance(values[place], msgspec.Struct):
                values[place] = write(*astuple(values[place]))
        return _ENCODER.encode(self._write(*values))


def _pair(name: str, members: Mapping[str, str]) -> tuple[type[msgspec.Struct], ...]:
    return (
        _struct(f"{name}_Read", {member: member for member in members}, {}),
        _struct(f"{name}_Write", members, {}),
    )


def _struct(
    name: str, called: Mapping[str, str], kinds: Mapping[str, object]
) -> type[msgspec.Struct]:
    """A type with a field for each name, spelled as it is called."""
    fields = [(f"f{place}", kinds.get(each, _VALUE), UNSET) for place, each in enumerate(called)]
    renamed = {f"f{place}": spelled for place, spelled in enumerate(called.values())}
    return msgspec.defstruct(name, fields, rename=renamed, forbid_unknown_fields=True, gc=False)
