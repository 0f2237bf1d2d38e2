"""A table of dlt may bring photos, as bytes of a column; the sandbox keeps them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.support.dlt_loads import Plan, Table, load, settings
from tests.support.target_process import living

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

pytestmark = pytest.mark.parametrize("sandbox", [["--rows", "5", "--tickets", "5"]], indirect=True)
PNG = b"\x89PNG\r\n\x1a\n\0\xff of dlt"
MAPPING = {
    "stream": "pictures",
    "kind": "photo",
    "procedure": "ticket",
    "key": "ticket",
    "attribute": "front_photo",
    "content": "body",
}


def test_a_column_of_bytes_becomes_the_photo_of_its_process_once(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    rows = [{"ticket": n, "body": PNG + bytes([n])} for n in (1, 2)]
    plan = Plan((Table("pictures", rows, "append"),), settings(sandbox, MAPPING))
    first = load(tmp_path, plan)
    assert first.outcomes == {"updated": 2}, first.output
    assert load(tmp_path, plan).outcomes == {"unchanged": 2}
    uploaded = {each["id"]: each["sha256"] for each in sandbox.arrived("photos")}
    tickets = living(sandbox, "ticket")
    for n in (1, 2):
        photo = tickets[n]["data"]["front_photo"]
        assert uploaded[photo] == hashlib.sha256(PNG + bytes([n])).hexdigest()
    assert len(uploaded) == 2
