"""The mapping of a stream of calls, compiled against the account: its mapper, and its maker."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from target_chakra.call_settings.task import TaskMapping
from target_chakra.calls.task_maker import TaskMaker, task_parts, task_scope
from target_chakra.mapping.call_mapper import CallMapper

if TYPE_CHECKING:
    from collections.abc import Collection

    from target_chakra.calls.call_maker import CallMaker
    from target_chakra.lookups.open_account import OpenAccount
    from target_chakra.stream_mapping import StreamMapping


class CompiledCall(NamedTuple):
    """A stream of calls.

    Attributes:
        mapper: Makes changes of its rows.
        maker: Makes its calls.
    """

    mapper: CallMapper
    maker: CallMaker


def compiled_call(
    stream: str, mapping: StreamMapping, columns: Collection[str], account: OpenAccount
) -> CompiledCall:
    """Compile the mapping of a stream of calls.

    Args:
        stream: Its name.
        mapping: What its user wants.
        columns: The columns that it declares; empty if it declares none.
        account: The account that the calls are made to.

    Raises:
        SettingsError: The mapping names what does not exist.
    """
    call, where = mapping.call, f"The mapping of stream '{stream}'"
    if not isinstance(call, TaskMapping):
        raise TypeError(f"{call!r} is no mapping of calls")
    destinations = account.task_destinations(call.procedure, call.task)
    parts = task_parts(call, destinations, where)
    mapper = CallMapper(stream, mapping, task_scope(call), parts, columns)
    return CompiledCall(mapper, TaskMaker(call, account.client))
