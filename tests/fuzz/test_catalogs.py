"""A catalog that is handed to the tap: read, or refused; never a fault of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.endings import STEPS, TAP_CODES, ends_in_order
from tests.fuzz.inputs import BYTES, JSON, changed
from tests.support.in_process import KEY, run_tap, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = {
    "tap_stream_id": "process_lead",
    "stream": "process_lead",
    "key_properties": ["id"],
    "replication_key": "updatedAt",
    "replication_method": "INCREMENTAL",
    "schema": {"type": "object", "properties": {"id": {"type": ["string"]}}},
    "metadata": [
        {"breadcrumb": [], "metadata": {"selected": True, "replication-method": "FULL_TABLE"}},
        {"breadcrumb": ["properties", "id"], "metadata": {"inclusion": "automatic"}},
        {"breadcrumb": ["properties", "data"], "metadata": {"selected": False}},
    ],
}
CATALOG = {"streams": [ENTRY, {"tap_stream_id": "users"}]}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(BYTES, changed(CATALOG), changed(ENTRY).map(lambda e: {"streams": [e]}), JSON))
def test_a_catalog_is_read_or_refused(tmp_path: Path, catalog: Any) -> None:
    STEPS["catalog"] += 1
    config = written(tmp_path, "config.json", {"api_key": KEY, "api_url": "http://chakra.test"})
    args = ["--config", config, "--catalog", written(tmp_path, "catalog.json", catalog)]
    ends_in_order(run_tap(world_of(3), args), TAP_CODES)
