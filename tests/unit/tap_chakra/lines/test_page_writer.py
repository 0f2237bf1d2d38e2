"""Rows of a page become lines by their positions in it, out of the answer where that is known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from chakra_api.endpoints.answers import ProcessPage
from tap_chakra.lines.page_writer import PageWriter
from tap_chakra.lines.record_names import RecordNames
from tap_chakra.naming.column_names import ColumnNames
from tap_chakra.records.row_parser import RowParser
from tap_chakra.second.beginning import Beginning

if TYPE_CHECKING:
    from tap_chakra.lines.second_process_client import SecondProcess

CONFIG: dict[str, Any] = {"procedures": [{"id": "p1", "shortId": "lead", "name": "Lead"}]}
AT = "2026-11-05T10:00:00.123Z"
ROWS: list[dict[str, Any]] = [{"id": f"r{number}", "status": "OPEN"} for number in range(4)]
BODY = orjson.dumps({"_data": [{**row, "team": "in the answer alone"} for row in ROWS]})


class Printed:
    """An output of one process, kept."""

    def __init__(self) -> None:
        self.text = b""

    def write_lines(self, lines: bytes) -> None:
        self.text += lines

    def second(self, rows: int) -> SecondProcess | None:  # noqa: ARG002 - an output's signature
        return None

    @property
    def records(self) -> list[dict[str, Any]]:
        return [orjson.loads(line)["record"] for line in self.text.splitlines()]


def records_of(page: ProcessPage, positions: list[int]) -> list[dict[str, Any]]:
    beginning = Beginning(CONFIG, [], "lead", "process_lead", ())
    printed = Printed()
    parser, renames = RowParser(*beginning.typing()), RecordNames(ColumnNames({}, {}))
    PageWriter(parser, beginning, printed, renames).write(page, positions, None, AT)
    return printed.records


@pytest.mark.parametrize("positions", [[0, 1, 2, 3], [3, 1], []], ids=str)
def test_the_rows_at_these_positions_are_written(positions: list[int]) -> None:
    for body, team in ((BODY, "in the answer alone"), (b"", None)):
        page = ProcessPage(ROWS, has_more=False, server_time=None, body=body)
        found = [(record["id"], record["team"]) for record in records_of(page, positions)]
        assert found == [(f"r{position}", team) for position in positions]


def test_heads_of_rows_are_never_taken_for_whole_ones() -> None:
    page = ProcessPage(ROWS, has_more=False, server_time=None, heads=True)
    with pytest.raises(json.JSONDecodeError):
        records_of(page, [0])
