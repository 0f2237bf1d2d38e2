"""Both journals give back what was put in: every digit, and texts that databases refuse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from target_chakra.changes import Action, Change, Key, Kind, Known, Mode, Reject
from target_chakra.history.reports import Reports
from target_chakra.journal.journal import Journal
from target_chakra.journal.records import Claim, Confirmation, Entry, Owned, Unknown
from target_chakra.moments import Moment
from target_chakra.storage.engines import open_engine
from tests.support.in_process import KEY, run_target, world_of, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ODD = "a\0b \ud83d c \ue000"
"""A NUL, half an emoji, and the mark by which the journal knows an odd text."""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/journal.db"
        return
    server = sa.make_url(request.getfixturevalue("postgres"))
    engine = open_engine(server.render_as_string(hide_password=False))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE SCHEMA digits")
    inside = server.update_query_dict({"options": "-csearch_path=digits"})
    yield inside.render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA digits CASCADE")
    engine.dispose()


def run(url: str, folder: Path, world: Any, lines: list[str], *args: str) -> Any:
    mapping = {"stream": "leads", "procedure": "lead", "key": "lead_id"}
    config = {"api_key": KEY, "journal": url, "streams": [mapping]}
    source = written(folder, "input.singer", "".join(f"{line}\n" for line in lines))
    ways = [] if args else ["--input", source]
    return run_target(world, ["--config", written(folder, "c.json", config), *ways, *args])


def schema(*columns: str) -> str:
    shape = {"type": "object", "properties": {name: {} for name in columns}}
    return json.dumps({"type": "SCHEMA", "stream": "leads", "schema": shape, "key_properties": []})


def record(row: str) -> str:
    return f'{{"type":"RECORD","stream":"leads","record":{row}}}'


def test_a_rejected_row_is_stored_and_listed_with_every_digit(url: str, tmp_path: Path) -> None:
    world = world_of(0)
    row = (
        '{"lead_id":99999999999999999999,"score":1e400,"address":12345678901234567.89,"budget":NaN}'
    )
    lines = [schema("lead_id", "score", "address", "budget"), record(row)]
    assert run(url, tmp_path, world, lines).code != 0
    listed = run(url, tmp_path, world, [], "rejects", "--json").stdout
    assert '"lead_id":99999999999999999999' in listed
    assert '"address":12345678901234567.89' in listed
    assert '"score":1E+400' in listed
    assert '"budget":NaN' in listed
    assert "99999999999999999999" in run(url, tmp_path, world, [], "rejects").stdout
    retried = run(url, tmp_path, world, [], "retry")
    assert "1 rejected" in retried.stderr
    again = run(url, tmp_path, world, [], "rejects", "--json").stdout
    assert '"lead_id":99999999999999999999' in again


def test_a_row_with_a_nul_in_its_key_is_a_reject_and_the_others_are_written(
    url: str, tmp_path: Path
) -> None:
    world = world_of(0)
    rows = [record(r'{"lead_id":"a\u0000b","city":"goa"}'), record('{"lead_id":"c","city":"goa"}')]
    lines = [schema("lead_id", "city"), *rows]
    for outcome in ("created", "unchanged"):
        told = run(url, tmp_path, world, lines)
        receipt = json.loads([x for x in told.stderr.splitlines() if x.startswith('{"run"')][-1])
        assert receipt["outcomes"][outcome] == 1
        assert receipt["outcomes"]["rejected"] == 1
    listed = run(url, tmp_path, world, [], "rejects", "--json").stdout.splitlines()
    assert {json.loads(line)["row"]["lead_id"] for line in listed} == {"a\0b"}
    assert run(url, tmp_path, world, [], "rejects").code == 0
    assert run(url, tmp_path, world, [], "retry").code != 10


def change_of(key: object, row: dict[str, object]) -> Change:
    name = Key("lead", "lead_id", key)  # type: ignore[arg-type]  # as odd as can be
    return Change(1, 1, "leads", "lead", name, Mode.UPSERT, False, dict(row), row)  # noqa: FBT003


def test_every_part_of_the_journal_gives_back_what_it_took(url: str) -> None:
    huge, other = 99999999999999999999, 99999999999999999998
    journal = Journal(url)
    journal.hold()
    journal.begin_run("team", ODD, 1)
    fields: dict[str, object] = {"data.name": ODD, "data.n": huge}
    known = Known("x7", fields, {"data.n": other}, False, "leads", True, 1, 2)  # noqa: FBT003
    rejected, unknown = change_of(ODD, fields), change_of(huge, fields)
    journal.record(
        Entry(
            1,
            confirmations=(Confirmation(Key("lead", "lead_id", ODD), known),),
            rejects=(Reject(rejected, f"reason {ODD}", f"next {ODD}"),),
            unknowns=(
                Unknown(Action(unknown, Kind.CREATE, None, fields, {}), ODD, Moment(9, None)),
            ),
            owned=(Owned("leads", Key("lead", "lead_id", huge), Claim.WRITTEN),),
        )
    )
    journal.found("lead", "name", ODD)
    assert journal.known([Key("lead", "lead_id", ODD)]) == {Key("lead", "lead_id", ODD): known}
    assert journal.absent("leads", "lead", 99) == {Key("lead", "lead_id", huge): None}
    assert {each.key for each in journal.rejected_keys()} == {Key("lead", "lead_id", ODD)}
    assert journal.findings() == {("lead", "name"): ODD}
    (row,) = journal.unknowns()
    assert row.names == (Key("lead", "lead_id", huge),)
    journal.close()
    reports = Reports(url)
    (reject,), (lost,) = reports.rejects(), reports.unknowns()
    assert (reject.row, reject.reason, reject.next_step) == (
        fields,
        f"reason {ODD}",
        f"next {ODD}",
    )
    assert (lost.fields, lost.reason, lost.key) == (fields, ODD, f"lead_id={huge}")
    reports.close()
