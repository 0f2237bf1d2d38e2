"""An account that counts times in seconds is written in seconds, and read back as was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.tap_process import catalog_of, run
from tests.support.target_process import schema, settings, write

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

pytestmark = pytest.mark.parametrize("sandbox", [["--set", "timestamp_format=s"]], indirect=True)
SAID = "all its times are written as seconds"


def leads(folder: Path, config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    output = run(folder, config, catalog=catalog_of(folder, config, "process_lead"))
    assert output.code == 0, output.stderr
    return {each["id"]: each for each in output.records["process_lead"]}


def test_what_was_read_goes_back_as_unchanged(
    tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]
) -> None:
    output = run(tmp_path, config, catalog=catalog_of(tmp_path, config, "process_lead"))
    rows = output.records["process_lead"]
    told = write(tmp_path, settings(sandbox), output.lines)
    assert told.outcomes == {"unchanged": len(rows)}, told.stderr
    assert told.stderr.count(SAID) == 1


def test_a_time_arrives_as_itself(tmp_path: Path, sandbox: Sandbox, config: dict[str, Any]) -> None:
    wanted = {
        "nextActionAt": ("2027-03-04T05:06:07.000Z", 1_804_136_767_000),
        "data__last_contacted": ("2027-03-04T05:06:07.000Z", "2027-03-04 10:36:07+05:30"),
        "data__birth_date": ("2027-03-04", "2027-03-04"),
    }
    before = leads(tmp_path, config)
    process_id = next(iter(before))
    row = {"id": process_id, **{name: value for name, (_, value) in wanted.items()}}
    message = {"type": "RECORD", "stream": "process_lead", "record": row}
    for outcome in ("updated", "unchanged"):
        told = write(tmp_path, settings(sandbox), [schema("process_lead", [*row]), message])
        assert told.outcomes == {outcome: 1}, told.stderr
    after = leads(tmp_path, config)[process_id]
    held = {"nextActionAt": after["nextActionAt"]}
    held |= {f"data__{name}": value for name, value in after["data"].items()}
    assert {name: held[name] for name in wanted} == {
        name: told for name, (told, _) in wanted.items()
    }
