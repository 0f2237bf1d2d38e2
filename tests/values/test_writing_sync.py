"""A table with every type comes to ChakraHQ the same by sync, by Singer records and by dlt.

What is held is written by hand from the page of values, a row for each value; the Singer record
of each is what a tap would write of it, by hand, too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.dlt_loads import Plan, Table, load
from tests.support.matrix_account import KEY, attribute_of, exactly, matrix_account
from tests.support.target_process import FAST, Told, operate, schema, write

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

REJECT = "REJECT"
at = datetime.fromisoformat
UTC = pa.timestamp("us", "UTC")
IST = pa.timestamp("ms", "Asia/Kolkata")
ODD = "Pune ☂ \\ '%s' :x"
LONG = Decimal("12345678901234567.89")


class Value(NamedTuple):
    """One value of a column.

    Attributes:
        attribute: Type of the attribute that it goes to.
        arrow: Its column's type.
        value: As Python has it.
        record: As a tap writes it, in JSON.
        held: What ChakraHQ holds of it, in JSON; `REJECT` if the row is refused.
    """

    attribute: str
    arrow: Any
    value: Any
    record: str
    held: str


VALUES = (
    Value("string", pa.string(), ODD, json.dumps(ODD), json.dumps(ODD)),
    Value("string", pa.large_string(), "long", '"long"', '"long"'),
    Value("string", pa.int64(), 57, "57", '"57"'),
    Value("string", pa.decimal128(20, 0), Decimal(99999999999999999999), "99999999999999999999",
          '"99999999999999999999"'),
    Value("string", pa.float64(), 915550000051.0, "915550000051.0", '"915550000051"'),
    Value("string", pa.float64(), float("nan"), "NaN", REJECT),
    Value("string", pa.bool_(), value=True, record="true", held=REJECT),
    Value("string", pa.binary(), b"\xaa", '"qg=="', '"qg=="'),
    Value("string", pa.dictionary(pa.int8(), pa.string()), "pune", '"pune"', '"pune"'),
    Value("integer", pa.int8(), -7, "-7", "-7"),
    Value("integer", pa.uint64(), 2**63 - 1, str(2**63 - 1), str(2**63 - 1)),
    Value("integer", pa.uint64(), 2**63, str(2**63), REJECT),
    Value("integer", pa.decimal128(10, 2), Decimal("57.00"), "57.00", "57"),
    Value("integer", pa.decimal128(10, 2), Decimal("57.50"), "57.50", REJECT),
    Value("integer", pa.string(), "-0042", '"-0042"', "-42"),
    Value("float", pa.float64(), 0.1, "0.1", "0.1"),
    Value("float", pa.decimal128(10, 2), Decimal("2.50"), "2.50", "2.5"),
    Value("float", pa.decimal128(19, 2), LONG, str(LONG), REJECT),
    Value("float", pa.float64(), float("inf"), "Infinity", REJECT),
    Value("boolean", pa.bool_(), value=False, record="false", held="false"),
    Value("boolean", pa.int32(), 1, "1", "true"),
    Value("boolean", pa.string(), "maybe", '"maybe"', REJECT),
    Value("date", pa.date32(), date(2026, 1, 5), '"2026-01-05"', "1767571200000"),
    Value("date", pa.date64(), date(1971, 6, 15), '"1971-06-15"', "45792000000"),
    Value("date", UTC, at("2026-01-05T09:00:00+00:00"),
          '"2026-01-05T09:00:00+00:00"', REJECT),
    Value("datetime", UTC, at("2026-01-05T09:15:00.123456+00:00"),
          '"2026-01-05T09:15:00.123456+00:00"', "1767604500123"),
    Value("datetime", IST, at("2026-01-05T09:15:00+05:30"),
          '"2026-01-05T09:15:00+05:30"', "1767584700000"),
    Value("datetime", pa.timestamp("us"), at("2026-01-05T09:15:00.000005"),
          '"2026-01-05T09:15:00.000005"', "1767584700000"),
    Value("datetime", pa.timestamp("ns"), at("2026-01-05T09:15:00"), '"2026-01-05T09:15:00"',
          "1767584700000"),
    Value("datetime", pa.date32(), date(2026, 1, 5), '"2026-01-05"', "1767551400000"),
    Value("datetimeISO8601", pa.timestamp("s", "UTC"), at("2026-01-05T09:00:00+00:00"),
          '"2026-01-05T09:00:00+00:00"', '"2026-01-05T09:00:00.000Z"'),
    Value("stringEnum", pa.string(), " PUNE CITY ", '" PUNE CITY "', '"pune"'),
    Value("multiString", pa.list_(pa.string()), ["a", "b"], '["a","b"]', '["a","b"]'),
    Value("multiString", pa.large_list(pa.int64()), [1, 2], "[1,2]", '["1","2"]'),
    Value("json", pa.list_(pa.int32(), 2), [1, 2], "[1,2]", "[1,2]"),
    Value("json", pa.struct([("a", pa.int64()), ("b", pa.list_(pa.date32()))]),
          {"a": 1, "b": [date(2026, 1, 5)]}, '{"a":1,"b":["2026-01-05"]}',
          '{"a":1,"b":["2026-01-05"]}'),
    Value("json", pa.struct([("n", UTC), ("x", pa.null())]),
          {"n": at("2026-01-05T09:00:00+00:00"), "x": None},
          '{"n":"2026-01-05T09:00:00+00:00","x":null}',
          '{"n":"2026-01-05T09:00:00+00:00","x":null}'),
    Value("json", pa.string(), '{"a": 18446744073709551616}', '"{\\"a\\": 18446744073709551616}"',
          '{"a": 18446744073709551616}'),
    Value("string", pa.null(), None, "null", "null"),
)  # fmt: skip
NOT_OF_DLT = frozenset(
    number for number, each in enumerate(VALUES) if str(each.value) in ("nan", "inf", "None")
)
"""dlt has no column for what holds nothing else."""


def layers() -> dict[str, list[int]]:
    """The values, by stream: in each a column for an attribute, and a row for each value."""
    made: dict[str, list[int]] = {}
    for number, each in enumerate(VALUES):
        before = sum(other.attribute == each.attribute for other in VALUES[:number])
        made.setdefault(f"layer{before}", []).append(number)
    return made


LAYERS = layers()
STREAMS = [
    {
        "stream": stream,
        "procedure": "cell",
        "key": KEY,
        "fields": {
            name: f"data.{name}"
            for name in (KEY, *(attribute_of(VALUES[number].attribute) for number in numbers))
        },
    }
    for stream, numbers in LAYERS.items()
]
SETTINGS = {
    **FAST,
    "streams": STREAMS,
    "naive_timezone": "Asia/Kolkata",
    "max_rejects": len(VALUES),
    "stop_at_reject_percent": 100,
}


@dataclass(frozen=True)
class Way:
    """A way to ChakraHQ.

    Attributes:
        folder: To work in.
        config: Settings of the target.
    """

    folder: Path
    config: dict[str, Any]

    def well(self, told: Told) -> None:
        assert told.code == 0, told.stderr

    def parquet(self) -> None:
        for stream, numbers in LAYERS.items():
            columns = {KEY: pa.array([f"K-{number}" for number in numbers])}
            for at, number in enumerate(numbers):
                values = [None] * len(numbers)
                values[at] = VALUES[number].value
                columns[attribute_of(VALUES[number].attribute)] = pa.array(
                    values, VALUES[number].arrow
                )
            path = self.folder / f"{stream}.parquet"
            pq.write_table(pa.table(columns), path)
            self.well(operate(self.folder, self.config, "sync", "--source", str(path)))

    def records(self) -> None:
        lines: list[dict[str, Any] | str] = []
        for stream, numbers in LAYERS.items():
            columns = [attribute_of(VALUES[number].attribute) for number in numbers]
            lines.append(schema(stream, [KEY, *columns]))
            for column, number in zip(columns, numbers, strict=True):
                record = f'{{"{KEY}": "K-{number}", "{column}": {VALUES[number].record}}}'
                lines.append(f'{{"type": "RECORD", "stream": "{stream}", "record": {record}}}')
        self.well(write(self.folder, self.config, lines))

    def dlt(self) -> None:
        tables = []
        for stream, numbers in LAYERS.items():
            rows, hints = [], {}
            kept = [number for number in numbers if number not in NOT_OF_DLT]
            for number in kept:
                each = VALUES[number]
                column = attribute_of(each.attribute)
                rows.append({KEY: f"K-{number}", column: each.value})
                if isinstance(each.value, datetime) and each.value.tzinfo is None:
                    # Else dlt takes a time without a zone for one in UTC.
                    hints[column] = {"data_type": "timestamp", "timezone": False}
            tables.append(Table(stream, rows, "merge", KEY, hints))
        # By name: of a column that holds nothing at all dlt tells nothing.
        streams = [{"stream": "layer*", "procedure": "cell", "key": KEY}]
        told = load(self.folder, Plan(tuple(tables), {**self.config, "streams": streams}))
        assert told.error == "", told.output[-2000:]


def shown(number: int, process: Mapping[str, Any] | None) -> Any:
    """What is held of a value, as the expected text would be read."""
    if process is None:
        return REJECT
    return process["data"].get(attribute_of(VALUES[number].attribute))


def carried(folder: Path, way: Callable[[Way], None]) -> list[Any]:
    """What ChakraHQ holds of each value."""
    folder.mkdir()
    with matrix_account([]) as account:
        config = {**SETTINGS, "api_key": account.api_key, "api_url": account.url}
        way(Way(folder, config))
        held = account.held()
    return [shown(number, held.get(f"K-{number}")) for number in range(len(VALUES))]


EXPECTED = [REJECT if each.held == REJECT else exactly(each.held) for each in VALUES]


def wrong(found: list[Any], but: frozenset[int] = frozenset()) -> list[Any]:
    pairs = zip(VALUES, found, EXPECTED, strict=True)
    return [
        (each.attribute, str(each.arrow), each.value, held, expected)
        for number, (each, held, expected) in enumerate(pairs)
        if held != expected and number not in but
    ]


def test_parquet_by_sync(tmp_path: Path) -> None:
    assert wrong(carried(tmp_path / "parquet", Way.parquet)) == []


def test_records_of_a_tap(tmp_path: Path) -> None:
    assert wrong(carried(tmp_path / "records", Way.records)) == []


def test_rows_of_dlt(tmp_path: Path) -> None:
    assert wrong(carried(tmp_path / "dlt", Way.dlt), NOT_OF_DLT) == []
