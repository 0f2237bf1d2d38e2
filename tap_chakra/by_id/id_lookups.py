"""Looks processes up by their ids: a hundred by an array, and one by one what no array finds.

Nothing has to be proven before an array is believed here: a row that comes was asked for or is
dropped, and what does not come is fetched by its id, which alone says that it is not there. So a
server that ignores array filters, or heeds a part of one, costs requests and no row; and a process
that is deleted, which no list shows, is found, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from chakra_api.endpoints.array_filters import PAGE
from chakra_api.endpoints.where import any_of
from chakra_api.errors import BadRequest, NotFound, Refused, ReportedErrors, WrongKey
from tap_chakra.reading.window_reader import row_id
from tap_chakra.scanning.scan_reading import Reading, gathered, placed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor

    from chakra_api.endpoints.client import Row
    from tap_chakra.reading.window_reader import Lister

METHOD: Final = "id"
"""How a reading of these says that it was read."""
_ARRAYS_AT_ONCE: Final = 8
_FETCHES_AT_ONCE: Final = 64


@dataclass(frozen=True, slots=True)
class NotThere:
    """A named process that can't be had.

    Attributes:
        id: As it was named.
        why: In two or three words.
    """

    id: str
    why: str


@dataclass(frozen=True, slots=True)
class _Found:
    """What arrays brought of some ids.

    Attributes:
        readings: The rows.
        left: The ids that no row came for.
        is_heeded: Whether nothing came that was not asked for, and the filter was not refused.
    """

    readings: tuple[Reading, ...]
    left: tuple[str, ...]
    is_heeded: bool


class IdLookups:
    """Looks up the processes of one procedure.

    Args:
        lister: Lists them.
        fetch: The process of an id, as it came.
        executor: Runs the requests.

    Attributes:
        absent: Named processes that can't be had, as far as the look-ups are.
    """

    def __init__(self, lister: Lister, fetch: Callable[[str], Row], executor: Executor) -> None:
        self._lister = lister
        self._fetch = fetch
        self._executor = executor
        self._takes_arrays = True
        self.absent: list[NotThere] = []

    def readings(self, ids: Sequence[str]) -> Iterator[Reading]:
        """The rows of these processes, each once.

        Args:
            ids: Each once.

        Raises:
            ChakraError: ChakraHQ could not be asked.
        """
        parts = (ids[at : at + PAGE] for at in range(0, len(ids), PAGE))
        while some := list(islice(parts, _ARRAYS_AT_ONCE)):
            left: list[str] = []
            asked = self._executor.map(self._by_array, some) if self._takes_arrays else ()
            for answered in asked:
                yield from answered.readings
                left += answered.left
                self._takes_arrays = self._takes_arrays and answered.is_heeded
            if not asked:
                left = [each for part in some for each in part]
            yield from self._singly(left)

    def _by_array(self, ids: Sequence[str]) -> _Found:
        """Ask for an array of ids, and again for the rest while some come: rows may be large."""
        left, readings = {each.casefold(): each for each in ids}, list[Reading]()
        while left:
            try:
                page = self._lister(any_of("id", left.values()))
            except (BadRequest, ReportedErrors):
                return _Found(tuple(readings), tuple(left.values()), is_heeded=False)
            wanted = [row_id(row).casefold() for row in page.rows]
            came = {each: at for at, each in enumerate(wanted) if each in left}
            is_heeded = len(came) == len(page.rows)
            if came:
                readings.append(placed(page, tuple(came.values()), method=METHOD))
            for each in came:
                del left[each]
            if not is_heeded or not came or page.has_more is False:
                return _Found(tuple(readings), tuple(left.values()), is_heeded=is_heeded)
        return _Found(tuple(readings), (), is_heeded=True)

    def _singly(self, ids: Sequence[str]) -> Iterator[Reading]:
        ahead = iter(ids)
        while some := list(islice(ahead, _FETCHES_AT_ONCE)):
            found = list(self._executor.map(self._by_id, some))
            self.absent += (each for each in found if isinstance(each, NotThere))
            rows = [each for each in found if not isinstance(each, NotThere)]
            if rows:
                yield gathered(rows, method=METHOD)

    def _by_id(self, process_id: str) -> Row | NotThere:
        try:
            row = self._fetch(process_id)
        except WrongKey:
            raise
        except NotFound:
            return NotThere(process_id, "not there")
        except (Refused, ReportedErrors) as refusal:  # some say so that there is none (Q19)
            return NotThere(process_id, f"refused with {refusal.brief}")
        if row_id(row).casefold() != process_id.casefold():
            return NotThere(process_id, "not there")
        return row
