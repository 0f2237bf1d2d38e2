"""A write probe as a run of its own: it holds the journal, notes in it, and keeps what it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.exit_codes import ExitCode, gravest
from target_chakra.journal.journal import Journal
from target_chakra.journal.records import RunKind
from target_chakra.lookups.open_account import OpenAccount
from target_chakra.storage.engines import legible
from target_chakra.storage.journal_url import parse_url
from target_chakra.write_probe.leftovers import leftovers_of
from target_chakra.write_probe.made_up import made_up
from target_chakra.write_probe.preparing import EarlierProbes
from target_chakra.write_probe.workbench import Workbench
from target_chakra.write_probe.write_probe import WriteProbe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chakra_api.clock import Clock
    from chakra_api.endpoints.client import ChakraClient
    from chakra_plugin.findings.finding import Finding
    from target_chakra.settings import Settings

LONGEST_WAIT: Final = 60.0
"""Seconds for a job of one row to end, or for a list to show it; less if the settings say so."""
_DRAWS: Final = 900
"""Numbers that are drawn from, of a thousand: a probe makes a few marks that follow each other."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a write probe is given by the command that begins it.

    Attributes:
        client: Talks to the account.
        clock: The only clock.
        owner: Names this run to another that wants the journal.
        stopped: Whether an end was asked for.
    """

    client: ChakraClient
    clock: Clock
    owner: str
    stopped: Callable[[], bool]


class ProbeRun:
    """A write probe of one procedure.

    Args:
        settings: What the user set.
        given: What the command gives.
        procedure: Its shortId.

    Raises:
        SettingsError: There is no such procedure, or it can't be probed.
        ChakraError: The account can't be read.
    """

    def __init__(self, settings: Settings, given: Surroundings, procedure: str) -> None:
        self._settings = settings
        self._given = given
        self._account = OpenAccount(given.client, settings)
        self._procedure = self._account.procedure(procedure)
        self._began_ms = int(given.clock.now() * 1000)
        number = self._began_ms * 1000 + int(given.clock.random() * _DRAWS)
        made_up(self._procedure.destinations, number)
        self._number = number

    @property
    def account_id(self) -> str:
        """The account that is probed."""
        return self._account.id

    @property
    def account_called(self) -> str:
        """The same, as a person knows it."""
        return self._account.called

    def run(self, receipt: Callable[[Sequence[Finding]], dict[str, object]]) -> list[Finding]:
        """Probe; what was found.

        Args:
            receipt: Makes of it what the journal keeps.

        Raises:
            JournalError: The journal can't be held or written.
            ChakraError: Nothing was begun.
        """
        journal = Journal(self._settings.journal)
        try:
            journal.hold()
            journal.begin_run(self._account.id, self._given.owner, self._began_ms, RunKind.PROBE)
            return self._kept(journal, receipt)
        finally:
            journal.close()

    def _kept(
        self, journal: Journal, receipt: Callable[[Sequence[Finding]], dict[str, object]]
    ) -> list[Finding]:
        found: list[Finding] = []
        code = ExitCode.BUG
        try:
            self._probe(journal, found)
            code = gravest(each.code for each in found)
        finally:
            told = {"procedure": self._procedure.name, **receipt(found)}
            journal.end_run(told, int(code), int(self._given.clock.now() * 1000))
        return found

    def _probe(self, journal: Journal, found: list[Finding]) -> None:
        known = journal.findings()
        with legible(parse_url(self._settings.journal)):
            self._procedure.recall(known, ())
            notes = leftovers_of(known)
        patience = self._settings.patience
        over = self._began_ms - int((patience.horizon + patience.job_timeout) * 1000)
        earlier = EarlierProbes(lambda name: self._bench(name, journal), journal, over)
        found.extend(earlier.cleared(notes))
        bench = self._bench(self._procedure.name, journal)
        probe = WriteProbe(bench, journal, self._number, self._began_ms)
        found.extend(probe.findings())

    def _bench(self, procedure: str, journal: Journal) -> Workbench:
        given = self._given
        return Workbench(
            given.client,
            self._account.procedure(procedure),
            given.clock,
            journal.look,
            given.stopped,
            min(LONGEST_WAIT, self._settings.patience.job_timeout),
        )
