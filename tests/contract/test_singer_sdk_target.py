"""The standard target tests of singer-sdk, against the sandbox.

Their streams mean nothing to ChakraHQ, so each of their rows becomes a lead of its own. One of
them is left out: `record_missing_key_property` wants a run to end at a row without its key; here
such a row is a reject, on record, and the run goes on (`test_target_rows.py`).
"""

from __future__ import annotations

import atexit
import tempfile
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from singer_sdk.testing import get_target_test_class
from singer_sdk.testing.suites import SingerTestSuite, target_tests
from singer_sdk.testing.target_tests import TargetRecordMissingKeyProperty

from chakra_sandbox.launch import start_sandbox
from target_chakra.singer.target import TargetChakra

if TYPE_CHECKING:
    from collections.abc import Iterator

_running = ExitStack()
atexit.register(_running.close)  # where another process runs these tests, no fixture ends it
_sandbox = _running.enter_context(start_sandbox(["--rows", "50"]))
_folder = _running.enter_context(tempfile.TemporaryDirectory())
_sandbox.knobs(job_duration_ms=20)
_suite = SingerTestSuite(
    kind="target",
    tests=[each for each in target_tests.tests if each is not TargetRecordMissingKeyProperty],
)


@pytest.fixture(scope="module", autouse=True)
def _end_of_the_sandbox() -> Iterator[None]:
    with _running:
        yield


TestTargetChakra = get_target_test_class(
    TargetChakra,
    config={
        "api_key": _sandbox.api_key,
        "api_url": _sandbox.url,
        "journal": f"sqlite:///{_folder}/journal.db",
        "streams": [{"stream": "*", "procedure": "lead", "mode": "insert", "fields": {}}],
        "stop_at_reject_percent": 100,
    },
    custom_suites=[_suite],
    include_target_tests=False,
)
