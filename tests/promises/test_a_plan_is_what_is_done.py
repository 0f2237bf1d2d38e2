"""A plan is what is done: plan and apply leave ChakraHQ as the run would have, and once.

Two accounts of one seed: one gets the run, the other its plan and `apply`. Judged by the sandbox's
own rows, ids and times aside.
"""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import pytest

from chakra_api.exit_codes import ExitCode
from chakra_sandbox.rows.model import TEAM_ID
from chakra_sandbox.rows.people import TEAM_SHORT_ID
from tests.support.in_process import KEY, run_target, world_of, written

if TYPE_CHECKING:
    from chakra_api.wire.transport import Request, Response
    from chakra_sandbox.world import World
    from tests.support.in_process import Spoil, Told

ROOT = Path(__file__).parent.parent.parent
ROWS = 40
COLUMNS = {"lead_id": {}, "score": {}, "city": {}, "name": {}, "phone": {}, "gone": {}}
ANSWERS: dict[str, dict[str, Any]] = {
    "as documented": {},
    "phones are stored otherwise": {"normalise": ["drop_plus"]},
    "texts in small letters": {"normalise": ["lower"]},
    "deleted rows are listed": {"delete_mode": "soft_listed"},
    "times as ISO": {"timestamp_format": "iso"},
    "state as an object": {"state_read": "object"},
    "no bulk create": {"bulk_create": "404"},
    "small batches": {"max_batch": 8},
    "flat updates": {"bulk_update_accepts": "flat"},
    "null is an error": {"null_write": "error"},
    "strict types": {"type_check": "strict"},
    "lists lag": {"index_lag_ms": 700},
    "data by id": {"data_keys": "id"},
    "look-ups ignored": {"array_filter": "ignored"},
}


def stream(name: str, **options: Any) -> dict[str, Any]:
    return {"stream": name, "procedure": "lead", "key": "lead_id", **options}


STREAMS = [
    stream("inserted", mode="insert"),
    stream("updated", mode="update", nulls="clear"),
    stream("upserted", mode="upsert"),
    stream("deleted", mode="delete"),
    stream("marked", delete_when="gone"),
    stream("mirrored", mode="mirror"),
    stream("kept", only_if_empty=["data.city"]),
    {"stream": "keyless", "procedure": "lead", "mode": "insert", "fields": {"name": "name"}},
]


def rows_of(name: str, *rows: dict[str, Any]) -> list[dict[str, Any]]:
    schema = {"type": "SCHEMA", "stream": name, "schema": {"properties": COLUMNS}}
    return [schema, *({"type": "RECORD", "stream": name, "record": row} for row in rows)]


def old(number: int) -> str:
    return f"L-{number:06d}"


INPUTS: dict[str, list[dict[str, Any]]] = {
    "insert": rows_of(
        "inserted",
        {"lead_id": "N-1", "score": 1, "phone": "+91 98765 43210"},
        {"lead_id": old(1), "score": 2},
        {"lead_id": "N-1", "score": 3},
    ),
    "update": rows_of(
        "updated",
        {"lead_id": old(1), "score": 7, "city": "Goa", "phone": "+91 98765 43210"},
        {"lead_id": old(2), "city": None},
        {"lead_id": "nobody", "score": 2},
    ),
    "upsert": rows_of(
        "upserted",
        *({"lead_id": old(n), "score": n, "city": "Goa"} for n in range(1, 15)),
        *({"lead_id": f"N-{n}", "score": n, "city": "Pune"} for n in range(14)),
        {"lead_id": "N-bad", "score": "many"},
    ),
    "delete": rows_of("deleted", {"lead_id": old(3)}, {"lead_id": old(4)}, {"lead_id": "nobody"}),
    "marked": rows_of(
        "marked", {"lead_id": old(3), "gone": True}, {"lead_id": old(4), "score": 4, "gone": False}
    ),
    "only if empty": rows_of("kept", {"lead_id": old(5), "city": "Elsewhere", "score": 9}),
    "keyless insert": rows_of("keyless", *({"name": n} for n in ("Asha", "Asha", "Ravi"))),
    "one process in two streams": [
        *rows_of("upserted", {"lead_id": "N-1", "score": 1, "city": "Goa"}),
        *rows_of("updated", {"lead_id": "N-1", "score": 2}),
        *rows_of("marked", {"lead_id": old(1), "score": 8}),
        *rows_of("updated", {"lead_id": old(1), "score": 9, "city": "Pune"}),
        *rows_of("marked", {"lead_id": old(2), "gone": True}),
        *rows_of("upserted", {"lead_id": old(2), "score": 3}),
    ],
}


class Account(NamedTuple):
    """A sandbox in this process, and the folder of the target that writes to it."""

    world: World
    folder: Path
    spoil: Spoil | None = None

    @property
    def plan(self) -> Path:
        return self.folder / "plan.parquet"

    def run(self, lines: list[dict[str, Any]], *words: str, **more: Any) -> Told:
        config = {
            "api_key": KEY,
            "journal": f"sqlite:///{self.folder / 'journal.db'}",
            "streams": STREAMS,
            "max_deletes": 99,
            "max_rejects": 99,
            "journal_retention_days": 999,
            **more,
        }
        args = ["--config", written(self.folder, "config.json", config), *words]
        if not words or words[0].startswith("--"):
            text = "".join(f"{json.dumps(line)}\n" for line in lines)
            args += ["--input", written(self.folder, "rows.singer", text)]
        return run_target(self.world, args, spoil=self.spoil)

    def planned(self, lines: list[dict[str, Any]]) -> Told:
        return self.run(lines, "--plan", str(self.plan))

    def applied(self, *words: str, **more: Any) -> Told:
        return self.run([], "apply", str(self.plan), "--yes", *words, **more)

    def held(self) -> list[str]:
        """What the account holds, in no order, without what differs from one make to another."""
        store = self.world.account.shelves["lead"].store
        kept = ("data", "status", "state", "assignedTo", "isDeleted")
        found = [
            json.dumps({name: store.row(slot).get(name) for name in kept}, sort_keys=True)
            for slot in range(len(store))
            if store.alive[slot]
        ]
        return sorted(found)

    def journal(self) -> dict[str, list[str]]:
        """All rows of all tables but the lines of runs."""
        with closing(sqlite3.connect(self.folder / "journal.db")) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return {
                name: sorted(map(repr, connection.execute(f'SELECT * FROM "{name}"')))
                for (name,) in names.fetchall()
                if name not in ("runs", "sqlite_sequence")
            }


def account(folder: Path, **knobs: Any) -> Account:
    folder.mkdir()
    return Account(world_of(ROWS, **knobs), folder)


def receipt_of(told: Told) -> dict[str, Any]:
    lines = [line for line in told.stderr.splitlines() if line.startswith('{"run"')]
    found: dict[str, Any] = json.loads(lines[-1])
    return found


def outcomes(told: Told) -> dict[str, int]:
    return {name: count for name, count in receipt_of(told)["outcomes"].items() if count}


ALL = [line for lines in INPUTS.values() for line in lines]


def leave_the_same(tmp_path: Path, lines: list[dict[str, Any]], **knobs: Any) -> None:
    one, other = account(tmp_path / "one", **knobs), account(tmp_path / "other", **knobs)
    before = other.held()
    assert one.run(lines).code == 0
    assert other.planned(lines).code == 0
    assert other.held() == before
    applied = other.applied()
    assert applied.code == 0, applied.stderr
    assert other.held() == one.held()
    assert other.applied().code == 0
    assert other.held() == one.held()


@pytest.mark.parametrize("lines", INPUTS.values(), ids=INPUTS.keys())
def test_plan_then_apply_equals_run_in_each_mode(
    tmp_path: Path, lines: list[dict[str, Any]]
) -> None:
    leave_the_same(tmp_path, lines)


@pytest.mark.parametrize("knobs", ANSWERS.values(), ids=ANSWERS.keys())
def test_plan_then_apply_equals_run_whatever_the_answer(
    tmp_path: Path, knobs: dict[str, Any]
) -> None:
    leave_the_same(tmp_path, ALL, **knobs)


@pytest.mark.parametrize("knobs", [{}, {"delete_mode": "soft_listed"}], ids=str)
def test_plan_then_apply_equals_run_for_a_mirror(tmp_path: Path, knobs: dict[str, Any]) -> None:
    one, other = account(tmp_path / "one", **knobs), account(tmp_path / "other", **knobs)
    first = rows_of("mirrored", *({"lead_id": f"M-{n}", "score": n} for n in range(12)))
    second = rows_of("mirrored", *({"lead_id": f"M-{n}", "score": n + 50} for n in range(4, 14)))
    for each in first, second:
        activated = [
            *({**line, "version": 5} if line["type"] == "RECORD" else line for line in each),
            {"type": "ACTIVATE_VERSION", "stream": "mirrored", "version": 5},
        ]
        assert one.run(activated).code == 0
        assert other.planned(activated).code == 0
        assert other.applied().code == 0
        assert other.held() == one.held()


def undo_planned(made: Account, run: int, *words: str) -> Told:
    return made.run([], "undo", str(run), *words, plan_path=str(made.plan))


@pytest.mark.parametrize(
    "knobs", [{}, {"delete_mode": "soft_listed", "normalise": ["drop_plus"]}], ids=str
)
def test_an_undo_is_planned_and_applied_as_it_would_be_done(
    tmp_path: Path, knobs: dict[str, Any]
) -> None:
    one, other = account(tmp_path / "one", **knobs), account(tmp_path / "other", **knobs)
    lines = [*INPUTS["insert"], *INPUTS["upsert"], *INPUTS["update"], *INPUTS["delete"]]
    assert one.run(lines).code == other.run(lines).code == 0
    held, journal = other.held(), other.journal()
    undone = one.run([], "undo", "1", "--delete-created", "--yes")

    planned = undo_planned(other, 1, "--delete-created")

    assert planned.code == 0, planned.stderr
    assert (other.held(), other.journal()) == (held, journal)
    applied = other.applied()
    assert applied.code == undone.code
    assert outcomes(applied).get("deleted", 0) > 10
    assert outcomes(applied)["updated"] > 10
    assert one.held() == other.held() != held
    kinds = [json.loads(x)["kind"] for x in other.run([], "runs", "--json").stdout.splitlines()]
    assert sorted(kinds) == ["plan", "run", "undo"]
    again = other.applied()
    assert outcomes(again) == {}
    assert "Nothing of this plan is left to do" in again.stderr
    assert one.run([], "undo", "2", "--yes").code == 0
    assert other.run([], "undo", "3", "--yes").code == 0
    assert one.held() == other.held()


def test_what_others_changed_since_an_undo_was_planned_is_left_and_listed(tmp_path: Path) -> None:
    made = account(tmp_path / "one")
    lines = rows_of("upserted", *({"lead_id": old(n), "score": 5000 + n} for n in range(1, 7)))
    lines += rows_of("upserted", {"lead_id": "N-1", "score": 1}, {"lead_id": "N-2", "score": 2})
    assert made.run(lines).code == 0
    assert undo_planned(made, 1, "--delete-created").code == 0
    changed = rows_of("upserted", {"lead_id": old(2), "score": 77}, {"lead_id": "N-1", "score": 7})
    assert made.run(changed).code == 0

    told = made.applied()

    assert told.code == 0
    assert outcomes(told) == {"updated": 5, "deleted": 1, "kept": 2}
    listed = [json.loads(x) for x in made.run([], "kept", "--json").stdout.splitlines()]
    fields = {(each["field"], each["held"]) for each in listed}
    assert fields >= {("data.score", 77), ("data.score", 7)}
    held = "".join(made.held())
    assert '"score": 77' in held
    assert '"N-1"' in held
    assert '"N-2"' not in held


def test_a_plan_leaves_everything_as_it_was(tmp_path: Path) -> None:
    made = account(tmp_path / "one")
    assert made.run(INPUTS["upsert"]).code == 0
    held, journal = made.held(), made.journal()

    told = made.planned(
        [*INPUTS["insert"], *INPUTS["delete"], {"type": "STATE", "value": {"a": 1}}]
    )

    assert told.code == 0
    assert told.stdout == ""
    assert made.held() == held
    assert made.journal() == journal
    assert made.plan.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in made.folder.iterdir() if "unfinished" in each.name] == []


def test_what_was_changed_since_is_a_reject_and_is_not_overwritten(tmp_path: Path) -> None:
    made = account(tmp_path / "one")
    lines = rows_of("upserted", *({"lead_id": old(n), "score": 5000 + n} for n in range(1, 7)))
    lines += rows_of("deleted", {"lead_id": old(10)}, {"lead_id": old(11)})
    assert made.planned([*lines, *rows_of("upserted", {"lead_id": "N-1", "score": 1})]).code == 0
    other = rows_of("upserted", {"lead_id": old(2), "score": 77}, {"lead_id": "N-1", "score": 2})
    gone = rows_of("deleted", {"lead_id": old(3)}, {"lead_id": old(11)})
    assert made.run([*other, *gone]).code == 0

    told = made.applied()

    assert outcomes(told) == {"updated": 4, "deleted": 1, "unchanged": 1, "rejected": 3}
    rejects = [json.loads(line) for line in made.run([], "rejects", "--json").stdout.splitlines()]
    reasons = sorted(each["reason"] for each in rejects)
    assert reasons == [
        "Changed since the plan: a process has lead_id=N-1 by now",
        f"Changed since the plan: data.score was {_score(2)} and is 77",
        f"Changed since the plan: lead_id={old(3)} names its process no longer",
    ]
    assert _score(2) != 77
    assert '"score": 77' in "".join(made.held())


def _score(number: int) -> int | str:
    store = world_of(ROWS).account.shelves["lead"].store
    rows = {store.row(slot)["data"]["lead_id"]: store.row(slot)["data"] for slot in range(ROWS)}
    found = rows[old(number)].get("score")
    return "empty" if found is None else int(found)


def test_a_part_is_done_and_then_the_rest(tmp_path: Path) -> None:
    one, made = account(tmp_path / "one"), account(tmp_path / "other")
    lines = [*INPUTS["upsert"], *INPUTS["delete"], *INPUTS["keyless insert"]]
    assert one.run(lines).code == 0
    assert made.planned(lines).code == 0

    assert outcomes(made.applied("--only", "delete")) == {"deleted": 2}
    assert outcomes(made.applied("--limit", "3")) == {"created": 3}
    assert outcomes(made.applied("--only", "create", "--limit", "10")) == {"created": 10}
    rest = made.applied()
    assert outcomes(rest) == {"updated": 12, "created": 4}
    assert "15 actions of this plan had an outcome already" in rest.stderr
    assert made.held() == one.held()
    again = made.applied()
    assert outcomes(again) == {}
    assert "Nothing of this plan is left to do" in again.stderr


def test_what_has_no_key_is_not_made_again_by_the_source(tmp_path: Path) -> None:
    made = account(tmp_path / "one")
    lines = INPUTS["keyless insert"]
    assert made.planned(lines).code == 0
    assert outcomes(made.applied()) == {"created": 3}
    assert outcomes(made.run(lines)) == {"unchanged": 3}


def test_what_has_no_key_is_not_made_once_another_run_has_brought_its_stream(
    tmp_path: Path,
) -> None:
    made = account(tmp_path / "one")
    lines = INPUTS["keyless insert"]
    assert made.planned(lines).code == 0
    assert outcomes(made.run(lines)) == {"created": 3}
    held = made.held()
    told = made.applied()
    assert outcomes(told) == {"rejected": 3}
    assert made.held() == held


def test_more_deletes_than_allowed_are_refused_before_anything_is_sent(tmp_path: Path) -> None:
    made = account(tmp_path / "one")
    assert made.planned([*INPUTS["upsert"], *INPUTS["delete"]]).code == 0
    held = made.held()
    told = made.applied(max_deletes=1)
    assert told.code == ExitCode.REJECTS
    assert "2 processes would be deleted, and max_deletes allows 1" in told.stderr
    assert made.held() == held
    assert made.applied("--only", "update", max_deletes=1).code == 0


def test_dry_run_shows_what_apply_would_do_and_does_nothing(tmp_path: Path) -> None:
    made = account(tmp_path / "one")
    assert made.planned(INPUTS["upsert"]).code == 0
    held, journal = made.held(), made.journal()
    told = made.applied(dry_run=True)
    assert told.code == 0
    assert "Dry run: 14 creates, 14 updates, 0 deletes" in told.stderr
    assert (made.held(), made.journal()) == (held, journal)


def refused(told: Told) -> str:
    assert told.code == ExitCode.SETTINGS, told.stderr
    assert "Traceback" not in told.stderr
    return told.stderr


def test_what_is_no_such_plan_is_refused_in_words(tmp_path: Path) -> None:
    made = account(tmp_path / "one")
    assert made.planned(INPUTS["upsert"]).code == 0
    held, whole = made.held(), made.plan.read_bytes()
    assert "was changed since the plan was made (mode)" in refused(
        made.applied(streams=[stream("*", mode="update")])
    )
    assert "The plan was made for" in refused(made.applied(api_url="https://elsewhere.example"))
    assert "a plan of a plan is none" in refused(made.applied(plan_path=str(tmp_path / "other")))
    for at in (9, len(whole) // 3, len(whole) // 2, len(whole) - 300):
        made.plan.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        refused(made.applied())
        made.plan.write_bytes(whole[:at])
        refused(made.applied())
    made.plan.write_bytes(b"")
    refused(made.applied())
    made.plan.unlink()
    assert "can't be read" in refused(made.applied())
    assert made.held() == held


def test_a_plan_for_another_account_is_refused(tmp_path: Path) -> None:
    made = account(tmp_path / "one")
    assert made.planned(INPUTS["upsert"]).code == 0
    elsewhere, held = made._replace(spoil=_of_another_team), made.held()
    said = refused(elsewhere.applied())
    assert "The plan was made for the account" in said
    assert "Use the key of that account" in said
    assert made.held() == held
    assert made.applied().code == 0


def _of_another_team(_: Request, response: Response) -> Response:
    body = response.body
    for name in TEAM_ID, TEAM_SHORT_ID:
        body = body.replace(name.encode(), name[::-1].encode())
    return replace(response, body=body)


def test_a_plan_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    made = account(tmp_path / "one")
    assert made.planned(INPUTS["upsert"]).code == 0
    held, whole = made.held(), made.plan.read_bytes()
    ours, newer = (b"chakra.plan.format\x18\x01" + number for number in (b"1", b"2"))
    assert whole.count(ours) == 1
    made.plan.write_bytes(whole.replace(ours, newer))
    for said in refused(made.applied()), refused(made.run([], "plan", str(made.plan))):
        assert "is of format 2, and this version reads 1" in said
    assert made.held() == held


def test_what_has_no_key_is_refused_with_another_journal(tmp_path: Path) -> None:
    made = account(tmp_path / "one")
    assert made.planned(INPUTS["keyless insert"]).code == 0
    held, foreign = made.held(), f"sqlite:///{made.folder / 'foreign.db'}"
    assert "There is no journal at" in refused(made.applied(journal=foreign))
    assert made.run(INPUTS["update"], journal=foreign).code == 0
    assert "was made with another journal" in refused(made.applied(journal=foreign))
    assert [each for each in made.held() if each not in held] != []
    made.plan.unlink()
    assert made.planned(INPUTS["upsert"]).code == 0
    assert made.applied(journal=foreign).code == 0


def test_the_documented_queries_read_a_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = account(tmp_path / "one")
    assert made.planned([*INPUTS["upsert"], *INPUTS["delete"]]).code == 0
    text = (ROOT / "docs" / "plan-and-apply.md").read_text()
    by_kind, by_field = re.findall(r'^\$ duckdb -c "(.*)"$', text, re.MULTILINE)

    monkeypatch.chdir(made.folder)
    with duckdb.connect() as connection:
        counts = sorted(connection.execute(by_kind).fetchall())
        changed = connection.execute(by_field).fetchall()

    assert counts == [
        ("lead", "create", 14),
        ("lead", "delete", 2),
        ("lead", "reject", 1),
        ("lead", "update", 12),
    ]
    scores = {key: (was, now) for key, field, was, now in changed if field == "data.score"}
    assert scores == {
        old(n): (None if _score(n) == "empty" else str(_score(n)), str(n))
        for n in (1, 2, *range(5, 15))
    }


def test_a_run_that_breaks_off_leaves_no_plan(tmp_path: Path) -> None:
    made = account(tmp_path / "one")
    told = made.run([*INPUTS["upsert"], {"type": "RECORD"}], "--plan", str(made.plan))
    assert told.code == ExitCode.SETTINGS
    assert "No plan is left" in told.stderr
    assert [
        each.name for each in made.folder.iterdir() if each.name.startswith((".", "plan"))
    ] == []


def test_what_is_no_plan_is_not_replaced_by_one(tmp_path: Path) -> None:
    made = account(tmp_path / "one")
    made.plan.write_text("precious")
    told = made.planned(INPUTS["upsert"])
    assert "is there already, and is no plan" in refused(told)
    assert made.plan.read_text() == "precious"


def test_without_a_terminal_it_wants_a_word(tmp_path: Path) -> None:
    made = account(tmp_path / "one")
    assert made.planned(INPUTS["upsert"]).code == 0
    held = made.held()
    assert "Say --yes" in refused(made.run([], "apply", str(made.plan)))
    assert made.held() == held


def test_a_plan_is_shown_as_text_as_json_and_as_a_page(tmp_path: Path) -> None:
    made = account(tmp_path / "one")
    assert made.planned([*INPUTS["upsert"], *INPUTS["delete"]]).code == 0
    page = made.folder / "plan.html"

    text = made.run([], "plan", str(made.plan))
    as_json = made.run([], "plan", str(made.plan), "--json", "--html", str(page))

    assert "14 creates, 12 updates, 2 deletes, 1 reject" in text.stdout
    said = json.loads(as_json.stdout)
    kinds = {each["kind"]: each["count"] for each in said["kinds"]}
    assert kinds == {"create": 14, "update": 12, "delete": 2, "reject": 1}
    changed = {each["field"]: each["changed"] for each in said["fields"]}
    assert changed["data.score"] == 12
    assert "L-000014" in page.read_text()
    assert "many" in page.read_text()
