"""ChakraHQ as a destination of dlt, and what its user asks after a load.

pipeline = dlt.pipeline("push", destination=chakra_destination(streams=[…]))
pipeline.run(rows, table_name="lead_scores", write_disposition="merge")
receipts(pipeline)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dlt.common.destination import (
    Destination,
    DestinationCapabilitiesContext,
    TLoaderFileFormat,
)
from dlt.common.typing import ConfigValueSentinel

from chakra_api.errors import SettingsError
from target_chakra.dlt_destination.client import (
    NAME,
    SETTINGS,
    ChakraConfiguration,
    ChakraLoadClient,
    hints_of,
    load_prefix,
)
from target_chakra.history.reports import Reports

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import dlt

    from target_chakra.history.reports import RejectLine, RunLine
    from target_chakra.mapping.table_hints import Hints
    from target_chakra.run.session import Session

FORMAT: Final[TLoaderFileFormat] = "typed-jsonl"
"""The format whose files can be taken up at any row; parquet's only at a whole batch."""


class chakra_destination(Destination[ChakraConfiguration, ChakraLoadClient]):  # noqa: N801 - as dlt's own are named
    """Writes tables back to ChakraHQ; what is not given comes from dlt's configuration.

    Args:
        api_key: Access token of ChakraHQ.
        streams: How tables become changes; a table is a stream of target-chakra.
        destination_name: Names another section than `destination.chakra`.
        environment: Kept by dlt.
        settings: The other settings of target-chakra, and capabilities of dlt's.

    Raises:
        SettingsError: There is no such setting.
    """

    spec = ChakraConfiguration

    def __init__(
        self,
        *,
        api_key: str | None = None,
        streams: list[dict[str, Any]] | None = None,
        destination_name: str | None = None,
        environment: str | None = None,
        **settings: Any,  # noqa: ANN401 - by name, checked here and parsed later
    ) -> None:
        ours = {*SETTINGS, "credentials"}
        known = ours | DestinationCapabilitiesContext.get_resolvable_fields().keys()
        if unknown := sorted(settings.keys() - known):
            raise SettingsError(
                f"chakra_destination has no setting '{unknown[0]}'",
                f"The settings are: {', '.join(SETTINGS)}",
            )
        given = {"api_key": api_key, "streams": streams, **settings}
        super().__init__(
            destination_name=destination_name or NAME,
            environment=environment,
            **{n: v for n, v in given.items() if not isinstance(v, ConfigValueSentinel)},
        )

    @property
    def client_class(self) -> type[ChakraLoadClient]:
        """The client that talks to the loader."""
        return ChakraLoadClient

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        caps = DestinationCapabilitiesContext.generic_capabilities(FORMAT)
        caps.supported_loader_file_formats = [FORMAT]
        caps.naming_convention = "direct"
        caps.max_table_nesting = 0
        caps.supports_ddl_transactions = False
        caps.supports_transactions = False
        # What can't be done is refused table by table, with the next step.
        caps.supported_merge_strategies = ["delete-insert", "upsert", "insert-only", "scd2"]
        caps.supported_replace_strategies = ["truncate-and-insert"]
        return caps

    def __repr__(self) -> str:
        # dlt's own shows every argument, the key among them.
        return f"chakra_destination(destination_name='{self.destination_name}')"


chakra_destination.register()


def receipts(pipeline: dlt.Pipeline) -> list[Mapping[str, object]]:
    """The receipts of the runs that worked on a pipeline's last load, oldest first.

    A run that was killed, or lost its journal, has none.
    """
    last = _runs_of_last_load(_client(pipeline), pipeline)
    return [run.receipt for run in last if run.receipt]


def rejects(pipeline: dlt.Pipeline) -> list[RejectLine]:
    """The rejects that are open, of a pipeline's tables."""
    tables = pipeline.default_schema.tables
    return [each for each in _asked(_client(pipeline), Reports.rejects) if each.stream in tables]


def retry_rejects(pipeline: dlt.Pipeline) -> Mapping[str, object]:
    """Send the open rejects of a pipeline again, by its tables' hints; the receipt.

    Raises:
        ChakraError: What stopped the run.
    """
    client, found, hints = _client(pipeline), rejects(pipeline), _hints(pipeline)
    return _operate(client, lambda session: session.retry(found, hints))


def mirror_commit(pipeline: dlt.Pipeline, table: str | None = None) -> Mapping[str, object]:
    """Delete what mirrored tables no longer bring; call it after `pipeline.run` has returned.

    Args:
        pipeline: Its last load must be complete, without failed jobs.
        table: The only table to look at; None for all of that load.

    Returns:
        The receipt.

    Raises:
        SettingsError: The last load says nothing about deletes.
        LimitCrossed: There is more to delete than max_deletes allows.
    """
    client = _client(pipeline)
    trace = pipeline.last_trace
    info = trace.last_load_info if trace else None
    if info is not None and info.has_failed_jobs:
        raise SettingsError(
            "The last load has failed jobs, so it says nothing about deletes",
            "Run the pipeline again until none fails",
        )
    runs, hints = _runs(client, pipeline), _hints(pipeline)

    def commit(session: Session[object]) -> None:
        for _ in session.commit_mirrors(runs, table, hints):
            pass

    return _operate(client, commit)


def _client(pipeline: dlt.Pipeline) -> ChakraLoadClient:
    client = pipeline.destination_client()
    if not isinstance(client, ChakraLoadClient):
        raise SettingsError(
            f"The pipeline '{pipeline.pipeline_name}' does not write to ChakraHQ",
            "Give it a chakra_destination",
        )
    return client


def _hints(pipeline: dlt.Pipeline) -> dict[str, Hints]:
    return {name: hints_of(table) for name, table in pipeline.default_schema.tables.items()}


def _operate(
    client: ChakraLoadClient, work: Callable[[Session[object]], None]
) -> Mapping[str, object]:
    session = client.begin()
    session.run(lambda: work(session))
    if session.error is not None:
        raise session.error
    return session.last_receipt


def _asked(
    client: ChakraLoadClient, question: Callable[[Reports], tuple[Any, ...]]
) -> tuple[Any, ...]:
    reports = Reports(client.settings.journal)
    try:
        return question(reports)
    finally:
        reports.close()


def _runs(client: ChakraLoadClient, pipeline: dlt.Pipeline) -> list[RunLine]:
    prefix = load_prefix(pipeline.pipeline_name)
    return [run for run in _asked(client, Reports.runs) if run.load.startswith(prefix)]


def _runs_of_last_load(client: ChakraLoadClient, pipeline: dlt.Pipeline) -> list[RunLine]:
    runs = _runs(client, pipeline)
    return [run for run in runs if run.load == runs[-1].load]
