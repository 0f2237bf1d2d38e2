"""The target's settings as a user sees them: names, defaults, help. Meaning: `settings.py`."""

from __future__ import annotations

from singer_sdk import typing as th

from chakra_plugin.settings.connection import connection_settings
from chakra_plugin.settings.monitoring import MONITORING
from target_chakra import settings as defaults
from target_chakra.call_settings.call_mapping import CallKind
from target_chakra.call_settings.parsing import PROCESS
from target_chakra.singer.message_settings import MESSAGE_OPTIONS, WHATSAPP
from target_chakra.singer.photo_settings import PHOTO_OPTIONS

MAPPING = th.ObjectType(
    th.Property(
        "stream",
        th.StringType,
        required=True,
        description="Name of the stream, or a glob such as marts-*. The first mapping that fits"
        " counts.",
    ),
    th.Property(
        "skip",
        th.BooleanType,
        description="Send no row of the stream anywhere. It stands alone in its mapping.",
    ),
    th.Property(
        "kind",
        th.StringType,
        allowed_values=[PROCESS, *(kind.value for kind in CallKind)],
        description="What a row is: a process (the default), or what it asks for by one call; user"
        " and whatsapp_template: names of a user and a message template, compared first;"
        " photo: photos of a process.",
    ),
    th.Property("procedure", th.StringType, description="ShortId of the procedure to write to."),
    th.Property(
        "mode",
        th.StringType,
        allowed_values=["insert", "update", "upsert", "delete", "mirror"],
        description="What to do with a row. upsert by default.",
    ),
    th.Property(
        "key",
        th.AnyType(),
        description='The column that names the process, or {"column": ..., "attribute": ...},'
        ' which takes "trim": true and "case": "lower" or "upper". They change'
        " the source's keys alone: ChakraHQ's must be spelled so already."
        " By default id where the rows carry one, else the procedure's primary key.",
    ),
    th.Property(
        "fields",
        th.ObjectType(additional_properties=True),
        description="Column to data.<attribute>, state, status, assignedTo, nextActionAt,"
        " isDeleted, or (on create only) record.<attribute>. By name by default. With options:"
        ' {"to": "data.score", "round": true, "blanks": "keep", "keep_edits": true}.',
    ),
    th.Property(
        "nulls",
        th.StringType,
        allowed_values=["skip", "clear"],
        description="What a null does: nothing (skip, the default), or clear the field.",
    ),
    th.Property(
        "blanks",
        th.StringType,
        allowed_values=["null", "keep"],
        description="What an empty text is: a null (the default), or a text to store (keep).",
    ),
    th.Property(
        "only_if_empty",
        th.ArrayType(th.StringType),
        description="Fields that are written only where ChakraHQ holds nothing.",
    ),
    th.Property(
        "keep_edits",
        th.BooleanType,
        description="Leave fields alone that a person changed since they were written, until their"
        " value changes in the source.",
    ),
    th.Property(
        "delete_when",
        th.StringType,
        description="Column that marks a row as deleted, such as _sdc_deleted_at.",
    ),
    th.Property(
        "revive",
        th.BooleanType,
        description="Bring back what was deleted or is gone, in place of a reject.",
    ),
    th.Property(
        "once_by",
        th.StringType,
        description="Of tasks and messages: the column whose values tell them apart. Each value"
        " leads to one task or message, and never to a second one.",
    ),
    th.Property(
        "process",
        th.StringType,
        description="Of tasks and messages: the column that names the process, by its id or its"
        " primary key.",
    ),
    th.Property(
        "task",
        th.StringType,
        description="Of tasks: ShortId of the state task, the schema of the task.",
    ),
    th.Property(
        "user",
        th.StringType,
        description="Of kind user: the column that names the user, by id, username or email. fields"
        " are then column to firstName, lastName, middleName or displayName.",
    ),
    *MESSAGE_OPTIONS,
    *PHOTO_OPTIONS,
)

CONNECTION = connection_settings(
    "target-chakra",
    role="Its role must see and may write the procedures.",
    timed_out="given up",
)

SETTINGS = th.PropertiesList(
    CONNECTION.api_key,
    CONNECTION.api_url,
    th.Property(
        "streams",
        th.ArrayType(MAPPING),
        title="Streams",
        description="How the rows of a stream become changes. Without any, what tap-chakra emits"
        " goes back to its procedure by id.",
    ),
    WHATSAPP,
    th.Property(
        "compare",
        th.StringType,
        allowed_values=list(defaults.COMPARES),
        default="always",
        title="Compare",
        description="always: with what ChakraHQ holds. journal: with what was confirmed last."
        " never: send every row (not with upsert).",
    ),
    th.Property(
        "assigned_to_format",
        th.StringType,
        allowed_values=list(defaults.FORMATS),
        default="username",
        title="Form of an assignee",
        description="Whether assignedTo is sent as a username or as a user's id.",
    ),
    th.Property(
        "assign_inactive",
        th.BooleanType,
        default=False,
        title="Assign inactive users",
        description="Assign users who are not active, too; without it such rows are rejects.",
    ),
    th.Property(
        "naive_timezone",
        th.StringType,
        title="Zone of times without one",
        description="The zone of times that name none, as Asia/Kolkata or +05:30. By default the"
        " team's, as ChakraHQ's configuration gives it, else UTC.",
    ),
    th.Property(
        "bulk",
        th.StringType,
        allowed_values=list(defaults.BULKS),
        default="auto",
        title="Bulk",
        description="auto: rows travel together, as jobs, where ChakraHQ takes them so. never: each"
        " by a request of its own, answered at once.",
    ),
    th.Property(
        "batch_size",
        th.IntegerType,
        default=defaults.DEFAULT_BATCH_SIZE,
        title="Batch size",
        description=(
            "Rows per job. The first of its kind on an account has 10 and is read back. Where"
            " ChakraHQ takes only some rows of one, the rest is read back, and the journal"
            " remembers that size."
        ),
    ),
    th.Property(
        "concurrency",
        th.IntegerType,
        default=defaults.DEFAULT_CONCURRENCY,
        title="Concurrency",
        description="Jobs in flight. Two of them never hold the same process.",
    ),
    CONNECTION.max_rps,
    CONNECTION.request_timeout,
    CONNECTION.user_agent,
    CONNECTION.allow_http,
    th.Property(
        "job_timeout",
        th.NumberType,
        default=defaults.DEFAULT_JOB_TIMEOUT,
        title="Job timeout",
        description="Seconds after which a job that has not ended is given up: what it did not"
        " write by then is unknown.",
    ),
    th.Property(
        "lost_answer_horizon",
        th.NumberType,
        default=defaults.DEFAULT_HORIZON,
        title="Horizon of lost answers",
        description="Seconds after which a job whose submit was never answered can't begin any"
        " more. Until then its rows are read back, and never sent again.",
    ),
    th.Property(
        "journal",
        th.URIType,
        secret=True,
        title="Journal",
        description="SQLAlchemy URL (SQLite or PostgreSQL) of the journal. By default a file for"
        " each Meltano environment, .target-chakra/<environment>/journal.db in the project; without"
        " Meltano .target-chakra/journal.db in the working folder. It holds what rows carried; a"
        " file is readable by its owner only.",
    ),
    th.Property(
        "journal_retention_days",
        th.NumberType,
        default=defaults.DEFAULT_RETENTION_DAYS,
        title="Journal retention",
        description="Days after which settled batches are cleared. Unknown rows, open rejects and"
        " confirmed values stay.",
    ),
    th.Property(
        "rejects_path",
        th.StringType,
        title="Rejects file",
        description="JSON lines of rejected rows, with reason and next step. They are in the"
        " journal in any case.",
    ),
    *MONITORING,
    th.Property(
        "batch_root",
        th.StringType,
        title="Root of BATCH files",
        description="Folder below which the files of BATCH messages must lie, or a URL of an"
        " object store, as s3://bucket/folder. By default the Meltano project's folder, without"
        " Meltano the working folder. No link in it is followed.",
    ),
    th.Property(
        "max_rejects",
        th.IntegerType,
        default=0,
        title="Max rejects",
        description="Rejected rows that a run may have. With more it goes on, and ends with exit"
        " code 7.",
    ),
    th.Property(
        "stop_at_reject_percent",
        th.NumberType,
        default=defaults.DEFAULT_STOP_PERCENT,
        title="Stop at reject percent",
        description="Percentage of rejects among the rows so far, from 1,000 rows on, at which the"
        " run stops before it sends more.",
    ),
    th.Property(
        "max_deletes",
        th.IntegerType,
        default=0,
        title="Max deletes",
        description="Deletes that a run may do. The one that would cross it stops the run.",
    ),
    th.Property(
        "overwrite_edits",
        th.BooleanType,
        default=False,
        title="Overwrite edits",
        description="Write also the fields that keep_edits leaves alone, since a person changed"
        " them. Set it for one run, once the list of target-chakra kept was read.",
    ),
    th.Property(
        "dry_run",
        th.BooleanType,
        default=False,
        title="Dry run",
        description="Write nothing; say what would be created, updated and deleted.",
    ),
    th.Property(
        "plan_path",
        th.StringType,
        title="Plan file",
        description="Write nothing, and leave a plan of what would be written in this file (as"
        " --plan does): to be read with target-chakra plan, and carried out with target-chakra"
        " apply.",
    ),
)
