"""Puts the parts together: a client, the account behind it, and the scans of its procedures."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from typing import TYPE_CHECKING

from chakra_api.account import Account, Procedure, resolve_account
from chakra_api.connection import connect
from chakra_api.errors import NoAccess, NotFound
from chakra_api.people import Directory
from tap_chakra.dense import Cells
from tap_chakra.scan import Extent, Readers, Scan

if TYPE_CHECKING:
    from chakra_api.client import Row
    from chakra_api.clock import Clock
    from tap_chakra.settings import Settings

STATUSES = ("OPEN", "COMPLETED", "CANCELLED")
"""All there are (contract 1.5)."""


class Source:
    """One account, as one run sees it: configuration and users are fetched once, when needed.

    Args:
        settings: What the user set.
        clock: The only clock of the run.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self.client = connect(settings.connection, clock, settings.concurrency)

    @cached_property
    def account(self) -> Account:
        """The account's configuration (contract 4.22).

        Raises:
            ChakraError: It could not be fetched.
        """
        return resolve_account(self.client.config())

    @cached_property
    def procedures(self) -> tuple[Procedure, ...]:
        """The procedures to read, in the account's order.

        Raises:
            SettingsError: The setting `procedures` names one that does not exist.
        """
        wanted = self.settings.procedures
        if not wanted:
            return self.account.procedures
        return tuple(self.account.procedure(short_id) for short_id in wanted)

    @cached_property
    def _users_v1(self) -> list[Row]:
        return self.client.users(version=1)

    @property
    def users(self) -> tuple[list[Row], list[Row]]:
        """All users as v1 shows them, and as v2 does; the latter empty where it is refused."""
        try:
            return self._users_v1, self.client.users(version=2)
        except (NoAccess, NotFound):
            return self._users_v1, []

    @cached_property
    def directory(self) -> Directory:
        """Users by id and by username; empty where the key's role may not list them."""
        try:
            return Directory.from_users(self._users_v1)
        except NoAccess:
            return Directory.from_users([])

    @cached_property
    def _executor(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.settings.concurrency, thread_name_prefix="reader")

    def scan(self, procedure: Procedure) -> Scan:
        """A scan of a procedure, not opened yet."""
        return Scan(
            partial(self.client.list_processes, procedure.short_id),
            Readers(self._executor, self.settings.concurrency),
            cells=self._cells(procedure),
            extent=Extent(self.settings.created_after),
            local_time=lambda: int(self._clock.now() * 1000),
        )

    def _cells(self, procedure: Procedure) -> Cells:
        states = tuple(state.short_id for state in procedure.states)
        usernames = self.directory.usernames
        cells = [("status", STATUSES), ("state", states), ("assignedTo", usernames)]
        return Cells(tuple((name, values) for name, values in cells if values))

    def close(self) -> None:
        """Let go of threads and connections without waiting for answers."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        self.client.close()
