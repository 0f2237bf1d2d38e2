"""Simulated weeks: each day people work, tap and target run by a schedule, and judges look.

From a seed follows all of it. A day ends with an hour without anybody, with what an operator does,
and with runs that meet no fault: then everything is to be right.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chakra_api.exit_codes import ExitCode
from tests.campaigns.simulated.kinds import KINDS, Hits, Rates
from tests.campaigns.simulated.target import UNTIL_FREE
from tests.campaigns.soak import judges
from tests.campaigns.soak.judges import KEPT_DAYS, Day
from tests.campaigns.soak.kinds import ALL
from tests.campaigns.soak.office import Office, made_world
from tests.campaigns.soak.sources import Source
from tests.campaigns.soak.tap_runs import TapRuns
from tests.campaigns.soak.target_runs import TargetRuns
from tests.support.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.campaigns.simulated.kinds import Step
    from tests.campaigns.simulated.target import Plan
    from tests.campaigns.soak.sources import Brought
    from tests.campaigns.soak.target_runs import Run

BEGAN = 1_790_035_200.0
"""A midnight."""
DAY = 86_400.0
HOUR_MS = 3_600_000
CALM = Hits()
MOST_STEPS = 3_000_000
OUTAGES = ("refused", "500", "timeout after")
ANSWERS: Mapping[str, tuple[Any, ...]] = {
    "list_order": ("created_desc", "id", "random_stable", "shuffled_per_request"),
    "has_more": ("absent", "always_true_until_empty"),
    "delete_mode": ("soft_listed", "hard"),
    "write_response": ("id_only", "empty"),
    "duplicate_pk": ("merge", "duplicate"),
    "job_duration_ms": (40, 5_000, 60_000),
    "job_final_status": ("SUCCESS",),
    "job_visible_after_ms": (2_500,),
    "max_running_jobs": (1,),
    "job_order": ("parallel",),
    "entries_page_size": (7,),
    "entries_order": ("completion",),
    "updated_at_filter": ("honoured",),
    "unset_attributes": ("null",),
    "bulk_update_accepts": ("flat", "both"),
    "max_batch": (20,),
    "retry_after": ("date", "absent"),
    "error_shape": ("objects",),
}
"""Answers to open questions, beside the default of each; the server keeps to one for all weeks."""


@dataclass
class Count:
    """What was done, for the figures.

    Attributes:
        runs: By pipeline and exit code; `killed` where there is none.
        rows: That the target took.
        acts: Of people.
        faults: That came.
        unknown: Rows that a run said it does not know of.
        requests: Of the quiet runs at each day's end, tap and target.
        held: Rows of the journal's tables at each day's end.
    """

    runs: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    acts: int = 0
    faults: int = 0
    unknown: int = 0
    requests: list[tuple[int, int]] = field(default_factory=list)
    held: list[int] = field(default_factory=list)


class Outage:
    """A plan in which ChakraHQ is not there."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def at(self, step: Step) -> str | None:
        return self._kind if step.family in ("read", "submit") else None

    def near(self, number: int) -> bool:  # noqa: ARG002 - a plan's signature
        return True


class Weeks:
    """Weeks on their way.

    Args:
        seed: From which all follows.
        kinds: What may go wrong (`kinds.py`).

    Attributes:
        count: What was done so far.
    """

    def __init__(self, seed: int, kinds: frozenset[str] = frozenset(ALL)) -> None:
        self._seed = seed
        self._kinds = kinds
        draw = self._draw = random.Random(f"weeks {seed}")
        knobs = {name: draw.choice(of) for name, of in ANSWERS.items() if draw.random() < 0.15}
        knobs |= self._habits(draw)
        self._office = Office(made_world(seed, knobs, int(BEGAN * 1000)), Turns(BEGAN), seed)
        self._source = Source(seed)
        self._tap = TapRuns(self._office)
        settings = {
            "max_rejects": 10**6,
            "max_deletes": 10**6,
            "stop_at_reject_percent": 100,
            "batch_size": draw.choice((5, 30, 200)),
            "concurrency": draw.choice((1, 2, 4)),
            "compare": "always",
            **({"journal_retention_days": KEPT_DAYS} if seed % 2 else {}),
        }
        self._target = TargetRuns(self._office, settings, seed)
        self._books: dict[tuple[str, str], list[Brought]] = defaultdict(list)
        self._booked: set[int] = set()
        self._day = 0
        self._mirrored = False
        self.count = Count()

    def _habits(self, draw: random.Random) -> dict[str, Any]:
        """What the kinds let the server do."""
        found: dict[str, Any] = {}
        if "lag" in self._kinds and draw.random() < 0.4:
            found["index_lag_ms"] = draw.choice((400, 4_000, 20_000))
            if "unlisted" in self._kinds and draw.random() < 0.5:
                found["index_lag_shows"] = "nothing"
        if "refusals" in self._kinds and draw.random() < 0.2:
            found["entry_error_rate"] = 0.01
        if "own order" in self._kinds and draw.random() < 0.2:
            found |= {"entry_echo": "none", "entry_index": False, "entries_order": "shuffled"}
        return found

    @property
    def _turns(self) -> Turns:
        return self._office.turns

    def close(self) -> None:
        self._turns.close()
        self._target.close()

    # A day

    def day(self) -> list[str]:
        """Live a day; what its judges condemn."""
        draw, began = self._draw, BEGAN + self._day * DAY
        self._day += 1
        self._taps: list[Any] = []
        self._targets: list[Run] = []
        weekday = (self._day - 1) % 7
        if weekday == 5:
            self._away = "outage" in self._kinds and draw.random() < 0.4
        away = weekday >= 5 and self._away
        self._source.change()
        self._office.hot = self._source.newest()
        self._people(int(began * 1000))
        times = sorted(began + draw.uniform(7, 19) * 3600 for _ in range(draw.randrange(4, 8)))
        for at in times:
            self._until(at)
            self._scheduled(
                Outage(draw.choice(("refused", "500", "timeout after"))) if away else None
            )
        self._until(began + 21 * 3600)
        if away:
            return list(judges.rows_add_up(self.judged()))
        return self._evening()

    def _people(self, began: int) -> None:
        draw, office = self._draw, self._office
        if "people" in self._kinds:
            for _ in range(draw.randrange(5, 40)):
                office.plan(
                    began + draw.randrange(7 * 3_600_000, 19 * 3_600_000), office.person_acts
                )
        if "schema" in self._kinds and draw.random() < 0.2:
            at = began + draw.randrange(7 * 3_600_000, 19 * 3_600_000)
            office.plan(at, office.schema_changes)

    def _until(self, at: float) -> None:
        if at > self._turns.now:
            self._turns.sleep(at - self._turns.now)
        self._office.catch_up()

    # Runs by a schedule

    def _scheduled(self, plan: Plan | None) -> int | None:
        """One run, or what an operator does; its exit code, None if it was killed."""
        draw = self._draw
        what = draw.choices(("tap", "target", "mirror", "retry", "unknown"), (5, 6, 4, 1, 1))[0]
        if "people" in self._kinds and plan is None and draw.random() < 0.5:
            now = self._office.now_ms
            for _ in range(draw.randrange(1, 12)):
                self._office.plan(now + draw.randrange(30_000), self._office.person_acts)
        ahead = 0.0
        if "clock" in self._kinds and draw.random() < 0.15:
            ahead = draw.choice((-3_600.0, 2_400.0, 18_000.0))
        if what == "tap":
            return self._run_tap(plan or self._plan(), ahead)
        if what == "target":
            return self._run_target(plan or self._plan(), ahead).code
        if what == "mirror":
            quiet = "mirror faults" not in self._kinds
            return self._run_mirror(plan or (CALM if quiet else self._plan())).code
        if what == "retry":
            run = self._target.retry(plan or self._plan())
            if run is not None:
                self._note(run)
                return run.code
        self._operator()
        return 0

    def _plan(self) -> Plan:
        """Which faults a run meets: none, many small ones, or a death."""
        draw = self._draw
        what, rates = draw.random(), dict.fromkeys(KINDS, 0.0)
        if what < 0.35:
            return CALM
        if "faults" in self._kinds:
            rate = draw.choice((0.01, 0.05, 0.15))
            rates |= {"read": rate, "submit": rate * 2}
        if "disk" in self._kinds and draw.random() < 0.2:
            rates["journal"] = 0.01
        if "kills" in self._kinds and draw.random() < 0.5:
            rates |= {"state": 0.03, "record": 0.002, "reject": 0.02}
            return Deaths(draw.random(), rates, draw.randrange(1, draw.choice((20, 60, 250))))
        return Only(Rates(draw.random(), rates), kills="kills" in self._kinds)

    def _run_tap(self, plan: Plan, ahead: float) -> int | None:
        full, world = self._draw.random() < 0.15, self._office.world
        narrowed = full and "narrowed" in self._kinds and self._draw.random() < 0.3
        if narrowed:
            world.change_knobs({"default_role": "USER"})
        ran = self._tap.run(plan, full=full, ahead=ahead)
        world.change_knobs({"default_role": "ADMIN"})
        self._taps.append(ran)
        self.count.runs[f"tap {_said(ran.code)}"] += 1
        return ran.code

    def _run_target(self, plan: Plan, ahead: float = 0.0) -> Run:
        run = self._target.bring(plan, self._source.lines(self._target.state), ahead=ahead)
        self._note(run)
        return run

    def _run_mirror(self, plan: Plan) -> Run:
        """The table that is mirrored; its end is told at once, or by a command."""
        told = self._draw.random() < 0.6
        version = self._office.now_ms if told else None
        run = self._target.bring(plan, self._source.mirror(version))
        self._note(run)
        self._mirrored = told and run.code == 0
        if not told and run.code == 0:
            committed = self._target.commit_mirrors(plan)
            self._note(committed)
            self._mirrored = committed.code == 0
        return run

    def _note(self, run: Run) -> None:
        """Write into the book what a run took."""
        self._targets.append(run)
        self.count.runs[f"target {_said(run.code)}"] += 1
        self.count.rows += len(run.took)
        self.count.unknown += run.receipt.get("unknown", 0)
        well = run.code == 0
        for brought in run.took:
            if id(brought) not in self._booked:
                self._booked.add(id(brought))
                self._books[brought.name].append(brought)
            again = brought.stream in ("tickets", "products") and well
            if brought.first_ms is None or again:
                brought.first_ms = run.began_ms
            brought.last_ms = run.ended_ms
        if run.again:
            for rows in self._books.values():
                for brought in rows:
                    if (brought.stream, dict(brought.row)) in run.again:
                        brought.last_ms = run.ended_ms

    def _operator(self) -> None:
        """Somebody looks in ChakraHQ for rows without a key of which nobody knows."""
        now = self._office.now_ms
        keyless = [each for each in self._target.unknowns() if not each.key]
        free = [each for each in keyless if each.free_ms is not None and each.free_ms < now]
        there = {str(row["data"].get("name")) for row in self._office.living("visit")}
        for each in free:
            written = str(each.fields.get("data.name")) in there
            self._target.resolve([each.id], "written" if written else "not-written")

    # The evening

    def _evening(self) -> list[str]:
        self._turns.sleep(3_600)
        self._office.catch_up()
        self._operator()
        found = []
        full = self._draw.random() < 0.2
        errors = self._office.world.knobs.entry_error_rate
        self._office.world.change_knobs({"entry_error_rate": 0.0})
        run = self._come_through(self._run_target)
        mirror = self._come_through(self._run_mirror)
        found += [
            f"wrong: the quiet run of the evening ended with {each.code}: {each.told}"
            for each in (run, mirror)
            if each.code != 0
        ]
        if not self._source.covered(self._target.state):
            found.append("wrong: the last STATE of the day does not cover the source")
        self._office.world.change_knobs({"entry_error_rate": errors})
        self._turns.sleep(60)  # lists may lag by half of that
        last = self._tap.run(CALM, full=full)
        self._taps.append(last)
        if last.resumes:
            last = self._tap.run(CALM, full=full)
            self._taps.append(last)
        self.count.requests.append((last.requests, run.requests))
        self._operator()  # what a retry that died sent comes in no run again
        held = self._held()
        self.count.held.append(held)
        self.count.acts = len(self._office.acts)
        self.count.faults = self._tap.faults + self._target.faults
        return found + judges.verdict(self.judged()) + self._grown()

    def _come_through(self, again: Callable[[Plan], Run]) -> Run:
        """A run without faults; once more, where it settles what a killed one left unknown."""
        run = again(CALM)
        if run.code == ExitCode.UNKNOWN and run.receipt.get("unknown"):
            self._turns.sleep(UNTIL_FREE)
            self._operator()
            run = again(CALM)
        return run

    def judged(self) -> Day:
        """The day so far, as its judges see it."""
        rejects = []
        if self._targets:
            for stream, row, reason, closed in self._target.asked(
                "SELECT stream, row, reason, closed FROM rejects"
            ):
                rejects.append((stream, json.loads(row), reason, closed))
        unknown = self._target.unknowns() if "unknown list" in self._kinds and self._targets else ()
        day = Day(
            self._office,
            self._books,
            frozenset(self._source.tables["products"]),
            self._mirrored,
            self._tap.warehouse,
            self._taps,
            self._targets,
            rejects,
            [f"{each.stream} {each.key or each.fields}: {each.reason}" for each in unknown],
            [*self._tap.output, *self._target.output],
        )
        self._tap.output, self._target.output = [], []
        return day

    def _held(self) -> int:
        """Rows of the journal's tables that are to be cleared one day."""
        tables = ("batches", "twins", "unknowns", "arrivals")
        counts = [self._target.asked(f"SELECT count(*) FROM {name}")[0][0] for name in tables]
        return sum(counts)

    def _grown(self) -> list[str]:
        """What grows with the days, though what is done in a day does not."""
        found, held = [], self.count.held
        if self._seed % 2 and len(held) > 3 * KEPT_DAYS:
            before, now = max(held[: 2 * KEPT_DAYS]), held[-1]
            if now > 2 * before + 200:
                found.append(f"wrong: the journal holds {now} rows, after {before} in two weeks")
        requests = self.count.requests
        if len(requests) > 14:
            before, now = max(sum(each) for each in requests[:7]), sum(requests[-1])
            shelves = self._office.world.account.shelves.values()
            rows = sum(len(shelf.store) for shelf in shelves)
            if now > 2 * before + rows / 10:
                found.append(f"wrong: a quiet evening took {now} requests, in week 1 {before}")
        return found


class Only:
    """A plan without deaths, where they are switched off."""

    def __init__(self, plan: Plan, *, kills: bool) -> None:
        self._plan = plan
        self._kills = kills

    def at(self, step: Step) -> str | None:
        kind = self._plan.at(step)
        return kind if kind is None or self._kills or not _is_death(kind) else None

    def near(self, number: int) -> bool:
        return self._plan.near(number)


class Deaths:
    """A plan with a death at or soon behind a step, and what else comes by chance."""

    def __init__(self, seed: object, rates: Mapping[str, float], step: int) -> None:
        self._rates = Rates(seed, rates)
        self._draw = random.Random(f"{seed}:death")
        self._step = step

    def at(self, step: Step) -> str | None:
        if step.number >= self._step:
            deaths = [kind for kind in KINDS[step.family] if _is_death(kind)]
            if deaths:
                self._step = MOST_STEPS
                return self._draw.choice(deaths)
        return self._rates.at(step)

    def near(self, number: int) -> bool:  # noqa: ARG002 - a plan's signature
        return True


def _is_death(kind: str) -> bool:
    return kind.startswith(("crash", "torn")) or kind == "reader gone"


def _said(code: int | None) -> str:
    return "killed" if code is None else str(code)


def live(
    seed: int, days: int, kinds: frozenset[str], tell: Callable[[int, list[str]], None]
) -> Count:
    """Live the days of a seed, up to the first that is condemned; what was done."""
    weeks = Weeks(seed, kinds)
    try:
        for number in range(1, days + 1):
            found = weeks.day()
            tell(number, found)
            if found:
                break
    finally:
        weeks.close()
    return weeks.count


def all_days(seeds: Iterator[int], days: int) -> Iterator[tuple[int, int]]:
    """How many days of which seed are lived, to have so many in all."""
    for seed in seeds:
        if days <= 0:
            return
        yield seed, min(days, 28 if seed % 3 else 56)
        days -= 28 if seed % 3 else 56
