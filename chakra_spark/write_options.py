"""The options of a write, and the settings of the target that they make on the driver."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chakra_api.errors import SettingsError
from chakra_api.redaction import secrets_within
from chakra_api.setting_values import is_set
from chakra_spark.option_texts import secrets_of, texts_of, values_of
from target_chakra.settings import beside_default, parse_settings
from target_chakra.storage.place import default_journal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_chakra.settings import Settings

VARIABLE: Final = "TARGET_CHAKRA"
"""Prefix of the environment's variables: those of the target."""
SECRETS: Final = ("api_key", "journal", "notify_url")
"""Settings that the driver's environment may hold."""
_OF_THE_TARGET: Final = {
    "api_url": "string",
    "compare": "string",
    "assigned_to_format": "string",
    "assign_inactive": "boolean",
    "naive_timezone": "string",
    "batch_size": "integer",
    "concurrency": "integer",
    "max_rps": "number",
    "request_timeout": "number",
    "user_agent": "string",
    "allow_http": "boolean",
    "job_timeout": "number",
    "lost_answer_horizon": "number",
    "journal": "string",
    "journal_retention_days": "number",
    "rejects_path": "string",
    "receipt_path": "string",
    "metrics_path": "string",
    "notify_when": "string",
    "max_rejects": "integer",
    "stop_at_reject_percent": "number",
    "max_deletes": "integer",
    "overwrite_edits": "boolean",
    "dry_run": "boolean",
}
"""Options that mean what the target's settings of that name mean, and their types."""
OPTIONS: Final = {"mapping": "object", "staging": "string", "load": "string", **_OF_THE_TARGET}
"""All options of a write, and their types."""


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """What a user wants written, as it travels to the tasks and back.

    Attributes:
        mapping: How rows become changes: a mapping of the target's `streams`, without its stream
            that of the procedure's name.
        staging: The folder that all machines see, for rows on their way; None for none.
        load: The name of a load that is written once, however often it comes; empty for none.
        texts: Those of the target's settings, as the user wrote them.
    """

    mapping: Mapping[str, Any]
    staging: Path | None
    load: str
    texts: Mapping[str, str]

    @property
    def stream(self) -> str:
        """What the rows are called in the journal, in receipts and rejects."""
        return str(self.mapping["stream"])

    def config(self) -> dict[str, object]:
        """The settings of the target by name, on this machine.

        Raises:
            SettingsError: This machine has no key.
        """
        config = values_of(self.texts, OPTIONS)
        return secrets_of(VARIABLE, SECRETS) | config | {"streams": [dict(self.mapping)]}

    def settings(self) -> Settings:
        """What they mean.

        Raises:
            SettingsError: A value means nothing, or this machine has no key.
        """
        agent = f"spark-chakra/{version('chakra-connectors')}"
        journal = default_journal(None, "")
        config = self.config()
        settings = parse_settings(config, user_agent=agent, journal=journal, variable=VARIABLE)
        return beside_default(settings, None, "")


def parse_write(options: Mapping[str, str]) -> WriteOptions:
    """Give the options of a write their meaning.

    Args:
        options: As Spark hands them over.

    Raises:
        SettingsError: One is none, or means nothing; or it holds a secret.
    """
    given = texts_of(options, OPTIONS, VARIABLE)
    values = values_of(given, OPTIONS)
    if secrets_within(given.get("journal", "sqlite:///")):
        raise SettingsError(
            "The option journal holds a password, and Spark shows options in plans, pages and logs",
            f"Set {VARIABLE}_JOURNAL in the driver's environment, and change the password",
        )
    mapping = values.get("mapping")
    if not isinstance(mapping, dict) or not is_set(mapping.get("procedure")):
        raise SettingsError(
            "The option mapping does not say which procedure to write to",
            'Write it as {"procedure": "lead", "key": "lead_id"}: a mapping of target-chakra',
        )
    staging = given.get("staging")
    texts = {name: text for name, text in given.items() if name in _OF_THE_TARGET}
    return WriteOptions(
        {"stream": mapping["procedure"], **mapping},
        None if staging is None else Path(staging),
        given.get("load", ""),
        texts,
    )
