"""Names of users that rows ask for: compared first, and sent only where they differ."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chakra_sandbox.launch import Sandbox, start_sandbox
from tests.support.target_process import kill_once, operate, record, schema, settings, state, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COLUMNS = ("who", "first", "last", "shown")
MAPPING = {
    "stream": "people",
    "kind": "user",
    "user": "who",
    "fields": {"first": "firstName", "last": "lastName", "shown": "displayName"},
}
UPDATE = "PUT /v1/ext/user/"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with start_sandbox(["--rows", "10"]) as server:
        yield server


def config(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    return settings(sandbox, streams=[MAPPING], max_rejects=100, **more)


def person(who: object, **more: Any) -> dict[str, Any]:
    return record("people", who=who, **more)


def people(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    return [schema("people", COLUMNS), *rows, state({"at": len(rows)})]


def users(sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    """The users as the account has them, by username."""
    return {each["username"]: each for each in sandbox.get_json("/v1/ext/users")["_data"]}


def sent(sandbox: Sandbox) -> list[str]:
    """The paths of the updates that arrived, in their order."""
    return [each["path"] for each in sandbox.requests() if each["method"] == "PUT"]


def reasons(folder: Path, sandbox: Sandbox) -> dict[str, str]:
    rejects = operate(folder, config(sandbox), "rejects", "--json").stdout.splitlines()
    return {str(each["row"]["who"]): each["reason"] for each in map(json.loads, rejects)}


def test_names_are_sent_where_they_differ_and_by_whatever_names_the_user(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    before = users(sandbox)
    lines = people(
        person("asha.k", first="Asha", last="Kumar"),
        person(before["ivo.lang"]["id"], first="Iwo", last=None, shown=""),
        person(" MIRA.RAO ", last="Rao-Lang"),
        person(before["noor.a"]["primaryEmail"]["email"], first="Nur"),
        person("tomas.ek", first="Tomáš", last="Ek"),
    )
    first = write(tmp_path, config(sandbox), lines)
    assert (first.code, first.outcomes) == (0, {"updated": 4, "unchanged": 1}), first.stderr
    assert first.states == [{"at": 5}]
    after = users(sandbox)
    assert (after["asha.k"]["firstName"], after["asha.k"]["lastName"]) == ("Asha", "Kumar")
    assert (after["ivo.lang"]["firstName"], after["ivo.lang"]["lastName"]) == ("Iwo", "Lang")
    assert after["ivo.lang"]["displayName"] == before["ivo.lang"]["displayName"]
    assert after["mira.rao"]["lastName"] == "Rao-Lang"
    assert after["noor.a"]["firstName"] == "Nur"
    assert len(sent(sandbox)) == 4
    again = write(tmp_path, config(sandbox), lines)
    assert again.outcomes == {"unchanged": 5}
    assert len(sent(sandbox)) == 4


def test_two_rows_of_a_user_follow_each_other(sandbox: Sandbox, tmp_path: Path) -> None:
    asha = users(sandbox)["asha.k"]["id"]
    rows = [person("asha.k" if n % 2 else asha, last=f"Number {n}") for n in range(12)]
    told = write(tmp_path, config(sandbox, concurrency=8), people(*rows, rows[-1]))
    assert told.outcomes == {"updated": 12, "unchanged": 1}
    assert users(sandbox)["asha.k"]["lastName"] == "Number 11"


def test_what_names_nobody_who_is_at_work_is_a_reject(sandbox: Sandbox, tmp_path: Path) -> None:
    lines = people(
        person("nobody.at.all", first="No"),
        person("old.hand", first="Otto 2"),
        person(None, first="None"),
        person("asha.k", first=["a", "list"]),
        person("dev.patel", first="Deva"),
    )
    told = write(tmp_path, config(sandbox), lines)
    assert told.outcomes == {"updated": 1, "rejected": 4}
    assert told.states == [{"at": 5}]
    found = reasons(tmp_path, sandbox)
    assert "names no user of the account" in found["nobody.at.all"]
    assert found["old.hand"] == "The user is deleted"
    assert found["None"].startswith("user: who is null")
    assert "first is" in found["asha.k"]
    mended = write(tmp_path, config(sandbox), people(person("asha.k", first="Aasha")))
    assert mended.outcomes == {"updated": 1}
    assert "asha.k" not in reasons(tmp_path, sandbox)


def test_a_name_that_the_account_does_not_take_is_no_update(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.knobs(user_names="first_last", unknown_user_field="ignored")
    told = write(tmp_path, config(sandbox), people(person("asha.k", shown="Asha the Great")))
    assert told.outcomes == {"rejected": 1}
    assert "says that it was done, and it was not: displayName is 'Asha K'" in str(
        reasons(tmp_path, sandbox)
    )
    sandbox.knobs(unknown_user_field="error")
    told = write(tmp_path, config(sandbox), people(person("ivo.lang", shown="Ivo the Great")))
    assert told.outcomes == {"rejected": 1}
    assert "displayName of a user can't be changed" in reasons(tmp_path, sandbox)["ivo.lang"]


def test_an_account_that_wants_another_method_stops_the_run(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox.knobs(update_user_method="PATCH")
    rows = [person(name, first="X") for name in ("asha.k", "ivo.lang", "mira.rao")]
    told = write(tmp_path, config(sandbox), people(*rows))
    assert told.outcomes == {"not sent": 3}
    assert told.code != 0
    assert told.states == []
    assert "the account wants a method that ChakraHQ's documents leave open" in told.stderr


@pytest.mark.parametrize("fault", ["reset_after", "502_after", "truncate", "reset_before", "502"])
def test_a_lost_answer_is_looked_for(sandbox: Sandbox, tmp_path: Path, fault: str) -> None:
    rows = [person(name, first="Lost") for name in ("asha.k", "ivo.lang", "mira.rao")]
    sandbox.knobs(faults=[{"kind": fault, "match": UPDATE, "at": [2]}])
    told = write(tmp_path, config(sandbox, concurrency=1, lost_answer_horizon=3), people(*rows))
    sandbox.knobs(faults=[])
    assert "unknown" not in told.outcomes
    names = [users(sandbox)[name]["firstName"] for name in ("asha.k", "ivo.lang", "mira.rao")]
    is_done = fault not in ("reset_before", "502")
    assert names == (["Lost"] * 3 if is_done else ["Lost", "Ivo", "Mira"])
    if is_done:
        assert (told.code, told.outcomes) == (0, {"updated": 3})
    else:
        assert told.outcomes == {"updated": 1, "not sent": 2}
        assert (told.code != 0, told.states) == (True, [])
    last = write(tmp_path, config(sandbox), people(*rows))
    assert last.code == 0
    assert users(sandbox)["mira.rao"]["firstName"] == "Lost"


def test_a_dry_run_shows_what_would_change_and_a_plan_changes_just_that(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    lines = people(
        person("asha.k", first="Asha", last="Kumar"),
        person("ivo.lang", first="Iwo"),
        person("asha.k", last="Khan"),
        person("mira.rao", first="Mira"),
        person("nobody.at.all", first="No"),
    )
    dry = write(tmp_path, config(sandbox, dry_run=True), lines)
    assert sent(sandbox) == []
    assert "update who=asha.k (line 2)" in dry.stderr
    assert 'lastName: "K" → "Kumar"' in dry.stderr
    assert 'lastName: "Kumar" → "Khan"' in dry.stderr
    assert 'firstName: "Ivo" → "Iwo"' in dry.stderr
    assert "3 updates" in dry.stderr
    assert "0 jobs" in dry.stderr
    plan = tmp_path / "plan.parquet"
    write(tmp_path, config(sandbox, plan_path=str(plan)), lines)
    assert sent(sandbox) == []
    shown = operate(tmp_path, config(sandbox), "plan", str(plan))
    assert "Kumar" in shown.stdout
    ivo = users(sandbox)["ivo.lang"]["id"]
    other = write(tmp_path, config(sandbox), people(person("ivo.lang", first="Ivan")))
    assert other.outcomes == {"updated": 1}
    applied = operate(tmp_path, config(sandbox), "apply", str(plan), "--yes")
    assert applied.outcomes == {"updated": 2, "rejected": 1}, applied.stderr
    assert users(sandbox)["asha.k"]["lastName"] == "Khan"
    assert users(sandbox)["ivo.lang"]["firstName"] == "Ivan"
    assert "firstName was 'Ivo' and is 'Ivan'" in reasons(tmp_path, sandbox)["ivo.lang"]
    count = len(sent(sandbox))
    operate(tmp_path, config(sandbox), "apply", str(plan), "--yes")
    assert len(sent(sandbox)) == count
    assert sent(sandbox).count(f"/v1/ext/user/{ivo}") == 1


def test_killed_in_the_middle_the_next_run_finishes(sandbox: Sandbox, tmp_path: Path) -> None:
    names = [name for name in users(sandbox) if name != "old.hand"]
    lines = people(*(person(name, last=f"Of {name}") for name in names))
    sandbox.knobs(latency_ms=80)
    slow = config(sandbox, concurrency=2)
    kill_once(lambda: len(sent(sandbox)) >= 3, tmp_path, slow, lines)
    sandbox.knobs(latency_ms=0)
    told = write(tmp_path, config(sandbox), lines)
    assert (told.code, sum(told.outcomes.values())) == (0, len(names))
    assert {users(sandbox)[name]["lastName"] for name in names} == {f"Of {n}" for n in names}
    assert len(sent(sandbox)) <= len(names) + 2


def test_where_nobody_can_be_listed_an_id_names_a_user(sandbox: Sandbox, tmp_path: Path) -> None:
    asha = users(sandbox)["asha.k"]["id"]
    sandbox.knobs(users_listed="none")
    rows = [person(asha, last="Kumar"), person("ivo.lang", last="L"), person("..", last="L")]
    told = write(tmp_path, config(sandbox), people(*rows))
    assert told.outcomes == {"updated": 1, "rejected": 2}
    found = reasons(tmp_path, sandbox)
    assert found["ivo.lang"] == "The user is not there"
    assert "cannot stand in the path" in found[".."]
    sandbox.knobs(users_listed="all")
    assert users(sandbox)["asha.k"]["lastName"] == "Kumar"


def test_a_key_that_may_not_write_stops_the_run(sandbox: Sandbox, tmp_path: Path) -> None:
    reader = {**config(sandbox), "api_key": "sandbox-readonly-key"}
    told = write(tmp_path, reader, people(*(person(n, first="X") for n in ("asha.k", "li.wei"))))
    assert told.outcomes == {"not sent": 2}
    assert (told.code != 0, told.states) == (True, [])


def test_the_commands_beside_a_run_know_names(sandbox: Sandbox, tmp_path: Path) -> None:
    looked = operate(tmp_path, config(sandbox), "doctor")
    assert "people: user names, named by who: compared first" in looked.stdout
    told = write(tmp_path, config(sandbox), people(person("asha.k", last="Kumar")))
    undone = operate(tmp_path, config(sandbox), "undo", str(told.receipt["run"]), "--yes")
    assert "journal no longer holds" not in undone.stderr
    assert "stays: 1 of kind user" in undone.stderr
    audited = operate(tmp_path, config(sandbox), "audit", "--run", str(told.receipt["run"]))
    assert "it made 1 of kind user, which audit does not compare" in audited.stderr
    assert users(sandbox)["asha.k"]["lastName"] == "Kumar"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"user": None}, "user is missing"),
        ({"fields": None}, "fields is"),
        ({"fields": {"first": "email"}}, "which is no name of a user"),
        ({"fields": {"first": "lastName", "last": "lastName"}}, "two columns of fields go to"),
        ({"once_by": "who"}, "there is no option once_by"),
        ({"user": "whom"}, "names the column 'whom'"),
    ],
)
def test_a_mapping_that_means_nothing_is_refused(
    sandbox: Sandbox, tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    mapping = {name: each for name, each in {**MAPPING, **changes}.items() if each is not None}
    told = write(tmp_path, settings(sandbox, streams=[mapping]), people(person("asha.k")))
    assert (told.code, sent(sandbox)) == (3, [])
    assert said in told.stderr
    assert "Traceback" not in told.stderr
