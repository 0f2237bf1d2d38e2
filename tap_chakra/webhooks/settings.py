"""The settings of webhooks, given their meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.errors import SettingsError
from chakra_api.redaction import Secret
from chakra_api.setting_values import flag, number, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_KEEP_DAYS: Final = 30
DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """What the user set of webhooks.

    Attributes:
        store: The place of the event store, a path or a URL; empty where nothing is to be read.
        secrets: With one of which calls are signed.
        keep_ms: How long events stay once they were passed on, milliseconds.
        fetches_changed: Whether a run fetches the processes that change webhooks named.
    """

    store: str = ""
    secrets: tuple[Secret, ...] = ()
    keep_ms: int = DEFAULT_KEEP_DAYS * DAY_MS
    fetches_changed: bool = False


NO_WEBHOOKS: Final = WebhookSettings()


def parse_webhooks(config: Mapping[str, object]) -> WebhookSettings:
    """Give the settings of webhooks their meaning.

    Raises:
        SettingsError: One means nothing.
    """
    days = number(config, "webhook_keep_days", DEFAULT_KEEP_DAYS, 0)
    store, fetches_changed = _store(config), flag(config, "webhook_fetch_changed")
    if fetches_changed and not store:
        raise SettingsError(
            "webhook_fetch_changed is set, and webhook_store names no place where change webhooks"
            " are kept",
            "Set webhook_store to the store of tap-chakra listen",
        )
    return WebhookSettings(store, _secrets(config), round(days * DAY_MS), fetches_changed)


def _store(config: Mapping[str, object]) -> str:
    value = config.get("webhook_store")
    if value is None:
        return ""
    if not isinstance(value, str) or "\0" in value:
        raise SettingsError(
            f"The setting webhook_store is {shown(value)}, which is no place",
            "Write it as a path, as events.db, or as postgresql://user:password@host/database",
        )
    return value.strip()


def _secrets(config: Mapping[str, object]) -> tuple[Secret, ...]:
    value = config.get("webhook_secrets")
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)) or not all(isinstance(each, str) for each in value):
        raise SettingsError(
            "The setting webhook_secrets is no list of texts", 'Write it as ["the HMAC secret"]'
        )
    stripped = [each.strip() for each in value]
    if not all(stripped):
        raise SettingsError(
            "The setting webhook_secrets holds an empty one, with which anybody could sign",
            "Give the team's HMAC secret, and for a while the one before",
        )
    return tuple(map(Secret, dict.fromkeys(stripped)))
