"""What ends with 6: an answer that can't be true. No bookmark moves, and nothing is deleted."""

from __future__ import annotations

import json
from dataclasses import replace
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.values.timestamps import iso_ms
from chakra_sandbox.writes.changes import Mutation
from tests.support.clock import FakeClock
from tests.support.in_process import KEY, run_tap, world_of, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chakra_api.wire.transport import Request, Response
    from chakra_sandbox.world import World
    from tests.support.in_process import Spoil, Told

EMPTY = json.dumps({"_data": [], "_meta": {"hasMore": True}}).encode()
YEAR_2099 = "Thu, 01 Jan 2099 00:00:00 GMT"
HOUR = 3_600


def settings_of(folder: Path) -> str:
    config = {"api_key": KEY, "api_url": "http://chakra.test", "procedures": ["lead"]}
    return written(folder, "config.json", config)


def full_table(folder: Path, world: World, spoil: Spoil) -> Told:
    """All streams as FULL_TABLE."""
    args = ["--config", settings_of(folder)]
    catalog = json.loads(run_tap(world, [*args, "--discover"]).stdout)
    for stream in catalog["streams"]:
        stream["replication_method"] = "FULL_TABLE"
        stream["metadata"][-1]["metadata"]["selected"] = True
    return run_tap(world, [*args, "--catalog", written(folder, "c.json", catalog)], spoil)


def activated(told: Told) -> set[str]:
    return {line["stream"] for line in told.lines if line["type"] == "ACTIVATE_VERSION"}


def states(told: Told) -> list[dict[str, Any]]:
    return [line["value"] for line in told.lines if line["type"] == "STATE"]


def in_rows(change: Callable[[list[Any]], list[Any]]) -> Spoil:
    def spoil(request: Request, response: Response) -> Response:
        if not request.path.endswith("/list"):
            return response
        body = json.loads(response.body)
        body["_data"] = change(body["_data"])
        return replace(response, body=json.dumps(body).encode())

    return spoil


@pytest.mark.parametrize("where", ["/list", "/users"])
def test_nothing_and_more_of_it_empties_no_table(tmp_path: Path, where: str) -> None:
    def spoil(request: Request, response: Response) -> Response:
        return replace(response, body=EMPTY) if request.path.endswith(where) else response

    told = full_table(tmp_path, world_of(25), spoil)
    assert told.code == 6
    assert "ChakraHQ says that there are more" in told.stderr
    assert not {"process_lead", "users" if where == "/users" else "process_lead"} & activated(told)
    last = states(told)[-1].get("bookmarks", {}).get("process_lead", {})
    assert "last_complete_scan" not in last


def test_rows_without_an_id_are_counted_and_say_nothing_of_deletes(tmp_path: Path) -> None:
    spoil = in_rows(
        lambda rows: [row | {"id": None} if n % 4 == 0 else row for n, row in enumerate(rows)]
    )
    told = full_table(tmp_path, world_of(40), spoil)
    assert told.code == 6
    assert "10 rows came without a usable id, and were left out" in told.stderr
    assert "All other rows that were read are emitted and no bookmark moved" in told.stderr
    assert "look at what answers (the setting api_url, a proxy between)" in told.stderr
    assert "quieter time" not in told.stderr
    assert "process_lead" not in activated(told)
    records = [x for x in told.lines if x["type"] == "RECORD" and x["stream"] == "process_lead"]
    assert len(records) == 30


class Dates:
    """Dates answers rightly, but for some of the list endpoint.

    Args:
        now: The right time, epoch seconds.
        date: What it says instead; None for nothing.
        answers: How often.
    """

    def __init__(self, now: float, date: str | None, answers: int) -> None:
        self._now = now
        self._date = date
        self._left = answers

    def __call__(self, request: Request, response: Response) -> Response:
        headers = dict(response.headers) | {"date": formatdate(int(self._now), usegmt=True)}
        if request.path.endswith("/list") and self._left:
            self._left -= 1
            del headers["date"]
            if self._date is not None:
                headers["date"] = self._date
        return replace(response, headers=headers)


YEAR_1970 = "Thu, 01 Jan 1970 00:00:00 GMT"
LAST = "Fri, 31 Dec 9999 23:59:59 -1200"


@pytest.mark.parametrize(
    ("date", "answers", "ahead"),
    [
        (YEAR_2099, 1, 0),
        (YEAR_2099, 1_000, 0),
        (YEAR_2099, 1, 5 * HOUR),
        (YEAR_1970, 1_000, 0),
        (YEAR_1970, 1, -5 * HOUR),
        (LAST, 1, 0),
        (None, 1_000, 5 * HOUR),
        ("tomorrow", 1_000, -5 * HOUR),
        ("Thu, 01 Jan 2099 00:00:00", 1_000, 0),
    ],
)
def test_no_date_makes_the_tap_miss_a_change(
    tmp_path: Path, date: str | None, answers: int, ahead: int
) -> None:
    """25 rows change between two runs, in the first of which the server's clock is strange.

    With `ahead` that of this machine is wrong, too.
    """
    world, right = world_of(60), FakeClock().now()
    args = ["--config", settings_of(tmp_path)]
    first = run_tap(world, args, Dates(right, date, answers), clock=FakeClock(right + ahead))
    assert first.code == 0, first.stderr
    bookmark = states(first)[-1]["bookmarks"]["process_lead"]["replication_key_value"]
    assert bookmark <= iso_ms(int(right * 1000))
    later = right + 6 * HOUR
    world.advance(int(later * 1000))
    changed = set(world.mutate("lead", Mutation(update=25), 5)["updated"])
    args += ["--state", written(tmp_path, "state.json", states(first)[-1])]
    second = run_tap(world, args, clock=FakeClock(later))
    assert second.code == 0, second.stderr
    came = {line["record"]["id"] for line in second.lines if line["type"] == "RECORD"}
    assert changed <= came
    assert second.stderr.count("the earlier one counts") == 0
    if date == YEAR_2099 and not ahead:
        assert first.stderr.count("the earlier one counts") == 1


@pytest.mark.parametrize("where", ["/config", "/list"])
@pytest.mark.parametrize("member", ["_data", "_errors"])
def test_errors_and_rows_by_the_thousand_end_at_once(
    tmp_path: Path, where: str, member: str
) -> None:
    body = b'{"_data":[],"%s":[%s]}' % (member.encode(), b",".join([b"{}"] * 30_000))
    asked = []

    def spoil(request: Request, response: Response) -> Response:
        if not request.path.endswith(where):
            return response
        asked.append(request)
        return replace(response, body=body)

    told = run_tap(world_of(5), ["--config", settings_of(tmp_path)], spoil)
    assert told.code == 5
    assert max(map(len, told.stderr.splitlines())) < 1_000
    if (where, member) == ("/list", "_data"):
        assert "An answer has 30,000 rows, where 100 were asked for" in told.stderr
        assert len(asked) == 1


def test_a_collection_without_ids_costs_a_catalog_nothing(tmp_path: Path) -> None:
    def spoil(request: Request, response: Response) -> Response:
        if not request.path.endswith("/config"):
            return response
        body = json.loads(response.body)
        body["_data"]["pods"] = [{}, {}]
        return replace(response, body=json.dumps(body).encode())

    told = full_table(tmp_path, world_of(5), spoil)
    settings, catalog = (str(tmp_path / name) for name in ("config.json", "c.json"))
    told = run_tap(world_of(5), ["--config", settings, "--catalog", catalog], spoil)
    assert told.code == 0, told.stderr
