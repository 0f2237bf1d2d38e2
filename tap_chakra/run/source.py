"""Puts the parts together: a client, the account behind it, and the scans of its procedures."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from chakra_api.account.account import Account, Procedure, resolve_account
from chakra_api.account.people import Directory
from chakra_api.connection import connect
from chakra_api.endpoints.answers import UserList, has_id
from chakra_api.endpoints.where import all_of
from chakra_api.errors import ChakraError, NoAccess, NotFound
from chakra_api.transcripts.request_log import request_log
from chakra_api.values.timestamps import iso_ms
from tap_chakra.lists.wanted import declared_schemas
from tap_chakra.naming.column_names import attribute_warnings
from tap_chakra.photos.photo_desk import PhotoThreads, most_at_a_time
from tap_chakra.photos.photo_run import check_procedures
from tap_chakra.photos.wanted import WantedPhotos
from tap_chakra.reading.dense import Cells
from tap_chakra.reading.portions import Portions, in_portions
from tap_chakra.reading.row_times import UnitOfTime
from tap_chakra.reading.updated_filter_probe import filters_on_updated
from tap_chakra.reading.window_reader import LIMIT
from tap_chakra.records.masks import Masks
from tap_chakra.records.stream_names import stream_names
from tap_chakra.run.believed import believed
from tap_chakra.run.believed_clock import BelievedClock
from tap_chakra.run.failures import StreamSettingsError, is_own
from tap_chakra.run.modes import plan_run, wants_probe
from tap_chakra.run.procedure_run import ProcedureRun
from tap_chakra.scanning.crew import Crew
from tap_chakra.scanning.extent import Extent
from tap_chakra.scanning.known import KnownAccount
from tap_chakra.scanning.scan import Listers, Readers, Scan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chakra_api.clock import Clock
    from chakra_api.endpoints.client import ProcessPage, Row
    from chakra_api.endpoints.where import Where
    from chakra_api.transcripts.watched import Watcher
    from chakra_api.values.times import Times
    from tap_chakra.reading.window_reader import Lister
    from tap_chakra.records.stream_names import StreamNames
    from tap_chakra.run.bookmark import Bookmark
    from tap_chakra.run.modes import Selection
    from tap_chakra.run.resume import Beside
    from tap_chakra.scanning.beginning import Beginning
    from tap_chakra.scanning.known import KnownListing
    from tap_chakra.settings import Settings
    from tap_chakra.timeline.coverage import Unfinished

_log = logging.getLogger("tap-chakra")

STATUSES = ("OPEN", "COMPLETED", "CANCELLED")
"""All there are (contract 1.5)."""


def _never_found(_account: Account) -> int | None:
    return None


class Source:
    """One account, as one run sees it: configuration and users are fetched once, when needed.

    Args:
        settings: What the user set.
        clock: The only clock of the run.
        watchers: Told of each request and its answer.
        unfiltered: Says when it was found out of an account that the server does not filter on
            `updatedAt`, epoch milliseconds; None where that is not known.
        known: What another run found out of the account; None to ask for all of it.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        watchers: Sequence[Watcher] = (),
        unfiltered: Callable[[Account], int | None] = _never_found,
        known: KnownAccount | None = None,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._unfiltered = unfiltered
        self.crew = Crew(settings.concurrency, clock.monotonic, lambda: self.client.pace)
        told = (*watchers, self.crew, *request_log(_log))
        self.client = connect(settings.connection, clock, settings.concurrency, told)
        self._known = known
        self._unit = UnitOfTime(None if known is None else known.unit_ms)
        self._believed_clock = BelievedClock(clock, settings.lookback_ms)
        self._doubts: tuple[str, ...] = ()
        self._portions: dict[str, Portions] = {}

    @cached_property
    def account(self) -> Account:
        """The account's configuration (contract 4.22).

        Raises:
            ChakraError: It could not be fetched.
        """
        return resolve_account(self.config)

    @cached_property
    def config(self) -> Row:
        """The same as it came.

        Raises:
            ChakraError: It could not be fetched.
        """
        return self.client.config() if self._known is None else self._known.config

    @property
    def known(self) -> KnownAccount:
        """What this run found out of the account.

        Raises:
            ChakraError: Users can't be listed for a reason that concerns all else, too.
        """
        return KnownAccount(self.config, self.user_rows, self._unit.known)

    @property
    def times(self) -> Times:
        """What times of the account mean; their unit is known once rows were listed."""
        return replace(self.account.times(self.settings.naive_timezone), unit_ms=self._unit.ms)

    @cached_property
    def procedures(self) -> tuple[Procedure, ...]:
        """The procedures to read, in the account's order, under their masks.

        Raises:
            SettingsError: The setting `procedures` names one that does not exist, or a mask means
                nothing.
        """
        wanted = self.settings.procedures
        if wanted:
            chosen = tuple(self.account.procedure(short_id) for short_id in wanted)
        else:
            chosen = self.account.procedures
        return tuple(map(self.masks.procedure, chosen))

    @cached_property
    def masks(self) -> Masks:
        """What of each stream must not leave in the clear.

        Raises:
            SettingsError: A mask means nothing in this account, or what can't be masked so.
        """
        lists, webhooks = declared_schemas(self.settings), self.settings.webhooks
        return Masks(self.settings.mask, self.account, self.names, webhooks, lists)

    @cached_property
    def names(self) -> StreamNames:
        """What the streams are called; no loader takes two for one."""
        return stream_names(self.account)

    @property
    def streams(self) -> Mapping[str, str]:
        """The name of each procedure's stream, by shortId."""
        return self.names.processes

    @cached_property
    def name_warnings(self) -> list[str]:
        """A sentence for each two names that loaders take for one, and for each that was made."""
        said = list(self.names.warnings)
        for procedure in self.procedures:
            said += attribute_warnings(procedure, self.settings.column_names)
        return said

    @cached_property
    def _users_v1(self) -> UserList:
        return self.client.users(version=1)

    def listed_users(self, doubts: list[str]) -> tuple[list[Row], list[Row]]:
        """All users as v1 shows them, and as v2 does; the latter empty where it is refused.

        Those without a usable id are left out.

        Args:
            doubts: Takes why users may be missing, or not told apart.

        Raises:
            ChakraError: They can't be listed.
        """
        lists = [self._users_v1]
        with suppress(NoAccess, NotFound):
            lists.append(self.client.users(version=2))
        doubts += dict.fromkeys(why for each in lists for why in each.unsure)
        v1, v2 = ([row for row in each.rows if has_id(row)] for each in (*lists, UserList([]))[:2])
        return v1, v2

    @cached_property
    def directory(self) -> Directory:
        """Users by id and by username; empty where the key's role may not list them."""
        return Directory.from_users(self.user_rows)

    @cached_property
    def user_rows(self) -> list[Row]:
        """All users as v1 shows them; none where they can't be listed.

        Raises:
            ChakraError: They can't be listed for a reason that concerns all else, too.
        """
        if self._known is not None and self._known.user_rows is not None:
            return self._known.user_rows
        try:
            users = self._users_v1
        except (NoAccess, NotFound) as refusal:
            _log.warning(
                "This key may not list the users (%s): assignedToUsername is empty", refusal.brief
            )
        except ChakraError as error:
            if not is_own(error, self.answers):
                raise
            self._doubts = (f"the users could not be listed ({error.brief})",)
            _log.warning(
                "The users could not be listed (%s): assignedToUsername is empty, and no bookmark"
                " moves, so that the next run emits these rows again",
                error.brief,
            )
        else:
            self._doubts = users.unsure
            return users.rows
        return []

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why rows may be without the name of whom they are assigned to; known with `user_rows`."""
        return self._doubts

    def answers(self) -> bool:
        """Whether ChakraHQ still answers what every run asks for first."""
        try:
            self.client.config()
        except ChakraError:
            return False
        return True

    @cached_property
    def executor(self) -> ThreadPoolExecutor:
        """Runs the readers."""
        return ThreadPoolExecutor(self.settings.concurrency, thread_name_prefix="reader")

    @cached_property
    def photos(self) -> WantedPhotos:
        """What has the photos that rows name.

        Raises:
            SettingsError: The setting names a procedure that is not read, or names no photos.
        """
        wanted, settings = self.settings.photos, self.settings
        check_procedures(wanted, self.procedures)
        most = most_at_a_time(wanted.most_bytes, settings.concurrency)
        threads = PhotoThreads(self.executor, most, self.answers)
        return WantedPhotos(wanted, self.client.photos.fetch, threads, self._clock.now)

    def lister(
        self, procedure: Procedure, *, heads: bool = False, where: Where | None = None
    ) -> Lister:
        """Lists the processes of a procedure; with `heads`, most fields are in the body alone.

        With `where`, those that it finds.
        """
        lists = self.client.list_heads if heads else self.client.list_processes
        listed = partial(lists, procedure.short_id)
        portions = self._portions_of(procedure)
        told = partial(_told, partial(in_portions, listed, portions), self._unit)
        return told if where is None else partial(_filtered, told, where)

    def _portions_of(self, procedure: Procedure) -> Portions:
        """How many rows of a procedure to ask for at a time."""
        return self._portions.setdefault(procedure.short_id, Portions(self.settings.concurrency))

    def scan(
        self,
        procedure: Procedure,
        selection: Selection,
        unfinished: Unfinished | None,
        *,
        heads_only: bool = False,
        known: KnownListing | None = None,
    ) -> Scan:
        """A scan of what a run reads of a procedure, not opened yet.

        With `heads_only`, most fields of a row are in the body of its page alone, if it has one.
        With `known`, of a part of a listing of which that is known.
        """
        where = selection.where
        whole = self.lister(procedure, where=where)
        few = self.lister(procedure, heads=heads_only, where=where)
        return Scan(
            Listers(whole, few),
            Readers(self.executor, self.crew, self._portions_of(procedure)),
            cells=self._cells(procedure),
            extent=Extent(
                selection.lower, selection.where is not None, unfinished, selection.upper, known
            ),
            begins=self.begins,
        )

    def begins(self, said: int | None) -> Beginning:
        """When a scan began whose first answer says that time; None if it says none."""
        return self._believed_clock.beginning(said)

    def procedure_run(
        self,
        procedure: Procedure,
        before: Bookmark,
        *,
        full_table: bool,
        beside: Beside,
        heads_only: bool = False,
    ) -> ProcedureRun:
        """A run of a procedure, not opened yet.

        Args:
            procedure: What to read.
            before: How far its stream is.
            full_table: Whether everything is to be emitted.
            beside: What goes out beside the records.
            heads_only: Whether most fields of a row are to be had in the body of its page alone.

        Raises:
            StreamSettingsError: `change_detection` is `server`, which this server does not offer.
            ChakraError: Nothing else is answered either.
        """
        _ = self.user_rows  # known by then: the server's time, and whether something is in doubt
        now = self._believed_clock.earlier(self.client.server_now)
        before, doubt = believed(before, now, self.settings.lookback_ms)
        if doubt:
            _log.warning("%s: %s", self.streams[procedure.short_id], doubt)
        filters = self._filters_on_updated(procedure, before, full_table=full_table)
        plan = plan_run(self.settings, before, now=now, full_table=full_table, server=filters)
        if plan.said:
            _log.warning("%s: %s", self.streams[procedure.short_id], plan.said)
        opens = partial(self.scan, procedure, heads_only=heads_only)
        return ProcedureRun(plan, before, opens=opens, beside=beside, doubts=self._doubts)

    def _filters_on_updated(
        self, procedure: Procedure, before: Bookmark, *, full_table: bool
    ) -> bool:
        if not wants_probe(self.settings, before, full_table=full_table):
            return False
        if self.settings.change_detection == "auto" and self._known_unfiltered:
            return False
        lister = self.lister(procedure)
        proven = filters_on_updated(lister, lister(None))
        if not proven and self.settings.change_detection == "server":
            raise StreamSettingsError(
                f"change_detection is server, but a probe of '{procedure.short_id}' did not prove"
                " that this server filters on updatedAt",
                "Set change_detection to auto or scan",
            )
        return proven

    @cached_property
    def _known_unfiltered(self) -> bool:
        """Whether it was found out before that the server does not filter on `updatedAt`."""
        found = self._unfiltered(self.account)
        if found is not None:
            _log.info(
                "Whether ChakraHQ filters on updatedAt is not asked: doctor found on %s that it"
                " does not",
                iso_ms(found)[:10],
            )
        return found is not None

    def _cells(self, procedure: Procedure) -> Cells:
        states = tuple(state.short_id for state in procedure.states)
        usernames = self.directory.usernames
        cells = [("status", STATUSES), ("state", states), ("assignedTo", usernames)]
        return Cells(tuple((name, values) for name, values in cells if values))

    def close(self) -> None:
        """Let go of threads and connections without waiting for answers."""
        self.executor.shutdown(wait=False, cancel_futures=True)
        self.client.close()


def _told(
    lister: Lister, unit: UnitOfTime, where: Where | None, *, skip: int = 0, limit: int = LIMIT
) -> ProcessPage:
    """As `lister`, with rows that know the unit of their times."""
    return unit.told(lister(where, skip=skip, limit=limit))


def _filtered(
    lister: Lister, extra: Where, where: Where | None, *, skip: int = 0, limit: int = LIMIT
) -> ProcessPage:
    """As `lister`, with one more filter."""
    return lister(all_of(where or {}, extra), skip=skip, limit=limit)
