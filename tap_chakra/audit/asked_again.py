"""Looks rows up by their ids that stand on one side alone, before anything is said of them.

A listing does not show rows that are deleted; asked for by its id, ChakraHQ may still tell that a
row is, and since when. And what was deleted after the scan had read it is not missing.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from chakra_api.errors import NoAccess, NotFound, Refused
from chakra_api.values.timestamps import parse_timestamp
from tap_chakra.audit.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Executor

    from tap_chakra.audit.verdicts import Bounds, RowVerdict

    Row = Mapping[str, object]

MOST: Final = 1_000
"""Rows that are looked up: with more, something is wrong that no deletion explains."""
_AT_ONCE: Final = 64
_DELETED: Final = "deleted since the audit began"
_ONE_SIDED: Final = (Verdict.MISSING, Verdict.EXTRA)


class AskAgain:
    """Looks rows up by their ids.

    Args:
        fetch: The process of an id, as it came.
        executor: Runs the requests.
        bounds: Which rows are judged.

    Attributes:
        asked: Rows that were looked up.
        left: Rows that were not, because there were too many.
    """

    def __init__(self, fetch: Callable[[str], Row], executor: Executor, bounds: Bounds) -> None:
        self._fetch = fetch
        self._executor = executor
        self._bounds = bounds
        self.asked = self.left = 0

    def __call__(self, found: Iterable[RowVerdict]) -> Iterator[RowVerdict]:
        """The findings, those of one side alone looked up again.

        Raises:
            ChakraError: ChakraHQ could not be asked.
        """
        ahead = iter(found)
        while some := list(islice(ahead, _AT_ONCE)):
            yield from self._executor.map(self._again, some)

    def _again(self, found: RowVerdict) -> RowVerdict:
        if found.verdict not in _ONE_SIDED:
            return found
        if self.asked >= MOST:
            self.left += 1
            return found
        self.asked += 1
        try:
            row = self._fetch(found.id)
        except NotFound:
            row = {}
        except (NoAccess, Refused) as refusal:
            return replace(found, note=f"asked for by its id: {refusal.brief}")
        return _judged(found, row, self._bounds)


def _judged(found: RowVerdict, row: Row, bounds: Bounds) -> RowVerdict:
    is_gone = not row.get("id")
    is_there = not is_gone and row.get("isDeleted") is not True
    times = [parse_timestamp(row.get(name)) for name in ("deletedAt", "updatedAt", "createdAt")]
    since = bounds.is_meanwhile(*times)
    if found.verdict is Verdict.MISSING:
        # The scan has seen it: what is gone by now went behind it.
        deleted = is_gone or (since and not is_there)
        return replace(found, verdict=Verdict.MEANWHILE, note=_DELETED) if deleted else found
    if since:
        note = "" if is_there else _DELETED
        return replace(found, verdict=Verdict.MEANWHILE, updated_here=times[1], note=note)
    return replace(found, verdict=Verdict.UNLISTED, updated_here=times[1]) if is_there else found
