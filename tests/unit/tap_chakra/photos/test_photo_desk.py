"""The desk of photos: each fetched once at a time, so many at a time, and what fails a while."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chakra_api.errors import (
    AnswerTooLarge,
    ChakraError,
    NoAccess,
    NoFile,
    NotFound,
    NotSent,
    OutputFault,
    ReportedErrors,
    ServerFault,
    Unreadable,
    WrongKey,
)
from tap_chakra.photos.named_photos import NamedPhoto, PhotoAttributes
from tap_chakra.photos.photo_desk import (
    MOST_IN_A_ROW,
    MOST_LOST,
    PhotoDesk,
    PhotoThreads,
    most_at_a_time,
)
from tap_chakra.photos.photo_records import KeptPhoto
from tap_chakra.photos.photo_run import LOST, PhotoRun

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1 << 20
LATER = ServerFault("502 came", status=502)


class Host:
    """Has every photo but those that fail; counts."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.fails: dict[str, ChakraError] = {}
        self.asked: Counter[str] = Counter()
        self.at_once = self.most_at_once = 0
        self._seconds = seconds
        self._lock = threading.Lock()

    def __call__(self, photo_id: str) -> KeptPhoto:
        with self._lock:
            self.asked[photo_id] += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(self._seconds)
        with self._lock:
            self.at_once -= 1
        if photo_id in self.fails:
            raise self.fails[photo_id]
        return KeptPhoto(f"photos/{photo_id}", 1, "ab", "image/png", "then")


@pytest.fixture(scope="module")
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as made:
        yield made


def desk(host: Host, executor: ThreadPoolExecutor, most: int = 4, *, answers: bool = True) -> Any:
    return PhotoDesk(host, PhotoThreads(executor, most, lambda: answers))


def named(photo_id: str, attribute: str = "front", process: str = "p") -> NamedPhoto:
    return NamedPhoto(photo_id, "ticket", process, attribute)


@given(ids=st.lists(st.sampled_from("abcdefgh"), max_size=40), most=st.integers(1, 6))
def test_each_that_is_noted_has_a_record(
    executor: ThreadPoolExecutor, ids: list[str], most: int
) -> None:
    host = Host()
    host.fails = {"a": NotFound("gone", status=404), "b": LATER}
    made = desk(host, executor, most)
    noted = [named(each, process=str(number)) for number, each in enumerate(ids)]
    try:
        records = [*made.note(noted), *made.finish()]
    except ServerFault:
        assert ids.count("b") >= MOST_IN_A_ROW
        return
    assert Counter((r["id"], r["process"]) for r in records) == Counter(
        (each.photo_id, each.process) for each in noted
    )
    assert {r["id"] for r in records if r["path"] is None} <= {"a", "b"}
    assert all((r["path"] is None) == (r["reason"] is not None) for r in records)
    assert sorted(each.process for each in made.lost) == sorted(
        str(number) for number, each in enumerate(ids) if each == "b"
    )
    assert (made.asked, made.without) == (len(ids), ids.count("a") + ids.count("b"))
    assert made.finish() == []


def test_a_photo_that_two_attributes_name_is_fetched_once(executor: ThreadPoolExecutor) -> None:
    host = Host(0.05)
    made = desk(host, executor)
    made.note([named("a", "front"), named("a", "back"), named("a", "front", "q")])
    records = made.finish()
    assert host.asked == {"a": 1}
    assert [(r["attribute"], r["process"], r["path"]) for r in records] == [
        ("front", "p", "photos/a"), ("back", "p", "photos/a"), ("front", "q", "photos/a"),
    ]  # fmt: skip


@pytest.mark.parametrize("most", [1, 3])
def test_no_more_are_fetched_at_a_time_than_memory_allows(
    executor: ThreadPoolExecutor, most: int
) -> None:
    host = Host(0.01)
    made = desk(host, executor, most)
    made.note(named(str(number)) for number in range(20))
    made.finish()
    assert host.most_at_once == most


@pytest.mark.parametrize(
    ("most_bytes", "concurrency", "most"),
    [(32 * MIB, 64, 8), (MIB, 64, 64), (1, 1, 1), (1024 * MIB, 64, 1), (256 * MIB, 64, 1)],
)
def test_larger_photos_are_fetched_fewer_at_a_time(
    most_bytes: int, concurrency: int, most: int
) -> None:
    assert most_at_a_time(most_bytes, concurrency) == most


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NotFound("no such photo", status=404), "404: no such photo"),
        (NoAccess("the role may not", status=403), "403: the role may not"),
        (NoFile("no address of it"), "no file: no address of it"),
        (AnswerTooLarge("large"), "larger than max_bytes"),
        (ReportedErrors("it said no"), "errors in the answer: it said no"),
    ],
)
def test_what_is_refused_for_good_is_a_record_with_its_reason(
    executor: ThreadPoolExecutor, error: ChakraError, reason: str
) -> None:
    host = Host()
    host.fails = {"a": error}
    made = desk(host, executor, answers=False)
    made.note([named("a")])
    (record,) = made.finish()
    assert (record["path"], record["bytes"], record["reason"]) == (None, None, reason)
    assert made.lost == []


@pytest.mark.parametrize(
    "error", [LATER, NotSent("no way"), Unreadable("a page")], ids=lambda each: each.brief
)
def test_what_fails_for_a_while_is_lost_and_not_forgotten(
    executor: ThreadPoolExecutor, error: ChakraError
) -> None:
    host = Host()
    host.fails = {"a": error}
    made = desk(host, executor)
    made.note([named("a"), named("b")])
    records = {r["id"]: r["reason"] for r in made.finish()}
    assert records == {"a": f"{error.brief}: {error.cause}", "b": None}
    assert made.lost == [named("a")]
    other = desk(host, executor, answers=False)  # nothing else is answered either
    other.note([named("a")])
    with pytest.raises(type(error)):
        other.finish()


@pytest.mark.parametrize("error", [WrongKey("no key", status=401), OutputFault("full")])
def test_what_concerns_all_of_them_ends_the_run(
    executor: ThreadPoolExecutor, error: ChakraError
) -> None:
    host = Host()
    host.fails = {"a": error}
    made = desk(host, executor)
    made.note([named("a")])
    with pytest.raises(type(error)):
        made.finish()


def test_many_lost_in_a_row_end_it_and_others_between_do_not(executor: ThreadPoolExecutor) -> None:
    host = Host()
    host.fails = {f"x{number}": LATER for number in range(MOST_LOST + 1)}
    made = desk(host, executor, 1)
    for number in range(MOST_LOST):
        made.note([named(f"x{number}"), named(f"y{number}")])
    made.finish()
    assert len(made.lost) == MOST_LOST
    made.note([named(f"x{MOST_LOST}")])
    with pytest.raises(ServerFault):
        made.finish()
    other = desk(host, executor, 1)
    with pytest.raises(ServerFault):
        other.note(named(f"x{number}") for number in range(MOST_IN_A_ROW + 1))
    assert len(other.lost) == MOST_IN_A_ROW


ATTRIBUTES = PhotoAttributes("ticket", (("data", "front"),))


def run_of(host: Host, executor: ThreadPoolExecutor) -> PhotoRun:
    return PhotoRun(ATTRIBUTES, desk(host, executor))


def test_what_is_lost_is_asked_for_again_until_it_is_there(executor: ThreadPoolExecutor) -> None:
    host, state = Host(), dict[str, object](scan={"kept": True})
    host.fails = {"a": LATER}
    first = run_of(host, executor)
    first.begin(state)
    first.note([{"id": "p", "data": {"front": "a"}}, {"id": "q", "data": {"front": "b"}}])
    first.finish()
    first.keep(state)
    assert state == {"scan": {"kept": True}, LOST: [["p", "front", "a"]]}
    assert first.is_short
    assert first.line == "1 of 2 photos are there; 1 were lost and the next run asks for them again"
    second = run_of(host, executor)
    second.begin(state)
    assert [r["reason"] for r in second.finish()] == ["502: 502 came"]
    second.keep(state)
    assert state[LOST] == [["p", "front", "a"]]
    host.fails = {}
    third = run_of(host, executor)
    third.begin(state)
    assert [(r["process"], r["path"]) for r in third.finish()] == [("p", "photos/a")]
    third.keep(state)
    assert state == {"scan": {"kept": True}}
    assert third.line == "1 of 1 photos are there"


def test_what_is_asked_for_again_has_one_record_also_where_its_row_comes(
    executor: ThreadPoolExecutor,
) -> None:
    host = Host()
    run = run_of(host, executor)
    records = run.begin({LOST: [["p", "front", "a"]]})
    records += run.finish()
    records += run.note([{"id": "p", "data": {"front": "a"}}, {"id": "q", "data": {"front": "a"}}])
    records += run.finish()
    assert [(each["process"], each["path"]) for each in records] == [
        ("p", "photos/a"),
        ("q", "photos/a"),
    ]


@pytest.mark.parametrize(
    "lost",
    [None, "a", {"a": 1}, [["p", "front"]], [["p", "front", 5]], [5], [["p", "hidden", "a"]]],
)
def test_what_state_names_otherwise_or_is_hidden_by_now_is_not_asked_for(
    executor: ThreadPoolExecutor, lost: object
) -> None:
    host = Host()
    run = run_of(host, executor)
    run.begin({LOST: lost})
    assert run.finish() == []
    assert not host.asked
