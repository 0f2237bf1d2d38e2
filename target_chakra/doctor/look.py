"""One look at a target: its journal, its mapping against the account, look-ups by its keys."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from chakra_api.errors import ChakraError
from chakra_plugin.findings.finding import Finding, Severity
from target_chakra.doctor.journal_findings import journal_findings
from target_chakra.doctor.known_findings import known_findings
from target_chakra.doctor.lookup_findings import lookup_findings
from target_chakra.doctor.mapping_findings import mapped, refused
from target_chakra.history.condition import condition_of
from target_chakra.lookups.open_account import OpenAccount
from target_chakra.storage.engines import legible
from target_chakra.storage.journal_url import parse_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chakra_api.endpoints.client import ChakraClient
    from chakra_api.errors import SettingsError
    from chakra_plugin.findings.asking import Asking
    from target_chakra.doctor.mapping_findings import Mapped
    from target_chakra.history.condition import Condition
    from target_chakra.mapping.row_mapper import RowMapper
    from target_chakra.settings import Settings

CONNECTION: Final = "connection"
MOST_KEYS: Final = 10
"""Keys by which look-ups are proven, at a few requests each."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look found.

    Attributes:
        account: The account that it looked at; empty if that was not reached.
        condition: The journal's.
        findings: Those of one topic stand together.
    """

    account: str
    condition: Condition
    findings: tuple[Finding, ...]


class Look:
    """One look at the target.

    Args:
        settings: What the user set.
        client: Talks to the account.
        asking: Asks several things at a time, within a budget.
        command: What its user types for a subcommand.
        refusal: Why no run would begin with the mapping that is set; None if one would.
    """

    def __init__(
        self,
        settings: Settings,
        client: ChakraClient,
        asking: Asking,
        command: Callable[[str], str],
        refusal: SettingsError | None = None,
    ) -> None:
        self._settings = settings
        self._refusal = refusal
        self._asking = asking
        self._command = command
        self._account = OpenAccount(client, settings)

    def take(self) -> Looked:
        """Look.

        Raises:
            SettingsError: The setting journal means nothing.
            JournalError: The journal can't be read.
        """
        reached, of_account = self._reach()
        condition = condition_of(self._settings.journal, reached or None)
        with legible(parse_url(self._settings.journal)):
            findings = [*of_account, *journal_findings(condition, self._command)]
        if self._refusal is not None:
            findings.append(refused(self._refusal))
        elif reached is not None:
            findings += self._mapping(condition)
        return Looked(reached or "", condition, tuple(_by_topic(findings)))

    def _reach(self) -> tuple[str | None, list[Finding]]:
        """The account, and what is to be said of reaching it; None if it is not reached."""
        asked = self._asking.begin("the configuration", lambda: self._account.configuration)
        try:
            configuration = self._asking.answer(asked)
        except ChakraError as error:
            return None, [_fault(CONNECTION, error)]
        if configuration is None:
            said = "the configuration was not answered in time"
            return None, [Finding(CONNECTION, said, setting="api_url", severity=Severity.FAULT)]
        count = len(configuration.procedures)
        said = f"{self._account.called}, {count:,} {'procedure' if count == 1 else 'procedures'}"
        return self._account.id, [Finding(CONNECTION, said, fact=self._account.id)]

    def _mapping(self, condition: Condition) -> Iterator[Finding]:
        procedure = self._account.procedure
        asked = self._asking.begin(
            "the mapping against the account", lambda: list(mapped(self._settings, procedure))
        )
        try:
            found = self._asking.answer(asked) or []
        except ChakraError as error:
            yield _fault("mapping", error)
            return
        for each in found:
            yield from each.findings
        yield from self._lookups(found)
        procedures = {each.destinations.procedure.short_id: None for each in _mappers(found)}
        for name in procedures:
            with legible(parse_url(self._settings.journal)):
                known = list(known_findings(condition.findings, name, self._command))
            yield from known

    def _lookups(self, found: list[Mapped]) -> Iterator[Finding]:
        keys = {_key(each): None for each in _mappers(found)}
        wanted = [(name, attribute) for name, attribute in keys if attribute is not None]
        if self._settings.compare == "never":
            return
        asked = [
            self._asking.begin(
                f"look-ups in '{name}' by {attribute}",
                partial(self._found_by, name, attribute),
            )
            for name, attribute in wanted[:MOST_KEYS]
        ]
        for (name, attribute), each in zip(wanted, asked, strict=False):
            try:
                yield from self._asking.answer(each) or ()
            except ChakraError as error:
                yield _fault("look-ups", error, f"{name}.{attribute}")
        if more := wanted[MOST_KEYS:]:
            self._asking.left_out.append(f"look-ups by {len(more):,} further keys of the mapping")

    def _found_by(self, name: str, attribute: str) -> list[Finding]:
        return list(lookup_findings(self._account.procedure(name), attribute))


def _mappers(found: list[Mapped]) -> list[RowMapper]:
    return [each.mapper for each in found if each.mapper is not None]


def _key(mapper: RowMapper) -> tuple[str, str | None]:
    return mapper.destinations.procedure.short_id, mapper.columns.attribute


def _fault(topic: str, error: ChakraError, about: str = "") -> Finding:
    return Finding(
        topic,
        error.cause,
        error.next_step,
        severity=Severity.FAULT,
        about=about,
        code=error.exit_code,
    )


def _by_topic(findings: list[Finding]) -> list[Finding]:
    """The findings, those of one topic together, topics in the order that they came in."""
    topics = list(dict.fromkeys(each.topic for each in findings))
    return sorted(findings, key=lambda each: topics.index(each.topic))
