"""A table of dlt may send WhatsApp messages; the sandbox counts them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.dlt_loads import Plan, Table, load, settings
from tests.support.messages import BY_NUMBER, WHATSAPP, texts

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

pytestmark = pytest.mark.parametrize("sandbox", [["--rows", "40"]], indirect=True)


def plan(sandbox: Sandbox, count: int, **more: object) -> Plan:
    rows: list[dict[str, Any]] = [
        {"visit": f"V-{n}", "mobile": f"+1 555 010 {n:04}", "name": f"Mira {n}"}
        for n in range(count)
    ]
    given = settings(sandbox, {**BY_NUMBER, **more})
    return Plan((Table("visits", rows, "append"),), {**given, "whatsapp": WHATSAPP})


def test_a_load_sends_each_once_and_a_later_one_only_what_is_new(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    first = load(tmp_path, plan(sandbox, 3))
    assert first.outcomes == {"created": 3}, first.output
    second = load(tmp_path, plan(sandbox, 4))
    assert second.outcomes == {"created": 1, "unchanged": 3}, second.output
    assert sorted(texts(sandbox)) == [f"Hi Mira {n}" for n in range(4)]


def test_in_quiet_hours_the_file_stays_pending_and_says_until_when(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    now = datetime.now(timezone.utc)
    begin, end = now - timedelta(hours=1), now + timedelta(hours=1)
    quiet = {"from": f"{begin:%H:%M}", "until": f"{end:%H:%M}", "zone": "UTC"}
    held = load(tmp_path, plan(sandbox, 2, quiet_hours=quiet))
    assert f"Run it again after {end:%Y-%m-%dT%H:%M}+00:00" in held.error, held.output
    assert texts(sandbox) == []
    awake = plan(sandbox, 0).settings
    assert load(tmp_path, Plan((), awake)).outcomes == {"created": 2}
    assert sorted(texts(sandbox)) == ["Hi Mira 0", "Hi Mira 1"]
