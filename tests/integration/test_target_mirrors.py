"""What a mirror deletes, and what it never does: the real command, in this process."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.errors import AnswerLost
from chakra_api.exit_codes import ExitCode
from tests.support.in_process import KEY, run_target, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_api.wire.transport import Request, Response
    from chakra_sandbox.world import World
    from tests.support.in_process import Told

Row = dict[str, Any]


def rows(*numbers: int, score: int = 0) -> list[Row]:
    return [{"lead_id": f"M-{n}", "score": n + score} for n in numbers]


@dataclass
class Account:
    """A sandbox in this process, and the folder of the target that writes to it."""

    folder: Path
    world: World = field(default_factory=lambda: world_of(0))
    mapping: Row = field(default_factory=dict)

    def run(self, lines: list[Any], *words: str, spoil: Any = None, **more: Any) -> Told:
        mapping = {"stream": "team", "procedure": "lead", "key": "lead_id", "mode": "mirror"}
        config = {
            "api_key": KEY,
            "journal": f"sqlite:///{self.folder}/journal.db",
            "streams": [{**mapping, **self.mapping}],
            "max_deletes": 99,
            "max_rejects": 99,
            **more,
        }
        args = ["--config", written(self.folder, "config.json", config), *words]
        if not words:
            text = "".join(f"{json.dumps(line)}\n" for line in lines)
            args += ["--input", written(self.folder, "rows.singer", text)]
        return run_target(self.world, args, spoil)

    def bring(
        self, given: list[Row], version: int | None = None, *, activates: bool = True, **more: Any
    ) -> Told:
        """A run of the source, with a version or without."""
        columns = {name: {} for row in given for name in row} or {"lead_id": {}}
        columns |= {"gone": {}}
        lines: list[Any] = [{"type": "SCHEMA", "stream": "team", "schema": {"properties": columns}}]
        versioned = {} if version is None else {"version": version}
        lines += [{"type": "RECORD", "stream": "team", "record": row, **versioned} for row in given]
        if version is not None and activates:
            lines.append({"type": "ACTIVATE_VERSION", "stream": "team", "version": version})
        lines.append({"type": "STATE", "value": {"at": len(given)}})
        return self.run(lines, **more)

    def commit(self, *words: str, **more: Any) -> Told:
        return self.run([], "mirror-commit", *words, **more)

    def alive(self) -> set[str]:
        store = self.world.account.shelves["lead"].store
        found = [store.row(slot)["data"] for slot in range(len(store)) if store.alive[slot]]
        return {row.get("lead_id", "") for row in found}

    def ask(self, statement: str) -> None:
        with closing(sqlite3.connect(self.folder / "journal.db")) as connection, connection:
            connection.execute(statement)


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account(tmp_path)


def keys(*numbers: int) -> set[str]:
    return {f"M-{n}" for n in numbers}


class LosesAndEdits:
    """Loses the answer to the first update; somebody edits one of its rows before it is read."""

    def __init__(self, account: Account, key: str) -> None:
        self._account, self._key = account, key
        self.came = False

    def __call__(self, request: Request, response: Response) -> Response:
        if self.came or request.method != "PATCH":
            return response
        self.came = True
        world = self._account.world
        world.advance(world.now_ms + 60_000)
        store = world.account.shelves["lead"].store
        (slot,) = store.slots_of_key(self._key)
        row = store.row(slot)
        edited = {**row, "data": {**row["data"], "score": 4711}}
        store.replace(slot, edited, world.now_ms)
        raise AnswerLost("reset after the work")


def outcomes(told: Told) -> Row:
    receipt = json.loads([x for x in told.stderr.splitlines() if x.startswith('{"run"')][-1])
    return {name: number for name, number in receipt["outcomes"].items() if number}


def mirror_deletes(told: Told) -> int:
    receipt = json.loads([x for x in told.stderr.splitlines() if x.startswith('{"run"')][-1])
    return int(receipt["mirror_deletes"]["deleted"])


@pytest.fixture
def six(account: Account) -> Account:
    """Six rows are mirrored."""
    assert outcomes(account.bring(rows(*range(6)), version=1)) == {"created": 6}
    return account


def test_a_row_that_came_is_present_though_nobody_knows_what_became_of_it(six: Account) -> None:
    """Five were updated, one was unknown, and the mirror deleted that one."""
    lost = LosesAndEdits(six, "M-3")
    told = six.bring(rows(*range(6), score=100), version=2, spoil=lost)
    assert lost.came
    assert outcomes(told) == {"updated": 5, "unknown": 1}
    assert told.code == ExitCode.UNKNOWN
    assert mirror_deletes(told) == 0
    assert "Nothing of 'team' is deleted: not every row of this run is settled (1 unknown)" in (
        told.stderr
    )
    assert six.alive() == keys(*range(6))


def test_a_statement_that_was_not_whole_is_made_up_for_by_the_next_one(six: Account) -> None:
    lost = LosesAndEdits(six, "M-3")
    assert six.bring(rows(*range(5), score=100), version=2, spoil=lost).code == ExitCode.UNKNOWN
    assert six.alive() == keys(*range(6))
    six.ask("UPDATE unknowns SET free_ms = 0, free_server_ms = 0")
    told = six.bring(rows(*range(5), score=100), version=3)
    assert told.code == 0, told.stderr
    assert six.alive() == keys(*range(5))


@pytest.mark.parametrize("ending", ["activate", "commit"])
def test_a_read_that_its_source_resumes_is_one_statement(six: Account, ending: str) -> None:
    """The rows before the STATE came in the run that broke off, and do not come again."""
    half = [*rows(0, 1, 2), {"lead_id": "M-9", "score": "many"}]
    broken = six.bring(half, version=7, activates=False, max_rejects=0)
    assert broken.code == ExitCode.REJECTS
    assert '"at":4' in broken.stdout.replace(" ", "")
    told = six.bring(rows(3, 4), version=7, activates=ending == "activate")
    if ending == "commit":
        told = six.commit()
    assert told.code == 0, told.stderr
    assert six.alive() == keys(0, 1, 2, 3, 4)


def test_without_a_version_a_run_behind_the_state_of_a_broken_one_may_be_its_rest(
    six: Account,
) -> None:
    half = [*rows(0, 1, 2), {"lead_id": "M-9", "score": "many"}]
    assert six.bring(half, max_rejects=0).code == ExitCode.REJECTS
    assert six.bring(rows(3, 4)).code == 0
    assert six.commit().code == 0
    assert six.alive() == keys(0, 1, 2, 3, 4)
    assert six.bring(rows(3, 4)).code == 0
    assert mirror_deletes(six.commit()) == 3
    assert six.alive() == keys(3, 4)


def test_a_version_that_is_used_again_is_another_statement(six: Account) -> None:
    assert mirror_deletes(six.bring(rows(0, 1), version=1)) == 4
    assert six.alive() == keys(0, 1)


def test_a_run_that_was_killed_says_nothing_about_deletes(six: Account) -> None:
    six.bring(rows(0, 1))
    six.ask(
        "UPDATE runs SET exit_code = NULL, receipt = NULL WHERE id = (SELECT max(id) FROM runs)"
    )
    told = six.commit()
    assert told.code == ExitCode.SETTINGS
    assert "Run 2, the last one that brought rows of 'team', ended with no receipt" in told.stderr
    assert six.alive() == keys(*range(6))


def test_a_commit_looks_at_the_last_run_that_brought_the_stream(six: Account) -> None:
    """Another stream's run came between, and its last run was not this one's."""
    six.bring(rows(0, 1))
    six.mapping = {"stream": "*"}
    other = {"type": "SCHEMA", "stream": "other", "schema": {"properties": {"lead_id": {}}}}
    row = {"type": "RECORD", "stream": "other", "record": {"lead_id": "O-1"}}
    assert six.run([other, row]).code == 0
    assert six.commit().code == 0
    assert six.alive() == {*keys(*range(6)), "O-1"}
    told = six.commit("--stream", "team")
    assert told.code == 0, told.stderr
    assert six.alive() == {*keys(0, 1), "O-1"}


BAD = {
    "no key": {"lead_id": None, "score": 1},
    "a key that can't be read": {"lead_id": ["M-5"], "score": 1},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("ending", ["activate", "commit"])
def test_a_rejected_row_that_may_be_any_process_bars_all_deletes(
    six: Account, bad: Row, ending: str
) -> None:
    told = six.bring([*rows(0, 1), bad], version=2, activates=ending == "activate")
    if ending == "commit":
        told = six.commit()
    assert "Of 'team' 4 processes are not deleted: rows that were rejected may name" in told.stderr
    assert six.alive() == keys(*range(6))
    assert six.bring(rows(0, 1), version=3).code == 0
    assert six.alive() == keys(0, 1)


def test_an_older_row_that_a_retry_sends_again_bars_nothing(six: Account) -> None:
    six.bring([*rows(0, 1), BAD["no key"]])
    six.bring(rows(0, 1))
    assert six.run([], "retry").code == 0
    assert mirror_deletes(six.commit()) == 4
    assert six.alive() == keys(0, 1)


def test_a_rejected_row_with_a_key_is_present_and_bars_nothing_else(six: Account) -> None:
    bad = [{"lead_id": "M-5", "score": "many"}, {"lead_id": "X-1", "score": "many"}]
    assert mirror_deletes(six.bring([*rows(0, 1), *bad], version=2)) == 3
    assert six.alive() == keys(0, 1, 5)


def test_a_rejected_row_in_another_spelling_may_name_the_process(six: Account) -> None:
    told = six.bring([*rows(0, 1), {"lead_id": " m-5 ", "score": "many"}], version=2)
    assert mirror_deletes(told) == 3
    assert six.alive() == keys(0, 1, 5)
    assert "Of 'team' 1 process is not deleted" in told.stderr


def test_rejects_over_the_limit_bar_all_deletes(six: Account) -> None:
    bad = {"lead_id": "M-5", "score": "many"}
    told = six.bring([*rows(0, 1), bad], version=2, max_rejects=0)
    assert told.code == ExitCode.REJECTS
    assert "Nothing of 'team' is deleted: 1 row was rejected, and max_rejects allows 0" in (
        told.stderr
    )
    assert six.alive() == keys(*range(6))


def by_id(account: Account, *numbers: int) -> list[Row]:
    store = account.world.account.shelves["lead"].store
    slots = [store.slots_of_key(f"M-{n}")[0] for n in numbers]
    return [{"id": store.row(s)["id"], "score": n} for n, s in zip(numbers, slots, strict=True)]


def test_rows_that_are_named_otherwise_from_now_on_are_present(six: Account) -> None:
    """The mapping names them by their id: all six were deleted."""
    six.mapping = {"key": "id"}
    told = six.bring(by_id(six, 0, 1, 2, 3), version=2)
    assert told.code == 0, told.stderr
    assert six.alive() == keys(0, 1, 2, 3)


def test_one_of_them_that_was_rejected_bars_the_deletes(six: Account) -> None:
    six.mapping = {"key": "id"}
    told = six.bring([*by_id(six, 0, 1, 2), {"id": "p-unheard-of", "score": 1}], version=2)
    assert "3 processes are not deleted" in told.stderr
    assert six.alive() == keys(*range(6))


def test_a_process_of_others_that_took_the_key_is_not_deleted(six: Account) -> None:
    world, store = six.world, six.world.account.shelves["lead"].store
    (slot,) = store.slots_of_key("M-5")
    store.kill(slot, world.now_ms)
    store.insert({**store.row(slot), "id": "p-of-others", "isDeleted": False})
    told = six.bring(rows(0, 1), version=2)
    assert told.code == 0, told.stderr
    assert six.alive() == keys(0, 1, 5)
    assert six.bring(rows(0, 1, 5, score=1), version=3).code == 0
    assert six.bring(rows(0, 1), version=4).code == 0
    assert six.alive() == keys(0, 1), "by now the stream has written it"


def test_what_a_narrowed_role_hides_is_deleted_once_it_is_seen_again(six: Account) -> None:
    """It was not found, taken for deleted, and forgotten for ever."""
    six.world.change_knobs({"default_role": "USER"})
    six.bring(rows(0, 1), version=2)
    assert six.alive() == keys(*range(6))
    six.world.change_knobs({"default_role": "ADMIN"})
    told = six.bring(rows(0, 1), version=3)
    assert mirror_deletes(told) == 4
    assert six.alive() == keys(0, 1)


def test_what_others_deleted_is_no_delete_of_ours(six: Account) -> None:
    store = six.world.account.shelves["lead"].store
    for key in ("M-3", "M-4"):
        store.kill(store.slots_of_key(key)[0], six.world.now_ms)
    told = six.bring(rows(0, 1, 2), version=2, max_deletes=1)
    assert told.code == 0, told.stderr
    assert mirror_deletes(told) == 1
    assert six.alive() == keys(0, 1, 2)


def test_a_delete_that_was_refused_is_tried_again_by_the_next_statement(six: Account) -> None:
    six.world.change_knobs({"entry_error_rate": 1.0})
    told = six.bring(rows(0, 1, 2, 3, 4), version=2)
    assert "1 rejected" in told.stderr
    assert six.alive() == keys(*range(6))
    six.world.change_knobs({"entry_error_rate": 0.0})
    assert mirror_deletes(six.bring(rows(0, 1, 2, 3, 4), version=3)) == 1
    assert six.alive() == keys(0, 1, 2, 3, 4)


def test_a_row_that_its_own_mark_has_deleted_is_owned_no_longer(six: Account) -> None:
    """Others made it anew: the mirror deleted theirs."""
    six.mapping = {"delete_when": "gone"}
    gone = {"lead_id": "M-5", "score": 5, "gone": True}
    assert outcomes(six.bring([*rows(0, 1, 2, 3, 4), gone], version=2))["deleted"] == 1
    store = six.world.account.shelves["lead"].store
    row = store.row(store.slots_that_had("M-5")[-1])
    store.insert({**row, "id": "p-of-others", "isDeleted": False})
    told = six.bring(rows(0, 1, 2, 3, 4), version=3, max_deletes=0)
    assert told.code == 0, told.stderr
    assert six.alive() == keys(*range(6))


class Loses:
    """Loses the answer to the first create, and has somebody edit all that it made."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def __call__(self, request: Request, response: Response) -> Response:
        if "bulk-create" not in request.path:
            return response
        world = self._account.world
        world.advance(world.now_ms + 60_000)
        store = world.account.shelves["lead"].store
        for slot in range(len(store)):
            row = store.row(slot)
            store.replace(slot, {**row, "data": {**row["data"], "score": 99}}, world.now_ms)
        raise AnswerLost("reset after the work")


@pytest.mark.parametrize("how", ["written", "not-written"])
def test_a_word_for_an_unknown_row_settles_whose_it_is(account: Account, how: str) -> None:
    told = account.bring(rows(0, 1), version=1, spoil=Loses(account))
    assert outcomes(told) == {"unknown": 2}
    assert account.run([], "unknown", "--as", how, "--now", "1", "2").code == 0
    assert account.bring([{"lead_id": "M-7"}], version=3).code == 0
    assert account.alive() == ({"M-7"} if how == "written" else {*keys(0, 1), "M-7"})


def test_an_unknown_row_that_is_found_as_it_was_sent_was_written(account: Account) -> None:
    told = account.bring(rows(0, 1), version=1, spoil=Loses(account))
    assert outcomes(told) == {"unknown": 2}
    store = account.world.account.shelves["lead"].store
    for slot in range(len(store)):
        row = store.row(slot)
        store.replace(slot, {**row, "data": {**row["data"], "score": slot}}, account.world.now_ms)
    account.ask("UPDATE unknowns SET free_ms = 0, free_server_ms = 0")
    given = [{"lead_id": store.row(s)["data"]["lead_id"], "score": s} for s in range(len(store))]
    assert outcomes(account.bring(given, version=2)) == {"unchanged": 2}
    assert account.bring([{"lead_id": "M-7"}], version=3).code == 0
    assert account.alive() == {"M-7"}


def test_a_mirror_whose_mapping_skips_it_by_now_deletes_nothing(six: Account) -> None:
    six.bring(rows(0, 1))
    six.mapping = {"skip": True}
    assert six.commit().code in (0, ExitCode.SETTINGS)
    assert six.alive() == keys(*range(6))


def test_a_whole_run_without_rows_is_a_statement_for_a_commit(six: Account) -> None:
    six.bring([])
    assert mirror_deletes(six.commit()) == 6
    assert six.alive() == set()


def test_a_retry_says_nothing_about_deletes_and_what_it_sends_is_owned(six: Account) -> None:
    bad = {"lead_id": "M-8", "score": "8 or so"}
    six.bring([*rows(*range(6)), bad], version=2)
    six.ask("""UPDATE rejects SET row = CAST('{"lead_id": "M-8", "score": 8}' AS BLOB)""")
    assert six.run([], "retry").code == 0
    assert six.alive() == keys(*range(6), 8)
    six.bring(rows(*range(6)), version=3)
    assert six.alive() == keys(*range(6))
