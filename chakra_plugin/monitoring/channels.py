"""Where a run is told of when it has ended: a receipt, metrics, a notice, as the settings say.

What can't be told is a warning: it changes no exit code.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

from chakra_api.elsewhere.webhook import post_notice
from chakra_api.errors import SettingsError
from chakra_api.redaction import Secret, redact_logs
from chakra_api.setting_values import shown
from chakra_api.wire.surroundings import is_loopback
from chakra_api.wire.wire_json import encode
from chakra_plugin.monitoring.metrics_text import BEGINS as METRICS_BEGIN
from chakra_plugin.monitoring.metrics_text import metrics_text
from chakra_plugin.monitoring.notice import notice_body
from chakra_plugin.monitoring.own_file import held_of_ours, refuse_folder, write_own

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping

    from chakra_plugin.monitoring.run_facts import RunFacts

T = TypeVar("T")

NOTIFY_WHEN: Final = ("failure", "always")
"""What `notify_when` may be, the default first."""
RECEIPT_BEGINS: Final = '{"command":"'
"""How a receipt of ours begins."""
_OWNER: Final = 0o600
_READABLE: Final = 0o644
"""The metrics are read by another user: that of node_exporter."""


@dataclass(frozen=True, slots=True)
class Channels:
    """Where runs of a command are told of.

    Attributes:
        log: The log of the command, which has its name.
        receipt: File of the receipt; None for none.
        metrics: File of the metrics; None for none.
        url: Where notices go; None for nowhere.
        always: Whether of each run, and not of those alone that failed.
        place: What runs it, as its user knows it; empty for nothing.
    """

    log: logging.Logger
    receipt: Path | None = None
    metrics: Path | None = None
    url: Secret | None = None
    always: bool = False
    place: str = ""

    @property
    def named(self) -> list[str]:
        """The settings that ask for something."""
        asked = {
            "receipt_path": self.receipt,
            "metrics_path": self.metrics,
            "notify_url": self.url,
        }
        return [name for name, value in asked.items() if value is not None]

    def tell(self, facts: RunFacts) -> None:
        """Tell of a run that has ended."""
        if self.receipt is not None:
            text = encode(facts.to_json()).decode() + "\n"
            self._write("receipt_path", self.receipt, RECEIPT_BEGINS, lambda _before: text)
        if self.metrics is not None:
            stem = self.metrics.stem
            self._write(
                "metrics_path",
                self.metrics,
                METRICS_BEGIN,
                lambda before: metrics_text(facts, stem, before),
                _READABLE,
            )
        if self.url is not None and (self.always or facts.failed):
            why = post_notice(self.url, notice_body(facts, self.url.reveal(), self.place))
            if why:
                self.log.warning("The notice of this run did not arrive: %s (notify_url)", why)

    def _write(
        self,
        setting: str,
        path: Path,
        begins: str,
        text: Callable[[str], str],
        mode: int = _OWNER,
    ) -> None:
        try:
            write_own(path, text(held_of_ours(path, begins)), mode)
        except OSError as error:
            why = error.strerror or str(error)
            self.log.warning("%s was not written, '%s': %s", setting, path, why)


@dataclass(frozen=True, slots=True)
class Asked:
    """What settings say of channels.

    Attributes:
        channels: Those that can be used.
        fault: What is wrong with the first of the others; None if nothing is.
    """

    channels: Channels
    fault: SettingsError | None

    def refuse(self) -> None:
        """Refuse settings that mean nothing.

        Raises:
            SettingsError: There are such.
        """
        if self.fault is not None:
            raise self.fault


def parse_channels(log: logging.Logger, config: Mapping[str, Any], place: str = "") -> Asked:
    """The channels that settings ask for, each looked at before the run begins.

    One that is wrong ends the run, of which the others tell.

    Args:
        log: The log of the command, which has its name.
        config: The settings by name.
        place: What runs it, as its user knows it.
    """
    faults: list[SettingsError] = []

    def sound(parse: Callable[[], T]) -> T | None:
        try:
            return parse()
        except SettingsError as error:
            faults.append(error)
            return None

    channels = Channels(
        log,
        sound(lambda: _file(config, "receipt_path", RECEIPT_BEGINS)),
        sound(lambda: _file(config, "metrics_path", METRICS_BEGIN)),
        sound(lambda: _url(config.get("notify_url"))),
        sound(lambda: _is_always(config)) or False,
        place,
    )
    return Asked(channels, next(iter(faults), None))


def _is_always(config: Mapping[str, Any]) -> bool:
    when = config.get("notify_when") or NOTIFY_WHEN[0]
    if when not in NOTIFY_WHEN:
        raise SettingsError(
            f"The setting notify_when is {shown(when)}", f"Use one of: {', '.join(NOTIFY_WHEN)}"
        )
    return bool(when == "always")


def _file(config: Mapping[str, Any], name: str, begins: str) -> Path | None:
    if not config.get(name):
        return None
    path = Path(str(config[name]))
    try:
        refuse_folder(path.absolute().parent)
        held_of_ours(path, begins)
    except (OSError, ValueError) as error:  # a path with U+0000 is a ValueError
        said = getattr(error, "strerror", None) or str(error)
        raise SettingsError(
            f"The setting {name} is '{path}', and that can't be written: {said}",
            "Give it a file of its own in a folder that is there",
        ) from None
    return path


def _url(value: object) -> Secret | None:
    if not value:
        return None
    url = str(value).strip()
    secret = Secret(url)
    redact_logs(secret)
    try:
        parts = urlsplit(url)
        known = parts.hostname is not None and parts.port != 0
    except ValueError:
        known = False
    if not known or parts.scheme not in {"https", "http"}:
        raise SettingsError("The setting notify_url is no address", "Write it with https://")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise SettingsError(
            "The setting notify_url is an address of http: who is on the way could read it, and"
            " send notices there",
            "Write it with https://",
        )
    return secret
