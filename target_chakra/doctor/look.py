"""One look at a target: its journal, its mapping against the account, look-ups by its keys."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from chakra_api.account.role import Seen, role_of
from chakra_api.errors import ChakraError, JournalError
from chakra_api.values.counts import counted
from chakra_plugin.findings.finding import Finding, fault
from chakra_plugin.findings.first_answer import CONNECTION, reached
from chakra_plugin.findings.role_findings import role_finding
from target_chakra.doctor.journal_findings import journal_findings
from target_chakra.doctor.known_findings import known_findings
from target_chakra.doctor.lookup_findings import uniqueness, way_finding
from target_chakra.doctor.mapping_findings import mapped, refused
from target_chakra.history.condition import Condition, condition_of
from target_chakra.lookups.key_lookups import PAGE, Way
from target_chakra.lookups.open_account import OpenAccount
from target_chakra.storage.engines import legible
from target_chakra.storage.journal_url import parse_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from chakra_api.endpoints.client import ChakraClient, ProcessPage, Row
    from chakra_api.errors import SettingsError
    from chakra_plugin.findings.asking import Asked, Asking
    from target_chakra.doctor.mapping_findings import Mapped
    from target_chakra.mapping.row_mapper import RowMapper
    from target_chakra.settings import Settings

MOST_KEYS: Final = 10
"""Keys by which look-ups are proven, at a few requests each, and procedures that are listed."""
MOST_UNMAPPED: Final = 3
"""Procedures that are listed where no mapping names one."""
USER_ROLE: Final = (
    "What is assigned to others or to nobody is not found: its rows are created once more, or end"
    " as unknown. Use a key of role type Manager or Admin"
)


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
        self._client = client
        self._command = command
        self._account = OpenAccount(client, settings)

    def take(self) -> Looked:
        """Look.

        Raises:
            SettingsError: The setting journal means nothing.
        """
        account, findings = self._reach()
        try:
            condition = condition_of(self._settings.journal, account or None)
            with legible(parse_url(self._settings.journal)):
                findings += journal_findings(condition, self._command)
        except JournalError as error:
            condition = Condition(self._settings.journal)
            findings.append(fault("journal", error))
        if self._refusal is not None:
            findings.append(refused(self._refusal))
        elif account is not None:
            findings += self._mapping(condition)
        return Looked(account or "", condition, tuple(_by_topic(findings)))

    def _reach(self) -> tuple[str | None, list[Finding]]:
        """The account, and what is to be said of reaching it; None if it is not reached."""
        configuration = reached(self._asking, lambda: self._account.configuration)
        if isinstance(configuration, Finding):
            return None, [configuration]
        said = f"{self._account.called}, {counted(len(configuration.procedures), 'procedure')}"
        return self._account.id, [Finding(CONNECTION, said, fact=self._account.id)]

    def _mapping(self, condition: Condition) -> Iterator[Finding]:
        asked = self._asking.begin(
            "the mapping against the account", lambda: list(mapped(self._settings, self._account))
        )
        try:
            found = self._asking.answer(asked)
        except ChakraError as error:
            yield fault("mapping", error)
            return
        if found is None:
            return
        for each in found:
            yield from each.findings
        yield from self._lookups(found)
        procedures = {each.destinations.procedure.short_id: None for each in _mappers(found)}
        for name in procedures:
            try:
                with legible(parse_url(self._settings.journal)):
                    known = list(known_findings(condition.findings, name, self._command))
            except JournalError as error:
                known = [fault("journal", error, name)]
            yield from known

    def _lookups(self, found: list[Mapped]) -> Iterator[Finding]:
        """What lists show of the procedures, and how their processes are looked up by each key."""
        keys = {_key(each): None for each in _mappers(found)}
        listed = self._begin_lists(list(dict.fromkeys(name for name, _ in keys)))
        wanted = [(name, attribute) for name, attribute in keys if attribute is not None]
        if self._settings.compare == "never":
            wanted = []
        asked = [
            self._asking.begin(
                f"look-ups in '{name}' by {attribute}",
                self._account.procedure(name).lookups(attribute).prove,
            )
            for name, attribute in wanted[:MOST_KEYS]
        ]
        pages = self._pages(listed)
        procedure = self._account.configuration.procedure
        if pages:
            role = role_of(Seen(procedure(name), rows) for name, rows in pages.items())
            yield role_finding(role, USER_ROLE)
        for (name, attribute), each in zip(wanted, asked, strict=False):
            yield from self._found_by(name, attribute, each, pages.get(name, ()))
        if more := wanted[MOST_KEYS:]:
            self._asking.left_out.append(f"look-ups by {len(more):,} further keys of the mapping")

    def _begin_lists(self, names: list[str]) -> dict[str, Asked[ProcessPage]]:
        """Ask for a page of each procedure; without a mapping of a few that the account has."""
        if not names:
            procedures = self._account.configuration.procedures[:MOST_UNMAPPED]
            names = [each.short_id for each in procedures]
        return {
            name: self._asking.begin(
                f"rows of '{name}'", partial(self._client.list_processes, name, None, limit=PAGE)
            )
            for name in names[:MOST_KEYS]
        }

    def _pages(self, listed: Mapping[str, Asked[ProcessPage]]) -> dict[str, list[Row]]:
        """The rows that came; what refuses to list is told by the look-ups."""
        pages = {}
        for name, asked in listed.items():
            with suppress(ChakraError):
                if (page := self._asking.answer(asked)) is not None:
                    pages[name] = page.rows
        return pages

    def _found_by(
        self, name: str, attribute: str, asked: Asked[Way], rows: Sequence[Row]
    ) -> Iterator[Finding]:
        procedure, about = self._account.procedure(name), f"{name}.{attribute}"
        try:
            way = self._asking.answer(asked)
        except ChakraError as error:
            yield fault("look-ups", error, about)
            return
        if way is None:
            return
        yield way_finding(about, way)
        if attribute != "id" and way is not Way.EMPTY:
            yield from uniqueness(procedure, attribute, rows)


def _mappers(found: list[Mapped]) -> list[RowMapper]:
    return [each.mapper for each in found if each.mapper is not None]


def _key(mapper: RowMapper) -> tuple[str, str | None]:
    return mapper.destinations.procedure.short_id, mapper.columns.attribute


def _by_topic(findings: list[Finding]) -> list[Finding]:
    """The findings, those of one topic together, topics in the order that they came in."""
    topics = list(dict.fromkeys(each.topic for each in findings))
    return sorted(findings, key=lambda each: topics.index(each.topic))
