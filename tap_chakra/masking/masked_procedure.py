"""A procedure as its user lets it be seen: who types rows of it can't forget its mask."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Final

from chakra_api.account.account import Procedure
from chakra_api.values.attribute_types import TEXT, AttributeType
from tap_chakra.masking.rules import EXTRA, GROUPS, Treatment

if TYPE_CHECKING:
    from chakra_api.account.account import Attribute
    from tap_chakra.masking.stream_mask import Spelled, StreamMask

KEPT: Final = ("id", "updatedAt", *GROUPS, EXTRA)
"""Root columns that no pattern means: keys, what loaders order rows by, and whole objects."""


@dataclass(frozen=True, slots=True)
class MaskedProcedure(Procedure):
    """A procedure of which something is masked.

    Its attributes are those that leave, with the types that they leave in.

    Attributes:
        whole: The procedure as the account has it.
        mask: What becomes of values.
    """

    whole: Procedure = field(kw_only=True)
    mask: StreamMask = field(kw_only=True)

    def column(self, name: str) -> Treatment | None:
        """What becomes of a root column."""
        return self.mask.column(name, KEPT)


def masked(procedure: Procedure, mask: StreamMask) -> MaskedProcedure:
    """The procedure under a mask."""
    held = {each.name: getattr(procedure, each.name) for each in fields(Procedure)}
    attributes = _shown(procedure.attributes, "data", mask)
    derived = _shown(procedure.derived_attributes, "derivedData", mask)
    held |= {"attributes": attributes, "derived_attributes": derived}
    return MaskedProcedure(**held, whole=procedure, mask=mask)


def spelled_mask(procedure: Procedure) -> Spelled | None:
    """The mask of a procedure as plain values; None if nothing of it is masked."""
    return procedure.mask.spelled() if isinstance(procedure, MaskedProcedure) else None


def _shown(
    attributes: tuple[Attribute, ...], group: str, mask: StreamMask
) -> tuple[Attribute, ...]:
    treated = ((each, mask.attribute(group, each.short_id)) for each in attributes)
    return tuple(
        each if treatment is None else _as_text(each, treatment)
        for each, treatment in treated
        if treatment is not Treatment.DROP
    )


def _as_text(attribute: Attribute, treatment: Treatment) -> Attribute:
    """The attribute as it leaves; its options would say what its values are."""
    said = ". ".join(part for part in (attribute.description, f"Masked: {treatment.value}") if part)
    kind = AttributeType(attribute.type.name, TEXT)
    return replace(attribute, type=kind, options=(), description=said)
