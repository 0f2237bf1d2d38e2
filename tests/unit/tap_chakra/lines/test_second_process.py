"""What the second process writes is what the first one would have written, in the same order."""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from chakra_api.account.account import resolve_account
from chakra_api.account.people import Directory
from chakra_api.endpoints.answers import ProcessPage
from chakra_api.wire.wire_json import encode
from tap_chakra.lines.record_lines import RecordLines
from tap_chakra.lines.second_process import LINES, Work
from tap_chakra.lines.second_process_client import SecondProcess
from tap_chakra.records.row_typer import compile_row
from tap_chakra.second import python_process
from tap_chakra.second.beginning import Beginning
from tap_chakra.second.frames import BEGIN, COUNTS, HEAD, ROWS, frames, rows_frame
from tap_chakra.second.python_process import NotStarted

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG: dict[str, Any] = {
    "procedures": [
        {
            "id": "p1",
            "shortId": "lead",
            "name": "Lead",
            "attributes": [
                {"id": "a1", "shortId": "score", "name": "Score", "type": {"name": "integer"}}
            ],
        }
    ]
}
ROWS_OF_A_PAGE: list[dict[str, Any]] = [
    {"id": "1", "createdAt": 1_764_105_576_610, "data": {"score": 5}},
    {"id": "2", "createdAt": 1_764_105_576_611, "data": {"score": "7"}},
    {"id": "3", "createdAt": 1_764_105_576_612, "data": {"score": "many"}},
    {"id": "4", "createdAt": 1_764_105_576_613, "data": {"score": 2**63}},
]
AT = "2026-11-05T10:00:00.123Z"


class Piped:
    """A worker whose output can be looked at."""

    def __init__(self) -> None:
        self._ends = [*os.pipe(), *os.pipe()]
        self.work = Work(self._ends[1], self._ends[3])

    def printed(self) -> bytes:
        return os.read(self._ends[0], 1 << 16)

    def counted(self) -> list[dict[str, int]]:
        said: list[dict[str, int]] = orjson.loads(os.read(self._ends[2], 1 << 16))
        return said

    def close(self) -> None:
        for end in self._ends:
            os.close(end)


@pytest.fixture
def piped() -> Iterator[Piped]:
    made = Piped()
    made.work.take(BEGIN, Beginning(CONFIG, [], "lead", "process_lead", ()).encoded())
    yield made
    made.close()


def page_of(rows: list[dict[str, Any]], body: bytes = b"", *, heads: bool = False) -> ProcessPage:
    return ProcessPage(rows, has_more=False, server_time=None, body=body, heads=heads)


def expected(rows: list[dict[str, Any]], version: int | None = None) -> bytes:
    typer = compile_row(resolve_account(CONFIG).procedure("lead"), Directory([]))
    return RecordLines("process_lead").lines(map(encode, map(typer, rows)), version, AT)


def test_rows_are_typed_and_written_as_the_first_process_would(piped: Piped) -> None:
    piped.work.take(ROWS, b"".join(rows_frame(page_of(ROWS_OF_A_PAGE), range(4), (7, AT))))
    assert piped.printed() == expected(ROWS_OF_A_PAGE, 7)


def parsed(lines: bytes) -> list[Any]:
    return [orjson.loads(line) for line in lines.splitlines()]


def test_an_answer_is_handed_over_as_it_came_with_the_positions_of_its_rows(piped: Piped) -> None:
    page = page_of(ROWS_OF_A_PAGE[:3], orjson.dumps({"_data": ROWS_OF_A_PAGE[:3]}))
    frame = b"".join(rows_frame(page, [2, 0], (None, AT)))
    assert page.body in frame
    piped.work.take(ROWS, frame)
    assert parsed(piped.printed()) == parsed(expected([page.rows[2], page.rows[0]]))


def test_rows_without_an_answer_of_their_own_are_handed_over_alone(piped: Piped) -> None:
    piped.work.take(ROWS, b"".join(rows_frame(page_of(ROWS_OF_A_PAGE), [2, 0], (None, AT))))
    assert piped.printed() == expected([ROWS_OF_A_PAGE[2], ROWS_OF_A_PAGE[0]])


def test_heads_of_rows_are_never_taken_for_whole_ones(piped: Piped) -> None:
    frame = b"".join(rows_frame(page_of([{"id": "1"}], heads=True), [0], (None, AT)))
    with pytest.raises(json.JSONDecodeError):
        piped.work.take(ROWS, frame)


def test_lines_keep_their_place_and_counts_come_when_they_are_asked_for(piped: Piped) -> None:
    piped.work.take(LINES, b"before\n")
    piped.work.take(ROWS, b"".join(rows_frame(page_of(ROWS_OF_A_PAGE), range(3), (None, AT))))
    piped.work.take(LINES, b"after\n")
    piped.work.take(COUNTS, b"")
    printed = piped.printed().splitlines()
    assert (printed[0], printed[-1], len(printed)) == (b"before", b"after", 5)
    assert piped.counted() == {
        "misfits": {"score": 1},
        "coerced": {"score": 1},
        "zoneless": {},
        "nul": {},
    }


def test_properties_that_are_not_selected_are_left_out(piped: Piped) -> None:
    beginning = Beginning(CONFIG, [], "lead", "process_lead", [("data", "score"), ("team",)])
    piped.work.take(BEGIN, beginning.encoded())
    piped.work.take(ROWS, b"".join(rows_frame(page_of(ROWS_OF_A_PAGE), [0], (None, AT))))
    record = orjson.loads(piped.printed())["record"]
    assert record["data"] == {}
    assert "team" not in record


def test_an_account_is_sent_once_for_all_its_streams(piped: Piped) -> None:
    users: list[dict[str, Any]] = []
    first = Beginning(CONFIG, users, "lead", "process_lead", ())
    second = Beginning(CONFIG, users, "lead", "process_others", ())
    piped.work.take(BEGIN, second.encoded(first))
    assert len(second.encoded(first)) < 200 < len(second.encoded())
    piped.work.take(ROWS, b"".join(rows_frame(page_of(ROWS_OF_A_PAGE), [0], (None, AT))))
    printed = expected(ROWS_OF_A_PAGE[:1]).replace(b"process_lead", b"process_others")
    assert piped.printed() == printed
    others = Beginning(dict(CONFIG), users, "lead", "process_others", ())
    assert others.encoded(first) == others.encoded()


def test_a_frame_that_was_cut_off_is_no_frame() -> None:
    whole = HEAD.pack(LINES, 3) + b"abc"
    for cut in range(len(whole)):
        assert list(frames(io.BytesIO(whole + whole[:cut]))) == [(LINES, b"abc")]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import os; os.write({fd}, b'ImportError, no orjson'); os._exit(1)", "no orjson"),
        ("import os; os.kill(os.getpid(), 9)", r"killed \(SIGKILL\), as Linux does when"),
        ("import os; os.kill(os.getpid(), 11)", r"it crashed \(SIGSEGV\)"),
        ("raise SystemExit(3)", "it ended with 3"),
        ("", "No such file"),
    ],
)
def test_a_process_that_does_not_start_is_said_and_leaves_nothing_open(
    monkeypatch: pytest.MonkeyPatch, code: str, why: str
) -> None:
    def command(_: str, answers: int) -> list[str]:
        return [sys.executable, "-c", code.format(fd=answers)] if code else ["/no/such/python"]

    monkeypatch.setattr(python_process, "command_of", command)
    open_before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(NotStarted, match=why):
        SecondProcess()
    assert len(list(Path("/proc/self/fd").iterdir())) == open_before
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & {signal.SIGINT, signal.SIGHUP}
