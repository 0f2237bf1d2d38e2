"""The matrix, through the real target into the sandbox: one run, each cell a row."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.matrix_account import KEY, attribute_of, exactly, matrix_account
from tests.support.matrix_cells import (
    CELLS,
    KEY_CELLS,
    MARK_CELLS,
    Cell,
    columns_of,
    judged,
    streams,
)
from tests.support.target_process import FAST, Told, schema, write
from tests.values.matrix_writing import CLEAR

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL = (*CELLS, *KEY_CELLS, *MARK_CELLS)


@dataclass(frozen=True)
class Run:
    """What a run left.

    Attributes:
        told: What it said.
        reasons: Of its rejects, by the row's number.
        rejected: The rows as the rejects file keeps them, by number.
        held: The living processes by key.
    """

    told: Told
    reasons: dict[int, str]
    rejected: dict[int, str]
    held: dict[str, dict[str, Any]]

    def process(self, cell: Cell) -> dict[str, Any] | None:
        return self.held.get(cell.key_text)


def lines_of(cells: tuple[Cell, ...]) -> Iterator[tuple[str, Cell | None]]:
    """The messages, each with the cell that it carries."""
    for stream in dict.fromkeys(cell.stream for cell in cells):
        yield json.dumps(schema(stream, columns_of(cells, stream))), None
        for cell in cells:
            if cell.stream == stream:
                row = ",".join(f'"{name}":{text}' for name, text in cell.columns().items())
                yield f'{{"type":"RECORD","stream":"{stream}","record":{{{row}}}}}', cell


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All cells, written."""
    folder = tmp_path_factory.mktemp("matrix")
    lines = list(lines_of(ALL))
    rows = [cell.existing() for cell in CELLS]
    rows += [cell.existing() for cell in MARK_CELLS]
    with matrix_account([each.replace(b"a_mark", b"a_string") for each in rows]) as account:
        config = {
            "api_key": account.api_key,
            "api_url": account.url,
            **FAST,
            "streams": streams(),
            "max_rejects": len(ALL),
            "stop_at_reject_percent": 100,
            "max_deletes": len(MARK_CELLS),
            "rejects_path": "rejects.jsonl",
        }
        told = write(folder, config, [line for line, _ in lines])
        held = account.held()
        by_text = {row["data"].get("a_string"): row for row in held.values()}
        held |= {
            cell.key_text: by_text[text]
            for cell in KEY_CELLS
            if (text := json.loads(cell.more["a_string"])) in by_text
        }
    assert told.receipt, told.stderr[-3000:]
    path = folder / "rejects.jsonl"
    texts = path.read_text().splitlines() if path.exists() else []
    rejects = [(json.loads(text), text) for text in texts]
    numbers = {line: cell.number for line, (_, cell) in enumerate(lines, 1) if cell}
    return Run(
        told,
        {numbers[each["line"]]: each["reason"] for each, _ in rejects},
        {numbers[each["line"]]: text for each, text in rejects},
        held,
    )


def test_every_row_is_settled_once(run: Run) -> None:
    assert run.told.receipt["rows_in"] == len(ALL), run.told.stderr[-3000:]
    assert sum(run.told.outcomes.values()) == len(ALL)
    assert run.told.outcomes.get("unknown", 0) == 0


@pytest.mark.parametrize(("stream", "kind"), dict.fromkeys((c.stream, c.kind) for c in CELLS))
def test_a_value_arrives_as_itself_or_not_at_all(run: Run, stream: str, kind: str) -> None:
    wrong = []
    for cell in [each for each in CELLS if (each.stream, each.kind) == (stream, kind)]:
        process = run.process(cell)
        assert process is not None, f"the process of {cell} is gone"
        where = process if cell.is_root else process["data"]
        held = where.get(kind if cell.is_root else attribute_of(kind), CLEAR)
        wrong += [judged(cell, run.reasons.get(cell.number), held)]
    assert not any(wrong), "\n".join(wrong)


@pytest.mark.parametrize("cell", KEY_CELLS, ids=str)
def test_a_key_names_its_process(run: Run, cell: Cell) -> None:
    process = run.process(cell)
    held = process["data"][KEY] if process else CLEAR
    wrong = judged(cell, run.reasons.get(cell.number), held)
    assert not wrong, wrong


@pytest.mark.parametrize("cell", MARK_CELLS, ids=str)
def test_a_mark_deletes_writes_or_is_a_reject(run: Run, cell: Cell) -> None:
    process = run.process(cell)
    if process is None:
        got = "deleted"
    elif cell.number in run.reasons:
        got = "rejected"
    else:
        got = {"written": "updated", "prior": "left"}[process["data"]["a_string"]]
    assert got == cell.expected, (cell.source, run.reasons.get(cell.number))


def test_a_reject_keeps_the_row_as_it_came(run: Run) -> None:
    rejected = [each for each in ALL if each.number in run.rejected and each.source != "absent"]
    assert rejected
    for cell in rejected:
        # As decimal numbers: that 1e400 is kept as 1E+400 changes no digit.
        kept = exactly(run.rejected[cell.number])["row"]
        assert kept[cell.column] == exactly(cell.source), cell
