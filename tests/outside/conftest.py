"""Makes the places of the outside tests, once for all workers, and removes them at the end."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chakra_sandbox.launch import start_sandbox
from tests.outside import places, project
from tests.outside.dataset import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chakra_sandbox.launch import Sandbox

PLACE = "CHAKRA_OUTSIDE"
"""The variable that names the folder: workers get it from the process that made it."""
KEPT = "CHAKRA_OUTSIDE_KEPT"
"""A folder to make them in that stays, for one who tries a test again and again."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the places, in the process that starts the workers, before they start."""
    if hasattr(config, "workerinput") or config.option.collectonly or PLACE in os.environ:
        return
    kept = os.environ.get(KEPT)
    folder = Path(kept or tempfile.mkdtemp(prefix="outside-"))
    os.environ[PLACE] = str(folder)
    if (folder / "project" / "meltano.yml").exists():
        return
    began = time.monotonic()
    steps = chain(places.make(folder), project.make(places.Places(folder)))
    for step in steps:
        print(f"{time.monotonic() - began:5.0f} s  {step} ...", file=sys.stderr, flush=True)  # noqa: T201 - minutes pass
    print(f"{time.monotonic() - began:5.0f} s  ready", file=sys.stderr, flush=True)  # noqa: T201 - see above


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove them."""
    if not hasattr(config, "workerinput") and PLACE in os.environ and KEPT not in os.environ:
        places.remove(Path(os.environ.pop(PLACE)))


@pytest.fixture(scope="session")
def outside() -> places.Places:
    """Where things are."""
    return places.Places(Path(os.environ[PLACE]))


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Sandbox]:
    """A ChakraHQ with the data set of these tests."""
    path = tmp_path / "account.json"
    path.write_text(ACCOUNT)
    with start_sandbox(["--account", str(path)]) as sandbox:
        yield sandbox
