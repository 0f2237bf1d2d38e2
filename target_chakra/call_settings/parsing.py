"""The option `kind` of a mapping, and the options that each kind has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.setting_values import shown
from target_chakra.call_settings.call_mapping import CallKind
from target_chakra.call_settings.free_message import parse_free_message
from target_chakra.call_settings.photo import parse_photo
from target_chakra.call_settings.task import parse_task
from target_chakra.call_settings.template import parse_template
from target_chakra.call_settings.template_message import parse_template_message
from target_chakra.call_settings.user import parse_user

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from target_chakra.call_settings.call_mapping import CallMapping

PROCESS: Final = "process"
"""The kind of a stream whose rows are processes, which are created, updated and deleted."""
_PARSERS: Final[Mapping[CallKind, Callable[[Mapping[str, object], str], CallMapping]]] = {
    CallKind.TASK: parse_task,
    CallKind.TEMPLATE_MESSAGE: parse_template_message,
    CallKind.MESSAGE: parse_free_message,
    CallKind.USER: parse_user,
    CallKind.TEMPLATE: parse_template,
    CallKind.PHOTO: parse_photo,
}


def parse_call(given: Mapping[str, object], where: str) -> CallMapping | None:
    """What a mapping asks for by calls of each row; None if its rows are processes.

    Raises:
        SettingsError: Its kind is none, or its options mean nothing.
    """
    kind = given.get("kind") or PROCESS
    if kind == PROCESS:
        return None
    for each, parse in _PARSERS.items():
        if kind == each.value:
            return parse(given, where)
    kinds = ", ".join((PROCESS, *(each.value for each in _PARSERS)))
    raise SettingsError(f"In {where} kind is {shown(kind)}", f"Use one of: {kinds}")
