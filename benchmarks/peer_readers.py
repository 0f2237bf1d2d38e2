"""How each peer is started. All page by offset, so each would lose rows of a table that changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.readers import PEERS, PEERS_BIN, Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.readers import Bench


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer.

    Attributes:
        name: As the tables have it.
        reader: Makes the command that reads the leads created since a moment.
        parallel: Whether it has more than one request under way.
        as_by_default: Whether its number of requests under way is what it comes with.
    """

    name: str
    reader: Callable[[Bench, str], Reader]
    parallel: bool
    as_by_default: bool = False


def _singer(bench: Bench, start: str) -> Reader:
    sandbox = bench.sandbox
    settings = {"api_url": sandbox.url, "auth_token": sandbox.api_key, "start_date": start}
    config = bench.write("singer.json", settings)
    script = str(PEERS / "singer_tap.py")
    return Reader("singer", (str(PEERS_BIN / "python"), script, "--config", config))


def _airbyte(workers: int) -> Callable[[Bench, str], Reader]:
    def reader(bench: Bench, start: str) -> Reader:
        settings = {
            "api_url": bench.sandbox.url,
            "api_key": bench.sandbox.api_key,
            "start_date": start,
            "num_workers": workers,
        }
        command = (
            str(PEERS_BIN / "source-declarative-manifest"),
            *("read", "--manifest-path", str(PEERS / "airbyte_manifest.yaml")),
            *("--config", bench.write("airbyte.json", settings)),
            *("--catalog", bench.write("airbyte_catalog.json", _AIRBYTE_CATALOG)),
        )
        return Reader("airbyte", command)

    return reader


_AIRBYTE_CATALOG = {
    "streams": [
        {
            "stream": {
                "name": "lead",
                "json_schema": {"type": "object"},
                "supported_sync_modes": ["full_refresh", "incremental"],
            },
            "sync_mode": "full_refresh",
            "destination_sync_mode": "overwrite",
        }
    ]
}


def _dlt(how: str, env: Mapping[str, str]) -> Callable[[Bench, str], Reader]:
    def reader(bench: Bench, start: str) -> Reader:
        words = (how, bench.sandbox.url, bench.sandbox.api_key, start)
        command = (str(PEERS_BIN / "python"), str(PEERS / "dlt_rest.py"), *words)
        return Reader("dlt", command, {"RUNTIME__DLTHUB_TELEMETRY": "false", **env})

    return reader


_THREADS_32 = {"EXTRACT__WORKERS": "32", "EXTRACT__MAX_PARALLEL_ITEMS": "64"}

PEERS_MEASURED = (
    Peer("singer-sdk, a plain RESTStream", _singer, parallel=False),
    Peer("airbyte-cdk, day slices, 10 workers", _airbyte(10), parallel=True),
    Peer("airbyte-cdk, day slices, 32 workers", _airbyte(32), parallel=True),
    Peer("dlt rest_api, days parallelized", _dlt("days", {}), parallel=True, as_by_default=True),
    Peer("dlt rest_api, one resource", _dlt("whole", {}), parallel=False),
    Peer("dlt rest_api, days parallelized, 32 workers", _dlt("days", _THREADS_32), parallel=True),
)
