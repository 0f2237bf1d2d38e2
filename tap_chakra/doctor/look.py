"""One look at an account: what is asked, in which order, and what is left out where it is large."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from chakra_api.account.people import Directory
from chakra_api.account.role import Seen, role_of
from chakra_api.errors import ChakraError, SettingsError
from chakra_plugin.findings.asking import Asking
from chakra_plugin.findings.finding import Finding, Severity, fault
from chakra_plugin.findings.first_answer import reached
from chakra_plugin.findings.role_findings import role_finding
from tap_chakra.doctor.access import (
    procedure_findings,
    share_finding,
    user_finding,
)
from tap_chakra.doctor.fitting import (
    choice_findings,
    fit_findings,
    key_findings,
    type_findings,
)
from tap_chakra.doctor.place import account_mark
from tap_chakra.doctor.probes import key_probes, server_probes
from tap_chakra.doctor.row_forms import form_findings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chakra_api.account.account import Procedure
    from chakra_api.endpoints.answers import ProcessPage
    from chakra_api.endpoints.client import Row, UserList
    from chakra_plugin.findings.asking import Asked
    from chakra_plugin.findings.budget import Budget
    from chakra_plugin.findings.measures import Measures
    from tap_chakra.run.source import Source

USER_ROLE: Final = (
    "What is assigned to others or to nobody is missing, without any sign: use a key of role type"
    " Manager or Admin"
)
MOST_LISTED: Final = 16
"""Procedures of which rows are looked at; of more, those that come first."""


@dataclass(frozen=True, slots=True)
class Watches:
    """What watches the requests of a look.

    Attributes:
        budget: Keeps it short.
        measures: Measures its answers.
    """

    budget: Budget
    measures: Measures


@dataclass(frozen=True, slots=True)
class Looked:
    """What one look found.

    Attributes:
        account: What tells the account from others, and says nothing of it; empty where that is
            not known.
        findings: Those of one topic stand together.
        left_out: What was not looked at, in words.
    """

    account: str
    findings: tuple[Finding, ...]
    left_out: tuple[str, ...]


def look(source: Source, watches: Watches) -> Looked:
    """Look at the account behind the settings."""
    source.client = source.client.impatient()
    asking = Asking(watches.budget)
    try:
        account, findings = _looked(source, asking)
        way = watches.measures.findings(source.settings.lookback_ms / 1000)
        return Looked(account, (*findings, *way), tuple(asking.left_out))
    finally:
        asking.close()


def _looked(source: Source, asking: Asking) -> tuple[str, list[Finding]]:
    """What tells the account from others, and what is found about it."""
    found = reached(asking, lambda: source.account)
    if isinstance(found, Finding):
        return "", [found]
    account = account_mark(source.settings.connection.api_url, found)
    try:
        chosen = source.procedures
    except SettingsError as error:
        return account, [fault("settings", error)]
    return account, list(_Look(source, asking).findings(chosen))


class _Look:
    def __init__(self, source: Source, asking: Asking) -> None:
        self._source = source
        self._asking = asking
        self._pages: dict[str, ProcessPage] = {}

    def findings(self, procedures: Sequence[Procedure]) -> Iterator[Finding]:
        chosen = self._chosen(procedures)
        users = self._asking.begin("the users", partial(self._source.client.users, version=1))
        listed = [(each, self._first_page(each)) for each in chosen]
        people, refusal = self._users(users)
        refused = self._read(listed)
        seen = [
            Seen(each, self._pages[each.short_id].rows)
            for each in chosen
            if each.short_id in self._pages
        ]
        role = role_of(seen)
        shares = self._begin_shares(seen, people) if role.only else []
        probes = self._begin_probes(seen)
        unanswered = len(chosen) - len(seen) - len(refused)
        yield from procedure_findings(list(self._pages), refused, unanswered)
        yield user_finding(people, refusal)
        if seen:
            yield role_finding(role, USER_ROLE)
        for probe in (*shares, *probes):
            yield from self._probed(probe)
        yield from self._of_rows(seen, Directory.from_users([] if people is None else people.rows))

    def _begin_probes(self, seen: Sequence[Seen]) -> list[Asked[list[Finding]]]:
        """Ask how lists and filters behave: of the procedure with most rows, and of each key."""
        asked = []
        if any(each.rows for each in seen):
            most = max(seen, key=lambda each: len(each.rows))
            page = self._pages[most.procedure.short_id]
            lister = self._source.lister(most.procedure)
            for what, ask in server_probes(most.procedure, lister, page, self._source.executor):
                asked.append(self._asking.begin(what, ask))
        for each in seen:
            lister = self._source.lister(each.procedure)
            for what, ask in key_probes(each, lister):
                asked.append(self._asking.begin(what, ask))
        return asked

    def _probed(self, asked: Asked[list[Finding]]) -> Iterator[Finding]:
        try:
            yield from self._asking.answer(asked) or ()
        except ChakraError as error:
            yield Finding(
                "not found out",
                f"{asked.what}: the requests failed ({error.brief})",
                "Run doctor again at a quieter time",
                severity=Severity.WARNING,
            )

    def _of_rows(self, seen: Sequence[Seen], directory: Directory) -> Iterator[Finding]:
        if not seen:
            return
        yield from form_findings(seen, directory, self._source.times.unit_ms)
        yield from type_findings(each.procedure for each in seen)
        for each in seen:
            yield from key_findings(each)
        for each in seen:
            yield from choice_findings(each)
        for each in seen:
            yield from fit_findings(each, directory, self._source.times)

    def _chosen(self, procedures: Sequence[Procedure]) -> Sequence[Procedure]:
        if len(procedures) > MOST_LISTED:
            self._asking.left_out.append(
                f"{len(procedures) - MOST_LISTED:,} of {len(procedures):,} procedures: the setting"
                " procedures chooses which are looked at"
            )
        # As the account has them: a mask changes what leaves, and nothing leaves but shapes.
        account = self._source.account
        return [account.procedure(each.short_id) for each in procedures[:MOST_LISTED]]

    def _first_page(self, procedure: Procedure) -> Asked[ProcessPage]:
        what = f"rows of '{procedure.short_id}'"
        return self._asking.begin(what, partial(self._source.lister(procedure), None))

    def _users(self, asked: Asked[UserList]) -> tuple[UserList | None, ChakraError | None]:
        try:
            return self._asking.answer(asked), None
        except ChakraError as error:
            return None, error

    def _read(
        self, listed: Sequence[tuple[Procedure, Asked[ProcessPage]]]
    ) -> list[tuple[str, ChakraError]]:
        """Wait for first pages; the procedures that can't be read, with the reasons."""
        refused: list[tuple[str, ChakraError]] = []
        for procedure, asked in listed:
            try:
                page = self._asking.answer(asked)
            except ChakraError as error:
                refused.append((procedure.short_id, error))
                continue
            if page is not None:
                self._pages[procedure.short_id] = page
        return refused

    def _begin_shares(
        self, seen: Sequence[Seen], people: UserList | None
    ) -> list[Asked[list[Finding]]]:
        """Ask how many rows a key sees that likely does not see all."""
        users = [] if people is None else people.rows
        return [
            self._asking.begin(
                f"how many rows of '{each.procedure.short_id}' are seen",
                partial(self._share, each.procedure.short_id, users),
            )
            for each in seen
            if each.rows
        ]

    def _share(self, short_id: str, users: Sequence[Row]) -> list[Finding]:
        lister = self._source.lister(self._source.account.procedure(short_id))
        return [share_finding(short_id, lister, self._pages[short_id], users)]
