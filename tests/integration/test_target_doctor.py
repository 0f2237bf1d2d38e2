"""`target-chakra doctor` says what is so, in few requests, and leaves everything as it was.

The oracle is the sandbox's knobs, SQLite itself (table by table), and the rows' own values, none
of which may stand on the page.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.launch import start_sandbox
from tests.integration.test_write_probe import Place, place_of, said
from tests.support.in_process import run_target, world_of, written
from tests.support.messages import BY_NUMBER, FREE, WHATSAPP
from tests.support.old_journals import write_journal_of_020, write_journal_of_030
from tests.support.target_process import operate, record, schema, settings, write, writes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.in_process import Told

LEAD = {"procedure": "lead", "key": "lead_id"}


def look(place: Place, **more: Any) -> tuple[Told, dict[str, Any]]:
    told = place.run("doctor", "--json", **more)
    assert told.stdout, told.stderr
    return told, json.loads(told.stdout)


def page(place: Place, **more: Any) -> str:
    return said(look(place, **more)[1]["findings"])


# Look-ups


WAYS: list[tuple[dict[str, object], list[str], list[str]]] = [
    ({}, ["look-ups | lead.lead_id: 100 keys per request, proven"], ["one key a request"]),
    ({"array_filter": "ignored"}, ["lists of keys are not answered", "one key per request"], []),
    ({"array_filter": "cut_short"}, ["lists of keys are not answered", "one key per request"], []),
    (
        {"array_filter": "find_nothing"},
        ["lists of keys are not answered"],
        ["100 keys per request"],
    ),
    (
        {"data_keys": "id", "unset_attributes": "null", "list_order": "shuffled_per_request"},
        ["100 keys per request, proven"],
        [],
    ),
]


@pytest.mark.parametrize(("knobs", "words", "others"), WAYS, ids=[str(each[0]) for each in WAYS])
def test_the_page_says_how_keys_are_looked_up(
    tmp_path: Path, knobs: dict[str, object], words: list[str], others: list[str]
) -> None:
    found = page(place_of(tmp_path, **knobs))
    assert [each for each in words if each not in found] == [], found
    assert [each for each in others if each in found] == [], found


def test_ids_are_fetched_one_by_one_where_arrays_of_them_do_not_work(tmp_path: Path) -> None:
    by_id = [{"stream": "s", "procedure": "lead", "key": "id"}]
    assert "100 keys per request" in page(place_of(tmp_path), streams=by_id)
    found = page(place_of(tmp_path, id_filter="ignored"), streams=by_id)
    assert "one process is fetched per request" in found


def test_a_key_that_processes_share_is_told_by_numbers_alone(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    told, found = look(place, streams=[{"stream": "s", "procedure": "lead", "key": "source"}])
    text = said(found["findings"])
    assert "of 40 processes that were looked at share theirs with another one" in text
    assert "which is not the primary key (lead_id)" in text
    assert told.code == ExitCode.DONE
    assert "walk_in" not in told.stdout


# The mapping


FAULTS: list[tuple[dict[str, Any], str, ExitCode]] = [
    ({"procedure": "leed", "key": "x"}, "Did you mean 'lead'?", ExitCode.SETTINGS),
    ({**LEAD, "fields": {"lead_id": "lead_id", "x": "scor"}}, "names 'scor'", ExitCode.SETTINGS),
    (
        {**LEAD, "fields": {"lead_id": "lead_id", "x": "lead_priority"}},
        "which ChakraHQ computes itself",
        ExitCode.SETTINGS,
    ),
    (
        {**LEAD, "fields": {"a": "score", "b": "score", "lead_id": "lead_id"}},
        "sends the columns 'a' and 'b' to data.score",
        ExitCode.SETTINGS,
    ),
    (
        {**LEAD, "only_if_empty": ["nope"]},
        "s: The mapping of stream 's' names 'nope'",
        ExitCode.SETTINGS,
    ),
    (
        {"procedure": "lead", "mode": "insert", "keep_edits": True},
        "keep_edits means nothing",
        ExitCode.SETTINGS,
    ),
    ({**LEAD, "mode": "delete"}, "it deletes, and max_deletes is 0", ExitCode.DONE),
    ({**LEAD, "delete_when": "gone"}, "s: it deletes, and max_deletes is 0", ExitCode.DONE),
    (
        {"procedure": "lead", "mode": "insert", "fields": {"name": "name"}},
        "creates will lack lead_id, which the procedure requires",
        ExitCode.DONE,
    ),
    (
        {"procedure": "lead", "mode": "insert", "fields": {"n": "name"}},
        "without a key",
        ExitCode.DONE,
    ),
    ({"skip": True}, "its rows go nowhere", ExitCode.DONE),
    (LEAD, "s: 'lead', mode upsert, key lead_id: the primary key", ExitCode.DONE),
]


@pytest.mark.parametrize(("mapping", "words", "code"), FAULTS, ids=[each[1] for each in FAULTS])
def test_each_mapping_is_held_against_the_account(
    tmp_path: Path, mapping: dict[str, Any], words: str, code: ExitCode
) -> None:
    told, found = look(place_of(tmp_path), streams=[{"stream": "s", **mapping}])
    assert words in said(found["findings"])
    assert told.code == code


def test_a_mapping_that_nothing_can_come_to_is_named(tmp_path: Path) -> None:
    streams = [{"stream": "s*", **LEAD}, {"stream": "scores", **LEAD}, {"stream": "t_*", **LEAD}]
    found = page(place_of(tmp_path), streams=streams)
    assert "scores: it is never used: the mapping of 's*' before it" in found
    assert found.count("it is never used") == 1


def test_without_a_mapping_it_says_where_streams_go(tmp_path: Path) -> None:
    assert "a stream process_<procedure> goes to that procedure" in page(
        place_of(tmp_path), streams=None
    )


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"compare": "never"}, "compare is never, so mode upsert of stream 'scores'"),
        ({"streams": [{"stream": "s", "mode": "upset"}]}, "[0].mode, is 'upset'"),
        ({"streams": [{"stream": "s", "kee": "id"}]}, "there is no option kee"),
    ],
)
def test_settings_with_which_no_run_begins_are_a_line_of_the_page(
    tmp_path: Path, more: dict[str, Any], words: str
) -> None:
    told, found = look(place_of(tmp_path), **more)
    text = said(found["findings"])
    assert words in text
    assert "connection | : team" in text
    assert told.code == ExitCode.SETTINGS


# The journal


def test_it_says_what_waits_in_the_journal_and_shows_no_value_of_a_row(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    rows = [{"lead_id": f"Key of {n}", "score": "rather many"} for n in "abc"]
    lines = [schema("scores", ["lead_id", "score"]), *(record("scores", **row) for row in rows)]
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    code = place.run("--input", written(tmp_path, "rows.singer", text)).code
    assert code == ExitCode.REJECTS
    with closing(sqlite3.connect(place.journal)) as connection, connection:
        connection.execute(
            "INSERT INTO unknowns (run, account, procedure, stream, line, attribute, key, kind,"
            " reason, fields, free_ms) SELECT 1, account, 'lead', 'scores', 3, 'lead_id',"
            " CAST('\"M-3\"' AS BLOB), 'update', 'lost', CAST('{}' AS BLOB), 0 FROM runs LIMIT 1"
        )
    told, found = look(place)
    text = said(found["findings"])
    assert "1 run, at sqlite:///" in text
    assert "the last one: began" in text
    assert "ended with exit code 7" in text
    assert "3 open rejects: score is …, which is no integer" in text
    assert "(3)" in text
    assert "1 row of which it is not known" in text
    for row in rows:
        for value in row.values():
            assert value not in told.stdout
    assert told.code == ExitCode.DONE


def test_no_value_that_chakrahq_holds_is_on_the_page(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    told, _ = look(place)
    shown = place.run("doctor").stdout
    held = [row for _, row in place.rows().values()]
    texts = {
        value
        for row in held
        for value in (*row["data"].values(), row["id"], row["assignedTo"], row["record"])
        if isinstance(value, str) and len(value) > 3
    }
    assert len(texts) > 100
    assert [each for each in texts if each in told.stdout or each in shown] == []


def tables(journal: Path) -> dict[str, list[str]]:
    with closing(sqlite3.connect(journal)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {
            name: sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"')))
            for (name,) in names.fetchall()
        }


def test_looking_leaves_everything_but_its_own_line(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    place.probe()
    before, rows = tables(place.journal), place.rows()
    look(place)
    after = tables(place.journal)
    new = [line for line in after.pop("runs") if line not in before["runs"]]
    before.pop("runs")
    assert after == before
    assert len(new) == 1
    assert "'doctor'" in new[0]
    assert place.rows() == rows
    assert not [each for each in place.world.log.lines() if b"bulk" in each and b'"doctor' in each]


@pytest.mark.parametrize("make", [write_journal_of_020, write_journal_of_030])
def test_an_older_journal_is_not_changed_by_a_byte(tmp_path: Path, make: Any) -> None:
    place = place_of(tmp_path)
    engine = sa.create_engine(f"sqlite:///{place.journal}")
    with engine.begin() as connection:
        make(connection)
    engine.dispose()
    with closing(sqlite3.connect(place.journal)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    before = place.journal.read_bytes()
    _, found = look(place)
    assert "The next run brings it to version" in said(found["findings"])
    assert any("looking does not change that" in each for each in found["left_out"])
    assert place.journal.read_bytes() == before


def test_a_later_look_says_what_has_changed(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    _, first = look(place)
    assert first["since"] is None
    _, second = look(place)
    assert second["since"]["differences"] == []
    place.world.change_knobs({"array_filter": "ignored"})
    _, third = look(place)
    changed = {(e["topic"], e["before"], e["now"]) for e in third["since"]["differences"]}
    assert changed == {("look-ups", "array", "single")}
    assert "look-ups of lead.lead_id was single, is array" not in place.run("doctor").stdout
    place.world.change_knobs({"array_filter": "works"})
    shown = " ".join(place.run("doctor").stdout.split())
    assert "look-ups of lead.lead_id was single, is array" in shown


def test_a_run_after_a_doctor_is_as_one_without(tmp_path: Path) -> None:
    """Its line is no run of a stream: nothing follows from it."""
    place = place_of(tmp_path)
    mirror = [{"stream": "scores", **LEAD, "mode": "mirror"}]
    rows = [{"lead_id": f"M-{n}", "score": n} for n in range(4)]

    def run(*words: str, count: int = 4) -> Told:
        lines = [schema("scores", ["lead_id", "score"])]
        lines += [record("scores", **row) for row in rows[:count]]
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        args = words or ("--input", written(tmp_path, "rows.singer", text))
        return place.run(*args, streams=mirror, max_deletes=9)

    assert run().code == 0
    assert run(count=3).code == 0
    look(place, streams=mirror)
    place.probe(streams=mirror)
    assert "1 that run 2 did not bring" in run("mirror-commit").stderr


@pytest.mark.parametrize("name", ["probe.x", "spelling.lead_id", "size.create"])
def test_a_damaged_journal_is_told_in_words(tmp_path: Path, name: str) -> None:
    place = place_of(tmp_path)
    place.probe()
    with closing(sqlite3.connect(place.journal)) as connection, connection:
        account = connection.execute("SELECT account FROM runs").fetchone()[0]
        row = (account, "lead", name, "{")
        connection.execute("REPLACE INTO findings VALUES (?, ?, ?, ?)", row)
    for words in (("doctor",), ("doctor", "--write-probe", "lead", "--yes")):
        told = place.run(*words)
        if name != "size.create":  # which nobody reads but a run
            assert told.code == ExitCode.JOURNAL, told.stderr
            assert "is damaged" in " ".join(f"{told.stdout} {told.stderr}".split())
        assert "Traceback" not in told.stderr


def test_a_journal_that_is_none_is_a_fault_on_the_page(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    place.journal.write_bytes(b"no database at all, and longer than a header of one" * 40)
    told, found = look(place)
    (journal,) = [each for each in found["findings"] if each["topic"] == "journal"]
    assert journal["severity"] == "fault"
    assert journal["code"] == told.code == ExitCode.JOURNAL
    assert "100 keys per request" in said(found["findings"])


# The role of the key


USER_ROLE = "All rows that were seen are assigned to one and the same user: likely of role type"


@pytest.mark.parametrize("more", [{}, {"streams": None}, {"compare": "never"}], ids=str)
def test_a_key_that_sees_what_is_assigned_to_it_is_told(
    tmp_path: Path, more: dict[str, Any]
) -> None:
    """Rows of 400, so that one user has enough to tell; a manager's key sees those of several."""
    place = Place(world_of(400), tmp_path)
    if more.get("compare"):
        more = {**more, "streams": [{"stream": "s", "procedure": "lead", "mode": "insert"}]}
    of_user = page(place, api_key="sandbox-user-key", **more)
    assert USER_ROLE in of_user
    assert "its rows are created once more" in of_user
    assert USER_ROLE not in page(place, **more)


# Where ChakraHQ is not reached, or says no


def test_where_nothing_was_answered_the_page_says_that_and_no_more(tmp_path: Path) -> None:
    config = {
        "api_key": "k",
        "api_url": "http://127.0.0.1:9",
        "journal": f"sqlite:///{tmp_path}/j.db",
    }
    told = operate(tmp_path, config, "doctor", "--json")
    assert told.code == ExitCode.UNREACHABLE, told.stderr
    found = json.loads(told.stdout)["findings"]
    assert {each["topic"] for each in found} == {"connection", "journal", "latency"}


@pytest.mark.parametrize("key", ["nobody's", "sandbox-lead-only-key"])
def test_a_clock_is_told_by_the_answers_that_came(tmp_path: Path, key: str) -> None:
    """A refusal has a Date as any other answer: it is not said that none has."""
    assert "no usable Date" not in page(place_of(tmp_path), api_key=key)


def test_a_slow_server_makes_a_page_that_says_so(tmp_path: Path) -> None:
    with start_sandbox(["--rows", "60"]) as sandbox:
        sandbox.knobs(latency_ms=3500)
        config = settings(sandbox, streams=[{"stream": "s", **LEAD}])
        told = operate(tmp_path, config, "doctor", "--json")
        assert told.code == ExitCode.DONE, told.stderr
        found = json.loads(told.stdout)
        assert found["seconds"] < 10
        assert "connection | : team" in said(found["findings"])
        assert "An answer takes 3,5" in said(found["findings"])
        assert "the mapping against the account (no time was left)" in found["left_out"]
        sandbox.knobs(latency_ms=9000)
        told = operate(tmp_path, config, "doctor", "--json")
        assert told.code == ExitCode.UNREACHABLE, told.stderr
        assert "was not answered within 8 s" in said(json.loads(told.stdout)["findings"])


def test_the_journal_is_told_though_chakrahq_is_not_reached(tmp_path: Path) -> None:
    config = {
        "api_key": "k",
        "api_url": "http://127.0.0.1:9",
        "journal": f"sqlite:///{tmp_path}/j.db",
    }
    told = operate(tmp_path, config, "doctor")
    assert told.code == ExitCode.UNREACHABLE, told.stderr
    assert "there is none yet at sqlite:///" in " ".join(told.stdout.split())
    assert "this look is not kept: the account was not reached" in " ".join(told.stdout.split())


def test_a_wrong_key_and_a_key_of_one_procedure(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    told, found = look(place, api_key="nobody's")
    assert told.code == ExitCode.NO_ACCESS
    told, found = look(
        place,
        api_key="sandbox-lead-only-key",
        streams=[{"stream": "s", **LEAD}, {"stream": "o", "procedure": "order", "key": "order_id"}],
    )
    assert told.code == ExitCode.NO_ACCESS
    text = said(found["findings"])
    assert "does not allow procedure order" in text
    assert "look-ups | lead.lead_id: 100 keys per request" in text


def test_a_slow_server_is_looked_at_in_bounded_time(tmp_path: Path) -> None:
    streams = [
        {"stream": f"s{n}", "procedure": "lead", "mode": "update", "key": name}
        for n, name in enumerate(["lead_id", "name", "email", "phone_number", "id"])
    ]
    with start_sandbox(["--rows", "300", "--set", "latency_ms=2000"]) as sandbox:
        told = operate(tmp_path, settings(sandbox, streams=streams), "doctor", "--json")
        sent = len(sandbox.requests())
    found = json.loads(told.stdout)
    assert sent <= 60
    assert found["seconds"] < 10
    assert any("look-ups in" in each for each in found["left_out"])


def test_a_large_mapping_takes_no_more_than_sixty_requests(tmp_path: Path) -> None:
    keys = ["lead_id", "name", "email", "phone_number", "city", "source", "remarks", "website"]
    streams = [
        {"stream": f"s{n}", "procedure": "lead", "mode": "update", "key": name}
        for n, name in enumerate([*keys, "utm", "summary", "id", "score", "budget"])
    ]
    place = place_of(tmp_path, array_filter="ignored")
    _, found = look(place, streams=streams)
    assert place.requests() <= 60
    assert found["requests"] == place.requests()
    assert found["left_out"]


def test_after_a_probe_a_run_needs_fewer_requests_and_ends_the_same(tmp_path: Path) -> None:
    def run(folder: Path, *, probed: bool) -> tuple[int, list[str]]:
        folder.mkdir()
        place = place_of(folder)
        before = place.rows()
        if probed:
            place.probe()
        begun = place.requests()
        lines = [schema("scores", ["lead_id", "score"])]
        lines += [record("scores", lead_id=f"N-{n}", score=n) for n in range(400)]
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        told = place.run("--input", written(folder, "rows.singer", text))
        assert told.code == 0, told.stderr
        return place.requests() - begun, sorted(r["data"]["lead_id"] for r in place.new(before))

    (plain, made), (fewer, same) = (
        run(tmp_path / name, probed=name == "probed") for name in ("plain", "probed")
    )
    assert same == made
    assert fewer < plain


def test_a_journal_in_postgresql(tmp_path: Path, postgres: str) -> None:
    url = sa.make_url(postgres).set(drivername="postgresql+psycopg")
    place = place_of(tmp_path)
    journal = url.render_as_string(hide_password=False)
    first = page(place, journal=journal)
    assert "there is none yet at postgresql+psycopg://" in first
    found = place.probe(journal=journal)
    assert "a delete by primary key works" in said(found)
    _, second = look(place, journal=journal)
    text = said(second["findings"])
    assert "KB" in text
    assert "lead, create: taken as the documents say, a list of items" in text
    assert second["since"] is not None


def test_it_looks_while_a_run_holds_the_journal(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    look(place)
    with closing(sqlite3.connect(f"{place.journal}.lock", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        _, found = look(place)
        assert any("a run holds the journal" in each for each in found["left_out"])
        told = run_target(place.world, place_args(place, "--write-probe", "lead", "--yes"))
        assert told.code == ExitCode.JOURNAL
    assert "not kept" not in str(look(place)[1]["left_out"])


def place_args(place: Place, *words: str) -> list[str]:
    return ["--config", str(place.folder / "config.json"), "doctor", *words]


def test_a_run_that_was_killed_and_what_it_left(tmp_path: Path) -> None:
    with start_sandbox(["--rows", "50"]) as sandbox:
        config = settings(sandbox, streams=[{"stream": "scores", **LEAD}])
        lines = [schema("scores", ["lead_id"]), record("scores", lead_id="A-1")]
        write(tmp_path, config, lines)
        with closing(sqlite3.connect(tmp_path / ".target-chakra" / "journal.db")) as connection:
            connection.execute("UPDATE runs SET exit_code = NULL, receipt = NULL, ended_ms = NULL")
            connection.execute("UPDATE batches SET state = 'submitted', outcomes = NULL")
            connection.commit()
        sent = writes(sandbox)
        told = operate(tmp_path, config, "doctor")
        assert writes(sandbox) == sent
    assert "ended without a receipt" in told.stdout
    assert "1 batch in flight, 1 row" in told.stdout


def test_a_transcript_of_a_look_and_of_a_probe_holds_no_value(tmp_path: Path) -> None:
    place = place_of(tmp_path)
    files = tmp_path / "look.jsonl", tmp_path / "probe.jsonl"
    place.run("doctor", "--transcript", str(files[0]))
    place.run("doctor", "--write-probe", "lead", "--yes", "--transcript", str(files[1]))
    held = [row for _, row in place.rows().values()]
    texts = {
        value
        for row in held
        for value in (*row["data"].values(), row["id"], row["record"])
        if isinstance(value, str) and len(value) > 4
    }
    for path in files:
        written_down = path.read_text()
        assert len(written_down.splitlines()) > 5
        assert [each for each in texts if each in written_down] == []
    assert "bulk-create" in files[1].read_text()


def test_a_mapping_of_calls_is_held_against_what_it_names(tmp_path: Path) -> None:
    late = {**BY_NUMBER, "stream": "late", "template": "spring_offer"}
    closed = {**FREE, "stream": "closed", "max_messages": 0}
    todo = {"stream": "todo", "kind": "task", "once_by": "id", "process": "lead", "task": "CAL"}
    streams = [BY_NUMBER, late, closed, {**todo, "procedure": "lead"}]
    told, found = look(place_of(tmp_path), streams=streams, whatsapp=WHATSAPP)
    text = said(found["findings"])
    assert "a message for each row (whatsapp_template_message visit_reminder), once for" in text
    assert "The template 'spring_offer' (en), which the mapping of stream 'late' names" in text
    assert "max_messages is 0: the first one stops the run" in text
    assert "There is no state task 'CAL' of 'lead'" in text
    assert "no procedure" not in text
    assert told.code == ExitCode.SETTINGS
    _, right = look(place_of(tmp_path), streams=[BY_NUMBER, closed], whatsapp=WHATSAPP)
    assert [each for each in right["findings"] if each["severity"] == "fault"] == []
