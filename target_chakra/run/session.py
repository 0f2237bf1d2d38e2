"""One run from beginning to end: journal, account, streams, writer, receipt, exit code."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from chakra_api.connection import connect
from chakra_api.errors import ChakraError, JournalError, SettingsError
from chakra_api.redaction import redact_logs
from chakra_api.transcripts.request_log import request_log
from target_chakra.context import RunContext
from target_chakra.journal.records import RunKind
from target_chakra.lifecycle import Outcome
from target_chakra.lookups.open_account import OpenAccount
from target_chakra.moments import Moment
from target_chakra.run.closing import Closing, Load
from target_chakra.run.hooks import Hooks
from target_chakra.run.leftovers import forget_old
from target_chakra.run.mirrors import Mirrors
from target_chakra.run.outbox import Outbox
from target_chakra.run.plan_keeper import SAYS, PlanKeeper, kind_of
from target_chakra.run.progress import Reporter
from target_chakra.run.retry import Retry
from target_chakra.run.run_course import RunCourse
from target_chakra.run.streams import Streams
from target_chakra.run.wiring import StandIns
from target_chakra.run.writer import Writer
from target_chakra.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from chakra_api.clock import Clock
    from target_chakra.books.rejects_file import RejectsFile
    from target_chakra.history.reports import RejectLine, RunLine
    from target_chakra.line_ranges import LineRanges
    from target_chakra.lookups.open_procedure import OpenProcedure
    from target_chakra.mapping.table_hints import Hints
    from target_chakra.settings import Settings

State = TypeVar("State")

LOG = logging.getLogger("target-chakra")
GRACE_SECONDS = 20.0
"""After a signal: how long to wait for what is in flight before leaving it to the next run."""
SPARE_THREADS = 5
"""Beside the jobs: look-ups and what reads back."""


class Session(Generic[State]):
    """One run.

    Args:
        settings: What the user set.
        clock: The only clock of the run.
        owner: Names this run to another that wants the journal.
        hooks: What it asks and tells its caller while it runs.
        stand_ins: What a test puts in place of the network, threads and disk.

    Attributes:
        error: What stopped the run.
        load: The load that it works on.
        moment: When it began.
        last_receipt: Once it has ended.

    Raises:
        ChakraError: The journal can't be locked, or the account can't be read.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        owner: str,
        hooks: Hooks[State] | None = None,
        stand_ins: StandIns | None = None,
    ) -> None:
        self.settings = settings
        redact_logs(settings.connection.api_key)
        self._clock = clock
        self._began = clock.monotonic()
        self._hooks = hooks or Hooks()
        threads = settings.concurrency + SPARE_THREADS
        ins = stand_ins or StandIns()
        told = request_log(LOG)
        self.client = ins.client or connect(settings.connection, clock, threads, told)
        self._workers: Workers[Any] = Workers(clock, ins.crew(threads))
        self._account = OpenAccount(self.client, settings)
        self.error: ChakraError | None = None
        self.load = Load()
        self.last_receipt: dict[str, object] = {}
        self._rejects: RejectsFile | None = None
        self._plan: PlanKeeper | None = None
        self.journal = ins.journal(settings.journal)
        try:
            self._begin(owner, ins)
        except BaseException:
            self.close()
            raise

    def _begin(self, owner: str, ins: StandIns) -> None:
        settings, clock, journal, hooks = self.settings, self._clock, self.journal, self._hooks
        journal.hold()
        now = int(clock.now() * 1000)
        url, self._kind = settings.connection.api_url, kind_of(settings)
        LOG.info("%s to %s at %s", SAYS[self._kind], self._account.called, url)
        self._open_files(ins)
        self.run_id = journal.begin_run(self.account_id, owner, now, self._kind, url)
        self._account.findings = journal.findings()
        self._account.known_media = journal.calls
        moment = self.moment = Moment(now, self.client.server_clock.earliest)
        forget_old(journal, moment, settings.retention_days)
        self._account.lately = [
            (each, clock.monotonic() + each.left)
            for each in journal.written_lately(moment, settings.patience.lag)
        ]
        procedure = self._account.procedure
        context = RunContext(
            journal, self._workers, clock, settings, procedure, self.client.server_clock
        )
        outbox = Outbox(settings, procedure, self._plan.notes if self._plan else ())
        self.writer = Writer(context, replace(hooks, beat=self._beat), self._rejects, outbox)
        self._streams = Streams(settings, self._account, self.writer)
        self._mirrors = Mirrors(settings, journal, self._streams, self.writer, hooks.command)
        self._reporter = Reporter(clock)
        self._course = RunCourse(clock, self._began)
        self._closing = Closing(
            run_id=self.run_id,
            began=self._began,
            context=context,
            writer=self.writer,
            streams=self._streams,
            hooks=hooks,
            client=self.client,
        )
        self.writer.recover()

    def _open_files(self, ins: StandIns) -> None:
        """What the run leaves: where that can't lie it never begins, and has no line in `runs`."""
        if self.settings.rejects_path and not self.settings.writes_nothing:
            self._rejects = ins.rejects(self.settings.rejects_path)
        if self.settings.plan_path is not None:
            self._plan = PlanKeeper(self.settings.plan_path, self.account_id)

    @property
    def account_id(self) -> str:
        """The account that the journal's entries are of."""
        return self._account.id

    # Rows, STATEs and what else a source says

    def open_stream(
        self, stream: str, columns: Mapping[str, bool], hints: Hints | None = None
    ) -> None:
        """A stream is about to come: compile its mapping.

        Args:
            stream: Its name.
            columns: Its columns, each with whether it is declared to hold times; empty if it
                declares none.
            hints: What it says about itself, for where the mapping is silent.

        Raises:
            SettingsError: The mapping names what does not exist.
        """
        self._streams.open(stream, columns, hints)

    def row(
        self,
        stream: str,
        line: int,
        row: Mapping[str, object],
        version: object = None,
        origin: str = "",
    ) -> None:
        """A row came in; returns once there is room for another.

        Args:
            stream: The stream that it is of.
            line: Number of the input line.
            row: Its columns.
            version: The version of the stream that it is of; None if there is none.
            origin: The file that it came in, if that may come again.

        Raises:
            ChakraError: The run must stop; nothing more is sent.
        """
        if stream in self._streams.skipped:
            self._streams.skipped[stream] += 1
            return
        self._mirrors.came(stream, version, self.load.name)
        self.writer.accept(stream, line, row, origin)

    def skips(self, stream: str) -> bool:
        """Whether the rows of a stream that was opened go nowhere."""
        return stream in self._streams.skipped

    def is_keyless(self, stream: str) -> bool:
        """Whether the rows of a stream that was opened are known by their values alone."""
        return not self._streams.may_name(stream)

    def unused_mappings(self) -> str | None:
        """What is to be said of mappings that no stream has used; None if all were."""
        return self._streams.unused_mappings()

    def state(self, value: State) -> None:
        """A STATE came in."""
        self._streams.note_bookmarks(value)
        self.writer.state(value)

    def narrowed(self, stream: str) -> None:
        """The rows of a stream are not all there should be: a mirror deletes nothing by them."""
        self._streams.narrowed(stream)

    def activate(self, stream: str, version: object) -> None:
        """A tap says that all rows of a version have come: what a mirror misses is deleted."""
        self._mirrors.activate(stream, version)

    def whole(self, stream: str, version: object) -> None:
        """All rows that there are have come, or there are none: what a mirror misses is deleted."""
        self._mirrors.came(stream, version, self.load.name)
        self._mirrors.activate(stream, version)

    def procedure(self, short_id: str) -> OpenProcedure:
        """A procedure of the account."""
        return self._account.procedure(short_id)

    # Runs that an operator asks for

    def takes_on(self, kind: RunKind) -> None:
        """The run is for what was decided on before: it says nothing of what exists."""
        self._call(kind)
        self._streams.say_nothing()

    def _call(self, kind: RunKind) -> None:
        if not self.settings.writes_nothing:
            self._kind = kind
            self.journal.call(kind)

    def retry(self, found: Sequence[RejectLine], hints: Mapping[str, Hints] | None = None) -> None:
        """Send rejected rows again, in order; each is closed once it has an outcome."""
        self._call(RunKind.RETRY)
        Retry(self.settings, self.journal, self._streams, self.writer).send(found, hints or {})

    def commit_mirrors(
        self,
        runs: Sequence[RunLine],
        wanted: str | None,
        hints: Mapping[str, Hints] | None = None,
    ) -> Iterator[tuple[str, int, int]]:
        """Delete what the last mirrored run did not bring; stream, how many, and the run, each.

        Args:
            runs: The runs before this one, which brings no rows; oldest first.
            wanted: The only stream to look at; None for all of that run.
            hints: What streams say about themselves, where they do.

        Raises:
            SettingsError: That run says nothing about deletes.
            LimitCrossed: There is more to delete than max_deletes allows.
        """
        self._call(RunKind.MIRROR)
        own = [run for run in runs if run.account == self.account_id]
        yield from self._mirrors.commit(own, wanted, hints or {})

    # A load, whose files may come again

    def serve(self, load: str) -> dict[str, LineRanges]:
        """This run works on a load; the lines of its files that are settled already."""
        self.load = Load(load)
        self.journal.serve(load)
        return self.journal.settled_lines(load)

    def flush(self) -> None:
        """Store what became of rows so far."""
        self.writer.books.flush()

    def mark(self, settled: Mapping[str, LineRanges]) -> None:
        """Store which lines of the load's files are settled; what became of them is stored."""
        self.journal.mark(self.load.name, settled)

    def close_load(self) -> int:
        """No file of the load will come again; how many rejects of it its user was not told of."""
        self.writer.books.flush()
        self.journal.close_load(self.load.name)
        rejected = self.writer.tally.count(Outcome.REJECTED)
        return rejected + self.journal.untold_rejects(self.load.name)

    def complete_load(self, *, whole: bool) -> None:
        """The load has come to its end.

        Args:
            whole: Whether every file of it was settled, and none was given up.
        """
        self.load = Load(self.load.name, whole)

    # While it runs

    @property
    def failure(self) -> ChakraError | None:
        """What stops the run; None if nothing does."""
        return self.writer.failure

    @property
    def is_stopped(self) -> bool:
        """Whether an end was asked for."""
        return self._hooks.stopped()

    def why_unsent(self, stream: str) -> ChakraError | None:
        """Why nothing of a stream is sent; None if nothing speaks against it."""
        if self.settings.writes_nothing:
            return SettingsError(
                f"dry_run is set, so nothing is written ({self.writer.outbox.dry_run.briefly})",
                "Take dry_run away and run it again",
            )
        procedure = self._streams.procedure_of(stream)
        return self.writer.halted.get(procedure) if procedure is not None else None

    def wake(self) -> None:
        """Something is to be done on the thread that decides; called from any thread."""
        self._workers.wake()

    def tick(self, patience: float = 0.0) -> None:
        """No row came for a while: do what is due, waiting at most so many seconds for it."""
        self.writer.pump(patience, flush=True)

    def _beat(self) -> None:
        self._course.beat(self.writer, self.client.stats)
        for line in self._reporter.lines(self.writer, self.client.stats):
            LOG.info("%s", line)

    # The end

    def run(self, take: Callable[[], None]) -> int:
        """Take the input, write it, account for it; the exit code."""
        try:
            take()
            self.writer.finish()
            if self.failure is None and not self._hooks.stopped():
                self._mirrors.came_to_an_end(self.load.name)
            if self._hooks.stopped():
                self.writer.wait_for_jobs(GRACE_SECONDS)
            self.writer.leave_rest()
        except ChakraError as found:
            self.error = self._broken_off(found)
        self.error = self.error or self.writer.failure or self.writer.outbox.crossed
        return self.end(self.error)

    def _broken_off(self, error: ChakraError) -> ChakraError:
        """Bring in what is in flight, and account for the rest; what the run ended of."""
        try:
            # What is decided without a journal is forgotten: the next run follows what is in it.
            if not isinstance(error, JournalError):
                self.writer.wait_for_jobs(GRACE_SECONDS)
                self.writer.leave_rest()
        except ChakraError as later:
            error = later if isinstance(later, JournalError) else error
        self.writer.account_rest()
        return error

    def end(self, error: ChakraError | None) -> int:
        """Store and say what became of the run; the exit code."""
        error = self._plan.leave(error, self._closing, self.moment) if self._plan else error
        if not isinstance(error, JournalError):
            # What became of rows is stored; after a failed write that is not certain.
            self._hooks.ending()
        receipt = self._closing.receipt(error, self.load)
        code = receipt.exit_code(self.settings.limits)
        self.last_receipt = receipt.to_json()
        try:
            course = self._course.ended(self.writer, self.client.stats)
            now = int(self._clock.now() * 1000)
            self.journal.end_run(self.last_receipt, int(code), now, course)
        except JournalError as failed:
            receipt = self._closing.receipt(error or failed, self.load)
            code = receipt.exit_code(self.settings.limits)
            self.last_receipt = receipt.to_json()
        self._closing.say(receipt, self._kind.value)
        self.writer.outbox.close()
        self.close()
        return int(code)

    def close(self) -> None:
        """Let go of everything."""
        if self._plan is not None:
            self._plan.discard()
        self._workers.close()
        self.client.close()
        self.journal.close()
        if self._rejects is not None:
            self._rejects.close()
