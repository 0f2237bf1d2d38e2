"""The second process answers with the table of all rows that it was handed, or not at all."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
import pytest

from chakra_api.account.account import resolve_account
from chakra_api.endpoints.answers import ProcessPage
from tap_chakra.second.beginning import Beginning
from tap_chakra.second.frames import BEGIN, HEAD, ROWS, rows_frame
from tap_chakra.tables.attribute_columns import Home, kind_of
from tap_chakra.tables.table_builder import plain_layout
from tap_chakra.tables.table_process import TABLE, Work, layout_of, spelled_layout
from tap_chakra.tables.table_process_client import HandedOver, TableProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG: dict[str, Any] = {
    "procedures": [
        {
            "id": f"p{number}",
            "shortId": name,
            "name": name.title(),
            "attributes": [
                {"id": "a1", "shortId": "score", "name": "Score", "type": {"name": "integer"}},
                {"id": "a2", "shortId": "seen", "name": "Seen", "type": {"name": "datetime"}},
            ],
        }
        for number, name in enumerate(["lead", "ticket"])
    ]
}
LEAD = resolve_account(CONFIG).procedure("lead")
PLAIN = plain_layout(LEAD, "columns")
AT = 1_764_105_576_610
BODY = orjson.dumps(
    {
        "_data": [
            {"id": "1", "createdAt": AT, "data": {"score": 5, "seen": AT}},
            {"id": "2", "createdAt": AT, "data": {"score": "7"}},
            {"id": "3", "createdAt": AT, "data": {"score": "many", "odd": 2**63}},
        ]
    }
)
HEADS: list[dict[str, Any]] = [{"id": str(number), "createdAt": AT} for number in (1, 2, 3)]
PAGE = ProcessPage(HEADS, has_more=False, server_time=None, body=BODY, heads=True)
SEEN = datetime.fromtimestamp(AT // 1000, timezone.utc).replace(microsecond=610_000)


@pytest.fixture
def process() -> Iterator[TableProcess]:
    with closing(TableProcess()) as made:
        yield made


def begun(process: TableProcess, procedure: str = "lead") -> HandedOver:
    layout = spelled_layout(PLAIN)
    assert layout is not None
    return process.begin(Beginning(CONFIG, [], procedure, "s", ()), layout)


def shown(table: pa.Table) -> list[tuple[Any, ...]]:
    names = ("id", "data__score", "data__seen", "_extra_data")
    return list(zip(*(table[name].to_pylist() for name in names), strict=True))


ONE = ("1", 5, SEEN, None)
TWO = ("2", 7, None, None)
THREE = ("3", None, None, '{"data":{"odd":9223372036854775808,"score":"many"}}')


def test_the_rows_that_are_meant_come_back_as_a_table_and_are_counted(
    process: TableProcess,
) -> None:
    tables = begun(process)
    tables.add(PAGE, [2, 0], len(BODY))
    tables.add(PAGE, [], 0)
    tables.add(PAGE, [1], len(BODY))
    assert len(tables) == 3
    assert shown(tables.taken()) == [THREE, ONE, TWO]
    assert len(tables) == 0
    assert shown(tables.taken()) == []
    assert tables.counts() == {
        "misfits": {"odd": 1, "score": 1},
        "coerced": {"score": 1},
        "zoneless": {},
        "nul": {},
    }


def test_rows_that_were_gathered_are_handed_over_whole(process: TableProcess) -> None:
    tables = begun(process)
    gathered = ProcessPage(orjson.loads(BODY)["_data"], has_more=None, server_time=None)
    tables.add(gathered, [0, 1], 100)
    assert shown(tables.taken()) == [ONE, TWO]


def test_streams_that_take_turns_keep_their_rows_apart(process: TableProcess) -> None:
    leads, tickets = begun(process), begun(process, "ticket")
    leads.add(PAGE, [0], 100)
    tickets.add(PAGE, [1], 100)
    leads.add(PAGE, [2], 100)
    assert shown(tickets.taken()) == [TWO]
    assert shown(leads.taken()) == [ONE, THREE]
    assert (tickets.counts()["misfits"], leads.counts()["coerced"]) == ({}, {})


def test_heads_without_their_answer_are_never_taken_for_whole_rows() -> None:
    read, write = os.pipe()
    with os.fdopen(read, "rb"), os.fdopen(write, "wb"):
        work = Work(write)
        layout = orjson.dumps([0, spelled_layout(PLAIN)]) + b"\n"
        work.take(BEGIN, layout + Beginning(CONFIG, [], "lead", "s", ()).encoded())
        heads = ProcessPage(HEADS, has_more=False, server_time=None, heads=True)
        with pytest.raises(ValueError, match="Expecting value"):
            work.take(ROWS, b"".join(rows_frame(heads, [0], (0, 100))))


def test_an_answer_that_is_no_json_ends_the_process_and_gives_no_table(
    process: TableProcess,
) -> None:
    tables = begun(process)
    tables.add(replace(PAGE, body=b'{"_data": ['), [0], 10)
    with pytest.raises(RuntimeError, match="the process that makes the tables ended with 1"):
        tables.taken()


def test_a_table_of_fewer_rows_than_were_handed_over_is_a_fault() -> None:
    class Short(TableProcess):
        def __init__(self) -> None:
            pass

        def rows(self, *_: object) -> None:
            pass

        def table(self, number: int) -> pa.Table:
            return pa.table({"id": ["1"] if number == 4 else []})

    tables = HandedOver(Short(), 4)
    tables.add(PAGE, [0, 1], 100)
    with pytest.raises(RuntimeError, match="2 rows were handed over, and 1 came back"):
        tables.taken()


def test_a_frame_of_a_table_tells_its_length() -> None:
    read, write = os.pipe()
    with os.fdopen(read, "rb") as answers, os.fdopen(write, "wb"):
        work = Work(write)
        layout = orjson.dumps([3, spelled_layout(PLAIN)]) + b"\n"
        work.take(BEGIN, layout + Beginning(CONFIG, [], "lead", "s", ()).encoded())
        work.take(ROWS, b"".join(rows_frame(PAGE, [0], (3, 100))))
        work.take(TABLE, b"3")
        kind, length = HEAD.unpack(answers.read(HEAD.size))
        table = pa.ipc.open_stream(answers.read(length)).read_all()
    assert (kind, shown(table)) == (TABLE, [ONE])


def test_a_layout_comes_back_as_it_was_spelled() -> None:
    for nested in ("structs", "json", "columns"):
        layout = plain_layout(LEAD, nested)
        assert layout_of(orjson.loads(orjson.dumps(spelled_layout(layout))), LEAD) == layout


def test_a_layout_in_which_values_go_elsewhere_is_not_handed_over() -> None:
    first, *rest = PLAIN.data
    home = first.homes[0]
    for homes in (
        (),
        (home, Home("score__v_text", home.kind)),
        (Home("score", kind_of(PLAIN.data[1].attribute)),),
    ):
        layout = replace(PLAIN, data=(replace(first, homes=homes), *rest))
        assert spelled_layout(layout) is None
