"""All entries of a job are read from a server, however it pages them (contract 4.21, Q25)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from chakra_api.clock import SystemClock
from chakra_api.endpoints.client import ChakraClient
from chakra_api.redaction import ApiKey
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from chakra_api.wire.transport import RequestsTransport, TransportSettings
from chakra_sandbox.launch import Sandbox, start_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEMS = 250
COUNTS = {"next_path": 250, "absolute_url": 250, "skip_limit": 250, "page": 250, "none": 100}


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "10"]) as running:
        running.knobs(job_duration_ms=0)
        yield running


@pytest.fixture(scope="module")
def client(server: Sandbox) -> Iterator[ChakraClient]:
    transport = RequestsTransport(
        server.url, ApiKey(server.api_key), TransportSettings(), time.monotonic
    )
    clock = SystemClock()
    made = ChakraClient(transport, Pacer(clock), clock, RetryPolicy(base=0.01))
    yield made
    made.close()


@pytest.fixture(scope="module")
def job_id(client: ChakraClient) -> str:
    """A job of 250 creates, done."""
    keys = [f"L-entries-{n}" for n in range(ITEMS)]
    items: list[dict[str, object]] = [{"lead_id": k, "data": {"lead_id": k}} for k in keys]
    taken = client.bulk_create("lead", items)
    assert taken.server_time is not None
    while (status := client.job(taken.job_id)).counts.get("SUCCESS") != ITEMS:
        assert not status.counts.get("ERROR")
    assert status.server_time is not None
    assert status.server_time >= taken.server_time
    return taken.job_id


@pytest.fixture
def paged(server: Sandbox) -> Iterator[Sandbox]:
    """The server, its knobs put back after each test."""
    before = server.knobs()
    server.forget_requests()
    yield server
    server.knobs(**before)


@pytest.mark.parametrize("names", ["default", "other"])
@pytest.mark.parametrize("paging", list(COUNTS))
def test_every_entry_that_can_be_had_comes_once(
    paged: Sandbox, client: ChakraClient, job_id: str, paging: str, names: str
) -> None:
    paged.knobs(entries_paging=paging, entries_meta_names=names)
    found = client.job_entries_all(job_id)
    assert found.total == ITEMS
    assert len(found.entries) == COUNTS[paging]
    assert len({str(entry["id"]) for entry in found.entries}) == COUNTS[paging]
    assert len(paged.requests()) == 3


@pytest.mark.parametrize("size", [1, 7, 250, 1000])
@pytest.mark.parametrize("paging", ["next_path", "skip_limit", "page"])
def test_the_size_of_a_page_does_not_matter(
    paged: Sandbox, client: ChakraClient, job_id: str, paging: str, size: int
) -> None:
    paged.knobs(entries_paging=paging, entries_page_size=size, entries_order="shuffled")
    found = client.job_entries_all(job_id)
    assert sorted(int(str(entry["index"])) for entry in found.entries) == list(range(ITEMS))


@pytest.mark.parametrize("paging", ["next_path", "skip_limit"])
def test_entries_of_other_names_and_without_an_echo_come_too(
    paged: Sandbox, client: ChakraClient, job_id: str, paging: str
) -> None:
    paged.knobs(entries_paging=paging, entry_names="other", entry_echo="none", entry_index=False)
    assert len(client.job_entries_all(job_id).entries) == ITEMS


@pytest.mark.parametrize("size", [1, 5, 12, None])
def test_all_users_come_whatever_the_size_of_a_page(
    paged: Sandbox, client: ChakraClient, size: int | None
) -> None:
    paged.knobs(users_page_size=size)
    ids = [str(user["id"]) for user in client.users().rows]
    assert len(ids) == len(set(ids)) == 12


def test_a_bulk_create_can_be_wrapped(paged: Sandbox, client: ChakraClient) -> None:
    """Q20: where a bare array is refused."""
    paged.knobs(bulk_create_body="object")
    item: dict[str, object] = {"lead_id": "L-wrapped", "data": {"lead_id": "L-wrapped"}}
    taken = client.bulk_create("lead", [item], wrapped=True)
    while (status := client.job(taken.job_id)).counts.get("SUCCESS") != 1:
        assert not status.counts.get("ERROR")
