"""Jobs and entries as rows: what does not fit its column is kept, also an odd time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from chakra_api.endpoints.client import ChakraClient
from chakra_api.values.times import UTC
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from tap_chakra.job_file import NamedJob
from tap_chakra.lists.job_lists import JobLists
from tests.support.clock import FakeClock
from tests.support.transport import Scripted, answer, data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chakra_api.wire.transport import Response

JOB = NamedJob("j1", {"run": "12", "procedure": "lead", "kind": "create", "sent_at": "soon"})


def listed(*answers: Response, jobs: Sequence[NamedJob] = (JOB,)) -> JobLists:
    clock = FakeClock()
    client = ChakraClient(Scripted(*answers), Pacer(clock), clock, RetryPolicy())
    return JobLists(client, jobs, UTC)


def lists(value: object, **meta: object) -> JobLists:
    return listed(*[data(value, **meta)] * 3)


def test_a_job_has_what_the_file_and_chakra_say_of_it() -> None:
    said = {
        "id": "j1",
        "createdAt": 1_767_225_600_500,
        "startedAt": "today",
        "type": "bulk_api_job",
        "team": "t",
    }
    found = lists(said, bjEntryCompletionStatusVsCount={"SUCCESS": 2, "ERROR": 0}).jobs(None)
    (row,) = found.rows
    assert (row["id"], row["run"], row["procedure"], row["rows"]) == ("j1", 12, "lead", None)
    assert (row["createdAt"], row["startedAt"]) == ("2026-01-01T00:00:00.500Z", None)
    assert (row["sentAt"], row["type"]) == (None, "bulk_api_job")
    assert json.loads(str(row["entryCounts"])) == {"SUCCESS": 2, "ERROR": 0}
    kept = {"team": "t", "startedAt": "today", "sentAt": "soon"}
    assert json.loads(str(row["_extra_data"])) == kept
    assert found.tally.misfits == {"startedAt": 1, "sentAt": 1}


def test_an_entry_without_an_id_has_one_of_its_job_and_place() -> None:
    first = {"status": "SUCCESS", "result": {"id": "p1"}, "input": {"a": 1}, "odd": True}
    second = {"entryId": "e2", "completionStatus": "ERROR", "error": "no", "index": "x"}
    found = lists([first, second], total=3).entries(None)
    one, two = found.rows
    assert (one["id"], one["job"], one["processId"]) == ("j1/0", "j1", "p1")
    assert json.loads(str(one["input"])) == {"a": 1}
    assert json.loads(str(one["_extra_data"])) == {"odd": True}
    assert (two["id"], two["completionStatus"], two["statusMessage"]) == ("e2", "ERROR", "no")
    assert (two["index"], json.loads(str(two["_extra_data"]))) == (None, {"index": "x"})
    assert found.doubts == ["job j1 shows 2 of 3 entries"]


@pytest.mark.parametrize("shown", [data([]), data([{"id": "e1"}]), answer(404, {})])
def test_a_known_job_that_does_not_show_all_its_entries_is_a_doubt(shown: Response) -> None:
    counts = data({"id": "j1"}, bjEntryCompletionStatusVsCount={"SUCCESS": 1, "ERROR": 1})
    found = listed(shown, counts).entries(None)
    there = len(list(found.rows))
    assert found.doubts == [f"job j1 shows {there} of 2 entries"]


def test_a_forgotten_job_has_no_entries_and_is_no_doubt() -> None:
    found = listed(answer(404, {}), answer(404, {})).entries(None)
    assert (list(found.rows), found.doubts) == ([], [])


def test_entries_of_two_jobs_may_have_one_id() -> None:
    pages = [data([{"id": "1"}], total=1), data([{"id": "1"}], total=1)]
    found = listed(*pages, jobs=[NamedJob("j1"), NamedJob("j2")]).entries(None)
    assert [tuple(row[name] for name in found.keys) for row in found.rows] == [
        ("j1", "1"),
        ("j2", "1"),
    ]


def test_an_id_that_is_no_text_is_no_key_and_is_kept() -> None:
    found = lists([{"id": 7}, {"entryId": 0, "index": 1}], total=2).entries(None)
    one, two = found.rows
    assert (one["id"], json.loads(str(one["_extra_data"]))) == ("j1/0", {"entryId": 7})
    assert (two["id"], json.loads(str(two["_extra_data"]))) == ("j1/1", {"entryId": 0})


def test_what_the_file_does_not_say_of_a_job_chakra_may() -> None:
    clock = FakeClock()
    answer = data({"id": "j1", "procedure": "lead", "kind": "of the server"})
    client = ChakraClient(Scripted(answer), Pacer(clock), clock, RetryPolicy())
    named = NamedJob("j1", {"kind": "update"})
    (row,) = JobLists(client, [named], UTC).jobs(None).rows
    assert (row["procedure"], row["kind"], row["run"]) == ("lead", "update", None)
