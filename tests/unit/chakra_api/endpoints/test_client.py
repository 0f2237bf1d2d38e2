"""The client repeats what is safe, never what is not, and says what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from chakra_api.endpoints.answers import EntriesPage, JobEntries, Submitted
from chakra_api.endpoints.client import ChakraClient
from chakra_api.errors import (
    AnswerLost,
    ChakraError,
    JournalError,
    NoFile,
    NotFound,
    NotSent,
    ReportedErrors,
    ServerFault,
    SettingsError,
    Throttled,
    Unreadable,
    WrongKey,
)
from chakra_api.wire.pacing import Pacer
from chakra_api.wire.retry import RetryPolicy
from tests.support.clock import FakeClock
from tests.support.transport import Scripted, answer, data

if TYPE_CHECKING:
    from chakra_api.wire.transport import Response


def client_of(*script: Response | Exception) -> tuple[ChakraClient, Scripted, FakeClock]:
    clock = FakeClock()
    transport = Scripted(*script)
    return ChakraClient(transport, Pacer(clock), clock, RetryPolicy()), transport, clock


@pytest.mark.parametrize(
    "failure",
    [
        NotSent("refused"),
        AnswerLost("reset"),
        answer(500),
        answer(502, b"<html>"),
        answer(503),
        answer(429),
        answer(200, b"garbage"),
        answer(200, {"_data": None, "_errors": ["try again"]}),
    ],
)
def test_a_read_is_repeated_after_whatever_may_pass(failure: Response | Exception) -> None:
    client, transport, _ = client_of(failure, failure, data([]))
    assert client.list_processes("lead", None).rows == []
    assert len(transport.requests) == 3
    assert client.stats.retries == 2


@pytest.mark.parametrize("status", [99, 101, 102, 103, 300, 301, 302, 303, 304, 307, 308, 600])
def test_no_write_is_refused_by_a_status_that_is_no_refusal(status: int) -> None:
    """To be sent on to a page is also how a form that was taken is answered."""
    for write in (
        lambda client: client.create_task("lead", "L-1", "visit", {}),
        lambda client: client.bulk_create("lead", [{"data": {}}]),
        lambda client: client.delete_process("lead", "id"),
    ):
        client, transport, _ = client_of(answer(status, b"", location="https://elsewhere/page"))
        with pytest.raises(AnswerLost):
            write(client)
        assert len(transport.requests) == 1


@pytest.mark.parametrize(
    ("status", "error"), [(204, NoFile), (205, NoFile), (202, Unreadable), (206, Unreadable)]
)
def test_what_is_no_whole_file_is_no_photo(status: int, error: type[ChakraError]) -> None:
    client, _, _ = client_of(*[answer(status, b"a part", content_type="image/png")] * 9)
    with pytest.raises(error, match=str(status)):
        client.photos.fetch("photo")


def test_a_read_that_is_sent_elsewhere_is_a_wrong_address() -> None:
    client, _, _ = client_of(answer(302, b"", location="https://elsewhere/page"))
    with pytest.raises(SettingsError, match="elsewhere"):
        client.config()


@pytest.mark.parametrize("what", ["config", "users"])
def test_what_every_account_has_is_not_found_elsewhere(what: str) -> None:
    client, _, _ = client_of(answer(404))
    with pytest.raises(NotFound, match="with 404") as caught:
        getattr(client, what)()
    assert "api_url" in caught.value.next_step
    assert "api_key" in caught.value.next_step
    assert "shortId" not in str(caught.value)


@pytest.mark.parametrize(("status", "kind"), [(401, WrongKey), (404, NotFound)])
def test_a_refusal_is_never_repeated(status: int, kind: type[ChakraError]) -> None:
    client, transport, _ = client_of(answer(status, {"_errors": ["no"]}))
    with pytest.raises(kind):
        client.config()
    assert len(transport.requests) == 1


def test_a_write_leaves_only_if_it_may_when_its_turn_has_come() -> None:
    client, transport, clock = client_of(answer(429, retry_after="60"), data({}))
    began, asked = clock.now(), list[float]()

    def leaving() -> None:
        asked.append(clock.now() - began)
        if len(asked) > 1:
            raise JournalError("another has it")

    with pytest.raises(JournalError, match="another has it"):
        client.bulk_update("lead", [{"id": "p1"}], leaving)
    assert len(transport.requests) == 1
    assert asked[0] == 0
    assert asked[1] >= 60


@pytest.mark.parametrize("failure", [AnswerLost("reset"), answer(500), answer(200, b"garbage")])
def test_a_create_whose_answer_was_lost_is_never_sent_again(failure: Response | Exception) -> None:
    client, transport, _ = client_of(failure)
    with pytest.raises(AnswerLost):
        client.bulk_create("lead", [{"data": {}}])
    assert len(transport.requests) == 1


@pytest.mark.parametrize("failure", [AnswerLost("reset"), answer(502)])
def test_an_update_or_delete_whose_answer_was_lost_is_read_back_by_the_caller(
    failure: Response | Exception,
) -> None:
    """Somebody else may have changed the process since: sent again, it would undo that."""
    for write in (
        lambda client: client.update_process("lead", "a", {}),
        lambda client: client.update_process_by_key("lead", ("key", "a"), {}),
        lambda client: client.delete_process("lead", "a"),
        lambda client: client.delete_process_by_key("lead", ("key", "a")),
    ):
        client, transport, _ = client_of(failure)
        with pytest.raises(AnswerLost):
            write(client)
        assert len(transport.requests) == 1


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_key_that_would_change_the_path_is_never_sent(value: str) -> None:
    client, transport, _ = client_of()
    with pytest.raises(SettingsError):
        client.delete_process_by_key("lead", ("lead_id", value))
    assert transport.requests == []


@pytest.mark.parametrize("failure", [NotSent("refused"), answer(429, None, retry_after="3")])
def test_a_create_that_certainly_did_nothing_is_sent_again(failure: Response | Exception) -> None:
    client, transport, _ = client_of(failure, data({"id": "job"}))
    assert client.bulk_create("lead", []).job_id == "job"
    assert len(transport.requests) == 2


@pytest.mark.parametrize("header", ["30", "Thu, 05 Nov 2026 10:00:30 GMT"])
def test_retry_after_is_waited_for_to_the_second(header: str) -> None:
    client, _, clock = client_of(answer(429, None, retry_after=header), data([]))
    client.list_processes("lead", None)
    assert clock.monotonic() >= 30
    assert clock.monotonic() < 32


def test_the_last_error_says_what_happened_each_time() -> None:
    client, transport, _ = client_of(answer(502), answer(502), *[AnswerLost("reset")] * 9)
    with pytest.raises(AnswerLost, match=r"6 attempts: 2 x 502, 4 x no answer"):
        client.config()
    assert len(transport.requests) == RetryPolicy().max_attempts


def test_retries_end_with_the_limit_on_time() -> None:
    client, _, clock = client_of(*[answer(429, None, retry_after="100")] * 9)
    with pytest.raises(Throttled):
        client.config()
    assert clock.monotonic() <= RetryPolicy().max_seconds


def test_a_pause_longer_than_the_limit_holds_no_other_call() -> None:
    """Or an hour's Retry-After would keep every thread asleep for that hour."""
    client, transport, clock = client_of(answer(429, None, retry_after="3600"), data([]))
    for _ in range(2):
        with pytest.raises(Throttled, match="3600 s more"):
            client.config()
    assert len(transport.requests) == 1
    assert clock.monotonic() == 0


def test_errors_inside_a_200_end_the_call_after_few_tries() -> None:
    client, transport, _ = client_of(*[answer(200, {"_data": [], "_errors": ["no"]})] * 9)
    with pytest.raises(ReportedErrors):
        client.list_processes("lead", None)
    assert len(transport.requests) == RetryPolicy().max_reported


def test_a_list_request_is_as_documented() -> None:
    client, transport, _ = client_of(data([{"id": "a"}], hasMore=False))
    page = client.list_processes("le/ad", {"city": "goa"}, skip=7, limit=9)
    (request,) = transport.requests
    assert (request.method, request.path) == ("POST", "/v1/ext/procedure/le%2Fad/process/list")
    assert orjson.loads(request.body or b"") == {"where": {"city": "goa"}, "skip": 7, "limit": 9}
    assert (page.rows, page.has_more, page.server_time) == ([{"id": "a"}], False, 1_793_872_800_000)


def test_an_absent_has_more_is_not_a_no() -> None:
    client, _, _ = client_of(data([]))
    assert client.list_processes("lead", None).has_more is None


@pytest.mark.parametrize("rows", [{"id": 1}, ["x"], None, 7])
def test_rows_that_are_none_are_unreadable(rows: object) -> None:
    client, _, _ = client_of(*[data(rows)] * 9)
    with pytest.raises(Unreadable):
        client.list_processes("lead", None)


def test_users_are_paged_where_the_server_does_and_each_comes_once() -> None:
    first, second = data([{"id": 1}, {"id": 2}], hasMore=True), data([{"id": 2}, {"id": 3}])
    client, transport, _ = client_of(first, second)
    assert [user["id"] for user in client.users(version=2).rows] == [1, 2, 3]
    assert [r.path for r in transport.requests] == ["/v2/ext/users", "/v2/ext/users?skip=2"]


def test_the_next_page_of_entries_is_asked_of_our_own_host() -> None:
    path = "/v1/ext/background-job/j/entries"
    first = data([{"id": 1}], total=2, next=f"https://elsewhere.example{path}?skip=1")
    client, transport, _ = client_of(first, data([{"id": 2}], totalCount=2))
    assert client.job_entries_all("j") == JobEntries([{"id": 1}, {"id": 2}], 2)
    assert [request.path for request in transport.requests] == [path, f"{path}?skip=1"]


def test_one_page_of_entries_says_what_follows() -> None:
    path = "/v1/ext/background-job/j/entries?skip=1"
    client, transport, _ = client_of(data([{"id": 1}], total="?", count=2, nextUrl=path))
    assert client.job_entries("j", "/given") == EntriesPage([{"id": 1}], 2, path)
    assert transport.requests[0].path == "/given"


def test_a_job_has_its_counts() -> None:
    counts = {"SUCCESS": 2, "ERROR": 1}
    client, _, _ = client_of(data({"id": "j"}, bjEntryCompletionStatusVsCount=counts))
    status = client.job("j")
    assert (status.counts, status.server_time) == (counts, 1_793_872_800_000)


@pytest.mark.parametrize(("wrapped", "body"), [(False, [{}]), (True, {"processes": [{}]})])
def test_a_bulk_create_is_an_array_or_an_object(wrapped: object, body: object) -> None:
    client, transport, _ = client_of(data({"id": "j"}))
    made = client.bulk_create("lead", [{}], wrapped=bool(wrapped))
    assert orjson.loads(transport.requests[0].body or b"") == body
    assert made == Submitted("j", {"id": "j"}, 1_793_872_800_000)


def test_a_bulk_update_is_submitted_as_an_object() -> None:
    client, transport, _ = client_of(data({"id": 7}))
    assert client.bulk_update("lead", [{"id": "a"}]).job_id == "7"
    assert orjson.loads(transport.requests[0].body or b"") == {"processes": [{"id": "a"}]}


@pytest.mark.parametrize(
    "unnamed",
    [data({}), data(None), data({"id": ""}), data({"id": None}), data({"id": True}), data([])],
)
def test_a_bulk_call_without_a_job_id_may_have_been_applied(unnamed: Response) -> None:
    """Without its id the job is out of sight, but it may run: it counts as an answer lost."""
    client, transport, _ = client_of(unnamed)
    with pytest.raises(AnswerLost, match="bulk create in 'lead' was answered without a job id"):
        client.bulk_create("lead", [{}])
    assert len(transport.requests) == 1


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_empty_answer_to_a_bulk_call_is_an_answer_lost(status: int) -> None:
    for submit in (lambda c: c.bulk_create("lead", [{}]), lambda c: c.bulk_update("lead", [{}])):
        client, transport, _ = client_of(answer(status, b""))
        with pytest.raises(AnswerLost):
            submit(client)
        assert len(transport.requests) == 1


@pytest.mark.parametrize("status", [200, 204])
def test_an_empty_answer_to_a_single_write_is_a_success_without_a_row(status: int) -> None:
    """Q17: the caller reads the process back."""
    for write in (
        lambda client: client.create_process("lead", {}),
        lambda client: client.update_process("lead", "a", {}),
        lambda client: client.update_process_by_key("lead", ("key", "a"), {}),
        lambda client: client.delete_process("lead", "a"),
        lambda client: client.delete_process_by_key("lead", ("key", "a")),
    ):
        client, _, _ = client_of(answer(status, b""))
        assert write(client) == {}


def test_an_empty_answer_to_a_read_is_none() -> None:
    client, transport, _ = client_of(*[answer(200, b"")] * 3, data({"id": "a"}))
    assert client.fetch_process("lead", "a") == {"id": "a"}
    assert len(transport.requests) == 4


@pytest.mark.parametrize("status", [500, 503])
def test_a_fault_of_the_server_keeps_its_status(status: int) -> None:
    client, _, _ = client_of(*[answer(status)] * 9)
    with pytest.raises(ServerFault) as caught:
        client.config()
    assert caught.value.status == status
