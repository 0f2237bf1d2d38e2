"""The target's settings as the core sees them: parsed once, frozen, every fault named.

The names, defaults and help texts that a user sees are in `singer/settings.py`; this module
gives them their meaning.
"""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar

from chakra_api.connection import Connection, number, parse_connection
from chakra_api.errors import SettingsError
from target_chakra.changes import Mode

if TYPE_CHECKING:
    from collections.abc import Mapping

_T = TypeVar("_T", bound=str)
Compare: TypeAlias = Literal["always", "journal", "never"]

COMPARES: Final[tuple[Compare, ...]] = ("always", "journal", "never")
Format: TypeAlias = Literal["username", "id"]
FORMATS: Final[tuple[Format, ...]] = ("username", "id")

DEFAULT_JOURNAL: Final = "sqlite:///.target-chakra/journal.db"
DEFAULT_BATCH_SIZE: Final = 1000
DEFAULT_CONCURRENCY: Final = 4
DEFAULT_JOB_TIMEOUT: Final = 1800
DEFAULT_HORIZON: Final = 300
DEFAULT_STOP_PERCENT: Final = 10
DEFAULT_RETENTION_DAYS: Final = 30
_MAPPING_KEYS: Final = frozenset(
    [
        "stream",
        "procedure",
        "mode",
        "key",
        "fields",
        "nulls",
        "only_if_empty",
        "delete_when",
        "revive",
    ]
)


LEAST_OPEN: Final = 1000
"""Rows that may be without an outcome, however small the batches are."""


@dataclass(frozen=True, slots=True)
class StreamMapping:
    """How one stream's rows become changes.

    Attributes:
        stream: Name or glob.
        procedure: ShortId; None to take it from the stream's name (`process_lead`).
        mode: What is asked for.
        names_mode: Whether the user said so; what a table says of itself counts only if not.
        key_column: The column that names a process; None for the default.
        key_attribute: The attribute it stands for, or `id`; None for the default.
        fields: Column → destination; None for by name.
        clears: Whether a null clears the attribute (else it is left as it is).
        only_if_empty: Destinations that are never overwritten.
        delete_when: The column that marks a row as deleted.
        revive: Whether a process that was deleted, or is gone, may be brought back.
    """

    stream: str = "*"
    procedure: str | None = None
    mode: Mode = Mode.UPSERT
    names_mode: bool = False
    key_column: str | None = None
    key_attribute: str | None = None
    fields: Mapping[str, str] | None = None
    clears: bool = False
    only_if_empty: frozenset[str] = frozenset()
    delete_when: str | None = None
    revive: bool = False

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it names."""
        named = (self.key_column, self.delete_when, *(self.fields or ()))
        return frozenset(name for name in named if name)


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


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user set.

    Attributes:
        connection: Where and as whom.
        streams: The mappings, in order; the first that matches a stream counts.
        batch_size: Rows a job.
        concurrency: Jobs in flight.
        compare: What a row is compared with.
        assigned_to_format: How an assignee is sent (Q7).
        limits: What a run may do.
        patience: How long to wait.
        journal: SQLAlchemy URL.
        retention_days: After which settled batches are cleared.
        rejects_path: File for rejected rows; None for none beside the journal.
        dry_run: Whether nothing is written.
    """

    connection: Connection
    streams: tuple[StreamMapping, ...] = ()
    batch_size: int = DEFAULT_BATCH_SIZE
    concurrency: int = DEFAULT_CONCURRENCY
    compare: Compare = "always"
    assigned_to_format: Format = "username"
    limits: Limits = field(default_factory=Limits)
    patience: Patience = field(default_factory=Patience)
    journal: str = DEFAULT_JOURNAL
    retention_days: float = DEFAULT_RETENTION_DAYS
    rejects_path: Path | None = None
    dry_run: bool = False

    @property
    def most_open(self) -> int:
        """Rows without an outcome that may be held; enough to fill each batch."""
        return max(self.batch_size * (self.concurrency + 3), LEAST_OPEN)

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
        raise SettingsError(
            f"There is no mapping for the stream '{stream}'",
            "Add one to the setting streams, with stream, procedure and key",
        )


def parse_settings(
    config: Mapping[str, object], *, user_agent: str, variable: str = "TARGET_CHAKRA"
) -> Settings:
    """Give the configuration its meaning.

    Args:
        config: The settings by name, already of the right JSON types.
        user_agent: The default for `user_agent`.
        variable: Prefix of the environment's variables, to name in errors.

    Raises:
        SettingsError: A value is missing or means nothing.
    """
    concurrency = int(number(config, "concurrency", DEFAULT_CONCURRENCY, 1))
    settings = Settings(
        connection=parse_connection(config, user_agent=user_agent, variable=variable),
        streams=_streams(config.get("streams")),
        batch_size=int(number(config, "batch_size", DEFAULT_BATCH_SIZE, 1)),
        concurrency=concurrency,
        compare=_one_of(config, "compare", COMPARES),
        assigned_to_format=_one_of(config, "assigned_to_format", FORMATS),
        limits=_limits(config),
        patience=Patience(
            number(config, "job_timeout", DEFAULT_JOB_TIMEOUT, 1),
            number(config, "lost_answer_horizon", DEFAULT_HORIZON, 0),
        ),
        journal=str(config.get("journal") or DEFAULT_JOURNAL),
        retention_days=number(config, "journal_retention_days", DEFAULT_RETENTION_DAYS, 0),
        rejects_path=Path(str(config["rejects_path"])) if config.get("rejects_path") else None,
        dry_run=config.get("dry_run") is True,
    )
    _refuse_blind_upserts(settings)
    return settings


def _limits(config: Mapping[str, object]) -> Limits:
    return Limits(
        int(number(config, "max_rejects", 0, 0)),
        number(config, "stop_at_reject_percent", DEFAULT_STOP_PERCENT, 0),
        int(number(config, "max_deletes", 0, 0)),
    )


def _refuse_blind_upserts(settings: Settings) -> None:
    blind = settings.compare == "never"
    for mapping in settings.streams if blind else ():
        if mapping.mode in (Mode.UPSERT, Mode.MIRROR):
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


def _streams(value: object) -> tuple[StreamMapping, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise SettingsError(
            "The setting streams is not a list of mappings",
            'Write it as [{"stream": "lead_scores", "procedure": "lead", "key": "lead_id"}]',
        )
    return tuple(_stream(each, number) for number, each in enumerate(value, 1))


def _stream(given: Mapping[str, object], number: int) -> StreamMapping:
    name = given.get("stream")
    where = f"mapping {number} of the setting streams"
    if not isinstance(name, str) or not name:
        raise SettingsError(f"In {where} stream is missing", "Name a stream, or a glob as marts-*")
    unknown = sorted(set(given) - _MAPPING_KEYS)
    if unknown:
        raise SettingsError(
            f"In {where} ('{name}') there is no option {', '.join(unknown)}",
            f"The options are: {', '.join(sorted(_MAPPING_KEYS))}",
        )
    column, attribute = _key(given.get("key"), where)
    return StreamMapping(
        stream=name,
        procedure=_text(given, "procedure"),
        mode=_mode(given.get("mode"), where),
        names_mode=bool(given.get("mode")),
        key_column=column,
        key_attribute=attribute,
        fields=_fields(given.get("fields"), where),
        clears=_nulls(given.get("nulls"), where),
        only_if_empty=_names(given.get("only_if_empty"), where),
        delete_when=_text(given, "delete_when"),
        revive=given.get("revive") is True,
    )


def _text(given: Mapping[str, object], name: str) -> str | None:
    value = given.get(name)
    return str(value) if value else None


def _mode(value: object, where: str) -> Mode:
    try:
        return Mode(value or "upsert")
    except ValueError:
        modes = ", ".join(mode.value for mode in Mode)
        raise SettingsError(f"In {where} mode is {value!r}", f"Use one of: {modes}") from None


def _key(value: object, where: str) -> tuple[str | None, str | None]:
    """`"lead_id"`, or `{"column": "crm_id", "attribute": "lead_id"}`."""
    if value is None:
        return None, None
    if isinstance(value, str) and value:
        return value, None
    if isinstance(value, dict) and isinstance(value.get("column"), str):
        attribute = value.get("attribute")
        return str(value["column"]), str(attribute) if attribute else None
    raise SettingsError(
        f"In {where} key is {value!r}",
        'Write the column, or {"column": "crm_id", "attribute": "lead_id"}',
    )


def _fields(value: object, where: str) -> Mapping[str, str] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise SettingsError(
            f"In {where} fields is not an object of column and destination",
            'Write it as {"score": "data.score", "owner": "assignedTo"}',
        )
    return {str(column): str(destination) for column, destination in value.items()}


def _nulls(value: object, where: str) -> bool:
    if value not in (None, "skip", "clear"):
        raise SettingsError(f"In {where} nulls is {value!r}", "Use skip or clear")
    return value == "clear"


def _names(value: object, where: str) -> frozenset[str]:
    if value is None:
        return frozenset()
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise SettingsError(
            f"In {where} only_if_empty is not a list", 'Write it as ["data.city", "assignedTo"]'
        )
    return frozenset(value)


def _one_of(config: Mapping[str, object], name: str, allowed: tuple[_T, ...]) -> _T:
    value = config.get(name) or allowed[0]
    for each in allowed:
        if value == each:
            return each
    raise SettingsError(f"The setting {name} is {value!r}", f"Use one of: {', '.join(allowed)}")
