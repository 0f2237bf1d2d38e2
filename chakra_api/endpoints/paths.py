"""Paths of the endpoints, each value in them as one segment (contract 2, Q38)."""

from __future__ import annotations

from urllib.parse import quote

from chakra_api.errors import SettingsError


def part(value: str) -> str:
    """A value as one segment of a path, its slashes and blanks encoded (Q38).

    Raises:
        SettingsError: On its way it would turn into another path, perhaps another's process.
    """
    if value in ("", ".", ".."):
        raise SettingsError(
            f"{value!r} cannot stand in the path of a request",
            "Name the process by its id, or use a bulk call, which carries the key in its body",
        )
    return quote(value, safe="")


def processes_path(procedure: str) -> str:
    """The path of a procedure's processes."""
    return f"/v1/ext/procedure/{part(procedure)}/process"


def plugin_path(plugin: str) -> str:
    """The path of a WhatsApp plugin."""
    return f"/v1/ext/plugin/whatsapp/{part(plugin)}"
