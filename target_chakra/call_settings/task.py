"""The mapping of a stream whose rows each create a task (contract 4.11)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from target_chakra.call_settings.call_mapping import (
    CallKind,
    OnceMapping,
    once_by_option,
    required_option,
)
from target_chakra.mapping_options import refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEYS: Final = frozenset(
    {"stream", "kind", "once_by", "procedure", "process", "task", "fields"},
)


@dataclass(frozen=True, slots=True)
class TaskMapping(OnceMapping):
    """What of a row becomes a task.

    Attributes:
        procedure: ShortId of the procedure.
        process: The column that names the process, by its id or its primary key.
        task: ShortId of the state task, the schema of the task.
        fields: Column → destination: `data.<attribute>`, `status` or `assignedTo`.
    """

    procedure: str
    process: str
    task: str
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> CallKind:
        """A task."""
        return CallKind.TASK

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it names."""
        return frozenset({self.once_by, self.process, *self.fields})


def parse_task(given: Mapping[str, object], where: str) -> TaskMapping:
    """Give a mapping of kind `task` its meaning.

    Raises:
        SettingsError: It means nothing.
    """
    refuse_unknown(given, _KEYS, where)
    return TaskMapping(
        once_by=once_by_option(given, where),
        procedure=required_option(given, "procedure", where, "Name the procedure by its shortId"),
        process=required_option(
            given, "process", where, "Name the column that holds the process's id or primary key"
        ),
        task=required_option(
            given, "task", where, "Name the state task by its shortId: it is the task's schema"
        ),
        fields=_fields(given.get("fields"), where),
    )


def _fields(value: object, where: str) -> Mapping[str, str]:
    if value is None:
        return {}
    if isinstance(value, dict) and all(isinstance(each, str) for each in value.values()):
        return {str(column): str(name) for column, name in value.items()}
    raise SettingsError(
        f"In {where} fields is not an object of column and destination",
        'Write it as {"note": "data.remarks", "owner": "assignedTo", "done": "status"}',
    )
