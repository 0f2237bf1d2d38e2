"""A transcript is fit to be sent away: nothing in it is a value of a row, a user, the account.

The oracle is the sandbox's own store: every value that it holds is looked for in the file.
"""

from __future__ import annotations

import json
import re
import stat
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.launch import start_sandbox
from tests.support.tap_process import COMMAND, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chakra_sandbox.launch import Sandbox

PROCEDURES = ("lead", "ticket", "order")
SHORTEST = 3
"""Characters of a value that is looked for: fewer stand in any number and in any word."""
OURS = frozenset(
    re.findall(
        r"\S+",
        """
        a address all an and answer blank blanks body boolean bytes cache-control character
        characters chunked close code command config connection content-encoding content-length
        content-type data date date-time decimal decimals digit digits doctor each either email
        empty error exponent ext false field fields further GET gzip headers health HTML html
        http HTTP integer json keep-alive large letter letters like limit list mark marks
        message negative no none null number object of offset POST procedure process request
        seconds server shape shapes skip state status tap-chakra text the time to transcript
        true users utf-8 uuid v1 v2 vary web with without zone
        """,
    )
)
"""Words that the transcript is made of, whatever the account holds."""
MOODS: list[tuple[dict[str, object], str]] = [
    ({}, "sandbox-admin-key"),
    ({"config_style": "keyed_by_id", "data_keys": "id"}, "sandbox-admin-key"),
    ({"state_read": "object", "record_read": "object"}, "sandbox-user-key"),
    ({"updated_at_filter": "error", "error_shape": "objects"}, "sandbox-admin-key"),
    ({"faults": [{"kind": "html", "every_nth": 4}]}, "sandbox-admin-key"),
    ({}, "sandbox-lead-only-key"),
    ({}, "sandbox-forbidden-key"),
]


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "300"]) as sandbox:
        yield sandbox


def scalars(value: Any, *, names: bool = False) -> Iterator[str]:
    """Every value inside of a value, as text; with the names of objects, too."""
    if isinstance(value, dict):
        for name, each in value.items():
            if names:
                yield name
            yield from scalars(each, names=names)
    elif isinstance(value, list):
        for each in value:
            yield from scalars(each, names=names)
    elif isinstance(value, bool) or value is None:
        return
    else:
        yield str(value)


def field_names(value: Any) -> Iterator[str]:
    """The names of fields at any place of the API's answers."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from field_names(each)
    elif isinstance(value, list):
        for each in value:
            yield from field_names(each)


def secrets_of(sandbox: Sandbox) -> tuple[set[str], set[str]]:
    """Every value that the account holds, and the names of its fields."""
    config = sandbox.get_json("/v1/ext/config")["_data"]
    users = [sandbox.get_json(f"/v{version}/ext/users")["_data"] for version in (1, 2)]
    values, names = {*scalars(config), *scalars(users)}, {*field_names(config), *field_names(users)}
    for procedure in PROCEDURES:
        for each in sandbox.oracle(procedure):
            values |= set(scalars(each.row))
            names |= set(each.row) | set(each.row["data"]) | set(each.row.get("derivedData") or {})
            for value in each.data.values():
                values |= set(scalars(value, names=True))
    values |= {sandbox.api_key, "sandbox-user-key", "sandbox-lead-only-key"}
    return values, {name for name in names if re.fullmatch(r"[A-Za-z]\w*", name)}


def words(text: str) -> set[str]:
    """The text's words, in each way in which they may be cut."""
    return {*re.findall(r"\w+", text), *re.findall(r"[\w.@+-]+", text), *text.split('"')}


@pytest.mark.parametrize(
    ("knobs", "key"), MOODS, ids=[f"{key} {knobs or ''}" for knobs, key in MOODS]
)
def test_no_value_of_the_account_is_in_it(
    tmp_path: Path, account: Sandbox, knobs: dict[str, object], key: str
) -> None:
    default = account.knobs()
    values, names = secrets_of(account)
    account.knobs(**knobs)
    try:
        path = _written(tmp_path, account, key)
    finally:
        account.knobs(**{name: default[name] for name in knobs})
    text = path.read_text()
    told = words(text) - OURS - names
    looked_for = {each for each in values if len(each) >= SHORTEST} - OURS - names
    assert len(looked_for) > 2000
    numbers = {word for word in told if re.fullmatch(r"[\d.,-]+", word)}
    assert (told - numbers) & looked_for == set()
    long_ones = [each for each in looked_for if len(each) >= 8 and not each.isdecimal()]
    bare = re.sub(
        r'"(\w+)(?: \([\d,]+ of [\d,]+\))?":', lambda m: "" if m[1] in names else m[0], text
    )
    assert [each for each in long_ones if each in bare] == []
    assert [each for each in values if each.isdecimal() and len(each) > 6 and each in bare] == []


def _written(folder: Path, sandbox: Sandbox, key: str) -> Path:
    path = folder / "transcript.jsonl"
    (folder / "config.json").write_text(json.dumps({"api_key": key, "api_url": sandbox.url}))
    done = subprocess.run(
        [*COMMAND, "--config", "config.json", "doctor", "--no-keep", "--transcript", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=folder,
        env=environment(),
    )
    assert done.returncode in {ExitCode.DONE, ExitCode.NO_ACCESS, ExitCode.UNREACHABLE}, done.stderr
    assert "Traceback" not in done.stderr
    return path


def test_it_has_each_request_with_its_status_and_is_its_owners_alone(
    tmp_path: Path, account: Sandbox
) -> None:
    account.forget_requests()
    path = _written(tmp_path, account, account.api_key)
    first, *lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert first == {"transcript": 1, "command": "tap-chakra doctor"}
    assert len(lines) == len(account.requests())
    assert [each["number"] for each in lines] == list(range(1, len(lines) + 1))
    asked = sorted(each["request"].split()[0] for each in lines)
    assert asked == sorted(each["method"] for each in account.requests())
    listed = next(each for each in lines if each["request"].endswith("/process/list"))
    assert listed["status"] == 200
    assert "createdAt" in listed["answer"]["_data"]["each"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_is_no_transcript_is_left_alone(tmp_path: Path, account: Sandbox) -> None:
    other = tmp_path / "thesis.txt"
    other.write_text("years of work\n")
    (tmp_path / "config.json").write_text(
        json.dumps({"api_key": account.api_key, "api_url": account.url})
    )
    done = subprocess.run(
        [*COMMAND, "--config", "config.json", "doctor", "--transcript", str(other)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        env=environment(),
    )
    assert done.returncode == ExitCode.SETTINGS
    assert "is no transcript" in done.stderr
    assert other.read_text() == "years of work\n"
