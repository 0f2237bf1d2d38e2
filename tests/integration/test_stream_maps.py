"""A stream map that can't be heeded is its user's mistake: one line, which names it, and exit 3."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.in_process import KEY, Refuses, Told, run_tap, run_target, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

BASE = {"api_key": KEY, "api_url": "https://x.test"}
FLAT = {"flattening_enabled": True, "flattening_max_depth": 1}


def lead(**columns: Any) -> dict[str, Any]:
    return {"stream_maps": {"process_lead": columns}}


def tapped(folder: Path, config: dict[str, Any], spoil: Any = None) -> Told:
    settings = written(folder, "config.json", BASE | {"procedures": ["lead"]} | config)
    return run_tap(world_of(40), ["--config", settings], spoil)


def one_line(told: Told) -> str:
    """The one line of level ERROR that a refused run says."""
    assert told.code == ExitCode.SETTINGS, told.stderr
    assert "Traceback" not in told.stderr
    (line,) = [line for line in told.stderr.splitlines() if "ERROR" in line]
    return line


UNPARSED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "no expression": (lead(x="md5(state"), ("process_lead", "x: md5(state", "does not parse")),
    "a statement": (lead(x="y = 1"), ("process_lead", "x: y = 1")),
    "empty": (lead(x=""), ("process_lead", "does not parse")),
    "a number": (lead(x=5), ("process_lead", "5")),
    "a filter": (lead(__filter__="state =="), ("__filter__: state ==",)),
    "no option": (lead(__fliter__="True"), ("__fliter__", "__filter__")),
    "no map": ({"stream_maps": {"process_lead": "state"}}, ("process_lead", "state")),
    "else": ({"stream_maps": {"__else__": "x"}}, ("__else__",)),
    "no Faker": (lead(x="fake.first_name()"), ("x: fake.first_name()", "singer-sdk[faker]")),
}


@pytest.mark.parametrize("name", UNPARSED)
def test_what_does_not_parse_is_refused(tmp_path: Path, name: str) -> None:
    config, said = UNPARSED[name]
    line = one_line(tapped(tmp_path, config))
    assert all(words in line for words in said), line


def test_flattening_alone_makes_columns_of_the_attributes(tmp_path: Path) -> None:
    told = tapped(tmp_path, {"flattening_enabled": True})
    assert told.code == ExitCode.DONE, told.stderr
    schemas = [each for each in told.lines if each["type"] == "SCHEMA"]
    (columns,) = [each["schema"]["properties"] for each in schemas
                  if each["stream"] == "process_lead"]  # fmt: skip
    assert "data__city" in columns
    assert "data" not in columns


def test_names_that_a_length_makes_one_name_the_setting(tmp_path: Path) -> None:
    line = one_line(tapped(tmp_path, {**FLAT, "flattening_max_key_length": 8}))
    assert "Set a larger flattening_max_key_length" in line


def test_what_does_not_parse_is_refused_before_the_first_request(tmp_path: Path) -> None:
    def nobody_asks(request: Any, response: Any) -> Any:
        raise AssertionError((request, response))

    one_line(tapped(tmp_path, lead(x="md5(state"), nobody_asks))


MISSING: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "a column": (
        lead(x="md5(stat)"),
        ("process_lead", "'stat'", "x: md5(stat)", "Write 'state'"),
    ),
    "a column that flattening makes": (
        FLAT | lead(data__email="md5(data.get('email') or '')"),
        ("process_lead", "data__email", "another name"),
    ),
    "a flattened column": (
        FLAT | lead(data__email="md5(data__email)"),
        ("process_lead", "'data__email'", "data['city']"),
    ),
    "null for a flattened column": (
        FLAT | lead(data__email=None),
        ("process_lead", "data__email: null", "data['city']"),
    ),
    "null for a column": (lead(crated_by="__NULL__"), ("crated_by",)),
    "null under a glob": (
        {"stream_maps": {"process_*": {"no_such": None}}},
        ("process_*", "no_such"),
    ),
    "a filter": (lead(__filter__="statsu == 'x'"), ("'statsu'", "'status'")),
    "a key": (lead(id=None), ("id", "process_lead")),
    "a key that is none": (lead(__key_properties__=["nothing"]), ("nothing", "process_lead")),
    "one name twice": (
        FLAT | {"flattening_separator": "-", **lead(**{"data-city": "state"})},
        ("process_lead", "data-city", "another name"),
    ),
}


@pytest.mark.parametrize("name", MISSING)
def test_what_names_what_is_not_there_is_refused_before_a_row_is_read(
    tmp_path: Path, name: str
) -> None:
    config, said = MISSING[name]
    told = tapped(tmp_path, config, Refuses(0))
    line = one_line(told)
    assert all(words in line for words in said), line
    assert not told.stdout


FAILING = {
    "an absent attribute": (lead(x="data['no_such']"), "x: data['no_such']"),
    "a null": (lead(x="md5(cancelledAt)"), "x: md5(cancelledAt)"),
    "no number": (lead(x="int(state)"), "x: int(state)"),
    "a filter": (lead(__filter__="data['no_such'] == 1"), "__filter__: data['no_such'] == 1"),
    "no module": (lead(x="record.__class__"), "x: record.__class__"),
}


@pytest.mark.parametrize("name", FAILING)
@pytest.mark.parametrize("batch", [False, True], ids=["records", "batch"])
def test_an_expression_that_fails_is_named_with_its_stream(
    tmp_path: Path, name: str, *, batch: bool
) -> None:
    config, said = FAILING[name]
    if batch:
        config |= {"batch_config": batches(tmp_path, "jsonl")}
    told = tapped(tmp_path, config)
    line = one_line(told)
    assert "process_lead" in line
    assert said in line
    row = next(json.loads(each)["row"] for each in world_of(40).oracle("lead"))
    assert str(row["data"]["lead_id"]) not in told.stderr, "a row's values stay out of the log"


def batches(folder: Path, kind: str) -> dict[str, Any]:
    return {"encoding": {"format": kind}, "storage": {"root": folder.as_uri()}}


def test_a_value_that_no_column_of_a_parquet_file_holds_is_refused(tmp_path: Path) -> None:
    config = {"batch_config": batches(tmp_path, "parquet"), **lead(isDeleted="state")}
    line = one_line(tapped(tmp_path, config))
    assert "isDeleted" in line
    assert "process_lead" in line


def test_files_that_can_not_be_written_are_the_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("no folder")
    for root in (f"file://{tmp_path}/taken/x", "nonsense://x/y"):
        batch = {"encoding": {"format": "jsonl"}, "storage": {"root": root}}
        assert root in one_line(tapped(tmp_path, {"batch_config": batch}))


def test_a_map_for_no_stream_is_one_warning_with_the_nearest_name(tmp_path: Path) -> None:
    maps = {
        "process_led": {"x": "state"},
        "ticket*": None,
        "copy": {"__source__": "process_leads"},
        "process_*": {"y": "state"},
    }
    told = tapped(tmp_path, {"stream_maps": maps})
    assert told.code == 0, told.stderr
    said = [line for line in told.stderr.splitlines() if "stream_maps names" in line]
    assert len(said) == 3
    assert "'process_led'" in said[0]
    assert "do you mean 'process_lead'?" in said[0]
    assert "'ticket*'" in said[1]
    assert "'process_leads'" in said[2]


def test_what_an_expression_may_name_is_not_refused(tmp_path: Path) -> None:
    names = {
        "a": "md5(state)",
        "b": "str([x for x in list(data.keys()) if x != ''])",
        "c": "record['state'] + _['state']",
        "d": "config.get('salt', '') + __stream_name__ + __original_stream_name__",
        "state": "self.upper()",
        "e": "'x' if bool(isDeleted) else str(None)",
        "__filter__": "id != ''",
    }
    told = tapped(tmp_path, lead(**names) | {"stream_map_config": {"salt": "s"}})
    assert told.code == 0, told.stderr
    records = [x["record"] for x in told.lines if x["type"] == "RECORD" and "state" in x["record"]]
    leads = [each for each in records if "lead_id" in (each.get("data") or {})]
    assert len(leads) == 40
    assert all(each["state"] == each["c"][: len(each["state"])].upper() for each in leads)


# The target

ROWS: list[dict[str, Any]] = [
    {
        "type": "SCHEMA",
        "stream": "scores",
        "key_properties": ["lead_id"],
        "schema": {
            "type": "object",
            "properties": {"lead_id": {"type": "string"}, "score": {"type": ["integer", "null"]}},
        },
    },
    {"type": "RECORD", "stream": "scores", "record": {"lead_id": "L-000001", "score": None}},
]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"score": "score +"}, "score: score +"),
        ({"score": "points"}, "score: points"),
        ({"score": "score + 1"}, "score: score + 1"),
    ],
    ids=["unparsed", "missing", "failing"],
)
def test_the_target_refuses_as_the_tap_does(
    tmp_path: Path, columns: dict[str, Any], said: str
) -> None:
    config = BASE | {
        "journal": f"sqlite:///{tmp_path}/journal.db",
        "streams": [{"stream": "scores", "procedure": "lead", "mode": "update", "key": "lead_id"}],
        "stream_maps": {"scores": columns, "sores": None},
    }
    lines = "".join(json.dumps(line) + "\n" for line in ROWS)
    told = run_target(
        world_of(10),
        [
            *["--config", written(tmp_path, "config.json", config)],
            *["--input", written(tmp_path, "in.jsonl", lines)],
        ],
    )
    line = one_line(told)
    assert "scores" in line
    assert said in line


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_the_target_maps_rows_of_files_too(tmp_path: Path, kind: str) -> None:
    """What the tap wrote to files goes back through the target's own maps."""
    world = world_of(30)
    flat = {"batch_config": batches(tmp_path, kind), **FLAT, "procedures": ["lead"]}
    maps = {"stream_maps": {"process_lead": {}, "__else__": None}}
    settings = written(tmp_path, "tap.json", BASE | flat | maps)
    told = run_tap(world, ["--config", settings])
    assert told.code == 0, told.stderr
    columns = {
        "lead_id": "data__lead_id",
        "score": "int(777)",
        "__else__": None,
        "__filter__": "data__lead_id <= 'L-000010'",
        "__key_properties__": ["lead_id"],
    }
    config = BASE | {
        "journal": f"sqlite:///{tmp_path}/journal.db",
        "batch_root": str(tmp_path),
        "streams": [{"stream": "process_lead", "procedure": "lead", "mode": "update"}],
        "stream_maps": {"process_lead": columns, "process_laed": None},
    }
    wrote = run_target(
        world,
        [
            *["--config", written(tmp_path, "config.json", config)],
            *["--input", written(tmp_path, "in.jsonl", told.stdout)],
        ],
    )
    assert wrote.code == 0, wrote.stderr
    assert "do you mean 'process_lead'?" in wrote.stderr
    rows = [json.loads(line)["row"]["data"] for line in world.oracle("lead")]
    assert {row["lead_id"] for row in rows if row.get("score") == 777} == {
        row["lead_id"] for row in rows if row["lead_id"] <= "L-000010"
    }
