"""A loader as strict ones are: it merges on `id`, heeds ACTIVATE_VERSION, and keeps STATE.

Rows are kept back and written some at a time; a STATE counts once all rows before it are written.
A loader that dies loses what it kept back, and the STATE behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.strict_singer import StrictReader

if TYPE_CHECKING:
    from collections.abc import Mapping

BATCH = 60


@dataclass
class Warehouse:
    """Tables, and the STATE that is kept with them.

    Attributes:
        tables: By stream, the records by id.
        versions: By stream, the version of each record.
        state: The last STATE behind which every row is written.
        activated: Versions that took rows away, in this run.
    """

    tables: dict[str, dict[str, Mapping[str, Any]]] = field(default_factory=dict)
    versions: dict[str, dict[str, object]] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    activated: list[str] = field(default_factory=list)

    def begin(self) -> None:
        """A run begins."""
        self._reader = StrictReader()
        self._kept: list[Mapping[str, Any]] = []
        self._next: dict[str, Any] | None = None
        self.activated = []

    def take(self, line: bytes) -> Mapping[str, Any]:
        """A line comes in.

        Raises:
            Breach: It is none that a strict loader takes.
        """
        message = self._reader.take(line)
        kind = message["type"]
        if kind == "RECORD":
            self._kept.append(message)
            if len(self._kept) >= BATCH:
                self.flush()
        elif kind == "STATE":
            self._next = message["value"]
            if not self._kept:
                self.flush()
        elif kind == "ACTIVATE_VERSION":
            self.flush()
            self._activate(message["stream"], message["version"])
        return message

    def flush(self) -> None:
        """Write what was kept back; then the STATE behind it counts."""
        for message in self._kept:
            stream, record = message["stream"], message["record"]
            self.tables.setdefault(stream, {})[record.get("id", "")] = record
            self.versions.setdefault(stream, {})[record.get("id", "")] = message.get("version")
        self._kept = []
        if self._next is not None:
            self.state, self._next = self._next, None

    def _activate(self, stream: str, version: object) -> None:
        self.activated.append(stream)
        held = self.versions.get(stream, {})
        for gone in [each for each, its in held.items() if its != version]:
            del held[gone], self.tables[stream][gone]
