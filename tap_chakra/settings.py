"""The tap's settings as the core sees them: parsed once, frozen, every fault named.

The names, defaults and help texts that a user sees are in `singer/settings.py`; this module
gives them their meaning.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from chakra_api.connection import MOST_CONCURRENCY, Connection, parse_connection, parse_zone
from chakra_api.errors import SettingsError
from chakra_api.nearest import did_you_mean
from chakra_api.setting_values import flag, number, shown, whole
from chakra_api.values.timestamps import iso_ms, parse_timestamp
from chakra_api.whatsapp_account import WhatsAppAccount, parse_whatsapp
from tap_chakra.job_file import NamedJob, parse_jobs
from tap_chakra.masking.rules import MaskSetting, parse_mask
from tap_chakra.naming.column_names import SPELLINGS
from tap_chakra.photos.settings import PhotoSettings, parse_photos
from tap_chakra.process_ids import parse_process_ids
from tap_chakra.webhooks.settings import WebhookSettings, parse_webhooks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

DEFAULT_CONCURRENCY = 64
DEFAULT_LOOKBACK_SECONDS = 600
DEFAULT_MIN_SCAN_SHARE = 0.9
DEFAULT_CHANGE_DETECTION = "auto"
DEFAULT_FULL_SCAN_EVERY = 24
DEFAULT_SECOND_PROCESS_FROM = 5_000
HOUR_MS = 3_600_000
WHATSAPP = ("waba_id", "api_version")
CHANGE_DETECTION = ("auto", "scan", "server", "created", "open")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the user set.

    Attributes:
        connection: Where and as whom.
        procedures: ShortIds to read; empty for all.
        start_date: Rows changed before are not emitted, epoch milliseconds.
        created_after: Rows created before are not even read, epoch milliseconds.
        created_before: Nor are rows created at or after this, epoch milliseconds.
        concurrency: Requests under way at a time, at the most.
        lookback_ms: Overlap of incremental runs, milliseconds.
        min_scan_share: Share of the last complete scan's rows below which nothing is said
            about deleted rows.
        change_detection: How changed rows are found; see `run/modes.py`.
        full_scan: Whether this run reads everything, whatever `change_detection` says.
        full_scan_every_ms: Age of the last full scan at which `server` and `open` make another.
        emit_scan_ids: Whether there are streams of the ids that scans saw.
        allow_incomplete: Whether a scan that is not complete is no failure of the run.
        second_process_from: Rows of a run from which on a second process types and writes them;
            0 for never.
        naive_timezone: The zone of times that name none; None for the team's.
        mask: What must not leave in the clear.
        report_path: Where what there is to tell of the run is kept; None for nowhere.
        webhooks: Where inbound events are, and how long they stay there.
        whatsapp: Whose message templates are read; empty for nobody's.
        photos: Where the files of photos go, and of which procedures.
        jobs: The background jobs to read; None where there is no such stream.
        process_ids: The ids of the processes that alone are read, by procedure; None for all.
        column_names: How the names of columns are spelled.
    """

    connection: Connection
    procedures: tuple[str, ...]
    start_date: int | None
    created_after: int | None
    concurrency: int
    lookback_ms: int
    min_scan_share: float
    created_before: int | None = None
    full_scan: bool = False
    change_detection: str = DEFAULT_CHANGE_DETECTION
    full_scan_every_ms: int = DEFAULT_FULL_SCAN_EVERY * HOUR_MS
    emit_scan_ids: bool = False
    allow_incomplete: bool = False
    second_process_from: int = DEFAULT_SECOND_PROCESS_FROM
    naive_timezone: tzinfo | None = None
    mask: MaskSetting = field(default_factory=MaskSetting)
    report_path: Path | None = None
    webhooks: WebhookSettings = field(default_factory=WebhookSettings)
    whatsapp: WhatsAppAccount = field(default_factory=WhatsAppAccount)
    photos: PhotoSettings = field(default_factory=PhotoSettings)
    jobs: tuple[NamedJob, ...] | None = None
    process_ids: Mapping[str, tuple[str, ...]] | None = None
    column_names: str = SPELLINGS[0]

    @property
    def narrowed(self) -> bool:
        """Whether a run says less than everything, so nothing follows about deleted rows."""
        bounds = (self.start_date, self.created_after, self.created_before, self.process_ids)
        return any(each is not None for each in bounds)


def parse_settings(
    config: Mapping[str, object], *, now: int, user_agent: str, variable: str = "TAP_CHAKRA"
) -> Settings:
    """Give the configuration its meaning.

    Args:
        config: The settings by name, already of the right JSON types.
        now: Epoch milliseconds, to notice dates in the future.
        user_agent: The default for `user_agent`.
        variable: Prefix of the environment's variables, to name in errors.

    Raises:
        SettingsError: A value is missing or means nothing.
    """
    after = _past("created_after", config.get("created_after"), now)
    procedures = _procedures(config.get("procedures"))
    ids = parse_process_ids(config, procedures)
    full_scan = flag(config, "full_scan")
    if full_scan and ids is not None:
        raise SettingsError(
            "full_scan reads everything, and process_ids or only_ids names what alone is read",
            "Set one of them",
        )
    return Settings(
        connection=parse_connection(config, user_agent=user_agent, variable=variable),
        procedures=procedures,
        start_date=_past("start_date", config.get("start_date"), now),
        created_after=after,
        created_before=_behind(after, config.get("created_before")),
        concurrency=whole(config, "concurrency", DEFAULT_CONCURRENCY, 1, MOST_CONCURRENCY),
        lookback_ms=round(number(config, "lookback_seconds", DEFAULT_LOOKBACK_SECONDS, 0) * 1000),
        min_scan_share=number(config, "min_scan_share", DEFAULT_MIN_SCAN_SHARE, 0, 1),
        change_detection=_mode(config.get("change_detection")),
        full_scan=full_scan,
        full_scan_every_ms=_hours(config),
        emit_scan_ids=flag(config, "emit_scan_ids"),
        allow_incomplete=flag(config, "allow_incomplete"),
        second_process_from=whole(config, "second_process_from", DEFAULT_SECOND_PROCESS_FROM, 0),
        naive_timezone=parse_zone(config, "naive_timezone"),
        mask=parse_mask(config, variable),
        report_path=parse_report_path(config),
        webhooks=parse_webhooks(config),
        whatsapp=_template_owner(config),
        photos=parse_photos(config),
        jobs=parse_jobs(config),
        process_ids=ids,
        column_names=_spelling(config.get("column_names")),
    )


def parse_report_path(config: Mapping[str, object]) -> Path | None:
    """Where a run is told of; None for nowhere.

    Raises:
        SettingsError: The value is no path.
    """
    value = config.get("report_path")
    if value is None or value == "":
        return None
    if not isinstance(value, str) or "\0" in value:
        raise SettingsError(
            f"The setting report_path is {shown(value)}, which is no path",
            "Write it as output/tap-report.json",
        )
    return Path(value).expanduser()


def _template_owner(config: Mapping[str, object]) -> WhatsAppAccount:
    account = parse_whatsapp(config, WHATSAPP)
    if account != WhatsAppAccount():
        account.needed("waba_id", "the stream whatsapp_templates")
    return account


def _hours(config: Mapping[str, object]) -> int:
    return round(number(config, "full_scan_every", DEFAULT_FULL_SCAN_EVERY, 0) * HOUR_MS)


def _mode(value: object) -> str:
    mode = DEFAULT_CHANGE_DETECTION if value is None else value
    if mode not in CHANGE_DETECTION:
        raise SettingsError(
            f"The setting change_detection is {shown(mode)}, which is no way to find changes",
            f"{did_you_mean(str(mode), CHANGE_DETECTION)}Choose one of"
            f" {', '.join(CHANGE_DETECTION)}",
        )
    return str(mode)


def _spelling(value: object) -> str:
    spelling = SPELLINGS[0] if value is None else value
    if spelling not in SPELLINGS:
        raise SettingsError(
            f"The setting column_names is {shown(spelling)}, which is no way to spell them",
            f"{did_you_mean(str(spelling), SPELLINGS)}Choose one of {', '.join(SPELLINGS)}",
        )
    return str(spelling)


def _procedures(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) and v for v in value):
        raise SettingsError(
            "The setting procedures is not a list of shortIds", 'Write it as ["lead", "ticket"]'
        )
    return tuple(dict.fromkeys(value))


def _instant(name: str, value: object) -> int | None:
    if value is None or value == "":
        return None
    instant = parse_timestamp(value)
    if instant is None:
        raise SettingsError(
            f"The setting {name} is {shown(value)}, which is not a date",
            "Write it as 2026-01-31 or 2026-01-31T00:00:00Z",
        )
    return instant


def _behind(after: int | None, value: object) -> int | None:
    """The end of a range of `createdAt` that begins there; it may lie in the future."""
    before = _instant("created_before", value)
    if before is not None and after is not None and before <= after:
        raise SettingsError(
            f"The setting created_before is {iso_ms(before)}, and created_after is {iso_ms(after)}:"
            " no row is created in between",
            "Set created_before to a later instant: rows created from created_after on and before"
            " created_before are read",
        )
    return before


def _past(name: str, value: object, now: int) -> int | None:
    instant = _instant(name, value)
    if instant is not None and instant > now:
        raise SettingsError(
            f"The setting {name} is {iso_ms(instant)}, which lies in the future",
            "Nothing would be read; set an earlier date or leave it out",
        )
    return instant
