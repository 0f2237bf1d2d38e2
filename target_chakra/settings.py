"""The target's settings as the core sees them: parsed once, frozen, every fault named.

The names, defaults and help texts that a user sees are in `singer/settings.py`; this module
gives them their meaning.
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar

from chakra_api.connection import MOST_CONCURRENCY, Connection, parse_connection, parse_zone
from chakra_api.errors import SettingsError
from chakra_api.nearest import nearest
from chakra_api.setting_values import flag, number, shown, whole
from chakra_api.whatsapp_account import WhatsAppAccount, parse_whatsapp
from target_chakra.changes import Mode
from target_chakra.storage.place import passed_over
from target_chakra.stream_mapping import StreamMapping, parse_streams

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

_T = TypeVar("_T", bound=str)
Compare: TypeAlias = Literal["always", "journal", "never"]

COMPARES: Final[tuple[Compare, ...]] = ("always", "journal", "never")
Format: TypeAlias = Literal["username", "id"]
FORMATS: Final[tuple[Format, ...]] = ("username", "id")
Bulk: TypeAlias = Literal["auto", "never"]
BULKS: Final[tuple[Bulk, ...]] = ("auto", "never")

DEFAULT_BATCH_SIZE: Final = 1000
DEFAULT_CONCURRENCY: Final = 4
DEFAULT_JOB_TIMEOUT: Final = 1800
DEFAULT_HORIZON: Final = 300
DEFAULT_STOP_PERCENT: Final = 10
DEFAULT_RETENTION_DAYS: Final = 30


LAG_SECONDS: Final = 30.0
"""For how long lists may lag behind a write (Q32)."""
WATCH_SECONDS: Final = 60.0
"""For how long what an earlier run left is watched in any case."""
LEAST_OPEN: Final = 1000
"""Rows that may be without an outcome, however small the batches are."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may do before it stops or complains.

    Attributes:
        max_rejects: With more, the exit code says so.
        stop_at_reject_percent: Of the rows in so far; from 1,000 rows on the run stops there.
        max_deletes: Deletes that the user allows.
    """

    max_rejects: int = 0
    stop_at_reject_percent: float = DEFAULT_STOP_PERCENT
    max_deletes: int = 0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what, in seconds.

    Attributes:
        job_timeout: For a job to end.
        horizon: Until a submit whose answer was lost can't begin any more.
    """

    job_timeout: float = DEFAULT_JOB_TIMEOUT
    horizon: float = DEFAULT_HORIZON

    @property
    def lag(self) -> float:
        """How long lists may lag behind a job; no longer than anything else takes there."""
        return min(LAG_SECONDS, self.horizon)

    @property
    def watch(self) -> float:
        """How long a run watches what an earlier one left, however old that is."""
        return min(WATCH_SECONDS, self.horizon, self.job_timeout)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user set.

    Attributes:
        connection: Where and as whom.
        journal: SQLAlchemy URL.
        passed_over: The journal at the default place, where another is used; None if there is none.
        streams: The mappings, in order; the first that matches a stream counts.
        whatsapp: The account's way to WhatsApp.
        batch_size: Rows a job.
        concurrency: Jobs in flight.
        bulk: Whether rows may travel in bulk, as jobs; else each by a request of its own.
        compare: What a row is compared with.
        assigned_to_format: How an assignee is sent (Q7).
        assign_inactive: Whether users may be assigned who are not active.
        naive_timezone: The zone of times that name none; None for the team's.
        limits: What a run may do.
        patience: How long to wait.
        retention_days: After which settled batches are cleared.
        rejects_path: File for rejected rows; None for none beside the journal.
        overwrite_edits: Whether what people changed is written over, though a mapping keeps it.
        dry_run: Whether nothing is written.
        plan_path: File for what would be written, which then is not; None for none.
    """

    connection: Connection
    journal: str
    streams: tuple[StreamMapping, ...] = ()
    whatsapp: WhatsAppAccount = field(default_factory=WhatsAppAccount)
    batch_size: int = DEFAULT_BATCH_SIZE
    concurrency: int = DEFAULT_CONCURRENCY
    bulk: Bulk = "auto"
    compare: Compare = "always"
    assigned_to_format: Format = "username"
    assign_inactive: bool = False
    naive_timezone: tzinfo | None = None
    limits: Limits = field(default_factory=Limits)
    patience: Patience = field(default_factory=Patience)
    retention_days: float = DEFAULT_RETENTION_DAYS
    rejects_path: Path | None = None
    overwrite_edits: bool = False
    dry_run: bool = False
    plan_path: Path | None = None
    passed_over: Path | None = None

    @property
    def writes_nothing(self) -> bool:
        """Whether a run looks and decides only."""
        return self.dry_run or self.plan_path is not None

    @property
    def most_open(self) -> int:
        """Rows without an outcome that may be held; enough to fill each batch."""
        return max(self.batch_size * (self.concurrency + 3), LEAST_OPEN)

    def maps(self, stream: str) -> bool:
        """Whether a stream has a mapping, or names a procedure."""
        try:
            self.mapping_for(stream)
        except SettingsError:
            return False
        return True

    def mapping_for(self, stream: str) -> StreamMapping:
        """The mapping of a stream: the first whose name or glob fits, else the default one.

        Raises:
            SettingsError: No mapping fits and the stream does not name a procedure.
        """
        for mapping in self.streams:
            if fnmatch.fnmatchcase(stream, mapping.stream):
                return mapping
        if stream.startswith("process_"):
            return StreamMapping(stream=stream)
        near = nearest(stream, [mapping.stream for mapping in self.streams])
        raise SettingsError(
            f"There is no mapping for the stream '{stream}'"
            + (f" (the nearest one is of '{near}')" if near else ""),
            "Add one to the setting streams, with stream, procedure and key, or leave its rows out"
            f' with {{"stream": "{stream}", "skip": true}}',
        )


def parse_settings(
    config: Mapping[str, object],
    *,
    user_agent: str,
    journal: str,
    variable: str = "TARGET_CHAKRA",
) -> Settings:
    """Give the configuration its meaning.

    Args:
        config: The settings by name, already of the right JSON types.
        user_agent: The default for `user_agent`.
        journal: The default for `journal`.
        variable: Prefix of the environment's variables, to name in errors.

    Raises:
        SettingsError: A value is missing or means nothing.
    """
    concurrency = whole(config, "concurrency", DEFAULT_CONCURRENCY, 1, MOST_CONCURRENCY)
    settings = Settings(
        connection=parse_connection(config, user_agent=user_agent, variable=variable),
        streams=parse_streams(config.get("streams")),
        whatsapp=parse_whatsapp(config),
        batch_size=whole(config, "batch_size", DEFAULT_BATCH_SIZE, 1),
        concurrency=concurrency,
        bulk=_one_of(config, "bulk", BULKS),
        compare=_one_of(config, "compare", COMPARES),
        assigned_to_format=_one_of(config, "assigned_to_format", FORMATS),
        assign_inactive=flag(config, "assign_inactive"),
        naive_timezone=parse_zone(config, "naive_timezone"),
        limits=_limits(config),
        patience=Patience(
            number(config, "job_timeout", DEFAULT_JOB_TIMEOUT, 1),
            number(config, "lost_answer_horizon", DEFAULT_HORIZON, 0),
        ),
        journal=str(config.get("journal") or journal),
        retention_days=number(config, "journal_retention_days", DEFAULT_RETENTION_DAYS, 0),
        rejects_path=Path(str(config["rejects_path"])) if config.get("rejects_path") else None,
        overwrite_edits=flag(config, "overwrite_edits"),
        dry_run=flag(config, "dry_run"),
        plan_path=Path(str(config["plan_path"])) if config.get("plan_path") else None,
    )
    _refuse_blind_edits(settings)
    _refuse_blind_upserts(settings)
    _refuse_blind_plans(settings)
    return settings


def beside_default(settings: Settings, project: Path | None, environment: str) -> Settings:
    """The settings, aware of the journal that they pass over at the default place, if there is one.

    Args:
        settings: What the user set.
        project: The root of the Meltano project that runs us; None outside of one.
        environment: The Meltano environment; empty for none.
    """
    return replace(settings, passed_over=passed_over(settings.journal, project, environment))


def _limits(config: Mapping[str, object]) -> Limits:
    return Limits(
        whole(config, "max_rejects", 0, 0),
        number(config, "stop_at_reject_percent", DEFAULT_STOP_PERCENT, 0),
        whole(config, "max_deletes", 0, 0),
    )


def _refuse_blind_edits(settings: Settings) -> None:
    """What people changed is seen by looking."""
    for mapping in settings.streams if settings.compare == "never" else ():
        if mapping.may_keep_edits:
            raise SettingsError(
                f"compare is never, so keep_edits of stream '{mapping.stream}' can't know what"
                " people changed",
                "Use compare always, or take keep_edits away",
            )


def _refuse_blind_upserts(settings: Settings) -> None:
    blind = settings.compare == "never"
    for mapping in settings.streams if blind else ():
        if not mapping.skip and mapping.mode in (Mode.UPSERT, Mode.MIRROR):
            raise SettingsError(
                f"compare is never, so mode {mapping.mode.value} of stream '{mapping.stream}'"
                " can't know whether to create or to update",
                "Use compare always or journal, or mode insert or update",
            )
    if blind and not settings.streams:
        raise SettingsError(
            "compare is never, and without a mapping each stream is upserted",
            "Use compare always or journal, or map each stream with mode insert or update",
        )


def _refuse_blind_plans(settings: Settings) -> None:
    if settings.plan_path is not None and settings.compare == "never":
        raise SettingsError(
            "compare is never, so a plan would not know what ChakraHQ holds",
            "Use compare always or journal with plan_path, or take plan_path away",
        )


def _one_of(config: Mapping[str, object], name: str, allowed: tuple[_T, ...]) -> _T:
    value = config.get(name) or allowed[0]
    for each in allowed:
        if value == each:
            return each
    raise SettingsError(
        f"The setting {name} is {shown(value)}", f"Use one of: {', '.join(allowed)}"
    )
