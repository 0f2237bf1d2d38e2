"""One history of the mirrors' campaign: weeks of a source, its target, faults and other people.

From its number follows all of it: how a statement ends (by ACTIVATE_VERSION in the run, by
mirror-commit, by a load of dlt), whether the source resumes behind a STATE, whether its rows move
between two streams, and what the other one is (a mirror, or an upsert), which faults come,
what others do between and during the runs, and on which days the API key sees fewer rows.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from chakra_api.errors import ChakraError
from chakra_api.exit_codes import ExitCode
from chakra_sandbox.rows.people import USERS
from target_chakra.history.reports import Reports
from target_chakra.loads.arrivals import Delivery
from target_chakra.loads.shared_run import SharedRun, Ticket
from target_chakra.mapping.table_hints import Hints
from tests.campaigns.mirrors.judge import Ending, Process, Weeks
from tests.campaigns.mirrors.source import (
    COLUMNS,
    KEYS,
    OTHER_STREAM,
    STREAM,
    Source,
    key_of,
)
from tests.campaigns.simulated.kinds import KINDS, Rates
from tests.campaigns.simulated.scenarios import small_world
from tests.campaigns.simulated.target import UNTIL_FREE, Plan, Scenario, Simulation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chakra_api.wire.transport import Request
    from target_chakra.run.hooks import Hooks
    from target_chakra.run.session import Session
    from tests.campaigns.mirrors.source import Row
    from tests.campaigns.simulated.history import Ended

ENDINGS = ("activate", "commit", "load")
OTHERS = (None, "mirror", "upsert")
"""Modes of the other stream; None where there is none."""
KNOBS = {
    "delete_mode": ("soft_listed", "hard"),
    "duplicate_pk": ("merge", "duplicate"),
    "entries_order": ("shuffled",),
    "entry_echo": ("none",),
    "job_duration_ms": (40, 5_000, 60_000),
    "job_ttl_s": (60.0,),
    "list_order": ("created_desc", "random_stable"),
    "array_filter": ("ignored",),
    "entry_error_rate": (0.02,),
    "updated_at": ("absent",),
}
OTHER = 0.15
"""Share of the questions that are answered otherwise in a history."""
RATES = (0.0, 0.005, 0.01, 0.03)
DAY = 86_400.0
HINTED = (("mirror", "replace"), ("upsert", "merge"))
ATTEMPTS, CALM_AFTER = 7, 4
"""Runs a day, and after how many of them no more faults come."""
HINTS = {mode: Hints(word, keys=("lead_id",)) for mode, word in HINTED}


@dataclass
class Scan:
    """One reading of the source, from its beginning on.

    Attributes:
        name: Its version, or its load.
        rows: All of it.
        brought: Keys that came so far.
        nameless: Whether a row without a key came.
        covered: Rows that a STATE covers.
        moved: Keys whose rows come on the other stream.
    """

    name: int
    rows: list[Row]
    brought: set[str]
    nameless: bool = False
    covered: int = 0
    moved: frozenset[str] = frozenset()

    def stream_of(self, row: Row) -> str:
        return OTHER_STREAM if row["lead_id"] in self.moved else STREAM

    def again(self) -> Scan:
        """The same rows, read from the beginning."""
        return Scan(self.name + 1, self.rows, set(), moved=self.moved)


class MirrorWeeks(Simulation):
    """A history on its way.

    Args:
        number: All of it follows from that.
        days: How many.
        plan: Says which faults come, in place of those that follow from the number.
    """

    def __init__(self, number: int, days: int, plan: Plan | None = None) -> None:
        self._draw = draw = random.Random(f"mirror {number}")
        self._others = random.Random(f"mirror {number}: others")
        self.ending = ENDINGS[number % len(ENDINGS)]
        self._resumes = draw.random() < 0.5
        self._modes = {STREAM: "mirror"}
        if other := OTHERS[number // len(ENDINGS) % len(OTHERS)]:
            self._modes[OTHER_STREAM] = other
        self._days = days
        knobs = {n: draw.choice(v) for n, v in KNOBS.items() if draw.random() < OTHER}
        rates = {family: draw.choice(RATES) for family in KINDS}
        rates["journal"] /= 4
        self._settings = {
            "streams": [
                {"stream": stream, "procedure": "lead", "key": "lead_id", "mode": mode}
                for stream, mode in self._modes.items()
            ],
            "batch_size": draw.choice((4, 10, 500)),
            "concurrency": draw.choice((1, 3)),
            "stop_at_reject_percent": 100,
            "max_deletes": draw.choice((3, 40, 40, 40)),
            "max_rejects": draw.choice((3, 40, 40, 40)),
        }
        scenario = Scenario(
            seed=number,
            world=partial(small_world, 6, 0, knobs, number),
            wishes=(),
            columns=dict.fromkeys(self._modes, COLUMNS),
            states=frozenset(),
            settings=self._settings,
            journal_exists=True,
        )
        super().__init__(scenario, plan or Rates(draw.random(), rates))
        self.weeks = Weeks(self.server.now_ms)
        self.counts: Counter[str] = Counter()
        self._source = Source(random.Random(f"mirror {number}: source"))
        self._scan = Scan(0, [], set())
        self._spared: set[str] = set()
        self._retried: set[str] = set()
        self._ever_unknown: set[str] = set()
        self._by_others: set[str] = set()
        self._not_mirrored: set[str] = set()
        self._edits = 0.0

    # Days

    def live(self) -> Weeks:
        """All days, and two calm ones behind them: the first ends a statement that ended badly."""
        try:
            self._source.begin()
            for day in range(self._days + 2):
                self._pass_a_day(calm=day >= self._days)
            self.weeks.processes = list(self._processes())
        finally:
            self.turns.close()
            self.disk.close()
        return self.weeks

    def bring(self, rows: list[Row]) -> Ended:
        """One run of the target on these rows, as a statement of its own."""
        self._scan = Scan(self._scan.name + 1, rows, set())
        return self._once_ending(self._feed_scan, commits=False)

    def _pass_a_day(self, *, calm: bool) -> None:
        draw = self._draw
        self.turns.sleep(DAY)
        self.server.catch_up()
        self._source.pass_a_day(calm=calm)
        self._calm_day = calm
        self._edits = 0.0 if calm else draw.choice((0.0, 0.01, 0.03))
        for _ in range(0 if calm else draw.randrange(6)):
            self._act_as_others()
        narrowed = not calm and draw.random() < 0.08
        self.world.change_knobs({"default_role": "USER" if narrowed else "ADMIN"})
        if calm:
            self.world.change_knobs({"entry_error_rate": 0.0})
            self._settings.update(max_deletes=999, max_rejects=999)
        if not self._is_pending:
            self._scan = self._next_scan()
        self._bring(calm=calm)
        if self._is_pending and calm:
            self._bring(calm=calm)
        self.counts["days"] += 1

    @property
    def _is_pending(self) -> bool:
        """Whether a load is left that must be finished before the next one begins."""
        return self.ending == "load" and bool(self._scan.rows) and not self._scan_is_done

    def _next_scan(self) -> Scan:
        rows, moved = self._source.rows(), frozenset[str]()
        if OTHER_STREAM in self._modes:
            self._source.move()
            moved = frozenset(self._source.moved)
            # A stream comes as a whole, in either order.
            is_first = self._draw.random() < 0.5
            rows.sort(key=lambda row: (row["lead_id"] in moved) != is_first)
        return Scan(self._scan.name + 1, rows, set(), moved=moved)

    _may_go_on = _nameless_before = False
    _scan_is_done = True
    _calm_day = _retry_broke_off = False

    def _bring(self, *, calm: bool) -> None:
        draw, ended = self._draw, None
        for attempt in range(ATTEMPTS):
            self._calm = calm or attempt >= CALM_AFTER
            ended = self._once_ending(self._feed_scan, commits=False)
            self._scan_is_done = ended.code == ExitCode.DONE
            if ended.code in (ExitCode.DONE, ExitCode.REJECTS):
                break
            self.turns.sleep(draw.choice((1.0, 30.0, 400.0, 2_000.0)))
            if ended.code == ExitCode.UNKNOWN and (calm or draw.random() < 0.5):
                self.turns.sleep(UNTIL_FREE)
                self._say_what_is_there()
            if not self._resumes and self.ending != "load":
                self._scan = self._scan.again()
        if not calm and draw.random() < 0.2:
            again = self._once_ending(self._retry, commits=False, brings=False)
            # A run behind it may be taken for its rest.
            self._retry_broke_off = again.code != ExitCode.DONE
        if self.ending != "activate" and ended is not None and ended.code == ExitCode.DONE:
            self._commit(calm=calm)

    def _commit(self, *, calm: bool) -> None:
        draw = self._draw
        if not calm and draw.random() < 0.2:
            return  # its user forgot
        if not calm and self.ending == "commit" and draw.random() < 0.1:
            self._once_ending(self._feed_changes, commits=False, brings=False)
        self.turns.sleep(draw.choice((1.0, 5_000.0)))
        for attempt in range(ATTEMPTS):
            self._calm = calm or attempt >= CALM_AFTER
            ended = self._once_ending(self._commit_mirrors, commits=True)
            if ended.code in (ExitCode.DONE, ExitCode.REJECTS, ExitCode.SETTINGS):
                return
            self.turns.sleep(UNTIL_FREE)

    # What a run is given

    def _once_ending(
        self, take: Callable[[Session[Any]], None], *, commits: bool, brings: bool = True
    ) -> Ended:
        """A run of the target, and what the judge is told of it."""
        began_ms = self.server.now_ms
        self._finished_well = False
        ended = self._once(take)
        self.server.catch_up()
        self._doubtful()  # what is unknown by now may be told otherwise later
        self.counts["runs"] += 1
        self.counts["killed"] += ended.code is None
        if ended.code == ExitCode.BUG:
            self.weeks.faults.append(f"run {ended.run}: {ended.receipt.get('error', '')}")
        if brings and not commits:
            # A run that ended badly may be one with the next, where no version tells them apart.
            if not self._may_go_on:
                self._spared, self._nameless_before = set(), False
            self._spared |= self._scan.brought
            self._nameless_before |= self._scan.nameless and ended.code != ExitCode.DONE
            if not self._retry_broke_off:
                self._retried.clear()
            self._retry_broke_off = False
            self._may_go_on = ended.code != ExitCode.DONE
        may_delete = commits or (self.ending == "activate" and brings)
        if may_delete:
            self._note(ended, began_ms)
        return ended

    def _note(self, ended: Ended, began_ms: int) -> None:
        scan, deletes = self._scan, ended.receipt.get("mirror_deletes", {})
        left = sum(deletes.get(name, 0) for name in ("rejected", "unknown", "not sent"))
        # A stream that brought nothing in a run that broke off takes what the other one brought.
        named = self.ending != "commit" and len(self._modes) == 1
        # Where nothing names a statement, a row without a key may be of this one, too.
        left += not named and self._nameless_before
        self.counts["deleted"] += deletes.get("deleted", 0)
        self.counts["statements"] += self._finished_well and ended.code == ExitCode.DONE
        self.weeks.endings.append(
            Ending(
                began_ms,
                self.server.now_ms,
                frozenset(scan.brought),
                frozenset(
                    self._not_mirrored | (self._retried if named else self._spared | self._retried)
                ),
                not scan.nameless and self._all_came,
                self._finished_well and ended.code == ExitCode.DONE and not left,
                list(self._processes()),
                self._doubtful(),
            )
        )

    @property
    def _all_came(self) -> bool:
        wanted = {row["lead_id"] for row in self._scan.rows} - {None}
        return wanted <= self._scan.brought and not self._is_narrowed_by_changes

    _is_narrowed_by_changes = False
    _finished_well = False

    def _feed_scan(self, session: Session[Any]) -> None:
        """The rows of the scan, from the last STATE on where the source resumes."""
        scan = self._scan
        self._is_narrowed_by_changes = False
        version = scan.name if self.ending == "activate" else None
        for stream in self._modes:
            session.open_stream(stream, dict.fromkeys(COLUMNS, False))
        first = scan.covered if self._resumes else 0
        for at in range(first, len(scan.rows)):
            self._bring_row(scan.rows[at])
            stream = scan.stream_of(scan.rows[at])
            session.row(stream, at + 1, dict(scan.rows[at]), version)
            if at % 10 == 9:
                session.state({"rows": at + 1})
            behind = None if at + 1 == len(scan.rows) else scan.stream_of(scan.rows[at + 1])
            if version is not None and behind != stream:
                session.activate(stream, version)
        if version is not None:
            came = {scan.stream_of(row) for row in scan.rows[first:]}
            self._finished_well = came >= set(self._mirrors)
        session.state({"rows": len(scan.rows)})

    def _bring_row(self, row: Row) -> None:
        key, stream = row["lead_id"], self._scan.stream_of(row)
        self.counts["rows"] += 1
        self.counts["rows of the other stream"] += stream != STREAM
        if key is not None and self._modes[stream] != "mirror":
            self._not_mirrored.add(key)  # its process may be nobody's
        if key is None:
            self._scan.nameless = True
        else:
            self._scan.brought.add(key)

    @property
    def _mirrors(self) -> list[str]:
        return [stream for stream, mode in self._modes.items() if mode == "mirror"]

    def _feed_changes(self, session: Session[Any]) -> None:
        """A run that brings only what changed, and says so."""
        self._is_narrowed_by_changes = True
        session.open_stream(STREAM, dict.fromkeys(COLUMNS, False))
        for at, row in enumerate(self._scan.rows[:3]):
            session.row(STREAM, at + 1, dict(row), None)
        bookmark = {"replication_key_value": "2026-01-01"}
        session.state({"rows": 0, "bookmarks": {STREAM: bookmark}})

    def _commit_mirrors(self, session: Session[Any]) -> None:
        reports = Reports(self.disk.journal)
        runs = [run for run in reports.runs() if run.id != session.run_id]
        reports.close()
        hints = {stream: HINTS["mirror"] for stream in self._mirrors if self.ending == "load"}
        for _ in session.commit_mirrors(runs, None, hints):
            self._finished_well = True

    def _retry(self, session: Session[Any]) -> None:
        reports = Reports(self.disk.journal)
        found = reports.rejects()
        reports.close()
        self._retried |= {_key_in(each.key) for each in found}
        session.retry(found)

    def _emit(self, state: dict[str, Any]) -> None:
        kind = self._step("state", "STATE")
        if kind == "crash before":
            self.turns.crash()
        self._scan.covered = max(self._scan.covered, state["rows"])
        if kind == "crash after":
            self.turns.crash()

    # Loads of dlt

    def _session(self, take: Callable[[Session[Any]], None]) -> int:
        if self.ending != "load" or take != self._feed_scan:
            return super()._session(take)
        scan = self._scan
        shared = SharedRun(f"push/{scan.name}", self._begun_load, lambda: False)
        for stream in dict.fromkeys(map(scan.stream_of, scan.rows)):
            rows = [row for row in scan.rows if scan.stream_of(row) == stream]
            size = max(1, len(rows) // 2 + 1)
            for at in range(0, len(rows), size):
                shared.take(Ticket(self._delivery(stream, at, rows[at : at + size])))
        # On this thread: what decides must be the one that virtual time knows.
        shared._completing = shared._whole = True  # noqa: SLF001
        shared._run()  # noqa: SLF001
        error = shared.error
        if error is None:
            return int(ExitCode.DONE)
        if not isinstance(error, ChakraError):
            raise error
        return int(error.exit_code)

    def _begun_load(self, hooks: Hooks[object]) -> Session[object]:
        return self._begun(hooks)

    def _delivery(self, stream: str, at: int, given: list[Row]) -> Delivery:
        def rows() -> Iterator[Row]:
            for row in given:
                self._bring_row(row)
                yield dict(row)

        columns, hints = dict.fromkeys(COLUMNS, False), HINTS[self._modes[stream]]
        return Delivery(f"{stream}.{at}", stream, columns, hints, rows)

    # Other people

    def _request(self, request: Request) -> str | None:
        if self._others.random() < self._edits:
            self._act_as_others()
        return super()._request(request)

    def _act_as_others(self) -> None:
        """Somebody edits, deletes, assigns or creates a process."""
        self.counts["by others"] += 1
        draw, now = self._others, self.server.now_ms
        store = self.world.account.shelves["lead"].store
        living = [slot for slot in range(len(store)) if store.alive[slot]]
        kind = draw.choice(("edit", "edit", "delete", "create", "assign"))
        if kind == "create":
            key = key_of(draw.randrange(KEYS))
            if store.slots_of_key(key):
                return
            made = {"id": f"of-others-{len(store)}", "isDeleted": False, "assignedTo": None}
            at = max(now, store.newest_ms())
            data = {"lead_id": key, "score": draw.randrange(100)}
            model = store.row(draw.randrange(len(store)))
            store.insert({**model, **made, "data": data, "createdAt": at, "updatedAt": at})
            return
        if not living:
            return
        slot = draw.choice(living)
        row = {**store.row(slot), "updatedAt": now}
        if kind == "delete":
            store.kill(slot, now)
            self._by_others.add(row["id"])
        elif kind == "edit":
            store.replace(slot, {**row, "data": {**row["data"], "score": draw.randrange(100)}}, now)
        else:
            store.replace(slot, {**row, "assignedTo": USERS[0].id}, now)

    def _say_what_is_there(self) -> None:
        """The operator looks which unknown creates are there, and says so."""
        if self._draw.random() < 0.5:
            return
        store = self.world.account.shelves["lead"].store
        reports = Reports(self.disk.journal)
        for each in reports.unknowns():
            there = bool(store.slots_of_key(_key_in(each.key)))
            if each.kind == "create":
                reports.resolve([each.id], "written" if there else "not-written")
        reports.close()

    # What the judge is told

    def _doubtful(self) -> frozenset[str]:
        """Keys of rows of which nobody knows, or knew before they were rejected."""
        reports = Reports(self.disk.journal)
        unknown = {_key_in(each.key) for each in reports.unknowns()}
        rejected = {_key_in(each.key) for each in reports.rejects(closed=True)}
        reports.close()
        self._ever_unknown |= unknown
        return frozenset(unknown | (rejected & self._ever_unknown))

    def _processes(self) -> Iterator[Process]:
        store = self.world.account.shelves["lead"].store
        written = self._written()
        sees_all = self.world.knobs.default_role == "ADMIN"
        for slot, life in store.lives():
            row = store.row(slot)
            yield Process(
                row["id"],
                str(row["data"].get("lead_id")),
                written.get(row["id"]),
                life.died_ms,
                row["id"] in self._by_others,
                sees_all or row["assignedTo"] == USERS[0].id,
                self._made_ms(row),
            )

    def _made_ms(self, row: Row) -> int | None:
        made, is_others = int(row["createdAt"]), str(row["id"]).startswith("of-others")
        return None if is_others or made < self.weeks.began_ms else made

    def _written(self) -> dict[str, int]:
        """When the server first carried out a write of the target, by process."""
        found: dict[str, int] = {}
        for job in self.world.jobs():
            for entry in job.entries:
                if entry.outcome != "SUCCESS" or entry.process_id is None:
                    continue
                change = entry.item.get("update", entry.item)  # type: ignore[attr-defined]
                if change.get("isDeleted") is not True:
                    at = found.get(entry.process_id, entry.updated_ms)
                    found[entry.process_id] = min(at, entry.updated_ms)
        return found


def _key_in(shown: str) -> str:
    """The key of a line of `rejects` or `unknown`."""
    return shown.partition("=")[2]
