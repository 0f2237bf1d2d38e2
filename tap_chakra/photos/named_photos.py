"""Which photos a row names: by its attributes of photo types, those apart that a mask hides. Pure.

A masked attribute's photo is never fetched: its file would show what the mask hides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.values.attribute_types import folded
from chakra_api.values.coercion import MISFIT, list_of, to_string
from tap_chakra.masking.masked_procedure import MaskedProcedure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from chakra_api.account.account import Procedure

PHOTO_TYPES: Final = frozenset({"photo", "multiphotos"})
"""Types whose values are ids of photos, folded."""
GROUPS: Final = ("data", "derivedData")
"""The objects of a row that hold attributes."""
_IDS: Final = list_of(to_string, str)


@dataclass(frozen=True, slots=True)
class NamedPhoto:
    """A photo that an attribute of a process names.

    Attributes:
        photo_id: The photo.
        procedure: ShortId.
        process: Id of the process.
        attribute: ShortId of the attribute.
    """

    photo_id: str
    procedure: str
    process: str
    attribute: str


@dataclass(frozen=True, slots=True)
class PhotoAttributes:
    """The attributes of a procedure whose photos are fetched.

    Attributes:
        procedure: ShortId.
        paths: Group and shortId of each.
    """

    procedure: str
    paths: tuple[tuple[str, str], ...]

    def named_by(self, row: Mapping[str, object]) -> Iterator[NamedPhoto]:
        """The photos that a row names, each once an attribute.

        Args:
            row: As ChakraHQ answered with it.
        """
        process = row.get("id")
        if not isinstance(process, str):
            return
        for group, attribute in self.paths:
            held = row.get(group)
            value = held.get(attribute) if isinstance(held, dict) else None
            for photo_id in photo_ids(value):
                yield NamedPhoto(photo_id, self.procedure, process, attribute)


def photo_attributes(
    procedure: Procedure, deselected: Collection[tuple[str, ...]] = ()
) -> PhotoAttributes:
    """The attributes of a procedure that name photos, and are read in the clear.

    Args:
        procedure: Under its mask.
        deselected: Paths of properties that are not read.
    """
    owned = zip(GROUPS, (procedure.attributes, procedure.derived_attributes), strict=True)
    paths = (
        (group, each.short_id)
        for group, attributes in owned
        for each in attributes
        if folded(each.type.name) in PHOTO_TYPES
        and not _is_masked(procedure, group, each.short_id)
        and not {(group,), (group, each.short_id)} & {*deselected}
    )
    return PhotoAttributes(procedure.short_id, tuple(paths))


def photo_ids(value: object) -> Iterable[str]:
    """The ids in a value: one, an array, JSON text of one, or several behind commas; each once."""
    coerced = _IDS(value)
    if coerced is MISFIT or not isinstance(coerced, list):
        return ()
    parts = (part.strip() for each in coerced if isinstance(each, str) for part in each.split(","))
    return dict.fromkeys(part for part in parts if part)


def _is_masked(procedure: Procedure, group: str, name: str) -> bool:
    """Whether what an attribute holds does not leave in the clear."""
    if not isinstance(procedure, MaskedProcedure):
        return False
    return bool(procedure.mask.attribute(group, name) or procedure.column(group))
