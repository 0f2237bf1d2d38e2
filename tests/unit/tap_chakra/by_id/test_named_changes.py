"""What change webhooks name is fetched before a scan, and nothing else of the state follows.

The real command in this process, on a clock that jumps. Its runs read new leads alone
(`change_detection: created`): what changes of an older one is brought by its webhook, or not at
all.
"""

from __future__ import annotations

import copy
import json
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from chakra_api.exit_codes import ExitCode
from chakra_api.values.timestamps import iso_ms
from chakra_sandbox.writes.changes import Mutation
from tap_chakra.webhooks.event_store import EventStore
from tap_chakra.webhooks.inbound import change_event
from tests.support.clock import FakeClock
from tests.support.in_process import KEY, run_tap, world_of, written
from tests.support.tap_process import Output

if TYPE_CHECKING:
    from pathlib import Path

    from chakra_api.wire.transport import Request, Response
    from tests.support.in_process import Spoil

LEADS, TICKETS = "process_lead", "process_ticket"
NOBODY = "00000000-0000-4000-8000-000000000000"
MINUTE = 60_000


class Pipeline:
    """Runs of the tap a minute apart, and what becomes of the account in between."""

    def __init__(self, folder: Path, *streams: str, **more: Any) -> None:
        self.world = world_of(60)
        self.folder = folder
        self.store = folder / "events.db"
        self.config = {
            "api_key": KEY,
            "api_url": "https://x.test",
            "change_detection": "created",
            "lookback_seconds": 0,
            "webhook_store": str(self.store),
            "webhook_fetch_changed": True,
            **more,
        }
        self.streams = streams or (LEADS,)
        self.state: dict[str, Any] = {}
        self._now = int(FakeClock().now() * 1000)
        settings = written(folder, "config.json", self.config)
        self._catalog = json.loads(run_tap(self.world, ["--config", settings, "--discover"]).stdout)

    def change(self, **counts: int) -> dict[str, list[str]]:
        """Leads that change, half a minute before the next run."""
        self.world.advance(self._now - MINUTE // 2)
        return self.world.mutate("lead", Mutation(**counts), self._now)

    def call(self, *ids: str, procedure: str = "lead") -> None:
        """What the listener keeps of a call for each of these."""
        with closing(EventStore(str(self.store), FakeClock(), makes=True)) as store:
            for each in ids:
                body = json.dumps({"procedure": procedure, "id": each}).encode()
                store.add(1, [change_event(body, store.highest())])

    def run(
        self, spoil: Spoil | None = None, *, method: str = "INCREMENTAL", **more: Any
    ) -> Output:
        """A run that goes on where the last one ended whose state was taken."""
        self._now += MINUTE
        catalog = copy.deepcopy(self._catalog)
        for stream in catalog["streams"]:
            if stream["tap_stream_id"] in self.streams:
                stream["replication_method"] = method
            for entry in stream["metadata"]:
                if not entry["breadcrumb"]:
                    entry["metadata"]["selected"] = stream["tap_stream_id"] in self.streams
        files = {"config": self.config | more, "catalog": catalog, "state": self.state}
        args = [f"--{name}={written(self.folder, name, each)}" for name, each in files.items()]
        self.world.advance(self._now)
        told = run_tap(self.world, args, spoil, clock=FakeClock(self._now / 1000))
        return Output(told.code, told.lines, told.stderr)

    def go_on(self, spoil: Spoil | None = None, **more: Any) -> Output:
        """A run whose state is taken."""
        found = self.run(spoil, **more)
        assert found.code == 0, found.stderr
        self.state = found.states[-1]
        return found


def mark(state: dict[str, Any], stream: str = LEADS) -> int:
    held = state["bookmarks"][stream].get("change_webhooks", {"sequence": 0})
    return int(held["sequence"])


def of_scans(state: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in state["bookmarks"][LEADS].items() if k != "change_webhooks"}


def test_each_comes_once_and_the_bookmark_of_scans_is_as_without(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    pipeline.call(NOBODY)
    pipeline.go_on()
    ids = pipeline.change(update=3)["updated"]
    pipeline.call(*ids, ids[0].upper())
    without, found = (pipeline.run(webhook_fetch_changed=on) for on in (False, True))
    assert without.ids(LEADS) == []
    assert sorted(found.ids(LEADS)) == sorted(ids)
    assert mark(found.states[-1]) == mark(pipeline.state) + 4 == 5
    one, other = (of_scans(each.states[-1]) for each in (without, found))
    assert other.pop("last_narrow_scan").keys() == one.pop("last_narrow_scan").keys()
    assert other == one
    pipeline.state = found.states[-1]
    assert pipeline.go_on().ids(LEADS) == []
    assert mark(pipeline.state) == 5


def test_the_mark_is_never_ahead_of_its_records_and_a_lost_state_fetches_again(
    tmp_path: Path,
) -> None:
    pipeline = Pipeline(tmp_path)
    pipeline.go_on()
    ids = pipeline.change(update=5, insert=150)["updated"]
    pipeline.call(*ids)
    lost = pipeline.run()  # its loader takes nothing
    seen: set[str] = set()
    marks = []
    for line in lost.lines:
        if line["type"] == "RECORD":
            seen.add(line["record"]["id"])
        elif line["type"] == "STATE":
            marks.append(mark(line["value"]))
            assert not marks[-1] or seen.issuperset(ids)
    assert marks[-1] == len(ids)
    again = pipeline.go_on()
    assert set(again.ids(LEADS)) >= set(ids)


def test_a_loader_has_them_before_a_long_scan_ends(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path, change_detection="scan", start_date="2020-01-01")
    pipeline.go_on()
    pipeline.change(insert=400)
    (named,) = pipeline.change(update=1)["updated"]
    pipeline.call(named)
    kinds = [
        "STATE" if line["type"] == "STATE" else line["record"]["id"]
        for line in pipeline.run().lines
        if line["type"] in ("RECORD", "STATE")
    ]
    first = kinds.index("STATE", 1)
    assert kinds[1] == named
    assert len(kinds[first:]) > 100


def test_where_they_can_not_be_fetched_the_mark_stays_and_the_scan_counts(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    pipeline.go_on()
    ids = pipeline.change(update=2)["updated"]
    pipeline.call(*ids)
    pipeline.world.change_knobs({"array_filter": "find_nothing"})

    def garbled(request: Request, response: Response) -> Response:
        is_one = request.method == "GET" and "process" in request.path
        return replace(response, body=b'{"_data": {"id') if is_one else response

    (new,) = pipeline.change(insert=1)["inserted"]
    before = of_scans(pipeline.state)
    broken = pipeline.go_on(garbled)
    assert broken.ids(LEADS) == [new]
    assert "the next run tries again" in broken.stderr
    assert mark(pipeline.state) == 0
    assert of_scans(pipeline.state) != before
    assert sorted(pipeline.go_on().ids(LEADS)) == sorted(ids)
    assert mark(pipeline.state) == 2


def test_where_nothing_is_answered_any_more_the_run_ends(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    pipeline.go_on()
    pipeline.call(*pipeline.change(update=2)["updated"])
    pipeline.world.change_knobs({"array_filter": "find_nothing"})

    def no_key(request: Request, response: Response) -> Response:
        is_one = request.method == "GET" and "process" in request.path
        return replace(response, status=401, body=b"{}") if is_one else response

    assert pipeline.run(no_key).code == ExitCode.NO_ACCESS


@pytest.mark.parametrize("missing", ["404", "200_with_errors", "200_empty"])
def test_who_is_gone_is_left_alone_and_what_settings_leave_out_stays_out(
    tmp_path: Path, missing: str
) -> None:
    pipeline = Pipeline(tmp_path)
    pipeline.world.change_knobs({"missing_row": missing})
    pipeline.go_on()
    ids = pipeline.change(update=2)["updated"]
    pipeline.call(*ids, NOBODY)
    pipeline.call(ids[0], procedure="of_nobody")
    rows = map(json.loads, pipeline.world.oracle("lead"))
    born = {row["row"]["id"]: row["born_ms"] for row in rows}
    early, late = sorted(ids, key=lambda each: born[each])
    found = pipeline.go_on(created_after=iso_ms(born[late]))
    assert late in found.ids(LEADS)
    assert early not in found.ids(LEADS)
    assert f"1 of 3 named processes: {NOBODY} (" in found.stderr
    assert mark(pipeline.state) == 4


def test_a_run_in_full_reads_all_by_itself_and_leaves_the_mark(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    pipeline.call(NOBODY)
    pipeline.go_on()
    pipeline.call(*pipeline.change(update=1)["updated"])
    found = pipeline.go_on(method="FULL_TABLE")
    assert len(found.ids(LEADS)) == len(set(found.ids(LEADS))) == 60
    assert mark(pipeline.state) == 1


def test_named_processes_are_read_alone_and_leave_the_mark(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    pipeline.go_on()
    one, other = pipeline.change(update=2)["updated"]
    pipeline.call(one)
    found = pipeline.go_on(process_ids={"lead": [other]})
    assert (found.ids(LEADS), mark(pipeline.state)) == ([other], 0)


def test_what_is_deleted_goes_out_as_deleted_and_is_no_id_of_the_scan(tmp_path: Path) -> None:
    more = {"emit_scan_ids": True, "change_detection": "scan"}
    pipeline = Pipeline(tmp_path, LEADS, "scanned_ids", "complete_scans", **more)
    pipeline.world.change_knobs({"delete_mode": "soft_hidden"})
    (gone,) = pipeline.change(delete=1)["deleted"]
    pipeline.call(gone)
    found = pipeline.go_on()
    assert [row["isDeleted"] for row in found.records[LEADS] if row["id"] == gone] == [True]
    seen = [row["id"] for row in found.records["scanned_ids"]]
    assert gone not in seen
    assert [scan["rows"] for scan in found.records["complete_scans"]] == [len(seen)]


def test_files_of_a_batch_hold_them(tmp_path: Path) -> None:
    config = {
        "encoding": {"format": "jsonl", "compression": "none"},
        "storage": {"root": tmp_path.as_uri(), "prefix": "rows-"},
    }
    pipeline = Pipeline(tmp_path, batch_config=config)
    pipeline.go_on()
    for path in tmp_path.glob("rows-*"):
        path.unlink()
    ids = pipeline.change(update=2)["updated"]
    pipeline.call(*ids)
    pipeline.go_on()
    rows = [json.loads(x) for p in tmp_path.glob("rows-*") for x in p.read_text().splitlines()]
    assert sorted(row["id"] for row in rows) == sorted(ids)
    assert mark(pipeline.state) == 2


def test_where_users_can_not_be_listed_the_mark_stays(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    pipeline.go_on()
    ids = pipeline.change(update=1)["updated"]
    pipeline.call(*ids)

    def no_users(request: Request, response: Response) -> Response:
        return replace(response, status=502) if "/users" in request.path else response

    doubted = pipeline.run(no_users)
    assert (doubted.code, doubted.ids(LEADS)) == (ExitCode.INCOMPLETE, ids)
    assert mark(doubted.states[-1]) == 0


def test_a_store_that_is_not_there_or_another_costs_no_run(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path, LEADS, TICKETS)
    before = pipeline.go_on()
    assert before.stderr.count("There is no event store") == 1
    assert "change_webhooks" not in pipeline.state["bookmarks"][LEADS]
    pipeline.call(*pipeline.change(update=2)["updated"])
    pipeline.go_on()
    assert mark(pipeline.state) == mark(pipeline.state, TICKETS) == 2
    for path in tmp_path.glob("events.db*"):
        path.unlink()
    (one,) = pipeline.change(update=1)["updated"]
    with closing(EventStore(str(pipeline.store), FakeClock(chance=0.25), makes=True)):
        pipeline.call(one)
    found = pipeline.go_on()
    assert (found.ids(LEADS), mark(pipeline.state)) == ([one], 1)
    assert "another store than before" in found.stderr


@pytest.mark.parametrize("odd", [7, [], "x", {"sequence": "x"}, {"sequence": True}])
def test_a_state_of_somebody_else_fails_the_stream(tmp_path: Path, odd: object) -> None:
    pipeline = Pipeline(tmp_path)
    pipeline.state = {"bookmarks": {LEADS: {"change_webhooks": odd}}}
    refused = pipeline.run()
    assert refused.code == ExitCode.SETTINGS
    assert "never wrote" in refused.stderr


def test_the_setting_wants_a_store(tmp_path: Path) -> None:
    refused = Pipeline(tmp_path).run(webhook_store="")
    assert refused.code == ExitCode.SETTINGS
    assert "webhook_store names no place" in refused.stderr
