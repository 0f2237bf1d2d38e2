"""Creates tasks, one for each row (contract 4.11). Tasks can't be listed: a lost one is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chakra_api.values.writing import write_text
from target_chakra.mapping.call_mapper import named_part, part_of
from target_chakra.mapping.destination_names import attribute_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from chakra_api.endpoints.client import ChakraClient
    from target_chakra.call_settings.call_mapping import CallKind
    from target_chakra.call_settings.task import TaskMapping
    from target_chakra.changes import Fields
    from target_chakra.mapping.call_mapper import ContentPart
    from target_chakra.mapping.destinations import Destinations

PROCESS: Final = "process"
"""The part of a task's content that names its process."""


def task_scope(mapping: TaskMapping) -> str:
    """Within which a value of `once_by` is called for once: the tasks of one schema."""
    return f"{mapping.kind.value} {mapping.procedure}/{mapping.task}"


def task_parts(
    mapping: TaskMapping, destinations: Destinations, where: str
) -> tuple[ContentPart, ...]:
    """The parts of a task's content.

    Args:
        mapping: What its user wants.
        destinations: Where values of such a task may go.
        where: The mapping, for messages.

    Raises:
        SettingsError: The mapping names what such tasks do not have.
    """
    fields = tuple(
        part_of(column, destinations.named(name, where)) for column, name in mapping.fields.items()
    )
    return (named_part(mapping.process, PROCESS, write_text, "an id or a primary key"), *fields)


class TaskMaker:
    """Creates the tasks of one stream.

    Args:
        mapping: What its user wants.
        client: Talks to the account.
    """

    def __init__(self, mapping: TaskMapping, client: ChakraClient) -> None:
        self._mapping = mapping
        self._client = client

    @property
    def kind(self) -> CallKind:
        """A task."""
        return self._mapping.kind

    @property
    def most(self) -> int | None:
        """Any number."""
        return None

    def refused(self, _fields: Fields) -> str:
        """Nothing: what is to be checked is checked by the mapping."""
        return ""

    def shown(self, fields: Fields) -> Fields:
        """As it is sent."""
        return fields

    def make(self, fields: Fields, leaving: Callable[[], None]) -> str:
        """Create a task; its id."""
        data: dict[str, object] = {}
        body: dict[str, object] = {}
        for name, value in fields.items():
            attribute = attribute_of(name)
            if attribute is not None:
                data[attribute] = value
            elif name != PROCESS:
                body[name] = value
        if data:
            body["data"] = data
        task = self._client.create_task(
            self._mapping.procedure, str(fields[PROCESS]), self._mapping.task, body, leaving
        )
        return task.task_id or ""
