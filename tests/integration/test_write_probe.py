"""`doctor --write-probe` says what the sandbox was set to, and leaves nothing behind.

The oracle is a table of knobs and the words that must (and must not) stand on the page; what is
left is judged by the rows of the sandbox itself, before and after.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from chakra_api.exit_codes import ExitCode
from tests.support.in_process import KEY, run_target, world_of, written

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_api.wire.transport import Request, Response
    from chakra_sandbox.world import World
    from tests.support.in_process import Spoil, Told

PROBE = ("doctor", "--write-probe", "lead", "--yes", "--json")
STREAM = {"stream": "scores", "procedure": "lead", "key": "lead_id"}


class Place(NamedTuple):
    """A sandbox in this process, and the folder of the target that writes to it."""

    world: World
    folder: Path

    @property
    def journal(self) -> Path:
        return self.folder / "journal.db"

    def run(self, *words: str, spoil: Spoil | None = None, **more: Any) -> Told:
        config = {
            "api_key": KEY,
            "journal": f"sqlite:///{self.journal}",
            "streams": [STREAM],
            **more,
        }
        args = ["--config", written(self.folder, "config.json", config), *words]
        return run_target(self.world, args, spoil)

    def probe(self, **more: Any) -> list[dict[str, Any]]:
        told = self.run(*PROBE, **more)
        assert told.stdout, told.stderr
        found: list[dict[str, Any]] = json.loads(told.stdout)["findings"]
        return found

    def rows(self) -> dict[str, tuple[bool, dict[str, Any]]]:
        """Every row that there ever was, by id: whether it lives, and what it holds."""
        store = self.world.account.shelves["lead"].store
        rows = (
            (store.row(slot)["id"], (bool(store.alive[slot]), store.row(slot)))
            for slot in range(len(store))
        )
        return dict(rows)

    def new(self, before: dict[str, Any]) -> list[dict[str, Any]]:
        """The living rows that were not there before."""
        return [row for i, (lives, row) in self.rows().items() if lives and i not in before]

    def requests(self) -> int:
        return self.world.log.count

    def findings(self) -> dict[str, str]:
        with closing(sqlite3.connect(self.journal)) as connection:
            return dict(connection.execute("SELECT name, value FROM findings"))


def said(findings: list[dict[str, Any]]) -> str:
    return "\n".join(
        f"{each['topic']} | {each['about']}: {each['found']} -> {each['follows']}"
        for each in findings
    )


def place_of(folder: Path, **knobs: object) -> Place:
    return Place(world_of(40, **knobs), folder)


MOODS: list[tuple[dict[str, object], list[str], list[str]]] = [
    (
        {},
        [
            "taken as a list of items, in bulk",
            "a list shows a new process at once",
            "each shows its item, its place, its process",
            "updates | lead: taken with their fields under 'update' ",
            "may be named by its primary key",
            "order of job entries | lead: as the items were sent",
            "does not exist is called ERROR",
            "a null clears an attribute",
            "deletes | lead: taken in bulk with isDeleted under 'update'",
            "lists hide it; by its id it is shown",
            *("a create works", "an update by id works", "an update by primary key works"),
            *("a delete by id works", "a delete by primary key works"),
            "its answer holds the process",
        ],
        ["is refused", "changed nothing", "not sent", "left behind | lead: nothing"],
    ),
    (
        {"bulk_create": "404"},
        ["taken as one process per request", "10,000 creates cost 10,000 requests"],
        ["in bulk ->", "job entries | lead: each"],
    ),
    ({"bulk_create_body": "object"}, ['taken as items under "processes", in bulk'], ["a list of"]),
    (
        {"bulk_update_accepts": "flat"},
        ["taken with their fields beside what names", "isDeleted beside what names"],
        ["under 'update'"],
    ),
    (
        {"bulk_update_accepts": "both"},
        ["under 'update' and also beside what names the process"],
        [],
    ),
    (
        {"flat_when_nested": "silent_success_no_change"},
        ["beside what names the process they are called a success and change nothing"],
        [],
    ),
    ({"entry_echo": "none"}, ["each shows its place, its process"], ["its item"]),
    (
        {"entry_echo": "json_string", "entry_index": False},
        ["each shows its item, its process"],
        ["its place"],
    ),
    (
        {"entry_echo": "none", "entry_index": False, "entry_process": False},
        ["each shows neither its item nor its place nor its process", "reading back"],
        ["each shows its"],
    ),
    (
        {"entry_names": "other", "entries_meta_names": "other"},
        ["each shows its item, its place, its process"],
        [],
    ),
    ({"entries_order": "shuffled"}, ["in another order than the items were sent"], []),
    ({"bulk_missing": "INVALID"}, ["does not exist is called INVALID"], []),
    ({"null_write": "ignored"}, ["a null is passed over, the value stays"], ["clears"]),
    ({"null_write": "error"}, ["a null is refused"], ["clears"]),
    (
        {"delete_mode": "hard"},
        ["neither by a list nor by its id", "left behind | lead: nothing"],
        [],
    ),
    ({"delete_mode": "soft_listed"}, ["lists go on showing it, marked as deleted"], []),
    ({"write_response": "id_only"}, ["a create works; its answer holds its id alone"], []),
    ({"write_response": "empty"}, ["a create works; its answer holds nothing"], []),
    (
        {"index_lag_ms": 3000},
        ["ms after its job had ended", "taken with their fields under 'update'"],
        ["at once"],
    ),
    (
        {"index_lag_ms": 3000, "index_lag_shows": "nothing", "fetch_lags": True},
        ["ms after its job had ended", "taken with their fields under 'update'"],
        ["at once"],
    ),
    (
        {"normalise": ["lower"], "bulk_update_accepts": "flat"},
        [
            "updates | lead: taken with their fields beside what names the process ",
            "an update by id works",
            "an update by primary key works",
            "a delete by primary key works",
        ],
        ["no effect", "changed nothing", "under 'update'"],
    ),
    (
        {"normalise": ["lower"]},
        [
            "(in small letters)",
            "values refused | lead: follow_up",
            "It was created without that value",
            "updates | lead: taken with their fields under 'update' ",
        ],
        ["stringId, name", "no effect", "changed nothing"],
    ),
    ({"normalise": ["trim"]}, ["(without outer blanks)"], ["in small letters"]),
    ({"normalise": ["drop_plus"]}, ["(without the leading plus)"], ["in small letters"]),
    ({"unset_attributes": "null", "data_keys": "id"}, ["taken as a list of items"], []),
    (
        {"job_get_has_status": False, "job_empty_counts_first": True},
        ["told by counts"],
        ["a word and"],
    ),
    ({"missing_row": "200_with_errors", "error_shape": "objects"}, ["an update by id works"], []),
    ({"array_filter": "find_nothing"}, ["a list shows a new process at once"], []),
    ({"bulk_create_pk_from": "top_only"}, ["kept as they were sent: stringId"], []),
    ({"job_visible_after_ms": 1500}, ["taken as a list of items"], []),
    ({"type_check": "strict"}, ["taken as a list of items"], []),
    ({"rate_limit_rps": 5.0}, ["taken as a list of items", "a delete by primary key works"], []),
]


@pytest.mark.parametrize(("knobs", "words", "others"), MOODS, ids=[str(m[0]) for m in MOODS])
def test_the_page_says_what_the_sandbox_was_set_to(
    tmp_path: Path, knobs: dict[str, object], words: list[str], others: list[str]
) -> None:
    place = place_of(tmp_path, **knobs)
    before = place.rows()
    page = said(place.probe())
    assert [each for each in words if each not in page] == [], page
    assert [each for each in others if each in page] == [], page
    after = place.rows()
    assert {i: after[i] for i in before} == before
    assert place.new(before) == []
    assert notes(place) == []


def notes(place: Place) -> list[str]:
    """What is noted of processes that may have been left."""
    return [name for name in place.findings() if name.startswith("probe.")]


# What breaks off


class Killed(BaseException):
    """The process ends here: no request of it is answered any more."""


class Breaks:
    """Spoils the answer to the n-th request, and to all later ones if it kills.

    Args:
        at: Its number, from 1.
        how: What happens then.
    """

    def __init__(self, at: int, how: str) -> None:
        self._at = at
        self._how = how
        self._count = 0

    def __call__(self, _request: Request, response: Response) -> Response:
        self._count += 1
        if self._how == "kill" and self._count >= self._at:
            raise Killed
        if self._count == self._at:
            if self._how == "signal":
                os.kill(os.getpid(), signal.SIGINT)
            elif self._how == "lost":
                return replace(response, status=502, body=b"<html>")
            elif self._how == "refused":
                return replace(response, status=400, body=b'{"_errors": ["not so"]}')
        return response


LAST = 60
"""No probe of the default mood sends more."""


@pytest.mark.parametrize(
    "knobs", [{}, {"index_lag_ms": 2000, "fetch_lags": True}], ids=["at once", "lag"]
)
@pytest.mark.parametrize("at", range(1, LAST, 4))
@pytest.mark.parametrize("how", ["signal", "lost", "refused"])
def test_whatever_breaks_it_off_nothing_is_left(
    tmp_path: Path, how: str, at: int, knobs: dict[str, object]
) -> None:
    place = place_of(tmp_path, **knobs)
    before = place.rows()
    told = place.run(*PROBE, spoil=Breaks(at, how))
    assert told.code != ExitCode.BUG, told.stderr
    if how == "signal" and told.stdout:
        assert told.code in (ExitCode.DONE, ExitCode.STOPPED)
    after = place.rows()
    assert {i: after[i] for i in before} == before
    assert place.new(before) == []
    if place.journal.exists() and notes(place):
        assert "it may still come" in told.stdout


@pytest.mark.parametrize("at", range(1, LAST, 3))
def test_the_next_probe_clears_up_after_one_that_was_killed(tmp_path: Path, at: int) -> None:
    place = place_of(tmp_path)
    before = place.rows()
    assert place.run(*PROBE, spoil=Breaks(at, "kill")).code == ExitCode.BUG
    left = place.new(before)
    if left:
        assert notes(place) == [f"probe.{row['data']['lead_id']}" for row in left]
        warned = place.run("doctor")
        assert "may have left a process" in warned.stdout
    page = said(place.probe())
    assert ("was found and deleted" in page) == bool(left)
    after = place.rows()
    assert {i: after[i] for i in before} == before
    assert place.new(before) == []
