"""Judges what runs of the tap printed, by the server's own record of its rows alone.

Shares no code with the tap. A row that lived through a scan, as it was when the scan began, must
have been printed before any line that says so: a bookmark, a range of a scan that was cut off, an
ACTIVATE_VERSION. Printed means: in a whole line of some run so far, as new as it was then.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.campaigns.verdicts import doubled, lost, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chakra_sandbox.launch import OracleRow
    from tests.campaigns.verdicts import Fault

    Line = dict[str, Any]

STREAM = "process_lead"
PAGE = 100
ENDS = 20
"""Rows at the end of what was walked, by which a run that goes on knows it again."""


@dataclass(frozen=True)
class Run:
    """One run of the tap.

    Attributes:
        lines: The whole lines that it printed.
        ended_ms: When the server got its last request.
        state: What it was given to go on from.
    """

    lines: Sequence[Line]
    ended_ms: int
    state: Line = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        """Ids of the rows printed, in order."""
        return [line["record"]["id"] for line in self.lines if _is_row(line)]


@dataclass
class Printed:
    """What all runs have printed so far.

    Attributes:
        newest: By id, the newest `updatedAt` printed.
        of_version: The ids printed with a version.
    """

    newest: dict[str, int] = field(default_factory=dict)
    of_version: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, line: Line) -> None:
        """A RECORD was printed."""
        record = line["record"]
        updated = milliseconds(record["updatedAt"])
        self.newest[record["id"]] = max(updated, self.newest.get(record["id"], 0))
        if "version" in line:
            self.of_version[line["version"]].add(record["id"])


class Judge:
    """Goes through the runs line by line.

    Args:
        rows: Every row that ever was.
        threads: Windows that the tap read at a time.
        finest_ms: How finely the server's filter tells instants apart.
    """

    def __init__(self, rows: Sequence[OracleRow], threads: int, finest_ms: int = 1) -> None:
        self._rows = rows
        self._threads = threads
        instants = Counter(row.born_ms // finest_ms for row in rows)
        # An instant that no filter cuts is read as a whole: before all of it is printed, no STATE
        # can say so.
        self._piece = max([PAGE, *instants.values()])
        self._printed = Printed()

    def faults(self, runs: Sequence[Run]) -> list[Fault]:
        """The promises that were broken."""
        found: list[Fault] = []
        for number, run in enumerate(runs, start=1):
            found += [fault.within(f"run {number}") for fault in self._of_run(run)]
        for number, (before, after) in enumerate(pairwise(runs), start=2):
            found += [fault.within(f"run {number}") for fault in self._read_again(before, after)]
        return found

    def _of_run(self, run: Run) -> Iterator[Fault]:
        ids = run.ids
        if len(ids) > len(set(ids)):
            yield doubled(f"{len(ids) - len(set(ids))} rows")
        active: set[int] = set()
        for line in run.lines:
            if _is_row(line):
                self._printed.add(line)
                if line.get("version") in active:
                    yield wrong(f"a row of version {line['version']} after its ACTIVATE_VERSION")
            elif line["type"] == "ACTIVATE_VERSION":
                active.add(line["version"])
                yield from self._of_version(run, line["version"])
            elif line["type"] == "STATE":
                yield from self._of_state(run, line["value"])

    def _of_version(self, run: Run, version: int) -> Iterator[Fault]:
        missing = {row.id for row in self._rows if row.lived_through(version, run.ended_ms)}
        if missing := missing - self._printed.of_version[version]:
            yield lost(f"ACTIVATE_VERSION {version} is ahead of {len(missing)} rows")

    def _of_state(self, run: Run, value: Line) -> Iterator[Fault]:
        stream = value.get("bookmarks", {}).get(STREAM, {})
        if bookmark := stream.get("replication_key_value"):
            since = milliseconds(bookmark)
            if ahead := self._missing(run, since, None, None):
                yield lost(f"bookmark {bookmark} is ahead of {len(ahead)} rows, as {ahead[0]}")
        scan = stream.get("scan")
        if scan is None:
            return
        began = milliseconds(scan["began"])
        version = began if scan["versioned"] else None
        for lower, upper, *_ in (*scan["done"], *scan["walked"]):
            if ahead := self._missing(run, began, version, (lower, upper)):
                yield lost(f"range {lower} to {upper} is ahead of {len(ahead)} rows, as {ahead[0]}")

    def _missing(
        self,
        run: Run,
        since: int,
        version: int | None,
        created: tuple[int | None, int | None] | None,
    ) -> list[str]:
        """Rows that lived from `since` to the run's end and are not printed as they were then."""
        lower, upper = created or (None, None)
        return [
            row.id
            for row in self._rows
            if row.lived_through(since, run.ended_ms)
            and (lower is None or row.born_ms >= lower)
            and (upper is None or row.born_ms < upper)
            and not self._is_printed(row, since, version)
        ]

    def _is_printed(self, row: OracleRow, since: int, version: int | None) -> bool:
        if version is not None:
            return row.id in self._printed.of_version[version]
        changed = max((at for at in row.changes if at < since), default=row.born_ms)
        return self._printed.newest.get(row.id, -1) >= changed

    def _read_again(self, before: Run, after: Run) -> Iterator[Fault]:
        """What a run printed once more of the scan with which it went on."""
        scan = after.state.get("bookmarks", {}).get(STREAM, {}).get("scan")
        if scan is None:
            return
        began = milliseconds(scan["began"])
        old = {row.id for row in self._rows if row.born_ms < began}
        again = set(before.ids) & set(after.ids) & old
        if len(again) > max(self._threads * self._piece, self._piece + ENDS):
            yield wrong(f"{len(again)} rows of finished work read again by {self._threads} threads")


def _is_row(line: Line) -> bool:
    return bool(line["type"] == "RECORD" and line["stream"] == STREAM)


def milliseconds(text: str) -> int:
    """Epoch milliseconds of an ISO 8601 time."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return round(moment.timestamp() * 1000)
