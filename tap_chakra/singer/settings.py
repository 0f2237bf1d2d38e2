"""The tap's settings as a user sees them: names, defaults, help. Their meaning: `settings.py`."""

from __future__ import annotations

from singer_sdk import typing as th
from singer_sdk.helpers._batch import DEFAULT_BATCH_SIZE

from chakra_api.endpoints.photos import MOST_PHOTO_BYTES
from chakra_api.whatsapp_account import DEFAULT_API_VERSION
from chakra_plugin.settings.connection import connection_settings
from chakra_plugin.settings.monitoring import MONITORING
from tap_chakra import settings as defaults
from tap_chakra.naming.column_names import SPELLINGS
from tap_chakra.singer.batch_settings import COMPRESSIONS, FORMATS
from tap_chakra.webhooks.settings import DEFAULT_KEEP_DAYS

CONNECTION = connection_settings(
    "tap-chakra",
    role="Its role decides what is seen: a User key lists only the processes assigned to it,"
    " without any sign of the others.",
    timed_out="given up and repeated",
)

SETTINGS = th.PropertiesList(
    CONNECTION.api_key,
    CONNECTION.api_url,
    th.Property(
        "procedures",
        th.ArrayType(th.StringType),
        title="Procedures",
        description="ShortIds of the procedures to read. All by default.",
    ),
    th.Property(
        "process_ids",
        th.ObjectType(additional_properties=True),
        title="Process ids",
        description="The processes that alone are read, by procedure, for repair:"
        ' {"lead": ["4b8f6a2e-..."]}. They are emitted whatever start_date, created_after and'
        " created_before say; the state stays as it is.",
    ),
    th.Property(
        "only_ids",
        th.StringType,
        title="Only ids",
        description="A file of such ids, as --only-ids names it: one ID per line (of the procedure"
        ' that procedures names), lead<TAB>id, or {"procedure": "lead", "id": "..."}.',
    ),
    th.Property(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description="Rows last changed before this are not emitted. Compares with updatedAt and"
        " does not shorten the scan.",
    ),
    th.Property(
        "created_after",
        th.DateTimeType,
        title="Created after",
        description="Only rows created at or after this are read, which shortens the scan. Misses"
        " every change to older rows.",
    ),
    th.Property(
        "created_before",
        th.DateTimeType,
        title="Created before",
        description="Only rows created before this are read. With created_after a range that a run"
        " reads with a state of its own: ranges that meet hold every row once.",
    ),
    th.Property(
        "concurrency",
        th.IntegerType,
        default=defaults.DEFAULT_CONCURRENCY,
        title="Concurrency",
        description="The most requests under way at a time. A run begins with 8, and takes as many"
        " as help.",
    ),
    CONNECTION.max_rps,
    th.Property(
        "lookback_seconds",
        th.NumberType,
        default=defaults.DEFAULT_LOOKBACK_SECONDS,
        title="Look-back",
        description="Overlap of incremental runs, for changes that are committed late: rows changed"
        " this long before the bookmark are emitted again.",
    ),
    CONNECTION.request_timeout,
    CONNECTION.user_agent,
    CONNECTION.allow_http,
    th.Property(
        "min_scan_share",
        th.NumberType,
        default=defaults.DEFAULT_MIN_SCAN_SHARE,
        title="Minimum scan share",
        description="A full scan that sees less than this share of the last complete one says"
        " nothing about deleted rows (a key whose role was narrowed sees fewer). Set it to 0 for"
        " one run to confirm.",
    ),
    th.Property(
        "change_detection",
        th.StringType,
        default=defaults.DEFAULT_CHANGE_DETECTION,
        allowed_values=list(defaults.CHANGE_DETECTION),
        title="Change detection",
        description="How incremental runs find changed rows. scan reads everything and misses"
        " nothing; server asks for rows changed since, and misses those without a usable"
        " updatedAt until the next full scan; created reads new rows only and misses every change"
        " to older ones; open reads OPEN rows and new ones, and misses changes to others until"
        " the next full scan. auto is server where a probe proves that this server filters on"
        " updatedAt, else scan.",
    ),
    th.Property(
        "full_scan",
        th.BooleanType,
        default=False,
        title="Full scan",
        description="This run reads everything, whatever change_detection says, and emits what"
        " changed: deleted rows are seen now, not when full_scan_every is over.",
    ),
    th.Property(
        "full_scan_every",
        th.NumberType,
        default=defaults.DEFAULT_FULL_SCAN_EVERY,
        title="Full scan every",
        description="Hours after which a run with server or open reads everything again.",
    ),
    th.Property(
        "emit_scan_ids",
        th.BooleanType,
        default=False,
        title="Emit scan ids",
        description="Adds the streams scanned_ids and complete_scans, from which deleted rows"
        " follow without FULL_TABLE runs; docs/how-to/deleted-rows.md has the SQL.",
    ),
    th.Property(
        "allow_incomplete",
        th.BooleanType,
        default=False,
        title="Allow incomplete",
        description="A scan that could not be proven complete ends with exit code 0 and a warning,"
        " not with 6. Its bookmark does not move all the same.",
    ),
    th.Property(
        "naive_timezone",
        th.StringType,
        title="Naive time zone",
        description="The zone of times that name none: a name as Asia/Kolkata, or an offset as"
        " +05:30. The team's zone by default, as the configuration gives it, else UTC.",
    ),
    th.Property(
        "column_names",
        th.StringType,
        default=SPELLINGS[0],
        allowed_values=list(SPELLINGS),
        title="Column names",
        description="How columns are called. chakra leaves ChakraHQ's own names; snake_case makes"
        " of them what dlt does, assigned_to_username of assignedToUsername, so that one model"
        " reads what either has loaded. Masks name ChakraHQ's own names all the same.",
    ),
    th.Property(
        "mask",
        th.ObjectType(additional_properties=True),
        title="Mask",
        description="Personal data that must not leave in the clear, as stream.property: treatment."
        " hash makes HMAC-SHA-256 of a value, drop leaves it out, keep-first leaves the first"
        ' character of a text: {"*.email": "hash", "process_lead.phone": "drop"}. It counts in'
        " every output.",
    ),
    th.Property(
        "mask_salt",
        th.StringType,
        secret=True,
        title="Mask salt",
        description="The secret key of hashes, 16 characters or more. The same salt makes the same"
        " hashes in every run; keep it.",
    ),
    th.Property(
        "report_path",
        th.StringType,
        title="Report path",
        description="A file of JSON in which each run leaves what tap-chakra report shows: streams,"
        " windows of the scans, requests over time, values that did not fit, changes of the schema."
        " It holds no value of a row.",
    ),
    th.Property(
        "whatsapp",
        th.ObjectType(
            th.Property(
                "waba_id",
                th.StringType,
                description="Meta's id of the WhatsApp Business Account, which owns the templates.",
            ),
            th.Property(
                "api_version",
                th.StringType,
                description=f"Meta's version. {DEFAULT_API_VERSION} by default.",
            ),
        ),
        title="WhatsApp",
        description="Whose message templates are read: waba_id, and api_version. Adds the stream"
        " whatsapp_templates.",
    ),
    th.Property(
        "photos",
        th.ObjectType(
            th.Property(
                "to",
                th.StringType,
                title="To",
                description="A folder, or a URL as s3://bucket/folder; must be set.",
            ),
            th.Property(
                "procedures",
                th.ArrayType(th.StringType),
                title="Procedures",
                description="ShortIds of the procedures whose photos are fetched. All that are read"
                " by default.",
            ),
            th.Property(
                "max_bytes",
                th.IntegerType,
                default=MOST_PHOTO_BYTES,
                title="Maximum bytes",
                description="A larger photo is a row with that reason, and no file.",
            ),
            additional_properties=False,
        ),
        title="Photos",
        description="Fetch the files that attributes of type photo and multiPhotos name in the rows"
        ' that a run reads, each once: {"to": "photos"}. Adds the stream photos.',
    ),
    th.Property(
        "background_jobs",
        th.StringType,
        title="Background jobs",
        description="A file of background jobs to read, a line each: an id, or what target-chakra"
        " jobs prints. Adds the streams background_jobs and background_job_entries.",
    ),
    th.Property(
        "webhook_store",
        th.URIType,
        secret=True,
        title="Webhook store",
        description="Where tap-chakra listen keeps what it was called with: a file, or"
        " postgresql://user:password@host/database. Adds the streams whatsapp_events and"
        " chakra_changes.",
    ),
    th.Property(
        "webhook_secrets",
        th.ArrayType(th.StringType),
        secret=True,
        title="Webhook secrets",
        description="The team's HMAC secret, with which webhook calls are signed; while it is"
        " changed the new one and the old one. For tap-chakra listen alone.",
    ),
    th.Property(
        "webhook_keep_days",
        th.NumberType,
        default=DEFAULT_KEEP_DAYS,
        title="Webhook keep days",
        description="Days after which an event leaves the store, if the state of a run proves that"
        " it was loaded before.",
    ),
    th.Property(
        "webhook_fetch_changed",
        th.BooleanType,
        default=False,
        title="Webhook fetch changed",
        description="An incremental run first fetches the processes that change webhooks named"
        " since the last one, each once, whether or not its scan would bring them.",
    ),
    th.Property(
        "second_process_from",
        th.IntegerType,
        default=defaults.DEFAULT_SECOND_PROCESS_FROM,
        title="Second process from",
        description="From so many rows of a run on, where there are two cores, a second process"
        " types and writes rows while the first one reads. 0 for never.",
    ),
    *MONITORING,
    th.Property(
        "batch_config",
        th.ObjectType(
            th.Property(
                "encoding",
                th.ObjectType(
                    th.Property(
                        "format",
                        th.StringType,
                        allowed_values=list(FORMATS),
                        title="Format",
                        description="JSON lines or parquet.",
                    ),
                    th.Property(
                        "compression",
                        th.StringType,
                        allowed_values=list(COMPRESSIONS),
                        title="Compression",
                        description="Of JSON lines none by default, of parquet snappy.",
                    ),
                    additional_properties=False,
                ),
                title="Encoding",
                description="How files are written; format must be set.",
            ),
            th.Property(
                "storage",
                th.ObjectType(
                    th.Property(
                        "root",
                        th.StringType,
                        title="Root",
                        description="A folder, or a URL as s3://bucket/folder.",
                    ),
                    th.Property(
                        "prefix",
                        th.StringType,
                        title="Prefix",
                        description="How the names of files begin.",
                    ),
                    th.Property(
                        "params",
                        th.ObjectType(additional_properties=True),
                        title="Parameters",
                        description="What fsspec asks for a URL: keys, endpoints.",
                    ),
                    additional_properties=False,
                ),
                title="Storage",
                description="Where files go; root must be set.",
            ),
            th.Property(
                "batch_size",
                th.IntegerType,
                default=DEFAULT_BATCH_SIZE,
                title="Batch size",
                description="Rows after which a file is written.",
            ),
            additional_properties=False,
        ),
        title="Batch configuration",
        description="Write files and BATCH messages in place of records.",
    ),
)
