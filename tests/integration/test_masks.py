"""What is masked leaves in the clear nowhere, whatever the output.

Each output is searched for values that nothing else holds; each hash is made again from them.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from chakra_api.errors import SettingsError
from tap_chakra.dlt_source import chakra_source
from tests.support.described import served
from tests.support.dlt_runs import ask, pipeline
from tests.support.tap_process import COMMAND, environment, run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

SALT = "pepper and salt, for tests alone"
STREAM = "process_lead"
TYPES = {
    "n": "integer",
    "email": "email",
    "phone": "phone",
    "name": "name",
    "age": "integer",
    "balance": "decimal",
    "born": "date",
    "met": "datetime",
    "tags": "multiString",
    "wish": "stringEnum",
    "place": "geolocation",
    "card": "json",
    "note": "json",
    "secret_code": "string",
    "city": "string",
}
MASK = {
    "process_*.email": "hash",
    "process_lead.data.phone": "drop",
    "process_lead.name": "keep-first",
    "process_lead.age": "hash",
    "process_lead.balance": "drop",
    "process_lead.born": "hash",
    "process_lead.met": "hash",
    "process_lead.tags": "hash",
    "process_lead.wish": "hash",
    "process_lead.place": "drop",
    "process_lead.card": "hash",
    "*.secret*": "hash",
    "process_lead._extra_data.legacy": "drop",
    "process_*.derivedData.nick": "keep-first",
    "process_*.assignedToUsername": "hash",
    "process_lead.stateName": "drop",
    "process_lead.completedAt": "hash",
    "users.email": "hash",
    "users.username": "hash",
    "users.firstName": "keep-first",
    "users.lastName": "drop",
    "users.displayName": "drop",
    "roles.name": "hash",
}
MARK = "QZMARK"
PEOPLE = ("asha", "li.wei", "ana.silva", "dev.patel", "old.hand", "Okafor", "Silva", "Patel")
YEARS = ("1911-", "1912-")
NUMBERS = ("77345", "-18411", "-18087")
"""Beginnings of ages, balances, places, and of milliseconds in 1911 and 1912."""
BORN_MS = -1_858_982_400_000  # 1911-02-04
MET_MS = -1_824_000_000_000  # 1912-03-14


def usual(n: int) -> dict[str, Any]:
    data = {
        "n": n,
        "email": f"a{MARK}{n}@example.com",
        "phone": f"+{MARK}{n}",
        "name": f"B{MARK}{n}",
        "age": 77_345_000 + n,
        "balance": 77345.5 + n,
        "born": BORN_MS,
        "met": MET_MS + n,
        "tags": [f"{MARK}{n}", "é"],
        "wish": f"{MARK}{n}",
        "place": [77345.25, 77345.75],
        "card": {"z": f"{MARK}{n}", "a": [77345, None, True]},
        "note": {"email": f"{MARK}{n}", "deep": [{"secret_pin": f"{MARK}{n}", "ok": n}]},
        "secret_code": f"{MARK}{n}",
        "city": f"Goa {n}",
    }
    return {"data": data, "derivedData": {"nick": f"C{MARK}{n}", "rank": n}}


ODD: list[dict[str, Any]] = [
    # What does not fit its type, in every shape.
    {"email": {"inner": f"{MARK}x"}, "phone": [MARK], "name": {"given": MARK}, "age": f"{MARK} y"},
    {"age": "77345x", "balance": MARK, "born": f"{MARK}", "met": [MARK], "place": MARK},
    {"tags": {"a": MARK}, "wish": {"label": MARK, "more": MARK}, "secret_code": [MARK]},
    # U+0000 sends the exact text to _extra_data.
    {"email": f"{MARK}\0nul", "name": f"D{MARK}\0", "city": "Goa\0", "tags": [f"{MARK}\0"]},
    # What no configuration names, under names that masks mean, at any depth.
    {"secret_note": MARK, "legacy": MARK, "contact": {"email": MARK, "secret": {"x": MARK}}},
    {"city": {"email": MARK, "all": [{"secret": MARK}]}, "n": "not a number"},
    {"email": None, "name": "", "age": "", "tags": [], "card": None},
    {"email": 77_345_999, "name": 77_345_998, "age": "77345997", "balance": "77345.99"},
]
ROWS = [usual(n) for n in range(40)] + [{"data": {"n": 100 + n} | odd} for n, odd in enumerate(ODD)]
ACCOUNT = [
    {
        "shortId": "lead",
        "attributes": TYPES,
        "derivedAttributes": {"nick": "string", "rank": "integer"},
        "rows": ROWS,
    },
    {
        "shortId": "deal",
        "attributes": {"email": "email", "sum": "float"},
        "rows": [{"data": {"email": usual(7)["data"]["email"], "sum": 7.5}}],
    },
]


def hashed(text: str) -> str:
    """HMAC-SHA-256 as RFC 2104 has it, of hashlib alone."""
    key = SALT.encode().ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + text.encode()).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()


def expected(n: int) -> dict[str, Any]:
    """What is to leave of the attributes of a usual row."""
    data = usual(n)["data"]
    card = '{"a":[77345,null,true],"z":"' + data["card"]["z"] + '"}'
    pin = hashed(f"{MARK}{n}")
    return {
        "n": n,
        "email": hashed(data["email"]),
        "name": "B***",
        "age": hashed(str(data["age"])),
        "born": hashed("1911-02-04"),
        "met": hashed(f"1912-03-14T21:20:00.{n:03}Z"),
        "tags": hashed(f'["{MARK}{n}","é"]'),
        "wish": hashed(data["wish"]),
        "card": hashed(card),
        "note": json.dumps(
            {"deep": [{"ok": n, "secret_pin": pin}], "email": pin}, separators=(",", ":")
        ),
        "secret_code": pin,
        "city": f"Goa {n}",
    }


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with served(tmp_path_factory.mktemp("account"), ACCOUNT) as started:
        yield started


def config(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    access = {"api_key": sandbox.api_key, "api_url": sandbox.url}
    return access | {"mask": MASK, "mask_salt": SALT} | more


def assert_hidden(said: str) -> None:
    """No forbidden text, nor the salt, stands in what was said.

    A number counts where it begins as one: durations and ids hold any digits by chance.
    """
    assert [text for text in (MARK, *PEOPLE, SALT) if text in said] == []
    assert [text for text in NUMBERS if re.search(rf"(?<![\w.]){text}", said)] == []
    assert [text for text in YEARS if re.search(rf"(?<![\w.-]){text}", said)] == []


def printed(folder: Path, sandbox: Sandbox, **more: Any) -> tuple[str, str]:
    """What the tap printed; nothing of it in the clear."""
    path = folder / "config.json"
    path.write_text(json.dumps(config(sandbox, **more)))
    done = subprocess.run(
        [*COMMAND, "--config", str(path)],
        capture_output=True,
        timeout=100,
        check=False,
        env=environment(),
    )
    stdout, stderr = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == 0, stderr
    assert_hidden(stderr)
    return stdout, stderr


def records_of(stdout: str, stream: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in stdout.splitlines()]
    return [x["record"] for x in lines if x["type"] == "RECORD" and x["stream"] == stream]


def assert_masked(records: list[dict[str, Any]]) -> None:
    """The usual rows are as they are to be."""
    found = {each["data"]["n"]: each for each in records if each["data"]["n"] is not None}
    assert len(records) == len(ROWS)
    for n in range(40):
        assert found[n]["data"] == expected(n)
        assert found[n]["derivedData"] == {"nick": "C***", "rank": n}
        assert len(found[n]["assignedToUsername"]) == 64
        assert found[n]["createdByUsername"] is None
        assert not {"stateName", "phone"} & found[n].keys()
    assert found[104]["_extra_data"] == json.dumps(
        {
            "data": {
                "contact": {"email": hashed(MARK), "secret": hashed(f'{{"x":"{MARK}"}}')},
                "secret_note": hashed(MARK),
            }
        },
        separators=(",", ":"),
    )
    assert found[106]["data"].get("email") is None
    assert found[106]["data"]["name"] == ""
    assert found[107]["data"]["age"] == hashed("77345997")
    assert found[107]["data"]["name"] == "7***"


@pytest.mark.parametrize("second", [0, 1], ids=["one process", "two processes"])
def test_records_hold_nothing_in_the_clear(tmp_path: Path, sandbox: Sandbox, second: int) -> None:
    stdout, _ = printed(tmp_path, sandbox, second_process_from=second)
    assert_hidden(stdout)
    assert_masked(records_of(stdout, STREAM))
    (deal,) = records_of(stdout, "process_deal")
    assert deal["data"] == {"email": expected(7)["email"], "sum": 7.5}
    users = {each["id"]: each for each in records_of(stdout, "users")}
    assert {user["firstName"] for user in users.values()} <= {"A***", "I***"} | {
        f"{letter}***" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    }
    assert hashed("asha.k") in {user["username"] for user in users.values()}
    assert hashed("asha.k@example.com") in {user["email"] for user in users.values()}
    assert not any({"lastName", "displayName"} & user.keys() for user in users.values())
    assigned = {each["assignedToUsername"] for each in records_of(stdout, STREAM)}
    assert assigned <= {user["username"] for user in users.values()}


def test_schemas_say_what_leaves(tmp_path: Path, sandbox: Sandbox) -> None:
    stdout, _ = printed(tmp_path, sandbox)
    lines = [json.loads(line) for line in stdout.splitlines()]
    schemas = {x["stream"]: x["schema"]["properties"] for x in lines if x["type"] == "SCHEMA"}
    data = schemas[STREAM]["data"]["properties"]
    assert data.keys() == expected(0).keys()
    for name in ("email", "age", "born", "tags", "card"):
        assert data[name]["type"] == ["string", "null"]
        assert "format" not in data[name]
    assert data["n"]["type"] == ["integer", "null"]
    assert schemas[STREAM]["completedAt"] == {
        "type": ["string", "null"],
        "description": "Masked: hash.",
    }
    assert "lastName" not in schemas["users"]


def test_flattened_and_mapped_records_hold_nothing_in_the_clear(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    stdout, _ = printed(
        tmp_path,
        sandbox,
        flattening_enabled=True,
        flattening_max_depth=1,
        stream_maps={STREAM: {"copied": "record['data'].get('email')"}},
    )
    assert_hidden(stdout)
    records = {each["data__n"]: each for each in records_of(stdout, STREAM)}
    assert records[3]["data__email"] == records[3]["copied"] == expected(3)["email"]


def in_files(folder: Path, sandbox: Sandbox, kind: str, **more: Any) -> list[dict[str, Any]]:
    """The leads in the files of BATCH messages; nothing of any stream in the clear."""
    batch = {
        "encoding": {"format": kind, "compression": "gzip"},
        "storage": {"root": f"file://{folder}"},
        "batch_size": 30,
    }
    stdout, _ = printed(folder, sandbox, batch_config=batch, **more)
    assert_hidden(stdout)
    found: list[dict[str, Any]] = []
    for path in folder.glob("tap-chakra--*"):
        if kind == "parquet":
            rows = pq.read_table(path).to_pylist()
        else:
            rows = [*map(json.loads, gzip.decompress(path.read_bytes()).splitlines())]
        assert_hidden(repr(rows))
        found += rows if STREAM in path.name else []
    return found


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_files_hold_nothing_in_the_clear(tmp_path: Path, sandbox: Sandbox, kind: str) -> None:
    assert_masked(in_files(tmp_path, sandbox, kind))


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_files_of_mapped_records_hold_nothing_in_the_clear(
    tmp_path: Path, sandbox: Sandbox, kind: str
) -> None:
    maps = {STREAM: {"copied": "record['data'].get('email')"}}
    flat = {"flattening_enabled": True, "flattening_max_depth": 1}
    records = in_files(tmp_path, sandbox, kind, stream_maps=maps, **flat)
    (found,) = (each for each in records if each["data__n"] == 3)
    assert found["data__email"] == found["copied"] == expected(3)["email"]


@pytest.mark.parametrize(
    "knobs",
    [
        {"data_keys": "id", "record_read": "object"},
        {"assigned_to_read": "username", "state_read": "object", "unset_attributes": "null"},
    ],
    ids=["keys are ids", "people by name"],
)
def test_accounts_that_spell_rows_otherwise(
    tmp_path: Path, sandbox: Sandbox, knobs: dict[str, str]
) -> None:
    sandbox.knobs(**knobs)
    try:
        stdout, _ = printed(tmp_path, sandbox)
    finally:
        sandbox.knobs(**{name: DEFAULTS[name] for name in knobs})
    assert_hidden(stdout)
    found = {each["data"]["n"]: each for each in records_of(stdout, STREAM)}
    assert found[5]["data"]["email"] == expected(5)["email"]


DEFAULTS = {
    "data_keys": "short_id",
    "record_read": "id",
    "assigned_to_read": "id",
    "state_read": "short_id",
    "unset_attributes": "omitted",
}


def test_dlt_loads_nothing_in_the_clear(
    tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("SOURCES__CHAKRA__MASK_SALT", SALT)
    for nested in ("structs", "json", "columns"):
        target = pipeline(tmp_path, name=nested, dataset_name=nested)
        target.run(
            chakra_source(
                api_key=sandbox.api_key, api_url=sandbox.url, nested=nested, mask=MASK
            ).with_resources(STREAM, "process_deal", "users", "roles")
        )
        said = ""
        for table in target.default_schema.data_table_names():
            said += repr(ask(target, f"select * from {table}"))
            said += repr(target.default_schema.tables[table])
        assert_hidden(said)
        assert said.count(expected(7)["email"]) == 2
        assert hashed("asha.k@example.com") in said
        if nested == "columns":
            asked = "select data__email, data__age, data__met from process_lead where data__n = 7"
            assert ask(target, asked) == [
                tuple(expected(7)[name] for name in ("email", "age", "met"))
            ]
    assert_hidden(caplog.text)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 3
    for path in files:
        held = path.read_bytes()
        assert not [text for text in (MARK, SALT) if text.encode() in held], path


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a word": ({"mask": {"*.email": "hsh"}}, "Did you mean 'hash'?"),
    "no salt": ({"mask_salt": None}, "mask_salt is missing"),
    "no stream": ({"mask": {"email": "drop"}}, "Write it as *.email"),
    "another stream": ({"mask": {"process_leed.email": "drop"}}, "Did you mean 'process_lead'?"),
    "another attribute": ({"mask": {"*.emial": "drop"}}, "Did you mean 'email'?"),
    "letters": ({"mask": {"process_lead.Email": "drop"}}, "Did you mean 'email'?"),
    "the key": ({"mask": {"process_lead.id": "hash"}}, "the id is the key"),
    "the order": ({"mask": {"*.updatedAt": "drop"}}, "which of two rows is the later one"),
    "a number": ({"mask": {"process_lead.age": "keep-first"}}, "holds integer"),
    "an object": ({"mask": {"process_lead.data": "hash"}}, "process_lead.data.*"),
}


@pytest.mark.parametrize(("change", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_a_mask_that_means_nothing_is_refused(
    sandbox: Sandbox, change: dict[str, Any], said: str
) -> None:
    settings = {k: v for k, v in (config(sandbox) | change).items() if v is not None}
    with pytest.raises(SettingsError) as caught:
        chakra_source(**settings)
    assert said in str(caught.value)
    assert SALT not in str(caught.value)


def test_the_tap_refuses_before_the_first_row_with_code_3(tmp_path: Path, sandbox: Sandbox) -> None:
    output = run(tmp_path, config(sandbox, mask={"*.emial": "drop"}))
    assert (output.code, output.lines) == (3, [])
    assert "Traceback" not in output.stderr
    assert "Did you mean 'email'?" in output.stderr
    wrong = run(tmp_path, config(sandbox, mask_salt=[SALT]))
    assert wrong.code == 3
    assert SALT not in wrong.stderr


def test_settings_of_the_environment(tmp_path: Path, sandbox: Sandbox) -> None:
    variables = {"API_KEY": sandbox.api_key, "API_URL": sandbox.url, "MASK_SALT": SALT}
    variables["MASK"] = json.dumps(MASK)
    done = subprocess.run(
        [*COMMAND, "--config", "ENV"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**environment(), **{f"TAP_CHAKRA_{k}": v for k, v in variables.items()}},
    )
    assert done.returncode == 0, done.stderr
    assert_hidden(done.stdout + done.stderr)
    assert_masked(records_of(done.stdout, STREAM))
    assert os.environ.get("TAP_CHAKRA_MASK_SALT") is None
