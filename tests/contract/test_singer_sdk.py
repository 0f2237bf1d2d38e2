"""The standard tests of singer-sdk, against the sandbox.

The suite asks the tap for its streams while pytest collects, so the sandbox starts with the
module and ends with its last test.
"""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from chakra_sandbox.launch import start_sandbox
from tap_chakra.singer.tap import TapChakra

if TYPE_CHECKING:
    from collections.abc import Iterator

_running = ExitStack()
atexit.register(_running.close)  # where another process runs these tests, no fixture ends it
_sandbox = _running.enter_context(
    start_sandbox(["--rows", "300", "--tickets", "20", "--orders", "20"])
)


@pytest.fixture(scope="module", autouse=True)
def _end_of_the_sandbox() -> Iterator[None]:
    with _running:
        yield


TestTapChakra = get_tap_test_class(
    TapChakra,
    config={"api_key": _sandbox.api_key, "api_url": _sandbox.url, "concurrency": 4},
    # No user of the sandbox has told their date of birth: that column is empty.
    suite_config=SuiteConfig(ignore_no_records_for_streams=["users"]),
)
