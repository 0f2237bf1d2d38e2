"""The dlt adapter: ChakraHQ as a dlt source that yields Arrow tables.

Not called `dlt.py`: dlt names the section of the settings after the file, and a script of that
name would import itself.
"""

from __future__ import annotations

import logging
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import dlt
import pyarrow as pa
from dlt.common.configuration.container import Container
from dlt.common.destination.capabilities import DestinationCapabilitiesContext

from chakra_api.clock import SystemClock
from chakra_api.connection import DEFAULT_REQUEST_TIMEOUT, DEFAULT_URL
from chakra_api.redaction import redact_logs
from chakra_api.values.zones import name_of
from tap_chakra import settings as defaults
from tap_chakra.by_id.id_run import named_streams
from tap_chakra.dlt_source.column_spelling import named_apart, spelled_column, spelled_table
from tap_chakra.dlt_source.inbound_tables import inbound_resources
from tap_chakra.dlt_source.list_tables import list_resources
from tap_chakra.dlt_source.schema_contract import ExistingTable, settled
from tap_chakra.dlt_source.shared_source import SharedSource
from tap_chakra.dlt_source.stream_errors import (
    FAILED,
    STOP,
    Guard,
    StreamsFailed,
    parse_on_stream_error,
)
from tap_chakra.dlt_source.stream_tables import StreamTables
from tap_chakra.dlt_source.table_run import INCOMPLETE, TableRun, note_incomplete, parse_layout
from tap_chakra.naming.column_names import SPELLINGS
from tap_chakra.photos.photo_records import PHOTO_KEYS, PHOTOS
from tap_chakra.records import scan_ids
from tap_chakra.records.config_collections import collection_records
from tap_chakra.records.tally import Tally
from tap_chakra.records.users import user_records, users_schema
from tap_chakra.run.progress import odd_lines
from tap_chakra.settings import parse_settings
from tap_chakra.tables.record_tables import table_of
from tap_chakra.tables.table_builder import AttributeLayout, TableBuilder, plain_layout
from tap_chakra.webhooks.settings import DEFAULT_KEEP_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dlt.extract import DltResource

    from chakra_api.account.account import Procedure
    from tap_chakra.dlt_source.table_run import Parcel, TableLayout
    from tap_chakra.records.config_collections import Collection

NAME = "chakra"
UPDATED = "updatedAt"
_log = logging.getLogger("tap-chakra")
_KEYS = {
    scan_ids.IDS: scan_ids.IDS_KEYS,
    scan_ids.SCANS: scan_ids.SCANS_KEYS,
    PHOTOS: PHOTO_KEYS,
}


@dlt.source(name=NAME, section=NAME, max_table_nesting=0)
def chakra_source(  # noqa: PLR0913 - one argument for each setting, as dlt wants them
    api_key: str = dlt.secrets.value,
    *,
    api_url: str = DEFAULT_URL,
    procedures: list[str] | None = None,
    process_ids: dict[str, list[str]] | None = None,
    only_ids: str | None = None,
    start_date: str | None = None,
    created_after: str | None = None,
    created_before: str | None = None,
    concurrency: int = defaults.DEFAULT_CONCURRENCY,
    max_rps: float | None = None,
    lookback_seconds: float = defaults.DEFAULT_LOOKBACK_SECONDS,
    request_timeout: float = DEFAULT_REQUEST_TIMEOUT,
    user_agent: str | None = None,
    allow_http: bool = False,
    min_scan_share: float = defaults.DEFAULT_MIN_SCAN_SHARE,
    change_detection: str = defaults.DEFAULT_CHANGE_DETECTION,
    full_scan: bool = False,
    full_scan_every: float = defaults.DEFAULT_FULL_SCAN_EVERY,
    emit_scan_ids: bool = False,
    allow_incomplete: bool = False,
    naive_timezone: str | None = None,
    column_names: str = SPELLINGS[0],
    mask: dict[str, str] | None = None,
    mask_salt: dlt.TSecretStrValue | None = None,
    whatsapp: dict[str, str] | None = None,
    photos: dict[str, Any] | None = None,
    background_jobs: str | None = None,
    webhook_store: dlt.TSecretStrValue | None = None,
    webhook_keep_days: float = DEFAULT_KEEP_DAYS,
    webhook_fetch_changed: bool = False,
    on_stream_error: str = STOP,
    max_rows_per_run: int | None = None,
    nested: str = "structs",
    second_process_from: int = defaults.DEFAULT_SECOND_PROCESS_FROM,
) -> Iterable[DltResource]:
    """ChakraHQ: one resource per procedure, `users`, one per collection of the configuration.

    Each argument can come from `secrets.toml`, `config.toml` or the environment instead, under
    `sources.chakra`: `SOURCES__CHAKRA__API_KEY`. Those of the Singer tap mean the same.

    Args:
        api_key: Access token. Its role decides what is seen.
        api_url: Scheme and host of the API.
        procedures: ShortIds to read; all by default.
        process_ids: The processes that alone are read, by procedure, for repair: their resources
            are all that there are, and their state stays as it is.
        only_ids: A file of such ids, as `tap-chakra --only-ids` takes it.
        start_date: Rows last changed before it are not emitted.
        created_after: Only rows created since are read; misses every change to older rows.
        created_before: Only rows created before are read: with `created_after` a range of its own.
        concurrency: Requests under way at a time, for all resources together, at the most; as many
            as help find themselves.
        max_rps: Ceiling on requests per second; none by default, the pace adapts.
        lookback_seconds: Overlap of incremental runs, for changes that are committed late.
        request_timeout: Seconds without an answer after which a request is repeated; a whole
            answer may take five times as long.
        user_agent: Sent with each request.
        allow_http: Lets the key travel where others can read it: http:// to another machine.
        min_scan_share: A full scan that sees less than this share of the last complete one says
            nothing about deleted rows.
        change_detection: `auto`, `scan`, `server`, `created` or `open`.
        full_scan: This run reads everything, so that deleted rows are seen now.
        full_scan_every: Hours after which `server` and `open` read everything again.
        emit_scan_ids: Adds the tables `scanned_ids` and `complete_scans`.
        allow_incomplete: Loads what a scan read that could not be proven complete, in place of
            failing; its bookmark stays, and `incomplete_scans` names it.
        naive_timezone: The zone of times that name none; the team's by default, else UTC.
        column_names: How columns, and members of `data`, are called before dlt normalizes them:
            `chakra` or `snake_case`.
        mask: What must not leave in the clear: `{"*.email": "hash", "process_lead.phone": "drop"}`.
        mask_salt: The secret key of hashes; the same one makes the same hashes in every run.
        whatsapp: Whose message templates are read: `{"waba_id": …, "api_version": …}`; adds
            `whatsapp_templates`.
        photos: Fetches the files that attributes of photo types name, each once:
            `{"to": "photos"}`, a folder or a URL. Adds the table `photos`.
        background_jobs: A file of jobs, as `target-chakra jobs` prints them: adds
            `background_jobs` and `background_job_entries`.
        webhook_store: Where `tap-chakra listen` keeps inbound events, a file or a URL of
            PostgreSQL: adds `whatsapp_events` and `chakra_changes`.
        webhook_keep_days: Days after which an event that was loaded leaves the store.
        webhook_fetch_changed: Fetches the processes that change webhooks named since the last run
            first, whether or not the scan would bring them.
        on_stream_error: `stop`: a resource that fails fails the run, and nothing is loaded.
            `continue`: the others are loaded; call `raise_on_failures` after the run.
        max_rows_per_run: Rows of a procedure after which a full scan is cut; the next run goes
            on, and `unfinished_scans` names it until then.
        nested: `structs`, `json` or `columns`: what becomes of `data` and `derivedData`.
        second_process_from: From so many rows on, where there are two cores, a second process
            makes the tables; 0 for never.

    Raises:
        SettingsError: A setting means nothing.
        ChakraError: The configuration could not be fetched.
    """
    config = dict(locals())
    clock = SystemClock()
    agent = f"chakra-connectors/{version('chakra-connectors')}"
    settings = parse_settings(
        config, now=int(clock.now() * 1000), user_agent=agent, variable="SOURCES__CHAKRA_"
    )
    redact_logs(settings.connection.api_key, "tap-chakra", "dlt")
    layout = parse_layout(config)
    shared = SharedSource(settings, clock)
    guard = Guard(shared, parse_on_stream_error(config))
    with shared.opened() as source:
        naive, masks = settings.naive_timezone, source.masks
        called = source.names.collections
        collections = collection_records(source.account, called, naive, masks.listed)
        chosen, streams, named = source.procedures, source.streams, named_streams(source)
        if settings.photos.to:
            _ = source.photos  # checks the setting against the account
        zone = name_of(source.times.naive)
        for warning in (*source.name_warnings, *masks.warnings):
            _log.warning("%s", warning)
    resources = [
        _process_resource(guard, procedure, layout, streams[procedure.short_id])
        for procedure in chosen
        if named is None or streams[procedure.short_id] in named
    ]
    if named is not None:
        return resources
    users = dlt.resource(_users, name="users", primary_key="id", write_disposition="replace")
    spelling = settings.column_names
    listed = [_collection_resource(n, each, zone, spelling) for n, each in collections.items()]
    return [*resources, users(guard), *listed, *list_resources(guard), *inbound_resources(guard)]


def _process_resource(
    guard: Guard, procedure: Procedure, layout: TableLayout, stream: str
) -> DltResource:
    column = spelled_column(UPDATED, guard.shared.settings.column_names)
    made = dlt.resource(
        _process,
        name=stream,
        primary_key="id",
        write_disposition="merge",
        # A scan may bring a row twice, and the later state of it counts.
        columns={column: {"dedup_sort": "desc"}},
    )
    return made(guard, procedure, layout, stream)


def _collection_resource(
    name: str, collection: Collection, zone: str, spelling: str
) -> DltResource:
    keys = collection.keys
    made = dlt.resource(_collection, name=name, primary_key=keys, write_disposition="replace")
    return made(name, collection, zone, spelling)


def _process(guard: Guard, procedure: Procedure, layout: TableLayout, stream: str) -> Iterator[Any]:
    """The tables of one procedure, as far as it does not fail."""
    yield from guard.watched(stream, partial(_tables, guard.shared, procedure, layout))


def _tables(shared: SharedSource, procedure: Procedure, layout: TableLayout) -> Iterator[Any]:
    """The tables of one procedure; dlt keeps the state beside them."""
    state = dlt.current.resource_state()
    columns = dict(state.get("columns", {}))
    spelling = shared.settings.column_names
    plain = plain_layout(procedure, layout.nested)
    attributes = _under_contract(named_apart(plain, columns, spelling))
    if columns:
        state["columns"] = columns
    with shared.opened() as source:
        _avoid_csv(TableBuilder(procedure, source.directory, attributes, source.times).schema)
        typed = partial(StreamTables, source, procedure, attributes, shared.second)
        run = TableRun(source, procedure, typed, state=state, bounds=layout.bounds)
        for parcel in run.parcels(shared.clock, shared.changes):
            yield _item(parcel, spelling)


def _avoid_csv(schema: pa.Schema) -> None:
    """Have structs and lists written as rows where dlt would take CSV, which can't hold them.

    That is PostgreSQL: Arrow comes there as CSV by default, and the package would fail for ever.
    """
    capabilities = Container().get(DestinationCapabilitiesContext)
    if capabilities is None or not any(pa.types.is_nested(each.type) for each in schema):
        return
    formats = capabilities.supported_loader_file_formats or ()
    if capabilities.preferred_loader_file_format == "insert_values" and "csv" in formats:
        dlt.current.resource().apply_hints(file_format="insert_values")


def _item(parcel: Parcel, spelling: str) -> Any:  # noqa: ANN401 - what dlt takes
    if parcel.stream not in _KEYS:
        return spelled_table(parcel.table, spelling)
    hints = dlt.mark.make_hints(
        table_name=parcel.stream,
        primary_key=_KEYS[parcel.stream],
        write_disposition="merge",
        columns={},  # else those of the resource, whose updatedAt no such table has
    )
    return dlt.mark.with_hints(parcel.table, hints, create_table_variant=True)


def _under_contract(attributes: AttributeLayout) -> AttributeLayout:
    """The layout that the table in the pipeline's schema, and its contract, leave possible."""
    schema = dlt.current.source_schema()
    hints = dlt.current.resource().compute_table_schema()
    table = schema.naming.normalize_table_identifier(str(hints["name"]))
    if attributes.nested != "columns" or schema.is_new_table(table):
        return attributes
    contract = schema.resolve_contract_settings_for_table(table, hints)
    columns = schema.get_table_columns(table)

    def type_of(name: str) -> str | None:
        return columns.get(schema.naming.normalize_path(name), {}).get("data_type")

    existing = ExistingTable(type_of, str(contract["columns"]), str(contract["data_type"]))
    data, derived = settled(attributes.data, existing), settled(attributes.derived, existing)
    return AttributeLayout(attributes.nested, data, derived)


def _users(guard: Guard) -> Iterator[Any]:
    yield from guard.watched("users", partial(_user_table, guard.shared))


def _user_table(shared: SharedSource) -> Iterator[Any]:
    with shared.opened() as source:
        times, tally = source.account.times(shared.settings.naive_timezone), Tally()
        mask, schema = source.masks.users, users_schema()
        doubts: list[str] = []
        records = user_records(*source.listed_users(doubts), times, tally, mask)
        if doubts:
            note_incomplete("users", tuple(doubts), allowed=shared.settings.allow_incomplete)
        table = table_of(schema if mask is None else mask.schema(schema), records)
        yield spelled_table(table, shared.settings.column_names)
    for line in odd_lines(tally, name_of(times.naive)):
        _log.warning("users: %s", line)


def _collection(name: str, collection: Collection, zone: str, spelling: str) -> Iterator[Any]:
    # Without rows nothing is known of its columns; dlt empties the table then.
    if collection.rows:
        yield spelled_table(table_of(collection.schema, collection.rows), spelling)
        for line in odd_lines(collection.tally, zone):
            _log.warning("%s: %s", name, line)


def unfinished_scans(pipeline: dlt.Pipeline) -> list[str]:
    """The resources whose scan `max_rows_per_run` (or `add_limit`) has cut: run it again."""
    return [name for name, state in _states(pipeline).items() if "scan" in state]


def incomplete_scans(pipeline: dlt.Pipeline) -> dict[str, list[str]]:
    """The resources whose last scan was not complete (with `allow_incomplete`), and why."""
    return {
        name: state[INCOMPLETE]
        for name, state in _states(pipeline).items()
        if state.get(INCOMPLETE)
    }


def failed_streams(pipeline: dlt.Pipeline) -> dict[str, str]:
    """The resources that failed in the last run (`on_stream_error="continue"`), and why."""
    return {name: each["said"] for name, each in _failed(pipeline).items()}


def raise_on_failures(pipeline: dlt.Pipeline) -> None:
    """Fail if resources failed in the last run, now that the others are loaded.

    Raises:
        StreamsFailed: Naming each resource and why; its `exit_code` is the gravest.
    """
    if failed := _failed(pipeline):
        raise StreamsFailed(failed)


def _failed(pipeline: dlt.Pipeline) -> dict[str, Mapping[str, Any]]:
    return {name: state[FAILED] for name, state in _states(pipeline).items() if FAILED in state}


def _states(pipeline: dlt.Pipeline) -> Mapping[str, Any]:
    states: Mapping[str, Any] = pipeline.state.get("sources", {}).get(NAME, {}).get("resources", {})
    return states
