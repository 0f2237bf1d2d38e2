"""A look is kept as the receipt of its own run in the journal, and a later one compares itself.

Nothing else of the journal is touched: one of an earlier version stays that, and one that a run
holds is that run's alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from chakra_api.errors import ChakraError
from chakra_plugin.findings.comparison import differences
from chakra_plugin.findings.finding import Finding
from chakra_plugin.findings.page import Since
from target_chakra.history.condition import NEWEST
from target_chakra.journal.journal import Journal
from target_chakra.journal.records import RunKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chakra_api.exit_codes import ExitCode
    from target_chakra.doctor.look import Looked
    from target_chakra.history.condition import EarlierLook

_FINDINGS: Final = "findings"


@dataclass(frozen=True, slots=True)
class Keeper:
    """What keeps a look.

    Attributes:
        journal: SQLAlchemy URL.
        owner: Names this run to another that wants the journal.
        began_ms: When it began, by our clock, epoch milliseconds.
        ended_ms: When it ended, by the same.
    """

    journal: str
    owner: str
    began_ms: int
    ended_ms: int

    def keep(self, looked: Looked, code: ExitCode) -> str:
        """Keep a look; why it is not kept, empty if it is."""
        condition = looked.condition
        if not looked.account:
            return "the account was not reached"
        if condition.held:
            return "a run holds the journal"
        if condition.version not in (0, NEWEST):
            return f"the journal has version {condition.version}, and looking does not change that"
        try:
            self._store(looked, code)
        except ChakraError as error:
            return error.cause
        return ""

    def _store(self, looked: Looked, code: ExitCode) -> None:
        journal = Journal(self.journal)
        try:
            journal.hold()
            journal.begin_run(looked.account, self.owner, self.began_ms, RunKind.DOCTOR)
            journal.end_run(receipt_of(looked.findings), int(code), self.ended_ms)
        finally:
            journal.close()


def receipt_of(findings: Sequence[Finding]) -> dict[str, object]:
    """What is kept of a look."""
    return {_FINDINGS: msgspec.to_builtins(findings)}


def since(before: EarlierLook | None, found: Sequence[Finding]) -> Since | None:
    """What has changed since the look before; None if there was none that can be read.

    Args:
        before: The look before.
        found: What is found now.
    """
    if before is None:
        return None
    try:
        kept = msgspec.convert(before.receipt.get(_FINDINGS), tuple[Finding, ...])
    except msgspec.ValidationError:
        return None
    return Since(before.at, tuple(differences(kept, found)))
