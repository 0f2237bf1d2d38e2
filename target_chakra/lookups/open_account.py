"""The account of a run: its configuration and its users, fetched once, and its procedures."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from chakra_api.account.account import Account, Procedure, resolve_account
from chakra_api.account.people import Directory
from chakra_api.errors import NoAccess, NotFound, Refused, RefusedByMeta, SettingsError
from chakra_api.nearest import nearest
from chakra_api.values.times import SECOND_MS, unit_of
from target_chakra.lookups.open_procedure import OpenProcedure
from target_chakra.mapping.destinations import Destinations, ValueRules

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chakra_api.endpoints.client import ChakraClient
    from chakra_api.endpoints.message_templates import TemplateList
    from chakra_api.whatsapp_account import WhatsAppAccount
    from target_chakra.journal.records import Lately
    from target_chakra.settings import Settings

LOG = logging.getLogger("target-chakra")
ROWS_OF_PROOF = 10
"""Rows whose times say in which unit an account counts them."""


class KnownMedia(Protocol):
    """Knows the addresses of public media, by their content. Safe for many threads."""

    def media(self, scope: str, sha256: str) -> str:
        """The address of a content; empty if it was not uploaded.

        Args:
            scope: Where it was uploaded to.
            sha256: Of the content, hexadecimal.
        """

    def keep_media(self, scope: str, sha256: str, address: str, now_ms: int) -> None:
        """Store the address of a content that was uploaded.

        Raises:
            JournalError: The journal is not this run's any more, or can't be written.
        """


class OpenAccount:
    """The account as a run knows it; nothing of it is asked for twice.

    Args:
        client: Talks to it.
        settings: What the user set.

    Attributes:
        client: Talks to it.
        findings: What earlier runs found out about its procedures, by procedure and name.
        lately: What they wrote just now, each with when lists have caught up.
        known_media: The public media that were uploaded before; None where nothing is.
    """

    def __init__(self, client: ChakraClient, settings: Settings) -> None:
        self.client = client
        self._settings = settings
        self._procedures: dict[str, OpenProcedure] = {}
        self._unit_ms: int | None = None
        self._templates: TemplateList | None = None
        self.findings: Mapping[tuple[str, str], str] = {}
        self.lately: Sequence[tuple[Lately, float]] = ()
        self.known_media: KnownMedia | None = None

    @cached_property
    def configuration(self) -> Account:
        """The account's configuration (contract 4.22)."""
        return resolve_account(self.client.config())

    @cached_property
    def directory(self) -> Directory:
        """Its users; empty if they can't be listed."""
        try:
            users = self.client.users()
        except NoAccess:
            LOG.warning("This key may not list users: assignees can't be checked")
            return Directory.from_users([])
        if users.unsure:
            LOG.warning("%s: assignees can't be checked", "; ".join(users.unsure))
            return Directory.from_users([])
        return Directory.from_users(users.rows)

    def _rules(self, procedure: str) -> ValueRules:
        times = self.configuration.times(self._settings.naive_timezone)
        return ValueRules(
            times=replace(times, unit_ms=self._unit_of_time(procedure)),
            sends_ids=self._settings.assigned_to_format == "id",
            assigns_inactive=self._settings.assign_inactive,
        )

    def _unit_of_time(self, procedure: str) -> int:
        """Milliseconds in the unit of the account's times, as rows of a procedure prove it."""
        if self._unit_ms is None:
            try:
                page = self.client.list_processes(procedure, None, limit=ROWS_OF_PROOF)
            except (NoAccess, NotFound, Refused):
                return 1  # who may not list is told so by the first look-up
            self._unit_ms = unit_of(row.get("createdAt") for row in page.rows)
            if self._unit_ms == SECOND_MS:
                LOG.warning(
                    "The createdAt of this account's rows would all lie before 1973 if they were"
                    " milliseconds: all its times are written as seconds"
                )
        return self._unit_ms or 1

    @property
    def id(self) -> str:
        """The account that the journal's entries are of."""
        return self.configuration.team_id or ""

    @property
    def called(self) -> str:
        """The account as a person knows it: the name of its team, and its id."""
        team = next(iter(self.configuration.collections.get("team", ())), {})
        name = team.get("name")
        named = f"team '{name}'" if isinstance(name, str) and name else "a team without a name"
        return f"{named} ({self.id or 'no id'})"

    def procedure(self, short_id: str) -> OpenProcedure:
        """A procedure, as all work of the run on it shares it."""
        found = self._procedures.get(short_id)
        if found is None:
            destinations = Destinations(
                self.configuration.procedure(short_id), self.directory, self._rules(short_id)
            )
            found = self._procedures[short_id] = OpenProcedure(self.client, destinations)
            found.recall(self.findings, self.lately)
        return found

    @property
    def whatsapp(self) -> WhatsAppAccount:
        """The account's way to WhatsApp."""
        return self._settings.whatsapp

    def message_templates(self, what_for: str) -> TemplateList:
        """All message templates, asked for once.

        Args:
            what_for: What needs them, for the message.

        Raises:
            SettingsError: The settings do not say whose they are, or there is no such owner.
        """
        if self._templates is None:
            owner = self.whatsapp.owner(what_for)
            try:
                self._templates = self.client.templates.list_all(owner)
            except (RefusedByMeta, NotFound) as error:
                raise SettingsError(
                    f"The message templates can't be listed, and {what_for} needs them:"
                    f" {error.cause}",
                    "Check waba_id and api_version of the setting whatsapp",
                ) from error
        return self._templates

    def task_destinations(self, procedure: str, task: str) -> Destinations:
        """Where values of a task may go: its attributes, its status and its assignee.

        Args:
            procedure: ShortId of the procedure that its processes are of.
            task: ShortId of its state task.

        Raises:
            SettingsError: There is no such procedure, or no such state task of it.
        """
        owner = self.configuration.procedure(procedure)
        found = next((each for each in owner.state_tasks if each.short_id == task), None)
        if found is None:
            names = [each.short_id for each in owner.state_tasks]
            near = nearest(task, names)
            raise SettingsError(
                f"There is no state task '{task}' of '{procedure}'"
                + (f" (the nearest one is '{near}')" if near else ""),
                f"The state tasks of '{procedure}' are: {', '.join(names) or 'none'}",
            )
        schema = Procedure(
            found.short_id,
            "",
            found.name,
            found.attributes,
            resolved=bool(found.attributes),
        )
        return Destinations(schema, self.directory, self._rules(procedure))
