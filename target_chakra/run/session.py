"""One run from beginning to end: journal, account, writer, mirrors, receipt, exit code."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import orjson

from chakra_api.account.account import Account, resolve_account
from chakra_api.account.people import Directory
from chakra_api.connection import connect
from chakra_api.errors import ChakraError, JournalError, NoAccess, SettingsError
from chakra_api.redaction import redact_logs
from target_chakra.books.dry_run import preview_lines
from target_chakra.books.receipt import Cost, Receipt
from target_chakra.changes import Mode, deletion_of
from target_chakra.context import RunContext
from target_chakra.lifecycle import SETTLED, Outcome
from target_chakra.lookups.open_procedure import OpenProcedure
from target_chakra.mapping.destinations import Destinations
from target_chakra.mapping.row_mapper import RowMapper
from target_chakra.mapping.table_hints import hinted
from target_chakra.planning.plan import Rules
from target_chakra.run.progress import Reporter
from target_chakra.run.wiring import Hooks, StandIns
from target_chakra.run.writer import Writer
from target_chakra.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from chakra_api.clock import Clock
    from target_chakra.books.rejects_file import RejectsFile
    from target_chakra.journal.line_ranges import LineRanges
    from target_chakra.journal.reports import RejectLine
    from target_chakra.mapping.table_hints import Hints
    from target_chakra.settings import Settings

State = TypeVar("State")

LOG = logging.getLogger("target-chakra")
LANDING_SECONDS = 20.0
"""After a signal: how long to wait for what is in flight before leaving it to the next run."""
SPARE_THREADS = 5
"""Beside the jobs: look-ups and what reads back."""


class Session(Generic[State]):
    """One run.

    Args:
        settings: What the user set.
        clock: The only clock of the run.
        emit: Passes a STATE on.
        holder: Names this run to another that wants the journal.
        stand_ins: What a test puts in place of the network, threads and disk.

    Raises:
        ChakraError: The journal can't be held, or the account can't be read.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        emit: Callable[[State], None],
        holder: str,
        stand_ins: StandIns | None = None,
    ) -> None:
        self.settings = settings
        redact_logs(settings.connection.api_key)
        self._clock = clock
        self._began = clock.monotonic()
        threads = settings.concurrency + SPARE_THREADS
        ins = stand_ins or StandIns()
        self.client = ins.client or connect(settings.connection, clock, threads)
        self._workers: Workers[Any] = Workers(clock, ins.crew(threads))
        self._desks: dict[str, OpenProcedure] = {}
        self._streams: dict[str, RowMapper] = {}
        self._columns: dict[str, Sequence[str]] = {}
        self._versions: dict[str, object] = {}
        self._bookmarked: set[str] = set()
        self.stopped: Callable[[], bool] = lambda: False
        self.ending: Callable[[], None] = lambda: None
        """Called when every row has its outcome, before the receipt is stored."""
        self.print_receipt: Callable[[str], None] = lambda line: print(line, file=sys.stderr)  # noqa: T201 - the account of a run
        self.is_partial = False
        """Whether this run says nothing of what exists: it only deletes, or sends rejects again."""
        self.error: ChakraError | None = None
        """What stopped the run."""
        self.load = ""
        self.load_complete = False
        """Whether every file of the load that this run works on is settled."""
        self.last_receipt: dict[str, object] = {}
        self._rejects: RejectsFile | None = None
        self.journal = ins.journal(settings.journal)
        try:
            self._begin(emit, holder, ins)
        except BaseException:
            self.close()
            raise

    def _begin(self, emit: Callable[[State], None], holder: str, ins: StandIns) -> None:
        settings, clock = self.settings, self._clock
        self.journal.hold()
        now = int(clock.now() * 1000)
        self.run_id = self.journal.begin_run(self.account_id, holder, now)
        self.journal.clear(now - int(settings.retention_days * 86_400_000))
        self._rejects = ins.rejects(settings.rejects_path) if settings.rejects_path else None
        context = RunContext(self.journal, self._workers, clock, settings, self.desk)
        hooks = Hooks(emit, lambda: self.stopped(), self._beat)  # noqa: PLW0108 - it is set later
        self.writer = Writer(context, hooks, self._rejects)
        self._reporter = Reporter(clock)
        self.writer.recover()

    def serve(self, load: str) -> dict[str, LineRanges]:
        """This run works on a load; the lines of its files that are settled already."""
        self.load = load
        self.journal.serve(load)
        return self.journal.settled_lines(load)

    # The account

    @cached_property
    def account(self) -> Account:
        """The account's configuration, fetched once (contract 4.22)."""
        return resolve_account(self.client.config())

    @cached_property
    def _directory(self) -> Directory:
        try:
            return Directory.from_users(self.client.users())
        except NoAccess:
            LOG.warning("This key may not list users: assignees can't be checked")
            return Directory.from_users([])

    @property
    def account_id(self) -> str:
        """The account that the journal's entries are of."""
        return self.account.team_id or ""

    def desk(self, procedure: str) -> OpenProcedure:
        """What the work on a procedure needs."""
        found = self._desks.get(procedure)
        if found is None:
            destinations = Destinations(
                self.account.procedure(procedure),
                self._directory,
                sends_ids=self.settings.assigned_to_format == "id",
            )
            found = self._desks[procedure] = OpenProcedure(self.client, destinations)
        return found

    # Streams

    def open_stream(self, stream: str, columns: Sequence[str], hints: Hints | None = None) -> None:
        """A stream is about to come: compile its mapping.

        Args:
            stream: Its name.
            columns: Its columns; empty if it declares none.
            hints: What it says about itself, for where the mapping is silent.

        Raises:
            SettingsError: The mapping names what does not exist.
        """
        if stream in self._streams and tuple(columns) == tuple(self._columns[stream]):
            return
        mapping = self.settings.mapping_for(stream)
        if hints is not None:
            mapping = hinted(stream, mapping, hints)
        procedure = mapping.procedure or stream.removeprefix("process_")
        desk = self.desk(procedure)
        mapper = RowMapper(stream, mapping, desk.destinations, columns)
        self._refuse_blind(mapper, desk)
        into = desk.destinations
        kept = [into.named(name, "only_if_empty").name for name in mapping.only_if_empty]
        rules = Rules(into.comparable, into.read_only, kept, mapping.revive)
        self._streams[stream], self._columns[stream] = mapper, columns
        self.writer.register(mapper, rules)
        if mapper.columns.attribute is None:
            LOG.warning(
                "Stream '%s' has no key: a row is known again by its mapped values alone, and what"
                " a lost answer leaves unknown is never sent again without your word",
                stream,
            )

    def _refuse_blind(self, mapper: RowMapper, desk: OpenProcedure) -> None:
        """Without a look-up a row can only be named by its id or its primary key."""
        attribute, mode = mapper.columns.attribute, mapper.mapping.mode
        if self.settings.compare != "never" or mode is Mode.INSERT:
            return
        if attribute not in ("id", desk.primary_key) or mode in (Mode.UPSERT, Mode.MIRROR):
            raise SettingsError(
                f"compare is never, and stream '{mapper.stream}' needs to look its rows up by"
                f" {attribute}",
                "Use compare always or journal, or mode update with the id or the primary key",
            )

    def row(self, stream: str, line: int, row: Mapping[str, object], version: object) -> None:
        """A row came in."""
        if version is not None:
            self._versions[stream] = version
        self.writer.accept(stream, line, row)

    def state(self, value: State) -> None:
        """A STATE came in."""
        self._note_bookmarks(value)
        self.writer.state(value)

    def narrowed(self, stream: str) -> None:
        """The rows of a stream are not all there should be: a mirror deletes nothing by them."""
        self._bookmarked.add(stream)

    def _note_bookmarks(self, value: object) -> None:
        """Which streams are read incrementally: a mirror must not take them for the whole."""
        bookmarks = value.get("bookmarks") if isinstance(value, dict) else None
        for name, bookmark in bookmarks.items() if isinstance(bookmarks, dict) else ():
            held = isinstance(bookmark, dict) and bookmark.get("replication_key_value")
            if held is not None and held is not False:
                self._bookmarked.add(str(name))

    def why_unsent(self, stream: str) -> ChakraError | None:
        """Why nothing of a stream is sent; None if nothing speaks against it."""
        if self.settings.dry_run:
            planned = [f"{count:,} {kind.value}" for kind, count in self.writer.planned.items()]
            return SettingsError(
                f"dry_run is set, so nothing is written ({', '.join(planned) or 'nothing to do'})",
                "Take dry_run away and run it again",
            )
        mapper = self._streams.get(stream)
        return self.writer.halted.get(mapper.destinations.procedure.short_id) if mapper else None

    def wake(self) -> None:
        """Something is to be done on the thread that decides; called from any thread."""
        self._workers.wake()

    def tick(self) -> None:
        """No row came for a while: do what is due."""
        self.writer.pump(0, flush=True)

    def _beat(self) -> None:
        if self._reporter.due():
            LOG.info("%s", self._reporter.line(self.writer, self.client.stats))

    def retry(self, found: Sequence[RejectLine], hints: Mapping[str, Hints] | None = None) -> None:
        """Send rejected rows again, in order; each is closed once it has an outcome."""
        self.is_partial = True
        self.writer.books.expect_none_again()
        columns: dict[str, set[str]] = {}
        for each in found:
            # A row need not carry every column that its mapping names.
            named = self.settings.mapping_for(each.stream).columns
            columns.setdefault(each.stream, set(named)).update(each.row)
        for stream, names in columns.items():
            self.open_stream(stream, sorted(names), (hints or {}).get(stream))
        numbers, tally = dict[int, int](), self.writer.tally
        try:
            for each in found:
                numbers[tally.last_seq + 1] = each.id
                tally.watched[tally.last_seq + 1] = None
                self.row(each.stream, each.line, each.row, None)
            self.writer.finish()
        finally:
            self._close_retried(numbers)

    def _close_retried(self, numbers: Mapping[int, int]) -> None:
        ended = {at: what for at, what in self.writer.tally.watched.items() if what in SETTLED}
        again = [numbers[at] for at, outcome in ended.items() if outcome is not Outcome.REJECTED]
        refused = [numbers[at] for at, outcome in ended.items() if outcome is Outcome.REJECTED]
        self.journal.close_rejects(again, "sent again")
        self.journal.close_rejects(refused, "rejected again")
        self.journal.let_rejects_stand(list(numbers.values()))

    # Mirrors

    def activate(self, stream: str, version: object) -> None:
        """A tap says that all rows of a version have come: what a mirror misses is deleted."""
        mapper = self._streams.get(stream)
        if mapper is None or mapper.mapping.mode is not Mode.MIRROR:
            return
        if self._versions.get(stream) != version:
            LOG.info(
                "ACTIVATE_VERSION of '%s' came before its rows: it says nothing about deletes;"
                " target-chakra mirror-commit does, once tap and target have both ended well",
                stream,
            )
            return
        self.writer.finish()
        if not self._is_clean():
            LOG.warning("Nothing of '%s' is deleted: not every row of it is settled", stream)
            return
        self.delete_absent(stream, self.run_id)

    def _is_clean(self) -> bool:
        return self.writer.failure is None and not self.writer.halted

    def delete_absent(self, stream: str, run: int) -> int:
        """Delete what a stream has written and a run did not bring; how many.

        Raises:
            LimitCrossed: There is more than max_deletes allows.
        """
        absent = self.journal.absent(stream, run)
        self.writer.delete_absent([deletion_of(stream, key) for key in absent])
        self.writer.finish()
        if self._is_clean():
            self.journal.disown(stream, absent)
        return len(absent)

    # The end

    def run(self, take: Callable[[], None]) -> int:
        """Take the input, write it, account for it; the exit code."""
        try:
            take()
            self.writer.finish()
            if self.stopped():
                self.writer.wait_for_jobs(LANDING_SECONDS)
                self.writer.leave_rest()
        except ChakraError as found:
            self.error = self._broken_off(found)
        self.error = self.error or self.writer.failure
        return self.end(self.error)

    def _broken_off(self, error: ChakraError) -> ChakraError:
        """Bring in what is in flight, and account for the rest; what the run ended of."""
        try:
            # What is decided without a journal is forgotten: the next run follows what is in it.
            if not isinstance(error, JournalError):
                self.writer.wait_for_jobs(LANDING_SECONDS)
                self.writer.leave_rest()
        except ChakraError as later:
            error = later if isinstance(later, JournalError) else error
        self.writer.account_rest()
        return error

    def end(self, error: ChakraError | None) -> int:
        """Store and say what became of the run; the exit code."""
        self.ending()
        receipt = self.receipt(error)
        code = receipt.exit_code(self.settings.limits)
        now = int(self._clock.now() * 1000)
        self.last_receipt = receipt.to_json()
        try:
            self.journal.end_run(self.last_receipt, int(code), now)
        except JournalError as failed:
            receipt = self.receipt(error or failed)
            code = receipt.exit_code(self.settings.limits)
            self.last_receipt = receipt.to_json()
        self._say(receipt)
        self.close()
        return int(code)

    def receipt(self, error: ChakraError | None) -> Receipt:
        """The account of the run so far."""
        writer, stats = self.writer, self.client.stats
        seconds = self._clock.monotonic() - self._began
        return Receipt(
            run=self.run_id,
            rows=dict(writer.tally.rows),
            outcomes={name: Counter(counts) for name, counts in writer.tally.outcomes.items()},
            mirror=dict(writer.tally.deleted_by_mirror),
            cost=Cost(stats.requests, stats.retries, writer.dispatcher.jobs, seconds, stats.waited),
            error=error,
            halted=tuple(f"{name}: {why}" for name, why in writer.halted.items()),
            stopped=self.stopped(),
            dry_run=self.settings.dry_run,
            planned=tuple((kind.value, count) for kind, count in writer.planned.items()),
            bookmarked=tuple(sorted(self._bookmarked)),
            mirrored=() if self.is_partial else self._mirrored(),
            load=self.load,
            load_complete=self.load_complete,
        )

    def _mirrored(self) -> tuple[str, ...]:
        mirrors = (n for n, m in self._streams.items() if m.mapping.mode is Mode.MIRROR)
        return tuple(sorted(mirrors))

    def _say(self, receipt: Receipt) -> None:
        writer = self.writer
        if receipt.dry_run:
            for line in preview_lines(writer.preview, writer.planned, self.settings.batch_size):
                LOG.info("%s", line)
        for told in receipt.complaints:
            LOG.error("%s", told)
        LOG.info("Run %d: %s", receipt.run, receipt.line())
        self.print_receipt(orjson.dumps(self.last_receipt).decode())

    def close(self) -> None:
        """Let go of everything."""
        self._workers.close()
        self.client.close()
        self.journal.close()
        if self._rejects is not None:
            self._rejects.close()
