"""What a message tells its user to type does what it says, as it is typed."""

from __future__ import annotations

import json
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.in_process import KEY, run_target, world_of, written

if TYPE_CHECKING:
    from chakra_sandbox.world import World

BAD = {"lead_id": "BAD-1", "score": "many"}
SCORES: dict[str, Any] = {"stream": "scores", "procedure": "lead", "key": "lead_id"}


@pytest.fixture(scope="module")
def world() -> World:
    return world_of(3)


def messages(*rows: dict[str, Any], stream: str = "scores") -> str:
    schema = {"properties": {"lead_id": {}, "score": {}}}
    lines = [{"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": []}]
    lines += [{"type": "RECORD", "stream": stream, "record": row} for row in rows]
    return "".join(f"{json.dumps(line)}\n" for line in lines)


def settings(folder: Path, **more: Any) -> dict[str, Any]:
    return {"api_key": KEY, "journal": f"sqlite:///{folder}/j.db", "streams": [SCORES], **more}


def test_a_command_to_type_names_the_settings_of_the_run(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "it's mine"
    folder.mkdir()
    own = written(folder, "c2.json", settings(folder))
    given = ["--config", "ENV", "--config", own]
    rows = written(folder, "rows", messages(BAD))
    told = run_target(world, [*given, "--input", rows])
    assert told.code == ExitCode.REJECTS
    command = f"target-chakra --config ENV --config {shlex.quote(own)}"
    assert f"List them with: {command} rejects --run 1." in told.stderr
    assert f"send them again with: {command} retry." in told.stderr
    assert "BAD-1" in run_target(world, [*given, "rejects", "--run", "1"]).stdout
    retried = run_target(world, [*given, "retry"])
    assert f"List them with: {command} rejects --run 2." in retried.stderr
    for words, listed in (("runs", "runs"), ("rejects --run", "runs"), ("retry --run", "runs")):
        refused = run_target(world, [*given, *words.split(), "99"])
        assert refused.code == ExitCode.SETTINGS, words
        assert f"There is no run 99. List them with {command} {listed}." in refused.stderr
    refused = run_target(world, [*given, "unknown", "--as", "written", "7"])
    assert f"There is no unknown row 7. List them with {command} unknown." in refused.stderr


def test_rejects_that_newer_rows_have_overtaken_are_told_with_what_lists_them(
    world: World, tmp_path: Path
) -> None:
    own = written(tmp_path, "c.json", settings(tmp_path))
    bad = [{"lead_id": f"OVER-{number}", "score": "many"} for number in range(3)]
    for rows in (bad, [{**bad[0], "score": 1}]):
        run_target(world, ["--config", own, "--input", written(tmp_path, "rows", messages(*rows))])
    listed = run_target(world, ["--config", own, "rejects", "--run", "1"])
    assert "OVER-1" in listed.stdout
    assert "OVER-0" not in listed.stdout
    more = f"target-chakra --config {own} rejects --rows --run 1 --all"
    assert f"1 row sent again, overtaken by newer rows, or closed: {more}\n" in listed.stderr
    everything = run_target(world, more.split()[1:])
    assert "OVER-0 [overtaken]" in everything.stdout
    assert "overtaken by newer rows" not in everything.stderr


def test_rejects_of_another_pipeline_with_the_same_journal_are_left_to_it(
    world: World, tmp_path: Path
) -> None:
    one = written(tmp_path, "one.json", settings(tmp_path))
    visits = {**SCORES, "stream": "visits"}
    other = written(tmp_path, "other.json", settings(tmp_path, streams=[visits]))
    for config, stream in ((one, "scores"), (other, "visits")):
        rows = written(tmp_path, "rows", messages({**BAD, "lead_id": stream}, stream=stream))
        assert run_target(world, ["--config", config, "--input", rows]).code == ExitCode.REJECTS
    retried = run_target(world, ["--config", one, "retry"])
    assert retried.code == ExitCode.REJECTS, retried.stderr
    assert "1 row left: these settings do not map their streams (visits)" in retried.stderr
    assert "1 row in" in retried.stderr
    # Those alone that these settings do not map are an error, as they were.
    refused = run_target(world, ["--config", one, "retry", "--stream", "visits"])
    assert refused.code == ExitCode.SETTINGS
    assert "There is no mapping for the stream 'visits'" in refused.stderr
    assert run_target(world, ["--config", other, "retry"]).code == ExitCode.REJECTS


def test_a_key_that_does_not_see_what_it_creates_is_told_of_its_role(
    world: World, tmp_path: Path
) -> None:
    given = settings(tmp_path, api_key="sandbox-user-key")
    own = written(tmp_path, "c.json", given)
    rows = written(tmp_path, "rows", messages({"lead_id": "HIDDEN-1", "score": 1}))
    told = run_target(world, ["--config", own, "--input", rows])
    assert told.code == ExitCode.UNKNOWN, told.stderr
    assert "this API key's role hides it (a User key sees only what is assigned" in told.stderr
    listed = run_target(world, ["--config", own, "unknown"]).stdout
    assert "It may be there and this API key's role hides it" in listed


def test_under_meltano_it_is_meltanos_command(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(tmp_path))
    own = written(tmp_path, "c.json", settings(tmp_path))
    told = run_target(world, ["--config", own, "--input", written(tmp_path, "r", messages(BAD))])
    assert "List them with: meltano invoke target-chakra:rejects --run 1." in told.stderr


def test_a_stream_without_a_mapping_is_told_the_nearest_one_and_how_to_skip_it(
    world: World, tmp_path: Path
) -> None:
    own = written(tmp_path, "c.json", settings(tmp_path))
    for stream, near in (("score", " (the nearest one is of 'scores')"), ("zebra", "")):
        rows = written(tmp_path, "rows", messages(BAD, stream=stream))
        told = run_target(world, ["--config", own, "--input", rows])
        assert told.code == ExitCode.SETTINGS
        assert f"There is no mapping for the stream '{stream}'{near}. Add one" in told.stderr
        assert f'{{"stream": "{stream}", "skip": true}}' in told.stderr


def test_one_mapping_without_its_list_is_told_what_to_write(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = 'Write a JSON list of mappings such as [{"stream": "value"}]'
    own = written(tmp_path, "c.json", settings(tmp_path, streams=SCORES))
    rows = written(tmp_path, "rows", messages(BAD))
    assert wanted in run_target(world, ["--config", own, "--input", rows]).stderr
    monkeypatch.setenv("TARGET_CHAKRA_API_KEY", KEY)
    monkeypatch.setenv("TARGET_CHAKRA_STREAMS", json.dumps(SCORES))
    told = run_target(world, ["--input", rows])
    assert told.code == ExitCode.SETTINGS
    assert wanted in told.stderr


OLD_JOURNAL = Path(__file__).parents[1] / "upgrades/data/0.2.0/journals/sqlite/unknown/journal.sql"
WORD = "unknown --as written|not-written NUMBERS"


@pytest.fixture
def old_journal(tmp_path: Path) -> list[str]:
    """A journal of 0.2.0 with unknown rows, three of them without a key, which no run migrated."""
    with closing(sqlite3.connect(tmp_path / "j.db")) as connection:
        connection.executescript(OLD_JOURNAL.read_text(encoding="utf-8"))
    return ["--config", written(tmp_path, "c.json", settings(tmp_path)), "unknown"]


def test_unknown_rows_of_a_journal_that_kept_no_end_of_their_holds_are_listed(
    world: World, old_journal: list[str]
) -> None:
    """It ended in a traceback: what is held for ever is no time."""
    told = run_target(world, old_journal)
    assert told.code == 0
    assert '1  run 2, notes line 13, no key (name "Twin", score 2): create' in told.stdout
    assert "; its process is held until you decide" in told.stdout
    assert "3 rows have no key to be read back by" in told.stderr
    assert WORD in told.stderr
    lines = run_target(world, [*old_journal, "--json"]).stdout.splitlines()
    assert json.loads(lines[0])["free_ms"] is None
    refused = run_target(world, [*old_journal, "--as", "not-written", "1"])
    assert refused.code == ExitCode.SETTINGS
    assert "It is not known until when" in refused.stderr
    assert run_target(world, [*old_journal, "--as", "not-written", "--now", "1"]).code == 0


def test_numbers_name_the_unknown_rows_that_are_listed(
    world: World, old_journal: list[str]
) -> None:
    told = run_target(world, [*old_journal, "4", "2"])
    assert [line.split()[0] for line in told.stdout.splitlines()] == ["2", "4"]
    assert "1 row has no key to be read back by" in told.stderr
    assert WORD not in run_target(world, [*old_journal, "4"]).stderr
    for words in (["99"], ["4", "99"], ["--json", "99"]):
        refused = run_target(world, [*old_journal, *words])
        assert (refused.code, refused.stdout) == (ExitCode.SETTINGS, "")
        assert "There is no unknown row 99. List them with" in refused.stderr
    resolved = run_target(world, [*old_journal, "--as", "written", "1", "1"])
    assert "1 row resolved as written" in resolved.stderr


@pytest.mark.parametrize("words", ["runs", "rejects", "unknown", "unknown --as written 1"])
def test_who_only_looks_is_not_told_to_run_it_again(
    world: World, tmp_path: Path, words: str
) -> None:
    down = settings(tmp_path, journal="postgresql://user:secret@127.0.0.1:9/none")
    own = written(tmp_path, "c.json", down)
    told = run_target(world, ["--config", own, *words.split()])
    assert told.code == ExitCode.JOURNAL
    assert "Nothing was changed. See that the database is up" in told.stderr
    assert "was sent" not in told.stderr
