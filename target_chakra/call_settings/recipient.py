"""Who a message goes to: the contact of a process, or a phone number of the row's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from target_chakra.mapping_options import text_option

if TYPE_CHECKING:
    from collections.abc import Mapping

RECIPIENT: Final = frozenset({"phone", "process", "procedure"})
"""The options that name one."""
_NEXT: Final = (
    "Name phone (the column of a phone number), or process (the column of an id or a primary key)"
    " with procedure"
)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who a message goes to.

    Attributes:
        column: The column that names them: by a phone number, or by a process.
        procedure: ShortId of the process's procedure; empty where the column holds phone numbers.
    """

    column: str
    procedure: str = ""

    @property
    def is_number(self) -> bool:
        """Whether the column holds phone numbers."""
        return not self.procedure


def parse_recipient(given: Mapping[str, object], where: str) -> Recipient:
    """Who messages of a mapping go to.

    Raises:
        SettingsError: It names nobody, or two.
    """
    phone, process = text_option(given, "phone"), text_option(given, "process")
    procedure = text_option(given, "procedure")
    if (phone is None) == (process is None):
        found = "neither phone nor process is named" if phone is None else "phone and process are"
        raise SettingsError(f"In {where} {found}{' both named' if phone else ''}", _NEXT)
    if phone is not None:
        if procedure is not None:
            raise SettingsError(f"In {where} procedure means nothing beside phone", _NEXT)
        return Recipient(phone)
    if procedure is None:
        raise SettingsError(f"In {where} procedure is missing beside process", _NEXT)
    return Recipient(str(process), procedure)
