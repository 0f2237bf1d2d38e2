"""What the tap reads, the target writes back as unchanged; what it wrote is read as the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.matrix_account import KEY, TYPES, attribute_of, matrix_account, row_of
from tests.support.tap_process import catalog_of, run
from tests.support.target_process import FAST, write
from tests.values.matrix_reading import READING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.matrix_account import MatrixAccount

CELLS = [(kind, wire) for kind, cells in READING.items() if kind in TYPES for wire, _ in cells]


def read(folder: Path, account: MatrixAccount, form: str) -> list[dict[str, Any]]:
    """The messages of the tap's full run, with rows as records or in files of BATCH messages."""
    config: dict[str, Any] = {"api_key": account.api_key, "api_url": account.url}
    if form != "records":
        encoding = {"format": form, "compression": "gzip"}
        config["batch_config"] = {"encoding": encoding, "storage": {"root": f"file://{folder}"}}
    output = run(folder, config, catalog=catalog_of(folder, config, "process_cell"))
    assert output.code == 0, output.stderr
    return output.lines


@pytest.mark.parametrize("nulls", ["skip", "clear"])
@pytest.mark.parametrize("form", ["records", "jsonl", "parquet"])
def test_what_the_tap_reads_goes_back_as_unchanged(tmp_path: Path, nulls: str, form: str) -> None:
    rows = [
        row_of(number, {KEY: f'"B-{number}"', attribute_of(kind): wire})
        for number, (kind, wire) in enumerate(CELLS, 1)
    ]
    with matrix_account(rows) as account:
        lines = read(tmp_path, account, form)
        before = account.held()
        config = {
            "api_key": account.api_key,
            "api_url": account.url,
            **FAST,
            "streams": [{"stream": "process_cell", "procedure": "cell", "nulls": nulls}],
            "max_rejects": len(CELLS),
            "stop_at_reject_percent": 100,
            "rejects_path": "rejects.jsonl",
        }
        told = write(tmp_path, config, [json.dumps(line) for line in lines])
        after = account.held()
    assert told.receipt, told.stderr[-3000:]
    changed = [
        f"{kind} {wire} became {after[key]['data'].get(attribute_of(kind), 'nothing')!r}"
        for number, (kind, wire) in enumerate(CELLS, 1)
        if after[key := f"B-{number}"] != before[key]
    ]
    path = tmp_path / "rejects.jsonl"
    rejected = path.read_text().splitlines() if path.exists() else []
    reasons = [json.loads(line)["reason"] for line in rejected]
    wrong = "\n".join((*changed, *reasons))
    assert not wrong, f"\n{wrong}"
    assert told.outcomes == {"unchanged": len(CELLS)}
