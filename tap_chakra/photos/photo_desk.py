"""Has photos fetched by many threads while rows are read, and gives their records out.

One thread notes what rows name and takes the records; a photo that several attributes name at a
time is fetched once. What can't be had is a record with its reason; what may be had later is lost
besides, for a while, and a later run asks for it again.
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from chakra_api.errors import (
    AnswerLost,
    AnswerTooLarge,
    ChakraError,
    NotSent,
    Refused,
    ReportedErrors,
    Throttled,
    WrongKey,
)
from chakra_api.values.timestamps import iso_ms
from tap_chakra.photos.photo_records import photo_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Executor, Future

    from chakra_api.endpoints.photos import FetchedPhoto
    from tap_chakra.photos.kept_photos import KeptPhotos
    from tap_chakra.photos.named_photos import NamedPhoto
    from tap_chakra.photos.photo_records import KeptPhoto

    Row = dict[str, object]

BYTES_AT_A_TIME: Final = 256 << 20
"""Bytes of photos that are in memory at a time, at the most, unless a single one is larger."""
MOST_IN_A_ROW: Final = 10
"""Photos lost one after another at which no more are asked for."""
MOST_LOST: Final = 1_000
"""Photos of a procedure that are lost at which no more are asked for: STATE names each."""
_FOR_A_WHILE: Final = (NotSent, AnswerLost, Throttled)


def most_at_a_time(most_bytes: int, concurrency: int) -> int:
    """How many photos are fetched at a time.

    Args:
        most_bytes: How large each may be.
        concurrency: Requests under way at a time, at the most.
    """
    return max(1, min(concurrency, BYTES_AT_A_TIME // most_bytes))


class PhotoFetch:
    """Has a photo's file: the one that is kept, or else fetched. Safe for many threads.

    Args:
        fetch: Fetches one.
        kept: Keeps them.
        now: Seconds since the epoch.
    """

    def __init__(
        self,
        fetch: Callable[[str], FetchedPhoto],
        kept: KeptPhotos,
        now: Callable[[], float],
    ) -> None:
        self._fetch = fetch
        self._kept = kept
        self._now = now

    def __call__(self, photo_id: str) -> KeptPhoto:
        """The photo's file, kept.

        Raises:
            ChakraError: It can't be had, or not be kept.
        """
        held = self._kept.held(photo_id)
        if held is not None:
            return held
        photo = self._fetch(photo_id)
        return self._kept.keep(photo_id, photo, iso_ms(int(self._now() * 1000)))


@dataclass(frozen=True, slots=True)
class PhotoThreads:
    """Who fetches.

    Attributes:
        executor: Runs them.
        most: Photos at a time.
        answers: Whether ChakraHQ still answers what every run asks for first.
    """

    executor: Executor
    most: int
    answers: Callable[[], bool]


class PhotoDesk:
    """Notes photos, and has their records once they were fetched.

    Args:
        fetches: Has a photo's file, on a thread.
        threads: Who fetches.

    Attributes:
        asked: Attributes of processes whose photos were taken.
        without: How many of them have no file.
        lost: Those that could not be had for a while.
    """

    def __init__(self, fetches: Callable[[str], KeptPhoto], threads: PhotoThreads) -> None:
        self._fetches = fetches
        self._threads = threads
        self._under_way: dict[Future[KeptPhoto], list[NamedPhoto]] = {}
        self._asked: dict[str, Future[KeptPhoto]] = {}
        self._records: list[Row] = []
        self.asked = self.without = 0
        self.lost: list[NamedPhoto] = []
        self._lost_in_a_row = 0

    def note(self, named: Iterable[NamedPhoto]) -> list[Row]:
        """Have photos fetched, while others are.

        Returns:
            The records that there are by now.

        Raises:
            ChakraError: Something concerns more than one photo.
        """
        for each in named:
            asked = self._asked.get(each.photo_id)
            if asked is not None:
                self._under_way[asked].append(each)
                continue
            while len(self._under_way) >= self._threads.most:
                self._take_some()
            future = self._threads.executor.submit(self._fetches, each.photo_id)
            self._asked[each.photo_id] = future
            self._under_way[future] = [each]
        return self._taken()

    def finish(self) -> list[Row]:
        """Wait for all that was noted; the records that there are then.

        Raises:
            ChakraError: Something concerns more than one photo.
        """
        while self._under_way:
            self._take_some()
        return self._taken()

    def _taken(self) -> list[Row]:
        records, self._records = self._records, []
        return records

    def _take_some(self) -> None:
        """Wait until a photo is there or can't be had, and make the records."""
        for future in wait(self._under_way, return_when=FIRST_COMPLETED).done:
            named = self._under_way.pop(future)
            del self._asked[named[0].photo_id]
            kept, reason = self._outcome(future, named)
            self.asked += len(named)
            self.without += 0 if kept else len(named)
            self._records += [photo_record(each, kept, reason) for each in named]

    def _outcome(
        self, future: Future[KeptPhoto], named: list[NamedPhoto]
    ) -> tuple[KeptPhoto | None, str]:
        """A photo's file, or the reason why it can't be had."""
        try:
            found: tuple[KeptPhoto | None, str] = future.result(), ""
        except AnswerTooLarge:
            found = None, "larger than max_bytes"
        except WrongKey:
            raise
        except (Refused, ReportedErrors) as refusal:
            found = None, f"{refusal.brief}: {refusal.cause}"
        except _FOR_A_WHILE as error:
            self._lose(error, named)
            return None, f"{error.brief}: {error.cause}"
        self._lost_in_a_row = 0
        return found

    def _lose(self, error: ChakraError, named: list[NamedPhoto]) -> None:
        """Keep what names a photo that may be had later.

        Raises:
            ChakraError: Nothing else is answered either, or too many photos are lost.
        """
        self._lost_in_a_row += 1
        self.lost += named
        many = self._lost_in_a_row >= MOST_IN_A_ROW or len(self.lost) > MOST_LOST
        if many or not self._threads.answers():
            raise error
