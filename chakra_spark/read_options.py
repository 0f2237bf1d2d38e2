"""The options of a read, and the settings of the tap that they make on whichever machine reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.setting_values import shown, whole
from chakra_spark.option_texts import secrets_of, texts_of, values_of
from tap_chakra.settings import parse_settings
from tap_chakra.tables.attribute_columns import LAYOUTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_chakra.settings import Settings

VARIABLE: Final = "TAP_CHAKRA"
"""Prefix of the environment's variables: those of the tap."""
SECRETS: Final = ("api_key", "mask_salt")
"""Settings of a machine's own."""
DEFAULT_TASKS: Final = 4
_OF_THE_TAP: Final = {
    "api_url": "string",
    "max_rps": "number",
    "concurrency": "integer",
    "request_timeout": "number",
    "user_agent": "string",
    "allow_http": "boolean",
    "created_after": "string",
    "created_before": "string",
    "naive_timezone": "string",
    "mask": "object",
    "allow_incomplete": "boolean",
    "lookback_seconds": "number",
}
"""Options that mean what the tap's settings of that name mean, and their types."""
_OWN: Final = {"procedure": "string", "stream": "string", "tasks": "integer", "nested": "string"}
OPTIONS: Final = {**_OWN, **_OF_THE_TAP}
"""All options of a read, and their types."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a user wants read, as it travels to the tasks.

    Attributes:
        procedure: ShortId of the procedure to read; empty where `stream` is read.
        stream: Of users or of a collection of the configuration; empty where `procedure` is.
        tasks: Tasks that read at a time, at the most.
        nested: What becomes of `data`: one of `attribute_columns.LAYOUTS`.
        texts: Those of the tap's settings, as the user wrote them.
    """

    procedure: str
    stream: str
    tasks: int
    nested: str
    texts: Mapping[str, str]

    def refuse_overlap(self) -> None:
        """Refuse what only streams have.

        Raises:
            SettingsError: `lookback_seconds` is set.
        """
        if "lookback_seconds" in self.texts:
            raise SettingsError(
                "lookback_seconds is set, and a read of everything has no use for it",
                "Leave it out, or read a stream: spark.readStream",
            )

    def refuse_gaps(self) -> None:
        """Refuse what a stream can't mend.

        Raises:
            SettingsError: `allow_incomplete` is set.
        """
        if "allow_incomplete" in self.texts:
            raise SettingsError(
                "allow_incomplete is set, and a stream never comes back to what a batch missed",
                "Leave it out: a batch that is not complete fails, and comes again",
            )

    def settings(self, now: int, sharing: int = 1) -> Settings:
        """The settings of the tap, on this machine.

        Args:
            now: Epoch milliseconds.
            sharing: Tasks that share the requests at a time, and their pace, with this one.

        Raises:
            SettingsError: A value means nothing, or this machine has no key.
        """
        config = values_of(self.texts, OPTIONS)
        if self.procedure:
            config["procedures"] = [self.procedure]
        agent = f"spark-chakra/{version('chakra-connectors')}"
        settings = parse_settings(
            config | secrets_of(VARIABLE, SECRETS), now=now, user_agent=agent, variable=VARIABLE
        )
        ceiling = settings.connection.max_rps
        paced = None if ceiling is None else ceiling / sharing
        return replace(
            settings,
            concurrency=max(1, settings.concurrency // sharing),
            connection=replace(settings.connection, max_rps=paced),
        )


def parse_read(options: Mapping[str, str]) -> ReadOptions:
    """Give the options of a read their meaning.

    Args:
        options: As Spark hands them over.

    Raises:
        SettingsError: One is none, or means nothing; or it is a secret.
    """
    given = texts_of(options, OPTIONS, VARIABLE)
    values = values_of(given, OPTIONS)
    procedure, stream = str(values.get("procedure", "")), str(values.get("stream", ""))
    if bool(procedure) == bool(stream):
        raise SettingsError(
            "A read takes one of the options procedure and stream",
            'Write .option("procedure", "lead") for processes, .option("stream", "users") for'
            " users or a collection of the configuration",
        )
    nested = str(values.get("nested", LAYOUTS[0]))
    if nested not in LAYOUTS:
        raise SettingsError(
            f"The option nested is {shown(nested)}, which is no layout",
            f"Choose one of {', '.join(LAYOUTS)}",
        )
    texts = {name: text for name, text in given.items() if name in _OF_THE_TAP}
    return ReadOptions(procedure, stream, whole(values, "tasks", DEFAULT_TASKS, 1), nested, texts)
