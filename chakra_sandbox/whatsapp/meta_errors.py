"""Refusals in Meta's form, with the codes and texts of its Cloud API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chakra_sandbox.messages import Rejection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chakra_sandbox.messages import Row

_NAMED: Mapping[int, tuple[int, str]] = {
    100: (400, "Invalid parameter"),
    2500: (400, "Unknown path components"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    132000: (400, "Number of parameters does not match the expected number of params"),
    132001: (404, "Template name does not exist in the translation"),
    132005: (400, "Translated text too long"),
    132012: (400, "Parameter format does not match format in the created template"),
    132015: (400, "Template is paused"),
    132016: (400, "Template is disabled"),
    132018: (400, "There's an issue with the parameters in your template"),
}
"""Code → HTTP status and name."""


class MetaRejection(Rejection):
    """Meta's refusal, as ChakraHQ passes it on.

    Args:
        code: One of Meta's.
        details: What is wrong with this call.
        subcode: A second number, None for none.
        for_user: What the user is to read; empty for nothing.
    """

    def __init__(
        self, code: int, details: str, subcode: int | None = None, for_user: str = ""
    ) -> None:
        status, name = _NAMED[code]
        super().__init__(status, f"(#{code}) {name}: {details}")
        self.row: Row = {
            "message": f"(#{code}) {name}",
            "type": "OAuthException",
            "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": details},
            "fbtrace_id": "Asandbox",
        }
        if subcode is not None:
            self.row["error_subcode"] = subcode
        if for_user:
            self.row["error_user_msg"] = for_user


def no_object(name: str) -> MetaRejection:
    """Refuse an id that is nobody's, or not this key's."""
    return MetaRejection(
        100,
        f"Unsupported request. Object with ID '{name}' does not exist, cannot be loaded due to"
        " missing permissions, or does not support this operation",
        subcode=33,
    )
