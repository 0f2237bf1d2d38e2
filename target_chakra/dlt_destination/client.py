"""What dlt's loader talks to: settings under `destination.chakra`, a job for each file.

Not a function under `@dlt.destination`: that is told neither which file its rows are of, nor
where in it they stand, nor that a load is complete (docs/decisions/0007-a-run-is-a-load.md).
"""

from __future__ import annotations

import dataclasses
import logging
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar, Final

import dlt
from dlt.common.configuration import configspec
from dlt.common.configuration.container import Container
from dlt.common.destination.client import (
    DestinationClientConfiguration,
    JobClientBase,
    RunnableLoadJob,
)
from dlt.common.runtime import signals
from dlt.common.storages.load_package import (
    LoadPackageStateInjectableContext,
    ParsedLoadJobFileName,
)
from dlt.common.typing import TSecretStrValue  # noqa: TC002 - dlt reads the annotations
from dlt.destinations.job_impl import FinalizedLoadJob

from chakra_api.clock import SystemClock
from chakra_api.connection import DEFAULT_REQUEST_TIMEOUT, DEFAULT_URL
from chakra_api.errors import ChakraError, SettingsError
from chakra_api.redaction import redact_logs
from chakra_plugin.monitoring.channels import NOTIFY_WHEN, parse_channels
from chakra_plugin.monitoring.watch import Watch
from chakra_plugin.surroundings import run_owner, surroundings
from target_chakra import settings as defaults
from target_chakra.dlt_destination.files import Column, rows_of
from target_chakra.dlt_destination.naive_times import told_of_naive_times
from target_chakra.dlt_destination.refusals import refuse_to_drop, translated
from target_chakra.history.reports import Reports
from target_chakra.loads.arrivals import Delivery
from target_chakra.loads.open_runs import OpenRuns
from target_chakra.mapping.table_hints import Hints
from target_chakra.run.hooks import Hooks
from target_chakra.run.session import Session
from target_chakra.settings import Settings, beside_default, parse_settings
from target_chakra.storage.place import default_journal
from target_chakra.telling.end_facts import facts_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from dlt.common.destination import DestinationCapabilitiesContext
    from dlt.common.destination.client import LoadJob
    from dlt.common.destination.typing import PreparedTableSchema
    from dlt.common.schema import Schema
    from dlt.common.schema.typing import TTableSchema
    from typing_extensions import Self

    from chakra_plugin.monitoring.channels import Channels
    from target_chakra.books.run_end import RunEnd
    from target_chakra.loads.shared_run import Begin

LOG = logging.getLogger("target-chakra")
NAME: Final = "chakra"
_PENDING: Final = (
    "The log says what would be written. The files stay pending: the next run writes these rows,"
    " and not others that it is given. To throw them away: pipeline.abort_packages()."
)
"""What is said of a dry run's files."""
_UNMARKED: Final = frozenset({"text", "bigint", "double", "bool"})
"""Types whose values dlt writes as they are."""
_TIMES: Final = frozenset({"timestamp", "date"})
"""Types whose values are times."""


@configspec
class ChakraConfiguration(DestinationClientConfiguration):
    """The settings of target-chakra, as dlt finds them under `destination.chakra`."""

    destination_type: str = dataclasses.field(default=NAME, init=False, repr=False, compare=False)
    # Without a default of its own it must be given.
    api_key: TSecretStrValue = dataclasses.field(default=None, repr=False)  # type: ignore[assignment]  # dlt's way
    api_url: str = DEFAULT_URL
    streams: list[Any] | None = None
    whatsapp: dict[str, Any] | None = None
    compare: str = defaults.COMPARES[0]
    assigned_to_format: str = defaults.FORMATS[0]
    assign_inactive: bool = False
    naive_timezone: str | None = None
    bulk: str = defaults.BULKS[0]
    batch_size: int = defaults.DEFAULT_BATCH_SIZE
    concurrency: int = defaults.DEFAULT_CONCURRENCY
    max_rps: float | None = None
    request_timeout: float = DEFAULT_REQUEST_TIMEOUT
    user_agent: str | None = None
    allow_http: bool = False
    job_timeout: float = defaults.DEFAULT_JOB_TIMEOUT
    lost_answer_horizon: float = defaults.DEFAULT_HORIZON
    journal: str | None = None
    journal_retention_days: float = defaults.DEFAULT_RETENTION_DAYS
    rejects_path: str | None = None
    receipt_path: str | None = None
    metrics_path: str | None = None
    notify_url: TSecretStrValue | None = dataclasses.field(default=None, repr=False)
    notify_when: str = NOTIFY_WHEN[0]
    max_rejects: int = 0
    stop_at_reject_percent: float = defaults.DEFAULT_STOP_PERCENT
    max_deletes: int = 0
    overwrite_edits: bool = False
    plan_path: str | None = None
    dry_run: bool = False

    def __str__(self) -> str:
        return self.api_url

    def fingerprint(self) -> str:
        """Nothing of the account."""
        return ""


SETTINGS: Final = tuple(
    field.name
    for field in dataclasses.fields(ChakraConfiguration)
    if field.name in ChakraConfiguration.__annotations__ and field.name != "destination_type"
)
"""Names of the settings."""


class ChakraLoadJob(RunnableLoadJob):
    """One file on its way."""

    _job_client: ChakraLoadClient

    def run(self) -> None:
        """Have the file written; returns once every row of it is settled."""
        self._job_client.write(self._file_path, self._load_table, self._load_id)


class ChakraLoadClient(JobClientBase):
    """What dlt's loader talks to: hands files to the run of their load.

    Raises:
        DestinationTerminalException: The settings are wrong.
    """

    runs: ClassVar[OpenRuns] = OpenRuns(signals.was_signal_received)

    def __init__(
        self,
        schema: Schema,
        config: ChakraConfiguration,
        capabilities: DestinationCapabilitiesContext,
    ) -> None:
        super().__init__(schema, config, capabilities)
        self.settings = _settings(config)
        self._channels = _channels(config)

    def verify_schema(
        self,
        only_tables: Iterable[str] | None = None,
        new_jobs: Iterable[ParsedLoadJobFileName] | None = None,
    ) -> list[PreparedTableSchema]:
        """What dlt checks before the first file of a load.

        Raises:
            DestinationTerminalException: In a dry run, dlt would take the load for loaded.
        """
        if self.settings.dry_run:
            refuse_to_drop()
        tables = super().verify_schema(only_tables, new_jobs)  # type: ignore[arg-type]  # as dlt calls it
        for table in tables:
            if not self._is_dlts(str(table["name"])):
                columns = self._columns(table).values()
                for said in told_of_naive_times(str(table["name"]), columns, self.settings):
                    LOG.warning("%s", said)
        return tables

    # What a file is

    def create_load_job(
        self,
        table: PreparedTableSchema,
        file_path: str,
        load_id: str,  # noqa: ARG002 - dlt's signature
        restore: bool = False,  # noqa: ARG002, FBT001, FBT002 - dlt's signature
    ) -> LoadJob:
        """The job of a file; dlt's own tables are none of ours."""
        if self._is_dlts(str(table["name"])):
            return FinalizedLoadJob(file_path)
        return ChakraLoadJob(file_path)

    def write(self, path: str, table: PreparedTableSchema, load_id: str) -> None:
        """Have a file written; returns once every row of it is settled.

        Raises:
            DestinationTerminalException: A setting or a limit is in the way.
            DestinationTransientException: The file must come again.
        """
        name = ParsedLoadJobFileName.parse(path)
        columns = self._columns(table)
        delivery = Delivery(
            file=f"{name.table_name}.{name.file_id}",
            stream=name.table_name,
            columns={column.name: column.is_time for column in columns.values()},
            hints=hints_of(table),
            rows=lambda: rows_of(path, columns),
        )
        load, begin = _load_name(load_id), self._opener()
        try:
            self.runs.deliver(load, begin, delivery)
        except ChakraError as error:
            raise translated(error, _PENDING if self.settings.dry_run else "") from None

    def _columns(self, table: PreparedTableSchema) -> dict[str, Column]:
        """A table's columns but dlt's own; a variant (`score▶v_text`) is the column it is of."""
        naming, found = self.schema.naming, {}
        for name, column in table["columns"].items():
            if not self._is_dlts(name):
                path = naming.break_path(name)
                called = naming.make_path(*path[:-1]) if column.get("variant") else name
                kind = column.get("data_type")
                naive = kind == "timestamp" and column.get("timezone") is None
                found[name] = Column(called, kind not in _UNMARKED, kind in _TIMES, naive)
        return found

    def _is_dlts(self, name: str) -> bool:
        """Whether a table, or a column, is dlt's own."""
        return name.startswith(self.schema._dlt_tables_prefix)  # noqa: SLF001 - as dlt's own custom destination does

    def complete_load(self, load_id: str) -> None:
        """Every file of the load is settled: end its run.

        Raises:
            DestinationTerminalException: More of it was rejected than max_rejects allows.
        """
        load = _load_name(load_id)
        try:
            whole = not _has_failed_jobs(load_id)
            self.runs.complete(load, self._opener(), lambda: self._untold(load), whole=whole)
        except ChakraError as error:
            raise translated(error) from None

    def _untold(self, load: str) -> bool:
        """Whether more of a load was rejected than allowed, and its user was not told."""
        try:
            reports = Reports(self.settings.journal)
        except SettingsError:
            return False  # No row ever came, so that there is no journal.
        try:
            return reports.untold_rejects(load) > self.settings.limits.max_rejects
        finally:
            reports.close()

    def begin(self) -> Session[object]:
        """Open a session, on the thread that will decide."""
        return self._opener()(Hooks())

    def _opener(self) -> Begin:
        settings, channels = self.settings, self._channels
        pipeline = f"dlt pipeline '{_pipeline_name()}'"
        owner = f"{run_owner()}, {pipeline}"

        def begin(hooks: Hooks[object]) -> Session[object]:
            redact_logs(settings.connection.api_key, "target-chakra", "dlt")
            clock = SystemClock()
            place = dataclasses.replace(channels, place=pipeline)
            watch = Watch(place, clock, looks=settings.dry_run)
            # What dlt's users see without having set up any logging begins at WARNING.
            told = dataclasses.replace(hooks, ended=partial(_ended, watch), show=LOG.warning)
            try:
                return Session(settings, clock, owner, told)
            except ChakraError as error:
                watch.ended(error)
                raise

        return begin

    # What dlt asks of every destination, and ChakraHQ has no need of

    def initialize_storage(self, truncate_tables: Iterable[str] | None = None) -> None:
        """Nothing is to be prepared."""

    def is_storage_initialized(self) -> bool:
        """It always is."""
        return True

    def drop_storage(self) -> None:
        """Nothing of ChakraHQ is ever dropped."""

    def should_truncate_table_before_load(self, table_name: str) -> bool:  # noqa: ARG002 - dlt's signature
        """Nothing of ChakraHQ is ever emptied."""
        return False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        pass


def _ended(watch: Watch, end: RunEnd) -> None:
    LOG.info("%s", end.receipt.line_json)
    watch.tell(facts_of(end))


def hints_of(table: TTableSchema | PreparedTableSchema) -> Hints:
    """What a table says about itself."""
    columns = table["columns"]

    def having(hint: str) -> tuple[str, ...]:
        return tuple(name for name, column in columns.items() if column.get(hint))

    disposition = str(table.get("write_disposition") or "append")
    return Hints(
        disposition=disposition,
        strategy=str(table.get("x-merge-strategy") or "") if disposition == "merge" else "",
        keys=having("primary_key") or having("merge_key"),
        hard_delete=next(iter(having("hard_delete")), None),
        sorted_by=next(iter(having("dedup_sort")), None),
    )


def _settings(config: ChakraConfiguration) -> Settings:
    given = {name: getattr(config, name) for name in SETTINGS}
    variable = f"DESTINATION__{(config.destination_name or NAME).upper()}_"
    agent = f"dlt-chakra/{version('chakra-connectors')}"
    try:
        around = surroundings()
        journal = config.journal or default_journal(around.project, around.environment)
        _refuse_plan(config)
        settings = parse_settings(given, user_agent=agent, journal=journal, variable=variable)
        return beside_default(settings, around.project, around.environment)
    except ChakraError as error:
        raise translated(error) from None


def _channels(config: ChakraConfiguration) -> Channels:
    parsed = parse_channels(LOG, {name: getattr(config, name) for name in SETTINGS})
    if parsed.fault is not None:
        raise translated(parsed.fault)
    return parsed.channels


def _refuse_plan(config: ChakraConfiguration) -> None:
    """The files of a load stay pending where nothing is written: they would be loaded once more.

    Raises:
        SettingsError: A plan is asked for.
    """
    if config.plan_path:
        raise SettingsError(
            "plan_path is set, and dlt would load the rows of the plan once more after it is"
            " applied",
            "Use dry_run to see what a load would write, or make the plan with target-chakra",
        )


def _has_failed_jobs(load_id: str) -> bool:
    """Whether dlt gave up files of the load that it is about to complete."""
    package = Container()[LoadPackageStateInjectableContext]
    return bool(package.storage.list_failed_jobs(load_id))


def load_prefix(pipeline_name: str) -> str:
    """How the names of a pipeline's loads begin."""
    return f"{pipeline_name}/"


def _pipeline_name() -> str:
    return str(dlt.current.pipeline().pipeline_name)


def _load_name(load_id: str) -> str:
    return load_prefix(_pipeline_name()) + load_id
