"""A Chromium, and the pages that real runs left: all are looked at as their reader would."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import found
from tests.browser.devtools import Browser
from tests.browser.real_pages import real_pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A headless Chromium."""
    path = found()
    assert path is not None, "make test-browser says what is missing"
    running = Browser(path, tmp_path_factory.mktemp("profile"))
    try:
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages of real runs, by name."""
    return real_pages(tmp_path_factory.mktemp("pages"))
