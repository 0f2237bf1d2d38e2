"""What a write probe notes before its process is created, so that a later one finds it. Pure.

It stands among the journal's findings from before the create leaves until the process is seen to
be gone: a probe that is killed leaves a process that names itself, and the note that says where.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Protocol

from chakra_api.values import exact_json

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME: Final = "probe."


@dataclass(frozen=True, slots=True)
class Leftover:
    """A process that a write probe created, or may have.

    Attributes:
        procedure: ShortId of its procedure.
        attribute: ShortId of the attribute that is marked.
        mark: What that attribute holds: no other process holds it.
        began_ms: When the probe began, by our clock, epoch milliseconds.
    """

    procedure: str
    attribute: str
    mark: str | int
    began_ms: int

    @property
    def name(self) -> str:
        """The name of the finding that it is noted by."""
        return f"{_NAME}{self.mark}"

    @property
    def text(self) -> str:
        """The value of that finding."""
        return exact_json.dumps(asdict(self)).decode()


class Notes(Protocol):
    """Where a probe notes what it is about to create, and keeps what it found: the journal."""

    def found(self, procedure: str, name: str, value: str) -> None:
        """Keep a finding."""

    def forget(self, procedure: str, name: str) -> None:
        """Keep it no longer."""


def leftovers_of(findings: Mapping[tuple[str, str], str]) -> tuple[Leftover, ...]:
    """The processes that probes may have left, by what is noted in the journal."""
    return tuple(
        _read(procedure, value)
        for (procedure, name), value in findings.items()
        if name.startswith(_NAME)
    )


def _read(procedure: str, value: str) -> Leftover:
    told = exact_json.loads(value.encode())
    if not isinstance(told, dict):
        raise TypeError(f"the note of a probe is {told!r:.40}")
    mark, began = told["mark"], told["began_ms"]
    if not isinstance(mark, (str, int)) or not isinstance(began, int):
        raise TypeError(f"the note of a probe has the mark {mark!r:.40}")
    return Leftover(procedure, str(told["attribute"]), mark, began)
