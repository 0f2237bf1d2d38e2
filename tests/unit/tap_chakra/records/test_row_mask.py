"""Under a mask all ways make the same records, and no way lets a masked value through."""

from __future__ import annotations

import json
from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.redaction import Secret
from chakra_api.values.times import UTC
from chakra_api.wire.wire_json import decode
from tap_chakra.masking.masked_procedure import masked
from tap_chakra.masking.rules import MaskSetting, parse_mask
from tap_chakra.masking.stream_mask import stream_mask
from tap_chakra.records.row_parser import RowParser
from tap_chakra.records.row_typer import compile_row
from tap_chakra.records.schema import COLUMN_NAMES, process_schema
from tap_chakra.records.selection import left_out
from tap_chakra.tables.attribute_columns import LAYOUTS
from tap_chakra.tables.table_builder import TableBuilder, plain_layout
from tests.unit.tap_chakra.records.test_row_parser import USUAL, answer, made, pages
from tests.unit.tap_chakra.records.test_row_typer import ATTRIBUTES, PEOPLE, PROCEDURE

WORDS = ("hash", "drop", "keep-first")
PATHS = (
    *(each.short_id for each in ATTRIBUTES),
    *("data.a_string", "data.a_*", "rank", "derivedData.rank", "odd", "od?", "x", "value"),
    *("_extra_data.id", "_extra_data.unheardOf", "_extra_data", "data", "derivedData"),
    *(name for name in COLUMN_NAMES if name not in {"id", "updatedAt"}),
    *("*", "created*", "*Username"),
)
masks = st.dictionaries(
    st.sampled_from(PATHS).map("process_lead.{}".format), st.sampled_from(WORDS), min_size=1
).map(
    lambda mask: {
        key: "drop" if key.endswith(("_extra_data", ".data", ".derivedData")) else word
        for key, word in mask.items()
    }
)
paths = st.lists(
    st.sampled_from([("team",), ("data", "a_string"), ("data", "a_json"), ("derivedData",)]),
    max_size=2,
)


def under(mask: dict[str, str]) -> Any:
    """The procedure under a mask."""
    setting = parse_mask({"mask": mask, "mask_salt": "salt"}, "X")
    found = stream_mask(MaskSetting(setting.rules, Secret("salt")), "process_lead")
    assert found is not None
    return masked(PROCEDURE, found)


@given(masks, pages, paths)
def test_all_ways_make_the_same_records_and_counts(
    mask: dict[str, str], page: list[dict[str, Any]], deselected: list[tuple[str, ...]]
) -> None:
    procedure = under(mask)
    body = json.dumps({"_data": page}).encode()
    came: list[Any] = [decode(json.dumps(row).encode()) for row in page]
    typer = compile_row(procedure, PEOPLE, UTC, deselected)
    expected = [left_out(typer(dict(row)), deselected) for row in came]
    parser = RowParser(procedure, PEOPLE, UTC, deselected)
    assert made(parser, body, len(page)) == [json.loads(orjson.dumps(each)) for each in expected]
    assert (parser.typer.misfits, parser.typer.coerced) == (typer.misfits, typer.coerced)
    builder = TableBuilder(procedure, PEOPLE, plain_layout(procedure, "json"), UTC, deselected)
    table = builder(came)
    gone = {path[0] for path in deselected if len(path) == 1}
    for name in set(table.column_names) - gone:
        if table.schema.field(name).type == "string" and name not in {"data", "derivedData"}:
            assert table[name].to_pylist() == [each[name] for each in expected], name
    properties: Any = process_schema(procedure)["properties"]
    assert properties.keys() == set(table.column_names)
    assert all(each.keys() | gone == properties.keys() for each in expected)


def test_a_usual_row_of_a_masked_procedure_does_not_go_the_long_way(monkeypatch: Any) -> None:
    hashes = {f"process_lead.{each.short_id}": "hash" for each in ATTRIBUTES}
    drops = {"process_lead.a_name": "drop", "process_lead.a_integer": "drop"}
    roots = {"*.createdBy": "hash", "*.createdAt": "hash", "*.isDeleted": "hash"}
    made_of = {"*.stateName": "keep-first", "*.assignedToUsername": "hash", "*.status": "drop"}
    for mask in (hashes, hashes | drops, {"process_lead.x": "hash"}, roots | made_of):
        parser, typer = RowParser(under(mask), PEOPLE), compile_row(under(mask), PEOPLE)
        monkeypatch.setattr(parser, "record", None)
        (record,) = made(parser, answer([USUAL]), 1)
        assert record == json.loads(orjson.dumps(typer(USUAL)))


MARK = "QZMARK"
NUMBER = 7_734_512
bare = (
    st.text(max_size=3).map(lambda text: f" {MARK}{text}")
    | st.integers(0, 9).map(lambda digit: NUMBER * 10 + digit)
    | st.integers(1, 9).map(lambda digit: NUMBER + digit / 10)
    | st.sampled_from([f"{MARK}\0", f"{NUMBER}", f'{{"x": "{MARK}"}}'])
)
keys = st.sampled_from(["value", "label", "id", "x", "email"])
hidden = st.recursive(
    bare,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "label", "id", "x", "email"]), inner, max_size=3
        )
    ),
    max_leaves=4,
)
nested = st.dictionaries(st.sampled_from(["email", "secret_1", "secret_2"]), hidden, max_size=2)
harmless = st.none() | st.integers(0, 9) | st.lists(nested, max_size=2) | nested
HIDDEN = [each.short_id for each in ATTRIBUTES if each.short_id != "a_json"]
MASK = {
    **{
        f"process_lead.{name}": "drop" if number % 3 else "hash"
        for number, name in enumerate(HIDDEN)
    },
    "process_lead.a_string": "keep-first",
    "process_lead.a_name": "hash",
    "*.secret_*": "hash",
    "*.email": "drop",
    "process_*.assignedToUsername": "hash",
    "process_*.createdBy": "drop",
    "process_*.completedAt": "hash",
    "process_*.state": "hash",
    "process_*.stateName": "drop",
}
marked = st.fixed_dictionaries(
    {"id": st.uuids().map(str)},
    optional={
        "data": st.dictionaries(
            st.sampled_from([*HIDDEN, *(f"id-{name[2:]}" for name in HIDDEN), "email", "secret_3"]),
            hidden,
            max_size=6,
        ).flatmap(
            lambda data: st.fixed_dictionaries(
                {name: st.just(value) for name, value in data.items()},
                optional={"a_json": harmless, "odd": harmless},
            )
        )
        | bare
        | st.lists(hidden),
        "derivedData": nested | bare | st.lists(hidden),
        "assignedTo": st.just(MARK) | st.fixed_dictionaries({"id": hidden, "email": hidden}),
        "createdBy": hidden,
        "completedAt": hidden,
        "state": hidden,
        "record": st.fixed_dictionaries({"id": st.just("r"), "data": nested}),
        "email": hidden,
        "unheardOf": harmless,
    },
)


@given(st.lists(marked, max_size=3))
def test_no_masked_value_is_in_any_record_or_table(page: list[dict[str, Any]]) -> None:
    procedure = under(MASK)
    body = json.dumps({"_data": page}).encode()
    came: list[Any] = [decode(json.dumps(row).encode()) for row in page]
    parser = RowParser(procedure, PEOPLE)
    said = [record.decode() for record in parser.records(body, range(len(page)))]
    said += [repr(compile_row(procedure, PEOPLE)(dict(row))) for row in came]
    for layout in LAYOUTS:
        builder = TableBuilder(procedure, PEOPLE, plain_layout(procedure, layout))
        said.append(repr(builder(came).to_pylist()))
        said.append(repr(builder.misfits))
    assert not [text for text in said if MARK in text or str(NUMBER) in text]
