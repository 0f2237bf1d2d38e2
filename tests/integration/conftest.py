"""A sandbox for each test that asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox
from tests.support.client_of import client_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_api.endpoints.client import ChakraClient


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """A small account of its own; parametrise indirectly with more arguments."""
    with start_sandbox(["--rows", "1500", *getattr(request, "param", [])]) as running:
        yield running


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[Sandbox]:
    """One small account for the tests of a module that leave each other alone."""
    with start_sandbox(["--rows", "400"]) as running:
        yield running


@pytest.fixture
def server(shared_sandbox: Sandbox) -> Iterator[Sandbox]:
    """The account of the module: its knobs are put back, and requests before the test forgotten."""
    before = shared_sandbox.knobs()
    shared_sandbox.forget_requests()
    yield shared_sandbox
    shared_sandbox.knobs(**before)


@pytest.fixture
def client(server: Sandbox) -> Iterator[ChakraClient]:
    """Talks to the account of the module."""
    made = client_of(server)
    yield made
    made.close()


@pytest.fixture
def config(sandbox: Sandbox) -> dict[str, Any]:
    """Settings of a tap that reads it."""
    return {"api_key": sandbox.api_key, "api_url": sandbox.url}
