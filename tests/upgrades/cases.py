"""The journals that each version leaves behind: what their runs were given, and where they ended.

A case is two runs on one journal. The first one ends well; the second one ends where the case
says, mostly by SIGKILL. What it left is kept under `data`, made by `make.py`; what a later version
makes of it is a course: how ChakraHQ stands when the next run begins, and what that run is given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from tests.support.target_process import record, schema, state

SANDBOX: Final = ["--rows", "40", "--tickets", "0", "--orders", "0", "--seed", "7"]
STREAMS: Final = [
    {"stream": "scores", "procedure": "lead", "delete_when": "gone"},
    {"stream": "notes", "procedure": "lead", "mode": "insert"},
    {"stream": "team", "procedure": "lead", "mode": "mirror"},
]
SETTINGS: Final[dict[str, Any]] = {"streams": STREAMS, "max_rejects": 99, "max_deletes": 9}
_SCORES: Final = schema("scores", ["lead_id", "score", "gone"])
# By its name alone nobody knows that it holds days, and a day would delete nothing.
_SCORES["schema"]["properties"]["gone"] = {"type": ["string", "null"], "format": "date"}
SCHEMAS: Final = [
    _SCORES,
    schema("notes", ["name", "score"]),
    schema("team", ["lead_id", "city"]),
]
NAMES: Final = ("Old note", "Twin", "Single", "Later note")
LATER: Final = 4
"""The first lead of the second run: it shares two with the first one."""


def lead(number: int) -> str:
    """The key of a lead that the sandbox made."""
    return f"L-{number:06d}"


def _score(key: str, score: object, **more: Any) -> dict[str, Any]:
    return record("scores", lead_id=key, score=score, **more)


FIRST: Final = [
    *SCHEMAS,
    *(_score(lead(n), 9000 + n) for n in range(1, 6)),
    *(_score(f"N-{n}", n) for n in (1, 2)),
    _score("BAD-1", "no number"),
    record("notes", name="Old note", score=1),
    record("notes", name="Bad note", score="no number"),
    *(record("team", lead_id=f"T-{n}", city="goa") for n in (1, 2, 3)),
    state({"at": 1}),
]
"""Of the run that ends well."""

ROWS: Final = [
    *(_score(lead(n), 8000 + n) for n in range(LATER, 10)),
    *(_score(f"N-{n}", n) for n in (3, 4)),
    _score(lead(11), 1, gone="2026-01-01"),
    *[record("notes", name="Twin", score=2)] * 2,
    record("notes", name="Single", score=3),
    record("notes", name="Worse note", score="no number"),
]
SECOND: Final = [*SCHEMAS, *ROWS]
"""Of the run that does not, without the STATE behind it."""
REPEATED: Final = [*SECOND, state({"at": 2})]
"""What the source brings after that: all from the last STATE on."""
BEFORE_ITS_DELETE: Final = [
    *SCHEMAS,
    _score(lead(11), 77),
    *ROWS,
    state({"at": 2}),
]
"""The same of a source that repeats rows which the delete behind them has overtaken."""
ONWARD: Final = [
    *SCHEMAS,
    _score(lead(12), 8012),
    record("notes", name="Later note", score=4),
    state({"at": 3}),
]
"""What the source brings when that STATE did arrive."""
WITHOUT_ONE: Final = [
    *SCHEMAS,
    *(record("team", lead_id=f"T-{n}", city="goa") for n in (1, 2)),
    state({"at": 3}),
]
"""A whole run of the mirrored stream that misses a row which the first run wrote."""

HANGS: Final = [{"kind": "hang", "every_nth": 1, "match": "bulk-create|PATCH"}]
RESETS: Final = [{"kind": "reset_before", "every_nth": 1, "match": "bulk-create|PATCH"}]
FOREVER: Final = 600_000


@dataclass(frozen=True, slots=True)
class Case:
    """Where the second run of a journal ends.

    Attributes:
        name: Of its folder.
        state: A state in which a batch is to stand still when the run is killed; empty for none.
        knobs: The sandbox's, for that run.
        settings: The target's, for that run.
        ends: The exit code of a run that is not killed; None for one that is.
        stdout_is_full: Nobody takes its STATE, so that it stands still while it passes it on.
    """

    name: str
    state: str = ""
    knobs: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    ends: int | None = None
    stdout_is_full: bool = False


LONG: Final = {"job_duration_ms": FOREVER}
CASES: Final = (
    Case("intended", "intended", LONG, {"concurrency": 1}),
    Case("sending", "sending", {"faults": HANGS}),
    Case("submitted", "submitted", LONG),
    Case("lost", "lost", {"faults": RESETS}),
    Case("unknown", knobs=LONG, settings={"job_timeout": 3}, ends=8),
    Case("unsaid", "settled"),
    Case("passing", "settled", stdout_is_full=True),
    Case("settled", ends=0),
)
PLACES: Final = ("sqlite", "postgresql")
"""Where a journal can be kept."""


@dataclass(frozen=True, slots=True)
class Course:
    """How ChakraHQ stands when the next run begins, and what it does.

    Attributes:
        name: Its name among those of its case.
        case: Name of the case.
        lines: What the run is given.
        arrived: Whether what the killed run sent reached ChakraHQ.
        job_ms: How long the jobs that it sent take from the moment at which the next run begins.
        forgotten: Whether ChakraHQ does not know their ids any more.
        age: Seconds between the last thing in the journal and now.
        first: What an operator says before the run.
        commands: What he says after it.
        again: Whether the run is repeated after that.
        pause_behind: Lines behind which the source takes its time; 0 for none.
        since: The first version that kept what this needs.
        is_extra: Whether another course says nearly the same, so that it is run on demand only.
    """

    name: str
    case: str
    lines: list[dict[str, Any]] = field(default_factory=lambda: REPEATED)
    arrived: bool = True
    job_ms: int = 0
    forgotten: bool = False
    age: float = 3600.0
    first: tuple[tuple[str, ...], ...] = ()
    commands: tuple[tuple[str, ...], ...] = ()
    again: bool = False
    pause_behind: int = 0
    since: tuple[int, ...] = ()
    is_extra: bool = False


ALL_UNKNOWN: Final = "ALL UNKNOWN"
"""Stands for the numbers of the rows that `unknown` lists."""
NOT_WRITTEN: Final = ("unknown", "--as", "not-written", "--now", ALL_UNKNOWN)
COURSES: Final = (
    Course("jobs ran on", "intended"),
    Course("arrived", "sending"),
    Course("never arrived", "sending", arrived=False, is_extra=True),
    Course("never arrived, just now", "sending", arrived=False, age=0.5),
    Course("jobs ended", "submitted"),
    Course("jobs still run", "submitted", job_ms=600, age=0.5),
    Course("jobs are forgotten", "submitted", forgotten=True),
    Course("jobs are forgotten, nothing came", "submitted", arrived=False, forgotten=True),
    Course("arrived", "lost"),
    Course("never arrived", "lost", arrived=False),
    Course(
        "the user says",
        "unknown",
        arrived=False,
        commands=(NOT_WRITTEN,),
        again=True,
        is_extra=True,
    ),
    Course("the user says before any run", "unknown", arrived=False, first=(NOT_WRITTEN,)),
    Course("still held", "unknown", arrived=False, age=-120.0),
    Course("repeats", "unsaid"),
    Course(
        "repeats what its delete has overtaken",
        "unsaid",
        BEFORE_ITS_DELETE,
        pause_behind=len(SCHEMAS) + 1,
        since=(0, 3),
    ),
    Course("STATE never came", "passing"),
    Course("STATE came", "passing", ONWARD),
    Course(
        "a mirror misses a row",
        "settled",
        WITHOUT_ONE,
        commands=(("mirror-commit",), ("runs", "2")),
    ),
    Course("rejects are sent again", "settled", ONWARD, first=(("retry",),)),
)
