"""A client of a real sandbox, as the commands make it, but quick to try again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from chakra_api.clock import SystemClock
from chakra_api.elsewhere.links import SignedLinks
from chakra_api.endpoints.client import ChakraClient
from chakra_api.redaction import ApiKey
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from chakra_api.wire.transport import RequestsTransport, TransportSettings

if TYPE_CHECKING:
    from chakra_sandbox.launch import Sandbox

HASTY = RetryPolicy(base=0.01)


def client_of(
    server: Sandbox, policy: RetryPolicy = HASTY, *, key: str = "", read_timeout: float = 5.0
) -> ChakraClient:
    """A client; by the key that may do everything where none is named."""
    settings = TransportSettings(read_timeout=read_timeout, connect_timeout=2)
    transport = RequestsTransport(
        server.url, ApiKey(key or server.api_key), settings, time.monotonic
    )
    clock = SystemClock()
    links = SignedLinks(server.url, settings, time.monotonic)
    return ChakraClient(transport, Pacer(clock), clock, policy, links)
