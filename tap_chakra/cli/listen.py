"""`listen`: takes webhook calls of ChakraHQ, and keeps them for the next run to read."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from typing import TYPE_CHECKING, Final

import click

from chakra_api.bad_luck import told_by_machine
from chakra_api.clock import SystemClock
from chakra_api.errors import SettingsError
from chakra_api.redaction import redact_logs
from chakra_plugin.telling import tell
from tap_chakra.webhooks.event_store import EventStore
from tap_chakra.webhooks.settings import parse_webhooks
from tap_chakra.webhooks.signature import unsigned_token

if TYPE_CHECKING:
    from singer_sdk.plugin_base import _ConfigInput

    from tap_chakra.webhooks.listener import Address, Listener
    from tap_chakra.webhooks.settings import WebhookSettings

LOG = logging.getLogger("tap-chakra")
_ENDS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8780,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--max-body",
    type=click.IntRange(1_024, 64 << 20),
    default=4 << 20,
    show_default=True,
    help="Bytes that the body of a call may have; Meta sends up to 3 MB.",
)
@click.option(
    "--max-rate",
    type=click.FloatRange(0.1, 100_000),
    default=500.0,
    show_default=True,
    help="Calls per second from one address; behind a proxy all come from one.",
)
@click.option(
    "--unsigned-path",
    is_flag=True,
    help="Print the path that takes change webhooks without a signature, and end.",
)
@click.pass_obj
def listen(  # noqa: PLR0913 - one argument for each option, as click wants them
    config: _ConfigInput,
    host: str,
    port: int,
    max_body: int,
    max_rate: float,
    *,
    unsigned_path: bool,
) -> None:
    """Take webhook calls of ChakraHQ until a signal ends it.

    WhatsApp events go to /whatsapp, change webhooks to /changes; /healthz says whether calls are
    taken. A call is answered with 200 once it is on disk. The next run of tap-chakra reads what
    came: streams whatsapp_events and chakra_changes. Needs the settings webhook_store and
    webhook_secrets, and no API key.

    \b
    Examples:
      tap-chakra --config config.json listen --port 8780
      tap-chakra --config config.json listen --unsigned-path

    \b
    Exit codes: 0 a signal ended it, 3 settings.
    """  # noqa: D301 - click's mark for text that stays as it is
    settings = parse_webhooks(config.config)
    _check(settings)
    for secret in settings.secrets:
        redact_logs(secret)
    if unsigned_path:
        tell(f"/changes/{unsigned_token(settings.secrets[0])}")
        return
    _serve(settings, (host, port), max_body, max_rate)


def _check(settings: WebhookSettings) -> None:
    """Refuse to listen without what it takes.

    Raises:
        SettingsError: A setting is missing.
    """
    if not settings.secrets:
        raise SettingsError(
            "The setting webhook_secrets is missing, and without one anybody could send events",
            "Give the team's HMAC secret, as ChakraHQ's page of webhooks shows it",
        )
    if not settings.store:
        raise SettingsError(
            "The setting webhook_store is missing, so events have no place to go",
            "Set it to a path, as events.db, or to a URL of PostgreSQL",
        )


def _serve(
    settings: WebhookSettings, where: tuple[str, int], max_body: int, max_rate: float
) -> None:
    try:
        from tap_chakra.webhooks.listener import Address, Limits, Listener  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"tap-chakra listen needs {error.name}, which is not installed",
            "Install it with: pip install 'chakra-connectors[webhooks]'",
        ) from None
    clock = SystemClock()
    with contextlib.closing(EventStore(settings.store, clock, makes=True)) as store:
        listener = Listener(store, settings.secrets, Limits(max_body, max_rate), clock)
        try:
            asyncio.run(_until_signal(listener, Address(*where)))
        except OSError as error:
            raise told_by_machine(error) or SettingsError(
                f"Nothing can listen on {where[0]}:{where[1]}: {error.strerror or error}",
                "Choose another --host or --port, or end what listens there",
            ) from None


async def _until_signal(listener: Listener, address: Address) -> None:
    stopped = asyncio.Event()
    for number in _ENDS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)

    def ready(port: int) -> None:
        LOG.info("Listening on http://%s:%d: /whatsapp, /changes, /healthz", address.host, port)

    await listener.run(address, stopped, ready)
    LOG.info("Stopped by a signal; all that was answered with 200 is on disk")
