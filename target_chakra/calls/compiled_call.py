"""A mapping whose rows are no processes, compiled against the account: mapper and maker."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from target_chakra.call_settings.free_message import FreeMessageMapping
from target_chakra.call_settings.photo import PhotoMapping
from target_chakra.call_settings.task import TaskMapping
from target_chakra.call_settings.template import TemplateMapping
from target_chakra.call_settings.template_message import TemplateMessageMapping
from target_chakra.call_settings.user import UserMapping
from target_chakra.calls.photo_writer import PhotoWriter, photo_scope
from target_chakra.calls.task_maker import TaskMaker, task_parts, task_scope
from target_chakra.calls.template_writer import TemplateWriter, written_parts, written_scope
from target_chakra.calls.user_writer import UserWriter, user_parts, user_scope
from target_chakra.mapping.call_mapper import CallMapper
from target_chakra.messages.free_messages import FreeMessageMaker, free_parts, free_scope
from target_chakra.messages.template_messages import (
    TemplateMessageMaker,
    template_parts,
    template_scope,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from target_chakra.call_settings.brakes import Brakes
    from target_chakra.calls.call_maker import CallMaker
    from target_chakra.calls.thing_writer import ThingWriter
    from target_chakra.lookups.open_account import OpenAccount
    from target_chakra.mapping.call_mapper import ContentPart
    from target_chakra.stream_mapping import StreamMapping


class CompiledCall(NamedTuple):
    """A stream of calls.

    Attributes:
        mapper: Makes changes of its rows.
        maker: Makes its calls.
        brakes: What holds them back; None if nothing does.
    """

    mapper: CallMapper
    maker: CallMaker
    brakes: Brakes | None = None


class ComparedStream(NamedTuple):
    """A stream whose rows each say how a thing is to be.

    Attributes:
        mapper: Makes changes of its rows.
        writer: Looks at its things, and writes them.
    """

    mapper: CallMapper
    writer: ThingWriter


class _Content(NamedTuple):
    """What the calls of a stream say, and who makes them.

    Attributes:
        scope: Within which a value is called for once.
        parts: The parts of their content.
        maker: Makes them.
        brakes: What holds them back.
    """

    scope: str
    parts: Sequence[ContentPart]
    maker: CallMaker
    brakes: Brakes | None = None


def compiled_call(
    stream: str, mapping: StreamMapping, columns: Collection[str], account: OpenAccount
) -> CompiledCall | ComparedStream:
    """Compile the mapping of a stream whose rows are no processes.

    Args:
        stream: Its name.
        mapping: What its user wants.
        columns: The columns that it declares; empty if it declares none.
        account: The account that the calls are made to.

    Raises:
        SettingsError: The mapping names what does not exist.
    """
    call, where = mapping.call, f"the mapping of stream '{stream}'"
    if isinstance(call, UserMapping):
        mapper = CallMapper(stream, mapping, user_scope(call), user_parts(call), columns)
        return ComparedStream(mapper, UserWriter(call, account.client, account.directory))
    if isinstance(call, TemplateMapping):
        owner, listed = account.whatsapp.owner(where), account.message_templates(where)
        scope, parts = written_scope(call, owner), written_parts(call)
        writer = TemplateWriter(call, owner, listed, account.client)
        return ComparedStream(CallMapper(stream, mapping, scope, parts, columns), writer)
    if isinstance(call, PhotoMapping):
        photos = PhotoWriter(call, account.procedure(call.procedure), where)
        return ComparedStream(CallMapper(stream, mapping, photo_scope(call), (), columns), photos)
    if isinstance(call, TaskMapping):
        content = _tasks(call, account, where)
    elif isinstance(call, TemplateMessageMapping):
        content = _template_messages(call, account, where)
    elif isinstance(call, FreeMessageMapping):
        maker = FreeMessageMaker(call, account.whatsapp, account.client, where)
        content = _Content(free_scope(call), free_parts(call), maker, call.brakes)
    else:
        raise TypeError(f"{call!r} is no mapping of calls")
    mapper = CallMapper(stream, mapping, content.scope, content.parts, columns)
    return CompiledCall(mapper, content.maker, content.brakes)


def _tasks(call: TaskMapping, account: OpenAccount, where: str) -> _Content:
    destinations = account.task_destinations(call.procedure, call.task)
    parts = task_parts(call, destinations, f"{where[0].upper()}{where[1:]}")
    return _Content(task_scope(call), parts, TaskMaker(call, account.client))


def _template_messages(call: TemplateMessageMapping, account: OpenAccount, where: str) -> _Content:
    if call.recipient.procedure:
        account.configuration.procedure(call.recipient.procedure)
    maker = TemplateMessageMaker(call, account, where)
    return _Content(template_scope(call), template_parts(call, where), maker, call.brakes)
